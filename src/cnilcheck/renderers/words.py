"""Every word of the interface, in both languages, and how many of a thing there are."""

from __future__ import annotations

import datetime as dt
from urllib.parse import urlsplit

from msgspec import Struct

from cnilcheck.model.comparison import Change
from cnilcheck.model.report import CellState
from cnilcheck.model.scope import HostTarget, Scope, SshTarget, Target, TlsTarget, WebTarget
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
LEVELS = _t(
    "0 réfuté, 1 déclaré, 2 réglé, 3 observé, 4 prouvé par un essai, 5 prouvé à distance,"
    " ? inconnu ; * champ obligatoire",
    "0 disproved, 1 declared, 2 configured, 3 observed, 4 proved by a test, 5 proved remotely,"
    " ? unknown; * mandatory field",
)
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
KEPT = _c(
    "Contre-visite : {n} constatation reprise de l'audit du {day}",
    "Contre-visite : {n} constatations reprises de l'audit du {day}",
    "Retest: {n} observation kept from the audit of {day}",
    "Retest: {n} observations kept from the audit of {day}",
)
ASSESSED = _c(
    "{n} règle évaluée sur {rules}", "{n} règles évaluées sur {rules}",
    "{n} of {rules} rules assessed", "{n} of {rules} rules assessed",
)  # fmt: skip
MEASURED = _c(
    "{n} mesurée ou lue", "{n} mesurées ou lues", "{n} measured or read", "{n} measured or read"
)
PEOPLE = _c(
    "jusqu'à {n} enregistrement concerné", "jusqu'à {n} enregistrements concernés",
    "up to {n} record concerned", "up to {n} records concerned",
)  # fmt: skip
MORE_DECISIONS = _c(
    "et {n} autre décision sur de telles faiblesses",
    "et {n} autres décisions sur de telles faiblesses",
    "and {n} more decision on such weaknesses", "and {n} more decisions on such weaknesses",
)  # fmt: skip
MORE_URGENT = _c(
    "… et {n} autre, parmi les points à corriger", "… et {n} autres, parmi les points à corriger",
    "… and {n} more, among the points to mend", "… and {n} more, among the points to mend",
)  # fmt: skip
MORE_ROWS = _c(
    "{n} correction de plus figure dans le tableau.",
    "{n} corrections de plus figurent dans le tableau.",
    "{n} more repair is in the table.", "{n} more repairs are in the table.",
)  # fmt: skip
FITS = _c(
    "{n} correction tient dans le délai", "{n} corrections tiennent dans le délai",
    "{n} repair fits into the time", "{n} repairs fit into the time",
)  # fmt: skip
LATE = _c(
    "{n} ne tient pas dans le délai à cette cadence",
    "{n} ne tiennent pas dans le délai à cette cadence",
    "{n} does not fit at this pace", "{n} do not fit at this pace",
)  # fmt: skip
KNOWN = _c(
    "{n} écart déjà connu de la référence", "{n} écarts déjà connus de la référence",
    "{n} failure known from the baseline", "{n} failures known from the baseline",
)  # fmt: skip
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
        "Ces constats critiques indiquent que des données peuvent être lisibles en ce moment par "
        "des personnes qui n'y ont pas droit :",
        "These critical findings indicate that data may be readable right now by people who have "
        "no right to them:",
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
        "Dans l'ordre où corriger. Les charges sont des estimations en jours ouvrés.",
        "In mending order. Efforts are estimates in working days.",
    ),
    "colon": _t(" :", ":"),
    "semicolon": _t(" ;", ";"),
    "as_of_short": _t("Jugé", "Judged"),
    "receipt": _t("Réception", "Receipt"),
    "due_short": _t("Échéance", "Due"),
    "calendar": _t("Calendrier", "Calendar"),
    "calendar_note": _t(
        "Calcul en jours ouvrés (jours fériés de métropole exclus), en supposant deux personnes "
        "pour l'hébergement et les contrats et deux pour la technique. L'ordre tient compte de la "
        "gravité, de ce que des inconnus peuvent lire, du nombre de personnes concernées, de la "
        "charge et de ce qui doit être fait avant.",
        "Computed in working days (public holidays of mainland France left out), supposing two "
        "people for hosting and contracts and two for the technical work. The order follows "
        "severity, what strangers can read, the number of people concerned, effort, and what must "
        "be done before.",
    ),
    "chart": _t("Diagramme du plan de remédiation", "Chart of the mending plan"),
    "chart_says": _t(
        "Une barre par correction, du premier au dernier jour. Les dates sont dans le tableau.",
        "One bar for each repair, from its first to its last day. The dates are in the table.",
    ),
    "milestone": _t("Étape", "Milestone"),
    "when": _t("Quand", "When"),
    "mending": _t("Corriger", "Mend"),
    "retest": _t("Contrôler à nouveau", "Test again"),
    "answer": _t("Rédiger la réponse", "Write the answer"),
    "does_not_fit": _t("hors délai", "out of time"),
    "late_note": _t(
        "Ce qui ne tient pas : ajouter des personnes, commencer plus tôt ou annoncer dans la "
        "réponse une date et des mesures d'attente. Demander sans attendre à la CNIL si le délai "
        "peut être prolongé.",
        "For what does not fit: add people, begin earlier, or announce in the answer a date and "
        "interim measures. Ask the CNIL without waiting whether the time can be extended.",
    ),
    "no_time": _t(
        "Il ne reste pas assez de jours ouvrés pour tout : gardez au moins le temps d'écrire.",
        "There are not enough working days left for everything: keep at least the time to write.",
    ),
    "after": _t("après", "after"),
    "decided": _t(
        "Ce qui a été décidé dans des cas comparables", "What was decided in comparable cases"
    ),
    "decided_note": _t(
        "Décisions publiques sur des faits passés : elles ne disent rien de la situation actuelle "
        "des organismes cités. Le montant est celui de toute la décision, qui portait souvent sur "
        "d'autres manquements aussi. Il n'annonce pas ce qui serait décidé ici.",
        "Public decisions about past facts: they say nothing of the present situation of those "
        "named. The amount is that of the whole decision, which was often about other failures "
        "too. It does not foretell what would be decided here.",
    ),
    "no_decision": _t("Aucune décision ne correspond.", "No decision fits."),
    "cited_decisions": _t("Décisions citées", "Decisions cited"),
    "no_amount": _t("sans amende", "no fine"),
    "amount_unknown": _t("amende, montant non vérifié", "fine, amount not verified"),
    "sanction": _t("sanction", "sanction"),
    "formal_notice": _t("mise en demeure", "formal notice"),
    "warning": _t("avertissement", "warning"),
    "reproduce": _t("Pour le revoir", "To see it again"),
    "activities": _t("Activités d'hébergement (HDS)", "Hosting activities (HDS)"),
    "activities_note": _t(
        "Les six activités de l'article R.1111-9 du code de la santé publique et les sociétés qui "
        "les exercent, telles que déclarées. Un certificat refusé ou à vérifier l'est par une "
        "règle de ce rapport. Chaque activité nécessaire doit avoir un acteur certifié.",
        "The six activities of article R.1111-9 of the French Public Health Code and the companies "
        "that perform them, as declared. A certificate refused or to be checked is so by a rule of "
        "this report. Each needed activity must have a certified actor.",
    ),
    "endpoints": _t("Qui fait tourner quoi", "Who runs what"),
    "endpoints_note": _t(
        "Un indice dit qui annonce une adresse ou à qui est un nom, jamais que le service est "
        "certifié. Ce qui est dit d'une société l'est d'après la source et au jour indiqués. "
        "Réseaux : RouteViews, NRO et IP Geolocation by DB-IP (https://db-ip.com).",
        "A sign says who announces an address or whose a name is, never that the service is "
        "certified. What is said of a company is from the source and the day given. "
        "Networks: RouteViews, NRO and IP Geolocation by DB-IP (https://db-ip.com).",
    ),
    "use": _t("Usage", "Use"),
    "host": _t("Hébergeur", "Host"),
    "sign": _t("Indice", "Sign"),
    "certificate_known": _t("Certification, ce qui en est dit", "Certification, what is said"),
    "unidentified": _t("non identifié", "not identified"),
    "conflict": _t("les indices se contredisent :", "the signs disagree:"),
    "listed": _t("inscrit sur la liste officielle du {day}", "on the official list of {day}"),
    "not_on_list": _t(
        "n'est pas sur la liste officielle du {day} telle qu'importée",
        "not on the official list of {day} as imported",
    ),
    "actor": _t("Acteur", "Actor"),
    "needed": _t("Nécessaire pour ce service", "Needed for this service"),
    "result": _t("Résultat", "Result"),
    "all_covered": _t(
        "Chaque activité nécessaire est couverte, ou exercée par l'organisme pour ses propres "
        "patients.",
        "Each needed activity is covered, or performed by the organisation for its own patients.",
    ),
    "coverage_unknown": _t(
        "La déclaration ne dit pas quelles activités sont nécessaires : préciser "
        "`service`, `administration` et `backups`.",
        "The declaration does not tell which activities are needed: state `service`, "
        "`administration` and `backups`.",
    ),
    "log_matrix": _t("Ce que les journaux enregistrent", "What the logs record"),
    "log_matrix_note": _t(
        "Part des lignes dans lesquelles le champ a une valeur utilisable.",
        "Share of the lines in which the field has a usable value.",
    ),
    "log": _t("Journal", "Log"),
    "author": _t("Auteur", "Author"),
    "time": _t("Date et heure", "Time"),
    "operation": _t("Opération", "Operation"),
    "object": _t("Référence", "Reference"),
    "lines": _t("Lignes", "Lines"),
    "digests": _t("Empreintes (SHA-256)", "Digests (SHA-256)"),
    "digests_note": _t(
        "Les fichiers de l'audit sur lesquels ce rapport est fondé ; `sha256sum` les vérifie.",
        "The files of the audit this report rests on; `sha256sum` verifies them.",
    ),
    "file": _t("Fichier", "File"),
    "known": _t("Déjà connu", "Known already"),
    "comparison": _t("Comparaison de deux audits", "Comparison of two audits"),
    "before": _t("Avant", "Before"),
    "now": _t("Maintenant", "Now"),
    "nothing_changed": _t(
        "Aucun écart, ni dans l'un ni dans l'autre.", "No failure in either of them."
    ),
    "others": _t("autres", "others"),
    "proofs_elsewhere": _t(
        "Au-delà des dix premiers emplacements, les preuves sont dans evidence.json.",
        "Beyond the first ten places, the evidence is in evidence.json.",
    ),
    "seen_here": _t("vu ici", "seen here"),
    "other_fixes": _t("Pour d'autres logiciels", "For other software"),
    "yes": _t("oui", "yes"),
    "no": _t("non", "no"),
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
    "waiver_refused": _t(
        "Ne peut être accepté, la mise en demeure le vise : acceptation demandée jusqu'au",
        "Cannot be accepted, the formal notice names it: acceptance asked for until",
    ),
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
        _t("Clôture de la mise en demeure", "Closure of the formal notice"),
        _t(
            "Décision de la présidence de la CNIL qui constate la conformité dans le délai.",
            "The decision by which the president of the CNIL finds that the notice was complied "
            "with in time.",
        ),
    ),
    (
        _t("Formation restreinte", "Restricted committee"),
        _t(
            "L'organe de la CNIL qui prononce les sanctions.",
            "The body of the CNIL that imposes sanctions.",
        ),
    ),
    (
        _t("Sous-traitant ultérieur", "Sub-processor"),
        _t(
            "Un sous-traitant du sous-traitant.",
            "A processor engaged by the processor.",
        ),
    ),
    (
        _t("Délégué à la protection des données (DPD, DPO)", "Data protection officer (DPO)"),
        _t(
            "La personne qui conseille l'organisme et répond à la CNIL.",
            "The person who advises the organisation and answers the CNIL.",
        ),
    ),
    (
        _t("Analyse d'impact (AIPD)", "Data protection impact assessment (DPIA)"),
        _t(
            "L'étude des risques d'un traitement pour les personnes, avant de le commencer.",
            "The study of the risks of a processing for people, before it begins.",
        ),
    ),
    (
        _t("Données de santé", "Personal health data"),
        _t(
            "Toute donnée qui révèle l'état de santé d'une personne identifiable, comme un "
            "résultat de test.",
            "Any data that reveal the health of an identifiable person, such as a test result.",
        ),
    ),
    (
        _t("Référentiel", "Framework"),
        _t(
            "Un texte de référence ; il n'est obligatoire que si un texte de loi le dit.",
            "A reference text; it is mandatory only where a legal text says so.",
        ),
    ),
    (
        _t("Infogérance", "Managed services"),
        _t(
            "L'administration et l'exploitation d'un système par un prestataire.",
            "The administration and operation of a system by a provider.",
        ),
    ),
    (
        _t(
            "Restriction d'accès, temporisation, verrouillage",
            "Access restriction, delay, lockout",
        ),
        _t(
            "Ce qui freine ou arrête les essais de mots de passe.",
            "What slows down or stops attempts at passwords.",
        ),
    ),
    (
        _t("Entropie", "Entropy"),
        _t(
            "La mesure, en bits, du nombre d'essais qu'il faut pour deviner un secret.",
            "The measure, in bits, of how many attempts it takes to guess a secret.",
        ),
    ),
    (
        _t("Fonction de dérivation", "Derivation function"),
        _t(
            "Un hachage rendu lent exprès, fait pour les mots de passe.",
            "A hash made slow on purpose, meant for passwords.",
        ),
    ),
    (
        _t("Suite cryptographique", "Cipher suite"),
        _t(
            "Les procédés que deux machines choisissent ensemble pour chiffrer un échange.",
            "The processes two machines choose together to encrypt an exchange.",
        ),
    ),
    (
        _t("Confidentialité persistante", "Forward secrecy"),
        _t(
            "Une clé volée plus tard ne permet pas de lire les échanges passés.",
            "A key stolen later does not let past exchanges be read.",
        ),
    ),
    (
        _t("Chiffrement au repos, en transit", "Encryption at rest, in transit"),
        _t(
            "Des données conservées ; des données qui circulent.",
            "Of data that are kept; of data on their way.",
        ),
    ),
    (
        _t("Imputabilité", "Accountability"),
        _t(
            "Pouvoir dire avec certitude quelle personne a fait une action.",
            "Being able to say for certain which person did an action.",
        ),
    ),
    (
        _t("Horodatage", "Timestamping"),
        _t(
            "La date et l'heure, avec leur fuseau, jointes à un événement.",
            "The date and time, with their zone, attached to an event.",
        ),
    ),
    (
        _t("Durée de conservation", "Retention period"),
        _t(
            "Le temps pendant lequel une donnée ou un journal est gardé.",
            "How long data or a log are kept.",
        ),
    ),
    (
        _t("Habilitation", "Access right"),
        _t(
            "Ce qu'une personne est autorisée à voir ou à faire.",
            "What a person is allowed to see or do.",
        ),
    ),
    (
        _t("Carte CPS, e-CPS", "Health professional card (CPS), e-CPS"),
        _t(
            "La carte d'un professionnel de santé et sa forme mobile.",
            "The card of a health professional and its mobile form.",
        ),
    ),
    (
        _t("INS", "National health identity (INS)"),
        _t(
            "L'identité nationale de santé : le matricule et les traits d'identité d'un patient.",
            "The number and identity traits of a patient.",
        ),
    ),
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
    (
        _t("Manquement", "Breach of an obligation"),
        _t(
            "Le non-respect d'une obligation légale, que seule une autorité ou un juge constate.",
            "Failure to meet a legal obligation, which only an authority or a court establishes.",
        ),
    ),
    (
        _t("Violation de données", "Personal data breach"),
        _t(
            "Des données détruites, perdues, altérées, divulguées ou consultées sans droit.",
            "Data destroyed, lost, altered, disclosed or looked at without right.",
        ),
    ),
    (
        _t("Authentification multifacteur", "Multi-factor authentication"),
        _t(
            "Se connecter avec deux preuves de nature différente, par exemple un mot de passe et "
            "une carte.",
            "To sign in with two proofs of different kinds, such as a password and a card.",
        ),
    ),
    (
        _t("Sel", "Salt"),
        _t(
            "Valeur aléatoire ajoutée à chaque mot de passe avant le hachage, pour que deux mots "
            "égaux n'aient pas la même empreinte.",
            "A random value added to each password before hashing, so that two equal words do not "
            "have the same hash.",
        ),
    ),
    (
        _t("Réversibilité", "Reversibility"),
        _t(
            "Ce que le contrat prévoit pour reprendre ses données et changer d'hébergeur.",
            "What the contract provides for taking the data back and changing host.",
        ),
    ),
    (
        _t("Constat, question ouverte", "Finding, open question"),
        _t(
            "Ce qu'une règle dit d'un endroit précis ; ce qu'elle ne peut pas dire, faute "
            "d'éléments.",
            "What a rule says of an exact place; what it cannot say, for want of elements.",
        ),
    ),
    (
        _t("Mesuré, lu, déclaré", "Measured, read, declared"),
        _t(
            "Observé sur le système ; lu dans un fichier fourni ; dit par une personne, non "
            "vérifié.",
            "Observed on the system; read in a file supplied; said by a person, not verified.",
        ),
    ),
)  # fmt: skip

