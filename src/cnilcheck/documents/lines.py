"""Where in the scope file each target stands, so that a finding can point at its line."""

from __future__ import annotations

import yaml


def lines_of_targets(written: bytes) -> dict[str, int]:
    """Return the line of each value of a scope file by its spelling, and of each dotted key.

    `declarations.hosting` is a key, `https://app.example.fr/` a value; the first place counts.
    A text that is not YAML has no lines.
    """
    try:
        root = yaml.compose(written.decode("utf-8-sig"), Loader=yaml.SafeLoader)
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError):
        return {}
    values, keys = dict[str, int](), dict[str, int]()
    waiting: list[tuple[yaml.Node, str]] = [(root, "")] if root is not None else []
    while waiting:
        node, path = waiting.pop()
        match node:
            case yaml.MappingNode():
                for key, value in reversed(node.value):
                    place = f"{path}.{key.value}".lstrip(".")
                    keys.setdefault(place, key.start_mark.line + 1)
                    waiting.append((value, place))
            case yaml.SequenceNode():
                waiting += [(item, path) for item in reversed(node.value)]
            case yaml.ScalarNode():
                values.setdefault(str(node.value), node.start_mark.line + 1)
    return keys | values
