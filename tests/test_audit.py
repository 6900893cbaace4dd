"""The engine loses nothing: what goes wrong becomes a gap, and a gap is never a pass."""

from __future__ import annotations

import datetime as dt
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from cnilcheck import supervise as supervision
from cnilcheck.audit import collect, judge
from cnilcheck.checks.registry import checks
from cnilcheck.collectors.base import (
    Budget,
    Journal,
    Missing,
    Nothing,
    Seen,
    Sighting,
    Task,
    Tools,
)
from cnilcheck.documents.evidence import evidence_to_bytes, read_evidence
from cnilcheck.documents.rules import load_catalogue
from cnilcheck.errors import BudgetSpent, Interrupted, Unreachable
from cnilcheck.model.evidence import Collected, Evidence, Gap
from cnilcheck.model.facts import TlsKeyExchange, TlsProtocols
from cnilcheck.model.report import Finding, Tool
from cnilcheck.model.rule import BoundRule
from cnilcheck.model.scope import Attestation, Limits, Scope, TlsTarget, Waiver
from cnilcheck.model.summary import ExitCode, exit_code, make_report
from cnilcheck.model.words import GapReason, Method, Outcome, Severity
from cnilcheck.resources import rules_directory

DAY = dt.date(2026, 11, 26)
HERE = "127.0.0.1:443"
GOOD = TlsProtocols(("TLS 1.3",), ())
BAD = TlsProtocols(("TLS 1.0",), ())
SCOPE = Scope(version=1, targets=(TlsTarget(tls=HERE),))
RULE: BoundRule = next(
    b for b in load_catalogue(rules_directory(), checks()).rules if b.rule.id == "tls-protocols"
)


class Instrument:
    """Sees what a test tells it to see."""

    name = "instrument"
    method = Method.TEST
    yields = (TlsProtocols,)
    asks = "targets[].tls"

    def __init__(self, look: Callable[[], Iterator[Sighting]], targets: tuple[str, ...] = (HERE,)):
        self.look = look
        self.targets = targets

    def version(self) -> str:
        return "1"

    def tasks(self, scope: Scope) -> tuple[Task, ...]:
        return tuple(Task(target, target, None) for target in self.targets)

    def observe(self, task: Task, tools: Tools) -> Iterator[Sighting]:
        yield from self.look()


def tools(scope: Scope = SCOPE) -> Tools:
    return Tools(Path(), scope, Journal(), Limits())


def observed(*instruments: Instrument, scope: Scope = SCOPE) -> Collected:
    return collect(scope, instruments, tools(scope))


def findings(collected: Collected, scope: Scope = SCOPE, day: dt.date = DAY) -> tuple[Finding, ...]:
    return judge([RULE], collected, scope, day)


def raising(error: BaseException, *first: Sighting) -> Callable[[], Iterator[Sighting]]:
    def look() -> Iterator[Sighting]:
        yield from first
        raise error

    return look


def seeing(*sightings: Sighting) -> Callable[[], Iterator[Sighting]]:
    return lambda: iter(sightings)


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (Unreachable("gone"), GapReason.UNREACHABLE),
        (TimeoutError("slow"), GapReason.TIMED_OUT),
        (PermissionError(13, "denied"), GapReason.NOT_READABLE),
        (ConnectionResetError(), GapReason.UNREACHABLE),
        (ZeroDivisionError("a bug"), GapReason.INSTRUMENT_FAILED),
        (RecursionError(), GapReason.INSTRUMENT_FAILED),
        (SystemExit(3), GapReason.INSTRUMENT_FAILED),
    ],
)
def test_an_error_of_any_kind_is_a_gap_and_never_a_pass(
    error: BaseException, reason: GapReason
) -> None:
    collected = observed(Instrument(raising(error)))
    (gap,) = collected.observations
    assert isinstance(gap, Gap)
    assert gap.reason is reason
    (finding,) = findings(collected)
    assert finding.outcome is Outcome.INCONCLUSIVE
    assert finding.question == RULE.rule.question
    assert finding.gap is reason


def test_what_was_seen_before_an_error_is_kept() -> None:
    collected = observed(Instrument(raising(ValueError(), Seen(HERE, BAD))))
    assert [type(o) for o in collected.observations] == [Evidence]
    assert [f.outcome for f in findings(collected)] == [Outcome.FAIL]


def test_one_broken_instrument_does_not_hold_up_another() -> None:
    good = Instrument(seeing(Seen(HERE, GOOD)))
    collected = observed(Instrument(raising(KeyError())), good)
    assert {f.outcome for f in findings(collected)} <= {Outcome.PASS, Outcome.INCONCLUSIVE}
    assert sum(isinstance(o, Evidence) for o in collected.observations) == 1


