"""A name tells who announces an address; an address of this machine tells nothing."""

from __future__ import annotations

import datetime as dt
import io
import ipaddress
from pathlib import Path

import pytest

from cnilcheck.collectors.base import Journal, Tools
from cnilcheck.collectors.identity import (
    NetworkIdentities,
    with_declarations,
)
from cnilcheck.errors import CollectionError
from cnilcheck.hosts.identify import Asked, Tables, identify
from cnilcheck.model.addresses import is_public
from cnilcheck.model.facts import NetworkIdentity
from cnilcheck.model.hosting_matrix import needed_activities
from cnilcheck.model.scope import (
    Certificate,
    Declarations,
    HostingContract,
    HostingDeclaration,
    HostTarget,
    Limits,
    Provider,
    Scope,
    SshTarget,
    Target,
    TlsTarget,
    WebTarget,
)


def named(name: str, canonical: str = "", address: str = "1.2.3.4") -> NetworkIdentity:
    (fact,) = identify(Asked(name, (canonical,), (ipaddress.ip_address(address),)), Tables())
    return fact


def observe(target: Target) -> NetworkIdentity:
    scope = Scope(version=1, targets=(target,))
    (task,) = NetworkIdentities().tasks(scope)
    assert target.spelling == task.target
    (seen,) = NetworkIdentities().observe(task, Tools(Path(), scope, Journal(), Limits()))
    return seen.fact


@pytest.mark.parametrize(
    "target",
    [
        WebTarget("https://127.0.0.1:8443/"),
        WebTarget("http://localhost:8080/"),
        HostTarget("127.0.0.1"),
        HostTarget("::1"),
        TlsTarget("127.0.0.1:587"),
        TlsTarget("[::1]:587"),
    ],
)
def test_this_machine_is_a_reserved_address_of_nobody(target: Target) -> None:
    fact = observe(target)
    assert fact.reserved
    assert None is fact.provider
    assert fact.signal == "reserved address"


def test_ssh_targets_are_left_alone() -> None:
    assert NetworkIdentities().tasks(Scope(version=1, targets=(SshTarget("127.0.0.1:22"),))) == ()


@pytest.mark.parametrize("host", ["", "a" * 300, "no\0name", "a..b", "-.invalid"])
def test_what_is_no_name_is_a_gap(host: str) -> None:
    with pytest.raises(CollectionError):
        observe(HostTarget(host))


@pytest.mark.parametrize(
    "text",
    ["10.0.0.1", "192.0.2.1", "100.64.0.1", "224.0.0.1", "fe80::1", "::ffff:10.0.0.1", "0.0.0.0"],
)
def test_special_addresses_are_not_public(text: str) -> None:
    assert not is_public(ipaddress.ip_address(text))


def test_the_longest_known_ending_of_a_name_tells_the_platform() -> None:
    fact = named("application.osc-fr1.scalingo.io")
    assert fact.provider == "Scalingo"
    assert fact.signal == "name ends in scalingo.io"


def test_a_canonical_name_tells_what_the_name_hides() -> None:
    fact = named("www.exemple.fr", "domain.par.clever-cloud.com")
    assert fact.provider == "Clever Cloud"
    assert fact.signal.startswith("canonical name")


def test_an_ending_counts_only_at_a_dot() -> None:
    assert None is named("www.monovh.net").provider


def test_a_private_address_behind_a_known_name_names_nobody() -> None:
    assert None is named("x.clever-cloud.com", address="10.0.0.5").provider


CERTIFICATE = Certificate(
    "Clever Cloud SAS", "EX-1", "Organisme", "2.0", dt.date(2024, 12, 20), dt.date(2027, 12, 19),
    (1, 2, 3, 4, 5, 6),
)  # fmt: skip


def test_a_declared_host_is_matched_with_the_one_the_network_shows() -> None:
    provider = Provider("Clever Cloud", (1, 2, 3, 4, 5, 6), CERTIFICATE, offer_activated=True)
    hosting = HostingDeclaration((provider,), "paas", contract=HostingContract((1, 2, 3)))
    scope = Scope(version=1, declarations=Declarations(hosting=hosting))
    fact = with_declarations(named("x.parhds.clever-cloud.com"), scope)
    assert fact.outsourced
    assert fact.declared is not None
    assert (fact.declared.offer_activated, fact.declared.clauses) == (True, (1, 2, 3))
    assert fact.declared.uncovered == ()
    assert None is with_declarations(named("x.ovh.net"), scope).declared


def test_the_needed_activities_follow_who_administers_and_who_backs_up() -> None:
    rented = HostingDeclaration((), "iaas", administration="organisation", backups="third_party")
    assert needed_activities(rented) == ((1, 2, 3, 6), ())
    assert needed_activities(HostingDeclaration((), "iaas")) == ((1, 2, 3), (5, 6))
    database = HostingDeclaration((), "iaas", administration="organisation", managed_database=True)
    assert needed_activities(database) == ((1, 2, 3, 6), ())
    assert needed_activities(HostingDeclaration((), "saas")) == ((1, 2, 3, 4, 5, 6), ())
    assert needed_activities(HostingDeclaration(())) == ((), ())


def test_an_ipv4_address_in_ipv6_is_the_same_address() -> None:
    assert named("www.exemple.test", address="::ffff:51.91.0.0").provider == "OVHcloud"


def test_a_name_met_on_the_way_announces_no_address() -> None:
    fact = named("x.trafficmanager.net", "domain.parhds.clever-cloud.com", "51.91.0.0")
    assert (fact.provider, fact.upstream) == ("Clever Cloud", "OVHcloud")


def test_an_origin_declared_behind_an_intermediary_is_told_and_nobody_is_asked(
    tmp_path: Path,
) -> None:
    hosting = HostingDeclaration(
        (), "paas", origins=("app.osc-fr1.scalingo.io", "51.91.0.0", "[::1]")
    )
    scope = Scope(version=1, declarations=Declarations(hosting=hosting))
    journal = io.StringIO()
    tools = Tools(tmp_path, scope, Journal(journal), Limits())
    collector = NetworkIdentities()
    seen = [s for task in collector.tasks(scope) for s in collector.observe(task, tools)]
    told = {s.location: (s.fact.provider, s.fact.reserved) for s in seen}
    assert told == {
        "origins[0] (app.osc-fr1.scalingo.io)": ("Scalingo", False),
        "origins[1] (51.91.0.0)": ("OVHcloud", False),
        "origins[2] ([::1])": (None, True),
    }
    assert journal.getvalue() == ""
