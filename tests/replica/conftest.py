"""Both deployments, and a browser that trusts only their authority."""

from __future__ import annotations

import http.client
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from email.message import Message
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from cnilcheck.replica import Replica

DAY = date(2026, 11, 26)


@dataclass(frozen=True)
class Page:
    status: int
    headers: Message
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()


Browse = Callable[..., Page]


def browser(replica: Replica) -> Browse:
    def browse(
        base: str, path: str, method: str = "GET", body: str | None = None, cookie: str = ""
    ) -> Page:
        address = urlsplit(base)
        host, port = str(address.hostname), address.port
        connection: http.client.HTTPConnection
        if address.scheme == "https":
            trust = ssl.create_default_context(cafile=replica.scope_path.with_name("ca.pem"))
            connection = http.client.HTTPSConnection(host, port, timeout=5, context=trust)
        else:
            connection = http.client.HTTPConnection(host, port, timeout=5)
        headers = {"Cookie": cookie} if cookie else {}
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        page = Page(response.status, response.headers, response.read())
        connection.close()
        return page

    return browse


def _replica(folder: Path, mended: bool) -> Iterator[Replica]:
    with Replica(folder, mended, DAY) as replica:
        yield replica
        assert replica.faults == []


@pytest.fixture(scope="module")
def flawed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Replica]:
    yield from _replica(tmp_path_factory.mktemp("flawed"), mended=False)


@pytest.fixture(scope="module")
def mended(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Replica]:
    yield from _replica(tmp_path_factory.mktemp("mended"), mended=True)


@pytest.fixture
def browse_flawed(flawed: Replica) -> Browse:
    return browser(flawed)


@pytest.fixture
def browse_mended(mended: Replica) -> Browse:
    return browser(mended)
