"""HAProxy, Postfix, Dovecot, MySQL and OpenSSL: what is written, where, and nothing supposed."""

from __future__ import annotations

from pathlib import Path

import pytest

from cnilcheck.collectors.base import Missing, Nothing, Seen
from cnilcheck.collectors.service_configuration import ServiceConfiguration
from cnilcheck.model.facts import SecurityLevelSetting, ServiceEncryption, TlsSetting
from collectors.trees import facts, gaps, look, write

HAPROXY = "/etc/haproxy/haproxy.cfg"
MAIN, MASTER = "/etc/postfix/main.cf", "/etc/postfix/master.cf"
DOVECOT, DOVECOT_SSL = "/etc/dovecot/dovecot.conf", "/etc/dovecot/conf.d/10-ssl.conf"
MY, SERVER = "/etc/mysql/my.cnf", "/etc/mysql/mariadb.conf.d/50-server.cnf"
OPENSSL = "/etc/ssl/openssl.cnf"
ALL = ("SSL 3.0", "TLS 1.0", "TLS 1.1", "TLS 1.2", "TLS 1.3")


def observe(root: Path, **files: str):
    return look(ServiceConfiguration(), write(root, files))


def tls(root: Path, **files: str) -> dict[str, tuple[str, ...]]:
    return {
        place: f.protocols  # type: ignore[attr-defined]
        for place, f in facts(observe(root, **files), TlsSetting).items()
    }


def encryption(root: Path, **files: str) -> dict[str, ServiceEncryption]:
    return facts(observe(root, **files), ServiceEncryption)  # type: ignore[return-value]


def test_what_is_not_installed_has_no_object_and_leaves_no_gap(tmp_path: Path) -> None:
    seen = observe(tmp_path, **{"/etc/hostname": "officine"})
    assert seen == [Nothing("/", f) for f in (TlsSetting, ServiceEncryption, SecurityLevelSetting)]


@pytest.mark.parametrize(
    ("defaults", "bind", "line", "expected"),
    [
        ("ssl-min-ver TLSv1.2", "", 3, ALL[3:]),
        ("ssl-min-ver TLSv1.0 no-tls-tickets", "", 3, ALL[1:]),
        ("no-sslv3 no-tlsv10 no-tlsv11", "", 3, ALL[3:]),
        ("ssl-min-ver TLSv1.2", "ssl-min-ver TLSv1.0", 6, ALL[1:]),
        ("ssl-min-ver TLSv1.2 ssl-max-ver TLSv1.2", "", 3, ALL[3:4]),
        ("no-tls-tickets", "force-tlsv10", 6, ALL[1:2]),
        ("", "ssl-min-ver TLSv1.3 # TLSv1.0", 6, ALL[4:]),
    ],
)
def test_haproxy_bounds_versions_for_all_and_for_one_address(
    tmp_path: Path, defaults: str, bind: str, line: int, expected: tuple[str, ...]
) -> None:
    text = f"""global
    log /dev/log local0
    ssl-default-bind-options {defaults}
frontend patients
    bind :80
    bind :443 ssl crt /etc/ssl/site.pem {bind}
"""
    assert {f"{HAPROXY}:{line}": expected} == tls(tmp_path, **{HAPROXY: text})


def test_haproxy_without_a_lowest_version_depends_on_its_own(tmp_path: Path) -> None:
    text = "global\n  ssl-default-bind-options no-sslv3\nfrontend a\n  bind :443 ssl crt a.pem\n"
    ((place, kind, error),) = gaps(observe(tmp_path, **{HAPROXY: text}))
    assert (place, kind) == (f"{HAPROXY}:2", TlsSetting)
    assert "own default" in str(error)


def test_haproxy_that_ends_no_tls_has_nothing_to_say(tmp_path: Path) -> None:
    seen = observe(tmp_path, **{HAPROXY: "frontend a\n  bind 127.0.0.1:80\n"})
    assert Nothing(HAPROXY, TlsSetting) in seen


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("smtpd_tls_security_level = encrypt", (True, False)),
        ("smtpd_tls_security_level = may\nsmtpd_sasl_auth_enable = yes\nsmtpd_tls_auth_only = yes", (True, False)),
        ("smtpd_use_tls = yes\nsmtpd_sasl_auth_enable=yes\nsmtpd_tls_auth_only = no", (True, True)),
        ("smtpd_tls_security_level = may\nsmtpd_sasl_auth_enable = yes", (True, None)),
        ("smtpd_tls_security_level = none", (False, None)),
        ("level = encrypt\nsmtpd_tls_security_level = $level", (True, False)),
        ("smtpd_tls_security_level = may\nsmtpd_tls_security_level =\n  encrypt", (True, False)),
    ],
)  # fmt: skip
def test_postfix_demands_tls_for_passwords_or_does_not(
    tmp_path: Path, lines: str, expected: tuple[bool, bool | None]
) -> None:
    (fact,) = encryption(tmp_path, **{MAIN: lines + "\n"}).values()
    assert (fact.product, fact.offers_tls, fact.accepts_plaintext) == ("Postfix", *expected)


