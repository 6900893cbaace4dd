"""Name the hosts a system's configuration sends data to: databases, object stores, mail relays."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import msgspec

from cnilcheck import __version__
from cnilcheck.collectors import infrastructure_code
from cnilcheck.collectors.base import Missing, Nothing, Seen, Sighting, Task, Tools
from cnilcheck.collectors.identity import tables_of, with_declarations
from cnilcheck.collectors.infrastructure_code import HOST as _HOST
from cnilcheck.collectors.infrastructure_code import NamedHost, PlacedResource
from cnilcheck.collectors.snapshot import open_snapshot, system_tasks
from cnilcheck.collectors.source_files import FOLDERS, SourceFiles
from cnilcheck.hosts.catalogue import Catalogue
from cnilcheck.hosts.identify import Asked, Tables, identify, region_in_name
from cnilcheck.model.facts import Fact, NetworkIdentity, StorageRegion, Use
from cnilcheck.model.personal_data import printable
from cnilcheck.model.scope import Scope
from cnilcheck.model.words import Method

_FOLDERS = (*FOLDERS, "/etc")
_WANTED = re.compile(
    r"(?i)(?:/|\.)env(?:\.[\w.-]+)?$"
    r"|\.(?:ya?ml|toml|ini|conf|cnf|cfg|properties|tf|tfvars|tfstate|hcl|json|php|py|rb|js|ts|xml"
    r"|service|sh|cron)$|/cron\.[a-z]+/[\w.-]+$|/crontab$"
    r"|(?:^|[/.])(?:Dockerfile|Containerfile)[\w.-]*$"
    r"|/postfix/[\w.-]+$|/(?:msmtprc|ssmtp\.conf|docker-compose[\w.-]*|pgbackrest\.conf)$"
)
_MAX_PLACES = 200
_PATTERNS: tuple[tuple[re.Pattern[str], Use], ...] = (
    (
        re.compile(
            r"(?i)\b(?:postgres(?:ql)?|mysql|mariadb|mongodb(?:\+srv)?|rediss?|mssql|sqlserver"
            rf"|amqps?|elasticsearch)(?:\+\w+)?://(?:[^\s@/\"']{{0,200}}@)?{_HOST}"
        ),
        "database",
    ),
    (
        re.compile(
            r"(?i)\b(?:DB_HOST|DATABASE_HOST|PGHOST|POSTGRES_HOST|MYSQL_HOST|MONGO_HOST|REDIS_HOST"
            rf"|DB_SERVER)\b[\"']?\s*(?:=>?|:|,)\s*[\"']?{_HOST}"
        ),
        "database",
    ),
    (
        re.compile(rf"(?i)\bhost\s*=\s*[\"']?{_HOST}[^\n]{{0,80}}\b(?:dbname|port\s*=\s*5432)"),
        "database",
    ),
    (
        re.compile(
            r"(?i)\b(?:SMTP_HOST|SMTP_SERVER|MAIL_HOST|EMAIL_HOST|MAILER_HOST|mailhub)\b[\"']?"
            rf"\s*(?:=>?|:|,)\s*[\"']?{_HOST}"
        ),
        "mail",
    ),
    (re.compile(rf"(?im)^\s*relayhost\s*=\s*\[?{_HOST}"), "mail"),
    (re.compile(rf"(?i)\bsmtps?://(?:[^\s@/\"']{{0,200}}@)?{_HOST}"), "mail"),
    (
        re.compile(
            r"(?i)\b(?:S3_ENDPOINT|AWS_ENDPOINT(?:_URL(?:_S3)?)?|MINIO_ENDPOINT|repo\d?-s3-endpoint"
            rf"|endpoint_url)\b[\"']?\s*(?:=>?|:|,)\s*[\"']?(?:https?://)?{_HOST}"
        ),
        "storage",
    ),
)
_ANY_NAME = re.compile(
    r"(?i)(?<![\w.@-])(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.){1,8}[a-z]{2,24}(?![\w-])"
)
_STORE_NAMES = (
    ".digitaloceanspaces.com",
    ".blob.core.windows.net",
    ".supabase.co",
    ".your-objectstorage.com",
    ".linodeobjects.com",
)
_REGION = re.compile(
    r"(?i)\b(?P<key>AWS_(?:DEFAULT_)?REGION|S3_REGION|repo\d?-s3-region|SCW_DEFAULT_REGION"
    r"|SPACES_REGION)\b[\"']?\s*(?:=>?|:|,)\s*[\"']?(?P<region>[a-z]{2,6}-[a-z0-9-]{2,24})\b"
)
_TERRAFORM = re.compile(
    r"(?s)\bprovider\s+\"(?P<cloud>aws|azurerm|google|scaleway|ovh|openstack)\"\s*\{"
    r"[^{}]{0,2000}?\bregion\s*=\s*\"(?P<region>[\w-]{2,40})\""
)
_CLOUDS = {"azurerm": "azure", "google": "gcp", "ovh": "ovhcloud", "openstack": "ovhcloud"}


class _Place(NamedTuple):
    """A host a file names, and where."""

    location: str
    host: str
    use: Use
    stated: bool = True
    """Whether a setting of that use names it; else it merely stands in the file."""


class ConfiguredHosts:
    """Reads settings of the copied tree; the hosts they name are looked up and never contacted."""

    name = "configured-hosts"
    method = Method.EXAMINE
    yields: tuple[type[Fact], ...] = (NetworkIdentity, StorageRegion)
    asks = "sources.system"

    def version(self) -> str:
        """Return the version of cnilcheck, which holds the tables."""
        return __version__

    def tasks(self, scope: Scope) -> tuple[Task, ...]:
        """Return the copy of the server's tree."""
        return system_tasks(scope)

    def observe(self, task: Task, tools: Tools) -> Iterator[Sighting]:
        """Yield each host once for each use, at the first line that names it, and each region."""
        tables = tables_of(tools)
        files = SourceFiles(open_snapshot(task, tools, self.name), tools.stop)
        places: dict[tuple[str, Use], _Place] = {}
        regions: dict[tuple[str, str, str, bool], Seen] = {}
        for path, text in files.texts(lambda p: bool(_WANTED.search(p)), _FOLDERS):
            for place in hosts_in(path, text):
                places.setdefault((place.host, place.use), place)
            for seen in _regions_in(path, text, tables.catalogue):
                fact: StorageRegion = seen.fact  # type: ignore[assignment]
                regions.setdefault((fact.cloud, fact.region, fact.product, fact.stores), seen)
        stated_hosts = {place.host for place in places.values() if place.stated}
        # What a setting says of a host tells more than its name in passing.
        kept = [p for p in places.values() if p.stated or p.host not in stated_hosts][:_MAX_PLACES]
        yield from [_seen(place, tables, tools.scope) for place in kept]
        if not kept:
            yield Nothing("/", NetworkIdentity)
        stores = [
            _region_of(place, tables.catalogue)
            for place in kept
            if place.use in ("storage", "backup")
        ]
        stated = [*(seen for seen in stores if seen), *list(regions.values())[:_MAX_PLACES]]
        yield from stated
        if not stated:
            yield Nothing("/", StorageRegion)
        for path, error in files.refused:
            yield Missing(path, NetworkIdentity, error)


