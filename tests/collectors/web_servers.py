"""Web servers on loopback for the tests: polite, hostile, and nginx where it is installed."""

from __future__ import annotations

import os
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from cnilcheck.collectors.base import Collector, Journal, Missing, Seen, Sighting, Tools
from cnilcheck.errors import CollectionError
from cnilcheck.model.scope import Limits, Scope, Target, WebTarget

Headers = Iterable[tuple[str, str]]
Reply = tuple[int, Headers, bytes]
HTML = ("Content-Type", "text/html; charset=utf-8")
TEXT = ("Content-Type", "text/plain; charset=utf-8")
NOT_FOUND: Reply = (404, (HTML,), b"<html><title>404</title>Not found</html>")
NGINX = shutil.which("nginx", path="/usr/sbin:/usr/bin:/sbin:/bin")


@contextmanager
def web(answer: Callable[[str], Reply], tls: ssl.SSLContext | None = None) -> Iterator[str]:
    """A server that answers each path; the base address is given."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = 1 << 20  # one packet for head and body: no waiting for delayed acknowledgements

        def do_GET(self) -> None:
            status, headers, body = answer(self.path)
            self.send_response_only(status)
            for name, value in headers:
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        do_HEAD = do_GET

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield f"{'https' if tls else 'http'}://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()


def pages(table: dict[str, Reply | bytes]) -> Callable[[str], Reply]:
    """Answer from a table; plain bytes are HTML pages."""

    def answer(path: str) -> Reply:
        found = table.get(path, NOT_FOUND)
        return (200, (HTML,), found) if isinstance(found, bytes) else found

    return answer


@contextmanager
def raw(
    converse: Callable[[socket.socket], None], tls: ssl.SSLContext | None = None
) -> Iterator[str]:
    """A server that does with each connection what it is told; the base address is given."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve(connection: socket.socket) -> None:
        with suppress(OSError), connection:
            if tls is None:
                converse(connection)
            else:
                with tls.wrap_socket(connection, server_side=True) as wrapped:
                    converse(wrapped)

    def accept() -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield f"{'https' if tls else 'http'}://127.0.0.1:{listener.getsockname()[1]}/"
    finally:
        listener.close()


def tools_for(folder: Path, *targets: Target | str, limits: Limits = Limits()) -> Tools:  # noqa: B008
    """Tools whose scope holds these targets; a text is a web target's address."""
    given = tuple(WebTarget(t) if isinstance(t, str) else t for t in targets)
    return Tools(folder, Scope(1, given), Journal(), limits)


def observed(collector: Collector, tools: Tools) -> list[Sighting]:
    """All that an instrument sees; an error that ends it is a gap for each fact not delivered."""
    seen: list[Sighting] = []
    for task in collector.tasks(tools.scope):
        try:
            seen.extend(collector.observe(task, tools))
        except CollectionError as error:
            seen.extend(Missing(task.location, kind, error) for kind in collector.yields)
    return seen


def facts(sightings: Iterable[Sighting], kind: type) -> dict[str, object]:
    """The facts of one kind, by place."""
    return {s.location: s.fact for s in sightings if isinstance(s, Seen) and type(s.fact) is kind}


def gaps(sightings: Iterable[Sighting], kind: type) -> list[str]:
    """The names of the errors that stand for facts of one kind."""
    return [
        type(s.error).__name__ for s in sightings if isinstance(s, Missing) and s.missing is kind
    ]


@contextmanager
def nginx(folder: Path, root: Path, directives: str, *, secured: bool = False) -> Iterator[str]:
    """nginx serving a folder; the base address is given."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    configuration = folder / "nginx.conf"
    configuration.write_text(
        f"{'user root; ' if os.geteuid() == 0 else ''}daemon off; pid {folder}/pid; error_log {folder}/error.log; events {{}}\n"
        f"http {{ access_log off; default_type text/plain;\n"
        f"types {{ text/html html; text/css css; }}\n"
        f"client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2;"
        f"fastcgi_temp_path {folder}/t3; uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5;\n"
        f"server {{ listen 127.0.0.1:{port}{' ssl' if secured else ''}; root {root}; {directives} }} }}\n"
    )
    assert NGINX
    process = subprocess.Popen(
        [NGINX, "-p", str(folder), "-c", str(configuration)], stderr=subprocess.DEVNULL
    )
    try:
        for _ in range(200):
            with suppress(OSError), socket.create_connection(("127.0.0.1", port), 0.2):
                break
            time.sleep(0.02)
        yield f"http{'s' if secured else ''}://127.0.0.1:{port}/"
    finally:
        process.terminate()
        process.wait(5)
