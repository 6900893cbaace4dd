"""Judgements of the hosting module: who holds the health data, where, and under which contract.

The HDS duties concern whoever holds health data for others, and not the controller that keeps its
own patients' data on its own machines (CSP L.1111-8 I).
"""

from __future__ import annotations

import datetime as dt
import re

from cnilcheck.checks.hosting_leads import hard_reason, join, missing, proven, sign, text, told
from cnilcheck.model.company_names import name_words, own_words, same_name
from cnilcheck.model.facts import (
    CertificateDocument,
    CertificateEntry,
    HostingActor,
    HostingChain,
    HostingGuarantees,
    HostingIntermediary,
    HostingStorage,
    HostingTerms,
    HostingTransfers,
    NetworkIdentity,
    StorageRegion,
)
from cnilcheck.model.scope import Certificate
from cnilcheck.model.text import Text, Value
from cnilcheck.model.verdict import Context, Verdict, failed, not_applicable, passed, undecided
from cnilcheck.model.words import HealthData

_DATA_UNKNOWN = Text(
    "le périmètre ne dit pas si des données de santé sont détenues, ni pour qui",
    "the scope does not say whether health data is held, nor for whom",
)
_NO_HEALTH_DATA = Text("aucune donnée de santé n’est détenue", "no health data is held")
_SELF_HOSTED = Text(
    "l’organisme garde lui-même les données de ses propres patients",
    "the organisation itself keeps the data of its own patients",
)
_NO_CERTIFICATE = Text("aucun certificat n’est présenté", "no certificate is shown")
_NO_ACTIVITY = Text(
    "les activités d’hébergement exercées ne sont pas précisées",
    "the hosting activities performed are not stated",
)
_NOT_STATED = Text("la réponse n’a pas été donnée", "the answer was not given")


def _exempt(context: Context, outsourced: bool) -> Verdict | None:
    """Return the verdict when the HDS duties do not bear on the actor, or nobody can tell."""
    match context.health_data:
        case None:
            return undecided(reason=_DATA_UNKNOWN)
        case HealthData.NONE:
            return not_applicable(reason=_NO_HEALTH_DATA)
        case HealthData.OWN_PATIENTS if not outsourced:
            return not_applicable(reason=_SELF_HOSTED)
    return None


def certificate_held(fact: HostingActor, context: Context, /) -> Verdict:
    """Pass when an actor that performs a hosting activity shows an HDS certificate."""
    if exempt := _exempt(context, fact.outsourced):
        return exempt
    if fact.certificate is not None:
        return passed(name=fact.name, number=fact.certificate.number, body=fact.certificate.body)
    if not fact.activities:
        return undecided(reason=_NO_ACTIVITY)
    return failed(name=fact.name, activities=fact.activities)


def certificate_in_force(fact: HostingActor, context: Context, /, *, max_years: int) -> Verdict:
    """Pass when the certificate covers the day judged for and runs no longer than it may."""
    held = _certificate(fact, context)
    if isinstance(held, Verdict):
        return held
    dates = {"issued_on": held.issued_on, "expires_on": held.expires_on}
    if held.issued_on > context.as_of:
        return failed(**dates, why=Text("pas encore en vigueur", "not yet in force"))
    if held.expires_on < context.as_of:
        return failed(**dates, why=Text("expiré", "expired"))
    if held.expires_on > _years_later(held.issued_on, max_years):
        longer = Text(f"d’une durée supérieure à {max_years} ans", f"longer than {max_years} years")
        return failed(**dates, why=longer)
    return passed(**dates)


