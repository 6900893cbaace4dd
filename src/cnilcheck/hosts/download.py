"""Fetch one table the operator names: over TLS, bounded, and from the named host only."""

from __future__ import annotations

import http.client
import urllib.error
import urllib.request
from typing import IO
from urllib.parse import urlsplit

from cnilcheck.hosts.spreadsheets import MAX_BYTES
from cnilcheck.hosts.store import TableError
from cnilcheck.model.addresses import is_loopback

_SECONDS = 30.0


def fetch(url: str) -> bytes:
    """Return what lies at the address; raises TableError, saying why, for anything unusual."""
    parts = urlsplit(url)
    local = is_loopback(parts.hostname or "")
    if parts.scheme != "https" and not (parts.scheme == "http" and local):
        raise TableError(f"{url}: only https addresses are fetched")
    opener = urllib.request.build_opener(_SameHost(parts.netloc))
    request = urllib.request.Request(url, headers={"User-Agent": "cnilcheck"})
    try:
        with opener.open(request, timeout=_SECONDS) as answer:
            content: bytes = answer.read(MAX_BYTES + 1)
    except urllib.error.HTTPError as problem:
        raise TableError(f"{url}: answers {problem.code}") from None
    except (urllib.error.URLError, http.client.HTTPException, OSError, ValueError) as problem:
        why = getattr(problem, "reason", problem)
        raise TableError(f"{url}: {why}") from None
    if len(content) > MAX_BYTES:
        raise TableError(f"{url}: larger than {MAX_BYTES // 1_000_000} MB")
    return content


class _SameHost(urllib.request.HTTPRedirectHandler):
    """Follows a redirection only within the host and scheme the operator named."""

    def __init__(self, netloc: str) -> None:
        self._netloc = netloc

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: http.client.HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        parts = urlsplit(newurl)
        if parts.netloc != self._netloc or parts.scheme != urlsplit(req.full_url).scheme:
            raise TableError(f"{req.full_url}: leads elsewhere, to {parts.netloc[:80]}")
        return super().redirect_request(req, fp, code, msg, headers, newurl)
