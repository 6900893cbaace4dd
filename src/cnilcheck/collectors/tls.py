"""What a listener accepts: versions, suites, groups and features, by bare ClientHellos."""

from __future__ import annotations

from collections.abc import Iterator

from cnilcheck import __version__
from cnilcheck.collectors.base import Missing, Seen, Sighting, Task, Tools
from cnilcheck.collectors.client_hello import (
    Accepted,
    DhParameters,
    Refused,
    Survey,
    Undetermined,
)
from cnilcheck.collectors.listeners import tls_tasks
from cnilcheck.collectors.tls_names import Version
from cnilcheck.collectors.tls_survey import survey_of
from cnilcheck.errors import Malformed
from cnilcheck.model.facts import (
    SharedPrime,
    Suite,
    TlsFeatures,
    TlsKeyExchange,
    TlsProtocols,
    TlsSuites,
)
from cnilcheck.model.scope import Scope
from cnilcheck.model.words import Method


class TlsListener:
    """Offers all, takes away what the server chose, stops at the refusal: few connections."""

    name = "tls-listener"
    method = Method.TEST
    yields = (TlsProtocols, TlsSuites, TlsKeyExchange, TlsFeatures)
    asks = "targets[].url, targets[].tls"

    def version(self) -> str:
        """Return cnilcheck's own version: no library is needed to read a ServerHello."""
        return __version__

    def tasks(self, scope: Scope) -> tuple[Task, ...]:
        """Return each TLS listener once."""
        return tls_tasks(scope)

    def observe(self, task: Task, tools: Tools) -> Iterator[Sighting]:
        """Yield versions, suites, groups and features the listener accepts."""
        survey = survey_of(task, tools)
        yield Seen(task.location, _protocols(survey))
        yield from _details(survey, task.location)


def _protocols(survey: Survey) -> TlsProtocols:
    accepted, refused, undetermined = [], [], []
    for result in survey.protocols:
        match result:
            case Accepted(version=version):
                accepted.append(version.value)
            case Undetermined(version=version) if version in survey.answered:
                accepted.append(version.value)
            case Undetermined(version=version):
                undetermined.append(version.value)
            case Refused(version=version):
                refused.append(version.value)
    return TlsProtocols(tuple(accepted), tuple(refused), tuple(undetermined))


def _details(survey: Survey, location: str) -> Iterator[Sighting]:
    suites = tuple(
        Suite(
            found.version.value, suite.name, suite.key_exchange, suite.authentication,
            suite.cipher, suite.bits, suite.mode, suite.mac,
        )
        for found in survey.suites
        for suite in found.suites
    )  # fmt: skip
    if not suites:
        for kind in (TlsSuites, TlsKeyExchange, TlsFeatures):
            yield Missing(location, kind, Malformed(f"{location}: no suite was accepted"))
        return
    yield Seen(location, TlsSuites(suites, survey.encrypt_then_mac))
    groups = tuple(dict.fromkeys(g.name for found in survey.groups for g in found.groups))
    sizes = tuple(sorted({parameters.bits for parameters in survey.dh}))
    broken_off = any(found.broken_off for found in survey.groups)
    yield Seen(location, TlsKeyExchange(groups, sizes, _shared(survey.dh), not broken_off))
    yield Seen(location, _features(survey))


def _shared(parameters: tuple[DhParameters, ...]) -> tuple[SharedPrime, ...]:
    return tuple(SharedPrime(dh.name, dh.bits) for dh in parameters if dh.name is not None)


def _features(survey: Survey) -> TlsFeatures:
    preferences = [found.server_preference for found in survey.suites]
    known = [preference for preference in preferences if preference is not None]
    values = {
        "extended_master_secret": survey.extended_master_secret,
        "encrypt_then_mac": survey.encrypt_then_mac,
        "fallback_scsv": survey.fallback_scsv,
        "server_preference": all(known) if known else None,
    }
    expected = _expected(survey)
    unsaid = tuple(name for name, value in values.items() if value is None and name in expected)
    return TlsFeatures(**values, undetermined=unsaid)


def _expected(survey: Survey) -> set[str]:
    """Return the features the accepted versions and suites could have told about."""
    modern = (Version.TLS_1_0, Version.TLS_1_1, Version.TLS_1_2)
    classic = [found for found in survey.suites if found.version in modern]
    spoken = [found for found in survey.suites if found.version is not Version.SSL_2_0]
    expected = {"extended_master_secret"} if classic else set()
    if any(suite.mode == "CBC" for found in classic for suite in found.suites):
        expected.add("encrypt_then_mac")
    if len(spoken) > 1:
        expected.add("fallback_scsv")
    if any(len(found.suites) > 1 for found in spoken):
        expected.add("server_preference")
    return expected
