"""Where rsyslog, syslog-ng, journal-upload and auditd are configured to send log lines."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from cnilcheck.collectors.base import Missing, Seen, Sighting
from cnilcheck.collectors.log_settings.destinations import destination, of_url
from cnilcheck.collectors.log_settings.file_access import access_of, application_accounts
from cnilcheck.collectors.log_settings.texts import each, is_on, lines_of, sections_of
from cnilcheck.collectors.snapshot import Snapshot
from cnilcheck.errors import CollectionError, Malformed
from cnilcheck.model.facts import LogDestination, LogForwardingSetting

RSYSLOG = "/etc/rsyslog.conf"
SYSLOG_NG = "/etc/syslog-ng/syslog-ng.conf"
_UPLOAD = ("/etc/systemd/journal-upload.conf", "/etc/systemd/journal-upload.conf.d/*.conf")
_AUDIT_REMOTE = ("/etc/audit/audisp-remote.conf", "/etc/audisp/audisp-remote.conf")
_MAX_FILES = 500
_MAX_TEXT = 4_000_000

# rsyslog(5): `selector  @host`, `@@host`, `@@(o,z9)host:port`, `:omrelp:host:port`.
_LEGACY = re.compile(
    r"(?:^|[\s&])(?P<how>@@?|:omrelp:)(?:\([^)]{0,40}\))?"
    r"(?P<host>\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9_.$-]{1,253})(?::(?P<port>\w{1,20}))?"
    r"(?:;[\w.-]{1,80})?\s*$"
)
_OPENS = re.compile(r"\b(action|global|include|module)\s*\(", re.IGNORECASE)
_PARAMETER = re.compile(r"([\w.]{1,60})\s*=\s*\"([^\"]{0,2000})\"")
_INCLUDES = re.compile(r"(?i)^\$IncludeConfig\s+(\S{1,500})")


# `selector  -/var/log/syslog;template`
_TO_FILE = re.compile(r"^[^\s$/:~][^\s]{0,400}\s+-?(/[^\s;]{1,300})(?:;[\w.-]{1,80})?$")
_FILE_WORDS = {
    "$fileowner": "fileowner", "$filegroup": "filegroup", "$filecreatemode": "filecreatemode",
    "$umask": "umask",
}  # fmt: skip


@dataclass
class _Rsyslog:
    """What rsyslog's files say, with the legacy directives as they stand at each place."""

    snapshot: Snapshot
    driver: str = ""
    mode: str = "0"
    # rsyslog's own defaults: whoever it runs as, 0644.
    created: dict[str, str] = field(default_factory=lambda: {
        "fileowner": "root", "filegroup": "root", "filecreatemode": "0644", "umask": "0000",
    })  # fmt: skip
    files: dict[str, tuple[str, dict[str, str]]] = field(default_factory=dict)
    found: dict[str, list[LogDestination]] = field(default_factory=dict)
    problems: list[tuple[str, CollectionError]] = field(default_factory=list)
    read_files: int = 0

    def take_in(self, path: str, depth: int = 0) -> None:
        """Note the destinations of a file and of those it includes."""
        self.read_files += 1
        if depth > 10 or self.read_files > _MAX_FILES:
            raise Malformed(f"{path}: too many files include one another")
        text = _uncommented(self.snapshot.read(path))
        starts = [m.start() for m in _OPENS.finditer(text)]
        for number, raw in enumerate(text.split("\n"), start=1):
            self._legacy(raw.strip(), f"{path}:{number}", depth)
        for start in starts:
            self._object(text, start, path, depth)

    def _legacy(self, line: str, place: str, depth: int) -> None:
        included = _INCLUDES.match(line)
        name, _, value = line.partition(" ")
        if included:
            self._include(included[1], place, depth)
        elif name.lower() in ("$defaultnetstreamdriver", "$actionsendstreamdriver"):
            self.driver = value.strip()
        elif name.lower() == "$actionsendstreamdrivermode":
            self.mode = value.strip()
        elif name.lower() in _FILE_WORDS:
            self.created[_FILE_WORDS[name.lower()]] = value.strip()
        elif file := _TO_FILE.match(line):
            self.files[place] = file[1], dict(self.created)
        elif not line.startswith("$") and (found := _LEGACY.search(line)):
            relp, tcp = found["how"] == ":omrelp:", found["how"] == "@@"
            encrypted = False if relp or not tcp else self._by_driver(self.driver, self.mode)
            transport = "relp" if relp else "tcp" if tcp else "udp"
            self._note(place, destination(found["host"], found["port"], transport, encrypted))

    def _by_driver(self, driver: str, mode: str) -> bool:
        # rsyslog: gtls and ossl encrypt in mode 1; mode 0 and ptcp are plain TCP.
        return driver.lower() in ("gtls", "ossl") and mode.strip() == "1"

    def _object(self, text: str, start: int, path: str, depth: int) -> None:
        kind = text[start : start + 10].split("(")[0].strip().lower()
        body = _inside(text, text.find("(", start))
        values = {name.lower(): value for name, value in _PARAMETER.findall(body)}
        place = f"{path}:{text.count(chr(10), 0, start) + 1}"
        if kind == "include" and "file" in values:
            self._include(values["file"], place, depth)
        elif kind == "global":
            self.driver = values.get("defaultnetstreamdriver", self.driver)
        elif kind == "module" and values.get("load", "").lower() == "builtin:omfile":
            self.created |= {name: values[name] for name in self.created if name in values}
        elif kind == "action" and values.get("type", "").lower() == "omfile" and "file" in values:
            own = {name: values[name] for name in self.created if name in values}
            self.files[place] = values["file"], self.created | own
        elif kind == "action":
            for one in self._action(values):
                self._note(place, one)

    def _action(self, values: dict[str, str]) -> Iterator[LogDestination]:
        match values.get("type", "").lower():
            case "omfwd":
                protocol = values.get("protocol", "udp").lower()
                driver = values.get("streamdriver", values.get("streamdriver.name", self.driver))
                mode = values.get("streamdrivermode", values.get("streamdriver.mode", self.mode))
                encrypted = protocol == "tcp" and self._by_driver(driver, mode)
                yield destination(values.get("target", ""), values.get("port"), protocol, encrypted)
            case "omrelp":
                encrypted = is_on(values.get("tls", "off")) is True
                yield destination(values.get("target", ""), values.get("port"), "relp", encrypted)
            case "omelasticsearch" | "omhttp" | "omclickhouse" as kind:
                default = "on" if kind != "omelasticsearch" else "off"
                secure = is_on(values.get("usehttps", default)) is True
                for host in re.findall(r"[^\s,\[\]\"\\]{1,300}", values.get("server", "localhost")):
                    yield of_url(host if "//" in host else f"http{'s' * secure}://{host}")

    def _note(self, place: str, one: LogDestination) -> None:
        self.found.setdefault(place, []).append(one)

    def _include(self, pattern: str, place: str, depth: int) -> None:
        try:
            for path in self.snapshot.glob(pattern):
                self.take_in(path, depth + 1)
        except CollectionError as error:
            self.problems.append((place, type(error)(f"{place} includes {error}")))


