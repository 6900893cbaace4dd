"""Whether a page is a server's own listing of a directory, in any of the forms servers write."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from urllib.parse import unquote, urljoin, urlsplit

from cnilcheck.collectors.html_page import HtmlPage, looks_html, read_html
from cnilcheck.collectors.transport import Answer

_MOST_ENTRIES = 2000

# Apache, nginx, lighttpd and Node's http-server; Python and Tomcat; Jetty; serve-index.
_TITLE = re.compile(
    r"(?i)^(?:index of|directory listing for|directory:|listing directory)\s*\[?\s*"
    r"(?P<path>\S.*?)\]?(?:\s+[-–]\s.{0,80})?$"
)
# IIS: `host - /folder/` above `[To Parent Directory]`, which it translates.
_IIS_TITLE = re.compile(r"^\S{1,255} - (?P<path>/\S*)$")
_PARENT = re.compile(r"(?i)^\[?(?:\.\.?/?|(?:to |go )?parent directory|(?:vers )?(?:le )?"
                     r"r[ée]pertoire parent|up|go up)\]?$")  # fmt: skip
_SORTING = re.compile(r"^(?:\./?)?\?(?:C=[NMSD];O=[AD]|sort=\w+(?:&(?:amp;)?order=\w+)?)$")
_GO = re.compile(
    r"(?is)^(?:<!doctype html>\s*<meta[^>]{0,100}>\s*)?<pre>\s*"
    r"(?:<a href=\"[^\"]{1,300}\">[^<]{1,300}</a>\s*)+</pre>\s*$"
)
_BUCKET = re.compile(rb"<ListBucketResult[\s>]|<EnumerationResults[\s>]")
_KEY = re.compile(r"<Key>([^<]{1,500})</Key>")
_BLOB = re.compile(r"<Blob>\s*<Name>([^<]{1,500})</Name>")


@dataclass(frozen=True)
class Listing:
    """The entries of a listed directory, as paths; folders end in a slash."""

    form: str
    entries: tuple[str, ...]


def listing_of(answer: Answer) -> Listing | None:
    """Return the listing the answer is, or None: only what a server writes itself counts.

    A page called “Index of something” with links is none: the title must name the path asked for,
    and the links must lead below it.
    """
    if answer.status != 200:
        return None
    if _BUCKET.search(answer.body[:2000]):
        return _bucket(answer)
    if "json" in answer.media_type:
        return _json(answer)
    if not looks_html(answer.body) and "html" not in answer.media_type:
        return None
    page = read_html(answer.text, answer.url)
    entries = _children(page, answer.url)
    form = _form(answer, page, entries)
    return Listing(form, entries) if form else None


def _form(answer: Answer, page: HtmlPage, entries: tuple[str, ...]) -> str:
    parent = any(_PARENT.match(text) or href == "../" for href, text in page.anchors)
    if not entries and not parent:
        return ""
    for words in (page.title, page.heading):
        named = _TITLE.match(words) or _IIS_TITLE.match(words)
        if named and _same_path(named["path"], answer.url):
            iis = named.re is _IIS_TITLE
            return "" if iis and not parent else "iis" if iis else "title"
    if entries and _GO.match(answer.text):
        return "go"
    # lighttpd and Caddy may be given any title: sorting links beside nothing but children.
    sorting = sum(bool(_SORTING.match(href)) for href, _ in page.anchors)
    others = len(page.anchors) - sorting - len(entries)
    if sorting >= 2 and entries and others <= 3:
        return "sorted"
    return ""


def _same_path(named: str, url: str) -> bool:
    path = unquote(urlsplit(url).path).strip("/")
    named = unquote(named).strip().strip("/")
    named = re.sub(r"\s*/\s*", "/", named)  # serve-index separates the parts of the path
    return named == path or (named.startswith("~") and named.strip("~/ ") == path)


def _children(page: HtmlPage, url: str) -> tuple[str, ...]:
    here = urlsplit(url)
    folder = here.path.rpartition("/")[0] + "/"
    found = dict[str, None]()
    for href, _ in page.anchors:
        try:
            there = urlsplit(urljoin(url, href))
        except ValueError:
            continue
        below = there.path.removeprefix(folder)
        child = there.netloc == here.netloc and there.path.startswith(folder) and not there.query
        if child and below and "/" not in below.rstrip("/") and len(found) < _MOST_ENTRIES:
            found[there.path] = None
    return tuple(found)


def _json(answer: Answer) -> Listing | None:
    # nginx `autoindex_format json`: a list of objects with name, type and mtime.
    items = parsed_json(answer.text)
    if not isinstance(items, list) or not items:
        return None
    keys = {"name", "type", "mtime"}
    if not all(isinstance(i, dict) and keys <= i.keys() for i in items):
        return None
    folder = urlsplit(answer.url).path.rpartition("/")[0] + "/"
    names = [(str(i["name"]), "/" if i["type"] == "directory" else "") for i in items]
    entries = tuple(f"{folder}{n}{slash}" for n, slash in names if "/" not in n)
    return Listing("json", entries[:_MOST_ENTRIES])


def _bucket(answer: Answer) -> Listing:
    folder = urlsplit(answer.url).path.rpartition("/")[0] + "/"
    keys = _KEY.findall(answer.text) + _BLOB.findall(answer.text)
    return Listing("bucket", tuple(f"{folder}{key}" for key in keys[:_MOST_ENTRIES]))


def parsed_json(text: str) -> object:
    """Return the JSON value, or None; nesting is bounded by the parser's recursion limit."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
