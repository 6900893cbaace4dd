"""Whether routers, switches and address plans in the copy of a tree keep networks apart."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator

from cnilcheck import __version__
from cnilcheck.collectors.base import Nothing, Seen, Sighting, Task, Tools
from cnilcheck.collectors.policies.texts import yaml_settings
from cnilcheck.collectors.snapshot import Snapshot, open_snapshot, system_tasks
from cnilcheck.collectors.source_files import FOLDERS, SourceFiles
from cnilcheck.errors import CollectionError, Malformed
from cnilcheck.model.facts import Fact, NetworkSeparation
from cnilcheck.model.scope import Scope
from cnilcheck.model.words import Method

_SWITCH = re.compile(r"(?i)/[^/]{0,120}(?:\.cfg|\.conf|\.txt|-confg?|running-config)$")
_MOST = 50
# A plan so large that it holds a whole house, and servers enough to deserve a network of their own.
_LARGE, _SERVERS = 1024, 3
_SERVER = re.compile(
    r"(?i)^(?:srv|serv|server|serveur|vm|db|bdd|sql|ora|pacs|ris|his|nas|san|dc|ad|ldap|esx|hyperv"
    r"|backup|sauvegarde|file|fichiers|mail|web|app|print|dmz|vcenter)(?:[-_.\d]|$)"
)
_Network = ipaddress.IPv4Network


class NetworkSeparations:
    """Reads what a machine routes and filters, exported switches, and plans of addresses."""

    name = "network-separation"
    method = Method.EXAMINE
    yields: tuple[type[Fact], ...] = (NetworkSeparation,)
    asks = "sources.system"

    def version(self) -> str:
        """Return cnilcheck's own version."""
        return __version__

    def tasks(self, scope: Scope) -> tuple[Task, ...]:
        """Return the copy of the server's tree."""
        return system_tasks(scope)

    def observe(self, task: Task, tools: Tools) -> Iterator[Sighting]:
        """Yield one fact for each router, switch or plan found."""
        snapshot = open_snapshot(task, tools, self.name)
        told = [*_router(snapshot), *_plans(snapshot)]
        files = SourceFiles(snapshot, tools.stop)
        for path, text in files.texts(lambda p: bool(_SWITCH.search(p)), FOLDERS):
            told += _switch(text, path)
        yield from told or (Nothing(task.location, NetworkSeparation),)


def _read(snapshot: Snapshot, path: str) -> str:
    """Return the text of a file, nothing where there is none that can be read."""
    try:
        return snapshot.read(path) if snapshot.exists(path) else ""
    except CollectionError:
        return ""


def _all(snapshot: Snapshot, *patterns: str) -> Iterator[tuple[str, str]]:
    for pattern in patterns:
        try:
            paths = snapshot.glob(pattern)[:_MOST]
        except CollectionError:
            continue
        yield from ((path, _read(snapshot, path)) for path in paths)


def _network(address: str, mask: str = "") -> _Network | None:
    """Return the private network of an address with its mask or length, else None."""
    try:
        found = ipaddress.IPv4Interface(f"{address}/{mask}" if mask else address).network
    except ValueError:
        return None
    return found if found.is_private and 8 <= found.prefixlen < 31 else None


_FORWARDS = re.compile(r"(?m)^\s{0,20}net[./]ipv4[./](?:ip_forward|conf[./]all[./]forwarding)"
                       r"\s{0,5}=\s{0,5}1\b")  # fmt: skip
_ADDRESSES = re.compile(
    r"(?mi)^\s{0,40}(?:-\s{1,5})?(?:address[ \t=]{1,5})?[\"']?"
    r"(\d{1,3}(?:\.\d{1,3}){3}/\d{1,2})[\"']?\s{0,5}$"
    r"|^\s{0,40}address\s{1,5}(\d{1,3}(?:\.\d{1,3}){3})\s{0,5}\n\s{0,40}netmask\s{1,5}([\d.]{7,15})"
)


def _router(snapshot: Snapshot) -> Iterator[Seen]:
    """Yield what passes between the private networks of a machine that forwards packets."""
    sysctl = _all(snapshot, "/etc/sysctl.conf", "/etc/sysctl.d/*.conf")
    if not any(_FORWARDS.search(text) for _, text in sysctl):
        return
    networks = set[_Network]()
    for _, text in _all(
        snapshot, "/etc/network/interfaces", "/etc/network/interfaces.d/*",
        "/etc/netplan/*.y*ml", "/etc/systemd/network/*.network",
    ):  # fmt: skip
        for whole, address, mask in _ADDRESSES.findall(text):
            found = _network(whole or address, mask)
            networks |= {found} if found else set()
    if len(networks) < 2:
        return
    filtered, place = _filter(snapshot)
    names = tuple(str(network) for network in sorted(networks))
    yield Seen(place or "/etc/sysctl.conf", NetworkSeparation("Linux", names, filtered))


