"""One HTTP(S) request to a target of the scope, bounded in time and size, trusting nothing.

Built on the standard library's client, which adds nothing of its own: no proxy, cookie, redirection
or decompression. A timeout between two bytes never comes from a server that drips one a second:
hence the watchdog, which shuts the socket down at the deadline. 1 MB of gzip can be 1 GB of text:
hence the bounded inflation.
"""

from __future__ import annotations

import heapq
import itertools
import re
import socket
import threading
import time
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Literal
from urllib.parse import SplitResult, quote, urljoin, urlsplit

from cnilcheck import __version__
from cnilcheck.collectors.addresses import dial
from cnilcheck.collectors.base import Tools
from cnilcheck.errors import (
    CollectionError,
    Malformed,
    NotPermitted,
    Refused,
    TimedOut,
    Unreachable,
)
from cnilcheck.model.personal_data import mask, printable
from cnilcheck.model.scope import Scope, WebTarget

if TYPE_CHECKING:
    import ssl
    from http.client import HTTPConnection, HTTPResponse

Method = Literal["GET", "HEAD", "TRACE", "POST"]
SMALL = 64 * 1024
LARGE = 1024 * 1024
DEADLINE_SECONDS = 10.0
_CONNECT_SECONDS = 5.0
_KEPT_CONNECTIONS = 4
_PORTS = {"http": 80, "https": 443}
_SAFE = "/:@!$&'()*+,;=-._~%"


@dataclass(frozen=True)
class Answer:
    """What a server answered: headers in order, with repetitions; the body up to the cap."""

    url: str
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    truncated: bool
    elapsed: float

    def all(self, name: str) -> tuple[str, ...]:
        """Return the value of each header of that name."""
        return tuple(value for key, value in self.headers if key.lower() == name.lower())

    def header(self, name: str) -> str:
        """Return the value of the first header of that name, or an empty text."""
        return next(iter(self.all(name)), "")

    @property
    def media_type(self) -> str:
        """The media type without parameters, lower case."""
        return printable(self.header("content-type").partition(";")[0].lower(), 80)

    @property
    def location(self) -> str | None:
        """The absolute address a redirection leads to; None when it is no redirection."""
        target = self.header("location")
        if self.status not in (301, 302, 303, 307, 308) or not target:
            return None
        try:
            return urljoin(self.url, target.strip())
        except ValueError:
            return None

    @property
    def path(self) -> str:
        """Path and query of the address asked for."""
        return path_of(self.url)

    @property
    def size(self) -> int:
        """The size the server states for the whole, else what was read."""
        whole = re.search(r"/(\d{1,15})\s*$", self.header("content-range"))
        stated = self.header("content-length")
        if self.status == 206 and whole:
            return int(whole[1])
        if stated.isascii() and stated.isdigit() and len(stated) <= 15 and self.truncated:
            return max(int(stated), len(self.body))
        return len(self.body)

    @property
    def text(self) -> str:
        """The body as text: the declared charset, else UTF-8, else Windows-1252."""
        if self.body.startswith((b"\xff\xfe", b"\xfe\xff")):
            return self.body.decode("utf-16", "replace")
        declared = re.search(r"charset=\"?([\w-]{1,20})", self.header("content-type"), re.I)
        if declared and declared[1].lower() in ("iso-8859-1", "latin1", "windows-1252", "cp1252"):
            return self.body.decode("cp1252", "replace")
        try:
            # The cap may have cut the last character.
            return self.body.decode("utf-8-sig", "strict" if not self.truncated else "ignore")
        except UnicodeDecodeError:
            return self.body.decode("cp1252", "replace")


def path_of(url: str) -> str:
    """Return the path and query of an address, at least `/`."""
    parts = urlsplit(url)
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


