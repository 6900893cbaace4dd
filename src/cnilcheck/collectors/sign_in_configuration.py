"""What configurations demand of those who sign in: passwords, lockout, second factor, sessions."""

from __future__ import annotations

import io
import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from posixpath import dirname, join

import msgspec

from cnilcheck import __version__
from cnilcheck.collectors.applications import is_django_settings, is_php_settings
from cnilcheck.collectors.base import Missing, Nothing, Seen, Sighting, Task, Tools
from cnilcheck.collectors.bounded_text import BoundedText
from cnilcheck.collectors.password_files import entries
from cnilcheck.collectors.password_samples import hashes_of
from cnilcheck.collectors.policies import delivered
from cnilcheck.collectors.policies.cloud import read_cloud
from cnilcheck.collectors.policies.code_hosts import read_code_host
from cnilcheck.collectors.policies.directory import read_ldif
from cnilcheck.collectors.policies.django import read_django
from cnilcheck.collectors.policies.frameworks import (
    read_drupal,
    read_laravel,
    read_laravel_auth,
    read_php,
    read_spring,
    read_symfony,
)
from cnilcheck.collectors.policies.keycloak import is_realm, read_keycloak
from cnilcheck.collectors.policies.pam import read_pam
from cnilcheck.collectors.policies.servers import (
    read_openvpn,
    read_pg_hba,
    read_sql,
    wordpress_unguarded,
)
from cnilcheck.collectors.policies.texts import parsed_json, property_settings
from cnilcheck.collectors.policies.web_servers import read_basic_authentication
from cnilcheck.collectors.snapshot import Snapshot, open_snapshot
from cnilcheck.collectors.source_files import FOLDERS, SourceFiles
from cnilcheck.errors import CollectionError, Malformed
from cnilcheck.model.facts import (
    AccountPolicy,
    DeclaredPolicyRead,
    Fact,
    PolicyDifference,
    ResetLinkLifetime,
    SessionLifetime,
    SignInOpenings,
)
from cnilcheck.model.scope import Accounts, IdentityExport, Lockout, Scope
from cnilcheck.model.words import AccountClass, GapReason, Method

_FOLDERS = ("/etc", "/var/lib/postgresql", "/var/lib/pgsql", *FOLDERS)
_LARGEST = 20_000_000
_EXPORT = re.compile(
    r"(?i)(?:realm|keycloak|export|entra|azure|graph|conditional|polic|okta|auth0|tenant|guardian"
    r"|connection|identity|lockout|password|mfa|sso)[^/]*(?:/[^/]+)*\.json$"
)


class NotWritten(CollectionError):
    """Nothing in the copy says what is demanded of those who sign in."""

    reason = GapReason.NOT_GIVEN


class SignInConfiguration:
    """Reads the settings of identity providers, directories, systems and frameworks."""

    name = "sign-in-configuration"
    method = Method.EXAMINE
    yields: tuple[type[Fact], ...] = (
        AccountPolicy,
        SessionLifetime,
        SignInOpenings,
        DeclaredPolicyRead,
        ResetLinkLifetime,
    )
    asks = "sources.system"

    def version(self) -> str:
        """Return the version of cnilcheck: the readers are its own."""
        return __version__

    def tasks(self, scope: Scope) -> tuple[Task, ...]:
        """Return the copy of the server's tree, and each export handed over by itself."""
        system = scope.sources.system
        tree = (Task(system, "/", system),) if system else ()
        exports = scope.sources.identity_exports
        return tree + tuple(Task(export.path, export.path, export) for export in exports)

    def observe(self, task: Task, tools: Tools) -> Iterator[Sighting]:
        """Yield what each configuration demands, for the accounts a declaration names it for."""
        declared = tools.scope.declarations.authentication
        people = _People(declared.accounts if declared else ())
        looked_at = set[type[Fact]]()
        for sighting in _sightings(task, tools, self.name):
            for told in people.told(sighting, task):
                looked_at.add(type(told.fact) if isinstance(told, Seen) else _kind(told))
                yield told
        if AccountPolicy not in looked_at:
            yield Missing(task.location, AccountPolicy, NotWritten("sources.system"))
        for fact in self.yields[1:]:
            if fact not in looked_at:
                yield Nothing(task.location, fact)


