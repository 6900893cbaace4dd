"""Every word of the interface, in both languages, and how many of a thing there are."""

from __future__ import annotations

import datetime as dt

from msgspec import Struct

from cnilcheck.model.scope import HostTarget, SshTarget, Target, TlsTarget, WebTarget
from cnilcheck.model.text import NBSP, Text, french, spell
from cnilcheck.model.words import Audience, Binding, Lang, Method, Module, Outcome, Role, Severity
from cnilcheck.renderers.harmless import harmless


def _t(fr: str, en: str) -> Text:
    return Text(french(fr), en)


class Counted(Struct, frozen=True):
    """A phrase for one thing and for several; `{n}` is the number."""

    one: Text
    many: Text

    def to(self, n: int, lang: Lang) -> str:
        """Return the phrase for `n` things: French counts 0 and 1 as one, English only 1."""
        single = n < 2 if lang is Lang.FR else n == 1
        return (self.one if single else self.many).to(lang).replace("{n}", spell(n, lang))


def _c(fr_one: str, fr_many: str, en_one: str, en_many: str) -> Counted:
    return Counted(_t(fr_one, en_one), _t(fr_many, en_many))


MODULES = {
    Module.HOSTING: _t("Hébergement", "Hosting"),
    Module.AUTHENTICATION: _t("Authentification", "Authentication"),
    Module.CRYPTOGRAPHY: _t("Cryptographie", "Cryptography"),
    Module.LOGGING: _t("Journalisation", "Logging"),
    Module.EXPOSURE: _t("Exposition", "Exposure"),
}
MODULE_SUBJECTS = {
    Module.HOSTING: _t(
        "Les données de santé sont chez un hébergeur certifié (HDS)",
        "Health data are held by a certified host (HDS)",
    ),
    Module.AUTHENTICATION: _t(
        "Seules les bonnes personnes entrent", "Only the right people get in"
    ),
    Module.CRYPTOGRAPHY: _t(
        "Échanges, mots de passe et sauvegardes sont protégés",
        "Exchanges, passwords and backups are protected",
    ),
    Module.LOGGING: _t(
        "On sait qui a consulté quoi, et quand", "It is known who looked at what, and when"
    ),
    Module.EXPOSURE: _t(
        "Rien de privé n'est lisible par un visiteur", "Nothing private is readable by a visitor"
    ),
}
SEVERITIES = {
    Severity.CRITICAL: _t("Critique", "Critical"),
    Severity.HIGH: _t("Élevée", "High"),
    Severity.MEDIUM: _t("Moyenne", "Medium"),
    Severity.LOW: _t("Faible", "Low"),
    Severity.INFO: _t("Information", "Information"),
}
SHAPES = {
    Severity.CRITICAL: "◆",
    Severity.HIGH: "▲",
    Severity.MEDIUM: "■",
    Severity.LOW: "●",
    Severity.INFO: "○",
}
OUTCOMES = {
    Outcome.PASS: _t("Conforme", "Conform"),
    Outcome.FAIL: _t("À corriger", "To mend"),
    Outcome.NOT_APPLICABLE: _t("Sans objet", "Not applicable"),
    Outcome.INCONCLUSIVE: _t("Question ouverte", "Open question"),
}
BINDINGS = {
    Binding.LAW: _t("Loi", "Law"),
    Binding.BINDING_FRAMEWORK: _t("Référentiel opposable", "Binding framework"),
    Binding.CNIL_RECOMMENDATION: _t("Recommandation CNIL", "CNIL recommendation"),
    Binding.ANSSI_GUIDE: _t("Guide ANSSI", "ANSSI guide"),
    Binding.INDUSTRY: _t("Bonne pratique professionnelle", "Good professional practice"),
}
METHODS = {
    Method.TEST: _t("mesure", "test"),
    Method.EXAMINE: _t("lecture", "examination"),
    Method.INTERVIEW: _t("déclaration", "interview"),
}
BASES: dict[str, Text] = {
    "measured": _t("Mesuré", "Measured"),
    "read": _t("Lu", "Read"),
    "declared": _t("Déclaré", "Declared"),
}
AUDIENCES = {
    Audience.HOST: _t("À l'hébergeur", "For the host"),
    Audience.DEVELOPER: _t("Au développeur", "For the developer"),
    Audience.PHARMACIST: _t("Au pharmacien ou au responsable", "For the pharmacist or manager"),
    Audience.DPO: _t("Au délégué à la protection des données", "For the data protection officer"),
}
ROLES = {
    Role.CONTROLLER: _t("responsable de traitement", "data controller"),
    Role.PROCESSOR: _t("sous-traitant", "processor"),
}

