"""The deployment of a replayed decision while it is being built: files, servers, the scope."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from cnilcheck.replica.certificates import Certificates, issue
from cnilcheck.replica.people import Person, invented_people
from cnilcheck.replica.tls import tls_context
from cnilcheck.replica.web import WebServer
from decisions.website import Website

SNAPSHOT = "snapshot"


class _Plain(yaml.SafeDumper):
    """Writes what stands twice twice: the scope file takes no aliases."""

    def ignore_aliases(self, data: Any) -> bool:
        """Nothing is an alias."""
        return True


@cache
def _certificates() -> Certificates:
    return issue(mended=True)


@dataclass
class Deployment:
    """What renderings write into; `mended` says which of the twins is being built.

    `draw` is the same in both twins as long as both draw alike: draw first, then look at `mended`.
    """

    folder: Path
    mended: bool
    draw: random.Random
    exits: ExitStack
    scope: dict[str, Any] = field(default_factory=dict)
    sites: list[Website] = field(default_factory=list)
    day: dt.date = field(default_factory=dt.date.today)
    _shared: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """The wording of this deployment is chosen, and who lives in it."""
        self.french = self.draw.random() < 0.6
        people = list(invented_people())
        self.draw.shuffle(people)
        self.people: tuple[Person, ...] = tuple(people)
        self.scope = {"version": 1, "limits": {"requests_per_second": 100000.0}} | self.scope

    def say(self, french: str, english: str) -> str:
        """The word in the language of this deployment."""
        return french if self.french else english

    def pick(self, *choices: Any) -> Any:
        """One of the choices, by the seed."""
        return self.draw.choice(choices)

    def write(self, relative: str, content: str | bytes, age_days: int = 0) -> str:
        """The file stands in the audited folder; its path, as the scope spells it, is returned."""
        path = self.folder / relative
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        path.chmod(0o640)
        if age_days:
            import os

            moment = dt.datetime.combine(
                self.day - dt.timedelta(days=age_days), dt.time(12)
            ).timestamp()
            os.utime(path, (moment, moment))
        return relative

    def system(self, path: str, content: str | bytes, age_days: int = 0) -> str:
        """The file stands in the copy of the server's tree, at that absolute path, returned."""
        self.sources["system"] = f"./{SNAPSHOT}/"
        self.write(f"{SNAPSHOT}/{path.lstrip('/')}", content, age_days)
        return path

    @property
    def sources(self) -> dict[str, Any]:
        """The sources of the scope."""
        sources: dict[str, Any] = self.scope.setdefault("sources", {})
        return sources

    def source(self, kind: str, entry: Any) -> None:
        """The scope names one more source of that kind (logs, data_samples, accounts...)."""
        entries = self.sources.setdefault(kind, [])
        if entry not in entries:
            entries.append(entry)

    def target(self, **keys: Any) -> dict[str, Any]:
        """The scope names one more target."""
        self.scope.setdefault("targets", []).append(keys)
        return keys

    def declare(self, section: str, **answers: Any) -> None:
        """People answered so in that section of the declarations; earlier answers stay."""
        declared = self.scope.setdefault("declarations", {}).setdefault(section, {})
        for name, answer in answers.items():
            if isinstance(answer, list):
                declared.setdefault(name, []).extend(answer)
            else:
                declared.setdefault(name, answer)

    def authorise(self) -> None:
        """Somebody answers for an active audit: the deployment is audited so."""
        self.scope["authorisation"] = {
            "given_by": "Mme Exemple", "reference": "A-1", "valid_until": "2099-01-01",
        }  # fmt: skip

    def site(self) -> Website:
        """The main web site of the deployment, on HTTPS and sound but for what renderings add."""
        site: Website = self.once("site", self.new_site)
        return site

    def once(self, name: str, build: Callable[[], Any]) -> Any:
        """What was built under that name, now or by an earlier rendering."""
        if name not in self._shared:
            self._shared[name] = build()
        return self._shared[name]

    def new_site(self, *, secure: bool = True) -> Website:
        """One more web site, which answers until the deployment goes."""
        site = Website(self)
        tls = tls_context(_certificates(), mended=True) if secure else None
        server = WebServer(site, tls)
        server.start()
        self.exits.callback(server.stop)
        site.url = f"http{'s' if secure else ''}://127.0.0.1:{server.port}/"
        site.target = self.target(url=site.url)
        if secure:
            self.write("ca.pem", _certificates().authority)
            self.source("authorities", "ca.pem")
        self.sites.append(site)
        return site

    def finish(self) -> Path:
        """The scope file is written; its path."""
        text = yaml.dump(self.scope, Dumper=_Plain, allow_unicode=True, sort_keys=False)
        self.write("cnilcheck.yaml", text)
        return self.folder / "cnilcheck.yaml"
