"""Say who answers at an address from all signs at once: the strongest decides, none is averaged.

The order is: a name of the host (canonical, then own, then confirmed reverse name), the host's own
range file, then the network. A weaker sign never overrides a stronger one; what disagrees is told.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, TypeAlias

import msgspec

from cnilcheck.hosts.asn import Announced, AsnTable, packaged_asn_table
from cnilcheck.hosts.catalogue import Address, Catalogue, Host, Pattern, packaged_catalogue
from cnilcheck.hosts.official_list import OfficialList
from cnilcheck.hosts.ranges import HOST_OF_CLOUD, Placed, RangeTable
from cnilcheck.model.addresses import is_public
from cnilcheck.model.company_names import identical
from cnilcheck.model.facts import (
    HostLead,
    NetworkIdentity,
    NetworkSignal,
    ServedRegion,
    SourceSeen,
)
from cnilcheck.model.text import Text

_CLOUD_OF_HOST = {host: cloud for cloud, host in HOST_OF_CLOUD.items()}
_NameKind: TypeAlias = Literal["name", "canonical_name", "reverse_name"]
RESERVED = "reserved address"
UNKNOWN = "no known name"


@dataclass(frozen=True)
class Tables:
    """What an address or a name is looked up in."""

    catalogue: Catalogue = field(default_factory=packaged_catalogue)
    networks: tuple[AsnTable, ...] = field(default_factory=lambda: (packaged_asn_table(),))
    ranges: RangeTable = field(default_factory=RangeTable)
    countries: tuple[AsnTable, ...] = ()
    official: OfficialList | None = None


class Registered(NamedTuple):
    """What somebody asked today says of an address: its network, its registrant, their country."""

    kind: Literal["asn", "registrant", "country"]
    value: str
    source: str
    seen_on: str


@dataclass(frozen=True)
class Asked:
    """A name as asked, the names it leads to in order, its addresses and their reverse names.

    `reverse` holds only names that lead back to their address: anyone can set the others.
    """

    name: str
    canonical: tuple[str, ...] = ()
    addresses: tuple[Address, ...] = ()
    reverse: Mapping[Address, tuple[str, ...]] = field(default_factory=dict)
    registered: Mapping[Address, tuple[Registered, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class _Sign:
    """One sign: what is told of it, the host it names, and the form its name has."""

    told: NetworkSignal
    host: Host | None
    strong: bool
    pattern: Pattern | None = None
    placed: Placed | None = None


def identify(asked: Asked, tables: Tables) -> tuple[NetworkIdentity, ...]:
    """Return who answers at the addresses: one value for each group that says the same.

    Without an address, the one value says what the names tell.
    """
    groups: dict[bytes, tuple[NetworkIdentity, list[str]]] = {}
    for address in asked.addresses:
        seen = _identify_one(asked, _plain(address), tables)
        groups.setdefault(msgspec.json.encode(seen), (seen, []))[1].append(str(address))
    if not groups:
        return (_identify_one(asked, None, tables),)
    return tuple(
        msgspec.structs.replace(seen, addresses=tuple(written)) for seen, written in groups.values()
    )


def _plain(address: Address) -> Address:
    """Return the IPv4 address that an IPv6 one stands for, or the address itself."""
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def _identify_one(asked: Asked, address: Address | None, tables: Tables) -> NetworkIdentity:
    if address is not None and not is_public(address):
        return NetworkIdentity((), None, RESERVED, reserved=True)
    signs = [*_names(asked, address, tables.catalogue)]
    if address is not None:
        registered = asked.registered.get(address, ())
        signs += _networks(address, tables, [r for r in registered if r.kind == "asn"])
        signs += [_registered(r, tables.catalogue) for r in registered if r.kind != "asn"]
    return _identity(signs, tables)


def _names(asked: Asked, address: Address | None, catalogue: Catalogue) -> Iterator[_Sign]:
    reverse = asked.reverse.get(address, ()) if address is not None else ()
    chain = [name for name in asked.canonical if name.lower() != asked.name.lower()]
    named: list[tuple[str, _NameKind]] = [(name, "canonical_name") for name in reversed(chain)]
    named.append((asked.name, "name"))
    named += [(name, "reverse_name") for name in reverse]
    for name, kind in named:
        if found := catalogue.host_of_reverse_name(name):
            host, ending = found
            value = f"{name.lower().rstrip('.')} ({ending})" if ending != name else name
            told = NetworkSignal(
                kind,
                value,
                host.name,
                "cnilcheck",
                catalogue.compiled_on,
            )
            yield _Sign(told, host, True, host.pattern_of(name.lower().rstrip(".")))


def _networks(
    address: Address, tables: Tables, asked: Sequence[Registered] = ()
) -> Iterator[_Sign]:
    placed = tables.ranges.lookup(address)
    if placed is not None:
        yield _published(placed, tables.catalogue)
    if sharer := tables.catalogue.by_address.get(str(address)):
        day = tables.catalogue.compiled_on
        shared = NetworkSignal("shared_address", str(address), sharer.name, "cnilcheck", day)
        yield _Sign(shared, None, False)
    in_a_file = placed is not None
    for one in asked:
        number, _, holder = one.value.removeprefix("AS").partition(" ")
        told = Announced(int(number), holder)
        yield _announced(told, one.source, one.seen_on, tables, in_a_file)
    for table in tables.networks:
        if announced := table.lookup(address):
            yield _announced(announced, table.source, table.as_of, tables, in_a_file)
    for table in tables.countries:
        if found := table.lookup(address):
            code = chr(found.asn >> 8) + chr(found.asn & 255)
            placed_in = NetworkSignal("country", code, None, table.source, table.as_of)
            yield _Sign(placed_in, None, False)


def _published(placed: Placed, catalogue: Catalogue) -> _Sign:
    host = catalogue.by_id.get(HOST_OF_CLOUD[placed.cloud])
    value = f"{placed.cloud} {placed.region or '-'} {', '.join(placed.products)}"
    name = host.name if host else None
    told = NetworkSignal("provider_range", value, name, placed.cloud, placed.as_of)
    return _Sign(told, host, True, placed=placed)


def _registered(one: Registered, catalogue: Catalogue) -> _Sign:
    host = None
    if one.kind == "registrant":
        host = next((h for h in catalogue.hosts if _bears(h, one.value)), None)
    name = host.name if host else None
    return _Sign(NetworkSignal(one.kind, one.value, name, one.source, one.seen_on), host, False)


def _bears(host: Host, registrant: str) -> bool:
    legal = (part.partition("(")[0].strip() for part in host.legal_name.split("/"))
    return any(identical(name, registrant) for name in legal if name)


def _announced(
    announced: Announced, source: str, seen_on: str, tables: Tables, in_a_file: bool
) -> _Sign:
    host = tables.catalogue.by_asn.get(announced.asn)
    cloud = _CLOUD_OF_HOST.get(host.id) if host else None
    if not in_a_file and cloud in tables.ranges.clouds:
        # Its own file lacks the address: a customer's or a partner's, not the cloud's.
        host = None
    value = f"AS{announced.asn} {announced.holder}".strip()
    name = host.name if host else None
    return _Sign(NetworkSignal("asn", value, name, source, seen_on), host, False)


def _identity(signs: list[_Sign], tables: Tables) -> NetworkIdentity:
    strong = [sign for sign in signs if sign.strong and sign.host is not None]
    weak = [s for s in signs if s.told.kind in ("asn", "registrant") and s.host is not None]
    chosen = next(iter(strong or weak), None)
    told = tuple(sign.told for sign in signs)
    conflicts = _conflicts(strong) if strong else _disagreement(signs)
    if chosen is None or chosen.host is None:
        signal = told[0].value if told else UNKNOWN
        return NetworkIdentity((), None, signal, reserved=False, signals=told, conflicts=conflicts)
    host = chosen.host
    network = _network_number(signs)
    upstream = next(
        (s.host.name for s in signs if s.told.kind in _BELOW and s.host and s.host is not host),
        None,
    )
    pattern = next((s.pattern for s in strong if s.pattern and s.host is host), None)
    placed = next((s.placed for s in signs if s.placed), None)
    return NetworkIdentity(
        addresses=(), provider=host.name, signal=_signal(chosen), reserved=False,
        legal_name=host.legal_name, strength="strong" if strong else "weak",
        signals=told, conflicts=conflicts, upstream=upstream,
        edge=host.edge or bool(placed and placed.edge) or bool(
            pattern and pattern.perimeter == "edge"
        ),
        access_network=not strong and network in host.access_asns,
        other_entity=host.other_entities.get(network, "") if network is not None else "",
        excluded_by=_exclusion(pattern, tables.catalogue),
        region=_region(host, placed, signs, tables.catalogue),
        lead=lead_of(host, tables.catalogue),
        entry=tables.official.entry(host) if tables.official else None,
        note=host.note,
        questions=tuple(Text(*pair) for pair in zip(host.ask.fr, host.ask.en, strict=True)),
    )  # fmt: skip


_BELOW = ("provider_range", "asn")
_SAID_BY = {
    "canonical_name": "canonical name ends in",
    "name": "name ends in",
    "reverse_name": "reverse name ends in",
}


def _signal(sign: _Sign) -> str:
    said_by = _SAID_BY.get(sign.told.kind)
    if said_by is None:
        return sign.told.value
    name, _, ending = sign.told.value.partition(" (")
    return f"{said_by} {ending.rstrip(')') or name}"


def _conflicts(strong: list[_Sign]) -> tuple[str, ...]:
    # A chain of names passes through several platforms; only what stands beside it can conflict.
    first = strong[0]
    if first.host is None:
        return ()
    beside = [s for s in strong if s.told.kind in ("reverse_name", "provider_range")]
    against = [s for s in beside if s.host is not None and not _related(first.host, s.host)]
    return tuple(f"{s.told.kind}: {s.told.value}" for s in [first, *against]) if against else ()


def _related(host: Host, other: Host) -> bool:
    return host.id == other.id or other.id in host.runs_on or host.id in other.runs_on


def _disagreement(signs: list[_Sign]) -> tuple[str, ...]:
    numbers = {s.told.value.split()[0]: s.told for s in signs if s.told.kind == "asn"}
    if len(numbers) < 2:
        return ()
    return tuple(f"{told.value} ({told.seen_on})" for told in numbers.values())


def _network_number(signs: list[_Sign]) -> int | None:
    return next((int(s.told.value.split()[0][2:]) for s in signs if s.told.kind == "asn"), None)


def _exclusion(pattern: Pattern | None, catalogue: Catalogue) -> SourceSeen | None:
    # Only an exclusion that was read, of a form of name that was read, is told as one.
    if pattern is None or (pattern.perimeter, pattern.known) != ("outside", "read"):
        return None
    source = catalogue.sources_by_id.get(pattern.source or "")
    return SourceSeen(source.text, source.seen_on or "") if source else None


def _region(
    host: Host, placed: Placed | None, signs: list[_Sign], catalogue: Catalogue
) -> ServedRegion | None:
    cloud = _CLOUD_OF_HOST.get(host.id, host.id)
    if placed is not None and placed.cloud == cloud and placed.region:
        country = catalogue.country_of_region(cloud, placed.region)
        return ServedRegion(placed.region, country, True, placed.as_of)
    for sign in signs:
        if sign.strong and sign.host is host and not sign.placed:
            name = sign.told.value.partition(" ")[0]
            if region := region_in_name(cloud, name, catalogue):
                country = catalogue.country_of_region(cloud, region)
                return ServedRegion(region, country, False, catalogue.compiled_on)
    return None


def region_in_name(cloud: str, name: str, catalogue: Catalogue) -> str | None:
    """Return the region of that cloud which a label of the name states, or None."""
    known = catalogue.regions.get(cloud, {})
    for label in name.lower().split("."):
        if cloud == "aws" and label == "compute-1":
            return "us-east-1"
        for form in (label, label.removeprefix("s3-"), re.sub(r"\d+$", "", label)):
            if form in known:
                return form
    return None


def lead_of(host: Host, catalogue: Catalogue) -> HostLead:
    """Return what was read about a host's certificate, with the first source that says so."""
    source = catalogue.sources_by_id[host.lead.sources[0]]
    return HostLead(host.lead.status, SourceSeen(source.text, source.seen_on or ""))
