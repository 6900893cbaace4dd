"""Personal data and secrets in text: found, counted, and masked where they are first seen."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Literal, TypeAlias

from msgspec import Struct

DataKind: TypeAlias = Literal[
    "nir", "email", "phone", "birth_date", "test_result", "credential", "iban", "rpps"
]
SecretKind: TypeAlias = Literal["password", "token", "private_key", "connection_string"]

MASK = "•••"


class DataCount(Struct, frozen=True, forbid_unknown_fields=True):
    """How often one kind of personal data occurs, and how many different values it takes."""

    kind: DataKind
    count: int
    distinct: int


class SecretSeen(Struct, frozen=True, forbid_unknown_fields=True):
    """A credential written in clear: its kind, its place (`file:line`), the line with it masked.

    `open_to_all` says whether every account of the machine may read the file; None is not known.
    """

    kind: SecretKind
    place: str
    masked: str
    open_to_all: bool | None = None


# NIR (numéro de sécurité sociale): sex, year, month, department (2A and 2B for Corsica), commune,
# rank, key. Months 20 to 42 and 50 to 99 stand for births whose month is unknown; sexes 3, 4, 7
# and 8 are provisional numbers. Between groups the same separator, or none.
_GAP = r"(?:[ .+\-\u00a0\u202f]|%20)?"
_NIR = re.compile(
    rf"(?<![0-9A-Za-z.])([1-478])(?P<gap>{_GAP})(\d\d)(?P=gap)"
    rf"(0[1-9]|1[0-2]|[23]\d|4[0-2]|[5-9]\d)(?P=gap)(\d\d|2[ABab])(?P=gap)(?!000)(\d{{3}})(?P=gap)"
    rf"(?!000)(\d{{3}}){_GAP}(\d\d)(?![0-9A-Za-z])"
)
# The shape alone, with or without a key, right or wrong: enough to mask, not to accuse.
_NIR_SHAPE = re.compile(
    rf"(?<![0-9A-Za-z])[12](?P<gap>{_GAP})\d\d(?P=gap)(?:0[1-9]|1[0-2])(?P=gap)(?:\d\d|2[ABab])"
    rf"(?P=gap)\d{{3}}(?P=gap)\d{{3}}(?:{_GAP}\d\d)?(?![0-9A-Za-z])"
)
_NIR_WORD = re.compile(r"(?i)nir|s[ée]cu|ssn|insee|num_?ss|immatriculation|(?<![a-z])ins(?![a-z])")
_EMAIL = re.compile(
    r"(?<![A-Za-z0-9._+-])[A-Za-z0-9._+-]++(?:@|%40)[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,4}"
)
_PHONE = re.compile(
    r"(?:(?<![\w.])|(?<=%20))(?:(?:\+|%2[Bb]|00)33[ .]?(?:\(0\))?|0)[1-9](?:[ .-]?\d\d){4}(?![\w])"
)
_BIRTH = re.compile(
    r"(?i)(?:(?<![a-zà-ÿ])(?:date)?[ _-]?(?:de|of)?[ _-]?(?:naissance|birth|dob)"
    r"|(?<![a-zà-ÿ])n[ée](?:\(?e\)?)? le)"
    r"[^\d\n]{0,20}(\d{4}-\d\d-\d\d|\d\d(?:/|-|\.|%2F)\d\d(?:/|-|\.|%2F)\d{4})"
)
# A result counts as the value of a field, or alone in a cell of a table: prose that says
# “un résultat positif doit être confirmé” is nobody's result.
_FIELD_RESULT = (
    r"(?:r[ée]sultats?|results?|tests?|covid(?:-?19)?|pcr|antig[a-zéè]*|statut|status)"
    r"['\"]?(?: ?\u00a0?[:=]|=>|%3D)[ \u00a0]?['\"]?"
)
_CELL = r"(?<=[;|\t,])['\"]?|(?<=, )['\"]"
_RESULT = re.compile(
    rf"(?i)(?:{_FIELD_RESULT}|(?P<cell>{_CELL}))"
    r"(positif|positive|n[ée]gatif|negative)e?(?![a-zà-ÿ])(?(cell)(?=['\"]?\s*(?:[;|\t,)\r\n]|$)))"
)
_HEALTH_CONTEXT = re.compile(
    r"(?i)r[ée]sultat|covid|antig|pcr|patient|d[ée]pist|s[ée]rolog|biolog|sant[ée]|health"
)
# A table is about somebody's tests where no line of a program is: `result=negative` of a cache.
_TABLE_CONTEXT = re.compile(rf"{_HEALTH_CONTEXT.pattern}|result|(?<![a-z])tests?(?![a-z])")

# What follows the name is no secret: masked already, a question, a sentence, a template.
_NO_VALUE = (
    r"(?!(?:-|null|none|nil|true|false|yes|no|on|off|undefined|empty|vide|oui|non|must|is|was|has|for"
    r"|all|amd64|arm64|armhf|i386|required|invalid|incorrect|expired|changed|bearer|basic|\[?filtered\]?|\[?redacted\]?|masked"
    r"|hidden)(?![a-z0-9_])|\*{2,}|[\[<({•]|x{3,}|%s|\$\{)"
)
_CREDENTIAL = re.compile(
    r"(?i)(?:(?<![a-z])|(?<=access)|(?<=refresh)|(?<=auth)|(?<=reset)|(?<=user)|(?<=new)|(?<=old)"
    r"|(?<=api))(?<!csrf_)(?<!csrf-)(?<!csrf)(?<!xsrf_)(?<!xsrf-)(?<!xsrf)(?<!authenticity_)"
    r"(?:password|passwd|passphrase|pwd|mot_?de_?passe|mdp|token|jwt|api_?key|secret"
    r"|(?:php|j|asp\.net_)?sess(?:ion)?_?id|authorization)"
    r"(?:\\?[\"'])?\s{0,3}(?:=>|=|%3D|:)\s{0,3}(?:\\?[\"'])?(?:(?:bearer|basic|digest)\s{1,3})?"
    rf"{_NO_VALUE}(?P<named>[^\s&\"';,<>\\]{{3,}})"
    r"|(?:(?<![a-z])password|identified\s{1,3}by)\s{1,3}'(?P<sql>[^'\n]{3,})'"
    r"|(?<![A-Za-z0-9_-])(?P<jwt>eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*)"
)

# ISO 13616: country, two check digits, then what the country says; the lengths are the registry's.
_IBAN = re.compile(
    r"(?<![A-Za-z0-9])[A-Z]{2}\d\d(?:[ \u00a0]?[0-9A-Z]{4}){2,7}(?:[ \u00a0]?[0-9A-Z]{1,3})?"
    r"(?![A-Za-z0-9])"
)
_IBAN_LENGTHS = {
    "AT": 20, "BE": 16, "CH": 21, "DE": 22, "ES": 24, "FR": 27, "GB": 22, "IE": 22, "IT": 27,
    "LU": 20, "MC": 27, "NL": 18, "PT": 25,
}  # fmt: skip
# A caregiver's number has eleven digits, of which the last is Luhn's: one number in ten fits, so
# that it counts only beside its name.
_RPPS = re.compile(r"(?i)rpps[^\d\n]{0,20}(\d{11})(?!\d)")

_FINDERS: tuple[tuple[DataKind, re.Pattern[str]], ...] = (
    ("email", _EMAIL),
    ("phone", _PHONE),
    ("birth_date", _BIRTH),
    ("credential", _CREDENTIAL),
)


def valid_nir_key(number: str, key: str) -> bool:
    """Return whether the two-digit key fits the thirteen-character NIR: 97 - (n mod 97).

    2A counts as 19 and 2B as 18. The key alone accepts one random number in a hundred.
    """
    digits = number.upper().replace("2A", "19").replace("2B", "18")
    return digits.isdecimal() and key.isdecimal() and 97 - int(digits) % 97 == int(key)


def valid_iban(text: str) -> bool:
    """Return whether the number has its country's length and a remainder of 1 (ISO 7064)."""
    plain = re.sub(r"[ \u00a0]", "", text)
    if _IBAN_LENGTHS.get(plain[:2]) != len(plain):
        return False
    return int("".join(str(int(c, 36)) for c in plain[4:] + plain[:4])) % 97 == 1


