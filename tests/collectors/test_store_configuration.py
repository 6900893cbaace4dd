"""Servers of files and of data: whom their settings let in, and nothing supposed."""

from __future__ import annotations

from pathlib import Path

import pytest

from cnilcheck.collectors.base import Nothing
from cnilcheck.collectors.store_configuration import StoreConfiguration
from cnilcheck.model.facts import ServiceAccess, ServiceEncryption
from collectors.trees import facts, gaps, look, write

VSFTPD, PROFTPD = "/etc/vsftpd.conf", "/etc/proftpd/proftpd.conf"
PURE = "/etc/pure-ftpd/conf"
REDIS, MONGO = "/etc/redis/redis.conf", "/etc/mongod.conf"
ELASTIC, OPENSEARCH = "/etc/elasticsearch/elasticsearch.yml", "/etc/opensearch/opensearch.yml"
NFS, SAMBA, RSYNC = "/etc/exports", "/etc/samba/smb.conf", "/etc/rsyncd.conf"


def access(root: Path, files: dict[str, str]) -> dict[str, str]:
    seen = look(StoreConfiguration(), write(root, files))
    return {place: fact.sign_in for place, fact in facts(seen, ServiceAccess).items()}  # type: ignore[attr-defined]


def encryption(root: Path, files: dict[str, str]) -> tuple[bool, bool | None]:
    seen = look(StoreConfiguration(), write(root, files))
    (fact,) = facts(seen, ServiceEncryption).values()
    assert isinstance(fact, ServiceEncryption)
    return fact.offers_tls, fact.accepts_plaintext


