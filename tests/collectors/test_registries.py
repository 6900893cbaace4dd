"""A registry is asked with consent only, and what it answers is a hint without anybody's name."""

from __future__ import annotations

import datetime as dt
import http.server
import io
import ipaddress
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cnilcheck.collectors.base import Journal, Tools
from cnilcheck.collectors.registries import registrant
from cnilcheck.errors import CollectionError
from cnilcheck.hosts.identify import Asked, Registered, Tables, identify
from cnilcheck.model.scope import IdentitySources, Limits, Scope

TODAY = dt.date(2026, 11, 22)
ADDRESS = ipaddress.ip_address("51.91.0.0")


def card(name: str, kind: str) -> list[Any]:
    fields = [["version", {}, "text", "4.0"], ["fn", {}, "text", name], ["kind", {}, "text", kind]]
    return ["vcard", fields]


def network(**more: object) -> bytes:
    entities = [
        {"roles": ["registrant"], "vcardArray": card("OVH SAS", "org")},
        {"roles": ["registrant"], "vcardArray": card("Jeanne Durand", "individual")},
        {"roles": ["technical"], "vcardArray": card("Technique", "group")},
    ]
    base = {
        "objectClassName": "ip network",
        "name": "FR-OVH",
        "country": "FR",
        "entities": entities,
    }
    return json.dumps(base | more).encode()


ANSWERS: dict[str, bytes] = {}


class Registry(http.server.BaseHTTPRequestHandler):
    asked: list[str] = []  # noqa: RUF012 - shared by all its requests on purpose

    def do_GET(self) -> None:
        self.asked.append(self.path)
        place, _, _ = self.path.removeprefix("/").partition("/")
        if place == "elsewhere":
            self.send_response(302)
            self.send_header("Location", "https://example.invalid/")
            self.end_headers()
            return
        body = ANSWERS.get(place, b"")
        self.send_response(200 if body else 404)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture(scope="module")
def base() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Registry) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def ask(base: str, place: str, journal: io.StringIO | None = None) -> tuple[Registered, ...]:
    scope = Scope(
        version=1, online_identity=True, identity=IdentitySources(registry=f"{base}/{place}")
    )
    return registrant(Tools(Path(), scope, Journal(journal), Limits()), ADDRESS, TODAY, "t", "test")


def test_the_registrant_and_its_country_are_told_and_no_person(base: str) -> None:
    ANSWERS["good"] = network()
    journal = io.StringIO()
    found = ask(base, "good", journal)
    assert [(one.kind, one.value, one.source) for one in found] == [
        ("registrant", "OVH SAS", "127.0.0.1"), ("country", "FR", "127.0.0.1"),
    ]  # fmt: skip
    assert Registry.asked[-1] == "/good/ip/51.91.0.0"
    assert "Durand" not in journal.getvalue()


def test_the_name_of_the_network_stands_in_for_a_registrant_that_is_nobody(base: str) -> None:
    ANSWERS["bare"] = network(entities=[], country=7)
    assert [one.value for one in ask(base, "bare")] == ["FR-OVH"]


@pytest.mark.parametrize(
    "body",
    [
        b"<html>error</html>", b"[]", b'{"objectClassName": "domain"}', b"[" * 100_000,
        b'{"objectClassName": "ip network", "name": "' + b"x" * 600_000 + b'"}',
    ],
    ids=["html", "list", "domain", "deep", "large"],
)  # fmt: skip
def test_an_answer_that_is_none_is_a_gap(base: str, body: bytes) -> None:
    ANSWERS["odd"] = body
    with pytest.raises(CollectionError):
        ask(base, "odd")


@pytest.mark.parametrize("place", ["absent", "elsewhere"])
def test_a_registry_that_declines_or_leads_elsewhere_is_a_gap(base: str, place: str) -> None:
    with pytest.raises(CollectionError):
        ask(base, place)


@pytest.mark.parametrize(
    "entities",
    [
        "x", [1, None, "a"], [{"roles": "registrant"}], [{"roles": ["registrant"], "vcardArray": 3}],
        [{"roles": ["registrant"], "vcardArray": ["vcard", [["fn"], [1, 2, 3, 4], "x"]]}],
    ],
)  # fmt: skip
def test_odd_entities_are_passed_over(base: str, entities: object) -> None:
    ANSWERS["entities"] = network(entities=entities)
    assert [one.kind for one in ask(base, "entities")] == ["registrant", "country"]


def test_a_registrant_names_a_host_weakly_and_never_against_its_network() -> None:
    said = (
        Registered("registrant", "OVH SAS", "registry", str(TODAY)),
        Registered("country", "FR", "registry", str(TODAY)),
    )
    unknown = ipaddress.ip_address("4.4.4.4")
    (fact,) = identify(Asked("", (), (unknown,), {}, {unknown: said}), Tables())
    assert (fact.provider, fact.strength) == ("OVHcloud", "weak")
    vercel = ipaddress.ip_address("104.16.0.0")
    (fact,) = identify(Asked("", (), (vercel,), {}, {vercel: said}), Tables())
    assert fact.provider != "OVHcloud"
