"""Runs sslscan, nmap, sslyze, testssl.sh and ssh-audit beside cnilcheck on the laboratory.

    python benchmarks/tls_peers.py [--only WORD] [--testssl N] [--pairs N]

Prints, per class of issue, how many planted ones each tool tells of those it can tell at all; each
disagreement with its explanation; the connections of each tool; medians and ratios of paired runs.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import venv
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from explanations import explain
from peers import (
    CNILCHECK,
    NMAP,
    SSLSCAN,
    SSLYZE,
    TESTSSL,
    Answer,
    Ask,
    Run,
    Tool,
    installed,
    ssh_audit,
)
from proxy import proxy

from laboratory.cases import ALL
from laboratory.servers import Absent, Laboratory, Server
from laboratory.told import ISSUES

TESTSSL_ON = ("openssl-dh-1024-common", "openssl-1.0.2e-all", "certificate-alone")
"""Where two minutes each tell most; `--testssl N` takes the first N, then the others in order."""
PAIRED = ("nginx-strict", "nginx-old", "openssl-strict-ecdsa")


def main() -> None:
    """Compare, and print."""
    options = _options()
    servers = [s for s in ALL if any(word in s.name for word in options.only)]
    with tempfile.TemporaryDirectory(prefix="laboratory-") as folder:
        laboratory = Laboratory(Path(folder))
        tools = list(_tools(laboratory.folder))
        print("tools:", ", ".join(tool.name for tool in tools))
        run = _compare(laboratory, servers, tools, _for_testssl(servers, options.testssl))
        _print_classes(run, servers, tools)
        _print_disagreements(run, servers, tools)
        _print_connections(run, tools)
        _print_pairs(laboratory, tools, options.pairs)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--only", action="append", default=[], help="servers with this in the name")
    parser.add_argument("--testssl", type=int, default=3, help="servers for testssl.sh (0: none)")
    parser.add_argument("--pairs", type=int, default=5, help="paired runs for the times")
    options = parser.parse_args()
    options.only = options.only or [""]
    return options


def _tools(folder: Path) -> Iterator[Tool]:
    yield CNILCHECK
    for tool, program in ((SSLYZE, "sslyze"), (SSLSCAN, "sslscan"), (NMAP, "nmap")):
        if installed(program):
            yield tool
    if installed("testssl") or installed("testssl.sh"):
        yield TESTSSL
    found = installed("ssh-audit") or _fetched_ssh_audit(folder / "ssh-audit")
    if found:
        yield ssh_audit(found)


def _fetched_ssh_audit(folder: Path) -> str | None:
    """Return ssh-audit from the package index, in an environment that goes with the folder."""
    venv.create(folder, with_pip=True)
    command = [str(folder / "bin" / "pip"), "install", "-q", "ssh-audit==3.9.0"]
    done = subprocess.run(command, capture_output=True, timeout=120, check=False)
    return str(folder / "bin" / "ssh-audit") if done.returncode == 0 else None


def _for_testssl(servers: Sequence[Server], count: int) -> set[str]:
    names = [server.name for server in servers if server.kind != "sshd"]
    first = [name for name in TESTSSL_ON if name in names]
    return set([*first, *(name for name in names if name not in first)][:count])


# The comparison.


def _compare(
    laboratory: Laboratory, servers: Sequence[Server], tools: Sequence[Tool], slow: set[str]
) -> Run:
    run = Run()
    for server in servers:
        try:
            with laboratory.running(server) as port:
                _ask_all(laboratory, server, port, [
                    tool for tool in tools if tool is not TESTSSL or server.name in slow
                ], run)  # fmt: skip
        except Absent as reason:
            print(f"not run: {server.name}: {reason}", file=sys.stderr)
    return run


def _ask_all(
    laboratory: Laboratory, server: Server, port: int, tools: Sequence[Tool], run: Run
) -> None:
    answers = run.answers.setdefault(server.name, {})
    counted = run.connections.setdefault(server.name, {})
    for tool in tools:
        with proxy((server.host, port)) as between:
            question = Ask(server, between.port, laboratory.pki.root, laboratory.folder)
            answer = tool.ask(question)
        if answer is not None:
            answers[tool.name] = answer
            counted[tool.name] = between.connections
    told = ", ".join(f"{name} {answer.seconds:.1f} s" for name, answer in answers.items())
    print(f"  {server.name}: {told}", file=sys.stderr)


def _judged(
    run: Run, server: Server, tool: Tool
) -> tuple[Answer, frozenset[str], frozenset[str]] | None:
    """Return the answer, what of the truth the tool can tell, and what it told."""
    answer = run.answers.get(server.name, {}).get(tool.name)
    return None if answer is None else (answer, server.truth & tool.tells, answer.issues)


def _print_classes(run: Run, servers: Sequence[Server], tools: Sequence[Tool]) -> None:
    print("\n## Found / planted, per class of issue (-: the tool does not look for it)\n")
    names = [tool.name for tool in tools]
    print(f"{'issue':24}" + "".join(f"{name:>12}" for name in names))
    totals = {name: [0, 0, 0] for name in names}
    for issue in ISSUES:
        cells = []
        for tool in tools:
            found = planted = 0
            for server in servers:
                judged = _judged(run, server, tool)
                if judged is None:
                    continue
                _, truth, told = judged
                planted += issue in truth
                found += issue in truth & told
                totals[tool.name][2] += issue in told - server.truth
            totals[tool.name][0] += found
            totals[tool.name][1] += planted
            cells.append(f"{found}/{planted}" if planted else "-")
        if any(cell != "-" for cell in cells):
            print(f"{issue:24}" + "".join(f"{cell:>12}" for cell in cells))
    print(f"{'total':24}" + "".join(f"{f'{t[0]}/{t[1]}':>12}" for t in totals.values()))
    print(f"{'not planted, yet told':24}" + "".join(f"{t[2]:>12}" for t in totals.values()))
    _print_union(run, servers, tools)


def _print_union(run: Run, servers: Sequence[Server], tools: Sequence[Tool]) -> None:
    missed = []
    for server in servers:
        answers = run.answers.get(server.name, {})
        peers = frozenset().union(
            *(a.issues & server.truth for name, a in answers.items() if name != CNILCHECK.name)
        )
        own = answers[CNILCHECK.name].issues if CNILCHECK.name in answers else frozenset()
        missed += [f"{server.name}: {issue}" for issue in sorted(peers - own)]
    print("\nPlanted, told by a peer, not by cnilcheck:", "; ".join(missed) or "none")


def _print_disagreements(run: Run, servers: Sequence[Server], tools: Sequence[Tool]) -> None:
    print("\n## Disagreements with the truth\n")
    open_questions = 0
    for server in servers:
        for tool in tools:
            judged = _judged(run, server, tool)
            if judged is None:
                continue
            answer, truth, told = judged
            wrong = [f"misses {issue}" for issue in sorted(truth - told)]
            wrong += [f"tells {issue}" for issue in sorted(told - server.truth)]
            for what in wrong:
                why = explain(tool.name, server.name, what)
                open_questions += why is None
                limit = " (stopped at its time limit)" if answer.code is None else ""
                print(f"{server.name}: {tool.name} {what}{limit}: {why or 'NOT EXPLAINED'}")
    print(f"\nnot explained: {open_questions}")


def _print_connections(run: Run, tools: Sequence[Tool]) -> None:
    print("\n## Connections per scan, through a counting proxy\n")
    for tool in tools:
        counts = [c[tool.name] for c in run.connections.values() if tool.name in c]
        if counts:
            middle = statistics.median(counts)
            print(f"{tool.name:12} median {middle:.0f}, {min(counts)} to {max(counts)}, "
                  f"{len(counts)} servers")  # fmt: skip


def _print_pairs(laboratory: Laboratory, tools: Sequence[Tool], pairs: int) -> None:
    """Each pair runs every tool once, one after the other, on the same server."""
    print(f"\n## Seconds per scan with process start: medians of {pairs} paired runs\n")
    for name in PAIRED if pairs else ():
        (server,) = (s for s in ALL if s.name == name)
        quick = [tool for tool in tools if tool not in (TESTSSL,) and tool.name != "ssh-audit"]
        taken: dict[str, list[float]] = {tool.name: [] for tool in quick}
        with laboratory.running(server) as port:
            question = Ask(server, port, laboratory.pki.root, laboratory.folder)
            for _ in range(pairs):
                for tool in quick:
                    answer = tool.ask(replace(question))
                    assert answer is not None
                    taken[tool.name].append(answer.seconds)
        own = taken[CNILCHECK.name]
        for tool_name, seconds in taken.items():
            ratio = statistics.median(s / o for s, o in zip(seconds, own, strict=True))
            print(f"{name:22} {tool_name:10} {statistics.median(seconds):6.2f} s"
                  f"  {ratio:5.2f} x cnilcheck")  # fmt: skip


if __name__ == "__main__":
    main()
