"""Whether an HTTPS page comes compressed, which the BREACH attack needs."""

from __future__ import annotations

import re
import ssl
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

from cnilcheck import __version__
from cnilcheck.collectors.base import Seen, Sighting, Task, Tools
from cnilcheck.collectors.handshake import secured
from cnilcheck.collectors.listeners import Listener
from cnilcheck.errors import Malformed, TimedOut, Unreachable
from cnilcheck.model.facts import HttpCompression
from cnilcheck.model.personal_data import printable
from cnilcheck.model.scope import Scope, WebTarget
from cnilcheck.model.words import Method

_LONGEST_HEAD = 32 * 1024
_SECONDS = 5.0


class PageCompression:
    """Asks once for the main page as a browser would, and reads the head of the answer."""

    name = "page-compression"
    method = Method.TEST
    yields = (HttpCompression,)
    asks = "targets[].url"

    def version(self) -> str:
        """Return cnilcheck's own version."""
        return __version__

    def tasks(self, scope: Scope) -> tuple[Task, ...]:
        """Return the targets reached by HTTPS."""
        return tuple(
            Task(target.url, urlsplit(target.url).path or "/", target.url)
            for target in scope.targets
            if isinstance(target, WebTarget) and urlsplit(target.url).scheme == "https"
        )

    def observe(self, task: Task, tools: Tools) -> Iterator[Sighting]:
        """Yield how the main page is compressed, if it is."""
        parts = urlsplit(task.subject)
        listener = Listener(parts.hostname or "", parts.port or 443)
        with secured(listener, ssl.TLSVersion.MAXIMUM_SUPPORTED, tools) as tls:
            head = _head(tls, listener, task.location)
        encoding = _encoding(head)
        tools.journal.write(task.target, self.name, f"GET {task.location}", encoding or "as it is")
        yield Seen(task.location, HttpCompression(encoding))


def _head(tls: ssl.SSLSocket, listener: Listener, path: str) -> bytes:
    """Return the head of the answer to one request; raises CollectionError for none."""
    host = listener.spelling.removesuffix(":443")
    request = (
        f"GET {path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: cnilcheck\r\n"
        "Accept: text/html\r\nAccept-Encoding: gzip, deflate, br\r\nConnection: close\r\n\r\n"
    )
    until, head = time.monotonic() + _SECONDS, b""
    try:
        tls.sendall(request.encode("ascii", "ignore"))
        while b"\r\n\r\n" not in head and len(head) < _LONGEST_HEAD:
            left = until - time.monotonic()
            if left <= 0:
                raise TimedOut(f"{listener.spelling}: no answer in time")
            tls.settimeout(left)
            part = tls.recv(4096)
            if not part:
                break
            head += part
    except TimeoutError:
        raise TimedOut(f"{listener.spelling}: no answer in time") from None
    except OSError as problem:
        reason = getattr(problem, "reason", None) or problem.strerror or "connection ended"
        raise Unreachable(f"{listener.spelling}: {reason}") from None
    if not head.startswith(b"HTTP/1."):
        raise Malformed(f"{listener.spelling}: not an HTTP answer")
    return head.partition(b"\r\n\r\n")[0]


def _encoding(head: bytes) -> str:
    """Return the content encoding, empty when the page comes as it is."""
    found = re.search(rb"(?im)^content-encoding:[ \t]*([^\r\n]{1,60})", head)
    word = printable(found[1].decode("latin-1").strip().lower(), 30) if found else ""
    return "" if word == "identity" else word
