"""Ask the public registries who announces and who holds an address; each learns that address."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urljoin, urlsplit

import msgspec

from cnilcheck.collectors.base import Tools
from cnilcheck.collectors.name_service import NameService
from cnilcheck.errors import CollectionError, UsageError
from cnilcheck.hosts.catalogue import Address
from cnilcheck.hosts.download import fetch
from cnilcheck.hosts.identify import Registered
from cnilcheck.model.personal_data import printable

# The five regional registries send a question to the one that holds the address (RFC 7484).
REGISTRIES = frozenset(
    {
        "rdap.db.ripe.net",
        "rdap.arin.net",
        "rdap.apnic.net",
        "rdap.lacnic.net",
        "rdap.afrinic.net",
    }
)
CYMRU = "Team Cymru"
_MAX_BYTES = 500_000
_SECONDS = 15.0
_MAX_NETWORKS = 3


def networks(names: NameService, address: Address, today: dt.date) -> Iterator[Registered]:
    """Yield the networks that announce an address, as Team Cymru's service of names says.

    Raises CollectionError when it does not answer. Its country is that of the registry, no place.
    """
    reverse = address.reverse_pointer.rstrip(".")
    zone = "origin" if address.version == 4 else "origin6"
    question = f"{reverse.removesuffix('.in-addr.arpa').removesuffix('.ip6.arpa')}.{zone}"
    for row in names.ask(f"{question}.asn.cymru.com", "TXT").rows[:_MAX_NETWORKS]:
        # "16276 | 51.91.0.0/16 | FR | ripencc | 2017-11-20"; several networks may share a row.
        for number in row.partition("|")[0].split()[:_MAX_NETWORKS]:
            if number.isdecimal() and len(number) <= 10:
                value = f"AS{number} {_holder(names, number)}".strip()
                yield Registered("asn", value, CYMRU, str(today))


def _holder(names: NameService, number: str) -> str:
    try:
        rows = names.ask(f"AS{number}.asn.cymru.com", "TXT").rows
    except CollectionError:
        return ""
    # "16276 | FR | ripencc | 2001-02-15 | OVH, FR"
    cells = rows[0].split("|") if rows else []
    return printable(cells[4], 80) if len(cells) > 4 else ""


def registrant(
    tools: Tools, address: Address, today: dt.date, target: str, instrument: str
) -> tuple[Registered, ...]:
    """Return who holds the address and the country it is registered in, from RDAP (RFC 9083).

    Names of people are left out: only what calls itself an organisation is kept. Raises
    CollectionError when the registry does not answer, or not in RDAP.
    """
    base = tools.scope.identity.registry
    url = urljoin(base if base.endswith("/") else f"{base}/", f"ip/{address}")
    host = urlsplit(url).hostname or ""
    tools.spend(host)
    also = REGISTRIES if host in REGISTRIES else frozenset[str]()
    try:
        content = fetch(url, max_bytes=_MAX_BYTES, seconds=_SECONDS, may_lead_to=also)
        found = tuple(_told(_network(content), host, today))
    except (UsageError, ValueError) as problem:
        tools.journal.write(target, instrument, f"GET {url}", str(problem))
        raise CollectionError(f"{host}: {problem}") from None
    said = ", ".join(one.value for one in found) or "nothing"
    tools.journal.write(target, instrument, f"GET {url}", said)
    return found


def _network(content: bytes) -> dict[str, Any]:
    try:
        network = msgspec.json.decode(content)
    except (msgspec.DecodeError, RecursionError):
        raise ValueError("the answer is not JSON") from None
    if not isinstance(network, dict) or network.get("objectClassName") != "ip network":
        raise ValueError("the answer is not about a network")
    return network


def _told(network: dict[str, Any], source: str, today: dt.date) -> Iterator[Registered]:
    holders = list(dict.fromkeys(_organisations(network.get("entities"))))
    label = network.get("name")
    if not holders and isinstance(label, str):
        holders = [label]
    for holder in holders[:2]:
        yield Registered("registrant", printable(holder, 80), source, str(today))
    country = network.get("country")
    if isinstance(country, str) and re.fullmatch("[A-Za-z]{2}", country):
        yield Registered("country", country.upper(), source, str(today))


def _organisations(entities: Any) -> Iterator[str]:
    for entity in entities[:20] if isinstance(entities, list) else ():
        roles = entity.get("roles") if isinstance(entity, dict) else None
        if not isinstance(roles, list) or "registrant" not in roles:
            continue
        card = entity.get("vcardArray")
        rows = card[1] if isinstance(card, list) and len(card) == 2 else ()
        fields = {
            row[0]: row[3]
            for row in (rows[:40] if isinstance(rows, list) else ())
            if isinstance(row, list) and len(row) == 4 and isinstance(row[0], str)
        }
        name = fields.get("fn")
        if isinstance(name, str) and name and fields.get("kind") in ("org", "group"):
            yield name
