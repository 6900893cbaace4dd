"""The scope file, read and checked; and the smallest scope, from addresses on a command line."""

from __future__ import annotations

import datetime as dt
import difflib
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit

import msgspec

from cnilcheck.documents.fields import to_model
from cnilcheck.documents.yaml_file import read_yaml
from cnilcheck.errors import ScopeError
from cnilcheck.model.addresses import is_loopback, resolver_address
from cnilcheck.model.personal_data import printable
from cnilcheck.model.scope import (
    ConsentedAccount,
    HostTarget,
    LogSource,
    LogStore,
    Scope,
    Secret,
    SshTarget,
    Target,
    TlsTarget,
    Traces,
    WebTarget,
)

_KINDS = {"url": "web", "host": "host", "tls": "tls", "ssh": "ssh"}
_HOST = re.compile(r"^(?!-)[A-Za-z0-9_-]{1,63}(?<!-)(\.(?!-)[A-Za-z0-9_-]{1,63}(?<!-))*\.?\Z")
_LONGEST_WAIVER = dt.timedelta(days=180)
_LONGEST_SECRET = 1024
_SHORTEST_SECRET = 4
_LONGEST_IDLE = 720


def read_scope(path: Path, today: dt.date, *, to_scan: bool = True) -> Scope:
    """Return the scope of that file.

    Raises ScopeError, naming the file and the field, for an unknown key (with the nearest valid
    one), a wrong type, an address that is none, a waiver without end. With `to_scan`, also for a
    source that does not exist, an authorisation that is missing or expired.
    """
    document = read_yaml(path, ScopeError)
    if not isinstance(document, dict):
        raise ScopeError(f"{path}: document: a mapping is expected", "see `cnilcheck init`")
    scope = to_model(_with_kinds(document, str(path)), Scope, str(path), ScopeError)
    _check(scope, str(path), today)
    if to_scan:
        check_authorised(scope, str(path), today)
        _check_sources(scope, path)
    return scope


def scope_of_urls(urls: Iterable[str], today: dt.date) -> Scope:
    """Return the smallest scope that holds these addresses; raises ScopeError as `read_scope`."""
    scope = Scope(version=1, targets=tuple(WebTarget(url=url) for url in dict.fromkeys(urls)))
    _check(scope, "command line", today)
    check_authorised(scope, "command line", today)
    return scope


def scope_as_document(scope: Scope) -> dict[str, Any]:
    """Return the scope as the plain values a scope file holds, without what has its default."""
    document = msgspec.to_builtins(scope)
    for target in document["targets"]:
        target.pop("kind")
    return {key: _trimmed(value) for key, value in document.items() if _trimmed(value) is not None}


def _trimmed(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _trimmed(v) for k, v in value.items() if _trimmed(v) is not None} or None
    if isinstance(value, list | tuple):
        return [_trimmed(item) for item in value] or None
    return value


def _with_kinds(document: dict[Any, Any], where: str) -> dict[Any, Any]:
    targets = document.get("targets")
    if not isinstance(targets, list):
        return document
    tagged = [_with_kind(entry, f"{where}: targets[{n}]") for n, entry in enumerate(targets)]
    return document | {"targets": tagged}


def _with_kind(entry: Any, where: str) -> Any:
    if not isinstance(entry, dict):
        raise ScopeError(f"{where}: a mapping is expected, such as `url: https://127.0.0.1/`")
    if "kind" in entry:
        raise ScopeError(f"{where}.kind: unknown key; known keys: {', '.join(_KINDS)}")
    named = [key for key in _KINDS if key in entry]
    account = entry.get("test_account")
    for key in ("password", "other_password"):
        if isinstance(account, dict) and isinstance(account.get(key), str):
            advice = f"write `{key}: {{env: NAME}}` or `{key}: {{file: PATH}}`"
            raise ScopeError(f"{where}.test_account.{key}: is never written in a scope", advice)
    if len(named) == 1:
        return {"kind": _KINDS[named[0]], **entry}
    if named:
        raise ScopeError(f"{where}: only one of {', '.join(named)} can be the target")
    near = [m for k in entry for m in difflib.get_close_matches(str(k), _KINDS, n=1, cutoff=0.5)]
    hint = f"did you mean `{near[0]}`?" if near else f"one of {', '.join(_KINDS)} is needed"
    raise ScopeError(f"{where}: names no target; {hint}")