def read_rsyslog(snapshot: Snapshot) -> Iterator[Sighting]:
    """Yield where rsyslog sends lines, at each action; its file alone when it sends none away."""
    if not snapshot.exists(RSYSLOG):
        return
    reader = _Rsyslog(snapshot)
    try:
        reader.take_in(RSYSLOG)
    except CollectionError as error:
        reader.problems.append((RSYSLOG, error))
    for place, found in reader.found.items():
        yield Seen(place, LogForwardingSetting("rsyslog", tuple(found)))
    for place, problem in reader.problems[:1]:
        yield Missing(place, LogForwardingSetting, problem)
    if not reader.found and not reader.problems:
        yield Seen(RSYSLOG, LogForwardingSetting("rsyslog", ()))
    services = application_accounts(snapshot)
    for place, (name, created) in reader.files.items():
        if re.fullmatch(r"0?[0-7]{3,4}", created["filecreatemode"]):
            masked = int(created["umask"], 8) if re.fullmatch("[0-7]{1,4}", created["umask"]) else 0
            mode = f"{int(created['filecreatemode'], 8) & ~masked:04o}"
            owner, group = created["fileowner"], created["filegroup"]
            yield Seen(f"{place} {name}", access_of(name, mode, owner, group, services))


def _uncommented(text: str) -> str:
    """Return the text with comments blanked, each line where it was."""
    lines = [re.sub(r"(?:^|\s)#.*", "", line) for line in text[:_MAX_TEXT].split("\n")]
    return "\n".join(lines)


def _inside(text: str, bracket: int) -> str:
    """Return what stands between a bracket and the one that closes it, quotes respected."""
    depth, quoted = 0, False
    for offset in range(bracket, min(len(text), bracket + 20_000)):
        sign = text[offset]
        if sign == '"' and text[offset - 1] != "\\":
            quoted = not quoted
        elif not quoted and sign in "({":
            depth += 1
        elif not quoted and sign in ")}":
            depth -= 1
            if depth == 0:
                return text[bracket + 1 : offset]
    return text[bracket + 1 : bracket + 20_000]


