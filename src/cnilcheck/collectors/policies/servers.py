"""How PostgreSQL, OpenVPN, MySQL and WordPress let people in, from files and dumps."""

from __future__ import annotations

import io
import ipaddress
import re
from collections.abc import Iterator

from cnilcheck.collectors import sql_dump
from cnilcheck.collectors.base import Seen
from cnilcheck.collectors.bounded_text import BoundedText
from cnilcheck.collectors.policies.wordpress_factors import TWO_FACTOR, SecondFactors
from cnilcheck.errors import Malformed
from cnilcheck.model.facts import AccountPolicy, Opening, OpeningKind, SignInOpenings
from cnilcheck.model.personal_data import mask, printable
from cnilcheck.model.scope import Lockout

_METHODS: dict[str, OpeningKind] = {
    "trust": "no_password",
    "password": "clear_password",
    "md5": "md5_password",
}
_LOOPBACK = ("localhost", "samehost")


def read_pg_hba(text: str, path: str) -> Iterator[Seen]:
    """Yield which lines let people in from the network by trust, clear password or MD5."""
    found, lines = [], 0
    for number, line in enumerate(text.split("\n"), start=1):
        words = re.findall(r'"[^"]*"|[^\s#"]+|#.*', line[:4000])
        words = [w.strip('"') for w in words if not w.startswith("#")]
        if len(words) < 5 or not words[0].startswith("host"):
            continue
        lines += 1
        masked = len(words) > 5 and re.fullmatch(r"[\d.]+|[0-9a-f:]*:[0-9a-f:]*", words[4])
        method = words[5 if masked else 4]
        kind = _METHODS.get(method)
        if kind is None or _is_local(words[3]):
            continue
        if not (kind == "clear_password" and words[0] == "hostssl"):
            setting = printable(mask(" ".join(words)), 120)
            found.append(Opening(kind, f"{path}:{number}", setting))
    if lines:
        yield Seen(path, SignInOpenings("PostgreSQL", tuple(_METHODS.values()), tuple(found)))


def _is_local(address: str) -> bool:
    if address in _LOOPBACK:
        return True
    try:
        return ipaddress.ip_network(address, strict=False).is_loopback
    except ValueError:
        return False


def read_openvpn(text: str, path: str) -> Iterator[Seen]:
    """Yield how many factors an OpenVPN server asks for: a certificate, a password, or both."""
    written: dict[str, tuple[str, int]] = {}
    for number, line in enumerate(text.split("\n"), start=1):
        words = line[:4000].split("#")[0].split(";")[0].split()
        if words and not words[0].startswith("<"):
            written.setdefault(words[0], (" ".join(words[1:]), number))
    if not ({"server", "server-bridge", "server-ipv6"} & written.keys() or _mode(written)):
        return
    certificate = not (
        written.get("verify-client-cert", ("", 0))[0] in ("none", "optional")
        or "client-cert-not-required" in written
    )
    plugin = written.get("plugin", ("", 0))[0]
    password = "auth-user-pass-verify" in written or any(
        word in plugin for word in ("auth-pam", "ldap", "radius", "duo")
    )
    optional = "auth-user-pass-optional" in written
    kinds: tuple[OpeningKind, ...] = ("single_factor", "no_password")
    found: tuple[Opening, ...] = ()
    name = next(
        (n for n in ("verify-client-cert", "auth-user-pass-verify", "server") if n in written),
        "mode",
    )
    place = f"{path}:{written[name][1]}"
    if not certificate and (not password or optional):
        found = (Opening("no_password", place, name),)
    elif not (certificate and password and not optional):
        found = (Opening("single_factor", place, "certificate" if certificate else "password"),)
    yield Seen(place, SignInOpenings("OpenVPN", kinds, found))


def _mode(written: dict[str, tuple[str, int]]) -> bool:
    return written.get("mode", ("", 0))[0] == "server"


_LIMIT_LOGIN = ("limit_login_allowed_retries", "limit_login_lockout_duration")
_WORDFENCE = ("loginSec_maxFailures", "loginSec_lockoutMins", "loginSecurityEnabled")


def read_sql(text: str, path: str) -> Iterator[Seen]:
    """Yield what a dump says of WordPress's attempts and of the accounts of MySQL itself."""
    signs = (*_LIMIT_LOGIN, *_WORDFENCE, "authentication_string", TWO_FACTOR)
    if not any(sign in text for sign in signs):
        return
    options: dict[str, str] = {}
    accounts = 0
    empty, anywhere = list[str](), list[str]()
    guards = SecondFactors()
    stream = BoundedText(io.StringIO(text))
    try:
        for row in sql_dump.rows(stream, stream.peek(65_536)):
            names = [name.casefold() for name in row.columns]
            cells = dict(zip(names, row.cells, strict=False))
            if "option_name" in cells or {"name", "val"} <= cells.keys():
                key = cells.get("option_name") or cells.get("name") or ""
                if key in (*_LIMIT_LOGIN, *_WORDFENCE):
                    options[key] = cells.get("option_value") or cells.get("val") or ""
            elif {"user_id", "meta_key", "meta_value"} <= cells.keys():
                guards.take(cells)
            elif {"host", "user", "authentication_string"} <= cells.keys():
                accounts += 1
                name = printable(mask(f"{cells['user']}@{cells['host']}"), 80)
                if not cells["authentication_string"] and _takes_passwords(cells):
                    empty.append(name)
                if cells["host"] == "%" and _takes_passwords(cells):
                    anywhere.append(name)
    except Malformed:
        return
    yield from _wordpress(options, text, path)
    yield from guards.told(path)
    if accounts:
        found = [Opening("empty_password", path, name) for name in empty[:100]]
        found += [Opening("from_anywhere", path, name) for name in anywhere[:100]]
        kinds: tuple[OpeningKind, ...] = ("empty_password", "from_anywhere")
        yield Seen(path, SignInOpenings("MySQL", kinds, tuple(found)))


def _takes_passwords(cells: dict[str, str | None]) -> bool:
    by_system = (cells.get("plugin") or "") in ("unix_socket", "auth_socket", "mysql_no_login")
    return not by_system and cells.get("account_locked") != "Y"


def _wordpress(options: dict[str, str], text: str, path: str) -> Iterator[Seen]:
    def number(name: str) -> int | None:
        value = options.get(name, "")
        return int(value) if re.fullmatch(r"\d{1,6}", value) else None

    for name, lasting, factor in ((*_LIMIT_LOGIN, 1), (*_WORDFENCE[:2], 60)):
        tries, wait = number(name), number(lasting)
        if tries is not None and options.get("loginSecurityEnabled", "1") != "0":
            line = text.count("\n", 0, text.find(name)) + 1
            seconds = None if wait is None else wait * factor
            lockout = Lockout(after_attempts=tries, unlocked_after_seconds=seconds)
            yield Seen(f"{path}:{line}", AccountPolicy(None, product="WordPress", lockout=lockout))


_GUARDS = (
    "limit-login-attempts-reloaded",
    "limit-login-attempts",
    "wordfence",
    "loginizer",
    "all-in-one-wp-security-and-firewall",
    "better-wp-security",
    "sucuri-scanner",
    "wp-cerber",
    "ninjafirewall",
    "jetpack",
    "wp-limit-login-attempts",
)


def wordpress_unguarded(path: str, plugins: list[str]) -> Seen | None:
    """Return what WordPress does of failed sign-ins by itself: nothing, without a known plugin."""
    if set(plugins) & set(_GUARDS):
        return None
    return Seen(path, AccountPolicy(None, product="WordPress", lockout="none"))
