"""From which addresses policies of object stores and security groups let people in."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from cnilcheck import __version__
from cnilcheck.collectors.base import Nothing, Seen, Sighting, Task, Tools
from cnilcheck.collectors.policies.texts import line_of
from cnilcheck.collectors.snapshot import open_snapshot, system_tasks
from cnilcheck.collectors.source_files import FOLDERS, SourceFiles
from cnilcheck.model.facts import CloudAccessSetting, Fact
from cnilcheck.model.personal_data import printable
from cnilcheck.model.scope import Scope
from cnilcheck.model.words import Method

_MAX_PLACES = 200
_MAX_STATEMENTS = 200
# Global condition keys that bind a request to a network (AWS: IAM User Guide).
_NETWORK_KEYS = frozenset(
    ("aws:sourceip", "aws:vpcsourceip", "aws:sourcevpc", "aws:sourcevpce", "aws:vpcid")
)
_WHOLE = re.compile(r"^(?:\*|0\.0\.0\.0/0|::/0)$")


class CloudAccess:
    """Reads bucket policies as JSON, and Terraform's policies, security groups and firewalls."""

    name = "cloud-access"
    method = Method.EXAMINE
    yields: tuple[type[Fact], ...] = (CloudAccessSetting,)
    asks = "sources.system"

    def version(self) -> str:
        """Return the version of cnilcheck: the readers are its own."""
        return __version__

    def tasks(self, scope: Scope) -> tuple[Task, ...]:
        """Return the copy of the server's tree."""
        return system_tasks(scope)

    def observe(self, task: Task, tools: Tools) -> Iterator[Sighting]:
        """Yield each policy or group that says who may come in."""
        files = SourceFiles(open_snapshot(task, tools, self.name), tools.stop)
        found: list[Seen] = []
        for path, text in files.texts(_wanted, (*FOLDERS, "/etc")):
            if len(found) < _MAX_PLACES:
                found += _policies(path, text) if path.endswith(".json") else _terraform(path, text)
        gaps = list(files.problems(CloudAccessSetting))
        yield from found[:_MAX_PLACES]
        yield from gaps
        if not found and not gaps:
            yield Nothing("/", CloudAccessSetting)


def _wanted(path: str) -> bool:
    return path.endswith((".tf", ".json")) and "package" not in path.rpartition("/")[2]


def _policies(path: str, text: str) -> Iterator[Seen]:
    if '"Statement"' not in text or '"Principal"' not in text:
        return
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return
    for statement in _listed(document.get("Statement") if isinstance(document, dict) else None):
        fact = _statement(statement)
        if fact is not None:
            yield Seen(f"{path}:{line_of(text, 'Resource')}", fact)


def _listed(value: Any) -> list[Any]:
    return (value if isinstance(value, list) else [value])[:_MAX_STATEMENTS]


def _statement(statement: Any) -> CloudAccessSetting | None:
    """Return what one statement of a bucket policy lets in; None when it is about no person."""
    if not isinstance(statement, dict) or statement.get("Effect") != "Allow":
        return None
    resources = [r for r in _listed(statement.get("Resource")) if isinstance(r, str)]
    stores = [r for r in resources if ":s3:::" in r]
    keys = statement.get("Principal")
    named = keys.get("AWS") if isinstance(keys, dict) else keys
    people = [
        p for p in _listed(named) if isinstance(p, str) and not re.search(r":(?:assumed-)?role/", p)
    ]
    if not stores or not people:
        return None
    return CloudAccessSetting(
        "bucket_policy", printable(stores[0].partition(":::")[2].partition("/")[0], 80),
        "*" in people, _networks(statement.get("Condition")),
    )  # fmt: skip


def _networks(condition: Any) -> tuple[str, ...]:
    found: list[str] = []
    for operator, keys in condition.items() if isinstance(condition, dict) else ():
        negated = str(operator).lower().startswith("not")
        for key, values in keys.items() if isinstance(keys, dict) and not negated else ():
            if str(key).lower() in _NETWORK_KEYS:
                found += [str(v) for v in _listed(values)]
    return tuple(printable(v, 60) for v in found[:20] if not _WHOLE.match(v))