def test_postfix_services_have_settings_of_their_own(tmp_path: Path) -> None:
    main = "smtpd_tls_security_level = may\nsmtpd_tls_protocols = >=TLSv1.2\n"
    main += "smtpd_tls_mandatory_protocols = !SSLv2, !SSLv3, !TLSv1, !TLSv1.1\n"
    master = """# service type  private unpriv  chroot  wakeup  maxproc command + args
smtp      inet  n       -       y       -       -       smtpd
submission inet n       -       y       -       -       smtpd
  -o smtpd_tls_security_level=encrypt
  -o { smtpd_sasl_auth_enable = yes }
pickup    unix  n       -       y       60      1       pickup
"""
    seen = observe(tmp_path, **{MAIN: main, MASTER: master})
    assert facts(seen, ServiceEncryption) == {
        f"{MASTER}:3": ServiceEncryption("Postfix", True, False)
    }
    assert facts(seen, TlsSetting) == {
        f"{MAIN}:2": TlsSetting("Postfix", ALL[3:]),
        f"{MAIN}:3": TlsSetting("Postfix", ALL[3:]),
    }
    assert gaps(seen) == []


@pytest.mark.parametrize(
    ("protocols", "expected"),
    [
        ("!SSLv2, !SSLv3", ALL[1:]),
        ("!SSLv2,!SSLv3,!TLSv1,!TLSv1.1", ALL[3:]),
        (">=TLSv1", ALL[1:]),
        (">=TLSv1.2, <=TLSv1.2", ALL[3:4]),
        ("TLSv1.2, TLSv1.3", ALL[3:]),
        ("SSLv2", ("SSL 2.0",)),
    ],
)
def test_lists_of_versions_add_take_away_and_bound(
    tmp_path: Path, protocols: str, expected: tuple[str, ...]
) -> None:
    main = f"smtpd_tls_security_level = may\nsmtpd_tls_protocols = {protocols}\n"
    assert {f"{MAIN}:2": expected} == tls(tmp_path, **{MAIN: main})


def test_postfix_that_only_this_machine_reaches_has_nothing_to_encrypt(tmp_path: Path) -> None:
    main = "inet_interfaces = loopback-only\nsmtpd_tls_security_level = none\n"
    seen = observe(tmp_path, **{MAIN: main})
    assert [s for s in seen if isinstance(s, Seen | Missing)] == []


def test_postfix_without_a_word_on_tls_is_a_gap(tmp_path: Path) -> None:
    assert [g[1] for g in gaps(observe(tmp_path, **{MAIN: "myhostname = a\n"}))] == [
        ServiceEncryption
    ]


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("ssl = required", (True, False)),
        ("ssl = yes\ndisable_plaintext_auth = yes", (True, False)),
        ("ssl = yes\ndisable_plaintext_auth = no # pour les essais", (True, True)),
        ("ssl = yes\nauth_allow_cleartext = yes", (True, True)),
        ("ssl = yes", (True, None)),
        ("ssl = no", (False, None)),
        ("ssl = yes\nremote 10.0.0.0/8 {\n  disable_plaintext_auth = no\n}", (True, None)),
    ],
)
def test_dovecot_takes_passwords_over_tls_only_or_does_not(
    tmp_path: Path, lines: str, expected: tuple[bool, bool | None]
) -> None:
    files = {DOVECOT: "protocols = imap\n!include conf.d/*.conf\n", DOVECOT_SSL: lines + "\n"}
    (fact,) = encryption(tmp_path, **files).values()
    assert (fact.product, fact.offers_tls, fact.accepts_plaintext) == ("Dovecot", *expected)