def _kind(sighting: Missing | Nothing) -> type[Fact]:
    return sighting.missing if isinstance(sighting, Missing) else sighting.of


def _sightings(task: Task, tools: Tools, name: str) -> Iterator[Sighting]:
    if isinstance(task.subject, IdentityExport):
        yield from _export(task, tools, name)
        return
    snapshot = open_snapshot(task, tools, name)
    yield from read_pam(snapshot)
    yield from read_basic_authentication(snapshot)
    files = SourceFiles(snapshot, tools.stop, largest=_LARGEST)
    for path, text in files.texts(_wanted, _FOLDERS):
        yield from _read(path, text, snapshot)
    # A dump too large to be read through is for the instrument of samples.
    files.refused = [(path, error) for path, error in files.refused if not path.endswith(".sql")]
    yield from files.problems(AccountPolicy)


def _export(task: Task, tools: Tools, name: str) -> Iterator[Sighting]:
    export: IdentityExport = task.subject
    place = tools.path(export.path)
    snapshot = Snapshot(place.parent, task.target, name, tools)
    text = snapshot.read_bytes(f"/{place.name}", _LARGEST).decode("utf-8-sig", "replace")
    found = False
    # Whatever it is called, its owner hands it over as an export.
    known = _reader(export.path) is not None or not export.path.endswith(".json")
    read = _read(export.path, text, snapshot) if known else _json(text, export.path, snapshot)
    for sighting in read:
        found = True
        yield _of_class(sighting, export.class_)
    if not found:
        raise Malformed(f"{export.path} is no export of an identity provider that is known")


def _of_class(sighting: Sighting, class_: AccountClass | None) -> Sighting:
    if isinstance(sighting, Seen) and class_ is not None:
        fact = sighting.fact
        if isinstance(fact, AccountPolicy | SessionLifetime):
            return Seen(sighting.location, msgspec.structs.replace(fact, class_=class_))
    return sighting


_Reader = Callable[[str, str, Snapshot], Iterator[Sighting]]


def _read(path: str, text: str, snapshot: Snapshot) -> Iterator[Sighting]:
    """Yield what one file says; a file that looks like a policy and cannot be read is a gap."""
    reader = _reader(path)
    if reader is None:
        return
    try:
        yield from reader(text, path, snapshot)
    except Malformed as error:
        if any(sign in text for sign in _SIGNS):
            yield Missing(path, AccountPolicy, error)


_SIGNS = (
    "bruteForceProtected",
    "passwordPolicy",
    "conditionalAccess",
    "grantControls",
    "minPwdLength",
    "AUTH_PASSWORD_VALIDATORS",
    "firewalls",
    "spring",
    "policy_constraints",
)


def _wanted(path: str) -> bool:
    return _reader(path) is not None


def _reader(path: str) -> _Reader | None:
    if is_django_settings(path):
        return _plain(read_django)
    if is_php_settings(path):
        return _plain(read_php)
    return next((reader for shape, reader in _READERS if shape.search(path)), None)


def _plain(read: Callable[[str, str], Iterator[Seen]]) -> _Reader:
    return lambda text, path, snapshot: read(text, path)


def _json(text: str, path: str, snapshot: Snapshot) -> Iterator[Seen]:
    document = parsed_json(text, path)
    if is_realm(document):
        yield from read_keycloak(document, text, path)
    else:
        yield from read_cloud(document, text, path)
        yield from read_code_host(document, text, path)


def _sql(text: str, path: str, snapshot: Snapshot) -> Iterator[Seen]:
    yield from read_sql(text, path)
    yield from delivered.read_accounts(text, path)


def _laravel(text: str, path: str, snapshot: Snapshot) -> Iterator[Seen]:
    beside = join(dirname(dirname(path)), ".env")
    env = snapshot.read(beside) if snapshot.exists(beside) else ""
    yield from read_laravel(text, path, property_settings(env, beside))


def _wordpress(text: str, path: str, snapshot: Snapshot) -> Iterator[Seen]:
    plugins = snapshot.glob(f"{dirname(path)}/wp-content/plugins/*/*.php")
    seen = wordpress_unguarded(path, [dirname(plugin).rpartition("/")[2] for plugin in plugins])
    if seen is not None:
        yield seen


