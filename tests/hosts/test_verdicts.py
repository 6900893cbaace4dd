"""What the official list, a certificate and a contract change, and what they never change."""

from __future__ import annotations

import datetime as dt
import ipaddress

import msgspec
import pytest

from cnilcheck.checks.registry import checks
from cnilcheck.collectors.declarations import HostingDeclarations
from cnilcheck.collectors.identity import with_declarations
from cnilcheck.documents.rules import load_catalogue
from cnilcheck.hosts import identify as module
from cnilcheck.hosts.asn import AsnTable, Range
from cnilcheck.hosts.catalogue import Catalogue, CatalogueLead, Host, Source, packaged_catalogue
from cnilcheck.hosts.identify import Asked, Tables, identify
from cnilcheck.hosts.official_list import ListRow, OfficialList
from cnilcheck.model.facts import (
    HostingActor,
    HostingChain,
    HostingStorage,
    NetworkIdentity,
    StorageRegion,
)
from cnilcheck.model.scope import (
    Certificate,
    Declarations,
    HostingContract,
    HostingDeclaration,
    Provider,
    Scope,
    StoragePlace,
)
from cnilcheck.model.verdict import Context, Verdict
from cnilcheck.model.words import HealthData
from cnilcheck.resources import rules_directory

TODAY = dt.date(2026, 11, 22)
RULES = {b.rule.id: b for b in load_catalogue(rules_directory(), checks()).rules}
CERTIFICATE = Certificate(
    "EXAMPLE HDS HOST SAS", "EX-1", "Organisme", "2.0", dt.date(2024, 12, 20),
    dt.date(2027, 12, 19), (1, 2, 3, 4, 5, 6),
)  # fmt: skip
PROVIDER = Provider("Example HDS Host", (1, 2, 3, 4, 5, 6), CERTIFICATE, offer_activated=True)
CONTRACT = HostingContract((1, 2, 3, 4, 5, 6, 7, 8, 9), True, True)
LEAD = CatalogueLead("not_checked", ("s",))


def host(id_: str, name: str, asn: int, *, edge: bool = False, other: str = "") -> Host:
    return Host(
        id_, name, name, (), "FR", "iaas", LEAD, asns=(asn,), edge=edge,
        name_suffixes=(f"{id_}.example",), other_entities={asn: other} if other else {},
    )  # fmt: skip


CATALOGUE = Catalogue(
    "2026-11-22",
    (Source("s", None, "recollection", "Essai", "Test"),),
    (
        host("hds", "EXAMPLE HDS HOST SAS", 64496),
        host("plain", "PLAIN WEB SAS", 64497),
        host("edge", "BORDER CDN INC", 64498, edge=True),
        host("group", "GROUPE DURAND SAS", 64499, other="DURAND LTD (GB)"),
        host("late", "LATE RESELLER", 64511),
    ),
)
LIST = OfficialList(
    dt.date(2026, 11, 1), "essai", "0", TODAY,
    (
        ListRow("Example HDS Host", (1, 2, 3, 4, 5, 6), "2.0"),
        ListRow("Late Reseller", (1,), "2.0", expires_on=dt.date(2026, 10, 1)),
        ListRow("Groupe Durand"), ListRow("Boréal"), ListRow("Pléiade"),
    ),
)  # fmt: skip
NETWORKS = AsnTable(
    [
        Range(int(ipaddress.ip_address(first)), int(ipaddress.ip_address(last)), asn)
        for first, last, asn in (
            ("192.0.2.0", "192.0.2.127", 64496), ("192.0.2.128", "192.0.2.255", 64497),
            ("198.51.100.0", "198.51.100.255", 64498), ("203.0.113.0", "203.0.113.255", 64499),
        )
    ],
    [
        Range(int(ipaddress.ip_address("2001:db8::")) >> 64, (int(ipaddress.ip_address("2001:db8:1::")) >> 64) - 1, 64496),
        Range(int(ipaddress.ip_address("2001:db8:1::")) >> 64, (int(ipaddress.ip_address("2001:db8:2::")) >> 64) - 1, 64511),
    ],
    {64496: "EXAMPLE HDS HOST SAS"}, "fixture", "2026-11-01",
)  # fmt: skip


@pytest.fixture
def announced(monkeypatch: pytest.MonkeyPatch) -> None:
    """Documentation addresses are taken for announced ones."""
    monkeypatch.setattr(module, "is_public", lambda _: True)


