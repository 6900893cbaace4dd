"""Whether Redis, MongoDB, Elasticsearch and OpenSearch are configured to answer strangers.

References: redis.conf (bind, protected-mode, requirepass, ACL), MongoDB "Configuration File
Options" (net, security), Elasticsearch "Networking" and "Security settings", OpenSearch
"plugins.security.disabled".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from cnilcheck.collectors.base import Missing, Nothing, Seen, Sighting
from cnilcheck.collectors.log_settings.texts import (
    at,
    each,
    is_on,
    items_of,
    lines_of,
    place_of,
    values_of,
)
from cnilcheck.collectors.snapshot import Snapshot
from cnilcheck.errors import NotReadable
from cnilcheck.model.facts import ServiceAccess

_REDIS = ("/etc/redis/redis.conf", "/etc/redis.conf", "/etc/valkey/valkey.conf")
_MONGO = ("/etc/mongod.conf", "/etc/mongodb.conf")
_ELASTIC = ("/etc/elasticsearch/elasticsearch.yml",)
_OPENSEARCH = ("/etc/opensearch/opensearch.yml",)
_LOCAL = re.compile(r"-?(?:127\.[\d.]+|::1|localhost|_local_|_lo_|/.+)")


def is_local(addresses: list[str]) -> bool:
    """Return whether all of the addresses are of the machine itself; false for none."""
    bare = [address.strip("\"'[] ").lower() for address in addresses]
    return bool(bare) and all(_LOCAL.fullmatch(address) for address in bare)


def read_redis(snapshot: Snapshot) -> Iterator[Sighting]:
    """Yield whether a stranger may ask, where the server listens to more than its own machine."""

    def read(path: str) -> Iterator[Sighting]:
        written: dict[str, tuple[list[str], str]] = {}
        for line, place in lines_of(snapshot, path):
            name, *words = line.split()
            if name.lower() == "user" and words[:1] != ["default"]:
                continue
            written[name.lower()] = ([word.strip("\"'") for word in words], place)
        if not written or is_local(written.get("bind", ([], ""))[0]):
            yield Nothing(path, ServiceAccess)
            return
        secret = any(written.get("requirepass", ([], ""))[0]) or "aclfile" in written
        secret = secret or any(w.startswith((">", "#")) for w in written.get("user", ([], ""))[0])
        shut = "off" in written.get("user", ([], ""))[0]
        protected = written.get("protected-mode", (["yes"], ""))[0] != ["no"]
        place = written.get("protected-mode", written.get("bind", ([], path)))[1]
        if secret or shut:
            yield Seen(path, ServiceAccess("Redis", "password"))
        else:
            yield Seen(place, ServiceAccess("Redis", "refused" if protected else "none"))

    yield from each(snapshot, _REDIS, ServiceAccess, read)


def read_mongodb(snapshot: Snapshot) -> Iterator[Sighting]:
    """Yield whether accounts are asked for, where the server listens to more than its machine."""

    def read(path: str) -> Iterator[Sighting]:
        text = snapshot.read(path)
        values = values_of(snapshot, path, text)
        settings = values[0] if values and isinstance(values[0], dict) else _old_style(text)
        addresses = [a for v in items_of(at(settings, "net", "bindIp")) for a in str(v).split(",")]
        everywhere = is_on(at(settings, "net", "bindIpAll")) is True
        # Since 3.6 a server without bindIp listens to its own machine only.
        if not everywhere and (not addresses or is_local(addresses)):
            yield Nothing(path, ServiceAccess)
            return
        asked = str(at(settings, "security", "authorization")).lower() == "enabled"
        asked = asked or bool(at(settings, "security", "keyFile"))
        place = place_of(path, text, "bindIp" if "bindIp" in text else "bind_ip")
        yield Seen(place, ServiceAccess("MongoDB", "credentials" if asked else "none"))

    yield from each(snapshot, _MONGO, ServiceAccess, read)


def _old_style(text: str) -> dict[str, Any]:
    """Return the settings of before 2.6, `name = value`, under today's names."""
    found = dict(re.findall(r"(?m)^[ \t]*(\w{2,20})[ \t]*=[ \t]*(\S{1,200})[ \t]*$", text))
    if not found.keys() & {"bind_ip", "dbpath", "port", "logpath", "auth", "noauth"}:
        return {}
    asked = is_on(found.get("auth", "")) is True or "keyFile" in found
    # Without bind_ip those versions listened to the whole network.
    return {
        "net": {"bindIp": found.get("bind_ip", "0.0.0.0")},
        "security": {"authorization": "enabled" if asked else "disabled"},
    }


def read_elasticsearch(snapshot: Snapshot) -> Iterator[Sighting]:
    """Yield whether accounts are asked for by a search engine that the network reaches."""
    for product, paths, key, off in (
        ("Elasticsearch", _ELASTIC, ("xpack", "security", "enabled"), False),
        ("OpenSearch", _OPENSEARCH, ("plugins", "security", "disabled"), True),
    ):

        def read(path: str, product: str = product, key: tuple[str, ...] = key, off: bool = off) \
                -> Iterator[Sighting]:  # fmt: skip
            text = snapshot.read(path)
            values = values_of(snapshot, path, text)
            settings = values[0] if values and isinstance(values[0], dict) else {}
            hosts = next(filter(None, (_hosts(settings, name) for name in _LISTENING)), [])
            if not hosts or is_local(hosts):
                yield Nothing(path, ServiceAccess)
                return
            written = at(settings, *key)
            switched = None if written is None else is_on(written)
            if switched is None:
                detail = f"{path}: {'.'.join(key)} is not written, the version's default applies"
                yield Missing(path, ServiceAccess, NotReadable(detail))
                return
            access = ServiceAccess(product, "none" if switched is off else "credentials")
            yield Seen(place_of(path, text, ".".join(key)), access)

        yield from each(snapshot, paths, ServiceAccess, read)


_LISTENING = (
    ("http", "host"),
    ("http", "bind_host"),
    ("network", "bind_host"),
    ("network", "host"),
)


def _hosts(settings: Any, name: tuple[str, str]) -> list[str]:
    return [host for value in items_of(at(settings, *name)) for host in str(value).split(",")]
