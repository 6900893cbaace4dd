"""Judgements of the exposure module: what a stranger can read or reach."""

from __future__ import annotations

import ipaddress
import re
from typing import Literal, TypeAlias

from cnilcheck.model.facts import (
    CloudAccessSetting,
    CrossOrigin,
    DatagramServices,
    DepositedFiles,
    DirectoryListings,
    DirectoryListingSetting,
    DocumentAccess,
    DocumentIdentifiers,
    EnvironmentDatabase,
    FlawedPackage,
    HoldingKind,
    KnownFlaws,
    ListedDirectory,
    ListeningSetting,
    MailRelay,
    NetworkAccessSetting,
    NetworkSeparation,
    OpenPort,
    OpenPorts,
    PapersAsked,
    PersonalPage,
    ReadableFile,
    ReadableFiles,
    ResponseHeaders,
    SecurityContact,
    SecurityPractice,
    ServiceAccess,
    ServiceDialects,
    SoftwareVersions,
    TenantStorage,
    TraceMethod,
)
from cnilcheck.model.personal_data import DataKind
from cnilcheck.model.scope import Frequency
from cnilcheck.model.text import Text, Value, spell
from cnilcheck.model.verdict import (
    Answer,
    Context,
    Verdict,
    failed,
    not_applicable,
    passed,
    undecided,
)
from cnilcheck.model.words import Lang


def data_services_closed(
    fact: OpenPorts, /, *, services: tuple[str, ...], ports: tuple[int, ...]
) -> Answer:
    """Pass when no open port belongs to a data service, by what it says or by its number."""
    found = tuple(
        failed(f"{fact.host}:{p.port}", service=p.product or p.service, port=str(p.port))
        for p in fact.open
        if _holds_data(p, services, ports)
    )
    return found or passed(asked=len(fact.asked))


def ports_limited(
    fact: OpenPorts,
    /,
    *,
    allowed: tuple[int, ...],
    services: tuple[str, ...],
    ports: tuple[int, ...],
) -> Verdict:
    """Pass when only allowed ports are open; data services have a rule of their own."""
    extra = tuple(
        f"{p.port} ({p.service})"
        for p in fact.open
        if p.port not in allowed and not _holds_data(p, services, ports)
    )
    return failed(extra=extra) if extra else passed(asked=len(fact.asked))


def _holds_data(port: OpenPort, services: tuple[str, ...], ports: tuple[int, ...]) -> bool:
    if port.service in services:
        return True
    # What a port says of itself outweighs its number: SSH on 5432 is no database.
    return port.port in ports and port.service in ("unknown", "")


def sign_in_asked(fact: ServiceAccess, /) -> Verdict:
    """Pass when the service asks who is there before it answers."""
    match fact.sign_in:
        case "none":
            holds = tuple(_counted(h.count, _HOLDINGS[h.kind]) for h in fact.holds)
            return failed(product=fact.product, holds=holds or _ANSWERS_ANYONE)
        case "unknown":
            return undecided()
        case _:
            return passed(product=fact.product)


_ANSWERS_ANYONE = Text("il répond à un inconnu", "it answers a stranger")
_HOLDINGS: dict[HoldingKind, tuple[Text, Text]] = {
    "databases": (Text("base", "database"), Text("bases", "databases")),
    "indexes": (Text("index", "index"), Text("index", "indexes")),
    "topics": (Text("sujet", "topic"), Text("sujets", "topics")),
    "keys": (Text("clé", "key"), Text("clés", "keys")),
    "entries": (Text("entrée", "entry"), Text("entrées", "entries")),
    "exports": (Text("partage", "export"), Text("partages", "exports")),
    "shares": (Text("partage", "share"), Text("partages", "shares")),
    "modules": (Text("module", "module"), Text("modules", "modules")),
    "buckets": (Text("espace de stockage", "bucket"), Text("espaces de stockage", "buckets")),
    "patients": (Text("patient", "patient"), Text("patients", "patients")),
    "studies": (Text("examen", "study"), Text("examens", "studies")),
}


