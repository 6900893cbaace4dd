"""How many days of each log the rotation keeps, read from logrotate's and journald's files."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, replace

from cnilcheck import __version__
from cnilcheck.collectors.base import Missing, Seen, Sighting, Task, Tools
from cnilcheck.collectors.log_settings.context import sent_to, with_context
from cnilcheck.collectors.snapshot import Snapshot, open_snapshot, system_tasks
from cnilcheck.errors import CollectionError, Malformed, NotReadable
from cnilcheck.model.facts import Fact, LogRotationSetting
from cnilcheck.model.scope import Scope
from cnilcheck.model.words import Method

MAIN = "/etc/logrotate.conf"
FOLDER = "/etc/logrotate.d/*"
JOURNALD = ("/etc/systemd/journald.conf", "/etc/systemd/journald.conf.d/*.conf")
# logrotate(8), taboo extensions: left by editors and packagers, never read.
_TABOO = (
    ",v .bak .cfsaved .disabled .dpkg-bak .dpkg-del .dpkg-dist .dpkg-new .dpkg-old .dpkg-tmp .new"
    " .old .orig .rhn-cfg-tmp-* .rpmnew .rpmorig .rpmsave .swp .ucf-dist .ucf-new .ucf-old ~"
).split()
_PERIODS = {"hourly": 1 / 24, "daily": 1, "weekly": 7, "monthly": 30, "yearly": 365}
_SCRIPTS = ("postrotate", "prerotate", "firstaction", "lastaction", "preremove")
_FOREVER = 36_525  # `rotate -1` removes nothing: a hundred years
_UNITS = {"year": 365, "y": 365, "month": 30, "week": 7, "w": 7, "day": 1, "d": 1, "h": 1 / 24}


@dataclass(frozen=True)
class _Rules:
    """What is in force for a block: count, days of a period, oldest age, a size that decides."""

    rotate: int | None = None
    period: float | None = None
    maximum_age: int | None = None
    by_size: bool = False

    def days(self) -> int | None:
        """Return the days kept, None when the traffic decides or nothing says."""
        if self.rotate == -1:
            return self.maximum_age or _FOREVER
        if self.by_size or self.period is None:
            return None
        # Without `rotate` logrotate keeps no old file: only the one being written.
        kept = round(max(1, self.rotate or 0) * self.period)
        return min(kept, self.maximum_age) if self.maximum_age else kept


class LogRotation:
    """Reads logrotate.conf, logrotate.d and journald.conf."""

    name = "log-rotation"
    method = Method.EXAMINE
    yields: tuple[type[Fact], ...] = (LogRotationSetting,)
    asks = "sources.system"

    def version(self) -> str:
        """Return the version of cnilcheck: the reader is its own."""
        return __version__

    def tasks(self, scope: Scope) -> tuple[Task, ...]:
        """Return the copy of the server's tree."""
        return system_tasks(scope)

    def observe(self, task: Task, tools: Tools) -> Iterator[Sighting]:
        """Yield the days kept of each log that a block names."""
        snapshot = open_snapshot(task, tools, self.name)
        main = [MAIN] if snapshot.exists(MAIN) else []
        parts = [p for p in snapshot.glob(FOLDER) if not p.endswith(tuple(_TABOO))]
        journal = [p for pattern in JOURNALD for p in snapshot.glob(pattern)]
        if not main and not parts:
            raise NotReadable(f"the copy holds no logrotate configuration: neither {MAIN} nor"
                              " /etc/logrotate.d")  # fmt: skip
        defaults, sent = _Rules(), sent_to(snapshot)
        for path in [*main, *parts]:
            try:
                text = snapshot.read(path)
            except CollectionError as error:
                yield Missing(path, LogRotationSetting, error)
                continue
            blocks = _Blocks(path, defaults)
            yield from (with_context(s, tools.scope, sent) for s in blocks.read(text))
            defaults = blocks.current if path == MAIN else defaults
        yield from (with_context(s, tools.scope, sent) for s in _journal(snapshot, journal))


class _Blocks:
    """Reads one file of logrotate: what stands outside blocks holds for those that follow."""

    def __init__(self, path: str, defaults: _Rules) -> None:
        self._path = path
        self.current = defaults

    def read(self, text: str) -> Iterator[Sighting]:
        """Yield a fact for each log of each block."""
        header: list[tuple[str, int]] = []
        inside: _Rules | None = None
        script = False
        for number, raw in enumerate(text.split("\n"), start=1):
            line = raw.strip()
            if script:
                script = line != "endscript"
            elif not line or line.startswith("#"):
                continue
            elif inside is not None and line.split()[0] in _SCRIPTS:
                script = True
            elif inside is not None and line.startswith("}"):
                yield from self._facts(header, inside)
                header, inside = [], None
            elif inside is not None:
                inside = _with(inside, line)
            elif line.startswith(("/", '"', "'", "~", "{")) or header:
                names, brace, rest = line.partition("{")
                header += [(name, number) for name in _names(names)]
                if brace:
                    inside = _with(self.current, rest.strip()) if rest.strip() else self.current
                    if rest.strip().endswith("}"):
                        yield from self._facts(header, inside)
                        header, inside = [], None
            else:
                self.current = _with(self.current, line)

    def _facts(self, header: list[tuple[str, int]], rules: _Rules) -> Iterator[Sighting]:
        for log, number in header[:1000]:
            place, days = f"{self._path}:{number}", rules.days()
            if days is not None:
                yield Seen(place, LogRotationSetting(log, days))
            else:
                why = "the size decides" if rules.by_size else "no period is written"
                detail = f"{place}: how many days of {log} are kept cannot be told, {why}"
                yield Missing(place, LogRotationSetting, Malformed(detail))


def _names(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError:
        return text.split()


def _with(rules: _Rules, line: str) -> _Rules:
    words = line.rstrip("}").replace("=", " ").split()
    name, value = (words[0].lower() if words else ""), (words[1] if len(words) > 1 else "")
    if name in _PERIODS:
        return replace(rules, period=_PERIODS[name], by_size=False)
    if name in ("size", "maxsize"):
        return replace(rules, by_size=True)
    if name in ("rotate", "maxage") and re.fullmatch(r"-?\d{1,6}", value):
        if name == "rotate":
            return replace(rules, rotate=int(value))
        return replace(rules, maximum_age=int(value))
    return rules


def _journal(snapshot: Snapshot, paths: list[str]) -> Iterator[Sighting]:
    found: Sighting | None = None
    for path in paths:
        try:
            text = snapshot.read(path)
        except CollectionError as error:
            yield Missing(path, LogRotationSetting, error)
            continue
        for number, line in enumerate(text.split("\n"), start=1):
            days = _days(line)
            if days:
                found = Seen(
                    f"{path}:{number}", LogRotationSetting("systemd-journald", days, "journald")
                )
    if found is not None:
        yield found


def _days(line: str) -> int:
    """Return the days of a MaxRetentionSec line, 0 for any other line."""
    name, _, value = line.strip().partition("=")
    if name.strip() != "MaxRetentionSec":
        return 0
    total = 0.0
    for count, unit in re.findall(r"(\d{1,9})\s*([a-zA-Z]*)", value):
        singular = unit.lower() if unit.lower() in _UNITS else unit.lower().rstrip("s")
        total += int(count) * _UNITS.get(singular, 1 / 86_400)
    return round(total)