def referential_current(
    fact: HostingActor, context: Context, /, *, current: str, former_until: dt.date
) -> Verdict:
    """Pass when the certificate was issued on the framework that counts on the day judged for."""
    held = _certificate(fact, context)
    if isinstance(held, Verdict):
        return held
    found = re.search(r"(\d+)(?:\.(\d+))?", held.referential)
    shown = held.referential
    if found is None:
        return undecided(reason=Text(f"référentiel «\u00a0{shown}\u00a0»", f"framework “{shown}”"))
    version = (int(found[1]), int(found[2] or 0))
    wanted = tuple(int(part) for part in current.split("."))
    if version == wanted:
        return passed(referential=shown)
    if version > wanted:
        # A consultation draft numbered 2.1 is often quoted by mistake.
        return undecided(reason=Text(f"version {shown} inconnue", f"unknown version {shown}"))
    if context.as_of <= former_until:
        return passed(referential=shown)
    return failed(referential=shown, former_until=former_until)


def certificate_holder_matches(fact: HostingActor, context: Context, /) -> Verdict:
    """Pass when the certificate is in the declared actor's name."""
    held = _certificate(fact, context)
    if isinstance(held, Verdict):
        return held
    values = {"name": fact.name, "holder": held.holder}
    name, holder = name_words(fact.name), name_words(held.holder)
    if same_name(name, holder):
        return passed(**values)
    if own_words(fact.name) & own_words(held.holder):
        close = Text(
            f"«\u00a0{fact.name}\u00a0» et «\u00a0{held.holder}\u00a0»"
            " se ressemblent sans être le même nom",
            f"“{fact.name}” and “{held.holder}” are alike, and not the same name",
        )
        return undecided(reason=close)
    return failed(**values)


def certificate_coherent(
    fact: HostingActor,
    context: Context,
    /,
    *,
    bodies: tuple[str, ...],
    never: tuple[str, ...],
    first_v2: dt.date,
) -> Verdict:
    """Pass when a known certification body issued the certificate and its entries go together."""
    held = _certificate(fact, context)
    if isinstance(held, Verdict):
        return held
    words = name_words(held.body)
    if held.expires_on <= held.issued_on:
        return failed(body=held.body, why=_DATES_REVERSED)
    if not held.activities or not set(held.activities) <= {1, 2, 3, 4, 5, 6}:
        return failed(body=held.body, why=_ACTIVITIES_UNKNOWN)
    own = same_name(words, name_words(held.holder)) or same_name(words, name_words(fact.name))
    # "Accredited by COFRAC" may follow the body's name: who signs comes first.
    if own or any(words[: len(n)] == n for n in map(name_words, never)):
        return failed(body=held.body, why=_NOT_A_BODY)
    if held.referential.strip().lstrip("vV").startswith("2") and held.issued_on < first_v2:
        return undecided(reason=_EARLY_V2)
    if any(set(name_words(name)) <= set(words) for name in bodies):
        return passed(body=held.body)
    return undecided(reason=_BODY_UNKNOWN)


_DATES_REVERSED = Text("il finit avant de commencer", "it ends before it begins")
_ACTIVITIES_UNKNOWN = Text(
    "ses activités ne sont pas de celles de l’article R.1111-9",
    "its activities are not among those of article R.1111-9",
)
_NOT_A_BODY = Text(
    "cet émetteur n’est pas un organisme de certification indépendant",
    "this issuer is not an independent certification body",
)
_EARLY_V2 = Text(
    "un certificat v2 antérieur aux premières évaluations sur ce référentiel",
    "a v2 certificate older than the first assessments on that framework",
)
_BODY_UNKNOWN = Text(
    "organisme inconnu de cnilcheck, accréditation à vérifier",
    "body unknown to cnilcheck, accreditation to be checked",
)


def certificate_document_agrees(fact: CertificateDocument, context: Context, /) -> Verdict:
    """Pass when the copy of the certificate bears each entry that is declared of it.

    Fails where the copy says something else in an entry's place and nowhere bears what is declared.
    """
    if exempt := _exempt(context, fact.outsourced):
        return exempt
    other = [entry for entry in fact.entries if not entry.borne and entry.read]
    if other:
        return failed(differences=join([_difference(entry) for entry in other], ", "))
    unseen = [entry for entry in fact.entries if not entry.borne]
    if unseen or not fact.entries:
        names = join([_ENTRIES[entry.name] for entry in unseen], ", ")
        lacking = text(
            "ces mentions n'y ont pas été retrouvées : {names}",
            "these entries were not found in it: {names}",
            names=names,
        )
        return undecided(reason=lacking if unseen else _NOTHING_READ)
    return passed(entries=join([_ENTRIES[entry.name] for entry in fact.entries], ", "))


