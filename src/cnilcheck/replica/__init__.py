"""A small deployment with the flaws of the case MED-2021-093, and its mended twin, on loopback."""

from __future__ import annotations

import socket
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from types import TracebackType
from typing import Self

from cnilcheck.replica import access_log, certificates, database, files, scope, templates
from cnilcheck.replica.messages import Site
from cnilcheck.replica.people import invented_people
from cnilcheck.replica.servers import LOOPBACK, LoopbackServer, available
from cnilcheck.replica.site import FlawedSite, MendedSite, RedirectionToHttps
from cnilcheck.replica.tls import tls_context
from cnilcheck.replica.web import WebServer


class Replica:
    """The deployment: its files stand in a folder, its servers answer until the block is left."""

    https: str
    http: str
    database: tuple[str, int]

    def __init__(
        self,
        folder: Path,
        mended: bool = False,
        day: date | None = None,
        ports: tuple[int, int, int] = (0, 0, 0),
    ) -> None:
        """What to build is known; nothing is written or started.

        `ports` are those wished for HTTPS, HTTP and the database; others where they are taken.
        """
        self._ports = ports
        self.scope_path = folder / "cnilcheck.yaml"
        self._folder = folder
        self._mended = mended
        self._day = day or date.today()
        self._people = invented_people()
        self._servers: dict[str, LoopbackServer] = {}
        self._exit = ExitStack()

    @property
    def faults(self) -> list[BaseException]:
        """What went wrong inside the servers, other than clients that broke off."""
        return [fault for server in self._servers.values() for fault in server.faults]

    def __enter__(self) -> Self:
        """The files are written and the servers answer."""
        with ExitStack() as undo:
            self.database = self._open_database(undo)
            self._write_files()
            self._open_web(undo)
            self._write_scope()
            self._exit = undo.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """All sockets are closed and all threads have ended."""
        self._exit.close()

    def stop_database(self) -> None:
        """The database's port is closed."""
        self._stop("database")

    def stop_https(self) -> None:
        """The HTTPS server's port is closed."""
        self._stop("https")

    def _stop(self, name: str) -> None:
        if name in self._servers:
            self._servers[name].stop()

    def _start(self, undo: ExitStack, name: str, server: LoopbackServer) -> int:
        self._servers[name] = server
        server.start()
        undo.callback(server.stop)
        return server.port

    def _open_database(self, undo: ExitStack) -> tuple[str, int]:
        if self._mended:
            # Bound and not listening: connections are refused, and no other program gets the port.
            reserved = undo.enter_context(socket.socket())
            reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            reserved.bind((LOOPBACK, available(self._ports[2])))
            return LOOPBACK, reserved.getsockname()[1]
        server = database.DatabaseServer(len(self._people), self._ports[2])
        return LOOPBACK, self._start(undo, "database", server)

    def _open_web(self, undo: ExitStack) -> None:
        issued = certificates.issue(self._mended)
        files.write(self._folder / "ca.pem", issued.authority)
        root = self._folder / files.DOCUMENT_ROOT
        site: Site = (
            MendedSite(root, self._day)
            if self._mended
            else FlawedSite(root, self._people, self._day)
        )
        https = WebServer(site, tls_context(issued, self._mended), self._ports[0])
        self.https = f"https://{LOOPBACK}:{self._start(undo, 'https', https)}/"
        plain = RedirectionToHttps(self.https) if self._mended else site
        http = WebServer(plain, port=self._ports[1])
        self.http = f"http://{LOOPBACK}:{self._start(undo, 'http', http)}/"

    def _write_files(self) -> None:
        day, people = self._day, self._people
        files.write_tree(self._folder, self._mended, day, people, self._database_values())
        files.write_samples(self._folder, self._mended, day, people)
        log = access_log.mended_log(day) if self._mended else access_log.flawed_log(day, people)
        files.write(self._folder / "logs/access.log", log.encode())

    def _write_scope(self) -> None:
        text = (templates.twin(self._mended) / "cnilcheck.yaml").read_text("utf-8")
        values = scope.scope_values(self._mended, self._day, self.https, self.http)
        content = templates.filled(text, values | self._database_values())
        files.write(self.scope_path, content.encode())

    def _database_values(self) -> dict[str, str]:
        return {
            "DATABASE_HOST": self.database[0],
            "DATABASE_PORT": str(self.database[1]),
            "DATABASE_NAME": database.NAME,
            "DATABASE_USER": database.USER,
            "DATABASE_PASSWORD": database.PASSWORD,
        }
