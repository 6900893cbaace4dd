"""Read the page of guarantees that a host publishes: who takes part, and what leaves the EEA."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import Literal

from cnilcheck import __version__
from cnilcheck.collectors.base import Seen, Sighting, Task, Tools
from cnilcheck.collectors.declarations import Hosting
from cnilcheck.collectors.site import site, web_targets
from cnilcheck.errors import Malformed, NotPermitted, NotReadable, UsageError
from cnilcheck.hosts.spreadsheets import Rows, html_tables
from cnilcheck.model.company_names import name_words, same_name
from cnilcheck.model.facts import Fact, GuaranteedActor, HostingGuarantees
from cnilcheck.model.personal_data import mask, printable
from cnilcheck.model.scope import Scope
from cnilcheck.model.words import Method

_MAX_BYTES = 2_000_000
_MAX_ACTORS = 40
# The words of the framework's requirement 31, without accents: published pages differ in their
# apostrophes, and one prints "Certfie".
_STATEMENTS: tuple[tuple[Literal["no_third_country_law", "no_transfer"], str], ...] = (
    (
        "no_third_country_law",
        "aucun risque d'acces impose par la legislation d'un pays tiers en violation du droit",
    ),
    ("no_transfer", "aucun transfert de donnees de sante a caractere personnel vers un pays tiers"),
)
_COLUMNS = {
    "name": r"raison sociale|business name|nom de l'acteur",
    "role": r"\brole\b",
    "certified": r"cert(?:i)?fie hds|hds certified",
    "secnumcloud": r"secnumcloud",
    "activities": r"activites? d'hebergement|hosting activities",
    "requirement 29": r"exigence n? ?.{0,2}29|requirement (?:no\.? ?)?29",
    "requirement 30": r"exigence n? ?.{0,2}30|requirement (?:no\.? ?)?30",
}


class GuaranteesPage:
    """Reads the page from a saved copy, or asks a site of the scope for it."""

    name = "guarantees-page"
    method = Method.EXAMINE
    yields: tuple[type[Fact], ...] = (HostingGuarantees,)
    asks = "declarations.hosting.guarantees"

    def version(self) -> str:
        """Return the version of cnilcheck, which reads the page."""
        return __version__

    def tasks(self, scope: Scope) -> tuple[Task, ...]:
        """Return the page, when the declaration names one."""
        declared = scope.declarations.hosting
        if declared is None or not declared.guarantees:
            return ()
        organisation = scope.organisation.name if scope.organisation else ""
        subject = Hosting(declared, organisation)
        return (Task("declarations.hosting", declared.guarantees, subject),)

    def observe(self, task: Task, tools: Tools) -> Iterator[Sighting]:
        """Yield what the page says."""
        hosting: Hosting = task.subject
        written = hosting.declared.guarantees
        is_address = re.match(r"(?i)https?://", written)
        content = self._asked(written, tools) if is_address else self._saved(written, task, tools)
        if content is None:
            absent = HostingGuarantees((), (), (), (), (), hosting.outsourced, published=False)
            yield Seen(printable(written), absent)
            return
        text = content.decode("utf-8", "replace")
        try:
            tables = html_tables(text, written)
        except UsageError as problem:
            raise Malformed(str(problem)) from None
        others = [p.name for p in hosting.declared.providers if not hosting.is_own(p)]
        yield Seen(printable(written), _read(text, tables, others, hosting.outsourced))

    def _asked(self, url: str, tools: Tools) -> bytes | None:
        """Return the page, None where the site says that there is none."""
        for target in web_targets(tools.scope):
            where = site(tools, target)
            if where.owns(url):
                answer = where.get(self.name, url, max_bytes=_MAX_BYTES)
                if answer.status in (404, 410):
                    return None
                if answer.status != 200:
                    raise NotReadable(f"the page answers {answer.status}")
                return answer.body
        raise NotPermitted("the page is of no target of the scope: save it and name the copy")

    def _saved(self, written: str, task: Task, tools: Tools) -> bytes:
        path = tools.path(written)
        try:
            if not path.is_file() or path.stat().st_size > _MAX_BYTES:
                raise NotReadable(f"{written}: no file of at most {_MAX_BYTES // 1_000_000} MB")
            content = path.read_bytes()
        except OSError as problem:
            raise NotReadable(f"{written}: {(problem.strerror or '').lower()}") from None
        tools.journal.write(task.target, self.name, f"read {written}", "ok")
        return content


def _read(
    text: str, tables: list[Rows], declared: list[str], outsourced: bool
) -> HostingGuarantees:
    plain = _plain(re.sub(r"<[^<>]{0,2000}>", " ", text))
    said = tuple(name for name, words in _STATEMENTS if words in plain)
    header, rows = _table(tables)
    actors = tuple(_actor(header, row) for row in rows[:_MAX_ACTORS] if _cell(header, row, "name"))
    named = [name_words(actor.name) for actor in actors]
    unnamed = tuple(
        printable(mask(name), 120)
        for name in declared
        if not any(same_name(name_words(name), words) for words in named)
    )
    missing = tuple(column for column in _COLUMNS if column not in header) if header else ()
    return HostingGuarantees(said, tuple(header), missing, actors, unnamed, outsourced)


def _table(tables: list[Rows]) -> tuple[dict[str, int], Rows]:
    """Return the columns and the rows of the table that has most of the columns, at least three."""
    best: tuple[dict[str, int], Rows] = ({}, [])
    for table in tables[:50]:
        for at, row in enumerate(table[:5]):
            found = _header(row)
            if len(found) >= 3 and "name" in found and len(found) > len(best[0]):
                best = (found, table[at + 1 :])
    return best


def _header(row: list[str]) -> dict[str, int]:
    cells = [_plain(cell) for cell in row[:20]]
    found: dict[str, int] = {}
    for column, pattern in _COLUMNS.items():
        for number, cell in enumerate(cells):
            if re.search(pattern, cell[:400]):
                found[column] = number
                break
    return found


def _actor(header: dict[str, int], row: list[str]) -> GuaranteedActor:
    names = ("name", "role", "certified", "activities", "requirement 29", "requirement 30")
    return GuaranteedActor(*(_cell(header, row, name) for name in names))


def _cell(header: dict[str, int], row: list[str], column: str) -> str:
    at = header.get(column, len(row))
    return printable(mask(row[at]), 160) if at < len(row) else ""


def _plain(text: str) -> str:
    folded = unicodedata.normalize("NFKD", text.casefold().replace("’", "'"))
    kept = "".join(c for c in folded if not unicodedata.combining(c))
    return re.sub(r"\s+", " ", kept.replace("&#39;", "'").replace("&rsquo;", "'")).strip()
