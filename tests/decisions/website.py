"""A web site on loopback that is sound until a rendering breaks it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from html import escape
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from cnilcheck.replica.messages import Answer, Request

if TYPE_CHECKING:
    from decisions.deployment import Deployment

HTML = ("Content-Type", "text/html; charset=utf-8")
_SOUND = {
    "Strict-Transport-Security": "max-age=63072000; includeSubDomains",
    "Content-Security-Policy": (
        "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
Handler = Callable[[Request], Answer]


class Website:
    """Pages by path, handlers by the beginning of the path, headers and banner of the server.

    `head` are elements of the home page's head.
    """

    url: str
    target: dict[str, Any]
    first: Answer | None = None
    """What stands in the place of the home page."""

    def __init__(self, deployment: Deployment) -> None:
        """The home page, robots.txt and a style sheet stand; everything else is not found."""
        self.deployment = deployment
        self.banner = deployment.pick("nginx", "Apache", "web", "Caddy")
        self.headers = dict(_SOUND)
        self.head: list[str] = []
        self._pages: dict[str, Answer] = {}
        self._handlers: list[tuple[str, Handler]] = []
        self._links: list[tuple[str, str]] = []
        self._name = deployment.pick("Espace clients", "Mon compte", "Portal", "Dossiers en ligne")
        self.page("/robots.txt", b"User-agent: *\nDisallow:\n", "text/plain")
        self.page("/style.css", b"body { font-family: sans-serif }\n", "text/css")

    def page(self, path: str, body: str | bytes, media_type: str = "text/html") -> None:
        """The page is served to anybody at that path (with its query, if it has one)."""
        body = body.encode() if isinstance(body, str) else body
        charset = "; charset=utf-8" if media_type.startswith("text/") else ""
        self._pages[path] = Answer(200, body, (("Content-Type", media_type + charset),))

    def handle(self, beginning: str, handler: Handler) -> None:
        """Requests whose path begins so are answered by the handler; the longest beginning counts."""
        self._handlers.append((beginning, handler))
        self._handlers.sort(key=lambda pair: -len(pair[0]))

    def link(self, path: str, words: str) -> None:
        """The home page links there."""
        self._links.append((path, words))

    def name(self, key: str, *paths: str) -> None:
        """The scope names these paths under that key of the target (protected, login...)."""
        self.target[key] = [*self.target.get(key, []), *paths]

    def answer(self, request: Request) -> Answer:
        """The page, with the site's headers unless it brings its own."""
        return self._with_headers(self._answer(request))

    def refusal(self, status: int) -> Answer:
        """The page of an error."""
        return self._with_headers(error(status))

    def _answer(self, request: Request) -> Answer:
        path = unquote(request.path)
        for beginning, handler in self._handlers:
            if path.startswith(beginning):
                return handler(request)
        if request.method not in ("GET", "HEAD"):
            return error(HTTPStatus.METHOD_NOT_ALLOWED)
        if path == "/" and not request.query:
            return self.first or self.home()
        whole = f"{path}?{request.query}" if request.query else path
        return self._pages.get(whole) or self._pages.get(path) or error(HTTPStatus.NOT_FOUND)

    def home(self) -> Answer:
        """The home page, with its links."""
        links = "".join(f'<li><a href="{escape(p)}">{escape(w)}</a></li>' for p, w in self._links)
        home = html(self._name, f"<p>{escape(self._name)}</p><ul>{links}</ul>")
        return replace(
            home, body=home.body.replace(b"</head>", "".join(self.head).encode() + b"</head>")
        )

    def _with_headers(self, answer: Answer) -> Answer:
        brought = {name for name, _ in answer.headers}
        return answer.adding(*((n, v) for n, v in self.headers.items() if n not in brought))


def html(title: str, body: str, *headers: tuple[str, str], status: int = 200) -> Answer:
    """A page in HTML."""
    page = (
        f'<!doctype html><html lang="fr"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<link rel="stylesheet" href="/style.css"></head><body><h1>{escape(title)}</h1>{body}'
        "</body></html>"
    )
    return Answer(status, page.encode(), (HTML, *headers))


def error(status: int) -> Answer:
    """The page of an error, without a word about the software."""
    return html(f"{status:d}", f"<p>{HTTPStatus(status).phrase}</p>", status=status)


def away(path: str) -> Answer:
    """A redirection, which no cache keeps."""
    return Answer(302, headers=(("Location", path), ("Cache-Control", "no-store")))
