"""Policies of stores and security groups are read for whom they let in, and from where."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cnilcheck.collectors.base import Nothing
from cnilcheck.collectors.cloud_access import CloudAccess
from cnilcheck.model.facts import CloudAccessSetting
from collectors.trees import facts, look, write

USER = {"AWS": "arn:aws:iam::111122223333:user/ingenieur"}
GROUP = 'resource "aws_security_group" "base" {\n  ingress {\n    from_port = %s\n    to_port = %s\n    cidr_blocks = ["%s"]\n  }\n  egress {\n    from_port = 0\n    to_port = 0\n    cidr_blocks = ["0.0.0.0/0"]\n  }\n}\n'


def policy(principal: Any, **more: Any) -> str:
    statement = {"Effect": "Allow", "Principal": principal, "Action": "s3:GetObject"}
    statement |= {"Resource": "arn:aws:s3:::exports/*"} | more
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def seen(root: Path, path: str, text: str) -> list[CloudAccessSetting]:
    return list(facts(look(CloudAccess(), write(root, {path: text})), CloudAccessSetting).values())  # type: ignore[arg-type]


@pytest.mark.parametrize("principal", ["*", {"AWS": "*"}])
def test_a_store_for_everybody_is_open_to_all(tmp_path: Path, principal: Any) -> None:
    (fact,) = seen(tmp_path, "/srv/policy.json", policy(principal))
    assert (fact.anyone, fact.networks) == (True, ())


def test_a_key_that_works_from_anywhere_is_not_limited(tmp_path: Path) -> None:
    (fact,) = seen(tmp_path, "/srv/policy.json", policy(USER))
    assert (fact.resource, fact.anyone, fact.networks) == ("exports", False, ())


@pytest.mark.parametrize(
    "condition",
    [
        {"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}},
        {"StringEquals": {"aws:SourceVpce": ["vpce-1a2b"]}},
    ],
)
def test_a_condition_on_the_network_limits_it(tmp_path: Path, condition: Any) -> None:
    (fact,) = seen(tmp_path, "/srv/policy.json", policy(USER, Condition=condition))
    assert fact.networks


def test_a_condition_on_every_address_limits_nothing(tmp_path: Path) -> None:
    condition = {"IpAddress": {"aws:SourceIp": "0.0.0.0/0"}}
    (fact,) = seen(tmp_path, "/srv/policy.json", policy(USER, Condition=condition))
    assert fact.networks == ()


@pytest.mark.parametrize(
    "principal",
    [{"Service": "cloudfront.amazonaws.com"}, {"AWS": "arn:aws:iam::111122223333:role/serveur"}],
)
def test_services_and_roles_are_no_concern_of_this(tmp_path: Path, principal: Any) -> None:
    found = look(CloudAccess(), write(tmp_path, {"/srv/policy.json": policy(principal)}))
    assert found == [Nothing("/", CloudAccessSetting)]


def test_a_group_says_which_port_it_opens_to_whom(tmp_path: Path) -> None:
    (fact,) = seen(tmp_path, "/srv/base.tf", GROUP % (5432, 5432, "0.0.0.0/0"))
    assert (fact.anyone, fact.ports) == (True, (5432,))
    (fact,) = seen(tmp_path, "/srv/base.tf", GROUP % (5432, 5432, "10.0.0.0/8"))
    assert (fact.anyone, fact.networks) == (False, ("10.0.0.0/8",))
