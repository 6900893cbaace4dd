"""Switches that turn sign-in off, and guards that are commented out, in settings and code."""

from __future__ import annotations

import re
from collections.abc import Iterator

from cnilcheck import __version__
from cnilcheck.collectors.base import Nothing, Seen, Sighting, Task, Tools
from cnilcheck.collectors.policies.texts import yaml_settings
from cnilcheck.collectors.snapshot import open_snapshot, system_tasks
from cnilcheck.collectors.source_files import FOLDERS, SourceFiles
from cnilcheck.errors import Malformed
from cnilcheck.model.facts import Fact, Opening, SignInOpenings
from cnilcheck.model.personal_data import mask, printable
from cnilcheck.model.scope import Scope
from cnilcheck.model.words import Method

_MAX_PLACES = 200
_SETTINGS = re.compile(
    r"(?i)(?:^|/)\.env(?:\.[\w-]+)?$|\.(?:env|ini|conf|cfg|properties|toml|ya?ml)$"
    r"|/[^/]*(?:settings?|config\w*|param\w*|security|auth\w*|constants?|env)[^/]*"
    r"\.(?:py|php|js|mjs|ts|json|inc)$"
)
_CODE = re.compile(r"(?i)\.(?:py|php|js|mjs|cjs|ts|java|kt|rb|cs)$")
# What is switched off on a developer's machine harms nobody.
_NOT_PRODUCTION = re.compile(
    r"(?i)(?:^|[/_.-])(?:dev|devel|development|local|tests?|testing|ci|staging|recette|preprod"
    r"|integration|demo)(?=[/_.-]|$)"
)
_WORD = r"(?:auth|authentication|authentification|login|sign_?in|connexion|access_control)"
_PREFIX = r"(?:(?:app|api|web|site|portal|portail|front|back|server|http|user|users|enable)_)?"
_GOOD = re.compile(
    rf"(?i)^{_PREFIX}(?:{_WORD}_(?:enabled?|required|active|activee?|check|on|mandatory|obligatoire)"
    rf"|(?:require|enforce|check|force|use|enable)d?_{_WORD}|security_enabled)$"
)
_BAD = re.compile(
    rf"(?i)^{_PREFIX}(?:(?:disable|skip|bypass|no|ignore|without|sans)d?_(?:{_WORD}|security)(?:_check)?"
    rf"|{_WORD}_(?:disabled|bypass(?:ed)?|off|skip(?:ped)?))$"
)
# A section of a settings file and the switch in it: `xpack.security.enabled`.
_SECTION = re.compile(
    rf"(?i)(?:^|\.)(?:(?:xpack|opendistro|management|basic|spring|plugins)\.)?"
    rf"(?:security|{_WORD})(?:\.(?:basic|http|{_WORD}))?\.(?:enabled?|required|active|mandatory)$"
)
_DISABLED = re.compile(rf"(?i)(?:^|\.)(?:security|{_WORD})(?:\.\w+)?\.(?:disabled|bypass|skip)$")
# Symfony: a firewall that guards nothing; those of the profiler and of assets are made so.
_FIREWALL = re.compile(
    r"^(?:when@prod\.)?security\.firewalls\.(?!dev\.|assets|profiler)[\w-]+\.security$"
)
_LINE = re.compile(
    r"""(?mx)^[ \t]*(?:export[ \t]+|const[ \t]+|let[ \t]+|var[ \t]+|define\(\s*|\$)?
    ['"]?(?P<key>[A-Za-z][\w.-]{2,60})['"]?[ \t]*(?:=>|=|:|,)[ \t]*
    ['"]?(?P<value>true|false|yes|no|on|off|0|1|enabled|disabled)['"]?[ \t]*\)?[ \t]*[;,]?
    [ \t]*(?:[#/].*)?$""",
    re.IGNORECASE,
)
_ON = frozenset(("true", "yes", "on", "1", "enabled"))
_GUARD = (
    r"(?:login_?required\w*|require_?(?:auth|login|user|session)\w*|ensure_?(?:authenticated|logged_?in)"
    r"|is_?authenticated|authenticate_user!?|\w*AuthenticationMiddleware|LoginRequiredMiddleware"
    r"|PreAuthorize|RolesAllowed|Secured|check_?(?:session|login|auth)\w*|verif\w*_?(?:session|connexion))"
)
_COMMENTED = re.compile(
    rf"""(?mx)^[ \t]*(?://|\#)[ \t]*(?P<code>(?:
        [\w$.]{{0,40}}\.use\(.{{0,60}}\b{_GUARD}\b.{{0,60}}\);?
      | ["'][\w.]{{0,80}}\b{_GUARD}["'][ \t]*,?
      | @{_GUARD}(?:\([^)\n]{{0,80}}\))?
        (?=[ \t]*\r?\n\s*(?:async\s+)?(?:def|class|public|private|@|fun)\b)
      | (?:if|unless)?[ \t]*\(?!?\s*{_GUARD}\([^)\n]{{0,60}}\)\)?[ \t]*[;{{]
      | before_action[ \t]+:{_GUARD}
    ))[ \t]*\r?$""",
    re.IGNORECASE,
)
_INLINE = re.compile(
    r"(?m)^[^\n]{0,300}?\bRoute::[^\n]{1,200}?;?[ \t]*//[ \t]*(?P<code>->middleware\([ \t]*"
    r"(?:\[[ \t]*)?['\"]auth[^\n]{0,80})$"
)


