"""What one line of a log says, whatever its format."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, TypeAlias

from cnilcheck.collectors.log_events import LOOPBACK, WebKind, names_a_person
from cnilcheck.collectors.log_order import Numbered
from cnilcheck.collectors.log_tally import Flags
from cnilcheck.model.logging_matrix import EventCategory


class Entry(NamedTuple):
    """What one line says; `offset` is None when its time has no zone."""

    epoch: int
    offset: int | None
    author: str
    operation: bool
    reference: bool
    counts: bool
    """Whether something was done that a log must record: no noise, no refused request."""
    named: bool
    """Whether the author of it is expected: a page or record was handed out."""
    address: str
    """The address asked for, where an e-mail is out of place."""
    category: EventCategory | None = None
    outcome: bool = False
    client: str = ""
    """Where it came from; empty when the line does not say."""
    equipment: bool = False
    correlation: bool = False
    record: bool = False
    """Whether it says on whose data, by an identifier."""
    numbered: Numbered | None = None
    """Its number among the entries of its writer, where the writer numbers them."""

    @property
    def kind(self) -> WebKind:
        """The event as the count of requests takes it."""
        return WebKind(self.category, self.operation, self.record, self.counts, self.named)

    @property
    def flags(self) -> Flags:
        """Which fields beside the request are filled."""
        return Flags(
            names_a_person(self.author), self.client not in LOOPBACK, self.offset is not None,
            self.equipment, self.correlation, self.outcome,
        )  # fmt: skip


Parser: TypeAlias = Callable[[str, int], Entry | None]
"""From a line, and the time its log was last written, to what it says; None: another format."""
