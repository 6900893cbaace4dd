"""Why a tool and the truth disagree on a server of the laboratory: data, read by `tls_peers.py`."""

from __future__ import annotations

import re

WHY: tuple[tuple[str, str, str, str], ...] = ()
"""Tool, server and disagreement, each a pattern, then the reason; the first that fits counts."""


def explain(tool: str, server: str, what: str) -> str | None:
    """Return the reason of a disagreement, None when nobody has given one."""
    for tools, servers, disagreement, reason in WHY:
        fits = (re.fullmatch(tools, tool), re.fullmatch(servers, server))
        if all(fits) and re.fullmatch(disagreement, what):
            return reason
    return None
