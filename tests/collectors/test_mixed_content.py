"""What an HTTPS page loads or sends over plain HTTP is told; links one may follow are not."""

from __future__ import annotations

import pytest

from cnilcheck.collectors.mixed_content import insecure_parts

PAGE = "https://app.example/rendez-vous"


@pytest.mark.parametrize(
    ("html", "element"),
    [
        ('<script src="http://cdn.example/a.js"></script>', "script"),
        ("<img src=http://img.example/x.png>", "img"),
        ("<link rel='stylesheet' href='http://cdn.example/a.css'>", "link"),
        ('<IFRAME SRC="HTTP://maps.example/"></IFRAME>', "iframe"),
        ('<object data="http://x.example/a.pdf"></object>', "object"),
    ],
)
def test_a_part_loaded_over_http_is_told(html: str, element: str) -> None:
    (part,) = insecure_parts(html, PAGE)
    assert (part.page, part.element) == ("/rendez-vous", element)


@pytest.mark.parametrize(
    "html",
    [
        '<script src="https://cdn.example/a.js"></script>',
        '<script src="/a.js"></script><img src="//img.example/x.png">',
        '<a href="http://ameli.example/">lien</a>',
        '<link rel="canonical" href="http://app.example/">',
        '<img src="data:image/png;base64,xxxx">',
        "<p>http://written.example/</p>",
        '<img src="http://[::1">',
    ],
)
def test_what_is_safe_or_only_a_link_is_not(html: str) -> None:
    assert list(insecure_parts(html, PAGE)) == []


def test_a_query_that_names_a_person_is_left_out() -> None:
    (part,) = insecure_parts('<img src="http://t.example/p.gif?nom=Martin&nir=1">', PAGE)
    assert part.address == "http://t.example/p.gif"


def test_hostile_markup_ends_in_time() -> None:
    assert list(insecure_parts("<script " * 60_000 + "src=" * 60_000, PAGE)) == []
