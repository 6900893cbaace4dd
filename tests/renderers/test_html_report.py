from __future__ import annotations

import datetime as dt
import ipaddress
import re
from collections import Counter
from collections.abc import Callable
from html.parser import HTMLParser
from itertools import pairwise
from typing import TYPE_CHECKING

import msgspec
import pytest

from cnilcheck.hosts.identify import Asked, Tables, identify
from cnilcheck.model.evidence import Evidence
from cnilcheck.model.facts import (
    LogFields,
    ReadableFile,
    ReadableFiles,
    ResponseHeaders,
    StrictTransport,
)
from cnilcheck.model.report import (
    ActivityCell,
    ActivityColumn,
    Finding,
    HostingMatrix,
    MatrixActor,
    Report,
)
from cnilcheck.model.rule import Fix, Remediation, Steps
from cnilcheck.model.scope import Organisation
from cnilcheck.model.text import Text
from cnilcheck.model.words import Lang, Module, Outcome, Role, Severity
from cnilcheck.renderers import html
from cnilcheck.resources import templates_directory

if TYPE_CHECKING:
    from conftest import Sample


VOID = {"meta", "br", "hr", "img", "input", "link"}
HIDDEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]")


class Page(HTMLParser):
    """Elements in order, with their attributes; fails on a tag that is not closed in turn."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words = ""
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.words += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attrs for name, attrs in self.elements if name == tag]


def read(sample: Sample, lang: Lang = Lang.FR) -> Page:
    return Page(html.render(sample.report, lang, sample.collected, sample.sources))


@pytest.fixture(params=["sample", "hostile", "empty", "conform"])
def any_sample(request: pytest.FixtureRequest) -> Sample:
    return request.getfixturevalue(request.param)


@pytest.mark.parametrize("lang", list(Lang))
def test_the_page_is_whole_and_reaches_for_nothing(any_sample: Sample, lang: Lang) -> None:
    page = read(any_sample, lang)
    tags = Counter(name for name, _ in page.elements)
    assert not tags.keys() & {"script", "link", "img", "iframe", "object", "form", "base"}
    assert not [attrs for _, attrs in page.elements if "src" in attrs or "style" in attrs]
    assert not [a for _, attrs in page.elements for a in attrs if a.startswith("on")]
    css = (templates_directory() / "report.css").read_text()
    assert "url(" not in css
    assert "@import" not in css


@pytest.mark.parametrize("lang", list(Lang))
def test_the_page_can_be_heard_and_walked_by_keyboard(any_sample: Sample, lang: Lang) -> None:
    page = read(any_sample, lang)
    assert page.all("html")[0]["lang"] == lang.value
    assert {"header", "nav", "main", "footer"} <= {name for name, _ in page.elements}
    levels = [int(name[1]) for name, _ in page.elements if re.fullmatch(r"h[1-6]", name)]
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    assert all(attrs.get("scope") in ("col", "row") for attrs in page.all("th"))
    ids = [attrs["id"] for _, attrs in page.elements if "id" in attrs]
    assert len(ids) == len(set(ids))
    links = [attrs["href"] or "" for attrs in page.all("a")]
    assert links[0] == "#content"
    assert {link[1:] for link in links if link.startswith("#")} <= set(ids)
    labels = [attrs["aria-labelledby"] for _, attrs in page.elements if "aria-labelledby" in attrs]
    assert set(labels) <= set(ids)


@pytest.mark.parametrize("lang", list(Lang))
def test_hostile_words_come_out_as_words(hostile: Sample, lang: Lang) -> None:
    page = read(hostile, lang)
    assert not page.all("script")
    assert not page.all("b")
    assert "<script>alert(1)</script>" in page.words
    assert "&amp;" in page.words
    assert not HIDDEN.search(page.words)
    assert "x" * 5000 not in page.words


def test_the_same_report_gives_the_same_bytes(sample: Sample) -> None:
    pages = {
        html.render(sample.report, Lang.FR, sample.collected, sample.sources) for _ in range(2)
    }
    assert len(pages) == 1


def test_each_finding_has_its_place_on_the_page(sample: Sample) -> None:
    ids = Counter(attrs["id"] for _, attrs in read(sample).elements if "id" in attrs)
    assert [ids[f.id] for f in sample.report.findings] == [1] * len(sample.report.findings)


def test_an_audit_that_saw_nothing_is_never_green(empty: Sample) -> None:
    page = read(empty)
    assert "Rien n’a été évalué" in page.words
    assert "tile conform" not in html.render(empty.report, Lang.FR)
    assert "Aucun point à corriger" not in page.words
    assert "Aucune question" not in page.words


def test_a_module_with_open_questions_is_not_conform(
    sample: Sample, made: Callable[..., Finding], report_of: Callable[..., Report]
) -> None:
    findings = (made("1" * 16, outcome=Outcome.PASS), made("2" * 16, outcome=Outcome.INCONCLUSIVE))
    text = html.render(report_of(findings, sample.collected), Lang.EN)
    assert "tile conform" not in text
    assert "tile open" in text


def test_what_conforms_is_said_so(conform: Sample) -> None:
    text = html.render(conform.report, Lang.EN)
    assert text.count("tile conform") == 1
    assert text.count("tile none") == 4
    assert "The scope states no formal notice" in text


def test_readable_data_open_the_page_with_the_first_24_hours(
    sample: Sample, made: Callable[..., Finding], report_of: Callable[..., Report]
) -> None:
    assert "Les 24 premières heures" in read(sample).words
    high = made("3" * 16, severity=Severity.HIGH)
    assert "first 24 hours" not in html.render(report_of((high,), sample.collected), Lang.EN)


def test_a_processor_is_told_to_notify_its_controller(
    sample: Sample, made: Callable[..., Finding], report_of: Callable[..., Report]
) -> None:
    scope = msgspec.structs.replace(
        sample.report.scope, organisation=Organisation("Éditeur", role=Role.PROCESSOR)
    )
    critical = made("4" * 16, severity=Severity.CRITICAL)
    text = html.render(report_of((critical,), sample.collected, scope), Lang.EN)
    assert "A processor first notifies the controller" in text


def test_a_deadline_on_a_saturday_stays_and_the_next_working_day_is_information(
    sample: Sample,
) -> None:
    words = read(sample, Lang.EN).words
    assert "Answer due on 5\u00a0December 2026" in words
    assert "the next one is 7\u00a0December 2026" in words
    assert "13 days left" in words


def test_waivers_in_force_and_over_are_both_shown(sample: Sample) -> None:
    words = read(sample).words
    assert "Écart accepté jusqu’au 31\u00a0décembre 2026 par Mme Martin" in words
    assert "Acceptation échue depuis le 1er\u00a0novembre 2026 par Mme Martin" in words


def test_a_declared_condition_says_who_signed(sample: Sample) -> None:
    words = read(sample).words
    assert "M. Durand, directeur technique" in words
    assert "Déclaré" in words


def test_evidence_names_its_instrument_method_and_time(sample: Sample) -> None:
    words = read(sample, Lang.EN).words
    assert "Evidence: web-files 6.3.1, test, 22\u00a0November 2026 09:30 UTC" in words
    assert "data extract" in words


def test_fifty_rules_stay_below_300_kilobytes(
    sample: Sample, made: Callable[..., Finding], report_of: Callable[..., Report]
) -> None:
    failures = tuple(
        made(f"{n:016x}", "words " * 30, rule=f"rule-{n}", severity=Severity.CRITICAL)
        for n in range(50)
    )
    page = html.render(report_of(failures, sample.collected), Lang.FR)
    assert len(page.encode()) < 300_000


def test_no_company_is_named(empty: Sample) -> None:
    words = read(empty).words
    assert "MED-2021-093" in words
    assert "signalée close" in words
    assert "francetest" not in words.lower()


def _luminance(colour: str) -> float:
    full = colour if len(colour) == 7 else "#" + "".join(c * 2 for c in colour[1:])
    parts = [int(full[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: str, other: str) -> float:
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_every_ink_is_legible_on_every_paper() -> None:
    css = (templates_directory() / "report.css").read_text()
    blocks = re.findall(r":root \{(.*?)\}", css, re.DOTALL)
    assert len(blocks) == 3
    for block in blocks:
        colours = dict(re.findall(r"--([a-z]+): (#[0-9a-f]+)", block))
        papers = {colours.pop(name) for name in ("paper", "wash", "urgent")}
        del colours["line"]
        for name, ink in colours.items():
            # WCAG 2.2, criterion 1.4.3 (AA): 4.5 to 1.
            assert min(_contrast(ink, paper) for paper in papers) >= 4.5, name


def test_the_day_judged_for_is_the_only_date_of_an_empty_report(empty: Sample) -> None:
    text = html.render(empty.report, Lang.EN)
    assert dt.date(2026, 11, 22) == empty.report.as_of
    assert "22\u00a0November 2026" in text
    assert "UTC" not in text


def test_evidence_of_many_findings_is_shown_once(
    sample: Sample, made: Callable[..., Finding], report_of: Callable[..., Report]
) -> None:
    findings = [made(f"{n:016x}", location=f"/{n}.csv") for n in range(3)]
    text = html.render(report_of(findings, sample.collected), Lang.EN)
    assert text.count("<details") == 1
    assert text.count("the same as above") == 2


def section(text: str, name: str) -> str:
    begin = text.index(f'<section id="{name}"')
    return text[begin : text.index("</section>", begin)]


def test_the_first_day_lists_only_what_strangers_can_read_now(
    sample: Sample, made: Callable[..., Finding], report_of: Callable[..., Report]
) -> None:
    critical = Severity.CRITICAL
    readable = tuple(
        made(f"{n:016x}", severity=critical, rule=f"rule-{n // 5}", location=f"/export-{n}.csv")
        for n in range(40)
    )
    declared = made(
        "d" * 16, severity=critical, module=Module.HOSTING, location="/declared", rule="z"
    )
    first = section(
        html.render(report_of((*readable, declared), sample.collected), Lang.EN), "first-day"
    )
    assert first.count("<li>") == 8
    assert "/declared" not in first
    assert first.count("and 4 more places") == 8


def test_the_plan_has_dates_a_chart_and_says_what_does_not_fit(
    sample: Sample, made: Callable[..., Finding], report_of: Callable[..., Report]
) -> None:
    long = Remediation(60, Steps(("x",), ("x",)), Text("x", "x"))
    findings = (made("1" * 16), made("2" * 16, rule="host-moved", remediation=long))
    text = html.render(report_of(findings, sample.collected), Lang.EN)
    plan = section(text, "plan")
    assert '<svg class="chart" role="img" aria-labelledby="chart-title"' in plan
    assert plan.count("<rect") == 4
    assert "1 repair fits into the time; 1 does not fit at this pace" in plan
    assert "out of time" in plan
    assert '<time datetime="2026-10-05">' in plan
    assert '<time datetime="2026-12-05">' in plan


def test_the_numbers_of_the_plan_are_those_of_the_points_to_mend(sample: Sample) -> None:
    text = html.render(sample.report, Lang.FR, sample.collected, sample.sources)
    plan = sample.report.plan
    assert plan is not None
    heads = re.findall(r"Règle <code>([^<]+)</code>", text)
    assert heads[: len(plan.repairs)] == [r.rule for r in plan.repairs]


def test_many_repairs_make_a_chart_of_bounded_height(
    sample: Sample, made: Callable[..., Finding], report_of: Callable[..., Report]
) -> None:
    findings = tuple(made(f"{n:016x}", rule=f"rule-{n}") for n in range(90))
    plan = section(html.render(report_of(findings, sample.collected), Lang.EN), "plan")
    assert plan.count("<rect") == 32
    assert "60 more repairs are in the table" in plan


MATRIX = HostingMatrix(
    "saas",
    (
        MatrixActor(
            "<b>Cloud", "providers[0]", "EX-1",
            tuple(ActivityCell(n, "certified" if n == 1 else "none") for n in range(1, 7)),
        ),
    ),
    tuple(ActivityColumn(n, True, "covered" if n == 1 else "nobody", ()) for n in range(1, 7)),
)  # fmt: skip


def test_each_place_is_told_with_its_host_its_sign_and_the_source_of_what_is_said(
    sample: Sample,
) -> None:
    origin = sample.collected.observations[0].provenance
    (scaleway,) = identify(Asked("x.s3.fr-par.scw.cloud"), Tables())
    (nobody,) = identify(Asked("smtp.exemple.fr"), Tables())
    here = ipaddress.ip_address("127.0.0.1")
    (reserved,) = identify(Asked("", (), (here,)), Tables())
    seen = tuple(
        Evidence("./snapshot/", f"/srv/<i>.env:{n}", origin, fact)
        for n, fact in enumerate((scaleway, nobody, reserved))
    )
    collected = msgspec.structs.replace(sample.collected, observations=seen)
    text = html.render(sample.report, Lang.EN, collected, sample.sources)
    rows = re.findall(
        r"<tr><th scope=\"row\"><code>./snapshot/ /srv/&lt;i&gt;.*?</tr>", text.replace("\xa0", " ")
    )
    assert len(rows) == 2
    assert "<td>Scaleway</td>" in rows[0]
    assert "[cnilcheck, 22 November 2026] (strong)" in rows[0]
    assert "said to be in the directory" in rows[0]
    assert "24 July 2026" in rows[0]
    assert "<td>not identified</td><td>–</td><td>–</td>" in rows[1]


def test_the_annexes_hold_the_matrices_and_the_digests(sample: Sample) -> None:
    origin = sample.collected.observations[0].provenance
    fields = LogFields(lines=1000, author=0.5, time_with_zone=1.0, operation=1.0, reference=0.0)
    seen = (Evidence("logs", "access.log", origin, fields),)
    collected = msgspec.structs.replace(sample.collected, observations=seen)
    text = html.render(
        msgspec.structs.replace(sample.report, hosting=MATRIX), Lang.EN, collected, sample.sources,
        digests={"evidence.json": "ab" * 32},
    )  # fmt: skip
    assert '<th scope="col">6. Backup of health data</th>' in text
    assert '<th scope="row">&lt;b&gt;Cloud</th><td class="cell certified">certified</td>' in text
    assert '<td class="cell covered">covered</td><td class="cell nobody">nobody</td>' in text
    assert "Activities to be covered or checked: 2, 3, 4, 5, 6." in text
    assert "<td>1000</td><td>50%</td><td>100%</td><td>100%</td><td>0%</td>" in text
    assert "ab" * 32 in text


def test_a_failure_known_from_the_baseline_is_marked(
    sample: Sample, made: Callable[..., Finding], report_of: Callable[..., Report]
) -> None:
    text = html.render(report_of((made("1" * 16, known=True),), sample.collected), Lang.EN)
    assert "Known already" in text
    assert "1 failure known from the baseline" in text


def test_of_many_places_the_first_ten_show_their_evidence(
    sample: Sample, made: Callable[..., Finding], report_of: Callable[..., Report]
) -> None:
    origin = sample.collected.observations[0].provenance
    findings = [
        made(
            f"{n:016x}",
            location=f"/{n}",
            evidence=(Evidence("t", f"/{n}", origin, StrictTransport(n, False)),),
        )
        for n in range(12)
    ]
    text = html.render(report_of(findings, sample.collected), Lang.EN)
    assert text.count('<details class="proof"') == 10
    assert "Beyond the first ten places, the evidence is in evidence.json." in text
    text = html.render(report_of(findings[:10], sample.collected), Lang.EN)
    assert "Beyond the first ten" not in text


def test_five_thousand_findings_stay_below_five_megabytes(
    sample: Sample, made: Callable[..., Finding], report_of: Callable[..., Report]
) -> None:
    origin = sample.collected.observations[0].provenance
    files = tuple(ReadableFile(f"/{n}.csv", "data_extract", "CSV", n) for n in range(20))
    findings = tuple(
        made(
            f"{n:016x}", rule=f"rule-{n % 220}", location=f"/export-{n}.csv",
            evidence=(Evidence("t", f"/{n}", origin, ReadableFiles(n, files)),),
        )
        for n in range(5000)
    )  # fmt: skip
    page = html.render(report_of(findings, sample.collected), Lang.FR)
    assert len(page.encode()) < 5_000_000


def test_the_fix_for_what_was_seen_comes_first(
    sample: Sample, made: Callable[..., Finding], report_of: Callable[..., Report]
) -> None:
    origin = sample.collected.observations[0].provenance
    server = Evidence("t", "/", origin, ResponseHeaders({"server": "Nginx/1.18 (Debian)"}))
    fixes = (Fix("Apache", "Options -Indexes"), Fix("nginx", "autoindex off;"), Fix("PHP", "x"))
    mend = msgspec.structs.replace(made("1" * 16).remediation, fixes=fixes)
    finding = made("1" * 16, remediation=mend, evidence=(server,))
    text = html.render(report_of((finding,), sample.collected), Lang.EN)
    captions = re.findall(r"<figcaption>([^<]+)</figcaption>", text)
    assert captions == ["nginx (seen here)", "Apache", "PHP"]
    assert "<summary>For other software (Apache, PHP)</summary>" in text
    unseen = msgspec.structs.replace(finding, evidence=())
    text = html.render(report_of((unseen,), sample.collected), Lang.EN)
    assert "For other software" not in text
