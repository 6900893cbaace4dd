"""Say by which function a stored password was made, from its shape alone, and never guess.

Shapes: PHC string format, crypt(5) of libxcrypt, RFC 2307 (LDAP), and the documented formats of
Django, Werkzeug, passlib, ASP.NET Core Identity, Spring Security, WordPress, Drupal, MySQL, SQL
Server and PostgreSQL. A shape that two functions share bears both names.
"""

from __future__ import annotations

import base64
import binascii
import itertools
import math
import re
from collections.abc import Iterable
from typing import NamedTuple

from cnilcheck.model.personal_data import count_personal_data

CLEAR = "clear text"
EMPTY = "empty"
LOCKED = "no password (locked account)"
UNRECOGNISED = "unrecognised"
REVERSIBLE = "reversible encryption"
_DES = "DES crypt"


class Kind(NamedTuple):
    """What a stored value looks made by; parameters in the order of their names."""

    function: str
    salted: bool = False
    parameters: tuple[tuple[str, int], ...] = ()


class Salt(NamedTuple):
    """The salt of one stored value, to be compared and never shown, and its size."""

    text: str
    bits: int


class Stored(NamedTuple):
    """What one stored value looks made by, and the salt that stands in it."""

    kind: Kind
    salt: Salt | None = None


class _Format(NamedTuple):
    shape: re.Pattern[str]
    function: str
    salted: bool


# CRYPT and B64 are the alphabets of crypt(3) and of base64, with PHC's and passlib's variants.
_CRYPT = r"[./0-9A-Za-z]"
_B64 = r"[A-Za-z0-9+/._-]"
_SALT = rf"(?P<salt_base64>{_B64}+=*)"
_SALT_CRYPT = rf"(?P<salt_base64>{_CRYPT}"  # the quantifier and the closing bracket follow

