"""Each target of a scope file has its line."""

from __future__ import annotations

import pytest

from cnilcheck.documents.lines import lines_of_targets

TEXT = """\
version: 1
targets:
  - url: https://a.fr/
    protected: [/x.pdf]
  - {host: db.a.fr, ports: [5432]}
declarations:
  hosting:
    providers: []
"""


def test_values_and_keys_have_the_line_they_stand_on() -> None:
    lines = lines_of_targets(TEXT.encode())
    assert (lines["https://a.fr/"], lines["db.a.fr"], lines["declarations.hosting"]) == (3, 5, 7)
    assert lines["targets.protected"] == 4


def test_the_first_place_counts() -> None:
    assert lines_of_targets(b"a: x\nb: x\n")["x"] == 1


@pytest.mark.parametrize("text", [b"", b"a: [", b"\xff\xfe\x00", b"\x00"])
def test_what_is_no_yaml_has_no_lines(text: bytes) -> None:
    assert lines_of_targets(text) == {}


def test_an_alias_is_followed_once_and_not_for_ever() -> None:
    bomb = "a: &a [x]\n" + "".join(f"b{n}: [*a, *a]\n" for n in range(100))
    assert lines_of_targets(bomb.encode())["x"] == 1
