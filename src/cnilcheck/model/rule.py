"""A rule: words in two languages, the norm's numbers beside their citation, the check's name."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from msgspec import Struct, field

from cnilcheck.model.facts import Fact
from cnilcheck.model.text import Text
from cnilcheck.model.verdict import Answer, Context
from cnilcheck.model.words import (
    Audience,
    Binding,
    HealthData,
    Module,
    Outcome,
    Profile,
    Role,
    Severity,
)


class Requirement(Struct, frozen=True, forbid_unknown_fields=True):
    """A citation: an entry of tables/sources.yaml, the place in it, how far it binds."""

    source: str
    reference: str | Text
    binding: Binding
    reviewed: dt.date

    @property
    def place(self) -> Text:
        """The place in the source: a number that is the same in both languages, or words."""
        if isinstance(self.reference, Text):
            return self.reference
        return Text(self.reference, self.reference)


class Fix(Struct, frozen=True, forbid_unknown_fields=True):
    """A configuration extract for one product; `code` is the same in both languages."""

    for_: str = field(name="for")
    code: str


class Steps(Struct, frozen=True, forbid_unknown_fields=True):
    """Imperative steps, in order, in both languages."""

    fr: tuple[str, ...]
    en: tuple[str, ...]


class Remediation(Struct, frozen=True, forbid_unknown_fields=True):
    """How to mend: effort in working days, steps, extracts, and how to see that it is mended."""

    days: float
    steps: Steps
    verify: Text
    fixes: tuple[Fix, ...] = ()


class Question(Struct, frozen=True, forbid_unknown_fields=True):
    """The question that stays open when the rule could not be decided, and who can answer it."""

    to: Audience
    fr: str
    en: str

    @property
    def text(self) -> Text:
        """The question in both languages."""
        return Text(self.fr, self.en)


class Says(Struct, frozen=True, forbid_unknown_fields=True):
    """The sentence of each verdict; placeholders are the check's named values."""

    pass_: Text = field(name="pass")
    fail: Text
    not_applicable: Text | None = None
    inconclusive: Text | None = None


class ExampleContext(Struct, frozen=True, forbid_unknown_fields=True):
    """What an example supposes beside its fact."""

    health_data: HealthData | None = HealthData.THIRD_PARTY
    role: Role | None = None
    profile: Profile = Profile.ANSSI


class Example(Struct, frozen=True, forbid_unknown_fields=True):
    """A fact and the outcome the rule must give; run by the tests in both languages."""

    given: dict[str, Any]
    then: Outcome
    as_of: dt.date = dt.date(2026, 11, 22)
    context: ExampleContext = ExampleContext()


class Effective(Struct, frozen=True, forbid_unknown_fields=True):
    """The days a rule of law is in force, both included; None leaves that side open."""

    from_: dt.date | None = field(default=None, name="from")
    until: dt.date | None = None

    def covers(self, day: dt.date) -> bool:
        """Return whether the rule is in force on that day."""
        after = self.from_ is None or day >= self.from_
        return after and (self.until is None or day <= self.until)


class Rule(Struct, frozen=True, forbid_unknown_fields=True):
    """One YAML file below rules/; `id` is the file's name.

    `with` holds ANSSI's numbers; `profiles` what another profile puts in their place. A rule with
    `only_profile` is silent under any other: a draft is judged by on demand only.
    """

    id: str
    module: Module
    weakness: str
    severity: Severity
    title: Text
    rationale: Text
    requirements: tuple[Requirement, ...]
    check: str
    says: Says
    question: Question
    remediation: Remediation
    examples: tuple[Example, ...]
    with_: dict[str, Any] = field(default_factory=dict, name="with")
    profiles: dict[Profile, dict[str, Any]] = field(default_factory=dict)
    effective: Effective = Effective()
    only_profile: Profile | None = None


class Weakness(Struct, frozen=True, forbid_unknown_fields=True):
    """A class of weakness; `decisions` counts the public decisions that name it."""

    id: str
    family: str
    meaning: Text
    decisions: int


class Source(Struct, frozen=True, forbid_unknown_fields=True):
    """A norm that requirements cite."""

    id: str
    title: Text
    published: dt.date | None
    binding: Binding
    url: str = ""


class BoundRule(Struct, frozen=True):
    """A rule with the check it names: the type of fact it judges, and how."""

    rule: Rule
    fact: type[Fact]
    judge: Callable[[Fact, Context], Answer]
