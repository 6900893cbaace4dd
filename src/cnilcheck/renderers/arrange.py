"""The report arranged for reading: grouped, put into words, made harmless; nothing is judged."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import TypeAlias

import msgspec

from cnilcheck.model.decision import Decision, about, comparable
from cnilcheck.model.evidence import Collected, Observation
from cnilcheck.model.report import Deadline, Finding, PlannedRepair, Report, Span
from cnilcheck.model.rule import Source
from cnilcheck.model.scope import Scope
from cnilcheck.model.text import Text, spell
from cnilcheck.model.words import (
    Audience,
    Binding,
    GapReason,
    Lang,
    Method,
    Module,
    Outcome,
    Role,
    Severity,
)
from cnilcheck.renderers import words
from cnilcheck.renderers.annex_tables import annex_tables
from cnilcheck.renderers.chart import chart_of
from cnilcheck.renderers.harmless import harmless
from cnilcheck.renderers.page import (
    Annex,
    Asked,
    Citation,
    Due,
    Group,
    Instrument,
    Line,
    Milestone,
    Open,
    Page,
    Pair,
    Precedent,
    Repair,
    Schedule,
    Sighting,
    Term,
    Tile,
    Unseen,
    Urgent,
    Waiver,
    Where,
    Word,
)
from cnilcheck.renderers.proof import is_inventory_of, proof_of
from cnilcheck.renderers.stack import fixes, software

Sources = Mapping[str, Source]
# Evidence that stands on the page already, by where it is from, with the finding it stands under.
_Shown: TypeAlias = dict[tuple[str, str, str], list[tuple[tuple[Observation, ...], str]]]

_FIRST = 5
_PLACES = 1
_SIGHTINGS = 100
# Places of one rule that are shown with their evidence, which is what weighs.
_PROVEN = 10
_URGENT = 8
_COMPARABLE = 5
_PRECEDENTS = 3


def page_of(
    report: Report,
    lang: Lang,
    collected: Collected | None = None,
    sources: Sources | None = None,
    decisions: Sequence[Decision] = (),
    digests: Mapping[str, str] | None = None,
) -> Page:
    """Return the report arranged for reading; nothing in it is judged or summed here."""
    known = sources or {}
    scope, by = report.scope, _by_outcome(report.findings)
    seen = software(_observations(report, collected))
    repairs = _repairs(report, by[Outcome.FAIL], lang, known, decisions, seen)
    alike = comparable((f.weakness for f in by[Outcome.FAIL]), decisions)
    urgent = _urgent(by[Outcome.FAIL], lang)
    return Page(
        organisation=organisation(scope, lang),
        role=words.ROLES[scope.organisation.role].to(lang) if scope.organisation else "",
        notice=harmless(scope.notice.reference, 120) if scope.notice else "",
        as_of=spell(report.as_of, lang),
        due=due(report.deadline, lang),
        tiles=tiles(report, lang),
        coverage=coverage(report, lang),
        assessed=report.summary.coverage.assessed > 0,
        waived=words.WAIVED.to(report.summary.waived, lang) if report.summary.waived else "",
        interrupted=report.summary.interrupted,
        processor=scope.organisation is not None and scope.organisation.role is Role.PROCESSOR,
        known=_known(report.findings, lang),
        retest=retest(report, lang),
        precedents=tuple(precedent(d, lang) for d in alike[:_COMPARABLE]),
        more_precedents=_rest(words.MORE_DECISIONS, len(alike) - _COMPARABLE, lang),
        schedule=_schedule(report, lang),
        urgent=urgent[:_URGENT],
        more_urgent=_rest(words.MORE_URGENT, len(urgent) - _URGENT, lang),
        this_week=tuple(r for r in repairs if not r.accepted_until)[:_FIRST],
        repairs=repairs,
        nothing_to_do=_nothing_to_do(report, by, lang),
        audiences=audiences(by[Outcome.INCONCLUSIVE], lang),
        conforms=tuple(_line(f, lang) for f in by[Outcome.PASS]),
        without_object=tuple(_line(f, lang) for f in by[Outcome.NOT_APPLICABLE]),
        unseen_targets=tuple(harmless(t) for t in report.summary.unobserved_targets),
        unseen=_unseen(by[Outcome.INCONCLUSIVE], lang),
        annex=_annex(report, lang, collected, known, _named(alike, repairs, lang), digests or {}),
    )


def _nothing_to_do(report: Report, by: Mapping[Outcome, list[Finding]], lang: Lang) -> str:
    if by[Outcome.FAIL]:
        why = "all_waived"
    elif not report.summary.coverage.assessed:
        why = "nothing_assessed"
    else:
        why = "nothing_to_mend_open" if by[Outcome.INCONCLUSIVE] else "nothing_to_mend"
    return words.PAGE[why].to(lang)


def _by_outcome(findings: Sequence[Finding]) -> dict[Outcome, list[Finding]]:
    return {outcome: [f for f in findings if f.outcome is outcome] for outcome in Outcome}


def organisation(scope: Scope, lang: Lang) -> str:
    """Return whose deployment it is."""
    if scope.organisation is None:
        return words.PAGE["no_organisation"].to(lang)
    return harmless(scope.organisation.name, 200)


def coverage(report: Report, lang: Lang) -> str:
    """Return the sentence that says how much was assessed, and on what."""
    counts = report.summary.coverage
    assessed = words.ASSESSED.to(counts.assessed, lang)
    assessed = assessed.replace("{rules}", spell(counts.rules, lang))
    parts = [
        words.MEASURED.to(counts.measured, lang),
        words.DECLARED.to(counts.declared, lang),
    ]
    rest = counts.not_applicable
    parts += [words.WITHOUT_OBJECT.to(rest, lang)] if rest else []
    return f"{assessed}{words.COLON.to(lang)} {', '.join(parts)}"


def retest(report: Report, lang: Lang) -> str:
    """Return how much stands as an earlier audit saw it, or nothing for an audit of its own."""
    if report.retest is None:
        return ""
    kept = words.KEPT.to(report.retest.kept, lang)
    return kept.replace("{day}", spell(report.retest.started_at.date(), lang))


def due(deadline: Deadline | None, lang: Lang) -> Due | None:
    """Return the deadline in words, or None without a notice."""
    if deadline is None:
        return None
    days, off = deadline.days_left, deadline.next_working_day
    left = words.DAYS_LEFT.to(days, lang) if days else words.TODAY.to(lang)
    note = words.PAGE["day_off"].to(lang).replace("{day}", spell(off, lang))
    return Due(
        on=spell(deadline.due_on, lang),
        received=spell(deadline.received_on, lang),
        left=words.DAYS_LATE.to(-days, lang) if days < 0 else left,
        late=days < 0,
        extended=deadline.extended,
        day_off=note if off != deadline.due_on else "",
    )


def tiles(report: Report, lang: Lang) -> tuple[Tile, ...]:
    """Return the five modules in their order, from the report's own counts."""
    return tuple(_tile(m, report.summary.modules.get(m, {}), lang) for m in Module)