# The six activities of article R.1111-9 of the Code de la santé publique, in our words.
ACTIVITIES: tuple[Text, ...] = (
    _t("Sites physiques", "Physical sites"),
    _t("Infrastructure matérielle", "Hardware infrastructure"),
    _t("Infrastructure virtuelle", "Virtual infrastructure"),
    _t("Plateforme d'hébergement d'applications", "Application hosting platform"),
    _t("Administration et exploitation", "Administration and operation"),
    _t("Sauvegarde des données de santé", "Backup of health data"),
)

CELLS: dict[CellState, Text] = {
    "certified": _t("certifié", "certified"),
    "to_check": _t("certificat à vérifier", "certificate to check"),
    "refused": _t("certificat refusé", "certificate refused"),
    "outside": _t("hors de son certificat", "not in its certificate"),
    "uncertified": _t("sans certificat", "no certificate"),
    "own": _t("ses propres patients", "own patients"),
    "none": _t("–", "–"),
}
NEEDED: dict[bool | None, Text] = {
    True: _t("oui", "yes"),
    False: _t("non", "no"),
    None: _t("non précisé", "not stated"),
}
COVERED = {
    "covered": _t("couverte", "covered"),
    "to_check": _t("à vérifier", "to check"),
    "uncovered": _t("non couverte", "not covered"),
    "nobody": _t("personne", "nobody"),
    "own": _t("sans objet", "no object"),
    "not_needed": _t("non nécessaire", "not needed"),
    "unknown": _t("non précisé", "not stated"),
}
MORE_ENDPOINTS = _c(
    "{n} autre endroit est dans evidence.json.", "{n} autres endroits sont dans evidence.json.",
    "{n} more place is in evidence.json.", "{n} more places are in evidence.json.",
)  # fmt: skip
NOT_COVERED = _c(
    "Activité à faire couvrir ou à vérifier : {listed}.",
    "Activités à faire couvrir ou à vérifier : {listed}.",
    "Activity to be covered or checked: {listed}.",
    "Activities to be covered or checked: {listed}.",
)

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
    "accounts": _t("liste de comptes", "list of accounts"),
    "messages": _t("messages et modèles", "messages and templates"),
    "identity_exports": _t("export d'un annuaire", "export of a directory"),
    "data_samples": _t("échantillon de données", "data sample"),
}