def valid_luhn(digits: str) -> bool:
    """Return whether the last digit is the one Luhn's formula gives the others."""
    doubled = [int(d) * (1 + n % 2) for n, d in enumerate(reversed(digits))]
    return sum(d - 9 if d > 9 else d for d in doubled) % 10 == 0


def find_nirs(text: str) -> Iterator[re.Match[str]]:
    """Yield a match for each NIR with a valid key.

    Fifteen digits in a row whose sex or month is an exceptional one count only beside a word for
    the number: an order number would pass too easily.
    """
    for match in _NIR.finditer(text):
        sex, gap, year, month, department, commune, rank, key = match.groups()
        usual = sex in "12" and int(month) <= 12
        if department == "00" or not valid_nir_key(
            sex + year + month + department + commune + rank, key
        ):
            continue
        before = text[max(0, match.start() - 30) : match.start()]
        if usual or gap or _NIR_WORD.search(before):
            yield match


def count_personal_data(text: str) -> tuple[DataCount, ...]:
    """Return how much of each kind of personal data the text holds; kinds not seen are left out.

    A test result counts only where the text speaks of tests or patients.
    """
    found = [(kind, list(values)) for kind, values in personal_values(text)]
    return tuple(
        DataCount(kind, len(values), len({v.casefold() for v in values}))
        for kind, values in found
        if values
    )


