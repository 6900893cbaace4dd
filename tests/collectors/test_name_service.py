"""What a resolver says is followed to its end, within bounds, and believed no further than it goes."""

from __future__ import annotations

import io
import ipaddress
import json
from collections.abc import Iterator
from pathlib import Path

import dns.message
import dns.rrset
import pytest

from cnilcheck.collectors import name_service
from cnilcheck.collectors.base import Journal, Nothing, Seen, Tools
from cnilcheck.collectors.identity import NetworkIdentities
from cnilcheck.collectors.name_service import NameService
from cnilcheck.collectors.zone_servers import ZoneServers
from cnilcheck.errors import CollectionError, Malformed, Refused, TimedOut, Unreachable
from cnilcheck.model.addresses import resolver_address
from cnilcheck.model.facts import NetworkIdentity
from cnilcheck.model.scope import HostTarget, IdentitySources, Limits, Scope
from collectors.dns_lab import answering, dnsmasq, free_port, knot


@pytest.fixture(scope="module")
def zones(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with knot(tmp_path_factory.mktemp("knot")) as address:
        yield address


def tools(
    resolver: str, *hosts: str, online: bool = True, journal: io.StringIO | None = None
) -> Tools:
    scope = Scope(
        version=1, targets=tuple(map(HostTarget, hosts)), online_identity=online,
        identity=IdentitySources(resolver, ask=("names", "networks")),
    )  # fmt: skip
    return Tools(Path(), scope, Journal(journal), Limits())


def service(resolver: str) -> NameService:
    return NameService(tools(resolver), "test", "target")


def identified(resolver: str, host: str, *, online: bool = True) -> list[NetworkIdentity]:
    given = tools(resolver, host, online=online)
    (task,) = NetworkIdentities().tasks(given.scope)
    return [
        seen.fact for seen in NetworkIdentities().observe(task, given) if isinstance(seen, Seen)
    ]  # type: ignore[misc]


def test_aliases_are_followed_across_zones_to_the_canonical_name(zones: str) -> None:
    addresses, chain = service(zones).addresses("www.pharmacie.test")
    assert chain == ("www.pharmacie.test", "domain.parhds.clever-cloud.com")
    assert [str(a) for a in addresses] == ["91.208.207.214"]


def test_a_resolver_that_follows_aliases_itself_is_asked_once() -> None:
    with dnsmasq("--cname=www.a.test,b.test", "--host-record=b.test,51.91.0.0,2001:41d0::") as at:
        addresses, chain = service(at).addresses("www.a.test")
    assert chain == ("www.a.test", "b.test")
    assert {str(a) for a in addresses} == {"51.91.0.0", "2001:41d0::"}


@pytest.mark.parametrize(
    ("name", "said"),
    [("ring1", "circle"), ("self", "circle"), ("long0", "aliases")],
)
def test_aliases_in_a_circle_or_without_end_are_told(zones: str, name: str, said: str) -> None:
    with pytest.raises(Malformed, match=said):
        service(zones).addresses(f"{name}.pharmacie.test")


def test_every_address_of_both_families_is_evaluated(zones: str) -> None:
    facts = identified(zones, "mixed.pharmacie.test")
    by_address = {address: fact for fact in facts for address in fact.addresses}
    assert set(by_address) == {"51.91.0.0", "76.76.21.0", "10.0.0.8", "2001:41d0::"}
    assert by_address["51.91.0.0"].provider == "OVHcloud"
    assert by_address["2001:41d0::"].provider == "OVHcloud"
    assert by_address["10.0.0.8"].reserved
    assert by_address["76.76.21.0"].provider != "OVHcloud"


def test_an_ipv6_address_alone_is_enough(zones: str) -> None:
    addresses, _ = service(zones).addresses("six.pharmacie.test")
    assert addresses == (ipaddress.ip_address("2001:41d0::"),)


@pytest.mark.parametrize("name", ["empty.pharmacie.test", "absent.pharmacie.test"])
def test_a_name_without_an_address_is_a_gap(zones: str, name: str) -> None:
    with pytest.raises(Unreachable):
        service(zones).addresses(name)


@pytest.mark.parametrize(
    ("host", "names"),
    [("dead", ()), ("liar", ()), ("honest", ("vps-1.vps.ovh.net",))],
)
def test_a_reverse_name_counts_only_when_it_leads_back(
    zones: str, host: str, names: tuple[str, ...]
) -> None:
    asked = service(zones)
    (address,), _ = asked.addresses(f"{host}.pharmacie.test")
    assert names == asked.names_of(address)


def test_a_confirmed_reverse_name_makes_the_sign_strong(zones: str) -> None:
    strengths = {
        h: identified(zones, f"{h}.pharmacie.test")[0].strength for h in ("liar", "honest")
    }
    assert strengths == {"liar": "weak", "honest": "strong"}


def test_the_network_said_today_comes_first_and_a_disagreement_is_told(zones: str) -> None:
    (fact,) = identified(zones, "mx1.pharmacie.test")
    (today, *_) = [s for s in fact.signals if s.kind == "asn"]
    assert (today.value, today.source) == ("AS16276 OVH, FR", "Team Cymru")
    assert fact.conflicts == ()
    (other,) = identified(zones, "honest.pharmacie.test")
    assert "AS64511" in str(other.signals)
    assert other.provider == "OVHcloud"


def test_a_long_answer_is_asked_for_again_over_tcp(zones: str) -> None:
    (text,) = service(zones).ask("large.pharmacie.test", "TXT").rows
    assert text.startswith("v=none 000")
    assert "v=none 008" in text


def test_the_servers_of_the_zone_are_told_by_their_use(zones: str) -> None:
    given = tools(zones, "www.pharmacie.test", "mixed.pharmacie.test")
    seen = [
        s for task in ZoneServers().tasks(given.scope) for s in ZoneServers().observe(task, given)
    ]
    places = {s.location: s.fact for s in seen if isinstance(s, Seen)}
    assert places["pharmacie.test NS dns.ovh.net"].use == "name_server"  # type: ignore[union-attr]
    assert places["pharmacie.test MX mx1.pharmacie.test"].provider == "OVHcloud"  # type: ignore[union-attr]
    sent = [place for place in places if " SPF " in place]
    assert sent == [
        "pharmacie.test SPF _spf.exemple.test", "pharmacie.test SPF envoi.pharmacie.test",
        "pharmacie.test SPF _spf.google.com",
    ]  # fmt: skip
    # The second host lies in the same zone, which is told once.
    assert [s for s in seen if isinstance(s, Nothing)]


def test_a_zone_is_found_above_a_name(zones: str) -> None:
    asked = service(zones)
    assert asked.zone_of("a.b.mixed.pharmacie.test")[0] == "pharmacie.test"


def test_without_consent_only_the_addresses_are_asked_for(zones: str) -> None:
    journal = io.StringIO()
    given = tools(zones, "honest.pharmacie.test", online=False, journal=journal)
    (task,) = NetworkIdentities().tasks(given.scope)
    list(NetworkIdentities().observe(task, given))
    asked = [json.loads(line)["what"] for line in journal.getvalue().splitlines()]
    assert asked == ["ask honest.pharmacie.test A", "ask honest.pharmacie.test AAAA"]
    assert ZoneServers().tasks(given.scope) == ()


def test_each_question_is_asked_once_in_a_run_and_is_in_the_journal(zones: str) -> None:
    journal = io.StringIO()
    given = tools(zones, journal=journal)
    for _ in range(3):
        NameService(given, "test", "target").ask("www.pharmacie.test", "A")
    (line,) = journal.getvalue().splitlines()
    assert json.loads(line)["result"] == "domain.parhds.clever-cloud.com, 91.208.207.214"


def test_a_silent_resolver_ends_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(name_service, "_SECONDS", 0.05)
    with answering(lambda _: []) as at:
        asked = service(at)
        for n in range(8):
            with pytest.raises(TimedOut):
                asked.ask(f"x{n}.test", "A")
        with pytest.raises(TimedOut, match="no longer asked"):
            asked.ask("x9.test", "A")


def test_a_resolver_that_is_not_there_is_a_gap() -> None:
    with pytest.raises((Unreachable, TimedOut)):
        service(f"127.0.0.1:{free_port()}").ask("x.test", "A")


def test_a_resolver_that_refuses_is_said_to(zones: str) -> None:
    with pytest.raises(Refused, match="REFUSED"):
        service(zones).ask("elsewhere.invalid", "A")


def forged(question: bytes) -> list[bytes]:
    """Answers to another number, to another name, and cut short; then the true one."""
    asked = dns.message.from_wire(question)
    true = dns.message.make_response(asked)
    true.answer.append(dns.rrset.from_text(asked.question[0].name, 60, "IN", "A", "51.91.0.0"))
    other = dns.message.make_response(dns.message.make_query("evil.test", "A", id=asked.id))
    other.answer.append(dns.rrset.from_text("evil.test.", 60, "IN", "A", "51.91.0.66"))
    wire = true.to_wire()
    number = bytes([wire[0] ^ 1]) + wire[1:]
    return [number, other.to_wire(), wire[:20], b"", wire]


def test_a_forged_answer_is_not_taken_for_the_answer() -> None:
    with answering(forged) as at:
        assert service(at).ask("www.test", "A").rows == ("51.91.0.0",)


def test_records_that_were_not_asked_for_are_left_out() -> None:
    def stuffed(question: bytes) -> list[bytes]:
        asked = dns.message.from_wire(question)
        answer = dns.message.make_response(asked)
        answer.answer.append(dns.rrset.from_text("other.test.", 60, "IN", "A", "51.91.0.66"))
        return [answer.to_wire()]

    with answering(stuffed) as at:
        assert service(at).ask("www.test", "A").rows == ()


@pytest.mark.parametrize("name", ["a..b", "a" * 64 + ".test", "x." * 130 + "test", "é" * 70])
def test_what_is_no_name_is_not_asked(name: str) -> None:
    with pytest.raises(CollectionError):
        service("127.0.0.1:9").ask(name, "A")


def test_names_with_control_characters_are_made_harmless() -> None:
    def hostile(question: bytes) -> list[bytes]:
        asked = dns.message.from_wire(question)
        answer = dns.message.make_response(asked)
        owner = asked.question[0].name
        answer.answer.append(
            dns.rrset.from_text(owner, 60, "IN", "TXT", '"\\027[31m\\226\\128\\174x"')
        )
        return [answer.to_wire()]

    with answering(hostile) as at:
        (row,) = service(at).ask("www.test", "TXT").rows
    assert not any(c in row for c in "\x1b\u202e")


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("192.0.2.1", ("192.0.2.1", 53)), ("192.0.2.1:5353", ("192.0.2.1", 5353)),
        ("::1", ("::1", 53)), ("[::1]:5353", ("::1", 5353)),
    ],
)  # fmt: skip
def test_a_resolver_is_written_with_or_without_a_port(
    written: str, expected: tuple[str, int]
) -> None:
    assert expected == resolver_address(written)


@pytest.mark.parametrize("written", ["dns.example", "127.0.0.1:0", "127.0.0.1:99999", "1.2.3", ""])
def test_a_resolver_is_an_address(written: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        resolver_address(written)
