"""A network all of one piece, as a router, a switch or a plan of addresses shows it."""

from __future__ import annotations

import json

from decisions.deployment import Deployment
from decisions.harness import Place, at, renders

_SNAPSHOT = "snapshot"


@renders("flat-network", "config")
def router_that_forwards_all(deployment: Deployment) -> Place:
    """A machine between two networks whose filter lets everything pass."""
    draw = deployment.draw
    first = f"10.{draw.randint(1, 200)}"
    spelling = deployment.pick("interfaces", "netplan")
    tool = deployment.pick("nftables", "iptables")
    addresses = [f"{first}.10.1", f"{first}.20.1"]
    forwards = deployment.pick("net.ipv4.ip_forward=1", "net.ipv4.ip_forward = 1")
    deployment.system("/etc/sysctl.d/99-router.conf", forwards + "\n")
    if spelling == "interfaces":
        blocks = [
            f"auto eth{n}\niface eth{n} inet static\n  address {a}\n  netmask 255.255.255.0\n"
            for n, a in enumerate(addresses)
        ]
        deployment.system("/etc/network/interfaces", "\n".join(blocks))
    else:
        lines = "".join(
            f"    eth{n}:\n      addresses:\n        - {a}/24\n" for n, a in enumerate(addresses)
        )
        deployment.system(
            "/etc/netplan/50-net.yaml", f"network:\n  version: 2\n  ethernets:\n{lines}"
        )
    if tool == "nftables":
        path = "/etc/nftables.conf"
        policy = "drop" if deployment.mended else "accept"
        rule = (
            '    iifname "eth0" oifname "eth1" tcp dport 443 accept\n' if deployment.mended else ""
        )
        text = (
            "flush ruleset\ntable inet filter {\n  chain input {\n    type filter hook input priority 0;"
            " policy drop;\n    ct state established accept\n  }\n  chain forward {\n"
            f"    type filter hook forward priority 0; policy {policy};\n{rule}  }}\n}}\n"
        )
    else:
        path = "/etc/iptables/rules.v4"
        policy = "DROP" if deployment.mended else "ACCEPT"
        rule = (
            "-A FORWARD -i eth0 -o eth1 -p tcp --dport 443 -j ACCEPT\n" if deployment.mended else ""
        )
        text = f"*filter\n:INPUT DROP [0:0]\n:FORWARD {policy} [0:0]\n:OUTPUT ACCEPT [0:0]\n{rule}COMMIT\n"
    deployment.system(path, text)
    return at(_SNAPSHOT, path)


@renders("flat-network", "config")
def switch_without_lists(deployment: Deployment) -> Place:
    """A routing switch, exported: its virtual networks have no access list."""
    draw = deployment.draw
    name = deployment.pick("core-sw1-running-config", "coeur.cfg", "cs-ospedale.txt")
    path = (
        f"{deployment.pick('/srv/network/backup', '/opt/oxidized/configs', '/root/switch')}/{name}"
    )
    first = draw.randint(16, 30)
    uses = [("CLIENTS", 10), ("SERVEURS", 20), ("IMAGERIE", draw.randint(30, 90))]
    blocks = []
    for use, number in uses:
        list_name = f" ip access-group {use}-IN in\n" if deployment.mended else ""
        blocks.append(
            f"interface Vlan{number}\n description {use}\n"
            f" ip address 172.{first}.{number}.1 255.255.255.0\n{list_name}!\n"
        )
    deployment.system(path, f"hostname core\n!\nip routing\n!\n{''.join(blocks)}end\n")
    return at(_SNAPSHOT, path)


@renders("flat-network", "config")
def one_plan_for_all(deployment: Deployment) -> Place:
    """One large network in which workstations and servers get their addresses side by side."""
    second = deployment.draw.randint(1, 200)
    names = deployment.draw.sample(("srv-pacs", "db01", "ad-1", "backup", "his-web", "nas2"), 4)
    kind = deployment.pick("isc", "dnsmasq", "kea")
    # Mended: workstations in a network of their own, servers fixed in another.
    prefix = 24 if deployment.mended else 16
    mask = "255.255.255.0" if deployment.mended else "255.255.0.0"
    pool = f"10.{second}.5.10", f"10.{second}.5.250"
    network = f"10.{second}.5.0" if deployment.mended else f"10.{second}.0.0"
    hosts = {name: f"10.{second}.1.{n + 10}" for n, name in enumerate(names)}
    if kind == "isc":
        path = "/etc/dhcp/dhcpd.conf"
        text = f"subnet {network} netmask {mask} {{\n  range {pool[0]} {pool[1]};\n}}\n" + "".join(
            f"host {name} {{\n  hardware ethernet 52:54:00:00:00:{n:02x};\n  fixed-address {address};\n}}\n"
            for n, (name, address) in enumerate(hosts.items())
        )
    elif kind == "dnsmasq":
        path = "/etc/dnsmasq.d/lan.conf"
        text = f"dhcp-range={pool[0]},{pool[1]},{mask},12h\n" + "".join(
            f"dhcp-host=52:54:00:00:00:{n:02x},{name},{address}\n"
            for n, (name, address) in enumerate(hosts.items())
        )
    else:
        path = "/etc/kea/kea-dhcp4.conf"
        subnet = {
            "subnet": f"{network}/{prefix}",
            "pools": [{"pool": f"{pool[0]} - {pool[1]}"}],
            "reservations": [
                {"hostname": name, "ip-address": address} for name, address in hosts.items()
            ],
        }
        text = json.dumps({"Dhcp4": {"subnet4": [subnet]}}, indent=2)
    deployment.system(path, text)
    return at(_SNAPSHOT, path)
