"""Replays what authorities decided: would cnilcheck have found it? Prints the table.

    python benchmarks/decisions.py [NAME...] [--seed N]... [--json] [--record] [--markdown]

Each decision of `tests/decisions` is built on loopback with each seed (1 and 2 unless told), flawed
and mended, and audited by the product's own engine. `--record` writes what was measured beside the
decisions, `--markdown` writes the section of the README from what is on record.
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

TOP = Path(__file__).parents[1]
sys.path[:0] = [str(TOP / "tests"), str(TOP / "src")]

from decisions.harness import HERE, decisions, replay  # noqa: E402
from decisions.table import (  # noqa: E402
    SEEDS,
    as_text,
    by_channel,
    by_class,
    by_module,
    markdown,
    measured,
    on_record,
    spoken,
)


def main() -> int:
    """Replay, print, and exit with 1 when something is missed or told falsely."""
    options = _options()
    if options.markdown:
        _into_readme(markdown(on_record()))
        return 0
    measures, alarms = [], 0
    for name in options.names or decisions():
        replays = []
        for seed in options.seed or SEEDS:
            replays.append(replay(name, seed))
            if not options.json:
                print(f"{name}, seed {seed}", *spoken(replays[-1]), sep="\n", flush=True)
        measures.append(measured(replays))
        alarms += sum(len(one.false_alarms) for one in replays)
        if options.record:
            (HERE / name / "measured.json").write_text(as_text(measures[-1]), "utf-8")
    if options.json:
        print(as_text({"decisions": measures}), end="")
    else:
        _print_table(measures, alarms)
    complete = all(all(s["found"]) for one in measures for s in one["shortcomings"])
    return 0 if complete and not alarms else 1


def _print_table(measures: list[dict], alarms: int) -> None:  # type: ignore[type-arg]
    print()
    for title, tallies in (
        ("weakness", by_class(measures)),
        ("module", by_module(measures)),
        ("channel", by_channel(measures)),
    ):
        width = max(map(len, [title, *tallies]))
        print(f"{title:{width}}  found / planted")
        for name, tally in tallies.items():
            print(f"{name:{width}}  {tally}")
        print()
    twins = sum(len(one["seeds"]) for one in measures)
    noisy = sum(len({a["seed"] for a in one["false_alarms"]}) for one in measures)
    print(f"false alarms: {alarms}, on {noisy} of {twins} mended twins")


def _into_readme(section: str) -> None:
    path = TOP / "README.md"
    text = path.read_text("utf-8")
    begin, end = "<!-- decisions -->\n", "\n<!-- /decisions -->"
    pattern = re.compile(re.escape(begin) + ".*?" + re.escape(end), re.S)
    path.write_text(pattern.sub(lambda _: begin + section + end, text), "utf-8")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])  # type: ignore[union-attr]
    parser.add_argument("names", nargs="*", metavar="NAME", help="a folder of tests/decisions")
    parser.add_argument("--seed", type=int, action="append", help="instead of 1 and 2; repeatable")
    parser.add_argument("--json", action="store_true", help="print the measures as JSON")
    parser.add_argument("--record", action="store_true", help="write measured.json (seeds 1 and 2)")
    parser.add_argument(
        "--markdown", action="store_true", help="write README's section, run nothing"
    )
    options = parser.parse_args()
    if options.record and options.seed:
        parser.error("--record is about seeds 1 and 2")
    return options


if __name__ == "__main__":
    sys.exit(main())