TO_MEND = _c(
    "{n} point à corriger", "{n} points à corriger", "{n} point to mend", "{n} points to mend"
)
OPEN = _c(
    "{n} question ouverte", "{n} questions ouvertes", "{n} open question", "{n} open questions"
)
CONFORM = _c(
    "{n} point conforme", "{n} points conformes", "{n} point conforms", "{n} points conform"
)
DAYS_LEFT = _c("{n} jour restant", "{n} jours restants", "{n} day left", "{n} days left")
DAYS_LATE = _c(
    "échue depuis {n} jour", "échue depuis {n} jours", "{n} day overdue", "{n} days overdue"
)
WORK = _c(f"{{n}}{NBSP}jour", f"{{n}}{NBSP}jours", f"{{n}}{NBSP}day", f"{{n}}{NBSP}days")
MORE = _c(
    "… et {n} autre dans evidence.json", "… et {n} autres dans evidence.json",
    "… and {n} more in evidence.json", "… and {n} more in evidence.json",
)  # fmt: skip
MORE_FAILURES = _c(
    "… et {n} autre constat dans report.html", "… et {n} autres constats dans report.html",
    "… and {n} more finding in report.html", "… and {n} more findings in report.html",
)  # fmt: skip
MORE_PLACES = _c(
    "et {n} autre emplacement", "et {n} autres emplacements",
    "and {n} more place", "and {n} more places",
)  # fmt: skip
WAIVED = _c(
    "{n} écart accepté pour un temps", "{n} écarts acceptés pour un temps",
    "{n} failure accepted for a while", "{n} failures accepted for a while",
)  # fmt: skip
ASSESSED = _c(
    "{n} règle évaluée sur {rules}", "{n} règles évaluées sur {rules}",
    "{n} of {rules} rules assessed", "{n} of {rules} rules assessed",
)  # fmt: skip
MEASURED = _c(
    "{n} mesurée ou lue", "{n} mesurées ou lues", "{n} measured or read", "{n} measured or read"
)
DECLARED = _c("{n} sur déclaration", "{n} sur déclaration", "{n} declared", "{n} declared")
WITHOUT_OBJECT = _c("{n} sans objet", "{n} sans objet", "{n} not applicable", "{n} not applicable")


def work(days: float, lang: Lang) -> str:
    """Return an effort in working days: “half a day”, “3 days”."""
    if 0 < days < 1:
        return HALF_DAY.to(lang) if days >= 0.5 else HOURS.to(lang)
    single = days < 2 if lang is Lang.FR else days == 1
    return (WORK.one if single else WORK.many).to(lang).replace("{n}", spell(days, lang))


def moment(value: dt.datetime, lang: Lang) -> str:
    """Return a time of the audit, which is always UTC."""
    return f"{spell(value, lang)} UTC"


HALF_DAY = _t(f"½{NBSP}jour", f"½{NBSP}day")
HOURS = _t("quelques heures", "a few hours")
TODAY = _t("dernier jour", "last day")
NOTHING = _t("Rien n'a été évalué", "Nothing was assessed")
COLON = _t(" :", ":")

