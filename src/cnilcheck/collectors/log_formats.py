"""The formats of log lines: from a line to its time, author, operation and reference."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any, NamedTuple, TypeAlias

import msgspec


class Entry(NamedTuple):
    """What one line says; `offset` is None when its time has no zone."""

    epoch: int
    offset: int | None
    author: str
    operation: bool
    reference: bool
    counts: bool
    """Whether something was done that a log must record: no noise, no refused request."""
    named: bool
    """Whether the author of it is expected: a page or record was handed out."""
    address: str
    """The address asked for, where an e-mail is out of place."""


Parser: TypeAlias = Callable[[str, int], Entry | None]
"""From a line, and the time its log was last written, to what it says; None: another format."""

_MONTHS = {name: n for n, name in enumerate(
    "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(), start=1)}  # fmt: skip
_ZONES = {"Z": 0, "UTC": 0, "GMT": 0, "CET": 3600, "CEST": 7200, "WET": 0, "WEST": 3600}
_EPOCH_DAY = dt.date(1970, 1, 1).toordinal()

# Nobody's own: what programs call themselves and what several people share.
_NOBODY = frozenset(
    "- anonymous anonyme anonymoususer none null nil undefined unknown inconnu guest invite invité"
    " public visitor visiteur root admin administrator administrateur system système systeme nobody"
    " www-data www http nginx apache httpd postgres mysql redis daemon service app application api"
    " user utilisateur test pharmacie officine accueil comptoir shared commun generic 0".split()
)


def names_a_person(author: str) -> bool:
    """Return whether the author is one identified person: not empty, shared, or a program."""
    name = author.strip("\"' ").casefold()
    return bool(name) and name not in _NOBODY and not name.startswith("system:")


_QUOTED = r"[^\"\\]*+(?:\\.[^\"\\]*+)*+"
_WEB = re.compile(
    # A virtual host before the client's address, which has a full stop or a colon.
    r"(?:[\w.:\[\]*-]+ (?=[\w:.]*[.:][\w:.]* ))?[\w.:%\[\]-]+ \S+ (?P<user>[^\[\"]{1,256}?) "
    r"\[(?P<time>\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d):(?P<second>\d\d) (?P<zone>[+-]\d{4})\] "
    rf"\"(?P<request>{_QUOTED})\" (?P<status>\d{{3}}) (?:\d+|-)"
    rf"(?: \"(?P<referrer>{_QUOTED})\" \"{_QUOTED}\")?(?: |$)"
)
_REQUEST = re.compile(r"[A-Z]{3,12} (\S+)(?: HTTP/[\d.]+)?$")
_STATIC = re.compile(
    r"(?i)\.(?:css|js|mjs|map|png|jpe?g|gif|svg|webp|avif|ico|woff2?|ttf|otf|eot|webmanifest)"
    r"(?:\?|$)|^/(?:robots\.txt|favicon\.ico|health|status|ping)"
)
_NOISE = frozenset({"400", "408", "414", "444", "499"})


def web(line: str, _written: int) -> Entry | None:
    """nginx and Apache: common, combined and vhost_combined, with or without more at the end."""
    found = _WEB.match(line)
    if found is None:
        return None
    minute = _web_minute(found["time"], found["zone"])
    if minute is None:
        return None
    epoch, offset = minute
    request = _REQUEST.match(found["request"])
    path = request[1] if request else ""
    served = found["status"][0] == "2" and bool(request) and not _STATIC.search(path)
    return Entry(
        epoch + int(found["second"]), offset, found["user"], bool(request), bool(path),
        found["status"] not in _NOISE, served, f"{path} {found['referrer'] or ''}",
    )  # fmt: skip


@lru_cache(maxsize=4096)
def _web_minute(stamp: str, zone: str) -> tuple[int, int] | None:
    day, month, rest = stamp.split("/")
    year, hour, minute = rest.split(":")
    offset = _offset(zone)
    days = _days(int(year), _MONTHS.get(month, 0), int(day))
    if offset is None or days is None:
        return None
    return days * 86_400 + int(hour) * 3600 + int(minute) * 60 - offset, offset


@lru_cache(maxsize=64)
def _year(epoch: int) -> int:
    return dt.date.fromordinal(epoch // 86_400 + _EPOCH_DAY).year


def _days(year: int, month: int, day: int) -> int | None:
    if not 1980 <= year <= 2100:
        return None
    try:
        return dt.date(year, month, day).toordinal() - _EPOCH_DAY
    except ValueError:
        return None


def _offset(zone: str) -> int | None:
    """Return the seconds east of UTC of `+0100`, `+01:00`, `+01`, `Z` or a known name."""
    if zone in _ZONES:
        return _ZONES[zone]
    found = re.fullmatch(r"([+-])(\d\d):?(\d\d)?", zone)
    if found is None:
        return None
    seconds = int(found[2]) * 3600 + int(found[3] or 0) * 60
    return -seconds if found[1] == "-" else seconds


_STAMP = re.compile(
    r"(\d{4})[-/](\d\d)[-/](\d\d)[T ](\d\d):(\d\d):(\d\d)(?:[.,]\d{1,9})?"
    r" ?(Z|UTC|GMT|[A-Z]{3,4}(?![A-Za-z])|[+-]\d\d:?\d\d|[+-]\d\d(?!\d))?"
)
_LEVELS = frozenset({"INFO", "WARN", "LOG", "CRIT", "ERR"})


def _instant(found: re.Match[str]) -> tuple[int, int | None] | None:
    days = _days(int(found[1]), int(found[2]), int(found[3]))
    if days is None:
        return None
    local = days * 86_400 + int(found[4]) * 3600 + int(found[5]) * 60 + int(found[6])
    zone = found[7] if found[7] and found[7] not in _LEVELS else None
    offset = _offset(zone) if zone else None
    # A name of a zone that is not known still is one: the time is off, and not by much.
    return local - (offset or 0), 0 if zone and offset is None else offset


_TIME_NAMES = (
    "@timestamp timestamp time ts datetime date eventTime asctime created_at logged_at horodatage"
    " __REALTIME_TIMESTAMP"
).split()
_AUTHOR_NAMES = (
    "user.name user.id user.email user.login user username user_name userName userId user_id uid"
    " actor.id actor.name actor author auteur utilisateur principal login account remote_user"
    " subject sub _user _user_id _username usr context.user context.user_id req.user agent.who"
).split()
_OPERATION_NAMES = (
    "event.action action operation verb event_type eventType activity http.request.method"
    " request_method method req.method request.method event message msg short_message"
).split()
_ADDRESS_NAMES = (
    "url.original url.path url.full url request_uri uri path req.url request.url request.path"
    " http.url http.request.referrer referrer referer"
).split()
_REFERENCE_NAMES = (
    "resource resource.id resource_id resourceId ressource object object.id object_id objectId"
    " target entity entity_id record record_id recordId patient_id patientId dossier_id document_id"
    " reference"
).split()


def json_lines(line: str, _written: int) -> Entry | None:
    """One object per line: ECS, bunyan, pino, GELF, journald, PostgreSQL jsonlog and relatives."""
    if not line.startswith("{"):
        return None
    try:
        found = msgspec.json.decode(line.encode())
    except (msgspec.DecodeError, RecursionError):
        return None
    if not isinstance(found, dict):
        return None
    instant = _json_instant(_first(found, _TIME_NAMES))
    if instant is None:
        return None
    address = " ".join(str(_get(found, n)) for n in _ADDRESS_NAMES if _get(found, n))
    reference = bool(address) or _first(found, _REFERENCE_NAMES) is not None
    author = _first(found, _AUTHOR_NAMES)
    if isinstance(author, dict):
        author = _first(author, ("name", "id", "login", "username", "email"))
    return Entry(
        *instant, "" if author is None else str(author)[:256],
        _first(found, _OPERATION_NAMES) is not None, reference, True,
        reference and not _STATIC.search(address), address,
    )  # fmt: skip


def _get(found: Mapping[str, Any], name: str) -> Any:
    if name in found:
        return found[name]
    head, _, rest = name.partition(".")
    inner = found.get(head) if rest else None
    return _get(inner, rest) if isinstance(inner, dict) else None


def _first(found: Mapping[str, Any], names: Iterable[str]) -> Any:
    values = (_get(found, name) for name in names)
    return next((value for value in values if value not in (None, "")), None)


def _json_instant(value: Any) -> tuple[int, int | None] | None:
    if isinstance(value, str) and re.fullmatch(r"\d{9,17}(?:\.\d{1,9})?", value):
        value = float(value)
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    if isinstance(value, str):
        found = _STAMP.match(value)
        return _instant(found) if found else None
    for unit in (1, 1_000, 1_000_000, 1_000_000_000):
        # From 2001 to 2096: seconds, milliseconds, microseconds or nanoseconds.
        if 1e9 <= value / unit < 4e9:
            return int(value / unit), 0
    return None


_RFC5424 = re.compile(r"<\d{1,3}>1 (\S{19,35}) (\S+) (\S+) (\S+) (\S+) ?(.*)")
_RFC3164 = re.compile(
    r"(?:<\d{1,3}>)?([A-Z][a-z]{2}) {1,2}(\d{1,2}) (\d\d):(\d\d):(\d\d) \S+ ([^\s:\[]+)(.*)"
)
_RSYSLOG = re.compile(r"(\d{4}-\d\d-\d\dT\S{8,22}) (\S+) ([^\s:\[\]]{1,64})(?:\[[^\]]*\])?: ?(.*)")
_USER = re.compile(
    r"(?i)(?:\b(?:for|by|invalid|of)(?: invalid)? user |\buser(?:_?name|_?id)?[=: ]{1,2}"
    r"|\b(?:password|publickey|keyboard-interactive/pam) for (?:invalid user )?"
    r"|\b(?:login|acct|auteur|utilisateur|author|uid|actor)[=:] ?)[\"'(]?([\w.@+-]{1,64})"
)


def syslog_5424(line: str, _written: int) -> Entry | None:
    """Syslog as in RFC 5424, section 6."""
    found = _RFC5424.match(line)
    stamp = _STAMP.fullmatch(found[1]) if found else None
    instant = _instant(stamp) if stamp else None
    return _message(instant, found[6]) if found and instant else None


def syslog_3164(line: str, written: int) -> Entry | None:
    """Syslog as in RFC 3164, section 4.1.2: neither year nor zone.

    The year is the last one that does not put the line after the log was last written.
    """
    found = _RFC3164.match(line)
    if found is None:
        return None
    year, month, day = _year(written), _MONTHS.get(found[1], 0), int(found[2])
    tries = [d for y in (year, year - 1) if (d := _days(y, month, day)) is not None]
    days = next((d for d in tries if d <= written // 86_400 + 1), None)
    if days is None:
        return None
    epoch = days * 86_400 + int(found[3]) * 3600 + int(found[4]) * 60 + int(found[5])
    return _message((epoch, None), found[7])


def rsyslog(line: str, _written: int) -> Entry | None:
    """Syslog in files as rsyslog writes it by default since Debian 12: RFC 3339 times."""
    found = _RSYSLOG.match(line)
    stamp = _STAMP.fullmatch(found[1]) if found else None
    instant = _instant(stamp) if stamp else None
    return _message(instant, found[4]) if found and instant else None


def _message(instant: tuple[int, int | None], text: str) -> Entry:
    user = _USER.search(text)
    filled = bool(text.strip(" :"))
    return Entry(*instant, user[1] if user else "", filled, filled, True, True, _addresses(text))


# A token with a slash or a question mark before the e-mail: an address of the web.
_ADDRESS = re.compile(r"(?<!\S)[^\s@?/]{0,200}[/?][^\s]{0,2000}")


def _addresses(text: str) -> str:
    return " ".join(_ADDRESS.findall(text)) if "@" in text or "%40" in text else ""


_POSTGRES_CSV = re.compile(
    r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} [A-Z+\-\d]{2,6}),"
    r"(?:\"([^\"]*)\")?,(?:\"[^\"]*\")?,\d+,"
)
_POSTGRES = re.compile(
    r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{1,6})? (?:[A-Z]{2,5}|[+-]\d\d(?:\d\d)?))"
    r" \[\d+\](?:-\d+)?:? (?:(\S*?)@\S* )?.{0,200}?(?:LOG|ERROR|FATAL|PANIC|WARNING|NOTICE|INFO"
    r"|DEBUG\d?|STATEMENT|DETAIL|HINT|CONTEXT|QUERY|LOCATION):  (.*)"
)


def postgresql_csv(line: str, _written: int) -> Entry | None:
    """PostgreSQL csvlog."""
    found = _POSTGRES_CSV.match(line)
    stamp = _STAMP.fullmatch(found[1]) if found else None
    instant = _instant(stamp) if stamp else None
    if found is None or instant is None:
        return None
    return Entry(*instant, found[2] or "", True, True, True, True, "")


def postgresql(line: str, _written: int) -> Entry | None:
    """PostgreSQL stderr with Debian's or the default log_line_prefix."""
    found = _POSTGRES.match(line)
    stamp = _STAMP.fullmatch(found[1]) if found else None
    instant = _instant(stamp) if stamp else None
    if found is None or instant is None:
        return None
    return Entry(*instant, found[2] or "", True, bool(found[3]), True, True, "")


