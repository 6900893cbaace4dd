"""Formats of lines in columns, as web servers and proxies are configured to write them.

References: nginx ngx_http_log_module (log_format), Apache mod_log_config (LogFormat), W3C Extended
Log File Format (IIS), HAProxy configuration manual, section 8.2.3.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from cnilcheck.collectors.log_cut import Cut, Word, cut_at
from cnilcheck.collectors.log_times import Instant, iso_minute, unix_time, utc_minute, web_minute

_NEITHER_QUOTE_NOR_END = bytes(n for n in range(256) if n not in b'"\n')


@dataclass(frozen=True)
class Layout:
    """A format of lines in columns.

    `quick` is for blocks whose lines all have their quotes, `strict` for any. Both have one more
    group for a line that does not fit, and neither looks far beyond the end of a line: a block of
    garbage takes no longer.
    """

    name: str
    columns: tuple[str, ...]
    quick: re.Pattern[bytes]
    strict: re.Pattern[bytes]
    time: Callable[[bytes, bytes], Instant | None]
    quotes: int = 0
    """How many quotes each line has."""
    cut: Cut | None = None
    """How a block without an odd line is taken apart faster than by a pattern."""

    def table(self, block: bytes) -> dict[str, tuple[bytes, ...]]:
        """Return the columns of a block that ends with a newline, one value per line.

        The last, without a name, holds the lines that do not fit; the others are empty there.
        """
        names = (*self.columns, "")
        if self._regular(block):
            table = dict(zip(names, zip(*self.quick.findall(block), strict=True), strict=True))
            if len(table[""]) == block.count(b"\n") and not any(table[""]):
                return table
        return dict(zip(names, zip(*self.strict.findall(block), strict=True), strict=True))

    def _regular(self, block: bytes) -> bool:
        """Return whether every line has the quotes of the format and none of them is escaped.

        Where it has, a pattern that looks for the next quote cannot run on through the block.
        """
        lines = block.translate(None, _NEITHER_QUOTE_NOR_END)
        return lines == (b'"' * self.quotes + b"\n") * block.count(b"\n") and b'\\"' not in block

    def fits(self, line: bytes) -> bool:
        """Return whether the format reads the line, its time included."""
        rows = self.strict.findall(line.rstrip(b"\r\n") + b"\n")
        if len(rows) != 1 or not rows[0][0]:
            return False
        row = dict(zip(self.columns, rows[0], strict=False))
        return self.time(row["minute"], row.get("zone", b"")) is not None


@dataclass(frozen=True)
class _Piece:
    """One field of a layout: what it is called, and its pattern where quotes close and not."""

    role: str | None
    quick: bytes
    strict: bytes


_Token = bytes | _Piece
_DATE = rb"\d\d/[A-Z][a-z][a-z]/\d{4}:\d\d:\d\d"
_LOCAL = _Piece(
    "minute zone", rb"([^:\n]++:..:..):\d\d ([^]\n]++)", rb"(%b):\d\d ([+-]\d{4})" % _DATE
)
_ISO = rb"(\d{4}-\d\d-\d\d[T ]\d\d:\d\d):\d\d(?:[.,]\d{1,9})?(Z|[+-]\d\d:?\d\d|)"
_ISO8601 = _Piece("minute zone", _ISO, _ISO)
_SECONDS = _Piece("minute", rb"(\d{9,11})(?:\.\d{1,6})?", rb"(\d{9,11})(?:\.\d{1,6})?")
_STATUS = _Piece("status", rb"(\d\d\d)", rb"(\d\d\d)")

_NGINX = {
    "remote_addr": "client", "realip_remote_addr": "client", "http_x_forwarded_for": "forwarded",
    "http_x_real_ip": "forwarded", "proxy_protocol_addr": "client", "binary_remote_addr": "client",
    "remote_user": "user", "request": "request", "request_method": "method", "request_uri": "path",
    "uri": "path", "document_uri": "path", "http_referer": "referrer", "http_user_agent": "agent",
    "request_id": "correlation", "http_x_request_id": "correlation", "host": "equipment",
    "http_host": "equipment", "server_name": "equipment", "hostname": "equipment",
    "server_addr": "equipment", "args": "query", "query_string": "query",
}  # fmt: skip
_NGINX_USER = re.compile(r"user|login|account|subject|principal|auth_name|compte|utilisateur")
_APACHE = {
    "h": "client", "a": "client", "u": "user", "r": "request", "m": "method", "U": "path",
    "q": "query", "v": "equipment", "V": "equipment", "A": "equipment", "L": "correlation",
    "{referer}i": "referrer", "{user-agent}i": "agent", "{x-forwarded-for}i": "forwarded",
    "{unique_id}e": "correlation", "{x-request-id}i": "correlation",
    "{x-request-id}o": "correlation",
    "{host}i": "equipment",
}  # fmt: skip
# Numbers and names that say nothing of a person; other fields that are not known are searched.
_HARMLESS = re.compile(
    r"bytes|time|length|pid|port|proto|protocol|scheme|cipher|ssl_|upstream|connection|pipe|gzip"
    r"|cache|version|limit_|server_|^[bBDTIOXkpPHlf]$|^\{[^}]*\}[TPp]$|^(?:sc|s|time|cs)-"
)
_OTHER, _MORE = "other", "more"


def nginx_layout(name: str, written: str) -> Layout | None:
    """Return the layout of nginx's log_format, None where it has no time or no status."""
    tokens: list[_Token] = []
    for literal, variable in re.findall(r"([^$]*)(?:\$\{?(\w+)\}?)?", written):
        tokens += [literal.encode()] if literal else []
        tokens += [_nginx_piece(variable)] if variable else []
    return _compiled(name, tokens)


