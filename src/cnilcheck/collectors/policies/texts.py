"""Settings files taken apart with their lines: JSON, YAML, properties, LDIF, and PHP arrays."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from cnilcheck.errors import Malformed

_MAX_DEPTH = 60
_MAX_VALUES = 100_000


@dataclass(frozen=True)
class Settings:
    """The scalars of a settings file by dotted path, each with its line; the last value wins."""

    path: str
    values: dict[str, tuple[str, int]] = field(default_factory=dict)

    def get(self, *names: str) -> str | None:
        """Return the value of the first of these paths that is there."""
        return next((self.values[name][0] for name in names if name in self.values), None)

    def place(self, *names: str) -> str:
        """Return `file:line` of the first of these paths that is there, the file otherwise."""
        line = next((self.values[name][1] for name in names if name in self.values), 0)
        return f"{self.path}:{line}" if line else self.path

    def below(self, prefix: str) -> dict[str, tuple[str, int]]:
        """Return the values whose path begins with the prefix and a dot, by the rest."""
        start = f"{prefix}."
        return {k[len(start) :]: v for k, v in self.values.items() if k.startswith(start)}

    def has(self, prefix: str) -> bool:
        """Return whether that path is there, or anything below it."""
        return prefix in self.values or bool(self.below(prefix))


def parsed_json(text: str, path: str) -> Any:
    """Return the JSON document; raises Malformed when it is none, or nested too deeply."""
    try:
        return json.loads(text.lstrip("\ufeff"))
    except RecursionError:
        raise Malformed(f"{path}: the JSON is nested too deeply") from None
    except ValueError:
        raise Malformed(f"{path} is not JSON") from None


def line_of(text: str, *keys: str, start: int = 0) -> int:
    """Return the line of the last of these keys of a JSON text, looked for one after the other."""
    at = start
    for key in keys:
        found = re.compile(rf'"{re.escape(key)}"\s*:').search(text, at)
        if found is None:
            break
        at = found.start()
    return text.count("\n", 0, at) + 1


def yaml_settings(text: str, path: str) -> Settings:
    """Return the scalars of a YAML file, list items by number, of all its documents together.

    Raises Malformed when it is not YAML, nests too deeply, or unfolds into too many values.
    """
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    settings = Settings(path)
    try:
        _refuse_depth(text, path, loader)
        for document in yaml.compose_all(text, Loader=loader):
            if document is not None:
                _flatten(document, "", settings, 0)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise Malformed(f"{path}{f':{mark.line + 1}' if mark else ''} is not YAML") from None
    except (RecursionError, ValueError):
        raise Malformed(f"{path} is not YAML") from None
    return settings


def _refuse_depth(text: str, path: str, loader: Any) -> None:
    import yaml

    depth = 0
    for event in yaml.parse(text, Loader=loader):
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > _MAX_DEPTH:
            raise Malformed(f"{path}: nested too deeply")


def _flatten(node: Any, name: str, settings: Settings, depth: int) -> None:
    # An alias is its anchor's own node: a few lines may stand for millions of values.
    if depth > _MAX_DEPTH or len(settings.values) > _MAX_VALUES:
        raise Malformed(f"{settings.path}: unfolds into too many values")
    value = node.value
    if isinstance(value, str):
        settings.values[name] = (value, node.start_mark.line + 1)
        return
    settings.values.setdefault(name, ("", node.start_mark.line + 1))
    for number, item in enumerate(value):
        key, inner = item if isinstance(item, tuple) else (None, item)
        word = str(number) if key is None else key.value if isinstance(key.value, str) else "?"
        if word == "<<":
            _flatten(inner, name, settings, depth + 1)
        else:
            _flatten(inner, f"{name}.{word}" if name else word, settings, depth + 1)


_PROPERTY = re.compile(r"\s*([^#!=:\s][^=:\s]*)\s*[=:]\s*(.*)")


def property_settings(text: str, path: str) -> Settings:
    """Return the values of a .properties or .env file."""
    settings = Settings(path)
    for number, line in enumerate(text.split("\n"), start=1):
        found = _PROPERTY.match(line[:10_000])
        if found and len(settings.values) < _MAX_VALUES:
            name = found[1].removeprefix("export ")
            settings.values[name] = (found[2].strip().strip("\"'"), number)
    return settings


def ldif_entries(text: str) -> Iterator[dict[str, list[tuple[str, int]]]]:
    """Yield the entries of an LDIF file (RFC 2849): attributes in lower case, values with lines."""
    entry: dict[str, list[tuple[str, int]]] = {}
    for line, number in _unfolded(text):
        if not line.strip():
            if entry:
                yield entry
            entry = {}
            continue
        name, separator, value = line.partition(":")
        if not separator or line.startswith("#"):
            continue
        if value.startswith(":"):
            try:
                value = base64.b64decode(value[1:].strip()).decode("utf-8", "replace")
            except (binascii.Error, ValueError):
                continue
        entry.setdefault(name.strip().lower(), []).append((value.strip()[:10_000], number))
    if entry:
        yield entry


def _unfolded(text: str) -> Iterator[tuple[str, int]]:
    held, start = "", 1
    for number, line in enumerate(text.splitlines(), start=1):
        if line.startswith(" ") and held:
            if len(held) < 100_000:
                held += line[1:]
            continue
        if number > 1:
            yield held, start
        held, start = line, number
    yield held, start
    yield "", start


_PHP_TOKEN = re.compile(
    r"(?P<skip>\s+|//[^\n]*|\#(?!\[)[^\n]*|/\*.*?\*/)"
    r"|(?P<string>'(?:[^'\\]++|\\.)*+'|\"(?:[^\"\\]++|\\.)*+\")"
    r"|(?P<arrow>=>)|(?P<open>[\[(])|(?P<close>[\])])|(?P<comma>[,;])"
    r"|(?P<word>\$?[A-Za-z_\\][\w\\]*(?:(?:->|::)\w+)*|-?\d[\d._]*)|(?P<other>.)",
    re.DOTALL,
)


def php_settings(text: str, path: str) -> Settings:
    """Return the literals of the arrays of a PHP file by the keys that lead to them.

    `'a' => ['b' => 3]` is `a.b`; a call keeps its first two literals (`env('A', 3)` is `env(A,3)`);
    an assignment `$x['a'] = 3` is `a`. What is computed is left out.
    """
    settings = Settings(path)
    reader = _Php(settings)
    for token in _PHP_TOKEN.finditer(text[:1_000_000]):
        reader.take(token.lastgroup or "", token[0], text, token.start())
        if len(settings.values) > _MAX_VALUES:
            raise Malformed(f"{path}: too many values")
    return settings


class _Php:
    """Follows the nesting of arrays and calls, and keeps what stands after each arrow."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._keys: list[str] = []
        self._stack: list[tuple[str, list[str], int]] = []
        self._value: list[str] = []
        self._line = 1
        self._seen = 0
        self._positions: list[int] = [0]

    def take(self, kind: str, word: str, text: str, at: int) -> None:
        """Take in one token."""
        self._line += text.count("\n", self._seen, at)
        self._seen = at
        if kind in ("string", "word", "other"):
            self._value.append(_unquoted(word) if kind == "string" else word)
        elif kind == "arrow":
            self._keys.append(self._value[-1] if self._value else "?")
            self._value = []
        elif kind == "open" and len(self._stack) < 100:
            self._stack.append((word, self._value, len(self._keys)))
            self._positions.append(0)
            self._value = []
        elif kind == "comma":
            self._end(word)
        elif kind == "close" and self._stack:
            self._close()

    def _close(self) -> None:
        opened, before, keys = self._stack[-1]
        value: list[str] = []
        if opened == "(" and before and before[-1] != "array":
            value = [*before[:-1], f"{before[-1]}({''.join(self._value)})"]
        else:
            self._end(",")
        self._stack.pop()
        self._positions.pop()
        del self._keys[keys:]
        self._value = value

    def _end(self, word: str) -> None:
        within = self._stack[-1] if self._stack else None
        if within and within[0] == "(" and within[1] and within[1][-1] != "array":
            self._value.append(",")
            return
        base = within[2] if within else 0
        if self._value:
            item = [] if len(self._keys) > base else [str(self._positions[-1])]
            name = ".".join([*self._keys, *item])
            self._settings.values[name] = ("".join(self._value), self._line)
        self._positions[-1] += 1
        if word == "," or not within:
            del self._keys[base:]
        self._value = []


def _unquoted(word: str) -> str:
    return re.sub(r"\\(['\"\\])", r"\1", word[1:-1])


def from_env(value: str, env: Settings) -> str:
    """Return what Laravel's `env(NAME, default)` comes to; any other value as it is."""
    found = re.fullmatch(r"(?:\(int\)|int)?\s*env\((\w+)(?:,(.*))?\)", value)
    if not found:
        return value
    return env.get(found[1]) or found[2] or ""


def number_in(text: str | None) -> int | None:
    """Return the whole number a setting states; None for anything else, or none."""
    if text is None:
        return None
    found = re.fullmatch(r"\s*\"?(-?\d{1,19})\"?\s*", text.replace("_", ""))
    return int(found[1]) if found else None
