"""Where nginx and Apache ask for a password by HTTP's own means without encryption."""

from __future__ import annotations

import re
from collections.abc import Iterator

from cnilcheck.collectors.apache import Line, apache_lines
from cnilcheck.collectors.base import Seen
from cnilcheck.collectors.nginx import MAIN, Directive, nginx_tree
from cnilcheck.collectors.snapshot import Snapshot
from cnilcheck.errors import CollectionError
from cnilcheck.model.facts import Opening, SignInOpenings

# Only this machine reads what arrives there: a proxy in front, or a person at the console.
_OWN = re.compile(r"^(?:127\.[\d.]+|localhost|\[::1\]|unix:.*)(?::\d+)?$")
_TO_HTTPS = re.compile(r"(?i)^https://")


def read_basic_authentication(snapshot: Snapshot) -> Iterator[Seen]:
    """Yield, for each web server that asks for passwords, where it does so without encryption.

    A configuration that cannot be read says nothing here: its own instrument tells.
    """
    try:
        tree, lines = nginx_tree(snapshot), apache_lines(snapshot)
    except (CollectionError, ModuleNotFoundError):
        return
    if tree is not None:
        yield from _told("nginx", MAIN, _nginx(tree[0]))
    if lines is not None:
        yield from _told("Apache", lines[0], _apache(lines[1]))


def _told(product: str, place: str, asking: dict[Opening, bool]) -> Iterator[Seen]:
    if asking:
        clear = tuple(opening for opening, in_clear in asking.items() if in_clear)
        yield Seen(place, SignInOpenings(product, ("clear_transport",), clear))


def _nginx(main: Directive) -> dict[Opening, bool]:
    """Return each `auth_basic` in effect, and whether its server takes requests in clear."""
    found = dict[Opening, bool]()
    for http in main.all("http"):
        for server in http.all("server"):
            in_clear = _listens_in_clear(server) and not _leads_to_https(server)
            for directive in _asking(server, http.all("auth_basic")):
                opening = Opening("clear_transport", directive.place, "auth_basic")
                found[opening] = found.get(opening, False) or in_clear
    return found


def _listens_in_clear(server: Directive) -> bool:
    listens = server.all("listen")
    if any(d.args[:1] == ("on",) for d in server.all("ssl")):
        return False
    # Without `listen` nginx takes port 80.
    return not listens or any(
        not {"ssl", "quic"} & set(d.args) and not _OWN.match(d.args[0]) for d in listens if d.args
    )


def _leads_to_https(server: Directive) -> bool:
    """Return whether the server answers by a redirection to HTTPS before it asks for anything."""
    conditions = [d for d in server.all("if") if "http" in " ".join(d.args)]
    candidates = [*server.block, *(d for c in conditions for d in c.block)]
    return any(
        d.name in ("return", "rewrite") and any(_TO_HTTPS.match(arg) for arg in d.args)
        for d in candidates
    )


def _asking(block: Directive, inherited: list[Directive]) -> Iterator[Directive]:
    own = block.all("auth_basic") or inherited
    locations = block.all("location")
    if own and own[-1].args[:1] != ("off",) and not _leads_to_https(block):
        yield own[-1]
    for location in locations:
        yield from _asking(location, own)


def _apache(lines: list[Line]) -> dict[Opening, bool]:
    """Return each `AuthType Basic`, and whether the virtual host it stands in is without TLS.

    One outside all virtual hosts holds for each of them: it is in clear where none has TLS.
    """
    secured = {line.host for line in lines if _switches_on(line, "sslengine")}
    forced = {line.host for line in lines if _forces_https(line)}
    kept = {line.sections for line in lines if line.name == "sslrequiressl"}
    found = dict[Opening, bool]()
    for line in lines:
        if line.name != "authtype" or not line.args or line.args[0].lower() != "basic":
            continue
        safe = line.sections in kept or line.host in forced or _own_host(line)
        in_clear = not secured if not line.host else line.host not in secured
        found[Opening("clear_transport", line.place, "AuthType Basic")] = in_clear and not safe
    return found


def _switches_on(line: Line, name: str) -> bool:
    return line.name == name and line.args[:1] != () and line.args[0].lower() == "on"


def _forces_https(line: Line) -> bool:
    names = ("redirect", "redirectpermanent", "redirectmatch", "rewriterule")
    return line.name in names and any(_TO_HTTPS.match(arg) for arg in line.args)


def _own_host(line: Line) -> bool:
    addresses = [args.split() for name, args, _ in line.sections if name == "virtualhost"]
    return bool(addresses) and all(_OWN.match(address) for address in addresses[0])
