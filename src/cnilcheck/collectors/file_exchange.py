"""Whether servers of files let strangers in, and whether FTP is encrypted: what is configured.

References: vsftpd.conf(5), ProFTPD (mod_core, mod_tls), pure-ftpd(8), rsyncd.conf(5), exports(5),
smb.conf(5).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from cnilcheck.collectors.base import Missing, Nothing, Seen, Sighting
from cnilcheck.collectors.log_settings.texts import each, is_on, lines_of, sections_of
from cnilcheck.collectors.open_stores import is_local
from cnilcheck.collectors.snapshot import Snapshot
from cnilcheck.errors import CollectionError
from cnilcheck.model.facts import Holding, ServiceAccess, ServiceEncryption

_VSFTPD = ("/etc/vsftpd.conf", "/etc/vsftpd/vsftpd.conf")
_PROFTPD = ("/etc/proftpd/proftpd.conf", "/etc/proftpd.conf")
_PURE = "/etc/pure-ftpd/conf"
_PURE_FILE = "/etc/pure-ftpd/pure-ftpd.conf"
_RSYNC, _EXPORTS, _SAMBA = ("/etc/rsyncd.conf",), ("/etc/exports",), ("/etc/samba/smb.conf",)
_MOST_INCLUDED = 50
Written = dict[str, tuple[str, str]]


def read_vsftpd(snapshot: Snapshot) -> Iterator[Sighting]:
    """Yield who may come in, and in clear; what is not written has the default of the manual."""

    def read(path: str) -> Iterator[Sighting]:
        written: Written = {}
        for line, place in lines_of(snapshot, path, "#"):
            name, _, value = line.partition("=")
            written[name.strip().lower()] = (value.strip(), place)

        def on(name: str, default: bool) -> bool:
            answer = is_on(written[name][0]) if name in written else None
            return default if answer is None else answer

        if is_local([written[n][0] for n in ("listen_address", "listen_address6") if n in written]):
            yield from _nothing(path)
            return
        anonymous, local = on("anonymous_enable", True), on("local_enable", False)
        place = written.get("anonymous_enable", ("", path))[1]
        yield Seen(place, ServiceAccess("vsftpd", "none" if anonymous else "password"))
        encrypted = on("ssl_enable", False)
        forced = on("force_local_logins_ssl", True) and on("force_local_data_ssl", True)
        clear = (local and not forced) or (anonymous and not on("force_anon_logins_ssl", False))
        place = written.get("ssl_enable", ("", path))[1]
        yield Seen(place, ServiceEncryption("vsftpd", encrypted, clear if encrypted else True))

    yield from _ftp(snapshot, _VSFTPD, read)


def read_proftpd(snapshot: Snapshot) -> Iterator[Sighting]:
    """Yield whether there is an anonymous area, and whether TLS is required."""

    def read(path: str) -> Iterator[Sighting]:
        anonymous, engine, required = "", ("", path), ""
        for line, place in _included(snapshot, path, 0):
            name, _, value = line.partition(" ")
            match name.lower():
                case "<anonymous":
                    anonymous = anonymous or place
                case "tlsengine":
                    engine = (value.strip(), place)
                case "tlsrequired":
                    required = value.strip().lower()
        yield Seen(anonymous or path, ServiceAccess("ProFTPD", "none" if anonymous else "password"))
        encrypted = is_on(engine[0]) is True
        # `auth`, `ctrl` and their like demand TLS for what they name, the password among it.
        clear = required not in ("on", "ctrl", "auth", "auth+data", "ctrl+auth", "data")
        clear = clear or required == "data"
        fact = ServiceEncryption("ProFTPD", encrypted, clear if encrypted else True)
        yield Seen(engine[1], fact)

    yield from _ftp(snapshot, _PROFTPD, read)


def _included(snapshot: Snapshot, path: str, depth: int) -> Iterator[tuple[str, str]]:
    for line, place in lines_of(snapshot, path, "#"):
        name, _, value = line.partition(" ")
        pattern = value.strip().strip("\"'")
        if name.lower() == "include" and pattern.startswith("/") and depth < 3:
            pattern = f"{pattern.rstrip('/')}/*.conf" if pattern.endswith("/") else pattern
            for one in snapshot.glob(pattern)[:_MOST_INCLUDED]:
                yield from _included(snapshot, one, depth + 1)
        else:
            yield line, place


def read_pure_ftpd(snapshot: Snapshot) -> Iterator[Sighting]:
    """Yield what Pure-FTPd's one file says, or Debian's folder with a file for each setting."""
    written: Written = {}
    try:
        for path in snapshot.glob(f"{_PURE}/*"):
            words = snapshot.read(path).split()
            written[path.rpartition("/")[2].lower()] = (words[0] if words else "", path)
        if snapshot.exists(_PURE_FILE):
            for line, place in lines_of(snapshot, _PURE_FILE, "#"):
                name, _, value = line.partition(" ")
                written[name.lower()] = (value.strip(), place)
    except CollectionError as error:
        yield Missing(_PURE, ServiceAccess, error)
        yield Missing(_PURE, ServiceEncryption, error)
        return
    if not written:
        return
    somewhere = next(iter(written.values()))[1].rpartition("/")[0] or _PURE
    refused = is_on(written.get("noanonymous", ("", ""))[0])
    if "noanonymous" in written and refused is not None:
        access = ServiceAccess("Pure-FTPd", "password" if refused else "none")
        yield Seen(written["noanonymous"][1], access)
    level, place = written.get("tls", ("0", somewhere))
    # 0: never; 1: who asks for it; 2: sign-in; 3: sign-in and data.
    yield Seen(
        place, ServiceEncryption("Pure-FTPd", level not in ("0", ""), level in ("0", "1", ""))
    )


def _ftp(snapshot: Snapshot, paths: tuple[str, ...], read: object) -> Iterator[Sighting]:
    yield from each(snapshot, paths, ServiceAccess, read)  # type: ignore[arg-type]


def _nothing(path: str) -> Iterator[Sighting]:
    yield Nothing(path, ServiceAccess)
    yield Nothing(path, ServiceEncryption)


def read_rsync(snapshot: Snapshot) -> Iterator[Sighting]:
    """Yield whether a module is open to anybody: no name asked for, no address demanded."""

    def read(path: str) -> Iterator[Sighting]:
        modules: dict[str, set[str]] = {}
        for line in sections_of(snapshot, path):
            modules.setdefault(line.section, set()).add(" ".join(line.name.split()))
        common = modules.pop("", set()) | modules.pop("global", set())
        guards = {"auth users", "hosts allow"}
        open_ones = [names for names in modules.values() if not guards & (names | common)]
        if modules:
            yield Seen(path, _access("rsync", "modules", len(open_ones), "credentials"))
        else:
            yield Nothing(path, ServiceAccess)

    yield from each(snapshot, _RSYNC, ServiceAccess, read)


def read_exports(snapshot: Snapshot) -> Iterator[Sighting]:
    """Yield whether a folder is exported to any machine that asks."""

    def read(path: str) -> Iterator[Sighting]:
        exported, anybody, where = 0, 0, path
        for line, place in lines_of(snapshot, path, "#"):
            folder, _, clients = line.partition(" ")
            if not folder.startswith("/"):
                continue
            exported += 1
            named = re.findall(r"([^\s(]*)(?:\(([^)]{0,500})\))?", clients.strip())
            named = [(who, how) for who, how in named if who or how] or [("", "")]
            loose = [who for who, how in named if who in _ANYBODY and "sec=krb5" not in how]
            if loose:
                anybody, where = anybody + 1, place
        if exported:
            yield Seen(where, _access("NFS", "exports", anybody, "refused"))
        else:
            yield Nothing(path, ServiceAccess)

    yield from each(snapshot, _EXPORTS, ServiceAccess, read)


_ANYBODY = frozenset(("", "*", "0.0.0.0/0", "::/0", "0.0.0.0/0.0.0.0"))


def read_samba(snapshot: Snapshot) -> Iterator[Sighting]:
    """Yield whether a share takes guests without a password."""

    def read(path: str) -> Iterator[Sighting]:
        shares: dict[str, dict[str, str]] = {}
        places: dict[str, str] = {}
        for line in sections_of(snapshot, path):
            name = " ".join(line.name.split())
            shares.setdefault(line.section, {})[name] = line.value.lower()
            if name in _GUEST:
                places[line.section] = line.place
        common = shares.pop("global", {})
        mapped = common.get("map to guest", "never") != "never" or common.get("security") == "share"
        guests = [
            name
            for name, settings in shares.items()
            if name not in ("printers", "print$")
            and any(is_on((common | settings).get(word, "")) is True for word in _GUEST)
            and "hosts allow" not in (common | settings)
        ]
        if shares:
            where = places.get(guests[0], path) if guests and mapped else path
            yield Seen(where, _access("Samba", "shares", len(guests) * mapped, "password"))
        else:
            yield Nothing(path, ServiceAccess)

    yield from each(snapshot, _SAMBA, ServiceAccess, read)


_GUEST = ("guest ok", "public", "guest only", "only guest")


def _access(product: str, kind: str, count: int, otherwise: str) -> ServiceAccess:
    if not count:
        return ServiceAccess(product, otherwise)  # type: ignore[arg-type]
    return ServiceAccess(product, "none", (Holding(kind, count),))  # type: ignore[arg-type]
