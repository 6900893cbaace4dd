"""The formats of log lines: from a line to its time, author, operation and reference.

References: nginx and Apache (combined), RFC 5424 and RFC 3164, sshd and PAM messages, auditd
(audit.rules(7), ausearch), PostgreSQL (csvlog, stderr, pgAudit), MariaDB server_audit, HAProxy's
HTTP log, ArcSight CEF, IBM LEEF, logfmt.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterable, Mapping, Sequence

from cnilcheck.collectors.log_audit import audit_xml
from cnilcheck.collectors.log_entry import Entry, Parser
from cnilcheck.collectors.log_events import kind_of_request, message_kind, names_a_person
from cnilcheck.collectors.log_json import json_entry, json_lines
from cnilcheck.collectors.log_order import Numbered
from cnilcheck.collectors.log_personal import decoded
from cnilcheck.collectors.log_times import (
    MONTHS,
    STAMP,
    Instant,
    any_instant,
    days,
    instant,
    instant_of,
    web_minute,
    year_of,
)
from cnilcheck.errors import Malformed
from cnilcheck.model.logging_matrix import EventCategory, EventField

__all__ = [
    "FORMATS", "Entry", "Parser", "csv_reader", "is_continuation", "names_a_person", "recognise",
]  # fmt: skip

_DAY = 86_400

_QUOTED = r"[^\"\\]*+(?:\\.[^\"\\]*+)*+"
_WEB = re.compile(
    # A virtual host before the client's address, which has a full stop or a colon.
    r"(?:(?P<host>[\w.:\[\]*-]+) (?=[\w:.]*[.:][\w:.]* ))?(?P<client>[^ ]+) [^ ]+ "
    r"(?P<user>[^ \[\"]+(?: [^ \[\"]+)*) "
    r"\[(?P<time>\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d):(?P<second>\d\d) (?P<zone>[+-]\d{4})\] "
    rf"\"(?P<request>{_QUOTED})\" (?P<status>\d{{3}}) [^ ]+"
    rf"(?: \"(?P<referrer>{_QUOTED})\" \"{_QUOTED}\")?(?: |$)"
)


def web(line: str, _written: int) -> Entry | None:
    """nginx and Apache: common, combined and vhost_combined, with or without more at the end."""
    found = _WEB.match(line)
    if found is None:
        return None
    minute = web_minute(found["time"].encode(), found["zone"].encode())
    if minute is None:
        return None
    epoch, offset = minute
    kind = kind_of_request(decoded(found["request"].encode()), found["status"].encode())
    return Entry(
        epoch + int(found["second"]), offset, found["user"], kind.operation, kind.operation,
        kind.counts, kind.served, f"{found['request']} {found['referrer'] or ''}", kind.category,
        True, found["client"], found["host"] is not None, False, kind.reference,
    )  # fmt: skip


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
_CLIENT = re.compile(
    r"(?i)(?:\b(?:from|depuis|rhost=|addr=|src=|client[=:]|ip[=:]|host=)) ?\"?"
    r"([0-9a-f]{1,4}(?:[.:]{1,2}[0-9a-f]{0,4}){2,7})"
)
_SESSION = re.compile(
    r"(?i)\b(?:session|request|trace|correlation|req)[_-]?(?:id)?[=:] ?\"?[\w-]{4,}"
)
_RECORD = re.compile(
    r"(?i)(?:\b(?:patient|dossier|record|resultat|résultat|document|object|resource)[\w.]*"
    r"[=: #/]{1,2}|/)\"?[\w-]*\d"
)


def syslog_5424(line: str, _written: int) -> Entry | None:
    """Syslog as in RFC 5424, section 6."""
    found = _RFC5424.match(line)
    moment = instant_of(found[1]) if found else None
    return _syslog(moment, found[3], found[6]) if found and moment else None


def syslog_3164(line: str, written: int) -> Entry | None:
    """Syslog as in RFC 3164, section 4.1.2: neither year nor zone.

    The year is the last one that does not put the line after the log was last written.
    """
    found = _RFC3164.match(line)
    if found is None:
        return None
    year, month, number = year_of(written), MONTHS.get(found[1], 0), int(found[2])
    tries = [d for y in (year, year - 1) if (d := days(y, month, number)) is not None]
    day = next((d for d in tries if d <= written // _DAY + 1), None)
    if day is None:
        return None
    epoch = day * _DAY + int(found[3]) * 3600 + int(found[4]) * 60 + int(found[5])
    return _syslog((epoch, None), found[6], found[7])


def rsyslog(line: str, _written: int) -> Entry | None:
    """Syslog in files as rsyslog writes it by default since Debian 12: RFC 3339 times."""
    found = _RSYSLOG.match(line)
    moment = instant_of(found[1]) if found else None
    return _syslog(moment, found[3], found[4]) if found and moment else None


_HAPROXY = re.compile(
    r"(?:\[\d+\])?:? ?(?P<client>[\w.:]+):\d+ \[(?P<time>\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d)"
    r":(?P<second>\d\d)\.\d{3}\] \S+ \S+ \S+ (?P<status>\d{3}) \+?\d+ .{0,400}?"
    r"\"(?P<request>[^\"]{1,8000})\"?$"
)


def haproxy(line: str, _written: int) -> Entry | None:
    """HAProxy's HTTP log without syslog's header, as to standard output: no zone."""
    found = _HAPROXY.match(line)
    minute = _local_minute(found["time"]) if found else None
    if found is None or minute is None:
        return None
    return _proxied((minute + int(found["second"]), None), found, equipment=False)


def _local_minute(stamp: str) -> int | None:
    """Return the minute `03/Nov/2026:10:00` without a zone, as if it were in UTC."""
    minute = web_minute(stamp.encode(), b"+0000")
    return None if minute is None else minute[0]


def _proxied(moment: Instant, found: re.Match[str], *, equipment: bool) -> Entry:
    kind = kind_of_request(decoded(found["request"].encode()), found["status"].encode())
    return Entry(
        *moment, "", kind.operation, kind.operation, kind.counts, kind.served, found["request"],
        kind.category, True, found["client"], equipment, False, kind.reference,
    )  # fmt: skip


def _syslog(moment: Instant, program: str, text: str) -> Entry:
    """Return what a message of syslog says: it names the machine, and may hold another format."""
    body = text.lstrip(": ")
    if body.startswith(("CEF:", "LEEF:")):
        inner = cef(body, moment[0]) or leef(body, moment[0])
        if inner is not None:
            return inner._replace(epoch=moment[0], offset=moment[1], equipment=True)
    start = text.find("<AuditMessage")
    if start >= 0:
        entry = audit_xml(text[start:])
        if entry is not None:
            return entry._replace(epoch=moment[0], offset=moment[1], equipment=True)
    for mark in ("@cee:", "{"):
        place = body.find(mark) if body.startswith(mark) else -1
        if place == 0 and (inner := json_lines(body.removeprefix("@cee:").strip(), 0)):
            return inner._replace(epoch=moment[0], offset=moment[1], equipment=True)
    if program.startswith("haproxy") and (found := _HAPROXY.match(text)):
        return _proxied(moment, found, equipment=True)
    return _message(moment, text, f"{program}: {body}", equipment=True)


def _message(moment: Instant, text: str, said: str = "", *, equipment: bool = False) -> Entry:
    user, client = _USER.search(text), _CLIENT.search(text)
    filled = bool(text.strip(" :"))
    category, outcome = message_kind((said or text)[:1000].translate(_NO_DIGITS))
    return Entry(
        *moment, user[1] if user else "", filled, filled, True, True, _addresses(text), category,
        outcome, client[1] if client else "", equipment, _SESSION.search(text) is not None,
        _RECORD.search(text) is not None,
    )  # fmt: skip


_NO_DIGITS = str.maketrans("123456789", "000000000")
# A token with a slash or a question mark before the e-mail: an address of the web.
_ADDRESS = re.compile(r"(?<!\S)[^\s@?/]{0,200}[/?][^\s]{0,2000}")


def _addresses(text: str) -> str:
    return " ".join(_ADDRESS.findall(text)) if "@" in text or "%40" in text else ""


_AUDITD = re.compile(
    r"(?:node=(\S+) )?type=([A-Z_0-9]+) msg=audit\((\d{9,11})\.\d{3}:(\d{1,18})\): ?(.*)"
)
# What a program told the daemon stands between apostrophes; the daemon adds names after 0x1d.
_AUDIT_MESSAGE = re.compile(r"\bmsg='([^']{0,8000})'")
_UNSET = frozenset({"", "4294967295", "-1", "unset"})


def auditd(line: str, _written: int) -> Entry | None:
    """Linux's audit daemon; `auid` is who signed in, whatever they became since."""
    found = _AUDITD.match(line)
    moment = any_instant(found[3]) if found else None
    if found is None or moment is None:
        return None
    told = _AUDIT_MESSAGE.sub(r" \1 ", found[5])
    values = {name: value.strip("\"'") for name, value in _PAIRS.findall(told)}
    account, ids = values.get("acct", ""), (values.get("AUID", ""), values.get("auid", ""))
    author = next((one for one in ids if one not in _UNSET), account)
    if found[2] in ("USER_LOGIN", "USER_AUTH", "USER_START", "USER_END"):
        author = account or author
    result = values.get("res", values.get("success", ""))
    category, _ = message_kind(f"type={found[2]} res={result}")
    address = values.get("addr", "?")
    return Entry(
        *moment, author, True, "name" in values or "exe" in values, True, True, "", category,
        bool(result), "" if address == "?" else address, found[1] is not None,
        values.get("ses", "") not in _UNSET, "name" in values or "key" in values,
        # What the daemon says of itself is numbered apart from what the kernel hands it.
        None if found[2].startswith("DAEMON_")
        else Numbered("auditd", found[1] or "", int(found[4])),
    )  # fmt: skip


