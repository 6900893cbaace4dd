"""Judgements of what people declare about the practices around the service."""

from __future__ import annotations

from typing import Literal, TypeAlias

from cnilcheck.model.facts import SecurityPractice
from cnilcheck.model.scope import Pseudonymisation
from cnilcheck.model.text import Text
from cnilcheck.model.verdict import Answer, Verdict, failed, passed, undecided

Practice: TypeAlias = Literal[
    "tests_before_release",
    "risk_analysis",
    "migration_procedure",
    "restore_tests",
    "backups_apart",
    "workstations_lock",
    "workstations_encrypted",
    "workstations_unprivileged",
    "rights_limited",
    "rights_reviewed",
    "extracts_approved",
    "processors_reviewed",
    "processor_tools_checked",
    "media_wiped",
    "deleted_when_due",
    "network_segmented",
    "papers_sent_encrypted",
]

_WORDS: dict[Practice, Text] = {
    "tests_before_release": Text("les tests avant mise en service", "tests before release"),
    "risk_analysis": Text(
        "l’analyse des risques avant mise en service", "a risk analysis before going live"
    ),
    "migration_procedure": Text(
        "la procédure de migration des données", "a procedure for migrations of data"
    ),
    "restore_tests": Text("les essais de restauration", "restore tests"),
    "backups_apart": Text(
        "une sauvegarde hors d’atteinte depuis la production",
        "a backup that cannot be reached from production",
    ),
    "workstations_lock": Text(
        "le verrouillage automatique des postes", "automatic locking of workstations"
    ),
    "workstations_encrypted": Text(
        "le chiffrement des disques des postes", "encryption of the workstations’ disks"
    ),
    "workstations_unprivileged": Text(
        "le travail quotidien sans droits d’administration",
        "daily work without administration rights",
    ),
    "rights_limited": Text(
        "la limitation de chaque compte aux dossiers utiles à sa mission",
        "limiting each account to the records its task needs",
    ),
    "rights_reviewed": Text("la revue des droits d’accès", "a review of access rights"),
    "extracts_approved": Text(
        "l’accord préalable à chaque extraction de données", "approval before each extract of data"
    ),
    "processors_reviewed": Text(
        "le contrôle régulier des sous-traitants", "a regular review of the processors"
    ),
    "processor_tools_checked": Text(
        "la vérification des outils fournis par les sous-traitants",
        "a check of the tools that processors provide",
    ),
    "media_wiped": Text(
        "l’effacement des supports avant réemploi", "wiping of media before they are used again"
    ),
    "deleted_when_due": Text("l’effacement des données à l’échéance", "deletion of data when due"),
    "network_segmented": Text(
        "la séparation des réseaux des serveurs et des postes",
        "separation of the networks of servers and workstations",
    ),
    "papers_sent_encrypted": Text(
        "un canal chiffré pour les pièces demandées aux personnes",
        "an encrypted channel for the papers people are asked for",
    ),
}


def practices_held(fact: SecurityPractice, /, *, practices: tuple[Practice, ...]) -> Verdict:
    """Pass when each of the practices is declared as followed, whatever its rhythm."""
    answers = {_WORDS[name]: getattr(fact, name) for name in practices}
    lacking = tuple(words for words, answer in answers.items() if answer in (False, "never"))
    if lacking:
        return failed(lacking=lacking)
    if None in answers.values():
        return undecided()
    return passed(held=tuple(answers))


def practice_held_where_any(fact: SecurityPractice, /, *, practice: Practice) -> Answer:
    """Pass when a practice that concerns some services only is declared as followed."""
    answer = getattr(fact, practice)
    if answer is None:
        return None
    words = (_WORDS[practice],)
    return failed(lacking=words) if answer in (False, "never") else passed(held=words)


def measures_in_time(fact: SecurityPractice, /) -> Verdict:
    """Pass when no measure that a risk analysis decided on is past its date."""
    match fact.overdue_measures:
        case None:
            return undecided()
        case 0:
            return passed()
        case count:
            return failed(count=count)


_TEST_DATA = {
    "none": Text("aucune", "none"),
    "invented": Text("données inventées", "invented data"),
    "anonymised": Text("données anonymisées", "anonymised data"),
}


def development_apart(fact: SecurityPractice, /) -> Verdict:
    """Pass when tests and development do without the data of production."""
    match fact.test_data:
        case None:
            return undecided()
        case "production":
            return failed()
        case kind:
            return passed(kind=_TEST_DATA[kind])


def pseudonyms_sound(fact: SecurityPractice, /, *, obsolete: tuple[str, ...]) -> Answer:
    """Pass when pseudonyms need a key that is kept apart, and no obsolete function."""
    if fact.pseudonyms is None:
        return undecided()
    known = {_folded(name) for name in obsolete}
    return tuple(
        _pseudonym(f"pseudonyms[{number}] ({each.what})", each, known)
        for number, each in enumerate(fact.pseudonyms)
    ) or passed(how=Text("aucun pseudonyme", "no pseudonym"))


def _pseudonym(at: str, each: Pseudonymisation, obsolete: set[str]) -> Verdict:
    flaws = []
    if each.method == "hash":
        flaws.append(Text("un hachage sans clé", "a hash without a key"))
    if _folded(each.function) in obsolete:
        words = (f"la fonction obsolète {each.function}", f"the obsolete function {each.function}")
        flaws.append(Text(*words))
    if each.key_kept_apart is False:
        flaws.append(
            Text("une clé à portée de qui tient les données", "a key within reach of the holders")
        )
    if flaws:
        return failed(at, flaws=tuple(flaws))
    if each.key_kept_apart is None:
        return undecided(at)
    return passed(at, how=_METHODS[each.method])


_METHODS = {
    "keyed_hash": Text("un hachage avec clé", "a keyed hash"),
    "encryption": Text("un chiffrement", "encryption"),
    "random_table": Text("une table tirée au hasard", "a random table"),
    "hash": Text("un hachage", "a hash"),
}


def _folded(name: str) -> str:
    return "".join(c for c in name.casefold() if c.isalnum())
