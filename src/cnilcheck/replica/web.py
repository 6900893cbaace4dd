"""The web servers of the replica: HTTP over a bounded connection, with or without TLS."""

from __future__ import annotations

import ssl
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from typing import Any

from cnilcheck.replica.messages import Answer, Request, Site
from cnilcheck.replica.servers import TIMEOUT_SECONDS, LoopbackServer

_LARGEST_BODY = 64 * 1024
_REQUESTS_PER_CONNECTION = 100


class WebServer(LoopbackServer):
    """A web server that answers what its site says."""

    def __init__(self, site: Site, tls: ssl.SSLContext | None = None, port: int = 0) -> None:
        """The port is bound."""
        super().__init__(WebHandler, tls, port)
        self.site = site


class WebHandler(BaseHTTPRequestHandler):
    """Reads a bounded request and writes the site's answer."""

    server: WebServer
    protocol_version = "HTTP/1.1"
    timeout = TIMEOUT_SECONDS
    disable_nagle_algorithm = True  # else a second write waits 40 ms for an acknowledgement
    _served = 0

    def do_GET(self) -> None:
        """The site's answer is sent, without its body to a HEAD request."""
        length = self.headers.get("Content-Length", "0")
        if "Transfer-Encoding" in self.headers:
            self.send_error(HTTPStatus.LENGTH_REQUIRED)
        elif not (length.isascii() and length.isdigit()):
            self.send_error(HTTPStatus.BAD_REQUEST)
        elif len(length) > 9 or int(length) > _LARGEST_BODY:
            self.send_error(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        else:
            self._send(self.server.site.answer(self._request(int(length))))

    def do_HEAD(self) -> None:
        """The headers of the page are sent."""
        self.do_GET()

    def do_POST(self) -> None:
        """The answer to a form is sent."""
        self.do_GET()

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """The site's own error page is sent and the connection ends."""
        self.close_connection = True
        self._send(self.server.site.refusal(code))

    def version_string(self) -> str:
        """The banner of the deployment, not Python's."""
        return self.server.site.banner

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing is printed."""

    def _request(self, length: int) -> Request:
        method = "GET" if self.command == "HEAD" else self.command
        path, _, query = self.path.partition("?")
        body = self.rfile.read(length)
        return Request(method, path, query, self.headers.get("Cookie", ""), body)

    def _send(self, answer: Answer) -> None:
        self._served += 1
        if self._served >= _REQUESTS_PER_CONNECTION:
            self.close_connection = True
        self.send_response(answer.status)
        for name, value in answer.headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)