def test_a_fact_that_was_promised_and_not_delivered_is_a_gap() -> None:
    (gap,) = observed(Instrument(seeing())).observations
    assert isinstance(gap, Gap)
    assert (gap.missing, gap.reason) == ("tls-protocols", GapReason.NOT_OBSERVED)


def test_an_instrument_without_a_target_says_what_the_scope_does_not_give() -> None:
    collected = observed(Instrument(seeing(), targets=()))
    (finding,) = findings(collected)
    assert (finding.gap, finding.location) == (GapReason.NOT_GIVEN, "targets[].tls")


def test_a_thing_that_is_not_there_has_no_rule() -> None:
    collected = observed(Instrument(seeing(Nothing(HERE, TlsProtocols))))
    assert [f.outcome for f in findings(collected)] == [Outcome.NOT_APPLICABLE]


def test_a_hanging_instrument_ends_and_the_others_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervision, "TASK_SECONDS", 0.3)
    monkeypatch.setattr(supervision, "WORKERS", 1)
    free = threading.Event()

    def hang() -> Iterator[Sighting]:
        free.wait(20)
        yield Seen(HERE, BAD)

    collected = observed(Instrument(hang), Instrument(seeing(Seen(HERE, GOOD))))
    free.set()
    kinds = {type(o).__name__: o for o in collected.observations}
    assert kinds["Gap"].reason is GapReason.TIMED_OUT
    assert kinds["Evidence"].fact == GOOD


def test_an_interrupt_keeps_what_was_seen_and_says_what_was_not() -> None:
    begun = threading.Event()
    free = threading.Event()

    def long() -> Iterator[Sighting]:
        yield Seen(HERE, BAD)
        begun.set()
        free.wait(10)
        yield Missing(HERE, TlsKeyExchange, Unreachable("never"))

    instrument = Instrument(long)
    instrument.yields = (TlsProtocols, TlsKeyExchange)  # type: ignore[assignment]
    others = tuple(Instrument(long, targets=(f"t{n}",)) for n in range(12))

    def operator() -> None:
        begun.wait(10)
        time.sleep(0.2)
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.5)
        free.set()

    # A job in the background of a shell inherits a SIGINT that is ignored.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    threading.Thread(target=operator, daemon=True).start()
    collected = observed(instrument, *others)
    signal.signal(signal.SIGINT, before)
    assert collected.interrupted
    facts = [o for o in collected.observations if isinstance(o, Evidence)]
    gaps = [o for o in collected.observations if isinstance(o, Gap)]
    assert facts
    assert GapReason.INTERRUPTED in {g.reason for g in gaps}
    report = make_report(Tool("cnilcheck", "0", ""), SCOPE, DAY, collected, findings(collected))
    assert exit_code(report, Severity.HIGH, strict=False) is ExitCode.SOMETHING_FAILS
    assert exit_code(report, Severity.CRITICAL, strict=False) is ExitCode.NOT_OBSERVED


def waiver(until: dt.date, target: str = HERE) -> Scope:
    given = Waiver("tls-protocols", target, "migration", "A. Martin", until)
    return msgspec.structs.replace(SCOPE, waivers=(given,))


def code(scope: Scope, collected: Collected) -> ExitCode:
    tool = Tool("cnilcheck", "0", "")
    report = make_report(tool, scope, DAY, collected, findings(collected, scope))
    return exit_code(report, Severity.HIGH, strict=False)


def test_a_waived_failure_is_judged_shown_and_does_not_fail_the_run() -> None:
    collected = observed(Instrument(seeing(Seen(HERE, BAD))))
    scope = waiver(DAY)
    (finding,) = findings(collected, scope)
    assert finding.outcome is Outcome.FAIL
    assert finding.waived is not None
    assert finding.waived.in_force
    assert code(scope, collected) is ExitCode.NOTHING_FAILS


@pytest.mark.parametrize("named", ["obsolete-tls", "cryptography"])
def test_what_the_formal_notice_names_cannot_be_waived(named: str) -> None:
    collected = observed(Instrument(seeing(Seen(HERE, BAD))))
    scope = waiver(DAY)
    (finding,) = judge([RULE], collected, scope, DAY, {named})
    assert finding.waived is not None
    assert finding.waived.named
    assert not finding.waived.in_force
    report = make_report(Tool("cnilcheck", "0", ""), scope, DAY, collected, (finding,))
    assert exit_code(report, Severity.HIGH, strict=False) is ExitCode.SOMETHING_FAILS


