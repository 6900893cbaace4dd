"""What an SSH server offers, which host keys it shows, and how it would let somebody sign in."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from cnilcheck import __version__
from cnilcheck.collectors.base import Missing, Nothing, Seen, Sighting, Task, Tools
from cnilcheck.collectors.listeners import Listener, connect
from cnilcheck.collectors.ssh_ciphers import Keys, common_keys
from cnilcheck.collectors.ssh_transport import (
    GROUP_EXCHANGES,
    KEY_EXCHANGES,
    Conversation,
    Fields,
    Offer,
)
from cnilcheck.errors import CollectionError, Malformed, Refused, TimedOut
from cnilcheck.model.facts import (
    SshAlgorithms,
    SshGroupExchange,
    SshHostKeys,
    SshKey,
    SshServer,
    SshSignIn,
)
from cnilcheck.model.scope import Scope, SshTarget
from cnilcheck.model.words import Method

_CONVERSATION_SECONDS = 5.0
_ALL_SECONDS = 20.0
_MAX_KEY_KINDS = 6
# Names in the list of key exchanges that are signs, not ways (RFC 8308; OpenSSH's PROTOCOL, 1.10).
_SIGNS = ("ext-info-s", "ext-info-c", "kex-strict-s-v00@openssh.com")
_RSA = ("rsa-sha2-512", "rsa-sha2-256", "ssh-rsa")

_Got = TypeVar("_Got")


class Ssh:
    """Reads the offer of an SSH server in one connection, then one for each further host key.

    A handful of connections, one after the other: no server's limit of unfinished sign-ins is
    reached, and nobody is kept from signing in.
    """

    name = "ssh"
    method = Method.TEST
    yields = (SshServer, SshAlgorithms, SshHostKeys, SshGroupExchange, SshSignIn)
    asks = "targets[].ssh"

    def version(self) -> str:
        """Return cnilcheck's own version: the protocol is spoken here."""
        return __version__

    def tasks(self, scope: Scope) -> tuple[Task, ...]:
        """Return each SSH server of the scope."""
        listeners = [(t.ssh, _listener(t.ssh)) for t in scope.targets if isinstance(t, SshTarget)]
        return tuple(Task(target, one.spelling, one) for target, one in listeners)

    def observe(self, task: Task, tools: Tools) -> Iterator[Sighting]:
        """Yield the server's name, algorithms, ways to sign in, host keys and smallest group."""
        visit = _Visit(task, tools)
        with visit.conversation() as line:
            server = line.identify()
            visit.note("identification", f"SSH {server.protocol} {server.software}")
            yield Seen(task.location, SshServer(server.protocol, server.software))
            if not server.speaks_2:
                raise Malformed(f"{task.location}: speaks SSH {server.protocol}, not SSH 2")
            offer = line.read_offer()
            visit.note("algorithms", f"{sum(map(len, offer.lists))} offered")
            yield Seen(task.location, _algorithms(offer))
            keys = _HostKeys(visit, offer)
            yield keys.sign_in(line)
        yield keys.others()
        yield visit.group_exchange(offer)


class _Visit:
    """The connections made to one server: paced, journaled, and ended in time."""

    def __init__(self, task: Task, tools: Tools) -> None:
        self._task, self._tools = task, tools
        self._end = time.monotonic() + _ALL_SECONDS
        self.place = task.location

    @contextmanager
    def conversation(self) -> Iterator[Conversation]:
        """Open one bounded conversation; every error in it comes out as a CollectionError."""
        left = self._end - time.monotonic()
        if left <= 0:
            raise TimedOut(f"{self.place}: no time left for this connection")
        listener: Listener = self._task.subject
        seconds = min(left, _CONVERSATION_SECONDS)
        deadline = time.monotonic() + seconds
        try:
            with connect(listener.host, listener.port, self._tools, seconds) as line:
                talk = Conversation(line, deadline)
                try:
                    yield talk
                finally:
                    talk.leave()
        except CollectionError as problem:
            raise self.told(problem) from None

    def note(self, what: str, result: str) -> None:
        """Write one line of the journal."""
        self._tools.journal.write(self._task.target, Ssh.name, f"SSH: {what}", result)

    def attempt(self, ask: Callable[[Conversation, Offer], _Got]) -> _Got:
        """Return what a conversation of its own gives, once the server has made its offer."""
        with self.conversation() as line:
            line.identify()
            return ask(line, line.read_offer())

    def group_exchange(self, offer: Offer) -> Sighting:
        """Return the smallest Diffie-Hellman group the server gives on request."""
        way = next((name for name in GROUP_EXCHANGES if name in offer.key_exchanges), None)
        if way is None:
            return Nothing(self.place, SshGroupExchange)
        key = next(iter(_key_kinds(offer)), "")
        try:
            return Seen(self.place, SshGroupExchange(self._smallest_group(way, key)))
        except CollectionError as problem:
            return Missing(self.place, SshGroupExchange, problem)

    def _smallest_group(self, way: str, key: str) -> int:
        def ask(line: Conversation, offer: Offer) -> int | None:
            try:
                return line.ask_group(offer, way, key, least)
            except Refused:
                return None

        for least in (1024, 2048):
            # A server may decline the question itself, when it has no group that small.
            size = self.attempt(ask)
            self.note(f"group of {least} bits or more", f"{size} bits" if size else "declined")
            if size is not None:
                return size
        raise Refused(f"{self.place}: no Diffie-Hellman group is given")

    def told(self, problem: CollectionError) -> CollectionError:
        """Return the error with its place in front, once written to the journal.

        A server that keeps one conversation waiting is not asked again.
        """
        if isinstance(problem, TimedOut):
            self._end = time.monotonic()
        words = str(problem)
        told = problem if words.startswith(self.place) else type(problem)(f"{self.place}: {words}")
        self.note("conversation", str(told))
        return told


