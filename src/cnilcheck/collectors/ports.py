"""Which ports accept connections, and which data service stands behind each."""

from __future__ import annotations

import ipaddress
import shutil
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from cnilcheck.collectors.addresses import addresses
from cnilcheck.collectors.base import Missing, Nothing, Seen, Sighting, Task, Tools
from cnilcheck.collectors.listeners import connect
from cnilcheck.collectors.services import Service, identify
from cnilcheck.collectors.software import distribution_in, named_software
from cnilcheck.errors import (
    BudgetSpent,
    CollectionError,
    Interrupted,
    NotPermitted,
    TimedOut,
    Unreachable,
)
from cnilcheck.model.facts import (
    MailRelay,
    OpenPort,
    OpenPorts,
    ServiceAccess,
    ServiceDialects,
    ServiceEncryption,
    SoftwareVersions,
)
from cnilcheck.model.scope import HostTarget, Scope
from cnilcheck.model.words import Method

DEFAULT_PORTS = (
    21, 22, 23, 25, 80, 104, 110, 111, 139, 143, 389, 443, 445, 512, 513, 514, 587, 636, 873, 993,
    995, 1433, 1521, 1883, 2049, 2181, 2375, 2376, 2379, 2575, 2761, 3306, 3389, 4242, 5432, 5601,
    5672, 5900, 5901, 5984, 6000, 6379, 6443, 6661, 8000, 8042, 8080, 8086, 8123, 8443, 8500, 8983,
    9000, 9042, 9090, 9092, 9100, 9200, 10250, 10255, 11112, 11211, 15672, 27017,
)  # fmt: skip
_PROBE_SECONDS = 1.5
_NMAP_SECONDS = 60
_NMAP_BYTES = 8_000_000
_TALK_SECONDS = 90.0


class Ports:
    """Connects to the listed ports, with nmap where it is installed, and asks what stands there."""

    name = "ports"
    method = Method.TEST
    yields = (
        OpenPorts, ServiceEncryption, ServiceAccess, ServiceDialects, SoftwareVersions, MailRelay,
    )  # fmt: skip
    asks = "targets[].host"

    def version(self) -> str:
        """Return what does the connecting: nmap, or a plain connect scan without it."""
        if shutil.which("nmap") is None:
            return "plain connect scan (nmap is not installed: fewer service names)"
        from importlib.metadata import version

        return f"nmap {_nmap_version()} through python-nmap {version('python-nmap')}"

    def tasks(self, scope: Scope) -> tuple[Task, ...]:
        """Return the hosts of the scope."""
        return tuple(
            Task(target.host, target.host, target)
            for target in scope.targets
            if isinstance(target, HostTarget)
        )

    def observe(self, task: Task, tools: Tools) -> Iterator[Sighting]:
        """Yield the open ports, then what each data service wants before it answers."""
        target: HostTarget = task.subject
        ports = tuple(dict.fromkeys(target.ports or DEFAULT_PORTS))
        named, filtered = _open_ports(target.host, ports, tools)
        spelled = ", ".join(map(str, sorted(named))) or "none"
        tools.journal.write(task.target, self.name, f"{len(ports)} ports", f"open: {spelled}")
        found = _identified(target.host, sorted(named), tools)
        opened = tuple(_open_port(p, s, named[p]) for p, s in found.items())
        asked = tuple(sorted(ports))
        yield Seen(task.location, OpenPorts(target.host, asked, opened, filtered))
        for port, service in found.items():
            tools.journal.write(task.target, self.name, f"port {port}: who are you", service.name)
            yield from _service_facts(f"{target.host}:{port}", service)
        yield from _nothing(task.location, tuple(found.values()))


def _identified(host: str, ports: list[int], tools: Tools) -> dict[int, Service]:
    # Four conversations with one host at a time: each may have to wait for silence.
    ends = time.monotonic() + _TALK_SECONDS
    with ThreadPoolExecutor(4) as pool:
        answers = pool.map(lambda port: identify(host, port, tools, ends), ports)
        return dict(zip(ports, answers, strict=True))


def _open_port(port: int, service: Service, nmap_name: str) -> OpenPort:
    return OpenPort(port, service.name or nmap_name or "unknown", service.product)


