"""A site's security.txt is read where there is one, and its absence is no failure."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from cnilcheck.checks.exposure import security_contact_in_force
from cnilcheck.collectors.security_contact import SecurityContacts
from cnilcheck.model.facts import SecurityContact
from cnilcheck.model.verdict import Context
from collectors.web_servers import (
    HTML,
    NOT_FOUND,
    TEXT,
    Reply,
    facts,
    gaps,
    observed,
    tools_for,
    web,
)

DAY = dt.date(2026, 11, 22)
CONTACT = "Contact: mailto:securite@exemple.fr\n"
EXPIRES = "Expires: 2027-06-30T00:00:00Z\n"


def look(folder: Path, reply: Reply) -> SecurityContact | list[str]:
    with web(lambda path: reply if path == "/.well-known/security.txt" else NOT_FOUND) as url:
        seen = observed(SecurityContacts(), tools_for(folder, url))
    found = list(facts(seen, SecurityContact).values())
    if not found:
        return gaps(seen, SecurityContact)
    (fact,) = found
    assert isinstance(fact, SecurityContact)
    return fact


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        (CONTACT + EXPIRES, "pass"),
        (f"-----BEGIN PGP SIGNED MESSAGE-----\n\n{CONTACT.lower()}{EXPIRES.upper()}", "pass"),
        ((CONTACT + EXPIRES).replace("\n", "\r\n"), "pass"),
        (CONTACT, "fail"),
        (CONTACT + "Expires: bient\u00f4t\n", "fail"),
        (CONTACT + EXPIRES + EXPIRES, "fail"),
        (CONTACT + "Expires: 2026-11-21T23:00:00+01:00\n", "fail"),
        ("Contact: securite@exemple.fr\n" + EXPIRES, "fail"),
        ("Rien ici\n", "not_applicable"),
        ("", "not_applicable"),
    ],
)
def test_what_the_file_says_decides(tmp_path: Path, text: str, outcome: str) -> None:
    found = look(tmp_path, (200, (TEXT,), text.encode()))
    assert isinstance(found, SecurityContact)
    assert security_contact_in_force(found, Context(DAY)).outcome.value == outcome
    assert "exemple" not in str(found)


@pytest.mark.parametrize(
    "reply",
    [NOT_FOUND, (200, (HTML,), b"<html>Contact: mailto:a@b.fr</html>"), (302, (("Location", "/"),), b"")],
    ids=["absent", "page", "elsewhere"],
)  # fmt: skip
def test_a_site_without_the_file_is_not_failed(tmp_path: Path, reply: Reply) -> None:
    assert look(tmp_path, reply) == SecurityContact(published=False)


def test_a_refusal_is_a_gap(tmp_path: Path) -> None:
    assert look(tmp_path, (403, (HTML,), b"<html>no</html>")) == ["Refused"]


@pytest.mark.parametrize(
    "body", [b"Contact:" * 20_000, b"contact: mailto:" + b"a" * 60_000, b"\xff\0" * 9000]
)
def test_a_hostile_file_is_read_within_bounds(tmp_path: Path, body: bytes) -> None:
    found = look(tmp_path, (200, (TEXT,), body))
    assert isinstance(found, SecurityContact)
    assert found.contacts == ()
