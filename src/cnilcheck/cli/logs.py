"""`cnilcheck logs`: the logging module alone, on files or on standard input."""

from __future__ import annotations

import datetime as dt
import gc
from dataclasses import dataclass
from pathlib import Path

import msgspec
import yaml

from cnilcheck.cli.run import ScopeText, Telling, conclude, day, observe
from cnilcheck.documents.scope import scope_as_document
from cnilcheck.errors import ScopeError, UsageError
from cnilcheck.model.logging_matrix import EVENT_FIELDS, EventField
from cnilcheck.model.scope import LogSource, Scope, Sources
from cnilcheck.model.summary import ExitCode
from cnilcheck.model.words import LogClass, Module

# A day: nobody waits longer, and Ctrl-C ends it before with what was read.
_SECONDS = 86_400.0


@dataclass(frozen=True)
class Asked:
    """What the command line says of the logs."""

    files: tuple[str, ...]
    log_class: LogClass
    format: str = ""
    mapping: tuple[str, ...] = ()
    since: str | None = None


def run_logs(asked: Asked, out: Path, as_of: str | None, force: bool, telling: Telling) -> ExitCode:
    """Read the logs, write the folder, and return the exit code; raises UsageError before."""
    from cnilcheck.collectors.logs import Logs

    judged_for = day(as_of, "--as-of")
    since = _start(asked.since)
    scope = _scope(asked)
    document = scope_as_document(scope)
    written = yaml.safe_dump(document, sort_keys=False, allow_unicode=True).encode()
    instruments = (Logs(_SECONDS, since),)
    # Rows of text are many and never refer to each other: looking for cycles among them costs a
    # tenth of the time.
    gc.set_threshold(500_000, 20, 20)
    folder, collected = observe(
        scope, Path.cwd(), written, out, force=force, telling=telling, instruments=instruments
    )
    text = ScopeText(written=written)
    return conclude(folder, scope, collected, judged_for, telling, text, Module.LOGGING)


def _start(since: str | None) -> int | None:
    if since is None:
        return None
    start = dt.datetime.combine(day(since, "--since"), dt.time(), dt.UTC)
    return int(start.timestamp())


def _scope(asked: Asked) -> Scope:
    if not asked.files:
        raise UsageError("logs: nothing to read", "name files, folders, or - for standard input")
    if len(set(asked.files)) < len(asked.files):
        raise UsageError("logs: the same file twice")
    mapping = dict(_column(pair) for pair in asked.mapping)
    logs = tuple(
        LogSource(path, asked.log_class, format=asked.format, mapping=mapping)
        for path in asked.files
    )
    for log in logs:
        if log.path != "-" and not any(sign in log.path for sign in "*?["):
            place = Path(log.path).expanduser()
            if not place.exists():
                raise ScopeError(f"{log.path}: no such file")
    return msgspec.structs.replace(Scope(version=1), sources=Sources(logs=logs))


def _column(pair: str) -> tuple[EventField, str]:
    name, _, column = pair.partition("=")
    if name not in EVENT_FIELDS or not column:
        wanted = ", ".join(EVENT_FIELDS)
        raise UsageError(f"--mapping: `{pair}` is not FIELD=COLUMN", f"FIELD is one of {wanted}")
    return name, column
