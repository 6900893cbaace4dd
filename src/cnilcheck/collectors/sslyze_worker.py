"""The child process in which sslyze works: a line of JSON in, a line of JSON out.

The only file that knows sslyze. What the audited server sends is handled here by nassl's C code, so
nothing of the audit's own lives in this process, and its answers are data, never objects.
"""

from __future__ import annotations

import json
import sys
import threading
import warnings
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import IO, Any

_COMMANDS = ("HEARTBLEED", "OPENSSL_CCS_INJECTION", "ROBOT", "SESSION_RENEGOTIATION")
_CHAINS, _EARLY_DATA = "CERTIFICATE_INFO", "TLS_1_3_EARLY_DATA"
_WIDTH = 6
"""Connections open at once to one server."""
_TIMEOUT = 3
"""Seconds waited for one answer of a server; sslyze counts in whole ones."""


def serve(questions: IO[str], answers: IO[str]) -> None:
    """Answer each question in a thread of its own, in the order they end, until there is no more.

    A question is `{id, host, port, starttls, early_data, chains}`; its answer `{id, error}` or
    `{id, found: {...}}`.
    """
    # sslyze's own trust stores hold roots that `cryptography` warns about on each load.
    warnings.filterwarnings("ignore")
    import sslyze  # noqa: F401

    lock = threading.Lock()

    def answer(number: int, future: Future[dict[str, Any]]) -> None:
        error = future.exception()
        told = {"error": _told(error)} if error else {"found": future.result()}
        with lock:
            answers.write(json.dumps({"id": number} | told) + "\n")
            answers.flush()

    with ThreadPoolExecutor(max_workers=8) as pool:
        for line in questions:
            question = json.loads(line)
            future = pool.submit(scan, question)
            future.add_done_callback(lambda f, n=question["id"]: answer(n, f))  # type: ignore[misc]


def _told(error: BaseException) -> str:
    message = getattr(error, "error_message", "") or str(error)
    return f"{type(error).__name__}: {message}"[:300]


def scan(question: Mapping[str, Any]) -> dict[str, Any]:
    """Return what sslyze found: by command True, False, None, or the error in words."""
    from sslyze import ScanCommand, ServerNetworkLocation
    from sslyze.plugins.plugin_base import ScanJobResult
    from sslyze.plugins.scan_commands import ScanCommandsRepository
    from sslyze.server_connectivity import ServerConnectivityInfo, check_connectivity_to_server

    location = ServerNetworkLocation(question["host"], question["port"], question["address"])
    network = _network(question)
    probed = check_connectivity_to_server(location, network)
    server = ServerConnectivityInfo(location, network, probed)
    names = [*_COMMANDS]
    names += [_EARLY_DATA] if question["early_data"] else []
    names += [_CHAINS] if question["chains"] else []
    found: dict[str, Any] = {"client_certificate": probed.client_auth_requirement.value}
    with ThreadPoolExecutor(max_workers=_WIDTH) as pool:
        running = []
        for name in names:
            command = ScanCommandsRepository.get_implementation_cls(ScanCommand[name])
            jobs = command.scan_jobs_for_scan_command(server)
            futures = [pool.submit(job.function_to_call, *job.function_arguments) for job in jobs]
            running.append((name, command, futures))
        for name, command, futures in running:
            results = [
                ScanJobResult(None if f.exception() else f.result(), f.exception())  # type: ignore[arg-type]
                for f in futures
            ]
            if name == _CHAINS:
                found |= _chains(futures)
                continue
            combined = pool.submit(command.result_for_completed_scan_jobs, server, results)
            error = combined.exception()
            found[name] = _told(error) if error else _VALUES[name](combined.result())
    return found


def _network(question: Mapping[str, Any]) -> Any:
    from sslyze import ProtocolWithOpportunisticTlsEnum, ServerNetworkConfiguration

    starttls = question["starttls"]
    return ServerNetworkConfiguration(
        tls_server_name_indication=question["host"],
        tls_opportunistic_encryption=(
            ProtocolWithOpportunisticTlsEnum[starttls] if starttls else None
        ),
        network_timeout=_TIMEOUT,
        network_max_retries=2,
    )


def _chains(futures: list[Future[Any]]) -> dict[str, Any]:
    """Return the distinct chains as PEM, and whether a revocation answer came with one."""
    shown = [future.result() for future in futures if future.exception() is None]
    named = [(pems, ocsp) for pems, ocsp, _, with_name in shown if with_name]
    return {
        "chains": list({pems[0]: pems[:12] for pems, _ in named}.values()),
        "stapled": any(ocsp is not None for _, ocsp in named) if named else None,
        "without_name": next((pems[:12] for pems, _, _, named in shown if not named), None),
    }


def _robot(result: Any) -> bool | None:
    answer = result.robot_result.name
    if answer == "UNKNOWN_INCONSISTENT_RESULTS":
        return None
    return bool(answer.startswith("VULNERABLE"))


_VALUES: dict[str, Any] = {
    "HEARTBLEED": lambda r: r.is_vulnerable_to_heartbleed,
    "OPENSSL_CCS_INJECTION": lambda r: r.is_vulnerable_to_ccs_injection,
    "ROBOT": _robot,
    "SESSION_RENEGOTIATION": lambda r: [
        r.is_vulnerable_to_client_renegotiation_dos,
        r.supports_secure_renegotiation,
    ],
    "TLS_1_3_EARLY_DATA": lambda r: r.supports_early_data,
}


def main() -> None:
    """Serve on standard input and output; whatever sslyze prints goes to standard error."""
    answers, sys.stdout = sys.stdout, sys.stderr
    serve(sys.stdin, answers)
