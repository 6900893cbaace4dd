"""How long the web probes take under their manners, and how fast they are without, beside peers.

    python benchmarks/web_speed.py [--only PART ...] [--paths N]

Parts: one (host), ten (hosts), two (targets of one host), wordpress (a real one, from Debian),
lifted (manners). Each prints its
figures, the bar, and whether it was met. Only 127.0.0.0/8 is contacted. Run it on a quiet machine.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
HOME = (
    "<!doctype html><title>Pharmacie</title><link rel=stylesheet href=/assets/css/site.css>"
    "<script src=/assets/js/app.js></script><a href=/contact.html>Contact</a><p>Bonjour"
)
_MOST_SECONDS = 60.0
_HARDLY_MORE = 1.25


def main() -> None:
    """Run the parts asked for; `--child` is how a part runs the measured code on its own."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", action="append", choices=sorted(PARTS), default=[])
    parser.add_argument("--paths", type=int, default=20_000)
    parser.add_argument("--child", nargs="+")
    asked = parser.parse_args()
    if asked.child:
        name, *rest = asked.child
        CHILDREN[name](*rest)
        return
    print(f"load {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores, Python {sys.version.split()[0]}")
    with tempfile.TemporaryDirectory(prefix="cnilcheck-speed-") as folder:
        Path(folder).chmod(0o755)
        for part in asked.only or sorted(PARTS):
            PARTS[part](Path(folder), asked.paths)


@contextmanager
def sites(folder: Path, hosts: int) -> Iterator[list[str]]:
    """nginx with one small site, under that many addresses of the loopback network."""
    root = folder / "www"
    for name in ("assets/css", "assets/js"):
        (root / name).mkdir(parents=True, exist_ok=True)
    for name, text in {
        "index.html": HOME, "contact.html": "<!doctype html><title>Contact</title><p>Nous",
        "assets/css/site.css": "p{}", "assets/js/app.js": "let a = 1;",
    }.items():  # fmt: skip
        (root / name).write_text(text)
    port = _free_port()
    servers = "".join(
        f"server {{ listen 127.0.0.{n + 1}:{port}; root {root}; }}\n" for n in range(hosts)
    )
    temporary = " ".join(f"{k}_temp_path {folder}/{k};" for k in _TEMPORARY)
    user = "user root; " if os.geteuid() == 0 else ""
    (folder / "nginx.conf").write_text(
        f"{user}daemon off; pid {folder}/pid; error_log {folder}/error.log crit;\n"
        "events { worker_connections 2048; }\n"
        "http { access_log off; keepalive_requests 100000;"
        f" types {{ text/html html; text/css css; text/javascript js; }} {temporary}\n{servers}}}\n"
    )
    nginx = shutil.which("nginx", path="/usr/sbin:/usr/bin") or sys.exit("nginx is not installed")
    process = subprocess.Popen([nginx, "-p", str(folder), "-c", str(folder / "nginx.conf")])
    try:
        time.sleep(0.5)
        yield [f"http://127.0.0.{n + 1}:{port}/" for n in range(hosts)]
    finally:
        process.terminate()
        process.wait(5)


_TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")


def _free_port() -> int:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def _told(what: str, figure: str, met: bool | None = None) -> None:
    word = "" if met is None else "  met" if met else "  NOT MET"
    print(f"  {what:<58} {figure:>24}{word}", flush=True)


def _child(*words: str) -> list[float]:
    """Return the figures a measured process prints: it has a memory and a clock of its own."""
    path = os.pathsep.join([str(ROOT / "src"), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, __file__, "--child", *words], check=True, capture_output=True, text=True,
        env=os.environ | {"PYTHONPATH": path},
    )  # fmt: skip
    return [float(word) for word in done.stdout.split()[-4:]]


# Under the usual manners. Loopback hosts are not slowed, so the measured process does as if there
# were none.


def _mannered(*urls: str) -> None:
    """Observe the targets with every instrument, ten requests a second for each host."""
    from cnilcheck.audit import collect
    from cnilcheck.collectors import base
    from cnilcheck.collectors.catalogue import collectors
    from cnilcheck.model.evidence import Gap
    from cnilcheck.model.scope import Scope, WebTarget

    base.is_loopback = lambda _: False  # type: ignore[assignment]
    scope = Scope(1, tuple(WebTarget(url) for url in urls))
    with tempfile.NamedTemporaryFile("w+") as lines:
        tools = base.Tools(Path(), scope, base.Journal(lines), scope.limits)  # type: ignore[arg-type]
        begun = time.monotonic()
        collected = collect(scope, collectors(), tools)
        seconds = time.monotonic() - begun
        lines.seek(0)
        requests = sum('"what":"GET' in line.replace(" ", "") for line in lines)
    gaps = sum(
        isinstance(o, Gap) and o.provenance.instrument == "web-exposure"
        for o in collected.observations
    )
    print(seconds, requests / len(urls), gaps, _peak())


def _one(folder: Path, _: int) -> None:
    with sites(folder, 1) as urls:
        seconds, requests, gaps, peak = _child("mannered", *urls)
    print("one host, 10 requests a second, all instruments")
    _told("seconds (under 60)", f"{seconds:.1f}", seconds < _MOST_SECONDS and not gaps)
    _told("requests", f"{requests:.0f}")
    _told("peak MiB (under 150)", f"{peak:.0f}", peak < 150)


