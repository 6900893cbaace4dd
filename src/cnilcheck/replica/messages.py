"""What passes between a web server of the replica and its site."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol
from urllib.parse import parse_qs


@dataclass(frozen=True)
class Request:
    """What a client asks for, already bounded."""

    method: str
    path: str
    query: str
    cookies: str
    body: bytes

    def cookie(self, name: str) -> str | None:
        """The value of a cookie that the client sent."""
        pairs = (part.strip().partition("=") for part in self.cookies.split(";"))
        return next((value for key, _, value in pairs if key == name), None)

    def form(self, name: str) -> str:
        """The value of a field of the posted form, or nothing."""
        return parse_qs(self.body.decode("ascii", "replace")).get(name, [""])[0]


@dataclass(frozen=True)
class Answer:
    """What the server sends back."""

    status: int
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()

    def adding(self, *headers: tuple[str, str]) -> Answer:
        """The same answer with more headers."""
        return replace(self, headers=(*self.headers, *headers))


class Site(Protocol):
    """What a web server asks of a site."""

    banner: str

    def answer(self, request: Request) -> Answer:
        """The answer to a request."""
        ...

    def refusal(self, status: int) -> Answer:
        """The page of an error."""
        ...