@lru_cache(4096)
def endpoint(url: str) -> tuple[str, str, int]:
    """Return scheme, host and port of an HTTP(S) address; raises NotPermitted for any other."""
    try:
        parts = urlsplit(url)
        port = parts.port
        host = _ascii((parts.hostname or "").lower())
    except ValueError:
        raise NotPermitted("not a web address") from None
    if parts.scheme not in _PORTS or not host or parts.username or parts.password:
        raise NotPermitted("not a plain web address")
    if not re.fullmatch(r"[\w.:-]{1,253}", host):
        raise NotPermitted("not a name of a host")
    return parts.scheme, host, port or _PORTS[parts.scheme]


def _ascii(host: str) -> str:
    """Return an international name as requests will write it; raises ValueError for a bad one."""
    if host.isascii():
        return host
    import idna

    return idna.encode(host, uts46=True).decode("ascii")


def permitted(scope: Scope) -> frozenset[tuple[str, int]]:
    """Return each host and port the web targets allow; with https on 443 goes http on 80."""
    allowed = set[tuple[str, int]]()
    for target in scope.targets:
        if isinstance(target, WebTarget):
            scheme, host, port = endpoint(target.url)
            allowed.add((host, port))
            if (scheme, port) == ("https", 443):
                allowed.add((host, 80))
    allowed |= {endpoint(store.url)[1:] for store in scope.sources.log_stores}
    return frozenset(allowed)


def fetch(
    tools: Tools,
    target: str,
    instrument: str,
    url: str,
    *,
    method: Method = "GET",
    headers: Mapping[str, str] | None = None,
    body: bytes = b"",
    max_bytes: int = SMALL,
    deadline: float = DEADLINE_SECONDS,
) -> Answer:
    """Return the answer to one request; a redirection is returned, never followed.

    What changes something (POST) is sent once, on a connection of its own, and never again.

    Certificates are not verified here: another instrument judges them. Each call counts as one
    request of the host and leaves one line in the journal. Raises Unreachable, Refused, TimedOut,
    Malformed, NotPermitted outside the scope, BudgetSpent or Interrupted.
    """
    _, host, port = endpoint(url)
    if (host, port) not in permitted(tools.scope):
        raise NotPermitted(f"{host}:{port} is not in the scope")
    request = _Request(method, _clean(url), dict(headers or {}), max_bytes, deadline, tools, body)
    what = f"{method} {request.url}"
    try:
        answer = _patiently(request, lambda: tools.spend(host))
    except CollectionError as error:
        tools.journal.write(target, instrument, what, str(error))
        raise
    tools.journal.write(target, instrument, what, f"{answer.status}, {len(answer.body)} bytes")
    return answer


@dataclass(frozen=True)
class _Request:
    method: Method
    url: str
    headers: dict[str, str]
    max_bytes: int
    deadline: float
    tools: Tools
    body: bytes = b""

    @property
    def all_headers(self) -> dict[str, str]:
        own = {"User-Agent": f"cnilcheck/{__version__}", "Accept": "*/*"}
        return own | self.headers | {"Accept-Encoding": "identity"}


def _patiently(request: _Request, spend: Callable[[], None]) -> Answer:
    spend()
    try:
        return _exchange(request)
    except _Stale as error:
        if request.method == "POST":
            raise Unreachable(str(error)) from None
        spend()
    try:
        return _exchange(request)
    except _Stale as error:
        raise Unreachable(str(error)) from None


def _clean(url: str) -> str:
    # Written anew from its parts, so that no second parser can read another host into it.
    scheme, host, port = endpoint(url)
    parts: SplitResult = urlsplit(url)
    shown = f"[{host}]" if ":" in host else host
    where = shown if port == _PORTS[scheme] else f"{shown}:{port}"
    query = f"?{quote(parts.query, safe=_SAFE + '?')}" if parts.query else ""
    return f"{scheme}://{where}{quote(parts.path or '/', safe=_SAFE)}{query}"


class _Stale(CollectionError):
    """The connection ended before any answer: a kept-alive one may have been closed meanwhile."""