@pytest.mark.parametrize(
    ("path", "text", "place", "expected"),
    [
        (VSFTPD, "anonymous_enable=YES\n", f"{VSFTPD}:1", "none"),
        (VSFTPD, "anonymous_enable=NO\n", f"{VSFTPD}:1", "password"),
        (VSFTPD, "#anonymous_enable=NO\n", VSFTPD, "none"),
        (PROFTPD, "Port 21\n<Anonymous ~ftp>\n</Anonymous>\n", f"{PROFTPD}:2", "none"),
        (PROFTPD, "Port 21\n# <Anonymous ~ftp>\n", PROFTPD, "password"),
        (f"{PURE}/NoAnonymous", "no\n", f"{PURE}/NoAnonymous", "none"),
        (f"{PURE}/NoAnonymous", "yes\n", f"{PURE}/NoAnonymous", "password"),
        (RSYNC, "uid = nobody\n[images]\npath = /srv\n", RSYNC, "none"),
        (RSYNC, "[images]\npath = /srv\nauth users = a\n", RSYNC, "credentials"),
        (RSYNC, "hosts allow = 10.0.0.0/8\n[images]\npath = /srv\n", RSYNC, "credentials"),
        (NFS, "# rien\n/srv *(rw,sync)\n", f"{NFS}:2", "none"),
        (NFS, "/srv (ro)\n", f"{NFS}:1", "none"),
        (NFS, "/srv 10.0.0.0/24(rw) *.example(ro)\n", NFS, "refused"),
        (NFS, "/srv *(rw,sec=krb5p)\n", NFS, "refused"),
        (SAMBA, "[global]\nmap to guest = Bad User\n[a]\nguest ok = yes\n", f"{SAMBA}:4", "none"),
        (SAMBA, "[global]\nsecurity = user\n[a]\nguest ok = yes\n", SAMBA, "password"),
        (SAMBA, "[global]\nmap to guest = Bad User\n[a]\nguest ok = no\n", SAMBA, "password"),
        (SAMBA, "[global]\nmap to guest=Bad User\n[print$]\nguest ok=yes\n", SAMBA, "password"),
        (REDIS, "bind 0.0.0.0\nprotected-mode no\n", f"{REDIS}:2", "none"),
        (REDIS, "protected-mode no\n", f"{REDIS}:1", "none"),
        (REDIS, "bind 0.0.0.0\n", f"{REDIS}:1", "refused"),
        (REDIS, "bind 0.0.0.0\nprotected-mode no\nrequirepass x\n", REDIS, "password"),
        (REDIS, "bind 10.0.0.1\nprotected-mode no\nuser default on >x ~* +@all\n", REDIS, "password"),
        (MONGO, "net:\n  bindIp: 0.0.0.0\n", f"{MONGO}:2", "none"),
        (MONGO, "net:\n  bindIpAll: true\n", f"{MONGO}:2", "none"),
        (MONGO, "net.bindIp: 127.0.0.1,10.0.0.1\n", f"{MONGO}:1", "none"),
        (MONGO, "net:\n bindIp: 0.0.0.0\nsecurity:\n authorization: enabled\n", f"{MONGO}:2", "credentials"),
        (MONGO, "net:\n bindIp: 0.0.0.0\nsecurity:\n keyFile: /etc/key\n", f"{MONGO}:2", "credentials"),
        (MONGO, "dbpath = /var/lib\nbind_ip = 0.0.0.0\n", f"{MONGO}:2", "none"),
        (MONGO, "bind_ip = 0.0.0.0\nauth = true\n", f"{MONGO}:1", "credentials"),
        (ELASTIC, "network.host: 0.0.0.0\nxpack.security.enabled: false\n", f"{ELASTIC}:2", "none"),
        (ELASTIC, "network.host: _site_\nxpack.security.enabled: true\n", f"{ELASTIC}:2", "credentials"),
        (OPENSEARCH, "network.host: 0.0.0.0\nplugins.security.disabled: true\n", f"{OPENSEARCH}:2", "none"),
        (OPENSEARCH, "network.host: 0.0.0.0\nplugins.security.disabled: false\n", f"{OPENSEARCH}:2", "credentials"),
    ],
)  # fmt: skip
def test_settings_say_whom_they_let_in(
    tmp_path: Path, path: str, text: str, place: str, expected: str
) -> None:
    assert access(tmp_path, {path: text}) == {place: expected}


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (REDIS, "bind 127.0.0.1 -::1\nprotected-mode no\n"),
        (REDIS, "# bind 0.0.0.0\n"),
        (MONGO, "net:\n  bindIp: 127.0.0.1\n"),
        (MONGO, "storage:\n  dbPath: /var/lib/mongodb\n"),
        (ELASTIC, "xpack.security.enabled: false\n"),
        (ELASTIC, "network.host: _local_\nxpack.security.enabled: false\n"),
        (VSFTPD, "listen_address=127.0.0.1\nanonymous_enable=YES\n"),
        (NFS, "# /srv *(rw)\n"),
        (RSYNC, "uid = nobody\n"),
        ("/etc/hostname", "officine\n"),
    ],
)
def test_what_only_its_own_machine_reaches_has_no_object(
    tmp_path: Path, path: str, text: str
) -> None:
    seen = look(StoreConfiguration(), write(tmp_path, {path: text}))
    assert seen == [Nothing("/", ServiceAccess), Nothing("/", ServiceEncryption)]


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        (VSFTPD, "local_enable=YES\nanonymous_enable=NO\n", (False, True)),
        (VSFTPD, "local_enable=YES\nanonymous_enable=NO\nssl_enable=YES\n", (True, False)),
        (VSFTPD, "anonymous_enable=YES\nssl_enable=YES\n", (True, True)),
        (
            VSFTPD,
            "local_enable=YES\nanonymous_enable=NO\nssl_enable=YES\nforce_local_data_ssl=NO\n",
            (True, True),
        ),
        (PROFTPD, "#TLSEngine on\n", (False, True)),
        (PROFTPD, "TLSEngine on\nTLSRequired on\n", (True, False)),
        (PROFTPD, "TLSEngine on\n", (True, True)),
        (f"{PURE}/TLS", "1\n", (True, True)),
        (f"{PURE}/TLS", "2\n", (True, False)),
        (f"{PURE}/NoAnonymous", "yes\n", (False, True)),
    ],
)
def test_ftp_is_encrypted_where_it_must_be(
    tmp_path: Path, path: str, text: str, expected: tuple[bool, bool | None]
) -> None:
    assert encryption(tmp_path, {path: text}) == expected


def test_what_proftpd_includes_counts(tmp_path: Path) -> None:
    files = {
        PROFTPD: "Include /etc/proftpd/tls.conf\nInclude /etc/proftpd/conf.d/\n",
        "/etc/proftpd/tls.conf": "TLSEngine on\nTLSRequired on\n",
        "/etc/proftpd/conf.d/a.conf": "<Anonymous /srv>\n</Anonymous>\n",
    }
    assert encryption(tmp_path, files) == (True, False)
    assert access(tmp_path, files) == {"/etc/proftpd/conf.d/a.conf:1": "none"}


def test_a_default_that_depends_on_the_version_is_a_gap(tmp_path: Path) -> None:
    seen = look(StoreConfiguration(), write(tmp_path, {ELASTIC: "network.host: 0.0.0.0\n"}))
    assert facts(seen, ServiceAccess) == {}
    assert [(place, fact) for place, fact, _ in gaps(seen)] == [(ELASTIC, ServiceAccess)]


@pytest.mark.parametrize("path", [VSFTPD, PROFTPD, REDIS, MONGO, ELASTIC, NFS, SAMBA, RSYNC])
@pytest.mark.parametrize("text", ["", "\0\0", "[" * 5000, "a" * 100_000, "= =\n(((\n[\n:\n- *a"])
def test_nonsense_is_no_finding(tmp_path: Path, path: str, text: str) -> None:
    allowed = {"none"} if path == VSFTPD else {"password", "refused", "credentials"}
    assert set(access(tmp_path, {path: text}).values()) <= allowed
