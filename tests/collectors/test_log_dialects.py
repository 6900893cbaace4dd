"""Every dialect a deployment writes: each line is of its category, with exactly its fields.

The shapes are those each format documents; the names, addresses and times are invented.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple

import pytest

from cnilcheck.collectors.logs import Logs
from cnilcheck.model.facts import LogAccounts, LogCoverage, LogExtent
from cnilcheck.model.scope import LogSource
from cnilcheck.model.words import LogClass
from collectors.trees import facts, look_at_logs

# when, who, act, on, end, from, host, link: the letters under which a row lists what a line says.
LETTERS = {
    "t": "time", "a": "author", "o": "operation", "r": "reference", "e": "outcome", "i": "origin",
    "m": "equipment", "s": "correlation",
}  # fmt: skip


class Dialect(NamedTuple):
    """A log as one program writes it, and what each of its lines is: category and filled fields.

    `odd` are lines a reader must count as unread, none of them an event.
    """

    format: str
    lines: tuple[str, ...]
    told: tuple[str, ...]
    odd: tuple[str, ...] = ()


def js(**fields: object) -> str:
    return json.dumps(fields, ensure_ascii=False)


NOW = 1_793_696_400_000


def ocsf(uid: int, activity: int, status: int = 1, **more: object) -> str:
    shared = {
        "metadata": {
            "version": "1.1.0", "product": {"name": "Portail", "vendor_name": "Essai"},
            "correlation_uid": "c-81",
        },
        "severity_id": 1, "time": NOW, "class_uid": uid, "category_uid": uid // 1000,
        "activity_id": activity, "type_uid": uid * 100 + activity, "status_id": status,
        "src_endpoint": {"ip": "192.0.2.17"}, "device": {"hostname": "app-1"},
    }  # fmt: skip
    return json.dumps(shared | more)


LEA = {"user": {"name": "lea", "uid": "17"}}
DIALECTS: dict[str, Dialect] = {}
DIALECTS["OCSF"] = Dialect(
    "JSON lines",
    (
        ocsf(3002, 1, user={"name": "lea", "uid": "17"}),
        ocsf(3002, 1, 2, user={"name": "lea", "uid": "17"}),
        ocsf(3002, 2, user={"name": "lea"}),
        ocsf(3001, 1, actor=LEA, user={"name": "tom", "uid": "18"}),
        ocsf(6003, 2, actor=LEA, api={"operation": "GetDossier", "request": {"uid": "q-1"}},
             resources=[{"uid": "dossier/4411", "type": "dossier"}]),
        ocsf(6003, 2, 2, actor=LEA, api={"operation": "GetDossier", "response": {"code": 403}},
             resources=[{"uid": "dossier/4412"}]),
        ocsf(6001, 7, actor=LEA, web_resources=[{"uid": "export/9", "url_string": "/export/9"}]),
        ocsf(6005, 7, actor={"user": {"name": "admin"}}, database={"name": "p"}),
        ocsf(6005, 5, actor=LEA, table={"name": "dossiers"}, query_info={"uid": "77"}),
    ),
    (
        "sign_in_success taoeims", "sign_in_failure taoeims", "sign_out taoeims",
        "rights_change taoreims", "consultation taoreims", "access_denied taoreims",
        "export taoreims", "deletion toeims", "modification taoeims",
    ),
    ('{"class_uid": 3002, "activity_id": 1}', '{"class_uid": 3002, "time": 17936964'),
)  # fmt: skip


def fhir(
    subtype: str, action: str, who: str = "Practitioner/p17", outcome: str = "0",
    what: str = "Patient/12", kind: str = "rest",
) -> dict[str, object]:  # fmt: skip
    return {
        "resourceType": "AuditEvent",
        "type": {"system": "http://terminology.hl7.org/CodeSystem/audit-event-type", "code": kind},
        "subtype": [{"system": "http://hl7.org/fhir/restful-interaction", "code": subtype}],
        "action": action, "recorded": "2026-11-03T10:00:00.123+01:00", "outcome": outcome,
        "agent": [
            {"type": {"coding": [{"code": "110153"}]}, "requestor": False, "altId": "6580"},
            {"who": {"reference": who}, "requestor": True,
             "network": {"address": "192.0.2.7", "type": "2"}},
        ],
        "source": {"observer": {"display": "serveur FHIR"}},
        **({"entity": [{"what": {"reference": what}}]} if what else {}),
    }  # fmt: skip


R5 = {
    "resourceType": "AuditEvent",
    "category": [{"coding": [{"code": "rest"}]}], "code": {"coding": [{"code": "read"}]},
    "action": "R", "recorded": "2026-11-03T09:00:00Z",
    "outcome": {"code": {"system": "http://terminology.hl7.org/x", "code": "0"}},
    "agent": [{"who": {"identifier": {"value": "p17"}}, "requestor": True,
               "networkString": "192.0.2.7"}],
    "source": {"observer": {"display": "x"}}, "entity": [{"what": {"reference": "Patient/12"}}],
}  # fmt: skip
DIALECTS["FHIR AuditEvent"] = Dialect(
    "JSON lines",
    (
        json.dumps(fhir("read", "R")), json.dumps(fhir("search-type", "E")),
        json.dumps(fhir("create", "C")), json.dumps(fhir("delete", "D")),
        json.dumps(fhir("read", "R", outcome="8")),
        json.dumps(fhir("110122", "E", kind="110114", what="")),
        json.dumps(fhir("110122", "E", outcome="4", kind="110114", what="")),
        json.dumps(fhir("110123", "E", kind="110114", what="")),
        json.dumps(fhir("update", "U", who="")), json.dumps(R5),
    ),
    (
        "consultation taoreim", "search taoreim", "modification taoreim", "deletion taoreim",
        "access_denied taoreim", "sign_in_success taoeim", "sign_in_failure taoeim",
        "sign_out taoeim", "modification toreim", "consultation taoreim",
    ),
    ('{"resourceType": "AuditEvent", "action": "R"}',
     '{"resourceType": "AuditEvent", "recorded": "hier", "agent": 3}'),
)  # fmt: skip
DIALECTS["auditd"] = Dialect(
    "auditd",
    (
        "type=USER_LOGIN msg=audit(1793696400.123:412): pid=901 uid=0 auid=1001 ses=3 subj=unconfined"
        " msg='op=login id=1001 exe=\"/usr/sbin/sshd\" hostname=192.0.2.9 addr=192.0.2.9"
        " terminal=/dev/pts/0 res=success'\x1dUID=\"root\" AUID=\"lea\" ID=\"lea\"",
        "type=USER_AUTH msg=audit(1793696401.003:413): pid=902 uid=0 auid=4294967295 ses=4294967295"
        " subj=unconfined msg='op=PAM:authentication grantors=? acct=\"tom\" exe=\"/usr/sbin/sshd\""
        " hostname=192.0.2.9 addr=192.0.2.9 terminal=ssh res=failed'\x1dUID=\"root\" AUID=\"unset\"",
        "type=ADD_USER msg=audit(1793696402.000:414): pid=910 uid=0 auid=1001 ses=3 msg='op=adding"
        " user id=1002 exe=\"/usr/sbin/useradd\" hostname=? addr=? terminal=pts/0 res=success'"
        "\x1dUID=\"root\" AUID=\"lea\" ID=\"eve\"",
        "type=SYSCALL msg=audit(1793696403.100:415): arch=c000003e syscall=257 success=yes exit=3"
        " a0=ffffff9c items=1 ppid=1 pid=920 auid=1001 uid=1001 ses=3 comm=\"cat\" exe=\"/usr/bin/cat\""
        " key=\"dossiers\"\x1dARCH=x86_64 SYSCALL=openat AUID=\"lea\" UID=\"lea\"",
        "type=PATH msg=audit(1793696403.100:415): item=0 name=\"/srv/dossiers/12.pdf\" inode=77"
        " nametype=NORMAL",
        "node=db1 type=CONFIG_CHANGE msg=audit(1793696404.000:416): auid=1001 ses=3 op=remove_rule"
        " key=\"dossiers\" list=4 res=1\x1dAUID=\"lea\"",
        "type=DAEMON_START msg=audit(1793696405.000:1): op=start ver=3.0.9 format=enriched"
        " kernel=6.1.0 auid=4294967295 pid=700 uid=0 ses=4294967295 subj=unconfined res=success"
        "\x1dAUID=\"unset\" UID=\"root\"",
        "type=USER_END msg=audit(1793696406.000:417): pid=901 uid=0 auid=1001 ses=3 msg='op=PAM:"
        "session_close acct=\"lea\" exe=\"/usr/sbin/sshd\" hostname=192.0.2.9 addr=192.0.2.9"
        " terminal=ssh res=success'\x1dUID=\"root\" AUID=\"lea\"",
    ),
    (
        "sign_in_success taoeis", "sign_in_failure taoei", "rights_change taoes",
        "none", "none", "configuration_change taorems", "log_change toe", "sign_out taoeis",
    ),
    ("type=USER_LOGIN msg=audit(oops): x", "type= msg=audit(1793696400.123:412): x"),
)  # fmt: skip
MARIA = "20261103 10:00:0{n},db1,{user},192.0.2.7,12,{n},{what}"
DIALECTS["MariaDB audit"] = Dialect(
    "MariaDB audit",
    (
        MARIA.format(n=0, user="lea", what="CONNECT,pharma,,0"),
        MARIA.format(n=1, user="tom", what="FAILED_CONNECT,,,1045"),
        MARIA.format(n=2, user="lea", what="QUERY,pharma,'SELECT nom FROM dossiers WHERE id=12',0"),
        MARIA.format(n=3, user="lea", what="QUERY,pharma,'UPDATE dossiers SET a=\\'x,y\\'',0"),
        MARIA.format(n=4, user="lea", what="READ,pharma,dossiers,"),
        MARIA.format(n=5, user="lea", what="WRITE,pharma,dossiers,"),
        MARIA.format(n=6, user="root", what="QUERY,pharma,'GRANT ALL ON *.* TO eve',0"),
        MARIA.format(n=7, user="lea", what="DROP,pharma,vieux,"),
        MARIA.format(n=8, user="lea", what="DISCONNECT,pharma,,0"),
    ),
    (
        "sign_in_success aoeims", "sign_in_failure aoeims", "consultation aoreims",
        "modification aoreims", "consultation aoreims", "modification aoreims",
        "rights_change oeims", "configuration_change aoeims", "sign_out aoeims",
    ),
    ("20261103 10:00:00,db1,lea,192.0.2.7,12", "20261399 10:00:00,db1,lea,h,1,1,QUERY,p,'x',0"),
)  # fmt: skip
CEF = "CEF:0|Essai|Portail|2.1|{code}|{name}|3|rt={rt} src=192.0.2.7 suser=lea dvchost=app-1 {rest}"
RT = "Nov 03 2026 10:00:00"
DIALECTS["CEF"] = Dialect(
    "CEF",
    (
        CEF.format(code=100, name="Login", rt=RT, rest="act=login outcome=success"),
        CEF.format(code=101, name="Login", rt=NOW, rest="act=login outcome=failure"),
        CEF.format(code=102, name=r"Lire \| voir", rt=RT, rest=r"act=read outcome=success fname=/d/12.pdf msg=a\=b c"),
        CEF.format(code=103, name="Export", rt=RT, rest="externalId=77 cn1=4411 cn1Label=dossier"),
    ),
    ("sign_in_success aoeim", "sign_in_failure taoeim", "consultation aoreim", "export aorims"),
    ("CEF:0|Essai|Portail|2.1|100|Login", "CEF:zero|a|b|c|d|e|f|x=1"),
)  # fmt: skip
LEEF1 = "LEEF:1.0|Essai|Portail|2.1|{event}|devTime={at}\tusrName=lea\tsrc=192.0.2.7\t{rest}"
DIALECTS["LEEF"] = Dialect(
    "LEEF",
    (
        LEEF1.format(event="login", at=RT, rest="outcome=success\tidentHostName=app-1"),
        "LEEF:2.0|Essai|Portail|2.1|read|^|devTime=1793696400000^usrName=lea^src=192.0.2.7"
        "^resource=dossier/12^outcome=success",
        "LEEF:2.0|Essai|Portail|2.1|delete|x7C|devTime=1793696400000|usrName=lea|src=192.0.2.7"
        "|resource=dossier/12|outcome=success",
    ),
    ("sign_in_success aoeim", "consultation taorei", "deletion taorei"),
    ("LEEF:1.0|Essai|Portail", "LEEF:2.0|Essai|Portail|2.1|read|^|devTime=hier^usrName=lea"),
)
DIALECTS["logfmt"] = Dialect(
    "logfmt",
    (
        'time=2026-11-03T10:00:00Z level=info msg="signed in" user=lea ip=192.0.2.7 action=login'
        " status=success request_id=r-1",
        'time=2026-11-03T10:00:01Z level=info msg="dossier lu" user=lea ip=192.0.2.7 action=read'
        " record_id=4411 status=ok host=app-1",
        'ts=2026-11-03T10:00:02Z level=warn msg="refused" user= ip=192.0.2.7 action=read'
        " resource=dossier/12 status=denied",
    ),
    ("sign_in_success taoeis", "consultation taoreim", "access_denied torei"),
    ("level=info msg=sans_heure user=lea", "time=hier level=info user=lea"),
)
DIALECTS["GELF"] = Dialect(
    "JSON lines",
    (
        js(version="1.1", host="app-1", short_message="User lea signed in", timestamp=1793696400.1,
           level=6, _user="lea", _action="login", _outcome="success", _client_ip="192.0.2.7"),
        js(version="1.1", host="app-1", short_message="lecture", timestamp=1793696400, level=6,
           _user_id="17", _action="read", _record_id="4411", _outcome="success",
           _source_ip="192.0.2.7", _request_id="r-1"),
        js(version="1.1", host="site.example", short_message="Failed to login with username",
           timestamp=1793696400.5, level=4, _logger="SimpleUserLogger",
           _message_key="user_login_failed", _initiator="web_user",
           _server_remote_addr="192.0.2.9"),
    ),
    ("sign_in_success taoeim", "consultation taoreims", "sign_in_failure toeim"),
    ('{"version": "1.1", "host": "app-1", "short_message": "sans heure"}',),
)  # fmt: skip
DIALECTS["pino and bunyan"] = Dialect(
    "JSON lines",
    (
        js(level=30, time=NOW, pid=7, hostname="app-1", reqId="q-1", user={"id": "u17"},
           req={"id": 1, "method": "GET", "url": "/dossiers/12", "remoteAddress": "192.0.2.7"},
           res={"statusCode": 200}, responseTime=12, msg="request completed"),
        js(name="portail", hostname="app-1", pid=7, level=30, msg="handled", v=0,
           time="2026-11-03T09:00:00.000Z", req_id="q-2", remoteAddress="192.0.2.7",
           req={"method": "POST", "url": "/connexion"}, res={"statusCode": 401}),
        js(name="portail", hostname="app-1", pid=7, level=50, v=0, time="2026-11-03T09:00:01.000Z",
           msg="export des dossiers", user={"id": "u17"}),
    ),
    ("consultation taoreims", "sign_in_failure toeims", "export taom"),
    ('{"level":30,"pid":7,"msg":"sans heure"}', '{"level":30,"time":1793696400000,"msg":"coup'),
)  # fmt: skip
DIALECTS["Monolog"] = Dialect(
    "Monolog",
    (
        '[2026-11-03T10:00:00.123456+01:00] security.INFO: Connexion {"user":"lea","action":"login",'
        '"outcome":"success","ip":"192.0.2.7"} []',
        '[2026-11-03T10:00:01.000000+01:00] app.NOTICE: Dossier lu {"user_id":17,"action":"read",'
        '"record_id":4411,"outcome":"success"} {"ip":"192.0.2.7","request_id":"q-1"}',
        "[2026-11-03T10:00:02.000000+01:00] app.ERROR: Accès refusé, user=lea from 192.0.2.7 [] []",
    ),
    ("sign_in_success taoei", "consultation taoreis", "access_denied taoei"),
    ("[pas une date] app.INFO: x {} []",),
)
DIALECTS["Monolog JSON"] = Dialect(
    "JSON lines",
    (
        js(message="Dossier lu", context={"user": "lea", "action": "read", "record_id": 4411},
           level=200, level_name="INFO", channel="app", datetime="2026-11-03T10:00:00.1+01:00",
           extra={"ip": "192.0.2.7", "uid": "q1"}),
    ),
    ("consultation taorim",),
    ('{"message":"x","context":{},"level":200}',),
)  # fmt: skip
DIALECTS["Spring"] = Dialect(
    "dated text",
    (
        "2026-11-03T10:00:00.123+01:00  INFO 42 --- [portail] [nio-8080-exec-1] f.p.DossierController"
        " : user=lea action=read dossier=4411 outcome=success ip=192.0.2.7",
        "2026-11-03T10:00:01.123+01:00  WARN 42 --- [portail] [nio-8080-exec-2] o.s.s.a.AuthListener"
        " : Failed login for user tom from 192.0.2.9",
        "\tat org.springframework.web.Filter.doFilter(Filter.java:12)",
    ),
    ("consultation taorei", "sign_in_failure taoei"),
    ("0 [main] INFO sans date",),
)
DIALECTS["Spring ECS"] = Dialect(
    "JSON lines",
    (
        json.dumps({"@timestamp": "2026-11-03T09:00:00.123Z", "log": {"level": "INFO"},
                    "process": {"pid": 42}, "service": {"name": "portail"}, "message": "lecture",
                    "event": {"action": "read", "outcome": "success"}, "user": {"id": "17"},
                    "source": {"ip": "192.0.2.7"}, "url": {"path": "/dossiers/12"},
                    "trace": {"id": "t-1"}, "ecs": {"version": "8.11"}}),
        json.dumps({"@timestamp": "2026-11-03T09:00:00.123+01:00", "@version": "1",
                    "message": "user_login", "logger_name": "f.p.Auth", "level": "INFO",
                    "level_value": 20000, "user": "lea", "outcome": "success"}),
    ),
    ("consultation taoreims", "sign_in_success taoem"),
)  # fmt: skip
DIALECTS["Django"] = Dialect(
    "Django",
    (
        '[03/Nov/2026 10:00:00] "GET /dossiers/12/ HTTP/1.1" 200 512',
        '[03/Nov/2026 10:00:01] "POST /connexion/ HTTP/1.1" 302 0',
        '[03/Nov/2026 10:00:02] "POST /connexion/ HTTP/1.1" 403 0',
    ),
    ("consultation ore", "sign_in_success oe", "sign_in_failure oe"),
    ('[03/Foo/2026 10:00:02] "GET / HTTP/1.1" 200 0',),
)
DIALECTS["Django verbose"] = Dialect(
    "dated text",
    (
        "INFO 2026-11-03 10:00:00,123 views 42 1400 user=lea read dossier 4411 status=ok",
        "WARNING 2026-11-03 10:00:01,123 auth 42 1400 login failed for user tom from 192.0.2.9",
    ),
    ("consultation aore", "sign_in_failure aoei"),
    ("INFO views sans date",),
)
HAPROXY = (
    "192.0.2.9:33317 [03/Nov/2026:10:00:00.655] http-in~ app/srv1 10/0/30/69/109 {status} 2750 - -"
    ' ---- 1/1/1/1/0 0/0 {{app.example}} {{}} "{request} HTTP/1.1"'
)
DIALECTS["HAProxy"] = Dialect(
    "syslog RFC 3164",
    (
        "Nov  3 10:00:00 lb haproxy[14389]: "
        + HAPROXY.format(status=200, request="GET /dossiers/12"),
        "Nov  3 10:00:01 lb haproxy[14389]: "
        + HAPROXY.format(status=401, request="POST /connexion"),
        "Nov  3 10:00:02 lb haproxy[14389]: Server app/srv1 is DOWN, reason: Layer4 timeout",
        "Nov  3 10:00:03 lb haproxy[14389]: 192.0.2.9:33317 [03/Nov/2026:10:00:03.655] http-in"
        ' http-in/<NOSRV> -1/-1/-1/-1/0 400 0 - - PR-- 0/0/0/0/0 0/0 "<BADREQ>"',
    ),
    ("consultation oreim", "sign_in_failure oeim", "none", "none"),
    ("Foo  3 10:00:00 lb haproxy[14389]: x",),
)
DIALECTS["HAProxy raw"] = Dialect(
    "HAProxy",
    (
        HAPROXY.format(status=200, request="GET /dossiers/12"),
        HAPROXY.format(status=403, request="GET /dossiers/13"),
    ),
    ("consultation orei", "access_denied orei"),
    ("192.0.2.9:33317 [03/Foo/2026:10:00:00.655] http-in~ a/b 1/2/3/4/5 200 1 x",),
)
PG = '2026-11-03 10:00:0{n}.123 CET,"lea","pharma",42,"192.0.2.7:55012",67f0.2a,{n},"{tag}",2026-11-03 09:00:00 CET,3/4,0,{level},00000,"{text}",,,,,,,,,"psql","client backend",,0'
DIALECTS["pgAudit"] = Dialect(
    "PostgreSQL csvlog",
    (
        PG.format(n=1, tag="authentication", level="LOG", text="connection authorized: user=lea database=pharma"),
        PG.format(n=2, tag="SELECT", level="LOG", text='AUDIT: SESSION,1,1,READ,SELECT,TABLE,public.dossiers,""SELECT nom,\nage FROM dossiers"",<none>'),
        PG.format(n=3, tag="UPDATE", level="LOG", text="AUDIT: SESSION,2,1,WRITE,UPDATE,TABLE,public.dossiers,UPDATE dossiers SET a=1,<none>"),
        PG.format(n=4, tag="DELETE", level="LOG", text="AUDIT: SESSION,3,1,WRITE,DELETE,TABLE,public.dossiers,DELETE FROM dossiers,<none>"),
        PG.format(n=5, tag="GRANT", level="LOG", text="AUDIT: SESSION,4,1,ROLE,GRANT,TABLE,,GRANT SELECT ON dossiers TO tom,<none>"),
        PG.format(n=6, tag="ALTER TABLE", level="LOG", text="AUDIT: SESSION,5,1,DDL,ALTER TABLE,TABLE,public.dossiers,ALTER TABLE dossiers ADD b int,<none>"),
        PG.format(n=7, tag="authentication", level="FATAL", text='password authentication failed for user ""lea""'),
        PG.format(n=8, tag="idle", level="LOG", text="disconnection: session time: 0:00:01.2 user=lea database=pharma host=192.0.2.7"),
    ),
    (
        "sign_in_success taoeims", "consultation taoreims", "modification taoreims",
        "deletion taoreims", "rights_change taoreims", "configuration_change taoreims",
        "sign_in_failure taoeims", "sign_out taoims",
    ),
    ('2026-99-03 10:00:00.123 CET,"lea","p",1,"h",1.a,1,"x"',),
)  # fmt: skip
PGE = "2026-11-03 10:00:0{n}.123 CET [42] lea@pharma LOG:  AUDIT: SESSION,{n},1,{what},<none>"
DIALECTS["pgAudit, stderr"] = Dialect(
    "PostgreSQL",
    (
        PGE.format(n=1, what="READ,SELECT,TABLE,public.dossiers,SELECT 1 FROM dossiers"),
        PGE.format(n=2, what="WRITE,INSERT,TABLE,public.dossiers,INSERT INTO dossiers VALUES (1)"),
        PGE.format(
            n=3, what="READ,SELECT,TABLE,public.deleted_items,SELECT updated FROM deleted_items"
        ),
    ),
    ("consultation taorems", "modification taorems", "consultation taorems"),
)
WSAL = (
    "ID,Severity,Date,User,IP,Object,Event Type,Message\n"
    "1000,Low,2026-11-03 10:00:00,lea,192.0.2.7,User,Login,User logged in.\n"
    "1002,Medium,2026-11-03 10:00:01,tom,192.0.2.9,User,Failed Login,1 failed login(s)\n"
    "1001,Low,2026-11-03 10:00:02,lea,192.0.2.7,User,Logout,User logged out.\n"
    "2065,Low,2026-11-03 10:00:03,lea,192.0.2.7,Post,Modified,Modified the post Essai ID: 12\n"
    "5001,High,2026-11-03 10:00:04,admin,192.0.2.7,Plugin,Activated,Activated the plugin x\n"
    "4000,Critical,2026-11-03 10:00:05,System,,User,Created,New user eve was created\n"
)
DIALECTS["WP Activity Log"] = Dialect(
    "CSV",
    tuple(WSAL.splitlines()),
    (
        "sign_in_success aoi",
        "sign_in_failure aoei",
        "sign_out aoi",
        "modification aoi",
        "configuration_change oi",
        "rights_change o",
    ),
    ("9999,Low,jamais,lea,192.0.2.7,User,Login,x",),
)
SH = "2026-11-03 09:00:0{n},2026-11-03 10:00:0{n},{rest}"
DIALECTS["Simple History"] = Dialect(
    "Simple History",
    (
        SH.format(
            n=0,
            rest='SimpleUserLogger,info,wp_user,user_logged_in,lea@example.org,lea,editor,"lea (lea@example.org) 10:00","Logged in",1',
        ),
        SH.format(
            n=1,
            rest='SimpleUserLogger,warning,web_user,user_login_failed,,,,"Anonymous web user","Failed to login with username ""tom""",3',
        ),
        SH.format(
            n=2,
            rest='SimpleUserLogger,info,wp_user,user_logged_out,lea@example.org,lea,editor,"lea","Logged out",1',
        ),
        SH.format(
            n=3,
            rest='SimplePostLogger,info,wp_user,post_updated,lea@example.org,lea,editor,"lea","Updated page ""Tarifs""",1',
        ),
        SH.format(
            n=4,
            rest='SimplePluginLogger,info,wp_user,plugin_activated,admin@example.org,admin,administrator,"admin","Activated plugin",1',
        ),
        SH.format(
            n=5,
            rest='SimpleUserLogger,info,wp_user,user_created,lea@example.org,lea,editor,"lea","Created user eve",1',
        ),
    ),
    (
        "sign_in_success taoe",
        "sign_in_failure toe",
        "sign_out tao",
        "modification tao",
        "configuration_change to",
        "rights_change tao",
    ),
    ("jamais,2026-11-03 10:00:00,SimpleUserLogger,info,wp_user,user_logged_in,,,,a,b,1",),
)
ROWS = [
    {"id": "7", "logger": "SimpleUserLogger", "level": "info", "date": "2026-11-03 09:00:00",
     "message": "Logged in", "initiator": "wp_user", "context_message_key": "user_logged_in",
     "context": {"_user_id": "2", "_user_login": "lea", "_server_remote_addr": "192.0.2.7"}},
    {"id": "8", "logger": "SimplePostLogger", "level": "info", "date": "2026-11-03 09:00:01",
     "message": "Trashed post", "initiator": "wp_user", "context_message_key": "post_trashed",
     "context": {"_user_login": "lea", "_server_remote_addr": "192.0.2.7", "post_id": "12"}},
]  # fmt: skip
DIALECTS["Simple History, JSON"] = Dialect(
    "JSON lines",
    ("[", *(json.dumps(row) + end for row, end in zip(ROWS, (",", "]"), strict=True))),
    ("sign_in_success aoeim", "deletion aorim"),
    ('{"logger": "SimpleUserLogger", "message": "sans date"},',),
)


