"""What a server's files say of logging: sent, kept, protected, watched, and on which clock."""

from __future__ import annotations

import subprocess
import tarfile
import textwrap
from pathlib import Path

import pytest

from cnilcheck.collectors.base import Missing, Seen, Sighting
from cnilcheck.collectors.logging_configuration import LoggingConfiguration
from cnilcheck.collectors.logrotate import LogRotation
from cnilcheck.model.facts import (
    AlertingSetting,
    ClientAddressSetting,
    ClockSetting,
    DatabaseLineSetting,
    DatabaseLogSetting,
    ErrorLogSetting,
    Fact,
    JournalSetting,
    KernelAuditSetting,
    LogDestination,
    LogFileAccess,
    LogForwardingSetting,
    LogRotationSetting,
    LogSourceSetting,
)
from cnilcheck.model.scope import Declarations, LoggingDeclaration, LogRetention, Scope, Sources
from cnilcheck.model.words import LogClass
from collectors.service_lab import open_to_postgres, postgres_program
from collectors.trees import facts, gaps, look, tools_at, write


def observe(root: Path, **files: str) -> list[Sighting]:
    texts = {path: textwrap.dedent(text) for path, text in files.items()}
    return look(LoggingConfiguration(), write(root, texts))


def only(root: Path, kind: type[Fact], **files: str):
    return facts(observe(root, **files), kind)


def sent(root: Path, **files: str) -> dict[str, list[tuple[str, str, bool | None]]]:
    """Return where lines go, place by place: address, transport, whether encrypted."""
    return {
        place: [(one.address, one.transport, one.encrypted) for one in fact.destinations]
        for place, fact in only(root, LogForwardingSetting, **files).items()
    }


RSYSLOG = "/etc/rsyslog.conf"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("*.* @journaux.example", {f"{RSYSLOG}:1": [("journaux.example", "udp", False)]}),
        ("*.* @@journaux.example:514", {f"{RSYSLOG}:1": [("journaux.example:514", "tcp", False)]}),
        ("*.* @@(o)[2001:db8::5]:6514;RSYSLOG_SyslogProtocol23Format",
         {f"{RSYSLOG}:1": [("2001:db8::5:6514", "tcp", False)]}),
        ("$DefaultNetstreamDriver gtls\n$ActionSendStreamDriverMode 1\n*.* @@j.example:6514",
         {f"{RSYSLOG}:3": [("j.example:6514", "tcp", True)]}),
        ("$DefaultNetstreamDriver gtls\n*.* @@j.example:6514",
         {f"{RSYSLOG}:2": [("j.example:6514", "tcp", False)]}),
        ("*.* :omrelp:j.example:2514", {f"{RSYSLOG}:1": [("j.example:2514", "relp", False)]}),
        ('action(type="omrelp" target="j.example" port="2514" tls="on")',
         {f"{RSYSLOG}:1": [("j.example:2514", "relp", True)]}),
        ('action(type="omfwd"\n  target="j.example" port="6514" protocol="tcp"\n'
         '  StreamDriver="gtls" StreamDriverMode="1")',
         {f"{RSYSLOG}:1": [("j.example:6514", "tcp", True)]}),
        ('global(DefaultNetstreamDriver="ossl")\n'
         'action(type="omfwd" target="j.example" protocol="tcp" StreamDriverMode="1")',
         {f"{RSYSLOG}:2": [("j.example", "tcp", True)]}),
        ('action(type="omfwd" target="j.example")', {f"{RSYSLOG}:1": [("j.example", "udp", False)]}),
        ('action(type="omelasticsearch" server="es.example" usehttps="on")',
         {f"{RSYSLOG}:1": [("es.example", "http", True)]}),
        ("*.* /var/log/syslog\n# *.* @ancien.example\nmail.* -/var/log/mail.log",
         {RSYSLOG: []}),
        ('action(type="omfile" file="/var/log/a@b.log")', {RSYSLOG: []}),
    ],
)  # fmt: skip
def test_rsyslog_sends_in_clear_or_encrypted(
    tmp_path: Path, text: str, expected: dict[str, list[tuple[str, str, bool | None]]]
) -> None:
    assert sent(tmp_path, **{RSYSLOG: text + "\n"}) == expected


def test_rsyslog_includes_its_parts_both_ways(tmp_path: Path) -> None:
    found = sent(
        tmp_path,
        **{
            RSYSLOG: '$IncludeConfig /etc/rsyslog.d/*.conf\ninclude(file="/etc/more.conf")\n',
            "/etc/rsyslog.d/10.conf": "auth.* @a.example\n",
            "/etc/more.conf": "*.* @@b.example\n",
        },
    )
    assert set(found) == {"/etc/rsyslog.d/10.conf:1", "/etc/more.conf:1"}


def test_files_of_rsyslog_that_include_one_another_end(tmp_path: Path) -> None:
    seen = observe(tmp_path, **{RSYSLOG: f"$IncludeConfig {RSYSLOG}\n"})
    assert "include one another" in str(gaps(seen)[0][2])