_DATED = re.compile(r"\[?" + _STAMP.pattern + r"\]?[ \t|,;:-]{0,4}(.*)")
_APACHE_ERROR = re.compile(
    r"\[[A-Z][a-z]{2} ([A-Z][a-z]{2}) {1,2}(\d{1,2}) (\d\d):(\d\d):(\d\d)(?:\.\d+)? (\d{4})\] (.*)"
)


def dated_text(line: str, _written: int) -> Entry | None:
    """Any line that opens with its date and time: frameworks, nginx error logs."""
    found = _DATED.match(line)
    instant = _instant(found) if found else None
    return _message(instant, found[8]) if found and instant else None


def apache_error(line: str, _written: int) -> Entry | None:
    """Apache error log: no zone."""
    found = _APACHE_ERROR.match(line)
    days = _days(int(found[6]), _MONTHS.get(found[1], 0), int(found[2])) if found else None
    if found is None or days is None:
        return None
    epoch = days * 86_400 + int(found[3]) * 3600 + int(found[4]) * 60 + int(found[5])
    return _message((epoch, None), found[7])


# The first of those that read a log best is taken: the particular before the general.
FORMATS: dict[str, Parser] = {
    "web access": web,
    "JSON lines": json_lines,
    "syslog RFC 5424": syslog_5424,
    "PostgreSQL csvlog": postgresql_csv,
    "PostgreSQL": postgresql,
    "rsyslog": rsyslog,
    "syslog RFC 3164": syslog_3164,
    "Apache error": apache_error,
    "dated text": dated_text,
}


_CONTINUATION = re.compile(
    r"\s|#\d|Caused by|Traceback|[Ss]tack ?trace|\[stacktrace\]|\"?\}"
    r"|[\w.\\]{1,80}(?:Error|Exception)\b"
)


def is_continuation(line: str) -> bool:
    """Return whether the line goes on with the entry before it: a stack trace, a long query."""
    return _CONTINUATION.match(line) is not None


def recognise(lines: Iterable[str], written: int) -> tuple[str, float]:
    """Return the format that reads most of the lines, and the share of lines it reads."""
    own = [line for line in lines if not is_continuation(line)]
    if not own:
        return next(iter(FORMATS)), 0.0
    scores = {
        name: sum(parse(line, written) is not None for line in own) / len(own)
        for name, parse in FORMATS.items()
    }
    best = max(scores, key=lambda name: scores[name])
    return best, scores[best]
