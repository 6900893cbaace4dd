"""`cnilcheck logs confirm`: logs handed over after an active audit, searched for its traces."""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Sequence
from pathlib import Path

from msgspec.structs import replace

from cnilcheck.cli.run import ScopeText, Telling, conclude, day
from cnilcheck.cli.words import say
from cnilcheck.documents.evidence import read_evidence
from cnilcheck.documents.scope import lent_accounts, read_scope
from cnilcheck.errors import AuditFolderError, CollectionError, UsageError
from cnilcheck.folder import EVIDENCE, JOURNAL, SCOPE, AuditFolder
from cnilcheck.model.evidence import Collected, Evidence, Observation
from cnilcheck.model.facts import Trace, TracedAction
from cnilcheck.model.scope import Scope
from cnilcheck.model.summary import ExitCode


def run_confirm(
    audit: Path, files: Sequence[Path], out: Path, as_of: str | None, force: bool, telling: Telling
) -> ExitCode:
    """Write a new audit folder in which the traces found in those files are proved.

    The earlier folder stays as it is. Raises UsageError when its evidence is altered, holds no
    test action, or a file cannot be read; nothing is contacted.
    """
    earlier = AuditFolder.look_into(audit)
    if out.resolve() == audit.resolve():
        raise AuditFolderError(f"--out: {out} is the audit to confirm", "it is kept as it is")
    altered = [name for name in earlier.altered() if name != JOURNAL]
    if altered:
        raise UsageError(f"{audit}: {', '.join(altered)} no longer has its digest in SHA256SUMS")
    scope = read_scope(audit / SCOPE, dt.date.today(), to_scan=False)
    collected, found = confirmed(read_evidence(audit / EVIDENCE), scope, files)
    folder = AuditFolder.prepare(out, force=force)
    written = (audit / SCOPE).read_bytes()
    folder.write(SCOPE, written)
    if (audit / JOURNAL).is_file():
        folder.write(JOURNAL, (audit / JOURNAL).read_bytes())
    print(say(f"Traces retrouvées : {found}", f"Traces found: {found}"), file=sys.stderr)
    return conclude(
        folder, scope, collected, day(as_of, "--as-of"), telling, ScopeText(written=written)
    )


def confirmed(collected: Collected, scope: Scope, files: Sequence[Path]) -> tuple[Collected, str]:
    """Return the evidence with what the files show of each test action, and how many they show."""
    from cnilcheck.collectors.trace_search import Wanted, search_file

    accounts = {target.spelling: account.name for _, target, account in lent_accounts(scope)}
    wanted = {
        id(seen): Wanted(action, accounts.get(seen.target, ""))
        for seen in collected.observations
        if (action := _action(seen)) is not None
    }
    if not wanted:
        advice = "test actions are done by `cnilcheck scan --active`"
        raise UsageError("logs confirm: this audit holds no test action", advice)
    for path in files:
        try:
            search_file(path, list(wanted.values()))
        except CollectionError as error:
            raise UsageError(f"logs confirm: {error}") from None
    names = tuple(path.name for path in files)
    now = dt.datetime.now(dt.UTC).replace(microsecond=0)
    seen = tuple(
        _with_trace(one, wanted[id(one)].best, names, now)
        if isinstance(one, Evidence) and id(one) in wanted
        else one
        for one in collected.observations
    )
    count = sum(one.best is not None for one in wanted.values())
    return replace(collected, observations=seen), f"{count}/{len(wanted)}"


def _action(observation: Observation) -> TracedAction | None:
    fact = observation.fact if isinstance(observation, Evidence) else None
    return fact if isinstance(fact, TracedAction) else None


def _with_trace(
    seen: Evidence, best: Trace | None, names: tuple[str, ...], now: dt.datetime
) -> Evidence:
    """Return the observation with the fuller of two traces; what was found before is not lost."""
    assert isinstance(seen.fact, TracedAction)
    before = seen.fact.trace
    fuller = best if before is None or (best and len(best.fields) > len(before.fields)) else before
    searched = tuple(dict.fromkeys((*seen.fact.searched, *names)))
    fact = replace(seen.fact, searched=searched, trace=fuller)
    return replace(seen, fact=fact, provenance=replace(seen.provenance, observed_at=now))
