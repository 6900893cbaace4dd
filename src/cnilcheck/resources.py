"""Where `rules/` and `reports/templates/` lie: in the checkout, or inside the wheel."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
_CHECKOUT = _PACKAGE.parent.parent


def rules_directory() -> Path:
    """Return the folder of the rule modules and of `tables/`."""
    return _find(_CHECKOUT / "rules", _PACKAGE / "_data" / "rules")


def templates_directory() -> Path:
    """Return the folder of the report templates."""
    return _find(_CHECKOUT / "reports" / "templates", _PACKAGE / "_data" / "templates")


def _find(checkout: Path, packaged: Path) -> Path:
    # The checkout comes first only when it really is ours: a wheel lives in site-packages, whose
    # grandparent could hold any folder named `rules`.
    if (_CHECKOUT / "src" / "cnilcheck").resolve() == _PACKAGE and checkout.is_dir():
        return checkout
    return packaged
