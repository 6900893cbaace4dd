"""What PAM, pwquality and login.defs ask of the passwords of a server's own accounts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from cnilcheck.collectors.base import Missing, Seen, Sighting
from cnilcheck.collectors.snapshot import Snapshot
from cnilcheck.errors import CollectionError
from cnilcheck.model.facts import AccountPolicy, Opening, OpeningKind, SignInOpenings
from cnilcheck.model.scope import Factor, Lockout
from cnilcheck.model.words import AccountClass

PRODUCT = "PAM"
_MAINS = ("/etc/pam.d/common-password", "/etc/pam.d/system-auth", "/etc/pam.d/passwd")
_SIGN_INS = (
    "/etc/pam.d/sshd",
    "/etc/pam.d/login",
    "/etc/pam.d/common-auth",
    "/etc/pam.d/system-auth",
    "/etc/pam.d/password-auth",
)
_CREDITS = ("ucredit", "lcredit", "dcredit", "ocredit")
_MAX_FILES = 50


@dataclass(frozen=True)
class _Line:
    """One line of a service file: its type, module, arguments and place."""

    kind: str
    module: str
    arguments: tuple[str, ...]
    place: str

    def number(self, name: str) -> int | None:
        """Return the number an argument `name=` states."""
        found = [a.partition("=")[2] for a in self.arguments if a.startswith(f"{name}=")]
        return int(found[-1]) if found and re.fullmatch(r"-?\d{1,9}", found[-1]) else None


@dataclass
class _Reader:
    """Reads service files and those they include."""

    snapshot: Snapshot
    lines: list[_Line] = field(default_factory=list)
    problems: list[tuple[str, CollectionError]] = field(default_factory=list)
    _read: set[str] = field(default_factory=set)

    def file(self, path: str) -> None:
        if path in self._read or len(self._read) > _MAX_FILES:
            return
        self._read.add(path)
        try:
            text = self.snapshot.read(path)
        except CollectionError as error:
            self.problems.append((path, error))
            return
        number = 1
        for line in text.replace("\\\n", " \x1f").split("\n"):
            self._line(line, path, number)
            number += 1 + line.count("\x1f")

    def _line(self, line: str, path: str, number: int) -> None:
        found = re.match(
            r"\s*-?(auth|account|password|session|@include)\s+(\[[^\]]*\]|\S+)(?:\s+(\S+)(.*))?",
            line[:4000],
        )
        if not found:
            return
        kind, control, module, rest = found.groups()
        if kind == "@include":
            self.file(f"/etc/pam.d/{control}")
        elif control in ("include", "substack") and module:
            self.file(f"/etc/pam.d/{module}")
        elif module:
            name = module.rpartition("/")[2]
            words = tuple(w for w in rest.partition("#")[0].split() if w != "\x1f")
            self.lines.append(_Line(kind, name, words, f"{path}:{number}"))

    def module(self, kind: str, *names: str) -> list[_Line]:
        return [x for x in self.lines if x.kind == kind and x.module in names]


def read_pam(snapshot: Snapshot) -> Iterator[Sighting]:
    """Yield the policy of the server's accounts; nothing where the copy holds no PAM."""
    mains = [path for path in (*_MAINS, *_SIGN_INS) if snapshot.exists(path)]
    if not mains:
        return
    reader = _Reader(snapshot)
    for path in mains:
        reader.file(path)
    if reader.problems:
        yield Missing(reader.problems[0][0], AccountPolicy, reader.problems[0][1])
    if reader.lines:
        yield _policy(snapshot, reader)
        yield _openings(snapshot, reader)


def _policy(snapshot: Snapshot, reader: _Reader) -> Seen:
    quality = reader.module("password", "pam_pwquality.so", "pam_cracklib.so", "pam_passwdqc.so")
    unix = reader.module("password", "pam_unix.so")
    line = next(iter([*quality, *unix, *reader.lines]))
    length: int | None = None
    classes: int | None = None
    if quality and quality[0].module != "pam_passwdqc.so":
        length, classes = _quality(snapshot, quality[0])
    elif unix and not quality:
        # pam_unix(8): six characters when `minlen` is not written.
        length, classes = unix[0].number("minlen") or 6, 1
    fact = AccountPolicy(
        class_=AccountClass.ADMINISTRATORS,
        product=PRODUCT,
        minimum_length=length,
        character_classes=classes,
        lockout=_lockout(snapshot, reader),
        factors=_factors(reader),
        expires_after_days=_expiry(snapshot),
    )
    return Seen(line.place, fact)


def _quality(snapshot: Snapshot, line: _Line) -> tuple[int, int]:
    """Return what pam_pwquality or pam_cracklib demands, arguments before the file.

    pwquality.conf(5): 8 characters by default. A positive credit shortens the length it is for;
    a negative one asks for that many characters of the class.
    """
    written = _conf(snapshot, "/etc/security/pwquality.conf") if "pwquality" in line.module else {}
    stated = {
        name: line.number(name) if line.number(name) is not None else _whole(written.get(name))
        for name in ("minlen", "minclass", *_CREDITS)
    }
    length = stated["minlen"] if stated["minlen"] is not None else 8
    default = 0 if "pwquality" in line.module else 1
    credits = [default if stated[c] is None else stated[c] or 0 for c in _CREDITS]
    length -= sum(credit for credit in credits if credit > 0)
    asked = sum(credit < 0 for credit in credits)
    return max(length, 6), max(1, asked, stated["minclass"] or 0)