def look(name: str, address: str = "", listed: OfficialList | None = LIST) -> NetworkIdentity:
    addresses = (ipaddress.ip_address(address),) if address else ()
    (fact,) = identify(Asked(name, (), addresses), Tables(CATALOGUE, (NETWORKS,), official=listed))
    return fact


def judge(
    fact: NetworkIdentity, as_of: dt.date = TODAY, data: HealthData | None = HealthData.THIRD_PARTY
) -> Verdict:
    verdict = RULES["network-host-certified"].judge(fact, Context(as_of, data))
    assert isinstance(verdict, Verdict)
    return verdict


def declared(fact: NetworkIdentity, **changes: object) -> NetworkIdentity:
    provider = msgspec.structs.replace(PROVIDER, **changes)
    hosting = HostingDeclaration((provider,), "saas", contract=CONTRACT)
    return with_declarations(fact, Scope(version=1, declarations=Declarations(hosting=hosting)))


@pytest.mark.usefixtures("announced")
@pytest.mark.parametrize("address", ["192.0.2.1", "2001:db8::1"])
def test_a_listed_host_passes_only_with_certificate_offer_and_contract(address: str) -> None:
    fact = look("app.hds.example", address)
    assert judge(fact).outcome == "inconclusive"
    assert judge(declared(fact)).outcome == "pass"
    assert judge(declared(fact, offer_activated=None)).outcome == "inconclusive"
    assert judge(declared(fact, certificate=None)).outcome == "inconclusive"
    old = msgspec.structs.replace(CERTIFICATE, referential="1.1")
    assert judge(declared(fact, certificate=old)).outcome == "inconclusive"


@pytest.mark.usefixtures("announced")
@pytest.mark.parametrize("address", ["192.0.2.1", "2001:db8::1"])
def test_a_network_alone_does_not_pass_whatever_is_on_file(address: str) -> None:
    assert judge(declared(look("www.exemple.test", address))).outcome == "inconclusive"


@pytest.mark.usefixtures("announced")
def test_absence_from_a_fresh_list_fails_a_named_host_and_not_a_network() -> None:
    assert judge(look("app.plain.example", "192.0.2.200")).outcome == "fail"
    assert judge(look("www.exemple.test", "192.0.2.200")).outcome == "inconclusive"
    assert judge(look("app.plain.example", "192.0.2.200", None)).outcome == "inconclusive"
    late = dt.date(2027, 3, 1)
    assert judge(look("app.plain.example", "192.0.2.200"), late).outcome == "inconclusive"


@pytest.mark.usefixtures("announced")
def test_an_intermediary_hides_the_host() -> None:
    fact = look("app.edge.example", "198.51.100.1")
    assert fact.edge
    assert judge(fact).outcome == "inconclusive"


@pytest.mark.usefixtures("announced")
def test_another_company_of_the_group_is_told() -> None:
    fact = look("www.exemple.test", "203.0.113.1")
    assert fact.other_entity == "DURAND LTD (GB)"
    verdict = judge(fact)
    assert verdict.outcome == "inconclusive"
    assert "DURAND LTD" in str(verdict.values["reason"])


@pytest.mark.usefixtures("announced")
def test_an_entry_that_has_expired_fails() -> None:
    assert judge(look("app.late.example", "2001:db8:1::1")).outcome == "fail"


@pytest.mark.parametrize("address", ["192.0.2.1", "2001:db8::1", "10.0.0.1", "127.0.0.1", "::1"])
def test_a_reserved_address_says_nothing_whatever_its_name(address: str) -> None:
    fact = look("app.hds.example", address)
    assert fact.reserved
    assert judge(declared(fact)).outcome == "inconclusive"


@pytest.mark.usefixtures("announced")
@pytest.mark.parametrize("data", [None, HealthData.OWN_PATIENTS])
def test_nothing_fails_unless_data_of_others_is_declared(data: HealthData | None) -> None:
    assert judge(look("app.plain.example", "192.0.2.200"), data=data).outcome != "fail"


def test_own_patients_on_a_declared_host_are_asked_about() -> None:
    fact = declared(look("app.plain.example"))
    assert judge(fact, data=HealthData.OWN_PATIENTS).outcome == "inconclusive"
    alone = msgspec.structs.replace(fact, outsourced=False)
    assert judge(alone, data=HealthData.OWN_PATIENTS).outcome == "not_applicable"


@pytest.mark.parametrize("use", ["recipient", "mail"])
def test_what_a_page_or_the_mail_reaches_is_asked_about_and_never_fails(use: str) -> None:
    fact = msgspec.structs.replace(look("app.plain.example"), use=use)
    assert judge(fact).outcome == "inconclusive"


