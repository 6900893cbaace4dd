"""Real name servers on loopback: knot for what zones can hold, dnsmasq for a resolver's manners."""

from __future__ import annotations

import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import dns.exception
import dns.message
import dns.query

_LONG = " ".join(f'"v=none {n:03d} {"x" * 200}"' for n in range(12))
ZONES = {
    "pharmacie.test": f"""
        @ 60 SOA ns1 admin 1 60 60 60 60
        @ 60 NS ns1
        @ 60 NS dns.ovh.net.
        @ 60 MX 10 mx1
        @ 60 MX 20 mail.protection.outlook.com.
        @ 60 TXT "v=spf1 include:_spf.exemple.test a:envoi.pharmacie.test include:%{{i}}.x -all"
        @ 60 CAA 0 issue "letsencrypt.org"
        ns1 60 A 127.0.0.1
        mx1 60 A 51.91.0.0
        www 60 CNAME domain.parhds.clever-cloud.com.
        mixed 60 A 51.91.0.0
        mixed 60 A 76.76.21.0
        mixed 60 A 10.0.0.8
        mixed 60 AAAA 2001:41d0::
        six 60 AAAA 2001:41d0::
        empty 60 TXT "nothing else"
        ring1 60 CNAME ring2
        ring2 60 CNAME ring3
        ring3 60 CNAME ring1
        self 60 CNAME self
        long0 60 CNAME long1
        {" ".join(f"{chr(10)}long{n} 60 CNAME long{n + 1}" for n in range(1, 40))}
        dead 60 A 51.91.0.9
        liar 60 A 51.91.0.10
        honest 60 A 51.91.0.11
        large 60 TXT {_LONG}
    """,
    "exemple.test": """
        @ 60 SOA ns1.pharmacie.test. admin 1 60 60 60 60
        @ 60 NS ns1.pharmacie.test.
        _spf 60 TXT "v=spf1 include:_spf.google.com include:_spf.exemple.test ~all"
    """,
    "google.com": """
        @ 60 SOA ns1.pharmacie.test. admin 1 60 60 60 60
        @ 60 NS ns1.pharmacie.test.
        _spf 60 TXT "v=spf1 -all"
    """,
    "clever-cloud.com": """
        @ 60 SOA ns1.pharmacie.test. admin 1 60 60 60 60
        @ 60 NS ns1.pharmacie.test.
        domain.parhds 60 A 91.208.207.214
    """,
    "ovh.net": """
        @ 60 SOA ns1.pharmacie.test. admin 1 60 60 60 60
        @ 60 NS ns1.pharmacie.test.
        vps-1.vps 60 A 51.91.0.11
        vps-2.vps 60 A 51.91.0.99
        dns 60 A 213.186.33.99
    """,
    "0.91.51.in-addr.arpa": """
        @ 60 SOA ns1.pharmacie.test. admin 1 60 60 60 60
        @ 60 NS ns1.pharmacie.test.
        9 60 PTR gone.pharmacie.test.
        10 60 PTR vps-2.vps.ovh.net.
        11 60 PTR vps-1.vps.ovh.net.
    """,
    "asn.cymru.com": """
        @ 60 SOA ns1.pharmacie.test. admin 1 60 60 60 60
        @ 60 NS ns1.pharmacie.test.
        0.0.91.51.origin 60 TXT "16276 | 51.91.0.0/16 | FR | ripencc | 2017-11-20"
        11.0.91.51.origin 60 TXT "64511 | 51.91.0.0/16 | FR | ripencc | 2017-11-20"
        AS16276 60 TXT "16276 | FR | ripencc | 2001-02-15 | OVH, FR"
    """,
}


def free_port() -> int:
    """Return a port free for UDP and TCP on this machine a moment ago."""
    for _ in range(50):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp, socket.socket() as tcp:
            udp.bind(("127.0.0.1", 0))
            with suppress(OSError):
                tcp.bind(udp.getsockname())
                return int(udp.getsockname()[1])
    raise OSError("no free port")


@contextmanager
def knot(folder: Path) -> Iterator[str]:
    """Run knot with the zones; the value is its address, as a scope writes it."""
    port, lines = free_port(), []
    for name, text in ZONES.items():
        rows = "\n".join(line.strip() for line in text.strip().splitlines() if line.strip())
        (folder / f"{name}.zone").write_text(f"$ORIGIN {name}.\n{rows}\n")
        lines.append(f"  - domain: {name}\n    file: {name}.zone\n    semantic-checks: off\n")
    settings = (
        f"server:\n  rundir: {folder}\n  listen: 127.0.0.1@{port}\n"
        f"database:\n  storage: {folder}/db\n"
        f"template:\n  - id: default\n    storage: {folder}\n    journal-content: none\n"
        f"    zonefile-load: whole\nzone:\n{''.join(lines)}"
    )
    (folder / "knot.conf").write_text(settings)
    program = shutil.which("knotd") or "/usr/sbin/knotd"
    with running([program, "-c", str(folder / "knot.conf")], port, "pharmacie.test"):
        yield f"127.0.0.1:{port}"


@contextmanager
def dnsmasq(*options: str) -> Iterator[str]:
    """Run dnsmasq with those records and nobody above it."""
    port = free_port()
    program = shutil.which("dnsmasq") or "/usr/sbin/dnsmasq"
    command = [
        program, "--keep-in-foreground", "--conf-file=/dev/null", "--no-resolv", "--no-hosts",
        "--pid-file", "--user=root", "--bind-interfaces", "--listen-address=127.0.0.1",
        f"--port={port}", "--host-record=ready.test,127.0.0.1", *options,
    ]  # fmt: skip
    with running(command, port, "ready.test"):
        yield f"127.0.0.1:{port}"


@contextmanager
def running(command: list[str], port: int, name: str) -> Iterator[None]:
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as server:
        try:
            until = time.monotonic() + 10
            query = dns.message.make_query(name, "A")
            while True:
                with suppress(dns.exception.DNSException, OSError):
                    if dns.query.udp(query, "127.0.0.1", 0.2, port).rcode() == 0:
                        break
                if server.poll() is not None or time.monotonic() > until:
                    server.kill()
                    said = server.stderr.read().decode() if server.stderr else ""
                    raise OSError(f"{command[0]} does not answer: {said[-500:]}")
                time.sleep(0.02)
            yield
        finally:
            server.terminate()


@contextmanager
def answering(answer: Callable[[bytes], list[bytes]]) -> Iterator[str]:
    """Run a server that sends whatever `answer` makes of each question, over UDP."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.bind(("127.0.0.1", 0))
        udp.settimeout(0.1)
        stop = threading.Event()

        def serve() -> None:
            while not stop.is_set():
                with suppress(TimeoutError):
                    question, sender = udp.recvfrom(4096)
                    for reply in answer(question):
                        udp.sendto(reply, sender)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield f"127.0.0.1:{udp.getsockname()[1]}"
        finally:
            stop.set()
            thread.join(2)
