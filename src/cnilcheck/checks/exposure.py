"""Judgements of the exposure module: what a stranger can read or reach."""

from __future__ import annotations

from cnilcheck.model.facts import OpenPort, OpenPorts, ServiceAccess
from cnilcheck.model.verdict import Answer, Verdict, failed, passed, undecided


def data_services_closed(
    fact: OpenPorts, /, *, services: tuple[str, ...], ports: tuple[int, ...]
) -> Answer:
    """Pass when no open port belongs to a data service, by what it says or by its number."""
    found = tuple(
        failed(f"{fact.host}:{p.port}", service=p.product or p.service, port=str(p.port))
        for p in fact.open
        if _holds_data(p, services, ports)
    )
    return found or passed(asked=len(fact.asked))


def ports_limited(
    fact: OpenPorts,
    /,
    *,
    allowed: tuple[int, ...],
    services: tuple[str, ...],
    ports: tuple[int, ...],
) -> Verdict:
    """Pass when only allowed ports are open; data services have a rule of their own."""
    extra = tuple(
        f"{p.port} ({p.service})"
        for p in fact.open
        if p.port not in allowed and not _holds_data(p, services, ports)
    )
    return failed(extra=extra) if extra else passed(asked=len(fact.asked))


def _holds_data(port: OpenPort, services: tuple[str, ...], ports: tuple[int, ...]) -> bool:
    if port.service in services:
        return True
    # What a port says of itself outweighs its number: SSH on 5432 is no database.
    return port.port in ports and port.service in ("unknown", "")


def sign_in_asked(fact: ServiceAccess, /) -> Verdict:
    """Pass when the service asks who is there before it answers."""
    match fact.sign_in:
        case "none":
            return failed(product=fact.product)
        case "unknown":
            return undecided()
        case _:
            return passed(product=fact.product)