def _check(scope: Scope, where: str, today: dt.date) -> None:
    seen: set[str] = set()
    for number, target in enumerate(scope.targets):
        place = f"{where}: targets[{number}]"
        _check_target(target, place)
        if target.spelling in seen:
            raise ScopeError(f"{place}: `{target.spelling}` is there twice")
        seen.add(target.spelling)
    if scope.notice is not None and not 1 <= scope.notice.months <= 6:
        # Décret 2005-1309 art. 73: at most six months.
        raise ScopeError(f"{where}: notice.months: 1 to 6, {scope.notice.months} given")
    check_identity(scope, where)
    for number, store in enumerate(scope.sources.log_stores):
        _check_store(store, f"{where}: sources.log_stores[{number}]")
    for number, log in enumerate(scope.sources.logs):
        _check_words(log, f"{where}: sources.logs[{number}].words")
    for number, waiver in enumerate(scope.waivers):
        if waiver.until > today + _LONGEST_WAIVER:
            place = f"{where}: waivers[{number}].until"
            raise ScopeError(f"{place}: {waiver.until} is more than 180 days ahead")
    if scope.limits.requests_per_second <= 0 or scope.limits.requests_per_host <= 0:
        raise ScopeError(f"{where}: limits: numbers above 0 are expected")


def _check_words(log: LogSource, place: str) -> None:
    texts = [text for several in log.words.values() for text in several]
    if len(texts) > _MOST_WORDS:
        raise ScopeError(f"{place}: {len(texts)} texts, at most {_MOST_WORDS} are tried")
    for text in texts:
        if len(text.replace("*", "").strip()) < 3 or len(text) > 200 or text.count("*") > 5:
            advice = "3 to 200 characters, with `*` for anything, at most five times"
            raise ScopeError(f"{place}: `{text[:60]}` would tell too little", advice)


_MOST_WORDS = 200


def check_identity(scope: Scope, where: str) -> None:
    """Raise ScopeError unless the resolver is an address and the registry one over TLS."""
    if written := scope.identity.resolver:
        try:
            resolver_address(written)
        except ValueError:
            raise ScopeError(
                f"{where}: identity.resolver: `{written}` is no address, such as 192.0.2.53:53"
            ) from None
    parts = _split(scope.identity.registry, f"{where}: identity.registry")
    local = is_loopback(parts.hostname or "") and parts.scheme == "http"
    if not local and (parts.scheme != "https" or not parts.hostname):
        raise ScopeError(f"{where}: identity.registry: only https addresses are asked")


def _check_target(target: Target, place: str) -> None:
    match target:
        case WebTarget():
            _check_web(target, place)
        case HostTarget(host=host, ports=ports, udp_ports=udp_ports):
            _check_host(host, f"{place}.host")
            for port in ports:
                _check_port(port, f"{place}.ports")
            for port in udp_ports or ():
                _check_port(port, f"{place}.udp_ports")
        case TlsTarget(tls=address):
            _check_address(address, f"{place}.tls")
        case SshTarget(ssh=address):
            _check_address(address, f"{place}.ssh")


def _check_web(target: WebTarget, place: str) -> None:
    parts = _split(target.url, f"{place}.url")
    if parts.scheme not in ("http", "https"):
        raise ScopeError(f"{place}.url: `{target.url}` does not begin with http:// or https://")
    if parts.username is not None or parts.password is not None:
        raise ScopeError(f"{place}.url: credentials do not belong in an address")
    _check_traces(target.traces, f"{place}.traces")
    if target.test_account is not None:
        _check_account(target.test_account, f"{place}.test_account")
    _check_host(parts.hostname or "", f"{place}.url")
    for key in ("logins", "protected", "neighbours"):
        for path in getattr(target, key):
            if not path.startswith("/") or path.startswith("//"):
                field = "login" if key == "logins" else key
                raise ScopeError(f"{place}.{field}: `{path}` must begin with one /")


def _check_store(store: LogStore, place: str) -> None:
    parts = _split(store.url, f"{place}.url")
    local = is_loopback(parts.hostname or "")
    if parts.scheme != "https" and not (local and parts.scheme == "http"):
        raise ScopeError(f"{place}.url: only https addresses are asked")
    if parts.username is not None or parts.password is not None:
        raise ScopeError(f"{place}.url: credentials do not belong in an address")
    if not store.query.strip():
        raise ScopeError(f"{place}.query: a stream selector or an index is expected")
    secret = store.authorization
    if secret is not None and (secret.env is None) == (secret.file is None):
        raise ScopeError(f"{place}.authorization: either `env` or `file` is expected")