@pytest.mark.parametrize("name", ["x.vercel.app", "abc.supabase.co"])
def test_a_packaged_absence_counts_until_a_list_is_imported(name: str) -> None:
    (fact,) = identify(Asked(name), Tables())
    assert judge(fact).outcome == "fail"
    rows = (ListRow("Vercel"), ListRow("Supabase"))
    listed = OfficialList(dt.date(2026, 11, 1), "essai", "0", TODAY, rows)
    (fact,) = identify(Asked(name), Tables(official=listed))
    assert judge(fact).outcome == "inconclusive"


# The vectors of hosting.
@pytest.mark.parametrize(("as_of", "expected"), [(TODAY, "fail"), (dt.date(2025, 6, 1), "pass")])
def test_a_v1_certificate_counts_until_the_day_v2_is_due(as_of: dt.date, expected: str) -> None:
    old = msgspec.structs.replace(CERTIFICATE, referential="1.1")
    fact = HostingActor("Example HDS Host", (1,), old)
    verdict = RULES["hds-referential-current"].judge(fact, Context(as_of, HealthData.THIRD_PARTY))
    assert expected == verdict.outcome  # type: ignore[union-attr]


def chain(declaration: HostingDeclaration) -> HostingChain:
    from pathlib import Path

    from cnilcheck.collectors.base import Journal, Tools
    from cnilcheck.model.scope import Limits

    scope = Scope(version=1, declarations=Declarations(hosting=declaration))
    collector = HostingDeclarations()
    (task,) = collector.tasks(scope)
    seen = collector.observe(task, Tools(Path(), scope, Journal(), Limits()))
    return next(s.fact for s in seen if isinstance(getattr(s, "fact", None), HostingChain))  # type: ignore[union-attr]


def test_five_and_six_must_be_covered_by_somebody() -> None:
    lower = msgspec.structs.replace(CERTIFICATE, activities=(1, 2, 3, 4))
    cloud = Provider("Cloud", (1, 2, 3, 4, 5, 6), lower)
    context = Context(TODAY, HealthData.THIRD_PARTY)
    rule = RULES["hds-activities-covered"]
    alone = chain(HostingDeclaration((cloud,), "saas"))
    assert rule.judge(alone, context).outcome == "fail"  # type: ignore[union-attr]
    upper = msgspec.structs.replace(CERTIFICATE, activities=(5, 6))
    below = Provider("Cloud", (1, 2, 3, 4), lower)
    both = chain(HostingDeclaration((below, Provider("Éditeur", (5, 6), upper)), "saas"))
    assert rule.judge(both, context).outcome == "pass"  # type: ignore[union-attr]
    assert both.coverage[4].certified_for == ("Éditeur",)


def test_who_administers_its_own_rented_machines_needs_no_fifth_activity() -> None:
    lower = msgspec.structs.replace(CERTIFICATE, activities=(1, 2, 3))
    cloud = Provider("Cloud", (1, 2, 3), lower)
    rented = HostingDeclaration(
        (cloud,), "iaas", administration="organisation", backups="organisation"
    )
    fact = chain(rented)
    assert fact.needed == (1, 2, 3)
    context = Context(TODAY, HealthData.THIRD_PARTY)
    assert RULES["hds-activities-covered"].judge(fact, context).outcome == "pass"  # type: ignore[union-attr]
    outside = msgspec.structs.replace(rented, backups="third_party")
    verdict = RULES["hds-activities-covered"].judge(chain(outside), context)
    assert verdict.outcome == "inconclusive"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("as_of", "cited"),
    [(dt.date(2026, 9, 25), "framework"), (dt.date(2026, 9, 26), "R.1111-9-1")],
)
def test_a_region_outside_the_eea_fails_on_both_sides_of_the_decree(
    as_of: dt.date, cited: str
) -> None:
    context = Context(as_of, HealthData.THIRD_PARTY)
    stored = RULES["configured-storage-in-eea"].judge(
        StorageRegion("S3", "aws", "us-east-1", "US"), context
    )
    told = RULES["storage-in-eea"].judge(HostingStorage("Example", (StoragePlace("US"),)), context)
    for verdict in (stored, told):
        assert verdict.outcome == "fail"  # type: ignore[union-attr]
        assert cited in verdict.values["basis"].en  # type: ignore[union-attr]


def test_the_catalogue_never_makes_anything_pass() -> None:
    for known in packaged_catalogue().hosts:
        for suffix in known.name_suffixes:
            (fact,) = identify(Asked(f"x.{suffix}"), Tables())
            assert judge(fact).outcome != "pass"
