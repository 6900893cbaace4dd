"""Where a service for several establishments keeps each one's files."""

from __future__ import annotations

from pathlib import Path

import pytest

from cnilcheck.collectors.tenant_storage import TenantStorages
from cnilcheck.model.facts import TenantStorage
from collectors.trees import facts, look, write

INI = "[hospital:a]\nupload_dir=/srv/docs/a\n[hospital:b]\nupload_dir=%s\n"


def found(root: Path, files: dict[str, str]) -> dict[str, TenantStorage]:
    return facts(look(TenantStorages(), write(root, files)), TenantStorage)


def test_two_hospitals_with_one_place_are_told_with_their_line(tmp_path: Path) -> None:
    (fact,) = found(tmp_path, {"/srv/app/h.ini": INI % "/srv/docs/a/"}).values()
    assert [(s.place, s.storage, s.tenants) for s in fact.shared] == [
        ("/srv/app/h.ini:4", "/srv/docs/a", 2)
    ]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("h.ini", INI % "/srv/docs/b"),
        ("h.yml", "tenants:\n  a: {bucket: docs, prefix: a}\n  b: {bucket: docs, prefix: b}\n"),
        ("h.yml", "tenants:\n  a: {upload: '/srv/{tenant}/x'}\n  b: {upload: '/srv/{tenant}/x'}\n"),
    ],
)
def test_places_of_their_own_are_apart(name: str, text: str, tmp_path: Path) -> None:
    (fact,) = found(tmp_path, {f"/srv/app/{name}": text}).values()
    assert (fact.tenants, fact.shared) == (2, ())


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("compose.yaml", "services:\n  a: {volumes: [/srv/x:/y]}\n  b: {volumes: [/srv/x:/y]}\n"),
        ("h.yml", "sites:\n  a: {metrics_path: /metrics/x}\n  b: {metrics_path: /metrics/x}\n"),
        ("h.json", '{"clients": {"a": {"upload": "/srv/x/y"}}}'),
        ("h.yml", "tenants: [upload: {"),
    ],
)
def test_what_is_no_list_of_establishments_is_left_alone(
    name: str, text: str, tmp_path: Path
) -> None:
    assert not found(tmp_path, {f"/srv/app/{name}": text})
