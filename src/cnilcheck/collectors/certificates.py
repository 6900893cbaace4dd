"""Certificates, known implementation flaws, and how sessions are taken up again.

The certificate comes from our own survey, from sslyze where TLS 1.3 hides it, from Python's `ssl`
where sslyze cannot: a weak server never ends without a result.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from cnilcheck import __version__
from cnilcheck.collectors.addresses import addresses
from cnilcheck.collectors.base import Missing, Seen, Sighting, Task, Tools
from cnilcheck.collectors.chains import Authorities, authorities_of, parse, sightings
from cnilcheck.collectors.client_hello import Survey
from cnilcheck.collectors.handshake import longest_ticket, shake
from cnilcheck.collectors.listeners import Listener, tls_tasks
from cnilcheck.collectors.sslyze_child import SslyzeChild, sslyze_child
from cnilcheck.collectors.starttls import Protocol
from cnilcheck.collectors.tls_names import Version
from cnilcheck.collectors.tls_survey import survey_of
from cnilcheck.errors import CollectionError, InstrumentMissing, Malformed, Refused
from cnilcheck.model.facts import (
    CertificateChain,
    CertificateDates,
    CertificateKey,
    CertificateNames,
    CertificateRevocation,
    CertificateSerial,
    CertificateUsage,
    TlsFlaw,
    TlsResumption,
)
from cnilcheck.model.personal_data import printable
from cnilcheck.model.scope import Scope
from cnilcheck.model.words import Method

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

_OF_A_CERTIFICATE = (
    CertificateChain, CertificateNames, CertificateDates, CertificateKey, CertificateUsage,
    CertificateSerial, CertificateRevocation,
)  # fmt: skip
_CONNECTIONS = 18
"""What one scan by sslyze costs a server, as counted on a clean one."""
_MOST_LEAVES = 4
_SSLYZE_NAMES: dict[Protocol | None, str | None] = {
    None: None, Protocol.SMTP: "SMTP", Protocol.IMAP: "IMAP", Protocol.POP3: "POP3",
    Protocol.FTP: "FTP", Protocol.LDAP: "LDAP", Protocol.XMPP: "XMPP",
    Protocol.POSTGRESQL: "POSTGRES",
}  # fmt: skip
_NO_HTTP = frozenset({
    465, 563, 636, 853, 989, 990, 992, 993, 994, 995, 3269, 5061, 5223, 5671, 6514, 8883,
})  # fmt: skip
"""Ports that speak TLS and something else than HTTP: IANA's registry of port numbers."""
_Found: TypeAlias = dict[str, Any] | CollectionError


class Certificates:
    """Looks at every leaf certificate, has sslyze test for flaws, and finishes one handshake."""

    name = "tls-certificates"
    method = Method.TEST
    yields = (*_OF_A_CERTIFICATE, TlsFlaw, TlsResumption)
    asks = "targets[].url, targets[].tls"

    def version(self) -> str:
        """Return cnilcheck's own version and that of sslyze, which tests for the flaws."""
        return f"{__version__} (sslyze {_sslyze_version()})"

    def tasks(self, scope: Scope) -> tuple[Task, ...]:
        """Return each TLS listener once."""
        return tls_tasks(scope)

    def observe(self, task: Task, tools: Tools) -> Iterator[Sighting]:
        """Yield each leaf certificate's facts, one fact for each flaw, then the resumption."""
        child = sslyze_child(tools)
        if task.subject.protocol in _SSLYZE_NAMES:
            child.start()
        survey = survey_of(task, tools)
        if not survey.answered:
            raise Refused(f"{task.location}: declines every version that was offered")
        found = _scan(task, survey, child, tools)
        told = str(found) if isinstance(found, CollectionError) else "completed"
        tools.journal.write(task.target, self.name, "certificate and flaws, by sslyze", told)
        yield from _certificates(task, survey, found, tools)
        yield from _flaws(task.location, survey, found)
        yield Seen(task.location, _resumption(task.subject, survey, found, tools))