# The words of the pages, by the name templates give them.
PAGE: dict[str, Text] = {
    "skip": _t("Aller au contenu", "Skip to the content"),
    "report": _t("Rapport de remédiation", "Remediation report"),
    "no_organisation": _t("Organisme non précisé", "Organisation not stated"),
    "as_of": _t("Situation jugée au", "As judged on"),
    "role": _t("Rôle", "Role"),
    "notice": _t("Mise en demeure", "Formal notice"),
    "received": _t("reçue le", "received on"),
    "due": _t("Réponse attendue le", "Answer due on"),
    "extended": _t("délai prolongé", "extended"),
    "deadline": _t("Échéance", "Deadline"),
    "no_deadline": _t(
        "Aucune mise en demeure n'est indiquée dans le périmètre : pas d'échéance calculée.",
        "The scope states no formal notice: no deadline was computed.",
    ),
    "day_off": _t(
        "Pour information : ce jour n'est pas ouvré, le suivant est le {day}. Aucun texte connu ne "
        "reporte pour autant l'échéance d'une mise en demeure : retenez la date ci-dessus.",
        "For information: this is not a working day, the next one is {day}. No known text moves "
        "the "
        "deadline of a notice for that reason: keep to the date above.",
    ),
    "overview": _t("Vue d'ensemble", "Overview"),
    "overview_note": _t(
        "Cinq volets : les quatre constats de la mise en demeure CNIL MED-2021-093 du 4 octobre "
        "2021, depuis signalée close, et l'exposition de données qui l'avait précédée.",
        "Five modules: the four findings of the CNIL formal notice MED-2021-093 of 4 October 2021, "
        "since reported closed, and the exposure of data that had preceded it.",
    ),
    "conform": _t("Conforme", "Conform"),
    "to_mend": _t("À corriger", "To mend"),
    "to_answer": _t("À compléter", "To complete"),
    "not_assessed": _t("Non évalué", "Not assessed"),
    "no_object": _t("Sans objet", "Not applicable"),
    "nothing_assessed": _t(
        "Rien n'a été évalué : ce rapport ne dit rien de la conformité.",
        "Nothing was assessed: this report says nothing about conformity.",
    ),
    "interrupted": _t(
        "L'audit a été interrompu : ce qui n'a pas été vu reste ouvert.",
        "The audit was interrupted: what was not seen stays open.",
    ),
    "contents": _t("Sommaire", "Contents"),
    "first_day": _t("Les 24 premières heures", "The first 24 hours"),
    "first_day_why": _t(
        "Des constats critiques indiquent que des données peuvent être lisibles en ce moment par "
        "des personnes qui n'y ont pas droit :",
        "Critical findings indicate that data may be readable right now by people who have no "
        "right to them:",
    ),
    "contain": _t("Contenir", "Contain"),
    "contain_how": _t(
        "Fermez l'accès tout de suite (page, fichier, port, compte), puis changez les mots de "
        "passe "
        "et les clés qui ont pu être vus.",
        "Close the access at once (page, file, port, account), then change the passwords and keys "
        "that may have been seen.",
    ),
    "keep": _t("Garder les preuves", "Keep the evidence"),
    "keep_how": _t(
        "Copiez les journaux et l'état du serveur avant de corriger ; notez l'heure de chaque "
        "geste "
        "et de la découverte. N'effacez rien.",
        "Copy the logs and the state of the server before mending; write down the time of each "
        "action and of the discovery. Delete nothing.",
    ),
    "tell_authority": _t("Notifier ?", "Notify?"),
    "tell_controller": _t(
        "Un sous-traitant prévient d'abord le responsable de traitement, dans les meilleurs délais "
        "(RGPD, article 33, paragraphe 2).",
        "A processor first notifies the controller, without undue delay (GDPR, article 33(2)).",
    ),
    "tell_authority_how": _t(
        "Si une violation est constatée, le responsable de traitement la notifie à la CNIL dans "
        "les "
        "72 heures après en avoir pris connaissance, sauf si un risque pour les "
        "personnes est peu probable (RGPD, article 33). Elle figure dans le registre interne dans "
        "tous les cas.",
        "If a breach is established, the controller notifies the CNIL within 72 hours of becoming "
        "aware of it, unless a risk to people is unlikely (GDPR, article 33). "
        "It goes into the internal register in every case.",
    ),
    "tell_people": _t("Informer les personnes ?", "Inform people?"),
    "tell_people_how": _t(
        "Si le risque pour elles est élevé, elles sont informées (RGPD, article 34). Pour des "
        "données de santé, posez-vous la question dès le premier jour.",
        "If the risk to them is high, they are informed (GDPR, article 34). With health data, ask "
        "the question from the first day.",
    ),
    "aid": _t(
        "Aide à la décision, et non conseil juridique : un audit ne prouve pas à lui seul qu'une "
        "violation a eu lieu. Décidez avec votre délégué à la protection des données.",
        "An aid to decision, not legal advice: an audit alone does not prove that a breach took "
        "place. Decide with your data protection officer.",
    ),
    "this_week": _t("À faire cette semaine", "What to do this week"),
    "nothing_to_mend": _t(
        "Aucun point à corriger n'a été constaté.", "No point to mend was found."
    ),
    "nothing_to_mend_open": _t(
        "Aucun point à corriger n'a été constaté, mais des questions restent ouvertes.",
        "No point to mend was found, but questions stay open.",
    ),
    "all_waived": _t(
        "Tous les écarts constatés sont acceptés pour un temps.",
        "All failures found are accepted for a while.",
    ),
    "plan": _t("Plan de remédiation", "Mending plan"),
    "plan_note": _t(
        "Dans l'ordre : le plus grave d'abord, puis le plus rapide à corriger. Les charges sont "
        "des "
        "estimations en jours ouvrés.",
        "In order: the gravest first, then what is mended soonest. Efforts are estimates in "
        "working days.",
    ),
    "colon": _t(" :", ":"),
    "order": _t("Ordre", "Order"),
    "what": _t("Quoi", "What"),
    "where": _t("Où", "Where"),
    "effort": _t("Charge", "Effort"),
    "severity": _t("Gravité", "Severity"),
    "module": _t("Volet", "Module"),
    "owner": _t("Responsable", "Owner"),
    "status": _t("État", "Status"),
    "failures": _t("Points à corriger", "Points to mend"),
    "seen": _t("Constat", "What was seen"),
    "why": _t("Pourquoi c'est important", "Why it matters"),
    "required_by": _t("Exigence", "Requirement"),
    "steps": _t("Comment corriger", "How to mend"),
    "fixes": _t("Extraits de configuration", "Configuration extracts"),
    "verify": _t("Comment vérifier", "How to verify"),
    "evidence": _t("Preuve", "Evidence"),
    "same_evidence": _t("Preuve : la même que ci-dessus", "Evidence: the same as above"),
    "instrument": _t("Instrument", "Instrument"),
    "method": _t("Méthode", "Method"),
    "waived_until": _t("Écart accepté jusqu'au", "Failure accepted until"),
    "waiver_over": _t("Acceptation échue depuis le", "Acceptance ended on"),
    "approved_by": _t("par", "by"),
    "valid_until": _t("valable jusqu'au", "valid until"),
    "document": _t("document", "document"),
    "finding": _t("Identifiant", "Identifier"),
    "rule": _t("Règle", "Rule"),
    "questions": _t("Questions ouvertes", "Open questions"),
    "questions_note": _t(
        "Une question ouverte n'est ni conforme ni à corriger : il manque un élément, et quelqu'un "
        "peut l'apporter.",
        "An open question is neither conform nor to mend: something is missing, and someone can "
        "supply it.",
    ),
    "no_questions": _t("Aucune question ne reste ouverte.", "No question stays open."),
    "anyone": _t("À qui le sait", "For whoever knows"),
    "conforms": _t("Ce qui est conforme", "What conforms"),
    "none_conform": _t("Rien n'a été constaté conforme.", "Nothing was found to conform."),
    "condition": _t("Condition", "Condition"),
    "basis": _t("Établi par", "Known by"),
    "basis_note": _t(
        "Mesuré : observé sur le système. Lu : lu dans un fichier fourni. Déclaré : dit par une "
        "personne, non vérifié.",
        "Measured: observed on the system. Read: read in a file supplied. Declared: said by a "
        "person, not verified.",
    ),
    "unseen": _t("Ce qui n'a pas été regardé", "What was not looked at"),
    "unseen_targets": _t(
        "Cibles du périmètre qui n'ont pas pu être observées du tout :",
        "Targets of the scope that could not be observed at all:",
    ),
    "unseen_fields": _t(
        "Le périmètre ne donne rien à examiner pour ces champs :",
        "The scope gives nothing to examine for these fields:",
    ),
    "scope_field": _t("Champ du périmètre", "Field of the scope"),
    "would_judge": _t("Permettrait de juger", "Would allow to judge"),
    "all_looked": _t(
        "Tout ce que le périmètre désigne a été regardé.",
        "Everything the scope names was looked at.",
    ),
    "limits": _t(
        "Un audit voit ce qui était visible le jour dit, d'où il regardait. L'absence de constat "
        "n'est pas une garantie.",
        "An audit sees what was visible on the day, from where it looked. The absence of a finding "
        "is no guarantee.",
    ),
    "method_annex": _t("Annexe : méthode", "Annex: method"),
    "targets": _t("Cibles", "Targets"),
    "no_targets": _t("Aucune cible.", "No targets."),
    "authorisation": _t("Autorisation", "Authorisation"),
    "given_by": _t("donnée par", "given by"),
    "reference": _t("référence", "reference"),
    "instruments": _t("Instruments", "Instruments"),
    "version": _t("Version", "Version"),
    "no_instruments": _t("Aucun instrument n'a observé.", "No instrument observed."),
    "dates": _t("Dates", "Dates"),
    "collected": _t("Collecte", "Collection"),
    "judged": _t("Jugement au", "Judged for"),
    "tool": _t("Outil", "Tool"),
    "digest": _t("Empreinte des règles (SHA-256)", "Digest of the rules (SHA-256)"),
    "cited": _t("Textes cités", "Texts cited"),
    "force_note": _t(
        "Seuls la loi et les référentiels opposables obligent. S'écarter d'une recommandation de "
        "la "
        "CNIL ou d'un guide de l'ANSSI n'est pas en soi une infraction, mais peut peser dans "
        "l'appréciation de l'article 32 du RGPD.",
        "Only law and binding frameworks oblige. To depart from a CNIL recommendation or an ANSSI "
        "guide is no breach in itself, but can weigh in the assessment under article 32 GDPR.",
    ),
    "glossary": _t("Glossaire", "Glossary"),
    "footer": _t(
        "Rapport produit par cnilcheck. Ce document n'est pas un avis juridique.",
        "Report made by cnilcheck. This document is not legal advice.",
    ),
    "confidential": _t(
        "Confidentiel : ce document décrit des failles.",
        "Confidential: this document describes weaknesses.",
    ),
}

