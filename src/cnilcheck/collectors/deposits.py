"""How old the files are that lie in places of exchange and upload; their content is not read."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Iterator
from pathlib import Path

from cnilcheck import __version__
from cnilcheck.collectors.base import Seen, Sighting, Task, Tools
from cnilcheck.errors import NotReadable
from cnilcheck.model.facts import DepositedFiles, Fact
from cnilcheck.model.scope import Deposit, Scope
from cnilcheck.model.words import Method

_MOST_FILES = 200_000


class Deposits:
    """Looks at the dates of the files below each declared place; hidden files count too."""

    name = "deposits"
    method = Method.EXAMINE
    yields: tuple[type[Fact], ...] = (DepositedFiles,)
    asks = "sources.deposits"

    def version(self) -> str:
        """Return cnilcheck's own version."""
        return __version__

    def tasks(self, scope: Scope) -> tuple[Task, ...]:
        """Return one task for each place."""
        return tuple(Task(d.path, d.path, d) for d in scope.sources.deposits)

    def observe(self, task: Task, tools: Tools) -> Iterator[Sighting]:
        """Yield how many files there are, and how many are older than they may be."""
        deposit: Deposit = task.subject
        place = tools.path(deposit.path)
        if not place.is_dir():
            raise NotReadable(f"{deposit.path} is no folder")
        ages = list(_ages(place, dt.datetime.now(dt.UTC)))
        tools.journal.write(task.target, self.name, "read the dates of files", f"{len(ages)} files")
        late = sum(age > deposit.keep_days for age in ages)
        oldest = max(ages) if ages else None
        youngest = min(ages, default=None)
        fact = DepositedFiles(len(ages), oldest, late, deposit.keep_days, youngest)
        yield Seen(task.location, fact)


def _ages(folder: Path, now: dt.datetime) -> Iterator[int]:
    """Yield the age of each ordinary file in days; no link is followed."""
    seen = 0
    for inside, _, names in os.walk(folder, onerror=_refuse):
        for name in names:
            seen += 1
            if seen > _MOST_FILES:
                raise NotReadable(f"more than {_MOST_FILES} files")
            path = Path(inside, name)
            if not path.is_symlink():
                yield max(0, int((now.timestamp() - path.lstat().st_mtime) // 86_400))


def _refuse(error: OSError) -> None:
    raise NotReadable(f"{error.strerror}")