def _ten(folder: Path, _: int) -> None:
    with sites(folder, 10) as urls:
        alone = _child("mannered", urls[0])[0]
        seconds, requests, gaps, peak = _child("mannered", *urls)
    print("ten hosts side by side, 10 requests a second each")
    met = seconds <= alone * _HARDLY_MORE and not gaps
    _told(f"seconds (at most {_HARDLY_MORE} x one alone, {alone:.1f})", f"{seconds:.1f}", met)
    _told("requests for each host", f"{requests:.0f}")
    _told("peak MiB (under 150)", f"{peak:.0f}", peak < 150)


def _wordpress(folder: Path, _: int) -> None:
    sys.path.insert(0, str(ROOT / "tests"))
    from collectors.wordpress_lab import wordpress

    with wordpress(folder) as (url, _plugins):
        seconds, requests, gaps, peak = _child("mannered", url)
    print("a real WordPress, 10 requests a second, all instruments")
    _told("seconds (under 60)", f"{seconds:.1f}", seconds < _MOST_SECONDS and not gaps)
    _told("requests", f"{requests:.0f}")
    _told("peak MiB (under 150)", f"{peak:.0f}", peak < 150)


def _two(folder: Path, _: int) -> None:
    with sites(folder, 1) as urls:
        seconds, requests, gaps, _ = _child("mannered", urls[0], f"{urls[0]}contact.html")
    print("two targets of one host, which share its pace")
    _told("seconds", f"{seconds:.1f}")
    _told("gaps (none)", f"{gaps:.0f}", not gaps)
    _told("requests for each target", f"{requests:.0f}")


# Without manners.


def _paths(count: int) -> list[str]:
    return [f"absent-{n}" for n in range(count)]


def _measured(count: int, work: Callable[[], None]) -> None:
    begun, cpu = time.monotonic(), time.process_time()
    work()
    seconds = time.monotonic() - begun
    print(count / seconds, (time.process_time() - cpu) * 1000 / count, seconds, _peak())


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _tools(url: str):  # type: ignore[no-untyped-def]
    from cnilcheck.collectors.base import Journal, Tools
    from cnilcheck.model.scope import Limits, Scope, WebTarget

    limits = Limits(requests_per_host=10**9, requests_per_second=1e9)
    # It lives as long as the process.
    lines = tempfile.TemporaryFile("w")  # noqa: SIM115
    return Tools(Path(), Scope(1, (WebTarget(url),), limits=limits), Journal(lines), limits)


def _transport(url: str, count: str) -> None:
    """Each path asked for once, journaled and counted, as the probes ask."""
    from cnilcheck.collectors.transport import fetch

    tools = _tools(url)
    fetch(tools, url, "speed", url)

    def work() -> None:
        for path in _paths(int(count)):
            fetch(tools, url, "speed", f"{url}{path}")

    _measured(int(count), work)


def _search(url: str, rounds: str) -> None:
    """The whole search of a site, matchers and all, each round from nothing."""
    from cnilcheck.collectors.web_exposure import WebExposure

    def once() -> int:
        tools = _tools(url)
        instrument = WebExposure()
        for task in instrument.tasks(tools.scope):
            list(instrument.observe(task, tools))
        return 10**9 - next(iter(tools._budgets.values())).requests

    asked = once()
    begun, cpu = time.monotonic(), time.process_time()
    total = sum(once() for _ in range(int(rounds)))
    seconds = time.monotonic() - begun
    assert total == asked * int(rounds)
    print(total / seconds, (time.process_time() - cpu) * 1000 / total, seconds, _peak())


def _with_requests(url: str, count: str) -> None:
    import requests

    session = requests.Session()
    session.get(url)

    def work() -> None:
        for path in _paths(int(count)):
            session.get(f"{url}{path}", timeout=5)

    _measured(int(count), work)


def _ffuf(folder: Path, url: str, count: int) -> float | None:
    if shutil.which("ffuf") is None:
        return None
    (folder / "paths.txt").write_text("\n".join(_paths(count)))
    begun = time.monotonic()
    command = ["ffuf", "-s", "-t", "20", "-mc", "200", "-w", str(folder / "paths.txt")]
    subprocess.run([*command, "-u", f"{url}FUZZ"], check=True, capture_output=True)
    return count / (time.monotonic() - begun)


def _lifted(folder: Path, count: int) -> None:
    with sites(folder, 1) as (url,):
        rates = {
            "cnilcheck, one request after another": _child("transport", url, str(count)),
            "cnilcheck, whole searches": _child("search", url, str(max(3, count // 1300))),
            "requests, one session": _child("requests", url, str(count // 4)),
        }
        ffuf = _ffuf(folder, url, count)
    peer = rates["requests, one session"]
    print("manners lifted")
    for name, (rate, cpu, _, peak) in rates.items():
        ours = name.startswith("cnilcheck")
        beside = f" ({rate / peer[0]:.1f} x requests)" if ours else ""
        _told(f"{name}: requests a second{beside}", f"{rate:,.0f}", rate >= 2000 if ours else None)
        _told(f"{name}: CPU ms each", f"{cpu:.2f}", cpu <= 0.4 if ours else None)
        _told(f"{name}: peak MiB", f"{peak:.0f}", peak < 150 if ours else None)
    if ffuf is not None:
        _told("ffuf, 20 connections: requests a second", f"{ffuf:,.0f}")


PARTS: dict[str, Callable[[Path, int], None]] = {
    "one": _one, "ten": _ten, "two": _two, "wordpress": _wordpress, "lifted": _lifted,
}  # fmt: skip
CHILDREN: dict[str, Callable[..., None]] = {
    "mannered": _mannered, "transport": _transport, "search": _search, "requests": _with_requests,
}  # fmt: skip

if __name__ == "__main__":
    main()