@pytest.mark.parametrize("name", DIALECTS)
def test_each_line_is_of_its_category_with_exactly_its_fields(name: str, tmp_path: Path) -> None:
    dialect = DIALECTS[name]
    (tmp_path / "a.log").write_text("\n".join(dialect.lines) + "\n")
    seen = look_at_logs(Logs(), tmp_path, LogSource("a.log", LogClass.APPLICATION_ACCESS))
    coverage = facts(seen, LogCoverage)["a.log"]
    wanted = [told.split(" ") for told in dialect.told]
    assert coverage.format == dialect.format
    assert (coverage.lines, coverage.unparsed) == (len(wanted), 0)
    assert coverage.unclassified == sum(told == ["none"] for told in wanted)
    assert {e.category: e.events for e in coverage.events} == count(wanted)
    for event in coverage.events:
        filled = {LETTERS[x] for c, *rest in wanted if c == event.category for x in "".join(rest)}
        assert {f.field for f in event.fields if f.filled} == filled, event.category
        for one in event.fields:
            letter = next(k for k, v in LETTERS.items() if v == one.field)
            exact = sum(c == event.category and letter in "".join(r) for c, *r in wanted)
            assert one.filled == exact, (event.category, one.field)


def count(wanted: list[list[str]]) -> dict[str, int]:
    names = [category for category, *_ in wanted if category != "none"]
    return {name: names.count(name) for name in names}


@pytest.mark.parametrize("name", [name for name, dialect in DIALECTS.items() if dialect.odd])
def test_a_malformed_line_is_counted_as_unread_and_is_no_event(name: str, tmp_path: Path) -> None:
    dialect = DIALECTS[name]
    whole = dialect.lines if dialect.format == "CSV" else dialect.lines * 12
    text = "\n".join((*whole, *dialect.lines[1:] * 12 * (dialect.format == "CSV"), *dialect.odd))
    (tmp_path / "a.log").write_text(text + "\n")
    seen = look_at_logs(Logs(), tmp_path, LogSource("a.log", LogClass.APPLICATION_ACCESS))
    extent = facts(seen, LogExtent)["a.log"]
    assert extent.unparsed == len(dialect.odd)
    assert len(extent.samples) == min(len(dialect.odd), 3)
    assert facts(seen, LogAccounts)["a.log"].people <= 3
