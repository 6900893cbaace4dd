"""A small application about patients that logs well, and its twin that logs badly."""

from __future__ import annotations

import datetime as dt
import json
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

NAME, PASSWORD = "essai@example.org", "Une-Phrase-de-Test-42"
FORM = (
    "<form method=post action=/connexion><input name=email type=email>"
    "<input name=secret type=password><button>OK</button></form>"
)


@dataclass
class Application:
    """Records behind a sign-in; `badly` leaves out what the CNIL looks for first."""

    log: Path
    badly: bool = False
    sessions: set[str] = field(default_factory=set)
    changes: list[dict[str, str]] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)

    def note(self, user: str, action: str, record: str, outcome: str) -> None:
        """Write one line of the access log; the twin forgets authors, failures and changes."""
        if self.badly and action in (
            "connexion refusée", "modification", "accès refusé", "export", "déconnexion",
        ):  # fmt: skip
            return
        line: dict[str, Any] = {"time": dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds")}
        line |= {"action": action, "record": record, "outcome": outcome, "ip": "127.0.0.1"}
        if not (self.badly and action in ("consultation", "recherche")):
            line["user"] = user
        text = json.dumps(line, ensure_ascii=False)
        self.lines.append(text)
        with self.log.open("a", encoding="utf-8") as stream:
            stream.write(text + "\n")


@contextmanager
def application(log: Path, *, badly: bool = False) -> Iterator[tuple[str, Application]]:
    """The application on loopback: its address, and what it did."""
    log.touch()
    state = Application(log, badly)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            address = urlsplit(self.path)
            asked = "".join(parse_qs(address.query).get("q", []))
            self._answer(*_got(state, address.path, asked, self._session()))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            fields = {name: values[0] for name, values in parse_qs(body).items()}
            self._answer(*_sent(state, urlsplit(self.path).path, fields, self._session()))

        def _session(self) -> bool:
            return any(known in self.headers.get("Cookie", "") for known in state.sessions)

        def _answer(self, status: int, headers: dict[str, str], body: str) -> None:
            self.send_response_only(status)
            for name, value in (headers | {"Content-Type": "text/html"}).items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body.encode())))
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/", state
    finally:
        server.shutdown()
        server.server_close()


def _got(
    state: Application, path: str, asked: str, session: bool
) -> tuple[int, dict[str, str], str]:
    user = NAME if session else "-"
    if path == "/connexion":
        return 200, {}, FORM
    if not session and path in ("/compte", "/dossiers/essai-1", "/recherche"):
        return 302, {"Location": "/connexion"}, ""
    match path:
        case "/compte":
            return 200, {}, "<h1>Mon compte</h1>"
        case "/dossiers/essai-1":
            state.note(user, "consultation", "essai-1", "ok")
            return 200, {}, "<h1>Dossier d’essai</h1>"
        case "/dossiers/essai-1/export.csv" if session:
            state.note(user, "export", "essai-1", "ok")
            return 200, {}, "essai;1"
        case "/deconnexion" if session:
            state.note(user, "déconnexion", "-", "ok")
            state.sessions.clear()
            return 302, {"Location": "/connexion"}, ""
        case "/recherche":
            state.note(user, "recherche", asked, "ok")
            return 200, {}, "<p>Rien.</p>"
        case "/dossiers/autrui-7":
            state.note(user, "accès refusé", "autrui-7", "refus")
            return 403, {}, "<p>Interdit.</p>"
    state.note(user, "accès refusé", path, "refus")
    return 404, {}, "<p>Absent.</p>"


def _sent(
    state: Application, path: str, fields: dict[str, str], session: bool
) -> tuple[int, dict[str, str], str]:
    if path == "/dossiers/essai-1" and session:
        state.changes.append(fields)
        state.note(NAME, "modification", "essai-1", "ok")
        return 200, {}, "<p>Enregistré.</p>"
    name = fields.get("email", "")
    if name != NAME or fields.get("secret") != PASSWORD:
        state.note(name, "connexion refusée", "-", "échec")
        return 401, {}, f"<p>Non.</p>{FORM}"
    key = secrets.token_hex(16)
    state.sessions.add(key)
    state.note(NAME, "connexion", "-", "ok")
    return 302, {"Location": "/compte", "Set-Cookie": f"sid={key}; HttpOnly"}, ""


@contextmanager
def store(kind: str, lines: list[str], *, status: int = 200) -> Iterator[tuple[str, list[str]]]:
    """A store of logs on loopback with the shapes Loki and Elasticsearch document."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            address = urlsplit(self.path)
            query = parse_qs(address.query)
            answer = (_loki if kind == "loki" else _elasticsearch)(address.path, query, lines)
            body = json.dumps(answer).encode()
            self.send_response_only(status if answer is not None else 404)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        server.server_close()


def _loki(path: str, query: dict[str, list[str]], lines: list[str]) -> dict[str, Any] | None:
    """Loki, HTTP API, `query_range`: streams of [nanoseconds, line]."""
    selector, _, wanted = query.get("query", [""])[0].partition(" |= ")
    if path != "/loki/api/v1/query_range" or selector != '{app="depistage"}':
        return None
    assert int(query["start"][0]) < int(query["end"][0])
    word = json.loads(wanted)
    found = [["1764147600000000000", line] for line in lines if word in line]
    result = [{"stream": {"app": "depistage"}, "values": found}] if found else []
    return {"status": "success", "data": {"resultType": "streams", "result": result}}


def _elasticsearch(
    path: str, query: dict[str, list[str]], lines: list[str]
) -> dict[str, Any] | None:
    """Elasticsearch, `_search` with a query string: hits with their source."""
    if path != "/journaux-*/_search":
        return None
    word = query["q"][0].strip('"')
    hits = [
        {"_index": "journaux-1", "_id": str(n), "_source": {"message": line}}
        for n, line in enumerate(lines)
        if word in line
    ]
    return {"took": 1, "hits": {"total": {"value": len(hits)}, "hits": hits}}
