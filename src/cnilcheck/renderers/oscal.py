"""The report as OSCAL assessment results, for authorities and tools of governance.

A rule is an objective of the control that its module is; each finding is an observation, a
conclusion about that objective, and a risk with its deadline where it fails.
"""

from __future__ import annotations

import datetime as dt
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from cnilcheck.model.evidence import Collected
from cnilcheck.model.report import Finding, PlannedRepair, Report
from cnilcheck.model.rule import Source
from cnilcheck.model.text import spell
from cnilcheck.model.words import Lang, Outcome
from cnilcheck.renderers import words
from cnilcheck.renderers.harmless import harmless
from cnilcheck.renderers.json_report import whole
from cnilcheck.renderers.markdown import prose

Object: TypeAlias = dict[str, Any]

# What is used here is the same in 1.1 and 1.2; readers of either take 1.1.
OSCAL_VERSION = "1.1.3"
# Names of our own need a namespace; OSCAL asks for an absolute address, which a URN is.
NAMESPACE = "urn:cnilcheck:oscal:1"
_MEDIA = {"evidence.json": "application/json", "scope.yaml": "application/yaml"}
_STATES = {
    Outcome.PASS: ("satisfied", "pass"),
    Outcome.FAIL: ("not-satisfied", "fail"),
    # OSCAL has two states: what could not be judged is not satisfied, for another reason.
    Outcome.INCONCLUSIVE: ("not-satisfied", "other"),
}


