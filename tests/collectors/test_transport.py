"""One request against polite servers and against those that want to hold, flood or fool it."""

from __future__ import annotations

import io
import socket
import ssl
import time
import warnings
import zlib
from collections.abc import Callable
from itertools import repeat
from pathlib import Path

import pytest

from cnilcheck.collectors.base import Journal
from cnilcheck.collectors.transport import Answer, endpoint, fetch
from cnilcheck.errors import (
    BudgetSpent,
    CollectionError,
    Malformed,
    NotPermitted,
    Refused,
    TimedOut,
    Unreachable,
)
from cnilcheck.model.scope import HostTarget, Limits
from cnilcheck.replica import certificates
from cnilcheck.replica.tls import tls_context
from collectors.web_servers import pages, raw, tools_for, web

OK = b"HTTP/1.1 200 OK\r\n"


def ask(folder: Path, url: str, path: str = "", **options: object) -> Answer:
    return fetch(tools_for(folder, url), url, "test", url + path, **options)  # type: ignore[arg-type]


def after_request(send: Callable[[socket.socket], None]) -> Callable[[socket.socket], None]:
    def converse(connection: socket.socket) -> None:
        connection.recv(65536)
        send(connection)

    return converse


def dripping(start: bytes, piece: bytes, pause: float = 0.1) -> Callable[[socket.socket], None]:
    def send(connection: socket.socket) -> None:
        connection.sendall(start)
        ends = time.monotonic() + 3
        while time.monotonic() < ends:
            connection.sendall(piece)
            time.sleep(pause)

    return after_request(send)


