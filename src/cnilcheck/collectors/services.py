"""Ask an open port, in a few packets, which service it is and what it wants first.

No password is ever sent, no record read. A service that speaks first is heard first; then come
the questions its port suggests, then the others, as long as nothing has answered.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator

from cnilcheck.collectors.base import Tools
from cnilcheck.collectors.service_probes import (
    databases,
    health,
    mail,
    messaging,
    screens,
    shares,
)
from cnilcheck.collectors.service_probes.conversation import (
    BANNER_SECONDS,
    Door,
    Service,
    words,
)
from cnilcheck.collectors.service_probes.web_services import web_service
from cnilcheck.errors import BudgetSpent, CollectionError, Interrupted

__all__ = ["Service", "identify"]

_SECONDS = 20.0
Question = Callable[[Door], Service | None]

_QUESTIONS: tuple[tuple[Question, frozenset[int]], ...] = (
    (databases.postgresql, frozenset((5432, 5433, 6432))),
    (databases.redis, frozenset((6379, 6380))),
    (databases.mongodb, frozenset((27017, 27018, 27019))),
    (databases.memcached, frozenset((11211,))),
    (databases.cassandra, frozenset((9042,))),
    (databases.sql_server, frozenset((1433,))),
    (databases.oracle, frozenset((1521,))),
    (databases.clickhouse, frozenset((9000,))),
    (messaging.zookeeper, frozenset((2181,))),
    (messaging.kafka, frozenset((9092,))),
    (messaging.amqp, frozenset((5672,))),
    (messaging.mqtt, frozenset((1883,))),
    (shares.ldap, frozenset((389, 3268))),
    (shares.smb, frozenset((139, 445))),
    (shares.portmapper, frozenset((111,))),
    (screens.rdp, frozenset((3389,))),
    (screens.x11, frozenset(range(6000, 6064))),
    (health.dicom, frozenset((104, 4242, 11112, 2761, 2762))),
)
# Asked of any port, in this order, where its number suggests nothing that answers.
# What is said first to these makes them hang up: they greet, sooner or later.
_GREETERS = frozenset((25, 587))
_ANYWHERE: tuple[Question, ...] = (
    web_service, databases.redis, databases.memcached, shares.ldap, databases.mongodb,
    databases.postgresql, messaging.mqtt, messaging.amqp, health.dicom,
)  # fmt: skip
# What is sent to a printer is printed (JetDirect).
_PRINTERS = frozenset(range(9100, 9108))


def identify(host: str, port: int, tools: Tools, ends: float = math.inf) -> Service:
    """Return what the port says of itself; an empty name when it says nothing we know.

    It takes twenty seconds at most, and no longer than until `ends`.
    """
    door = Door(host, port, tools, min(ends, time.monotonic() + _SECONDS))
    try:
        if port in _PRINTERS:
            return Service("")
        if port in health.MLLP_PORTS:
            return health.mllp(door)
        banner = door.ask(b"", seconds=BANNER_SECONDS)
        if banner:
            return _of_banner(banner, door)
        if port in _GREETERS:
            return mail.patient(door) or Service("")
        return next(_answers(door), Service(""))
    except CollectionError:
        return Service("")


def _answers(door: Door) -> Iterator[Service]:
    suggested = [ask for ask, ports in _QUESTIONS if door.port in ports]
    for ask in dict.fromkeys([*suggested, *_ANYWHERE]):
        try:
            service = ask(door)
        except (BudgetSpent, Interrupted):
            raise
        except CollectionError:
            continue
        if service is not None:
            yield service


def _of_banner(banner: bytes, door: Door) -> Service:
    if banner.startswith(b"@RSYNCD:"):
        return shares.rsync(banner, door)
    if banner.startswith(b"RFB "):
        return screens.vnc(banner, door)
    known = databases.mysql(banner, door) or screens.telnet_of(banner)
    if known is not None:
        return known
    if banner.startswith(b"220"):
        is_mail = b"SMTP" in banner.upper() or door.port in _GREETERS
        return (None if is_mail else shares.ftp(banner, door)) or mail.smtp(banner, door)
    for prefix, name in ((b"SSH-", "ssh"), (b"+OK", "pop3"), (b"* OK", "imap")):
        if banner.startswith(prefix):
            return Service(name, words(banner))
    return Service("", words(banner))
