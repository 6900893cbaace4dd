"""The words of the logging matrix: which events a deployment must log, and what each must say."""

from __future__ import annotations

from typing import Literal, TypeAlias, get_args

from msgspec import Struct

from cnilcheck.model.text import NBSP, NNBSP, Text, spell
from cnilcheck.model.words import Lang

EventCategory: TypeAlias = Literal[
    "sign_in_success",
    "sign_in_failure",
    "sign_out",
    "rights_change",
    "consultation",
    "search",
    "modification",
    "deletion",
    "export",
    "access_denied",
    "configuration_change",
    "log_change",
    "machine_exchange",
    "system_event",
    "backup",
    "remote_maintenance",
]
EventField: TypeAlias = Literal[
    "time", "author", "operation", "reference", "outcome", "origin", "equipment", "correlation"
]
CATEGORIES: tuple[EventCategory, ...] = get_args(EventCategory)
EVENT_FIELDS: tuple[EventField, ...] = get_args(EventField)

# What was done to a person's data: there the author is a person and the reference is theirs.
ON_RECORDS: frozenset[EventCategory] = frozenset(
    {"consultation", "search", "modification", "deletion", "export"}
)
SIGN_INS: frozenset[EventCategory] = frozenset({"sign_in_success", "sign_in_failure"})

CATEGORY_NAMES: dict[EventCategory, Text] = {
    "sign_in_success": Text("connexion réussie", "successful sign-in"),
    "sign_in_failure": Text("échec de connexion", "failed sign-in"),
    "sign_out": Text("déconnexion", "sign-out"),
    "rights_change": Text("changement de comptes ou de droits", "change of accounts or rights"),
    "consultation": Text("consultation d’un dossier", "consultation of a record"),
    "search": Text("recherche", "search"),
    "modification": Text("création ou modification", "creation or modification"),
    "deletion": Text("suppression", "deletion"),
    "export": Text("export ou impression", "export or print"),
    "access_denied": Text("accès refusé", "access denied"),
    "configuration_change": Text("changement de configuration", "change of configuration"),
    "log_change": Text("intervention sur les journaux", "intervention on the logs"),
    "machine_exchange": Text("échange entre machines", "exchange between machines"),
    "system_event": Text("événement du système", "event of the system"),
    "backup": Text("sauvegarde ou restauration", "backup or restoration"),
    "remote_maintenance": Text("télémaintenance", "remote maintenance"),
}
FIELD_NAMES: dict[EventField, Text] = {
    "time": Text("quand", "when"),
    "author": Text("qui", "who"),
    "operation": Text("quelle opération", "what operation"),
    "reference": Text("sur quelles données", "on which data"),
    "outcome": Text("avec quel résultat", "with what outcome"),
    "origin": Text("d’où", "from where"),
    "equipment": Text("sur quel équipement", "on what equipment"),
    "correlation": Text("dans quelle session", "in which session"),
}


class FieldCount(Struct, frozen=True, forbid_unknown_fields=True):
    """In how many events of one category a field has a meaningful value.

    `first` and `first_missing` are the first lines (`file:line`) with and without it, or empty.
    """

    field: EventField
    filled: int
    first: str = ""
    first_missing: str = ""


class EventCount(Struct, frozen=True, forbid_unknown_fields=True):
    """How many events of one category a log holds, and what they say: one entry per field."""

    category: EventCategory
    events: int
    first: str
    fields: tuple[FieldCount, ...]


EvidenceKind: TypeAlias = Literal["declaration", "configuration", "lines", "test", "remote_test"]

# What an event must say (CNIL 2021-122 for what is done to records, ANSSI annex A for sign-ins).
_ON_RECORDS: tuple[EventField, ...] = ("time", "author", "operation", "reference", "outcome")
_SIGN_INS: tuple[EventField, ...] = ("time", "author", "outcome", "origin")
_OTHERS: tuple[EventField, ...] = ("time", "operation")


def mandatory(category: EventCategory) -> tuple[EventField, ...]:
    """Return the fields without which an event of that category tells too little."""
    if category in ON_RECORDS:
        return _ON_RECORDS
    return _SIGN_INS if category in SIGN_INS else _OTHERS


class FieldEvidence(Struct, frozen=True, forbid_unknown_fields=True):
    """How far it is shown that a field is recorded: a level of `LEVELS`, None where nothing says.

    `filled` of `events` lines have it; `place` is the first line with it, or, at level 0, without.
    """

    field: EventField
    level: int | None
    filled: int = 0
    events: int = 0
    place: str = ""


class UnreadLine(Struct, frozen=True, forbid_unknown_fields=True):
    """A line that its log's format does not read: where, and its beginning, masked."""

    place: str
    text: str


class UnreadLines(Struct, frozen=True, forbid_unknown_fields=True):
    """How many lines of one log its format does not read, of how many, and the first of them."""

    log: str
    lines: int
    unread: int
    samples: tuple[UnreadLine, ...] = ()


def told_unread(unread: UnreadLines) -> Text:
    """Return how many lines a format does not read, their share rounded up, and the first ones."""
    tenths = max(-(-1000 * unread.unread // unread.lines), 1) if unread.lines else 0
    fr, en = (
        f"{spell(unread.unread, lang)} {word} {spell(unread.lines, lang)}"
        for lang, word in ((Lang.FR, "sur"), (Lang.EN, "of"))
    )
    shown = ", ".join(f"{one.place} `{one.text.replace('`', ' ')}`" for one in unread.samples)
    return Text(
        f"{fr} ({spell(tenths / 10, Lang.FR)}{NNBSP}%)" + (f"{NBSP}: {shown}" if shown else ""),
        f"{en} ({spell(tenths / 10, Lang.EN)}%)" + (f": {shown}" if shown else ""),
    )


class SourceEvidence(Struct, frozen=True, forbid_unknown_fields=True):
    """What one source shows of one category of events.

    `logged` is the level at which the event is recorded at all, `level` with all its mandatory
    fields; `partly` says that the source leaves it out only where `place` says. `unread` counts the
    lines of a log that could not be read, where they are too many to judge its fields.
    """

    source: str
    kind: EvidenceKind
    logged: int | None
    level: int | None
    events: int
    place: str
    fields: tuple[FieldEvidence, ...]
    partly: bool = False
    unread: int = 0


class CategoryRow(Struct, frozen=True, forbid_unknown_fields=True):
    """A category of events: the best that is shown of it, field by field, and by which sources."""

    category: EventCategory
    logged: int | None
    level: int | None
    events: int
    fields: tuple[FieldEvidence, ...]
    sources: tuple[SourceEvidence, ...]


class LoggingMatrix(Struct, frozen=True, forbid_unknown_fields=True):
    """What a deployment is shown to log: one row for each of the sixteen categories.

    Levels: 0 disproved, 1 declared, 2 configured, 3 observed in lines, 4 proved by a test event,
    5 proved in the remote store.
    """

    rows: tuple[CategoryRow, ...]
    unread: tuple[UnreadLines, ...] = ()
