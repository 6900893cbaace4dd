"""What may be said of a host that only the network names, and what is still to be asked of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from cnilcheck.model.company_names import name_words, same_name
from cnilcheck.model.facts import DeclaredService, NetworkIdentity, NetworkSignal, SourceSeen
from cnilcheck.model.text import Text, Value, english, french, spell
from cnilcheck.model.verdict import Context
from cnilcheck.model.words import Lang

# A list younger than this can show an absence (network_identity: 90 days usable).
_OLD_BASE = dt.timedelta(days=365)


def text(fr: str, en: str, **values: Value) -> Text:
    """Return the words with the values spelled in each language."""
    return Text(
        french(fr).format_map({k: spell(v, Lang.FR) for k, v in values.items()}),
        english(en).format_map({k: spell(v, Lang.EN) for k, v in values.items()}),
    )


def join(parts: Iterable[Text], separator: str = " ; ") -> Text:
    """Return the parts one after the other, in both languages."""
    found = list(parts)
    return Text(
        french(separator).join(t.fr for t in found),
        separator.replace(" ;", ";").join(t.en for t in found),
    )


def sourced(source: SourceSeen) -> Text:
    """Return a source with its date, which is told as precisely as is known."""
    day: Value = source.seen_on
    if len(source.seen_on) == 10:
        day = dt.date.fromisoformat(source.seen_on)
    if not source.seen_on:
        return source.what
    return text("{what}, {day}", "{what}, {day}", what=source.what, day=day)


def hard_reason(
    fact: NetworkIdentity, context: Context, eea: tuple[str, ...], list_days: int, law_from: dt.date
) -> Text | None:
    """Return why the service cannot be covered, if a dated source says so, else None.

    The caller has made sure that health data is held for third parties and that the host is known
    by its own name or range file: a network alone never gives a reason.
    """
    if fact.excluded_by is not None:
        return text(
            "le nom est celui d’un produit ou d’une zone hors du périmètre HDS de l’hébergeur "
            "({source})",
            "the name is that of a product or zone the host leaves out of the HDS scope ({source})",
            source=sourced(fact.excluded_by),
        )
    region = fact.region
    if region and region.by_provider and region.country and region.country not in eea:
        basis = Text("l’article R.1111-9-1", "article R.1111-9-1")
        if context.as_of < law_from:
            basis = Text("le référentiel HDS v2", "the HDS v2 framework")
        return text(
            "région {region} ({country}), hors de l’Espace économique européen, contrairement à "
            "{basis}",
            "region {region} ({country}), outside the European Economic Area, contrary to {basis}",
            region=region.region, country=region.country, basis=basis,
        )  # fmt: skip
    return _absence(fact, context, list_days)


def _absence(fact: NetworkIdentity, context: Context, list_days: int) -> Text | None:
    entry = fact.entry
    if entry is not None:
        if entry.listed and entry.expires_on and entry.expires_on < context.as_of:
            return text(
                "la liste du {day} donne un certificat expiré le {end}",
                "the list of {day} gives a certificate that expired on {end}",
                day=entry.list_date, end=entry.expires_on,
            )  # fmt: skip
        fresh = dt.timedelta() <= context.as_of - entry.list_date <= dt.timedelta(days=list_days)
        if entry.listed or entry.alike or not entry.complete or not fresh:
            return None
        return text(
            "absent de la liste des hébergeurs certifiés du {day} ({rows} lignes)",
            "absent from the list of certified hosts of {day} ({rows} rows)",
            day=entry.list_date, rows=entry.rows,
        )  # fmt: skip
    if fact.lead is not None and fact.lead.status == "absent_when_read":
        return text(
            "absent de l’annuaire des hébergeurs certifiés quand il a été lu ({source})",
            "absent from the directory of certified hosts when it was read ({source})",
            source=sourced(fact.lead.source),
        )
    return None


def proven(fact: NetworkIdentity, context: Context, clauses: tuple[int, ...], days: int) -> bool:
    """Return whether certificate, official list, activated offer and contract all stand."""
    return fact.strength == "strong" and not missing(fact, context, clauses, days)


def missing(
    fact: NetworkIdentity, context: Context, clauses: tuple[int, ...], list_days: int
) -> list[Text]:
    """Return what is still to be shown before this service may count as covered."""
    wanted = _certificate_wanted(fact, fact.declared, context)
    wanted += _list_wanted(fact, context, list_days)
    declared = fact.declared
    if declared is None or not declared.offer_activated:
        wanted.append(
            Text(
                "la preuve que l’offre, la zone ou l’option HDS est en vigueur pour ce service",
                "proof that the HDS offer, zone or option is in force for this service",
            )
        )
    absent = [c for c in clauses if declared is None or c not in declared.clauses]
    if absent:
        wanted.append(
            Text(
                "le contrat d’hébergement et ses clauses de l’article R.1111-11",
                "the hosting contract and its clauses of article R.1111-11",
            )
        )
    if declared is not None and declared.uncovered:
        wanted.append(
            text(
                "un certificat pour les activités {left}",
                "a certificate for activities {left}",
                left=declared.uncovered,
            )
        )
    return wanted


def _certificate_wanted(
    fact: NetworkIdentity, declared: DeclaredService | None, context: Context
) -> list[Text]:
    held = declared.certificate if declared else None
    if held is None or declared is None:
        return [
            text(
                "le certificat HDS (référentiel v2) de {name} et son annexe",
                "the HDS certificate (framework v2) of {name} and its annex",
                name=fact.legal_name or fact.provider,
            )
        ]
    holder = name_words(held.holder)
    names = [declared.name, *fact.legal_name.split("/"), fact.provider or ""]
    in_force = held.issued_on <= context.as_of <= held.expires_on
    if not in_force or not held.referential.strip().lstrip("vV").startswith("2.0"):
        return [Text("un certificat HDS v2 en vigueur", "an HDS v2 certificate in force")]
    if not any(same_name(name_words(name), holder) for name in names):
        return [Text("un certificat au nom de l’hébergeur", "a certificate in the host’s name")]
    return []


def _list_wanted(fact: NetworkIdentity, context: Context, list_days: int) -> list[Text]:
    entry = fact.entry
    if entry is None:
        return [
            Text(
                "l’inscription sur la liste officielle des hébergeurs certifiés (liste non "
                "importée)",
                "the entry in the official list of certified hosts (list not imported)",
            )
        ]
    values: dict[str, Value] = {"day": entry.list_date, "alike": entry.alike, "rows": entry.rows}
    if not dt.timedelta() <= context.as_of - entry.list_date <= dt.timedelta(days=list_days):
        return [
            text(
                "une liste officielle à jour (celle du {day} est importée)",
                "an up-to-date official list (that of {day} is imported)", **values,
            )
        ]  # fmt: skip
    if entry.listed:
        return []
    if entry.alike:
        return [
            text(
                "le lien avec « {alike} », nom proche sur la liste du {day}",
                "the relation to “{alike}”, a similar name on the list of {day}", **values,
            )
        ]  # fmt: skip
    return [
        text(
            "l’inscription sur la liste officielle (celle du {day} ne la montre pas)",
            "the entry in the official list (that of {day} does not show it)", **values,
        )
    ]  # fmt: skip


def told(fact: NetworkIdentity, context: Context, eea: tuple[str, ...]) -> list[Text]:
    """Return what the signs say beyond the host's name: warnings, never a verdict."""
    said = []
    if fact.upstream:
        said.append(
            text(
                "adresse annoncée par {upstream}, dont le certificat ne passe pas à {host}",
                "address announced by {upstream}, whose certificate does not pass to {host}",
                upstream=fact.upstream, host=fact.provider,
            )
        )  # fmt: skip
    if fact.other_entity:
        said.append(
            text(
                "le réseau est celui de {other}, une autre société du même nom",
                "the network is that of {other}, another company of that name",
                other=fact.other_entity,
            )
        )
    if fact.lead is not None:
        said.append(_lead(fact))
    outside = fact.region and fact.region.country and fact.region.country not in eea
    if fact.region and outside:
        said.append(
            text(
                "le nom indique la région {region} ({country}), hors de l’Espace économique "
                "européen",
                "the name states region {region} ({country}), outside the European Economic Area",
                region=fact.region.region, country=fact.region.country,
            )
        )  # fmt: skip
    if not fact.edge:
        said += _places(fact.signals, context, eea)
    return said