# Named groups of a shape are the parameters of the function; those that begin with `salt_` are the
# salt: in the base64 of bytes, in hexadecimal digits, as text, or behind the digest in base64.
_TABLE: tuple[tuple[str, str, bool], ...] = (
    # argon2: RFC 9106, PHC; m in KiB
    (rf"\$argon2id(?:\$v=\d+)?\$m=(?P<m>\d+),t=(?P<t>\d+),p=(?P<p>\d+)[^$\s]*\${_SALT}\${_B64}+=*",
     "Argon2id", True),
    (rf"\$argon2i(?:\$v=\d+)?\$m=(?P<m>\d+),t=(?P<t>\d+),p=(?P<p>\d+)[^$\s]*\${_SALT}\${_B64}+=*",
     "Argon2i", True),
    (rf"\$argon2d(?:\$v=\d+)?\$m=(?P<m>\d+),t=(?P<t>\d+),p=(?P<p>\d+)[^$\s]*\${_SALT}\${_B64}+=*",
     "Argon2d", True),
    # scrypt: passlib and PHC, Django, Werkzeug, Go and libscrypt
    (rf"\$s(?:crypt)\$ln=(?P<log2_n>\d+),r=(?P<r>\d+),p=(?P<p>\d+)\${_SALT}\${_B64}+=*",
     "scrypt", True),
    (rf"scrypt\$(?P<salt_text>{_B64}+)\$(?P<n>\d+)\$(?P<r>\d+)\$(?P<p>\d+)\${_B64}+=*",
     "scrypt", True),
    (r"scrypt:(?P<n>\d+):(?P<r>\d+):(?P<p>\d+)\$(?P<salt_text>[^$]+)\$[0-9a-f]{64,}",
     "scrypt", True),
    (r"(?P<n>\d+)\$(?P<r>\d+)\$(?P<p>\d+)\$(?P<salt_hex>[0-9a-f]+)\$[0-9a-f]{64}", "scrypt", True),
    (rf"\$balloon\$\S*\${_SALT}\${_B64}+=*", "balloon", True),
    # bcrypt: crypt(5), Django, and WordPress 6.8 (HMAC-SHA384 before bcrypt)
    (rf"\$2[abxy]?\$(?P<cost>\d\d)\${_SALT_CRYPT}{{22}}){_CRYPT}{{31}}", "bcrypt", True),
    (rf"bcrypt(?:_sha256)?\$\$2[abxy]\$(?P<cost>\d\d)\${_SALT_CRYPT}{{22}}){_CRYPT}{{31}}",
     "bcrypt", True),
    (rf"\$bcrypt-sha256\$(?:v=\d,)?(?:t=)?2[ab],(?:r=)?(?P<cost>\d+)\${_SALT_CRYPT}{{22}})\${_CRYPT}{{31}}",
     "bcrypt", True),
    (rf"\$wp\$2[abxy]\$(?P<cost>\d\d)\${_SALT_CRYPT}{{22}}){_CRYPT}{{31}}",
     "bcrypt (WordPress)", True),
    # PBKDF2: Django, Werkzeug, passlib, PHC, LDAP, GRUB
    (rf"pbkdf2_sha256\$(?P<iterations>\d+)\$(?P<salt_text>[^$]+)\${_B64}+=*",
     "PBKDF2-HMAC-SHA256", True),
    (rf"pbkdf2_sha1\$(?P<iterations>\d+)\$(?P<salt_text>[^$]+)\${_B64}+=*",
     "PBKDF2-HMAC-SHA1", True),
    (r"pbkdf2:sha256:(?P<iterations>\d+)\$(?P<salt_text>[^$]+)\$[0-9a-f]{64}",
     "PBKDF2-HMAC-SHA256", True),
    (r"pbkdf2:sha512:(?P<iterations>\d+)\$(?P<salt_text>[^$]+)\$[0-9a-f]{128}",
     "PBKDF2-HMAC-SHA512", True),
    (r"pbkdf2:sha1:(?P<iterations>\d+)\$(?P<salt_text>[^$]+)\$[0-9a-f]{40}",
     "PBKDF2-HMAC-SHA1", True),
    (rf"\$pbkdf2-sha256\$(?:i=)?(?P<iterations>\d+)(?:,l=\d+)?\${_SALT}\${_B64}+=*",
     "PBKDF2-HMAC-SHA256", True),
    (rf"\$pbkdf2-sha512\$(?:i=)?(?P<iterations>\d+)(?:,l=\d+)?\${_SALT}\${_B64}+=*",
     "PBKDF2-HMAC-SHA512", True),
    (rf"\$pbkdf2\$(?:i=)?(?P<iterations>\d+)(?:,l=\d+)?\${_SALT}\${_B64}+=*",
     "PBKDF2-HMAC-SHA1", True),
    (rf"\{{PBKDF2-SHA256\}}(?P<iterations>\d+)\${_SALT}\${_B64}+=*", "PBKDF2-HMAC-SHA256", True),
    (rf"\{{PBKDF2-SHA512\}}(?P<iterations>\d+)\${_SALT}\${_B64}+=*", "PBKDF2-HMAC-SHA512", True),
    (rf"\{{PBKDF2(?:-SHA1)?\}}(?P<iterations>\d+)\${_SALT}\${_B64}+=*", "PBKDF2-HMAC-SHA1", True),
    (r"grub\.pbkdf2\.sha512\.(?P<iterations>\d+)\.(?P<salt_hex>[0-9A-F]+)\.[0-9A-F]+",
     "PBKDF2-HMAC-SHA512", True),
    # RFC 5803: SCRAM stores keys derived by PBKDF2
    (rf"SCRAM-SHA-256\$(?P<iterations>\d+):{_SALT}\${_B64}+=*:{_B64}+=*",
     "PBKDF2-HMAC-SHA256 (SCRAM)", True),
    # the formats of crypt, as crypt(5) of libxcrypt lists them
    (rf"\$gy\$[^$]+\${_SALT_CRYPT}*)\${_CRYPT}{{43}}", "gost-yescrypt", True),
    (rf"\$6\$(?:rounds=(?P<rounds>\d+)\$)?{_SALT_CRYPT}{{1,16}})\${_CRYPT}{{86}}",
     "sha512crypt", True),
    (rf"\$5\$(?:rounds=(?P<rounds>\d+)\$)?{_SALT_CRYPT}{{1,16}})\${_CRYPT}{{43}}",
     "sha256crypt", True),
    (rf"\$1\$(?P<salt_base64>[^$]{{0,8}})\${_CRYPT}{{22}}", "md5crypt", True),
    (rf"\$apr1\$(?P<salt_base64>[^$]{{0,8}})\${_CRYPT}{{22}}", "md5crypt (Apache)", True),
    (rf"\$sha1\$(?P<rounds>\d+)\$(?P<salt_base64>[^$]{{1,64}})\${_CRYPT}{{28}}", "sha1crypt", True),
    (rf"\$md5[,$]\S{{8,80}}\${_CRYPT}{{22}}", "SunMD5", True),
    (r"\$3\$\$[0-9a-f]{32}", "NTLM", False),
    (rf"_{_CRYPT}{{4}}{_SALT_CRYPT}{{4}}){_CRYPT}{{11}}", "BSDi extended DES crypt", True),
    # web applications
    (rf"\$S\${_CRYPT}{_SALT_CRYPT}{{8}}){_CRYPT}{{43}}", "Drupal 7 (iterated SHA-512)", True),
    (rf"\$[PH]\${_CRYPT}{_SALT_CRYPT}{{8}}){_CRYPT}{{22}}", "phpass (iterated MD5)", True),
    (r"md5\$(?P<salt_text>[^$]*)\$[0-9a-f]{32}", "salted MD5", True),
    (r"sha1\$(?P<salt_text>[^$]*)\$[0-9a-f]{40}", "salted SHA-1", True),
    (r"sha256\$(?P<salt_text>[^$]*)\$[0-9a-f]{64}", "salted SHA-256", True),
    (r"sha512\$(?P<salt_text>[^$]*)\$[0-9a-f]{128}", "salted SHA-512", True),
    # LDAP, RFC 2307 and its successors
    (r"(?i:\{MD5\})[A-Za-z0-9+/]{22}==", "MD5", False),
    (r"(?i:\{SHA\})[A-Za-z0-9+/]{27}=", "SHA-1", False),
    (r"(?i:\{SHA256\})[A-Za-z0-9+/]{43}=", "SHA-256", False),
    (r"(?i:\{SHA512\})[A-Za-z0-9+/]{86}==", "SHA-512", False),
    (r"(?i:\{SMD5\})(?P<salt_after>[A-Za-z0-9+/]{24,}=*)", "salted MD5", True),
    (r"(?i:\{SSHA\})(?P<salt_after>[A-Za-z0-9+/]{28,}=*)", "salted SHA-1", True),
    (r"(?i:\{SSHA256\})(?P<salt_after>[A-Za-z0-9+/]{44,}=*)", "salted SHA-256", True),
    (r"(?i:\{SSHA384\})(?P<salt_after>[A-Za-z0-9+/]{66,}=*)", "salted SHA-384", True),
    (r"(?i:\{SSHA512\})(?P<salt_after>[A-Za-z0-9+/]{88,}=*)", "salted SHA-512", True),
    # databases
    (r"\*[0-9A-Fa-f]{40}", "MySQL 4.1 (double SHA-1)", False),
    (r"0x0100(?P<salt_hex>[0-9A-Fa-f]{8})[0-9A-Fa-f]{40}(?:[0-9A-Fa-f]{40})?",
     "SQL Server 2000-2008 (salted SHA-1)", True),
    (r"0x0200(?P<salt_hex>[0-9A-Fa-f]{8})[0-9A-Fa-f]{128}",
     "SQL Server 2012 (salted SHA-512)", True),
    (r"md5[0-9a-f]{32}", "PostgreSQL MD5", False),
    (r"\$A\$(?P<rounds>\d{3})\$(?P<salt_text>.{20}).{43}", "MySQL 8 (caching_sha2, SHA-256)", True),
    # what can be turned back with a key: Fernet, OpenSSL enc, Laravel, Jasypt, Spring, OpenPGP
    (r"gAAAAA[A-Za-z0-9_-]{90,}={0,2}", f"{REVERSIBLE} (Fernet)", False),
    (r"U2FsdGVkX1[A-Za-z0-9+/]{20,}={0,2}", f"{REVERSIBLE} (OpenSSL)", False),
    (r"eyJpdiI6[A-Za-z0-9+/]{60,}={0,2}", f"{REVERSIBLE} (Laravel)", False),
    (r"ENC\([A-Za-z0-9+/]{20,}={0,2}\)", f"{REVERSIBLE} (Jasypt)", False),
    (r"\{cipher\}[0-9a-fA-F]{32,}", f"{REVERSIBLE} (Spring)", False),
    (r"\\x[cC]30[dD]04[0-9a-fA-F]{40,}", f"{REVERSIBLE} (OpenPGP)", False),
    (r"(?i:\{(?:aes|3des|des|rc4)\})[A-Za-z0-9+/]{16,}={0,2}", REVERSIBLE, False),
    # bare digests, alone or beside their salt
    (r"[0-9A-Fa-f]{32}", "MD5 or NTLM (32 hex digits)", False),
    (r"[0-9A-Fa-f]{40}", "SHA-1 (40 hex digits)", False),
    (r"[0-9A-Fa-f]{56}", "SHA-224 (56 hex digits)", False),
    (r"[0-9A-Fa-f]{64}", "SHA-256 (64 hex digits)", False),
    (r"[0-9A-Fa-f]{96}", "SHA-384 (96 hex digits)", False),
    (r"[0-9A-Fa-f]{128}", "SHA-512 (128 hex digits)", False),
    (r"[0-9A-Fa-f]{32}:(?P<salt_text>[^:\s]{1,64})", "salted MD5", True),
    (r"[0-9A-Fa-f]{40}:(?P<salt_text>[^:\s]{1,64})", "salted SHA-1", True),
    (r"[0-9A-Fa-f]{64}:(?P<salt_text>[^:\s]{1,64})", "salted SHA-256", True),
    (r"[0-9A-Fa-f]{128}:(?P<salt_text>[^:\s]{1,64})", "salted SHA-512", True),
    (r"(?=\S*[A-Fa-f])(?=\S*\d)(?:[0-9a-f]{16}|[0-9A-F]{16})",
     "MySQL 3.23 or half MD5 (16 hex digits)", False),
    (r"[A-Za-z0-9+/]{22}==", "MD5 or other 16 bytes (base64)", False),
    (r"[A-Za-z0-9+/]{27}=", "SHA-1 (20 bytes in base64)", False),
    (r"[A-Za-z0-9+/]{43}=", "SHA-256 (32 bytes in base64)", False),
    (r"[A-Za-z0-9+/]{86}==", "SHA-512 (64 bytes in base64)", False),
)  # fmt: skip
_FORMATS = tuple(_Format(re.compile(shape), name, salted) for shape, name, salted in _TABLE)

