"""Messages and their templates: do they carry a password, and what are their links worth?"""

from __future__ import annotations

import email
import email.policy
import math
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from cnilcheck import __version__
from cnilcheck.collectors.base import Missing, Nothing, Seen, Sighting, Task, Tools
from cnilcheck.collectors.snapshot import Snapshot, open_snapshot
from cnilcheck.collectors.source_files import FOLDERS, SourceFiles
from cnilcheck.errors import Malformed, NotReadable
from cnilcheck.model.facts import AccountLink, AccountMessage, Fact
from cnilcheck.model.scope import Scope
from cnilcheck.model.words import Method

_KINDS = r"\.(?:eml|html?|txt|j2|jinja2?|twig|blade\.php|mjml|tmpl|tpl|ftl|md|hbs|mustache)$"
_FILE = re.compile(rf"(?i){_KINDS}")
_IN_TREE = re.compile(
    rf"(?i)/(?:e?-?mails?|courriels?|mailers?|messages?|notifications?|registration|letters|lettres)"
    rf"/(?:[^/]+/)*[^/]+{_KINDS}|(?:e?mail|courriel|password_reset|reset_password|mot_de_passe"
    rf"|bienvenue|welcome|invitation)[^/]*{_KINDS}"
)
_MAX_FILES = 2000
_MAX_BYTES = 2_000_000
_MAX_LINKS = 50


def message_tasks(scope: Scope) -> tuple[Task, ...]:
    """Return a task for the copy of the server's tree, one for each sample or folder of them."""
    system = scope.sources.system
    tree = (Task(system, "/", system),) if system else ()
    return tree + tuple(Task(p, p, Path(p)) for p in scope.sources.messages)


def message_texts(
    task: Task, tools: Tools, instrument: str
) -> tuple[SourceFiles | None, Iterator[tuple[str, str]]]:
    """Return the texts of the messages with their places, and the tree they are in, if in one."""
    if isinstance(task.subject, Path):
        return None, samples(task, tools)
    tree = SourceFiles(open_snapshot(task, tools, instrument), tools.stop)
    return tree, tree.texts(is_template, FOLDERS)


class Messages:
    """Reads message samples, and the templates of messages in the copy of the server's tree."""

    name = "account-messages"
    method = Method.EXAMINE
    yields: tuple[type[Fact], ...] = (AccountMessage,)
    asks = "sources.messages"

    def version(self) -> str:
        """Return the version of cnilcheck: the reader is its own."""
        return __version__

    def tasks(self, scope: Scope) -> tuple[Task, ...]:
        """Return each sample or folder of samples, and the copy of the server's tree."""
        return message_tasks(scope)

    def observe(self, task: Task, tools: Tools) -> Iterator[Sighting]:
        """Yield each message that carries a password or a link to an account."""
        found = False
        given = isinstance(task.subject, Path)
        tree, texts = message_texts(task, tools, self.name)
        for path, text in texts:
            try:
                fact = message(text, path)
            except Malformed as error:
                yield Missing(path, AccountMessage, error)
                continue
            # A sample was handed over as one: that it carries nothing is worth saying.
            if fact is not None or given:
                found = True
                yield Seen(path, fact or AccountMessage((), (), None))
        gaps = [] if tree is None else list(tree.problems(AccountMessage))
        yield from gaps
        if not found and not gaps:
            yield Nothing(task.location, AccountMessage)


def is_template(path: str) -> bool:
    """Return whether a path of a server's tree is that of a message's template."""
    return _IN_TREE.search(path) is not None


def samples(task: Task, tools: Tools) -> Iterator[tuple[str, str]]:
    """Yield name and text of each message handed over; raises NotReadable when none is there."""
    place = tools.path(str(task.subject))
    if place.is_file():
        folder, paths = place.parent, [f"/{place.name}"]
    elif place.is_dir():
        folder = place
        walked = Snapshot(place, task.target, Messages.name, tools).walk("")
        paths = [path for path in walked if _FILE.search(path)][:_MAX_FILES]
    else:
        raise NotReadable(f"{task.target}: no such file or folder")
    snapshot = Snapshot(folder, task.target, Messages.name, tools)
    for path in paths:
        name = task.target if place.is_file() else f"{task.target.rstrip('/')}{path}"
        yield name, _decoded(snapshot.read_bytes(path, _MAX_BYTES))


