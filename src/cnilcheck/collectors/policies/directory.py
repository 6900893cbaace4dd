"""Password policies of Active Directory and of OpenLDAP's ppolicy, from an LDIF export."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from cnilcheck.collectors.base import Seen
from cnilcheck.collectors.policies.texts import ldif_entries, number_in
from cnilcheck.model.facts import AccountPolicy, Opening, SignInOpenings
from cnilcheck.model.personal_data import mask, printable
from cnilcheck.model.scope import Lockout
from cnilcheck.model.words import AccountClass

_Entry = dict[str, list[tuple[str, int]]]
_NEVER = -(2**63)
_TICKS = 10_000_000  # of 100 ns, as Active Directory counts time, below zero
# MS-SAMR 2.2.1.11: bits of pwdProperties.
_COMPLEX = 1
_REVERSIBLE = 16


def read_ldif(text: str, path: str) -> Iterator[Seen]:
    """Yield each password policy of the export: domain, fine-grained, or ppolicy."""
    for entry in ldif_entries(text):
        classes = {value.lower() for value, _ in entry.get("objectclass", [])}
        if "minpwdlength" in entry:
            yield from _domain(entry, path)
        elif "msds-minimumpasswordlength" in entry or "msds-passwordsettings" in classes:
            yield _fine_grained(entry, path)
        elif "pwdpolicy" in classes:
            yield _ppolicy(entry, path)


def _number(entry: _Entry, name: str) -> int | None:
    return number_in(entry[name.lower()][0][0]) if name.lower() in entry else None


def _place(entry: _Entry, path: str, *names: str) -> str:
    return next((f"{path}:{entry[n.lower()][0][1]}" for n in names if n.lower() in entry), path)


def _name(entry: _Entry) -> str:
    dn = entry.get("dn", [("", 0)])[0][0]
    return printable(mask(dn.split(",")[0].partition("=")[2]), 60)


def _seconds(ticks: int | None) -> int | None:
    if ticks is None:
        return None
    return 0 if ticks in (0, _NEVER) else abs(ticks) // _TICKS


def _locks(tries: int | None, ticks: int | None) -> Lockout | Literal["none"] | None:
    """Return the lock of Active Directory: no threshold is no lock, no duration lasts."""
    if tries is None:
        return None
    if tries <= 0:
        return "none"
    seconds = _seconds(ticks)
    return Lockout(after_attempts=tries, unlocked_after_seconds=seconds or None)


def _days(ticks: int | None) -> int | None:
    seconds = _seconds(ticks)
    return None if seconds is None else seconds // 86_400


def _domain(entry: _Entry, path: str) -> Iterator[Seen]:
    properties = _number(entry, "pwdProperties")
    place = _place(entry, path, "minPwdLength")
    yield Seen(
        place,
        AccountPolicy(
            class_=AccountClass.STAFF,
            who=_name(entry),
            product="Active Directory",
            minimum_length=_number(entry, "minPwdLength"),
            # Complexity asks for three of the four classes, or letters of other scripts.
            character_classes=None if properties is None else 3 if properties & _COMPLEX else 1,
            lockout=_locks(_number(entry, "lockoutThreshold"), _number(entry, "lockoutDuration")),
            expires_after_days=_days(_number(entry, "maxPwdAge")),
        ),
    )
    if properties is not None:
        where = _place(entry, path, "pwdProperties")
        setting = f"pwdProperties: {properties}"
        found = (Opening("clear_password", where, setting),) if properties & _REVERSIBLE else ()
        yield Seen(where, SignInOpenings("Active Directory", ("clear_password",), found))


def _fine_grained(entry: _Entry, path: str) -> Seen:
    written = entry.get("msds-passwordcomplexityenabled", [("", 0)])[0][0].upper()
    threshold = _number(entry, "msDS-LockoutThreshold")
    fact = AccountPolicy(
        class_=AccountClass.STAFF,
        who=_name(entry),
        product="Active Directory",
        minimum_length=_number(entry, "msDS-MinimumPasswordLength"),
        character_classes={"TRUE": 3, "FALSE": 1}.get(written),
        lockout=_locks(threshold, _number(entry, "msDS-LockoutDuration")),
        expires_after_days=_days(_number(entry, "msDS-MaximumPasswordAge")),
    )
    return Seen(_place(entry, path, "msDS-MinimumPasswordLength"), fact)


def _ppolicy(entry: _Entry, path: str) -> Seen:
    """pwdLockout, pwdMaxFailure and pwdLockoutDuration of draft-behera-ldap-password-policy."""
    locks = entry.get("pwdlockout", [("FALSE", 0)])[0][0].upper() == "TRUE"
    tries = _number(entry, "pwdMaxFailure")
    lockout: Lockout | Literal["none"] | None = "none"
    if locks and tries:
        lasting = _number(entry, "pwdLockoutDuration")
        lockout = Lockout(after_attempts=tries, unlocked_after_seconds=lasting or None)
    age = _number(entry, "pwdMaxAge")
    changed = entry.get("pwdmustchange", [("", 0)])[0][0].upper()
    quality = _number(entry, "pwdCheckQuality")
    fact = AccountPolicy(
        class_=AccountClass.STAFF,
        who=_name(entry),
        product="OpenLDAP",
        minimum_length=_number(entry, "pwdMinLength") or 1,
        # A checking module may ask for more; without it the length is all.
        character_classes=None if quality and "pwdcheckmodule" in entry else 1,
        lockout=lockout,
        initial_password_changed={"TRUE": True, "FALSE": False}.get(changed),
        expires_after_days=None if age is None else age // 86_400,
    )
    return Seen(_place(entry, path, "pwdMinLength"), fact)
