"""`--active`: the consent and the passwords it needs, and how it leaves the test accounts."""

from __future__ import annotations

import datetime as dt
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from cnilcheck.cli.words import say
from cnilcheck.documents.scope import check_consented, lent_accounts, read_secret
from cnilcheck.errors import ScopeError
from cnilcheck.model.evidence import Collected, Evidence
from cnilcheck.model.facts import LentAccountLeft
from cnilcheck.model.scope import Scope

if TYPE_CHECKING:
    from cnilcheck.collectors.base import Passwords


def consented(scope: Scope, base: Path, where: str) -> dict[str, Passwords]:
    """Return the passwords of the lent accounts; raises ScopeError before any contact."""
    from cnilcheck.collectors.base import Passwords

    check_consented(scope, where, dt.date.today())
    found = {}
    for place, target, account in lent_accounts(scope):
        at = f"{where}: {place}"
        other = account.other_password
        second = read_secret(other, base, f"{at}.other_password") if other else None
        first = read_secret(account.password, base, f"{at}.password")
        if first == second:
            raise ScopeError(f"{at}.other_password: is the same as password")
        found[target.spelling] = Passwords(first, second)
    for number, store in enumerate(scope.sources.log_stores):
        if store.authorization is not None:
            place = f"{where}: sources.log_stores[{number}].authorization"
            found[store.url] = Passwords(read_secret(store.authorization, base, place))
    _end_as_interrupted()
    return found


def _end_as_interrupted() -> None:
    """Let a request to terminate end the audit as Ctrl-C does: what was changed is put back."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)


_LEFT = {
    "other": (
        "son mot de passe est maintenant other_password",
        "its password is now other_password",
    ),
    "short": (
        "son mot de passe est maintenant le début d'other_password (7 caractères)",
        "its password is now the beginning of other_password (7 characters)",
    ),
    "unknown": (
        "son mot de passe n'a pas pu être remis : essayer other_password, ou son début "
        "(7 caractères)",
        "its password could not be put back: try other_password, or its beginning (7 characters)",
    ),
}


def say_how_accounts_are_left(collected: Collected) -> None:
    """Print one line for each test account that the audit did not leave as it found it."""
    for observation in collected.observations:
        fact = observation.fact if isinstance(observation, Evidence) else None
        if not isinstance(fact, LentAccountLeft):
            continue
        said = [say(*_LEFT[fact.password])] if fact.password in _LEFT else []
        if fact.may_be_locked:
            said.append(say("il est peut-être bloqué", "it may be locked"))
        if said:
            start = say("Compte d'essai de ", "Test account of ") + observation.target
            print(start + say(" : ", ": ") + " ; ".join(said) + ".", file=sys.stderr)
