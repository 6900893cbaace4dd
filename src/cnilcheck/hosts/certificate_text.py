"""Propose the entries of an HDS certificate from its text; what is not found is left open."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Iterator

from msgspec import Struct

from cnilcheck.hosts.importing import activities_of

_MAX_TEXT = 200_000
_MONTHS = (
    ("janvier", "january"), ("fevrier", "february"), ("mars", "march"), ("avril", "april"),
    ("mai", "may"), ("juin", "june"), ("juillet", "july"), ("aout", "august"),
    ("septembre", "september"), ("octobre", "october"), ("novembre", "november"),
    ("decembre", "december"),
)  # fmt: skip
# In the words of article R.1111-9, which certificates repeat.
_ACTIVITIES = (
    r"sites? physiques?|physical sites?",
    r"infrastructures? materielles?|hardware infrastructure",
    r"infrastructures? virtuelles?|virtual infrastructure",
    r"plate-?formes? (?:d'hebergement d'applications|logicielles?)|application hosting platform",
    r"administration et (?:l')?(?:de )?(?:l')?exploitation|administration and operation",
    r"sauvegardes?(?: externalisees?)? (?:de |des )?donnees|backup of health data",
)
# Who issues certificates, then who is sometimes named as if it did.
_BODIES = (
    "Bureau Veritas Certification", "LNE", "LSTI", "AFNOR Certification", "BSI", "SGS",
    "Certi-Trust", "Apave Certification", "DNV", "DEKRA", "TÜV",
)  # fmt: skip
_OTHERS = ("Ministère", "Agence du numérique en santé", "ASIP Santé", "ANSM", "ANSSI", "CNIL")
_LINE = r"[ \t]*[:\-–][ \t]*\n?[ \t]*(?P<value>[^\n]{2,160})"
_HOLDER = (
    rf"(?:titulaire|raison sociale|societe certifiee|organisme certifie|certificate holder|company"
    rf"|client){_LINE}",
    r"(?:certifie que|certifies that|certify that|delivre a|decerne a|awarded to|granted to"
    r"|issued to)(?:[ \t]*:)?(?:[ \t]*(?:la societe|l'entreprise|l'organisme|the company))?\s+"
    r"(?P<value>[^\n]{2,160})",
)
_NUMBER = (
    r"(?:certificat|certificate)[ \t]*(?:hds)?[ \t]*(?:numero|number|no\b\.?|n[°.]|#)[ \t]*:?"
    r"[ \t]*(?P<value>[A-Z0-9][A-Z0-9./ _-]{2,30}[A-Z0-9])",
    r"(?:numero|n°)[ \t]*(?:de|du)[ \t]*certificat[ \t]*:?[ \t]*"
    r"(?P<value>[A-Z0-9][A-Z0-9./_-]{2,30})",
)
_SIREN = (
    r"siren[ \t]*(?:n°)?[ \t]*:?[ \t]*(?P<value>\d{3}[ .]?\d{3}[ .]?\d{3})\b",
    r"siret[ \t]*(?:n°)?[ \t]*:?[ \t]*(?P<value>\d{3}[ .]?\d{3}[ .]?\d{3})",
    r"rcs[ \t]+(?:de[ \t]+)?[a-z' -]{2,40}?[ \t]+(?:b[ \t]+)?"
    r"(?P<value>\d{3}[ .]?\d{3}[ .]?\d{3})\b",
)
_REFERENTIAL = (
    r"(?:referentiel|framework|hds)[^\f]{0,120}?\b(?:version|v)[ .]*(?P<value>\d(?:\.\d)?)\b",
)
_DATE = (
    r"(?P<day>\d{1,2})(?:er)?[ ./-](?P<month>\d{1,2}|[a-z]{3,9})[ ./,-]{1,2}(?P<year>20\d\d)"
    r"|(?P<year2>20\d\d)-(?P<month2>\d\d)-(?P<day2>\d\d)"
)
_ISSUED = (
    r"(?:date de (?:delivrance|certification|debut|prise d'effet|decision|l'emission|d'emission)"
    r"|delivre le|emis le|valable (?:du|a compter du)|en vigueur (?:du|le)|issued on|issue date"
    r"|effective date|valid from|date of issue|prend effet le)"
)
_EXPIRES = (
    r"(?:date (?:de fin|d'expiration|d'echeance|de fin de validite)(?: de validite)?|expire le"
    r"|valable jusqu'au|valide jusqu'au|jusqu'au|echeance|expiration|valid until|expiry date"
    r"|expires on|fin de validite)"
)


class Proposed(Struct, frozen=True):
    """What the text of a certificate seems to say; None or empty where it was not found."""

    holder: str = ""
    siren: str = ""
    number: str = ""
    body: str = ""
    referential: str = ""
    issued_on: dt.date | None = None
    expires_on: dt.date | None = None
    activities: tuple[int, ...] = ()
    sites: tuple[str, ...] = ()
    offers: tuple[str, ...] = ()

    @property
    def missing(self) -> tuple[str, ...]:
        """The entries a declaration needs and that were not found."""
        wanted = (
            "holder",
            "number",
            "body",
            "referential",
            "issued_on",
            "expires_on",
            "activities",
        )
        return tuple(name for name in wanted if not getattr(self, name))


def propose(text: str) -> Proposed:
    """Return the entries found in the text of a certificate, each the first that fits its label."""
    text = unicodedata.normalize("NFC", text[:_MAX_TEXT])
    flat = flat_of(text)
    return Proposed(
        holder=_tidy(_first(_HOLDER, flat, text)),
        siren=re.sub(r"\D", "", _first(_SIREN, flat, text)),
        number=_tidy(_first(_NUMBER, flat, text)),
        body=_body(flat),
        referential=_referential(flat),
        issued_on=_day_after(_ISSUED, flat),
        expires_on=_day_after(_EXPIRES, flat),
        activities=_activities(flat),
        sites=_listed(r"sites?(?: (?:certifies?|concernes?|physiques?))?[ \t]*:", flat, text),
        offers=_listed(r"(?:offres?|services? concernes?|offers?)[ \t]*:", flat, text),
    )


def dates_in(flat: str) -> frozenset[dt.date]:
    """Return every date of a text without accents or case."""
    found = (_day(match) for match in re.finditer(_DATE, flat))
    return frozenset(day for day in found if day)


def flat_of(text: str) -> str:
    """Return the text without accents or case, each character at the place it had."""
    return "".join(map(_plain, text))


def _plain(character: str) -> str:
    if character in "’‘´`":
        return "'"
    if character in "\u00a0\u202f\u2009":
        return " "
    found = unicodedata.normalize("NFKD", character.casefold())
    return found[0] if found and not unicodedata.combining(found[0]) else " "


def _first(patterns: tuple[str, ...], flat: str, text: str) -> str:
    """Return what the first pattern that fits names, as the text spells it."""
    for pattern in patterns:
        if found := re.search(pattern.replace("A-Z", "a-z"), flat):
            return text[found.start("value") : found.end("value")]
    return ""


def _tidy(value: str) -> str:
    cut = re.split(
        r"\s{3,}|[;|]|, (?:dont|dont le|situ|sise)|\s+(?:dont|situ|sise)\b", value, maxsplit=1
    )[0]
    return re.sub(r"\s+", " ", cut).strip(" .,:-–")


def _body(flat: str) -> str:
    for names in (_BODIES, _OTHERS):
        found = [
            (at.start(), name)
            for name in names
            if (at := re.search(rf"\b{re.escape(flat_of(name))}\b", flat))
        ]
        if found:
            return min(found)[1]
    return ""


def _referential(flat: str) -> str:
    found = _first(_REFERENTIAL, flat, flat)
    return found if not found or "." in found else f"{found}.0"


def _day_after(label: str, flat: str) -> dt.date | None:
    for found in re.finditer(rf"{label}[^\d\n]{{0,40}}\n?[^\d\n]{{0,20}}(?:{_DATE})", flat):
        if day := _day(found):
            return day
    return None


def _day(found: re.Match[str]) -> dt.date | None:
    parts = found.groupdict()
    year, day = parts["year"] or parts["year2"], parts["day"] or parts["day2"]
    month = parts["month"] or parts["month2"]
    number = int(month) if month.isdecimal() else _month(month)
    try:
        return dt.date(int(year), number, int(day))
    except ValueError:
        return None


def _month(word: str) -> int:
    for number, names in enumerate(_MONTHS, 1):
        if any(name.startswith(word[:4]) if len(word) > 3 else name[:3] == word for name in names):
            return number
    return 0


def _activities(flat: str) -> tuple[int, ...]:
    # A line may end inside the words.
    line = re.sub(r"\s+", " ", flat)
    by_words = {n for n, pattern in enumerate(_ACTIVITIES, 1) if re.search(pattern, line)}
    if by_words:
        return tuple(sorted(by_words))
    found = re.search(
        r"activit(?:es?|ies|y)[ \t]*(?:d'hebergement)?[ \t]*:?[ \t]*([1-6][^\n]{0,60})", flat
    )
    return activities_of(found[1]) if found else ()


def _listed(label: str, flat: str, text: str) -> tuple[str, ...]:
    found = re.search(label, flat)
    return tuple(_lines(text[found.end() : found.end() + 1500])) if found else ()


def _lines(text: str) -> Iterator[str]:
    """Yield the lines of a list up to an empty one or the next label."""
    for count, line in enumerate(text.split("\n")[:15]):
        tidy = _tidy(line.lstrip(" \t-–•*·"))
        if not tidy and count:
            return
        if count and re.match(r"[^:]{3,40}:\s", line):
            return
        if tidy:
            yield tidy[:160]
