"""A copy of a server's tree, read under the paths the server knows, and never beyond its root."""

from __future__ import annotations

import errno
import os
import re
import stat
from collections import deque
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path

from cnilcheck.collectors.base import Task, Tools
from cnilcheck.errors import NotReadable
from cnilcheck.model.scope import Scope

MAX_BYTES = 2_000_000
MAX_FILES = 20_000
MAX_DEPTH = 20
_MAX_LINKS = 40  # as Linux: more is a loop


def system_tasks(scope: Scope) -> tuple[Task, ...]:
    """Return the one task of an instrument that reads `sources.system`, if the scope has it."""
    system = scope.sources.system
    return (Task(system, "/", system),) if system else ()


def open_snapshot(task: Task, tools: Tools, instrument: str) -> Snapshot:
    """Return the snapshot of a task; raises NotReadable when its root is not a folder."""
    root = tools.path(task.subject)
    if not root.is_dir():
        raise NotReadable(f"{task.subject} is not a folder that can be read")
    return Snapshot(root, task.target, instrument, tools)


class Snapshot:
    """A folder seen as the root of a server: paths are the server's, links stay below the root."""

    def __init__(self, root: Path, target: str, instrument: str, tools: Tools) -> None:
        """The root exists; what is read is written to the journal."""
        self._root = root
        self._target = target
        self._instrument = instrument
        self._tools = tools

    def real(self, path: str) -> Path:
        """Return where a server's path lies on this machine; the last step may not exist.

        A link is followed as the server would: an absolute one starts at the root, and `..` at
        the root stays there. Raises NotReadable for a loop of links.
        """
        steps = deque(part for part in path.split("/") if part)
        done: list[str] = []
        links = 0
        while steps:
            step = steps.popleft()
            if step == "..":
                done = done[:-1]
            elif step != ".":
                here = self._root.joinpath(*done, step)
                target = _link(here, path)
                if target is None:
                    done.append(step)
                    continue
                links += 1
                if links > _MAX_LINKS:
                    raise NotReadable(f"{path}: the links lead in a circle")
                done = [] if target.startswith("/") else done
                steps.extendleft(reversed([part for part in target.split("/") if part]))
        return self._root.joinpath(*done)

    def exists(self, path: str) -> bool:
        """Return whether a plain file lies there, or one may: where looking is forbidden."""
        try:
            return self.real(path).is_file()
        except PermissionError:
            return True
        except NotReadable as error:
            return "permission denied" in str(error)
        except (OSError, ValueError):
            return False

    def read(self, path: str) -> str:
        """Return the text of a plain file; raises NotReadable, saying why, for anything else."""
        return self.read_bytes(path).decode("utf-8", "replace")

    def read_bytes(self, path: str, limit: int = MAX_BYTES) -> bytes:
        """Return the content of a plain file no larger than the limit; else raises NotReadable."""
        try:
            # Not blocking: opening a FIFO would wait for its writer.
            handle = os.open(self.real(path), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
            with os.fdopen(handle, "rb") as file:
                found = os.fstat(file.fileno())
                if not stat.S_ISREG(found.st_mode):
                    raise NotReadable(f"{path} is not a plain file")
                if found.st_size > limit:
                    raise NotReadable(f"{path} is larger than {limit // 1_000_000} MB")
                content = file.read(limit)
        except (OSError, ValueError) as error:
            raise NotReadable(f"{path}: {_why(error)}") from None
        self._tools.journal.write(self._target, self._instrument, f"read {path}", "ok")
        return content

    def open_to_all(self, path: str) -> bool:
        """Return whether every account of the machine may read the file, by its mode."""
        try:
            return bool(self.real(path).stat().st_mode & stat.S_IROTH)
        except OSError as error:
            raise NotReadable(f"{path}: {_why(error)}") from None

    def glob(self, pattern: str) -> list[str]:
        """Return the server's paths of the plain files that match, sorted; `**` is not special.

        Raises NotReadable for a folder that may not be listed: what it holds is not known.
        """
        found = [""]
        for part in (part for part in pattern.split("/") if part):
            if re.search(r"[*?\[]", part):
                found = [f"{base}/{name}" for base in found for name in self._names(base, part)]
            else:
                found = [f"{base}/{part}" for base in found]
            found = found[:MAX_FILES]
        return sorted(path for path in found if self.exists(path))

    def _names(self, folder: str, pattern: str) -> list[str]:
        try:
            names = sorted(path.name for path in self.real(folder or "/").iterdir())[:MAX_FILES]
        except (FileNotFoundError, NotADirectoryError):
            return []
        except OSError as error:
            raise NotReadable(f"{folder or '/'}: {_why(error)}") from None
        hidden = pattern.startswith(".")
        return [n for n in names if fnmatchcase(n, pattern) and (hidden or not n.startswith("."))]

    def walk(self, folder: str) -> Iterator[str]:
        """Yield the server's paths of the plain files below a folder, links not followed.

        Raises NotReadable for a folder that cannot be listed, after the rest was walked.
        """
        refused: list[str] = []
        waiting = [(folder.rstrip("/"), 0)]
        while waiting:
            base, depth = waiting.pop()
            try:
                with os.scandir(self.real(base or "/")) as listing:
                    entries = sorted(listing, key=lambda entry: entry.name, reverse=True)
            except (NotADirectoryError, FileNotFoundError):
                continue
            except OSError as error:
                refused.append(f"{base}: {_why(error)}")
                continue
            for entry in reversed(entries):
                if entry.is_file(follow_symlinks=False):
                    yield f"{base}/{entry.name}"
            folders = [e.name for e in entries if e.is_dir(follow_symlinks=False)]
            if depth < MAX_DEPTH:
                waiting += [(f"{base}/{name}", depth + 1) for name in folders]
            elif folders:
                refused.append(f"{base}: more than {MAX_DEPTH} folders deep")
        if refused:
            more = f" and {len(refused) - 1} more" if len(refused) > 1 else ""
            raise NotReadable(f"{refused[0]}{more}")


def _link(place: Path, path: str) -> str | None:
    try:
        return str(place.readlink())
    except FileNotFoundError:
        return None
    except OSError as error:
        if error.errno in (errno.EINVAL, errno.ENOTDIR):
            return None
        raise NotReadable(f"{path}: {_why(error)}") from None
    except ValueError:
        raise NotReadable(f"{path}: not a path") from None


def _why(error: OSError | ValueError) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    return "not a path"
