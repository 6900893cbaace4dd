"""The catalogue of hosts: the names and networks they announce themselves by, loaded at once."""

from __future__ import annotations

import ipaddress
import re
from functools import cache, cached_property
from pathlib import Path
from typing import Literal, TypeAlias

import msgspec
from msgspec import Struct

from cnilcheck.errors import RuleError
from cnilcheck.model.facts import Lead
from cnilcheck.model.text import Text
from cnilcheck.model.typed import decode_json
from cnilcheck.resources import rules_directory

Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address
Perimeter: TypeAlias = Literal["outside", "if_contract", "undetermined", "region", "edge"]


class Source(Struct, frozen=True, forbid_unknown_fields=True):
    """Where a statement about a host was read, and when, as precisely as is known."""

    id: str
    seen_on: str | None
    kind: str
    fr: str
    en: str

    @property
    def text(self) -> Text:
        """What the source is, in both languages."""
        return Text(self.fr, self.en)


class Pattern(Struct, frozen=True, forbid_unknown_fields=True):
    """A form of name a host gives to one product or zone, and what that says of its scope."""

    re: str
    where: Literal["canonical", "reverse"]
    perimeter: Perimeter
    known: Literal["read", "recalled"]
    source: str | None = None


class CatalogueLead(Struct, frozen=True, forbid_unknown_fields=True):
    """What was read about a host's certificate, and where: to be checked, never a proof."""

    status: Lead
    sources: tuple[str, ...]
    activities: tuple[int, ...] = ()
    referential: str | None = None
    body: str | None = None
    number: str | None = None
    expires_on: str | None = None


class Questions(Struct, frozen=True, forbid_unknown_fields=True):
    """What to ask a host about this service, in both languages."""

    fr: tuple[str, ...] = ()
    en: tuple[str, ...] = ()


class Host(Struct, frozen=True, forbid_unknown_fields=True, dict=True):
    """One host, as the catalogue knows it."""

    id: str
    name: str
    legal_name: str
    brands: tuple[str, ...]
    country: str
    kind: str
    lead: CatalogueLead
    siren: str | None = None
    edge: bool = False
    nature: str | None = None
    asns: tuple[int, ...] = ()
    access_asns: tuple[int, ...] = ()
    other_entities: dict[int, str] = {}
    name_suffixes: tuple[str, ...] = ()
    ns_suffixes: tuple[str, ...] = ()
    patterns: tuple[Pattern, ...] = ()
    addresses: tuple[str, ...] = ()
    runs_on: tuple[str, ...] = ()
    note: Text | None = None
    ask: Questions = Questions()

    @cached_property
    def compiled(self) -> tuple[tuple[re.Pattern[str], Pattern], ...]:
        """The patterns of this host's names, ready to match."""
        return tuple((re.compile(pattern.re), pattern) for pattern in self.patterns)

    def pattern_of(self, name: str) -> Pattern | None:
        """Return the first pattern that name has, or None."""
        return next((p for expression, p in self.compiled if expression.search(name)), None)


class Catalogue(Struct, frozen=True, forbid_unknown_fields=True, dict=True):
    """All hosts, with the sources their leads cite and the countries of cloud regions."""

    compiled_on: str
    sources: tuple[Source, ...]
    hosts: tuple[Host, ...]
    regions: dict[str, dict[str, str]] = {}

    @cached_property
    def by_id(self) -> dict[str, Host]:
        """Each host by its id."""
        return {host.id: host for host in self.hosts}

    @cached_property
    def by_asn(self) -> dict[int, Host]:
        """The host that uses each network; the first that names it, where two do."""
        return {asn: host for host in reversed(self.hosts) for asn in host.asns}

    @cached_property
    def by_suffix(self) -> dict[str, Host]:
        """The host whose names end so."""
        return {s: host for host in reversed(self.hosts) for s in host.name_suffixes}

    @cached_property
    def by_address(self) -> dict[str, Host]:
        """The host that publishes an address as shared by its customers."""
        return {address: host for host in self.hosts for address in host.addresses}

    @cached_property
    def sources_by_id(self) -> dict[str, Source]:
        """Each source by its id."""
        return {source.id: source for source in self.sources}

    def host_of_name(self, name: str) -> tuple[Host, str] | None:
        """Return the host a name belongs to and the ending that says so; the longest one wins."""
        labels = name.lower().rstrip(".").split(".")
        for start in range(len(labels)):
            suffix = ".".join(labels[start:])
            if host := self.by_suffix.get(suffix):
                return host, suffix
        return None

    def host_of_reverse_name(self, name: str) -> tuple[Host, str] | None:
        """Return the host whose reverse names look so."""
        plain = name.lower().rstrip(".")
        if found := self.host_of_name(plain):
            return found
        for host in self.hosts:
            if host.patterns and host.pattern_of(plain):
                return host, plain
        return None

    def country_of_region(self, provider: str, region: str) -> str | None:
        """Return the country of a cloud's region, or None for one that is not in the table."""
        return self.regions.get(provider, {}).get(region.lower())


PACKED = "hosts.json"


@cache
def packaged_catalogue() -> Catalogue:
    """Return the catalogue cnilcheck was built with; raises RuleError when it cannot be read."""
    return load_catalogue(rules_directory() / "tables" / PACKED)


def load_catalogue(path: Path) -> Catalogue:
    """Return the catalogue of a packed file; raises RuleError, beginning with the file."""
    try:
        return decode_json(path.read_bytes(), Catalogue)
    except OSError as problem:
        raise RuleError(f"{path}: cannot be read: {problem.strerror}") from None
    except msgspec.DecodeError as problem:
        raise RuleError(f"{path}: {problem}") from None