class SignInSwitches:
    """Reads what is written out for production; what the program decides when it runs is not."""

    name = "sign-in-switches"
    method = Method.EXAMINE
    yields: tuple[type[Fact], ...] = (SignInOpenings,)
    asks = "sources.system"

    def version(self) -> str:
        """Return the version of cnilcheck: the patterns are its own."""
        return __version__

    def tasks(self, scope: Scope) -> tuple[Task, ...]:
        """Return the copy of the server's tree."""
        return system_tasks(scope)

    def observe(self, task: Task, tools: Tools) -> Iterator[Sighting]:
        """Yield each file that speaks of such a switch, and what is off in it."""
        files = SourceFiles(open_snapshot(task, tools, self.name), tools.stop)
        told = 0
        for path, text in files.texts(_wanted, (*FOLDERS, "/etc")):
            fact = switches(path, text)
            if fact is not None and told < _MAX_PLACES:
                told += 1
                yield Seen(path, fact)
        gaps = list(files.problems(SignInOpenings))
        yield from gaps
        if not told and not gaps:
            yield Nothing("/", SignInOpenings)


def _wanted(path: str) -> bool:
    written = _SETTINGS.search(path) or (_CODE.search(path) and not path.startswith("/etc/"))
    return bool(written) and not _NOT_PRODUCTION.search(path)


def switches(path: str, text: str) -> SignInOpenings | None:
    """Return what a file switches off of sign-in; None when it speaks of no such switch."""
    said: list[tuple[int, str, bool]] = []
    if _SETTINGS.search(path):
        said += (
            _in_yaml(path, text) if path.lower().endswith((".yml", ".yaml")) else _in_lines(text)
        )
    if _CODE.search(path):
        said += _guards(text)
    if not said:
        return None
    found = tuple(
        Opening("sign_in_off", f"{path}:{line}", printable(mask(setting), 80))
        for line, setting, on in said[:_MAX_PLACES]
        if not on
    )
    return SignInOpenings(path.rpartition("/")[2][:60], ("sign_in_off",), found)


def _in_lines(text: str) -> Iterator[tuple[int, str, bool]]:
    """Yield line, setting, and whether sign-in is on by it; commented lines say nothing."""
    for match in _LINE.finditer(text):
        key, value = match["key"], match["value"].lower() in _ON
        name = re.sub(r"[.-]", "_", re.sub(r"(?<=[a-z])(?=[A-Z])", "_", key))
        on = _means_on(name, key, value)
        if on is not None:
            line = text.count("\n", 0, match.start("key")) + 1
            yield line, f"{key} = {match['value']}", on


def _means_on(name: str, path: str, value: bool) -> bool | None:
    if _BAD.match(name) or _DISABLED.search(path):
        return not value
    return value if _GOOD.match(name) or _SECTION.search(path) else None


def _in_yaml(path: str, text: str) -> Iterator[tuple[int, str, bool]]:
    try:
        settings = yaml_settings(text, path)
    except Malformed:
        return
    for key, (value, line) in settings.values.items():
        word = value.strip().lower()
        if word not in _ON | {"false", "no", "off", "0", "disabled"}:
            continue
        on = word in _ON
        last = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", key.rpartition(".")[2]).replace("-", "_")
        means = on if _FIREWALL.match(key) else _means_on(last, key, on)
        if means is not None:
            yield line, f"{key}: {value}", means


def _guards(text: str) -> Iterator[tuple[int, str, bool]]:
    """Yield each guard of a page that stands in a comment, and nowhere else in the file."""
    for pattern in (_COMMENTED, _INLINE):
        for match in pattern.finditer(text):
            code = match["code"].strip().rstrip(",;")
            if text.count(code) < 2:
                yield text.count("\n", 0, match.start("code")) + 1, f"// {code}", False