def _tile(module: Module, counts: Mapping[str, int], lang: Lang) -> Tile:
    fails, opens = counts.get(Outcome.FAIL, 0), counts.get(Outcome.INCONCLUSIVE, 0)
    passes, idle = counts.get(Outcome.PASS, 0), counts.get(Outcome.NOT_APPLICABLE, 0)
    lines = [(fails, words.TO_MEND), (opens, words.OPEN), (passes, words.CONFORM)]
    match fails, opens, passes, idle:
        case 0, 0, 0, 0:
            state, word = "none", "not_assessed"
        case 0, 0, 0, _:
            state, word = "none", "no_object"
        case 0, 0, _, _:
            state, word = "conform", "conform"
        case 0, _, 0, _:
            state, word = "none", "not_assessed"
        case 0, _, _, _:
            state, word = "open", "to_answer"
        case _:
            state, word = "mend", "to_mend"
    return Tile(
        module=words.MODULES[module].to(lang),
        subject=words.MODULE_SUBJECTS[module].to(lang),
        state=state,
        word=words.PAGE[word].to(lang),
        counts=tuple(phrase.to(n, lang) for n, phrase in lines if n),
    )


def _known(findings: Sequence[Finding], lang: Lang) -> str:
    return _rest(words.KNOWN, sum(f.known for f in findings), lang)


def _rest(phrase: words.Counted, rest: int, lang: Lang) -> str:
    return phrase.to(rest, lang) if rest > 0 else ""


