"""Compare what a scope declares of an HDS certificate with the text of the certificate itself."""

from __future__ import annotations

import datetime as dt
import re

from cnilcheck.hosts.certificate_text import Proposed, dates_in, flat_of, propose
from cnilcheck.model.company_names import name_words
from cnilcheck.model.facts import CertificateEntry, EntryName
from cnilcheck.model.personal_data import mask, printable
from cnilcheck.model.scope import Certificate

_SIREN = r"(?<!\d)(\d{3})[ .\n]?(\d{3})[ .\n]?(\d{3})(?:[ .\n]?\d{5})?(?!\d)"


def compared(declared: Certificate, text: str) -> tuple[CertificateEntry, ...]:
    """Return each declared entry with whether the text bears it, and what is read in its place.

    A value counts as borne wherever it stands, in any of its spellings: layouts differ too much
    for its label to be relied on. What is read in its place does need its label.
    """
    read, flat = propose(text), flat_of(text)
    entries = [
        _words("holder", declared.holder, read.holder, flat),
        _entry("siren", declared.siren, read.siren, _siren_borne(declared.siren, flat)),
        _entry("number", declared.number, read.number, _signs(declared.number) in _signs(flat)),
        _words("body", declared.body, read.body, flat),
        _referential(declared.referential, read, flat),
        _day("issued_on", declared.issued_on, read.issued_on, flat),
        _day("expires_on", declared.expires_on, read.expires_on, flat),
        _activities(declared.activities, read.activities),
    ]
    return tuple(entry for entry in entries if entry.declared)


def _entry(name: EntryName, declared: str, read: str, borne: bool) -> CertificateEntry:
    shown = "" if borne else printable(mask(read), 160)
    return CertificateEntry(name, printable(mask(declared), 160), shown, borne)


def _words(name: EntryName, declared: str, read: str, flat: str) -> CertificateEntry:
    words = " ".join(name_words(declared))
    borne = bool(words) and f" {words} " in f" {' '.join(name_words(flat))} "
    return _entry(name, declared, read, borne)


def _siren_borne(declared: str, flat: str) -> bool:
    return re.sub(r"\D", "", declared) in {"".join(found) for found in re.findall(_SIREN, flat)}


def _signs(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text.casefold())


def _referential(declared: str, read: Proposed, flat: str) -> CertificateEntry:
    wanted = re.search(r"\d(?:\.\d)?", declared)
    versions = {_whole(v) for v in re.findall(r"\b(?:version|v)[ .\n]*(\d(?:\.\d)?)\b", flat)}
    borne = wanted is not None and _whole(wanted[0]) in versions
    return _entry("referential", declared, read.referential, borne)


def _whole(version: str) -> str:
    return version if "." in version else f"{version}.0"


def _day(name: EntryName, declared: dt.date, read: dt.date | None, flat: str) -> CertificateEntry:
    borne = declared in dates_in(flat)
    return _entry(name, declared.isoformat(), read.isoformat() if read else "", borne)


def _activities(declared: tuple[int, ...], read: tuple[int, ...]) -> CertificateEntry:
    written = ", ".join(map(str, sorted(set(declared))))
    borne = bool(declared) and set(declared) <= set(read)
    return _entry("activities", written, ", ".join(map(str, read)), borne)
