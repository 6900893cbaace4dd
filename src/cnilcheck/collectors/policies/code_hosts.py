"""What the settings of a code host (GitHub, GitLab) demand of those who reach the source code."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cnilcheck.collectors.base import Seen
from cnilcheck.collectors.policies.texts import line_of
from cnilcheck.model.facts import Opening, SignInOpenings

# REST resources `orgs/{org}` of GitHub; `groups/{id}` and `application/settings` of GitLab.
_KEYS = {
    "two_factor_requirement_enabled": "GitHub",
    "require_two_factor_authentication": "GitLab",
}


def read_code_host(document: Any, text: str, path: str) -> Iterator[Seen]:
    """Yield whether an organisation, a group or an instance demands a second factor."""
    if not isinstance(document, dict):
        return
    for key, product in _KEYS.items():
        asked = document.get(key)
        if isinstance(asked, bool):
            place = f"{path}:{line_of(text, key)}"
            found = () if asked else (Opening("single_factor", place, key),)
            yield Seen(place, SignInOpenings(product, ("single_factor",), found))
