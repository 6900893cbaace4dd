"""The page of guarantees is read from a site of the scope or a saved copy, and from nowhere else."""

from __future__ import annotations

from pathlib import Path

import pytest

from cnilcheck.collectors.base import Journal, Missing, Seen, Tools
from cnilcheck.collectors.guarantees import GuaranteesPage
from cnilcheck.model.facts import HostingGuarantees
from cnilcheck.model.scope import (
    Declarations,
    HostingDeclaration,
    Limits,
    Organisation,
    Provider,
    Scope,
    WebTarget,
)
from collectors.web_servers import Reply, observed, pages, web

HEADERS = (
    "Raison sociale de l’acteur", "Rôle dans le cadre de la prestation d’hébergement",
    "Certfié HDS", "Qualifié SecNumCloud 3.2",
    "Activités d’hébergement sur lesquelles l’acteur intervient",
    "Exigence n°29 du référentiel HDS", "Exigence n°30 du référentiel HDS",
)  # fmt: skip
ROW = ("Exemple Cloud SAS", "Hébergeur", "Oui", "Non", "1 à 4", "Non", "Non")


def table(*rows: tuple[str, ...], headers: tuple[str, ...] = HEADERS) -> bytes:
    head = "".join(f"<th>{cell}</th>" for cell in headers)
    body = "".join("<tr>" + "".join(f"<td>{c}</td>" for c in row) + "</tr>" for row in rows)
    page = f"<!DOCTYPE html><html><body><table><tr><td>menu</td></tr></table><table><tr>{head}</tr>{body}</table></body></html>"
    return page.encode()


def scope(guarantees: str, *targets: WebTarget) -> Scope:
    hosting = HostingDeclaration((Provider("Exemple Cloud"),), "paas", guarantees=guarantees)
    return Scope(1, targets, Organisation("Pharmacie"), declarations=Declarations(hosting=hosting))


def look(folder: Path, guarantees: str, *targets: WebTarget) -> HostingGuarantees | str:
    tools = Tools(folder, scope(guarantees, *targets), Journal(), Limits())
    (only,) = observed(GuaranteesPage(), tools)
    if isinstance(only, Missing):
        return str(only.error)
    assert isinstance(only, Seen)
    assert isinstance(only.fact, HostingGuarantees)
    return only.fact


def test_the_table_of_a_saved_page_is_read(tmp_path: Path) -> None:
    (tmp_path / "page.html").write_bytes(table(ROW))
    found = look(tmp_path, "page.html")
    assert isinstance(found, HostingGuarantees)
    assert (found.missing, found.unnamed) == ((), ())
    (actor,) = found.actors
    assert (actor.name, actor.activities, actor.third_country_access) == (
        "Exemple Cloud SAS",
        "1 à 4",
        "Non",
    )


def test_a_page_of_a_target_is_asked_for(tmp_path: Path) -> None:
    told = (
        "<p>Aucun transfert de données de santé à <b>caractère personnel</b> vers un pays tiers</p>"
    )
    table_: dict[str, Reply | bytes] = {
        "/garanties": f"<html>{told}</html>".encode(),
        "/interdit": (403, (), b""),
    }
    with web(pages(table_)) as url:
        found = look(tmp_path, f"{url}garanties", WebTarget(url))
        absent = look(tmp_path, f"{url}autre", WebTarget(url))
        refused = look(tmp_path, f"{url}interdit", WebTarget(url))
    assert isinstance(found, HostingGuarantees)
    assert found.statements == ("no_transfer",)
    assert isinstance(absent, HostingGuarantees)
    assert (found.published, absent.published) == (True, False)
    assert refused == "the page answers 403"


def test_a_page_outside_the_scope_is_not_asked_for(tmp_path: Path) -> None:
    assert "of no target" in str(look(tmp_path, "https://exemple.fr/garanties"))


def test_an_actor_without_a_row_and_columns_that_lack_are_told(tmp_path: Path) -> None:
    (tmp_path / "page.html").write_bytes(table(("Autre SA", "x", "Oui"), headers=HEADERS[:3]))
    found = look(tmp_path, "page.html")
    assert isinstance(found, HostingGuarantees)
    assert found.unnamed == ("Exemple Cloud",)
    assert found.missing == ("secnumcloud", "activities", "requirement 29", "requirement 30")


@pytest.mark.parametrize(
    "content",
    [
        b"", b"<html><table>", b"<table>" * 50_000, b"<" * 500_000, b"\xff\x00" * 1000,
        table(*[("x" * 3000,) * 7] * 60), b"<table><tr>" + b"<td>a" * 100_000,
    ],
    ids=["empty", "open", "nested", "angles", "binary", "long", "wide"],
)  # fmt: skip
def test_a_hostile_page_is_read_within_bounds(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "page.html").write_bytes(content)
    found = look(tmp_path, "page.html")
    assert isinstance(found, HostingGuarantees)
    assert len(found.actors) <= 40
    assert all(len(actor.name) <= 160 for actor in found.actors)


@pytest.mark.parametrize("size", [None, 3_000_000])
def test_a_copy_that_is_absent_or_too_large_is_a_gap(tmp_path: Path, size: int | None) -> None:
    if size:
        (tmp_path / "page.html").write_bytes(b" " * size)
    assert "no file of at most 2 MB" in str(look(tmp_path, "page.html"))