_PAIRS = re.compile(r"([\w.@-]{1,64}+)=(\"(?:[^\"\\]++|\\.)*+\"|'[^']*+'|[^\s,'\"]*+)")

_POSTGRES_CSV = re.compile(
    r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} [A-Z+\-\d]{2,6}),"
    r"(?:\"([^\"]*)\")?,(?:\"[^\"]*\")?,\d+,(?:\"([^\"]*)\")?,([\w.]*)(?:,(\d{1,18}))?"
)
_POSTGRES = re.compile(
    r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{1,6})? (?:[A-Z]{2,5}|[+-]\d\d(?:\d\d)?))"
    r" \[\d+\](?:-\d+)?:? (?:(\S*?)@\S* )?.{0,200}?(?:LOG|ERROR|FATAL|PANIC|WARNING|NOTICE|INFO"
    r"|DEBUG\d?|STATEMENT|DETAIL|HINT|CONTEXT|QUERY|LOCATION):  (.*)"
)


def postgresql_csv(line: str, _written: int) -> Entry | None:
    """PostgreSQL csvlog, with pgAudit's entries in it."""
    found = _POSTGRES_CSV.match(line)
    moment = instant_of(found[1]) if found else None
    if found is None or moment is None:
        return None
    entry = _postgres(moment, found[2] or "", line, True, (found[3] or "").partition(":")[0],
                      bool(found[4]))  # fmt: skip
    if not (found[4] and found[5]):
        return entry
    return entry._replace(numbered=Numbered("PostgreSQL", found[4], int(found[5])))


