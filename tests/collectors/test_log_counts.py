"""Counts of logs are exact: those of a generator that knows, and those of a reader of lines."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cnilcheck.collectors import log_files
from cnilcheck.collectors.log_columns import Columns
from cnilcheck.collectors.log_formats import FORMATS
from cnilcheck.collectors.log_layouts import KNOWN_LAYOUTS
from cnilcheck.collectors.log_personal import PersonalData, decoded
from cnilcheck.collectors.log_reading import Lines, Manner, Reading
from cnilcheck.collectors.log_tally import Tally
from cnilcheck.model.personal_data import personal_values
from collectors import log_generator as made

COMBINED = next(layout for layout in KNOWN_LAYOUTS if layout.name == "combined")
_SLOW = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def read(path: Path) -> Reading:
    reading = Reading(Manner())
    reading.take_in(path, path.name)
    return reading


@pytest.mark.parametrize("name", made.FORMATS)
@_SLOW
@given(
    seed=st.integers(0, 10_000), count=st.integers(1, 300), block=st.integers(300, 5_000),
    anonymous=st.sampled_from([0.0, 0.3, 1.0]), nirs=st.sampled_from([0.0, 0.2]),
)  # fmt: skip
def test_events_fields_and_personal_data_are_counted_exactly(
    name: str, seed: int, count: int, block: int, anonymous: float, nirs: float, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    happened = list(made.events(seed, count, anonymous=anonymous, nirs=nirs))
    text, truth = made.write_log(name, happened)
    path = tmp_path / "a.log"
    path.write_text(text)
    monkeypatch.setattr(log_files, "BLOCK", block)
    reading = read(path)
    tally = reading.tally
    assert reading.format == name
    assert (tally.lines, tally.unparsed) == (truth.lines, 0)
    assert tally.unclassified == truth.unclassified
    found = {event.category: event for event in tally.events(("a.log",))}
    assert {category: event.events for category, event in found.items()} == dict(truth.events)
    head = text.count("#Fields")
    for category, event in found.items():
        assert event.first == f"a.log:{truth.first[category] + head}"
        assert {c.field: c.filled for c in event.fields} == {
            f: truth.filled[category, f] for f in ("time", "author", "operation", "reference",
            "outcome", "origin", "equipment", "correlation")
        }, category  # fmt: skip
    assert tally.personal.counts["nir"] == truth.nirs
    assert tally.first == int(happened[0].at.timestamp())
    assert tally.last == int(happened[-1].at.timestamp())


_PIECES = st.sampled_from([
    '192.0.2.1 - lea [03/Nov/2026:10:00:00 +0100] "GET /dossiers/12 HTTP/1.1" 200 12 "-" "-"',
    '192.0.2.1 - - [03/Nov/2026:10:00:59 +0100] "GET /x?nom=\\"a\\" HTTP/1.1" 404 - "-" "b \\" c"',
    '127.0.0.1 - admin [31/Feb/2026:10:00:00 +0100] "POST /connexion HTTP/1.1" 302 1 "-" "-"',
    '127.0.0.1 - marie anne [04/Nov/2026:23:59:00 -0330] "" 400 0 "-" "-"',
    '::1 - u1 [04/Nov/2026:23:59:58 +0000] "DELETE /patients/a%40b.fr HTTP/2" 204 0 "/r?token=abcd1" "x"',
    '1.2.3.4 - u2 [05/Nov/2026:00:00:01 +0000] "GET /a" 200 5 "https://a/?c=l@a.example" "bot@b.example"',
    '1.2.3.4 - u2 [05/Nov/2026:00:00:01 +0000] "GET /a 200 5 "-" "-"',
    '1.2.3.4 - u2 [xx/Nov/2026:00:00:01 +0000] "GET /a" 200 5 "-" "-"',
    '"', '\\"', "", " ", "  at foo()", "garbage", "\x00\x01\x1b[31m", "é\udc80", '" "', "a\r",
])  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(lines=st.lists(_PIECES, max_size=12), joined=st.booleans())
def test_a_block_is_counted_as_its_lines_are(lines: list[str], joined: bool) -> None:
    text = ("" if joined else "\n").join(lines)
    block = (text + "\n").encode("utf-8", "surrogateescape").replace(b"\r\n", b"\n")
    whole, single = Tally(), Tally()
    rest = Lines(FORMATS["web access"], 1_795_000_000, whole, 0)
    columns = Columns(COMBINED, whole, 0, rest.take_line)
    count = columns.take(block, 1)
    columns.end()
    assert count == Lines(FORMATS["web access"], 1_795_000_000, single, 0).take(block, 1)
    for name in ("lines", "unparsed", "first", "last", "cells", "unclassified", "counted", "timed",
                 "operations", "references", "named", "named_expected", "authors", "offsets"):  # fmt: skip
        assert getattr(whole, name) == getattr(single, name), name
    assert whole.minutes.days == single.minutes.days


_TEXTS = st.sampled_from([
    "1850175116001", "185017511600157", "1 85 01 75 116 001 57", "2850a", "06 12 34 56 78",
    "0612345678", "+33612345678", "+33 (0)6 12 34 56 78", "l@a.example", "@", "naissance=1980-04-03",
    "né le 03/04/1980", "resultat=positif", "patient négatif", "mdp=Secret12", "password: abcd",
    "token", "=", "IDENTIFIED BY 'abcd'", "FR76 3000 6000 0112 3456 7890 189", "rpps 10000000001",
    "FR7630006000011234567890189", "authorization: Bearer abcdef", " ", "/", ",", "1", "0", "\u00a0",
    "eyJhbGciOiJIUzI1.eyJzdWIiOiIxMjM0.abc", "api_key=\"k1234\"", "PHPSESSID=abcd12",
])  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(parts=st.lists(st.lists(_TEXTS, max_size=5).map("".join), max_size=6))
def test_the_signs_lose_nothing_that_the_finders_find(parts: list[str]) -> None:
    expected = {
        kind: sum(len(values) for part in parts for k, values in personal_values(part) if k == kind)
        for kind in ("nir", "email", "phone", "birth_date", "test_result", "credential", "iban", "rpps")
    }  # fmt: skip
    data = PersonalData()
    for _ in range(2):
        data.counts.clear()
        data.search("\n".join(parts).encode())
        assert {kind: data.counts[kind] for kind in expected} == expected


def test_a_newline_hidden_in_an_address_does_not_make_a_line() -> None:
    data = PersonalData()
    data.search(decoded(b"GET /a%0Amdp=Secret12\nGET /b"))
    assert data.counts == {"credential": 1}
