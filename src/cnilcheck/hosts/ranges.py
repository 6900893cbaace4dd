"""Address ranges as the large clouds publish them: which region and product an address is."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from typing import NamedTuple

from msgspec import Struct

from cnilcheck.hosts.catalogue import Address

HOST_OF_CLOUD = {
    "aws": "aws",
    "azure": "microsoft-azure",
    "gcp": "google-cloud",
    "oci": "oracle",
}
_EDGE_PRODUCTS = ("CLOUDFRONT", "AzureFrontDoor", "GLOBALACCELERATOR")


class PublishedRange(Struct, frozen=True, array_like=True):
    """One row of a cloud's file: a network, its region, the product it serves."""

    network: str
    region: str
    product: str


class RangeFile(Struct, frozen=True, forbid_unknown_fields=True):
    """A cloud's file of ranges, as imported."""

    cloud: str
    as_of: str
    source: str
    sha256: str
    rows: tuple[PublishedRange, ...]


class Placed(NamedTuple):
    """What the narrowest published range says of an address."""

    cloud: str
    region: str
    products: tuple[str, ...]
    as_of: str

    @property
    def edge(self) -> bool:
        """Whether the range serves a delivery network, which hides the origin."""
        return any(p.startswith(_EDGE_PRODUCTS) for p in self.products)


class RangeTable:
    """All published ranges, by family and length of prefix."""

    def __init__(self, files: Iterable[RangeFile] = ()) -> None:
        """Rows that are no network are left out: the importer has refused such files."""
        self.files = tuple(files)
        self.clouds = frozenset(file.cloud for file in self.files)
        self._rows: dict[tuple[int, int], dict[int, list[tuple[str, str, str, str]]]] = {}
        for file in self.files:
            for row in file.rows:
                network = ipaddress.ip_network(row.network, strict=False)
                key = (network.version, network.prefixlen)
                found = self._rows.setdefault(key, {})
                value = (file.cloud, row.region, row.product, file.as_of)
                found.setdefault(_bits(network.network_address, network.prefixlen), []).append(
                    value
                )
        self._lengths = {
            version: sorted((n for v, n in self._rows if v == version), reverse=True)
            for version in (4, 6)
        }

    def lookup(self, address: Address) -> Placed | None:
        """Return what the narrowest range that holds the address says, or None."""
        number, width = int(address), address.max_prefixlen
        for length in self._lengths[address.version]:
            found = self._rows[address.version, length].get(number >> (width - length))
            if found:
                cloud, region, _, as_of = min(found, key=lambda row: row[2])
                products = tuple(sorted({row[2] for row in found if row[0] == cloud}))
                regions = [row[1] for row in found if row[0] == cloud and row[1]]
                return Placed(cloud, regions[0] if regions else region, products, as_of)
        return None


def _bits(address: Address, length: int) -> int:
    return int(address) >> (address.max_prefixlen - length)