def postgresql(line: str, _written: int) -> Entry | None:
    """PostgreSQL stderr with Debian's or the default log_line_prefix."""
    found = _POSTGRES.match(line)
    moment = instant_of(found[1]) if found else None
    if found is None or moment is None:
        return None
    client = _CLIENT.search(line)
    return _postgres(moment, found[2] or "", found[3], bool(found[3]), client[1] if client else "",
                     True)  # fmt: skip


def _postgres(
    moment: Instant, author: str, text: str, reference: bool, client: str, session: bool
) -> Entry:
    category, outcome = message_kind(text[:1000].translate(_NO_DIGITS))
    return Entry(
        *moment, author, True, reference, True, True, "", category, outcome or "AUDIT:" in text,
        client, True, session, "AUDIT:" in text or category in _SQL,
    )  # fmt: skip


_SQL = frozenset({"consultation", "modification", "deletion"})
_MARIADB = re.compile(
    r"(\d{4})(\d\d)(\d\d) (\d\d:\d\d:\d\d),([^,]*),([^,]*),([^,]*),(\d+),(\d+),([A-Z_]+),([^,]*),"
    r"(.*),(\d*)$"
)
_MARIADB_KINDS: dict[str, EventCategory] = {
    "CONNECT": "sign_in_success", "FAILED_CONNECT": "sign_in_failure", "DISCONNECT": "sign_out",
    "READ": "consultation", "WRITE": "modification", "CREATE": "configuration_change",
    "ALTER": "configuration_change", "RENAME": "configuration_change",
    "DROP": "configuration_change",
}  # fmt: skip