def test_dovecot_versions_are_a_minimum_or_an_older_list(tmp_path: Path) -> None:
    for line, expected in {
        "ssl_min_protocol = TLSv1.2": ALL[3:],
        "ssl_min_protocol = TLSv1": ALL[1:],
        "ssl_min_protocol = LATEST": ALL[4:],
        "ssl_min_protocol = ANY": ALL,
        "ssl_protocols = !SSLv2 !SSLv3": ALL[1:],
    }.items():
        assert {f"{DOVECOT}:2": expected} == tls(tmp_path, **{DOVECOT: f"ssl = yes\n{line}\n"})


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("require_secure_transport = ON", (True, False)),
        ("require-secure-transport", (True, False)),
        ("require_secure_transport = OFF", (True, True)),
        ("port = 3306", (True, None)),
        ("skip-ssl", (False, None)),
        ("ssl = 0", (False, None)),
    ],
)
def test_mariadb_demands_tls_or_does_not(
    tmp_path: Path, lines: str, expected: tuple[bool, bool | None]
) -> None:
    files = {
        MY: "[client]\nssl = 0\n!includedir /etc/mysql/mariadb.conf.d/\n",
        SERVER: f"[mysqld]\nbind-address = 0.0.0.0\n{lines}\n",
    }
    (fact,) = encryption(tmp_path, **files).values()
    assert (fact.product, fact.offers_tls, fact.accepts_plaintext) == ("MariaDB", *expected)


def test_mysql_versions_are_those_of_the_list(tmp_path: Path) -> None:
    text = "[mysqld]\nbind-address=*\ntls_version = 'TLSv1,TLSv1.1,TLSv1.2'\n"
    assert {"/etc/my.cnf:3": ALL[1:4]} == tls(tmp_path, **{"/etc/my.cnf": text})


@pytest.mark.parametrize("line", ["bind-address = 127.0.0.1", "skip-networking", "# rien"])
def test_a_database_that_only_this_machine_reaches_has_nothing_to_encrypt(
    tmp_path: Path, line: str
) -> None:
    section = "[mysqldump]" if line.startswith("#") else "[mysqld]"
    seen = observe(tmp_path, **{MY: f"{section}\n{line}\n"})
    assert [s for s in seen if isinstance(s, Seen | Missing)] == []


def test_openssl_settings_are_followed_to_the_section_in_effect(tmp_path: Path) -> None:
    text = """openssl_conf = default_conf
[elsewhere]
MinProtocol = SSLv3
[default_conf]
ssl_conf = ssl_sect
[ssl_sect]
system_default = system_default_sect
[system_default_sect]
MinProtocol = TLSv1
CipherString = DEFAULT:@SECLEVEL=1 # pour un vieil automate
"""
    seen = observe(tmp_path, **{OPENSSL: text})
    assert facts(seen, TlsSetting) == {f"{OPENSSL}:9": TlsSetting("OpenSSL", ALL[1:])}
    assert facts(seen, SecurityLevelSetting) == {
        f"{OPENSSL}:10": SecurityLevelSetting("OpenSSL", 1)
    }


def test_this_machines_own_openssl_file_is_read_without_a_gap(tmp_path: Path) -> None:
    own = Path(OPENSSL)
    if not own.is_file():
        pytest.skip("no openssl.cnf here")
    seen = observe(tmp_path, **{OPENSSL: own.read_text(errors="replace")})
    assert gaps(seen) == []


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (MAIN, "smtpd_tls_security_level = \0may\n" + "a" * 1_900_000),
        (DOVECOT, "!include dovecot.conf\n"),
        (MY, "[mysqld]\n!includedir /etc/mysql/\n"),
        (OPENSSL, ".include openssl.cnf\n"),
        (HAPROXY, "bind ssl " + "ssl-min-ver " * 150_000),
        (MAIN, "a = " + "$a" * 400_000),
        (MASTER, "smtp inet n - n - - smtpd " + "-o { a=" * 200_000),
    ],
)
def test_hostile_files_end_soon_and_never_in_a_traceback(
    tmp_path: Path, path: str, text: str
) -> None:
    files = {MAIN: "smtpd_tls_security_level = may\n"} if path == MASTER else {}
    seen = observe(tmp_path, **files | {path: text})
    assert all(isinstance(s, Seen | Missing | Nothing) for s in seen)


def test_a_file_that_includes_itself_is_a_gap(tmp_path: Path) -> None:
    seen = observe(tmp_path, **{DOVECOT: "ssl = required\n!include dovecot.conf\n"})
    assert {g[1] for g in gaps(seen)} == {TlsSetting, ServiceEncryption}


def test_a_file_of_ten_megabytes_is_a_gap(tmp_path: Path) -> None:
    seen = observe(tmp_path, **{MAIN: "a" * 10_000_000})
    assert {g[1] for g in gaps(seen)} == {TlsSetting, ServiceEncryption}