def _urgent(failures: Sequence[Finding], lang: Lang) -> tuple[Urgent, ...]:
    """Return where data are readable now, as findings say: the first place of each rule."""
    readable = [
        f for f in failures if f.module is Module.EXPOSURE and f.severity is Severity.CRITICAL
    ]
    groups = [list(group) for _, group in groupby(readable, key=lambda f: f.rule)]
    return tuple(
        Urgent(
            harmless(f.id, 64), harmless(f.title.to(lang)), where(f, lang),
            harmless(f.sentence.to(lang), 600), _more(len(rest), lang),
        )
        for f, *rest in groups
    )  # fmt: skip


def _repairs(
    report: Report, failures: Sequence[Finding], lang: Lang, sources: Sources,
    decisions: Sequence[Decision], seen: frozenset[str],
) -> tuple[Repair, ...]:  # fmt: skip
    # Findings of one rule stand together; what is accepted for now is not in the plan.
    groups = [tuple(group) for _, group in groupby(failures, key=lambda f: f.rule)]
    planned = {r.rule: r for r in report.plan.repairs} if report.plan else {}
    order = {rule: n for n, rule in enumerate(planned, 1)}
    shown: _Shown = {}
    groups.sort(key=lambda group: order.get(group[0].rule, len(order) + 1))
    return tuple(
        _repair(n, group, lang, sources, decisions, planned.get(group[0].rule), order, seen, shown)
        for n, group in enumerate(groups, 1)
    )


def _repair(
    number: int, group: tuple[Finding, ...], lang: Lang, sources: Sources,
    decisions: Sequence[Decision], planned: PlannedRepair | None, order: Mapping[str, int],
    seen: frozenset[str], shown: _Shown,
) -> Repair:  # fmt: skip
    finding, fixing = group[0], group[0].remediation
    steps = fixing.steps.fr if lang is Lang.FR else fixing.steps.en
    alike = about(finding.weakness, decisions)
    fitting, other = fixes(fixing.fixes, seen)
    return Repair(
        number=number,
        rule=harmless(finding.rule, 120),
        title=harmless(finding.title.to(lang)),
        severity=severity(finding.severity, lang),
        module=words.MODULES[finding.module].to(lang),
        days=words.work(fixing.days, lang),
        rationale=harmless(finding.rationale.to(lang), 2000),
        citations=tuple(_citation(r.source, r.place.to(lang), r.binding, lang, sources)
                        for r in finding.requirements),
        steps=tuple(harmless(s, 1000) for s in steps),
        fixes=fitting,
        other_fixes=other,
        verify=harmless(fixing.verify.to(lang), 1000),
        sightings=_sightings(group[:_SIGHTINGS], lang, shown),
        proofs_elsewhere=len(group) > _PROVEN,
        more_sightings=_more(len(group) - _SIGHTINGS, lang),
        first_places=tuple(where(f, lang) for f in group[:_PLACES]),
        more_places=_more(len(group) - _PLACES, lang),
        accepted_until=_accepted_until(group, lang),
        precedents=tuple(precedent(d, lang) for d in alike[:_PRECEDENTS]),
        more_precedents=_rest(words.MORE_DECISIONS, len(alike) - _PRECEDENTS, lang),
        people=_rest(words.PEOPLE, planned.people if planned else 0, lang),
        begins=words.short_day(planned.start, lang) if planned else "",
        ends=words.short_day(planned.end, lang) if planned else "",
        fits=planned.fits if planned else True,
        after=tuple(str(order[r]) for r in planned.after if r in order) if planned else (),
    )  # fmt: skip


def precedent(decision: Decision, lang: Lang) -> Precedent:
    """Return the words of a decision: who, when, how much, and what had been found then."""
    day = spell(decision.date, lang) if decision.date else str(decision.decided_in)
    kind, w = words.PAGE[decision.kind].to(lang), words.PAGE
    if decision.fine is not None:
        amount = words.euros(decision.fine, lang)
    elif decision.kind == "sanction":
        amount = "" if decision.note else w["amount_unknown"].to(lang)
    else:
        amount = w["no_amount"].to(lang)
    return Precedent(
        id=harmless(decision.id, 60),
        said=harmless(f"{decision.organisation.to(lang)}, {decision.authority}, {kind}, {day}"),
        amount=amount,
        note=harmless(decision.note.to(lang)) if decision.note else "",
        found=tuple(harmless(s.what.to(lang)) for s in decision.shortcomings if s.printable),
        url=decision.source if decision.source.startswith("https://") else "",
    )