_ALL_KINDS: frozenset[DataKind] = frozenset(
    {"nir", "email", "phone", "birth_date", "test_result", "credential", "iban", "rpps"}
)
_WORDS: dict[DataKind, tuple[str, ...]] = {
    "email": ("@", "%40"),
    "birth_date": ("naiss", "birth", "dob", " le "),
    "test_result": ("positi", "gati"),
    "rpps": ("rpps",),
    "credential": (
        "pass", "pwd", "mdp", "token", "jwt", "api", "secret", "sess", "authoriz", "identified",
        "eyj",
    ),
}  # fmt: skip
_DIGITS = str.maketrans("123456789+.-\u00a0\u202f", "000000000     ")
_NIR_GROUPS = ("0000000000", "0 00 00 00 000", "0 00 00 0a 000", "0 00 00 0b 000")


def possible_kinds(text: str, among: frozenset[DataKind] = _ALL_KINDS) -> frozenset[DataKind]:
    """Return the kinds the text may hold, told by cheap signs: none is left out that it does."""
    plain = text.casefold()
    kinds = {k for k, words in _WORDS.items() if k in among and any(w in plain for w in words)}
    if "nir" in among or "phone" in among:
        digits = plain.replace("%20", " ").translate(_DIGITS)
        corsican = "000000" in digits and ("0a00" in digits or "0b00" in digits)
        if corsican or any(groups in digits for groups in _NIR_GROUPS):
            kinds.add("nir")
        if "0000000000" in digits or "0 00 00 00 00" in digits or "(0)" in plain:
            kinds.add("phone")
    if "iban" in among and _IBAN.search(text):
        kinds.add("iban")
    return among & kinds


