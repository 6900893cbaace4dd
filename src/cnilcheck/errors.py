"""Every exception of cnilcheck, as a tree; each says what a person can do.

CnilcheckError
├── UsageError                ends the run: one line, exit code 2
│   ├── ScopeError            the scope file, or what it allows
│   ├── RuleError             a rule file or a table
│   ├── EvidenceError         a stored evidence.json
│   ├── AuditFolderError      the folder an audit is written to
│   └── DossierError          a dossier cannot be made, or is not what its seals say
│       └── ToolMissing       a program that makes or checks a seal is not on this machine
└── CollectionError           one fact could not be observed: becomes a gap
    ├── Unreachable           nothing answers there
    ├── Refused               something answers, and declines
    ├── TimedOut              no complete answer in time
    ├── NotReadable           a file is absent, or may not be read
    ├── Malformed             the answer or the file is not what it should be
    ├── NotPermitted          outside the scope, or not consented
    ├── BudgetSpent           the request budget of the host is used up
    ├── InstrumentMissing     a program or library is not on this machine
    └── Interrupted           the operator stopped the audit
"""

from __future__ import annotations

from typing import ClassVar

from cnilcheck.model.words import GapReason


class CnilcheckError(Exception):
    """Any error that cnilcheck raises on purpose."""


class UsageError(CnilcheckError):
    """The command, the scope or a rule is wrong: nothing was contacted, nothing overwritten."""

    def __init__(self, message: str, advice: str = "") -> None:
        super().__init__(f"{message} ({advice})" if advice else message)


class ScopeError(UsageError):
    """The scope file cannot be used; the message names the file and the field."""


class RuleError(UsageError):
    """A rule file or table cannot be used; the message begins with the file."""


class EvidenceError(UsageError):
    """A stored evidence file cannot be judged."""


class AuditFolderError(UsageError):
    """The audit folder cannot be written to, or already holds an audit."""


class DossierError(UsageError):
    """A dossier cannot be made or read; or a signature or a time stamp is not what it should be."""


class ToolMissing(DossierError):
    """A program that makes or checks a seal is not installed."""


class CollectionError(CnilcheckError):
    """One fact could not be observed; `reason` is what the gap will say."""

    reason: ClassVar[GapReason] = GapReason.INSTRUMENT_FAILED


class Unreachable(CollectionError):
    """Nothing answers at that address, or the name does not resolve."""

    reason = GapReason.UNREACHABLE


class Refused(CollectionError):
    """Something answers, and declines (403, 429, TLS alert, authentication required)."""

    reason = GapReason.REFUSED


class TimedOut(CollectionError):
    """No complete answer came before the deadline."""

    reason = GapReason.TIMED_OUT


class NotReadable(CollectionError):
    """A file of the scope is absent, or the operator may not read it."""

    reason = GapReason.NOT_READABLE


class Malformed(CollectionError):
    """The answer or the file is not what its protocol or format says."""

    reason = GapReason.MALFORMED


class NotPermitted(CollectionError):
    """The request would leave the scope, or needs a consent that was not given."""

    reason = GapReason.NOT_PERMITTED


class BudgetSpent(CollectionError):
    """The request budget of that host is used up."""

    reason = GapReason.BUDGET_SPENT


class InstrumentMissing(CollectionError):
    """A program or library this instrument needs is not on this machine."""

    reason = GapReason.INSTRUMENT_MISSING


class Interrupted(CollectionError):
    """The operator stopped the audit before this was observed."""

    reason = GapReason.INTERRUPTED
