"""Whether Postfix takes mail and passwords only over TLS, and which versions it switches on."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from cnilcheck.collectors.base import Missing, Nothing, Seen, Sighting
from cnilcheck.collectors.snapshot import Snapshot
from cnilcheck.collectors.tls_versions import listed
from cnilcheck.errors import CollectionError, NotReadable
from cnilcheck.model.facts import ServiceEncryption, TlsSetting

_MAIN, _MASTER = "/etc/postfix/main.cf", "/etc/postfix/master.cf"
_MAX_LINE = 20_000
_MAX_VALUE = 1_000
_LOCAL = frozenset(("loopback-only", "localhost", "127.0.0.1", "[::1]", "::1"))
_OPTION = re.compile(r"-o\s*(?:\{\s*(\w+)\s*=\s*([^}]{0,500}?)\s*\}|(\w+)=(\S*))")
_TLS = re.compile(r"smtpd_(?:tls_|use_tls|enforce_tls|sasl_auth_enable)")


@dataclass(frozen=True)
class _Service:
    """One listener: its settings, and the place that made them what they are."""

    settings: Mapping[str, tuple[str, str]]
    place: str

    def get(self, name: str) -> str:
        return self.settings.get(name, ("", ""))[0].lower()

    def yes(self, name: str) -> bool:
        return self.get(name) == "yes"

    def place_of(self, *names: str) -> str:
        return next((self.settings[n][1] for n in names if n in self.settings), self.place)


@dataclass
class _Main:
    """main.cf: the last value of a name wins; lines that begin with a space go on."""

    values: dict[str, tuple[str, str]] = field(default_factory=dict)

    def read(self, text: str) -> None:
        for number, line in logical_lines(text):
            name, equals, value = line.partition("=")
            if equals and re.fullmatch(r"\s*\w+\s*", name):
                self.values[name.strip()] = (value.strip()[:_MAX_VALUE], f"{_MAIN}:{number}")

    def expanded(self) -> dict[str, tuple[str, str]]:
        """Return the values with `$name` replaced once, which is what people write."""

        def of(match: re.Match[str]) -> str:
            return self.values.get(match[1] or match[2], ("", ""))[0]

        return {
            name: (re.sub(r"\$(?:(\w+)|\{(\w+)\})", of, value), place)
            for name, (value, place) in self.values.items()
        }


def logical_lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield each logical line with the number of its first physical one."""
    start, parts = 0, list[str]()
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        if line[0] in " \t" and parts:
            parts.append(line)
            continue
        if parts:
            yield start, " ".join(parts)
        start, parts = number, [line]
    if parts:
        yield start, " ".join(parts)


def read_postfix(snapshot: Snapshot) -> Iterator[Sighting]:
    """Yield what each listener of Postfix demands; nothing at all when Postfix is not there."""
    if not snapshot.exists(_MAIN):
        return
    main = _Main()
    try:
        main.read(snapshot.read(_MAIN))
        master = snapshot.read(_MASTER) if snapshot.exists(_MASTER) else ""
    except CollectionError as error:
        yield Missing(_MAIN, TlsSetting, error)
        yield Missing(_MAIN, ServiceEncryption, error)
        return
    for service in _services(main.expanded(), master):
        yield _versions(service)
        yield _demand(service)


def _services(values: dict[str, tuple[str, str]], master: str) -> list[_Service]:
    """Return main.cf's listener, and those to which master.cf gives settings of their own."""
    found = {_MAIN: _Service(values, _MAIN)}
    for number, line in logical_lines(master):
        words = line[:_MAX_LINE].split(None, 8)
        if len(words) < 8 or words[1] != "inet" or words[7] != "smtpd":
            continue
        place = f"{_MASTER}:{number}"
        options = {m[1] or m[3]: m[2] or m[4] or "" for m in _OPTION.finditer(line[:_MAX_LINE])}
        own = {name: (value, place) for name, value in options.items()}
        if any(_TLS.match(name) for name in own):
            found[place] = _Service({**values, **own}, place)
    return list(found.values())


def _level(service: _Service) -> str | None:
    """Return the security level; None where nothing is written."""
    if service.yes("smtpd_tls_wrappermode") or service.yes("smtpd_enforce_tls"):
        return "encrypt"
    level = service.get("smtpd_tls_security_level")
    if level:
        return level
    if "smtpd_use_tls" in service.settings:
        return "may" if service.yes("smtpd_use_tls") else "none"
    return None


def _is_local(service: _Service) -> bool:
    names = re.split(r"[\s,]+", service.get("inet_interfaces"))
    return service.get("inet_interfaces") != "" and set(names) <= _LOCAL


def _versions(service: _Service) -> Sighting:
    level = _level(service)
    if _is_local(service) or level in (None, "none"):
        return Nothing(service.place, TlsSetting)
    name = f"smtpd_tls_{'mandatory_' if level == 'encrypt' else ''}protocols"
    written = service.get(name)
    if not written:
        detail = f"{service.place}: {name} is not written, Postfix’s own default applies"
        return Missing(service.place, TlsSetting, NotReadable(detail))
    versions = listed(re.split(r"[\s,:]+", written))
    return Seen(service.place_of(name), TlsSetting("Postfix", versions))


def _demand(service: _Service) -> Sighting:
    level = _level(service)
    if _is_local(service):
        return Nothing(service.place, ServiceEncryption)
    place = service.place_of("smtpd_tls_security_level", "smtpd_use_tls")
    if level is None:
        detail = f"{service.place}: smtpd_tls_security_level is not written"
        return Missing(service.place, ServiceEncryption, NotReadable(detail))
    if level == "none":
        return Seen(place, ServiceEncryption("Postfix", False, None))
    if level == "encrypt":
        return Seen(place, ServiceEncryption("Postfix", True, False))
    if not service.yes("smtpd_sasl_auth_enable"):
        # A server that takes mail from anyone cannot demand TLS, and here it takes no password.
        return Nothing(service.place, ServiceEncryption)
    written = "smtpd_tls_auth_only" in service.settings
    accepts = not service.yes("smtpd_tls_auth_only") if written else None
    return Seen(place, ServiceEncryption("Postfix", True, accepts))
