"""A name is resolved once in a run, and what it then stands for is all that is contacted."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from cnilcheck.collectors.addresses import addresses, dial
from cnilcheck.collectors.listeners import connect
from cnilcheck.collectors.transport import endpoint, fetch
from cnilcheck.errors import NotPermitted, Unreachable
from cnilcheck.model.scope import HostTarget
from collectors.web_servers import pages, tools_for, web

NAME = "pharmacie.example"


def answers(monkeypatch: pytest.MonkeyPatch, *given: str) -> list[str]:
    """A name server that gives one address after the other; the names asked are noted."""
    asked: list[str] = []
    real = socket.getaddrinfo

    def resolve(host: str, port: object, *args: object, **kwargs: object) -> list[object]:
        if host != NAME:
            return real(host, port, *args, **kwargs)  # type: ignore[arg-type,return-value]
        asked.append(host)
        address = given[min(len(asked), len(given)) - 1]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port or 0))]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    return asked


def test_a_name_that_changes_its_address_within_a_run_leads_nowhere_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = answers(monkeypatch, "127.0.0.1", "127.0.0.66")
    with web(pages({"/": b"<html>mine</html>"})) as url:
        port = endpoint(url)[2]
        named = f"http://{NAME}:{port}/"
        tools = tools_for(tmp_path, named, HostTarget(NAME, (port,)))
        for _ in range(3):
            assert fetch(tools, named, "test", named).body == b"<html>mine</html>"
        with connect(NAME, port, tools) as line:
            assert line.getpeername()[0] == "127.0.0.1"
    assert asked == [NAME]


def test_another_run_asks_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answers(monkeypatch, "127.0.0.1", "127.0.0.2")
    runs = [tools_for(tmp_path, HostTarget(NAME)) for _ in range(2)]
    assert [addresses(tools, NAME) for tools in runs] == [("127.0.0.1",), ("127.0.0.2",)]
    assert addresses(runs[0], NAME) == ("127.0.0.1",)


@pytest.mark.parametrize("address", ["169.254.169.254", "0.0.0.0", "224.0.0.1"])
def test_a_name_for_no_host_of_a_network_is_not_permitted(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers(monkeypatch, address)
    with pytest.raises(NotPermitted):
        dial(tools_for(tmp_path, HostTarget(NAME)), NAME, 80, 1)


def test_a_name_that_does_not_resolve_is_unreachable(tmp_path: Path) -> None:
    with pytest.raises(Unreachable):
        addresses(tools_for(tmp_path, HostTarget("x" * 80)), "x" * 80)


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "[::1]"])
def test_a_literal_address_is_itself(host: str, tmp_path: Path) -> None:
    assert addresses(tools_for(tmp_path, HostTarget(host)), host) == (host.strip("[]"),)