_NOTHING_READ = text("rien n'y a été lu", "nothing was read in it")


def _difference(entry: CertificateEntry) -> Text:
    return text(
        "{name} : {read} au lieu de {declared}",
        "{name}: {read} instead of {declared}",
        name=_ENTRIES[entry.name], read=_spelled(entry.read), declared=_spelled(entry.declared),
    )  # fmt: skip


def _spelled(written: str) -> Value:
    is_day = re.fullmatch(r"\d{4}-\d\d-\d\d", written)
    return dt.date.fromisoformat(written) if is_day else written


_ENTRIES = {
    "holder": text("titulaire", "holder"),
    "siren": text("SIREN", "SIREN"),
    "number": text("numéro", "number"),
    "body": text("organisme", "body"),
    "referential": text("référentiel", "framework"),
    "issued_on": text("date de délivrance", "date of issue"),
    "expires_on": text("date de fin", "end date"),
    "activities": text("activités", "activities"),
}


def activities_covered(
    fact: HostingChain, context: Context, /, *, activities: tuple[int, ...]
) -> Verdict:
    """Pass when each activity is performed by an actor whose certificate lists it.

    What an actor without any certificate performs is `certificate_held`'s to judge.
    """
    if exempt := _exempt(context, fact.outsourced):
        return exempt
    wanted = {*fact.needed, *fact.undetermined}
    activities = tuple(a for a in activities if a in wanted) if wanted else activities
    performed = set(fact.performed) & set(activities)
    short = performed - set(fact.covered) - set(fact.uncertified)
    if short:
        return failed(short=tuple(sorted(short)), covered=fact.covered)
    if not performed:
        return undecided(reason=_NO_ACTIVITY)
    if performed <= set(fact.uncertified):
        return not_applicable(reason=_NO_CERTIFICATE)
    idle = ", ".join(str(a) for a in activities if a not in performed)
    if idle:
        nobody = Text(
            f"personne n’est déclaré pour les activités {idle}",
            f"nobody is declared for activities {idle}",
        )
        return undecided(reason=nobody)
    if set(fact.uncertified) & performed:
        rest = ", ".join(map(str, fact.uncertified))
        return undecided(
            reason=Text(
                f"les activités {rest} sont exercées sans certificat présenté",
                f"activities {rest} are performed without a certificate being shown",
            )
        )
    return passed(covered=fact.covered)


def stored_in_eea(
    fact: HostingStorage, context: Context, /, *, eea: tuple[str, ...], law_from: dt.date
) -> Verdict:
    """Pass when health data are stored only in States of the European Economic Area."""
    if exempt := _exempt(context, fact.outsourced):
        return exempt
    if not fact.places:
        return undecided(reason=_NOT_STATED)
    countries = [(place.country.strip().upper(), place.purpose) for place in fact.places]
    outside = [f"{c} ({why})" for c, why in countries if re.fullmatch("[A-Z]{2}", c)]
    outside = [text for text in outside if text[:2] not in eea]
    if outside:
        basis = Text(
            "le référentiel HDS v2" if context.as_of < law_from else "l’article R.1111-9-1",
            "the HDS v2 framework" if context.as_of < law_from else "article R.1111-9-1",
        )
        return failed(outside=tuple(outside), basis=basis)
    unclear = ", ".join(c for c, _ in countries if not re.fullmatch("[A-Z]{2}", c))
    if unclear:
        return undecided(reason=Text(f"pays illisible ({unclear})", f"unclear country ({unclear})"))
    return passed(places=tuple(sorted({c for c, _ in countries})))


