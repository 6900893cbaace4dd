"""Replays a decision: builds its deployment, audits it with the product's engine, and scores."""

from __future__ import annotations

import datetime as dt
import importlib
import pkgutil
import random
import re
import tempfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from copy import deepcopy
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal, TypeAlias

import yaml

from cnilcheck.audit import collect, judge
from cnilcheck.cli.active import consented
from cnilcheck.cli.run import catalogue
from cnilcheck.collectors.base import Journal, Tools
from cnilcheck.collectors.catalogue import collectors
from cnilcheck.documents.scope import read_scope
from cnilcheck.model.report import Finding
from cnilcheck.model.words import Outcome
from decisions.deployment import Deployment

HERE = Path(__file__).parent
Channel: TypeAlias = Literal["remote", "config", "logs", "sample", "declaration"]
CHANNELS: tuple[Channel, ...] = ("remote", "config", "logs", "sample", "declaration")


@dataclass(frozen=True)
class Place:
    """Where the shortcoming is: regular expressions for the finding's target and location."""

    target: str
    location: str

    def holds(self, finding: Finding) -> bool:
        """Whether the finding is about this place."""
        return bool(
            re.search(self.target, finding.target) and re.search(self.location, finding.location)
        )


def at(target: str, location: str) -> Place:
    """The place that is spelled so, within the target's and the location's own spelling."""
    return Place(re.escape(target), re.escape(location))


Rendering: TypeAlias = Callable[..., Place]


@dataclass(frozen=True)
class Variant:
    """One way to render a class of weakness for a channel; `name` chooses it in decision.yaml."""

    weakness: str
    channel: Channel
    name: str
    render: Rendering


_VARIANTS: list[Variant] = []


def renders(weakness: str, channel: Channel, name: str = "") -> Callable[[Rendering], Rendering]:
    """Register a rendering: a function of the deployment (and of `with:`) that returns the place.

    It builds the shortcoming, or where `deployment.mended` the same thing done right.
    """

    def register(render: Rendering) -> Rendering:
        _VARIANTS.append(Variant(weakness, channel, name or render.__name__, render))
        return render

    return register


@cache
def variants() -> tuple[Variant, ...]:
    """All renderings, in the order of their modules."""
    from decisions import renderings

    for module in sorted(m.name for m in pkgutil.iter_modules(renderings.__path__)):
        importlib.import_module(f"decisions.renderings.{module}")
    return tuple(_VARIANTS)


@dataclass(frozen=True)
class Rendered:
    """A channel through which a shortcoming is to be seen: which renderings may stand for it."""

    channel: Channel
    choices: tuple[Variant, ...]
    settings: dict[str, Any]


@dataclass(frozen=True)
class Shortcoming:
    """One shortcoming of a decision. `missed` is why the product does not find it yet."""

    weakness: str
    score: Literal["yes", "class-only"]
    rendered: tuple[Rendered, ...]
    missed: str = ""


@dataclass(frozen=True)
class Decision:
    """What of a decision is replayed; `control`: nothing is wrong in it, and nothing may fail."""

    id: str
    scope: dict[str, Any]
    shortcomings: tuple[Shortcoming, ...]
    decoys: tuple[str, ...] = ()
    control: bool = False


def decisions() -> tuple[str, ...]:
    """The identifiers of all replayed decisions."""
    return tuple(sorted(path.parent.name for path in HERE.glob("*/decision.yaml")))


@cache
def decision(name: str) -> Decision:
    """The decision as its file describes it; raises ValueError for a rendering nobody wrote."""
    given = yaml.safe_load((HERE / name / "decision.yaml").read_text("utf-8"))
    shortcomings = tuple(
        Shortcoming(
            each["weakness"],
            each.get("score", "yes"),
            tuple(
                _rendered(each["weakness"], channel, how or {})
                for channel, how in each["channels"].items()
            ),
            each.get("missed", ""),
        )
        for each in given.get("shortcomings") or ()
    )
    return Decision(
        name,
        given.get("scope") or {},
        shortcomings,
        tuple(given.get("decoys") or ()),
        given.get("control", False),
    )


def _rendered(weakness: str, channel: Channel, how: dict[str, Any]) -> Rendered:
    wanted = how.get("as")
    names = [wanted] if isinstance(wanted, str) else wanted
    choices = tuple(
        v for v in variants()
        if v.weakness == weakness and v.channel == channel and (not names or v.name in names)
    )  # fmt: skip
    if not choices:
        raise ValueError(f"no rendering of {weakness} for {channel}, as {wanted}")
    return Rendered(channel, choices, how.get("with") or {})


@dataclass(frozen=True)
class Planted:
    """A shortcoming as it stands in a built deployment: one place for each channel."""

    shortcoming: Shortcoming
    places: tuple[tuple[Channel, str, Place], ...]


