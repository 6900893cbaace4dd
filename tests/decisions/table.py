"""The table of the replayed decisions: found, missed, false alarms; and how often in all."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from operator import eq
from typing import Any

from cnilcheck.cli.run import catalogue
from decisions.harness import CHANNELS, HERE, Replay, Scored, decision, decisions

SEEDS = (1, 2)
"""The seeds that every change is tested with; `measured.json` of each decision is about them."""


@dataclass(frozen=True)
class Tally:
    """How many of the planted shortcomings were found."""

    planted: int
    found: int

    def __str__(self) -> str:
        """Both numbers, and the share where there is one."""
        share = f" ({round(100 * self.found / self.planted)} %)" if self.planted else ""
        return f"{self.found} / {self.planted}{share}"


def measured(replays: Sequence[Replay]) -> dict[str, Any]:
    """What `measured.json` holds: per shortcoming and channel one answer for each seed."""
    first = replays[0]
    return {
        "decision": first.decision,
        "seeds": [replay.seed for replay in replays],
        "shortcomings": [
            {
                "weakness": scored.weakness,
                "found": [replay.scored[number].found for replay in replays],
                "channels": {
                    seen.channel: [r.scored[number].channels[place].found for r in replays]
                    for place, seen in enumerate(scored.channels)
                },
            }
            for number, scored in enumerate(first.scored)
        ],
        "false_alarms": [
            {"seed": replay.seed, "rule": told.rule, "place": told.location}
            for replay in replays
            for told in replay.false_alarms
        ],
    }


def as_text(one: dict[str, Any]) -> str:
    """The measures as `measured.json` spells them."""
    lines = [
        f'"{key}": {json.dumps(value, ensure_ascii=False)}'
        if not isinstance(value, list) or not value or not isinstance(value[0], dict)
        else f'"{key}": [\n  '
        + ",\n  ".join(json.dumps(v, ensure_ascii=False) for v in value)
        + "\n ]"
        for key, value in one.items()
    ]
    return "{\n " + ",\n ".join(lines) + "\n}\n"


def on_record() -> tuple[dict[str, Any], ...]:
    """The measures that stand in the tree, in the order of the decisions."""
    return tuple(
        json.loads((HERE / name / "measured.json").read_text("utf-8")) for name in decisions()
    )


def module_of(weakness: str) -> str:
    """The family of the weakness: a module of the product, or governance."""
    return catalogue().weaknesses[weakness].family


def markdown(measures: Iterable[dict[str, Any]]) -> str:
    """The section of the README."""
    all_of = tuple(measures)
    seeds = len(all_of[0]["seeds"])
    alarms = sum(len(one["false_alarms"]) for one in all_of)
    twins = seeds * len(all_of)
    lines = [
        f"{len(all_of)} public decisions are replayed as small deployments, each with {seeds} seeds "
        f"and each beside its mended twin.",
        "",
        f"- Shortcomings found, as a failure with the right weakness at the right place: "
        f"{_tally(all_of, lambda _: True)}.",
        f"- Failures told of the {twins} mended twins: {alarms}.",
        "",
        "| what was planted | found |",
        "| --- | --- |",
    ]
    lines += [f"| {name} | {tally} |" for name, tally in by_module(all_of).items()]
    lines += [f"| seen by: {name} | {tally} |" for name, tally in by_channel(all_of).items()]
    lines += ["", "| decision | found | missed | false alarms |", "| --- | --- | --- | --- |"]
    return "\n".join([*lines, *map(_row, all_of)])


def _row(one: dict[str, Any]) -> str:
    tally = _tally((one,), lambda _: True)
    missed = sorted({s["weakness"] for s in one["shortcomings"] if not all(s["found"])})
    told = ", ".join(f"`{name}`" for name in missed) or "none"
    name = one["decision"] + (" (control)" if decision(one["decision"]).control else "")
    found = f"{tally.found} / {tally.planted}" if tally.planted else "nothing to find"
    return f"| {name} | {found} | {told} | {len(one['false_alarms'])} |"


def _weaknesses(measures: Iterable[dict[str, Any]]) -> Iterator[str]:
    for one in measures:
        yield from (s["weakness"] for s in one["shortcomings"])


def _tally(measures: Iterable[dict[str, Any]], wanted: Callable[[str], bool]) -> Tally:
    answers = [
        answer
        for one in measures
        for s in one["shortcomings"]
        if wanted(s["weakness"])
        for answer in s["found"]
    ]
    return Tally(len(answers), sum(answers))


def by_class(measures: Iterable[dict[str, Any]]) -> dict[str, Tally]:
    """How many of each class of weakness were found."""
    all_of = tuple(measures)
    classes = sorted(set(_weaknesses(all_of)))
    return {name: _tally(all_of, partial(eq, name)) for name in classes}


def by_module(measures: Iterable[dict[str, Any]]) -> dict[str, Tally]:
    """How many were found of each module's weaknesses, and of those of governance."""
    all_of = tuple(measures)
    classes = {weakness: module_of(weakness) for weakness in _weaknesses(all_of)}
    return {
        module: _tally(all_of, {w for w, m in classes.items() if m == module}.__contains__)
        for module in sorted(set(classes.values()))
    }


def by_channel(measures: Iterable[dict[str, Any]]) -> dict[str, Tally]:
    """How many were found through each channel, of those that were to be seen through it."""
    all_of = tuple(measures)
    return {channel: _channel(all_of, channel) for channel in CHANNELS}


def _channel(measures: Iterable[dict[str, Any]], channel: str) -> Tally:
    answers = [
        answer
        for one in measures
        for s in one["shortcomings"]
        for answer in s["channels"].get(channel, ())
    ]
    return Tally(len(answers), sum(answers))


def spoken(replay: Replay) -> Iterator[str]:
    """One replay in lines a person reads."""
    for scored in replay.scored:
        yield f"  {'found ' if scored.found else 'MISSED'} {scored.weakness}: {_how(scored)}"
    for told in replay.false_alarms:
        yield f"  FALSE  {told.rule} at {told.target} {told.location}: {told.sentence}"
    for told in replay.beside:
        yield f"  beside {told.rule} at {told.location}: {told.sentence}"


def _how(scored: Scored) -> str:
    return ", ".join(
        f"{s.channel} ({s.rendering}) {'yes' if s.found else 'no'}" for s in scored.channels
    )
