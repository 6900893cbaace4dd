"""`cnilcheck demo`: a replica on loopback, audited as any deployment would be."""

from __future__ import annotations

import datetime as dt
import sys
import tempfile
import threading
from pathlib import Path

from cnilcheck.cli.run import ScopeText, Telling, conclude, observe
from cnilcheck.cli.words import say
from cnilcheck.documents.scope import read_scope
from cnilcheck.model.summary import ExitCode

# The same from run to run, so that two audits of the replica can be compared.
_PORTS = (18443, 18080, 15432)


def run_demo(mended: bool, out: Path, force: bool, telling: Telling) -> ExitCode:
    """Start the replica, audit it, stop it, and return the exit code of its audit."""
    from cnilcheck.replica import Replica

    today = dt.date.today()
    with tempfile.TemporaryDirectory(prefix="cnilcheck-") as place:
        with Replica(Path(place), mended, today, _PORTS) as replica:
            if not telling.quiet:
                print(_introduction(mended), file=sys.stderr)
            scope = read_scope(replica.scope_path, today)
            written = replica.scope_path.read_bytes()
            folder, collected = observe(
                scope, Path(place), written, out, force=force, telling=telling
            )
        return conclude(folder, scope, collected, today, telling, ScopeText(written=written))


def serve_demo(mended: bool) -> None:
    """Leave the replica on until Ctrl-C, and say how to scan it from another terminal."""
    from cnilcheck.replica import Replica

    with (
        tempfile.TemporaryDirectory(prefix="cnilcheck-") as place,
        Replica(Path(place), mended, dt.date.today(), _PORTS) as replica,
    ):
        print(_introduction(mended))
        print(f"  {replica.https}\n  {replica.http}")
        print(say("Pour l'auditer, dans un autre terminal :", "To audit it, in another terminal:"))
        print(f"  cnilcheck scan --scope {replica.scope_path} --out audit-demo", flush=True)
        print(say("Ctrl-C pour l'arrêter.", "Ctrl-C to stop it."), flush=True)
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            print(say("Arrêtée.", "Stopped."))


def _introduction(mended: bool) -> str:
    if mended:
        return say(
            "Réplique corrigée, sur 127.0.0.1. Les personnes et les entreprises sont inventées.",
            "Mended replica, on 127.0.0.1. The people and companies are invented.",
        )
    return say(
        "Réplique inspirée des constats de la mise en demeure MED-2021-093, sur 127.0.0.1.\n"
        "Les personnes, les entreprises et les détails sont inventés.",
        "Replica inspired by the findings of the formal notice MED-2021-093, on 127.0.0.1.\n"
        "The people, companies and details are invented.",
    )