def _named(
    alike: Sequence[Decision], repairs: Sequence[Repair], lang: Lang
) -> tuple[Precedent, ...]:
    named = {case.id for repair in repairs for case in repair.precedents}
    cases = (precedent(decision, lang) for decision in alike)
    return tuple(case for case in cases if case.id in named)


def _schedule(report: Report, lang: Lang) -> Schedule | None:
    plan, due_ = report.plan, report.deadline
    if plan is None:
        return None
    titles = {f.rule: harmless(f.title.to(lang)) for f in report.findings}
    chart = chart_of(plan, due_, report.as_of, titles, lang)
    late = sum(not repair.fits for repair in plan.repairs)
    return Schedule(
        milestones=_milestones(report, lang),
        chart=chart,
        left_out=_rest(words.MORE_ROWS, chart.left_out, lang),
        fits=words.FITS.to(len(plan.repairs) - late, lang) if due_ else "",
        late=_rest(words.LATE, late, lang),
        short=due_ is not None and (plan.mending is None or plan.retest is None),
    )


def _milestones(report: Report, lang: Lang) -> tuple[Milestone, ...]:
    plan, due_, w = report.plan, report.deadline, words.PAGE
    spans: list[tuple[str, Span | None]] = []
    if plan is not None:
        kept = (("mending", plan.mending), ("retest", plan.retest), ("answer", plan.answer))
        spans += [(name, span) for name, span in kept if span is not None]
    days = [("receipt", due_.received_on), ("due", due_.due_on)] if due_ else []
    if days:
        spans.insert(0, (days[0][0], Span(days[0][1], days[0][1])))
        spans.append(("deadline", Span(days[1][1], days[1][1])))
    return tuple(
        Milestone(w[name].to(lang), span.start.isoformat(), span.end.isoformat(), _span(span, lang))
        for name, span in spans
        if span is not None
    )


def _span(span: Span, lang: Lang) -> str:
    if span.start == span.end:
        return words.short_day(span.start, lang)
    return f"{words.short_day(span.start, lang)} – {words.short_day(span.end, lang)}"


def _more(rest: int, lang: Lang) -> str:
    return _rest(words.MORE_PLACES, rest, lang)


def _accepted_until(group: tuple[Finding, ...], lang: Lang) -> str:
    held = [f.waived.waiver.until for f in group if f.waived and f.waived.in_force]
    return spell(min(held), lang) if len(held) == len(group) else ""


def severity(value: Severity, lang: Lang) -> Word:
    """Return a severity by word and shape."""
    return Word(value.value, words.SEVERITIES[value].to(lang), words.SHAPES[value])


def where(finding: Finding, lang: Lang) -> Where:
    """Return the place of a finding."""
    return Where(*words.where(finding.target, finding.location, lang))


def _citation(
    source: str, reference: str, binding: Binding, lang: Lang, sources: Sources
) -> Citation:
    known = sources.get(source)
    url = known.url if known and known.url.startswith("https://") else ""
    return Citation(
        force=Word(binding.value, words.BINDINGS[binding].to(lang)),
        title=harmless(known.title.to(lang) if known else source),
        reference=harmless(reference, 120),
        url=harmless(url),
    )


def _sightings(group: Sequence[Finding], lang: Lang, shown: _Shown) -> tuple[Sighting, ...]:
    # One observation can prove many findings; of an inventory each shows its own entry.
    proven = [_sighting(f, lang, _proven_at(f, shown)) for f in group[:_PROVEN]]
    bare = [msgspec.structs.replace(f, evidence=()) for f in group[_PROVEN:]]
    return (*proven, *(_sighting(f, lang, "") for f in bare))


def _proven_at(finding: Finding, shown: _Shown) -> str:
    """Return the finding whose evidence, the same, stands further up on the page."""
    if not finding.evidence or any(is_inventory_of(o, finding.location) for o in finding.evidence):
        return ""
    first = finding.evidence[0]
    alike = shown.setdefault((first.target, first.location, first.provenance.instrument), [])
    for evidence, where_shown in alike:
        if evidence == finding.evidence:
            return where_shown
    alike.append((finding.evidence, finding.id))
    return ""


