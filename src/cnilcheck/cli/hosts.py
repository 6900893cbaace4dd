"""`cnilcheck hosts`: who an address or a name leads to, and the tables that say so."""

from __future__ import annotations

import datetime as dt
import ipaddress
import re
import sys
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cnilcheck.cli.words import LANG, say
from cnilcheck.errors import CollectionError, UsageError
from cnilcheck.model.personal_data import printable
from cnilcheck.model.text import Text, french
from cnilcheck.model.words import Lang, Outcome

if TYPE_CHECKING:
    from cnilcheck.collectors.base import Tools
    from cnilcheck.hosts.certificate_text import Proposed
    from cnilcheck.hosts.identify import Asked
    from cnilcheck.hosts.importing import Given
    from cnilcheck.hosts.list_changes import ListChanges
    from cnilcheck.hosts.official_list import OfficialList
    from cnilcheck.model.facts import NetworkIdentity

hosts_app = typer.Typer(
    help=say(
        "Dire à quel hébergeur mène une adresse, et tenir à jour les tables.",
        "Say which host an address leads to, and keep the tables up to date.",
    ),
    rich_markup_mode=None,
    no_args_is_help=True,
)
_Lang = Annotated[Lang, typer.Option("--lang", help=say("Langue.", "Language."))]
_WIDTH = 96


@hosts_app.command(
    help=say(
        "Chercher des noms ou des adresses, sans réseau : des pistes, jamais des preuves.",
        "Look names or addresses up, without a network: leads, never proofs.",
    )
)
def lookup(
    what: Annotated[
        list[str], typer.Argument(help=say("Noms ou adresses.", "Names or addresses."))
    ],
    online: Annotated[
        bool,
        typer.Option(
            "--online-identity",
            help=say(
                "Interroger le résolveur, Team Cymru et le registre RDAP : ils apprennent ce qui "
                "est cherché.",
                "Ask the resolver, Team Cymru and the RDAP registry: they learn what is looked up.",
            ),
        ),
    ] = False,
    resolver: Annotated[
        str,
        typer.Option(
            "--resolver", metavar="ADDRESS", help=say("Le résolveur.", "The resolver to ask.")
        ),
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="JSON.")] = False,
    lang: _Lang = LANG,
) -> None:
    """Print who each name or address leads to."""
    import msgspec

    from cnilcheck.hosts.identify import identify
    from cnilcheck.hosts.store import load_tables

    tables = load_tables()
    tools = _online_tools(resolver) if online else None
    found = []
    for one in what:
        asked = _asked(one, tools)
        found += [(one, seen) for seen in identify(asked, tables)]
    if as_json:
        rows = [{"asked": one} | msgspec.to_builtins(seen) for one, seen in found]
        print(msgspec.json.format(msgspec.json.encode(rows), indent=2).decode())
        return
    for one, seen in found:
        _print_identity(one, seen, lang)
    print(_caution(lang))


def _online_tools(resolver: str) -> Tools:
    """Return what the instruments ask with, having said who learns of it."""
    from cnilcheck.collectors.base import Journal, Tools
    from cnilcheck.documents.scope import check_identity
    from cnilcheck.model.scope import IdentitySources, Limits, Scope
    from cnilcheck.renderers.words import who_learns

    scope = Scope(version=1, online_identity=True, identity=IdentitySources(resolver))
    check_identity(scope, "hosts lookup")
    print(who_learns(scope, LANG), file=sys.stderr)
    return Tools(Path(), scope, Journal(), Limits())


def _asked(one: str, tools: Tools | None) -> Asked:
    from cnilcheck.collectors.identity import online
    from cnilcheck.hosts.identify import Asked

    try:
        address = ipaddress.ip_address(one.strip("[]"))
        asked = Asked("", (), (address,))
    except ValueError:
        if not re.fullmatch(r"[A-Za-z0-9_]([A-Za-z0-9._-]{0,251}[A-Za-z0-9_])?\.?", one):
            raise UsageError(
                f"hosts lookup: `{printable(one, 80)}` is neither a name nor an address"
            ) from None
        asked = _resolved(one, tools) if tools else Asked(one)
    return online(asked, tools, one, "hosts lookup") if tools else asked


