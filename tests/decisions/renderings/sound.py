"""A deployment in order, for the decisions in which nothing was found: all of it must stay silent."""

from __future__ import annotations

from decisions.deployment import Deployment
from decisions.harness import Place, at, renders, variants

_NONE = at("", "")
_MOST = 9


@renders("decoy", "declaration")
def sound_server(deployment: Deployment) -> Place:
    """What other decisions were about, done right: several renderings, each as its mended twin."""
    by_weakness = {v.weakness: v for v in deployment.draw.sample(variants(), len(variants()))}
    others = sorted(name for name in by_weakness if name != "decoy")
    # For good: what a site answers may look at it later.
    deployment.mended = True
    for weakness in deployment.draw.sample(others, min(_MOST, len(others))):
        by_weakness[weakness].render(deployment)
    return _NONE


@renders("decoy", "sample")
def pseudonymous_extract(deployment: Deployment) -> Place:
    """An extract for statistics: a code that stays with each patient, no name, no date of birth."""
    draw = deployment.draw
    code = deployment.pick("code_patient", "id_pseudonyme", "subject_id")
    lines = [f"{code};annee;acte;duree"]
    for _ in range(draw.randint(20, 60)):
        act = draw.choice(("C", "G", "GS", "APC"))
        lines.append(
            f"{draw.randbytes(8).hex()};{draw.randint(2015, 2023)};{act};{draw.randint(5, 40)}"
        )
    path = deployment.write(
        deployment.pick("etude/extrait.csv", "export/cohorte.csv"), "\n".join(lines) + "\n"
    )
    deployment.source("data_samples", {"path": path, "kind": "extract"})
    return _NONE