SYSLOG_NG = "/etc/syslog-ng/syslog-ng.conf"


def test_syslog_ng_counts_only_the_destinations_a_log_path_uses(tmp_path: Path) -> None:
    text = """\
        @version: 3.38
        @include "conf.d/*.conf"
        destination d_here { file("/var/log/all"); };
        destination d_old { udp("old.example"); };
        destination d_away { network("logs.example" port(6514) transport("tls")
          tls(ca-dir("/etc/ssl"))); };
        log { source(s_src); destination(d_here); destination(d_away); };
    """
    part = 'destination d_plain { syslog("plain.example" transport("tcp")); };\n'
    part += "log { source(s_src); destination(d_plain); };\n"
    found = sent(tmp_path, **{SYSLOG_NG: text, "/etc/syslog-ng/conf.d/a.conf": part})
    assert found == {
        f"{SYSLOG_NG}:5": [("logs.example:6514", "tcp", True)],
        "/etc/syslog-ng/conf.d/a.conf:1": [("plain.example", "tcp", False)],
    }


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        ("/etc/filebeat/filebeat.yml",
         'output.elasticsearch:\n  hosts: ["https://es.example:9200"]\n',
         ("es.example:9200", "http", True)),
        ("/etc/filebeat/filebeat.yml", 'output:\n  logstash:\n    hosts: ["l.example:5044"]\n',
         ("l.example:5044", "tcp", False)),
        ("/etc/filebeat/filebeat.yml",
         'output.logstash:\n  hosts: ["l.example:5044"]\n  ssl.certificate_authorities: [/a]\n',
         ("l.example:5044", "tcp", True)),
        ("/etc/fluent-bit/fluent-bit.conf",
         "[INPUT]\n    Name tail\n[OUTPUT]\n    Name es\n    Host es.example\n    Port 9200\n",
         ("es.example:9200", "http", False)),
        ("/etc/fluent-bit/fluent-bit.conf",
         "[OUTPUT]\n    Name forward\n    Host f.example\n    tls On\n",
         ("f.example", "tcp", True)),
        ("/etc/fluent-bit/fluent-bit.yaml",
         "pipeline:\n  outputs:\n    - name: loki\n      host: loki.example\n      tls: on\n",
         ("loki.example", "http", True)),
        ("/etc/fluent/fluentd.conf",
         "<match **>\n  @type elasticsearch\n  host es.example\n  scheme https\n</match>\n",
         ("es.example", "http", True)),
        ("/etc/vector/vector.toml",
         '[sinks.away]\ntype = "loki"\nendpoint = "http://loki.example:3100"\n',
         ("loki.example:3100", "http", False)),
        ("/etc/vector/vector.yaml",
         "sinks:\n  s:\n    type: socket\n    mode: tcp\n    address: a.example:9000\n"
         "    tls:\n      enabled: true\n",
         ("a.example:9000", "tcp", True)),
        ("/etc/promtail/config.yml",
         "clients:\n  - url: https://u:p@loki.example/loki/api/v1/push\n",
         ("loki.example", "http", True)),
        ("/etc/alloy/config.alloy",
         'loki.write "d" {\n  endpoint {\n    url = "http://loki.example/push"\n  }\n}\n',
         ("loki.example", "http", False)),
        ("/etc/docker/daemon.json",
         '{"log-driver": "syslog", "log-opts": {"syslog-address": "tcp+tls://s.example:6514"}}',
         ("s.example:6514", "tcp", True)),
        ("/srv/app/docker-compose.yml",
         "services:\n  web:\n    image: web\n    logging:\n      driver: gelf\n      options:\n"
         "        gelf-address: udp://g.example:12201\n",
         ("g.example:12201", "udp", False)),
        ("/etc/systemd/journal-upload.conf", "[Upload]\nURL=https://j.example:19532\n",
         ("j.example:19532", "http", True)),
        ("/var/ossec/etc/ossec.conf",
         "<ossec_config><client><server><address>w.example</address></server></client>"
         "</ossec_config>",
         ("w.example", "agent", True)),
    ],
)  # fmt: skip
def test_agents_tell_where_they_send(
    tmp_path: Path, path: str, text: str, expected: tuple[str, str, bool]
) -> None:
    assert list(sent(tmp_path, **{path: text}).values()) == [[expected]]


def test_auditd_sends_only_when_its_plugin_is_on(tmp_path: Path) -> None:
    remote = {"/etc/audit/audisp-remote.conf": "remote_server = a.example\nenable_krb5 = no\n"}
    assert sent(tmp_path, **remote) == {}
    found = sent(tmp_path, **remote, **{"/etc/audit/plugins.d/au-remote.conf": "active = yes\n"})
    assert found == {"/etc/audit/audisp-remote.conf:1": [("a.example:60", "tcp", False)]}


def test_what_stays_on_the_machine_is_told_apart() -> None:
    from cnilcheck.collectors.log_settings.destinations import of_url

    assert of_url("http://127.0.0.1:3100/loki") == LogDestination(
        "127.0.0.1:3100", "http", False, True
    )
    assert of_url("unix:///run/log.sock").here
    assert "secret" not in of_url("https://user:secret@logs.example/").address


