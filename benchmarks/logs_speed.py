"""How fast a gigabyte of access log is read, beside GoAccess, lnav and wc in the same run.

    python benchmarks/logs_speed.py [MEGABYTES]

CPU seconds, not wall-clock: other work on the machine does not count, though it slows memory and
caches down; the load is printed. The two engines are held to one processor; `two processes` reads
the end of the file in a second one, and its memory is that of both. One pass gives the digest,
the lines, the coverage of sixteen events by eight fields, the minutes, the personal data and
secrets, the authors, the clock and what clients do.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ENGINES = ("standard library", "google-re2", "two processes")
AGENTS = [f"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/{n}.0.0.0" for n in range(30)]
PATHS = (
    "/dossiers/{0}", "/resultats/{0}.pdf", "/static/app.{0}.js", "/api/v1/patients/{0}", "/",
    "/recherche?q={0}", "/connexion", "/style.css", "/api/v1/rdv/{0}/creneaux",
)  # fmt: skip
CHILD = """
import gc, json, os, resource, sys, time
from pathlib import Path
from cnilcheck.collectors import log_personal
from cnilcheck.collectors.log_reading import Manner, Reading
if sys.argv[2] == "standard library":
    log_personal._automaton = lambda: None
if sys.argv[2] != "two processes":
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
gc.set_threshold(500_000, 20, 20)
start = time.monotonic()
reading = Reading(Manner())
reading.take_in(Path(sys.argv[1]), "access.log")
took = time.monotonic() - start
uses = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
seconds = sum(use.ru_utime + use.ru_stime for use in uses)
print(json.dumps([seconds, sum(use.ru_maxrss for use in uses) // 1024, took]))
"""


def write_log(path: Path, megabytes: int) -> None:
    """Write an access log of random clients, the worst case for what counts visitors."""
    draw, moment, size = random.Random(6), 1_767_225_600.0, 0
    with path.open("w", encoding="ascii") as log:
        while size < megabytes * 1_000_000:
            moment += draw.random() * 0.6
            stamp = time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime(moment))
            target = draw.choice(PATHS).format(draw.randrange(1_000_000))
            if draw.random() < 0.001:
                target = f"/recherche?nir=1850175116{draw.randrange(99_999):05}"
            author = "-" if draw.random() < 0.4 else f"user{draw.randrange(200)}"
            referrer = (
                "-" if draw.random() < 0.5 else f"https://a.example/d/{draw.randrange(10**5)}"
            )
            client = ".".join(str(draw.randrange(1, 255)) for _ in range(4))
            status = draw.choices((200, 304, 302, 404, 403, 401), (20, 3, 2, 2, 1, 1))[0]
            line = (
                f'{client} - {author} [{stamp}] "GET {target} HTTP/1.1" {status}'
                f' {draw.randrange(100, 50_000)} "{referrer}" "{draw.choice(AGENTS)}"\n'
            )
            log.write(line)
            size += len(line)


Use = tuple[float, int, float]
"""CPU seconds, peak memory in MiB, seconds by the clock."""


def ours(path: Path, engine: str) -> Use:
    """Return what one reading uses."""
    command = [sys.executable, "-c", CHILD, str(path), engine]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    seconds, memory, took = json.loads(told)
    return seconds, memory, took


def peer(command: list[str]) -> Use:
    """Return what a program uses."""
    start = time.monotonic()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        _, status, use = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    return use.ru_utime + use.ru_stime, use.ru_maxrss // 1024, time.monotonic() - start


def main() -> None:
    """Write the log, read it with each, and print MB per CPU second, MiB and seconds."""
    megabytes = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "access.log"
        write_log(path, megabytes)
        runs = {engine: ours(path, engine) for engine in ENGINES}
        peers = {
            "wc -l": ["wc", "-l", str(path)],
            "lnav": ["lnav", "-n", "-c", ";select count(*) from access_log", str(path)],
            "GoAccess": ["goaccess", str(path), "--log-format=COMBINED", "-o", f"{place}/x.json"],
        }
        for name, command in peers.items():
            if shutil.which(command[0]):
                runs[name] = peer(command)
        print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors, {megabytes} MB")
        for name, (seconds, memory, took) in runs.items():
            rate = megabytes / max(seconds, 0.001)
            print(f"{name:18} {rate:8.0f} MB/CPU s {memory:6} MiB {took:8.1f} s")


if __name__ == "__main__":
    main()
