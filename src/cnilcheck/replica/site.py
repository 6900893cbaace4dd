"""What the web servers answer: the flawed site, its mended twin, the redirection to HTTPS."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from dataclasses import dataclass, field
from datetime import date, timedelta
from http import HTTPStatus
from pathlib import Path
from threading import Lock

from cnilcheck.replica import templates
from cnilcheck.replica.messages import Answer, Request
from cnilcheck.replica.pages import (
    HTML,
    error_page,
    home_page,
    published,
    read_only,
    redirection,
    result,
    robots,
    security_contact,
)
from cnilcheck.replica.people import Person

SIGN_IN = "/espace-pharmacien/connexion"
_SECURITY = "/.well-known/security.txt"
_WRONG = '<p role="alert">Identifiant ou mot de passe incorrect</p>'
_STALE = '<p role="alert">Votre page de connexion a expiré. Veuillez recommencer.</p>'
_FAILURES_ALLOWED, _LOCKED_SECONDS, _ACCOUNTS_WATCHED = 10, 900, 1000

_NO_STORE = ("Cache-Control", "no-store")
_MENDED_HEADERS = (
    ("Strict-Transport-Security", "max-age=63072000; includeSubDomains"),
    (
        "Content-Security-Policy",
        "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    ),
    ("Referrer-Policy", "no-referrer"),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
)


class FlawedSite:
    """The site with an open directory, guessable results and an endless sign-in page."""

    banner = "nginx/1.14.0"

    def __init__(self, document_root: Path, people: tuple[Person, ...], day: date) -> None:
        """All pages are ready; what is not among them is not found."""
        self._pages = {"/": home_page(), "/robots.txt": robots()}
        self._pages[_SECURITY] = security_contact(day - timedelta(days=200))
        self._pages |= published(document_root, listed=True)
        for number, person in enumerate(people[:3]):
            self._pages[f"/resultats/{0x2F9C + number:x}.pdf"] = result(person)

    def answer(self, request: Request) -> Answer:
        """The answer, with the banner of PHP."""
        return self._answer(request).adding(("X-Powered-By", "PHP/7.2.34"))

    def refusal(self, status: int) -> Answer:
        """The page of an error."""
        return error_page(status)

    def _answer(self, request: Request) -> Answer:
        if request.path == SIGN_IN and request.method in ("GET", "POST"):
            return _flawed_sign_in(request)
        return read_only(self._pages, request)


@dataclass
class MendedSite:
    """The same site with everything corrected."""

    document_root: Path
    day: date
    banner: str = "nginx"
    _key: bytes = field(default_factory=lambda: secrets.token_bytes(32), repr=False)

    def __post_init__(self) -> None:
        """All pages are ready, the directories closed."""
        self._pages = {"/": home_page(), "/robots.txt": robots()}
        self._pages[_SECURITY] = security_contact(self.day + timedelta(days=180))
        self._pages |= published(self.document_root, listed=False)
        self._failures = Failures()

    def answer(self, request: Request) -> Answer:
        """The answer, with the security headers."""
        return self._answer(request).adding(*_MENDED_HEADERS)

    def refusal(self, status: int) -> Answer:
        """The page of an error, with the security headers."""
        return error_page(status).adding(*_MENDED_HEADERS)

    def _answer(self, request: Request) -> Answer:
        if request.path == SIGN_IN and request.method in ("GET", "POST"):
            return self._sign_in(request).adding(_NO_STORE)
        if request.path.startswith("/resultats/"):
            return redirection(HTTPStatus.FOUND, SIGN_IN).adding(_NO_STORE)
        return read_only(self._pages, request)

    def _sign_in(self, request: Request) -> Answer:
        """The form; a wrong password counts against the account, with or without a valid token."""
        if request.method == "GET":
            return self._form(HTTPStatus.OK, "")
        if self._failures.exceeded(request.form("identifiant")):
            locked = error_page(HTTPStatus.TOO_MANY_REQUESTS)
            return locked.adding(("Retry-After", str(_LOCKED_SECONDS)))
        expected = self._token(request.cookie("__Host-session") or "")
        if not hmac.compare_digest(expected.encode(), request.form("jeton_csrf").encode()):
            return self._form(HTTPStatus.FORBIDDEN, _STALE)
        return self._form(HTTPStatus.OK, _WRONG)

    def _form(self, status: int, message: str) -> Answer:
        session = secrets.token_hex(32)
        body = templates.page("sign_in_mended", {"MESSAGE": message, "TOKEN": self._token(session)})
        cookie = f"__Host-session={session}; Path=/; Secure; HttpOnly; SameSite=Strict"
        return Answer(status, body, (HTML, ("Set-Cookie", cookie)))

    def _token(self, session: str) -> str:
        """The anti-CSRF token of a session: 128 bits that only the server can compute."""
        return hmac.new(self._key, session.encode(), hashlib.sha256).hexdigest()[:32]


class RedirectionToHttps:
    """The mended site on plain HTTP: nothing but the way to HTTPS."""

    banner = "nginx"

    def __init__(self, https: str) -> None:
        """The base URL of the HTTPS server is known."""
        self._https = https.rstrip("/")

    def answer(self, request: Request) -> Answer:
        """The same path and query over HTTPS."""
        path = request.path if request.path.startswith("/") else "/"
        query = f"?{request.query}" if request.query else ""
        return redirection(HTTPStatus.MOVED_PERMANENTLY, self._https + path + query)

    def refusal(self, status: int) -> Answer:
        """An error without a page."""
        return Answer(status)


class Failures:
    """The failed sign-ins of each account, forgotten after a quarter of an hour."""

    def __init__(self) -> None:
        """No failure is known."""
        self._lock = Lock()
        self._by_account: dict[str, tuple[int, float]] = {}

    def exceeded(self, account: str) -> bool:
        """Counts one more failure; true when the account had too many already."""
        now = time.monotonic()
        with self._lock:
            count, last = self._by_account.pop(account, (0, now))
            count = 0 if now - last > _LOCKED_SECONDS else count
            self._by_account[account] = (count + 1, now)
            if len(self._by_account) > _ACCOUNTS_WATCHED:
                del self._by_account[next(iter(self._by_account))]
        return count >= _FAILURES_ALLOWED


def _flawed_sign_in(request: Request) -> Answer:
    message = _WRONG if request.method == "POST" else ""
    answer = Answer(HTTPStatus.OK, templates.page("sign_in_flawed", {"MESSAGE": message}), (HTML,))
    if request.cookie("PHPSESSID") is None:
        answer = answer.adding(("Set-Cookie", f"PHPSESSID={secrets.token_hex(13)}; path=/"))
    return answer
