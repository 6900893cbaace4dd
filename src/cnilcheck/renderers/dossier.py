"""The pages of a dossier: its index with the measures, the draft letter, and how to check it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cnilcheck.model.comparison import Change, PastReport
from cnilcheck.model.measures import Measure, Place, measures, satisfied
from cnilcheck.model.text import NBSP, Text, french, spell
from cnilcheck.model.words import Lang
from cnilcheck.renderers import words
from cnilcheck.renderers.harmless import harmless
from cnilcheck.renderers.html import environment
from cnilcheck.renderers.markdown import print_template
from cnilcheck.resources import templates_directory

_PLACES = 12


def _t(fr: str, en: str) -> Text:
    return Text(french(fr), en)


_WORDS = {
    "title": _t("Dossier de réponse", "Answer dossier"),
    "organisation": _t("Organisme", "Organisation"),
    "notice": _t("Mise en demeure", "Formal notice"),
    "due": _t("Échéance", "Due"),
    "mended": _t("Mesures prises et vérifiées", "Measures taken and verified"),
    "pending": _t("Mesures en cours", "Measures under way"),
    "planned": _t("prévu pour le", "planned for"),
    "kept": _t("Ce qui est conforme au dernier audit", "What conforms in the last audit"),
    "declared": _t("déclaré", "declared"),
    "pieces": _t("Pièces", "Documents"),
    "absent": _t("Pièces nommées et non jointes", "Documents named and not annexed"),
    "none": _t("Aucune.", "None."),
    "verify": _t("Vérifier ce dossier", "Check this dossier"),
    "verify_note": _t(
        "Aucun logiciel de cnilcheck n'est nécessaire. Les commandes se lancent dans ce dossier.",
        "Nothing of cnilcheck is needed. Run the commands in this folder.",
    ),
    "verify_ours": _t(
        "Avec cnilcheck : `cnilcheck verify .` nomme chaque fichier modifié, manquant ou ajouté.",
        "With cnilcheck: `cnilcheck verify .` names each file altered, missing or added.",
    ),
}
_COMMANDS = {
    "digests": _t("Chaque fichier est celui qui a été joint", "Every file is the one annexed"),
    "signature": _t(
        "Le manifeste est signé par le titulaire de la clé",
        "The manifest is signed by the holder of the key",
    ),
    "stamp": _t(
        "Le manifeste existait à la date de l'horodatage, s'il y en a un (`MANIFEST.sha256.tsr`)",
        "The manifest existed when it was time-stamped, if it was (`MANIFEST.sha256.tsr`)",
    ),
}


@dataclass(frozen=True)
class Piece:
    """One file or folder of the dossier, and what it is."""

    path: str
    what: str


@dataclass(frozen=True)
class Contents:
    """What goes into a dossier: the reports, the oldest first, its pieces and its seals."""

    reports: tuple[PastReport, ...]
    days: tuple[dt.date, ...]
    pieces: tuple[tuple[str, Text], ...]
    absent: tuple[str, ...]
    signer: str
    """Who signs, as `allowed_signers` names them; empty without a signature."""


@dataclass(frozen=True)
class PlaceTold:
    """One place of a measure, in words."""

    where: str
    state: str
    before: str
    after: str
    before_on: str
    after_on: str


@dataclass(frozen=True)
class MeasureTold:
    """One measure, in words; `more` says how many places are left out here."""

    title: str
    places: tuple[PlaceTold, ...]
    planned: str
    more: str


@dataclass(frozen=True)
class Said:
    """An attestation, in words."""

    statement: str
    signed_by: str
    role: str
    signed_on: str
    document: str


@dataclass(frozen=True)
class Conforming:
    """A rule that is satisfied, in words."""

    title: str
    declared: bool


@dataclass(frozen=True)
class Command:
    """A command, and what its success shows."""

    what: str
    line: str


@dataclass(frozen=True)
class DossierPage:
    """What the pages of a dossier print."""

    organisation: str
    reference: str
    received: str
    due: str
    first: str
    last: str
    version: str
    mended: tuple[MeasureTold, ...]
    pending: tuple[MeasureTold, ...]
    kept: tuple[Conforming, ...]
    attestations: tuple[Said, ...]
    pieces: tuple[Piece, ...]
    absent: tuple[str, ...]
    commands: tuple[Command, ...]


def to_html(contents: Contents, lang: Lang) -> str:
    """Return the index of the dossier as one self-contained page."""
    template = environment(templates_directory()).get_template("dossier.html.j2")
    d = {name: text.to(lang) for name, text in _WORDS.items()}
    page = page_of(contents, lang)
    return template.render(page=page, lang=lang.value, w=words.page(lang), d=d)


def to_letter(contents: Contents, lang: Lang) -> str:
    """Return the draft answer to the notice, as Markdown."""
    name = f"letter.{lang.value}.md.j2"
    return print_template(name, page=page_of(contents, lang), nbsp=NBSP)


def to_instructions(contents: Contents, lang: Lang) -> str:
    """Return how to check the dossier without cnilcheck, as Markdown."""
    d = {name: text.to(lang) for name, text in _WORDS.items()}
    return print_template("verify.md.j2", page=page_of(contents, lang), d=d)


def page_of(contents: Contents, lang: Lang) -> DossierPage:
    """Return what the pages print, in one language."""
    first, last = contents.reports[0], contents.reports[-1]
    told = measures(first, last)
    notice = _mapping(last.scope.get("notice"))
    ends = _planned(last)
    mended = [m for m in told if m.state is Change.MENDED]
    pending = [m for m in told if m.state is not Change.MENDED]
    return DossierPage(
        organisation=_organisation(last, lang),
        reference=_shown(notice.get("reference")),
        received=_day(notice.get("received_on"), lang),
        due=_day(_mapping(last.deadline).get("due_on"), lang),
        first=spell(contents.days[0], lang),
        last=spell(contents.days[-1], lang),
        version=_shown(last.tool.get("version")),
        mended=tuple(_measure(m, {}, lang) for m in mended),
        pending=tuple(_measure(m, ends, lang) for m in pending),
        kept=tuple(Conforming(harmless(k.title.to(lang)), k.declared) for k in satisfied(last)),
        attestations=tuple(_said(entry, lang) for entry in last.scope.get("attestations") or ()),
        pieces=tuple(Piece(harmless(path), what.to(lang)) for path, what in contents.pieces),
        absent=tuple(map(harmless, contents.absent)),
        commands=_commands(contents.signer, lang),
    )


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _shown(value: object) -> str:
    return harmless(value, 200) if isinstance(value, str) else ""


def _day(value: object, lang: Lang) -> str:
    try:
        return spell(dt.date.fromisoformat(str(value)), lang)
    except ValueError:
        return ""


def _organisation(report: PastReport, lang: Lang) -> str:
    name = _shown(_mapping(report.scope.get("organisation")).get("name"))
    return name or words.PAGE["no_organisation"].to(lang)


def _planned(report: PastReport) -> dict[str, object]:
    repairs = _mapping(report.plan).get("repairs") or ()
    return {str(r.get("rule")): r.get("end") for r in map(_mapping, repairs)}


def _measure(measure: Measure, ends: Mapping[str, object], lang: Lang) -> MeasureTold:
    left = len(measure.places) - _PLACES
    return MeasureTold(
        title=harmless(measure.title.to(lang)),
        places=tuple(_place(place, lang) for place in measure.places[:_PLACES]),
        planned=_day(ends.get(measure.rule), lang),
        more=words.MORE_PLACES.to(left, lang) if left > 0 else "",
    )


def _place(place: Place, lang: Lang) -> PlaceTold:
    target, location = words.where(place.target, place.location, lang)
    return PlaceTold(
        where=f"{target} {location}".strip(),
        state=words.CHANGES[place.change].to(lang),
        before=harmless(place.before.to(lang), 600) if place.before else "",
        after=harmless(place.after.to(lang), 600) if place.after else "",
        before_on=spell(place.before_on, lang) if place.before_on else "",
        after_on=spell(place.after_on, lang) if place.after_on else "",
    )


def _said(entry: object, lang: Lang) -> Said:
    given = _mapping(entry)
    return Said(
        statement=_shown(given.get("statement")),
        signed_by=_shown(given.get("signed_by")),
        role=_shown(given.get("role")),
        signed_on=_day(given.get("signed_on"), lang),
        document=_shown(given.get("document")),
    )


def _commands(signer: str, lang: Lang) -> tuple[Command, ...]:
    lines: list[tuple[str, str]] = [("digests", "sha256sum -c MANIFEST.sha256")]
    if signer:
        lines.append((
            "signature",
            f"ssh-keygen -Y verify -f allowed_signers -I {signer} -n cnilcheck "
            "-s MANIFEST.sha256.sig < MANIFEST.sha256",
        ))  # fmt: skip
    lines.append((
        "stamp",
        "openssl ts -verify -data MANIFEST.sha256 -in MANIFEST.sha256.tsr -CAfile AUTHORITY.pem",
    ))  # fmt: skip
    return tuple(Command(_COMMANDS[key].to(lang), line) for key, line in lines)


def instructions_name(lang: Lang) -> str:
    """Return the name of the file that tells how to check the dossier."""
    return "VERIFIER.md" if lang is Lang.FR else "VERIFY.md"


def readings(contents: Contents, lang: Lang) -> Sequence[tuple[str, str]]:
    """Return each page of the dossier with its name; the letter in both languages."""
    return (
        ("index.html", to_html(contents, lang)),
        ("lettre.md", to_letter(contents, Lang.FR)),
        ("letter.md", to_letter(contents, Lang.EN)),
        (instructions_name(lang), to_instructions(contents, lang)),
    )
