"""What a visitor gets for the documents of the scope: the file, a refusal, or a way elsewhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from cnilcheck.collectors.documents import Documents
from cnilcheck.model.facts import DocumentAccess
from cnilcheck.model.scope import WebTarget
from cnilcheck.replica import Replica
from collectors.web_servers import (
    HTML,
    NOT_FOUND,
    Reply,
    facts,
    gaps,
    observed,
    pages,
    tools_for,
    web,
)

PDF: Reply = (200, (("Content-Type", "application/pdf"),), b"%PDF-1.4 resultat")
SIGN_IN: Reply = (
    200,
    (HTML,),
    b"<html><title>Connexion</title><form method=post><input type=password></form></html>",
)


def to(where: str) -> Reply:
    return 302, (("Location", where),), b""


def access(folder: Path, table: dict[str, Reply], path: str = "/r/1.pdf") -> DocumentAccess:
    with web(pages(table)) as url:
        seen = observed(Documents(), tools_for(folder, WebTarget(url, protected=(path,))))
    fact = facts(seen, DocumentAccess)[path]
    assert isinstance(fact, DocumentAccess)
    return fact


@pytest.mark.parametrize(
    ("table", "answer", "status"),
    [
        pytest.param({"/r/1.pdf": PDF}, "served", 200, id="a file"),
        pytest.param({"/r/1.pdf": (206, (), b"x")}, "served", 206, id="a part"),
        pytest.param({"/r/1.pdf": (403, (HTML,), b"non")}, "refused", 403, id="forbidden"),
        pytest.param({"/r/1.pdf": (401, (HTML,), b"non")}, "refused", 401, id="sign in first"),
        pytest.param({}, "absent", 404, id="not there"),
        pytest.param({"/r/1.pdf": (410, (HTML,), b"")}, "absent", 410, id="gone"),
        pytest.param({"/r/1.pdf": SIGN_IN}, "refused", 200, id="the sign-in page in its place"),
        pytest.param(
            {"/r/1.pdf": (200, (HTML,), b"<html><p>Acc\xc3\xa8s refus\xc3\xa9</p></html>")},
            "refused", 200, id="a page that says no",
        ),
        pytest.param(
            {"/r/1.pdf": to("/connexion"), "/connexion": SIGN_IN}, "redirected", 302,
            id="sent to the sign-in page",
        ),
        pytest.param(
            {"/r/1.pdf": to("/"), "/": (200, (HTML,), b"<html>Accueil</html>")},
            "redirected", 302, id="sent to the home page",
        ),
        pytest.param(
            {"/r/1.pdf": to("/files/1.pdf"), "/files/1.pdf": PDF}, "served", 200,
            id="sent to the file itself",
        ),
        pytest.param({"/r/1.pdf": to("/r/1.pdf")}, "redirected", 302, id="sent in a circle"),
        pytest.param(
            {"/r/1.pdf": to("https://login.example.org/auth?next=1.pdf")}, "redirected", 302,
            id="sent to another house to sign in",
        ),
    ],
)  # fmt: skip
def test_the_answer_is_told_apart(
    tmp_path: Path, table: dict[str, Reply], answer: str, status: int
) -> None:
    fact = access(tmp_path, table)
    assert (fact.answer, fact.status) == (answer, status)


def test_a_page_as_a_document_is_served(tmp_path: Path) -> None:
    result = b"<html><title>Votre resultat</title><h1>Resultat</h1><p>negatif</p></html>"
    assert access(tmp_path, {"/r/1": (200, (HTML,), result)}, "/r/1").answer == "served"


def test_a_site_that_shows_the_same_page_for_all_serves_no_document(tmp_path: Path) -> None:
    body = b"<html><title>Oups</title><p>Cette page n'existe pas</p></html>"
    with web(lambda path: (200, (HTML,), body)) as url:
        target = WebTarget(url, protected=("/r/1.pdf",))
        seen = observed(Documents(), tools_for(tmp_path, target))
    fact = facts(seen, DocumentAccess)["/r/1.pdf"]
    assert isinstance(fact, DocumentAccess)
    assert fact.answer == "absent"


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        ((500, (HTML,), b"x"), "Malformed"),
        ((503, (HTML,), b"x"), "Refused"),
        (to("https://bucket.example.org/a/1.pdf?signature=x"), "NotPermitted"),
    ],
)
def test_what_decides_nothing_is_a_gap(tmp_path: Path, reply: Reply, error: str) -> None:
    with web(pages({"/r/1.pdf": reply})) as url:
        target = WebTarget(url, protected=("/r/1.pdf",))
        assert gaps(observed(Documents(), tools_for(tmp_path, target)), DocumentAccess) == [error]


def test_a_document_of_another_site_is_not_asked_for(tmp_path: Path) -> None:
    with web(pages({})) as url:
        target = WebTarget(url, protected=("http://127.0.0.1:1/x.pdf",))
        seen = observed(Documents(), tools_for(tmp_path, target))
    assert gaps(seen, DocumentAccess) == ["NotPermitted"]


def test_both_roles_are_told_and_one_failure_does_not_hide_the_other(tmp_path: Path) -> None:
    with web(pages({"/a.pdf": NOT_FOUND, "/b.pdf": PDF, "/c.pdf": (500, (), b"")})) as url:
        target = WebTarget(url, protected=("/a.pdf", "/c.pdf"), neighbours=("/b.pdf",))
        seen = observed(Documents(), tools_for(tmp_path, target))
    roles = {place: (f.role, f.answer) for place, f in facts(seen, DocumentAccess).items()}  # type: ignore[attr-defined]
    assert roles == {"/a.pdf": ("protected", "absent"), "/b.pdf": ("neighbour", "served")}
    assert gaps(seen, DocumentAccess) == ["Malformed"]


@pytest.mark.parametrize(("mended", "answer"), [(False, "served"), (True, "redirected")])
def test_the_replica_serves_results_until_it_is_mended(
    tmp_path: Path, mended: bool, answer: str
) -> None:
    with Replica(tmp_path, mended=mended) as replica:
        target = WebTarget(
            replica.https, protected=("/resultats/2f9c.pdf",), neighbours=("/resultats/2f9d.pdf",)
        )
        seen = facts(observed(Documents(), tools_for(tmp_path, target)), DocumentAccess)
    assert [f.answer for f in seen.values()] == [answer, answer]  # type: ignore[attr-defined]
