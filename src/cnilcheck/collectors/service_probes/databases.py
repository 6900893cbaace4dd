"""Databases: what each says before anyone signs in, and the names it gives a stranger, counted.

Formats: PostgreSQL "Frontend/Backend Protocol" (SSLRequest, StartupMessage), MySQL
"Protocol::HandshakeV10", Redis "RESP", MongoDB "OP_MSG", memcached "protocol.txt", Cassandra
"native_protocol_v4.spec", MS-TDS 2.2.6.5 (PRELOGIN), Oracle Net "CONNECT" packet.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Mapping
from dataclasses import replace

from cnilcheck.collectors.service_probes.conversation import (
    Door,
    Service,
    SignIn,
    counted,
    framed,
    words,
)

_CLIENT_SSL = 0x0800
# Protocol 4.1, secure connection, plugin authentication (MySQL "Capabilities Flags").
_CLIENT_SIGNS_IN = 0x0008_8200


def mysql(banner: bytes, door: Door) -> Service | None:
    """Return what the greeting says; in an active audit, also whether nobody needs a password.

    Then two names are tried without one: an invented one, which an anonymous account would admit,
    and `root`.
    """
    service = mysql_of(banner)
    if service is None or service.sign_in == "refused" or not door.tools.active:
        return service
    answers = [_without_password(door, name) for name in (b"cnilcheck", b"root")]
    if b"in" in answers:
        return replace(service, sign_in="none", accepts_plaintext=True)
    # 3159: the server wants TLS before it hears a password (require_secure_transport).
    encrypted = service.offers_tls and all(answer == b"tls" for answer in answers)
    return replace(service, accepts_plaintext=False) if encrypted else service


def _without_password(door: Door, name: bytes) -> bytes:
    with door.open() as talk:
        greeting = talk.ask(b"", _packet)
        number, body = 1, struct.pack("<IIB23x", _CLIENT_SIGNS_IN, 1 << 20, 45) + name + b"\0\0"
        answer = talk.ask(_mysql_packet(body + b"mysql_native_password\0", number), _packet)
        if answer[4:5] == b"\xfe":
            answer = talk.ask(_mysql_packet(b"", answer[3] + 1), _packet)
        if greeting and answer[4:5] == b"\0":
            talk.ask(_mysql_packet(b"\x01", 0), _packet)
            return b"in"
    return b"tls" if answer[4:7] == b"\xff" + struct.pack("<H", 3159) else b"out"


def _mysql_packet(body: bytes, number: int) -> bytes:
    return len(body).to_bytes(3, "little") + bytes([number & 0xFF]) + body


_packet = framed(3, "little", more=4)


def mysql_of(banner: bytes) -> Service | None:
    """Return what the greeting of MySQL or MariaDB says."""
    if len(banner) < 6:
        return None
    body = banner[4:]
    if body[0] == 0xFF and re.search(rb"MySQL|MariaDB|not allowed|blocked", body):
        return Service("mysql", "MySQL or MariaDB", True, "refused")
    version, separator, rest = body[1:].partition(b"\0")
    if body[0] != 10 or not separator or len(rest) < 15:
        return None
    product = "MariaDB" if b"MariaDB" in version else "MySQL"
    (capabilities,) = struct.unpack("<H", rest[13:15])
    offers = bool(capabilities & _CLIENT_SSL)
    # MariaDB puts 5.5.5- before its number, for old replicas.
    label = f"{product} {words(version.removeprefix(b'5.5.5-'), 40)}"
    return Service("mysql", label, True, "password", offers, None if offers else True)


def postgresql(door: Door) -> Service | None:
    """Ask whether there is TLS, then begin as an invented user and hear what is wanted of it."""
    answer = door.ask(struct.pack("!II", 8, 80877103))
    if answer not in (b"S", b"N"):
        return None
    offers = answer == b"S"
    fields = b"user\0cnilcheck\0database\0cnilcheck\0\0"
    reply = door.ask(struct.pack("!II", 8 + len(fields), 196608) + fields)
    sign_in, plaintext = _startup_reply(reply)
    if plaintext is False and not offers:
        plaintext = None
    return Service("postgresql", "PostgreSQL", True, sign_in, offers, plaintext)


def _startup_reply(reply: bytes) -> tuple[SignIn, bool | None]:
    if reply[:1] == b"R" and len(reply) >= 9:
        (method,) = struct.unpack("!I", reply[5:9])
        known: dict[int, SignIn] = {0: "none", 3: "clear_password", 5: "md5", 10: "scram"}
        return known.get(method, "unknown"), True
    if reply[:1] == b"E":
        # 28000 with pg_hba.conf: no line admits this client without TLS, or at all.
        refused = b"28000" in reply and b"pg_hba" in reply
        return "password", False if refused else None
    return "unknown", None


def redis(door: Door) -> Service | None:
    """Ask for an echo, which needs no right of its own, then for the number of keys."""
    answer = door.ask(b"PING\r\n", lambda a: a.endswith(b"\r\n"))
    if answer.startswith((b"-NOAUTH", b"-DENIED")):
        # -DENIED is the protected mode: nobody from elsewhere is heard at all.
        sign_in: SignIn = "password" if answer.startswith(b"-NOAUTH") else "refused"
        return Service("redis", "Redis", True, sign_in, False, True)
    if not answer.startswith(b"+PONG"):
        return None
    about = door.ask(b"INFO server\r\n", lambda a: b"redis_version:" in a)
    size = door.ask(b"DBSIZE\r\n", lambda a: a.endswith(b"\r\n"))
    keys = re.match(rb":(\d{1,15})\r\n", size)
    named = re.search(rb"redis_version:(\d[\d.]{0,20})", about)
    product = f"Redis {named[1].decode()}" if named else "Redis"
    holds = counted("keys", int(keys[1])) if keys else ()
    return Service("redis", product, True, "none", False, True, holds)


def memcached(door: Door) -> Service | None:
    """Ask for the statistics; a server with SASL closes on the text, and says so in binary."""
    answer = door.ask(b"stats\r\n", lambda a: a.endswith((b"END\r\n", b"ERROR\r\n")))
    if answer.startswith(b"STAT "):
        items = re.search(rb"STAT curr_items (\d{1,15})", answer)
        version = re.search(rb"STAT version ([\w.-]{1,20})", answer)
        product = f"memcached {version[1].decode()}" if version else "memcached"
        holds = counted("keys", int(items[1])) if items else ()
        return Service("memcached", product, True, "none", False, True, holds)
    if answer.startswith(b"CLIENT_ERROR unauthenticated"):
        return Service("memcached", "memcached", True, "password", False, True)
    if answer or door.port != 11211:
        return None
    # A STAT request of the binary protocol: 0x81 answers, status 0x20 is "authentication".
    binary = door.ask(b"\x80\x10" + bytes(22), lambda a: len(a) >= 24)
    if binary[:2] == b"\x81\x10" and binary[6:8] == b"\x00\x20":
        return Service("memcached", "memcached", True, "password", False, True)
    return None


def mongodb(door: Door) -> Service | None:
    """Say hello, then ask for the names of the databases.

    Only a list that is not empty proves anything: a server with access control answers an
    unknown client with an empty one, or with error 13.
    """
    if _command(door, {"hello": 1}) is not None:
        ask = _command
    elif _old_command(door, {"isMaster": 1}) is not None:
        ask = _old_command
    else:
        return None
    # buildInfo needs no right: clients must learn whom they talk to.
    version = (ask(door, {"buildInfo": 1}) or {}).get("version")
    product = f"MongoDB {words(version.encode(), 20)}" if isinstance(version, str) else "MongoDB"
    listed = ask(door, {"listDatabases": 1, "nameOnly": True}) or {}
    names = listed.get("databases")
    if listed.get("ok") == 1 and isinstance(names, list) and names:
        return Service(
            "mongodb", product, True, "none", False, True, counted("databases", len(names))
        )
    sign_in: SignIn = "credentials" if listed.get("code") == 13 else "unknown"
    return Service("mongodb", product, True, sign_in)


def _old_command(door: Door, command: Mapping[str, int | str | bool]) -> dict[str, object] | None:
    """Ask as servers before MongoDB 3.6 understand (OP_QUERY); they hang up on OP_MSG."""
    body = bytes(4) + b"admin.$cmd\0" + struct.pack("<ii", 0, -1) + _to_bson(command)
    answer = door.ask(struct.pack("<iiii", 16 + len(body), 7, 0, 2004) + body, framed(4, "little"))
    if len(answer) < 41 or answer[12:16] != struct.pack("<i", 1):
        return None
    return _from_bson(answer[36:])


def _command(door: Door, command: Mapping[str, int | str | bool]) -> dict[str, object] | None:
    body = struct.pack("<IB", 0, 0) + _to_bson({**command, "$db": "admin"})
    message = struct.pack("<iiii", 16 + len(body), 7, 0, 2013) + body
    answer = door.ask(message, framed(4, "little"))
    if len(answer) < 26 or answer[12:16] != struct.pack("<i", 2013) or answer[20] != 0:
        return None
    return _from_bson(answer[21:])


def _to_bson(document: Mapping[str, int | str | bool]) -> bytes:
    body = b""
    for name, value in document.items():
        key = name.encode() + b"\0"
        if isinstance(value, bool):
            body += b"\x08" + key + bytes([value])
        elif isinstance(value, int):
            body += b"\x10" + key + struct.pack("<i", value)
        else:
            text = value.encode() + b"\0"
            body += b"\x02" + key + struct.pack("<i", len(text)) + text
    return struct.pack("<i", len(body) + 5) + body + b"\0"


_WIDTHS = {0x01: 8, 0x07: 12, 0x08: 1, 0x09: 8, 0x0A: 0, 0x10: 4, 0x11: 8, 0x12: 8, 0x13: 16}


def _from_bson(data: bytes, depth: int = 0) -> dict[str, object]:
    """Return the numbers, texts and lists of a document, as far as it can be read."""
    found: dict[str, object] = {}
    place = 4
    while place < len(data) and data[place] != 0 and depth < 6 and len(found) < 5000:
        kind = data[place]
        end = data.find(b"\0", place + 1)
        if end < 0:
            break
        name = data[place + 1 : end].decode("utf-8", "replace")
        place = end + 1
        width = _WIDTHS.get(kind)
        if width is None:
            size = int.from_bytes(data[place : place + 4], "little")
            width = size if kind in (0x03, 0x04) else size + (5 if kind == 0x05 else 4)
        raw, place = data[place : place + width], place + max(width, 0)
        if len(raw) < width or (kind not in _WIDTHS and kind not in (2, 3, 4, 5)):
            break
        found[name] = _value(kind, raw, depth)
    return found


def _value(kind: int, raw: bytes, depth: int) -> object:
    match kind:
        case 0x01:
            return struct.unpack("<d", raw)[0]
        case 0x08:
            return raw != b"\0"
        case 0x02:
            return raw[4:-1].decode("utf-8", "replace")[:200]
        case 0x10 | 0x12:
            return int.from_bytes(raw, "little", signed=True)
        case 0x03:
            return _from_bson(raw, depth + 1)
        case 0x04:
            return list(_from_bson(raw, depth + 1).values())
    return None


def cassandra(door: Door) -> Service | None:
    """Ask for the options, then begin a session: READY means that nobody is asked who they are."""
    head = b"\x04\x00\x00\x00"
    whole = framed(4, "big", at=5, more=9)
    answer = door.ask(head + b"\x05" + bytes(4), whole)
    if answer[:1] not in (b"\x83", b"\x84", b"\x85") or answer[4:5] not in (b"\x06", b"\x00"):
        return None
    fields = b"\x00\x01\x00\x0bCQL_VERSION\x00\x053.0.0"
    begun = door.ask(head + b"\x01" + struct.pack("!I", len(fields)) + fields, whole)
    known: dict[bytes, SignIn] = {b"\x02": "none", b"\x03": "password"}
    return Service("cassandra", "Cassandra", True, known.get(begun[4:5], "unknown"))


_ENCRYPTION: dict[int, tuple[bool, bool]] = {
    0: (True, True), 1: (True, False), 2: (False, True), 3: (True, False),
}  # fmt: skip


def sql_server(door: Door) -> Service | None:
    """Send PRELOGIN: the answer tells the version and whether encryption is off, on or wanted."""
    options = b"\x00\x00\x0b\x00\x06\x01\x00\x11\x00\x01\xff"
    body = options + bytes(6) + b"\x00"
    head = struct.pack("!BBHHBB", 0x12, 1, 8 + len(body), 0, 1, 0)
    answer = door.ask(head + body, framed(2, "big", at=2))
    if len(answer) < 19 or answer[0] != 4:
        return None
    tokens, place = dict[int, bytes](), 8
    while place + 5 <= len(answer) and answer[place] != 0xFF:
        kind, offset, length = struct.unpack("!BHH", answer[place : place + 5])
        tokens[kind] = answer[8 + offset : 8 + offset + length]
        place += 5
    version, encryption = tokens.get(0, b""), tokens.get(1, b"")
    if len(version) < 4 or not encryption:
        return None
    label = f"SQL Server {version[0]}.{version[1]}.{int.from_bytes(version[2:4], 'big')}"
    offers, plain = _ENCRYPTION.get(encryption[0], (True, False))
    return Service("ms-sql-s", label, True, "password", offers, plain)


def oracle(door: Door) -> Service | None:
    """Ask the listener for its version, as `lsnrctl version` does."""
    question = b"(CONNECT_DATA=(COMMAND=version))"
    head = struct.pack(
        "!HHBBHHHHHHHHHHIBB", 58 + len(question), 0, 1, 0, 0, 0x0136, 0x012C, 0, 0x0800, 0x7FFF,
        0x7F08, 0, 1, len(question), 58, 0, 0,
    )  # fmt: skip
    answer = door.ask(head.ljust(58, b"\0") + question, framed(2, "big"))
    if len(answer) < 8 or answer[4] not in (2, 4) or b"(" not in answer[8:]:
        return None
    number = re.search(rb"VSNNUM=(\d{1,12})", answer)
    found = re.search(rb"Version (\d[\d.]{2,20})", answer)
    told = found[1].decode() if found else _oracle_version(int(number[1])) if number else ""
    return Service("oracle", f"Oracle {told}".strip(), True, "password")


def _oracle_version(number: int) -> str:
    return f"{number >> 24}.{number >> 20 & 15}.{number >> 12 & 255}"


def clickhouse(door: Door) -> Service | None:
    """Begin a session as the user every server has, without a password, and end it at once."""
    name, nobody = b"\x09cnilcheck", b"\0"
    revision = b"\xaa\xa6\x03"  # 54058, as a variable-length number
    hello = b"\0" + name + b"\x01\0" + revision + nobody + b"\x07default" + nobody
    answer = door.ask(hello, lambda a: len(a) > 20)
    if answer[:1] == b"\0" and answer[2:12] == b"ClickHouse":
        version = answer[2 + answer[1] :][:2]
        # Two variable-length numbers; a version's are below 128.
        label = f"ClickHouse {version[0]}.{version[1]}" if len(version) == 2 else "ClickHouse"
        return Service("clickhouse", label, True, "none", False, True)
    if answer[:1] == b"\x02" and b"DB::Exception" in answer[:40]:
        # 516 authentication failed, 194 a password is required, 192 no such user.
        code = int.from_bytes(answer[1:5], "little")
        sign_in: SignIn = "password" if code in (192, 194, 516) else "unknown"
        return Service("clickhouse", "ClickHouse", True, sign_in, False, True)
    return None
