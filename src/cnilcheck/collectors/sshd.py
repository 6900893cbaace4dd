"""What sshd_config states: who may sign in and how, and which algorithms it names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal, cast

from cnilcheck import __version__
from cnilcheck.collectors.base import Missing, Nothing, Seen, Sighting, Task, Tools
from cnilcheck.collectors.snapshot import Snapshot, open_snapshot, system_tasks
from cnilcheck.errors import CollectionError, Malformed
from cnilcheck.model.facts import Fact, SshAlgorithmSetting, SshSignInSetting
from cnilcheck.model.personal_data import mask, printable
from cnilcheck.model.scope import Scope
from cnilcheck.model.words import Method

_MAIN = "/etc/ssh/sshd_config"
_MAX_FILES = 500
_MAX_BLOCKS = 200
_MAX_NAMES = 200
_SYNONYMS = {
    "challengeresponseauthentication": "kbdinteractiveauthentication",
    "skeyauthentication": "kbdinteractiveauthentication",
    "hostbasedacceptedalgorithms": "",
}
_SIGN_IN = (
    "permitrootlogin",
    "passwordauthentication",
    "kbdinteractiveauthentication",
    "permitemptypasswords",
    "authenticationmethods",
)
_ALGORITHMS = ("ciphers", "macs", "kexalgorithms", "hostkeyalgorithms")
_ROOT = {
    "yes": "yes",
    "no": "no",
    "prohibit-password": "prohibit-password",
    "without-password": "prohibit-password",
    "forced-commands-only": "forced-commands-only",
}


@dataclass
class _Block:
    """The settings for those a Match line names; the first value of a keyword wins."""

    who: str
    place: str
    values: dict[str, tuple[tuple[str, ...], str]] = field(default_factory=dict)


class SshConfiguration:
    """Reads sshd_config, the files it includes and its Match blocks; defaults are not supposed."""

    name = "ssh-configuration"
    method = Method.EXAMINE
    yields: tuple[type[Fact], ...] = (SshSignInSetting, SshAlgorithmSetting)
    asks = "sources.system"

    def version(self) -> str:
        """Return the version of cnilcheck: the reader is its own."""
        return __version__

    def tasks(self, scope: Scope) -> tuple[Task, ...]:
        """Return the copy of the server's tree."""
        return system_tasks(scope)

    def observe(self, task: Task, tools: Tools) -> Iterator[Sighting]:
        """Yield what is stated for everybody, and for each Match block that states otherwise."""
        snapshot = open_snapshot(task, tools, self.name)
        if not snapshot.exists(_MAIN):
            yield from (Nothing(_MAIN, fact) for fact in self.yields)
            return
        reader = _Reader(snapshot)
        reader.file(_MAIN)
        yield from _algorithms(reader.everybody)
        yield from _sign_ins(reader.everybody, reader.blocks)
        for problem in reader.problems[:1]:
            yield from (Missing(_MAIN, fact, problem) for fact in self.yields)


@dataclass
class _Reader:
    """Reads files in the order sshd does; a Match block ends with its file."""

    snapshot: Snapshot
    everybody: _Block = field(default_factory=lambda: _Block("", _MAIN))
    blocks: list[_Block] = field(default_factory=list)
    problems: list[CollectionError] = field(default_factory=list)
    _files: int = 0

    def file(self, path: str, inside: _Block | None = None, depth: int = 0) -> None:
        """Take in a file for everybody, or for those of the Match block that includes it."""
        self._files += 1
        if depth > 16 or self._files > _MAX_FILES:
            raise Malformed(f"{path}: too many files include one another")
        block = inside or self.everybody
        for number, line in enumerate(self.snapshot.read(path).split("\n"), start=1):
            words = _words(line)
            place = f"{path}:{number}"
            if words[:1] == ["match"]:
                block = self._match(words[1:], place, inside)
            elif words[:1] == ["include"]:
                self._include(words[1:], place, block, depth)
            elif len(words) > 1:
                keyword = _SYNONYMS.get(words[0], words[0])
                block.values.setdefault(keyword, (tuple(words[1:]), place))

    def _match(self, criteria: list[str], place: str, inside: _Block | None) -> _Block:
        who = printable(mask(" ".join(criteria)), 120)
        if inside is not None and inside.who:
            who = f"{inside.who}, {who}"
        block = _Block(who, place)
        if len(self.blocks) < _MAX_BLOCKS:
            self.blocks.append(block)
        return block

    def _include(self, patterns: list[str], place: str, block: _Block, depth: int) -> None:
        for pattern in patterns:
            whole = pattern if pattern.startswith("/") else f"/etc/ssh/{pattern}"
            for path in self.snapshot.glob(whole):
                try:
                    self.file(path, block, depth + 1)
                except CollectionError as error:
                    self.problems.append(type(error)(f"{place} includes {error}"))


