"""What infrastructure code and state say: regions of resources, registries, backup servers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec

from cnilcheck.hosts.catalogue import Catalogue
from cnilcheck.model.facts import Use

NAME = r"(?:[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9])?\.){1,8}[A-Za-z][A-Za-z0-9-]{1,30}"
IP = r"\d{1,3}(?:\.\d{1,3}){3}"
HOST = rf"(?P<host>{NAME}|{IP})"
_MAX_RESOURCES = 2000


class NamedHost(NamedTuple):
    """A host that a file names: where in its text, and what for."""

    at: int
    host: str
    use: Use


class PlacedResource(NamedTuple):
    """A resource of a cloud, and the region the file puts it in."""

    at: int
    product: str
    cloud: str
    region: str
    stores: bool


# The registry is told from the name before it by a dot or a port (distribution reference grammar).
_IMAGE = re.compile(
    rf"(?im)^\s*(?:-\s*)?(?:image\s*:\s*[\"']?|FROM\s+(?:--platform=\S{{1,60}}\s+)?){HOST}(?::\d+)?/"
)
_BACKUPS = (
    re.compile(
        r"(?i)\b(?:RESTIC_REPOSITORY|BORG_REPO|KOPIA_REPOSITORY)\b[\"']?\s*[=:]\s*[\"']?"
        rf"(?:(?:s3|rest|sftp|ssh|gs|b2|swift|azure|rclone)[:/]*)?(?:https?://)?"
        rf"(?:[^\s@/\"']{{0,100}}@)?{HOST}"
    ),
    re.compile(
        r"(?im)^\s*(?:repo\d?-host|repo\d?-s3-endpoint|barman_host|backup_host|endpoint_url_backup)"
        rf"\s*=\s*{HOST}"
    ),
    re.compile(
        rf"(?i)\b(?:rsync|borg|duplicity|scp|rclone)\b[^\n]{{0,200}}?\s[\"']?"
        rf"(?:[\w+]{{2,12}}://)?(?:[\w.-]{{1,40}}@){HOST}:{{0,2}}[/~.\w]"
    ),
)
# A name and its value on two lines, as Kubernetes writes an environment.
_KUBERNETES = re.compile(
    r"(?i)\bname:\s*[\"']?(?P<key>[A-Z0-9_]{2,60})[\"']?[ \t]*\n[ \t]*value:[ \t]*[\"']?"
    rf"(?:[\w+]{{2,20}}://(?:[^\s@/\"']{{0,200}}@)?)?{HOST}"
)
_KEYS: tuple[tuple[re.Pattern[str], Use], ...] = (
    (
        re.compile(r"(?i)(?:DB|DATABASE|PG|POSTGRES|MYSQL|MONGO|REDIS)\w*?(?:HOST|URL|URI)"),
        "database",
    ),
    (re.compile(r"(?i)(?:SMTP|MAIL|EMAIL)\w*?(?:HOST|SERVER|URL)"), "mail"),
    (re.compile(r"(?i)(?:S3|AWS|MINIO|BUCKET|STORAGE)\w*?(?:ENDPOINT|URL|HOST)"), "storage"),
)
_VOLUME = re.compile(rf"(?im)^\s*nfs:\s*\n(?:[^\n]{{0,200}}\n){{0,4}}?\s*server:\s*[\"']?{HOST}")
_EXTERNAL = re.compile(rf"(?im)^\s*externalName:\s*[\"']?{HOST}")


def hosts(text: str) -> Iterator[NamedHost]:
    """Yield image registries, backup servers, and the hosts of Kubernetes manifests."""
    for match in _IMAGE.finditer(text):
        yield NamedHost(match.start(), match["host"], "images")
    for pattern in _BACKUPS:
        for match in pattern.finditer(text):
            yield NamedHost(match.start("host"), match["host"], "backup")
    for match in _KUBERNETES.finditer(text):
        use = next((use for key, use in _KEYS if key.fullmatch(match["key"])), None)
        if use is not None:
            yield NamedHost(match.start("host"), match["host"], use)
    for match in _VOLUME.finditer(text):
        yield NamedHost(match.start("host"), match["host"], "storage")
    for match in _EXTERNAL.finditer(text):
        yield NamedHost(match.start("host"), match["host"], "recipient")


_BLOCK = re.compile(
    r"(?m)^[ \t]*(?P<kind>resource|provider|module|data|variable|locals|terraform|output)\b"
    r'(?:[ \t]+"(?P<type>[\w-]{1,80})")?'
)
_PLACE = re.compile(
    r'(?m)^[ \t]*(?:region|location)[ \t]*=[ \t]*"(?P<region>[A-Za-z][\w -]{1,39})"'
)
_CLOUDS = {
    "aws": "aws", "azurerm": "azure", "google": "gcp", "scaleway": "scaleway", "ovh": "ovhcloud",
    "openstack": "ovhcloud", "oci": "oci", "outscale": "outscale", "digitalocean": "digitalocean",
}  # fmt: skip
# Kinds of resources that keep data, by a word of their type.
_STORES = re.compile(
    r"(?i)(?:^|_)(?:db|rds|database|sql|mysql|postgresql|mariadb|mongo\w*|cosmosdb|redis|dynamodb"
    r"|s3|bucket|storage|blob|disk|volume|ebs|efs|fss|filesystem|file_system|objectstorage|object"
    r"|backup|vault|snapshot|elasticsearch|opensearch|redshift|bigquery|spanner|firestore|instance"
    r"|virtual_machine|kubernetes\w*|eks|gke|aks|cluster)(?:_|$)"
)


def resources(text: str) -> Iterator[PlacedResource]:
    """Yield each resource of Terraform code that states its region, at the line that does."""
    blocks = list(_BLOCK.finditer(text))[:_MAX_RESOURCES]
    ends = [*(block.start() for block in blocks[1:]), len(text)]
    for block, end in zip(blocks, ends, strict=False):
        type_ = block["type"]
        cloud = _cloud(type_ or "")
        if block["kind"] != "resource" or type_ is None or cloud is None:
            continue
        if place := _PLACE.search(text, block.end(), end):
            yield PlacedResource(
                place.start("region"), f"Terraform {type_}", cloud, place["region"],
                bool(_STORES.search(type_)),
            )  # fmt: skip


def _cloud(type_: str) -> str | None:
    return _CLOUDS.get(type_.partition("_")[0])


_ARN = re.compile(r"arn:aws[\w-]{0,10}:[\w-]{1,30}:(?P<region>[a-z]{2}[a-z-]{1,12}-\d):")
_HOST_FIELDS: dict[str, Use] = {
    "endpoint": "database", "address": "database", "fqdn": "database", "host": "database",
    "bucket_regional_domain_name": "storage", "primary_blob_host": "storage",
    "bucket_domain_name": "storage",
}  # fmt: skip
_HOLDS_DATA = re.compile(
    r"(?i)db|rds|sql|database|redis|mongo|cosmos|bucket|storage|elastic|opensearch"
)


class State(NamedTuple):
    """What a Terraform state says: resources with their region, and the hosts they answer at."""

    resources: tuple[PlacedResource, ...]
    hosts: tuple[NamedHost, ...]


def state(text: str) -> State | None:
    """Return what a state file says, None for what is none; secrets in it are not looked at."""
    try:
        content = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return None
    listed = content.get("resources") if isinstance(content, dict) else None
    if not isinstance(listed, list) or "terraform_version" not in content:
        return None
    placed: list[PlacedResource] = []
    named: list[NamedHost] = []
    for resource in listed[:_MAX_RESOURCES]:
        for type_, attributes in _instances(resource):
            at = max(0, text.find(f'"{type_}"'))
            placed += _placed(type_, attributes, at)
            named += _named(type_, attributes, at)
    return State(tuple(placed), tuple(named))


def _instances(resource: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    if not isinstance(resource, dict) or resource.get("mode") != "managed":
        return
    type_, instances = resource.get("type"), resource.get("instances")
    if not isinstance(type_, str) or not re.fullmatch(r"\w{1,80}", type_):
        return
    for instance in instances[:100] if isinstance(instances, list) else ():
        attributes = instance.get("attributes") if isinstance(instance, dict) else None
        if isinstance(attributes, dict):
            yield type_, attributes


def _placed(type_: str, attributes: dict[str, Any], at: int) -> Iterator[PlacedResource]:
    cloud = _cloud(type_)
    if cloud is None:
        return
    said = [attributes.get(field) for field in ("region", "location", "availability_zone")]
    arn = attributes.get("arn")
    if isinstance(arn, str) and (found := _ARN.match(arn[:200])):
        said.append(found["region"])
    region = next(
        (s for s in said if isinstance(s, str) and re.fullmatch(r"[\w -]{2,40}", s)), None
    )
    if region is not None:
        yield PlacedResource(at, f"Terraform {type_}", cloud, region, bool(_STORES.search(type_)))


def _named(type_: str, attributes: dict[str, Any], at: int) -> Iterator[NamedHost]:
    if not _HOLDS_DATA.search(type_):
        return
    for field, use in _HOST_FIELDS.items():
        value = attributes.get(field)
        if isinstance(value, str) and (
            found := re.match(rf"(?:https?://)?{HOST}(?=[:/]|$)", value[:300])
        ):
            store = re.search(r"(?i)bucket|storage", type_)
            yield NamedHost(at, found["host"], "storage" if store else use)
            return


def region_name(cloud: str, written: str, catalogue: Catalogue) -> str:
    """Return a region under the name its table has: `West Europe`, `GRA11`, `eu-west-3a`."""
    plain = written.strip().lower().replace(" ", "")
    forms = (plain, re.sub(r"(?<=\d)[a-f]$|-[a-f]$", "", plain), re.sub(r"-?\d+$", "", plain))
    known = (form for form in forms if catalogue.country_of_region(cloud, form))
    return next(known, plain)
