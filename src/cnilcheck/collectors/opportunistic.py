"""Services that begin in clear: whether they offer TLS, and take credentials without it."""

from __future__ import annotations

from collections.abc import Iterator

from cnilcheck import __version__
from cnilcheck.collectors.base import Seen, Sighting, Task, Tools
from cnilcheck.collectors.listeners import Listener, connect, tls_tasks
from cnilcheck.collectors.services import identify
from cnilcheck.collectors.starttls import NotOffered, Offer, Protocol, upgrade
from cnilcheck.model.facts import ServiceEncryption
from cnilcheck.model.scope import Scope
from cnilcheck.model.words import Method


class Opportunistic:
    """Listens to what a service says before TLS; signs in nowhere."""

    name = "starttls"
    method = Method.TEST
    yields = (ServiceEncryption,)
    asks = "targets[].tls"

    def version(self) -> str:
        """Return cnilcheck's own version."""
        return __version__

    def tasks(self, scope: Scope) -> tuple[Task, ...]:
        """Return the listeners that begin in clear."""
        return tuple(t for t in tls_tasks(scope) if t.subject.protocol is not None)

    def observe(self, task: Task, tools: Tools) -> Iterator[Sighting]:
        """Yield whether TLS is offered, and credentials are taken before it."""
        listener: Listener = task.subject
        protocol: Protocol = task.subject.protocol
        offer = _offer(listener, protocol, tools)
        clear = offer.clear_sign_in
        if protocol is Protocol.POSTGRESQL:
            clear = identify(listener.host, listener.port, tools).accepts_plaintext
        told = "offered" if offer.tls else "not offered"
        tools.journal.write(task.target, self.name, f"{protocol} before TLS", f"TLS {told}")
        yield Seen(task.location, ServiceEncryption(protocol.value, offer.tls, clear))


def _offer(listener: Listener, protocol: Protocol, tools: Tools) -> Offer:
    with connect(listener.host, listener.port, tools) as line:
        try:
            return upgrade(line, protocol, listener.host)
        except NotOffered as problem:
            return problem.offer
