"""The closed words of an audit, spelled the same in code, YAML, command line and reports."""

from __future__ import annotations

from enum import StrEnum


class Lang(StrEnum):
    """A language of the reports."""

    FR = "fr"
    EN = "en"


class Module(StrEnum):
    """One of the five rule modules."""

    HOSTING = "hosting"
    AUTHENTICATION = "authentication"
    CRYPTOGRAPHY = "cryptography"
    LOGGING = "logging"
    EXPOSURE = "exposure"


class Severity(StrEnum):
    """How much harm a failure of the rule can do, from `critical` down to `info`."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    INFO = "info"

    @property
    def rank(self) -> int:
        """0 for `critical`, growing as severity falls."""
        return list(Severity).index(self)


class Profile(StrEnum):
    """Whose numbers the rules judge by; a rule without numbers of a profile keeps ANSSI's."""

    ANSSI = "anssi"
    MOZILLA_INTERMEDIATE = "mozilla-intermediate"
    MOZILLA_MODERN = "mozilla-modern"
    RIE_V2_DRAFT = "rie-v2-draft"


class Outcome(StrEnum):
    """What a finding says."""

    PASS = "pass"
    FAIL = "fail"
    NOT_APPLICABLE = "not_applicable"
    INCONCLUSIVE = "inconclusive"


class Binding(StrEnum):
    """How far a requirement binds; only the first two are obligations."""

    LAW = "law"
    BINDING_FRAMEWORK = "binding_framework"
    CNIL_RECOMMENDATION = "cnil_recommendation"
    ANSSI_GUIDE = "anssi_guide"
    INDUSTRY = "industry"


class Method(StrEnum):
    """How a fact was obtained, in the words of NIST SP 800-53A."""

    TEST = "test"
    EXAMINE = "examine"
    INTERVIEW = "interview"


class GapReason(StrEnum):
    """Why a fact is missing."""

    NOT_GIVEN = "not_given"
    UNREACHABLE = "unreachable"
    REFUSED = "refused"
    TIMED_OUT = "timed_out"
    NOT_READABLE = "not_readable"
    MALFORMED = "malformed"
    NOT_PERMITTED = "not_permitted"
    BUDGET_SPENT = "budget_spent"
    INSTRUMENT_MISSING = "instrument_missing"
    INSTRUMENT_FAILED = "instrument_failed"
    NOT_OBSERVED = "not_observed"
    INTERRUPTED = "interrupted"


class Audience(StrEnum):
    """Who can answer an open question."""

    HOST = "host"
    DEVELOPER = "developer"
    PHARMACIST = "pharmacist"
    DPO = "dpo"


class Role(StrEnum):
    """The organisation's role under article 4 GDPR."""

    CONTROLLER = "controller"
    PROCESSOR = "processor"


class HealthData(StrEnum):
    """Whose health data the deployment holds."""

    NONE = "none"
    OWN_PATIENTS = "own_patients"
    THIRD_PARTY = "third_party"


class LogClass(StrEnum):
    """What a log is for; the class decides its retention (CNIL 2021-122, ANS FAQ)."""

    TECHNICAL = "technical"
    APPLICATION_ACCESS = "application_access"
    SECURITY = "security"


class AccountClass(StrEnum):
    """Whose accounts a policy is for."""

    USERS = "users"
    STAFF = "staff"
    ADMINISTRATORS = "administrators"
