"""`cnilcheck dossier` and `cnilcheck verify`: the evidence pack, and whether it is untouched."""

from __future__ import annotations

import datetime as dt
import hashlib
import sys
from dataclasses import dataclass
from pathlib import Path

from cnilcheck.cli.words import say
from cnilcheck.dossier import SIGNERS, Seal, build, read_audits, signer_name
from cnilcheck.errors import DossierError, ToolMissing, UsageError
from cnilcheck.folder import DIGESTS
from cnilcheck.model.summary import ExitCode
from cnilcheck.model.words import Lang
from cnilcheck.sealing.manifest import MANIFEST, QUERY, SIGNATURE, TIME_STAMP, differences
from cnilcheck.sealing.signature import fingerprint, read_key, read_public, signed_with
from cnilcheck.sealing.time_stamp import query, read_response

_WHAT = {
    "altered": ("modifié", "altered"),
    "missing": ("manquant", "missing"),
    "added": ("ajouté", "added"),
    "not_a_file": ("remplacé par autre chose qu'un fichier", "replaced by what is not a file"),
}


def make_dossier(
    folders: list[Path],
    documents: list[Path],
    out: Path,
    lang: Lang,
    key: Path | None,
    name: str,
    authority: str | None,
) -> None:
    """Write the dossier and say what protects it; raises UsageError before anything is written."""
    audits = read_audits(folders)
    seal = Seal(signer_name(name), read_key(key)) if key is not None else None
    made_on = dt.datetime.now(dt.UTC)
    manifest = build(audits, documents, out, lang, made_on, seal)
    if audits[0].report.scope.get("targets") != audits[-1].report.scope.get("targets"):
        _warn("les audits n'ont pas les mêmes cibles", "the audits do not have the same targets")
    print(say("Dossier : ", "Dossier: ") + str(out / "index.html"))
    if seal is not None:
        print(say("Signé par ", "Signed by ") + f"{seal.name} {fingerprint(seal.key.public)}")
    if authority is not None:
        _stamp(manifest, out, authority)


def _stamp(manifest: bytes, out: Path, authority: str) -> None:
    """Have the manifest stamped; what fails leaves the dossier as it is, unstamped."""
    from cnilcheck.hosts.download import post
    from cnilcheck.hosts.store import TableError

    asked = query(manifest)
    try:
        answer = post(authority, asked, "application/timestamp-query")
        stamp = read_response(answer)
        _is_about(manifest, stamp.digest)
    except (TableError, DossierError) as problem:
        raise DossierError(f"{authority}: {problem}", "the dossier is not time-stamped") from None
    (out / QUERY).write_bytes(asked)
    (out / TIME_STAMP).write_bytes(answer)
    print(say("Horodaté le ", "Time-stamped on ") + f"{stamp.at:%Y-%m-%d %H:%M:%S} UTC")


def _is_about(manifest: bytes, digest: bytes) -> None:
    if digest != hashlib.sha256(manifest).digest():
        raise DossierError("the time stamp is about something else")


def verify_dossier(folder: Path, signer: Path | None) -> ExitCode:
    """Say what is not as the manifest has it; 1 when anything is, or a seal does not hold.

    3 when all agrees but a seal could not be checked here.
    """
    dossier = (folder / MANIFEST).exists()
    told = differences(folder, MANIFEST if dossier else DIGESTS)
    # Beside an audit others may lay their notes; a dossier is closed.
    wrong = [d for d in told if dossier or d.what != "added"]
    for difference in wrong:
        print(f"{difference.path}{say(' : ', ': ')}{say(*_WHAT[difference.what])}")
    if not dossier and signer is not None:
        raise UsageError("--signer: an audit is not signed", "name a dossier")
    seals = [_signature(folder, signer), _time_stamp(folder)] if dossier else []
    for seal in seals:
        if seal is not None:
            print(seal.said)
    codes = [seal.code for seal in seals if seal is not None]
    if wrong or ExitCode.SOMETHING_FAILS in codes:
        return ExitCode.SOMETHING_FAILS
    print(say("Rien n'a changé depuis les empreintes.", "Nothing changed since the digests."))
    return max(codes, default=ExitCode.NOTHING_FAILS)


@dataclass(frozen=True)
class _Seal:
    """What one seal amounts to, in words and as an exit code."""

    said: str
    code: ExitCode


def _signature(folder: Path, signer: Path | None) -> _Seal:
    head = say("Signature : ", "Signature: ")
    if not (folder / SIGNATURE).exists():
        expected = signer is not None or (folder / SIGNERS).exists()
        code = ExitCode.SOMETHING_FAILS if expected else ExitCode.NOTHING_FAILS
        return _Seal(head + say("aucune", "none"), code)
    try:
        made_with = signed_with(folder)
        wanted = fingerprint(read_public(signer)) if signer is not None else None
    except ToolMissing as problem:
        return _Seal(f"{head}{problem}", ExitCode.NOT_OBSERVED)
    except DossierError as problem:
        return _Seal(f"{head}{problem}", ExitCode.SOMETHING_FAILS)
    if wanted is None:
        unsure = say("à comparer à celle que vous connaissez", "compare it with the one you know")
        return _Seal(f"{head}{made_with} ({unsure})", ExitCode.NOTHING_FAILS)
    if made_with != wanted:
        other = say("une autre clé que celle attendue", "another key than the expected one")
        return _Seal(f"{head}{made_with}, {other}", ExitCode.SOMETHING_FAILS)
    return _Seal(f"{head}{made_with}", ExitCode.NOTHING_FAILS)


def _time_stamp(folder: Path) -> _Seal | None:
    path = folder / TIME_STAMP
    if not path.exists():
        return None
    head = say("Horodatage : ", "Time stamp: ")
    try:
        stamp = read_response(path.read_bytes())
        _is_about((folder / MANIFEST).read_bytes(), stamp.digest)
    except DossierError as problem:
        return _Seal(f"{head}{problem}", ExitCode.SOMETHING_FAILS)
    unsure = say(
        "qui l'a signé se vérifie par openssl ts -verify",
        "who signed it is checked by openssl ts -verify",
    )
    return _Seal(f"{head}{stamp.at:%Y-%m-%d %H:%M:%S} UTC ({unsure})", ExitCode.NOTHING_FAILS)


def _warn(fr: str, en: str) -> None:
    print(say(f"Attention : {fr}.", f"Warning: {en}."), file=sys.stderr)
