"""nginx and Apache: what is in effect, at the line that says so."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from cnilcheck.collectors.base import Missing, Nothing
from cnilcheck.collectors.web_server import WebServerConfiguration
from cnilcheck.errors import Malformed, NotReadable
from cnilcheck.model.facts import AccessLogSetting, DirectoryListingSetting, TlsSetting
from collectors.trees import facts, gaps, look, write

MAIN = "/etc/nginx/nginx.conf"
SITE = "/etc/nginx/sites-enabled/a.conf"
HTTP = "events {}\nhttp {\n access_log /var/log/nginx/access.log;\n include /etc/nginx/sites-enabled/*;\n}\n"


def observe(root: Path, files: dict[str, str]):
    return look(WebServerConfiguration(), write(root, files))


def logs(root: Path, site: str, http: str = HTTP) -> AccessLogSetting:
    return facts(observe(root, {MAIN: http, SITE: site}), AccessLogSetting)[MAIN]


def test_a_log_switched_off_in_a_location_is_told_with_its_place(tmp_path: Path) -> None:
    seen = logs(
        tmp_path, "server {\n location / { }\n location /resultats/ {\n  access_log off;\n }\n}\n"
    )
    assert seen.on == (f"{MAIN}:3 http",)
    assert seen.off == (f"{SITE}:4 location /resultats/",)


def test_a_log_to_dev_null_is_off(tmp_path: Path) -> None:
    seen = logs(tmp_path, "server { access_log /dev/null; server_name a.fr; }")
    assert seen.off == (f"{SITE}:1 server a.fr",)


def test_what_nobody_inherits_is_not_in_effect(tmp_path: Path) -> None:
    http = HTTP.replace("/var/log/nginx/access.log", "off")
    seen = logs(tmp_path, "server { access_log /var/log/nginx/a.log; location /x { } }", http)
    assert seen.off == ()
    covered = "server { access_log off; location / { access_log /var/log/nginx/a.log; } }"
    assert logs(tmp_path, covered).off == ()


def test_a_log_switched_off_for_all_is_told_once_where_it_is_written(tmp_path: Path) -> None:
    http = HTTP.replace("/var/log/nginx/access.log", "off")
    seen = logs(tmp_path, "server { } server { location /a { } location /b { } }", http)
    assert (seen.on, seen.off) == ((), (f"{MAIN}:3 http",))


def test_without_a_directive_nginx_logs(tmp_path: Path) -> None:
    seen = logs(
        tmp_path, "server { server_name a.fr; }", HTTP.replace("access_log", "# access_log")
    )
    assert seen.on == (f"{SITE}:1 server a.fr",)
    assert seen.off == ()


def test_two_logs_of_one_level_both_apply(tmp_path: Path) -> None:
    seen = logs(tmp_path, "server { access_log /dev/null; access_log /var/log/nginx/a.log; }")
    assert seen.off == ()


def test_listing_and_tls_come_from_the_directive_in_effect(tmp_path: Path) -> None:
    site = (
        "server {\n listen 443 ssl;\n ssl_protocols TLSv1 TLSv1.2;\n"
        " location /a/ {\n  autoindex on;\n }\n location /b/ { autoindex off; }\n}\n"
    )
    seen = observe(tmp_path, {MAIN: HTTP, SITE: site})
    listing = facts(seen, DirectoryListingSetting)[MAIN]
    assert listing.places == (f"{SITE}:5 location /a/",)
    tls = facts(seen, TlsSetting)
    assert {place: fact.protocols for place, fact in tls.items()} == {
        f"{SITE}:3": ("TLS 1.0", "TLS 1.2")
    }


def test_tls_versions_without_a_tls_server_are_nobodys(tmp_path: Path) -> None:
    http = HTTP.replace(" include", " ssl_protocols TLSv1;\n include")
    seen = observe(tmp_path, {MAIN: http, SITE: "server { listen 80; }"})
    assert [s.of for s in seen if isinstance(s, Nothing)] == [TlsSetting]


def test_nginxs_own_default_versions_are_a_gap(tmp_path: Path) -> None:
    seen = observe(tmp_path, {MAIN: HTTP, SITE: "server { listen 443 ssl; }"})
    ((place, fact, error),) = gaps(seen)
    assert (place, fact) == (f"{SITE}:1", TlsSetting)
    assert "default" in str(error)


def test_included_files_stay_below_the_root(tmp_path: Path) -> None:
    (tmp_path / "secret.conf").write_text("server { access_log off; }")
    root = tmp_path / "root"
    http = HTTP.replace("/etc/nginx/sites-enabled/*", f"{tmp_path}/secret.conf")
    seen = observe(root, {MAIN: http})
    assert {g[0] for g in gaps(seen)} == {f"{MAIN}:4"}
    assert all(isinstance(g[2], NotReadable) for g in gaps(seen))


def test_relative_includes_and_links_work_as_on_the_server(tmp_path: Path) -> None:
    http = HTTP.replace("/etc/nginx/sites-enabled/*", "sites-enabled/*.conf")
    available = "/etc/nginx/sites-available/a.conf"
    write(tmp_path, {MAIN: http, available: "server { access_log off; }"})
    (tmp_path / "etc/nginx/sites-enabled").mkdir()
    (tmp_path / "etc/nginx/sites-enabled/a.conf").symlink_to(available)
    seen = facts(look(WebServerConfiguration(), tmp_path), AccessLogSetting)[MAIN]
    assert seen.off == (f"{SITE}:1 server",)


def test_missing_lists_of_types_do_not_matter(tmp_path: Path) -> None:
    http = HTTP.replace(" include", " include /etc/nginx/mime.types;\n include")
    assert gaps(observe(tmp_path, {MAIN: http, SITE: "server { }"})) == []


@pytest.mark.parametrize(
    "text",
    [
        "http {",
        "}}}",
        "http { server {\n",
        "a b c",
        "{" * 3000,
        "http {" * 3000 + "}" * 3000,
        "\0\0\0",
    ],
)
def test_a_broken_file_is_a_gap_and_never_a_traceback(tmp_path: Path, text: str) -> None:
    with pytest.raises(Malformed):
        observe(tmp_path, {MAIN: text})


def test_a_broken_site_leaves_the_others_and_a_gap(tmp_path: Path) -> None:
    seen = observe(
        tmp_path, {MAIN: HTTP, SITE: "server {", "/etc/nginx/sites-enabled/b": "server {}"}
    )
    assert facts(seen, AccessLogSetting)[MAIN].on
    assert {fact for _, fact, _ in gaps(seen)} == set(WebServerConfiguration.yields)


def test_files_that_include_one_another_end(tmp_path: Path) -> None:
    seen = observe(tmp_path, {MAIN: "include nginx.conf;\n" * 3 + "http { server { } }"})
    assert gaps(seen)


def test_without_a_web_server_there_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(NotReadable, match="no web server configuration"):
        observe(tmp_path, {"/etc/hosts": ""})


@pytest.mark.skipif(not Path(MAIN).is_file(), reason="no nginx on this machine")
def test_a_real_debian_tree_is_read() -> None:
    seen = look(WebServerConfiguration(), "/")
    assert facts(seen, AccessLogSetting)[MAIN].on
    assert not any(isinstance(s, Missing) and isinstance(s.error, Malformed) for s in seen)


APACHE = "/etc/apache2/apache2.conf"
DEBIAN = (
    "IncludeOptional mods-enabled/*.load\n"
    "<Directory /var/www/>\n\tOptions Indexes FollowSymLinks\n\tAllowOverride None\n</Directory>\n"
    'LogFormat "%h %l %u %t \\"%r\\" %>s %O" common\n'
    "IncludeOptional conf-enabled/*.conf\nIncludeOptional sites-enabled/*.conf\n"
)
HOST = "/etc/apache2/sites-enabled/000-default.conf"


def test_an_apache_host_without_a_log_is_told(tmp_path: Path) -> None:
    seen = observe(
        tmp_path,
        {
            APACHE: DEBIAN,
            HOST: "<VirtualHost *:80>\n CustomLog ${APACHE_LOG_DIR}/access.log combined\n</VirtualHost>\n"
            "<VirtualHost *:443>\n SSLEngine on\n SSLProtocol all -SSLv3 -TLSv1\n</VirtualHost>\n",
        },
    )
    logs = facts(seen, AccessLogSetting)[APACHE]
    assert logs.on == (f"{HOST}:2 virtualhost *:80",)
    assert logs.off == (f"{HOST}:4 virtualhost *:443 without CustomLog",)
    assert facts(seen, TlsSetting)[f"{HOST}:6"].protocols == ("TLS 1.1", "TLS 1.2", "TLS 1.3")
    assert facts(seen, DirectoryListingSetting)[APACHE].places == (
        f"{APACHE}:3 directory /var/www/",
    )


def test_apaches_main_log_serves_hosts_without_their_own(tmp_path: Path) -> None:
    other = "/etc/apache2/conf-enabled/other-vhosts-access-log.conf"
    seen = observe(
        tmp_path,
        {
            APACHE: DEBIAN.replace("Options Indexes", "Options -Indexes"),
            other: "CustomLog /var/log/apache2/other.log vhost_combined\n",
            HOST: "<VirtualHost *:443>\n SSLEngine on\n</VirtualHost>\n",
        },
    )
    assert facts(seen, AccessLogSetting)[APACHE].off == ()
    assert facts(seen, DirectoryListingSetting)[APACHE].places == ()
    assert [(place, fact) for place, fact, _ in gaps(seen)] == [(f"{HOST}:2", TlsSetting)]


def test_apache_lists_nothing_without_the_module_that_does(tmp_path: Path) -> None:
    module = {"/etc/apache2/mods-enabled/dir.load": "LoadModule dir_module /x.so\n"}
    seen = observe(tmp_path, {APACHE: DEBIAN, **module})
    assert facts(seen, DirectoryListingSetting)[APACHE].places == ()


@pytest.mark.skipif(sys.platform == "win32" or os.getuid() != 0, reason="needs another user")
def test_a_folder_of_sites_that_may_not_be_listed_is_a_gap(tmp_path: Path) -> None:
    root = write(tmp_path, {MAIN: HTTP, SITE: "server { access_log off; }"})
    (root / "etc/nginx/sites-enabled").chmod(0)
    for folder in (root, *root.parents):
        if folder == Path("/tmp"):
            break
        folder.chmod(0o755)
    child = os.fork()
    if child == 0:
        os.setuid(65534)
        seen = gaps(look(WebServerConfiguration(), root))
        os._exit(0 if {fact for _, fact, _ in seen} == set(WebServerConfiguration.yields) else 1)
    assert os.waitpid(child, 0)[1] == 0