def _service_facts(location: str, service: Service) -> Iterator[Sighting]:
    if service.data and service.sign_in != "unknown":
        yield Seen(location, ServiceAccess(service.product, service.sign_in, service.holds))
    elif service.data:
        error = NotPermitted(service.unasked) if service.unasked else _unclear(location)
        yield Missing(location, ServiceAccess, error)
    if service.offers_tls is not None and _is_own_business(service):
        fact = ServiceEncryption(service.product, service.offers_tls, service.accepts_plaintext)
        yield Seen(location, fact)
    if service.relay is not None:
        relay = service.relay
        yield Seen(location, MailRelay(service.product, relay.accepted, relay.code))
    elif service.name == "smtp":
        yield Missing(location, MailRelay, _unclear(location))
    if service.dialects:
        yield Seen(location, ServiceDialects(service.product, service.dialects))
    software = tuple(named_software(service.product, "banner"))
    if software:
        yield Seen(location, SoftwareVersions(software, distribution_in(service.product)))


def _unclear(location: str) -> CollectionError:
    return TimedOut(f"{location}: does not say what it wants")


def _is_own_business(service: Service) -> bool:
    # A page in clear on another port is judged with the sites of the scope.
    return service.data or service.name == "telnet"


def _nothing(location: str, services: tuple[Service, ...]) -> Iterator[Sighting]:
    if not any(service.data for service in services):
        yield Nothing(location, ServiceAccess)
    if not any(s.offers_tls is not None and _is_own_business(s) for s in services):
        yield Nothing(location, ServiceEncryption)
    if not any(tuple(named_software(service.product, "")) for service in services):
        yield Nothing(location, SoftwareVersions)
    if not any(service.name == "smtp" for service in services):
        yield Nothing(location, MailRelay)
    if not any(service.dialects for service in services):
        yield Nothing(location, ServiceDialects)


def _open_ports(
    host: str, ports: tuple[int, ...], tools: Tools
) -> tuple[dict[int, str], tuple[int, ...]]:
    """Return the open ports, with nmap's name where it has one, and those that stay silent."""
    if shutil.which("nmap") is not None:
        found = _with_nmap(host, ports, tools)
        if found is not None:
            return found
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda port: _accepts(host, port, tools), ports))
    for answer in answers:
        if isinstance(answer, BudgetSpent | Interrupted):
            raise answer
    if answers and all(isinstance(answer, Unreachable) for answer in answers):
        raise next(a for a in answers if isinstance(a, CollectionError))
    states = dict(zip(ports, answers, strict=True))
    silent = tuple(sorted(port for port, state in states.items() if isinstance(state, TimedOut)))
    return {port: "" for port, state in states.items() if state is True}, silent


def _accepts(host: str, port: int, tools: Tools) -> bool | CollectionError:
    # A silent port is asked once more: a lost packet must not make an open port disappear.
    silence: CollectionError = TimedOut(f"{host}:{port}: silent")
    for _ in range(2):
        try:
            connect(host, port, tools, _PROBE_SECONDS).close()
        except TimedOut as problem:
            silence = problem
            continue
        except Unreachable as problem:
            return False if "refused" in str(problem) else problem
        except CollectionError as problem:
            return problem
        return True
    return silence


def _nmap_version() -> str:
    import nmap

    return ".".join(map(str, nmap.PortScanner().nmap_version()))


def _with_nmap(
    host: str, ports: tuple[int, ...], tools: Tools
) -> tuple[dict[int, str], tuple[int, ...]] | None:
    """Return the open ports with nmap's names, and the silent ones; None when nmap could not.

    python-nmap reads the answer only: its `scan` splits a host as a command line, and would run
    what stands in it. Here nmap is given one literal address, after every option.
    """
    import nmap

    address = str(ipaddress.ip_address(addresses(tools, host)[0]))
    for _ in ports:
        tools.spend(host)
    answer = _nmap_answer(address, ports)
    try:
        scanner = nmap.PortScanner()
        scanner.analyse_nmap_xml_scan(answer)
    except (nmap.PortScannerError, ValueError, LookupError):
        return None
    if address not in scanner.all_hosts():
        return None
    states = scanner[address].get("tcp", {})
    opened = {int(p): str(s.get("name", "")) for p, s in states.items() if s.get("state") == "open"}
    return opened, tuple(sorted(int(p) for p, s in states.items() if s.get("state") == "filtered"))


def _nmap_answer(address: str, ports: tuple[int, ...]) -> str:
    """Return nmap's XML; empty when it failed, took too long, or declares entities.

    nmap declares none: only a bomb, or a reference to a file, would.
    """
    family = ("-6",) if ":" in address else ()
    command = (
        shutil.which("nmap") or "nmap", *family, "-n", "-Pn", "-sT", "--max-retries", "1",
        "-oX", "-", "-p", ",".join(map(str, ports)), "--", address,
    )  # fmt: skip
    try:
        done = subprocess.run(command, capture_output=True, timeout=_NMAP_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    answer = done.stdout[:_NMAP_BYTES].decode("utf-8", "replace")
    return "" if "<!ENTITY" in answer else answer
