"""The formats of access logs that the snapshot's web servers are configured to write."""

from __future__ import annotations

import re

from cnilcheck.collectors.base import Tools
from cnilcheck.collectors.log_layouts import Layout, apache_layout, nginx_layout
from cnilcheck.collectors.snapshot import Snapshot
from cnilcheck.errors import NotReadable

_PLACES = (
    "/etc/nginx/*.conf", "/etc/nginx/*/*.conf", "/etc/nginx/sites-enabled/*",
    "/etc/apache2/*.conf", "/etc/apache2/*/*.conf", "/etc/httpd/conf/*.conf",
    "/etc/httpd/conf.d/*.conf",
)  # fmt: skip
_MAX_FORMATS = 50
# nginx joins the strings that follow each other.
_NGINX = re.compile(
    r"(?m)^\s*log_format\s+([\w.-]{1,64})\s+(?:escape=(\w+)\s+)?"
    r"((?:'(?:[^'\\\\]|\\\\.){0,2000}'\s*|\"(?:[^\"\\\\]|\\\\.){0,2000}\"\s*){1,40});"
)
_STRING = re.compile(r"'((?:[^'\\\\]|\\\\.)*)'|\"((?:[^\"\\\\]|\\\\.)*)\"")
_APACHE = re.compile(r"(?mi)^\s*LogFormat\s+\"((?:[^\"\\\\]|\\\\.){1,2000})\"\s+([\w.-]{1,64})")


def configured_layouts(tools: Tools) -> tuple[Layout, ...]:
    """Return the layouts of the snapshot's nginx and Apache, none where it cannot be read.

    JSON formats are none: their lines are read as JSON.
    """
    with tools.lock:
        kept = tools.shared.setdefault("log layouts", [])
        if not kept:
            kept.append(_layouts(tools))
    found: tuple[Layout, ...] = kept[0]
    return found


def _layouts(tools: Tools) -> tuple[Layout, ...]:
    system = tools.scope.sources.system
    root = tools.path(system) if system else None
    if system is None or root is None or not root.is_dir():
        return ()
    snapshot = Snapshot(root, system, "logs", tools)
    found: dict[str, Layout] = {}
    for pattern in _PLACES:
        try:
            for path in snapshot.glob(pattern):
                _read(snapshot.read(path), found)
        except NotReadable:
            continue
    return tuple(found.values())


def _read(text: str, found: dict[str, Layout]) -> None:
    for name, escape, strings in _NGINX.findall(text):
        written = "".join(one or other for one, other in _STRING.findall(strings))
        layout = nginx_layout(f"nginx {name}", written) if escape != "json" else None
        if layout is not None and len(found) < _MAX_FORMATS:
            found.setdefault(layout.name, layout)
    for written, name in _APACHE.findall(text):
        layout = apache_layout(f"Apache {name}", written)
        if layout is not None and len(found) < _MAX_FORMATS:
            found.setdefault(layout.name, layout)
