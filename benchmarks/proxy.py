"""A loopback proxy that counts connections, and may make each direction of them slow."""

from __future__ import annotations

import selectors
import socket
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field


@dataclass
class Proxy:
    """One listening port that stands before another address."""

    port: int
    connections: int = 0
    _lines: list[socket.socket] = field(default_factory=list)


@contextmanager
def proxy(address: tuple[str, int], delay: float = 0.0) -> Iterator[Proxy]:
    """Give a proxy in front of the address; each direction of it takes `delay` seconds.

    To the client `connect` returns at once: the round trip of TCP is paid by its first byte.
    """
    listening = socket.create_server(("127.0.0.1", 0), backlog=256)
    made = Proxy(listening.getsockname()[1])

    def accept() -> None:
        while True:
            try:
                client, _ = listening.accept()
            except OSError:
                return
            made.connections += 1
            made._lines.append(client)
            threading.Thread(target=_carry, args=(client, address, delay), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield made
    finally:
        with suppress(OSError):
            listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        for line in made._lines:
            line.close()


def _carry(client: socket.socket, address: tuple[str, int], delay: float) -> None:
    time.sleep(2 * delay)
    try:
        server = socket.create_connection(address, timeout=5)
    except OSError:
        client.close()
        return
    with client, server, suppress(OSError, ValueError):
        server.settimeout(None)
        for line in (client, server):
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        _pump(client, server, delay)


def _pump(client: socket.socket, server: socket.socket, delay: float) -> None:
    """Carry both ways until both sides have ended, each piece `delay` seconds late."""
    waiting: deque[tuple[float, socket.socket, bytes]] = deque()
    other = {client: server, server: client}
    with selectors.DefaultSelector() as ready:
        for line in other:
            ready.register(line, selectors.EVENT_READ)
        while ready.get_map() or waiting:
            pause = max(0.0, waiting[0][0] - time.monotonic()) if waiting else None
            for key, _ in ready.select(pause) if ready.get_map() else ():
                came = key.fileobj
                assert isinstance(came, socket.socket)
                piece = came.recv(65536)
                if not piece:
                    ready.unregister(came)
                waiting.append((time.monotonic() + delay, other[came], piece))
            if not ready.get_map() and waiting:
                time.sleep(max(0.0, waiting[0][0] - time.monotonic()))
            while waiting and waiting[0][0] <= time.monotonic():
                _, line, piece = waiting.popleft()
                line.sendall(piece) if piece else line.shutdown(socket.SHUT_WR)
