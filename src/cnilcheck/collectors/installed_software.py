"""Which content managers and frameworks the copy of a server holds, and whether they are mended."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from cnilcheck import __version__
from cnilcheck.collectors.base import Missing, Nothing, Seen, Sighting, Task, Tools
from cnilcheck.collectors.package_lists import PackageList, package_lists
from cnilcheck.collectors.snapshot import Snapshot, open_snapshot, system_tasks
from cnilcheck.collectors.software import ends_of_life
from cnilcheck.collectors.source_files import FOLDERS
from cnilcheck.errors import CollectionError
from cnilcheck.model.facts import Fact, Software, SoftwareVersions
from cnilcheck.model.personal_data import printable
from cnilcheck.model.scope import Scope
from cnilcheck.model.words import Method

_MOST_FILES = 200_000
_MOST_PLUGINS = 20
_MOST_BYTES = 300_000
_NUMBER = r"(\d{1,4}(?:\.\d{1,5}){1,3})"
# Where each product writes its own version, and how.
_MARKS = tuple(
    (product, re.compile(path), re.compile(text))
    for product, path, text in (
        ("WordPress", r"/wp-includes/version\.php$", rf"\$wp_version\s*=\s*'{_NUMBER}"),
        ("Drupal", r"/core/lib/Drupal\.php$", rf"const VERSION = '{_NUMBER}"),
        ("Drupal", r"/includes/bootstrap\.inc$", rf"define\('VERSION', '{_NUMBER}"),
        ("PrestaShop", r"/config/settings\.inc\.php$", rf"'_PS_VERSION_',\s*'{_NUMBER}"),
        ("PrestaShop", r"/src/Core/Version\.php$", rf"const VERSION = '{_NUMBER}"),
        ("PrestaShop", r"/app/AppKernel\.php$", rf"const VERSION = '{_NUMBER}"),
        ("Joomla!", r"/manifests/files/joomla\.xml$", rf"<version>{_NUMBER}"),
        ("TYPO3 CMS", r"/Information/Typo3Version\.php$", rf"const VERSION = '{_NUMBER}"),
    )
)
_PLUGIN = re.compile(rf"(?im)^[ \t/*#@]*Version:\s*{_NUMBER}")


class InstalledSoftware:
    """Reads the files in which applications keep their own version, and their lock files."""

    name = "installed-software"
    method = Method.EXAMINE
    yields: tuple[type[Fact], ...] = (SoftwareVersions,)
    asks = "sources.system"

    def version(self) -> str:
        """Return cnilcheck's own version."""
        return __version__

    def tasks(self, scope: Scope) -> tuple[Task, ...]:
        """Return the copy of the server's tree."""
        return system_tasks(scope)

    def observe(self, task: Task, tools: Tools) -> Iterator[Sighting]:
        """Yield one fact for each application found, at the file that tells its version."""
        snapshot = open_snapshot(task, tools, self.name)
        told = list[Sighting]([*_applications(snapshot), *_frameworks(snapshot)])
        yield from told or (Nothing(task.location, SoftwareVersions),)


def _applications(snapshot: Snapshot) -> Iterator[Sighting]:
    for folder in FOLDERS:
        try:
            for path, _ in zip(snapshot.walk(folder), range(_MOST_FILES), strict=False):
                for product, place, text in _MARKS:
                    if place.search(path):
                        yield from _application(snapshot, path, product, text)
        except CollectionError as error:
            yield Missing(folder, SoftwareVersions, error)


def _application(
    snapshot: Snapshot, path: str, product: str, text: re.Pattern[str]
) -> Iterator[Sighting]:
    found = text.search(snapshot.read_bytes(path, _MOST_BYTES).decode("utf-8", "replace"))
    if found is None:
        return
    entry = next(e for e in ends_of_life() if e.product == product)
    plugins = _plugins(snapshot, path) if product == "WordPress" else ()
    yield Seen(path, SoftwareVersions((entry.software(found[1], path), *plugins)))


def _plugins(snapshot: Snapshot, path: str) -> tuple[Software, ...]:
    """Return the plugins that lie beside a WordPress, by the header of their main file."""
    root = PurePosixPath(path).parent.parent
    found = dict[str, Software]()
    for place in snapshot.glob(f"{root}/wp-content/plugins/*/*.php"):
        name = PurePosixPath(place).parent.name
        # The main file mostly bears the folder's name; the others have no such header.
        if name in found or len(found) >= _MOST_PLUGINS:
            continue
        head = snapshot.read_bytes(place, _MOST_BYTES)[:8192].decode("utf-8", "replace")
        if "Plugin Name:" in head and (version := _PLUGIN.search(head)):
            found[name] = Software(f"WordPress · {printable(name, 40)}", version[1], place)
    return tuple(found.values())


def _frameworks(snapshot: Snapshot) -> Iterator[Sighting]:
    known = {name: entry for entry in ends_of_life() for name in entry.packages}
    for listed in package_lists(snapshot):
        if not isinstance(listed, PackageList):
            continue
        named = [(known.get(f"{listed.ecosystem}/{p.name}"), p.version) for p in listed.packages]
        found = {
            e.product: e.software(number[0], listed.path)
            for e, version in named
            if e is not None and (number := re.findall(_NUMBER, version[:60]))
        }
        if found:
            yield Seen(listed.path, SoftwareVersions(tuple(found.values())))