_LEADS = {
    "read_in_directory": (
        "piste à vérifier : dit présent dans l’annuaire ({source})",
        "lead to check: said to be in the directory ({source})",
    ),
    "stated_by_provider": (
        "piste à vérifier : se dit certifié ({source})",
        "lead to check: says it is certified ({source})",
    ),
    "recalled": (
        "piste à vérifier : cité comme certifié par le passé ({source})",
        "lead to check: named as certified in the past ({source})",
    ),
    "absent_when_read": (
        "piste à vérifier : dit absent de l’annuaire ({source})",
        "lead to check: said to be absent from the directory ({source})",
    ),
    "none_known": (
        "aucun certificat connu de cnilcheck, ce qui ne dit rien de la société ({source})",
        "no certificate known to cnilcheck, which says nothing about the company ({source})",
    ),
    "not_checked": (
        "certification non recherchée ({source})",
        "certification not looked up ({source})",
    ),
    "access_network": (
        "réseau d’accès à Internet, non d’hébergement ({source})",
        "a network of Internet lines, not of hosting ({source})",
    ),
    "own_patients": (
        "établissement connu pour ses propres patients ({source})",
        "an institution known for its own patients ({source})",
    ),
}


def _lead(fact: NetworkIdentity) -> Text:
    if fact.lead is None:
        raise ValueError("no lead")
    entry = fact.entry
    if entry is not None and entry.listed:
        return text(
            "inscrit sur la liste du {day} sous le nom {name}",
            "on the list of {day} as {name}", day=entry.list_date, name=entry.name,
        )  # fmt: skip
    return text(*_LEADS[fact.lead.status], source=sourced(fact.lead.source))


