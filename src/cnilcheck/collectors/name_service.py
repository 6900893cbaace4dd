"""Ask a resolver what it knows of a name: over UDP, then TCP, bounded, each question noted."""

from __future__ import annotations

import ipaddress
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cnilcheck.collectors.base import Tools
from cnilcheck.errors import (
    CollectionError,
    InstrumentMissing,
    Malformed,
    Refused,
    TimedOut,
    Unreachable,
)
from cnilcheck.hosts.catalogue import Address
from cnilcheck.model.addresses import resolver_address
from cnilcheck.model.personal_data import printable

if TYPE_CHECKING:
    from dns.message import Message
    from dns.name import Name

_SECONDS = 3.0
_MAX_SERVERS = 3
_LONGEST_CHAIN = 16
_MAX_ROWS = 64
_MAX_SILENCES = 4
_MAX_NAMES_OF_AN_ADDRESS = 4
# RFC 7208, 4.6.4: no more than ten names are looked up for one SPF record.
_MAX_SPF_NAMES = 10


@dataclass(frozen=True)
class Answered:
    """What a resolver said: the names in order, the last one canonical, and the records there."""

    chain: tuple[str, ...]
    rows: tuple[str, ...]
    exists: bool = True

    @property
    def canonical(self) -> str:
        """The name at the end of the aliases."""
        return self.chain[-1]


class NameService:
    """A resolver as one instrument uses it; each question is asked once in a run."""

    def __init__(self, tools: Tools, instrument: str, target: str) -> None:
        """The resolver is the one the scope names, else those of this machine."""
        self._tools, self._instrument, self._target = tools, instrument, target
        with tools.lock:
            self._known: dict[tuple[str, str], Answered | CollectionError] = (
                tools.shared.setdefault("name-service", {})
            )
            self._silences: list[str] = tools.shared.setdefault("name-service-silences", [])
            self._turn: threading.Lock = tools.shared.setdefault(
                "name-service-turn", threading.Lock()
            )

    def ask(self, name: str, kind: str) -> Answered:
        """Return the records of that kind, following aliases.

        Raises Malformed for what is no name and for aliases in a circle, TimedOut, Refused or
        Unreachable when no server of the resolver answers.
        """
        key = (name.lower().rstrip("."), kind)
        with self._turn:
            if key not in self._known:
                self._known[key] = self._noted(*key)
            found = self._known[key]
        if isinstance(found, CollectionError):
            raise found
        return found

    def addresses(self, name: str) -> tuple[tuple[Address, ...], tuple[str, ...]]:
        """Return all addresses of a name, both families, and the aliases that lead to them.

        Raises Unreachable for a name that has none.
        """
        four, six = self.ask(name, "A"), self.ask(name, "AAAA")
        chain = max(four.chain, six.chain, key=len)
        found = [ipaddress.ip_address(row) for row in (*four.rows, *six.rows)]
        if not found:
            raise Unreachable("the name does not resolve" if not four.exists else "no address")
        return tuple(dict.fromkeys(found)), chain

    def names_of(self, address: Address) -> tuple[str, ...]:
        """Return the names of an address that lead back to it: anyone may set the others."""
        rows = self.ask(address.reverse_pointer, "PTR").rows[:_MAX_NAMES_OF_AN_ADDRESS]
        kind = "A" if address.version == 4 else "AAAA"
        return tuple(name for name in rows if self._leads_to(name, kind, address))

    def _leads_to(self, name: str, kind: str, address: Address) -> bool:
        try:
            return str(address) in self.ask(name, kind).rows
        except CollectionError:
            return False

    def zone_of(self, name: str) -> tuple[str, tuple[str, ...]]:
        """Return the zone a name lies in and its name servers; none for a name without a zone."""
        labels = name.rstrip(".").split(".")
        for start in range(len(labels) - 1):
            zone = ".".join(labels[start:])
            found = self.ask(zone, "NS")
            if found.rows and len(found.chain) == 1:
                return zone, found.rows
        return "", ()

    def mail_servers(self, zone: str) -> tuple[str, ...]:
        """Return the names that take the zone's mail; RFC 7505's `.` is none."""
        rows = (row.partition(" ")[2] for row in self.ask(zone, "MX").rows)
        return tuple(name for name in rows if name)

    def mail_senders(self, zone: str) -> tuple[str, ...]:
        """Return the names whose servers may send the zone's mail, as its SPF records say."""
        found: dict[str, None] = {}
        waiting = [zone]
        while waiting and len(found) <= _MAX_SPF_NAMES:
            for named in _spf_names(self._texts(waiting.pop(0))):
                if named not in found and named != zone:
                    found[named] = None
                    waiting.append(named)
        return tuple(found)[:_MAX_SPF_NAMES]

    def _texts(self, name: str) -> tuple[str, ...]:
        try:
            return self.ask(name, "TXT").rows
        except CollectionError:
            return ()

    def _noted(self, name: str, kind: str) -> Answered | CollectionError:
        try:
            found = self._chased(name, kind)
            written = ", ".join((*found.chain[1:], *found.rows)) or "nothing"
        except CollectionError as error:
            self._note(name, kind, str(error))
            return error
        self._note(name, kind, written[:400])
        return found

    def _note(self, name: str, kind: str, result: str) -> None:
        what = f"ask {printable(name, 253)} {kind}"
        self._tools.journal.write(self._target, self._instrument, what, result)

    def _chased(self, name: str, kind: str) -> Answered:
        """Follow aliases, also where a server answers with the first ones only."""
        import dns.rcode
        from dns.flags import RA

        chain = [name]
        for _ in range(_LONGEST_CHAIN):
            answer = self._exchange(chain[-1], kind)
            start = len(chain)
            rows = _read(answer, kind, chain)
            if rows or len(chain) == start or answer.flags & RA:
                exists = answer.rcode() != dns.rcode.NXDOMAIN
                return Answered(tuple(chain), rows, exists)
        raise Malformed(f"more than {_LONGEST_CHAIN} aliases")

    def _exchange(self, name: str, kind: str) -> Message:
        import dns.exception
        import dns.message
        import dns.query
        import dns.rcode

        query = dns.message.make_query(_name(name), kind, use_edns=0, payload=1232)
        problem: CollectionError = Unreachable("this machine names no resolver")
        for server, port in servers(self._tools):
            if self._silences.count(server) >= _MAX_SILENCES:
                problem = TimedOut("the resolver is silent, and no longer asked")
                continue
            self._tools.spend(server)
            try:
                # Anything else that arrives meanwhile, forged or cut, is not taken for the answer.
                answer, _ = dns.query.udp_with_fallback(
                    query, server, _SECONDS, port, ignore_unexpected=True, ignore_errors=True
                )
            except dns.exception.Timeout:
                self._silences.append(server)
                problem = TimedOut(f"the resolver gave no answer in {_SECONDS:.0f} s")
            except (dns.exception.DNSException, OSError, EOFError, ValueError):
                problem = Unreachable("the resolver does not answer")
            else:
                if answer.rcode() in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN):
                    return answer
                problem = Refused(f"the resolver answers {dns.rcode.to_text(answer.rcode())}")
        raise problem


