"""Where source code hands a password to MD5, SHA-1 or another fast hash function."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator

from cnilcheck import __version__
from cnilcheck.collectors.base import Nothing, Seen, Sighting, Task, Tools
from cnilcheck.collectors.snapshot import open_snapshot, system_tasks
from cnilcheck.collectors.source_files import SourceFiles
from cnilcheck.model.facts import Fact, HashCall, PasswordHashCalls
from cnilcheck.model.scope import Scope
from cnilcheck.model.words import Method

_MAX_CALLS = 500
_SUFFIX = re.compile(
    r"\.(?:php[3-8s]?|phtml|inc|py|wsgi|js|mjs|cjs|ts|jsx|tsx|vue|java|kt|cs|rb|go)(?:\.(?:txt|bak|old|orig|save))?~?$"
)
_FAST = r"md5|sha-?1|sha-?224|sha-?256|sha-?384|sha-?512|md4|ripemd160|whirlpool"
# md5(…), hash('sha256', …), hashlib.sha1(…), hashlib.new('md5', …), CryptoJS.MD5(…),
# createHash('md5').update(…), MessageDigest.getInstance("MD5").digest(…), Digest::MD5.hexdigest(…),
# MD5.HashData(…), md5.Sum(…)
_CALL = re.compile(
    rf"(?i)(?<![\w$\"'/])(?<!->)(?<!::)(?:(?:hashlib|cryptojs|forge\.md|crypto)\s*\.\s*)?(?:"
    rf"(?P<direct>{_FAST})\s*\("
    rf"|(?P<named>hash|hashlib\.new|openssl_digest|mhash)\s*\(\s*['\"](?P<first>{_FAST})['\"]\s*,"
    rf"|createHash\s*\(\s*['\"](?P<node>{_FAST})['\"]\s*\)\s*\.\s*update\s*\("
    rf"|MessageDigest\s*\.\s*getInstance\s*\(\s*\"(?P<java>{_FAST})\"\s*\)\s*\.\s*digest\s*\("
    rf"|DigestUtils\s*\.\s*(?P<apache>{_FAST})(?:Hex)?\s*\("
    rf"|Digest::(?P<ruby>{_FAST})\s*\.\s*(?:hex|base64)?digest\s*\("
    rf"|(?P<dotnet>{_FAST})\s*\.\s*(?:HashData|Create\s*\(\s*\)\s*\.\s*ComputeHash)\s*\("
    rf"|(?P<go>{_FAST})\s*\.\s*Sum\w{{0,8}}\s*\()"
)
_SLOW = re.compile(
    r"(?i)password_hash\s*\(|password_verify\s*\(|bcrypt|argon2|scrypt|pbkdf2|make_password\s*\("
    r"|check_password_hash|generate_password_hash|sodium_crypto_pwhash|wp_hash_password"
)
# Protocols in which these functions have their place: the digest sign-in of HTTP, and the lookup of
# leaked passwords by the beginning of their SHA-1.
_PROTOCOL = re.compile(r"(?i)pwnedpasswords|haveibeenpwned|\brealm\b|hibp")
_PASSWORD = frozenset(
    "password passwords passwd passwort pwd pw mdp motdepasse userpass loginpass"
    " newpass oldpass pass".split()
)
# A name with one of these is about something else than the password itself.
_OTHER = frozenset(
    "token tokens reset salt sel key cle cache link lien url uri file filename path fichier id ids"
    " session sessid nonce csrf etag email mail courriel login user username identifiant nom name"
    " ip code time date expires expiry policy length len min max field label error errors hint"
    " strength confirm attempts last changed updated".split()
)
_DRAWN = re.compile(
    r"(?i)uniqid|rand|time\s*\(|microtime|urandom|uuid|random|now\s*\(|openssl_random|bin2hex"
    r"|file_get_contents|__file__|serialize|json_encode|http_build_query|strtotime"
)
_CHECKS = frozenset(
    "verify verifie verifier check checks hash hashed encode encrypt crypt juste valide valid"
    " validate compare correct match matches ok bon controle controler hacher chiffrer".split()
)
_FUNCTION = re.compile(
    r"(?:function\s+(\w{1,80})\s*|(?:const|let|var)\s+(\w{1,80})\s*=\s*(?:async\s*)?(?:function\s*)?"
    r"|def\s+(\w{1,80})\s*)\(([^)]{0,500})\)"
)


class PasswordCode:
    """Reads the sources of the applications in the copied tree, in eight languages."""

    name = "password-code"
    method = Method.EXAMINE
    yields: tuple[type[Fact], ...] = (PasswordHashCalls,)
    asks = "sources.system"

    def version(self) -> str:
        """Return the version of cnilcheck: the patterns are its own."""
        return __version__

    def tasks(self, scope: Scope) -> tuple[Task, ...]:
        """Return the copy of the server's tree."""
        return system_tasks(scope)

    def observe(self, task: Task, tools: Tools) -> Iterator[Sighting]:
        """Yield the calls of all files in one fact, and a gap for what could not be read."""
        files = SourceFiles(open_snapshot(task, tools, self.name), tools.stop)
        calls = list[HashCall]()
        for path, text in files.texts(is_source):
            if len(calls) < _MAX_CALLS:
                calls += calls_in(path, text)
        if files.read:
            yield Seen("/", PasswordHashCalls(files.read, tuple(calls[:_MAX_CALLS])))
        gaps = list(files.problems(PasswordHashCalls))
        yield from gaps
        if not files.read and not gaps:
            yield Nothing("/", PasswordHashCalls)


