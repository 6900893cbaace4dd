"""Which installed packages have a published flaw that a newer version mends."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import version

from cnilcheck.collectors.advisories import Advisories, Affected, read_advisories
from cnilcheck.collectors.base import Missing, Nothing, Seen, Sighting, Task, Tools
from cnilcheck.collectors.package_lists import Package, PackageList, package_lists
from cnilcheck.collectors.package_versions import in_range
from cnilcheck.collectors.snapshot import open_snapshot
from cnilcheck.errors import CollectionError, Malformed
from cnilcheck.model.facts import Fact, FlawedPackage, KnownFlaws
from cnilcheck.model.scope import Scope
from cnilcheck.model.words import Method

_MOST_NAMED = 200


class KnownFlawsOfPackages:
    """Compares the lists of packages of the copy with the advisory files of the scope."""

    name = "known-flaws"
    method = Method.EXAMINE
    yields: tuple[type[Fact], ...] = (KnownFlaws,)
    asks = "sources.advisories"

    def version(self) -> str:
        """Return the version of the library that knows the orders of versions."""
        return f"univers {version('univers')}"

    def tasks(self, scope: Scope) -> tuple[Task, ...]:
        """Return the copy of the server's tree, where advisories were handed over."""
        system, advisories = scope.sources.system, scope.sources.advisories
        return (Task(system, "/", system),) if system and advisories else ()

    def observe(self, task: Task, tools: Tools) -> Iterator[Sighting]:
        """Yield one fact for each list of packages; a gap for one that cannot be read."""
        lists = list[PackageList]()
        for found in package_lists(open_snapshot(task, tools, self.name)):
            if isinstance(found, PackageList):
                lists.append(found)
            else:
                yield Missing(found[0], KnownFlaws, found[1])
        wanted = frozenset(p.name.lower() for listed in lists for p in listed.packages)
        paths = [tools.path(path) for path in tools.scope.sources.advisories]
        advisories = read_advisories(paths, wanted)
        for path in tools.scope.sources.advisories:
            tools.journal.write(task.target, self.name, f"read {path}", "ok")
        for listed in lists:
            yield Seen(listed.path, _compared(listed, advisories))
        if not lists:
            yield Nothing(task.location, KnownFlaws)


def _compared(listed: PackageList, advisories: Advisories) -> KnownFlaws:
    found = dict[Package, FlawedPackage]()
    unmended = unclear = 0
    for package in dict.fromkeys(listed.packages):
        flaws, fixes = list[str](), list[str]()
        for record, affected in advisories.by_name.get(package.name.lower(), ()):
            if not _same_ecosystem(affected.package.get("ecosystem", ""), listed.ecosystem):
                continue
            try:
                hit, fixed = _hit(listed.ecosystem, package.version, affected)
            except CollectionError:
                unclear += 1
                continue
            if hit and fixed:
                flaws.append(record.name)
                fixes.append(fixed)
            unmended += hit and not fixed
        if flaws:
            named = tuple(sorted(set(flaws)))
            found[package] = FlawedPackage(
                package.name, package.version, named[:_MOST_NAMED], tuple(dict.fromkeys(fixes))[:10]
            )
    base = listed.ecosystem.partition(":")[0]
    return KnownFlaws(
        listed.ecosystem, len(listed.packages), advisories.read.get(base, 0), advisories.newest,
        tuple(found.values())[:_MOST_NAMED], len(found), unmended, unclear + advisories.refused,
    )  # fmt: skip


def _same_ecosystem(told: str, ours: str) -> bool:
    """Return whether an advisory's ecosystem is ours: `Debian` and `Debian:12` are, of `Debian:12`.

    Ubuntu adds words (`Ubuntu:22.04:LTS`); those for whom fixes are sold (`Pro`) are not ours.
    """
    base, _, release = told.partition(":")
    own_base, _, own_release = ours.partition(":")
    return base == own_base and (not release or release.split(":")[0] == own_release)


def _hit(ecosystem: str, version: str, affected: Affected) -> tuple[bool, str]:
    """Return whether the version is affected, and a version that mends it, if one is told."""
    hit, problem = version in affected.versions, None
    for span in affected.ranges:
        if span.type == "GIT":
            continue
        try:
            inside, fixed = in_range(ecosystem, version, span)
        except Malformed as error:
            problem = error
            continue
        if inside and fixed:
            return True, fixed
        hit = hit or inside
    if problem is not None and not hit:
        raise problem
    return hit, ""
