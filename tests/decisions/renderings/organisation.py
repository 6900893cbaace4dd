"""What only people can answer: declared as the authority found it, or as it should be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from decisions.deployment import Deployment
from decisions.harness import Place, Rendering, at, renders

# The answers that go together, by weakness: the good ones; any of them may be the bad one.
_PRACTICES: dict[str, dict[str, tuple[str, Mapping[str, Any]]]] = {
    "processor-not-overseen": {
        "tool_not_checked": (
            "processor_tools_checked",
            {"processors_reviewed": "yearly", "processor_tools_checked": True},
        ),
        "processor_never_reviewed": (
            "processors_reviewed",
            {"processors_reviewed": "quarterly", "processor_tools_checked": True},
        ),
    },
    "weak-backup": {
        "restore_never_tried": (
            "restore_tests", {"restore_tests": "monthly", "backups_apart": True}
        ),
        "backup_within_reach": (
            "backups_apart", {"restore_tests": "yearly", "backups_apart": True}
        ),
    },
    "workstation-unprotected": {
        answer: (
            answer,
            {
                "workstations_lock": True,
                "workstations_encrypted": True,
                "workstations_unprivileged": True,
            },
        )
        for answer in ("workstations_lock", "workstations_encrypted", "workstations_unprivileged")
    },
    "excessive-rights": {
        answer: (
            answer,
            {"rights_limited": True, "rights_reviewed": "quarterly", "extracts_approved": True},
        )
        for answer in ("rights_limited", "rights_reviewed", "extracts_approved")
    },
    "no-security-testing": {
        "never_tested": ("tests", {"tests": "yearly"}),
        "released_untested": (
            "tests_before_release", {"tests_before_release": True, "risk_analysis": True}
        ),
        "no_risk_analysis": ("risk_analysis", {"tests_before_release": True, "risk_analysis": True}),
        "no_migration_procedure": ("migration_procedure", {"migration_procedure": True}),
    },
    "production-data-in-test": {"tested_on_production": ("test_data", {"test_data": "invented"})},
    "residual-data": {"nothing_deleted": ("deleted_when_due", {"deleted_when_due": True})},
    "cleartext-transfer": {"papers_by_mail": ("papers_sent_encrypted", {"papers_sent_encrypted": True})},
    "media-not-wiped": {"media_reused": ("media_wiped", {"media_wiped": True})},
}  # fmt: skip
_BAD = {"tests": "never", "test_data": "production"}


def _declared(answer: str, good: Mapping[str, Any]) -> Rendering:
    def render(deployment: Deployment) -> Place:
        bad = _BAD.get(answer, "never" if isinstance(good[answer], str) else False)
        answers = dict(good) if deployment.mended else {**good, answer: bad}
        deployment.declare("security", **answers)
        return at("declarations.security", "security")

    return render


for _weakness, _ways in _PRACTICES.items():
    for _name, (_answer, _good) in _ways.items():
        renders(_weakness, "declaration", _name)(_declared(_answer, _good))


@renders("weak-pseudonymisation", "declaration")
def outdated_pseudonyms(deployment: Deployment) -> Place:
    """Pseudonyms by an old function, or one without a key, or whose key lies beside the data."""
    what = deployment.pick("entrepôt", "base de remboursements", "registry", "études")
    bad = deployment.pick(
        {"method": "hash", "function": deployment.pick("SHA-1", "MD5", "SHA-256")},
        {"method": "keyed_hash", "function": "FOIN", "key_kept_apart": True},
        {"method": "encryption", "function": "3DES", "key_kept_apart": True},
        {"method": "keyed_hash", "function": "HMAC-SHA-256", "key_kept_apart": False},
    )
    good = deployment.pick(
        {"method": "keyed_hash", "function": "HMAC-SHA-256", "key_kept_apart": True},
        {"method": "random_table", "key_kept_apart": True},
    )
    deployment.declare(
        "security", pseudonyms=[{"what": what, **(good if deployment.mended else bad)}]
    )
    return at("declarations.security", f"pseudonyms[0] ({what})")