@cache
def _sslyze_version() -> str:
    from importlib.metadata import version

    return version("sslyze")


def _scan(task: Task, survey: Survey, child: SslyzeChild, tools: Tools) -> _Found:
    listener: Listener = task.subject
    if listener.protocol not in _SSLYZE_NAMES:
        return InstrumentMissing(f"{listener.spelling}: sslyze does not speak {listener.protocol}")
    try:
        address = addresses(tools, listener.host)[0]
    except CollectionError as problem:
        return problem
    question = {
        "host": listener.host,
        "address": address,
        "port": listener.port,
        "starttls": _SSLYZE_NAMES[listener.protocol],
        # sslyze asks for a web page to see whether early data are taken.
        "early_data": Version.TLS_1_3 in survey.answered and _speaks_http(listener),
        "chains": not survey.certificate_chains_der,
    }
    try:
        for _ in range(_CONNECTIONS):
            tools.spend(listener.host)
        found = child.scan(question)
    except CollectionError as problem:
        return problem
    if "error" in found:
        return Refused(f"sslyze could not scan this server: {printable(found['error'], 120)}")
    return found


def _speaks_http(listener: Listener) -> bool:
    return listener.protocol is None and listener.port not in _NO_HTTP


# Certificates.


def _certificates(task: Task, survey: Survey, found: _Found, tools: Tools) -> Iterator[Sighting]:
    known = {} if isinstance(found, CollectionError) else found
    stapled = survey.stapled if survey.certificate_chains_der else known.get("stapled")
    listener: Listener = task.subject
    paths = [tools.path(path) for path in tools.scope.sources.authorities]

    def authorities() -> Authorities:
        return authorities_of(paths)

    try:
        shown, whole = _shown(listener, survey, known, tools)
    except CollectionError as problem:
        reason = found if isinstance(found, CollectionError) else problem
        yield from (Missing(task.location, kind, reason) for kind in _OF_A_CERTIFICATE)
        return
    for place, chain in _places(task.location, shown):
        for sighting in sightings(place, chain, listener.host, stapled, authorities):
            yield sighting if whole else _unless_incomplete(sighting)
    # Browsers always name the server; mail clients and databases often do not.
    nameless = survey.chain_without_name_der or _der(known.get("without_name") or ())
    if listener.protocol is not None and nameless and listener.server_name is not None:
        chain = parse(nameless)
        if all(chain[0] != other[0] for other in shown):
            place = f"{task.location} without SNI"
            yield from sightings(place, chain, listener.host, stapled, authorities)


def _shown(
    listener: Listener, survey: Survey, known: dict[str, Any], tools: Tools
) -> tuple[list[tuple[Certificate, ...]], bool]:
    """Return the distinct chains, and whether they are whole; raises CollectionError for none."""
    chains = list(survey.certificate_chains_der)
    chains = chains or [_der(pems) for pems in known.get("chains", ())]
    if chains:
        return [parse(chain) for chain in chains[:_MOST_LEAVES]], True
    if Version.TLS_1_3 not in survey.answered:
        raise Malformed(f"{listener.spelling}: no certificate was shown")
    return [parse([shake(listener, ssl.TLSVersion.TLSv1_3, tools).leaf_der])], False


def _der(pems: Sequence[str]) -> tuple[bytes, ...]:
    try:
        return tuple(ssl.PEM_cert_to_DER_cert(pem) for pem in pems)
    except ValueError:
        return ()


def _places(
    location: str, shown: Sequence[tuple[Certificate, ...]]
) -> Iterator[tuple[str, tuple[Certificate, ...]]]:
    """Yield each chain with its place: the kind of its key beside the address, if several."""
    seen: dict[str, int] = {}
    for chain in shown:
        kind = _kind(chain[0])
        seen[kind] = seen.get(kind, 0) + 1
        again = f" {seen[kind]}" if seen[kind] > 1 else ""
        yield (f"{location} {kind}{again}" if len(shown) > 1 else location), chain


