"""Personal data and secrets in text: found, counted, and masked where they are first seen."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal, TypeAlias

from msgspec import Struct

DataKind: TypeAlias = Literal["nir", "email", "phone", "birth_date", "test_result", "credential"]
SecretKind: TypeAlias = Literal["password", "token", "private_key", "connection_string"]

MASK = "•••"


class DataCount(Struct, frozen=True, forbid_unknown_fields=True):
    """How often one kind of personal data occurs, and how many different values it takes."""

    kind: DataKind
    count: int
    distinct: int


class SecretSeen(Struct, frozen=True, forbid_unknown_fields=True):
    """A credential written in clear: its kind, its place (`file:line`), the line with it masked."""

    kind: SecretKind
    place: str
    masked: str


# NIR (numéro de sécurité sociale): sex, year, month, department (2A and 2B for Corsica), commune,
# rank, key. Months 20 to 42 and 50 to 99 stand for births whose month is unknown.
_NIR = re.compile(
    r"(?<![0-9A-Za-z])([1-478])[ .]?(\d\d)[ .]?(0[1-9]|1[0-2]|[2-9]\d)[ .]?(\d\d|2[ABab])[ .]?"
    r"(\d{3})[ .]?(\d{3})[ .]?(\d\d)(?![0-9A-Za-z])"
)
_EMAIL = re.compile(
    r"[A-Za-z0-9._+-]{1,64}(?:@|%40)[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,4}"
)
_PHONE = re.compile(r"(?<![\d.])(?:(?:\+|%2[Bb]|00)33[ .]?|0)[1-9](?:[ .-]?\d\d){4}(?![\d])")
_BIRTH = re.compile(
    r"(?i)(?:naissance|birth|dob|né[e]? le)[^\d\n]{0,20}(\d{4}-\d\d-\d\d|\d\d[/-]\d\d[/-]\d{4})"
)
_RESULT = re.compile(r"(?i)(?<![a-zà-ÿ])(positif|positive|n[ée]gatif|negative)(?![a-zà-ÿ])")
_CREDENTIAL = re.compile(
    r"(?i)(?<![a-z])(?:password|passwd|pwd|mot_?de_?passe|mdp|token|jwt|api_?key|secret|sessionid"
    r"|authorization)(?:=|%3D|:\s*)(?!-(?:\s|$))([^\s&\"';,]{3,})"
)
_HEALTH_CONTEXT = re.compile(r"(?i)r[ée]sultat|result|test|covid|antig|pcr|patient")

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
    return digits.isdigit() and key.isdigit() and 97 - int(digits) % 97 == int(key)


def find_nirs(text: str) -> Iterator[re.Match[str]]:
    """Yield a match for each NIR with a valid key."""
    for match in _NIR.finditer(text):
        *parts, key = match.groups()
        if parts[3] != "00" and valid_nir_key("".join(parts), key):
            yield match


def count_personal_data(text: str) -> tuple[DataCount, ...]:
    """Return how much of each kind of personal data the text holds; kinds not seen are left out.

    A test result counts only where the text speaks of tests or patients.
    """
    found: list[tuple[DataKind, list[str]]] = [("nir", [m[0] for m in find_nirs(text)])]
    found += [(kind, [m[0] for m in finder.finditer(text)]) for kind, finder in _FINDERS]
    if _HEALTH_CONTEXT.search(text):
        found.append(("test_result", [m[0] for m in _RESULT.finditer(text)]))
    return tuple(
        DataCount(kind, len(values), len({v.casefold() for v in values}))
        for kind, values in found
        if values
    )


_NAMED_SECRET = re.compile(
    r"""(?ix)
    (?P<name>[a-z0-9_.-]*(?:passw(?:or)?d|passphrase|pwd|mot_?de_?passe|mdp|secret|api_?key|token)
             [a-z0-9_.-]*)
    ['"]?\s*(?:=>|:=|=|:|,)\s*
    (?:(?P<quote>['"])(?P<quoted>[^'"\n]{4,200})(?P=quote)|(?P<bare>[^\s'"#;,(){}$<\[]{4,200})\s*$)
    """,
    re.MULTILINE,
)
_DSN = re.compile(r"(?i)\b([a-z][a-z0-9+.-]{2,20}://)([^\s:/@'\"]{1,64}):([^\s/@'\"]{3,200})@")
_CALL = re.compile(
    r"""(?i)\b(?:mysqli_connect|mysql_connect|pg_connect|new\s+pdo|new\s+mysqli)\s*\(\s*
    ['"][^'"]*['"]\s*,\s*['"][^'"]*['"]\s*,\s*['"](?P<value>[^'"]{3,200})['"]""",
    re.VERBOSE,
)
_PRIVATE_KEY = re.compile(r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----")
# Values that are references or placeholders, and configuration words whose name only looks like a
# secret's (`password_encryption = md5`, `token_expiry = 3600`).
_NOT_A_SECRET = re.compile(
    r"(?i)^(?:true|false|null|none|yes|no|on|off|md5|scram-sha-256|required|optional|change_?me.*"
    r"|x{4,}|\*{3,}|\.{3,}|your[-_].*|example.*|env[:(].*|getenv.*|os\.environ.*|process\.env.*"
    r"|%[a-z_]+%|\d{1,6}|/[\w./-]+)$"
)
_NOT_A_NAME = re.compile(
    r"(?i)encryption|expir|length|policy|reset|url|uri|path|file|hash|algo|type|min|max|column|field"
    r"|_id$|label|placeholder|attempt|lifetime|timeout|hint|prompt|input|confirm"
)


def find_secrets(text: str, name: str) -> tuple[SecretSeen, ...]:
    """Return the credentials written in clear in a file called `name`, each with its line, masked.

    References to the environment, placeholders and names of algorithms are not secrets.
    """
    seen: dict[int, SecretSeen] = {}
    for kind, start, end in _secret_spans(text):
        line = text.count("\n", 0, start) + 1
        masked = _line_with(text, start, end)
        seen.setdefault(line, SecretSeen(kind, f"{name}:{line}", masked))
    return tuple(seen[line] for line in sorted(seen))


def _secret_spans(text: str) -> Iterator[tuple[SecretKind, int, int]]:
    for match in _PRIVATE_KEY.finditer(text):
        yield "private_key", match.end(), match.end()
    for match in _DSN.finditer(text):
        if not _NOT_A_SECRET.match(match[3]):
            yield "connection_string", match.start(3), match.end(3)
    for match in _CALL.finditer(text):
        yield "password", match.start("value"), match.end("value")
    for match in _NAMED_SECRET.finditer(text):
        group = "quoted" if match["quoted"] else "bare"
        if not _NOT_A_SECRET.match(match[group]) and not _NOT_A_NAME.search(match["name"]):
            kind: SecretKind = "token" if "token" in match["name"].lower() else "password"
            yield kind, match.start(group), match.end(group)


def _line_with(text: str, start: int, end: int) -> str:
    begin = text.rfind("\n", 0, start) + 1
    stop = text.find("\n", end)
    before, after = text[begin:start], text[end : stop if stop >= 0 else len(text)]
    return printable(mask(before[-80:]) + MASK + (mask(after[:20]) if after.strip() else ""))


def mask(text: str) -> str:
    """Return the text with every NIR, e-mail, phone number, birth date and credential masked."""
    for match in list(find_nirs(text))[::-1]:
        text = text[: match.start()] + MASK + text[match.end() :]
    text = _EMAIL.sub(MASK, text)
    text = _PHONE.sub(MASK, text)
    text = _DSN.sub(rf"\1{MASK}:{MASK}@", text)
    text = _CREDENTIAL.sub(lambda m: m[0][: m.start(1) - m.start(0)] + MASK, text)
    return _BIRTH.sub(lambda m: m[0].replace(m[1], MASK), text)


_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]")


def printable(text: str, limit: int = 300) -> str:
    """Return one line without control or direction-changing characters, at most `limit` long."""
    line = _CONTROL.sub("�", text.replace("\r", " ").replace("\n", " ").replace("\t", " ")).strip()
    return line if len(line) <= limit else line[: limit - 1] + "…"
