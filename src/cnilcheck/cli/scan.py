"""`cnilcheck scan` and `cnilcheck report`."""

from __future__ import annotations

import datetime as dt
import difflib
import re
import sys
from pathlib import Path

import msgspec
import yaml

from cnilcheck.audit import judge
from cnilcheck.cli.active import consented, say_how_accounts_are_left
from cnilcheck.cli.run import ScopeText, Telling, catalogue, conclude, day, observe
from cnilcheck.cli.words import LANG, say
from cnilcheck.documents.evidence import read_evidence
from cnilcheck.documents.past_report import read_past_report
from cnilcheck.documents.scope import read_scope, scope_as_document, scope_of_urls
from cnilcheck.errors import EvidenceError, ScopeError, UsageError
from cnilcheck.folder import DIGESTS, EVIDENCE, JOURNAL, SCOPE, AuditFolder
from cnilcheck.model.comparison import compare
from cnilcheck.model.scope import Declarations, Scope, Sources
from cnilcheck.model.summary import ExitCode
from cnilcheck.model.words import Lang, Module, Profile
from cnilcheck.retesting import Earlier, earlier
from cnilcheck.sealing.manifest import sha256_of

_DEFAULT_SCOPE = Path("cnilcheck.yaml")


def run_scan(
    urls: list[str],
    file: Path | None,
    out: Path,
    as_of: str | None,
    force: bool,
    telling: Telling,
    profile: Profile | None = None,
    *,
    online_identity: bool = False,
    retest: Path | None = None,
    active: bool = False,
) -> ExitCode:
    """Audit, write the folder, and return the exit code; raises UsageError before any contact.

    With the folder of an earlier audit, only what failed or stayed open there is looked at again.
    """
    judged_for = day(as_of, "--as-of")
    if retest is not None:
        file = _scope_to_retest(urls, file, retest, out)
    scope, base, written = _scope(urls, file)
    if not scope.targets and scope.sources == Sources() and scope.declarations == Declarations():
        raise ScopeError(f"{file}: targets: nothing to look at", "see `cnilcheck init`")
    _names_known_rules(scope, file)
    if profile is not None:
        scope, written = judged_by(scope, profile), _stating(written, "profile", profile.value)
    if online_identity:
        scope = msgspec.structs.replace(scope, online_identity=True)
        written = _stating(written, "online_identity", "true")
    if scope.online_identity:
        _say_who_learns(scope)
    before = _earlier(retest, scope, judged_for) if retest is not None else None
    passwords = consented(scope, base, str(file or _DEFAULT_SCOPE)) if active else None
    folder, collected = observe(
        scope, base, written, out,
        force=force, telling=telling, earlier=before, passwords=passwords,
    )  # fmt: skip
    say_how_accounts_are_left(collected)
    text = ScopeText(_name(file) if not urls else SCOPE, written)
    code = conclude(folder, scope, collected, judged_for, telling, text)
    if retest is not None and not telling.quiet:
        _tell_what_became(retest, out, telling.lang)
    return code


def _scope_to_retest(urls: list[str], file: Path | None, retest: Path, out: Path) -> Path | None:
    """Return the scope file of a retest: the one named, or the one of the earlier audit."""
    if urls:
        raise UsageError("scan: addresses or --retest, not both")
    if out.resolve() == retest.resolve():
        raise UsageError(f"--out: {out} is the audit to look at again", "it is kept as it is")
    return file if file is not None or _DEFAULT_SCOPE.exists() else retest / SCOPE


def _earlier(folder: Path, scope: Scope, as_of: dt.date) -> Earlier:
    """Return what the audit in that folder settled, as the rules of today judge it.

    Raises EvidenceError when its evidence is not what its digests say.
    """
    altered = AuditFolder.look_into(folder).altered()
    if EVIDENCE in altered or DIGESTS in altered:
        raise EvidenceError(
            f"{folder}: {EVIDENCE} is not the one that {DIGESTS} vouches for", "scan anew"
        )
    collected = read_evidence(folder / EVIDENCE)
    findings = judge(catalogue().rules, collected, scope, as_of)
    return earlier(collected, findings, sha256_of(folder / EVIDENCE))