CHANGES = {
    Change.NEW: _t("Nouveau", "New"),
    Change.WORSE: _t("Pire", "Worse"),
    Change.STILL: _t("Encore là", "Still there"),
    Change.GONE: _t("N'est plus observable", "No longer observable"),
    Change.MENDED: _t("Corrigé", "Mended"),
}
CHANGE_NOTES = {
    Change.NEW: _t("N'échouait pas avant.", "Did not fail before."),
    Change.WORSE: _t(
        "Plus grave, plus de personnes concernées, ou acceptation échue.",
        "Graver, more people concerned, or acceptance ended.",
    ),
    Change.STILL: _t("Échoue comme avant.", "Fails as before."),
    Change.GONE: _t(
        "N'a pas été observé de nouveau : ne compte jamais comme corrigé.",
        "Was not observed again: never counts as mended.",
    ),
    Change.MENDED: _t(
        "Échouait, et a été jugé de nouveau au même endroit sans échouer.",
        "Failed, and was judged again at the same place without failing.",
    ),
}

# The headings of the table for spreadsheets.
ORDER, START, END = _t("Ordre", "Order"), _t("Début", "Start"), _t("Fin", "End")
COLUMNS: tuple[Text, ...] = (
    ORDER, _t("Identifiant", "Identifier"), _t("Volet", "Module"),
    _t("Gravité", "Severity"), _t("Résultat", "Outcome"), _t("Condition", "Condition"),
    _t("Cible", "Target"), _t("Emplacement", "Location"), _t("Constat", "What was seen"),
    _t("Établi par", "Known by"), _t("Comment corriger", "How to mend"),
    _t("Comment vérifier", "How to verify"), _t("Charge", "Effort"), START,
    END, _t("Dans le délai", "In time"), _t("Question", "Question"),
    _t("Exigences", "Requirements"), _t("Acceptation", "Acceptance"), _t("Responsable", "Owner"),
    _t("Avancement", "Progress"), _t("Règle", "Rule"),
)  # fmt: skip