@contextmanager
def built(
    name: str, seed: int, mended: bool, folder: Path
) -> Iterator[tuple[Path, tuple[Planted, ...]]]:
    """The scope file of the deployment, and what is planted in it; its servers answer meanwhile."""
    given = decision(name)
    with ExitStack() as exits:
        deployment = Deployment(
            folder, mended, _draw(name, seed, "deployment"), exits, deepcopy(given.scope)
        )
        planted = []
        for number, shortcoming in enumerate(given.shortcomings):
            places = []
            for rendered in shortcoming.rendered:
                # Neighbouring seeds take neighbouring renderings, so that few seeds see them all.
                turn = seed + zlib.crc32(f"{name} {number}".encode())
                variant = rendered.choices[turn % len(rendered.choices)]
                deployment.draw = _draw(name, seed, f"{number} {rendered.channel}")
                place = variant.render(deployment, **rendered.settings)
                places.append((rendered.channel, variant.name, place))
            planted.append(Planted(shortcoming, tuple(places)))
        _add_decoys(deployment, name, seed, given)
        yield deployment.finish(), tuple(planted)


def _draw(name: str, seed: int, what: str) -> random.Random:
    return random.Random(f"cnilcheck: {name}, seed {seed}: {what}")


def _add_decoys(deployment: Deployment, name: str, seed: int, given: Decision) -> None:
    choices = [v for v in variants() if v.weakness == "decoy"]
    for variant in choices:
        draw = _draw(name, seed, variant.name)
        needed = bool(deployment.sites) if variant.channel == "remote" else True
        # A decoy of what people declare would speak of the same things as the decision.
        chance = 0.0 if variant.channel == "declaration" else 0.4
        if needed and (variant.name in given.decoys or draw.random() < chance):
            deployment.draw = draw
            variant.render(deployment)


def audited(scope_file: Path) -> tuple[Finding, ...]:
    """What `cnilcheck scan --scope` finds there, by the same engine, today."""
    today = dt.date.today()
    scope = read_scope(scope_file, today)
    base = scope_file.parent
    active = scope.authorisation is not None
    passwords = consented(scope, base, str(scope_file)) if active else {}
    tools = Tools(base, scope, Journal(), scope.limits, active=active, passwords=passwords)
    collected = collect(scope, collectors(), tools)
    return judge(catalogue().rules, collected, scope, today)


@dataclass(frozen=True)
class Seen:
    """Whether one channel of a shortcoming was found, with the rendering it had."""

    channel: Channel
    rendering: str
    found: bool


@dataclass(frozen=True)
class Scored:
    """A shortcoming and what was seen of it; it is found when one of its channels is."""

    weakness: str
    channels: tuple[Seen, ...]

    @property
    def found(self) -> bool:
        """Whether the product would have told it."""
        return any(seen.found for seen in self.channels)


@dataclass(frozen=True)
class Told:
    """A failure told where nothing is wrong."""

    rule: str
    weakness: str
    module: str
    target: str
    location: str
    sentence: str


@dataclass(frozen=True)
class Replay:
    """One decision replayed with one seed. `beside` are failures told in the flawed twin of
    weaknesses that were not planted; they are no false alarms by themselves."""

    decision: str
    seed: int
    scored: tuple[Scored, ...]
    false_alarms: tuple[Told, ...]
    beside: tuple[Told, ...]
    judged_on_twin: int


def replay(name: str, seed: int) -> Replay:
    """Audit both twins of the decision with that seed, and score."""
    with _in_folder() as folder, built(name, seed, False, folder) as (scope, planted):
        flawed = _fails(audited(scope))
    with _in_folder() as folder, built(name, seed, True, folder) as (scope, _):
        sound = audited(scope)
    scored = tuple(_scored(each, flawed) for each in planted)
    classes = {each.shortcoming.weakness for each in planted}
    return Replay(
        name, seed, scored,
        tuple(_told(f) for f in _fails(sound)),
        tuple(_told(f) for f in flawed if f.weakness not in classes),
        sum(f.outcome in (Outcome.PASS, Outcome.FAIL) for f in sound),
    )  # fmt: skip


@contextmanager
def _in_folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="decision-") as folder:
        yield Path(folder)


def _fails(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    return tuple(f for f in findings if f.outcome is Outcome.FAIL)


def _scored(planted: Planted, fails: Sequence[Finding]) -> Scored:
    weakness = planted.shortcoming.weakness
    seen = tuple(
        Seen(channel, name, any(f.weakness == weakness and place.holds(f) for f in fails))
        for channel, name, place in planted.places
    )
    return Scored(weakness, seen)


def _told(finding: Finding) -> Told:
    return Told(
        finding.rule, finding.weakness, finding.module, finding.target, finding.location,
        finding.sentence.en,
    )  # fmt: skip
