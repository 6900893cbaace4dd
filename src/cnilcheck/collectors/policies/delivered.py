"""Passwords that are empty, or still those a product is delivered with, in files of settings."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from cnilcheck.collectors.base import Seen
from cnilcheck.collectors.policies.texts import Settings, property_settings, yaml_settings
from cnilcheck.model.facts import Opening, OpeningKind, SignInOpenings
from cnilcheck.model.personal_data import mask, printable

_KINDS: tuple[OpeningKind, ...] = ("empty_password", "default_password")
_MOST = 100
_ON = frozenset("1 yes true on y".split())
# What makers deliver, what their manuals show, and what everybody tries first.
_DELIVERED = frozenset(
    "admin administrator root password passwd changeme change_me secret s3cret test example guest"
    " postgres mysql mariadb tomcat manager orthanc minioadmin rabbitmq grafana keycloak elastic"
    " default user demo public private 123456 12345678 1234 toor sa oracle couchdb mongo".split()
)
_FOR_PEOPLE = re.compile(r"(?i)(?:^|_)(?:PASS|PASSWORD|PASSWD|PWD)$")
_EMPTY_ALLOWED = re.compile(r"(?:MYSQL|MARIADB)_ALLOW_EMPTY_(?:ROOT_)?PASSWORD$")
_USER = re.compile(r"(?i)<user\b[^>]{0,500}>")
_ATTRIBUTE = re.compile(
    r"""(?i)\b(username|name|password|roles)\s{0,5}=\s{0,5}(["'])(.{0,200}?)\2"""
)
_ACCOUNT = re.compile(
    r"(?i)^\s{0,20}(?:CREATE\s+USER|GRANT\s[^;\n]{1,300}?\sTO)\s+(?:IF\s+NOT\s+EXISTS\s+)?"
    r"(?P<name>[`'][^`'\n]{0,80}[`']@[`'][^`'\n]{1,120}[`'])(?P<rest>[^;\n]{0,600})"
)


def is_delivered(password: str) -> bool:
    """Return whether a password is one of those everybody knows; a `${NAME}` is none."""
    return password.casefold() in _DELIVERED


def _seen(product: str, path: str, found: list[Opening]) -> Seen:
    return Seen(path, SignInOpenings(product, _KINDS, tuple(found[:_MOST])))


def read_compose(text: str, path: str) -> Iterator[Seen]:
    """Yield which services of a compose file begin with an empty or a delivered password."""
    settings = yaml_settings(text, path)
    if not settings.has("services"):
        return
    found = list[Opening]()
    services = dict.fromkeys(name.partition(".")[0] for name in settings.below("services"))
    for service in list(services)[:200]:
        for name, value, line in _environment(settings, service):
            found += _variable(service, name, value, f"{path}:{line}")
    yield _seen("Docker Compose", path, found)


def _environment(settings: Settings, service: str) -> Iterator[tuple[str, str, int]]:
    for key, (value, line) in settings.below(f"services.{service}.environment").items():
        if key.isdigit():
            name, _, value = value.partition("=")
            yield name, value, line
        else:
            yield key, value, line


def _variable(service: str, name: str, value: str, place: str) -> Iterator[Opening]:
    label = printable(mask(f"{service}: {name}"), 80)
    plain = value.strip().strip("\"'")
    # `${NAME:-word}` is the word where nobody sets the variable: nothing here tells.
    if _EMPTY_ALLOWED.search(name):
        if plain.casefold() in _ON:
            yield Opening("empty_password", place, label)
    elif _FOR_PEOPLE.search(name) and is_delivered(plain):
        yield Opening("default_password", place, label)


def read_environment(text: str, path: str) -> Iterator[Seen]:
    """Yield whether an application's environment signs in to its database as nobody should."""
    settings = property_settings(text, path)
    driver = (settings.get("DB_CONNECTION") or "").casefold()
    names = [name for name in settings.values if _FOR_PEOPLE.search(name)]
    if driver == "sqlite" or not names:
        return
    found = list[Opening]()
    for name in names[:_MOST]:
        value, line = settings.values[name]
        user = settings.get(*_beside(name)) or ""
        if not value and user in ("root", "sa", "postgres", "admin"):
            found.append(Opening("empty_password", f"{path}:{line}", f"{user}: {name}"))
        elif is_delivered(value):
            found.append(Opening("default_password", f"{path}:{line}", name))
    yield _seen("environment", path, found)


def _beside(password: str) -> tuple[str, ...]:
    """Return what the name of the account may be called that stands beside a password."""
    stem = _FOR_PEOPLE.sub("", password)
    return tuple(f"{stem}{'_' if stem else ''}{word}" for word in ("USERNAME", "USER", "LOGIN"))


def read_tomcat_users(text: str, path: str) -> Iterator[Seen]:
    """Yield the accounts of Tomcat that have a delivered password; comments are none."""
    plain = re.sub(r"(?s)<!--.*?-->", lambda m: "\n" * m[0].count("\n"), text)
    found, users = list[Opening](), 0
    for element in _USER.finditer(plain):
        users += 1
        written = {m[1].casefold(): m[3] for m in _ATTRIBUTE.finditer(element[0])}
        name, password = written.get("username") or written.get("name", ""), written.get("password")
        if password is not None and (is_delivered(password) or password in ("", name)):
            line = plain.count("\n", 0, element.start()) + 1
            kind: OpeningKind = "default_password" if password else "empty_password"
            found.append(Opening(kind, f"{path}:{line}", printable(mask(f"user {name}"), 60)))
    if users:
        yield _seen("Tomcat", path, found)


def read_snmpd(text: str, path: str) -> Iterator[Seen]:
    """Yield the communities of an SNMP agent that are the delivered ones, open beyond itself."""
    found, communities = list[Opening](), 0
    for number, line in enumerate(text.split("\n"), start=1):
        words = line.partition("#")[0].split()
        if len(words) > 1 and words[0] in ("rocommunity", "rwcommunity", "rocommunity6"):
            communities += 1
            here = len(words) > 2 and words[2] in ("localhost", "127.0.0.1", "::1")
            if is_delivered(words[1]) and not here:
                found.append(Opening("default_password", f"{path}:{number}", words[0]))
    if communities:
        yield _seen("SNMP", path, found)


def read_rabbitmq(text: str, path: str) -> Iterator[Seen]:
    """Yield whether RabbitMQ lets its delivered account in from elsewhere."""
    settings = property_settings(text, path)
    password = settings.get("default_pass")
    remote = settings.get("loopback_users", "loopback_users.guest") in ("none", "false")
    name = "default_pass" if password is not None else "loopback_users.guest"
    bad = is_delivered(password) if password is not None else remote
    found = [Opening("default_password", settings.place(name, "loopback_users"), name)]
    yield _seen("RabbitMQ", path, found if bad else [])


def read_orthanc(text: str, path: str) -> Iterator[Seen]:
    """Yield the accounts of an Orthanc server of medical images that have a known password."""
    block = re.search(r'"RegisteredUsers"\s{0,20}:\s{0,20}\{([^{}]{0,5000})\}', text)
    if block is None:
        return
    found = list[Opening]()
    for pair in re.finditer(r'"([^"\n]{1,80})"\s{0,20}:\s{0,20}"([^"\n]{0,200})"', block[1]):
        if is_delivered(pair[2]) or pair[2] in ("", pair[1]):
            line = text.count("\n", 0, block.start(1) + pair.start()) + 1
            kind: OpeningKind = "default_password" if pair[2] else "empty_password"
            found.append(Opening(kind, f"{path}:{line}", printable(mask(f"user {pair[1]}"), 60)))
    yield _seen("Orthanc", path, found)


def read_accounts(text: str, path: str) -> Iterator[Seen]:
    """Yield the accounts a MySQL script creates without any password.

    An account named after a system user (unix_socket), or locked, takes none.
    """
    found, accounts = list[Opening](), 0
    for number, line in enumerate(text.split("\n"), start=1):
        written = _ACCOUNT.match(line[:2000])
        if written is None:
            continue
        creates, rest = line.lstrip()[:6].upper() == "CREATE", written["rest"]
        word = re.search(r"(?i)IDENTIFIED\s+(?:BY|VIA|WITH)\b[^;]{0,400}", rest)
        accounts += creates or word is not None
        if re.search(r"(?i)ACCOUNT\s+LOCK|(?:unix|auth)_socket|mysql_no_login", rest):
            continue
        empty = re.search(r"(?i)(?:BY|USING|AS)\s+(?:PASSWORD\s+)?''", word[0]) if word else creates
        if empty:
            name = printable(mask(re.sub("[`']", "", written["name"])), 80)
            found.append(Opening("empty_password", f"{path}:{number}", name))
    if accounts:
        yield _seen("MySQL", path, found)


Reader = Callable[[str, str], Iterator[Seen]]
READERS: tuple[tuple[re.Pattern[str], Reader], ...] = (
    (re.compile(r"/(?:docker-)?compose(?:[.-]prod(?:uction)?)?\.ya?ml$"), read_compose),
    (re.compile(r"/\.env(?:\.prod(?:uction)?|\.local)?$"), read_environment),
    (re.compile(r"/tomcat-users\.xml$"), read_tomcat_users),
    (re.compile(r"/snmpd\.conf$"), read_snmpd),
    (re.compile(r"/rabbitmq\.conf$"), read_rabbitmq),
    (re.compile(r"/orthanc[^/]*\.json$"), read_orthanc),
)
