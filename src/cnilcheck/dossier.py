"""The evidence pack to annex to an answer: audits, documents, letter, custody, and their seals."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

from cnilcheck.documents.evidence import read_evidence
from cnilcheck.documents.past_report import read_past_report
from cnilcheck.errors import DossierError
from cnilcheck.folder import DIGESTS, EVIDENCE
from cnilcheck.model.comparison import PastReport
from cnilcheck.model.text import Text, french
from cnilcheck.model.words import Lang
from cnilcheck.renderers.dossier import Contents, instructions_name, readings
from cnilcheck.sealing.manifest import differences, sha256_of, write_manifest
from cnilcheck.sealing.signature import Key, sign_manifest

CUSTODY = "custody.jsonl"
SIGNERS = "allowed_signers"
_MOST_BYTES = 200_000_000
_NAME = re.compile(r"[A-Za-z0-9._@+-]{1,100}")
_PARTIAL = ".partial"
_AUDIT = Text(french("audit du {day} : observations, rapport, journal, empreintes"),
              "audit of {day}: observations, report, journal, digests")  # fmt: skip
_LETTERS = (
    ("lettre.md", Text(french("projet de réponse à la Commission"), "draft answer, in French")),
    ("letter.md", Text(french("projet de réponse, en anglais"), "draft answer, in English")),
)
_CUSTODY = Text(french("chaîne de conservation, chaque ligne portant l'empreinte de la précédente"),
                "custody: each line holds the digest of the one before")  # fmt: skip
_HOW = Text(french("comment vérifier ce dossier"), "how to check this dossier")
_DOCUMENT = Text(french("document joint par l'organisme"), "document annexed by the organisation")


@dataclass(frozen=True)
class Audit:
    """A finished audit to put into the dossier: when it began (UTC), where it lies in there."""

    path: Path
    report: PastReport
    began: dt.datetime
    version: str
    name: str = ""


@dataclass(frozen=True)
class Seal:
    """Who signs the manifest, under which name, with which key."""

    name: str
    key: Key


def read_audits(folders: Sequence[Path]) -> tuple[Audit, ...]:
    """Return the audits, the oldest first.

    Raises DossierError when two are the same, or when a file of one is not what its digests say.
    """
    audits = sorted(map(_read_audit, folders), key=lambda audit: audit.began)
    for before, after in pairwise(audits):
        if before.began == after.began:
            raise DossierError(f"{after.path}: the same audit as {before.path}")
    return tuple(
        replace(audit, name=f"audits/{number}-{audit.began:%Y-%m-%d}")
        for number, audit in enumerate(audits, 1)
    )


def _read_audit(folder: Path) -> Audit:
    if not folder.is_dir():
        raise DossierError(f"{folder}: not the folder of an audit")
    for difference in differences(folder, DIGESTS):
        # What lies beside the files of an audit, a note for instance, is not taken along.
        if difference.what != "added":
            place = folder / difference.path
            raise DossierError(f"{place}: {difference.what} since the audit", "scan anew")
    collected = read_evidence(folder / EVIDENCE)
    report = read_past_report(folder)
    return Audit(folder, report, collected.started_at, collected.version)


def build(
    audits: Sequence[Audit],
    documents: Sequence[Path],
    out: Path,
    lang: Lang,
    made_on: dt.datetime,
    seal: Seal | None,
) -> bytes:
    """Write the dossier, whole or not at all, and return its manifest.

    Raises DossierError when the folder holds files, or a document cannot be taken along.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise DossierError(f"{out}: is there already", "choose another --out")
    partial = out.with_name(f".{out.name}{_PARTIAL}")
    shutil.rmtree(partial, ignore_errors=True)
    try:
        partial.mkdir(parents=True)
        content = _fill(partial, audits, documents, lang, made_on, seal)
        if out.exists():
            out.rmdir()
        partial.rename(out)
    except OSError as problem:
        raise DossierError(f"{problem.filename or out}: {problem.strerror}") from None
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return content


