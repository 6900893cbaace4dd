"""What crypttab, database settings and Terraform say of encryption where data are stored."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator

from cnilcheck import __version__
from cnilcheck.collectors.base import Missing, Nothing, Seen, Sighting, Task, Tools
from cnilcheck.collectors.mysql import ServerSettings, main_file
from cnilcheck.collectors.snapshot import Snapshot, open_snapshot, system_tasks
from cnilcheck.collectors.source_files import FOLDERS, SourceFiles
from cnilcheck.errors import CollectionError
from cnilcheck.model.facts import EncryptionAtRestSetting, Fact
from cnilcheck.model.personal_data import printable
from cnilcheck.model.scope import Scope
from cnilcheck.model.words import Method

_CRYPTTAB, _FSTAB = "/etc/crypttab", "/etc/fstab"
_MAX_PLACES = 500
# Without a password file of their own these are thrown away at each start: swap and /tmp.
_PASSING = re.compile(r"(?:^|,)(?:swap|tmp(?:=\w+)?)(?:,|$)")
_MYSQL = ("default_table_encryption", "innodb_encrypt_tables")
_RESOURCE = re.compile(r"(?m)^[ \t]*resource\s+\"([\w-]{1,80})\"\s+\"([\w-]{1,80})\"\s*\{")
_STORES = re.compile(
    r"aws_(?:db_instance|rds_cluster|ebs_volume|efs_file_system|redshift_cluster|neptune_cluster"
    r"|docdb_cluster|instance|launch_template|elasticache_replication_group|fsx_\w+)"
    r"|scaleway_rdb_instance|openstack_blockstorage_volume\w*|outscale_volume"
)
# AWS leaves these unencrypted when nothing is written.
_MUST_SAY = frozenset(
    ("aws_db_instance", "aws_rds_cluster", "aws_ebs_volume", "aws_efs_file_system")
)
_SETTING = re.compile(
    r"(?m)^[ \t]*(storage_encrypted|encrypted|encryption_at_rest|at_rest_encryption_enabled)"
    r"[ \t]*=[ \t]*\"?(true|false)?"
)
_FORMATION = re.compile(
    r"(?m)^[ \t\"]*(StorageEncrypted|Encrypted|AtRestEncryptionEnabled)\"?[ \t]*:[ \t]*\"?"
    r"(true|false)\b"
)


class EncryptionAtRest:
    """Reads the places that can say it; a disk a host encrypts from outside shows nowhere here."""

    name = "encryption-at-rest"
    method = Method.EXAMINE
    yields: tuple[type[Fact], ...] = (EncryptionAtRestSetting,)
    asks = "sources.system"

    def version(self) -> str:
        """Return the version of cnilcheck: the readers are its own."""
        return __version__

    def tasks(self, scope: Scope) -> tuple[Task, ...]:
        """Return the copy of the server's tree."""
        return system_tasks(scope)

    def observe(self, task: Task, tools: Tools) -> Iterator[Sighting]:
        """Yield each store that a configuration speaks of."""
        snapshot = open_snapshot(task, tools, self.name)
        found = [*_disks(snapshot), *_mysql(snapshot)]
        files = SourceFiles(snapshot, tools.stop)
        for path, text in files.texts(_wanted, ("/etc/terraform", *FOLDERS)):
            found += _terraform(path, text) if ".tf" in path else _formation(path, text)
        found += files.problems(EncryptionAtRestSetting)
        yield from found[:_MAX_PLACES] or [Nothing("/", EncryptionAtRestSetting)]


def _wanted(path: str) -> bool:
    return path.endswith((".tf", ".tf.json", ".template", "template.yaml", "template.yml")) or (
        "cloudformation" in path.lower() and path.endswith((".yaml", ".yml", ".json"))
    )


def _disks(snapshot: Snapshot) -> Iterator[Sighting]:
    """Yield the encrypted disks; where there are only others, that nothing says so."""
    encrypted = False
    for path in (path for path in (_CRYPTTAB, _FSTAB) if snapshot.exists(path)):
        try:
            lines = snapshot.read(path).split("\n")
        except CollectionError as error:
            yield Missing(path, EncryptionAtRestSetting, error)
            continue
        rows = [(n, line.split()) for n, line in enumerate(lines, start=1) if line.strip()]
        rows = [(n, words) for n, words in rows if not words[0].startswith("#")]
        if path == _CRYPTTAB:
            for number, words in rows:
                if _is_lasting(words):
                    encrypted = True
                    subject = printable(words[0], 80)
                    fact = EncryptionAtRestSetting("LUKS", subject, True)
                    yield Seen(f"{path}:{number}", fact)
        elif not encrypted and any(_holds_data(words) for _, words in rows):
            yield Seen(path, EncryptionAtRestSetting("fstab", "/", None))


def _is_lasting(words: list[str]) -> bool:
    options = words[3] if len(words) > 3 else ""
    random_key = len(words) > 2 and words[2] in ("/dev/urandom", "/dev/random")
    return len(words) > 1 and not random_key and not _PASSING.search(options)


def _holds_data(words: list[str]) -> bool:
    return len(words) > 2 and words[2] in ("ext3", "ext4", "xfs", "btrfs", "zfs", "jfs", "f2fs")


def _mysql(snapshot: Snapshot) -> Iterator[Sighting]:
    main = main_file(snapshot)
    if main is None:
        return
    settings = ServerSettings(snapshot)
    try:
        settings.read(main)
    except CollectionError as error:
        yield Missing(main, EncryptionAtRestSetting, error)
        return
    for name in _MYSQL:
        value, place = settings.values.get(name, ("", ""))
        # Switched off, the disk below may be encrypted all the same.
        if value.lower() in ("on", "1", "true", "force"):
            yield Seen(place, EncryptionAtRestSetting(settings.product, name, True))


def _terraform(path: str, text: str) -> Iterator[Sighting]:
    """Yield what each resource that stores data says; a variable's value is not known here."""
    starts = list(itertools.islice(_RESOURCE.finditer(text), _MAX_PLACES))
    for number, start in enumerate(starts):
        if not _STORES.fullmatch(start[1]):
            continue
        end = starts[number + 1].start() if number + 1 < len(starts) else len(text)
        body = text[start.end() : end]
        subject = f"{start[1]}.{start[2]}"
        settings = list(itertools.islice(_SETTING.finditer(body), _MAX_PLACES))
        for setting in settings:
            line = _line(text, start.end() + setting.start(1))
            value = {"true": True, "false": False}.get(setting[2] or "")
            yield Seen(f"{path}:{line}", EncryptionAtRestSetting("Terraform", subject, value))
        if not settings and start[1] in _MUST_SAY:
            place = f"{path}:{_line(text, start.start(1))}"
            yield Seen(place, EncryptionAtRestSetting("Terraform", subject, None))


def _formation(path: str, text: str) -> Iterator[Sighting]:
    for setting in itertools.islice(_FORMATION.finditer(text), _MAX_PLACES):
        place = f"{path}:{_line(text, setting.start(1))}"
        yield Seen(
            place, EncryptionAtRestSetting("CloudFormation", setting[1], setting[2] == "true")
        )


def _line(text: str, offset: int) -> int:
    return text.count("\n", 0, offset) + 1
