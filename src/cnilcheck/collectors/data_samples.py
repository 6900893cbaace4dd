"""Read a backup or an extract as stored, and say whether it is encrypted: only on proof."""

from __future__ import annotations

import base64
import binascii
import bz2
import gzip
import io
import lzma
import re
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, NamedTuple

from cnilcheck import __version__
from cnilcheck.collectors.base import Seen, Sighting, Task, Tools
from cnilcheck.errors import CollectionError, Malformed, NotReadable
from cnilcheck.model.facts import Fact, StoredData
from cnilcheck.model.personal_data import count_personal_data
from cnilcheck.model.scope import DataSample, Scope
from cnilcheck.model.words import Method

_MAX_READ = 8_000_000
_MAX_MEMBERS = 20
_MAX_DEPTH = 3
_MAX_DIRECTORY = 16_000_000


class Content(NamedTuple):
    """What a file turned out to be; `text` is what could be read of it without a key."""

    format: str
    encrypted: bool
    text: str = ""


class DataSamples:
    """Recognises encrypted containers by their header, and readable data by reading it."""

    name = "data-samples"
    method = Method.EXAMINE
    yields: tuple[type[Fact], ...] = (StoredData,)
    asks = "sources.data_samples"

    def version(self) -> str:
        """Return the version of cnilcheck, which holds the table of formats."""
        return __version__

    def tasks(self, scope: Scope) -> tuple[Task, ...]:
        """Return one task per sample."""
        return tuple(Task(s.path, s.path, s) for s in scope.sources.data_samples)

    def observe(self, task: Task, tools: Tools) -> Iterator[Sighting]:
        """Yield the format of one sample, whether it is encrypted, and what it lets read."""
        sample: DataSample = task.subject
        what = f"read the first {_MAX_READ // 1_000_000} MB of {sample.path}"
        try:
            with _open(tools.path(sample.path)) as stream:
                content = examine(stream)
        except CollectionError as error:
            tools.journal.write(task.target, self.name, what, str(error))
            raise
        tools.journal.write(task.target, self.name, what, content.format)
        personal = count_personal_data(content.text)
        fact = StoredData(sample.kind, content.format, content.encrypted, personal)
        yield Seen(task.location, fact)


def _open(path: Path) -> IO[bytes]:
    try:
        if stat.S_ISDIR(path.stat().st_mode):
            raise NotReadable(f"{path.name} is a folder: name one file of it")
        if not stat.S_ISREG(path.stat().st_mode):
            raise NotReadable(f"{path.name} is not an ordinary file")
        return path.open("rb")
    except OSError as error:
        raise NotReadable(f"{path.name}: {error.strerror}") from None


def examine(stream: IO[bytes], depth: int = 0) -> Content:
    """Return what the stream holds. Raises Malformed when its format cannot be told."""
    head = stream.read(_MAX_READ)
    if not head:
        raise Malformed("the file is empty")
    for magic, format_, encrypted in _MAGIC:
        if head.startswith(magic):
            return Content(format_, encrypted, "" if encrypted else _strings(head))
    for recognise in (_age, _openpgp, _luks, _office, _pdf, _unclear):
        if found := recognise(head):
            return found
    if depth < _MAX_DEPTH:
        for unpack in (_compressed, _zip, _tar):
            if found := unpack(head, stream, depth):
                return found
    return _text(head)


# A header that says "encrypted" is proof that what follows was written by that program's cipher.
_MAGIC: tuple[tuple[bytes, str, bool], ...] = (
    (b"Salted__", "OpenSSL enc", True),
    (b"U2FsdGVkX1", "OpenSSL enc (base64)", True),
    (b"$ANSIBLE_VAULT;", "Ansible Vault", True),
    (b"-----BEGIN AGE ENCRYPTED FILE-----", "age (armoured)", True),
    (b"SQLite format 3\0", "SQLite database", False),
    (b"PGDMP", "PostgreSQL custom dump", False),
    (b"PAR1", "Parquet", False),
    (b"XBSTCK01", "Percona XtraBackup stream", False),
)


def _age(head: bytes) -> Content | None:
    # C2SP age v1: version line, recipient stanzas `-> `, then the MAC line `--- `.
    if not head.startswith(b"age-encryption.org/v1\n-> "):
        return None
    if b"\n--- " not in head[:65_536]:
        raise Malformed("begins like an age file, but its header is not whole")
    return Content("age", encrypted=True)


_PGP_ENCRYPTED = {1, 3, 9, 18, 20}


def _openpgp(head: bytes) -> Content | None:
    if head.startswith(b"-----BEGIN PGP MESSAGE-----"):
        body = re.search(rb"\r?\n\r?\n([A-Za-z0-9+/\r\n]{8,400})", head[:4000])
        first = _unbase64(body[1]) if body else b""
        if not first or _pgp_tag(first) not in _PGP_ENCRYPTED:
            raise Malformed("an OpenPGP message that is not provably encrypted")
        return Content("OpenPGP (armoured)", encrypted=True)
    return Content("OpenPGP", encrypted=True) if _binary_pgp(head) else None


