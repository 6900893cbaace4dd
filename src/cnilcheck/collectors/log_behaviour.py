"""What clients and accounts do that a log shows: failures in a row, identifiers one by one."""

from __future__ import annotations

import ipaddress
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from cnilcheck.collectors.log_places import Line, further

WINDOW = 600
_MAX_KEPT = 50_000
_MAX_ROWS = 3_000
HEAVY = 20
"""Lines in a block from which on a client is looked at."""
_SHOWN = 20
_BLOCKED = frozenset({"423", "429"})
_RECORD = re.compile(
    rb"[A-Z]{3,7} (?:([^ ?]{1,200}/)(\d{1,15})(?=[./? ]|$)"
    rb"|([^ ?]{1,200}\?(?:[^ &]{1,60}&){0,5}\w{0,12}"
    rb"(?:id|num|no|ref|doc|dossier|facture|order|file)\w{0,12}=)"
    rb"(\d{1,15})(?=[& ]|$))",
    re.IGNORECASE,
)


@dataclass
class Burst:
    """Failed sign-ins of one client in ten minutes; `refused` of them by a limit."""

    client: str
    start: int
    first: Line
    attempts: int = 0
    refused: int = 0


@dataclass
class Walk:
    """Records one client was given whose numbers follow each other, below one address."""

    client: str
    address: str
    first: Line
    start: int
    end: int
    last: int
    steps: int = 0
    begun: int = 0
    """The first record."""


@dataclass
class Behaviour:
    """What was noted so far; names and addresses of clients only while the log is read."""

    bursts: dict[tuple[str, int], Burst] = field(default_factory=dict)
    walks: dict[tuple[str, str], Walk] = field(default_factory=dict)
    failures: int = 0

    def failed_sign_in(self, client: str, epoch: int, at: Line, status: str = "") -> None:
        """Note one failed sign-in of a client."""
        self.failures += 1
        key = client, epoch // WINDOW
        if key not in self.bursts:
            if len(self.bursts) >= _MAX_KEPT:
                return
            self.bursts[key] = Burst(client, epoch, at)
        burst = self.bursts[key]
        burst.attempts += 1
        burst.refused += status in _BLOCKED

    def requests(
        self, clients: Sequence[bytes], requests: Sequence[bytes], statuses: Sequence[bytes],
        epochs: Sequence[int], numbers: Sequence[int], file: int,
    ) -> None:  # fmt: skip
        """Note the records that busy clients were given; those with few lines walk nowhere."""
        counts = Counter(clients)
        if max(counts.values()) < HEAVY:
            return
        busy = {client for client, count in counts.most_common(5) if count >= HEAVY}
        rows = [n for n, client in enumerate(clients) if client in busy]
        for n in rows[:_MAX_ROWS]:
            found = _RECORD.match(requests[n]) if statuses[n][:1] == b"2" else None
            if found is not None:
                address, record = found[1] or found[3], found[2] or found[4]
                self._given(
                    clients[n].decode("utf-8", "replace"), address.decode("utf-8", "replace"),
                    int(record), epochs[n], (file, numbers[n]),
                )  # fmt: skip

    def _given(self, client: str, address: str, record: int, epoch: int, at: Line) -> None:
        walk = self.walks.get((client, address))
        if walk is None:
            if len(self.walks) < _MAX_KEPT:
                self.walks[client, address] = Walk(
                    client, address, at, epoch, epoch, record, begun=record
                )
            return
        walk.steps += abs(record - walk.last) == 1
        walk.last, walk.end = record, epoch

    def join(self, end: Behaviour, lines: int) -> None:
        """Add what clients do at the end of the last file, after so many lines."""
        self.failures += end.failures
        for window, late in end.bursts.items():
            burst = self.bursts.get(window)
            if burst is None and len(self.bursts) < _MAX_KEPT:
                self.bursts[window] = replace(late, first=further(late.first, lines))
            elif burst is not None:
                burst.attempts += late.attempts
                burst.refused += late.refused
        for path, more in end.walks.items():
            walk = self.walks.get(path)
            if walk is None and len(self.walks) < _MAX_KEPT:
                self.walks[path] = replace(more, first=further(more.first, lines))
            elif walk is not None:
                walk.steps += more.steps + (abs(more.begun - walk.last) == 1)
                walk.last, walk.end = more.last, more.end

    def largest_bursts(self) -> list[Burst]:
        """Return the windows with most failures that no limit refused."""
        ordered = sorted(self.bursts.values(), key=lambda b: (b.refused - b.attempts, b.start))
        return ordered[:_SHOWN]

    def longest_walks(self) -> list[Walk]:
        """Return the walks with most steps."""
        ordered = sorted(self.walks.values(), key=lambda w: (-w.steps, w.start))
        return [walk for walk in ordered[:_SHOWN] if walk.steps]


def network_of(client: str) -> str:
    """Return the network of a client's address, which names nobody: /24, or /48 of IPv6."""
    try:
        address = ipaddress.ip_address(client.strip("[]"))
    except ValueError:
        return ""
    prefix = 24 if address.version == 4 else 48
    return str(ipaddress.ip_network(f"{address}/{prefix}", strict=False))
