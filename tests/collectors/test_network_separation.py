"""Routers, switches and plans of addresses in a copied tree, and what they let through."""

from __future__ import annotations

from pathlib import Path

import pytest

from cnilcheck.checks.exposure import networks_kept_apart
from cnilcheck.collectors.network_separation import NetworkSeparations
from cnilcheck.model.facts import NetworkSeparation
from cnilcheck.model.words import Outcome
from collectors.trees import facts, look, write

INTERFACES = (
    "iface eth0 inet static\n  address 10.1.0.1/24\niface eth1 inet static\n  address 10.2.0.1\n"
    "  netmask 255.255.255.0\n"
)
FORWARDS = {"/etc/sysctl.conf": "net.ipv4.ip_forward=1\n", "/etc/network/interfaces": INTERFACES}
CHAIN = (
    "table inet f {\n chain forward {\n  type filter hook forward priority 0; policy %s;\n%s }\n}\n"
)
RULES = "*filter\n:INPUT DROP [0:0]\n:FORWARD %s [0:0]\n%sCOMMIT\n"
SWITCH = "interface Vlan10\n ip address 10.0.10.1 255.255.255.0\n%s!\ninterface Vlan20\n ip address 10.0.20.1 255.255.255.0\n!\n"


def found(root: Path, files: dict[str, str]) -> dict[str, NetworkSeparation]:
    return facts(look(NetworkSeparations(), write(root, files)), NetworkSeparation)


@pytest.mark.parametrize(
    ("files", "outcome"),
    [
        ({"/etc/nftables.conf": CHAIN % ("accept", "")}, Outcome.FAIL),
        ({"/etc/nftables.conf": CHAIN % ("accept", '  iifname "a" drop\n')}, Outcome.PASS),
        ({"/etc/nftables.conf": CHAIN % ("drop", "")}, Outcome.PASS),
        ({"/etc/nftables.conf": "# hook forward\n"}, Outcome.INCONCLUSIVE),
        ({"/etc/iptables/rules.v4": RULES % ("ACCEPT", "")}, Outcome.FAIL),
        ({"/etc/iptables/rules.v4": RULES % ("DROP", "")}, Outcome.PASS),
        ({"/etc/iptables/rules.v4": RULES % ("ACCEPT", "-A FORWARD -j REJECT\n")}, Outcome.PASS),
        (
            {"/etc/iptables/rules.v4": RULES % ("ACCEPT", "-A FORWARD -j ufw\n")},
            Outcome.INCONCLUSIVE,
        ),
        ({}, Outcome.INCONCLUSIVE),
    ],
)
def test_a_router_is_judged_by_what_it_stops(
    files: dict[str, str], outcome: Outcome, tmp_path: Path
) -> None:
    (fact,) = found(tmp_path, FORWARDS | files).values()
    assert fact.networks == ("10.1.0.0/24", "10.2.0.0/24")
    assert networks_kept_apart(fact).outcome is outcome


@pytest.mark.parametrize(
    "files",
    [
        {"/etc/nftables.conf": CHAIN % ("accept", "")},
        {"/etc/sysctl.conf": "#net.ipv4.ip_forward=1\n", "/etc/network/interfaces": INTERFACES},
        {"/etc/sysctl.conf": "net.ipv4.ip_forward=1\n", "/etc/network/interfaces": "address 10.1.0.1/24"},
        {"/srv/sw.cfg": "interface Vlan10\n ip address 10.0.10.1 255.255.255.0\n"},
        {"/srv/sw.cfg": "no ip routing\n" + SWITCH % ""},
        {"/etc/kea/kea-dhcp4.conf": "{ not json"},
    ],
)  # fmt: skip
def test_what_joins_no_two_networks_is_not_judged(files: dict[str, str], tmp_path: Path) -> None:
    assert not found(tmp_path, files)


def test_a_switch_without_access_lists_joins_all_its_networks(tmp_path: Path) -> None:
    seen = found(tmp_path, {
        "/srv/open.cfg": SWITCH % "", "/srv/filtered.cfg": SWITCH % " ip access-group A in\n",
    })  # fmt: skip
    assert {place: fact.filtered for place, fact in seen.items()} == {
        "/srv/open.cfg:1": False, "/srv/filtered.cfg:1": True,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("mask", "servers", "mixed"),
    [("255.255.0.0", 3, True), ("255.255.0.0", 2, False), ("255.255.255.0", 5, False)],
)
def test_a_large_plan_with_several_servers_mixes_them(
    mask: str, servers: int, mixed: bool, tmp_path: Path
) -> None:
    hosts = "".join(
        f"dhcp-host=52:54:00:00:00:0{n},srv-{n},10.9.1.{n + 2}\n" for n in range(servers)
    )
    text = f"dhcp-range=10.9.1.100,10.9.1.250,{mask},12h\n{hosts}"
    (fact,) = found(tmp_path, {"/etc/dnsmasq.conf": text}).values()
    assert bool(fact.mixed) is mixed
