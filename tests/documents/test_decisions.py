"""A table of decisions that is wrong is refused, with the entry that is."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path

import pytest
import yaml

from cnilcheck.documents.decisions import read_decisions
from cnilcheck.errors import RuleError

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
