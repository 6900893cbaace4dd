"""The packed tables are in step with their sources, load at once, and answer in microseconds."""

from __future__ import annotations

import importlib.util
import ipaddress
from pathlib import Path
from types import ModuleType

import pytest

from cnilcheck.errors import RuleError
from cnilcheck.hosts.asn import AsnTable, Range, packaged_asn_table, unpack
from cnilcheck.hosts.catalogue import packaged_catalogue
from cnilcheck.hosts.identify import Asked, Tables, identify
from cnilcheck.hosts.ranges import PublishedRange, RangeFile, RangeTable
from cnilcheck.resources import rules_directory

TABLES = rules_directory() / "tables"
SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "build_host_tables.py"


def builder() -> ModuleType:
    spec = importlib.util.spec_from_file_location("build_host_tables", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_packed_catalogue_is_what_the_script_makes_of_the_yaml() -> None:
    packed = (TABLES / "hosts.json").read_bytes()
    assert packed == builder().packed_hosts(), "run scripts/build_host_tables.py"


def test_the_networks_are_cut_to_those_of_the_catalogue(tmp_path: Path) -> None:
    four, six = tmp_path / "4.csv", tmp_path / "6.csv"
    four.write_text('0,255,64496,"Exemple, SA"\n256,511,64500,Autre\n')
    six.write_text(f"{1 << 64},{(2 << 64) - 1},64496,Exemple\n")
    table = builder().asn_table(four, six, "2026-06-17", {64496})
    assert len(table) == 2
    assert table.lookup(ipaddress.ip_address("0.0.0.9")) == (64496, "Exemple, SA")
    assert None is table.lookup(ipaddress.ip_address("0.0.1.9"))
    assert table.lookup(ipaddress.ip_address("0:0:0:1::9")) == (64496, "Exemple, SA")
    again = unpack(table.pack(), "again")
    assert (again.as_of, len(again)) == ("2026-06-17", 2)


def test_every_network_of_the_table_is_one_the_catalogue_names() -> None:
    known = packaged_catalogue().by_asn
    table = packaged_asn_table()
    assert set(table._v4[2]) | set(table._v6[2]) <= set(known)
    assert len(table) > 20_000
    assert "DB-IP" in table.source
    assert table.as_of == "2026-06-17"


@pytest.mark.parametrize("content", [b"", b"no", b"cnilcheck/asn/1\nzz", b"cnilcheck/asn/1\n"])
def test_a_damaged_table_is_refused_in_one_line(content: bytes) -> None:
    with pytest.raises(RuleError, match="networks: ") as raised:
        unpack(content, "networks")
    assert "\n" not in str(raised.value)


def test_a_table_cut_short_is_refused() -> None:
    whole = AsnTable([Range(0, 9, 1)], [], {1: "A"}).pack()
    with pytest.raises(RuleError):
        unpack(whole[:-8], "networks")


def test_every_lead_has_a_source_and_every_exclusion_that_can_fail_was_read() -> None:
    catalogue = packaged_catalogue()
    for host in catalogue.hosts:
        assert host.lead.sources
        assert set(host.lead.sources) <= set(catalogue.sources_by_id)
        assert set(host.runs_on) <= set(catalogue.by_id)
        for expression, pattern in host.compiled:
            assert expression.pattern.endswith("$")
            if (pattern.perimeter, pattern.known) == ("outside", "read"):
                assert pattern.source in catalogue.sources_by_id
    assert len(catalogue.hosts) == 158


def test_what_is_recalled_cites_no_day_of_a_reading() -> None:
    sources = packaged_catalogue().sources_by_id
    assert None is sources["recollection"].seen_on
    for host in packaged_catalogue().hosts:
        if host.lead.status in ("absent_when_read", "read_in_directory"):
            assert sources[host.lead.sources[0]].kind == "directory_reading"


def test_the_narrowest_published_range_decides() -> None:
    rows = (
        PublishedRange("52.0.0.0/8", "us-east-1", "AMAZON"),
        PublishedRange("52.47.0.0/16", "eu-west-3", "EC2"),
    )
    table = RangeTable([RangeFile("aws", "2026-11-01", "feed", "", rows)])
    placed = table.lookup(ipaddress.ip_address("52.47.1.1"))
    assert placed is not None
    assert (placed.region, placed.products) == ("eu-west-3", ("EC2",))
    assert None is table.lookup(ipaddress.ip_address("9.9.9.9"))


PUBLIC = ipaddress.ip_address("1.2.3.4")


def test_a_reverse_name_of_another_host_is_a_conflict_and_not_an_average() -> None:
    asked = Asked(
        "www.exemple.test",
        ("domain.parhds.clever-cloud.com",),
        (PUBLIC,),
        {PUBLIC: ("static.1.2.3.4.clients.your-server.de",)},
    )
    (fact,) = identify(asked, Tables())
    assert fact.provider == "Clever Cloud"
    assert len(fact.conflicts) == 2


def test_addresses_that_say_the_same_are_told_together() -> None:
    addresses = tuple(map(ipaddress.ip_address, ("51.91.0.0", "51.91.0.1", "5.9.0.0")))
    first, second = identify(Asked("www.exemple.test", (), addresses), Tables())
    assert (first.addresses, first.provider) == (("51.91.0.0", "51.91.0.1"), "OVHcloud")
    assert (second.addresses, second.provider) == (("5.9.0.0",), "Hetzner")


@pytest.mark.parametrize(
    "name", ["x.clever-cloud.com.evil.test", "clever-cloud.com.", "", "." * 50]
)
def test_a_name_counts_by_its_end_only(name: str) -> None:
    (fact,) = identify(Asked(name), Tables())
    assert ("Clever Cloud" if name == "clever-cloud.com." else None) == fact.provider