def _kind(leaf: Certificate) -> str:
    name = leaf.public_key_algorithm_oid._name
    kinds = {"rsaEncryption": "RSA", "id-ecPublicKey": "ECDSA", "ed25519": "Ed25519"}
    return kinds.get(name, printable(name, 20))


def _unless_incomplete(sighting: Sighting) -> Sighting:
    """Return the sighting, unless it is about certificates that could not be seen."""
    match sighting:
        case Seen(location, CertificateChain(validation="incomplete")):
            reason = "TLS 1.3 hides all but the first certificate from this Python"
            return Missing(location, CertificateChain, InstrumentMissing(reason))
        case _:
            return sighting


# Flaws.

_FLAW: TypeAlias = Literal[
    "Heartbleed", "early CCS", "ROBOT", "TLS compression", "client-initiated renegotiation",
    "insecure renegotiation",
]  # fmt: skip


def _flaws(location: str, survey: Survey, found: _Found) -> Iterator[Sighting]:
    tests: tuple[tuple[_FLAW, bool | CollectionError], ...] = (
        ("Heartbleed", _answer(found, "HEARTBLEED")),
        ("early CCS", _answer(found, "OPENSSL_CCS_INJECTION")),
        ("ROBOT", _answer(found, "ROBOT") if _transports_keys(survey) else False),
        ("TLS compression", _of_old_versions(survey, survey.compression)),
        ("client-initiated renegotiation", _renegotiation(survey, found)),
        ("insecure renegotiation", _of_old_versions(survey, _negated(survey.secure_renegotiation))),
    )
    for name, present in tests:
        place = f"{location} {name}"
        if isinstance(present, CollectionError):
            yield Missing(place, TlsFlaw, present)
        else:
            yield Seen(place, TlsFlaw(name, present))


def _answer(found: _Found, command: str) -> bool | CollectionError:
    if isinstance(found, CollectionError):
        return found
    match found.get(command):
        case bool(value):
            return value
        case str(words):
            return Refused(f"sslyze: {printable(words, 120)}")
        case _:
            return Refused("sslyze: no clear answer")


def _transports_keys(survey: Survey) -> bool:
    """Return whether a suite with RSA key transport was accepted, which ROBOT needs."""
    return any(s.key_exchange.startswith("RSA") for found in survey.suites for s in found.suites)


def _of_old_versions(survey: Survey, present: bool | None) -> bool | CollectionError:
    """Return what was seen of a flaw that TLS 1.3 cannot have."""
    if set(survey.answered) == {Version.TLS_1_3}:
        return False
    return Refused("the server's answers do not tell") if present is None else present


def _negated(value: bool | None) -> bool | None:
    return None if value is None else not value


def _renegotiation(survey: Survey, found: _Found) -> bool | CollectionError:
    if set(survey.answered) == {Version.TLS_1_3}:
        return False
    if not isinstance(found, CollectionError):
        match found.get("SESSION_RENEGOTIATION"):
            case [bool(value), _]:
                return value
    return _answer(found, "SESSION_RENEGOTIATION")


def _resumption(listener: Listener, survey: Survey, found: _Found, tools: Tools) -> TlsResumption:
    """Return the longest ticket of a finished handshake, and whether early data are taken."""
    modern, classic = Version.TLS_1_3 in survey.answered, Version.TLS_1_2 in survey.answered
    versions = [ssl.TLSVersion.TLSv1_2] if classic and survey.session_ticket is not False else []
    versions += [ssl.TLSVersion.TLSv1_3] if modern else []
    older = [v for v in survey.answered if v not in (Version.TLS_1_2, Version.TLS_1_3)]
    unasked = bool(older) and not classic and survey.session_ticket is not False
    seconds = longest_ticket(listener, versions, tools) if versions else None if unasked else 0
    early: bool | None = False
    if modern:
        answer = _answer(found, "TLS_1_3_EARLY_DATA")
        early = None if isinstance(answer, CollectionError) else answer
    return TlsResumption(seconds, early)
