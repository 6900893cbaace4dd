"""What an nginx configuration switches on: TLS versions, access logs, directory listing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from posixpath import dirname, join
from typing import Any

from cnilcheck.collectors.base import Missing, Nothing, Seen, Sighting
from cnilcheck.collectors.snapshot import Snapshot
from cnilcheck.errors import CollectionError, Malformed, NotReadable
from cnilcheck.model.facts import AccessLogSetting, DirectoryListingSetting, TlsSetting

MAIN = "/etc/nginx/nginx.conf"
_MAX_INCLUDES = 2_000
_MAX_DIRECTIVES = 200_000
_MAX_NESTING = 50
_VERSIONS = {
    "SSLv2": "SSL 2.0",
    "SSLv3": "SSL 3.0",
    "TLSv1": "TLS 1.0",
    "TLSv1.1": "TLS 1.1",
    "TLSv1.2": "TLS 1.2",
    "TLSv1.3": "TLS 1.3",
}
# Lists of types and parameters say nothing about logs, listing or TLS: a copy may leave them out.
_UNIMPORTANT = ("mime.types", "_params", "fastcgi.conf", "fastcgi-php.conf")
_UNIMPORTANT_FOLDERS = ("/modules-enabled/", "/usr/share/nginx/modules")


@dataclass(frozen=True)
class Directive:
    """One directive with its place; `block` is empty for a simple one."""

    name: str
    args: tuple[str, ...]
    place: str
    block: tuple[Directive, ...] = ()

    def all(self, name: str) -> list[Directive]:
        """Return the directives of that name directly inside."""
        return [inner for inner in self.block if inner.name == name]


@dataclass
class _Reader:
    """Reads the files of a configuration one by one, including as nginx does."""

    snapshot: Snapshot
    problems: list[CollectionError] = field(default_factory=list)
    _cache: dict[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)
    _includes: int = 0
    _directives: int = 0

    def tree(self, path: str, depth: int = 0) -> tuple[Directive, ...]:
        """Return the directives of a file, those of included files in their place."""
        if path not in self._cache:
            self._cache[path] = _parsed(self.snapshot, path)
        return tuple(self._expand(self._cache[path], path, depth))

    def _expand(
        self, statements: Sequence[Mapping[str, Any]], path: str, depth: int
    ) -> Iterator[Directive]:
        self._directives += len(statements)
        if depth > _MAX_NESTING or self._directives > _MAX_DIRECTIVES:
            raise Malformed(f"{path}: too many directives, or too deep")
        for statement in statements:
            name, args = statement["directive"], tuple(statement["args"])
            place = f"{path}:{statement['line']}"
            if name == "include" and args:
                yield from self._include(args[0], place, depth)
            else:
                block = tuple(self._expand(statement.get("block", ()), path, depth + 1))
                yield Directive(name, args, place, block)

    def _include(self, pattern: str, place: str, depth: int) -> Iterator[Directive]:
        whole = join(dirname(MAIN), pattern)
        named = not any(sign in whole for sign in "*?[")
        self._includes += 1
        if self._includes > _MAX_INCLUDES:
            self.problems.append(Malformed(f"{place}: too many files include one another"))
            return
        try:
            paths = [whole] if named else self.snapshot.glob(whole)
        except NotReadable as error:
            self.problems.append(NotReadable(f"{place} includes {error}"))
            return
        for path in paths:
            try:
                yield from self.tree(path, depth + 1)
            except CollectionError as error:
                if not _unimportant(whole):
                    self.problems.append(type(error)(f"{place} includes {error}"))


def _unimportant(path: str) -> bool:
    return path.endswith(_UNIMPORTANT) or any(part in path for part in _UNIMPORTANT_FOLDERS)


def _parsed(snapshot: Snapshot, path: str) -> Sequence[Mapping[str, Any]]:
    import crossplane

    snapshot.read_bytes(path)
    found = crossplane.parse(
        str(snapshot.real(path)), single=True, check_ctx=False, check_args=False
    )["config"][0]
    if found["errors"]:
        problem = found["errors"][0]
        raise Malformed(f"{path}:{problem['line'] or 0} is not an nginx configuration")
    statements: Sequence[Mapping[str, Any]] = found["parsed"]
    return statements


def read_nginx(snapshot: Snapshot) -> Iterator[Sighting]:
    """Yield what the configuration below /etc/nginx switches on.

    Raises NotReadable or Malformed when nginx.conf itself cannot be read.
    """
    reader = _Reader(snapshot)
    main = Directive("main", (), MAIN, reader.tree(MAIN))
    if not main.block:
        raise Malformed(f"{MAIN} holds no directive")
    yield from _sightings(main)
    if reader.problems:
        first, more = reader.problems[0], len(reader.problems) - 1
        place, _, _ = str(first).partition(" includes ")
        error = type(first)(f"{first}" + (f" and {more} more" if more else ""))
        for fact in (TlsSetting, AccessLogSetting, DirectoryListingSetting):
            yield Missing(place, fact, error)


def nginx_tree(snapshot: Snapshot) -> tuple[Directive, CollectionError | None] | None:
    """Return the whole configuration as one directive, and the first file that is missing from it.

    None where the copy holds no nginx. Raises NotReadable or Malformed for nginx.conf itself.
    """
    if not snapshot.exists(MAIN):
        return None
    reader = _Reader(snapshot)
    main = Directive("main", (), MAIN, reader.tree(MAIN))
    return main, next(iter(reader.problems), None)


def _sightings(main: Directive) -> Iterator[Sighting]:
    logs, listing = _Places(), _Places()
    tls: dict[str, TlsSetting | None] = {}
    for http in main.all("http"):
        _effective(http, "access_log", (None, MAIN), logs)
        _effective(http, "autoindex", (None, MAIN), listing)
        for server in http.all("server"):
            tls |= _tls(http, server)
    if logs.seen:
        yield Seen(MAIN, AccessLogSetting("nginx", *logs.split(_logs_something)))
        listed, _ = listing.split(_lists)
        yield Seen(MAIN, DirectoryListingSetting("nginx", listed))
    else:
        yield Nothing(MAIN, AccessLogSetting)
        yield Nothing(MAIN, DirectoryListingSetting)
    if not tls:
        yield Nothing(MAIN, TlsSetting)
    for place, fact in tls.items():
        unset = NotReadable(f"{place}: ssl_protocols is not written, nginx’s own default applies")
        yield Seen(place, fact) if fact else Missing(place, TlsSetting, unset)


def _tls(http: Directive, server: Directive) -> dict[str, TlsSetting | None]:
    listens = [d for d in server.all("listen") if {"ssl", "quic"} & set(d.args)]
    if not listens and not any(d.args[:1] == ("on",) for d in server.all("ssl")):
        return {}
    written = server.all("ssl_protocols") or http.all("ssl_protocols")
    if not written:
        return {server.place: None}
    versions = tuple(_VERSIONS.get(arg, arg) for arg in written[-1].args)
    return {written[-1].place: TlsSetting("nginx", versions)}


@dataclass
class _Places:
    """Which directive is in effect for the requests of each server and location.

    None is nginx's own default; each goes with the place and context it is written in.
    """

    seen: list[tuple[Directive | None, str]] = field(default_factory=list)

    def split(
        self, is_on: Callable[[Directive | None], bool]
    ) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return the places switched on and those switched off, each `file:line context`."""
        on = dict.fromkeys(where for directive, where in self.seen if is_on(directive))
        off = dict.fromkeys(where for directive, where in self.seen if not is_on(directive))
        return tuple(on), tuple(off)


