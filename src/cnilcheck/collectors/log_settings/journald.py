"""How systemd's journal is kept: on disk or in memory, sealed or not, and for how long."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from cnilcheck.collectors.base import Missing, Seen, Sighting
from cnilcheck.collectors.log_settings.texts import is_on, sections_of
from cnilcheck.collectors.snapshot import Snapshot
from cnilcheck.errors import CollectionError
from cnilcheck.model.facts import JournalSetting
from cnilcheck.model.personal_data import printable

MAIN = "/etc/systemd/journald.conf"
_PARTS = ("/etc/systemd/journald.conf.d/*.conf", "/run/systemd/journald.conf.d/*.conf")
_SYSLOGS = (("/etc/rsyslog.conf", "rsyslog"), ("/etc/syslog-ng/syslog-ng.conf", "syslog-ng"))
_LIBRARY = "/usr/lib/systemd/journald.conf.d/*.conf"


@dataclass
class Journal:
    """The settings of the [Journal] section: the last value of a name wins, with its place."""

    values: dict[str, tuple[str, str]] = field(default_factory=dict)
    files: list[str] = field(default_factory=list)
    problems: list[tuple[str, CollectionError]] = field(default_factory=list)

    def get(self, name: str, default: str = "") -> tuple[str, str]:
        """Return the value of a name and its place."""
        return self.values.get(name, (default, self.files[0] if self.files else MAIN))


def journal_of(snapshot: Snapshot) -> Journal:
    """Return what journald's files say; systemd reads the parts by name, whatever their folder."""
    found = Journal()
    parts = [path for pattern in (_LIBRARY, *_PARTS) for path in snapshot.glob(pattern)]
    parts.sort(key=lambda path: path.rpartition("/")[2])
    for path in ([MAIN] if snapshot.exists(MAIN) else []) + parts:
        found.files.append(path)
        try:
            for line in sections_of(snapshot, path):
                if line.section == "journal":
                    found.values[line.name] = (line.value, line.place)
        except CollectionError as error:
            found.problems.append((path, error))
    return found


def read_journal(snapshot: Snapshot) -> Iterator[Sighting]:
    """Yield how the journal is kept; nothing when the copy has none of journald's files."""
    journal = journal_of(snapshot)
    if not journal.files:
        return
    for path, error in journal.problems[:1]:
        yield Missing(path, JournalSetting, error)
    if journal.problems:
        return
    written, place = journal.get("storage", "auto")
    storage = written.lower()
    if storage not in ("persistent", "volatile", "auto", "none"):
        storage = "auto"  # journald ignores what it does not know
    folder = _has_folder(snapshot)
    on_disk = {"persistent": True, "volatile": False, "none": False}.get(storage, folder)
    # FSS needs `journalctl --setup-keys`, which leaves a file of that name (journalctl(1)).
    keys = bool(snapshot.glob("/var/log/journal/*/fss"))
    sealed = is_on(journal.get("seal", "yes")[0]) is not False and keys
    size = printable(journal.get("systemmaxuse")[0], 20)
    known = sealed if folder else None
    taken = next((name for path, name in _SYSLOGS if snapshot.exists(path)), "")
    fact = JournalSetting(storage, on_disk, known, size, taken)  # type: ignore[arg-type]
    yield Seen(place, fact)


def _has_folder(snapshot: Snapshot) -> bool | None:
    """Return whether /var/log/journal is there; None where the copy holds no /var/log."""
    if snapshot.glob("/var/log/journal/*/*") or snapshot.real("/var/log/journal").is_dir():
        return True
    return False if snapshot.real("/var/log").is_dir() else None
