"""Processors nobody looks after, as people declare it."""

from __future__ import annotations

from decisions.deployment import Deployment
from decisions.harness import Place, at, renders


@renders("processor-not-overseen", "declaration")
def processor_left_alone(deployment: Deployment) -> Place:
    """Asked how often the processors are reviewed, people answer: never."""
    rhythm, checked = deployment.pick("yearly", "quarterly"), deployment.pick(True, False)
    answers = {"processors_reviewed": rhythm, "processor_tools_checked": True}
    if not deployment.mended:
        answers = {"processors_reviewed": "never", "processor_tools_checked": checked}
    deployment.declare("security", **answers)
    return at("declarations.security", "")