def mariadb_audit(line: str, _written: int) -> Entry | None:
    """MariaDB's server_audit plugin, also as MySQL's McAfee and Percona forks write it."""
    found = _MARIADB.match(line)
    moment = instant_of(f"{found[1]}-{found[2]}-{found[3]} {found[4]}") if found else None
    if found is None or moment is None:
        return None
    category = _MARIADB_KINDS.get(found[10])
    if category == "sign_in_success" and found[13] not in ("", "0"):
        category = "sign_in_failure"
    if category is None:
        category, _ = message_kind(f"{found[12].strip(chr(39))} "[:1000].translate(_NO_DIGITS))
    return Entry(
        *moment, found[6], True, bool(found[12]), True, True, "", category, True, found[7],
        bool(found[5]), found[8] != "0", category in _SQL,
    )  # fmt: skip


_CEF_PART = r"((?:[^|\\]++|\\.)*+)\|"
_CEF = re.compile(rf"CEF:\d{{1,2}}\|{_CEF_PART * 6}(.*)$")
_CEF_NAMES = {
    "rt": "time", "end": "time", "start": "time", "suser": "user", "duser": "user", "suid": "user",
    "src": "ip", "outcome": "outcome", "msg": "message", "dvchost": "host",
    "dhost": "host", "shost": "host", "fname": "object", "request": "url",
    "externalId": "session_id", "cn1": "record_id", "duid": "record_id",
}  # fmt: skip
_LEEF_NAMES = {
    "devTime": "time", "usrName": "user", "src": "ip", "action": "action", "resource": "object",
    "identHostName": "host", "outcome": "outcome", "msg": "message", "url": "url",
}  # fmt: skip
# LEEF 2.0 names what stands between its pairs: a character, or its number in hexadecimal.
_LEEF_DELIMITER = re.compile(r"(?:0?x([0-9A-Fa-f]{1,4})|(.)|)\|")
_EXTENSION = re.compile(r"([\w.]{1,64}+)=((?:[^=\\]|\\.)*?)(?= [\w.]{1,64}=|$)")


def cef(line: str, written: int) -> Entry | None:
    """ArcSight's common event format; the time is in `rt`, or in syslog's header."""
    found = _CEF.match(line)
    if found is None:
        return None
    said = {"action": found[5]}
    for name, value in _EXTENSION.findall(found[7][:8000]):
        said.setdefault(_CEF_NAMES.get(name, name), value)
    said["action"] = said.get("act", said["action"])
    return json_entry({"time": written, **said})


def leef(line: str, written: int) -> Entry | None:
    """IBM's log event extended format."""
    fields = line.split("|", 5)
    if not line.startswith("LEEF:") or len(fields) < 6:
        return None
    text, between = fields[5][:8000], "\t"
    if line.startswith("LEEF:2") and (own := _LEEF_DELIMITER.match(text)):
        text, between = text[own.end() :], chr(int(own[1], 16)) if own[1] else own[2]
    pairs = (pair.partition("=") for pair in text.split(between))
    said = {_LEEF_NAMES.get(name, name): value for name, _, value in pairs}
    return json_entry({"time": written, "action": fields[4], **said})


_LOGFMT = re.compile(r"(?:time|ts|timestamp|t|date)=|level=\w+ |[\w.]{1,40}=\S* [\w.]{1,40}=")


def logfmt(line: str, _written: int) -> Entry | None:
    """Pairs of names and values."""
    if _LOGFMT.match(line) is None:
        return None
    said = {name: value.strip("\"'") for name, value in _PAIRS.findall(line[:16_000])}
    if "t" in said:
        said.setdefault("time", said["t"])
    return json_entry(said)


