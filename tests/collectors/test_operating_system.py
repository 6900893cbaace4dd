"""The operating system of a copied tree: named with the day its maker stops mending it."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from cnilcheck.checks.exposure import software_supported
from cnilcheck.collectors.base import Journal, Nothing, Seen, Tools
from cnilcheck.collectors.operating_system import OperatingSystem
from cnilcheck.model.facts import SoftwareVersions
from cnilcheck.model.scope import Limits, Scope, Sources
from cnilcheck.model.verdict import Context
from cnilcheck.model.words import Outcome

TODAY = Context(dt.date(2026, 11, 26))


def seen(folder: Path, text: str | None) -> object:
    (folder / "etc").mkdir()
    if text is not None:
        (folder / "etc/os-release").write_text(text)
    scope = Scope(1, sources=Sources(system=str(folder)))
    tools = Tools(folder, scope, Journal(), Limits())
    (task,) = OperatingSystem().tasks(scope)
    (sighting,) = OperatingSystem().observe(task, tools)
    return sighting


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ('NAME="Debian GNU/Linux"\nVERSION_ID="10"\n', Outcome.FAIL),
        ('NAME="Debian GNU/Linux"\nVERSION_ID="12"\n', Outcome.PASS),
        ('NAME="CentOS Linux"\nVERSION_ID="7"\n', Outcome.FAIL),
        ('NAME="Ubuntu"\nVERSION_ID="18.04"\n', Outcome.INCONCLUSIVE),
        ('NAME="Ubuntu"\nVERSION_ID="99.04"\n', Outcome.INCONCLUSIVE),
        ('NAME="Own Linux"\nVERSION_ID="3"\n', Outcome.INCONCLUSIVE),
    ],
)
def test_a_system_past_its_end_is_told(text: str, outcome: Outcome, tmp_path: Path) -> None:
    sighting = seen(tmp_path, text)
    assert isinstance(sighting, Seen)
    assert sighting.location == "/etc/os-release"
    assert isinstance(sighting.fact, SoftwareVersions)
    verdict = software_supported(sighting.fact, TODAY)
    assert verdict is not None
    assert verdict.outcome is outcome  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "text", [None, "", "NAME=Debian\n", "NAME=x\nVERSION_ID=\x1b[31m\n", "=" * 5000]
)
def test_a_tree_that_does_not_say_has_nothing_to_judge(text: str | None, tmp_path: Path) -> None:
    assert isinstance(seen(tmp_path, text), Nothing)
