"""The pages that the flawed site and its mended twin share."""

from __future__ import annotations

import time
from datetime import date
from html import escape
from http import HTTPStatus
from pathlib import Path
from urllib.parse import unquote

from cnilcheck.replica import pdf, templates
from cnilcheck.replica.files import PLUGIN
from cnilcheck.replica.messages import Answer, Request
from cnilcheck.replica.people import Person

HTML = ("Content-Type", "text/html; charset=utf-8")
_TYPES = {".css": "text/css", ".csv": "text/csv", ".txt": "text/plain"}
_REASONS: dict[int, str] = {
    HTTPStatus.FORBIDDEN: "Accès refusé",
    HTTPStatus.NOT_FOUND: "Page introuvable",
    HTTPStatus.METHOD_NOT_ALLOWED: "Méthode refusée",
    HTTPStatus.TOO_MANY_REQUESTS: "Trop de tentatives",
}
_ROBOTS = b"User-agent: *\nDisallow: /espace-pharmacien/\n"


def read_only(pages: dict[str, Answer], request: Request) -> Answer:
    """The page at the path, or the error that fits."""
    if request.method != "GET":
        return error_page(HTTPStatus.METHOD_NOT_ALLOWED).adding(("Allow", "GET, HEAD"))
    return pages.get(unquote(request.path)) or error_page(HTTPStatus.NOT_FOUND)


def published(document_root: Path, listed: bool) -> dict[str, Answer]:
    """The files below the document root, without PHP sources; its directories, listed or not."""
    pages = {}
    for path in sorted(document_root.rglob("*")):
        address = f"/{path.relative_to(document_root).as_posix()}"
        if path.is_dir():
            browsable = listed and address.startswith(f"/{PLUGIN}")
            forbidden = error_page(HTTPStatus.FORBIDDEN)
            pages[f"{address}/"] = _listing(path, address) if browsable else forbidden
            pages[address] = redirection(HTTPStatus.MOVED_PERMANENTLY, f"{address}/")
        elif path.suffix in _TYPES:
            kind = f"{_TYPES[path.suffix]}; charset=utf-8"
            pages[address] = Answer(HTTPStatus.OK, path.read_bytes(), (("Content-Type", kind),))
    return pages


def security_contact(until: date) -> Answer:
    """Whom to tell of a flaw, until that day (RFC 9116)."""
    text = f"Contact: mailto:securite@depistage.example\nExpires: {until}T00:00:00Z\n"
    kind = ("Content-Type", "text/plain; charset=utf-8")
    return Answer(HTTPStatus.OK, text.encode(), (kind,))


def _listing(folder: Path, address: str) -> Answer:
    """The directory as Apache's mod_autoindex shows it."""
    rows = [f'<a href="{escape(address.rpartition("/")[0])}/">Parent Directory</a>']
    for path in sorted(folder.iterdir()):
        name = path.name + ("/" if path.is_dir() else "")
        stat = path.stat()
        size = "-" if path.is_dir() else str(stat.st_size)
        moment = time.strftime("%Y-%m-%d %H:%M", time.localtime(stat.st_mtime))
        link = f'<a href="{escape(name)}">{escape(name)}</a>'
        rows.append(f"{link}{' ' * (26 - len(name))}{moment}  {size:>6}")
    title = f"Index of {escape(address)}"
    head = f"<html><head><title>{title}</title></head><body><h1>{title}</h1>"
    lines = [head, "<pre>Name  Last modified  Size<hr>", *rows, "<hr></pre></body></html>", ""]
    return Answer(HTTPStatus.OK, "\n".join(lines).encode(), (HTML,))


def home_page() -> Answer:
    """The home page, from which a crawler walks on."""
    return Answer(HTTPStatus.OK, templates.page("home", {}), (HTML,))


def robots() -> Answer:
    """The file that search engines read."""
    return Answer(HTTPStatus.OK, _ROBOTS, (("Content-Type", "text/plain; charset=utf-8"),))


def redirection(status: int, location: str) -> Answer:
    """An answer that only sends elsewhere."""
    return Answer(status, headers=(("Location", location),))


def error_page(status: int) -> Answer:
    """The page of an error."""
    values = {"STATUS": f"{status:d}", "REASON": _REASONS.get(status, "Erreur")}
    return Answer(status, templates.page("error", values), (HTML,))


def result(person: Person) -> Answer:
    """The result of a person's test, as a PDF file."""
    lines = (
        "Résultat de test antigénique (démonstration : personne inventée)",
        f"Nom : {person.surname}   Prénom : {person.first_name}   NIR : {person.nir}",
        f"Né(e) le {person.born_on:%d/%m/%Y}   Résultat : {person.result}",
    )
    return Answer(HTTPStatus.OK, pdf.one_page(lines), (("Content-Type", "application/pdf"),))
