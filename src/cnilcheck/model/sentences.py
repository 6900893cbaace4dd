"""What a report says where a fact is missing or a rule is out of force."""

from __future__ import annotations

from cnilcheck.model.text import Text, french
from cnilcheck.model.words import GapReason


def _t(fr: str, en: str) -> Text:
    return Text(french(fr), en)


# The detail is the message of an instrument or a server: quoted, it is in the language it has.
GAPS: dict[GapReason, Text] = {
    GapReason.NOT_GIVEN: _t(
        "n’a pas été regardé : le périmètre ne donne rien à examiner ({detail})",
        "was not looked at: the scope gives nothing to examine ({detail})",
    ),
    GapReason.UNREACHABLE: _t(
        "n’a pas pu être observé : rien ne répond (message : « {detail} »)",
        "could not be observed: nothing answers (message: “{detail}”)",
    ),
    GapReason.REFUSED: _t(
        "n’a pas pu être observé : le serveur refuse (message : « {detail} »)",
        "could not be observed: the server declines (message: “{detail}”)",
    ),
    GapReason.TIMED_OUT: _t(
        "n’a pas pu être observé : pas de réponse complète à temps (message : « {detail} »)",
        "could not be observed: no complete answer in time (message: “{detail}”)",
    ),
    GapReason.NOT_READABLE: _t(
        "n’a pas pu être lu : fichier absent ou droit de lecture manquant (message : « {detail} »)",
        "could not be read: the file is absent or may not be read (message: “{detail}”)",
    ),
    GapReason.MALFORMED: _t(
        "n’a pas pu être compris : contenu inattendu (message : « {detail} »)",
        "could not be understood: unexpected content (message: “{detail}”)",
    ),
    GapReason.NOT_PERMITTED: _t(
        "n’a pas été demandé : hors du périmètre ou sans accord (message : « {detail} »)",
        "was not asked: outside the scope or without consent (message: “{detail}”)",
    ),
    GapReason.BUDGET_SPENT: _t(
        "n’a pas été demandé : le nombre de requêtes permis est atteint",
        "was not asked: the permitted number of requests is reached",
    ),
    GapReason.INSTRUMENT_MISSING: _t(
        "n’a pas pu être observé : un programme manque sur ce poste (message : « {detail} »)",
        "could not be observed: a program is missing on this machine (message: “{detail}”)",
    ),
    GapReason.INSTRUMENT_FAILED: _t(
        "n’a pas pu être observé : l’instrument a échoué (message : « {detail} »)",
        "could not be observed: the instrument failed (message: “{detail}”)",
    ),
    GapReason.NOT_OBSERVED: _t(
        "n’a pas été trouvé là où il a été cherché (message : « {detail} »)",
        "was not found where it was looked for (message: “{detail}”)",
    ),
    GapReason.INTERRUPTED: _t(
        "n’a pas été observé : l’audit a été interrompu (message : « {detail} »)",
        "was not observed: the audit was interrupted (message: “{detail}”)",
    ),
}

NOT_IN_FORCE = _t("n’est pas en vigueur le {as_of}", "is not in force on {as_of}")
UNANSWERED = _t(
    "ne peut pas être jugé : la réponse manque dans les éléments fournis",
    "cannot be judged: the answer is missing from what was supplied",
)
OTHER_PEOPLE = _t(
    "ne relève pas de cette règle, qui concerne d’autres comptes",
    "does not come under this rule, which is about other accounts",
)
NO_OBJECT = _t("n’a pas d’objet ici", "has no object here")
DECLARED = _t(
    "déclaré, non mesuré : « {statement} » (signé par {signed_by}, {role}, le {signed_on})",
    "declared, not measured: “{statement}” (signed by {signed_by}, {role}, on {signed_on})",
)
JUDGED_BY = _t("{said} (profil {profile})", "{said} (profile {profile})")
LOOSER = _t(
    "est admis par le profil {profile}, pas par le profil anssi, qui dirait : {refusal}",
    "is admitted by the profile {profile}, not by the profile anssi, which would say: {refusal}",
)