def _resolved(name: str, tools: Tools) -> Asked:
    from cnilcheck.collectors.name_service import NameService
    from cnilcheck.hosts.identify import Asked

    try:
        addresses, chain = NameService(tools, "hosts lookup", name).addresses(name)
    except CollectionError as problem:
        raise UsageError(f"hosts lookup: {name}: {problem}") from None
    return Asked(name, chain, addresses)


def _print_identity(one: str, seen: NetworkIdentity, lang: Lang) -> None:
    from cnilcheck.checks.hosting_leads import sign, told
    from cnilcheck.model.verdict import Context
    from cnilcheck.renderers.fact_words import VALUES
    from cnilcheck.renderers.harmless import harmless

    addresses = ", ".join(a for a in seen.addresses if a != one)
    print(f"{harmless(one, 120)}  {addresses}".rstrip())
    if seen.reserved:
        _line(_RESERVED.to(lang), lang)
        return
    if seen.provider is None:
        _line(_UNKNOWN.to(lang), lang)
    else:
        name = f"{seen.provider} ({seen.legal_name})"
        label = "indice" if lang is Lang.FR else "sign"
        _line(f"{name}, {sign(seen).to(lang)} [{label}: {VALUES[seen.strength].to(lang)}]", lang)
    if seen.conflicts:
        _line(f"{_CONFLICT.to(lang)} {harmless(', '.join(seen.conflicts), 300)}", lang)
    if seen.edge:
        _line(_EDGE.to(lang), lang)
    for text in told(seen, Context(dt.date.today()), _EEA):
        _line(text.to(lang), lang)
    if seen.note:
        _line(seen.note.to(lang), lang)
    for question in seen.questions:
        _line("? " + question.to(lang), lang)
    for signal in seen.signals:
        source = f"{signal.source}, {signal.seen_on}".strip(", ")
        _line(f"- {VALUES[signal.kind].to(lang)}: {harmless(signal.value, 160)} [{source}]", lang)


_RESERVED = Text(
    french("Adresse réservée ou privée : elle ne dit rien de l'hébergeur."),
    "Reserved or private address: it says nothing about the host.",
)
_UNKNOWN = Text("Hébergeur non identifié.", "Host not identified.")
_CONFLICT = Text(french("Les indices se contredisent :"), "The signs disagree:")
_EDGE = Text(
    french("Intermédiaire : il lit les données en clair et cache l'hébergeur."),
    "Intermediary: it reads the data in clear and hides the host.",
)
_EEA = tuple(
    "AT BE BG HR CY CZ DK EE FI FR DE GR HU IE IT LV LT LU MT NL PL PT RO SK SI ES SE IS LI NO "
    "AX GF GP MF MQ RE YT EU".split()
)


def _line(words: str, lang: Lang) -> None:
    told = french(re.sub(r"(?<=\w): ", " : ", words)) if lang is Lang.FR else words
    print(textwrap.fill(told, _WIDTH, initial_indent="  ", subsequent_indent="    "))


def _caution(lang: Lang) -> str:
    if lang is Lang.FR:
        return french(
            "Une adresse dit qui l'annonce, jamais que le service est certifié. "
            "Réseaux : RouteViews, NRO et IP Geolocation by DB-IP (https://db-ip.com)."
        )
    return (
        "An address says who announces it, never that the service is certified. "
        "Networks: RouteViews, NRO and IP Geolocation by DB-IP (https://db-ip.com)."
    )