CONSOLE: dict[str, Text] = {
    "module": _t("Volet", "Module"),
    "mend": _t("À corriger", "To mend"),
    "open": _t("Ouvert", "Open"),
    "conform": _t("Conforme", "Conform"),
    "state": _t("État", "State"),
    "failures": _t("Points à corriger, dans l'ordre", "Points to mend, in order"),
    "questions": _t("Questions ouvertes", "Open questions"),
    "unseen": _t("Cibles non observées", "Targets not observed"),
    "known": _t("déjà connu", "known already"),
    "next": _t("Pour commencer", "To begin with"),
}
THE_SCOPE = _t("périmètre", "scope")
OSCAL: dict[str, Text] = {
    "title": _t("Résultats de l'audit", "Results of the audit"),
    "result": _t("Constats jugés au {day}", "Findings judged for {day}"),
    "result_says": _t(
        "Ce que cnilcheck a observé, et ce qu'en disent ses règles. Ce qui n'a pas pu être observé "
        "n'est jamais compté comme conforme.",
        "What cnilcheck observed, and what its rules say of it. What could not be observed never "
        "counts as conform.",
    ),
    "plan": _t(
        "Il n'y a pas de plan d'évaluation OSCAL : le fichier de périmètre dit ce qui a été "
        "demandé.",
        "There is no OSCAL assessment plan: the scope file says what was asked.",
    ),
    "instrument": _t("L'instrument de l'audit.", "The instrument of the audit."),
    "objectives": _t("Les règles de cnilcheck jugées.", "The rules of cnilcheck that were judged."),
    "evidence": _t(
        "Ce qui a été observé, et ce qui n'a pas pu l'être, avec sa provenance.",
        "What was observed, and what could not be, with its provenance.",
    ),
    "scope": _t("Le périmètre de l'audit.", "The scope of the audit."),
    "waived": _t("Écart accepté jusqu'au {day} : {reason}", "Accepted until {day}: {reason}"),
}
QUESTIONS = _c("{n} question", "{n} questions", "{n} question", "{n} questions")