def _sighting(finding: Finding, lang: Lang, proven_at: str) -> Sighting:
    place = finding.location
    return Sighting(
        id=harmless(finding.id, 64),
        where=where(finding, lang),
        sentence=harmless(finding.sentence.to(lang), 1000),
        proofs=() if proven_at else tuple(proof_of(o, lang, place) for o in finding.evidence),
        proven_at=harmless(proven_at, 64),
        waiver=_waiver(finding, lang),
        known=finding.known,
    )


def _waiver(finding: Finding, lang: Lang) -> Waiver | None:
    if finding.waived is None:
        return None
    waiver, held = finding.waived.waiver, finding.waived.in_force
    refused = "waiver_refused" if finding.waived.named else "waiver_over"
    return Waiver(
        said=words.PAGE["waived_until" if held else refused].to(lang),
        until=spell(waiver.until, lang),
        approved_by=harmless(waiver.approved_by, 200),
        reason=harmless(waiver.reason, 600),
    )


def audiences(findings: Sequence[Finding], lang: Lang) -> tuple[Group, ...]:
    """Return the open questions by who can answer them."""
    grouped = [
        (words.AUDIENCES[a].to(lang), [f for f in findings if f.question and f.question.to is a])
        for a in Audience
    ]
    grouped.append((words.PAGE["anyone"].to(lang), [f for f in findings if f.question is None]))
    return tuple(Group(name, _asked(fs, lang)) for name, fs in grouped if fs)


def _asked(findings: Sequence[Finding], lang: Lang) -> tuple[Asked, ...]:
    groups = [tuple(group) for _, group in groupby(findings, key=lambda f: f.rule)]
    return tuple(
        Asked(
            question=harmless((_question(group[0]) or group[0].title).to(lang), 600),
            title=harmless(group[0].title.to(lang)),
            places=tuple(_open(f, lang) for f in group),
        )
        for group in groups
    )


def _question(finding: Finding) -> Text | None:
    return finding.question.text if finding.question else None


def _open(finding: Finding, lang: Lang) -> Open:
    nowhere = finding.gap is GapReason.NOT_GIVEN
    return Open(
        id=harmless(finding.id, 64),
        where=None if nowhere else where(finding, lang),
        reason=harmless(finding.sentence.to(lang), 600),
    )


def _line(finding: Finding, lang: Lang) -> Line:
    return Line(
        id=harmless(finding.id, 64),
        title=harmless(finding.title.to(lang)),
        module=words.MODULES[finding.module].to(lang),
        where=where(finding, lang),
        sentence=harmless(finding.sentence.to(lang), 600),
        basis=_basis(finding, lang),
        instrument=", ".join(sorted({harmless(o.provenance.instrument, 80) for o in finding.evidence
                                     if not finding.attested})),
        attestation=_attestation(finding, lang),
    )  # fmt: skip


def _basis(finding: Finding, lang: Lang) -> Word:
    basis = finding.basis
    return Word(basis, words.BASES[basis].to(lang)) if basis else Word("", "")


def _attestation(finding: Finding, lang: Lang) -> str:
    if finding.attested is None:
        return ""
    signed, w = finding.attested, words.PAGE
    until = f"{w['valid_until'].to(lang)} {spell(signed.expires_on, lang)}"
    if not signed.document:
        return until
    return f"{until}, {w['document'].to(lang)} {harmless(signed.document, 200)}"


def _unseen(findings: Sequence[Finding], lang: Lang) -> tuple[Unseen, ...]:
    fields: dict[str, list[str]] = {}
    for finding in findings:
        if finding.gap is GapReason.NOT_GIVEN:
            titles = fields.setdefault(harmless(finding.location, 120), [])
            titles.append(harmless(finding.title.to(lang)))
    return tuple(Unseen(name, tuple(titles)) for name, titles in sorted(fields.items()))


