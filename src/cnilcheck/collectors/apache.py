"""What an Apache configuration switches on: TLS versions, access logs, directory listing."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field
from posixpath import dirname, join

from cnilcheck.collectors.base import Missing, Nothing, Seen, Sighting
from cnilcheck.collectors.snapshot import Snapshot
from cnilcheck.errors import CollectionError, Malformed, NotReadable
from cnilcheck.model.facts import AccessLogSetting, DirectoryListingSetting, TlsSetting

MAINS = (
    "/etc/apache2/apache2.conf",
    "/etc/httpd/conf/httpd.conf",
    "/usr/local/apache2/conf/httpd.conf",
    "/etc/apache2/httpd.conf",
)
_SECTION = re.compile(r"<(/?)([A-Za-z]+)\s*([^>]*)>?$")
_MAX_LINES = 200_000
_VERSIONS = {
    "sslv2": "SSL 2.0",
    "sslv3": "SSL 3.0",
    "tlsv1": "TLS 1.0",
    "tlsv1.1": "TLS 1.1",
    "tlsv1.2": "TLS 1.2",
    "tlsv1.3": "TLS 1.3",
}
# mod_ssl: `all` is every version but SSL 2.0 and, with the OpenSSL of this decade, SSL 3.0.
_ALL = ("tlsv1", "tlsv1.1", "tlsv1.2", "tlsv1.3")


@dataclass(frozen=True)
class Line:
    """One directive: lower-case name, arguments, `file:line`, the sections around it."""

    name: str
    args: tuple[str, ...]
    place: str
    sections: tuple[tuple[str, str, str], ...]

    @property
    def host(self) -> str:
        """The place of the virtual host around it, empty for the main server."""
        return next((place for name, _, place in self.sections if name == "virtualhost"), "")

    @property
    def context(self) -> str:
        """The innermost section as one reads it."""
        name, args, _ = self.sections[-1] if self.sections else ("server", "", "")
        return f"{name} {args}".strip()


@dataclass
class _Reader:
    snapshot: Snapshot
    base: str
    problems: list[CollectionError] = field(default_factory=list)
    _lines: int = 0

    def lines(
        self, path: str, around: tuple[tuple[str, str, str], ...] = (), depth: int = 0
    ) -> Iterator[Line]:
        """Yield the directives of a file and of those it includes, in order."""
        sections = list(around)
        for number, text in _joined(self.snapshot.read(path)):
            self._lines += 1
            if self._lines > _MAX_LINES or depth > 20 or len(sections) > 50:
                raise Malformed(f"{path}: too many directives, or too deep")
            section = _SECTION.match(text)
            if section and section[1]:
                del sections[max(len(around), len(sections) - 1) :]
            elif section:
                sections.append((section[2].lower(), section[3].strip(), f"{path}:{number}"))
                yield Line("<section>", (section[2].lower(),), f"{path}:{number}", tuple(sections))
            else:
                line = Line(*_split(text), f"{path}:{number}", tuple(sections))
                if line.name in ("include", "includeoptional") and line.args:
                    yield from self._include(line, tuple(sections), depth)
                else:
                    yield line

    def _include(
        self, line: Line, sections: tuple[tuple[str, str, str], ...], depth: int
    ) -> Iterator[Line]:
        whole = join(self.base, line.args[0])
        try:
            found = self.snapshot.glob(whole)
        except NotReadable as error:
            self.problems.append(NotReadable(f"{line.place} includes {error}"))
            return
        if not found and line.name == "include" and not re.search(r"[*?\[$]", whole):
            self.problems.append(NotReadable(f"{line.place} includes {whole}: no such file"))
        for path in found:
            try:
                yield from self.lines(path, sections, depth + 1)
            except CollectionError as error:
                self.problems.append(type(error)(f"{line.place} includes {error}"))


def _joined(text: str) -> Iterator[tuple[int, str]]:
    held, start = "", 0
    for number, line in enumerate(text.split("\n"), start=1):
        start = start if held else number
        if line.endswith("\\") and len(held) < 65_536:
            held += line[:-1]
            continue
        whole, held = (held + line).strip(), ""
        if whole and not whole.startswith("#"):
            yield start, whole


def _split(text: str) -> tuple[str, tuple[str, ...]]:
    name, _, rest = text.partition(" ") if " " in text else text.partition("\t")
    try:
        return name.lower(), tuple(shlex.split(rest))
    except ValueError:
        return name.lower(), tuple(rest.split())


def main_file(snapshot: Snapshot) -> str | None:
    """Return the main file of the Apache configuration, if the snapshot has one."""
    return next((path for path in MAINS if snapshot.exists(path)), None)


def apache_lines(snapshot: Snapshot) -> tuple[str, list[Line], CollectionError | None] | None:
    """Return the main file, all directives in order, and the first file that is missing from them.

    None where the copy holds no Apache. Raises CollectionError for the main file itself.
    """
    main = main_file(snapshot)
    if main is None:
        return None
    reader = _Reader(snapshot, _base(main))
    lines = list(reader.lines(main))
    return main, lines, next(iter(reader.problems), None)


def _base(main: str) -> str:
    return dirname(main) if main.startswith("/etc/apache2") else dirname(dirname(main))


def read_apache(snapshot: Snapshot, main: str) -> Iterator[Sighting]:
    """Yield what the configuration that starts in that file switches on."""
    reader = _Reader(snapshot, _base(main))
    lines = list(reader.lines(main))
    yield Seen(main, _access_logs(lines, main))
    yield Seen(main, DirectoryListingSetting("Apache", _listings(lines)))
    yield from _tls(lines, main)
    if reader.problems:
        first, more = reader.problems[0], len(reader.problems) - 1
        error = type(first)(f"{first}" + (f" and {more} more" if more else ""))
        place, _, _ = str(first).partition(" includes ")
        for fact in (TlsSetting, AccessLogSetting, DirectoryListingSetting):
            yield Missing(place, fact, error)


def _access_logs(lines: list[Line], main: str) -> AccessLogSetting:
    """Each virtual host with logs of its own uses them, the others those of the main server."""
    logs = [line for line in lines if line.name in ("customlog", "transferlog")]
    hosts = [line for line in lines if line.name == "<section>" and line.args == ("virtualhost",)]
    on, off = dict[str, None](), dict[str, None]()
    for host in hosts or [Line("<main>", (), main, ())]:
        own = [line for line in logs if line.host == host.host] or [x for x in logs if not x.host]
        writing = [line for line in own if line.args[:1] != ("/dev/null",)]
        if writing or own:
            places = {f"{line.place} {line.context}": None for line in writing or own[-1:]}
            (on if writing else off).update(places)
        else:
            off[f"{host.place} {host.context} without CustomLog"] = None
    return AccessLogSetting("Apache", tuple(on), tuple(off))


def _listings(lines: list[Line]) -> tuple[str, ...]:
    """Where `Options` leaves Indexes on, once what is said last for the same section counts."""
    modules = {line.args[0] for line in lines if line.name == "loadmodule" and line.args}
    if modules and "autoindex_module" not in modules:
        return ()
    listed: dict[tuple[str, str], str] = {}
    for line in lines:
        if line.name == "options":
            key = (line.host, line.context)
            words = {arg.lower() for arg in line.args}
            if words & {"indexes", "+indexes", "all", "+all"} and "-indexes" not in words:
                listed[key] = f"{line.place} {line.context}"
            elif "-indexes" in words or not any(w[:1] in "+-" for w in words):
                listed.pop(key, None)
    return tuple(listed.values())


def _tls(lines: list[Line], main: str) -> Iterator[Sighting]:
    engines = [li for li in lines if li.name == "sslengine" and li.args[:1] in (("on",), ("On",))]
    written = [line for line in lines if line.name == "sslprotocol"]
    seen = set[str]()
    for engine in engines:
        own = [line for line in written if line.host == engine.host]
        line = next(reversed(own or [w for w in written if not w.host]), None)
        if line is None:
            detail = f"{engine.place}: SSLProtocol is not written, Apache’s own default applies"
            yield Missing(engine.place, TlsSetting, NotReadable(detail))
        elif line.place not in seen:
            seen.add(line.place)
            yield Seen(line.place, TlsSetting("Apache", _versions(line.args)))
    if not engines:
        yield Nothing(main, TlsSetting)


def _versions(args: tuple[str, ...]) -> tuple[str, ...]:
    chosen: list[str] = []
    for arg in (a.lower() for a in args):
        names = _ALL if arg.lstrip("+-") == "all" else (arg.lstrip("+-"),)
        if arg.startswith("-"):
            chosen = [name for name in chosen if name not in names]
        else:
            chosen += [name for name in names if name not in chosen]
    return tuple(_VERSIONS.get(name, name) for name in chosen)
