"""Requests that differ in their digits alone, looked at once: what they are, what they may hold."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import cast

from cnilcheck.collectors.log_events import WebKind, web_kind, without_values
from cnilcheck.collectors.log_personal import PersonalData

_LONG_ID = re.compile(rb"(?<=/)(?=[a-f-]{0,60}0)[0a-f-]{16,128}+(?![\w-])")
_MANY = 500
_MAX_KNOWN, _MAX_BYTES = 20_000, 3_000_000


@dataclass(frozen=True, eq=False, slots=True)
class Shape:
    """Requests alike but for ids and values; `bears` says whether they may hold personal data."""

    template: bytes
    bears: bool
    kinds: dict[bytes, WebKind] = field(default_factory=dict)

    def kind(self, status: bytes) -> WebKind:
        """Return what such a request is when it is answered so."""
        kind = self.kinds.get(status)
        if kind is None:
            kind = web_kind(self.template.decode("utf-8", "replace"), status.decode("latin-1"))
            self.kinds[status] = kind
        return kind


@dataclass
class Shapes:
    """The shapes known so far, of which so many are kept."""

    _known: dict[bytes, Shape] = field(default_factory=dict)
    _shared: dict[tuple[bytes, bool], Shape] = field(default_factory=dict)
    _size: int = 0

    def of(self, text: bytes, personal: PersonalData) -> list[Shape]:
        """Return the shape of each line of a text whose digits are all 0."""
        if len(self._known) > _MAX_KNOWN or self._size > _MAX_BYTES:
            self._known.clear()
            self._shared.clear()
            self._size = 0
        requests = text.split(b"\n")
        shapes = list(map(self._known.get, requests))
        if None in shapes:
            fresh = {r for r, shape in zip(requests, shapes, strict=True) if shape is None}
            self._learn(list(fresh), personal.suspicious(fresh))
            shapes = list(map(self._known.get, requests))
        return cast(list[Shape], shapes)

    def _learn(self, requests: list[bytes], bearing: set[bytes]) -> None:
        text = b"\n".join(requests)
        self._size += len(text)
        text = without_values(text)
        if len(requests) > _MANY:
            text = _LONG_ID.sub(b"0", text)
        for request, template in zip(requests, text.split(b"\n"), strict=True):
            key = template, request in bearing
            shape = self._shared.get(key)
            if shape is None:
                shape = self._shared[key] = Shape(*key)
            self._known[request] = shape
