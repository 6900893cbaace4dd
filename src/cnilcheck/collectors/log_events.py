"""Which event a line records: from the words of a request, an operation or a message."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from cnilcheck.model.logging_matrix import EventCategory

# Nobody's own: what programs call themselves and what several people share.
_NOBODY = frozenset(
    "- anonymous anonyme anonymoususer none null nil undefined unknown inconnu guest invite invité"
    " public visitor visiteur root admin administrator administrateur system système systeme nobody"
    " www-data www http nginx apache httpd postgres mysql redis daemon service app application api"
    " user utilisateur test pharmacie officine accueil comptoir shared commun generic 0".split()
)
LOOPBACK = frozenset({"", "-", "127.0.0.1", "::1", "localhost", "unknown", "::ffff:127.0.0.1"})
# What people share or programs use, as opposed to no name at all.
SHARED = _NOBODY - frozenset(
    "- anonymous anonyme anonymoususer none null nil undefined unknown inconnu 0".split()
)


def names_a_person(author: str) -> bool:
    """Return whether the author is one identified person: not empty, shared, or a program."""
    name = author.strip("\"' ").casefold()
    return bool(name) and name not in _NOBODY and not name.startswith("system:")


STATIC = re.compile(
    r"(?i)\.(?:css|js|mjs|map|png|jpe?g|gif|svg|webp|avif|ico|woff2?|ttf|otf|eot|webmanifest)"
    r"(?:\?|$)|^/(?:robots\.txt|favicon\.ico|health|status|ping)"
)
_NOISE = frozenset({"400", "408", "414", "444", "499"})


def _words(text: str) -> re.Pattern[str]:
    return re.compile(rf"(?i)(?<![a-z])(?:{'|'.join(text.split())})(?![a-z])")


_SIGN_IN = _words(
    "log-?in signin sign-in sign_in wp-login connexion connecter authenticate authentification"
    " authentication auth oauth token session sessions j_security_check"
)
_SIGN_OUT = _words("log-?out signout sign-out sign_out deconnexion déconnexion se-deconnecter")
_SEARCH = _words("search recherches? rechercher chercher find query autocomplete _search q")
_EXPORT = _words(
    "exports? exporter imprim\\w* print download telechargement telecharger télécharger extract\\w*"
    " csv xlsx? zip bulk \\$export dump"
)
_RECORD = _words(
    "patients? dossiers? resultats? résultats? results? records? tests? depistages? dépistages?"
    " consultations? ordonnances? prescriptions? vaccin\\w* analyses? examens? documents?"
    " rendez-vous rdv appointments? beneficiaires? bénéficiaires? clients? personnes? persons?"
    " observations? diagnosticreports? encounters? immunizations? mes-\\w+ mon-\\w+ compte-?rendus?"
)
_RIGHTS = _words(
    "users? utilisateurs? comptes? accounts? roles? rôles? permissions? droits? habilitations?"
    " groups? groupes? password mot-de-passe mfa totp 2fa invitations?"
)
_SETTINGS = _words(
    "settings? parametres? paramètres? configuration config options? plugins? themes?"
)
_LOGS = _words("logs? journaux journal audit-?logs? traces?")
_BACKUP = _words("backups? sauvegardes? restore restauration")
_MACHINE = _words("webhooks? callbacks? sidep si-dep hl7 soap mllp ws")
_REMOVE = _words("delete supprimer suppression remove destroy effacer")
_ID = re.compile(r"/[^/?]*(?:\d|%)[^/?]*|[?&;][\w.\[\]-]*=|/[0-9a-f]{8}-")


class WebKind(NamedTuple):
    """What a request is: its category, and which fields the request line itself fills."""

    category: EventCategory | None
    operation: bool
    reference: bool
    counts: bool
    """Whether a log must record it: no noise of the protocol."""
    served: bool
    """Whether a page or record was handed out, so that the author of it is expected."""


SAME_DIGITS = bytes(48 if 49 <= n <= 57 else n for n in range(256))
_VALUE = re.compile(rb"=[^&;\s]++")


def without_values(shapes: bytes) -> bytes:
    """Return requests, whose digits are all 0, without the values of their queries."""
    return _VALUE.sub(b"=", shapes) if b"=" in shapes else shapes


def kind_of_request(request: bytes, status: bytes) -> WebKind:
    """Return what a decoded request line and its status say."""
    return _kind(without_values(request.translate(SAME_DIGITS)), status)


@lru_cache(maxsize=8192)
def _kind(template: bytes, status: bytes) -> WebKind:
    return web_kind(template.decode("utf-8", "replace"), status.decode("latin-1"))


_REQUEST = re.compile(r"([A-Za-z]{3,12}) ([^ ].{0,8000}?)(?: HTTP/[\d.]+)?$", re.DOTALL)


def web_kind(request: str, status: str) -> WebKind:
    """Return what a request line and its status say; ids in the path may be any digits."""
    found = _REQUEST.match(request)
    if found is None:
        return WebKind(None, False, False, status not in _NOISE, False)
    method, path = found[1].upper(), found[2]
    static = STATIC.search(path) is not None
    category = None if static else _web_category(method, path, status)
    # What is created has no identifier yet, and many records at once have none: there the address
    # names the collection.
    whole = category in ("export", "search") or (method == "POST" and category == "modification")
    reference = whole or _ID.search(path) is not None
    served = status[:1] == "2" and not static
    return WebKind(category, True, reference, status not in _NOISE, served)


def _web_category(method: str, path: str, status: str) -> EventCategory | None:
    place, _, query = path.partition("?")
    if method in ("OPTIONS", "HEAD", "TRACE", "CONNECT"):
        return None
    if method == "POST" and _SIGN_IN.search(place):
        return _sign_in(place, status)
    if status in ("401", "403"):
        return "access_denied"
    if status[:1] not in ("2", "3"):
        return None
    if _SIGN_OUT.search(place) or "action=logout" in query:
        return "sign_out"
    if method == "DELETE" or (method == "POST" and _REMOVE.search(place)):
        return "log_change" if _LOGS.search(place) else "deletion"
    return _read(place, query) if method == "GET" else _written(place)


REFUSALS = frozenset({b"400", b"401", b"403", b"422", b"423", b"429"})
"""What a server answers to a sign-in that failed."""


def _sign_in(place: str, status: str) -> EventCategory | None:
    if status.encode() in REFUSALS:
        return "sign_in_failure"
    return "sign_in_success" if status[:1] in ("2", "3") else None


def _read(place: str, query: str) -> EventCategory | None:
    if _EXPORT.search(place) or _EXPORT.search(query):
        return "export"
    if _BACKUP.search(place):
        return "backup"
    if _SEARCH.search(place) or (query and _SEARCH.search(query)):
        return "search"
    if _MACHINE.search(place):
        return "machine_exchange"
    return "consultation" if _RECORD.search(place) or _RECORD.search(query) else None


def _written(place: str) -> EventCategory | None:
    tests: tuple[tuple[re.Pattern[str], EventCategory], ...] = (
        (_BACKUP, "backup"), (_MACHINE, "machine_exchange"), (_SEARCH, "search"),
        (_EXPORT, "export"), (_RIGHTS, "rights_change"), (_SETTINGS, "configuration_change"),
    )  # fmt: skip
    return next((category for words, category in tests if words.search(place)), "modification")


# The first that fits is taken: the particular before the general.
_SAID: tuple[tuple[str, EventCategory], ...] = (
        (r"failed password|authentication fail|failed (?:login|logon|log-in|sign-in)|login fail"
         r"|invalid user|(?:password|peer|ident|role|user) .{0,60}authentication failed"
         r"|(?:role|user) .{0,60}does not exist|no pg_hba\.conf entry|access denied for user"
         r"|échecs? (?:de |d'|d’)(?:la )?(?:connexion|authentification)"
         r"|identifiants? (?:incorrect|invalide)|bad (?:password|credentials)"
         r"|type=USER_(?:LOGIN|AUTH)\b.{0,400}res=failed|connexion refusée", "sign_in_failure"),
        (r"accepted (?:password|publickey|keyboard)|session opened|logged in|login success"
         r"|new session \d|successful (?:login|logon|log-in|sign-in)|connection authori[sz]ed"
         r"|connexion réussie"
         r"|type=USER_(?:LOGIN|AUTH)\b.{0,400}res=success|s'est connecté", "sign_in_success"),
        (r"session closed|logged out|log-?out\b|disconnect|removed session|déconnexion"
         r"|session expir"
         r"|type=USER_(?:END|LOGOUT)\b", "sign_out"),
        (r"\bsudo(?:\[\d+\])?: .{0,200}command=|type=USER_CMD\b|\bsu: ", "system_event"),
        (r"type=(?:ADD|DEL)_(?:USER|GROUP)|type=USER_(?:MGMT|CHAUTHTOK)"
         r"|\b(?:create|alter|drop) (?:role|user)\b|\bgrant\b|\brevoke\b|new (?:user|group):"
         r"|user(?:add|del|mod)\b|password changed"
         r"|compte (?:créé|supprimé|bloqué)|,role,", "rights_change"),
        (r"type=DAEMON_(?:START|END|ROTATE|ABORT)|audit_log|log cleared"
         r"|log file (?:rotated|deleted)|journal.{0,30}(?:effacé|purgé)"
         r"|rsyslogd.{0,80}(?:exiting|start|HUPed)|truncate .{0,40}log",
         "log_change"),
        (r"type=CONFIG_CHANGE|configuration (?:changed|reloaded)|parameter .{0,80} changed"
         r"|received sighup|\bsettings? (?:changed|updated)|,ddl,"
         r"|\b(?:create|alter|drop) (?:table|schema|index|extension)\b", "configuration_change"),
        (r"accès refusé|access denied|permission denied|forbidden|not authori[sz]ed|type=AVC\b"
         r"|unauthori[sz]ed", "access_denied"),
        (r"\bbackup|pg_dump|pg_basebackup|borg|restic|sauvegarde|restaur|\brestored?\b",
         "backup"),
        (r"télémaintenance|telemaintenance|remote maintenance|teamviewer|anydesk|bastion",
         "remote_maintenance"),
        (r"\bexport|copy .{0,200} to |téléchargé|imprim|\bprint(?:ed)?\b", "export"),
        (r"\bdelete from\b|,delete,|\bdeleted?\b|supprim|suppression|effac", "deletion"),
        (r"\binsert into\b|\bupdate \S+ set\b|,write,|\b(?:created?|updated?|modif\w+)\b|créé"
         r"|enregistré", "modification"),
        (r"\bsearch|recherche", "search"),
        (r"\bselect\b.{0,400}\bfrom\b|,read,|\bconsult\w*|\bread\b|\bviewed?\b|\baccessed\b"
         r"|\bopened\b", "consultation"),
        (r"\bstarted?\b|\bstopp?(?:ed|ing)\b|shutting down|ready to accept|systemd\[|kernel:"
         r"|reboot|time has been changed|clock", "system_event"),
)  # fmt: skip
_MESSAGES = tuple((re.compile(f"(?i){pattern}"), category) for pattern, category in _SAID)


# pgAudit, format of a log entry: type, statement, substatement, class, command.
_PGAUDIT = re.compile(r"AUDIT: (?:SESSION|OBJECT),\d+,\d+,([A-Z]+),([A-Z]+)")
_PGAUDIT_KINDS: dict[str, EventCategory] = {
    "READ": "consultation", "READ COPY": "export", "WRITE": "modification",
    "WRITE DELETE": "deletion", "WRITE TRUNCATE": "deletion", "ROLE": "rights_change",
    "DDL": "configuration_change",
}  # fmt: skip


@lru_cache(maxsize=8192)
def message_kind(message: str) -> tuple[EventCategory | None, bool]:
    """Return the category of a message without its digits, and whether it tells an outcome."""
    text = message[:1000]
    audited = _PGAUDIT.search(text)
    if audited is not None:
        group, command = audited.groups()
        return _PGAUDIT_KINDS.get(f"{group} {command}", _PGAUDIT_KINDS.get(group)), True
    for pattern, category in _MESSAGES:
        if pattern.search(text):
            told = category in ("sign_in_success", "sign_in_failure", "access_denied")
            return category, told or _OUTCOME.search(text) is not None
    return None, False


_OUTCOME = re.compile(
    r"(?i)\b(?:success\w*|succeeded|ok|fail\w*|denied|refused|error|granted|accepted|rejected|réussi\w*"
    r"|échec|échoué|refusé|res(?:ult)?=|status=|outcome=|statut=)"
)

_VERBS: dict[EventCategory, str] = {
    "sign_in_failure": "login_failed login_failure login-failed failed_login auth_failed"
    " authentication_failed logon_failed signin_failed connexion_echouee loginfailed",
    "sign_in_success": "login logged_in logged-in log_in signin sign_in sign-in logon auth"
    " authenticate authentication connexion session_start login_success authenticated"
    " session_opened",
    "sign_out": "logout logged_out logged-out log_out signout sign_out logoff deconnexion"
    " déconnexion session_end session_expired session_closed",
    "search": "search searched recherche rechercher query list listed find liste lister index",
    "export": "export exported exporter print printed imprimer impression download downloaded"
    " telecharger télécharger bulk_read extract share",
    "deletion": "trash trashed delete deleted supprimer suppression remove removed destroy d",
    "modification": "create created creation creer créer création update updated modify modified"
    " modification modifier write insert edit edited save add added c u patch put post",
    "access_denied": "access_denied denied forbidden unauthorized acces_refuse permission_denied",
    "consultation": "read viewed view consult consulted consultation consulter access accessed get"
    " show open opened r lire lecture display retrieve fetch",
    "rights_change": "grant granted revoke revoked role_changed password_changed password_reset"
    " user_created user_updated user_deleted user_locked role_assigned permission_changed"
    " account_created account_change mfa_enabled mfa_disabled user_registered add_user",
    "configuration_change": "config_changed configuration_change setting_changed settings_updated"
    " plugin_activated plugin_deactivated option_updated activated deactivated installed"
    " uninstalled enabled disabled",
    "log_change": "log_cleared logs_cleared log_deleted log_rotated audit_log_cleared clear_logs",
    "machine_exchange": "transmit transmission sent_to_sidep api_call webhook sync synchronised",
    "backup": "backup backed_up restore restored sauvegarde restauration",
    "remote_maintenance": "remote_maintenance telemaintenance télémaintenance",
    "system_event": "start started stop stopped shutdown boot time_change sudo",
}
_BY_VERB: dict[str, EventCategory] = {
    verb: category for category, verbs in _VERBS.items() for verb in verbs.split()
}
_BAD_OUTCOMES = frozenset(
    "failure failed fail error denied refused false 4 8 12 ko unauthorized forbidden échec echec"
    " refusé rejected 401 403".split()
)


@lru_cache(maxsize=8192)
def verb_kind(verb: str, outcome: str) -> EventCategory | None:
    """Return the category of an operation named by a word, given its outcome if it has one."""
    name = re.sub(r"[\s.:/-]+", "_", verb.strip().casefold())
    category = _BY_VERB.get(name)
    if category is None:
        pieces = [piece for piece in re.split(r"_", name) if piece]
        pairs = ("_".join(pair) for pair in pairwise(pieces))
        near = (*pairs, *pieces[-1:], *pieces[:1], *pieces)
        category = next((_BY_VERB[piece] for piece in near if piece in _BY_VERB), None)
    bad = outcome.casefold() in _BAD_OUTCOMES or any(
        word in name for word in ("fail", "denied", "echec", "échec", "refus")
    )
    if bad and category == "sign_in_success":
        return "sign_in_failure"
    return "access_denied" if bad and category in ("consultation", "search", "export") else category


_TELLING = re.compile(r"(?i)fail|denied|refus|[eé]chec|success|r[eé]ussi|logged[_ -]in")


def tells_outcome(verb: str) -> bool:
    """Return whether the name of an operation says by itself how it ended."""
    return _TELLING.search(verb) is not None
