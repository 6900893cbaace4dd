"""How long cnilcheck takes over TLS listeners, and what of the machine, beside sslyze and sslscan.

    python benchmarks/tls_speed.py [--runs N] [--listeners N] [--only PART ...]

Each part prints its figures, the bar, and whether it was met. Run it on a quiet machine.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import yaml
from peers import CNILCHECK, ENVIRONMENT, SSLSCAN, SSLYZE, Ask, Tool, installed
from proxy import proxy

from laboratory.cases import ALL
from laboratory.servers import Laboratory, Server, free_port

BY_NAME = {server.name: server for server in ALL}
CLEAN = BY_NAME["nginx-strict"]
ROUND_TRIP = 0.030


@dataclass
class Watched:
    """A finished command: its wall time, exit code, and the memory of its processes over time."""

    seconds: float
    code: int | None
    samples: list[tuple[float, float]] = field(default_factory=list)
    """Seconds since its start, MiB resident in all its processes."""

    @property
    def peak(self) -> float:
        """The most it held at once, MiB."""
        return max((mib for _, mib in self.samples), default=0.0)


def watched(command: Sequence[str], limit: float = 900, pause: float = 0.02) -> Watched:
    """Run a command, looking at the memory of its whole session every `pause` seconds."""
    begun = time.monotonic()
    process = subprocess.Popen(
        command, env=ENVIRONMENT, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    done = Watched(0.0, None)
    over = threading.Event()

    def look() -> None:
        while not over.wait(pause):
            done.samples.append((time.monotonic() - begun, _resident(process.pid)))

    watcher = threading.Thread(target=look, daemon=True)
    watcher.start()
    try:
        done.code = process.wait(limit)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    done.seconds = time.monotonic() - begun
    over.set()
    watcher.join()
    return done


def _resident(session: int) -> float:
    """Return the MiB resident in all processes of a session; shared pages count in each."""
    pages = 0
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                numbers = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            pages += int(numbers[21]) if int(numbers[3]) == session else 0
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def verdict(met: bool, bar: str) -> str:
    """Return the bar, and whether it is met."""
    return f"  [{'met' if met else 'NOT MET'}: {bar}]"


def scan_command(laboratory: Laboratory, targets: Sequence[object], out: str) -> list[str]:
    """Return the command line that audits these targets, with a scope file of its own."""
    scope = laboratory.folder / f"{out}.yaml"
    limits = {"requests_per_host": 1_000_000}
    written = {"version": 1, "targets": list(targets), "limits": limits}
    written["sources"] = {"authorities": [str(laboratory.pki.root)]}
    scope.write_text(yaml.safe_dump(written))
    folder = laboratory.folder / out
    shutil.rmtree(folder, ignore_errors=True)
    return [sys.executable, "-m", "cnilcheck", "scan", "--scope", str(scope), "--out",
            str(folder), "-q"]  # fmt: skip


def sslyze_command(laboratory: Laboratory, ports: Sequence[int]) -> list[str]:
    """Return sslyze's own command line for these ports, in one process."""
    question = Ask(CLEAN, ports[0], laboratory.pki.root, laboratory.folder)
    command = SSLYZE.command(question)
    assert command is not None
    return [*command[:-1], *(f"127.0.0.1:{port}" for port in ports)]


@contextmanager
def listeners(laboratory: Laboratory, count: int) -> Iterator[list[int]]:
    """Give the ports of so many clean listeners, all of one nginx."""
    more = sorted({free_port() for _ in range(count * 2)})[: count - 1]
    lines = " ".join(f"listen 127.0.0.1:{port} ssl;" for port in more)
    server = replace(CLEAN, options={"more": lines})
    with laboratory.running(server) as port:
        yield [port, *more]


# The parts.


def one_listener(laboratory: Laboratory, options: argparse.Namespace) -> None:
    """One clean listener: connections, and seconds with process start in paired runs."""
    with laboratory.running(CLEAN) as port:
        for tool in _present():
            with proxy((CLEAN.host, port)) as between:
                tool.ask(Ask(CLEAN, between.port, laboratory.pki.root, laboratory.folder))
            met = verdict(between.connections < 60, "under 60") if tool is CNILCHECK else ""
            print(f"{tool.name:10} {between.connections:5} connections{met}")
        with proxy((CLEAN.host, port)) as between:
            url = f"https://127.0.0.1:{between.port}/"
            watched(scan_command(laboratory, [{"url": url}], "site"))
        print(f"cnilcheck  {between.connections:5} connections when the target is a web site (url)")
        taken = _paired(laboratory, CLEAN, port, options.runs)
    met = verdict(statistics.median(taken["cnilcheck"]) < 1.5, "under 1.5 s")
    _print_times(taken, met)