@dataclass
class _Line:
    """The connections one thread keeps alive, and the end of its current request."""

    guards: dict[int, socket.socket] = field(default_factory=dict)
    closed: set[int] = field(default_factory=set)
    ends: float = 0.0
    fired: bool = False
    kept: dict[tuple[int, str, str, int], HTTPConnection] = field(default_factory=dict)

    def guard(self, key: int, sock: socket.socket) -> None:
        """Keep a second handle on the connection: TLS takes the first one apart."""
        self.release(key)
        self.guards[key] = sock.dup()
        if time.monotonic() >= self.ends:
            raise TimeoutError("no time left")

    def release(self, key: int) -> None:
        """Forget a connection that is closed."""
        self.closed.discard(key)
        guard = self.guards.pop(key, None)
        if guard is not None:
            guard.close()

    def tidy(self) -> None:
        """Forget what was closed: `Connection: close` closes before the body is read."""
        for key in tuple(self.closed):
            self.release(key)

    def cut(self) -> None:
        """End all that this thread waits for."""
        self.fired = True
        for guard in tuple(self.guards.values()):
            _shut(guard)


def _shut(guard: socket.socket) -> None:
    try:
        guard.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # closed in the meantime


class _Watchdog:
    """One thread that cuts lines at their deadline: a timeout between two bytes never comes."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, _Line]] = []
        self._alive: set[int] = set()
        self._numbers = itertools.count()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    @contextmanager
    def over(self, line: _Line, seconds: float) -> Iterator[None]:
        """Cut the line if the block lasts longer than that."""
        line.fired, line.ends = False, time.monotonic() + seconds
        with self._changed:
            number = next(self._numbers)
            self._alive.add(number)
            heapq.heappush(self._heap, (line.ends, number, line))
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(
                    target=self._watch, daemon=True, name="cnilcheck-watchdog"
                )
                self._thread.start()
            self._changed.notify()
        try:
            yield
        finally:
            with self._changed:
                self._alive.discard(number)

    def _watch(self) -> None:
        while True:
            with self._changed:
                while self._heap and self._heap[0][1] not in self._alive:
                    heapq.heappop(self._heap)
                if not self._heap:
                    self._changed.wait()
                    continue
                ends, number, line = self._heap[0]
                left = ends - time.monotonic()
                if left > 0:
                    self._changed.wait(left)
                    continue
                heapq.heappop(self._heap)
                # Inside the lock: the request cannot end and another begin on the same line.
                if number in self._alive:
                    line.cut()


_WATCHDOG = _Watchdog()
_THREAD = threading.local()


def _exchange(request: _Request) -> Answer:
    import http.client

    line: _Line = _THREAD.__dict__.setdefault("line", _Line())
    started = time.monotonic()
    try:
        with _WATCHDOG.over(line, request.deadline):
            response, connection = _send(line, request)
            raw, truncated = _body(response, connection, request.max_bytes, line)
    except (http.client.HTTPException, OSError, ValueError) as error:
        _drop(line, request)
        raise _translated(error, request.url, line.fired) from None
    finally:
        line.tidy()
    if line.fired:
        _drop(line, request)
        raise TimedOut(f"no complete answer in {request.deadline:.0f} s")
    names = tuple(response.headers.items())
    encodings = [value for name, value in names if name.lower() == "content-encoding"]
    body, cut = _decoded(raw, encodings, request.max_bytes)
    elapsed = time.monotonic() - started
    return Answer(request.url, response.status, names, body, truncated or cut, elapsed)


def _key(request: _Request) -> tuple[int, str, str, int]:
    # Another run may have resolved the same name to another address.
    return (id(request.tools), *endpoint(request.url))


def _drop(line: _Line, request: _Request) -> None:
    connection = line.kept.pop(_key(request), None)
    if connection is not None:
        connection.close()


def _send(line: _Line, request: _Request) -> tuple[HTTPResponse, HTTPConnection]:
    key = _key(request)
    if request.method == "POST":
        _drop(line, request)
    connection = line.kept.pop(key, None) or _connection(line, request)
    line.kept[key] = connection
    while len(line.kept) > _KEPT_CONNECTIONS:
        line.kept.pop(next(iter(line.kept))).close()
    if connection.sock is not None:
        connection.sock.settimeout(request.deadline)
    connection.request(
        request.method, path_of(request.url), request.body or None, request.all_headers
    )
    return connection.getresponse(), connection


def _body(
    response: HTTPResponse, connection: HTTPConnection, max_bytes: int, line: _Line
) -> tuple[bytes, bool]:
    parts, total = list[bytes](), 0
    while total <= max_bytes and not line.fired:
        part = response.read1(8192)
        if not part:
            whole = response.isclosed() or response.length == 0
            response.close()
            if response.will_close or not whole:
                connection.close()
            return b"".join(parts), False
        parts.append(part)
        total += len(part)
    connection.close()
    return b"".join(parts)[:max_bytes], True


def _decoded(raw: bytes, encodings: list[str], limit: int) -> tuple[bytes, bool]:
    names = [n.strip().lower() for e in encodings for n in e.split(",")]
    names = [n for n in names if n not in ("", "identity")]
    if not names or not raw:
        return raw, False
    if len(names) > 1 or names[0] not in ("gzip", "x-gzip", "deflate"):
        raise Malformed(f"Content-Encoding: {printable(', '.join(names), 60)}")
    body = inflate(raw, limit, 31 if names[0] != "deflate" else 15)
    if body is None and names[0] == "deflate":
        body = inflate(raw, limit, -15)
    if body is None:
        raise Malformed("a compressed answer that cannot be read")
    return body[:limit], len(body) > limit


def inflate(data: bytes, limit: int, window: int = 31) -> bytes | None:
    """Return at most `limit` + 1 bytes of what the data hold compressed; None when not at all."""
    machine = zlib.decompressobj(window)
    try:
        return machine.decompress(data, limit + 1)
    except zlib.error:
        return None


def _translated(error: Exception, url: str, fired: bool) -> CollectionError:
    import http.client
    import ssl

    _, host, port = endpoint(url)
    words = printable(mask(str(error) or type(error).__name__), 120)
    if fired or isinstance(error, TimeoutError):
        return TimedOut(f"{host}:{port}: no complete answer in time")
    if isinstance(error, ssl.SSLError):
        return Refused(f"{host}:{port}: no TLS connection: {words}")
    if isinstance(error, http.client.RemoteDisconnected | ConnectionResetError | BrokenPipeError):
        return _Stale(f"{host}:{port} closed the connection without an answer")
    if isinstance(error, OSError):
        return Unreachable(f"{host}:{port}: {words}")
    return Malformed(f"{host}:{port}: not an HTTP answer: {words}")


def _connection(line: _Line, request: _Request) -> HTTPConnection:
    """Return a connection that the line can cut, which accepts old servers."""
    from http.client import HTTPConnection

    scheme, host, port = endpoint(request.url)

    class Guarded(HTTPConnection):
        def connect(self) -> None:
            sock = dial(request.tools, host, port, min(_CONNECT_SECONDS, request.deadline))
            line.guard(id(self), sock)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.settimeout(request.deadline)
            secured = scheme == "https"
            self.sock = tls_context().wrap_socket(sock, server_hostname=host) if secured else sock

        def close(self) -> None:
            super().close()
            line.closed.add(id(self))

    Guarded.default_port = _PORTS[scheme]
    return Guarded(host, port)


@cache
def tls_context() -> ssl.SSLContext:
    """Return a context that talks to any server there is: what it speaks is judged elsewhere."""
    import ssl

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.options |= 0x4  # OP_LEGACY_SERVER_CONNECT, named in Python 3.12
    return context