def calls_in(path: str, text: str) -> Iterator[HashCall]:
    """Yield the calls in one file that take a password."""
    if _CALL.search(text) is None or _PROTOCOL.search(text):
        return
    code = without_comments(text, path)
    slow = _SLOW.search(code) is not None
    for match in itertools.islice(_CALL.finditer(code), _MAX_CALLS):
        if _takes_password(code, match):
            function = next(v for k, v in match.groupdict().items() if v and k != "named")
            line = code.count("\n", 0, match.start()) + 1
            yield HashCall(f"{path}:{line}", function.lower(), slow)


def is_source(path: str) -> bool:
    """Return whether a file is source code of a language that is read."""
    return _SUFFIX.search(path.lower()) is not None


def without_comments(text: str, path: str) -> str:
    """Return the text with comments blanked, line by line, so that places stay as they are."""
    python = ".py" in path or ".wsgi" in path
    blank = re.sub(r"/\*.*?(?:\*/|\Z)", lambda m: "\n" * m[0].count("\n"), text, flags=re.DOTALL)
    code = text if python else blank
    start = r"#" if python else r"(?<![:\"'])//|(?m:^[ \t]*#)"
    return "\n".join(re.split(start, line, maxsplit=1)[0] for line in code.split("\n"))


def _words(name: str) -> list[str]:
    parts = re.split(r"[^A-Za-z]+|(?<=[a-z])(?=[A-Z])", name)
    return [part.lower() for part in parts if part]


def names_password(name: str) -> bool:
    """Return whether an identifier is a password's: `$motDePasse`, `user_password`, `mdp2`."""
    words = _words(name)
    if not _OTHER.isdisjoint(words):
        # `userPassword` and `user_pass` are passwords all the same.
        words = [word for word in words if word not in ("user", "login", "new", "last", "confirm")]
        if not _OTHER.isdisjoint(words):
            return False
    return not _PASSWORD.isdisjoint(words) or "motdepasse" in "".join(words)


def names_other(name: str) -> bool:
    """Return whether an identifier is of a token, a file or the like: `$reset_token`, `fileId`."""
    return not _OTHER.isdisjoint(_words(name))


def _identifiers(text: str) -> list[str]:
    return re.findall(r"[A-Za-z_]\w{1,60}", text)


def _arguments(code: str, start: int) -> str:
    """Return what stands in the brackets that are open at `start`, up to 400 characters."""
    depth = 1
    for place in range(start, min(start + 400, len(code))):
        depth += (code[place] == "(") - (code[place] == ")")
        if depth == 0:
            return code[start:place]
    return code[start : start + 400]


def _takes_password(code: str, match: re.Match[str]) -> bool:
    arguments = _arguments(code, match.end())
    line_start = code.rfind("\n", 0, match.start()) + 1
    before = code[line_start : match.start()][-300:]
    if _DRAWN.search(arguments) or _SLOW.search(before):
        return False
    if any(names_password(name) for name in _identifiers(_outside_quotes(arguments))):
        return True
    return _compared_with_password(before) or _in_password_function(code, match, arguments)


def _outside_quotes(text: str) -> str:
    """Return the text without literal strings, but with keys: `$_POST['mdp']`, and `$x` in SQL."""
    return re.sub(r"(?<!\[)(['\"])(?:(?!\1)[^$\\])*\1", " ", text)


_ASSIGNED = re.compile(
    r"([\w$>\[\]'\".-]{1,80}?)['\"\]]*\s*(?:={1,3}|=>|!==?|:)\s*['\"]?\s*(?:\w+\s*\(\s*)?$"
)


def _compared_with_password(before: str) -> bool:
    """Return whether the result is put into, or compared with, something called a password."""
    match = _ASSIGNED.search(before)
    if match is None:
        return False
    names = _identifiers(match[1])
    return bool(names) and names_password(names[-1])


def _in_password_function(code: str, match: re.Match[str], arguments: str) -> bool:
    """Return whether the call hashes a parameter of a function that checks or hashes passwords."""
    enclosing = None
    for found in _FUNCTION.finditer(code, max(0, match.start() - 4000), match.start()):
        enclosing = found
    if enclosing is None:
        return False
    name = enclosing[1] or enclosing[2] or enclosing[3] or ""
    words = _words(name)
    about = not _PASSWORD.isdisjoint(words) or "motdepasse" in "".join(words)
    if not about or _CHECKS.isdisjoint(words) or not _is_inside(code, enclosing, match.start()):
        return False
    parameters = _identifiers(enclosing[4])
    given = _identifiers(arguments)
    return bool(given) and given[0] in parameters and _OTHER.isdisjoint(_words(given[0]))


def _is_inside(code: str, function: re.Match[str], call: int) -> bool:
    between = code[function.end() : call]
    if function[3]:  # Python: nothing between stands as far left as the def itself
        start = code.rfind("\n", 0, function.start()) + 1
        indent = function.start() - start
        lines = between.split("\n")[1:]
        return all(not line.strip() or len(line) - len(line.lstrip()) > indent for line in lines)
    return between.count("{") > between.count("}") or "=>" in between[:20]