def test_an_expired_waiver_fails_again() -> None:
    collected = observed(Instrument(seeing(Seen(HERE, BAD))))
    assert code(waiver(DAY - dt.timedelta(days=1)), collected) is ExitCode.SOMETHING_FAILS


def test_a_waiver_covers_its_own_target_only() -> None:
    collected = observed(Instrument(seeing(Seen(HERE, BAD))))
    assert code(waiver(DAY, "elsewhere"), collected) is ExitCode.SOMETHING_FAILS


def attested(signed_on: dt.date, valid_for: str = "6 months") -> Scope:
    given = Attestation("tls-protocols", "vu", "A. Martin", "DPO", signed_on, valid_for)
    return msgspec.structs.replace(SCOPE, attestations=(given,))


def test_an_attestation_stands_in_for_a_gap_as_declared_never_as_measured() -> None:
    collected = observed(Instrument(raising(Unreachable("gone"))))
    (finding,) = findings(collected, attested(DAY))
    assert (finding.outcome, finding.basis) == (Outcome.PASS, "declared")
    assert "A. Martin" in finding.sentence.fr


@pytest.mark.parametrize(
    ("signed_on", "valid_for"),
    [(DAY - dt.timedelta(days=8), "1 week"), (DAY + dt.timedelta(days=1), "1 year")],
)
def test_an_attestation_expires_and_does_not_reach_back(signed_on: dt.date, valid_for: str) -> None:
    collected = observed(Instrument(raising(Unreachable("gone"))))
    (finding,) = findings(collected, attested(signed_on, valid_for))
    assert finding.outcome is Outcome.INCONCLUSIVE


def test_an_attestation_never_overrules_what_was_measured() -> None:
    collected = observed(Instrument(seeing(Seen(HERE, BAD))))
    (finding,) = findings(collected, attested(DAY))
    assert finding.outcome is Outcome.FAIL


def test_an_unobserved_target_is_never_green() -> None:
    assert code(SCOPE, observed(Instrument(raising(Unreachable("x"))))) is ExitCode.NOT_OBSERVED


def test_an_audit_that_assessed_nothing_is_never_green() -> None:
    scope = Scope(version=1)
    collected = observed(Instrument(seeing(), targets=()), scope=scope)
    assert code(scope, collected) is ExitCode.NOT_OBSERVED


def test_strict_counts_open_questions() -> None:
    instruments = (
        Instrument(seeing(Seen(HERE, GOOD))),
        Instrument(seeing(Missing("x", TlsProtocols, Unreachable("x")))),
    )
    collected = observed(*instruments)
    report = make_report(Tool("cnilcheck", "0", ""), SCOPE, DAY, collected, findings(collected))
    assert exit_code(report, Severity.HIGH, strict=False) is ExitCode.NOTHING_FAILS
    assert exit_code(report, Severity.HIGH, strict=True) is ExitCode.NOT_OBSERVED


def test_the_same_evidence_gives_the_same_findings_through_a_file(tmp_path: Path) -> None:
    collected = observed(Instrument(seeing(Seen(HERE, BAD))), Instrument(raising(OSError())))
    path = tmp_path / "evidence.json"
    path.write_bytes(evidence_to_bytes(collected))
    again = read_evidence(path)
    assert again == collected
    assert evidence_to_bytes(again) == path.read_bytes()
    assert findings(again) == findings(collected)


def test_an_identifier_depends_on_rule_target_and_place_only() -> None:
    bad = findings(observed(Instrument(seeing(Seen(HERE, BAD)))))
    good = findings(observed(Instrument(seeing(Seen(HERE, GOOD)))))
    assert bad[0].id == good[0].id
    other = findings(observed(Instrument(seeing(Seen("127.0.0.1:444", BAD)))))
    assert other[0].id != bad[0].id


def test_a_budget_is_spent_and_then_refuses() -> None:
    budget = Budget(2, 10_000.0)
    budget.spend(threading.Event())
    budget.spend(threading.Event())
    with pytest.raises(BudgetSpent):
        budget.spend(threading.Event())


def test_a_stopped_audit_does_not_wait_for_its_turn() -> None:
    stop = threading.Event()
    stop.set()
    budget = Budget(10, 0.01)
    with pytest.raises(Interrupted):
        budget.spend(stop)


def test_a_slow_host_is_paced() -> None:
    budget, stop = Budget(10, 20.0), threading.Event()
    began = time.monotonic()
    for _ in range(5):
        budget.spend(stop)
    assert time.monotonic() - began >= 0.2
