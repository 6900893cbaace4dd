"""How source code draws the passwords it hands out: how long, and from what chance."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass

from cnilcheck import __version__
from cnilcheck.collectors.base import Nothing, Seen, Sighting, Task, Tools
from cnilcheck.collectors.password_code import (
    is_source,
    names_other,
    names_password,
    without_comments,
)
from cnilcheck.collectors.snapshot import open_snapshot, system_tasks
from cnilcheck.collectors.source_files import SourceFiles
from cnilcheck.model.facts import Fact, PasswordGenerator, PasswordGenerators
from cnilcheck.model.scope import Scope
from cnilcheck.model.words import Method

_MOST = 200


@dataclass(frozen=True)
class _Way:
    """A way to draw characters; `signs` of one character, `times` what one unit of length gives.

    `signs` 0: the alphabet is written in the code nearby. `chance`: the source can be foretold.
    """

    name: str
    shape: re.Pattern[str]
    signs: int
    times: int = 1
    chance: bool = False


_N = r"(?P<n>\d{1,3})"
# Python's and PHP's ordinary generators, Math.random and java.util.Random are no secret: who sees a
# few values can tell the next (docs.python.org `random`, php.net `mt_rand`, MDN `Math.random`).
_WAYS = tuple(
    _Way(name, re.compile(shape), signs, times, chance)
    for name, shape, signs, times, chance in (
        ("Str::random", rf"(?:Str::random|str_random)\(\s*{_N}\s*\)", 62, 1, False),
        ("bin2hex(random_bytes)",
         rf"bin2hex\(\s*(?:random_bytes|openssl_random_pseudo_bytes)\(\s*{_N}\s*\)", 16, 2, False),
        ("wp_generate_password", rf"wp_generate_password\(\s*{_N}", 62, 1, False),
        ("md5 of the time", r"substr\(\s*(?:md5|sha1)\(\s*(?:uniqid|rand|mt_rand|time|microtime)\b"
         rf"[^;]{{0,60}},\s*-?\d{{1,2}}\s*,\s*{_N}\s*\)", 16, 1, True),
        ("str_shuffle", rf"substr\(\s*str_shuffle\([^;]{{0,200}},\s*\d{{1,2}}\s*,\s*{_N}\s*\)",
         0, 1, True),
        ("random", r"random\.(?:choice|SystemRandom\(\)\.choice)\([^\n]{0,200}?"
         rf"range\(\s*{_N}\s*\)", 0, 1, True),
        ("random", rf"random\.(?:choices|sample)\([^\n]{{0,200}}?(?:k\s*=\s*|,\s*){_N}\s*\)",
         0, 1, True),
        ("secrets.choice", rf"secrets\.choice\([^\n]{{0,200}}?range\(\s*{_N}\s*\)", 0, 1, False),
        ("secrets.token_hex", rf"secrets\.token_hex\(\s*{_N}\s*\)", 16, 2, False),
        ("get_random_string", rf"get_random_string\(\s*(?:length\s*=\s*)?{_N}", 62, 1, False),
        ("make_random_password", rf"make_random_password\(\s*(?:length\s*=\s*)?{_N}", 55, 1, False),
        ("Math.random", r"Math\.random\(\)\s*\.toString\(\s*36\s*\)\s*\.(?:slice|substr|substring)"
         rf"\(\s*(?:-|2\s*,\s*)?{_N}\s*\)", 36, 1, True),
        ("crypto.randomBytes",
         rf"randomBytes\(\s*{_N}\s*\)\s*\.toString\(\s*['\"]hex['\"]\s*\)", 16, 2, False),
        ("RandomStringUtils",
         rf"RandomStringUtils\.random(?:Alphanumeric)?\(\s*{_N}\s*\)", 62, 1, False),
        ("RandomStringUtils", rf"RandomStringUtils\.randomAlphabetic\(\s*{_N}\s*\)", 52, 1, False),
        ("RandomStringUtils", rf"RandomStringUtils\.randomNumeric\(\s*{_N}\s*\)", 10, 1, False),
        ("SecureRandom.hex", rf"SecureRandom\.hex\(?\s*{_N}\s*\)?", 16, 2, False),
        ("SecureRandom.alphanumeric", rf"SecureRandom\.alphanumeric\(?\s*{_N}\s*\)?", 62, 1, False),
    )
)  # fmt: skip
_QUICK = re.compile(r"(?i)random|secrets|shuffle|rand\(|randomBytes|generate_password")
_MADE = re.compile(
    r"(?i)(?:gen(?:erate|erer|ere|[ée]r\w*)?|make|create|creer|random|new|nouveau|init(?:ial)?|temp"
    r"(?:orary|oraire)?|default|reset|first|premier)"
)
_FUNCTION = re.compile(
    r"(?:function\s+(\w{1,80})|def\s+(\w{1,80})|func\s+(\w{1,80})"
    r"|(?:const|let|var)\s+(\w{1,80})\s*=\s*(?:async\s*)?(?:function|\()"
    r"|(?:public|private|protected|static)\s[\w<>\[\] ]{1,80}?\s(\w{1,80}))\s*\("
)
_ASSIGNED = re.compile(r"([\w$>\[\]'\".-]{1,80}?)['\"\]]*\s*(?:=>|:=|=|:)\s*[^=;\n]{0,120}$")
_NAMED_SETS = {
    "ascii_letters": 52, "ascii_lowercase": 26, "ascii_uppercase": 26, "digits": 10,
    "hexdigits": 16, "punctuation": 32, "printable": 100,
}  # fmt: skip


class PasswordGeneratorCode:
    """Reads the sources of the applications in the copied tree for what draws a password."""

    name = "password-generators"
    method = Method.EXAMINE
    yields: tuple[type[Fact], ...] = (PasswordGenerators,)
    asks = "sources.system"

    def version(self) -> str:
        """Return the version of cnilcheck: the patterns are its own."""
        return __version__

    def tasks(self, scope: Scope) -> tuple[Task, ...]:
        """Return the copy of the server's tree."""
        return system_tasks(scope)

    def observe(self, task: Task, tools: Tools) -> Iterator[Sighting]:
        """Yield each place that draws a password; what could not be read is a gap."""
        files = SourceFiles(open_snapshot(task, tools, self.name), tools.stop)
        found: list[PasswordGenerator] = []
        for path, text in files.texts(is_source):
            if len(found) < _MOST:
                found += generators_in(path, text)
        if found:
            yield Seen("/", PasswordGenerators(files.read, tuple(found[:_MOST])))
        gaps = list(files.problems(PasswordGenerators))
        yield from gaps
        if not found and not gaps:
            yield Nothing("/", PasswordGenerators)