def personal_values(
    text: str, among: frozenset[DataKind] = _ALL_KINDS
) -> Iterator[tuple[DataKind, tuple[str, ...]]]:
    """Yield each kind with the values seen, in clear: for counting only, never to be kept."""
    possible = possible_kinds(text, among)
    if "nir" in possible:
        yield "nir", tuple(re.sub(r"%20|[^0-9A-Za-z]", "", m[0]) for m in find_nirs(text))
    for kind, finder in _FINDERS:
        if kind in possible:
            yield kind, tuple(m[0] for m in finder.finditer(text))
    if "test_result" in possible:
        yield "test_result", tuple(_results(text))
    if "iban" in possible:
        yield "iban", tuple(m[0] for m in _IBAN.finditer(text) if valid_iban(m[0]))
    if "rpps" in possible:
        yield "rpps", tuple(m[1] for m in _RPPS.finditer(text) if valid_luhn(m[1]))


def _results(text: str) -> Iterator[str]:
    health, table = _HEALTH_CONTEXT.search(text), _TABLE_CONTEXT.search(text)
    for match in _RESULT.finditer(text) if table else ():
        if health or match["cell"] is not None:
            yield match[2]


_SECRET_WORD = r"(?:passw(?:or)?d|passphrase|pwd|mot_?de_?passe|mdp|secret|api_?key|token)"
_NAME = rf"(?P<name>[a-z0-9_.-]{{0,48}}?{_SECRET_WORD}[a-z0-9_.-]{{0,32}}+)"
_QUOTED = r"(?P<quote>['\"])(?P<quoted>[^'\"\n]{4,200})(?P=quote)"
_NAMED_SECRET = re.compile(
    rf"(?i)(?<![a-z0-9_.-]){_NAME}(?:['\"]?\]?)(?:\s{{0,3}}:\s{{0,3}}[a-z_.\[\]|]{{1,30}}(?=\s{{0,3}}=))?"
    rf"[ \t]{{0,20}}(?:=>|:=|=|:)[ \t]{{0,20}}(?:{_QUOTED}"
    r"|(?P<bare>[^\s'\"#;,(){}$<\[]{4,200})[ \t]{0,20}\r?$)",
    re.MULTILINE,
)
_DEFINED = re.compile(
    rf"(?i)(?:define\s{{0,3}}\(\s{{0,3}}['\"]|key\s{{0,3}}=\s{{0,3}}['\"]|<|set){_NAME}"
    rf"(?:['\"]\s{{0,3}},\s{{0,3}}|['\"]\s{{1,3}}value\s{{0,3}}=\s{{0,3}}|\(\s{{0,3}}){_QUOTED}"
)
_ELEMENT = re.compile(rf"(?i)<{_NAME}>(?P<quoted>[^<\s]{{4,200}})</")
_DSN = re.compile(r"(?i)\b([a-z][a-z0-9+.-]{2,20}://)([^\s:/@'\"]{0,64}):([^\s/@'\"]{3,200})@")
_CONNECTION = re.compile(
    r"(?i)\b(?:host|server|data source|dbname|user|uid|user id)=[^'\"\n,]{1,200}?"
    r"[\s;](?:password|pwd)=(?P<value>[^\s;,()'\"]{3,200})"
)
_CALL = re.compile(
    r"""(?i)\b(?:mysqli_connect|mysql_connect|mysqli_real_connect|pg_connect|new\s{1,3}\\?pdo
    |new\s{1,3}\\?mysqli)\s{0,3}\(\s{0,9}(?:\$\w{1,30}\s{0,3},\s{0,9})?
    ['"][^'"\n]{0,200}['"]\s{0,9},\s{0,9}['"][^'"\n]{0,200}['"]\s{0,9},\s{0,9}
    ['"](?P<value>[^'"\n]{3,200})['"]""",
    re.VERBOSE,
)
# Formats that their issuers made recognisable.
_TOKEN = re.compile(
    r"(?<![A-Za-z0-9])(?:AKIA[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{36}|[rs]k_live_[0-9A-Za-z]{24,64}"
    r"|xox[abps]-[0-9A-Za-z-]{20,80}|AIza[0-9A-Za-z_-]{35}|glpat-[0-9A-Za-z_-]{20})(?![A-Za-z0-9])"
)
_PRIVATE_KEY = re.compile(
    r"-----BEGIN (?:[A-Z0-9]{2,12} ){0,3}PRIVATE KEY-----"
    r"(?:\\[rn]|[\s\"'+.,\\]){1,24}(?:Proc-Type|[A-Za-z0-9+/]{16})"
)
# Values that are references, placeholders, hashes or words of a form, and configuration words
# whose name only looks like a secret's (`password_encryption = md5`, `token_expiry = 3600`).
_NOT_A_SECRET = re.compile(
    r"(?i)^(?:true|false|null|none|nil|yes|no|on|off|md5|scram-sha-256|required|optional|prompt"
    r"|files|compat|systemd|ldap|string|text|str|varchar|hidden|undefined|default|plain"
    r"|pass(?:word|wd|wort|phrase)?|pwd|secret|token|mdp|mot[ _-]?de[ _-]?passe|contraseña|senha"
    r"|new[_-]?password|user[_-]?password|current[_-]?password|api[_-]?key|motdepasse"
    r"|change[_-]?(?:me|it|this).*|to[_-]?be[_-]?.*|x{3,}|\*{3,}|\.{3,}|•+|_{3,}|-{3,}|a?changer.*"
    r"|a[_-]?remplacer.*|your[-_ ]?.*|votre[-_ ]?.*|my[-_]?(?:secret|password|token).*|example.*"
    r"|exemple.*|sample.*|dummy.*|placeholder.*|insert[-_ ].*|replace[-_ ]?.*|todo.*|fixme.*"
    r"|env[:(].*|getenv.*|os\.environ.*|process\.env.*|vault:.*|ssm:.*|arn:.*|file:.*|enc\[.*"
    r"|[@%]\{?[\w()]+\}?[@%]|%[a-z]|%\(\w+\)s|\$.*|:[a-z_]+|\?+|\{.*\}|<.*>|\[.*\]|__\w+__|!\w+.*"
    r"|\{[a-z0-9-]{3,12}\}.*|\d{1,4}|\.{0,2}/[\w./-]+|https?://.*|[ .+,)].*"
    r"|[^\W\d_]+(?:[ ’'.,:!?…-]+[^\W\d_]+)+[ .:!?…]*)$"
)
_NOT_A_NAME = frozenset(
    "algo algorithm attempt attempts class column command confirm confirmation count csrf date"
    " days encryption error expiration expires expiry field file format hash hashed hasher"
    " header help hint id input kind label last length lifetime manager max message method min"
    " name path pattern placeholder policy prefix program prompt provider public regex reset"
    " rule selector size storage strength style text timeout title tokenizer ttl type uri url"
    " used valid validation validator xsrf".split()
)
_DIGIT_AND_LETTER = re.compile(r"(?=[^\d]*\d)(?=[\d\W_]*[A-Za-z])")
# In these languages a bare word after `password =` is a variable; elsewhere it is the value.
_SOURCE_SUFFIXES = frozenset(
    ".c .cc .cpp .cs .go .h .htm .html .java .js .jsx .kt .mjs .php .phtml .pl .pm .py .rb .rs"
    " .scala .swift .ts .tsx .twig .vue".split()
)


