"""Which UDP services answer a stranger; a port that stays silent is never called closed."""

from __future__ import annotations

from collections.abc import Iterator

from cnilcheck import __version__
from cnilcheck.collectors.base import Seen, Sighting, Task, Tools
from cnilcheck.collectors.service_probes.datagrams import QUESTIONS, Letterbox, State
from cnilcheck.model.facts import Datagram, DatagramServices, Fact
from cnilcheck.model.scope import HostTarget, Scope
from cnilcheck.model.words import Method


class Datagrams:
    """Asks over UDP whether SNMP or TFTP stands on a port."""

    name = "datagrams"
    method = Method.TEST
    yields: tuple[type[Fact], ...] = (DatagramServices,)
    asks = "targets[].host"

    def version(self) -> str:
        """Return cnilcheck's own version."""
        return __version__

    def tasks(self, scope: Scope) -> tuple[Task, ...]:
        """Return the hosts whose UDP ports may be asked: not those of which only TCP is named."""
        return tuple(
            Task(target.host, target.host, (target.host, ports))
            for target in scope.targets
            if isinstance(target, HostTarget) and (ports := _ports(target))
        )

    def observe(self, task: Task, tools: Tools) -> Iterator[Sighting]:
        """Yield one fact: what each port answered."""
        host, ports = task.subject
        heard = {port: _ask(Letterbox(host, port, tools)) for port in ports}
        for port, answer in heard.items():
            told = answer if isinstance(answer, str) else answer.product
            tools.journal.write(task.target, self.name, f"port {port}/udp: who are you", told)
        yield Seen(task.location, _fact(host, heard))


def _ports(target: HostTarget) -> tuple[int, ...]:
    if target.udp_ports is not None:
        return tuple(sorted(set(target.udp_ports)))
    return () if target.ports else tuple(sorted(QUESTIONS))


def _ask(box: Letterbox) -> Datagram | State:
    known = QUESTIONS.get(box.port)
    answer: Datagram | State = "silent"
    for question in (known,) if known else QUESTIONS.values():
        answer = question(box)
        if answer != "silent":
            break
    return answer


def _fact(host: str, heard: dict[int, Datagram | State]) -> DatagramServices:
    return DatagramServices(
        host,
        tuple(heard),
        tuple(answer for answer in heard.values() if isinstance(answer, Datagram)),
        tuple(port for port, answer in heard.items() if answer == "closed"),
        tuple(port for port, answer in heard.items() if answer == "silent"),
    )
