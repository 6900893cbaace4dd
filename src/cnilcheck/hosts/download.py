"""Fetch one table the operator names: over TLS, bounded, and from the named host only."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from cnilcheck.hosts.spreadsheets import MAX_BYTES
from cnilcheck.hosts.store import TableError
from cnilcheck.model.addresses import is_loopback

if TYPE_CHECKING:
    from requests import Response

_SECONDS = 60.0
_SILENCE_SECONDS = 10.0
_REDIRECTIONS = 5


@dataclass(frozen=True)
class _Limits:
    """How much is taken, for how long (seconds), and which other hosts may be led to."""

    max_bytes: int = MAX_BYTES
    seconds: float = _SECONDS
    may_lead_to: frozenset[str] = frozenset()


def fetch(
    url: str,
    *,
    max_bytes: int | None = None,
    seconds: float = _SECONDS,
    may_lead_to: frozenset[str] = frozenset(),
) -> bytes:
    """Return what lies at the address; raises TableError, saying why, for anything unusual.

    A redirection is followed within the host named, or to one it may lead to. Proxies and
    authorities of the operator's environment are used: hospitals have their own.
    """
    parts = urlsplit(url)
    local = is_loopback(parts.hostname or "")
    if parts.scheme != "https" and not (parts.scheme == "http" and local):
        raise TableError(f"{url}: only https addresses are fetched")
    limits = _Limits(MAX_BYTES if max_bytes is None else max_bytes, seconds, may_lead_to)
    return _exchange("GET", url, limits)


def post(url: str, body: bytes, kind: str) -> bytes:
    """Return the answer to a body of that content type; raises TableError as `fetch` does.

    Over plain http too: what is sent so is a digest, what comes back is signed.
    """
    if urlsplit(url).scheme not in ("http", "https"):
        raise TableError(f"{url}: not an http address")
    return _exchange("POST", url, _Limits(), body, kind)


def _exchange(
    method: str, url: str, limits: _Limits, body: bytes | None = None, kind: str | None = None
) -> bytes:
    import requests

    # As it is: a compressed answer could grow without end.
    headers = {"User-Agent": "cnilcheck", "Accept-Encoding": "identity"}
    headers |= {"Content-Type": kind} if kind else {}
    until = time.monotonic() + limits.seconds
    try:
        with requests.Session() as session:
            for _ in range(_REDIRECTIONS):
                with session.request(
                    method,
                    url,
                    data=body,
                    headers=headers,
                    stream=True,
                    allow_redirects=False,
                    timeout=min(_SILENCE_SECONDS, limits.seconds),
                ) as answer:
                    if not answer.is_redirect:
                        return _content(answer, url, until, limits.max_bytes)
                    url = _followed(url, answer.headers["location"], limits.may_lead_to)
    except (requests.RequestException, OSError) as problem:
        raise TableError(f"{url}: {_reason(problem)}") from None
    raise TableError(f"{url}: redirects without end")


def _content(answer: Response, url: str, until: float, max_bytes: int) -> bytes:
    if answer.status_code != 200:
        raise TableError(f"{url}: answers {answer.status_code}")
    content = b""
    # read1 returns what has come: a server that drips cannot hold us past the deadline.
    while part := answer.raw.read1(65_536):
        content += part
        if len(content) > max_bytes:
            raise TableError(f"{url}: larger than {max_bytes / 1_000_000:g} MB")
        if time.monotonic() > until:
            raise TableError(f"{url}: no complete answer in time")
    return content


def _followed(url: str, location: str, may_lead_to: frozenset[str]) -> str:
    """Return where a redirection leads, if it stays within the host and scheme, or is expected."""
    try:
        target = urljoin(url, location)
        before, after = urlsplit(url), urlsplit(target)
    except ValueError:
        raise TableError(f"{url}: leads to what is no address") from None
    if after.scheme == "https" and after.netloc in may_lead_to:
        return target
    if (after.scheme, after.netloc) != (before.scheme, before.netloc):
        raise TableError(f"{url}: leads elsewhere, to {after.netloc[:80]}")
    return target


def _reason(problem: Exception) -> str:
    text = str(getattr(problem, "reason", None) or problem) or type(problem).__name__
    return text.splitlines()[0][:200]