class _HostKeys:
    """The keys of one server, each read in a key exchange that asks for it."""

    def __init__(self, visit: _Visit, offer: Offer) -> None:
        self._visit, self._offer = visit, offer
        self._way = next((way for way in KEY_EXCHANGES if way in offer.key_exchanges), "")
        self._kinds = _key_kinds(offer)
        self._keys = list[SshKey]()
        self._unread = dict[str, CollectionError]()

    def sign_in(self, line: Conversation) -> Sighting:
        """Read the first key in this conversation, then ask how one may sign in."""
        place = self._visit.place
        keys = _agreeable(self._offer)
        try:
            if not self._way or not self._kinds:
                raise CollectionError("offers no key exchange that this instrument speaks")
            self._keep(self._kinds[0], line.exchange(self._offer, self._way, self._kinds[0], keys))
            if keys is None:
                raise CollectionError("offers no cipher that this instrument speaks")
            line.encrypt(keys)
            methods = line.ask_sign_in()
        except CollectionError as problem:
            told = self._visit.told(problem)
            if not self._keys:
                self._unread.update((kind, told) for kind in self._kinds[:1])
            return Missing(place, SshSignIn, told)
        self._visit.note("ways to sign in", ", ".join(methods))
        return Seen(place, SshSignIn(methods))

    def others(self) -> Sighting:
        """Return all keys, each further one read in a conversation of its own."""
        for number, kind in enumerate(self._kinds[1:], 2):
            try:
                if not self._way or number > _MAX_KEY_KINDS:
                    raise CollectionError(f"{self._visit.place}: not asked for")
                self._keep(kind, self._visit.attempt(self._asking(kind)))
            except CollectionError as problem:
                self._unread[kind] = problem
        if self._keys:
            return Seen(self._visit.place, SshHostKeys(tuple(self._keys), tuple(self._unread)))
        none = CollectionError(f"{self._visit.place}: no host key could be read")
        return Missing(self._visit.place, SshHostKeys, next(iter(self._unread.values()), none))

    def _asking(self, kind: str) -> Callable[[Conversation, Offer], bytes]:
        return lambda line, offer: line.exchange(offer, self._way, kind)

    def _keep(self, kind: str, blob: bytes) -> None:
        key = _key(blob)
        self._visit.note(f"host key {kind}", f"{key.algorithm} {key.bits} bits")
        self._keys.append(key)


def _listener(address: str) -> Listener:
    host, _, port = address.rpartition(":")
    return Listener(host.strip("[]"), int(port))


def _algorithms(offer: Offer) -> SshAlgorithms:
    return SshAlgorithms(
        key_exchanges=tuple(name for name in offer.key_exchanges if name not in _SIGNS),
        host_keys=offer.host_keys,
        ciphers_received=offer.ciphers_received,
        ciphers_sent=offer.ciphers_sent,
        macs_received=offer.macs_received,
        macs_sent=offer.macs_sent,
        compressions=tuple(dict.fromkeys(offer.compressions_received + offer.compressions_sent)),
        extensions=tuple(name for name in offer.key_exchanges if name in _SIGNS),
    )


def _agreeable(offer: Offer) -> Keys | None:
    """Return the encryption this client can speak in both directions, if any."""
    if "none" not in offer.compressions_received or "none" not in offer.compressions_sent:
        return None
    ciphers = tuple(name for name in offer.ciphers_received if name in offer.ciphers_sent)
    macs = tuple(name for name in offer.macs_received if name in offer.macs_sent)
    return common_keys(ciphers, macs)


def _key_kinds(offer: Offer) -> tuple[str, ...]:
    """Return one name for each key to ask for: the three names of RSA mean the same key."""
    plain = [name for name in offer.host_keys if "-cert-v0" not in name]
    rsa = next((name for name in _RSA if name in plain), None)
    return tuple(dict.fromkeys(rsa if rsa and name in _RSA else name for name in plain))


_CURVES = {b"ecdsa-sha2-nistp256": 256, b"ecdsa-sha2-nistp384": 384, b"ecdsa-sha2-nistp521": 521}


def _key(blob: bytes) -> SshKey:
    fields = Fields(blob)
    match fields.string():
        case b"ssh-rsa":
            fields.number()
            return SshKey("RSA", fields.number().bit_length())
        case b"ssh-dss":
            return SshKey("DSA", fields.number().bit_length())
        case b"ssh-ed25519":
            return SshKey("Ed25519", 256)
        case b"ssh-ed448":
            return SshKey("Ed448", 448)
        case kind if kind in _CURVES:
            return SshKey("ECDSA", _CURVES[kind])
    raise Malformed("a host key of an unknown kind")
