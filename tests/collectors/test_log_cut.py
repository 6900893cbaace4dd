"""A block cut at its quotes and spaces gives what the pattern gives, or nothing."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from cnilcheck.collectors.log_cut import Rows
from cnilcheck.collectors.log_layouts import KNOWN_LAYOUTS, Layout, nginx_layout

COMBINED = next(layout for layout in KNOWN_LAYOUTS if layout.name == "combined")
COMMON = next(layout for layout in KNOWN_LAYOUTS if layout.name == "common")
LINE = b'192.0.2.1 - lea [03/Nov/2026:10:00:00 +0100] "GET /a HTTP/1.1" 200 12 "-" "Firefox"\n'
_BYTES = st.sampled_from([b'"', b" ", b"\n", b"\\", b"[", b"]", b"+", b"-", b":", b"0", b"a", b""])


def cut(layout: Layout, block: bytes) -> Rows | None:
    assert layout.cut is not None
    return layout.cut.rows(block)


def same(layout: Layout, rows: Rows, block: bytes) -> None:
    table = layout.table(block)
    assert not any(table[""])
    assert [b"[" + minute for minute in table["minute"]] == [s[:-3] for s in rows.stamps]
    assert set(table["zone"]) == {rows.zone}
    assert rows.columns == {
        name: list(column) for name, column in table.items() if name not in ("", "minute", "zone")
    }


@settings(max_examples=400, deadline=None)
@given(count=st.integers(1, 5), edits=st.lists(
    st.tuples(st.integers(0, 400), st.integers(0, 2), st.lists(_BYTES, max_size=4).map(b"".join)),
    max_size=4,
))  # fmt: skip
def test_what_is_cut_is_what_the_pattern_reads(
    count: int, edits: list[tuple[int, int, bytes]]
) -> None:
    block = LINE * count
    for place, length, put in edits:
        block = block[:place] + put + block[place + length :]
    block = block.rstrip(b"\n") + b"\n"
    rows = cut(COMBINED, block)
    if rows is not None:
        same(COMBINED, rows, block)


def test_regular_lines_are_cut_in_each_format_in_quotes() -> None:
    written = (
        '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent '
        '"$http_referer" "$http_user_agent" "$http_x_forwarded_for" $request_time $request_id'
    )
    main = nginx_layout("main", written)
    assert main is not None
    more = LINE.replace(b"\n", b' "-" 0.012 a1b2\n')
    blocks = {COMBINED: LINE, main: more, COMMON: LINE[: LINE.index(b' "-"')] + b"\n"}
    for layout, line in blocks.items():
        for block in (line, line * 2, line * 9 + line.replace(b"lea", b"-")):
            rows = cut(layout, block)
            assert rows is not None, layout.name
            same(layout, rows, block)


def test_what_moves_from_one_line_to_the_next_is_not_cut() -> None:
    less, more = LINE.replace(b' "-"', b""), LINE.replace(b' "-"', b' "-" "-"')
    spaced, glued = LINE.replace(b"lea", b"le a"), LINE.replace(b" - lea", b" -")
    for block in (less + more, more + less, spaced + glued, glued + spaced, LINE + b"\n", b"\n"):
        assert cut(COMBINED, block) is None
