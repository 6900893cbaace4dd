"""Reports to print: a realistic one from the rule catalogue, a hostile one, and empty ones."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import msgspec
import pytest

from cnilcheck.audit import judge
from cnilcheck.checks.registry import checks
from cnilcheck.documents.rules import Catalogue, load_catalogue
from cnilcheck.model.evidence import SCHEMA, Collected, Evidence, Gap, Observation, Provenance
from cnilcheck.model.facts import Fact, ReadableFile, ReadableFiles, TlsProtocols, fact_name
from cnilcheck.model.report import Finding, Report, Tool, Waived
from cnilcheck.model.rule import (
    BoundRule,
    Fix,
    Question,
    Remediation,
    Requirement,
    Source,
    Steps,
)
from cnilcheck.model.scope import (
    Attestation,
    Authorisation,
    LogSource,
    Notice,
    Organisation,
    Scope,
    Sources,
    TlsTarget,
    Waiver,
    WebTarget,
)
from cnilcheck.model.summary import make_report
from cnilcheck.model.text import Text
from cnilcheck.model.words import (
    Audience,
    Binding,
    GapReason,
    HealthData,
    Method,
    Module,
    Outcome,
    Severity,
)
from cnilcheck.resources import rules_directory

AS_OF = dt.date(2026, 11, 22)
NOW = dt.datetime(2026, 11, 22, 9, 30, tzinfo=dt.UTC)
WEB = "https://app.example.fr/"
NASTY = (
    "<script>alert(1)</script>\x1b[31m\u202eevil\u202c `x` [x](javascript:1) | [red]* _ <b>&amp;"
)
REASONS = [r for r in GapReason if r is not GapReason.NOT_GIVEN]


@dataclass(frozen=True)
class Sample:
    """A report with what renderers may be given beside it."""

    report: Report
    collected: Collected
    sources: Mapping[str, Source]


def provenance(method: Method = Method.TEST, instrument: str = "tls") -> Provenance:
    return Provenance(instrument, "6.3.1", method, NOW)


SCOPE = Scope(
    version=1,
    organisation=Organisation("Pharmacie du Marché", sector="pharmacy"),
    health_data=HealthData.THIRD_PARTY,
    notice=Notice(dt.date(2026, 10, 5), reference="MED-2026-000"),
    authorisation=Authorisation("Mme Martin, titulaire", "AUT-2026-7", dt.date(2027, 1, 31)),
    targets=(WebTarget(WEB), TlsTarget("smtp.example.fr:587")),
    sources=Sources(system="./snapshot/", logs=(LogSource("access.log*"),)),
)


def make_sample_report(
    findings: Sequence[Finding], collected: Collected, scope: Scope = SCOPE
) -> Report:
    return make_report(Tool("cnilcheck", "0.1.0", "ab" * 32), scope, AS_OF, collected, findings)


def observed(catalogue: Catalogue) -> Collected:
    """Return evidence in which each kind of fact fails, passes, is missing or was not given."""
    seen: list[Observation] = [
        Evidence(WEB, f"203.0.113.{n}:443", provenance(), TlsProtocols(("TLS 1.0", "TLS 1.2"), ()))
        for n in (7, 8)
    ]
    file = ReadableFile(
        "/wp-content/plugins/x/<export>.csv", "data_extract", "CSV header", 5_210_332, 12_400
    )
    web = provenance(Method.TEST, "web-files")
    seen.append(Evidence(WEB, "/wp-content/plugins/x/", web, ReadableFiles(40, (file,))))
    by_fact: dict[type[Fact], list[BoundRule]] = {}
    for bound in catalogue.rules:
        by_fact.setdefault(bound.fact, []).append(bound)
    for n, (fact, rules) in enumerate(by_fact.items()):
        seen.append(_observation(n, fact, rules[0]))
    return Collected(SCHEMA, "0.1.0", NOW, NOW + dt.timedelta(minutes=4), False, tuple(seen))


def _observation(n: int, fact: type[Fact], bound: BoundRule) -> Observation:
    name = fact_name(fact.__name__)
    origin = provenance(list(Method)[n % 3], f"instrument-{n % 7}")
    match n % 6:
        case 4:
            reason = REASONS[n % len(REASONS)]
            return Gap(WEB, "/connexion", origin, name, reason, "no answer in 10 s")
        case 5:
            return Gap(
                "scope",
                "declarations.hosting",
                origin,
                name,
                GapReason.NOT_GIVEN,
                "declarations.hosting",
            )
    wanted = Outcome.PASS if n % 6 in (1, 3) else Outcome.FAIL
    example = next(e for e in bound.rule.examples if e.then is wanted)
    value = msgspec.convert(example.given | {"fact": name}, fact)
    return Evidence(WEB, f"/chemin/{n}", origin, value)


def with_people(scope: Scope, findings: Sequence[Finding]) -> Scope:
    """Return the scope with a waiver in force, one that is over, and an attestation."""
    failing = list(dict.fromkeys((f.rule, f.target) for f in findings if f.outcome is Outcome.FAIL))
    open_ = [f for f in findings if f.outcome is Outcome.INCONCLUSIVE and f.gap]
    days = [dt.date(2026, 12, 31), dt.date(2026, 11, 1)]
    waivers = tuple(
        Waiver(rule, target, "remplacement du serveur en cours", "Mme Martin", day)
        for (rule, target), day in zip(failing[-2:], days, strict=False)
    )
    attestations = tuple(
        Attestation(
            f.rule,
            "Nos sauvegardes sont chiffrées.",
            "M. Durand",
            "directeur technique",
            dt.date(2026, 11, 20),
            "6 months",
            document="contrat.pdf",
        )
        for f in open_[:1]
    )
    return msgspec.structs.replace(scope, waivers=waivers, attestations=attestations)


@pytest.fixture(scope="session")
def sample() -> Sample:
    catalogue = load_catalogue(rules_directory(), checks())
    collected = observed(catalogue)
    scope = with_people(SCOPE, judge(catalogue.rules, collected, SCOPE, AS_OF))
    findings = judge(catalogue.rules, collected, scope, AS_OF)
    findings = (make_finding("a" * 16, severity=Severity.CRITICAL), *findings)
    return Sample(make_sample_report(findings, collected, scope), collected, catalogue.sources)


def make_finding(identifier: str, words: str = "", **changes: object) -> Finding:
    """Return a failure made by hand, with the same words in every text."""
    said = Text(words or "Aucun extrait n’est lisible", words or "No extract is readable")
    finding = Finding(
        id=identifier, rule="no-extract-readable", module=Module.EXPOSURE, weakness="files-in-web-root",
        severity=Severity.HIGH, outcome=Outcome.FAIL, target=WEB, location=words or "/export.csv",
        title=said, sentence=Text(words or "rend 12 400 lignes", words or "serves 12,400 lines"),
        rationale=said,
        requirements=(Requirement("gdpr", words or "32", Binding.LAW, AS_OF),),
        remediation=Remediation(
            0.5, Steps((words or "Retirer le fichier.",), (words or "Remove the file.",)),
            Text(words or "`curl -I` rend 404.", words or "`curl -I` gives 404."),
            (Fix(words or "nginx", words or "autoindex off;"),),
        ),
        evidence=(Evidence(
            words or WEB, words or "/export.csv", provenance(instrument=words or "web-files"),
            ReadableFiles(1, (ReadableFile(words or "/export.csv", "data_extract", words or "CSV", 5),)),
        ),),
        basis="measured",
    )  # fmt: skip
    return msgspec.structs.replace(finding, **changes)


@pytest.fixture
def hostile() -> Sample:
    """Nasty strings everywhere a report takes text from outside, and one that never ends."""
    waiver = Waiver("no-extract-readable", WEB, NASTY, NASTY, dt.date(2027, 1, 1))
    question = Question(Audience.HOST, NASTY, NASTY)
    findings = (
        make_finding("b" * 16, NASTY, target=NASTY, waived=Waived(waiver, in_force=True)),
        make_finding("c" * 16, "x" * 100_000),
        make_finding("d" * 16, NASTY, outcome=Outcome.INCONCLUSIVE, basis=None, question=question, rule="other"),
        make_finding("e" * 16, NASTY, outcome=Outcome.PASS, rule="third"),
    )  # fmt: skip
    scope = msgspec.structs.replace(
        SCOPE, organisation=Organisation(NASTY), targets=(WebTarget(NASTY),),
        authorisation=Authorisation(NASTY, NASTY, AS_OF),
    )  # fmt: skip
    collected = Collected(SCHEMA, "0", NOW, NOW, True, findings[0].evidence)
    return Sample(make_sample_report(findings, collected, scope), collected, {})


@pytest.fixture
def empty() -> Sample:
    """A report in which nothing was assessed, without organisation or notice."""
    collected = Collected(SCHEMA, "0", NOW, NOW, False, ())
    return Sample(make_sample_report((), collected, Scope(version=1)), collected, {})


@pytest.fixture
def conform() -> Sample:
    """A report with nothing but one pass."""
    finding = make_finding("f" * 16, outcome=Outcome.PASS)
    collected = Collected(SCHEMA, "0", NOW, NOW, False, finding.evidence)
    scope = msgspec.structs.replace(SCOPE, notice=None, targets=SCOPE.targets[:1])
    return Sample(make_sample_report((finding,), collected, scope), collected, {})


@pytest.fixture
def made() -> Callable[..., Finding]:
    """A maker of failures."""
    return make_finding


@pytest.fixture
def report_of() -> Callable[..., Report]:
    """A maker of reports from findings."""
    return make_sample_report
