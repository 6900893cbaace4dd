"""Messages that ask people for cards, identity papers or prescriptions, and by which way."""

from __future__ import annotations

import re
from collections.abc import Iterator

from cnilcheck import __version__
from cnilcheck.collectors.base import Nothing, Seen, Sighting, Task, Tools
from cnilcheck.collectors.messages import message_tasks, message_texts, readable
from cnilcheck.model.facts import Fact, PapersAsked
from cnilcheck.model.scope import Scope
from cnilcheck.model.words import Method

_PAPERS = {
    "bank_card": r"cartes? (?:bancaires?|de (?:paiement|crédit))"
    r"|(?:bank|credit|payment|debit) cards?",
    "identity": r"pi[èe]ces? d['’]identit[ée]|cartes? (?:nationales? )?d['’]identit[ée]|passeport"
    r"|identity (?:card|paper|document)s?|\bpassport",
    "residence": r"justificatifs? de domicile|proof of (?:address|residence)|utility bill",
    "health": r"ordonnances?|carte vitale|attestation (?:de sécurité sociale|de mutuelle|vitale)"
    r"|prescriptions?|health insurance card|résultats? d['’]analyses?",
    "bank_account": r"\bRIB\b|relev[ée] d['’]identit[ée] bancaire|bank statements?",
}
_ASKED = re.compile(
    r"(?i)\b(?:envoy(?:er|ez)|adress(?:er|ez)|transmett(?:re|ez)|retourn(?:er|ez)|joindre|joignez"
    r"|d[ée]pos(?:er|ez)|upload|fournir|faire parvenir|communiquer"
    r"|send|reply|return|forward|attach|provide|e-?mail)\b"
)
_BY_EMAIL = re.compile(
    r"(?i)par (?:simple |retour (?:de )?)?(?:e-?mail|mail|courriel|message)"
    r"|en r[ée]pon(?:se|dant) [àa] ce"
    r"|r[ée]pon(?:dre|dez|dant) (?:simplement )?[àa] ce"
    r"|[àa] l['’]adresse (?:e-?mail |électronique )?\S{1,60}@"
    r"|(?:by|via) (?:return (?:of )?)?e-?mail|reply(?:ing)? to this|in reply to this"
    r"|(?:to|à) [\w.+-]{1,60}@[\w.-]{3,80}|mailto:"
)
_NO_EMAIL = re.compile(
    r"(?i)\b(?:jamais|never|pas|not|n['’]envoyez|aucun)\b[^.!?]{0,120}"
    r"(?:mail|courriel|message|reply|répon)"
    r"|(?:mail|courriel|message)[^.!?]{0,60}\b(?:jamais|never)\b"
)
_UPLOAD = re.compile(
    r"(?i)https://|d[ée]pos(?:er|ez)|espace (?:client|personnel|sécurisé)|upload"
    r"|secure (?:space|form)"
)
_MOST = 50


class PapersRequests:
    """Reads message samples, and the templates of messages in the copy of the server's tree."""

    name = "papers-asked"
    method = Method.EXAMINE
    yields: tuple[type[Fact], ...] = (PapersAsked,)
    asks = "sources.messages"

    def version(self) -> str:
        """Return the version of cnilcheck: the reader is its own."""
        return __version__

    def tasks(self, scope: Scope) -> tuple[Task, ...]:
        """Return each sample or folder of samples, and the copy of the server's tree."""
        return message_tasks(scope)

    def observe(self, task: Task, tools: Tools) -> Iterator[Sighting]:
        """Yield each message that asks for papers."""
        found = False
        tree, texts = message_texts(task, tools, self.name)
        for path, text in texts:
            fact = papers_asked(readable(text, path))
            if fact is not None:
                found = True
                yield Seen(path, fact)
        gaps = [] if tree is None else list(tree.problems(PapersAsked))
        yield from gaps
        if not found and not gaps:
            yield Nothing(task.location, PapersAsked)


def papers_asked(text: str) -> PapersAsked | None:
    """Return which papers a message asks for and how; None when it asks for none."""
    plain = re.sub(r"<(?!a\b)[^<>]{0,300}>", " ", text[:200_000])
    papers = tuple(
        kind for kind, words in _PAPERS.items() if re.search(rf"(?i)\b(?:{words})", plain)
    )
    if not papers or not _ASKED.search(plain):
        return None
    lines = []
    for match in _BY_EMAIL.finditer(plain):
        begin = max(plain.rfind(mark, 0, match.start()) for mark in ".!?") + 1
        if not _NO_EMAIL.search(plain[begin : match.end() + 60]):
            lines.append(plain.count("\n", 0, match.start()) + 1)
    upload = _UPLOAD.search(plain) is not None
    if not lines and not upload:
        return None
    return PapersAsked(papers, tuple(dict.fromkeys(lines))[:_MOST], upload)