def csv_reader(header: Sequence[str], mapping: Mapping[EventField, str], delimiter: str) -> Parser:
    """Return the reader of a table whose columns have these names; `mapping` renames them."""
    known = {column: _CSV_NAMES[field] for field, column in mapping.items()}
    names = [known.get(name) or re.sub(r"[\s/-]+", "_", name.strip().casefold()) for name in header]

    def read(line: str, _written: int) -> Entry | None:
        try:
            (values,) = csv.reader([line], delimiter=delimiter)
        except (csv.Error, ValueError):
            return None
        return json_entry(dict(zip(names, values, strict=False))) if len(values) > 1 else None

    return read


# What a mapping may name, and the name a column so mapped is read by.
_CSV_NAMES: dict[EventField, str] = {
    "time": "time", "author": "user", "operation": "action", "reference": "record_id",
    "outcome": "outcome", "origin": "ip", "equipment": "host", "correlation": "session_id",
}  # fmt: skip


def table_reader(lines: Sequence[str], mapping: Mapping[EventField, str]) -> Parser | None:
    """Return the reader of a table with a header, None for what is none.

    Raises Malformed when the mapping names a column that the header has not.
    """
    header = lines[0] if lines else ""
    for delimiter in ",;\t|":
        names = [name.strip(' "\ufeff') for name in header.split(delimiter)]
        if mapping and set(mapping.values()) <= set(names):
            return csv_reader(names, mapping, delimiter)
        known = {re.sub(r"[\s/-]+", "_", name.casefold()) for name in names}
        if len(names) > 2 and not mapping and re.search(r"\d|[{=<\[]", header) is None:
            read = csv_reader(names, {}, delimiter)
            told = [read(line, 0) is not None for line in lines[1:20]]
            if told and sum(told) >= len(told) * 0.9 and not known.isdisjoint(_TABLE_TIMES):
                return read
    if mapping:
        wanted = ", ".join(mapping.values())
        raise Malformed(f"the first line names no columns {wanted}")
    return None


_TABLE_TIMES = frozenset("time timestamp date datetime created_at horodatage ts".split())
_DATED = re.compile(r"(?:[A-Z]{4,8} )?\[?" + STAMP.pattern + r"\]?[ \t|,;:-]{0,4}(.*)")
_APACHE_ERROR = re.compile(
    r"\[[A-Z][a-z]{2} ([A-Z][a-z]{2}) {1,2}(\d{1,2}) (\d\d):(\d\d):(\d\d)(?:\.\d+)? (\d{4})\] (.*)"
)


def dated_text(line: str, _written: int) -> Entry | None:
    """Any line that opens with its date and time: frameworks, nginx error logs."""
    found = _DATED.match(line)
    moment = instant(found) if found else None
    return _message(moment, found[8]) if found and moment else None


_MONOLOG = re.compile(
    r"\[(\d{4}-\d\d-\d\d[T ][^\]]{8,30})\] [\w.-]{1,60}\.[A-Z]{4,9}: (.*?)"
    r" (\{.*\}|\[\]) (\{.*\}|\[\])$"
)


def monolog(line: str, written: int) -> Entry | None:
    """Monolog's LineFormatter, of Symfony and Laravel: a message, its context and the extras."""
    found = _MONOLOG.match(line[:16_000])
    moment = instant_of(found[1]) if found else None
    if found is None or moment is None:
        return None
    given = ",".join(
        f"{json.dumps(name)}:{part}"
        for name, part in (("context", found[3]), ("extra", found[4]))
        if part != "[]"
    )
    if given:
        head = json.dumps({"datetime": found[1], "message": found[2]})
        entry = json_lines(f"{head[:-1]},{given}}}", written)
        if entry is not None:
            return entry
    return _message(moment, found[2])


_DJANGO = re.compile(
    r"\[(\d\d/[A-Z][a-z]{2}/\d{4}) (\d\d:\d\d):(\d\d)\]"
    rf" \"(?P<request>{_QUOTED})\" (?P<status>\d{{3}}) \d+$"
)