def hosts_in(path: str, text: str) -> Iterator[_Place]:
    """Yield each host a settings file names; this machine and bare names of a local network not."""
    for pattern, use in _PATTERNS:
        for match in pattern.finditer(text):
            host = match["host"].lower().strip(".")
            if _elsewhere(host) and not _commented(text, match.start()):
                yield _Place(_line(path, text, match.start()), printable(host, 253), use)
    for named in _in_infrastructure(path, text):
        host = named.host.lower().strip(".")
        if _elsewhere(host) and not _commented(text, named.at):
            yield _Place(_line(path, text, named.at), printable(host, 253), named.use)
    for match in _ANY_NAME.finditer(text):
        host = match[0].lower()
        if _is_store(host) and _elsewhere(host) and not _commented(text, match.start()):
            yield _Place(_line(path, text, match.start()), host, "storage", stated=False)


def _in_infrastructure(path: str, text: str) -> Iterator[NamedHost]:
    if path.endswith((".tfstate", ".tfstate.backup")):
        found = infrastructure_code.state(text)
        yield from found.hosts if found else ()
    else:
        yield from infrastructure_code.hosts(text)


def _line(path: str, text: str, at: int) -> str:
    return f"{path}:{text.count(chr(10), 0, at) + 1}"


def _commented(text: str, at: int) -> bool:
    start = text.rfind("\n", 0, at) + 1
    return text[start : start + 200].lstrip().startswith(("#", "//", "/*", "*", ";", "--", "<!--"))


