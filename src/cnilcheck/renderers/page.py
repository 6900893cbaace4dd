"""What a page says, in one language and in the order it is told; templates only print it."""

from __future__ import annotations

from dataclasses import dataclass

from cnilcheck.renderers.chart import Chart
from cnilcheck.renderers.proof import Proof


@dataclass(frozen=True)
class Word:
    """A closed word: its key for the style sheet, how it reads, and a shape beside colour."""

    key: str
    name: str
    shape: str = ""


@dataclass(frozen=True)
class Tile:
    """One module on the overview; `state` is mend, open, conform or none."""

    module: str
    subject: str
    state: str
    word: str
    counts: tuple[str, ...]


@dataclass(frozen=True)
class Due:
    """The deadline as said on the first page."""

    on: str
    received: str
    left: str
    late: bool
    extended: bool
    day_off: str


@dataclass(frozen=True)
class Where:
    """A place: the target as the scope spells it, and the exact location in it."""

    target: str
    location: str


@dataclass(frozen=True)
class Waiver:
    """A waiver: whether it holds, in words, until when, by whom, why."""

    said: str
    until: str
    approved_by: str
    reason: str


@dataclass(frozen=True)
class Citation:
    """A requirement with its binding force in words."""

    force: Word
    title: str
    reference: str
    url: str


@dataclass(frozen=True)
class Precedent:
    """What an authority decided about the same weakness; `found` is what it had found."""

    id: str
    said: str
    amount: str
    note: str
    found: tuple[str, ...]
    url: str


@dataclass(frozen=True)
class Sighting:
    """One finding at its place, with what proves it, or where that was shown already."""

    id: str
    where: Where
    sentence: str
    proofs: tuple[Proof, ...]
    proven_at: str
    waiver: Waiver | None
    known: bool = False


@dataclass(frozen=True)
class Urgent:
    """A place where data are readable now, how many more there are, the repair that closes it."""

    id: str
    title: str
    where: Where
    sentence: str
    more: str


@dataclass(frozen=True)
class Fix:
    """A configuration extract for one product; `seen` when the audit saw that product."""

    product: str
    code: str
    seen: bool


@dataclass(frozen=True)
class Repair:
    """All failures of one rule: they are mended together."""

    number: int
    rule: str
    title: str
    severity: Word
    module: str
    days: str
    rationale: str
    citations: tuple[Citation, ...]
    steps: tuple[str, ...]
    fixes: tuple[Fix, ...]
    other_fixes: tuple[Fix, ...]
    verify: str
    sightings: tuple[Sighting, ...]
    proofs_elsewhere: bool
    more_sightings: str
    first_places: tuple[Where, ...]
    more_places: str
    accepted_until: str
    precedents: tuple[Precedent, ...]
    more_precedents: str
    people: str
    begins: str
    ends: str
    fits: bool
    after: tuple[str, ...]

    @property
    def id(self) -> str:
        """The anchor of its first place."""
        return self.sightings[0].id

    @property
    def first_step(self) -> str:
        """What to begin with."""
        return self.steps[0] if self.steps else ""


@dataclass(frozen=True)
class Open:
    """One place a question is about, and why it stays open there; nowhere when not given."""

    id: str
    where: Where | None
    reason: str


@dataclass(frozen=True)
class Asked:
    """One open question, with the rule that asks it and all places it is about."""

    question: str
    title: str
    places: tuple[Open, ...]


@dataclass(frozen=True)
class Group:
    """The open questions one kind of person can answer."""

    name: str
    questions: tuple[Asked, ...]


@dataclass(frozen=True)
class Line:
    """A finding in a compact table."""

    id: str
    title: str
    module: str
    where: Where
    sentence: str
    basis: Word
    instrument: str
    attestation: str


@dataclass(frozen=True)
class Unseen:
    """A field of the scope that was left empty, and the rules that needed it."""

    field: str
    rules: tuple[str, ...]


@dataclass(frozen=True)
class Pair:
    """Two cells of a small table."""

    name: str
    value: str


@dataclass(frozen=True)
class Term:
    """A term of the glossary, how the other language calls it (empty when alike), what it means."""

    name: str
    other: str
    means: str


@dataclass(frozen=True)
class Milestone:
    """A stretch of the calendar, from its first to its last day."""

    name: str
    begins: str
    ends: str
    said: str


@dataclass(frozen=True)
class Schedule:
    """The plan's calendar: its milestones, its picture, and what does not fit."""

    milestones: tuple[Milestone, ...]
    chart: Chart
    left_out: str
    fits: str
    late: str
    short: bool


@dataclass(frozen=True)
class Cell:
    """A cell of an annex table: its words, and a key for the style sheet, `""` for none."""

    text: str
    key: str = ""


@dataclass(frozen=True)
class AnnexRow:
    """A row of an annex table; `code` when its head is a path or an address."""

    name: str
    cells: tuple[Cell, ...]
    code: bool = False
    total: bool = False


@dataclass(frozen=True)
class AnnexTable:
    """A table of the annex, whatever it is about: each row has a cell below each further column."""

    title: str
    note: str
    columns: tuple[str, ...]
    rows: tuple[AnnexRow, ...]
    conclusion: str = ""


@dataclass(frozen=True)
class Instrument:
    """An instrument that observed, or tried to."""

    name: str
    version: str
    methods: str


@dataclass(frozen=True)
class Annex:
    """How the audit was made."""

    targets: tuple[Pair, ...]
    sources: tuple[Pair, ...]
    authorisation: str
    disclosed: str
    instruments: tuple[Instrument, ...]
    dates: tuple[Pair, ...]
    tool: str
    digest: str
    cited: tuple[Citation, ...]
    glossary: tuple[Term, ...]
    tables: tuple[AnnexTable, ...]
    decisions: tuple[Precedent, ...]
    digests: tuple[Pair, ...]


@dataclass(frozen=True)
class Page:
    """Everything a page prints."""

    organisation: str
    role: str
    notice: str
    as_of: str
    due: Due | None
    tiles: tuple[Tile, ...]
    coverage: str
    assessed: bool
    waived: str
    interrupted: bool
    processor: bool
    known: str
    retest: str
    precedents: tuple[Precedent, ...]
    more_precedents: str
    schedule: Schedule | None
    urgent: tuple[Urgent, ...]
    more_urgent: str
    this_week: tuple[Repair, ...]
    repairs: tuple[Repair, ...]
    nothing_to_do: str
    audiences: tuple[Group, ...]
    conforms: tuple[Line, ...]
    without_object: tuple[Line, ...]
    unseen_targets: tuple[str, ...]
    unseen: tuple[Unseen, ...]
    annex: Annex