def _logs_something(directive: Directive | None) -> bool:
    # Without the directive nginx writes the combined format to logs/access.log.
    return directive is None or directive.args[:1] not in (("off",), ("/dev/null",))


def _lists(directive: Directive | None) -> bool:
    return directive is not None and directive.args[:1] == ("on",)


def _effective(
    block: Directive, name: str, inherited: tuple[Directive | None, str], places: _Places
) -> None:
    """Note what is in effect in the block and inside it.

    A server whose `location /` sets its own has no request left for itself.
    """
    spelled, written = _spelled(block), _in_effect(block.all(name))
    current = (written, f"{written.place} {spelled}") if written else inherited
    if block.name == "server" and current[0] is None:
        current = (None, f"{block.place} {spelled}")
    inner = [d for d in block.block if d.name in ("server", "location", "if")]
    covered = any(d.name == "location" and d.args == ("/",) and d.all(name) for d in inner)
    handles = block.name == "location" or (block.name == "if" and written is not None)
    if handles or (block.name == "server" and not covered):
        places.seen.append(current)
    for one in inner:
        _effective(one, name, current, places)


def _in_effect(written: list[Directive]) -> Directive | None:
    # Several access_log of one level all apply: one that writes is enough.
    writing = [d for d in written if _logs_something(d)]
    return next(reversed(writing or written), None)


_MARKS = ("stub_status", "return", "deny", "empty_gif", "internal")


def _spelled(block: Directive) -> str:
    names = [arg for d in block.all("server_name") for arg in d.args][:3]
    marks = [" ".join((d.name, *d.args[:1])) for d in block.block if d.name in _MARKS]
    return " ".join((block.name, *block.args, *names, *marks))