def _htpasswd(text: str, path: str, snapshot: Snapshot) -> Iterator[Seen]:
    stored = "\n".join(li for li in text.splitlines() if not li.startswith("#"))
    if ":" in stored:
        yield Seen(path, hashes_of(entries(BoundedText(io.StringIO(stored)), None)))


_READERS: tuple[tuple[re.Pattern[str], _Reader], ...] = (
    (re.compile(r"(?i)\.ldif$"), _plain(read_ldif)),
    (_EXPORT, _json),
    (
        re.compile(r"/config/packages/(?:prod/)?(?:security|framework|reset_password)\.ya?ml$"),
        _plain(read_symfony),
    ),
    (re.compile(r"/config/session\.php$"), _laravel),
    (re.compile(r"/config/auth\.php$"), _plain(read_laravel_auth)),
    (
        re.compile(r"/(?:application|bootstrap)(?:-prod\w*)?\.(?:ya?ml|properties)$"),
        _plain(read_spring),
    ),
    (
        re.compile(
            r"/(?:services\.yml|user\.flood\.yml|password_policy\.password_policy\.[^/]+\.yml)$"
        ),
        _plain(read_drupal),
    ),
    (re.compile(r"/pg_hba\.conf$"), _plain(read_pg_hba)),
    (re.compile(r"^/etc/openvpn/.*\.conf$"), _plain(read_openvpn)),
    (re.compile(r"(?i)\.sql$"), _sql),
    (re.compile(r"/wp-config\.php$"), _wordpress),
    (re.compile(r"/\.?htpasswd[^/]*$|\.htpasswd$"), _htpasswd),
    *((shape, _plain(read)) for shape, read in delivered.READERS),
)


@dataclass
class _People:
    """The declared classes of accounts, and which configuration each is said to live in."""

    accounts: tuple[Accounts, ...]

    def told(self, sighting: Sighting, task: Task) -> Iterator[Sighting]:
        """Yield the sighting for each declared class it serves, then how they compare."""
        if not isinstance(sighting, Seen):
            yield sighting
            return
        path = re.sub(r":\d+(?: \([^)]*\))?$", "", sighting.location)
        serves = [
            (number, declared)
            for number, declared in enumerate(self.accounts)
            if any(fnmatchcase(path, pattern) for pattern in declared.configured_in)
        ]
        fact = sighting.fact
        if not serves or not isinstance(fact, AccountPolicy | SessionLifetime):
            yield sighting
            return
        for number, declared in serves:
            who = declared.who.strip() or declared.class_.value
            place = f"{sighting.location} ({who})" if len(serves) > 1 else sighting.location
            if isinstance(fact, SessionLifetime):
                yield Seen(place, msgspec.structs.replace(fact, class_=declared.class_))
                continue
            read = msgspec.structs.replace(fact, class_=declared.class_, who=declared.who)
            yield Seen(place, read)
            yield Seen(place, _compared(declared, read, f"accounts[{number}] ({who})"))


def _compared(declared: Accounts, read: AccountPolicy, name: str) -> DeclaredPolicyRead:
    """Return how the two compare; only what is read to be weaker than declared is a difference."""
    pairs: dict[str, tuple[float | None, float | None]] = {
        "minimum_length": (declared.minimum_length, read.minimum_length),
        "character_classes": (declared.character_classes, read.character_classes),
        "after_attempts": (_lenience(declared.lockout), _lenience(read.lockout)),
        "factors": (_count(declared.factors), _count(read.factors)),
        "initial_password_changed": (
            declared.initial_password_changed,
            read.initial_password_changed,
        ),
    }
    both = {k: (a, b) for k, (a, b) in pairs.items() if a is not None and b is not None}
    weaker = {k: (a, b) for k, (a, b) in both.items() if b < a}
    differences = tuple(
        PolicyDifference(k, _spelled(a), _spelled(b)) for k, (a, b) in weaker.items()
    )
    return DeclaredPolicyRead(read.product, name, tuple(both), differences)


def _lenience(lockout: Lockout | str | None) -> float | None:
    """Return the failures allowed, below zero so that more of them is less; endless for no lock."""
    if isinstance(lockout, Lockout):
        return None if lockout.after_attempts is None else -lockout.after_attempts
    return None if lockout is None else -math.inf


def _count(factors: tuple[str, ...] | None) -> int | None:
    return None if factors is None else len(factors)


def _spelled(value: float) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "none" if math.isinf(value) else str(abs(int(value)))