def twenty_listeners(laboratory: Laboratory, options: argparse.Namespace) -> None:
    """Twenty clean listeners in one run: seconds and peak memory."""
    with listeners(laboratory, 20) as ports:
        targets = [{"tls": f"127.0.0.1:{port}"} for port in ports]
        runs: dict[str, list[Watched]] = {"cnilcheck": [], "sslyze": []}
        for _ in range(max(1, options.runs // 2)):
            runs["cnilcheck"].append(watched(scan_command(laboratory, targets, "twenty")))
            if installed("sslyze"):
                runs["sslyze"].append(watched(sslyze_command(laboratory, ports)))
    for name, done in runs.items():
        if done:
            seconds = statistics.median(run.seconds for run in done)
            peak = statistics.median(run.peak for run in done)
            met = seconds < 4 and peak < 150
            bar = verdict(met, "under 4 s and 150 MiB") if name == "cnilcheck" else ""
            print(f"{name:10} {seconds:6.2f} s, peak {peak:.0f} MiB{bar}")


def slow_network(laboratory: Laboratory, options: argparse.Namespace) -> None:
    """Round trips of 30 ms, by a proxy that delays each direction."""
    for name in ("nginx-strict", "nginx-old"):
        server = BY_NAME[name]
        with (
            laboratory.running(server) as port,
            proxy((server.host, port), ROUND_TRIP / 2) as between,
        ):
            taken = _paired(laboratory, server, between.port, max(1, options.runs // 2))
        own = statistics.median(taken["cnilcheck"])
        met = ""
        if "sslscan" in taken:
            met = verdict(own <= statistics.median(taken["sslscan"]), "not slower than sslscan")
        print(f"{name}, 30 ms round trips:")
        _print_times(taken, met)


def silent_port(laboratory: Laboratory, options: argparse.Namespace) -> None:
    """Four clean listeners, without and with a port beside them that accepts and says nothing."""
    with listeners(laboratory, 4) as ports, socket.create_server(("127.0.0.1", 0)) as mute:
        targets = [{"tls": f"127.0.0.1:{port}"} for port in ports]
        silent = {"tls": f"127.0.0.1:{mute.getsockname()[1]}"}
        spent, finished = [], []
        for wanted in (targets, [silent, *targets]):
            runs, ends = [], []
            for _ in range(max(1, options.runs // 2)):
                begun = time.time()
                runs.append(watched(scan_command(laboratory, wanted, "silent")).seconds)
                ends.append(_last_word(laboratory.folder / "silent", targets) - begun)
            spent.append(statistics.median(runs))
            finished.append(statistics.median(ends))
        more = spent[1] - spent[0]
        print(f"four listeners: {spent[0]:.2f} s, the last of them done after {finished[0]:.2f} s")
        print(f"and a silent port: {spent[1]:.2f} s, the four done after {finished[1]:.2f} s"
              + verdict(more <= 6 and finished[1] - finished[0] < 1,
                        "6 s more at most, and nobody else waits"))  # fmt: skip
        if installed("sslyze"):
            done = watched(sslyze_command(laboratory, [mute.getsockname()[1], *ports]))
            print(f"sslyze: {done.seconds:.1f} s")


def _last_word(folder: Path, targets: Sequence[dict[str, str]]) -> float:
    """Return when the journal last speaks of these targets."""
    import datetime as dt

    named = {target["tls"] for target in targets}
    lines = map(json.loads, (folder / "journal.jsonl").read_text().splitlines())
    times = [line["time"] for line in lines if line["target"] in named]
    return dt.datetime.fromisoformat(max(times)).timestamp()


def much_memory(laboratory: Laboratory, options: argparse.Namespace) -> None:
    """Hundreds of listeners in one run: what is resident, from the first to the last."""
    count = options.listeners
    with listeners(laboratory, count) as ports:
        targets = [{"tls": f"127.0.0.1:{port}"} for port in ports]
        done = watched(scan_command(laboratory, targets, "many"), limit=3600, pause=0.5)
    print(
        f"{count} listeners: {done.seconds:.0f} s, exit code {done.code}, peak {done.peak:.0f} MiB"
    )
    size = max(1, len(done.samples) // 10)
    tenths = [
        max(mib for _, mib in done.samples[n * size : (n + 1) * size])
        for n in range(10)
        if done.samples[n * size : (n + 1) * size]
    ]
    print("peak in each tenth of the time, MiB: " + ", ".join(f"{mib:.0f}" for mib in tenths))
    # The first tenths are spent on starting, the last on writing the report.
    met = len(tenths) == 10 and tenths[8] <= 1.25 * tenths[2]
    print(f"ninth against third: {tenths[-2] / tenths[min(2, len(tenths) - 1)]:.2f}"
          + verdict(met, "flat, within a quarter"))  # fmt: skip


def _present() -> list[Tool]:
    return [CNILCHECK, *(t for t in (SSLYZE, SSLSCAN) if installed(t.name))]


def _paired(laboratory: Laboratory, server: Server, port: int, runs: int) -> dict[str, list[float]]:
    taken: dict[str, list[float]] = {tool.name: [] for tool in _present()}
    for _ in range(runs):
        for tool in _present():
            answer = tool.ask(Ask(server, port, laboratory.pki.root, laboratory.folder))
            assert answer is not None
            taken[tool.name].append(answer.seconds)
    return taken


def _print_times(taken: dict[str, list[float]], met: str) -> None:
    own = taken["cnilcheck"]
    for name, seconds in taken.items():
        ratio = statistics.median(s / o for s, o in zip(seconds, own, strict=True))
        spread = f"{min(seconds):.2f} to {max(seconds):.2f}"
        print(f"{name:10} {statistics.median(seconds):6.2f} s ({spread}), {ratio:.2f} x cnilcheck"
              + (met if name == "cnilcheck" else ""))  # fmt: skip


PARTS: dict[str, Callable[[Laboratory, argparse.Namespace], None]] = {
    "one": one_listener,
    "twenty": twenty_listeners,
    "slow": slow_network,
    "silent": silent_port,
    "memory": much_memory,
}


def main() -> None:
    """Run the parts, and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--runs", type=int, default=7, help="paired runs")
    parser.add_argument("--listeners", type=int, default=500, help="listeners of the memory part")
    parser.add_argument("--only", action="append", choices=PARTS, help="parts to run")
    options = parser.parse_args()
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="laboratory-"))
        laboratory = Laboratory(Path(folder))
        print(f"load before: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
        for name in options.only or PARTS:
            print(f"\n## {PARTS[name].__doc__}")
            PARTS[name](laboratory, options)


if __name__ == "__main__":
    main()
