"""The letter that asks a host what an audit could not learn, ready to be signed and sent."""

from __future__ import annotations

import datetime as dt
import textwrap
from collections.abc import Sequence

from cnilcheck.model.evidence import Evidence
from cnilcheck.model.facts import NetworkIdentity
from cnilcheck.model.report import Finding
from cnilcheck.model.scope import Scope
from cnilcheck.model.text import Text, french, spell
from cnilcheck.model.words import Audience, GapReason, Lang, Module, Outcome
from cnilcheck.renderers.harmless import harmless

_WIDTH = 88
_OPENING = Text(
    french(
        "Nous confions à vos services des données de santé à caractère personnel, ou nous "
        "vérifions si tel est le cas. L'article R.1111-8-8 du code de la santé publique nous "
        "demande de nous assurer que leur hébergeur est certifié. Notre audit du {day} laisse "
        "ouvertes les questions suivantes. Nous vous prions d'y répondre par écrit, pièces à "
        "l'appui, avant le {answer_by}."
    ),
    "We entrust personal health data to your services, or are checking whether we do. Article "
    "R.1111-8-8 of the French Public Health Code requires us to make sure that its host is "
    "certified. Our audit of {day} leaves the following questions open. Please answer them in "
    "writing, with documents, by {answer_by}.",
)
_DOCUMENTS = (
    Text(
        french("votre certificat HDS (référentiel v2) et son annexe : titulaire, numéro, "
               "organisme, dates, activités, sites, offres"),
        "your HDS certificate (framework v2) and its annex: holder, number, body, dates, "
        "activities, sites, offers",
    ),
    Text(
        french("celui de chaque société qui intervient pour vous dans cet hébergement, avec les "
               "activités qu'elle exerce"),
        "that of each company that takes part in this hosting for you, with the activities it "
        "performs",
    ),
    Text(
        french("la preuve que l'offre, la zone ou l'option HDS est en vigueur pour notre service, "
               "et depuis quand"),
        "proof that the HDS offer, zone or option is in force for our service, and since when",
    ),
    Text(
        french("le pays et la région de chaque stockage, sauvegardes comprises"),
        "the country and region of each storage, backups included",
    ),
    Text(
        french("votre tableau des garanties publié : accès et transferts hors de l'Espace "
               "économique européen"),
        "your published table of guarantees: access and transfers outside the European Economic "
        "Area",
    ),
    Text(
        french("le contrat d'hébergement et ses clauses de l'article R.1111-11, et le contrat de "
               "sous-traitance de l'article 28 du RGPD"),
        "the hosting contract with its clauses of article R.1111-11, and the processor contract "
        "under article 28 GDPR",
    ),
)  # fmt: skip
_HEADS = {
    "subject": Text(
        french("Objet : hébergement de nos données de santé, questions et pièces à fournir"),
        "Subject: hosting of our health data, questions and documents to provide",
    ),
    "greeting": Text("Madame, Monsieur,", "Dear Sir or Madam,"),
    "questions": Text("Questions", "Questions"),
    "documents": Text(french("Pièces à fournir"), "Documents to provide"),
    "observed": Text(french("Constaté :"), "Observed:"),
    "failing": Text(french("Condition à établir :"), "Condition to be established:"),
    "closing": Text(
        french("Nous vous prions d'agréer, Madame, Monsieur, nos salutations distinguées."),
        "Yours faithfully,",
    ),
    "nothing": Text(
        french("L'audit ne laisse aucune question à poser à l'hébergeur."),
        "The audit leaves no question to put to the host.",
    ),
}


def render(findings: Sequence[Finding], scope: Scope, as_of: dt.date, lang: Lang) -> str:
    """Return the letter as plain text; one sentence when nothing is to be asked."""
    asked = _to_ask(findings)
    if not asked:
        return _HEADS["nothing"].to(lang) + "\n"
    opening = _OPENING.to(lang).format(
        day=spell(as_of, lang), answer_by=spell(as_of + dt.timedelta(days=15), lang)
    )
    parts = [_address(scope, as_of, lang), _HEADS["subject"].to(lang), _HEADS["greeting"].to(lang)]
    parts += [_wrap(opening), _HEADS["questions"].to(lang)]
    parts += [_question(n, group, lang) for n, group in enumerate(asked, 1)]
    parts.append(_HEADS["documents"].to(lang))
    parts.append("\n".join(_wrap(item.to(lang), "- ") for item in _DOCUMENTS))
    parts += [_HEADS["closing"].to(lang), _signatory(scope)]
    return "\n\n".join(part for part in parts if part) + "\n"


def _to_ask(findings: Sequence[Finding]) -> list[list[Finding]]:
    groups: dict[str, list[Finding]] = {}
    for finding in sorted(findings, key=lambda f: f.module is not Module.HOSTING):
        hosting = finding.module is Module.HOSTING
        # What nobody gave to look at is no question, except about hosting itself.
        looked_at = hosting or finding.gap is not GapReason.NOT_GIVEN
        asked = finding.question is not None and finding.question.to is Audience.HOST
        if (asked and looked_at) or (hosting and finding.outcome is Outcome.FAIL):
            groups.setdefault(finding.rule, []).append(finding)
    return list(groups.values())


def _question(number: int, group: list[Finding], lang: Lang) -> str:
    first = group[0]
    failing = f"{_HEADS['failing'].to(lang)} {harmless(first.title.to(lang))}."
    words = harmless(first.question.text.to(lang), 600) if first.question else failing
    lines = [_wrap(words, f"{number}. ")]
    lines += [_wrap(harmless(more.to(lang), 300), "   - ") for more in _further(group)]
    told = {
        f"{harmless(f.location or f.target, 120)} {harmless(f.sentence.to(lang), 700)}."
        for f in group
        if f.gap is None
    }
    lines += [_wrap(f"{_HEADS['observed'].to(lang)} {said}", "   ") for said in sorted(told)[:5]]
    return "\n".join(lines)


def _further(group: list[Finding]) -> list[Text]:
    """Return what the catalogue says to ask the hosts that the network shows."""
    facts = [
        observation.fact
        for finding in group
        for observation in finding.evidence
        if isinstance(observation, Evidence) and isinstance(observation.fact, NetworkIdentity)
    ]
    return list(dict.fromkeys(question for fact in facts for question in fact.questions))


def _address(scope: Scope, as_of: dt.date, lang: Lang) -> str:
    lines = [harmless(scope.organisation.name, 120)] if scope.organisation else []
    hosting = scope.declarations.hosting
    names = [harmless(p.name, 120) for p in hosting.providers] if hosting else []
    blank = "[nom et adresse de l’hébergeur]" if lang is Lang.FR else "[host’s name and address]"
    return "\n".join([*lines, spell(as_of, lang), "", ", ".join(names) or blank])


def _signatory(scope: Scope) -> str:
    return harmless(scope.organisation.name, 120) if scope.organisation else ""


def _wrap(words: str, lead: str = "") -> str:
    return textwrap.fill(
        words, _WIDTH, initial_indent=lead, subsequent_indent=" " * len(lead),
        break_long_words=False, break_on_hyphens=False,
    )  # fmt: skip
