"""The instruments of an audit, in the order they are started."""

from __future__ import annotations

from cnilcheck.collectors.base import Collector
from cnilcheck.collectors.certificates import Certificates
from cnilcheck.collectors.opportunistic import Opportunistic
from cnilcheck.collectors.ports import Ports
from cnilcheck.collectors.tls import TlsListener


def collectors() -> tuple[Collector, ...]:
    """Return one of each instrument; the slow ones come first, so that the others run beside."""
    return (
        Certificates(),
        TlsListener(),
        Ports(),
        Opportunistic(),
    )