def _is_store(host: str) -> bool:
    labels = host.split(".")
    by_label = len(labels) > 2 and any(
        re.fullmatch(r"s3(?:-[a-z0-9-]+)?|oos|cellar-c2", x) for x in labels
    )
    return by_label or host.endswith(_STORE_NAMES) or host == "storage.googleapis.com"


_NOT_A_HOST = re.compile(
    r"(?i)(?:^|\.)(?:example|test|invalid|local|localhost|localdomain|internal|lan"
    r"|example\.(?:com|org|net))$|\.(?:php|py|js|ts|rb|conf|json|ya?ml|sock|service|html?|bucket"
    r"|client|resource|get|env|tf|id|arn|name)$"
)


def _elsewhere(host: str) -> bool:
    if _NOT_A_HOST.search(host):
        return False
    try:
        return ipaddress.ip_address(host).is_global
    except ValueError:
        return "." in host


def _seen(place: _Place, tables: Tables, scope: Scope) -> Seen:
    try:
        asked = Asked("", (), (ipaddress.ip_address(place.host),))
    except ValueError:
        asked = Asked(place.host)
    (fact,) = identify(asked, tables)
    told = with_declarations(msgspec.structs.replace(fact, use=place.use), scope)
    return Seen(f"{place.location} {place.host}", told)


_STORES = {"aws": "S3", "azure": "Azure Blob Storage", "gcp": "Cloud Storage"}


def _region_of(place: _Place, catalogue: Catalogue) -> Seen | None:
    found = catalogue.host_of_name(place.host)
    if found is None:
        return None
    cloud = {"microsoft-azure": "azure", "google-cloud": "gcp"}.get(found[0].id, found[0].id)
    region = region_in_name(cloud, place.host, catalogue)
    if region is None:
        return None
    country = catalogue.country_of_region(cloud, region)
    product = _STORES.get(cloud, found[0].name)
    fact = StorageRegion(product, cloud, region, country, place.stated)
    return Seen(f"{place.location} {place.host}", fact)


def _regions_in(path: str, text: str, catalogue: Catalogue) -> Iterator[Seen]:
    for match in _REGION.finditer(text):
        key, region = match["key"].lower(), match["region"].lower()
        cloud = _cloud_of(key, region, catalogue)
        if cloud is not None and not _commented(text, match.start()):
            yield _stated(path, text, match.start(), key.upper(), cloud, region, catalogue)
    for resource in _resources_in(path, text):
        region = infrastructure_code.region_name(resource.cloud, resource.region, catalogue)
        country = catalogue.country_of_region(resource.cloud, region)
        fact = StorageRegion(
            resource.product, resource.cloud, printable(region, 40), country, resource.stores
        )
        yield Seen(_line(path, text, resource.at), fact)
    if path.endswith(".tf"):
        for match in _TERRAFORM.finditer(text):
            cloud, region = match["cloud"], match["region"].lower()
            cloud = _CLOUDS.get(cloud, cloud)
            yield _stated(
                path, text, match.start("region"), f"Terraform {match['cloud']}", cloud, region,
                catalogue,
            )  # fmt: skip


def _resources_in(path: str, text: str) -> Iterable[PlacedResource]:
    if path.endswith((".tfstate", ".tfstate.backup")):
        found = infrastructure_code.state(text)
        return found.resources if found else ()
    return infrastructure_code.resources(text) if path.endswith(".tf") else ()


def _cloud_of(key: str, region: str, catalogue: Catalogue) -> str | None:
    """Return the cloud whose region this is: of an S3 setting, the one that has such a name."""
    if key.startswith("scw"):
        return "scaleway"
    if key.startswith("spaces"):
        return "digitalocean"
    clouds = ("scaleway", "outscale", "ovhcloud", "aws")
    named = [cloud for cloud in clouds if catalogue.country_of_region(cloud, region)]
    # Some names are regions of AWS and of Outscale: those are not told apart by the key.
    if named:
        return "aws" if "aws" in named else named[0]
    return "aws" if key.startswith("aws") else None


def _stated(
    path: str, text: str, at: int, product: str, cloud: str, region: str, catalogue: Catalogue
) -> Seen:
    country = catalogue.country_of_region(cloud, region)
    line = text.count("\n", 0, at) + 1
    # A default region, or Terraform's, serves other things too: certificates of CloudFront are all
    # ordered in us-east-1 (AWS documentation).
    stores = not re.match(r"AWS_|SCW_|Terraform", product)
    fact = StorageRegion(product, cloud, printable(region, 40), country, stores)
    return Seen(f"{path}:{line}", fact)
