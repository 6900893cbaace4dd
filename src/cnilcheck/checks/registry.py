"""Every check by the name rules give it: `module.check_name`."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from types import ModuleType

from cnilcheck.checks import (
    authentication,
    cryptography,
    exposure,
    hosting,
    identification,
    issued_passwords,
    logging,
    logging_accounts,
    logging_coverage,
    logging_lines,
    logging_settings,
    practices,
    sign_in,
    tokens,
)
from cnilcheck.model.verdict import Answer

_MODULES: tuple[ModuleType, ...] = (
    hosting,
    identification,
    authentication,
    issued_passwords,
    cryptography,
    logging,
    logging_coverage,
    logging_accounts,
    logging_lines,
    logging_settings,
    practices,
    sign_in,
    tokens,
    exposure,
)


def checks() -> Mapping[str, Callable[..., Answer]]:
    """Return the public functions of the modules of checks."""
    return {
        f"{module.__name__.rpartition('.')[2]}.{name}": function
        for module in _MODULES
        for name, function in inspect.getmembers(module, inspect.isfunction)
        if function.__module__ == module.__name__ and not name.startswith("_")
    }