def third_country_access_described(fact: HostingTransfers, context: Context, /) -> Verdict:
    """Pass when nobody outside the EEA reaches the data, or the contract says who and how."""
    if exempt := _exempt(context, fact.outsourced):
        return exempt
    nobody = Text("aucun accès depuis un pays tiers", "no access from a third country")
    described = Text("un accès décrit au contrat", "an access that the contract describes")
    match fact.exists, fact.documented:
        case False, _:
            return passed(access=nobody)
        case True, True:
            return passed(access=described)
        case True, False:
            return failed()
    return undecided(reason=_NOT_STATED)


def guarantees_published(fact: HostingGuarantees, context: Context, /) -> Verdict:
    """Pass when the host's page says that nothing leaves the EEA, or tells it of each actor.

    Fails where there is no such page; a page laid out otherwise is for a person to read.
    """
    if exempt := _exempt(context, fact.outsourced):
        return exempt
    if not fact.published:
        return failed(what=_NO_PAGE)
    if not fact.columns:
        if fact.statements:
            return passed(said=_STATEMENT)
        return undecided(reason=_NO_GUARANTEES)
    if fact.missing:
        absent = join([_COLUMNS.get(name, Text(name, name)) for name in fact.missing], ", ")
        columns = text(
            "les colonnes suivantes n'y ont pas été reconnues : {absent}",
            "these columns were not recognised in it: {absent}",
            absent=absent,
        )
        return undecided(reason=columns)
    if not fact.actors:
        return undecided(reason=_NO_ROW)
    if fact.unnamed:
        rowless = text(
            "sans ligne pour {names}, que la déclaration nomme",
            "without a row for {names}, which the declaration names",
            names=fact.unnamed,
        )
        return undecided(reason=rowless)
    names = tuple(actor.name for actor in fact.actors)
    return passed(said=text("un tableau ({names})", "a table ({names})", names=names))


_COLUMNS = {
    "name": Text("raison sociale", "business name"),
    "role": text("rôle", "role"),
    "certified": Text("certifié HDS", "HDS certified"),
    "secnumcloud": Text("qualifié SecNumCloud", "SecNumCloud qualified"),
    "activities": text("activités d'hébergement", "hosting activities"),
    "requirement 29": Text("exigence 29", "requirement 29"),
    "requirement 30": Text("exigence 30", "requirement 30"),
}
_NO_PAGE = text("aucune page à cette adresse", "no page at that address")
_NO_ROW = text(
    "aucune ligne n'a été reconnue dans le tableau", "no row was recognised in the table"
)
_STATEMENT = Text(
    "la déclaration prévue, sans tableau à tenir", "the statement provided for, without a table"
)
_NO_GUARANTEES = Text(
    "ni les déclarations prévues ni le tableau des acteurs n’y ont été reconnus",
    "neither the statements provided for nor the table of actors were recognised in it",
)


def contract_clauses_present(
    fact: HostingTerms, context: Context, /, *, required: tuple[int, ...]
) -> Verdict:
    """Pass when the hosting contract holds each of the required clauses."""
    if exempt := _exempt(context, fact.outsourced):
        return exempt
    if not fact.contract.clauses:
        return undecided(reason=_NOT_STATED)
    missing = tuple(item for item in required if item not in fact.contract.clauses)
    if missing:
        return failed(missing=missing, present=fact.contract.clauses)
    return passed(present=required)


def reversibility_agreed(fact: HostingTerms, context: Context, /) -> Verdict:
    """Pass when the hosting contract says how the data come back at its end."""
    if exempt := _exempt(context, fact.outsourced):
        return exempt
    match fact.contract.reversibility:
        case None:
            return undecided(reason=_NOT_STATED)
        case True:
            return passed()
        case False:
            return failed()