def dialects_refused(fact: ServiceDialects, /, *, unwanted: tuple[str, ...]) -> Verdict:
    """Pass when a service accepts none of the unwanted versions of its protocol or ways in."""
    found = tuple(name for name in fact.accepted if name in unwanted)
    if found:
        return failed(product=fact.product, found=found)
    return passed(product=fact.product, accepted=fact.accepted) if fact.accepted else undecided()


def datagrams_unanswered(fact: DatagramServices, /) -> Answer:
    """Pass when every UDP port asked is closed, or wants to know who is there.

    Silence is no proof: a filter, a lost packet and a service that does not know us look alike.
    """
    found = list[Verdict]()
    for answer in fact.answering:
        at = f"{fact.host}:{answer.port}/udp"
        match answer.sign_in:
            case "none":
                found.append(failed(at, service=answer.product))
            case "unknown":
                found.append(undecided(at, service=_REACHABLE[answer.service]))
    found += [undecided(f"{fact.host}:{port}/udp", service=_SILENT) for port in fact.silent]
    return tuple(found) or passed(asked=len(fact.asked))


_SILENT = Text(
    "aucune réponse, ce qui ne prouve rien en UDP", "no answer, which proves nothing over UDP"
)
_REACHABLE = {
    "snmp": Text(
        "un agent SNMP répond\u202f; le nom «\u00a0public\u00a0» n’est essayé que dans un audit"
        " actif",
        "an SNMP agent answers; the name “public” is tried only in an active audit",
    ),
    "tftp": Text("un serveur TFTP répond", "a TFTP server answers"),
}


def mail_not_relayed(fact: MailRelay, /) -> Verdict:
    """Pass when the server takes no recipient elsewhere from a stranger."""
    values: dict[str, Value] = {"product": fact.product, "reply": fact.reply}
    match fact.accepted:
        case None:
            return undecided(**values)
        case accepted:
            return failed(**values) if accepted else passed(**values)


def networks_kept_apart(fact: NetworkSeparation, /) -> Verdict:
    """Pass when something limits what passes between networks, and none mixes all machines."""
    values: dict[str, Value] = {"product": fact.product, "networks": fact.networks}
    if fact.mixed:
        return failed(**values | {"networks": fact.mixed}, how=_SIDE_BY_SIDE)
    if fact.filtered is False and len(fact.networks) > 1:
        return failed(**values, how=_UNLIMITED)
    # A plan of addresses with several networks does not tell what passes between them.
    return passed(**values) if fact.filtered else undecided(**values)


_SIDE_BY_SIDE = Text(
    "postes et serveurs y reçoivent leurs adresses côte à côte",
    "workstations and servers get their addresses side by side there",
)
_UNLIMITED = Text(
    "rien ne limite ce qui passe entre eux", "nothing limits what passes between them"
)


def tenants_apart(fact: TenantStorage, /) -> Answer:
    """Pass when no two establishments' files are kept in the same place."""
    if fact.shared:
        return tuple(
            failed(one.place, storage=one.storage, tenants=one.tenants) for one in fact.shared
        )
    return passed(tenants=fact.tenants)


_TEST_RHYTHM: dict[Frequency, Text] = {
    "daily": Text("chaque jour", "daily"),
    "weekly": Text("chaque semaine", "weekly"),
    "monthly": Text("chaque mois", "monthly"),
    "quarterly": Text("chaque trimestre", "quarterly"),
    "yearly": Text("chaque année", "yearly"),
}


def security_tested(fact: SecurityPractice, /) -> Verdict:
    """Pass when the security of the deployment is tested at some rhythm."""
    match fact.tests:
        case None:
            return undecided()
        case "never":
            return failed()
        case often:
            return passed(often=_TEST_RHYTHM[often])


