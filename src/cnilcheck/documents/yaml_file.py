"""Read one YAML file of bounded size and depth, without aliases and without repeated keys."""

from __future__ import annotations

from collections.abc import Hashable
from pathlib import Path
from typing import Any

import yaml

from cnilcheck.errors import UsageError

_MAX_BYTES = 2_000_000
_MAX_DEPTH = 40

try:
    from yaml import CSafeLoader as _SafeLoader
except ImportError:  # PyYAML built without libyaml
    from yaml import SafeLoader as _SafeLoader  # type: ignore[assignment]


class _Loader(_SafeLoader):
    """A safe loader that refuses a key written twice: the second would win in silence."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[object] = set()
        for key, _ in node.value:
            if key.value in seen and isinstance(key, yaml.ScalarNode):
                what = f"key written twice: {key.value}"
                raise yaml.MarkedYAMLError(None, None, what, key.start_mark)
            seen.add(key.value if isinstance(key, yaml.ScalarNode) else None)
        return super().construct_mapping(node, deep)


def read_yaml(path: Path, error: type[UsageError]) -> Any:
    """Return the file's content as plain Python values.

    Raises `error`, naming the file and the line, when it cannot be read, is not UTF-8, is not
    YAML, is larger than 2 MB, nests deeper than 40, uses an alias, or writes a key twice.
    """
    text = read_text(path, error)
    try:
        _refuse_bombs(text, path, error)
        return yaml.load(text, Loader=_Loader)
    except yaml.MarkedYAMLError as problem:
        mark: Any = problem.problem_mark or problem.context_mark
        line = f":{mark.line + 1}" if mark else ""
        raise error(f"{path}{line}: {problem.problem or 'not YAML'}") from None
    except (yaml.YAMLError, ValueError) as problem:
        raise error(f"{path}: not YAML: {str(problem).splitlines()[0]}") from None


def read_text(path: Path, error: type[UsageError]) -> str:
    """Return the text; raises `error` when absent, unreadable, too large or not UTF-8."""
    try:
        with path.open("rb") as stream:
            content = stream.read(_MAX_BYTES + 1)
    except FileNotFoundError:
        raise error(f"{path}: no such file") from None
    except OSError as problem:
        raise error(f"{path}: cannot be read: {problem.strerror}") from None
    if len(content) > _MAX_BYTES:
        raise error(f"{path}: larger than {_MAX_BYTES // 1_000_000} MB")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise error(f"{path}: not UTF-8 text") from None


def _refuse_bombs(text: str, path: Path, error: type[UsageError]) -> None:
    depth = 0
    event: Any
    for event in yaml.parse(text, Loader=_SafeLoader):
        line = event.start_mark.line + 1
        if isinstance(event, yaml.AliasEvent):
            raise error(f"{path}:{line}: aliases (*name) are not accepted")
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > _MAX_DEPTH:
            raise error(f"{path}:{line}: nested deeper than {_MAX_DEPTH}")