def _words(line: str) -> list[str]:
    """Return the keyword, in lower case, and its arguments; a comment ends the line."""
    found = list[str]()
    for word in re.findall(r'"[^"]*"|[^\s"]+', line[:20_000]):
        if word.startswith("#"):
            break
        found.append(word.strip('"'))
    if found and "=" in found[0]:
        keyword, _, value = found[0].partition("=")
        found[:1] = [keyword, value] if value else [keyword]
    if len(found) > 1 and found[1].startswith("="):
        found[1:2] = [found[1][1:]] if found[1] != "=" else []
    return [found[0].lower(), *found[1:]] if found else []


def _algorithms(block: _Block) -> Iterator[Sighting]:
    named = {keyword: _named(block, keyword) for keyword in _ALGORITHMS}
    if all(names is None for names in named.values()):
        yield Nothing(_MAIN, SshAlgorithmSetting)
        return
    ciphers, macs, exchanges, host_keys = named.values()
    yield Seen(_MAIN, SshAlgorithmSetting(ciphers, macs, exchanges, host_keys))


def _named(block: _Block, keyword: str) -> tuple[str, ...] | None:
    values, _ = block.values.get(keyword, ((), ""))
    text = ",".join(values)
    if not text or text.startswith("-"):
        return None  # taken away from the server’s own choice: what is left depends on its version
    names = (printable(name, 80) for name in text.lstrip("+^").split(",") if name)
    return tuple(dict.fromkeys(names))[:_MAX_NAMES]


def _sign_ins(everybody: _Block, blocks: list[_Block]) -> Iterator[Sighting]:
    for block in blocks:
        if block.who.lower() == "all":  # overrides what stands above, for everybody
            everybody.values.update(block.values)
    yield Seen(everybody.place, _sign_in(everybody.values, ""))
    for block in blocks:
        if block.who.lower() != "all" and not block.values.keys().isdisjoint(_SIGN_IN):
            # What a block does not say of root was told for everybody already.
            outside = {k: v for k, v in everybody.values.items() if k != "permitrootlogin"}
            yield Seen(block.place, _sign_in(outside | block.values, block.who))


def _sign_in(values: dict[str, tuple[tuple[str, ...], str]], who: str) -> SshSignInSetting:
    def word(keyword: str) -> str:
        arguments = values.get(keyword, ((), ""))[0]
        return arguments[0].lower() if arguments else ""

    def switch(keyword: str) -> bool | None:
        return {"yes": True, "no": False}.get(word(keyword))

    methods = values.get("authenticationmethods", ((), ""))[0]
    if methods == ("any",):
        methods = ()
    root = cast(
        "Literal['yes', 'no', 'prohibit-password', 'forced-commands-only'] | None",
        _ROOT.get(word("permitrootlogin")),
    )
    return SshSignInSetting(
        who=who,
        root=root,
        password=switch("passwordauthentication"),
        keyboard_interactive=switch("kbdinteractiveauthentication"),
        empty_passwords=switch("permitemptypasswords"),
        methods=tuple(printable(method, 80) for method in methods[:20]),
    )