_SHORT_FR = "janv. févr. mars avr. mai juin juil. août sept. oct. nov. déc.".split()
_SHORT_EN = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()


def month(day: dt.date, lang: Lang) -> str:
    """Return the month of a day, short, with its year."""
    names = _SHORT_FR if lang is Lang.FR else _SHORT_EN
    return f"{names[day.month - 1]}{NBSP}{day.year}"


def short_day(day: dt.date, lang: Lang) -> str:
    """Return a day for a table."""
    number = "1er" if day.day == 1 and lang is Lang.FR else str(day.day)
    return f"{number}{NBSP}{month(day, lang)}"


def euros(amount: int, lang: Lang) -> str:
    """Return an amount of euros."""
    return f"{spell(amount, lang)}{NBSP}€" if lang is Lang.FR else f"€{spell(amount, lang)}"


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


_LEARNS = {
    "resolver": _t(
        "le résolveur {who} apprend les noms et les adresses des cibles",
        "the resolver {who} learns the names and addresses of the targets",
    ),
    "own": _t("de cette machine", "of this machine"),
    "networks": _t(
        "Team Cymru (asn.cymru.com) apprend leurs adresses, par le résolveur",
        "Team Cymru (asn.cymru.com) learns their addresses, through the resolver",
    ),
    "registrants": _t(
        "le registre {who} apprend leurs adresses et celle de cette machine",
        "the registry {who} learns their addresses and that of this machine",
    ),
    "nobody": _t("Identité en ligne : non demandée.", "Online identity: not asked for."),
    "online": _t("Identité en ligne : {told}.", "Online identity: {told}."),
}


def who_learns(scope: Scope, lang: Lang) -> str:
    """Return in one sentence who is told what when the identity of the targets is asked online."""
    if not scope.online_identity:
        return _LEARNS["nobody"].to(lang)
    asked, resolver = scope.identity, harmless(scope.identity.resolver, 80)
    who = resolver or _LEARNS["own"].to(lang)
    told = [_LEARNS["resolver"].to(lang).format(who=who)]
    if "networks" in asked.ask:
        told.append(_LEARNS["networks"].to(lang))
    if "registrants" in asked.ask:
        registry = harmless(urlsplit(asked.registry).netloc, 120)
        told.append(_LEARNS["registrants"].to(lang).format(who=registry))
    separator = f"{PAGE['semicolon'].to(lang)} "
    return _LEARNS["online"].to(lang).format(told=separator.join(told))