def _filter(snapshot: Snapshot) -> tuple[bool | None, str]:
    """Return whether anything limits what is forwarded, and where that stands; None: unknown."""
    found: tuple[bool | None, str] = (None, "")
    for path, text in _all(snapshot, "/etc/nftables.conf", "/etc/nftables.d/*.nft"):
        plain = re.sub(r"(?m)#.*$", "", text)
        for chain in re.finditer(r"\bhook\s+forward\b[^{}]{0,20000}", plain):
            line = plain.count("\n", 0, chain.start()) + 1
            found = (bool(re.search(r"\b(?:drop|reject)\b", chain[0])), f"{path}:{line}")
            if found[0]:
                return found
    for path, text in _all(snapshot, "/etc/iptables/rules.v4", "/etc/sysconfig/iptables"):
        policy = re.search(r"(?m)^:FORWARD\s+(\w+)", text)
        if policy:
            line = text.count("\n", 0, policy.start()) + 1
            stops = re.search(r"(?m)^-[AI]\s+FORWARD\b.{0,500}-j\s+(?:DROP|REJECT)\b", text)
            jumps = re.search(r"(?m)^-[AI]\s+FORWARD\b.{0,500}-j\s+(?!ACCEPT|LOG|RETURN)\w", text)
            limits = policy[1] != "ACCEPT" or bool(stops)
            # Another chain may decide: what it does is not followed here.
            found = (limits or (None if jumps else False), f"{path}:{line}")
    return found


def _switch(text: str, path: str) -> Iterator[Seen]:
    """Yield what a routing switch (Cisco IOS and its kin) puts between its virtual networks."""
    networks, filtered, first = list[str](), False, 0
    for block in re.finditer(
        r"(?mi)^interface\s+vlan\s?\d{1,4}[^\n]*\n((?:[ \t][^\n]*\n?){1,200})", text
    ):
        address = re.search(r"(?m)^\s+ip address ([\d.]{7,15})[ /]([\d.]{1,15})", block[1])
        found = _network(address[1], address[2]) if address else None
        if found is None or re.search(r"(?m)^\s+shutdown\b", block[1]):
            continue
        first = first or text.count("\n", 0, block.start()) + 1
        networks.append(str(found))
        limits = r"(?m)^\s+(?:ip access-group|(?:ip )?vrf forwarding|zone-member)\b"
        filtered = filtered or bool(re.search(limits, block[1]))
    if len(networks) > 1 and not re.search(r"(?m)^no ip routing\b", text):
        yield Seen(f"{path}:{first}", NetworkSeparation("IOS", tuple(networks[:_MOST]), filtered))


def _plans(snapshot: Snapshot) -> Iterator[Seen]:
    """Yield what plans of addresses (DHCP) give side by side: workstations and named servers."""
    for path, text in _all(snapshot, "/etc/dhcp/dhcpd.conf"):
        plain = re.sub(r"(?m)#.*$", "", text)
        pools = [
            _network(m[1], m[2])
            for m in re.finditer(
                r"subnet\s+([\d.]{7,15})\s+netmask\s+([\d.]{7,15})\s*\{[^}]*\brange\b", plain
            )
        ]
        hosts = re.findall(
            r"host\s+([\w.-]{1,80})\s*\{[^}]{0,2000}fixed-address\s+([\d.]{7,15})", plain
        )
        yield from _plan("ISC DHCP", path, pools, hosts)
    for path, text in _all(snapshot, "/etc/dnsmasq.conf", "/etc/dnsmasq.d/*.conf"):
        ranges = re.findall(
            r"(?m)^dhcp-range=(?:[a-z:]\S{0,60},)?([\d.]{7,15}),[\d.]{7,15},([\d.]{7,15})", text
        )
        hosts = re.findall(
            r"(?m)^dhcp-host=(?:[\da-fA-F:]{17},)?([\w.-]{1,80}),([\d.]{7,15})", text
        )
        yield from _plan("dnsmasq", path, [_network(*pair) for pair in ranges], hosts)
    for path, text in _all(snapshot, "/etc/kea/kea-dhcp4.conf"):
        yield from _kea(text, path)


def _kea(text: str, path: str) -> Iterator[Seen]:
    plain = re.sub(r"(?m)^\s*(?://|#).*$", "", text)
    try:
        values = yaml_settings(plain, path).values
    except Malformed:
        return
    pools, hosts = [], []
    for name, (value, _) in values.items():
        if re.search(r"\.subnet4\.\d+\.subnet$", name):
            pools.append(_network(value))
        elif name.endswith(".hostname"):
            address = values.get(f"{name.removesuffix('hostname')}ip-address", ("", 0))[0]
            hosts.append((value, address))
    yield from _plan("Kea", path, pools, hosts)


def _plan(
    product: str, path: str, pools: list[_Network | None], hosts: list[tuple[str, str]]
) -> Iterator[Seen]:
    networks = [network for network in pools if network is not None]
    if not networks:
        return
    mixed = []
    for network in networks:
        within = [name for name, address in hosts if _SERVER.match(name) and _in(address, network)]
        if network.num_addresses >= _LARGE and len(within) >= _SERVERS:
            mixed.append(str(network))
    names = tuple(str(network) for network in networks[:_MOST])
    yield Seen(path, NetworkSeparation(product, names, None, tuple(mixed[:_MOST])))


def _in(address: str, network: _Network) -> bool:
    try:
        return ipaddress.IPv4Address(address) in network
    except ValueError:
        return False