_BLOCK = re.compile(
    r'(?m)^[ \t]*(?:resource|data)[ \t]+"(?P<type>[\w-]{1,80})"[ \t]+"(?P<name>[\w-]{1,80})"'
)
_SOURCES = re.compile(
    r"(?s)(?:cidr_blocks|ipv6_cidr_blocks|source_ranges|cidr_ipv[46]|source_address_prefix(?:es)?"
    r"|remote_ip_prefix|ip_range)\s*=\s*(?P<list>\[[^\]]{0,2000}\]|\"[^\"\n]{0,80}\")"
)
_PORT = re.compile(
    r"(?m)^\s*(?:from_port|to_port|port|ports|destination_port_range|port_range_min|dest_port_range)"
    r"\s*=\s*\[?\s*\"?(\d{1,5})"
)
_GROUPS = re.compile(
    r"(?:security_group|firewall|security_group_rule|ingress_rule|secgroup\w*|network_security_rule)(?:_\w+)?$"
)


def _terraform(path: str, text: str) -> Iterator[Seen]:
    blocks = list(_BLOCK.finditer(text))[:_MAX_STATEMENTS]
    ends = [*(block.start() for block in blocks[1:]), len(text)]
    for block, end in zip(blocks, ends, strict=False):
        body, line = text[block.end() : end], text.count("\n", 0, block.start()) + 1
        if block["type"] == "aws_iam_policy_document":
            yield from _documents(f"{path}:{line}", block["name"], body)
        elif _GROUPS.search(block["type"]):
            yield from _group(f"{path}:{line}", block["name"], body)


def _documents(place: str, name: str, body: str) -> Iterator[Seen]:
    """Yield the statements of a policy document that let people, not roles, reach a store."""
    for statement in re.split(r"(?m)^\s*statement\s*\{", body)[1:]:
        people = re.search(
            r'(?s)principals\s*\{[^}]{0,1000}?type\s*=\s*"(?:AWS|\*)"[^}]{0,1000}', statement
        )
        if people is None or ("s3:::" not in statement and "aws_s3_bucket" not in statement):
            continue
        if re.search(r'effect\s*=\s*"Deny"', statement) or ":role/" in people[0]:
            continue
        keys = re.findall(
            r'variable\s*=\s*"([^"\n]{1,80})"\s*values\s*=\s*\[([^\]]{0,2000})\]', statement
        )
        values = [
            v
            for key, held in keys
            if key.lower() in _NETWORK_KEYS
            for v in re.findall(r'"([^"]{1,60})"', held)
        ]
        networks = tuple(printable(v, 60) for v in values[:20] if not _WHOLE.match(v))
        yield Seen(place, CloudAccessSetting("bucket_policy", name, '"*"' in people[0], networks))


def _group(place: str, name: str, body: str) -> Iterator[Seen]:
    """Yield what the incoming rules of a group let in, for each port they name."""
    rules = re.split(r"(?m)^\s*(?:ingress|allow)\s*\{", body)
    incoming = rules[1:] or ([] if re.search(r'type\s*=\s*"egress"', body) else [body])
    for rule in incoming:
        rule = re.split(r"(?m)^\s*egress\s*\{", rule)[0]
        sources = [
            v
            for m in _SOURCES.finditer(rule or body)
            for v in re.findall(r'"([^"\n]{1,60})"', m["list"])
        ]
        sources = sources or [
            v for m in _SOURCES.finditer(body) for v in re.findall(r'"([^"\n]{1,60})"', m["list"])
        ]
        ports = tuple(dict.fromkeys(int(p) for p in _PORT.findall(rule)))
        if sources:
            whole = any(_WHOLE.match(source) for source in sources)
            named = tuple(printable(s, 60) for s in sources[:20] if not _WHOLE.match(s))
            yield Seen(place, CloudAccessSetting("security_group", name, whole, named, ports))