def django(line: str, _written: int) -> Entry | None:
    """Requests as Django's own server prints them: neither client nor zone."""
    found = _DJANGO.match(line)
    minute = _local_minute(f"{found[1]}:{found[2]}") if found else None
    if found is None or minute is None:
        return None
    kind = kind_of_request(decoded(found["request"].encode()), found["status"].encode())
    return Entry(
        minute + int(found[3]), None, "", kind.operation, kind.operation, kind.counts, kind.served,
        found["request"], kind.category, True, "", False, False, kind.reference,
    )  # fmt: skip


_SIMPLE_HISTORY = re.compile(
    r"\"?\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\"?,\"?\d{4}-[^,]{5,20},\"?\w{0,60}Logger\b"
)
_SIMPLE_HISTORY_COLUMNS = (
    "date", "local", "logger", "level", "initiator", "message_key", "email", "user_login", "roles",
    "said", "message",
)  # fmt: skip


def simple_history(line: str, _written: int) -> Entry | None:
    """Simple History's CSV export, which has no header; its first time is in UTC."""
    if _SIMPLE_HISTORY.match(line) is None:
        return None
    try:
        (values,) = csv.reader([line[:16_000]])
    except (csv.Error, ValueError):
        return None
    said = dict(zip(_SIMPLE_HISTORY_COLUMNS, values, strict=False))
    named = {name: said.get(name, "") for name in ("message_key", "user_login", "message")}
    return json_entry({"time": f"{said['date']}Z"} | named)


def apache_error(line: str, _written: int) -> Entry | None:
    """Apache error log: no zone."""
    found = _APACHE_ERROR.match(line)
    day = days(int(found[6]), MONTHS.get(found[1], 0), int(found[2])) if found else None
    if found is None or day is None:
        return None
    epoch = day * _DAY + int(found[3]) * 3600 + int(found[4]) * 60 + int(found[5])
    return _message((epoch, None), found[7])


# The first of those that read a log best is taken: the particular before the general.
FORMATS: dict[str, Parser] = {
    "web access": web,
    "JSON lines": json_lines,
    "syslog RFC 5424": syslog_5424,
    "auditd": auditd,
    "MariaDB audit": mariadb_audit,
    "PostgreSQL csvlog": postgresql_csv,
    "PostgreSQL": postgresql,
    "rsyslog": rsyslog,
    "syslog RFC 3164": syslog_3164,
    "Apache error": apache_error,
    "CEF": cef,
    "LEEF": leef,
    "HAProxy": haproxy,
    "Django": django,
    "Monolog": monolog,
    "Simple History": simple_history,
    "dated text": dated_text,
    "logfmt": logfmt,
}


_CONTINUATION = re.compile(
    r"\s|#\d|#(?:Software|Version|Date|Fields|Remark|Start-Date|End-Date):|Caused by|Traceback"
    r"|[Ss]tack ?trace|\[stacktrace\]|\"?\}"
    r"|[\w.\\]{1,80}(?:Error|Exception)\b|[\[\]],?$"
)


CSVLOG = "PostgreSQL csvlog"
_CSVLOG_BEGINS = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} ")


class Quoted:
    """Tells which lines of a table go on with a value that was opened above: a long query."""

    def __init__(self) -> None:
        self._open = False

    def goes_on(self, line: str) -> bool:
        """Take the next line; a line that begins a row anew ends what was left open."""
        inside = self._open and _CSVLOG_BEGINS.match(line) is None
        self._open = inside ^ (line.count('"') % 2 == 1)
        return inside


def _share(parse: Parser, lines: Sequence[str], written: int) -> float:
    return sum(parse(line, written) is not None for line in lines) / max(len(lines), 1)


def is_continuation(line: str) -> bool:
    """Return whether the line goes on with the entry before it: a stack trace, a long query."""
    return _CONTINUATION.match(line) is not None


def recognise(lines: Iterable[str], written: int) -> tuple[str, float]:
    """Return the format that reads most of the lines, and the share of lines it reads."""
    own = [line for line in lines if not is_continuation(line)]
    if not own:
        return next(iter(FORMATS)), 0.0
    quoted = Quoted()
    rows = [line for line in own if not quoted.goes_on(line)]
    scores = {
        name: _share(parse, rows if name == CSVLOG else own, written)
        for name, parse in FORMATS.items()
    }
    best = max(scores, key=lambda name: scores[name])
    return best, scores[best]
