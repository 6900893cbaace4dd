"""A table is fetched from the host that was named, whole and bounded, or refused in one line."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from cnilcheck.hosts.download import fetch
from cnilcheck.hosts.store import TableError


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path == "/table":
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"a;b\n1;2\n")
        elif self.path == "/here":
            self.send_response(302)
            self.send_header("Location", "/table")
            self.end_headers()
        elif self.path == "/loop":
            self.send_response(302)
            self.send_header("Location", "/loop")
            self.end_headers()
        elif self.path == "/away":
            self.send_response(302)
            self.send_header("Location", "http://elsewhere.example/table")
            self.end_headers()
        elif self.path == "/endless":
            self.send_response(200)
            self.end_headers()
            for _ in range(100):
                self.wfile.write(b"x" * 1000)
        else:
            self.send_error(404)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def base() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


@pytest.mark.parametrize("path", ["/table", "/here"])
def test_a_table_is_fetched_and_a_redirection_within_the_host_followed(
    base: str, path: str
) -> None:
    assert fetch(base + path) == b"a;b\n1;2\n"


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/absent", "answers 404"),
        ("/away", "leads elsewhere, to elsewhere.example"),
        ("/loop", "redirects without end"),
    ],
)
def test_anything_unusual_is_refused(base: str, path: str, said: str) -> None:
    with pytest.raises(TableError, match=said):
        fetch(base + path)


def test_an_answer_without_end_is_refused(base: str) -> None:
    with pytest.raises(TableError, match="larger than"):
        fetch(f"{base}/endless", max_bytes=50_000)


@pytest.mark.parametrize("url", ["http://example.fr/x", "file:///etc/passwd", "ftp://127.0.0.1/x"])
def test_only_https_addresses_are_fetched_from_elsewhere(url: str) -> None:
    with pytest.raises(TableError, match="only https"):
        fetch(url)


def test_a_shut_port_is_one_line() -> None:
    with pytest.raises(TableError) as caught:
        fetch("http://127.0.0.1:9/x")
    assert "\n" not in str(caught.value)
