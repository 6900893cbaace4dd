"""The words of the logging matrix: which events a deployment must log, and what each must say."""

from __future__ import annotations

from typing import Literal, TypeAlias, get_args

from msgspec import Struct

from cnilcheck.model.text import Text

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