def generators_in(path: str, text: str) -> Iterator[PasswordGenerator]:
    """Yield what in one file draws a password: put into one, or in a function that makes one."""
    if not _QUICK.search(text):
        return
    code = without_comments(text, path)
    for way in _WAYS:
        for match in itertools.islice(way.shape.finditer(code), _MOST):
            if not _is_password(code, match):
                continue
            signs = way.signs or _alphabet(code, match)
            length = int(match["n"]) * way.times
            bits = round(length * math.log2(signs), 1) if signs > 1 else None
            line = code.count("\n", 0, match.start()) + 1
            chance = way.chance and "SystemRandom" not in match[0]
            yield PasswordGenerator(f"{path}:{line}", way.name, length, bits, chance)


def _is_password(code: str, match: re.Match[str]) -> bool:
    start = code.rfind("\n", 0, match.start()) + 1
    assigned = _ASSIGNED.search(code[start : match.start()][-300:])
    if assigned is not None:
        names = re.findall(r"[A-Za-z_]\w{1,60}", assigned[1])
        if names and names_password(names[-1]):
            return True
        if names and names_other(names[-1]):
            return False
    enclosing = None
    for found in _FUNCTION.finditer(code, max(0, match.start() - 1500), match.start()):
        enclosing = found
    name = next((g for g in enclosing.groups() if g), "") if enclosing else ""
    about = names_password(name) or re.search(r"(?i)password|passwd|mdp|mot_?de_?passe", name)
    return bool(about) and _MADE.search(name) is not None


def _alphabet(code: str, match: re.Match[str]) -> int:
    """Return how many characters are drawn from, as written in the call or right before it."""
    near = code[max(0, match.start() - 400) : match.end()]
    call = match[0]
    sets = _written(call)
    if sets:
        return sets
    for name in re.findall(r"[A-Za-z_]\w{1,40}", call):
        set_to = re.findall(rf"\b{name}[ \t]*=[ \t]*([^\n;]{{1,300}})", near)
        if set_to and (sets := _written(set_to[-1])):
            return sets
    return 0


def _written(text: str) -> int:
    literal = [len(set(found)) for found in re.findall(r"['\"]([^'\"\n]{8,200})['\"]", text)]
    named = sum(size for name, size in _NAMED_SETS.items() if name in text)
    ranges = sum(size for sign, size in (("a", 26), ("A", 26), ("0", 10))
                 if re.search(rf"range\(\s*['\"]{sign}['\"]", text))  # fmt: skip
    return max([*literal, named, ranges], default=0)