def third_country_information_given(
    fact: HostingTerms, context: Context, /, *, certain_from: dt.date
) -> Verdict:
    """Pass when the contract informs of transfers, foreign laws and the risks that remain.

    Before `certain_from` a contract without it is left undecided.
    """
    if exempt := _exempt(context, fact.outsourced):
        return exempt
    match fact.contract.third_country_information:
        case None:
            return undecided(reason=_NOT_STATED)
        case True:
            return passed()
        case False if context.as_of < certain_from:
            return undecided(reason=text(*_DATE_UNCERTAIN, day=certain_from))
        case False:
            return failed()


_DATE_UNCERTAIN = (
    "le contrat ne la contient pas, et la date de cette obligation avant le {day} est à vérifier",
    "the contract does not hold it, and the date of this duty before {day} is to be checked",
)


def processor_contract_signed(fact: HostingTerms, /) -> Verdict:
    """Pass when a contract under article 28 GDPR binds the provider, whatever the data."""
    if not fact.outsourced:
        reason = Text("aucun prestataire n’est déclaré", "no provider is declared")
        return not_applicable(reason=reason)
    match fact.contract.article_28:
        case None:
            return undecided(reason=_NOT_STATED)
        case True:
            return passed()
        case False:
            return failed()


def network_host_certified(
    fact: NetworkIdentity,
    context: Context,
    /,
    *,
    eea: tuple[str, ...],
    law_from: dt.date,
    list_days: int,
    clauses: tuple[int, ...],
) -> Verdict | None:
    """Pass when the host an address leads to is proven on paper; its address proves nothing.

    Fails only for health data held for third parties, a host known by more than its network, and
    a dated reason. All else says what is still to be asked.
    """
    if fact.use in _WITHOUT_DATA:
        return None
    if exempt := _network_exempt(fact, context):
        return exempt
    if fact.reserved:
        return undecided(reason=_RESERVED)
    if fact.conflicts:
        return undecided(reason=_conflict(fact))
    confirmed = context.health_data is HealthData.THIRD_PARTY
    if fact.edge and not fact.origin_declared:
        return undecided(reason=_edge(fact))
    if confirmed and fact.lead is not None and fact.lead.status == "own_patients":
        return not_applicable(reason=_SELF_HOSTED)
    if confirmed and fact.strength == "strong" and fact.use not in ("recipient", "mail"):
        why = hard_reason(fact, context, eea, list_days, law_from)
        if why is not None:
            return failed(host=fact.provider, sign=sign(fact), why=why)
        if proven(fact, context, clauses, list_days) and fact.declared and not fact.edge:
            held = fact.declared.certificate
            return passed(host=fact.provider, number=held.number if held else "")
    return undecided(reason=_to_ask(fact, context, eea, list_days, clauses))


# Who answers for a name, or gives images or a script to run, holds no data by that alone.
_WITHOUT_DATA = ("name_server", "images", "script")


def intermediary_under_contract(fact: HostingIntermediary, context: Context, /) -> Verdict:
    """Pass when the intermediary that reads the data in clear is bound by article 28 GDPR."""
    if context.health_data is HealthData.NONE:
        return not_applicable(reason=_NO_HEALTH_DATA)
    match fact.article_28, fact.stores:
        case None, _:
            return undecided(name=fact.name, reason=_NOT_STATED)
        case False, _:
            return failed(name=fact.name)
        case True, True:
            return undecided(name=fact.name, reason=_STORES)
        case True, None:
            return undecided(name=fact.name, reason=_STORES_UNKNOWN)
    return passed(name=fact.name)