def _check_traces(traces: Traces, place: str) -> None:
    paths = {"record": traces.record, "forbidden": traces.forbidden, "search": traces.search,
             "export": traces.export}  # fmt: skip
    if traces.change is not None:
        paths["change.address"] = traces.change.address
    for key, path in paths.items():
        if path and (not path.startswith("/") or path.startswith("//")):
            raise ScopeError(f"{place}.{key}: `{path}` must begin with one /")
    if traces.search and "{marker}" not in traces.search:
        raise ScopeError(f"{place}.search: holds no {{marker}}")
    if not 0 <= traces.wait_seconds <= 600:
        raise ScopeError(f"{place}.wait_seconds: 0 to 600, {traces.wait_seconds} given")


def _split(url: str, place: str) -> SplitResult:
    if url != url.strip() or re.search(r"[\x00-\x20\x7f\\]", url):
        raise ScopeError(f"{place}: `{url!r}` holds spaces or control characters")
    try:
        parts = urlsplit(url)
        if parts.port == 0:
            raise ValueError
    except ValueError:
        raise ScopeError(f"{place}: `{url}` is not an address") from None
    return parts


def _check_address(address: str, place: str) -> None:
    host, separator, port = address.rpartition(":")
    if not separator or not port.isdecimal():
        raise ScopeError(f"{place}: `{address}` is not host:port")
    _check_host(host.strip("[]"), place)
    _check_port(int(port), place)


def _check_host(host: str, place: str) -> None:
    import ipaddress

    try:
        ipaddress.ip_address(host)
    except ValueError:
        # Names reach other programs (nmap): nothing but a host name may pass.
        # Digits alone are no name: nmap would read 10.0.0.1-20 as twenty machines.
        if not _HOST.match(host) or len(host) > 253 or not re.search("[A-Za-z_]", host):
            raise ScopeError(
                f"{place}: `{printable(host)}` is neither a host name nor an address"
            ) from None


def _check_port(port: int, place: str) -> None:
    if not 1 <= port <= 65535:
        raise ScopeError(f"{place}: {port} is not a port")


def hosts(scope: Scope) -> Iterator[tuple[str, str]]:
    """Yield the place in the scope and the host of each target and each store of logs."""
    for number, target in enumerate(scope.targets):
        match target:
            case WebTarget(url=url):
                yield f"targets[{number}]", urlsplit(url).hostname or ""
            case HostTarget(host=host):
                yield f"targets[{number}]", host
            case TlsTarget(tls=address) | SshTarget(ssh=address):
                yield f"targets[{number}]", address.rpartition(":")[0].strip("[]")
    for number, store in enumerate(scope.sources.log_stores):
        yield f"sources.log_stores[{number}]", urlsplit(store.url).hostname or ""


def check_consented(scope: Scope, where: str, today: dt.date) -> None:
    """Raise ScopeError unless the scope allows an active audit: an authorisation, and what to try.

    Also on this machine: wrong passwords may lock an account, so somebody answers for it. What is
    tried is an account lent, or a host whose services may be asked whether they know no password.
    """
    if scope.authorisation is None:
        advice = "add `authorisation: {given_by, reference, valid_until}` to a scope file"
        raise ScopeError(f"{where}: --active: no authorisation", advice)
    if scope.authorisation.valid_until < today:
        until = scope.authorisation.valid_until
        raise ScopeError(f"{where}: authorisation.valid_until: expired on {until}")
    hosts = any(isinstance(target, HostTarget) for target in scope.targets)
    if not hosts and not any(lent_accounts(scope)):
        advice = "name one as targets[].test_account, with who consented, or a targets[].host"
        raise ScopeError(f"{where}: --active: no test account is lent", advice)


def lent_accounts(scope: Scope) -> Iterator[tuple[str, WebTarget, ConsentedAccount]]:
    """Yield each test account after its place in the scope and its target."""
    for number, target in enumerate(scope.targets):
        if isinstance(target, WebTarget) and target.test_account is not None:
            yield f"targets[{number}].test_account", target, target.test_account