def _tell_what_became(old: Path, new: Path, lang: Lang) -> None:
    from rich.console import Console

    from cnilcheck.renderers import compared

    comparison = compare(read_past_report(old), read_past_report(new))
    compared.render_to(Console(highlight=False, stderr=True), comparison, lang)


def _name(file: Path | None) -> str:
    """Return the scope file's path from where the command runs, as code-scanning views want it."""
    path = file or _DEFAULT_SCOPE
    try:
        return path.resolve().relative_to(Path.cwd()).as_posix()
    except ValueError:
        return path.name


def _say_who_learns(scope: Scope) -> None:
    from cnilcheck.renderers.words import who_learns

    print(who_learns(scope, LANG), file=sys.stderr)


def judged_by(scope: Scope, profile: Profile | None) -> Scope:
    """Return the scope with the profile an option names, or as it is."""
    return scope if profile is None else msgspec.structs.replace(scope, profile=profile)


def _stating(written: bytes, key: str, value: str) -> bytes:
    """Return the scope's text with that key, so that the stored audit says how it was made.

    A text written in another style than line by line stays as it is.
    """
    kept = re.sub(rf"(?m)^{key}:.*\n?".encode(), b"", written).rstrip(b"\n")
    stated = kept + f"\n{key}: {value}\n".encode()
    try:
        return stated if isinstance(yaml.safe_load(stated), dict) else written
    except yaml.YAMLError:
        return written


def _names_known_rules(scope: Scope, file: Path | None) -> None:
    known = {bound.rule.id for bound in catalogue().rules}
    named = [(f"waivers[{n}]", w.rule) for n, w in enumerate(scope.waivers)]
    named += [(f"attestations[{n}]", a.rule) for n, a in enumerate(scope.attestations)]
    _names_known_weaknesses(scope, file)
    for place, name in named:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1, cutoff=0.4)
            hint = f"; did you mean `{near[0]}`?" if near else ""
            raise ScopeError(f"{file}: {place}.rule: no rule is called `{name}`{hint}")


def _names_known_weaknesses(scope: Scope, file: Path | None) -> None:
    known = {*catalogue().weaknesses, *(module.value for module in Module)}
    for number, name in enumerate(scope.notice.names if scope.notice else ()):
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1, cutoff=0.4)
            hint = f"; did you mean `{near[0]}`?" if near else ""
            place = f"notice.names[{number}]"
            raise ScopeError(f"{file}: {place}: no weakness or module is `{name}`{hint}")


def _scope(urls: list[str], file: Path | None) -> tuple[Scope, Path, bytes]:
    today = dt.date.today()
    if urls and file is not None:
        raise UsageError("scan: addresses or --scope, not both")
    if urls:
        scope = scope_of_urls(urls, today)
        text = yaml.safe_dump(scope_as_document(scope), sort_keys=False, allow_unicode=True)
        return scope, Path.cwd(), text.encode()
    path = file or _DEFAULT_SCOPE
    if file is None and not path.exists():
        raise UsageError("scan: nothing to scan", "give an address, or --scope FILE")
    return read_scope(path, today), path.resolve().parent, path.read_bytes()


def run_report(
    path: Path, as_of: str | None, telling: Telling, profile: Profile | None = None
) -> ExitCode:
    """Judge the stored evidence again, write the reports anew, and return the exit code."""
    folder = AuditFolder.reopen(path)
    try:
        scope = judged_by(read_scope(path / SCOPE, dt.date.today(), to_scan=False), profile)
        collected = read_evidence(path / EVIDENCE)
        judged_for = day(as_of, "--as-of")
    except UsageError:
        folder.discard()
        raise
    for name in folder.altered():
        if name != JOURNAL or (path / JOURNAL).exists():
            print(
                say(
                    f"Attention : {name} ne correspond plus à son empreinte dans SHA256SUMS.",
                    f"Warning: {name} no longer has the digest SHA256SUMS gives for it.",
                ),
                file=sys.stderr,
            )
    text = ScopeText(written=(path / SCOPE).read_bytes())
    return conclude(folder, scope, collected, judged_for, telling, text)