@hosts_app.command(
    help=say(
        "Importer la liste officielle (CSV, XLSX, HTML, JSON), les plages d'un nuage (JSON) ou une "
        "table de réseaux ou de pays (CSV, TSV, gzip, MMDB). Plusieurs fichiers : les pages d'une "
        "même liste.",
        "Import the official list (CSV, XLSX, HTML, JSON), a cloud's ranges (JSON) or a table of "
        "networks or countries (CSV, TSV, gzip, MMDB). Several files: the pages of one list.",
    )
)
def update(
    sources: Annotated[
        list[str], typer.Argument(help=say("Fichier, ou adresse https.", "File or https address."))
    ],
    columns: Annotated[
        list[str] | None,
        typer.Option(
            "--map", metavar="FIELD=COLUMN", help=say("Nommer une colonne.", "Name a column.")
        ),
    ] = None,
    as_of: Annotated[
        str | None,
        typer.Option("--as-of", metavar="DATE", help=say("Jour de la liste.", "Day of the list.")),
    ] = None,
    force: Annotated[
        bool,
        typer.Option(
            "--force",
            help=say("Prendre une table trop courte.", "Take a table that looks too short."),
        ),
    ] = False,
) -> None:
    """Put a table in place, or say in one line why not; the one in use is kept then."""
    from cnilcheck.hosts.importing import take, take_pages
    from cnilcheck.hosts.store import data_folder

    given, folder, today = _given(columns, as_of, force), data_folder(), dt.date.today()
    pages = [(_read(source), Path(source).name) for source in sources]
    if len(pages) == 1:
        taken = take(*pages[0], given, folder, today)
    else:
        taken = take_pages(pages, given, folder, today)
    former = say("aucune", "none") if taken.former is None else str(taken.former)
    print(
        say(
            f"{taken.name} : {taken.rows} lignes au {taken.as_of} (auparavant : {former})",
            f"{taken.name}: {taken.rows} rows as of {taken.as_of} (before: {former})",
        )
    )
    print(f"SHA-256 {taken.sha256}")


def _given(columns: list[str] | None, as_of: str | None, force: bool = False) -> Given:
    from cnilcheck.cli.run import day
    from cnilcheck.hosts.importing import Given

    return Given(_columns(columns or []), day(as_of, "--as-of") if as_of else None, force)


def _read(source: str) -> bytes:
    from cnilcheck.hosts.download import fetch

    if not re.match(r"[a-z][a-z0-9+.-]*://", source, re.I):
        return _content(Path(source))
    print(say(f"Demandé à {source}", f"Asked of {source}"), file=sys.stderr)
    return fetch(source)


@hosts_app.command(
    help=say(
        "Comparer la liste officielle en place à la précédente, ou à un fichier.",
        "Compare the official list in use with the one before, or with a file.",
    )
)
def diff(
    file: Annotated[
        str | None, typer.Argument(help=say("Fichier, non importé.", "File, not imported."))
    ] = None,
    columns: Annotated[
        list[str] | None,
        typer.Option(
            "--map", metavar="FIELD=COLUMN", help=say("Nommer une colonne.", "Name a column.")
        ),
    ] = None,
    as_of: Annotated[
        str | None,
        typer.Option("--as-of", metavar="DATE", help=say("Jour du fichier.", "Day of the file.")),
    ] = None,
    lang: _Lang = LANG,
) -> None:
    """Print who came, who went, and whose certificate says something else."""
    from cnilcheck.hosts.importing import read_official
    from cnilcheck.hosts.list_changes import changes
    from cnilcheck.hosts.store import OFFICIAL, TableError, data_folder, official_list

    folder, today = data_folder(), dt.date.today()
    now = official_list(folder)
    if file is not None:
        before, now = (
            now,
            read_official([(_read(file), Path(file).name)], _given(columns, as_of), today),
        )
    else:
        before = official_list(folder, f"{OFFICIAL}.previous")
    if now is None or before is None:
        raise TableError(
            say("hosts diff : il faut deux listes", "hosts diff: two lists are needed"),
            "cnilcheck hosts update",
        )
    _print_changes(changes(before, now, today), before, now, lang)


def _print_changes(found: ListChanges, before: OfficialList, now: OfficialList, lang: Lang) -> None:
    from cnilcheck.model.text import spell
    from cnilcheck.renderers.harmless import harmless

    def numbers(activities: tuple[int, ...]) -> str:
        return ", ".join(map(str, activities)) or "–"

    lists = (f"{spell(each.as_of, lang)} ({len(each.rows)})" for each in (before, now))
    print(" → ".join(lists))
    parts = [
        (_CHANGES["added"], [harmless(n, 120) for n in found.added]),
        (_CHANGES["removed"], [harmless(n, 120) for n in found.removed]),
        (
            _CHANGES["changed"],
            [
                f"{harmless(c.name, 120)} ("
                f"{numbers(c.before.activities)} → {numbers(c.now.activities)}; "
                f"{c.before.expires_on or '–'} → {c.now.expires_on or '–'})"
                for c in found.changed
            ],
        ),
        (_CHANGES["expired"], [f"{harmless(r.name, 120)} ({r.expires_on})" for r in found.expired]),
    ]
    for title, lines in parts:
        _line(f"{title.to(lang)} ({len(lines)})", lang)
        for line in lines:
            print(f"    {line}")