def directories_not_listed(fact: DirectoryListings, /) -> Answer:
    """Pass when none of the directories asked for shows a visitor what it holds.

    What is listed below a listed directory is told with it: one setting opens them all.
    """
    if fact.listed:
        tops = [d for d in fact.listed if not any(_is_below(d, other) for other in fact.listed)]
        return tuple(failed(d.path, contents=_listed(d, fact.listed)) for d in tops)
    return passed(asked=fact.asked) if fact.asked else undecided()


def security_contact_in_force(fact: SecurityContact, context: Context, /) -> Verdict:
    """Pass when the published contact is an address, and its day has not passed.

    Who publishes none is told so, and never failed: RFC 9116 obliges nobody.
    """
    if not fact.published:
        return not_applicable()
    if not fact.contacts:
        return failed(why=Text("sans adresse que l’on puisse suivre", "without a usable address"))
    if fact.expires is None:
        return failed(why=Text("sans date de fin lisible", "without a readable end date"))
    if fact.expires < context.as_of:
        day = {lang: spell(fact.expires, lang) for lang in (Lang.FR, Lang.EN)}
        over = Text(f"échue le {day[Lang.FR]}", f"expired on {day[Lang.EN]}")
        return failed(why=over)
    return passed(until=fact.expires)


def _is_below(directory: ListedDirectory, other: ListedDirectory) -> bool:
    inside = directory.path.startswith(f"{other.path.rstrip('/')}/")
    return inside and len(directory.path) > len(other.path)


def _listed(
    directory: ListedDirectory, listed: tuple[ListedDirectory, ...]
) -> tuple[Text | str, ...]:
    below = [d for d in listed if _is_below(d, directory)]
    many = ("s", "ies") if directory.entries != 1 else ("", "y")
    told = [Text(f"{directory.entries} entrée{many[0]}", f"{directory.entries} entr{many[1]}")]
    if below:
        s = "s" if len(below) > 1 else ""
        others = f"{len(below)} dossier{s} listé{s} en dessous"
        told.append(Text(others, f"{len(below)} listed folder{s} below"))
    start = len(directory.path)
    names = [*directory.data_files, *(f"{d.path[start:]}{n}" for d in below for n in d.data_files)]
    return (*told, *names[:6], *(("…",) if len(names) > 6 else ()))


Concern: TypeAlias = Literal[
    "data", "interface", "secrets", "version_control", "technical", "administration"
]
# A program or an interface makes its answer anew; what ends like a data file lies there as one.
_LIES_THERE = re.compile(
    r"(?i)\.(?:csv|tsv|sql|xlsx?|ods|xml|json|zip|gz|tar|tgz|7z|rar|bak|old|dump|sqlite3?|db|mdb|hl7"
    r"|dcm|pdf|txt|log)[.\w~-]*$"
)
_INTERFACE = re.compile(r"(?i)(?:^|/)(?:api|rest|ws|odata|graphql|fhir)(?:/|$)|/v\d/")


def none_readable(fact: ReadableFiles, /, *, concern: Concern) -> Answer:
    """Pass when a visitor can read no file of that concern; each file is of one concern only."""
    found = tuple(
        failed(
            file.path, contents=_contents(file), proof=file.proof, size=file.size,
            secret=file.secrets[0].masked if file.secrets else "",
        )
        for file in fact.found
        if _concern(file) == concern
    )  # fmt: skip
    if found:
        return found
    return passed(asked=fact.asked) if fact.asked else undecided()


def _concern(file: ReadableFile) -> Concern:
    match file.kind:
        case "version_control":
            return "version_control"
        case "data_extract":
            return "interface" if _is_made_anew(file.path) else "data"
        case "database_dump" | "backup_archive":
            return "data"
        case "administration_page":
            return "administration"
    if file.secrets:
        return "secrets"
    return "data" if file.personal or file.kind == "document" else "technical"


def _is_made_anew(address: str) -> bool:
    path = address.partition("?")[0]
    return bool(_INTERFACE.search(path)) or not (_LIES_THERE.search(path) or path.endswith("/"))