# Beside a column of salts these may as well be the output of a slow function (PBKDF2, scrypt).
DERIVED_OR_DIGEST = frozenset(
    kind.function
    for kind in _FORMATS
    if re.match(r"SHA-(?:224|256|384|512) \(\d+ (?:hex|bytes)", kind.function)
)


def identify(value: str) -> Stored:
    """Return by which function the stored value looks made."""
    value = value.strip()
    if value.upper() in ("", "NULL", r"\N"):
        return Stored(Kind(EMPTY))
    if value[:1] in ("!", "*") and (rest := value.lstrip("!*")) != value:
        stored = known(value) or known(rest)
        return stored or Stored(Kind(LOCKED) if _is_lock(value, rest) else _unknown(value))
    return known(value) or Stored(_unknown(value))


def known(value: str) -> Stored | None:
    """Return the function whose documented shape the value has; None for any other text."""
    if len(value) > 1000:
        return None
    for form in _FORMATS:
        match = form.shape.fullmatch(value)
        if match:
            return _stored(form, match.groupdict())
    if value.startswith("argon2$argon2"):
        return known(value.removeprefix("argon2"))  # Django
    for parse in (_wrapped, _yescrypt, _identity, _des):
        if stored := parse(value):
            return stored
    return None


def _stored(form: _Format, groups: dict[str, str | None]) -> Stored:
    parameters, salt = dict[str, int](), None
    for name, text in groups.items():
        if name.startswith("salt_"):
            salt = _salt(name.removeprefix("salt_"), text or "", form.function)
        elif text:
            parameters[name] = int(text[:9])
    if form.function.startswith("salted ") and salt == Salt("", 0):
        return Stored(Kind(form.function.removeprefix("salted ")))  # Django’s unsalted hashers
    return Stored(Kind(form.function, form.salted, _named(parameters)), salt)


