"""Say who runs the name servers and the mail of a target's zone: perimeters of their own."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from cnilcheck import __version__
from cnilcheck.collectors.base import Nothing, Seen, Sighting, Task, Tools
from cnilcheck.collectors.identity import host_of, is_name, online, tables_of, with_declarations
from cnilcheck.collectors.name_service import NameService
from cnilcheck.errors import CollectionError
from cnilcheck.hosts.identify import Asked, identify
from cnilcheck.model.facts import Fact, NetworkIdentity, Use
from cnilcheck.model.personal_data import printable
from cnilcheck.model.scope import Scope
from cnilcheck.model.words import Method

_MAX_SERVERS = 16


class ZoneServers:
    """Asks the resolver for the servers of each target's zone; they are never contacted."""

    name = "zone-servers"
    method = Method.TEST
    yields: tuple[type[Fact], ...] = (NetworkIdentity,)
    asks = "online_identity"

    def version(self) -> str:
        """Return the version of cnilcheck, which holds the tables."""
        return __version__

    def tasks(self, scope: Scope) -> tuple[Task, ...]:
        """Return one task per target with a name, if others may be asked about them."""
        if not scope.online_identity or "names" not in scope.identity.ask:
            return ()
        named = {host_of(t): t.spelling for t in reversed(scope.targets)}
        return tuple(
            Task(spelling, host, host) for host, spelling in named.items() if is_name(host)
        )

    def observe(self, task: Task, tools: Tools) -> Iterator[Sighting]:
        """Yield each name server, mail server and mail sender of the zone, once in a run."""
        names = NameService(tools, self.name, task.target)
        zone, servers = names.zone_of(task.subject)
        seen = False
        if zone and self._first(zone, tools):
            named: list[tuple[str, str, Use]] = [("NS", s, "name_server") for s in servers]
            named += [("MX", s, "mail") for s in self._mail(names, task.subject, zone)]
            named += [("SPF", s, "mail") for s in names.mail_senders(zone)]
            for record, server, use in named[:_MAX_SERVERS]:
                seen = True
                yield self._identified(record, server, use, zone, task, tools)
        if not seen:
            yield Nothing(task.location, NetworkIdentity)

    def _first(self, zone: str, tools: Tools) -> bool:
        with tools.lock:
            told: set[str] = tools.shared.setdefault(self.name, set())
            known = zone in told
            told.add(zone)
        return not known

    def _mail(self, names: NameService, host: str, zone: str) -> tuple[str, ...]:
        try:
            own = names.mail_servers(host) if host != zone else ()
            return tuple(dict.fromkeys((*own, *names.mail_servers(zone))))
        except CollectionError:
            # Name servers and senders are told all the same; the journal has the reason.
            return ()

    def _identified(
        self, record: str, server: str, use: Use, zone: str, task: Task, tools: Tools
    ) -> Seen:
        asked = Asked(server)
        if record != "SPF":
            try:
                addresses, chain = NameService(tools, self.name, task.target).addresses(server)
                asked = online(Asked(server, chain, addresses), tools, task.target, self.name)
            except CollectionError:
                # Its name alone is looked up; the journal has the reason.
                asked = Asked(server)
        fact = identify(asked, tables_of(tools))[0]
        told = msgspec.structs.replace(fact, use=use)
        place = f"{printable(zone, 253)} {record} {printable(server, 253)}"
        return Seen(place, with_declarations(told, tools.scope))