_FILE_KINDS = {
    "data_extract": Text("extrait de données", "data extract"),
    "database_dump": Text("copie de base de données", "database dump"),
    "backup_archive": Text("archive de sauvegarde", "backup archive"),
    "source_code": Text("code source", "source code"),
    "configuration": Text("fichier de configuration", "configuration file"),
    "version_control": Text("dépôt de code source", "source code repository"),
    "log": Text("journal", "log"),
    "diagnostic_page": Text("page de diagnostic", "diagnostic page"),
    "administration_page": Text("page d’administration", "administration page"),
    "document": Text("document", "document"),
}
_DATA_KINDS: dict[DataKind, tuple[Text, Text]] = {
    "nir": (
        Text("NIR (numéro de sécurité sociale)", "NIR (social security number)"),
        Text("NIR (numéros de sécurité sociale)", "NIRs (social security numbers)"),
    ),
    "email": (
        Text("adresse électronique", "e-mail address"),
        Text("adresses électroniques", "e-mail addresses"),
    ),
    "phone": (
        Text("numéro de téléphone", "telephone number"),
        Text("numéros de téléphone", "telephone numbers"),
    ),
    "birth_date": (
        Text("date de naissance", "date of birth"),
        Text("dates de naissance", "dates of birth"),
    ),
    "test_result": (
        Text("résultat de test", "test result"),
        Text("résultats de test", "test results"),
    ),
    "credential": (
        Text("identifiant de connexion", "credential"),
        Text("identifiants de connexion", "credentials"),
    ),
    "iban": (
        Text("numéro de compte bancaire (IBAN)", "bank account number (IBAN)"),
        Text("numéros de compte bancaire (IBAN)", "bank account numbers (IBAN)"),
    ),
    "rpps": (
        Text("numéro de soignant (RPPS)", "caregiver’s number (RPPS)"),
        Text("numéros de soignant (RPPS)", "caregivers’ numbers (RPPS)"),
    ),
}
_PEOPLE = Text("personne", "person"), Text("personnes", "people")
_RECORDS = Text("enregistrement", "record"), Text("enregistrements", "records")
_SECRETS = Text("secret", "secret"), Text("secrets", "secrets")


def _contents(file: ReadableFile) -> tuple[Text, ...]:
    """Return what a file is and holds, in the words of a report: counts only."""
    parts = [_FILE_KINDS[file.kind]]
    if file.people:
        people = _counted(file.people, _PEOPLE)
        parts.append(Text(f"au moins {people.fr}", f"at least {people.en}"))
    if file.records is not None:
        parts.append(_counted(file.records, _RECORDS))
    for found in file.personal:
        # The secrets, which stand in their lines, are these credentials already.
        if found.kind != "credential" or not file.secrets:
            parts.append(_counted(found.count, _DATA_KINDS[found.kind]))
    if file.secrets:
        parts.append(_counted(len(file.secrets), _SECRETS))
    return tuple(parts)


def _counted(count: int, words: tuple[Text, Text]) -> Text:
    fr, en = words[count > 1].fr, words[count != 1].en
    return Text(f"{spell(count, Lang.FR)} {fr}", f"{spell(count, Lang.EN)} {en}")


_ANSWERS = {
    "refused": Text("l’accès est refusé", "access is refused"),
    "redirected": Text("le visiteur est renvoyé ailleurs", "the visitor is sent elsewhere"),
}


def documents_refused(
    fact: DocumentAccess, /, *, role: Literal["protected", "neighbour"]
) -> Verdict | None:
    """Pass when a visitor who is not signed in does not get a document of that role.

    An absent document proves nothing: its address may be wrong, or it may have expired.
    """
    if fact.role != role:
        return None
    match fact.answer:
        case "served":
            return failed(status=fact.status, media_type=fact.media_type or "?")
        case "absent":
            return undecided(status=fact.status)
        case answer:
            return passed(status=fact.status, answer=_ANSWERS[answer])


