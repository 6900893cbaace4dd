"""Hostile sites end the search in bounds: nothing is followed out, nothing unescaped is kept."""

from __future__ import annotations

import json
import re
import socket
import time
from collections.abc import Callable
from itertools import repeat
from pathlib import Path

import pytest

from cnilcheck.collectors.base import Missing, Seen, Sighting
from cnilcheck.collectors.page_manners import PageManners
from cnilcheck.collectors.web_exposure import WebExposure
from cnilcheck.model.facts import DirectoryListings, ReadableFiles
from collectors.web_servers import (
    HTML,
    NOT_FOUND,
    TEXT,
    Reply,
    facts,
    observed,
    pages,
    raw,
    tools_for,
    web,
)

OK = b"HTTP/1.1 200 OK\r\n"
HOME = b"<html><title>Accueil</title><p>Bonjour</html>"
_UNSAFE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069]")


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cnilcheck.collectors.site.DEADLINE_SECONDS", 0.3)


def looked(folder: Path, url: str) -> list[Sighting]:
    return observed(WebExposure(), tools_for(folder, url))


def after_request(send: Callable[[socket.socket], None]) -> Callable[[socket.socket], None]:
    def converse(connection: socket.socket) -> None:
        while connection.recv(65536):
            send(connection)

    return converse


def drip(connection: socket.socket) -> None:
    connection.sendall(OK + b"Content-Length: 999\r\n\r\n")
    for _ in repeat(None, 40):
        connection.sendall(b"x")
        time.sleep(0.1)


def flood_of_headers(connection: socket.socket) -> None:
    connection.sendall(OK + b"A: b\r\n" * 20_000 + b"\r\n")


@pytest.mark.parametrize("send", [drip, flood_of_headers])
def test_a_site_that_holds_or_floods_is_a_gap(
    send: Callable[[socket.socket], None], tmp_path: Path
) -> None:
    with raw(after_request(send)) as url:
        seen = looked(tmp_path, url)
    assert {s.missing for s in seen if isinstance(s, Missing)} == {DirectoryListings, ReadableFiles}
    assert not any(isinstance(s, Seen) for s in seen)


def test_endless_bodies_are_cut_and_found_to_be_nothing(tmp_path: Path) -> None:
    block = b"x" * 65536

    def endless(connection: socket.socket) -> None:
        connection.sendall(OK + b"Content-Type: text/plain\r\n\r\n")
        for _ in repeat(None, 64):
            connection.sendall(block)
        connection.close()

    with raw(after_request(endless)) as url:
        seen = looked(tmp_path, url)
    assert all(f.found == () for f in facts(seen, ReadableFiles).values())  # type: ignore[attr-defined]


def test_a_huge_listing_is_read_up_to_its_bound(tmp_path: Path) -> None:
    head = b"<html><title>Index of /exports/</title><h1>Index of /exports/</h1><pre><a href='../'>../</a>\n"
    entry = b"".join(b"<a href='%d.csv'>%d.csv</a>\n" % (n, n) for n in range(40_000))

    def answer(path: str) -> Reply:
        if path == "/":
            return 200, (HTML,), b"<html><a href=/exports/>x</a></html>"
        return (200, (HTML,), head + entry) if path == "/exports/" else NOT_FOUND

    sent = len(head + entry)
    with web(answer) as url:
        (fact,) = facts(looked(tmp_path, url), DirectoryListings).values()
    assert isinstance(fact, DirectoryListings)
    (listed,) = fact.listed
    assert listed.entries <= 2000 < sent
    assert len(listed.data_files) <= 40


@pytest.mark.parametrize(
    "name",
    ["%1B%5B31mrouge.csv", "<script>alert(1)</script>.csv", "%E2%80%AEvsc.exe.csv", "%FF%FE.csv", "a\x1b]0;titre\x07.csv"],
)  # fmt: skip
def test_names_that_are_escapes_or_markup_are_kept_harmless(name: str, tmp_path: Path) -> None:
    listing = f"<html><title>Index of /d/</title><h1>Index of /d/</h1><pre><a href='../'>../</a> <a href='{name}'>x</a></pre></html>"
    table: dict[str, Reply | bytes] = {
        "/": b"<html><title>\x1b[2J</title><a href=/d/>x</a></html>",
        "/d/": (200, (HTML,), listing.encode()),
    }
    with web(pages(table)) as url:
        seen = looked(tmp_path, url)
    (fact,) = facts(seen, DirectoryListings).values()
    assert isinstance(fact, DirectoryListings)
    assert [d.path for d in fact.listed] == ["/d/"]
    texts = [text for d in fact.listed for text in (d.path, *d.data_files)]
    assert not any(_UNSAFE.search(text) for text in texts)


@pytest.mark.parametrize("charset", ["utf-7", "nonsense", "utf-16", "\x00"])
def test_an_encoding_nobody_has_breaks_nothing(charset: str, tmp_path: Path) -> None:
    declared = ("Content-Type", f"text/html; charset={charset}")
    body = b"\xff\xfe<\x00h\xd8\x00t\x80\xc3\x28ml><title>\xed\xa0\x80</title>"
    with web(lambda path: (200, (declared,), body)) as url:
        seen = looked(tmp_path, url)
        seen += observed(PageManners(), tools_for(tmp_path, url))
    assert all(f.found == () for f in facts(seen, ReadableFiles).values())  # type: ignore[attr-defined]


def test_redirections_out_of_the_scope_and_in_circles_are_never_followed(tmp_path: Path) -> None:
    elsewhere: list[str] = []

    def other(path: str) -> Reply:
        elsewhere.append(path)
        return 200, (TEXT,), b"A_B=1\nC_D=2\nDB_PASSWORD=not-a-real-one\n"

    with web(other) as outside:
        port = outside.rstrip("/").rpartition(":")[2]
        ways = (
            outside, f"//127.0.0.1:{port}/", f"http://localhost:{port}/", f"http://2130706433:{port}/",
            f"http://0x7f.1:{port}/", f"http://[::ffff:127.0.0.1]:{port}/", "file:///etc/passwd",
            "gopher://127.0.0.1:70/", f"http://127.0.0.1:{port}\\@x/", "http://169.254.169.254/",
        )  # fmt: skip
        asked = list[str]()

        def answer(path: str) -> Reply:
            asked.append(path)
            if path == "/":
                return 200, (HTML,), HOME
            if path == "/circle":
                return 302, (("Location", "/circle"),), b""
            return 302, (("Location", ways[len(asked) % len(ways)]),), b""

        with web(answer) as url:
            seen = looked(tmp_path, url)
    assert elsewhere == []
    assert all(f.found == () for f in facts(seen, ReadableFiles).values())  # type: ignore[attr-defined]


def test_json_nested_beyond_measure_breaks_nothing(tmp_path: Path) -> None:
    deep = b"[" * 60_000
    media = ("Content-Type", "application/json")
    with web(lambda path: (200, (media,), deep if path != "/" else json.dumps([]).encode())) as url:
        seen = looked(tmp_path, url)
    assert all(f.found == () for f in facts(seen, ReadableFiles).values())  # type: ignore[attr-defined]
