"""What a PDF shows is read where its fonts write codes; hostile ones end at once."""

from __future__ import annotations

import zlib

import pytest

from cnilcheck.collectors.file_content import content_of
from cnilcheck.collectors.pdf_text import shown_text

NIRS = [f"{n}{97 - n % 97:02d}" for n in (2850578006084, 1850375123456)]
# As word processors write it: two bytes a character, and a map from codes to characters.
RANGE_MAP = b"1 begincodespacerange <0000><FFFF> endcodespacerange 1 beginbfrange <0010> <0019> <0030> endbfrange"
LIST_MAP = b"1 beginbfrange <0010> <0012> [<0030> <0031> <0032>] endbfrange 7 beginbfchar " + b" ".join(
    b"<%04X> <%04X>" % (0x10 + n, 0x30 + n) for n in range(3, 10)
) + b" endbfchar"  # fmt: skip


def coded(text: str, offset: int = 0x10) -> bytes:
    return "".join(f"{offset + int(digit):04X}" for digit in text).encode()


def document(*streams: bytes, packed: bool = True) -> bytes:
    parts = [zlib.compress(s) if packed else s for s in streams]
    return b"%PDF-1.7\n" + b"".join(
        b"1 0 obj <<>> stream\n" + part + b"\nendstream endobj\n" for part in parts
    )


@pytest.mark.parametrize("known", [RANGE_MAP, LIST_MAP], ids=["a range", "a list and characters"])
@pytest.mark.parametrize("operator", [b"<%s> Tj", b"[<%s>] TJ"])
def test_codes_of_a_font_are_read_by_its_map(known: bytes, operator: bytes) -> None:
    pages = b"\n".join(b"BT " + operator % coded(nir) + b" ET" for nir in NIRS)
    content = content_of(document(known, pages), "/resultat.pdf")
    assert content is not None
    assert (content.kind, content.people) == ("document", 2)
    assert not any(nir in repr(content) for nir in NIRS)


def test_the_map_of_another_font_gives_nothing() -> None:
    other = b"1 beginbfrange <0040> <0049> <0030> endbfrange"
    assert content_of(document(other, b"<%s> Tj" % coded(NIRS[0])), "/resultat.pdf") is None


def test_text_written_as_text_is_still_read() -> None:
    pages = b"(NIR : %s) Tj [(%s) -20 (%s)] TJ" % (
        NIRS[0].encode(), NIRS[1][:5].encode(), NIRS[1][5:].encode(),
    )  # fmt: skip
    content = content_of(document(pages), "/resultat.pdf")
    assert content is not None
    assert content.people == 2


@pytest.mark.parametrize(
    "body",
    [
        document(*([b"\0" * 5_000_000] * 3)),
        document(b"beginbfrange <0000> <FFFF> <0000> endbfrange" * 2000, b"<0001> Tj" * 20_000),
        document(b"[" * 200_000, packed=False),
        document(b"(" * 100_000 + b"\\" * 100_000, packed=False),
        document(b"<" * 200_000 + b"> Tj", packed=False),
        b"%PDF" + b"stream\n" * 50_000,
        document(b"beginbfchar " * 20_000, packed=False),
    ],
    ids=["zeros", "maps", "brackets", "parentheses", "angles", "streams", "sections"],
)
def test_a_hostile_document_ends(body: bytes) -> None:
    assert len(shown_text(body)) < 20_000_000