_CHANGES = {
    "added": Text("Nouveaux", "New"),
    "removed": Text(french("Disparus : l'absence se vérifie"), "Gone: check the absence"),
    "changed": Text(
        french("Ligne changée (activités ; fin de validité)"),
        "Line changed (activities; end of validity)",
    ),
    "expired": Text(french("Validité passée"), "Validity past"),
}


def _columns(pairs: list[str]) -> dict[str, str]:
    from cnilcheck.hosts.importing import FIELDS

    found = {}
    for pair in pairs:
        name, equals, column = pair.partition("=")
        if not equals or name not in FIELDS:
            raise UsageError(f"--map: `{pair[:80]}` is not FIELD=COLUMN", ", ".join(FIELDS))
        found[name] = column
    return found


def _content(path: Path) -> bytes:
    from cnilcheck.hosts.spreadsheets import MAX_BYTES
    from cnilcheck.hosts.store import TableError

    try:
        if not path.is_file():
            raise TableError(f"{path}: no such file")
        with path.open("rb") as stream:
            return stream.read(MAX_BYTES + 1)
    except OSError as problem:
        raise TableError(f"{path}: cannot be read: {problem.strerror}") from None


@hosts_app.command(
    help=say("Montrer chaque table, son âge et sa source.", "Show each table, its age and source.")
)
def status() -> None:
    """Print one line for each table in use."""
    from cnilcheck.hosts.store import data_folder, states

    folder, today = data_folder(), dt.date.today()
    for state in states(folder):
        age = state.age(today)
        days = "?" if age is None else str(age)
        old = age is not None and age > (90 if state.name == "official list" else 365)
        mark = say(" (à renouveler)", " (to be renewed)") if old else ""
        print(
            f"{state.name}: {state.rows} {say('lignes', 'rows')}, {state.as_of}, "
            f"{days} {say('jours', 'days')}{mark}, {state.source} {state.sha256[:16]}".rstrip()
        )
    if not any(state.name == "official list" for state in states(folder)):
        print(
            say(
                "Aucune liste officielle importée : aucune absence ne peut être constatée.",
                "No official list imported: no absence can be established.",
            )
        )
    print(say(f"Dossier : {folder}", f"Folder: {folder}"))


@hosts_app.command(
    help=say(
        "Écrire la lettre à l'hébergeur d'après un audit enregistré.",
        "Write the letter to the host from a stored audit.",
    )
)
def letter(
    folder: Annotated[
        Path, typer.Argument(help=say("Dossier de l'audit.", "Folder of the audit."))
    ],
    as_of: Annotated[
        str | None,
        typer.Option(
            "--as-of", metavar="DATE", help=say("Juger à cette date.", "Judge for that day.")
        ),
    ] = None,
    lang: _Lang = LANG,
) -> None:
    """Print the letter that asks the host what the audit could not learn."""
    from cnilcheck.audit import judge
    from cnilcheck.cli.run import catalogue, day
    from cnilcheck.documents.evidence import read_evidence
    from cnilcheck.documents.scope import read_scope
    from cnilcheck.folder import EVIDENCE, SCOPE
    from cnilcheck.renderers import host_letter

    scope = read_scope(folder / SCOPE, dt.date.today(), to_scan=False)
    collected = read_evidence(folder / EVIDENCE)
    judged_for = day(as_of, "--as-of")
    findings = judge(catalogue().rules, collected, scope, judged_for)
    print(host_letter.render(findings, scope, judged_for, lang), end="")


