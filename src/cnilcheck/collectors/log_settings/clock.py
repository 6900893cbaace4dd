"""Which time sources chrony, ntpd, OpenNTPD or systemd-timesyncd is configured to follow."""

from __future__ import annotations

from collections.abc import Iterator

from cnilcheck.collectors.base import Missing, Seen, Sighting
from cnilcheck.collectors.log_settings.texts import lines_of, sections_of
from cnilcheck.collectors.snapshot import Snapshot
from cnilcheck.errors import CollectionError
from cnilcheck.model.facts import ClockSetting
from cnilcheck.model.personal_data import printable

_CHRONY = ("/etc/chrony/chrony.conf", "/etc/chrony.conf")
_CHRONY_PARTS = (
    "/etc/chrony/conf.d/*.conf", "/etc/chrony.d/*.conf", "/etc/chrony/sources.d/*.sources",
)  # fmt: skip
_NTP = ("/etc/ntp.conf", "/etc/ntpsec/ntp.conf", "/etc/ntpd.conf", "/etc/openntpd/ntpd.conf")
_TIMESYNC = ("/etc/systemd/timesyncd.conf", "/etc/systemd/timesyncd.conf.d/*.conf")
_SOURCES = ("server", "servers", "pool", "peer", "refclock")
# systemctl mask leaves a link to /dev/null, which no copy can follow: the link itself is looked at.
_UNITS = {"chrony": ("chrony", "chronyd"), "timesyncd": ("systemd-timesyncd",)}
_MAX_SOURCES = 50


def read_clock(snapshot: Snapshot) -> Iterator[Sighting]:
    """Yield the sources of each time service found; nothing when the copy has none."""
    main = [path for path in _CHRONY if snapshot.exists(path)]
    if main and not _masked(snapshot, "chrony"):
        parts = [path for pattern in _CHRONY_PARTS for path in snapshot.glob(pattern)]
        yield _sources(snapshot, "chrony", [*main, *parts])
    for path in (path for path in _NTP if snapshot.exists(path)):
        yield _sources(snapshot, "OpenNTPD" if path.endswith("ntpd.conf") else "ntpd", [path])
    timesync = [path for pattern in _TIMESYNC for path in snapshot.glob(pattern)]
    if timesync and not main and not _masked(snapshot, "timesyncd"):
        yield from _timesync(snapshot, timesync)


def _masked(snapshot: Snapshot, service: str) -> bool:
    for unit in _UNITS[service]:
        place = snapshot.real("/etc/systemd/system") / f"{unit}.service"
        if place.is_symlink() and str(place.readlink()) == "/dev/null":
            return True
    return False


def _sources(snapshot: Snapshot, product: str, paths: list[str]) -> Sighting:
    found: dict[str, str] = {}
    try:
        for path in paths:
            for line, place in lines_of(snapshot, path, "#!;%"):
                words = line.split()
                if words[0].lower() in _SOURCES and len(words) > 1:
                    found.setdefault(printable(" ".join(words[:2]), 80), place)
    except CollectionError as error:
        return Missing(paths[0], ClockSetting, error)
    place = next(iter(found.values()), paths[0])
    return Seen(place, ClockSetting(product, tuple(found)[:_MAX_SOURCES]))


def _timesync(snapshot: Snapshot, paths: list[str]) -> Iterator[Sighting]:
    sources, place = tuple[str, ...](), paths[0]
    for path in paths:
        try:
            for line in sections_of(snapshot, path):
                if line.section == "time" and line.name in ("ntp", "fallbackntp") and line.value:
                    found = tuple(printable(word, 80) for word in line.value.split())
                    sources, place = (*sources, *found)[:_MAX_SOURCES], line.place
        except CollectionError as error:
            yield Missing(path, ClockSetting, error)
            return
    if not sources:
        # Nothing written: the distributor's own servers, compiled in, are followed.
        sources = ("systemd",)
    yield Seen(place, ClockSetting("systemd-timesyncd", sources))