def find_secrets(text: str, name: str) -> tuple[SecretSeen, ...]:
    """Return the credentials written in clear in a file called `name`, each with its line, masked.

    References to the environment, placeholders, hashes and names of algorithms are not secrets.
    """
    source = not _SOURCE_SUFFIXES.isdisjoint(PurePosixPath(name.casefold()).suffixes)
    lines: dict[int, list[tuple[SecretKind, int, int]]] = {}
    for kind, start, end in sorted(_secret_spans(text, source), key=lambda span: span[1:]):
        begin = text.rfind("\n", 0, start) + 1
        if source or not text[begin:start].lstrip().startswith(("#", ";")):
            lines.setdefault(begin, []).append((kind, start, end))
    seen, line, counted = list[SecretSeen](), 1, 0
    for begin in sorted(lines):
        line, counted = line + text.count("\n", counted, begin), begin
        masked = _line_without(text, begin, [span[1:] for span in lines[begin]])
        seen.append(SecretSeen(lines[begin][0][0], f"{name}:{line}", masked))
    return tuple(seen)


def _secret_spans(text: str, source: bool) -> Iterator[tuple[SecretKind, int, int]]:
    for match in _PRIVATE_KEY.finditer(text):
        yield "private_key", match.end() - 9, match.end()
    for match in _TOKEN.finditer(text):
        yield "token", match.start(), match.end()
    for match in _DSN.finditer(text):
        if not _NOT_A_SECRET.match(match[3]):
            yield "connection_string", match.start(3), match.end(3)
    for kind, pattern in (("connection_string", _CONNECTION), ("password", _CALL)):
        for match in pattern.finditer(text):
            if not _NOT_A_SECRET.match(match["value"]):
                yield kind, match.start("value"), match.end("value")  # type: ignore[misc]
    for pattern in (_NAMED_SECRET, _DEFINED, _ELEMENT):
        for match in pattern.finditer(text):
            group = "quoted" if match["quoted"] else "bare"
            if _is_secret(match["name"], match[group]) and not (source and group == "bare"):
                token = "token" in match["name"].lower()
                yield "token" if token else "password", match.start(group), match.end(group)


