"""Each known address and name leads to the host it should, and no sign of the network ever passes."""

from __future__ import annotations

import datetime as dt
import ipaddress
from pathlib import Path
from typing import Any

import pytest
import yaml

from cnilcheck.checks.registry import checks
from cnilcheck.documents.rules import load_catalogue
from cnilcheck.hosts.asn import AsnTable, Range, packaged_asn_table
from cnilcheck.hosts.catalogue import packaged_catalogue
from cnilcheck.hosts.identify import Asked, Tables, identify
from cnilcheck.hosts.ranges import PublishedRange, RangeFile, RangeTable
from cnilcheck.model.facts import NetworkIdentity
from cnilcheck.model.verdict import Context, Verdict
from cnilcheck.model.words import HealthData, Lang, Outcome
from cnilcheck.resources import rules_directory

VECTORS = yaml.safe_load((Path(__file__).parent / "vectors.yaml").read_text(encoding="utf-8"))
TODAY = dt.date(2026, 11, 22)
RULES = {b.rule.id: b for b in load_catalogue(rules_directory(), checks()).rules}
RULE = RULES["network-host-certified"]


def single(ip: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    return ipaddress.ip_network(ip)


def published() -> RangeTable:
    rows: dict[str, list[PublishedRange]] = {}
    for vector in VECTORS:
        for text in vector.get("published", ()):
            cloud, region, product = text.split(":")
            rows.setdefault(cloud, []).append(
                PublishedRange(str(single(vector["ip"])), region, product)
            )
    return RangeTable(RangeFile(c, "2025-07-24", "feed", "", tuple(r)) for c, r in rows.items())


def one_network(ip: str, asn: int, holder: str, as_of: str) -> AsnTable:
    address = ipaddress.ip_address(ip)
    number = int(address) if address.version == 4 else int(address) >> 64
    row = (Range(number, number, asn),)
    four, six = (row, ()) if address.version == 4 else ((), row)
    return AsnTable(four, six, {asn: holder}, "test", as_of)


def tables(vector: dict[str, Any]) -> Tables:
    networks: tuple[AsnTable, ...] = (packaged_asn_table(),)
    if old := vector.get("networks_2022"):
        networks += (one_network(vector["ip"], old[0], old[1], "2022-10-29"),)
    return Tables(networks=networks, ranges=published())


def identity(vector: dict[str, Any]) -> NetworkIdentity:
    address = ipaddress.ip_address(vector["ip"])
    reverse = {address: (vector["ptr"],)} if "ptr" in vector else {}
    canonical = (vector["cname"],) if "cname" in vector else ()
    asked = Asked("www.exemple.test", canonical, (address,), reverse)
    (found,) = identify(asked, tables(vector))
    return found


def judged(fact: NetworkIdentity, health_data: HealthData | None) -> Verdict:
    verdict = RULE.judge(fact, Context(TODAY, health_data))
    assert isinstance(verdict, Verdict)
    assert verdict.outcome is not Outcome.PASS
    return verdict


def state(fact: NetworkIdentity, verdict: Verdict) -> str:
    if verdict.outcome is not Outcome.INCONCLUSIVE:
        return verdict.outcome.value
    return "unknown" if fact.reserved or fact.conflicts else "needs_evidence"


def test_there_are_as_many_vectors_as_were_studied() -> None:
    assert len({vector["id"] for vector in VECTORS}) == 48
    assert {"ovh-gra", "aws-paris-v6", "three-dbs-three-answers"} <= {v["id"] for v in VECTORS}


@pytest.mark.parametrize("vector", VECTORS, ids=lambda v: v["id"])
def test_a_vector_leads_to_its_host_and_to_its_verdicts(vector: dict[str, Any]) -> None:
    fact, expected = identity(vector), vector["expect"]
    known = packaged_catalogue().by_id
    if not fact.conflicts:
        name = known[expected["host"]].name if expected["host"] else None
        assert name == fact.provider
    assert expected["network_only"] == state(fact, judged(fact, None))
    confirmed = judged(fact, HealthData.THIRD_PARTY)
    assert expected["health_data_confirmed"] == state(fact, confirmed)


@pytest.mark.parametrize(
    "vector", [v for v in VECTORS if "networks_2026" in v], ids=lambda v: v["id"]
)
def test_the_packaged_table_has_the_network_of_a_vector(vector: dict[str, Any]) -> None:
    announced = packaged_asn_table().lookup(ipaddress.ip_address(vector["ip"]))
    assert announced is not None
    assert [announced.asn, announced.holder] == vector["networks_2026"]


@pytest.mark.parametrize(
    "vector", [v for v in VECTORS if "ptr" not in v and "cname" not in v], ids=lambda v: v["id"]
)
def test_a_network_alone_neither_passes_nor_fails(vector: dict[str, Any]) -> None:
    (fact,) = identify(
        Asked("www.exemple.test", (), (ipaddress.ip_address(vector["ip"]),)), Tables()
    )
    verdict = judged(fact, HealthData.THIRD_PARTY)
    assert verdict.outcome in (Outcome.INCONCLUSIVE, Outcome.NOT_APPLICABLE)


@pytest.mark.parametrize("vector", VECTORS, ids=lambda v: v["id"])
def test_a_country_never_changes_host_nor_verdict(vector: dict[str, Any]) -> None:
    for base, country in vector.get("countries", {}).items():
        day = "2026-06-17" if base.endswith("2026") else base[-4:] + "-06-01"
        code = ord(country[0]) << 8 | ord(country[1])
        given = tables(vector)
        hint = one_network(vector["ip"], code, "", day)
        with_country = Tables(networks=given.networks, ranges=given.ranges, countries=(hint,))
        address = ipaddress.ip_address(vector["ip"])
        reverse = {address: (vector["ptr"],)} if "ptr" in vector else {}
        canonical = (vector["cname"],) if "cname" in vector else ()
        (fact,) = identify(Asked("www.exemple.test", canonical, (address,), reverse), with_country)
        assert identity(vector).provider == fact.provider
        before = judged(identity(vector), HealthData.THIRD_PARTY).outcome
        assert before is judged(fact, HealthData.THIRD_PARTY).outcome


@pytest.mark.parametrize(("day", "told"), [("2026-06-17", True), ("2024-06-18", False)])
def test_a_country_base_older_than_a_year_raises_no_question(day: str, told: bool) -> None:
    code = ord("C") << 8 | ord("H")
    hint = one_network("194.182.160.0", code, "", day)
    address = ipaddress.ip_address("194.182.160.0")
    (fact,) = identify(Asked("x.test", (), (address,)), Tables(countries=(hint,)))
    reason = judged(fact, HealthData.THIRD_PARTY).values["reason"]
    assert told == ("place to check" in reason.to(Lang.EN))  # type: ignore[union-attr]


@pytest.mark.parametrize("vector", VECTORS, ids=lambda v: v["id"])
def test_no_sentence_calls_a_company_uncertified_on_recollection(vector: dict[str, Any]) -> None:
    verdict = judged(identity(vector), HealthData.THIRD_PARTY)
    for value in verdict.values.values():
        text = getattr(value, "en", str(value)).lower()
        assert "uncertified" not in text
        assert "not certified" not in text
        assert "{" not in text