_SIGNS = {
    "name": ("le nom {value}", "the name {value}"),
    "canonical_name": ("le nom canonique {value}", "the canonical name {value}"),
    "reverse_name": ("le nom inverse {value}", "the reverse name {value}"),
    "provider_range": ("ses plages publiées ({value})", "its published ranges ({value})"),
    "asn": ("le seul réseau {value}", "the network alone, {value}"),
}


def sign(fact: NetworkIdentity) -> Text:
    """Return the sign that names the host, the strongest one."""
    for signal in fact.signals:
        if signal.host == fact.provider and signal.kind in _SIGNS:
            return text(*_SIGNS[signal.kind], value=signal.value.partition(" (")[0])
    return Text(fact.signal, fact.signal)


def _places(
    signals: tuple[NetworkSignal, ...], context: Context, eea: tuple[str, ...]
) -> list[Text]:
    fresh = [
        s
        for s in signals
        if s.kind == "country" and s.seen_on and _age(s.seen_on, context.as_of) <= _OLD_BASE
    ]
    if not fresh or any(s.value in eea for s in fresh):
        return []
    return [
        text(
            "lieu à vérifier : une base du {day} place l’adresse en {country}",
            "place to check: a table of {day} puts the address in {country}",
            day=dt.date.fromisoformat(fresh[0].seen_on), country=fresh[0].value,
        )
    ]  # fmt: skip


def _age(day: str, as_of: dt.date) -> dt.timedelta:
    try:
        return as_of - dt.date.fromisoformat(day)
    except ValueError:
        return dt.timedelta.max
