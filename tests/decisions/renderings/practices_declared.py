"""What only people can answer of how security is kept up: tests, risks, measures, rights."""

from __future__ import annotations

from decisions.deployment import Deployment
from decisions.harness import Place, at, renders

_DECLARED = at("declarations.security", "")


@renders("no-security-testing", "declaration")
def never_tested(deployment: Deployment) -> Place:
    """Asked how often the security is tested, people answer: never."""
    rhythm = deployment.pick("yearly", "quarterly", "monthly")
    deployment.declare("security", tests=rhythm if deployment.mended else "never")
    return _DECLARED


@renders("no-security-testing", "declaration")
def no_risk_analysis(deployment: Deployment) -> Place:
    """Nobody had weighed the risks before the service went live."""
    deployment.declare("security", risk_analysis=deployment.mended)
    return _DECLARED


@renders("no-security-testing", "declaration")
def measures_overdue(deployment: Deployment) -> Place:
    """Measures that an impact assessment had decided are still waiting after their date."""
    overdue = deployment.draw.randint(1, 12)
    deployment.declare("security", overdue_measures=0 if deployment.mended else overdue)
    return _DECLARED


@renders("excessive-rights", "declaration")
def rights_unlimited(deployment: Deployment) -> Place:
    """Everybody reads everybody's file."""
    rhythm = deployment.pick("quarterly", "yearly")
    reviewed = rhythm if deployment.mended else "never"
    deployment.declare("security", rights_limited=deployment.mended, rights_reviewed=reviewed)
    return _DECLARED