def _nginx_piece(variable: str) -> _Piece:
    known = {"time_local": _LOCAL, "time_iso8601": _ISO8601, "msec": _SECONDS, "status": _STATUS}
    if variable in known:
        return known[variable]
    role = _NGINX.get(variable)
    if role is None and _NGINX_USER.search(variable) and "agent" not in variable:
        role = "user"
    return _Piece(role or _unknown(variable), b"", b"")


def _unknown(name: str) -> str | None:
    return None if _HARMLESS.search(name) else _OTHER


def apache_layout(name: str, written: str) -> Layout | None:
    """Return the layout of Apache's LogFormat, None where it has no time or no status."""
    return _compiled(name, _apache_tokens(written))


def _apache_tokens(written: str) -> list[_Token]:
    tokens: list[_Token] = []
    plain = written.replace('\\"', '"').replace("\\t", "\t")
    for literal, _condition, argument, letter in re.findall(
        r"([^%]*)(?:%([!\d,]*[<>]?)(\{[^}]*\})?(\^?[A-Za-z]{1,2}(?<![A-Za-z]{2})|%))?", plain
    ):
        tokens += [literal.encode()] if literal else []
        if letter == "%":
            tokens.append(b"%")
        elif letter:
            tokens += _apache_pieces(argument, letter)
    return tokens


def _apache_pieces(argument: str, letter: str) -> list[_Token]:
    if letter == "s":
        return [_STATUS]
    if letter != "t":
        name = argument.casefold() + letter
        return [_Piece(_APACHE.get(name) or _unknown(name), b"", b"")]
    if not argument:
        return [b"[", _LOCAL, b"]"]
    if re.fullmatch(r"\{%Y-%m-%d[T ]%H:%M:%S(?:%z)?\}|\{%FT%T(?:%z)?\}|\{%F %T(?:%z)?\}", argument):
        return [_ISO8601]
    return [_SECONDS] if argument == "{sec}" else [_Piece(None, b"", b"")]


def _compiled(name: str, tokens: Sequence[_Token]) -> Layout | None:
    """Return the layout of tokens: texts that stand in each line, and fields between them."""
    tokens = _joined(tokens)
    columns, quick, strict = list[str](), b"", b""
    for n, token in enumerate(tokens):
        if isinstance(token, bytes):
            literal = re.escape(token).replace(b"\\ ", b" ")
            quick, strict = quick + literal, strict + literal
            continue
        before, after = _text(tokens, n - 1), _text(tokens, n + 1)
        piece = token if token.quick else _bounded(token, before[-1:], after[:2])
        columns += (piece.role or "").split()
        quick, strict = quick + piece.quick, strict + piece.strict
    if "minute" not in columns or "status" not in columns or len(set(columns)) < len(columns):
        return None
    rest = rb"\n|([^\n]*+)\n"
    quotes = sum(token.count(b'"') for token in tokens if isinstance(token, bytes))
    compiled = re.compile(quick + rest), re.compile(strict + rest)
    return Layout(name, tuple(columns), *compiled, _time_of(quick), quotes, _cut_of(tokens))


def _cut_of(tokens: Sequence[_Token]) -> Cut | None:
    pieces = list[bytes | Word]()
    for token in tokens:
        if isinstance(token, bytes):
            pieces.append(token)
        elif token is _LOCAL:
            pieces += [Word(role="stamp"), b" ", Word(role="zone")]
        elif token is _STATUS or (not token.quick and token.role != _MORE):
            pieces.append(Word(role=token.role))
        else:
            return None
    return cut_at(pieces)