def configured_in_eea(
    fact: StorageRegion, context: Context, /, *, eea: tuple[str, ...], law_from: dt.date
) -> Verdict:
    """Pass when configuration puts stored data in a State of the European Economic Area."""
    if exempt := _exempt(context, outsourced=True):
        return exempt
    values = {"product": fact.product, "region": fact.region, "country": fact.country}
    if fact.country is None:
        unknown = Text(f"région {fact.region} inconnue", f"unknown region {fact.region}")
        return undecided(reason=unknown)
    if fact.country in eea:
        return passed(**values)
    if not fact.stores:
        return undecided(reason=text(_DEFAULT_REGION.fr, _DEFAULT_REGION.en, **values))
    basis = Text(
        "le référentiel HDS v2" if context.as_of < law_from else "l’article R.1111-9-1",
        "the HDS v2 framework" if context.as_of < law_from else "article R.1111-9-1",
    )
    return failed(**values, basis=basis)


_DEFAULT_REGION = Text(
    "{product} nomme la région {region} ({country}), sans dire si des données y sont stockées",
    "{product} names region {region} ({country}), without saying whether data is stored there",
)
_RESERVED = Text(
    "l’adresse est réservée ou privée et ne dit pas qui héberge",
    "the address is reserved or private and does not say who hosts",
)
_STORES = text(
    "il conserve des données : une certification HDS est à rechercher",
    "it keeps data: an HDS certification is to be looked for",
)
_STORES_UNKNOWN = Text(
    "on ne sait pas s’il conserve des données", "it is not stated whether it keeps data"
)


def _network_exempt(fact: NetworkIdentity, context: Context) -> Verdict | None:
    if context.health_data is HealthData.OWN_PATIENTS and fact.outsourced:
        return None
    return _exempt(context, outsourced=False)


def _conflict(fact: NetworkIdentity) -> Text:
    return text(
        "les indices se contredisent ({signs})",
        "the signs disagree ({signs})",
        signs=fact.conflicts,
    )


def _edge(fact: NetworkIdentity) -> Text:
    return text(
        "{name} est un intermédiaire qui lit les données en clair et cache l’hébergeur : "
        "déclarer l’origine et le contrat de sous-traitance",
        "{name} is an intermediary that reads the data in clear and hides the host: declare "
        "the origin and the processor contract",
        name=fact.provider,
    )


def _to_ask(
    fact: NetworkIdentity,
    context: Context,
    eea: tuple[str, ...],
    list_days: int,
    clauses: tuple[int, ...],
) -> Text:
    if fact.provider is None:
        return _nobody(fact)
    parts = told(fact, context, eea)
    if fact.use in _PERIMETERS:
        parts.insert(0, _PERIMETERS[fact.use])
    if fact.access_network:
        parts.append(_INTERNET_LINE)
    asked = join(missing(fact, context, clauses, list_days), ", ")
    parts.append(text("à demander : {asked}", "to ask for: {asked}", asked=asked))
    seen = text(
        "{host}, d’après {sign}", "{host}, from {sign}", host=fact.provider, sign=sign(fact)
    )
    return join([seen, *parts])


# What reaches them is a question of its own: no sign of the network tells if it is health data.
_PERIMETERS = {
    "recipient": text(
        "reçoit ce que la page lui envoie, données à préciser",
        "receives what the page sends, data to be stated",
    ),
    "mail": text("achemine le courrier, données à préciser", "carries the mail, data to be stated"),
}
_INTERNET_LINE = text(
    "ligne d’accès à Internet : serveur sur place ou tunnel",
    "an Internet line: a server on premises or a tunnel",
)


def _nobody(fact: NetworkIdentity) -> Text:
    signs = tuple(signal.value for signal in fact.signals)
    if not signs:
        return Text("aucun indice ne nomme l’hébergeur", "no sign names the host")
    return text("hébergeur non identifié ({signs})", "host not identified ({signs})", signs=signs)


def _certificate(fact: HostingActor, context: Context) -> Certificate | Verdict:
    if exempt := _exempt(context, fact.outsourced):
        return exempt
    return fact.certificate or not_applicable(reason=_NO_CERTIFICATE)


def _years_later(day: dt.date, years: int) -> dt.date:
    leap_day = (day.month, day.day) == (2, 29)
    return day.replace(year=min(day.year + years, 9999), day=28 if leap_day else day.day)