_FORMS = {
    "number": Text("nombres", "numbers"),
    "hexadecimal": Text("codes hexadécimaux", "hexadecimal codes"),
    "uuid": Text("UUID", "UUIDs"),
    "letters_and_digits": Text("lettres et chiffres", "letters and digits"),
}


def identifiers_unpredictable(fact: DocumentIdentifiers, /, *, least_bits: int) -> Verdict:
    """Pass when the identifiers seen neither follow one another, nor hold a date, nor are short."""
    short = Text(f"{fact.bits} bits au plus", f"{fact.bits} bits at most")
    signs = (
        (fact.sequential, Text("ils se suivent", "they follow one another")),
        (fact.dated, Text("ils contiennent une date", "they hold a date")),
        (fact.bits < least_bits, short),
    )
    why = tuple(text for present, text in signs if present)
    if why:
        return failed(seen=fact.seen, form=_FORMS[fact.form], why=why)
    return passed(seen=fact.seen, bits=fact.bits)


def not_indexed(fact: PersonalPage, /) -> Verdict:
    """Pass when a page about people tells search engines to leave it out."""
    return failed() if fact.indexable else passed()


def not_cached(fact: PersonalPage, /) -> Verdict:
    """Pass when a page about people tells browsers and caches not to keep it."""
    directives = {part.strip().lower() for part in fact.cache_control.split(",")}
    if "no-store" in directives:
        return passed()
    return failed(cache_control=fact.cache_control or Text("rien", "nothing"))


def foreign_origins_refused(fact: CrossOrigin, /) -> Verdict:
    """Pass when no foreign origin may read the page with the visitor's own credentials."""
    if fact.credentials and fact.admitted:
        return failed(admitted=tuple(_ORIGINS[name] for name in fact.admitted if name != "*"))
    return passed()


_ORIGINS = {
    "any": Text("n’importe quelle origine", "any origin"),
    "null": Text("l’origine «\u00a0null\u00a0»", "the origin “null”"),
}


def trace_refused(fact: TraceMethod, /) -> Verdict:
    """Pass when the server does not send a TRACE request back."""
    return failed(status=fact.status) if fact.echoed else passed(status=fact.status)


def software_supported(fact: SoftwareVersions, /, context: Context) -> Answer:
    """Pass when no version told is one its maker no longer mends on the day judged for.

    A version told beside a distributor's name may still be mended by the distributor. A date that
    nobody could read at a source accuses nobody.
    """
    sure = tuple(s for s in fact.found if s.ended_on is not None and s.date_read)
    over = tuple(s for s in sure if s.ended_on is not None and s.ended_on < context.as_of)
    named = tuple(f"{s.product} {s.version}" for s in over or fact.found)
    if over and fact.distribution:
        return undecided(named=named, distribution=fact.distribution)
    if over:
        return failed(named=named, ended_on=max(s.ended_on for s in over if s.ended_on))
    if len(sure) < len(fact.found) or not fact.found:
        return undecided(named=named, distribution=fact.distribution)
    return passed(named=named)


def flawed_versions_replaced(fact: SoftwareVersions, /) -> Answer:
    """Pass when no version told is older than the one in which its maker mended a known flaw.

    A version told beside a distributor's name may have been mended by the distributor.
    """
    known = tuple(s for s in fact.found if s.mended_in)
    old = tuple(s for s in known if s.flaw)
    named = tuple(f"{s.product} {s.version}" for s in old or known)
    if old and fact.distribution:
        return undecided(named=named, distribution=fact.distribution)
    if old:
        flaws = tuple(dict.fromkeys(s.flaw for s in old))
        return failed(
            named=named, flaws=flaws, since=tuple(dict.fromkeys(s.mended_in for s in old))
        )
    return passed(named=named) if known else None