def _decoded(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace")


_ABOUT = re.compile(
    r"(?i)mot[ _-]?de[ _-]?passe|password|passwd|\bmdp\b|reset|r[ée]initialis|activ(?:er|ation)"
)


def message(text: str, path: str) -> AccountMessage | None:
    """Return what a message says of somebody's access; None when it is about something else.

    Raises Malformed for a message that is not text.
    """
    if "\0" in text[:8192]:
        raise Malformed(f"{path} is not text")
    body = readable(text, path)
    if not _ABOUT.search(body):
        return None
    lines = [line[:5000] for line in body.split("\n")[:20_000]]
    passwords = tuple(n for n, line in enumerate(lines, 1) if _carries(line))
    links = tuple(_links(lines))[:_MAX_LINKS]
    lifetime = _lifetime(body[:200_000])
    if not passwords and not links and lifetime is None:
        return None
    lasting = lifetime if links or lifetime else None
    return AccountMessage(passwords[:_MAX_LINKS], links, lasting, _answers_a_request(text, path))


_RENEWAL_FILE = re.compile(
    r"(?i)(?:oubli|forg[eo]t|reset|r[ée]initialis|lost|renew|renouvel)[^/]*$"
)
_RENEWED = re.compile(
    r"(?i)(?:demand[ée]e?\w{0,3}|asked for|request(?:ed)?)[^.\n]{0,60}(?:mot de passe|password)"
    r"|(?:votre|ton|your)\s{1,5}(?:nouveau mot de passe|new password)"
    r"|(?:mot de passe|password)[^.\n]{0,20}(?:r[ée]initialis[ée]|(?:was|been) (?:reset|changed))"
    r"|^Subject:[^\n]{0,200}(?:oubli|forg[eo]t|reset|r[ée]initialis|nouveau mot"
    r"|new password)",
    re.MULTILINE,
)


def _answers_a_request(text: str, path: str) -> bool:
    """Return whether the message's name or words say that somebody asked for a new password."""
    return bool(_RENEWAL_FILE.search(path) or _RENEWED.search(_TAG.sub(" ", text[:200_000])))


def readable(text: str, path: str) -> str:
    """Return the readable parts of an e-mail in the order they stand; the text when it is none."""
    if not path.lower().endswith(".eml"):
        return text
    try:
        whole = email.message_from_string(text, policy=email.policy.default)
        parts = [
            str(part.get_content()) for part in whole.walk()
            if part.get_content_maintype() == "text"
        ]  # fmt: skip
    except (LookupError, ValueError, KeyError, AttributeError, TypeError, RecursionError):
        return text
    # A plain e-mail keeps its own line numbers; a coded one has none that a person would find.
    coded = any(
        p.get("Content-Transfer-Encoding", "7bit").lower() not in ("7bit", "8bit")
        for p in whole.walk()
    )
    return "\n".join(parts) if coded else text


_TAG = re.compile(r"<(?!\?)[^<>]{0,500}>")
_BLANK = re.compile(
    r"\{\{[-!~]?(?P<curly>[^{}]{1,200})[-~]?\}\}|\{!!(?P<raw>[^{}]{1,200})!!\}|\$\{(?P<dollar>[^{}]{1,200})\}"
    r"|%(?P<percent>[A-Za-z_]{2,60})%|<\?(?:php\s+echo|=)(?P<php>[^?]{1,200})\?>"
    r"|\[\[?(?P<square>[A-Za-z_]{2,60})\]?\]|(?<![{$])\{(?P<brace>[A-Za-z_.$]{2,60})\}(?!\})"
)
_SECRET_NAME = re.compile(
    r"(?i)(?:^|[._>$\s(])(?:plain|temp|temporary|temporaire|new|nouveau|initial|clear|user|raw|generated"
    r"|random|default)?_?(?:password|passwd|pwd|mdp|mot_?de_?passe)(?:_?(?:clair|plain|temporaire))?$"
)
_SPOKEN = re.compile(
    r"(?i)(?:mot de passe|password|mdp|passphrase)[^:=\n]{0,40}(?:\s?(?:[:=]|\best\b|\bis\b))\s*"
    r"[«\"'`“]?\s?(?P<value>[^\s«»\"'`<>{}\[\]%$”“]{4,64})\s?[»\"'`”]?\s*[.,]?\s*$"
)


def _carries(line: str) -> bool:
    """Return whether a line shows a password, or leaves a blank for one."""
    if re.search(r"(?i)<input|<label|placeholder=|name=|type=[\"']password", line):
        return False  # a form, not a message
    for blank in _BLANK.finditer(line):
        inside = next(value for value in blank.groups() if value is not None)
        name = re.split(r"[|,)\s]", inside.strip())[0].rstrip("()")
        before = line[: blank.start()]
        if _SECRET_NAME.search(name) and not re.search(r"https?://[^\s\"'<>]*$", before):
            return True
    spoken = _SPOKEN.search(_TAG.sub(" ", line).rstrip())
    return spoken is not None and _looks_like_a_password(spoken["value"])


def _looks_like_a_password(value: str) -> bool:
    if re.match(r"(?i)https?:|www\.|\*+$|x+$|•+$|\.+$", value) or "@" in value:
        return False
    # A word of a sentence has neither a digit nor a capital inside.
    word = value.rstrip(".,;:!?)")
    return re.search(r"\d", word) is not None or re.search(r"[a-z][A-Z]", word) is not None


_LINK = re.compile(
    r"(?:(?P<scheme>https?)://|(?<=[\"'(])/)[^\s\"'<>]{3,2000}(?:\{\{[^{}]{1,200}\}\}[^\s\"'<>]{0,500})*"
)
_TO_ACCOUNT = re.compile(
    r"(?i)reset|password|passwd|mot[-_]?de[-_]?passe|mdp|reinit|token|jeton|activat|activer|confirm|invitation|oubli"
)
_TOKEN_NAME = re.compile(r"(?i)token|jeton|code|key|cle|hash|sig|signature|secret|nonce|otp|uuid")
_IDENTIFIER_NAME = re.compile(
    r"(?i)^(?:user_?(?:id|name)?|id|uid|uidb64|email|mail|courriel|login|identifiant|compte|account|nir|numero|patient_?(?:id)?|u)$"
)


def _links(lines: list[str]) -> Iterator[AccountLink]:
    for number, line in enumerate(lines, 1):
        blanked = _BLANK.sub(_marked, line)
        for found in _LINK.finditer(blanked):
            address = found[0].replace("&amp;", "&").rstrip(".,;)")
            if _TO_ACCOUNT.search(address) and (link := _link(number, address)):
                yield link


def _marked(blank: re.Match[str]) -> str:
    inside = next(value for value in blank.groups() if value is not None)
    names = re.findall(r"[A-Za-z_]\w*", re.split(r"\|", inside)[0])
    return f"\ufffa{names[-1] if names else 'x'}\ufffb"


def _link(number: int, address: str) -> AccountLink | None:
    """Return what an address holds beside its place: a token, an identifier, or a blank."""
    try:
        parts = urlsplit(address)
        pairs = parse_qsl(f"{parts.query}&{parts.fragment}", max_num_fields=50)
    except ValueError:
        return None
    scheme = parts.scheme if parts.scheme in ("http", "https") else "unknown"
    segments = [("", s) for s in parts.path.split("/") if "\ufffa" in s or re.search(r"\d", s)]
    held = [(key, value) for key, value in [*pairs, *segments] if value]
    if not held:
        return AccountLink(number, "http", None, False) if scheme == "http" else None
    tokens = [(k, v) for k, v in held if not _is_identifier(k, v)]
    if not tokens:
        return AccountLink(number, scheme, None, True)  # type: ignore[arg-type]
    written = [_bits(value) for _, value in tokens if "\ufffa" not in value]
    bits = max(written) if written and len(written) == len(tokens) else None
    return AccountLink(number, scheme, bits, False)  # type: ignore[arg-type]


def _is_identifier(key: str, value: str) -> bool:
    if found := re.fullmatch("\ufffa(.*)\ufffb", value):
        named = key or found[1]
        return bool(_IDENTIFIER_NAME.match(named) or _IDENTIFIER_NAME.match(found[1])) and not (
            _TOKEN_NAME.search(named)
        )
    if _TOKEN_NAME.search(key):
        return False
    return bool(_IDENTIFIER_NAME.match(key)) or "@" in value or "%40" in value or value.isdecimal()


def _bits(value: str) -> int:
    """Return the most bits a token can hold, by the alphabet that it shows."""
    if re.fullmatch(r"(?i)[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", value):
        return 122  # RFC 9562: six bits of a random UUID are fixed
    bare = value.replace("-", "")
    alphabets = ((r"\d+", 10), (r"(?i)[0-9a-f]+", 16), (r"[0-9A-Za-z]+", 62))
    size = next((n for shape, n in alphabets if re.fullmatch(shape, bare)), 64)
    return int(len(bare) * math.log2(size))


_TIME = re.compile(
    r"(?i)(?:valable|valide|valid|expire[srd]?|expirera|utilisable|dur[ée]e)[^.\n\d]{0,60}?"
    r"(\d{1,4}|une?|one|an?|deux|two|trois|three)\s*(?:\(\d+\)\s*)?"
    r"(minutes?|mn|min|heures?|hours?|h|jours?|days?|semaines?|weeks?|mois|months?)\b"
)
_WORDS = {"une": 1, "un": 1, "one": 1, "a": 1, "an": 1, "deux": 2, "two": 2, "trois": 3, "three": 3}
_MINUTES = {"m": 1, "h": 60, "j": 1440, "d": 1440, "s": 10_080, "w": 10_080}


def _lifetime(text: str) -> int | None:
    """Return the minutes a message says its link lives for; the longest where it says several."""
    found = [_minutes(match) for match in _TIME.finditer(_TAG.sub(" ", text))]
    return max(found, default=None)


def _minutes(match: re.Match[str]) -> int:
    word, unit = match[1].lower(), match[2].lower()
    size = 43_200 if unit.startswith(("mois", "month")) else _MINUTES[unit[0]]
    return (int(word) if word.isdecimal() else _WORDS[word]) * size
