"""A name tells who announces an address; an address of this machine tells nothing."""

from __future__ import annotations

import ipaddress
from pathlib import Path

import pytest

from cnilcheck.collectors.base import Journal, Tools
from cnilcheck.collectors.identity import NetworkIdentities, identify, is_public, platforms
from cnilcheck.errors import CollectionError
from cnilcheck.model.facts import NetworkIdentity
from cnilcheck.model.scope import HostTarget, Limits, Scope, SshTarget, Target, TlsTarget, WebTarget

PUBLIC = (ipaddress.ip_address("8.8.8.8"),)


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
    fact = identify("application.osc-fr1.scalingo.io", "", PUBLIC, platforms())
    assert fact.provider == "Scalingo"
    assert fact.signal == "name ends in scalingo.io"


def test_a_canonical_name_tells_what_the_name_hides() -> None:
    fact = identify("www.exemple.fr", "domain.par.clever-cloud.com", PUBLIC, platforms())
    assert fact.provider == "Clever Cloud"
    assert fact.signal.startswith("canonical name")


def test_an_ending_counts_only_at_a_dot() -> None:
    assert None is identify("www.monovh.net", "", PUBLIC, platforms()).provider


def test_a_private_address_behind_a_known_name_names_nobody() -> None:
    private = (ipaddress.ip_address("10.0.0.5"),)
    assert None is identify("x.clever-cloud.com", "", private, platforms()).provider
