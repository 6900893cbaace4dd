"""Names of accounts that are of a place, a role or a team, and of no one person."""

from __future__ import annotations

import re

_GENERIC = re.compile(
    r"(?:admin(?:istrateur|istrator)?|accueil|comptoir|caisse|pharmacie|officine|stagiaires?|interim"
    r"|interimaire|remplacants?|test|tests|essai|invite|guest|demo|users?|utilisateurs?|preparateurs?"
    r"|secretariat|secretaire|partage|shared|commune?|generique|generic|equipes?|teams?|postes?"
    r"|pharmaciens?|medecins?|infirmiers?|infirmieres?|labo|laboratoire|temp|tmp|root|contact|info"
    r"|vaccination|depistage|magasin|reception|garde|nuit|standard|support|hotline|helpdesk"
    r"|migrations?|exploitation|operateurs?|operators?|technicien|technician|surveillance|video"
    r"|videosurveillance|cctv|securite|security|superviseur|supervisor|maintenance|prestataire"
    r"|manutenzione|mantenimiento|wartung|fournisseurs?|fornitore|vendor|supplier|editeur|depannage"
    r"|infogerance|astreinte|informatique|assistance|compte|account)"
)


def generic_name(login: str) -> str:
    """Return the parts of a name in plain small letters, none of them a person's; else "".

    Numbers, separators and the domain of an address do not count: `poste-2@pharmacie.example`.
    """
    parts = [p for p in re.split(r"[._\-\s\\]+|\d+", login.partition("@")[0]) if p]
    return " ".join(parts) if all(_GENERIC.fullmatch(part) for part in parts) else ""