def _joined(tokens: Sequence[_Token]) -> list[_Token]:
    """Return the tokens with texts that follow each other made one, and unknown fields numbered."""
    joined = list[_Token]()
    for n, token in enumerate(tokens):
        if isinstance(token, bytes) and joined and isinstance(last := joined[-1], bytes):
            joined[-1] = last + token
        elif isinstance(token, _Piece) and token.role == _OTHER:
            joined.append(_Piece(f"{_OTHER}{n}", token.quick, token.strict))
        else:
            joined.append(token)
    return joined


def _text(tokens: Sequence[_Token], n: int) -> bytes:
    token = tokens[n] if 0 <= n < len(tokens) else b""
    return token if isinstance(token, bytes) else b""


def _bounded(piece: _Piece, before: bytes, after: bytes) -> _Piece:
    """Return the field with patterns that end where the text after it begins."""
    if before == b'"' and after[:1] == b'"':
        quick, strict = rb'[^"]*+', rb'(?:[^"\\\n]++|\\.)*+'
    elif not after:
        quick = strict = rb"[^\n]*+" if piece.role == _MORE else rb"[^ \n]*+"
    elif piece.role == "user" and after == b" [":
        # Apache writes the name of a signed-in person as it is, spaces included.
        quick = strict = rb"[^ \[\"\n]++(?: [^ \[\"\n]++)*+"
    else:
        end = after[:1] if after[:1] not in b"]\\^-" else re.escape(after[:1])
        quick = strict = rb"[^%b\n]++" % end
    if piece.role is None:
        return _Piece(None, quick, strict)
    return _Piece(piece.role, b"(%b)" % quick, b"(%b)" % strict)


def _time_of(pattern: bytes) -> Callable[[bytes, bytes], Instant | None]:
    if _LOCAL.quick in pattern:
        return web_minute
    return iso_minute if _ISO in pattern else unix_time


def iis_layout(fields: str) -> Layout | None:
    """Return the layout of IIS's `#Fields:` line; its times are UTC."""
    known = {
        "c-ip": "client", "cs-username": "user", "cs-method": "method", "cs-uri-stem": "path",
        "cs-uri-query": "query", "cs(User-Agent)": "agent", "cs(Referer)": "referrer",
        "s-ip": "equipment", "s-computername": "equipment", "cs-host": "equipment",
        "X-Forwarded-For": "forwarded",
    }  # fmt: skip
    tokens: list[_Token] = []
    taken = set[str]()
    for n, name in enumerate(fields.split()):
        tokens += [b" "] if n else []
        if name == "sc-status":
            tokens.append(_STATUS)
        elif name in ("date", "time"):
            quick = rb"(\d{4}-\d\d-\d\d" if name == "date" else rb"\d\d:\d\d):\d\d"
            tokens.append(_Piece("minute" if name == "date" else None, quick, quick))
        else:
            role = known.get(name) or _unknown(name)
            tokens.append(_Piece(None if role in taken else role, b"", b""))
            taken |= {role} if role and role != _OTHER else set()
    if not fields.startswith("date time "):
        return None
    layout = _compiled("IIS W3C", tokens)
    return layout and Layout(
        layout.name, layout.columns, layout.quick, layout.strict, utc_minute, layout.quotes
    )


_COMBINED = '%h %l %u %t "%r" %>s %b "%{Referer}i" "%{User-Agent}i"'


def _known() -> tuple[Layout, ...]:
    more: list[_Token] = [b" ", _Piece(_MORE, b"", b"")]
    combined, common = _apache_tokens(_COMBINED), _apache_tokens('%h %l %u %t "%r" %>s %b')
    # The address after the host's name tells it from a person's name in two words.
    address = _Piece("client", rb"([0-9A-Fa-f.:]++)", rb"([0-9A-Fa-f.:]++)")
    named = [*_apache_tokens("%v "), address, *_apache_tokens(_COMBINED)[1:]]
    layouts: dict[str, list[_Token]] = {
        "vhost_combined": named,
        "vhost_combined and more": named + more,
        "combined": combined,
        "combined and more": combined + more,
        "common": common,
        "common and more": common + more,
    }
    return tuple(one for name, tokens in layouts.items() if (one := _compiled(name, tokens)))


KNOWN_LAYOUTS = _known()


def layout_for(lines: Sequence[bytes], configured: Sequence[Layout]) -> Layout | None:
    """Return the layout that reads each of these lines: a configured one, or a well-known one."""
    for line in lines:
        if line.startswith(b"#Fields: "):
            return iis_layout(line[9:].decode("latin-1").strip())
    own = [line for line in lines if line.strip()]
    for layout in (*configured, *KNOWN_LAYOUTS):
        if own and sum(map(layout.fits, own)) >= len(own) * 0.9:
            return layout
    return None