def file_store_closed(fact: DirectoryListings, /) -> Answer:
    """Pass when the first page of a site is no listing of a store of files.

    A folder of style sheets that is listed by mistake is no store.
    """
    if not fact.asked:
        return undecided()
    stores = [d for d in fact.listed if d.path == "/" and d.data_files]
    if stores:
        return tuple(failed(d.path, contents=_listed(d, fact.listed)) for d in stores)
    return passed()


def known_flaws_mended(fact: KnownFlaws, /, context: Context, *, maximum_age_days: int) -> Verdict:
    """Pass when no installed package has a published flaw that a newer version mends.

    Advisories of another ecosystem, or older than the given days, prove nothing by their silence;
    flaws that nobody has mended yet are counted, and held against no one.
    """
    if fact.found:
        named = tuple(_flawed(package) for package in fact.found[:_MOST_FLAWED])
        return failed(count=fact.flawed, packages=fact.packages, named=named)
    if not fact.packages or not fact.advisories:
        return undecided(reason=_NOTHING_TO_COMPARE, packages=fact.packages)
    if fact.newest is None or (context.as_of - fact.newest).days > maximum_age_days:
        return undecided(reason=_ADVISORIES_OLD, packages=fact.packages)
    if fact.unclear:
        return undecided(reason=_UNCLEAR, packages=fact.packages)
    return passed(packages=fact.packages, advisories=fact.advisories)


_MOST_FLAWED = 8
_NOTHING_TO_COMPARE = Text(
    "aucun avis ne porte sur ce genre de paquets", "no advisory is about packages of this kind"
)
_ADVISORIES_OLD = Text("les avis remis sont trop anciens", "the advisories handed over are too old")
_UNCLEAR = Text("certaines versions ne se comparent pas", "some versions cannot be compared")


def _flawed(package: FlawedPackage) -> str:
    more = f" +{len(package.flaws) - 3}" if len(package.flaws) > 3 else ""
    flaws = ", ".join(package.flaws[:3]) + more
    return f"{package.name} {package.version} ({flaws} → {', '.join(package.fixed_in[:2])})"


def headers_set(fact: ResponseHeaders, /, *, required: tuple[str, ...], framing: bool) -> Verdict:
    """Pass when the page has the headers that tell a browser to restrict what it does.

    Against framing, the header X-Frame-Options and the policy's frame-ancestors are both good.
    """
    missing = [name for name in required if not _effective(name, fact.headers.get(name, ""))]
    policy = fact.headers.get("content-security-policy", "").lower()
    framed = fact.headers.get("x-frame-options", "").strip().lower() in ("deny", "sameorigin")
    if framing and not framed and "frame-ancestors" not in policy:
        missing.append("x-frame-options")
    return failed(missing=tuple(name.title() for name in missing)) if missing else passed()


def _effective(name: str, value: str) -> bool:
    value = value.strip().lower()
    match name:
        case "x-content-type-options":
            return "nosniff" in value
        case "referrer-policy":
            return value not in ("", "unsafe-url")
    return bool(value)


_VERSION = re.compile(r"\d+\.\d+|/\d")


def versions_hidden(fact: ResponseHeaders, /, *, headers: tuple[str, ...]) -> Verdict:
    """Pass when the named headers tell no version number."""
    told = tuple(
        fact.headers[name] for name in headers if _VERSION.search(fact.headers.get(name, ""))
    )
    return failed(versions=told) if told else passed()


def directory_listing_unset(fact: DirectoryListingSetting, /) -> Answer:
    """Pass when the web server's configuration switches directory listing on nowhere."""
    places = [place.partition(" ") for place in fact.places]
    found = tuple(failed(place, context=context) for place, _, context in places)
    return found or passed(product=fact.product)


_ALL_ADDRESSES = frozenset({"*", "0.0.0.0", "::", "[::]", "0"})