def render(
    report: Report,
    lang: Lang,
    collected: Collected | None = None,
    sources: Mapping[str, Source] | None = None,
    digests: Mapping[str, str] | None = None,
) -> str:
    """Return the document; `digests` are the SHA-256 of the audit's files by name.

    An identifier names the same thing in each audit of the organisation, so that two documents
    can be compared. The same report gives the same bytes.
    """
    planned = report.plan.repairs if report.plan else ()
    repairs = {identifier: repair for repair in planned for identifier in repair.findings}
    document = _Document(report, lang, sources or {}, digests or {}, repairs, _space(report))
    told = whole(document.whole(collected))
    return json.dumps(told, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def _space(report: Report) -> uuid.UUID:
    """Return what the identifiers of one organisation's audits are made in."""
    scope = report.scope
    targets = " ".join(target.spelling for target in scope.targets)
    whose = scope.organisation.name if scope.organisation else targets
    return uuid.uuid5(uuid.uuid5(uuid.NAMESPACE_URL, NAMESPACE), whole(whose))


@dataclass(frozen=True)
class _Document:
    report: Report
    lang: Lang
    sources: Mapping[str, Source]
    digests: Mapping[str, str]
    repairs: Mapping[str, PlannedRepair]
    space: uuid.UUID

    def id(self, kind: str, name: str = "") -> str:
        """Return the identifier of a thing of this deployment, the same in each audit of it."""
        return str(uuid.uuid5(self.space, json.dumps([kind, name])))

    def say(self, key: str, **values: str) -> str:
        return words.OSCAL[key].to(self.lang).format(**values)

    def whole(self, collected: Collected | None) -> Object:
        plan = self.id("file", "scope.yaml")
        results: Object = {
            "uuid": self.id("assessment-results"),
            "metadata": self.metadata(collected),
            "import-ap": {"href": f"#{plan}", "remarks": self.say("plan")},
            "results": [self.result(collected)],
            "back-matter": {"resources": [*self.files(), *self.texts()]},
        }
        if self.report.findings:
            results["local-definitions"] = {"objectives-and-methods": self.objectives()}
        return {"assessment-results": results}

    def metadata(self, collected: Collected | None) -> Object:
        metadata: Object = {
            "title": self.say("title"),
            "last-modified": _instant(collected.ended_at if collected else self.noon),
            "version": self.report.as_of.isoformat(),
            "oscal-version": OSCAL_VERSION,
            "props": [_prop("rules-digest", self.report.tool.rules)],
        }
        organisation = self.report.scope.organisation
        name = harmless(organisation.name) if organisation else ""
        if name:
            party = {"uuid": self.id("party"), "type": "organization", "name": name}
            metadata["parties"] = [party]
        return metadata

    @property
    def noon(self) -> dt.datetime:
        return dt.datetime.combine(self.report.as_of, dt.time(12), dt.UTC)

    def result(self, collected: Collected | None) -> Object:
        findings = self.report.findings
        result: Object = {
            "uuid": self.id("result", self.report.as_of.isoformat()),
            "title": self.say("result", day=spell(self.report.as_of, self.lang)),
            "description": self.say("result_says"),
            "start": _instant(collected.started_at if collected else self.noon),
            "local-definitions": self.definitions(),
            "reviewed-controls": self.reviewed(),
        }
        if collected is not None:
            result["end"] = _instant(collected.ended_at)
        lists = {
            "observations": [self.observation(f) for f in findings],
            "risks": [self.risk(f) for f in findings if f.outcome is Outcome.FAIL],
            "findings": [self.finding(f) for f in findings if f.outcome in _STATES],
        }
        return result | {name: items for name, items in lists.items() if items}

    def definitions(self) -> Object:
        tool = self.id("tool")
        component = {
            "uuid": tool,
            "type": "software",
            "title": harmless(self.report.tool.name, 80),
            "description": self.say("instrument"),
            "props": [_prop("version", self.report.tool.version)],
            "status": {"state": "operational"},
        }
        platform = {
            "uuid": self.id("platform"),
            "title": harmless(self.report.tool.name, 80),
            "uses-components": [{"component-uuid": tool}],
        }
        assets = {"components": [component], "assessment-platforms": [platform]}
        targets = dict.fromkeys(f.target for f in self.report.findings)
        items = [self.item(target) for target in targets]
        return {"assessment-assets": assets} | ({"inventory-items": items} if items else {})

    def item(self, target: str) -> Object:
        shown = words.place(target, "", self.lang) or "�"
        return {
            "uuid": self.id("target", target),
            "description": prose(shown),
            "props": [_prop("target", shown)],
        }

    def reviewed(self) -> Object:
        modules = sorted({f.module.value for f in self.report.findings})
        rules = sorted({f.rule for f in self.report.findings})
        if not rules:
            return {"control-selections": [{"include-all": {}}]}
        return {
            "description": self.say("objectives"),
            "control-selections": [{"include-controls": [{"control-id": m} for m in modules]}],
            "control-objective-selections": [
                {"include-objectives": [{"objective-id": rule} for rule in rules]}
            ],
        }

    def objectives(self) -> list[Object]:
        rules = {f.rule: f for f in self.report.findings}
        modules = sorted({f.module for f in rules.values()})
        return [
            {
                "control-id": module.value,
                "description": words.MODULE_SUBJECTS[module].to(self.lang),
                "parts": [
                    {"id": rule, "name": "objective", "prose": prose(self.title(f))}
                    for rule, f in sorted(rules.items())
                    if f.module is module
                ],
            }
            for module in modules
        ]

    def title(self, finding: Finding) -> str:
        return harmless(finding.title.to(self.lang)) or "�"

    def sentence(self, finding: Finding) -> str:
        place = words.place(finding.target, finding.location, self.lang)
        return f"{place} {harmless(finding.sentence.to(self.lang), 1000)}"

    def observation(self, finding: Finding) -> Object:
        methods = sorted({o.provenance.method.value.upper() for o in finding.evidence})
        seen = [o.provenance.observed_at for o in finding.evidence]
        observation: Object = {
            "uuid": self.id("observation", finding.id),
            "title": prose(self.title(finding)),
            "description": prose(self.sentence(finding)),
            "props": [_prop("finding", finding.id), _prop("outcome", finding.outcome.value)],
            "methods": methods or ["UNKNOWN"],
            "types": ["finding" if finding.outcome is Outcome.FAIL else "control-objective"],
            "origins": [self.origin()],
            "subjects": [self.subject(finding)],
            "collected": _instant(max(seen, default=self.noon)),
        }
        if finding.evidence:
            observation["relevant-evidence"] = self.evidence(finding)
        return observation

    def origin(self) -> Object:
        return {"actors": [{"type": "tool", "actor-uuid": self.id("tool")}]}

    def subject(self, finding: Finding) -> Object:
        return {"subject-uuid": self.id("target", finding.target), "type": "inventory-item"}

    def evidence(self, finding: Finding) -> list[Object]:
        """Where in evidence.json it stands: the file, its digest, and which observation."""
        digest = self.digests.get("evidence.json")
        file = [_prop("file", "evidence.json")]
        file += [_prop("sha256", digest)] if digest else []
        href = f"#{self.id('file', 'evidence.json')}" if digest else "evidence.json"
        seen = dict.fromkeys((o.location, o.provenance.instrument) for o in finding.evidence)
        return [
            {
                "href": href,
                "description": prose(" ".join(map(harmless, (instrument, location))) or "�"),
                "props": [*file, _prop("location", location), _prop("instrument", instrument)],
            }
            for location, instrument in seen
        ]

    def finding(self, finding: Finding) -> Object:
        state, reason = _STATES[finding.outcome]
        rule = {"type": "objective-id", "target-id": finding.rule}
        told: Object = {
            "uuid": self.id("finding", finding.id),
            "title": prose(self.title(finding)),
            "description": prose(self.sentence(finding)),
            "props": [*self.props(finding), _prop("rule", finding.rule)],
            "links": [
                {"href": f"#{self.id('text', r.source)}", "rel": "reference",
                 "text": prose(harmless(r.place.to(self.lang), 200) or "�")}
                for r in finding.requirements
            ],
            "origins": [self.origin()],
            "target": rule | {"status": {"state": state, "reason": reason}},
            "related-observations": [{"observation-uuid": self.id("observation", finding.id)}],
        }  # fmt: skip
        if finding.outcome is Outcome.FAIL:
            told["related-risks"] = [{"risk-uuid": self.id("risk", finding.id)}]
        if finding.question and finding.outcome is Outcome.INCONCLUSIVE:
            told["remarks"] = prose(harmless(finding.question.text.to(self.lang), 1000))
        return told

    def props(self, finding: Finding) -> list[Object]:
        props = [_prop("finding", finding.id), _prop("severity", finding.severity.value)]
        if finding.basis:
            props.append(_prop("basis", finding.basis))
        if finding.known:
            props.append(_prop("baseline", "known"))
        return props

    def risk(self, finding: Finding) -> Object:
        held = finding.waived is not None and finding.waived.in_force
        risk: Object = {
            "uuid": self.id("risk", finding.id),
            "title": prose(self.title(finding)),
            "description": prose(self.sentence(finding)),
            "statement": prose(harmless(finding.rationale.to(self.lang), 1000)),
            "props": self.props(finding),
            "status": "deviation-approved" if held else "open",
            "origins": [self.origin()],
            "remediations": [self.remediation(finding)],
            "related-observations": [{"observation-uuid": self.id("observation", finding.id)}],
        }
        if held:
            risk["mitigating-factors"] = [self.waiver(finding)]
        if self.report.deadline is not None:
            risk["deadline"] = _day(self.report.deadline.due_on)
        return risk

    def waiver(self, finding: Finding) -> Object:
        assert finding.waived is not None
        waiver = finding.waived.waiver
        said = self.say(
            "waived", day=spell(waiver.until, self.lang), reason=harmless(waiver.reason, 600)
        )
        return {"uuid": self.id("waiver", finding.id), "description": prose(said)}

    def remediation(self, finding: Finding) -> Object:
        mend = finding.remediation
        steps = mend.steps.fr if self.lang is Lang.FR else mend.steps.en
        lines = [prose(harmless(step, 1000)) for step in (*steps, mend.verify.to(self.lang))]
        planned = self.repairs.get(finding.id)
        return {
            "uuid": self.id("remediation", finding.id),
            "lifecycle": "planned" if planned else "recommendation",
            "title": prose(self.title(finding)),
            "description": "\n".join(f"{n}. {line}" for n, line in enumerate(lines, 1)),
            "props": [_prop("days", f"{mend.days:g}")],
        } | ({"tasks": [self.task(finding, planned)]} if planned else {})

    def task(self, finding: Finding, repair: PlannedRepair) -> Object:
        span = {"start": _day(repair.start), "end": _day(repair.end)}
        return {
            "uuid": self.id("task", finding.id),
            "type": "action",
            "title": prose(self.title(finding)),
            "timing": {"within-date-range": span},
        }

    def files(self) -> list[Object]:
        files = {"evidence.json": self.say("evidence"), "scope.yaml": self.say("scope")}
        return [self.file(name, says) for name, says in files.items()]

    def file(self, name: str, says: str) -> Object:
        link: Object = {"href": name, "media-type": _MEDIA[name]}
        if name in self.digests:
            link["hashes"] = [{"algorithm": "SHA-256", "value": self.digests[name]}]
        return {"uuid": self.id("file", name), "title": name, "description": says, "rlinks": [link]}

    def texts(self) -> list[Object]:
        cited = sorted({r.source for f in self.report.findings for r in f.requirements})
        return [self.text(name) for name in cited]

    def text(self, name: str) -> Object:
        source = self.sources.get(name)
        title = harmless(source.title.to(self.lang) if source else name)
        resource: Object = {
            "uuid": self.id("text", name),
            "title": prose(title),
            "citation": {"text": prose(title)},
        }
        if source and source.url:
            resource["rlinks"] = [{"href": source.url}]
        return resource


def _prop(name: str, value: str) -> Object:
    return {"name": name, "ns": NAMESPACE, "value": harmless(value) or "�"}


def _instant(moment: dt.datetime) -> str:
    return moment.astimezone(dt.UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _day(day: dt.date) -> str:
    # OSCAL wants an instant; at noon UTC it is that day wherever it is read.
    return f"{day.isoformat()}T12:00:00Z"
