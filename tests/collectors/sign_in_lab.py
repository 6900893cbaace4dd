"""A small site with one account for the tests, which can be told to misbehave."""

from __future__ import annotations

import json
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

NAME, PASSWORD, OTHER = "essai@example.org", "Une-Phrase-de-Test-42", "Autre-Phrase-de-Test-7"
FORM = (
    "<form method=post action=/connexion><input type=hidden name=token value=abcdefgh12345678>"
    "<input name=email type=email><input name=secret type=password><button>OK</button></form>"
)
CHANGE = (
    "<form method=post action=/change><input type=password name=old>"
    "<input type=password name=new1><input type=password name=new2></form>"
)
Reply = tuple[int, dict[str, str], str]


@dataclass
class Place:
    """The site's state, what was sent to it, and how it answers a wrong password."""

    wrong: Callable[[Place, str], Reply] = lambda _place, _name: page(f"<p>Non.</p>{FORM}")
    sign_in_page: str = FORM
    password: str = PASSWORD
    any_password: bool = False
    locks_after: int = 10**6
    refuses_password: Callable[[Place, str], bool] = lambda _place, new: len(new) < 12
    on_change: Callable[[Place], None] = lambda _place: None
    everyone: bool = False
    token: str = ""
    """What the form's token must be; empty where nobody looks at it."""
    sessions: set[str] = field(default_factory=set)
    failures: int = 0
    sent: list[tuple[str, str]] = field(default_factory=list)
    changes: list[str] = field(default_factory=list)

    def wrongly_sent(self) -> int:
        """How often a password was sent for the account that was never the right one."""
        known = {PASSWORD, OTHER, OTHER[:7]}
        return sum(1 for name, secret in self.sent if name == NAME and secret not in known)


def page(body: str, status: int = 200, **headers: str) -> Reply:
    """An HTML answer; an underscore in a header's name stands for a hyphen."""
    return status, {k.replace("_", "-"): v for k, v in headers.items()}, f"<html>{body}</html>"


def moved(where: str, cookie: str = "") -> Reply:
    """A redirection, perhaps with a cookie."""
    return 302, {"Location": where} | ({"Set-Cookie": cookie} if cookie else {}), ""


@contextmanager
def serving(place: Place) -> Iterator[str]:
    """The site on loopback; its address is given."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._send(_shown(place, self.path, self._session()))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            kind = self.headers["Content-Type"]
            self._send(_taken(place, self.path, kind, body, self._session()))

        def _session(self) -> bool:
            cookie = self.headers.get("Cookie", "") + self.headers.get("Authorization", "")
            return any(known in cookie for known in place.sessions)

        def _send(self, reply: Reply) -> None:
            status, headers, body = reply
            self.send_response_only(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Type", headers.get("Content-Type", "text/html"))
            self.send_header("Content-Length", str(len(body.encode())))
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()


def _shown(place: Place, path: str, session: bool) -> Reply:
    match path:
        case "/connexion":
            return page(place.sign_in_page)
        case "/compte" if session or place.everyone:
            return page("<h1>Mon compte</h1><a href=/sortie>Déconnexion</a>")
        case "/change" if session:
            return page(CHANGE)
        case "/sortie":
            return moved("/connexion")
    return moved("/connexion")


def _taken(place: Place, path: str, kind: str, body: str, session: bool) -> Reply:
    as_json = "json" in kind
    fields = json.loads(body) if as_json else {k: v[0] for k, v in parse_qs(body).items()}
    if path == "/change" and session:
        return _changed(place, fields)
    name, secret = fields.get("email", ""), fields.get("secret", "")
    place.sent.append((name, secret))
    if place.token and not as_json and fields.get("token") != place.token:
        return page("<p>Jeton absent</p>", 403)
    right = place.any_password or (name == NAME and secret == place.password)
    if not right or place.failures >= place.locks_after:
        place.failures += name == NAME
        return place.wrong(place, name)
    session_id = secrets.token_hex(16)
    place.sessions.add(session_id)
    if as_json:
        token = json.dumps({"access_token": session_id})
        return 200, {"Content-Type": "application/json"}, token
    return moved("/compte", f"sid={session_id}; HttpOnly")


def _changed(place: Place, fields: dict[str, str]) -> Reply:
    new = fields["new1"]
    if fields["old"] != place.password or place.refuses_password(place, new):
        return page(f"<p>Refusé.</p>{CHANGE}")
    place.password = new
    place.changes.append(new)
    place.on_change(place)
    return moved("/compte")


def growing(place: Place, _name: str) -> Reply:
    """A wrong password that costs time from the fifth attempt on."""
    time.sleep(1.1 if len(place.sent) > 6 else 0.0)
    return page(f"<p>Non.</p>{FORM}")
