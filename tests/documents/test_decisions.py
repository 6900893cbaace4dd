"""A table of decisions that is wrong is refused, with the entry that is."""

from __future__ import annotations

import datetime as dt
from copy import deepcopy
from pathlib import Path

import pytest
import yaml

from cnilcheck.checks.registry import checks
from cnilcheck.documents.decisions import read_decisions
from cnilcheck.documents.rules import load_catalogue
from cnilcheck.errors import RuleError
from cnilcheck.model.decision import named_by
from cnilcheck.model.scope import Notice
from cnilcheck.resources import rules_directory

ENTRY = {
    "id": "SAN-2022-000", "date": "2022-04-15", "authority": "CNIL",
    "organisation": {"fr": "L'organisme", "en": "The body"}, "kind": "sanction", "fine": 1000,
    "source": "https://example.org/",
    "shortcomings": [
        {"weakness": "no-tls", "evidence": "verified", "scorable": "yes",
         "what": {"fr": "l'accès n'était pas chiffré", "en": "access was not encrypted"}}
    ],
}  # fmt: skip


def write(tmp_path: Path, *entries: dict[str, object]) -> Path:
    (tmp_path / "tables").mkdir(exist_ok=True)
    text = yaml.safe_dump(list(entries), allow_unicode=True).replace("'2022-04-15'", "2022-04-15")
    (tmp_path / "tables" / "decisions.yaml").write_text(text)
    return tmp_path


def test_a_decision_is_read_with_its_typography(tmp_path: Path) -> None:
    (decision,) = read_decisions(write(tmp_path, ENTRY), {"no-tls"})
    assert decision.shortcomings[0].what.fr == "l’accès n’était pas chiffré"
    assert decision.decided_in == 2022


@pytest.mark.parametrize(
    ("entries", "says"),
    [
        ((ENTRY, deepcopy(ENTRY)), "is there twice"),
        ((ENTRY | {"date": None},), "needs a `date` or a `year`"),
        ((ENTRY | {"finne": 1},), "did you mean `fine`"),
        ((ENTRY | {"kind": "fine"},), "kind"),
    ],
)
def test_a_wrong_entry_is_named(
    entries: tuple[dict[str, object], ...], says: str, tmp_path: Path
) -> None:
    with pytest.raises(RuleError, match=says):
        read_decisions(write(tmp_path, *entries), {"no-tls"})


def test_a_weakness_nobody_knows_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RuleError, match="no weakness `no-tls`"):
        read_decisions(write(tmp_path, ENTRY), {"other"})


def test_a_public_notice_names_its_weaknesses_and_the_module_where_only_the_class_was_read() -> (
    None
):
    known = load_catalogue(rules_directory(), checks())
    families = {name: weakness.family for name, weakness in known.weaknesses.items()}
    decisions = read_decisions(rules_directory(), known.weaknesses)
    notice = Notice(dt.date(2026, 11, 2), reference="MED-2021-093")
    named = named_by(notice, decisions, families)
    assert {"no-hds-host", "authentication", "cryptography", "logs-incomplete"} <= named
    assert "weak-password-hash" not in named


def test_what_the_scope_file_says_of_the_notice_comes_first() -> None:
    notice = Notice(dt.date(2026, 11, 2), names=("no-tls",))
    assert named_by(notice, (), {}) == {"no-tls"}
    assert named_by(None, (), {}) == set()