JOURNALD = "/etc/systemd/journald.conf"


@pytest.mark.parametrize(
    ("files", "storage", "on_disk"),
    [
        ({JOURNALD: "[Journal]\n#Storage=auto\n"}, "auto", None),
        ({JOURNALD: "[Journal]\nStorage=volatile\n"}, "volatile", False),
        ({JOURNALD: "[Journal]\nStorage=persistent\n"}, "persistent", True),
        ({JOURNALD: "[Journal]\n", "/var/log/syslog": "x\n"}, "auto", False),
        ({JOURNALD: "[Journal]\n", "/var/log/journal/ab/system.journal": "x"}, "auto", True),
        ({JOURNALD: "[Journal]\nStorage=persistent\n",
          "/etc/systemd/journald.conf.d/90.conf": "[Journal]\nStorage=none\n"}, "none", False),
    ],
)  # fmt: skip
def test_the_journal_is_kept_where_its_setting_and_its_folder_say(
    tmp_path: Path, files: dict[str, str], storage: str, on_disk: bool | None
) -> None:
    (fact,) = only(tmp_path, JournalSetting, **files).values()
    assert (fact.storage, fact.on_disk) == (storage, on_disk)


def test_the_journal_is_sealed_only_with_a_key(tmp_path: Path) -> None:
    files = {JOURNALD: "[Journal]\nSeal=yes\n", "/var/log/journal/ab/system.journal": "x"}
    (fact,) = only(tmp_path, JournalSetting, **files).values()
    assert fact.sealed is False
    (fact,) = only(tmp_path, JournalSetting, **files, **{"/var/log/journal/ab/fss": "k"}).values()
    assert fact.sealed is True


AUDIT = "/etc/audit/rules.d/audit.rules"


def test_auditd_without_rules_is_told_from_auditd_with_rules(tmp_path: Path) -> None:
    stock = "## First rule - delete all\n-D\n\n-b 8192\n-f 1\n"
    (fact,) = only(tmp_path, KernelAuditSetting, **{AUDIT: stock}).values()
    assert (fact.rules, fact.enabled, fact.immutable) == (0, True, False)
    rules = "-w /old -p wa\n-D\n-w /etc/passwd -p wa -k comptes\n"
    rules += "-a always,exit -F arch=b64 -S adjtimex,settimeofday -F key=heure\n"
    rules += "-a never,exit -F path=/x\n-w /var/log -p wa -k journaux\n-e 2\n"
    seen = observe(
        tmp_path, **{AUDIT: rules, "/etc/audit/auditd.conf": "disk_full_action = HALT\n"}
    )
    (fact,) = facts(seen, KernelAuditSetting).values()
    expected = KernelAuditSetting(3, True, True, ("comptes", "heure", "journaux"), "halt")
    assert fact == expected
    (source,) = facts(seen, LogSourceSetting).values()
    assert [(e.category, e.place) for e in source.events] == [
        ("rights_change", f"{AUDIT}:3"),
        ("system_event", f"{AUDIT}:4"),
        ("log_change", f"{AUDIT}:6"),
    ]


def test_auditd_switched_off_is_told(tmp_path: Path) -> None:
    (fact,) = only(tmp_path, KernelAuditSetting, **{AUDIT: "-w /etc/passwd\n-e 0\n"}).values()
    assert not fact.enabled


@pytest.mark.parametrize(
    ("files", "product", "sources"),
    [
        ({"/etc/chrony/chrony.conf": "confdir /etc/chrony/conf.d\npool a.example iburst\n"},
         "chrony", ("pool a.example",)),
        ({"/etc/chrony/chrony.conf": "driftfile /var/lib/chrony/drift\n",
          "/etc/chrony/sources.d/h.sources": "server ntp.example\n"},
         "chrony", ("server ntp.example",)),
        ({"/etc/chrony/chrony.conf": "driftfile /var/lib/chrony/drift\n"}, "chrony", ()),
        ({"/etc/ntpsec/ntp.conf": "# pool x\nserver t.example\n"}, "ntpd", ("server t.example",)),
        ({"/etc/systemd/timesyncd.conf": "[Time]\n#NTP=\n"}, "systemd-timesyncd", ("systemd",)),
        ({"/etc/systemd/timesyncd.conf": "[Time]\nNTP=a.example b.example\n"},
         "systemd-timesyncd", ("a.example", "b.example")),
    ],
)  # fmt: skip
def test_the_clock_follows_the_sources_written(
    tmp_path: Path, files: dict[str, str], product: str, sources: tuple[str, ...]
) -> None:
    assert list(only(tmp_path, ClockSetting, **files).values()) == [ClockSetting(product, sources)]