def servers(tools: Tools) -> tuple[tuple[str, int], ...]:
    """Return address and port of the resolver's servers, the scope's before this machine's."""
    if written := tools.scope.identity.resolver:
        return (resolver_address(written),)
    try:
        import dns.exception
        import dns.resolver
    except ImportError:
        raise InstrumentMissing("dnspython is not installed") from None
    try:
        known = dns.resolver.Resolver().nameservers
    except (dns.exception.DNSException, OSError):
        return ()
    return tuple((str(server), 53) for server in known if _plain(server))[:_MAX_SERVERS]


def _plain(server: Any) -> bool:
    try:
        return bool(ipaddress.ip_address(str(server)))
    except ValueError:
        return False


def _name(text: str) -> Name:
    import dns.exception
    import dns.name

    try:
        return dns.name.from_text(text)
    except (dns.exception.DNSException, UnicodeError, ValueError):
        raise Malformed("not a host name") from None


def _read(answer: Message, kind: str, chain: list[str]) -> tuple[str, ...]:
    """Return the records at the end of the aliases, which are added to the chain."""
    aliases: dict[str, str] = {}
    rows: dict[str, list[str]] = {}
    for rrset in answer.answer[: 4 * _LONGEST_CHAIN]:
        owner = _plain_name(rrset.name)
        for row in list(rrset)[:_MAX_ROWS]:
            if row.rdtype.name == "CNAME" and kind != "CNAME":
                aliases[owner] = _plain_name(row.target)
            elif row.rdtype.name == kind:
                rows.setdefault(owner, []).append(_row(row))
    while chain[-1] in aliases:
        following = aliases[chain[-1]]
        if following in chain:
            raise Malformed("the aliases lead in a circle")
        if len(chain) > _LONGEST_CHAIN:
            raise Malformed(f"more than {_LONGEST_CHAIN} aliases")
        chain.append(following)
    return tuple(rows.get(chain[-1], ()))


def _plain_name(name: Any) -> str:
    return printable(name.to_text(omit_final_dot=True).lower(), 253)


def _row(row: Any) -> str:
    match row.rdtype.name:
        case "TXT":
            return printable(b"".join(row.strings).decode("utf-8", "replace"), 2000)
        case "MX":
            exchange = row.exchange.to_text(omit_final_dot=True).lower()
            return printable(f"{row.preference} {exchange if exchange != '.' else ''}", 300)
        case "NS" | "PTR" | "CNAME":
            return _plain_name(row.target)
    return printable(row.to_text(), 300)


def _spf_names(texts: tuple[str, ...]) -> Iterator[str]:
    for text in texts:
        terms = text.lower().split()
        if not terms or terms[0] != "v=spf1":
            continue
        for term in terms[1:64]:
            mechanism, separator, value = term.lstrip("+-~?").partition(
                "=" if term.startswith("redirect=") else ":"
            )
            if separator and mechanism in ("include", "redirect", "a", "mx") and "%" not in value:
                yield printable(value.partition("/")[0].rstrip("."), 253)
