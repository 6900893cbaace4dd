"""What the kernel's audit (auditd) is told to record, and whether that can be changed."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field

from cnilcheck.collectors.base import Missing, Seen, Sighting
from cnilcheck.collectors.log_settings.texts import lines_of
from cnilcheck.collectors.snapshot import Snapshot
from cnilcheck.errors import CollectionError
from cnilcheck.model.facts import ConfiguredEvent, KernelAuditSetting, LogSourceSetting
from cnilcheck.model.logging_matrix import EventCategory, EventField
from cnilcheck.model.personal_data import printable

RULES = "/etc/audit/audit.rules"
_PARTS = "/etc/audit/rules.d/*.rules"
DAEMON = "/etc/audit/auditd.conf"
_MAX_RULES = 20_000
_WATCHED: tuple[tuple[str, EventCategory], ...] = (
    (r"/etc/(?:passwd|shadow|group|gshadow|security/opasswd|sudoers)", "rights_change"),
    (r"/var/log|/etc/(?:rsyslog|audit|logrotate|systemd/journald)", "log_change"),
    (r"/etc/localtime", "system_event"),
    (r"/etc/", "configuration_change"),
)
_CALLS: tuple[tuple[str, EventCategory], ...] = (
    (r"adjtimex|settimeofday|clock_settime", "system_event"),
    (r"execve", "system_event"),
    (r"init_module|delete_module|finit_module|mount", "configuration_change"),
    (r"unlink|rename", "deletion"),
)
# A record of auditd: msg=audit(time:serial), auid, syscall and key, success, exe, ses.
_FIELDS: tuple[EventField, ...] = (
    "time", "author", "operation", "outcome", "equipment", "correlation",
)  # fmt: skip


@dataclass
class _Rules:
    """The rules as they are loaded: those before `-D` are thrown away."""

    rules: list[tuple[str, str]] = field(default_factory=list)
    control: dict[str, str] = field(default_factory=dict)
    place: str = ""

    def take_in(self, snapshot: Snapshot, path: str) -> None:
        """Read one file of rules, in its order."""
        self.place = self.place or path
        for line, place in lines_of(snapshot, path, "#"):
            words = _words(line)
            if words[0] == "-D":
                self.rules.clear()
            elif words[0] in ("-e", "-f", "-b", "-r") and len(words) > 1:
                self.control[words[0]] = words[1]
            elif words[0] in ("-a", "-A", "-w") and len(self.rules) < _MAX_RULES:
                excluded = words[0] != "-w" and "never" in words[1:2][0:1][0].split(",")
                if not excluded:
                    self.rules.append((line, place))


def _words(line: str) -> list[str]:
    try:
        words = shlex.split(line[:2000])
    except ValueError:
        words = line[:2000].split()
    return [*words, ""] if len(words) < 2 else words


def read_kernel_audit(snapshot: Snapshot) -> Iterator[Sighting]:
    """Yield the rules in force and the events they record; nothing when auditd is not there."""
    parts = snapshot.glob(_PARTS)
    # augenrules(8) builds audit.rules from the parts, which are therefore the later word.
    paths = parts or ([RULES] if snapshot.exists(RULES) else [])
    if not paths and not snapshot.exists(DAEMON):
        return
    found = _Rules()
    try:
        for path in sorted(paths, key=lambda path: path.rpartition("/")[2]):
            found.take_in(snapshot, path)
        full = _on_full_disk(snapshot)
    except CollectionError as error:
        yield Missing(found.place or DAEMON, KernelAuditSetting, error)
        return
    level = found.control.get("-e", "1")
    place = found.place or DAEMON
    keys = dict.fromkeys(
        printable(key[1], 40)
        for rule, _ in found.rules
        if (key := re.search(r"(?:-k\s+|-F\s*key=)(\S{1,60})", rule))
    )
    yield Seen(
        place,
        KernelAuditSetting(
            len(found.rules), level != "0", level == "2", tuple(keys)[:20], full
        ),
    )  # fmt: skip
    if level != "0":
        yield Seen(place, LogSourceSetting("auditd", tuple(_events(found.rules))))


def _on_full_disk(snapshot: Snapshot) -> str:
    if not snapshot.exists(DAEMON):
        return ""
    for line, _ in lines_of(snapshot, DAEMON):
        name, _, value = line.partition("=")
        if name.strip().lower() == "disk_full_action":
            return printable(value.strip().lower(), 20)
    return ""


def _events(rules: list[tuple[str, str]]) -> Iterator[ConfiguredEvent]:
    """Yield each category that a rule records; sign-ins come from PAM without any rule."""
    seen: dict[EventCategory, str] = {}
    for rule, place in rules:
        watched = re.search(r"(?:-w\s+|-F\s*(?:path|dir)=)(\S{1,300})", rule)
        called = re.search(r"-S\s*(\S{1,500})", rule)
        for text, table in ((watched, _WATCHED), (called, _CALLS)):
            category = next((c for p, c in table if text and re.search(p, text[1])), None)
            if category and not (watched and table is _CALLS):
                seen.setdefault(category, place)
    for category, place in seen.items():
        yield ConfiguredEvent(category, True, _FIELDS, place)