def test_chrony_reads_these_sources_as_we_do(tmp_path: Path) -> None:
    """The real chronyd accepts the file, and prints the same directives."""
    text = "pool 2.debian.pool.ntp.org iburst\nserver ntp.example\nmakestep 1.0 3\n"
    (fact,) = only(tmp_path, ClockSetting, **{"/etc/chrony/chrony.conf": text}).values()
    conf = tmp_path / "etc/chrony/chrony.conf"
    printed = subprocess.run(
        ["/usr/sbin/chronyd", "-p", "-f", conf],
        capture_output=True,
        text=True,
        timeout=10,
        check=True,
    ).stdout
    kept = [line for line in printed.splitlines() if line.split()[:1][0] in ("pool", "server")]
    assert [" ".join(line.split()[:2]) for line in kept] == list(fact.sources)


def test_a_masked_time_service_is_not_counted(tmp_path: Path) -> None:
    write(tmp_path, {"/etc/chrony/chrony.conf": "pool a.example\n"})
    unit = tmp_path / "etc/systemd/system/chrony.service"
    unit.parent.mkdir(parents=True)
    unit.symlink_to("/dev/null")
    assert facts(look(LoggingConfiguration(), tmp_path), ClockSetting) == {}


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"/var/ossec/etc/ossec.conf": "<ossec_config><global><email_notification>yes"
          "</email_notification><email_to>s@p.example</email_to></global><ruleset>"
          "<rule_dir>etc/rules</rule_dir></ruleset></ossec_config>"},
         AlertingSetting("Wazuh", "alert", 1, ("email",))),
        ({"/var/ossec/etc/ossec.conf": "<ossec_config><global><email_notification>no"
          "</email_notification><email_to>s@p.example</email_to></global><ruleset/></ossec_config>"
          }, AlertingSetting("Wazuh", "alert", 1, ())),
        ({"/etc/grafana/provisioning/alerting/a.yaml": "groups:\n  - name: g\n    rules:\n"
          "      - title: échecs\n      - title: vieux\n        isPaused: true\n",
          "/etc/grafana/provisioning/alerting/b.yaml": "contactPoints:\n  - name: c\n"
          "    receivers:\n      - {uid: a, type: email}\n"},
         AlertingSetting("Grafana", "alert", 1, ("email",))),
        ({"/etc/elastalert/config.yaml": "rules_folder: rules\n",
          "/etc/elastalert/rules/a.yaml": "name: a\ntype: frequency\nalert: [email, slack]\n",
          "/etc/elastalert/rules/b.yaml": "name: b\ntype: any\nis_enabled: false\nalert: email\n"},
         AlertingSetting("Elastalert", "alert", 1, ("email", "slack"))),
        ({"/etc/elastalert/config.yaml": "rules_folder: rules\n",
          "/etc/elastalert/rules/a.yaml": "name: a\ntype: frequency\nalert: debug\n"},
         AlertingSetting("Elastalert", "alert", 1, ())),
        ({"/etc/loki/loki.yaml": "ruler:\n  alertmanager_url: http://localhost:9093\n",
          "/etc/loki/rules/fake/r.yaml": "groups:\n  - rules:\n      - alert: x\n        expr: y\n"},
         AlertingSetting("Loki", "alert", 1, ("Alertmanager",))),
        ({"/etc/fail2ban/jail.conf": "[DEFAULT]\nenabled = false\naction = %(action_)s\n[sshd]\n",
          "/etc/fail2ban/jail.d/defaults-debian.conf": "[sshd]\nenabled = true\n"},
         AlertingSetting("fail2ban", "block", 1, ())),
        ({"/etc/fail2ban/jail.local": "[DEFAULT]\naction = %(action_mwl)s\n[nginx-http-auth]\n"
          "enabled = true\n"}, AlertingSetting("fail2ban", "alert", 1, ("email",))),
    ],
)  # fmt: skip
def test_alert_rules_and_whom_they_tell(
    tmp_path: Path, files: dict[str, str], expected: AlertingSetting
) -> None:
    assert list(only(tmp_path, AlertingSetting, **files).values()) == [expected]


LOKI = "/etc/loki/loki.yaml"
LOKI_BASE = "schema_config:\n  configs: []\n"


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        (LOKI, LOKI_BASE, {"Loki": 36_525}),
        (LOKI, LOKI_BASE + "limits_config:\n  retention_period: 744h\n", {"Loki": 36_525}),
        (LOKI, LOKI_BASE + "compactor:\n  retention_enabled: true\nlimits_config:\n"
         "  retention_period: 6480h\n  retention_stream:\n    - selector: '{job=\"a\"}'\n"
         "      period: 24h\n", {"Loki": 270, '{job="a"}': 1}),
        (LOKI, LOKI_BASE + "compactor:\n  retention_enabled: true\n", {"Loki": 36_525}),
        ("/etc/elasticsearch/ilm.json",
         '{"policy": {"phases": {"hot": {}, "delete": {"min_age": "30d", '
         '"actions": {"delete": {}}}}}}', {"ilm": 30}),
        ("/srv/export/ilm.json",
         '{"journaux": {"version": 1, "policy": {"phases": {"hot": {"actions": {}}}}}}',
         {"journaux": 36_525}),
        ("/srv/ism.json", '{"policy": {"states": [{"name": "chaud", "actions": [], "transitions": '
         '[{"state_name": "fin", "conditions": {"min_index_age": "200d"}}]}, '
         '{"name": "fin", "actions": [{"delete": {}}]}]}}', {"ism": 200}),
        ("/srv/aws/lifecycle-logs.json", '{"Rules": [{"ID": "a", "Status": "Enabled", '
         '"Expiration": {"Days": 90}}, {"ID": "b", "Status": "Disabled", '
         '"Expiration": {"Days": 1}}]}', {"a": 90}),
        ("/srv/aws/photos.json", '{"Rules": [{"ID": "a", "Status": "Enabled", '
         '"Expiration": {"Days": 90}}]}', {}),
        ("/srv/aws/log-groups.json", '{"logGroups": [{"logGroupName": "/app", "retentionInDays": 365},'
         ' {"logGroupName": "/db"}]}', {"/app": 365, "/db": 36_525}),
        ("/srv/gcp/logs.json", '{"rule": [{"action": {"type": "Delete"}, "condition": '
         '{"age": 400}}]}', {"logs": 400}),
    ],
)  # fmt: skip
def test_stores_tell_how_many_days_they_keep(
    tmp_path: Path, path: str, text: str, expected: dict[str, int]
) -> None:
    found = only(tmp_path, LogRotationSetting, **{path: text}).values()
    assert {fact.log: fact.days for fact in found} == expected


