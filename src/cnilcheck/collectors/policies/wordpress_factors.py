"""Whether WordPress's administrators have a second factor, from the users' settings in a dump."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from cnilcheck.collectors.base import Seen
from cnilcheck.model.facts import AccountPolicy
from cnilcheck.model.scope import Factor
from cnilcheck.model.words import AccountClass

TWO_FACTOR = "_two_factor_enabled_providers"
_CAPABILITIES = re.compile(r"^\w{0,60}capabilities$")
_ADMINISTRATOR = re.compile(r'"administrator";b:1')
# The plugin "Two Factor"; its backup codes stand in for the factor, and are none by themselves.
_PROVIDERS: tuple[tuple[str, Factor], ...] = (
    ("Two_Factor_Totp", "totp"),
    ("Two_Factor_FIDO_U2F", "passkey"),
    ("Two_Factor_WebAuthn", "passkey"),
    ("Two_Factor_Email", "email"),
)
_MOST = 100_000


@dataclass
class SecondFactors:
    """The providers the plugin "Two Factor" keeps for each user, and who administers."""

    administrators: set[str] = field(default_factory=set)
    providers: dict[str, tuple[Factor, ...]] = field(default_factory=dict)

    def take(self, cells: Mapping[str, str | None]) -> None:
        """Take in one row of the users' settings."""
        user, key = cells.get("user_id") or "", cells.get("meta_key") or ""
        value = cells.get("meta_value") or ""
        if len(self.providers) > _MOST:
            return
        if key == TWO_FACTOR:
            self.providers[user] = tuple(f for name, f in _PROVIDERS if f'"{name}"' in value)
        elif _CAPABILITIES.match(key) and _ADMINISTRATOR.search(value):
            self.administrators.add(user)

    def told(self, path: str) -> Iterator[Seen]:
        """Yield what every administrator is asked for; nothing where the plugin is not used."""
        if not self.administrators or not self.providers:
            return
        each = [self.providers.get(user, ()) for user in self.administrators]
        weakest = min(each, key=_strength)
        # Any of a person's providers opens the account: the weaker ones count.
        factors: tuple[Factor, ...] = ("password", *weakest)
        fact = AccountPolicy(AccountClass.ADMINISTRATORS, product="WordPress", factors=factors)
        yield Seen(f"{path} (administrators)", fact)


def _strength(factors: tuple[Factor, ...]) -> int:
    return 0 if not factors else 1 if "email" in factors else 2
