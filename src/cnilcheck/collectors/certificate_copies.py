"""Read the copies of HDS certificates that a scope names, beside what it declares of them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from cnilcheck import __version__
from cnilcheck.collectors.base import Seen, Sighting, Task, Tools
from cnilcheck.collectors.declarations import Hosting
from cnilcheck.errors import Malformed, NotReadable
from cnilcheck.hosts.certificate_document import compared
from cnilcheck.hosts.pdf_text import DocumentError, text_of_pdf
from cnilcheck.model.facts import CertificateDocument, Fact
from cnilcheck.model.personal_data import printable
from cnilcheck.model.scope import Certificate, Scope
from cnilcheck.model.words import Method

_MAX_BYTES = 20_000_000
_MAX_TEXT = 200_000


class CertificateCopies:
    """Compares each declared certificate with its copy, a PDF or its text."""

    name = "certificate-copies"
    method = Method.EXAMINE
    yields: tuple[type[Fact], ...] = (CertificateDocument,)
    asks = "declarations.hosting.providers.certificate.document"

    def version(self) -> str:
        """Return the version of cnilcheck, which reads the copies."""
        return __version__

    def tasks(self, scope: Scope) -> tuple[Task, ...]:
        """Return the hosting declaration, if a certificate in it names a copy."""
        declared = scope.declarations.hosting
        organisation = scope.organisation.name if scope.organisation else ""
        if declared is None:
            return ()
        hosting = Hosting(declared, organisation)
        return tuple(
            Task("declarations.hosting", f"providers[{index}] ({provider.name})", subject)
            for index, provider in enumerate(declared.providers)
            if (held := provider.certificate) and held.document
            for subject in ((provider.name, held, not hosting.is_own(provider)),)
        )

    def observe(self, task: Task, tools: Tools) -> Iterator[Sighting]:
        """Yield the comparison of a copy with what is declared."""
        name, held, outsourced = task.subject
        content = self._content(held, task, tools)
        entries = compared(held, _text(content, held.document))
        digest = hashlib.sha256(content).hexdigest()
        yield Seen(task.location, CertificateDocument(name, entries, digest, outsourced))

    def _content(self, held: Certificate, task: Task, tools: Tools) -> bytes:
        path, written = tools.path(held.document), printable(held.document)
        try:
            if not path.is_file() or path.stat().st_size > _MAX_BYTES:
                raise NotReadable(f"{written}: no file of at most {_MAX_BYTES // 1_000_000} MB")
            content = path.read_bytes()
        except OSError as problem:
            raise NotReadable(f"{written}: {(problem.strerror or '').lower()}") from None
        tools.journal.write(task.target, self.name, f"read {written}", "ok")
        return content


def _text(content: bytes, name: str) -> str:
    if b"%PDF-" not in content[:1024]:
        if b"\0" in content[:4096]:
            raise Malformed(f"{printable(name)}: neither a PDF nor text")
        return content.decode("utf-8", "replace")[:_MAX_TEXT]
    try:
        return text_of_pdf(content, printable(name))
    except DocumentError as problem:
        raise Malformed(str(problem)) from None