def test_docker_that_keeps_lines_by_size_is_a_gap(tmp_path: Path) -> None:
    text = '{"log-driver": "json-file",\n "log-opts": {"max-size": "10m", "max-file": "3"}}'
    seen = observe(tmp_path, **{"/etc/docker/daemon.json": text})
    assert [(place, kind) for place, kind, _ in gaps(seen)] == [
        ("/etc/docker/daemon.json:1", LogRotationSetting)
    ]


def test_the_declared_class_goes_with_the_log(tmp_path: Path) -> None:
    write(
        tmp_path, {"/etc/logrotate.d/app": "/var/log/app/acces.log {\n  daily\n  rotate 700\n}\n"}
    )
    kept = LogRetention("/var/log/app/*", LogClass.APPLICATION_ACCESS, "internal_control", "note 3")
    declared = Declarations(logging=LoggingDeclaration(retention=(kept,)))
    tools = tools_at(Path("/"))
    tools.scope = Scope(version=1, sources=Sources(system=str(tmp_path)), declarations=declared)
    (task,) = LogRotation().tasks(tools.scope)
    (seen,) = LogRotation().observe(task, tools)
    assert isinstance(seen, Seen)
    expected = LogRotationSetting(
        "/var/log/app/acces.log", 700, log_class=LogClass.APPLICATION_ACCESS,
        purpose="internal_control", justification="note 3",
    )  # fmt: skip
    assert seen.fact == expected


def test_a_short_rotation_names_where_lines_are_sent_as_well(tmp_path: Path) -> None:
    write(
        tmp_path,
        {RSYSLOG: "*.* @@j.example:6514\n", "/etc/logrotate.d/a": "/a {\ndaily\nrotate 7\n}"},
    )
    (fact,) = facts(look(LogRotation(), tmp_path), LogRotationSetting).values()
    assert fact.sent_to == ("j.example:6514",)  # type: ignore[attr-defined]


def test_logrotate_tells_who_owns_new_logs(tmp_path: Path) -> None:
    text = """\
        /var/log/app/acces.log
        /var/log/app/erreurs.log {
            create 0644 depistage adm
        }
        /var/log/nginx/*.log {
            create 0640 root adm
        }
    """
    unit = "[Service]\nUser=depistage\n"
    files = {"/etc/logrotate.d/app": text, "/etc/systemd/system/depistage.service": unit}
    found = [
        (s.fact.log, s.fact.mode, s.fact.application)
        for s in observe(tmp_path, **files)
        if isinstance(s, Seen) and isinstance(s.fact, LogFileAccess)
    ]
    assert found == [
        ("/var/log/app/acces.log", "0644", "depistage"),
        ("/var/log/app/erreurs.log", "0644", "depistage"),
        ("/var/log/nginx/*.log", "0640", ""),
    ]


LISTED = {
    "ls": "/var/log/app:\ntotal 4\n-rw-r--r-- 1 www-data adm 120 Nov 20 10:00 acces.log\n",
    "find": "-rw-r--r-- www-data adm /var/log/app/acces.log\n",
    "tar": "-rw-r--r-- www-data/adm 120 2026-11-20 10:00 var/log/app/acces.log\n",
}


def listing(tmp_path: Path, written: str) -> list[Sighting]:
    (tmp_path / "copy").mkdir(exist_ok=True)
    tools = tools_at(tmp_path, Sources(system="copy", listing=written))
    (task,) = LoggingConfiguration().tasks(tools.scope)
    return list(LoggingConfiguration().observe(task, tools))


@pytest.mark.parametrize("form", LISTED)
def test_a_listing_tells_modes_and_owners(tmp_path: Path, form: str) -> None:
    (tmp_path / "listing.txt").write_text(LISTED[form])
    (fact,) = facts(listing(tmp_path, "listing.txt"), LogFileAccess).values()
    expected = LogFileAccess("/var/log/app/acces.log", "0644", "www-data", "adm", "www-data")
    assert fact == expected


