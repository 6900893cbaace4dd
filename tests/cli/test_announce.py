"""Before anything is contacted, each host's share is said: requests, pace, time."""

from __future__ import annotations

from cnilcheck.cli.announce import announced
from cnilcheck.model.scope import HostTarget, Limits, Scope, WebTarget


def test_each_host_is_named_with_its_requests_pace_and_time() -> None:
    targets = (
        WebTarget("https://app.example/"), WebTarget("https://app.example/espace/"),
        WebTarget("https://www.example/"), HostTarget("db.example"),
    )  # fmt: skip
    first, second = announced(Scope(1, targets))
    assert first.startswith("app.example")
    assert second.startswith("www.example")
    assert "10" in second
    assert "s " in second


def test_more_is_never_announced_than_the_budget_allows() -> None:
    scope = Scope(1, (WebTarget("https://app.example/"),), limits=Limits(requests_per_host=40))
    (line,) = announced(scope)
    assert "40" in line
    assert "5 s" in line


def test_loopback_is_nobody_else_s() -> None:
    assert announced(Scope(1, (WebTarget("http://127.0.0.1:8080/"),))) == ()
