"""Answers compared: what every one says by itself is no difference."""

from __future__ import annotations

import itertools

import pytest

from cnilcheck.collectors.active_answers import differences, lines_of, told_by
from cnilcheck.collectors.transport import Answer
from cnilcheck.model.facts import Difference

NAME = "essai@example.org"
_NUMBERS = itertools.count()


def told(body: str, name: str = NAME, status: int = 200, **headers: str):  # type: ignore[no-untyped-def]
    listed = tuple((key.replace("_", "-"), value) for key, value in headers.items())
    answer = Answer("http://127.0.0.1/in", status, listed, body.encode(), False, 0.01)
    return told_by(answer, answer, name)


def test_tokens_numbers_scripts_and_the_name_itself_are_no_difference() -> None:
    def answer(name: str) -> str:
        number = next(_NUMBERS)
        return (
            f"<p>Refused for {name} at 12:{number:02}</p><script>var t={number}</script>"
            f"<input type=hidden value=tok{number}><p>Ref {number:032x}</p><!-- {number} -->"
        )

    other = "qwkzvb@example.org"
    assert (
        differences(
            [told(answer(NAME)) for _ in range(3)], [told(answer(other), other) for _ in range(3)]
        )
        == ()
    )


def test_a_line_that_comes_and_goes_is_no_difference() -> None:
    pages = [told("<p>No</p>"), told("<p>No</p><p>Tip of the day</p>")]
    assert differences([*pages, pages[0]], [*pages, pages[1]]) == ()


@pytest.mark.parametrize(
    ("real", "invented", "found"),
    [
        (told("<p>Wrong password</p>"), told("<p>Unknown account</p>"), ("message",)),
        (told("x", status=403), told("x", status=401), ("status",)),
        (
            told("", status=302, Location="/in?e=password"),
            told("", status=302, Location="/in?e=account"),
            ("redirection",),
        ),
        (told("<p>No</p>", Set_Cookie="tries=1"), told("<p>No</p>"), ("cookies",)),
        (told("<p class=a>No</p>"), told("<p>No</p>"), ("length",)),
    ],
)
def test_what_all_of_one_kind_say_and_none_of_the_other_is_a_difference(
    real: object, invented: object, found: tuple[Difference, ...]
) -> None:
    assert found == differences([real] * 3, [invented] * 3)  # type: ignore[list-item]


@pytest.mark.parametrize(
    "page",
    ["<script>" * 60_000, "<" * 500_000, "<!--" * 100_000, "&" * 500_000, "<a b=" * 100_000],
    ids=["scripts", "brackets", "comments", "ampersands", "attributes"],
)
def test_a_hostile_page_is_read_within_bounds(page: str) -> None:
    assert "Refused" in lines_of(f"<p>Refused</p>{page}")


def test_a_document_that_is_no_page_is_one_line() -> None:
    assert lines_of('{"error": "no such account 12"}') == ['{"error": "no such account 0"}']