def test_what_ls_really_writes_is_read(tmp_path: Path) -> None:
    (tmp_path / "log").mkdir()
    (tmp_path / "log/acces.log").write_text("x")
    (tmp_path / "log/acces.log").chmod(0o640)
    printed = subprocess.run(
        ["ls", "-lR", tmp_path], capture_output=True, text=True, timeout=10, check=True
    )
    (tmp_path / "listing.txt").write_text(printed.stdout)
    found = facts(listing(tmp_path, "listing.txt"), LogFileAccess).values()
    assert [f.mode for f in found] == ["0640"]  # type: ignore[attr-defined]


def test_an_archive_tells_modes_and_owners(tmp_path: Path) -> None:
    (tmp_path / "acces.log").write_text("x")
    with tarfile.open(tmp_path / "copy.tar.gz", "w:gz") as archive:
        member = archive.gettarinfo(tmp_path / "acces.log", "./var/log/app/acces.log")
        member.mode, member.uname, member.gname = 0o600, "root", "root"
        with (tmp_path / "acces.log").open("rb") as stream:
            archive.addfile(member, stream)
    (fact,) = facts(listing(tmp_path, "copy.tar.gz"), LogFileAccess).values()
    assert fact == LogFileAccess("/var/log/app/acces.log", "0600", "root", "root")


def test_what_lsattr_says_of_append_only_counts(tmp_path: Path) -> None:
    text = LISTED["find"] + "-rw-r----- root adm /var/log/app/autre.log\n"
    text += "-----a--------e------- /var/log/app/acces.log\n"
    text += "--------------e------- /var/log/app/autre.log\n"
    (tmp_path / "listing.txt").write_text(text)
    found = facts(listing(tmp_path, "listing.txt"), LogFileAccess).values()
    assert {f.log: f.append_only for f in found} == {  # type: ignore[attr-defined]
        "/var/log/app/acces.log": True,
        "/var/log/app/autre.log": False,
    }


@pytest.mark.parametrize("content", [b"", b"\x1f\x8bbroken", b"no listing at all\n" * 1000])
def test_a_listing_that_is_none_is_a_gap(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "listing.txt").write_bytes(content)
    assert [kind for _, kind, _ in gaps(listing(tmp_path, "listing.txt"))] == [LogFileAccess]


NGINX = "/etc/nginx/nginx.conf"


def nginx(http: str) -> dict[str, str]:
    return {NGINX: "events {}\nhttp {\n" + http + "\n}\n"}


@pytest.mark.parametrize(
    ("http", "kept", "lost"),
    [
        ("server { location / { proxy_pass http://127.0.0.1:3000; } }", 0, 1),
        ("proxy_set_header X-Real-IP $remote_addr;\n"
         "server { location / { proxy_pass http://127.0.0.1:3000; } }", 1, 0),
        # A level that sets a header of its own inherits none.
        ("proxy_set_header X-Real-IP $remote_addr;\n"
         "server { location / { proxy_set_header Host $host; proxy_pass http://a; } }", 0, 1),
        ("server { location / { include proxy_params; fastcgi_pass unix:/run/php.sock; } }", 0, 0),
    ],
)  # fmt: skip
def test_nginx_hands_on_the_clients_address_or_loses_it(
    tmp_path: Path, http: str, kept: int, lost: int
) -> None:
    found = list(only(tmp_path, ClientAddressSetting, **nginx(http)).values())
    assert [(len(f.kept), len(f.lost)) for f in found] == ([(kept, lost)] if kept or lost else [])


def test_nginx_believes_whom_it_is_told_to(tmp_path: Path) -> None:
    (fact,) = only(tmp_path, ClientAddressSetting, **nginx("set_real_ip_from 0.0.0.0/0;")).values()
    assert fact.trusted == ("0.0.0.0/0",)


@pytest.mark.parametrize(
    ("http", "author", "correlation"),
    [
        ("access_log /var/log/nginx/access.log;\nserver {}", False, False),
        ("log_format nom '$remote_addr $remote_user_session [$time_local] \"$request\" $status "
         "$request_id';\naccess_log /var/log/nginx/access.log nom;\nserver {}", True, True),
        ("log_format agent '$remote_addr [$time_local] \"$request\" $status "
         "\"$http_user_agent\"';\naccess_log /var/log/nginx/a.log agent;\nserver {}", False, False),
    ],
)  # fmt: skip
def test_the_format_of_nginx_tells_which_fields_are_written(
    tmp_path: Path, http: str, author: bool, correlation: bool
) -> None:
    (fact,) = only(tmp_path, LogSourceSetting, **nginx(http)).values()
    assert {e.category for e in fact.events} >= {"consultation", "modification", "access_denied"}
    (fields,) = {e.fields for e in fact.events}
    assert ("author" in fields, "correlation" in fields) == (author, correlation)
    assert {"time", "operation", "reference", "outcome", "origin"} <= set(fields)


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (nginx("error_log /dev/null;"), ("nginx", False, "error")),
        (nginx("error_log /var/log/nginx/error.log emerg;"), ("nginx", True, "emerg")),
        ({"/etc/php/8.2/fpm/php.ini": "[PHP]\nlog_errors = Off\n"}, ("PHP", False, "")),
        ({"/etc/php/8.2/fpm/php.ini": "log_errors = Off\n",
          "/etc/php/8.2/fpm/conf.d/99.ini": "log_errors=1\nerror_log = syslog\n"},
         ("PHP", True, "")),
        ({"/etc/apache2/apache2.conf": "ErrorLog /var/log/apache2/error.log\nLogLevel crit ssl:info\n"},
         ("Apache", True, "crit")),
    ],
)  # fmt: skip
def test_errors_are_written_or_not(
    tmp_path: Path, files: dict[str, str], expected: tuple[str, bool, str]
) -> None:
    (fact,) = only(tmp_path, ErrorLogSetting, **files).values()
    assert (fact.product, fact.enabled, fact.level) == expected