@pytest.mark.parametrize(
    "converse",
    [
        pytest.param(dripping(OK, b"X: y\r\n"), id="a header line at a time"),
        pytest.param(dripping(OK + b"Content-Length: 999\r\n\r\n", b"x"), id="a byte at a time"),
        pytest.param(
            dripping(OK + b"Connection: close\r\nContent-Length: 999\r\n\r\n", b"x"),
            id="a byte at a time on a connection that will close",
        ),
        pytest.param(
            dripping(OK + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"), id="small chunks"
        ),
        pytest.param(
            dripping(OK + b"Transfer-Encoding: chunked\r\n\r\n0\r\n", b"X: y\r\n", 0.001),
            id="endless trailers",
        ),
        pytest.param(dripping(b"", b"HTTP/1.1 100 Continue\r\n\r\n", 0.01), id="always continue"),
        pytest.param(lambda connection: time.sleep(3), id="silence"),
    ],
)
def test_a_server_that_holds_the_line_is_left_at_the_deadline(
    tmp_path: Path, converse: Callable[[socket.socket], None]
) -> None:
    with raw(converse) as url, pytest.raises(TimedOut):
        ask(tmp_path, url, deadline=0.5)


def test_a_tls_handshake_that_never_ends_is_left_at_the_deadline(tmp_path: Path) -> None:
    def handshake(connection: socket.socket) -> None:
        for _ in repeat(None, 50):
            connection.sendall(b"\x16")
            time.sleep(0.1)

    with raw(handshake) as url, pytest.raises(CollectionError):
        ask(tmp_path, url.replace("http:", "https:"), deadline=0.5)


def test_an_endless_body_is_cut_at_the_cap(tmp_path: Path) -> None:
    def flood(connection: socket.socket) -> None:
        connection.sendall(OK + b"\r\n")
        while True:
            connection.sendall(b"x" * 65536)

    with raw(after_request(flood)) as url:
        answer = ask(tmp_path, url, max_bytes=1000)
        assert answer.truncated
        assert len(answer.body) == 1000


def test_a_gzip_bomb_is_inflated_to_the_cap_only(tmp_path: Path) -> None:
    squeeze = zlib.compressobj(9, zlib.DEFLATED, 31)
    bomb = b"".join(squeeze.compress(b"\0" * 1_000_000) for _ in range(50)) + squeeze.flush()
    reply = (200, (("Content-Encoding", "gzip"),), bomb)
    with web(lambda path: reply) as url:
        answer = ask(tmp_path, url, max_bytes=1000)
        assert answer.truncated
        assert answer.body == b"\0" * 1000


@pytest.mark.parametrize("encoding", ["gzip", "x-gzip", "deflate"])
def test_a_compressed_answer_is_read(tmp_path: Path, encoding: str) -> None:
    squeeze = zlib.compressobj(9, zlib.DEFLATED, 15 if encoding == "deflate" else 31)
    body = squeeze.compress(b"bonjour") + squeeze.flush()
    with web(lambda path: (200, (("Content-Encoding", encoding),), body)) as url:
        assert ask(tmp_path, url).body == b"bonjour"


@pytest.mark.parametrize("encoding", ["gzip, gzip", "br", "gzip"])
def test_an_encoding_that_cannot_be_read_is_malformed(tmp_path: Path, encoding: str) -> None:
    with (
        web(lambda path: (200, (("Content-Encoding", encoding),), b"plain")) as url,
        pytest.raises(Malformed),
    ):
        ask(tmp_path, url)


@pytest.mark.parametrize(
    "answer", [b"SSH-2.0-OpenSSH\r\n", OK + b"A: b\r\n" * 20_000 + b"\r\n", b"\x00" * 100_000]
)
def test_what_is_not_http_is_malformed(tmp_path: Path, answer: bytes) -> None:
    with (
        raw(after_request(lambda connection: connection.sendall(answer))) as url,
        pytest.raises(Malformed),
    ):
        ask(tmp_path, url, deadline=3)


def test_a_redirection_is_returned_and_never_followed(tmp_path: Path) -> None:
    asked = []

    def answer(path: str) -> tuple[int, tuple[tuple[str, str], ...], bytes]:
        asked.append(path)
        return 302, (("Location", "/elsewhere"),), b""

    with web(answer) as url:
        reply = ask(tmp_path, url, "page?a=b")
        assert reply.status == 302
        assert reply.location == url + "elsewhere"
        assert asked == ["/page?a=b"]


def test_each_set_cookie_header_is_kept_apart(tmp_path: Path) -> None:
    cookies = ("a=1; Expires=Wed, 21 Oct 2026 07:28:00 GMT", "b=2")
    with web(lambda path: (200, [("Set-Cookie", c) for c in cookies], b"ok")) as url:
        assert ask(tmp_path, url).all("set-cookie") == cookies


def test_no_cookie_and_no_environment_proxy_goes_along(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9/")
    heads = []

    def converse(connection: socket.socket) -> None:
        while head := connection.recv(65536):
            heads.append(head.decode())
            connection.sendall(OK + b"Set-Cookie: s=1\r\nContent-Length: 2\r\n\r\nok")

    with raw(converse) as url:
        tools = tools_for(tmp_path, url)
        for _ in range(3):
            assert fetch(tools, url, "test", url).status == 200
    assert not any("cookie:" in head.lower() for head in heads)
    assert all("User-Agent: cnilcheck/" in head for head in heads)


def test_a_connection_is_used_again(tmp_path: Path) -> None:
    connections = []

    def converse(connection: socket.socket) -> None:
        connections.append(connection)
        while connection.recv(65536):
            connection.sendall(OK + b"Content-Length: 2\r\n\r\nok")

    with raw(converse) as url:
        tools = tools_for(tmp_path, url)
        for _ in range(5):
            fetch(tools, url, "test", url)
    assert len(connections) == 1


def test_a_kept_connection_that_was_closed_meanwhile_is_opened_again(tmp_path: Path) -> None:
    def converse(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(OK + b"Content-Length: 2\r\n\r\nok")

    with raw(converse) as url:
        tools = tools_for(tmp_path, url)
        assert [fetch(tools, url, "test", url).status for _ in range(3)] == [200, 200, 200]


def test_nothing_outside_the_scope_is_contacted(tmp_path: Path) -> None:
    with web(pages({"/": b"ok"})) as mine, web(pages({"/": b"ok"})) as other:
        port = mine.rstrip("/").rpartition(":")[2]
        for url in (
            other,
            f"http://127.0.0.1:{port}@example.invalid/",
            f"http://127.0.0.1:{port}\\@example.invalid/",
            f"http://user:pass@127.0.0.1:{port}/",
            f"ftp://127.0.0.1:{port}/",
            "file:///etc/passwd",
            "http://127.0.0.1:99999/",
            "http://[::1/",
        ):
            with pytest.raises(NotPermitted):
                fetch(tools_for(tmp_path, mine), mine, "test", url)


def test_a_host_target_allows_no_web_request(tmp_path: Path) -> None:
    with web(pages({"/": b"ok"})) as url:
        port = endpoint(url)[2]
        tools = tools_for(tmp_path, HostTarget("127.0.0.1", (port,)))
        with pytest.raises(NotPermitted):
            fetch(tools, "127.0.0.1", "test", url)


def test_a_closed_port_is_unreachable(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as reserved:
        port = reserved.getsockname()[1]
    with pytest.raises(Unreachable):
        ask(tmp_path, f"http://127.0.0.1:{port}/")


def test_a_server_that_hangs_up_is_unreachable(tmp_path: Path) -> None:
    with raw(after_request(lambda connection: None)) as url, pytest.raises(Unreachable):
        ask(tmp_path, url)


def test_plain_http_on_an_https_address_is_refused(tmp_path: Path) -> None:
    with web(pages({})) as url, pytest.raises(Refused):
        ask(tmp_path, url.replace("http:", "https:"))


def test_each_request_counts_against_the_budget(tmp_path: Path) -> None:
    with web(pages({"/": b"ok"})) as url:
        tools = tools_for(tmp_path, url, limits=Limits(requests_per_host=2))
        fetch(tools, url, "test", url)
        fetch(tools, url, "test", url)
        with pytest.raises(BudgetSpent):
            fetch(tools, url, "test", url)


def test_an_obsolete_server_with_an_unknown_certificate_is_talked_to_in_silence(
    tmp_path: Path,
) -> None:
    with (
        warnings.catch_warnings(),
        web(pages({"/": b"ok"}), tls_context(certificates.issue(), mended=False)) as url,
    ):
        warnings.simplefilter("error")
        assert ask(tmp_path, url).body == b"ok"


def test_a_server_of_tls_1_0_only_is_talked_to(tmp_path: Path) -> None:
    context = tls_context(certificates.issue(), mended=False)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1
    with web(pages({"/": b"ok"}), context) as url:
        assert ask(tmp_path, url).body == b"ok"


def test_a_journal_line_is_written_for_each_request_and_each_failure(tmp_path: Path) -> None:
    written = io.StringIO()
    with socket.create_server(("127.0.0.1", 0)) as reserved:
        closed = f"http://127.0.0.1:{reserved.getsockname()[1]}/"
    with web(lambda path: (200, (), b"ok")) as url:
        tools = tools_for(tmp_path, url, closed)
        tools.journal = Journal(written)
        fetch(tools, url, "test", url + "?mail=jean.dupont@example.org")
        with pytest.raises(Unreachable):
            fetch(tools, closed, "test", closed)
    lines = written.getvalue().splitlines()
    assert len(lines) == 2
    assert "200, 2 bytes" in lines[0]
    assert "jean.dupont" not in lines[0]
    assert "refused" in lines[1]


def test_an_international_name_is_one_host_in_both_spellings() -> None:
    accented = endpoint("https://pharmacie-marché.example/")
    assert accented == endpoint("https://xn--pharmacie-march-pnb.example/")