def listens_privately(fact: ListeningSetting, /) -> Verdict:
    """Pass when a data service listens on this machine or on private addresses only.

    A name says nothing about its address: it leaves the question open.
    """
    open_to_all = tuple(a for a in fact.addresses if a in _ALL_ADDRESSES or _is_public(a))
    values: dict[str, Value] = {"product": fact.product, "addresses": fact.addresses}
    if open_to_all:
        return failed(**values)
    named = [a for a in fact.addresses if a != "localhost" and _address(a) is None]
    return undecided(**values) if named else passed(**values)


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text.strip("[]"))
    except ValueError:
        return None


def _is_public(text: str) -> bool:
    address = _address(text)
    return address is not None and address.is_global


def cloud_access_filtered(fact: CloudAccessSetting, /, *, ports: tuple[int, ...]) -> Answer:
    """Pass when a store or a data port is limited to named networks.

    Keys of people work from anywhere; roles have keys that pass, and are no concern of this.
    """
    if fact.resource_kind == "security_group":
        opened = _data_ports(fact.ports, ports)
        if not opened:
            return None
        if fact.anyone:
            return failed(resource=fact.resource, what=_OPEN_PORTS, ports=opened)
        return passed(resource=fact.resource, networks=fact.networks)
    if fact.networks:
        return passed(resource=fact.resource, networks=fact.networks)
    what = _OPEN_STORE if fact.anyone else _KEYS_ANYWHERE
    return failed(resource=fact.resource, what=what, ports=())


_OPEN_PORTS = Text("tout Internet", "the whole Internet")
_OPEN_STORE = Text("tout le monde", "everybody")
_KEYS_ANYWHERE = Text(
    "quiconque détient la clé, de n’importe quelle adresse",
    "whoever holds the key, from any address",
)


def _data_ports(opened: tuple[int, ...], ports: tuple[int, ...]) -> tuple[str, ...]:
    if not opened:
        return ()
    least, most = min(opened), max(opened)
    return tuple(str(p) for p in ports if p in opened or (len(opened) == 2 and least <= p <= most))


def production_not_tested_on(fact: EnvironmentDatabase, /) -> Verdict:
    """Pass when the settings of a test environment name another database than production's."""
    if fact.same_as is not None:
        return failed(database=fact.database, why=_also_named(fact.same_as))
    if fact.named_production:
        return failed(database=fact.database, why=_NAMED_PRODUCTION)
    return passed(database=fact.database)


_NAMED_PRODUCTION = Text("son nom dit la production", "its name says production")


def _also_named(place: str) -> Text:
    return Text(f"aussi nommée par {place}", f"also named by {place}")


def deposits_emptied(fact: DepositedFiles, /) -> Verdict:
    """Pass when no file stays in a place of exchange for longer than declared.

    Files all of one day may be a copy that lost their dates: that is a question.
    """
    if fact.late:
        return failed(
            late=fact.late, files=fact.files, keep=fact.keep_days, oldest=fact.oldest_days
        )
    if fact.files > 1 and fact.youngest_days == fact.oldest_days:
        return undecided(files=fact.files)
    return passed(files=fact.files, keep=fact.keep_days)


_PAPERS = {
    "bank_card": Text("carte bancaire", "bank card"),
    "identity": Text("pièce d’identité", "identity paper"),
    "residence": Text("justificatif de domicile", "proof of address"),
    "health": Text("pièce de santé", "health paper"),
    "bank_account": Text("relevé bancaire", "bank details"),
}


def papers_not_by_email(fact: PapersAsked, /) -> Verdict:
    """Pass when a message asks for papers by another way than plain e-mail."""
    papers = tuple(_PAPERS[paper] for paper in fact.papers if paper in _PAPERS)
    if fact.by_email and not fact.by_upload:
        return failed(papers=papers, lines=fact.by_email)
    return undecided(papers=papers) if fact.by_email else passed(papers=papers)


def networks_filtered(fact: NetworkAccessSetting, /) -> Verdict:
    """Pass when a database's access file lets in no network that is the whole Internet."""
    whole = tuple(network for network in fact.networks if network.endswith("/0"))
    if whole:
        return failed(product=fact.product, whole=whole)
    return passed(product=fact.product, networks=fact.networks)
