"""What an audit is about to ask of each host: how many requests, at what pace, for how long."""

from __future__ import annotations

import math
from collections import Counter

from cnilcheck.cli.words import LANG, say
from cnilcheck.collectors.base import pace_of
from cnilcheck.collectors.transport import endpoint
from cnilcheck.collectors.web_search import planned
from cnilcheck.model.addresses import is_loopback
from cnilcheck.model.personal_data import printable
from cnilcheck.model.scope import Scope, WebTarget
from cnilcheck.model.text import spell


def announced(scope: Scope) -> tuple[str, ...]:
    """Return a line for each host of the web targets; loopback hosts are nobody else's."""
    targets = (t for t in scope.targets if isinstance(t, WebTarget))
    hosts = Counter(endpoint(target.url)[1] for target in targets)
    return tuple(_line(scope, h, n) for h, n in hosts.items() if not is_loopback(h))


def _line(scope: Scope, host: str, targets: int) -> str:
    limits = scope.limits
    pace = pace_of(limits, host)
    requests = min(planned(limits, host) * targets, limits.requests_per_host)
    seconds = math.ceil(requests / pace / 5) * 5
    name, most, how_long = printable(host, 80), spell(requests, LANG), spell(seconds, LANG)
    return say(
        f"{name} : environ {most} requêtes pour le site, {pace:g} par seconde, soit {how_long} s. "
        "Toutes sont inscrites dans journal.jsonl.",
        f"{name}: about {most} requests for the site, {pace:g} a second, about {how_long} s. "
        "Each is written to journal.jsonl.",
    )