GLOSSARY: tuple[tuple[Text, Text], ...] = (
    (
        _t("Mise en demeure", "Formal notice"),
        _t(
            "Injonction de la présidence de la CNIL de se mettre en conformité dans un délai, qui "
            "court du jour de la réception. Ce n'est pas une sanction.",
            "An order by the president of the CNIL to comply within a time, which runs from the "
            "day "
            "of receipt. It is not a sanction.",
        ),
    ),
    (
        _t("Responsable de traitement, sous-traitant", "Controller, processor"),
        _t(
            "Qui décide des données et de leur usage ; qui les traite pour son compte.",
            "Who decides on the data and their use; who processes them on their behalf.",
        ),
    ),
    (
        _t("HDS", "HDS"),
        _t(
            "Hébergeur de données de santé : la certification qu'il doit détenir pour conserver "
            "des "
            "données de santé pour autrui.",
            "Health data host: the certification one must hold to keep health data for others.",
        ),
    ),
    (
        _t("NIR", "NIR"),
        _t("Numéro de sécurité sociale.", "French national registration (social security) number."),
    ),
    (
        _t("TLS", "TLS"),
        _t(
            "Le protocole qui chiffre les échanges avec un site (https).",
            "The protocol that encrypts exchanges with a site (https).",
        ),
    ),
    (
        _t("Hachage", "Hashing"),
        _t(
            "Transformation à sens unique d'un mot de passe, pour ne pas conserver le mot "
            "lui-même.",
            "One-way transformation of a password, so that the word itself is not kept.",
        ),
    ),
    (
        _t("Journalisation", "Logging"),
        _t(
            "Enregistrement de qui a fait quoi, et quand, sur le système.",
            "Recording who did what, and when, on the system.",
        ),
    ),
    (
        _t("Listage de répertoire", "Directory listing"),
        _t(
            "Page par laquelle un serveur montre à tous les fichiers d'un dossier.",
            "A page by which a server shows everyone the files of a folder.",
        ),
    ),
)  # fmt: skip