_DIGEST_BYTES = {"MD5": 16, "SHA-1": 20, "SHA-256": 32, "SHA-384": 48, "SHA-512": 64}


def _salt(writing: str, text: str, function: str) -> Salt | None:
    match writing:
        case "base64":  # of whole bytes, whatever the alphabet
            return Salt(text, len(text.rstrip("=")) * 6 // 8 * 8)
        case "hex":
            return Salt(text, len(text) * 4)
        case "after":
            return _salt_after(text, _DIGEST_BYTES[function.removeprefix("salted ")])
        case _:
            return salt_of_text(text)


def _salt_after(text: str, digest_bytes: int) -> Salt | None:
    try:
        salt = base64.b64decode(text.rstrip("=") + "==")[digest_bytes:]
    except binascii.Error:
        return None
    return Salt(salt.hex(), len(salt) * 8)


def salt_of_text(text: str) -> Salt:
    """Return the salt written as text, its size taken from the alphabet that it shows."""
    bare = text.replace("-", "")
    alphabets = ((r"\d*", 10), (r"[0-9a-f]*|[0-9A-F]*", 16), (r"[0-9A-Za-z]*", 62))
    size = next((n for shape, n in alphabets if re.fullmatch(shape, bare)), 0)
    # Other alphabets are base64, or all that can be printed.
    size = size or (64 if re.fullmatch(r"[0-9A-Za-z+/=._-]*", text) else 94)
    return Salt(text, int(len(bare if size <= 62 else text.rstrip("=")) * math.log2(size)))


def settle(kinds: Iterable[tuple[Kind, int]]) -> dict[Kind, int]:
    """Return the counts of a sample, with shapes that only the sample can tell apart settled.

    Thirteen letters and digits are DES crypt, or a typed password: among typed passwords the
    shape says nothing.
    """
    counts: dict[Kind, int] = dict(kinds)
    typed = counts.get(Kind(CLEAR), 0)
    des = counts.get(Kind(_DES, True), 0)
    if 0 < des <= typed:
        counts[Kind(UNRECOGNISED)] = counts.get(Kind(UNRECOGNISED), 0) + counts.pop(
            Kind(_DES, True)
        )
    return counts


def _named(parameters: dict[str, int]) -> tuple[tuple[str, int], ...]:
    if "log2_n" in parameters:
        parameters["n"] = 1 << min(parameters.pop("log2_n"), 40)
    return tuple(sorted(parameters.items()))


def _is_lock(value: str, rest: str) -> bool:
    # shadow(5): `!`, `*`, `!!`, `*LK*`; Django marks unusable passwords by `!` and 40 letters.
    return rest in ("", "LK*", "LK", "NP*") or re.fullmatch(r"![0-9A-Za-z]{40}", value) is not None


def _wrapped(value: str) -> Stored | None:
    # Spring Security and LDAP say the function, then give its own format.
    match = re.fullmatch(r"\{([A-Za-z0-9@_.-]{2,30})\}(.+)", value)
    if match is None:
        return None
    name, rest = match[1].lower(), match[2]
    if name in ("noop", "cleartext", "plain", "clear"):
        return Stored(Kind(CLEAR))
    if name == "crypt":
        return known(rest) or Stored(Kind(UNRECOGNISED))
    if name.startswith(("argon2", "bcrypt", "blf-crypt", "sha512-crypt", "sha256-crypt")):
        return known(rest) or Stored(Kind(UNRECOGNISED))
    # Spring's encoders keep their parameters in code, not in the value.
    spring = {"scrypt": "scrypt", "pbkdf2": "PBKDF2-HMAC-SHA1", "sha-256": "salted SHA-256"}
    base, _, _ = name.partition("@")
    digests = {"md5": "salted MD5", "sha-1": "salted SHA-1", "md4": "MD4"}
    function = (spring | digests).get(base)
    if function == "PBKDF2-HMAC-SHA1" and "@" in name:
        function = "PBKDF2-HMAC-SHA256"
    return Stored(Kind(function or UNRECOGNISED, salted=function is not None))


_ITOA64 = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def _yescrypt(value: str) -> Stored | None:
    match = re.fullmatch(rf"\$y\$({_CRYPT}+)\$({_CRYPT}*)\${_CRYPT}{{43}}", value)
    if match:
        # libxcrypt writes flavour, log2(N) - 1 and r - 1, one character each below 48.
        codes = [_ITOA64.index(c) for c in match[1]]
        plain = len(codes) == 3 and all(code < 48 for code in codes)
        parameters = (("n", 1 << (codes[1] + 1)), ("r", codes[2] + 1)) if plain else ()
        return Stored(Kind("yescrypt", True, parameters), _salt("base64", match[2], ""))
    cost = rf"({_CRYPT})({_CRYPT}{{5}})({_CRYPT}{{5}})"
    match = re.fullmatch(rf"\$7\${cost}([^$]*)\${_CRYPT}{{43}}", value)
    if match is None:
        return None
    n, r, p = (_little_endian(part) for part in match.groups()[:3])
    kind = Kind("scrypt", True, (("n", 1 << min(n, 40)), ("p", p), ("r", r)))
    return Stored(kind, salt_of_text(match[4]))


def _little_endian(text: str) -> int:
    return sum(_ITOA64.index(c) << (6 * place) for place, c in enumerate(text))


# Microsoft.AspNetCore.Identity: PasswordHasher.cs; the format byte, then big-endian numbers.
_PRF = {0: "PBKDF2-HMAC-SHA1", 1: "PBKDF2-HMAC-SHA256", 2: "PBKDF2-HMAC-SHA512"}


def _identity(value: str) -> Stored | None:
    if len(value) not in (68, 84) or not value.startswith("A"):
        return None
    try:
        content = base64.b64decode(value, validate=True)
    except binascii.Error:
        return None
    if content[0] == 0 and len(content) == 49:
        kind = Kind("PBKDF2-HMAC-SHA1", True, (("iterations", 1000),))
        return Stored(kind, Salt(content[1:17].hex(), 128))
    if content[0] != 1 or len(content) != 61:
        return None
    prf, iterations, salt = (int.from_bytes(content[i : i + 4], "big") for i in (1, 5, 9))
    if prf not in _PRF or salt != 16 or not 0 < iterations < 1 << 31:
        return None
    kind = Kind(_PRF[prf], True, (("iterations", iterations),))
    return Stored(kind, Salt(content[13:29].hex(), 128))


def _des(value: str) -> Stored | None:
    # The last character carries four bits, and thirteen random ones mix capitals and small letters.
    shape = re.fullmatch(rf"{_CRYPT}{{12}}[.26AEIMQUYcgkosw]", value)
    mixed = re.search(r"[A-Z]", value) and re.search(r"[a-z]", value)
    # crypt(5): two characters of salt, 12 bits; it is drawn from so few that it repeats by itself.
    return Stored(Kind(_DES, True), Salt("", 12)) if shape and mixed else None


def _unknown(value: str) -> Kind:
    return Kind(CLEAR if _looks_typed(value) else UNRECOGNISED)


_NOT_TYPED = tuple(
    re.compile(shape)
    for shape in (
        # what names its own format, known or not
        r"(?:\$[\w-]{1,20}\$|\{[\w-]{2,20}\}|0x[0-9A-Fa-f]{8}|ENC\(|vault:|-----BEGIN).*",
        r"(?i:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})",
        r"(?=.*\d)[0-9A-Fa-f]{20,}",
        # a long run of letters and digits is a token, a cipher text or a digest
        r"(?=.*[0-9])(?=.*[A-Za-z])[A-Za-z0-9+/=_.:-]{20,}",
        r"(?=.*[A-Z].*[A-Z].*[A-Z])(?=.*[a-z].*[a-z].*[a-z])[A-Za-z+/=_]{24,}",
    )
)


def _looks_typed(value: str) -> bool:
    """Return whether the value has the shape of what people type, and of nothing else."""
    if len(value) > 64 or not value.isprintable() or _looks_drawn(value):
        return False
    # An e-mail address or a phone number says that another column was read.
    if any(count.kind in ("nir", "email", "phone") for count in count_personal_data(value)):
        return False
    return not any(shape.fullmatch(value) for shape in _NOT_TYPED)


def _looks_drawn(value: str) -> bool:
    # Drawn characters change between capitals, small letters and digits all the time.
    if len(value) < 12 or not re.fullmatch(r"[A-Za-z0-9+/=_-]+", value):
        return False
    kinds = ["d" if c.isdigit() else "A" if c.isupper() else "a" for c in value]
    return sum(a != b for a, b in itertools.pairwise(kinds)) > 0.45 * len(value)