@hosts_app.command(
    help=say(
        "Lire un certificat HDS (PDF) et proposer ses mentions pour le périmètre.",
        "Read an HDS certificate (PDF) and propose its entries for the scope.",
    )
)
def certificate(
    file: Annotated[Path, typer.Argument(help=say("Certificat, PDF ou texte.", "PDF or text."))],
    name: Annotated[
        str,
        typer.Option(
            "--host", metavar="NAME", help=say("Qui signe le contrat.", "Who signs the contract.")
        ),
    ] = "",
    as_of: Annotated[
        str | None,
        typer.Option(
            "--as-of", metavar="DATE", help=say("Juger à cette date.", "Judge for that day.")
        ),
    ] = None,
    lang: _Lang = LANG,
) -> None:
    """Print the block to paste, then on stderr what is missing and what does not go together."""
    import hashlib

    from cnilcheck.cli.run import day
    from cnilcheck.hosts.certificate_text import propose
    from cnilcheck.hosts.pdf_text import text_of_pdf

    content, judged_for = _content(file), day(as_of, "--as-of")
    is_pdf = b"%PDF-" in content[:1024] or b"\0" in content[:4096]
    text = text_of_pdf(content, str(file)) if is_pdf else content.decode("utf-8", "replace")
    found = propose(text)
    print(f"# {_file_name(file)}, SHA-256 {hashlib.sha256(content).hexdigest()}")
    print(_certificate_block(found, lang), end="")
    for line in _remarks(found, name, judged_for, lang):
        print(line, file=sys.stderr)


def _file_name(file: Path) -> str:
    """Return the file's name as one line that moves nothing on the terminal."""
    from cnilcheck.renderers.harmless import harmless

    return harmless(file.name, 120)


def _certificate_block(found: Proposed, lang: Lang) -> str:
    import msgspec
    import yaml

    from cnilcheck.renderers.harmless import harmless

    values = msgspec.to_builtins(found, builtin_types=(dt.date,))
    clean = {
        key: harmless(value, 160) if isinstance(value, str) else
        [harmless(v, 160) if isinstance(v, str) else v for v in value]
        if isinstance(value, list | tuple) else value
        for key, value in values.items() if value
    }  # fmt: skip
    block = yaml.safe_dump(clean, allow_unicode=True, sort_keys=False, default_flow_style=None)
    lines = ["certificate:", *(f"  {line}" for line in block.splitlines() if clean)]
    lines += [f"  # {key}: {_NOT_FOUND.to(lang)}" for key in found.missing]
    return "\n".join(lines) + "\n"


_NOT_FOUND = Text("non trouvé, à recopier du document", "not found, to be copied from the document")
_TO_READ = Text(
    french("Mentions proposées d'après le texte : les relire sur le document."),
    "Entries proposed from the text: read them over on the document.",
)
_NOT_JUDGED = Text(
    french("Il manque des mentions : leur cohérence n'est pas jugée."),
    "Entries are missing: whether they go together is not judged.",
)


def _remarks(found: Proposed, name: str, as_of: dt.date, lang: Lang) -> list[str]:
    """Return what the rules about certificates say of the entries, failures and open questions."""
    from cnilcheck.audit import judge
    from cnilcheck.cli.run import catalogue
    from cnilcheck.model.evidence import SCHEMA, Collected, Evidence, Provenance
    from cnilcheck.model.facts import HostingActor
    from cnilcheck.model.scope import Certificate, Scope
    from cnilcheck.model.words import HealthData, Method
    from cnilcheck.renderers.harmless import harmless

    said = [_TO_READ.to(lang)]
    absent = set(found.missing) - {"number", "referential"}
    if absent or found.issued_on is None or found.expires_on is None:
        return [*said, _NOT_JUDGED.to(lang)]
    held = Certificate(
        found.holder, found.number, found.body, found.referential, found.issued_on,
        found.expires_on, found.activities, found.siren, found.sites, found.offers,
    )  # fmt: skip
    now = dt.datetime.now(dt.UTC)
    actor = HostingActor(name or found.holder, found.activities, held)
    seen = Evidence("certificate", "", Provenance("hosts", "", Method.INTERVIEW, now), actor)
    rules = [b for b in catalogue().rules if b.fact is HostingActor]
    scope = Scope(version=1, health_data=HealthData.THIRD_PARTY)
    findings = judge(rules, Collected(SCHEMA, "", now, now, False, (seen,)), scope, as_of)
    return said + [
        f"{_OUTCOME[f.outcome].to(lang)} {harmless(f.sentence.to(lang), 300)} [{f.rule}]"
        for f in findings
        if f.outcome in (Outcome.FAIL, Outcome.INCONCLUSIVE)
    ]


_OUTCOME = {
    Outcome.FAIL: Text(french("À corriger :"), "To mend:"),
    Outcome.INCONCLUSIVE: Text(french("À vérifier :"), "To check:"),
}