TARGET_KINDS: dict[type[Target], Text] = {
    WebTarget: _t("site ou application", "site or application"),
    HostTarget: _t("machine", "machine"),
    TlsTarget: _t("service TLS", "TLS service"),
    SshTarget: _t("serveur SSH", "SSH server"),
}
SOURCE_KINDS = {
    "system": _t("configuration du système", "system configuration"),
    "logs": _t("journaux", "logs"),
    "password_samples": _t(
        "échantillon d'empreintes de mots de passe", "sample of password hashes"
    ),
    "data_samples": _t("échantillon de données", "data sample"),
}

CONSOLE: dict[str, Text] = {
    "module": _t("Volet", "Module"),
    "mend": _t("À corriger", "To mend"),
    "open": _t("Ouvert", "Open"),
    "conform": _t("Conforme", "Conform"),
    "state": _t("État", "State"),
    "failures": _t("Points à corriger, dans l'ordre", "Points to mend, in order"),
    "questions": _t("Questions ouvertes", "Open questions"),
    "unseen": _t("Cibles non observées", "Targets not observed"),
}
THE_SCOPE = _t("périmètre", "scope")
QUESTIONS = _c("{n} question", "{n} questions", "{n} question", "{n} questions")


def page(lang: Lang) -> dict[str, str]:
    """Return the words of the pages in one language."""
    return {name: text.to(lang) for name, text in PAGE.items()}


def where(target: str, location: str, lang: Lang) -> tuple[str, str]:
    """Return target and location as they are shown; what one repeats of the other is left out."""
    shown = THE_SCOPE.to(lang) if target == "scope" else harmless(target)
    exact = harmless(location)
    if exact.startswith(f"{shown}:"):
        return exact, ""
    listener = not exact.startswith("/") and exact in shown
    return (shown, "") if listener else (shown, exact)


def place(target: str, location: str, lang: Lang) -> str:
    """Return where a finding is, on one line."""
    return " ".join(filter(None, where(target, location, lang)))


def until(day: dt.date, lang: Lang) -> str:
    """Return until when a failure is accepted."""
    return f"{PAGE['waived_until'].to(lang)} {spell(day, lang)}"
