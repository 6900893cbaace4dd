"""Judgements of the hosting module: who holds the health data, where, and under which contract.

The HDS duties concern whoever holds health data for others, and not the controller that keeps its
own patients' data on its own machines (CSP L.1111-8 I).
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata

from cnilcheck.model.facts import (
    HostingActor,
    HostingChain,
    HostingStorage,
    HostingTerms,
    HostingTransfers,
)
from cnilcheck.model.scope import Certificate
from cnilcheck.model.text import Text
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
        return undecided(reason=Text(f"référentiel « {shown} »", f"framework “{shown}”"))
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
    name, holder = _words(fact.name), _words(held.holder)
    if _same_name(name, holder):
        return passed(**values)
    if (set(name) & set(holder)) - _COMMON:
        close = Text(
            f"« {fact.name} » et « {held.holder} » se ressemblent sans être le même nom",
            f"“{fact.name}” and “{held.holder}” are alike, and not the same name",
        )
        return undecided(reason=close)
    return failed(**values)


def activities_covered(
    fact: HostingChain, context: Context, /, *, activities: tuple[int, ...]
) -> Verdict:
    """Pass when each activity is performed by an actor whose certificate lists it.

    What an actor without any certificate performs is `certificate_held`'s to judge.
    """
    if exempt := _exempt(context, fact.outsourced):
        return exempt
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


def _certificate(fact: HostingActor, context: Context) -> Certificate | Verdict:
    if exempt := _exempt(context, fact.outsourced):
        return exempt
    return fact.certificate or not_applicable(reason=_NO_CERTIFICATE)


def _years_later(day: dt.date, years: int) -> dt.date:
    leap_day = (day.month, day.day) == (2, 29)
    return day.replace(year=min(day.year + years, 9999), day=28 if leap_day else day.day)


_LEGAL_FORMS = frozenset(
    "sa sas sasu sarl eurl snc sci gie scop se sca gmbh ag kg ltd llc inc corp plc bv nv srl spa "
    "the le la les de des du d l et and of".split()
)
_COMMON = frozenset(
    "cloud hosting hebergement hebergeur hebergeurs services service solutions groupe group france "
    "europe sante health healthcare data donnees digital international technologies systems emea "
    "ireland certifie certified".split()
)


def _words(name: str) -> list[str]:
    plain = unicodedata.normalize("NFKD", name.casefold()).encode("ascii", "ignore").decode()
    joined = re.sub(r"\b(?:[a-z]\.){2,}", lambda m: m[0].replace(".", ""), plain)
    return [word for word in re.findall(r"[a-z0-9]+", joined) if word not in _LEGAL_FORMS]


def _same_name(name: list[str], holder: list[str]) -> bool:
    """Return whether two names are one but for case, accents, legal form, length or initials."""
    if not name or not holder:
        return False
    if set(name) <= set(holder) or set(holder) <= set(name):
        return bool((set(name) & set(holder)) - _COMMON) or name == holder
    short, long = sorted(("".join(name), "".join(holder)), key=len)
    # OVHcloud is OVH, AWS is Amazon Web Services.
    if len(short) >= 3 and long.startswith(short):
        return True
    initials = {"".join(word[0] for word in words) for words in (name, holder)}
    return len(short) >= 3 and any(i.startswith(short) for i in initials)