def _is_secret(name: str, value: str) -> bool:
    if _NOT_A_SECRET.match(value) or value.casefold() in name.casefold():
        return False
    suffix = re.split(rf"(?i){_SECRET_WORD}", name)[-1].strip("_.-").casefold()
    words = {word.casefold() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+", name)}
    if suffix in _NOT_A_NAME or not words.isdisjoint(_NOT_A_NAME):
        return False
    if re.search(r"(?i)passw|phrase|pwd|passe|mdp", name):
        return True
    # `token = 'comma'` belongs to a parser, `secret: "Geheim"` to a translation.
    return len(value) >= 8 and bool(_DIGIT_AND_LETTER.match(value))


def _line_without(text: str, begin: int, spans: list[tuple[int, int]]) -> str:
    stop = text.find("\n", spans[-1][1])
    pieces, place = [text[begin : spans[0][0]][-80:]], spans[0][0]
    for start, end in spans:
        if start >= place:
            pieces += [text[place:start], MASK]
        place = max(place, end)
    after = text[place : stop if stop >= 0 else len(text)][:20]
    return printable("".join(mask(piece) if piece != MASK else MASK for piece in [*pieces, after]))


def mask(text: str) -> str:
    """Return the text with every NIR, e-mail, phone number, birth date and credential masked.

    What only has the shape of a NIR is masked too: a mistyped one still tells who it is.
    """
    for match in list(find_nirs(text))[::-1]:
        text = text[: match.start()] + MASK + text[match.end() :]
    text = _NIR_SHAPE.sub(MASK, text)
    text = _IBAN.sub(lambda m: MASK if valid_iban(m[0]) else m[0], text)
    text = _EMAIL.sub(MASK, text)
    text = _PHONE.sub(MASK, text)
    text = _DSN.sub(rf"\1{MASK}:{MASK}@", text)
    text = _CREDENTIAL.sub(_without_value, text)
    return _BIRTH.sub(lambda m: m[0].replace(m[1], MASK), text)


def _without_value(match: re.Match[str]) -> str:
    group = match.lastgroup or "named"
    start, end = match.start(group) - match.start(), match.end(group) - match.start()
    return match[0][:start] + MASK + match[0][end:]


_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]")


def printable(text: str, limit: int = 300) -> str:
    """Return one line without control or direction-changing characters, at most `limit` long."""
    line = _CONTROL.sub("�", text.replace("\r", " ").replace("\n", " ").replace("\t", " ")).strip()
    return line if len(line) <= limit else line[: limit - 1] + "…"