@pytest.mark.parametrize(
    ("text", "kept", "lost"),
    [
        ("defaults\n  mode http\nbackend b\n  server s 10.0.0.1:80\n", 0, 1),
        ("defaults\n  mode http\n  option forwardfor\nbackend b\n  server s 10.0.0.1:80\n", 1, 0),
        ("backend b\n  mode tcp\n  server s 10.0.0.1:80 send-proxy-v2\n", 1, 0),
        ("backend b\n  mode tcp\n  server s 10.0.0.1:5432\n", 0, 0),
    ],
)  # fmt: skip
def test_haproxy_hands_on_the_clients_address_or_loses_it(
    tmp_path: Path, text: str, kept: int, lost: int
) -> None:
    found = only(tmp_path, ClientAddressSetting, **{"/etc/haproxy/haproxy.cfg": text}).values()
    assert [(len(f.kept), len(f.lost)) for f in found] == ([(kept, lost)] if kept or lost else [])


POSTGRESQL = "/etc/postgresql/15/main/postgresql.conf"


@pytest.mark.parametrize(
    ("text", "shown", "fields"),
    [
        ("", "%m [%p]", ("time", "milliseconds", "session")),
        ("log_line_prefix = '%m [%p] %q%u@%d '", "%m [%p] %q%u@%d",
         ("time", "milliseconds", "user", "session", "database")),
        ("log_line_prefix = '%t %-10u %h '", "%t %-10u %h", ("time", "user", "client")),
        ("log_destination = 'csvlog'\nlogging_collector = on", "csvlog",
         ("time", "milliseconds", "user", "client", "session", "database")),
        # Without the collector csvlog is not written.
        ("log_destination = 'csvlog'", "%m [%p]", ("time", "milliseconds", "session")),
    ],
)  # fmt: skip
def test_the_head_of_postgresqls_lines(
    tmp_path: Path, text: str, shown: str, fields: tuple[str, ...]
) -> None:
    (fact,) = only(tmp_path, DatabaseLineSetting, **{POSTGRESQL: text + "\n"}).values()
    assert fact == DatabaseLineSetting("PostgreSQL", shown, fields)


def logged(fact: LogSourceSetting) -> set[str]:
    return {event.category for event in fact.events if event.logged}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", {"sign_in_failure"}),
        ("log_connections = on\nlog_disconnections = on", {"sign_in_success", "sign_in_failure", "sign_out"}),
        ("log_statement = 'mod'", {"sign_in_failure", "rights_change", "configuration_change",
                                   "modification", "deletion"}),
        ("shared_preload_libraries = 'pgaudit'\npgaudit.log = 'read, write'",
         {"sign_in_failure", "consultation", "search", "export", "modification", "deletion"}),
        ("shared_preload_libraries = 'pgaudit'\npgaudit.log = 'all, -read'",
         {"sign_in_failure", "rights_change", "configuration_change", "modification", "deletion"}),
        # The library is not loaded: pgaudit.log has no effect.
        ("pgaudit.log = 'read'", {"sign_in_failure"}),
    ],
)  # fmt: skip
def test_postgresql_logs_the_events_its_settings_name(
    tmp_path: Path, text: str, expected: set[str]
) -> None:
    (fact,) = only(tmp_path, LogSourceSetting, **{POSTGRESQL: text + "\n"}).values()
    assert logged(fact) == expected


def test_postgresql_that_overwrites_its_log_each_week(tmp_path: Path) -> None:
    text = "logging_collector = on\nlog_filename = 'postgresql-%a.log'\n"
    text += "log_truncate_on_rotation = on\n"
    (fact,) = only(tmp_path, LogRotationSetting, **{POSTGRESQL: text}).values()
    assert (fact.log, fact.days, fact.product) == ("postgresql-%a.log", 7, "PostgreSQL")


MY = "/etc/mysql/my.cnf"


