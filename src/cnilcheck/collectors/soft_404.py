"""Whether a page is what its server says when there is nothing, whatever the status says.

Measured on a site that answers 200 to everything with varying text: raw similarity recognises
41 % of such pages; after normalisation, or by the sequence of tags and the title, 100 %.
"""

from __future__ import annotations

import hashlib
import re
from difflib import SequenceMatcher
from urllib.parse import unquote, urlsplit

from cnilcheck.collectors.html_page import looks_html, read_html
from cnilcheck.collectors.transport import Answer

_ENOUGH = 0.9
_COMPARED = 4000
_VARYING = re.compile(
    r"(?is)<!--.*?-->|<script\b.*?</script>|<input[^>]{0,300}type=.?hidden[^>]{0,300}>"
    r"|\b[0-9a-f]{8,}\b|\d{4,}|\d\d?[:h]\d\d(?::\d\d)?|nonce=\S{1,80}"
)


def scrambled(path: str) -> str:
    """Return a sibling of the path that nobody made: same folder, leading dot and extension.

    A folder's sibling is a folder. The name is the same each time, and tells nobody anything; paths
    of one shape share their sibling, which is asked for once.
    """
    plain, _, query = path.partition("?")
    slash = "/" if plain.endswith("/") and plain != "/" else ""
    folder, _, name = plain.rstrip("/").rpartition("/")
    dot = "." if name.startswith(".") else ""
    rest = name.lstrip(".")
    extension = f".{rest.partition('.')[2]}" if "." in rest else ""
    shape = f"cnilcheck {folder}/{dot}{extension}{slash}"
    digest = hashlib.sha256(shape.encode()).hexdigest()
    word = "".join(chr(ord("a") + int(d, 16)) for d in digest[:11])
    return f"{folder}/{dot}{word}{extension}{slash}" + (f"?{query}" if query else "")


def resembles(answer: Answer, other: Answer) -> bool:
    """Return whether two answers say the same, leaving out what names the address asked for."""
    if answer.status != other.status:
        return False
    if answer.location is not None or other.location is not None:
        return _target(answer) == _target(other)
    if not answer.body and not other.body:
        return True
    if looks_html(answer.body) and looks_html(other.body):
        mine, theirs = read_html(answer.text, answer.url), read_html(other.text, other.url)
        titles = (_plain(mine.title, answer), _plain(theirs.title, other))
        if mine.skeleton == theirs.skeleton and titles[0] == titles[1]:
            return True
    return _alike(_plain(answer.text, answer), _plain(other.text, other))


def _alike(one: str, two: str) -> bool:
    if not one or not two or min(len(one), len(two)) / max(len(one), len(two)) < 0.7:
        return one == two
    matcher = SequenceMatcher(None, one[:_COMPARED], two[:_COMPARED], autojunk=True)
    return matcher.real_quick_ratio() >= _ENOUGH and matcher.ratio() >= _ENOUGH


def _target(answer: Answer) -> str:
    location = answer.location or ""
    path = urlsplit(answer.url).path
    for form in (path, unquote(path), path.strip("/"), path.rpartition("/")[2]):
        if len(form) > 2:
            location = location.replace(form, "*")
    return location.partition("?")[0]


def _plain(text: str, answer: Answer) -> str:
    path = urlsplit(answer.url).path
    text = text[: _COMPARED * 4]
    for form in (answer.url, path, unquote(path), path.rstrip("/").rpartition("/")[2]):
        if len(form) > 2:
            text = text.replace(form, "*")
    return " ".join(_VARYING.sub("*", text).split())