def _unbase64(text: bytes) -> bytes:
    clean = b"".join(text.split())
    try:
        return base64.b64decode(clean[: len(clean) // 4 * 4], validate=True)
    except binascii.Error:
        return b""


def _pgp_tag(head: bytes) -> int:
    # RFC 9580, 4.2: bit 6 tells the new packet format from the old.
    return head[0] & 0x3F if head[0] & 0x40 else (head[0] >> 2) & 0x0F


def _binary_pgp(head: bytes) -> bool:
    """Return whether the head is a session-key packet followed by another of its kind or data.

    RFC 9580, 5.1 and 5.3: tag 1 (version 3 or 6) or tag 3 (version 4, 5 or 6), of known length.
    """
    if len(head) < 16 or not head[0] & 0x80 or _pgp_tag(head) not in (1, 3):
        return False
    start, length = _pgp_body(head)
    following = start + length
    versions = (3, 6) if _pgp_tag(head) == 1 else (4, 5, 6)
    if not length or head[start] not in versions or following >= len(head):
        return False
    return bool(head[following] & 0x80) and _pgp_tag(head[following:]) in _PGP_ENCRYPTED


def _pgp_body(head: bytes) -> tuple[int, int]:
    if head[0] & 0x40:
        if head[1] < 192:
            return 2, head[1]
        return (3, ((head[1] - 192) << 8) + head[2] + 192) if head[1] < 224 else (0, 0)
    size = {0: 1, 1: 2}.get(head[0] & 3, 0)
    return 1 + size, int.from_bytes(head[1 : 1 + size], "big")


def _luks(head: bytes) -> Content | None:
    if not head.startswith(b"LUKS\xba\xbe"):
        return None
    if b"cipher_null" in head[:65_536]:
        return Content("LUKS without a cipher", encrypted=False)
    return Content("LUKS", encrypted=True)


def _office(head: bytes) -> Content | None:
    if not head.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return None
    # MS-OFFCRYPTO 2.3.4.4: an encrypted document is a compound file with this stream.
    if "EncryptedPackage".encode("utf-16-le") in head:
        return Content("encrypted Office document", encrypted=True)
    return Content("Office document (before 2007)", encrypted=False, text=_strings(head))


def _pdf(head: bytes) -> Content | None:
    if not head.startswith(b"%PDF-"):
        return None
    if b"/Encrypt" in head:
        raise Malformed("a protected PDF: whether it opens without a password cannot be told")
    return Content("PDF", encrypted=False, text=_strings(head))


def _unclear(head: bytes) -> Content | None:
    known = {
        b"BORG_SEG": "a Borg segment: its repository says whether it is encrypted",
        b"7z\xbc\xaf\x27\x1c": "a 7z archive: whether it is encrypted cannot be told without 7-Zip",
        b"Rar!\x1a\x07": "a RAR archive: whether it is encrypted cannot be told without unrar",
        b"\x28\xb5\x2f\xfd": "compressed by Zstandard, which cannot be undone here",
        b"PARE": "Parquet with an encrypted footer: whether the columns are cannot be told",
    }
    for magic, why in known.items():
        if head.startswith(magic):
            raise Malformed(why)
    return Content("DICOM image", encrypted=False) if head[128:132] == b"DICM" else None


# What the standard library raises for a damaged archive; NotImplementedError is a RuntimeError.
_DAMAGED = (
    zipfile.BadZipFile,
    tarfile.TarError,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    OSError,
    EOFError,
    RuntimeError,
    ValueError,
)
_PACKED: tuple[tuple[bytes, str, Callable[[IO[bytes]], object]], ...] = (
    (b"\x1f\x8b", "gzip", lambda stream: gzip.GzipFile(fileobj=stream)),
    (b"BZh", "bzip2", bz2.BZ2File),
    (b"\xfd7zXZ\0", "xz", lzma.LZMAFile),
)


def _compressed(head: bytes, stream: IO[bytes], depth: int) -> Content | None:
    for magic, name, opener in _PACKED:
        if head.startswith(magic):
            stream.seek(0)
            plain = opener(stream)
            try:
                part = plain.read(_MAX_READ)  # type: ignore[attr-defined]
            except _DAMAGED:
                raise Malformed(f"begins like {name}, but is damaged") from None
            inner = examine(io.BytesIO(part), depth + 1)
            return inner._replace(format=f"{inner.format}, {name}")
    return None


def _zip(head: bytes, stream: IO[bytes], depth: int) -> Content | None:
    if not head.startswith(b"PK\x03\x04"):
        return None
    _refuse_large_directory(stream)
    try:
        with zipfile.ZipFile(stream) as archive:
            files = [m for m in archive.infolist() if m.filename[-1:] != "/"]
            members = [m for m in files if m.file_size]
            if members and all(m.flag_bits & 1 for m in members):
                # APPNOTE 6.3: method 99 is WinZip's AES; otherwise the old PKWARE cipher.
                aes = all(m.compress_type == 99 for m in members)
                return Content("ZIP (AES)" if aes else "ZIP (ZipCrypto)", encrypted=True)
            plain = [m for m in members if not m.flag_bits & 1][:_MAX_MEMBERS]
            return _members("ZIP", [archive.open(m) for m in plain], depth)
    except _DAMAGED:
        raise Malformed("begins like a ZIP archive, but cannot be read") from None


def _refuse_large_directory(stream: IO[bytes]) -> None:
    size = stream.seek(0, io.SEEK_END)
    stream.seek(max(0, size - 65_557))
    tail = stream.read(65_557)
    end = tail.rfind(b"PK\x05\x06")
    directory = struct.unpack_from("<I", tail, end + 12)[0] if 0 <= end <= len(tail) - 22 else 0
    if directory > _MAX_DIRECTORY:
        raise Malformed("a ZIP archive with too many files to look at")
    stream.seek(0)


def _tar(head: bytes, stream: IO[bytes], depth: int) -> Content | None:
    if head[257:262] != b"ustar":
        return None
    stream.seek(0)
    streams: list[IO[bytes]] = []
    try:
        with tarfile.open(fileobj=io.BytesIO(head), mode="r:") as archive:
            for member in archive:
                if member.isfile() and member.size and (inner := archive.extractfile(member)):
                    streams.append(io.BytesIO(inner.read(_MAX_READ // _MAX_MEMBERS)))
                if len(streams) >= _MAX_MEMBERS:
                    break
    except _DAMAGED:
        # The end of a large archive is beyond what was read.
        if not streams:
            raise Malformed("begins like a tar archive, but cannot be read") from None
    return _members("tar", streams, depth)


def _members(format_: str, streams: list[IO[bytes]], depth: int) -> Content:
    """Return what an archive lets read; it counts as encrypted when each member provably is."""
    found, unknown = list[Content](), 0
    for stream in streams:
        part = stream.read(_MAX_READ // _MAX_MEMBERS)
        try:
            found.append(examine(io.BytesIO(part), depth + 1) if part else Content("", False))
        except Malformed:
            unknown += 1
    readable = [content for content in found if not content.encrypted]
    if unknown and not readable:
        raise Malformed(f"{format_}: the format of {unknown} of its files was not recognised")
    if found and not readable:
        return Content(f"{format_} of {found[0].format}", encrypted=True)
    text = "\n".join(content.text for content in readable)
    if (unknown or len(readable) < len(found)) and not count_personal_data(text):
        raise Malformed(f"{format_}: encrypted in part; what is readable holds no personal data")
    return Content(format_, False, text)


def _text(head: bytes) -> Content:
    text = _decoded(head)
    if text is not None:
        return Content(_text_format(text), encrypted=False, text=text)
    strings = _strings(head)
    counts = {count.kind: count.count for count in count_personal_data(strings)}
    if counts.get("nir") or counts.get("email", 0) > 2:
        return Content("unknown binary format", encrypted=False, text=strings)
    raise Malformed("format not recognised: whether it is encrypted cannot be told")


_UNPRINTABLE = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")


def _decoded(head: bytes) -> str | None:
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return head.decode("utf-16", errors="replace")
    if b"\0" in head:
        return None
    text = head.decode("utf-8-sig", errors="replace")
    # The last character may be cut; one damaged character in a thousand is still text.
    if text.count("�") > 1 + len(text) // 1000:
        text = head.decode("latin-1")
        if sum(byte >= 0x7F for byte in head[:65_536]) > min(len(head), 65_536) // 10:
            return None
    return None if len(_UNPRINTABLE.findall(text[:65_536])) > 10 else text


_SQL = re.compile(
    r"(?i)\b(?:insert\s+into|create\s+(?:table|database)|copy\s+\S+.*\bfrom\s+stdin)\b"
)
_PEM = re.compile(r"-----BEGIN [A-Z0-9 ]{2,40}-----")


def _text_format(text: str) -> str:
    """Return the name of a readable format. Raises Malformed for text that may be cipher text."""
    start = text.lstrip()[:65_536]
    if _PEM.match(start):
        raise Malformed("an armoured file whose content cannot be told")
    if _SQL.search(start):
        return "SQL dump"
    if start[:1] in "{[" and re.search(r'"\s*:|\[\s*["{\d]', start):
        return "JSON"
    if start[:1] == "<":
        return "XML or HTML"
    lines = [line for line in start.splitlines()[:50] if line.strip()]
    if re.fullmatch(r"[A-Za-z0-9+/=_-]{40,}", "".join(lines)):
        raise Malformed("one long base64 value, which may be encrypted or not")
    for delimiter in ";,\t|":
        counts = {line.count(delimiter) for line in lines[:-1] or lines}
        if len(counts) == 1 and counts != {0}:
            return "CSV"
    return "plain text"


def _strings(head: bytes) -> str:
    """Return the runs of readable characters of a binary file, one per line."""
    return "\n".join(
        run.decode("latin-1") for run in re.findall(rb"[\x20-\x7e\xc0-\xff\t]{6,}", head)
    )
