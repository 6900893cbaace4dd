"""A server on 127.0.0.1 whose connections are bounded and end when it stops."""

from __future__ import annotations

import socket
import ssl
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from socketserver import BaseRequestHandler, ThreadingTCPServer
from threading import Lock, Thread
from typing import Any

LOOPBACK = "127.0.0.1"
TIMEOUT_SECONDS = 10


def available(port: int) -> int:
    """The port if nobody has it, else 0, for which the system chooses one."""
    with socket.socket() as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((LOOPBACK, port))
        except OSError:
            return 0
    return port


class LoopbackServer(ThreadingTCPServer):
    """A server whose connections have a time limit and all end when it stops."""

    allow_reuse_address = True
    daemon_threads = False  # so that closing the server waits for each of them
    request_queue_size = 64

    def __init__(
        self, handler: type[BaseRequestHandler], tls: ssl.SSLContext | None = None, port: int = 0
    ) -> None:
        """The port, or any other when that one is taken, is bound; `start` begins to serve."""
        super().__init__((LOOPBACK, available(port)), handler)
        self.port: int = self.socket.getsockname()[1]
        self.faults: list[BaseException] = []
        self._tls = tls
        self._open: set[socket.socket] = set()
        self._stopping = False
        self._lock = Lock()
        self._thread = Thread(
            target=self.serve_forever, args=(0.05,), name=f"replica-{self.port}", daemon=True
        )

    def start(self) -> None:
        """The server answers."""
        self._thread.start()

    def stop(self) -> None:
        """The port is closed, and so is each connection; no thread is left."""
        with self._lock:
            if self._stopping:
                return
            self._stopping = True
            for connection in self._open:
                with suppress(OSError):
                    # Not SSLSocket.shutdown, which would pull the TLS state from under its reader.
                    socket.socket.shutdown(connection, socket.SHUT_RDWR)
        self.shutdown()
        self.server_close()
        self._thread.join()

    def finish_request(self, request: Any, client_address: Any) -> None:
        """One connection is served in its own thread: a slow handshake holds nobody else up."""
        request.settimeout(TIMEOUT_SECONDS)
        if self._tls is not None:
            request = self._tls.wrap_socket(
                request, server_side=True, do_handshake_on_connect=False
            )
        with request, self._counted(request):
            if self._tls is not None:
                request.do_handshake()
            super().finish_request(request, client_address)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Nothing is printed: a client that breaks off is no fault, and real faults are kept."""
        error = sys.exception()
        if error is not None and not isinstance(error, OSError):
            self.faults.append(error)

    @contextmanager
    def _counted(self, connection: socket.socket) -> Iterator[None]:
        with self._lock:
            if self._stopping:
                raise ConnectionAbortedError
            self._open.add(connection)
        try:
            yield
        finally:
            with self._lock:
                self._open.discard(connection)