def read_secret(secret: Secret, folder: Path, place: str) -> str:
    """Return the password a scope points to; raises ScopeError, which never contains it."""
    if secret.env is not None:
        value = os.environ.get(secret.env, "")
        if not value:
            raise ScopeError(f"{place}.env: the variable {secret.env} is not set")
    else:
        path = folder / Path(secret.file or "").expanduser()
        try:
            value = path.read_text(encoding="utf-8")[:_LONGEST_SECRET].rstrip("\r\n")
        except (OSError, UnicodeDecodeError):
            raise ScopeError(f"{place}.file: cannot be read: {secret.file}") from None
    if not value.isprintable() or not value.strip() or len(value) < _SHORTEST_SECRET:
        raise ScopeError(f"{place}: is not one line of {_SHORTEST_SECRET} characters at least")
    return value


def _check_account(account: ConsentedAccount, place: str) -> None:
    if not account.consented_by.strip() or not account.name.strip():
        raise ScopeError(f"{place}: `name` and `consented_by` (a person) are both needed")
    for key, secret in (("password", account.password), ("other_password", account.other_password)):
        if secret is not None and (secret.env is None) == (secret.file is None):
            raise ScopeError(f"{place}.{key}: either `env` or `file` is expected")
    minutes = account.idle_minutes
    if minutes is not None and not 0 < minutes <= _LONGEST_IDLE:
        raise ScopeError(f"{place}.idle_minutes: above 0 and at most {_LONGEST_IDLE}")


def check_authorised(scope: Scope, where: str, today: dt.date) -> None:
    """Raise ScopeError unless every target is this machine's, or somebody allowed the audit.

    Entering a system without permission is an offence; the words of a person are asked for first.
    """
    for named, host in hosts(scope):
        place = f"{where}: {named}"
        if is_loopback(host):
            continue
        if scope.authorisation is None:
            advice = "add `authorisation: {given_by, reference, valid_until}` to a scope file"
            raise ScopeError(f"{place}: {host} is not this machine: no authorisation", advice)
        until = scope.authorisation.valid_until
        if until < today:
            raise ScopeError(f"{where}: authorisation.valid_until: expired on {until}")


def _check_sources(scope: Scope, path: Path) -> None:
    sources = scope.sources
    named = [("sources.system", sources.system)] if sources.system else []
    named += [(f"sources.logs[{n}].path", s.path) for n, s in enumerate(sources.logs)]
    named += [("sources.listing", sources.listing)] if sources.listing else []
    samples = sources.password_samples
    named += [(f"sources.password_samples[{n}].path", s.path) for n, s in enumerate(samples)]
    named += [
        (f"sources.data_samples[{n}].path", s.path) for n, s in enumerate(sources.data_samples)
    ]
    exports = sources.identity_exports
    named += [(f"sources.identity_exports[{n}].path", s.path) for n, s in enumerate(exports)]
    named += [(f"sources.tokens[{n}]", p) for n, p in enumerate(sources.tokens)]
    for n, source in enumerate(sources.accounts):
        named.append((f"sources.accounts[{n}].path", source.path))
        if source.leavers:
            named.append((f"sources.accounts[{n}].leavers", source.leavers))
    named += [(f"sources.messages[{n}]", p) for n, p in enumerate(sources.messages)]
    named += [(f"sources.deposits[{n}].path", d.path) for n, d in enumerate(sources.deposits)]
    named += [(f"sources.authorities[{n}]", p) for n, p in enumerate(sources.authorities)]
    named += [(f"sources.advisories[{n}]", p) for n, p in enumerate(sources.advisories)]
    hosting = scope.declarations.hosting
    for n, provider in enumerate(hosting.providers if hosting else ()):
        if provider.certificate and provider.certificate.document:
            place = f"declarations.hosting.providers[{n}].certificate.document"
            named.append((place, provider.certificate.document))
    for field, written in named:
        if not _exists(path.parent, written):
            raise ScopeError(f"{path}: {field}: no such file: {written}")


def _exists(folder: Path, written: str) -> bool:
    from glob import glob

    found = str(folder / Path(written).expanduser())
    try:
        return Path(found).exists() or bool(glob(found))  # noqa: PTH207 - may be absolute
    except OSError:
        # The path cannot be looked at (permission): the instrument will say so, as a gap.
        return True
