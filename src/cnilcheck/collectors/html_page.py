"""What an HTML page links to and asks for: links, forms, title; read without trusting it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

_LONGEST = 512 * 1024
_MOST = 2000
_LINKS = {
    "a": "href",
    "area": "href",
    "link": "href",
    "script": "src",
    "img": "src",
    "iframe": "src",
    "frame": "src",
    "source": "src",
    "video": "src",
    "audio": "src",
    "embed": "src",
    "object": "data",
    "form": "action",
}
_LABELS = ("href", "formaction", "title", "aria-label", "alt", "value", "src", "class", "id")
_FOLLOWED = frozenset(("a", "area", "iframe", "frame"))
_IN_SCRIPT = re.compile(r"""["'(](/[A-Za-z0-9._~-]{1,80}(?:/[A-Za-z0-9._~-]{1,80}){0,12}/?)["')]""")
_REFRESH = re.compile(r"(?i)^\s*\d+\s*[;,]\s*url\s*=\s*['\"]?([^'\"\s]+)")


_MAP = re.compile(r"//[#@] sourceMappingURL=(?!data:)([^\s'\"]{1,300})\s*$", re.MULTILINE)


def addresses_in_script(text: str, url: str) -> tuple[str, ...]:
    """Return the absolute addresses a script names between quotes, and its source map's."""
    named = [match[1] for match in _IN_SCRIPT.finditer(text[:_LONGEST])][:_MOST]
    named += [match[1] for match in _MAP.finditer(text[-2000:])]
    found = (_joined(url, name) for name in named)
    return tuple(address for address in found if address)


@dataclass
class Form:
    """A form as written; `inputs` are its fields' attributes, `loose` when no form holds them."""

    attributes: dict[str, str]
    inputs: list[dict[str, str]] = field(default_factory=list)
    loose: bool = False
    others: list[str] = field(default_factory=list)
    """The names of its lists and text areas, whose content is not read."""

    @property
    def passwords(self) -> list[dict[str, str]]:
        """The password fields."""
        return [i for i in self.inputs if i.get("type", "").strip().lower() == "password"]


@dataclass
class HtmlPage:
    """The parts of a page that an audit asks about; addresses are absolute."""

    url: str
    title: str = ""
    heading: str = ""
    skeleton: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    """Addresses a person can follow."""
    parts: list[str] = field(default_factory=list)
    """All addresses the page names, those of images and scripts among them."""
    anchors: list[tuple[str, str]] = field(default_factory=list)
    """Each link as written, and its text."""
    forms: list[Form] = field(default_factory=list)
    controls: list[str] = field(default_factory=list)
    """What one can press, each as its address, its labels and its text."""
    metas: dict[str, str] = field(default_factory=dict)
    scripts: int = 0

    @property
    def password_form(self) -> Form | None:
        """The form one signs in with: the one with the fewest password fields."""
        with_password = [form for form in self.forms if form.passwords]
        return min(with_password, key=lambda form: len(form.passwords), default=None)


def read_html(text: str, url: str) -> HtmlPage:
    """Return what the page holds; of a page that is not HTML, or breaks off, what came before."""
    reader = _Reader(url)
    try:
        # Without close(): unfinished constructs at the end would be read again and again.
        reader.feed(text[:_LONGEST])
    except (AssertionError, ValueError):  # html.parser on malformed declarations
        return reader.finished()
    return reader.finished()


def looks_html(body: bytes) -> bool:
    """Return whether the content begins as an HTML document does."""
    start = body[:2048].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return start.startswith((b"<!doctype html", b"<html", b"<head", b"<body")) or (
        start.startswith((b"<!--", b"<?xml")) and b"<html" in start
    )


def structure(text: str) -> str:
    """Return a page without its prose: markup, scripts, comments, titles, cells and links.

    What a product's own page is made of stays; what an article says of the product does not.
    """
    reader = _Structure()
    try:
        reader.feed(text[:_LONGEST])
    except (AssertionError, ValueError):  # html.parser on malformed declarations
        return "".join(reader.kept)
    return "".join(reader.kept)


class _Structure(HTMLParser):
    _TELLING = frozenset(
        "title h1 h2 h3 h4 h5 h6 th td dt dd label legend button a script style option font".split()
    )

    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.kept: list[str] = []
        self._tag = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._tag = tag
        self.kept.append(self.get_starttag_text() or "")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.kept.append(self.get_starttag_text() or "")

    def handle_endtag(self, tag: str) -> None:
        self._tag = ""
        self.kept.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        if self._tag in self._TELLING:
            self.kept.append(data)

    def handle_entityref(self, name: str) -> None:
        self.handle_data(f"&{name};")

    def handle_charref(self, name: str) -> None:
        self.handle_data(f"&#{name};")

    def handle_comment(self, data: str) -> None:
        self.kept.append(f"<!--{data}-->")


class _Reader(HTMLParser):
    def __init__(self, url: str) -> None:
        super().__init__(convert_charrefs=True)
        self.page = HtmlPage(url)
        self._base = url
        self._form: Form | None = None
        self._loose = Form({}, loose=True)
        self._inside = ""
        self._text: list[str] = []
        self._anchor: str | None = None
        self._anchor_text: list[str] = []
        self._control: list[str] | None = None

    def finished(self) -> HtmlPage:
        if self._loose.inputs:
            self.page.forms.append(self._loose)
        return self.page

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        page = self.page
        found = {name: (value or "")[:2000] for name, value in attrs[:60]}
        if len(page.skeleton) < _MOST:
            page.skeleton.append(tag)
        if tag == "base" and found.get("href"):
            self._base = _joined(page.url, found["href"]) or self._base
        self._address(tag, found)
        self._field(tag, found)
        self._press(tag, found)
        if tag == "meta":
            self._meta(found)
        if tag in ("title", "h1"):
            self._inside, self._text = tag, []
        if tag == "a":
            self._anchor, self._anchor_text = found.get("href"), []
        page.scripts += tag == "script"

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        if tag == self._inside:
            words = " ".join("".join(self._text).split())[:300]
            if tag == "title" and not self.page.title:
                self.page.title = words
            if tag == "h1" and not self.page.heading:
                self.page.heading = words
            self._inside = ""
        if tag in ("a", "button") and self._control is not None:
            self._finish_control(self._control)
            self._control = None
        if tag == "a" and self._anchor is not None:
            if len(self.page.anchors) < _MOST:
                text = " ".join("".join(self._anchor_text).split())[:300]
                self.page.anchors.append((self._anchor, text))
            self._anchor = None

    def handle_data(self, data: str) -> None:
        if self._inside and len(self._text) < 50:
            self._text.append(data[:1000])
        if self._anchor is not None and len(self._anchor_text) < 50:
            self._anchor_text.append(data[:1000])
        if self._control is not None and len(self._control) < 50:
            self._control.append(data[:300])
        if self.cdata_elem == "script":
            for match in _IN_SCRIPT.finditer(data[:100_000]):
                self._part(match[1])

    def _press(self, tag: str, found: dict[str, str]) -> None:
        said = [found[name][:300] for name in _LABELS if found.get(name)]
        if tag in ("a", "button"):
            self._control = said
        elif self._control is not None and len(self._control) < 50:
            self._control += said
        elif tag == "input" and found.get("type", "").lower() in ("submit", "image", "button"):
            self._finish_control(said)
        elif tag == "form":
            self._finish_control([found.get("action", "")[:300]])

    def _finish_control(self, parts: list[str]) -> None:
        words = " ".join(" ".join(parts).split())[:600]
        if words and len(self.page.controls) < 500:
            self.page.controls.append(words)

    def _address(self, tag: str, found: dict[str, str]) -> None:
        value = found.get(_LINKS.get(tag, ""), "")
        if not value:
            return
        self._part(value)
        address = _joined(self._base, value)
        if tag in _FOLLOWED and address and len(self.page.links) < _MOST:
            self.page.links.append(address)

    def _part(self, value: str) -> None:
        address = _joined(self._base, value)
        if address and len(self.page.parts) < _MOST:
            self.page.parts.append(address)

    def _field(self, tag: str, found: dict[str, str]) -> None:
        if tag == "form" and len(self.page.forms) < 50:
            action = found.get("action")
            resolved = _joined(self._base, action) if action else self.page.url
            self._form = Form(found | {"resolved": resolved or ""})
            self.page.forms.append(self._form)
        if tag == "input":
            form = self._form if self._form is not None else self._loose
            if len(form.inputs) < 200:
                form.inputs.append(found)
        if tag in ("select", "textarea") and self._form is not None:
            self._form.others = [*self._form.others, found.get("name", "")][:50]

    def _meta(self, found: dict[str, str]) -> None:
        name = (found.get("name") or found.get("http-equiv") or "").lower()
        content = found.get("content", "")
        if name and len(self.page.metas) < 100:
            self.page.metas[name] = content
        refresh = _REFRESH.match(content) if name == "refresh" else None
        address = _joined(self._base, refresh[1]) if refresh else None
        if address:
            self.page.links.append(address)


def _joined(base: str, value: str) -> str | None:
    try:
        address = urljoin(base, value.strip()).partition("#")[0]
        scheme = urlsplit(address).scheme
    except ValueError:
        return None
    return address if scheme in ("http", "https") and len(address) <= 2000 else None