@pytest.mark.parametrize(
    ("text", "statements", "expected"),
    [
        ("[mysqld]\n", "none", set()),
        ("[mysqld]\nserver_audit_logging=ON\nserver_audit_events=CONNECT\n", "none",
         {"sign_in_success", "sign_in_failure", "sign_out"}),
        ("[mysqld]\nserver_audit_logging=ON\nserver_audit_events=CONNECT,QUERY_DML_NO_SELECT\n",
         "server_audit: query_dml_no_select",
         {"sign_in_success", "sign_in_failure", "sign_out", "modification", "deletion"}),
        ("[mysqld]\ngeneral_log=1\n", "general_log",
         {"sign_in_success", "sign_in_failure", "sign_out", "consultation", "search", "export",
          "modification", "deletion", "rights_change", "configuration_change"}),
    ],
)  # fmt: skip
def test_mysql_logs_the_events_its_settings_name(
    tmp_path: Path, text: str, statements: str, expected: set[str]
) -> None:
    seen = observe(tmp_path, **{MY: text})
    (fact,) = facts(seen, DatabaseLogSetting).values()
    assert fact.statements == statements  # type: ignore[attr-defined]
    (source,) = facts(seen, LogSourceSetting).values()
    assert logged(source) == expected  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "text",
    [
        "\0" * 1000,
        "a: &a [x,x]\nb: &b [*a,*a]\n" * 3,
        "{" * 5000,
        "[" * 5000,
        "- " * 5000 + "x",
        "a: !!python/object:os.system [x]\n",
        'action(type="omfwd" target="' + "a" * 100_000,
        "x" * 1_000_000,
    ],
)
def test_a_hostile_file_leaves_a_gap_or_nothing_and_never_an_error(
    tmp_path: Path, text: str
) -> None:
    paths = (RSYSLOG, SYSLOG_NG, LOKI, "/etc/filebeat/filebeat.yml", "/etc/vector/vector.json",
             "/etc/docker/daemon.json", "/srv/logs.json", "/srv/compose.yml", AUDIT, JOURNALD,
             "/var/ossec/etc/ossec.conf", "/etc/chrony/chrony.conf", "/etc/fluent/fluentd.conf",
             "/etc/grafana/provisioning/alerting/a.yaml", "/etc/fail2ban/jail.local",
             "/etc/alloy/a.alloy", "/etc/haproxy/haproxy.cfg", POSTGRESQL, MY)  # fmt: skip
    for seen in observe(tmp_path, **dict.fromkeys(paths, text)):
        assert isinstance(seen, Missing) or str(seen)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder of a real PostgreSQL with one table."""
    folder = tmp_path_factory.mktemp("postgresql")
    user = open_to_postgres(folder)
    initdb = [str(postgres_program().with_name("initdb")), "-D", str(folder / "data"), "-N"]
    subprocess.run(initdb, cwd=folder, check=True, capture_output=True, timeout=60, user=user)
    single(folder, "", "CREATE TABLE dossiers (n int)")
    return folder


def single(folder: Path, settings: str, *statements: str) -> str:
    """Run statements with these settings, and return what PostgreSQL logs."""
    conf = folder / "data/postgresql.conf"
    conf.write_text(settings)
    done = subprocess.run(
        [postgres_program(), "--single", "-j", "-D", folder / "data", "postgres"],
        input="".join(f"{s};\n\n" for s in statements), capture_output=True, text=True, timeout=30,
        check=True, user=open_to_postgres(folder), cwd=folder,
    )  # fmt: skip
    return done.stderr


@pytest.mark.parametrize(
    "settings",
    [
        "",
        "log_statement = 'mod'",
        "log_statement = 'all'",
        "shared_preload_libraries = 'pgaudit'\npgaudit.log = 'read'",
        "shared_preload_libraries = 'pgaudit'\npgaudit.log = 'write'",
        "shared_preload_libraries = 'pgaudit'\npgaudit.log = 'all, -read'",
    ],
)
def test_postgresql_really_logs_what_its_settings_are_read_as(
    tmp_path: Path, cluster: Path, settings: str
) -> None:
    reading, writing = "SELECT n FROM dossiers", "UPDATE dossiers SET n = 2"
    log = single(cluster, settings + "\n", reading, writing)
    (fact,) = only(tmp_path, LogSourceSetting, **{POSTGRESQL: settings + "\n"}).values()
    assert ("consultation" in logged(fact)) == (reading in log)
    assert ("modification" in logged(fact)) == (writing in log)


def test_docker_told_to_drop_lines_is_told_as_switched_off_logging(tmp_path: Path) -> None:
    seen = observe(
        tmp_path,
        **{
            "/etc/docker/daemon.json": '{"log-driver": "none"}',
            "/srv/compose.yml": (
                "services:\n  web:\n    image: x\n    logging: {driver: none}\n"
                "  db:\n    image: y\n    logging: {driver: journald}\n"
            ),
        },
    )
    off = {
        place: fact.events[0]
        for place, fact in facts(seen, LogSourceSetting).items()
        if fact.product == "Docker"
    }
    assert set(off) == {"/etc/docker/daemon.json:1", "/srv/compose.yml:2 web"}
    assert not any(event.logged for event in off.values())
