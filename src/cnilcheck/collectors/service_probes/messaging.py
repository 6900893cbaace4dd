"""Message brokers and coordination services: ZooKeeper, Kafka, AMQP, MQTT.

Formats: ZooKeeper "four letter words", Kafka "protocol guide" (ApiVersions 0, Metadata 1), AMQP
0-9-1 section 4.2, MQTT 3.1.1 sections 3.1 and 3.2. Nothing is subscribed to.
"""

from __future__ import annotations

import re
import struct

from cnilcheck.collectors.service_probes.conversation import (
    Door,
    Service,
    SignIn,
    counted,
    framed,
    version_in,
    words,
)


def zookeeper(door: Door) -> Service | None:
    """Ask for the state of the server; a closed one names the word it does not allow."""
    answer = door.ask(b"srvr", lambda a: b"Node count:" in a or b"whitelist" in a)
    if answer.startswith(b"Zookeeper version:"):
        nodes = re.search(rb"Node count: (\d{1,12})", answer)
        product = f"ZooKeeper {version_in(answer)}".strip()
        holds = counted("entries", int(nodes[1])) if nodes else ()
        return Service("zookeeper", product, True, "none", holds=holds)
    if b"srvr is not executed" in answer:
        return Service("zookeeper", "ZooKeeper", True)
    return None


def kafka(door: Door) -> Service | None:
    """Ask which requests it knows, then for the names of the topics, which are only counted."""
    name = b"\x00\x09cnilcheck"
    versions = _kafka(door, struct.pack("!hhi", 18, 0, 7) + name)
    if (
        len(versions) < 14
        or versions[4:8] != b"\0\0\0\x07"
        or versions[8:10] not in (b"\0\0", b"\0\x23")
    ):
        return None
    if not 0 < int.from_bytes(versions[10:14], "big") < 500:
        return None
    answer = _kafka(door, struct.pack("!hhi", 3, 1, 8) + name + b"\xff\xff\xff\xff")
    topics = _topics(answer[8:]) if answer[4:8] == b"\0\0\0\x08" else None
    if topics is None:
        # With SASL the broker ends the connection at the first question but one.
        return Service("kafka", "Kafka", True, "unknown" if answer else "credentials")
    return Service("kafka", "Kafka", True, "none", False, True, counted("topics", topics))


def _kafka(door: Door, request: bytes) -> bytes:
    message = struct.pack("!I", len(request)) + request
    return door.ask(message, framed(4, "big", more=4))


def _topics(body: bytes) -> int | None:
    try:
        (brokers,) = struct.unpack_from("!i", body, 0)
        place = 4
        for _ in range(min(brokers, 1000)):
            (length,) = struct.unpack_from("!h", body, place + 4)
            place += 6 + max(length, 0) + 4
            (rack,) = struct.unpack_from("!h", body, place)
            place += 2 + max(rack, 0)
        (topics,) = struct.unpack_from("!i", body, place + 4)
    except struct.error:
        return None
    return int(topics) if 0 <= topics < 10_000_000 else None


def amqp(door: Door) -> Service | None:
    """Begin, and hear from the server which ways to sign in it offers."""
    answer = door.ask(b"AMQP\x00\x00\x09\x01", framed(4, "big", at=3, more=8))
    if answer.startswith(b"AMQP") and len(answer) == 8:
        return Service("amqp", "AMQP", True)
    if len(answer) < 20 or answer[0] != 1 or answer[7:11] != b"\x00\x0a\x00\x0a":
        return None
    table = int.from_bytes(answer[13:17], "big")
    place = 17 + table
    length = int.from_bytes(answer[place : place + 4], "big")
    ways = answer[place + 4 : place + 4 + length].split()
    product = re.search(rb"\x07productS\x00\x00\x00.([ -~]{1,60})", answer[:place])
    version = re.search(rb"\x07versionS\x00\x00\x00.([\w.+-]{1,30})", answer[:place])
    # RabbitMQ 4 names ANONYMOUS and may still admit nobody: an attempt would tell.
    sign_in: SignIn = "unknown" if b"ANONYMOUS" in ways or not ways else "password"
    label = " ".join(words(part[1], 40) for part in (product, version) if part)
    return Service("amqp", label.replace("\ufffd", "") or "AMQP", True, sign_in)


_CONNACK: dict[int, SignIn] = {0: "none", 2: "refused", 4: "credentials", 5: "credentials"}


def mqtt(door: Door) -> Service | None:
    """Connect without a name, as any device would, and leave."""
    client = b"cnilcheck"
    body = b"\x00\x04MQTT\x04\x02\x00\x0a" + struct.pack("!H", len(client)) + client
    with door.open() as talk:
        answer = talk.ask(b"\x10" + bytes([len(body)]) + body, lambda a: len(a) >= 4)
        if len(answer) != 4 or answer[:2] != b"\x20\x02":
            return None
        if answer[3] == 0:
            talk.line.sendall(b"\xe0\x00")
    return Service("mqtt", "MQTT", True, _CONNACK.get(answer[3], "unknown"), False, True)