def _conf(snapshot: Snapshot, path: str) -> dict[str, str]:
    """Return the settings of a `name = value` file and of its folder `.d`; the last counts."""
    values: dict[str, str] = {}
    for one in [path, *snapshot.glob(f"{path}.d/*.conf")]:
        if not snapshot.exists(one):
            continue
        for line in snapshot.read(one).split("\n"):
            text = line.partition("#")[0].strip()
            name, _, value = text.partition("=")
            if name.strip():
                values[name.strip()] = value.strip()
    return values


def _whole(text: str | None) -> int | None:
    return int(text) if text and re.fullmatch(r"-?\d{1,9}", text) else None


def _lockout(snapshot: Snapshot, reader: _Reader) -> Lockout | Literal["none"] | None:
    faillock = reader.module("auth", "pam_faillock.so")
    tally = reader.module("auth", "pam_tally2.so", "pam_tally.so")
    if faillock:
        written = _conf(snapshot, "/etc/security/faillock.conf")
        deny = next((n for x in faillock if (n := x.number("deny")) is not None), None)
        deny = deny if deny is not None else _whole(written.get("deny"))
        wait = next((n for x in faillock if (n := x.number("unlock_time")) is not None), None)
        wait = wait if wait is not None else _whole(written.get("unlock_time"))
        # faillock.conf(5): 3 failures and 600 seconds by default, 0 seconds lock for good.
        deny, wait = 3 if deny is None else deny, 600 if wait is None else wait
        return Lockout(after_attempts=deny, unlocked_after_seconds=wait or None) if deny else "none"
    if tally:
        deny = next((n for x in tally if (n := x.number("deny")) is not None), None)
        wait = next((n for x in tally if (n := x.number("unlock_time")) is not None), None)
        return Lockout(after_attempts=deny, unlocked_after_seconds=wait) if deny else "none"
    return None if _fail2ban(snapshot) else "none"


def _fail2ban(snapshot: Snapshot) -> bool:
    """Return whether another program may limit the attempts."""
    return snapshot.exists("/etc/fail2ban/jail.conf") or snapshot.exists("/etc/fail2ban/jail.local")


_SECOND: dict[str, Factor] = {
    "pam_google_authenticator.so": "totp",
    "pam_oath.so": "totp",
    "pam_u2f.so": "passkey",
    "pam_yubico.so": "totp",
    "pam_pkcs11.so": "smart_card",
    "pam_duo.so": "push",
}


def _factors(reader: _Reader) -> tuple[Factor, ...] | None:
    seconds = [
        _SECOND[x.module] for x in reader.lines
        if x.kind == "auth" and x.module in _SECOND and "nullok" not in x.arguments
    ]  # fmt: skip
    if not reader.module("auth", "pam_unix.so", "pam_sss.so", "pam_ldap.so"):
        return None
    # Keys of SSH never pass here: without a module for a second factor nothing is known.
    return ("password", *dict.fromkeys(seconds)) if seconds else None


def _expiry(snapshot: Snapshot) -> int | None:
    if not snapshot.exists("/etc/login.defs"):
        return None
    try:
        text = snapshot.read("/etc/login.defs")
    except CollectionError:
        return None
    found = re.search(r"(?m)^\s*PASS_MAX_DAYS\s+(-?\d{1,9})\s*$", text)
    days = int(found[1]) if found else None
    # shadow(5): 99999 days, the value as delivered, is without end.
    return 0 if days is not None and (days < 0 or days >= 99_999) else days


def _openings(snapshot: Snapshot, reader: _Reader) -> Seen:
    found = [
        Opening("empty_password", x.place, f"{x.module} {a}")
        for x in reader.module("auth", "pam_unix.so")
        for a in x.arguments
        if a in ("nullok", "nullok_secure") and _empty_passwords(snapshot)
    ]
    found += [
        Opening("no_password", x.place, x.module) for x in reader.module("auth", "pam_permit.so")
        if not reader.module("auth", "pam_unix.so", "pam_sss.so", "pam_ldap.so", "pam_deny.so")
    ]  # fmt: skip
    kinds: tuple[OpeningKind, ...] = ("empty_password", "no_password")
    return Seen(next(iter(reader.lines)).place, SignInOpenings(PRODUCT, kinds, tuple(found)))


def _empty_passwords(snapshot: Snapshot) -> bool:
    """Return whether an account may have an empty password: none has, or nobody can tell.

    Debian delivers `nullok`: without an account whose password is empty it opens nothing.
    """
    if not snapshot.exists("/etc/shadow"):
        return True
    try:
        lines = snapshot.read("/etc/shadow").split("\n")
    except CollectionError:
        return True
    return any(":" in line and line.split(":")[1] == "" for line in lines)