def _fill(
    place: Path,
    audits: Sequence[Audit],
    documents: Sequence[Path],
    lang: Lang,
    made_on: dt.datetime,
    seal: Seal | None,
) -> bytes:
    for audit in audits:
        _copy_audit(audit, place / audit.name)
    names = _copy_documents(documents, place)
    contents = _contents(audits, names, lang, seal)
    for name, text in readings(contents, lang):
        (place / name).write_text(text, encoding="utf-8")
    (place / CUSTODY).write_text(_custody(audits, made_on, place), encoding="utf-8")
    if seal is not None:
        line = f'{seal.name} namespaces="cnilcheck" {seal.key.public}\n'
        (place / SIGNERS).write_text(line, encoding="utf-8")
    manifest = write_manifest(place)
    if seal is not None:
        sign_manifest(place, seal.key)
    return manifest


def _copy_audit(audit: Audit, into: Path) -> None:
    into.mkdir(parents=True)
    listed = (audit.path / DIGESTS).read_text(encoding="utf-8").splitlines()
    for name in [DIGESTS, *(line[66:] for line in listed)]:
        shutil.copyfile(audit.path / name, into / name, follow_symlinks=False)


def _copy_documents(documents: Sequence[Path], place: Path) -> list[str]:
    names = list[str]()
    for document in documents:
        if document.is_symlink() or not document.is_file():
            raise DossierError(f"{document}: not a file")
        if document.stat().st_size > _MOST_BYTES:
            raise DossierError(f"{document}: larger than {_MOST_BYTES // 1_000_000} MB")
        name = re.sub(r"[^\w.,()@+-]+", "_", document.name).lstrip(".") or "document"
        if name in names:
            raise DossierError(f"{document}: two documents are called {name}")
        (place / "documents").mkdir(exist_ok=True)
        shutil.copyfile(document, place / "documents" / name)
        names.append(name)
    return names


def _contents(
    audits: Sequence[Audit], documents: Sequence[str], lang: Lang, seal: Seal | None
) -> Contents:
    days = tuple(audit.began.date() for audit in audits)
    pieces = [(name, what) for name, what in _LETTERS]
    pieces += [
        (f"{audit.name}/", Text(*(_AUDIT.to(tongue).replace("{day}", _spelled(audit, tongue))
                                  for tongue in (Lang.FR, Lang.EN))))
        for audit in audits
    ]  # fmt: skip
    pieces += [(f"documents/{name}", _DOCUMENT) for name in documents]
    pieces += [(CUSTODY, _CUSTODY), (instructions_name(lang), _HOW)]
    named = {
        str(entry.get("document"))
        for entry in audits[-1].report.scope.get("attestations") or ()
        if isinstance(entry, dict) and entry.get("document")
    }
    absent = tuple(sorted(name for name in named if Path(name).name not in documents))
    reports = tuple(audit.report for audit in audits)
    return Contents(reports, days, tuple(pieces), absent, seal.name if seal else "")


def _spelled(audit: Audit, lang: Lang) -> str:
    from cnilcheck.model.text import spell

    return spell(audit.began.date(), lang)


def _custody(audits: Sequence[Audit], made_on: dt.datetime, place: Path) -> str:
    """Return who made what and when, each line holding the digest of the line before."""
    events: list[dict[str, str]] = [
        {
            "time": audit.began.isoformat(timespec="seconds"), "what": "audit",
            "tool": f"cnilcheck {audit.version}", "rules": audit.report.tool.get("rules", ""),
            "folder": audit.name, "evidence_sha256": sha256_of(place / audit.name / EVIDENCE),
        }
        for audit in audits
    ]  # fmt: skip
    last = audits[-1].report.tool
    made = {"time": made_on.isoformat(timespec="seconds"), "what": "dossier"}
    events.append(made | {"tool": f"{last.get('name', '')} {last.get('version', '')}"})
    lines, previous = list[str](), ""
    for event in events:
        line = json.dumps(event | {"previous_sha256": previous}, ensure_ascii=False)
        lines.append(line + "\n")
        previous = hashlib.sha256(line.encode("utf-8")).hexdigest()
    return "".join(lines)


def signer_name(name: str) -> str:
    """Return the name of a signer as `allowed_signers` may hold it; raises DossierError."""
    if not _NAME.fullmatch(name):
        raise DossierError(f"--signer: `{name}`", "an e-mail address, or a name without spaces")
    return name
