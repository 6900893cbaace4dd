"""A database of the deployment answers whoever connects from outside."""

from __future__ import annotations

import socket
import struct
from socketserver import BaseRequestHandler

from cnilcheck.replica.database import DatabaseServer
from cnilcheck.replica.servers import LOOPBACK, LoopbackServer
from decisions.deployment import Deployment
from decisions.harness import Place, at, renders

_MARIADB = b"5.5.5-10.1.37-MariaDB"
_MYSQL = b"5.7.25"


def _greeting(version: bytes) -> bytes:
    """The first packet of MySQL ("Protocol::HandshakeV10"): no TLS is offered."""
    body = b"\x0a" + version + b"\0" + struct.pack("<I", 7) + b"x" * 8 + b"\0"
    body += struct.pack("<HBHH", 0xF7FF & ~0x0800, 8, 2, 0x8000) + b"\x15" + bytes(10)
    body += b"y" * 12 + b"\0mysql_native_password\0"
    return struct.pack("<I", len(body)) + body


class _Greets(BaseRequestHandler):
    """Says who it is, and hears one packet of the client."""

    greeting = b""

    def handle(self) -> None:
        """The greeting is sent; what comes is not answered."""
        self.request.sendall(self.greeting)
        self.request.recv(4096)


class _MySql(_Greets):
    greeting = _greeting(_MYSQL)


class _MariaDb(_Greets):
    greeting = _greeting(_MARIADB)


class _Redis(BaseRequestHandler):
    """Redis that wants a password (RESP errors)."""

    def handle(self) -> None:
        """Each command is answered: sign in first."""
        while self.request.recv(4096):
            self.request.sendall(b"-NOAUTH Authentication required.\r\n")


def _closed_port() -> int:
    with socket.socket() as trial:
        trial.bind((LOOPBACK, 0))
        port: int = trial.getsockname()[1]
    return port


@renders("service-open-to-internet", "remote")
def database_that_answers(deployment: Deployment) -> Place:
    """MySQL, MariaDB, PostgreSQL or Redis on some port; mended, nothing answers there."""
    kind = deployment.pick("mysql", "mariadb", "postgresql", "redis")
    handlers = {"mysql": _MySql, "mariadb": _MariaDb, "redis": _Redis}
    if deployment.mended:
        port = _closed_port()
    else:
        server = DatabaseServer(120) if kind == "postgresql" else LoopbackServer(handlers[kind])
        server.start()
        deployment.exits.callback(server.stop)
        port = server.port
    deployment.target(host=LOOPBACK, ports=[port])
    return at(LOOPBACK, f"{LOOPBACK}:{port}")