_NG_INCLUDE = re.compile(r"(?m)^\s*@include\s+\"([^\"]{1,500})\"")
_NG_NAMED = re.compile(r"\bdestination\s+([\w.-]{1,120})\s*\{")
_NG_USED = re.compile(r"\bdestination\s*\(\s*\"?([\w.-]{1,120})\"?\s*\)")
_NG_DRIVER = re.compile(
    r"\b(network|syslog|tcp6?|udp6?|http|elasticsearch-http|elasticsearch2|loki|opensearch|kafka)"
    r"\s*\("
)


def read_syslog_ng(snapshot: Snapshot) -> Iterator[Sighting]:
    """Yield where syslog-ng sends lines: the destinations that a log path uses."""
    if not snapshot.exists(SYSLOG_NG):
        return
    texts: dict[str, str] = {}
    try:
        _take_in(snapshot, SYSLOG_NG, texts)
    except CollectionError as error:
        yield Missing(SYSLOG_NG, LogForwardingSetting, error)
        return
    used = {name for text in texts.values() for name in _NG_USED.findall(text)}
    sent = False
    for path, text in texts.items():
        for named in _NG_NAMED.finditer(text):
            body = _inside(text, named.end() - 1)
            found = tuple(_drivers(body)) if named[1] in used else ()
            if found:
                sent = True
                place = f"{path}:{text.count(chr(10), 0, named.start()) + 1}"
                yield Seen(place, LogForwardingSetting("syslog-ng", found))
    if not sent:
        yield Seen(SYSLOG_NG, LogForwardingSetting("syslog-ng", ()))


def _take_in(snapshot: Snapshot, path: str, texts: dict[str, str]) -> None:
    if len(texts) > _MAX_FILES:
        raise Malformed(f"{path}: too many files include one another")
    if path in texts or path.endswith("/scl.conf"):
        return
    texts[path] = _uncommented(snapshot.read(path))
    for pattern in _NG_INCLUDE.findall(texts[path]):
        whole = pattern if pattern.startswith("/") else f"/etc/syslog-ng/{pattern}"
        for included in snapshot.glob(whole):
            _take_in(snapshot, included, texts)


def _drivers(body: str) -> Iterator[LogDestination]:
    for driver in _NG_DRIVER.finditer(body):
        inside, kind = _inside(body, driver.end() - 1), driver[1]
        words = dict(re.findall(r"\b(transport|port|url)\s*\(\s*\"?([^\s\")]{1,300})", inside))
        if kind in ("network", "syslog", "tcp", "tcp6", "udp", "udp6"):
            host = re.match(r"\s*\"?([^\s\")]{1,253})", inside)
            default = "udp" if kind.startswith("udp") else "tcp"
            transport = words.get("transport", default).strip("\"'").lower()
            encrypted = transport == "tls" or bool(re.search(r"\btls\s*\(", inside))
            plain = "udp" if transport == "udp" else "tcp"
            yield destination(host[1] if host else "", words.get("port"), plain, encrypted)
        elif "url" in words:
            yield of_url(words["url"])
        else:
            yield LogDestination(kind, "unknown", bool(re.search(r"\btls\s*\(", inside)) or None)


def read_journal_upload(snapshot: Snapshot) -> Iterator[Sighting]:
    """Yield where systemd-journal-upload sends the journal."""

    def read(path: str) -> Iterator[Sighting]:
        for line in sections_of(snapshot, path):
            if (line.section, line.name) == ("upload", "url") and line.value:
                url = line.value if "//" in line.value else f"https://{line.value}"
                yield Seen(line.place, LogForwardingSetting("journal-upload", (of_url(url),)))

    yield from each(snapshot, _UPLOAD, LogForwardingSetting, read)


def read_audit_remote(snapshot: Snapshot) -> Iterator[Sighting]:
    """Yield where auditd sends its records, when its plugin for that is switched on."""

    def read(path: str) -> Iterator[Sighting]:
        values = {
            name.strip().lower(): (value.strip(), place)
            for line, place in lines_of(snapshot, path)
            for name, _, value in [line.partition("=")]
        }
        server, place = values.get("remote_server", ("", path))
        if server and _plugin_on(snapshot):
            # audisp-remote(8) encrypts with Kerberos, and not otherwise.
            kerberos = is_on(values.get("enable_krb5", ("no", ""))[0]) is True
            one = destination(server, values.get("port", ("60", ""))[0], "tcp", kerberos)
            yield Seen(place, LogForwardingSetting("auditd", (one,)))

    yield from each(snapshot, _AUDIT_REMOTE, LogForwardingSetting, read)


def _plugin_on(snapshot: Snapshot) -> bool:
    for path in ("/etc/audit/plugins.d/au-remote.conf", "/etc/audisp/plugins.d/au-remote.conf"):
        if snapshot.exists(path):
            said = {
                name.strip(): value.strip()
                for line, _ in lines_of(snapshot, path)
                for name, _, value in [line.partition("=")]
            }
            return is_on(said.get("active", "no")) is True
    return False