def _annex(
    report: Report, lang: Lang, collected: Collected | None, sources: Sources,
    decisions: tuple[Precedent, ...], digests: Mapping[str, str],
) -> Annex:  # fmt: skip
    seen = _observations(report, collected)
    scope, tool = report.scope, report.tool
    return Annex(
        targets=tuple(
            Pair(harmless(t.spelling), words.TARGET_KINDS[type(t)].to(lang)) for t in scope.targets
        ),
        sources=_sources_read(scope, lang),
        authorisation=_authorisation(scope, lang),
        disclosed=words.who_learns(scope, lang) if scope.online_identity else "",
        instruments=_instruments(seen, lang),
        dates=_dates(report, lang, collected, seen),
        tool=harmless(f"{tool.name} {tool.version}", 120),
        digest=harmless(tool.rules, 128),
        cited=_cited(report.findings, lang, sources),
        glossary=_glossary(lang),
        tables=annex_tables(report, seen, lang),
        decisions=decisions,
        digests=tuple(Pair(harmless(n, 80), harmless(d, 128)) for n, d in sorted(digests.items())),
    )


def _glossary(lang: Lang) -> tuple[Term, ...]:
    other = Lang.EN if lang is Lang.FR else Lang.FR
    terms = [
        Term(term.to(lang), term.to(other) if term.fr != term.en else "", means.to(lang))
        for term, means in words.GLOSSARY
    ]
    return tuple(sorted(terms, key=lambda term: unaccented(term.name)))


def unaccented(text: str) -> str:
    """Return the letters of a word as a dictionary orders them."""
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().casefold()


def _observations(report: Report, collected: Collected | None) -> tuple[Observation, ...]:
    if collected is not None:
        return collected.observations
    return tuple(o for f in report.findings for o in f.evidence)


def _sources_read(scope: Scope, lang: Lang) -> tuple[Pair, ...]:
    given = scope.sources
    paths = [("system", given.system)] if given.system else []
    paths += [("logs", log.path) for log in given.logs]
    paths += [("password_samples", sample.path) for sample in given.password_samples]
    paths += [("data_samples", sample.path) for sample in given.data_samples]
    paths += [("accounts", accounts.path) for accounts in given.accounts]
    paths += [("messages", path) for path in given.messages]
    paths += [("identity_exports", export.path) for export in given.identity_exports]
    return tuple(Pair(harmless(p), words.SOURCE_KINDS[k].to(lang)) for k, p in paths if p)


def _authorisation(scope: Scope, lang: Lang) -> str:
    if scope.authorisation is None:
        return ""
    given, w = scope.authorisation, words.PAGE
    return (
        f"{w['given_by'].to(lang)} {harmless(given.given_by, 200)}, "
        f"{w['reference'].to(lang)} {harmless(given.reference, 200)}, "
        f"{w['valid_until'].to(lang)} {spell(given.valid_until, lang)}"
    )


def _instruments(seen: Sequence[Observation], lang: Lang) -> tuple[Instrument, ...]:
    used: dict[tuple[str, str], set[Method]] = {}
    for observation in seen:
        origin = observation.provenance
        used.setdefault((origin.instrument, origin.version), set()).add(origin.method)
    return tuple(
        Instrument(harmless(name, 80), harmless(version, 80),
                   ", ".join(words.METHODS[m].to(lang) for m in Method if m in methods))
        for (name, version), methods in sorted(used.items())
    )  # fmt: skip


def _dates(
    report: Report, lang: Lang, collected: Collected | None, seen: Sequence[Observation]
) -> tuple[Pair, ...]:
    w, times = words.PAGE, sorted(o.provenance.observed_at for o in seen)
    begin, end = (collected.started_at, collected.ended_at) if collected else (None, None)
    begin, end = begin or (times[0] if times else None), end or (times[-1] if times else None)
    pairs = [Pair(w["judged"].to(lang), spell(report.as_of, lang))]
    if begin and end:
        span = f"{words.moment(begin, lang)} – {words.moment(end, lang)}"
        pairs.insert(0, Pair(w["collected"].to(lang), span))
    return tuple(pairs)


def _cited(findings: Sequence[Finding], lang: Lang, sources: Sources) -> tuple[Citation, ...]:
    cited = {r.source: r.binding for f in findings for r in f.requirements}
    order = list(Binding)
    return tuple(
        _citation(source, "", binding, lang, sources)
        for source, binding in sorted(cited.items(), key=lambda i: (order.index(i[1]), i[0]))
    )
