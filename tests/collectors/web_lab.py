"""Real web servers on loopback, each weak and strict: Apache with PHP, WordPress, phpMyAdmin."""

from __future__ import annotations

import os
import shutil
import struct
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from collectors.service_lab import free_port, mariadb, program, running, running_as_root

_MODULES = Path("/usr/lib/apache2/modules")
_WORDPRESS = Path("/usr/share/wordpress")
_PHPMYADMIN = Path("/usr/share/phpmyadmin")

# An invented NIR whose key is right: 97 - 1850375123456 mod 97.
NIR = f"1850375123456{97 - 1850375123456 % 97:02d}"
CSV = f"nom;prenom;nir;courriel\nDurand;Anne;{NIR};a.durand@example.org\n" * 4
ENV = "APP_ENV=prod\nDB_HOST=db\nDB_PASSWORD=not-a-real-one-9\n"
HOME = (
    "<!doctype html><html><title>Accueil</title><link rel=stylesheet href=/assets/site.css>"
    "<p>Bonjour</html>"
)


def promised(path: Path) -> Path:
    """The path of an installed file; without it the test is skipped, and fails in CI."""
    if not path.exists():
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"{path} is not installed")
    return path


def planted(root: Path) -> Path:
    """A document root with what should not be there: the strict servers refuse to give it out."""
    for folder in ("assets", "exports", ".git/logs", ".svn", "config", "sauvegardes", "logs"):
        (root / folder).mkdir(parents=True)
    files = {
        "index.html": HOME, "assets/site.css": "p { color: black }\n", ".env": ENV,
        "exports/export.csv": CSV, ".git/HEAD": "ref: refs/heads/main\n",
        ".git/config": "[core]\n\trepositoryformatversion = 0\n\tbare = false\n",
        ".svn/entries": "12\n", ".htpasswd": "admin:$apr1$abcdefgh$0123456789012345678901\n",
        "backup.sql": "-- MySQL dump 10.13\nCREATE TABLE p (a int);\nINSERT INTO p VALUES (1);\n",
        "docker-compose.yml": "services:\n  db:\n    image: postgres:15\n",
        "composer.lock": '{"content-hash": "00", "packages": []}',
        "logs/access.log": '192.0.2.1 - - [01/Jan/2026:10:00:00 +0100] "GET / HTTP/1.1" 200 12\n' * 5,
        "openapi.json": '{"openapi": "3.0.1", "info": {"title": "API"}, "paths": {}}',
        "sauvegardes/site.zip": "",
    }  # fmt: skip
    for name, text in files.items():
        (root / name).write_text(text, "utf-8")
    (root / "sauvegardes" / "site.zip").unlink()
    return root


PLANTED = {
    "/.env": "configuration", "/exports/export.csv": "data_extract", "/.git/HEAD": "version_control",
    "/.svn/entries": "version_control", "/.htpasswd": "configuration", "/backup.sql": "database_dump",
    "/docker-compose.yml": "configuration", "/composer.lock": "diagnostic_page",
    "/logs/access.log": "log", "/openapi.json": "diagnostic_page",
}  # fmt: skip
LISTED = {"/assets/", "/exports/", "/sauvegardes/", "/logs/", "/config/"}


@contextmanager
def apache(folder: Path, sites: dict[int, str]) -> Iterator[None]:
    """Apache with PHP; each port has the directives of its own."""
    modules = [
        "mpm_prefork", "authz_core", "authz_host", "authn_core", "dir", "alias", "mime", "autoindex",
        "status", "rewrite", "headers", "env", "setenvif", "php",
    ]  # fmt: skip
    loaded = "\n".join(
        f"LoadModule {name}_module {promised(_MODULES / f'{stem}.so')}"
        for name in modules
        for stem in [f"mod_{name}" if name != "php" else _php_module()]
    )
    hosts = "\n".join(
        f"Listen 127.0.0.1:{port}\n<VirtualHost 127.0.0.1:{port}>\n{text}\n</VirtualHost>"
        for port, text in sites.items()
    )
    user = "User www-data\nGroup www-data\n" if running_as_root() else ""
    (folder / "apache.conf").write_text(
        f"{loaded}\n{user}ServerRoot {folder}\nPidFile {folder}/apache.pid\nServerName localhost\n"
        f"ErrorLog {folder}/error.log\nMutex file:{folder} default\nDirectoryIndex index.php index.html\n"
        "TypesConfig /etc/mime.types\n<FilesMatch \\.php$>\nSetHandler application/x-httpd-php\n</FilesMatch>\n"
        f"StartServers 6\nServerLimit 64\nMaxRequestWorkers 64\nKeepAliveTimeout 5\nMaxKeepAliveRequests 0\n{hosts}\n"
    )
    command = [program("apache2"), "-DFOREGROUND", "-f", f"{folder}/apache.conf"]
    with running(command, next(iter(sites)), folder):
        yield


def _php_module() -> str:
    found = sorted(_MODULES.glob("libphp*.so"))
    return found[-1].stem if found else "libphp"


def weak_site(root: Path) -> str:
    """Directives of an Apache that lists, echoes and tells."""
    return (
        f"DocumentRoot {root}\nTraceEnable on\n"
        f"<Directory {root}>\nOptions +Indexes\nRequire all granted\n</Directory>\n"
        "<Location /server-status>\nSetHandler server-status\nRequire all granted\n</Location>\n"
    )


def strict_site(root: Path) -> str:
    """The same files behind an Apache that keeps them to itself."""
    return (
        f"DocumentRoot {root}\nTraceEnable off\n"
        f"<Directory {root}>\nOptions -Indexes\nAllowOverride None\nRequire all granted\n</Directory>\n"
        '<FilesMatch "(^\\.|\\.(?:csv|sql|bak|log|lock|ya?ml)$)">\nRequire all denied\n</FilesMatch>\n'
        '<DirectoryMatch "/\\.(?:git|svn)">\nRequire all denied\n</DirectoryMatch>\n'
        "<Location /openapi.json>\nRequire ip 192.0.2.0/24\n</Location>\n"
        "<Location /server-status>\nSetHandler server-status\nRequire ip 192.0.2.0/24\n</Location>\n"
    )


def phpmyadmin_site(open_to_all: bool) -> str:
    """Directives for Debian's phpMyAdmin, reached by everybody or by a network."""
    who = "all granted" if open_to_all else "ip 192.0.2.0/24"
    return f"Alias /phpmyadmin {promised(_PHPMYADMIN)}\n<Directory {_PHPMYADMIN}>\nRequire {who}\n</Directory>\n"


@contextmanager
def wordpress(folder: Path) -> Iterator[tuple[Path, Path]]:
    """Two WordPress sites, installed in one MariaDB: as many are run, and as it should be."""
    promised(_WORDPRESS / "wp-load.php")
    (folder / "db").mkdir()
    with mariadb(folder / "db", closed=False) as port:
        weak = _site(folder / "weak", port, strict=False)
        strict = _site(folder / "strict", port, strict=True)
        yield weak, strict


def _site(root: Path, database: int, *, strict: bool) -> Path:
    shutil.copytree(_WORDPRESS, root, ignore=shutil.ignore_patterns("wp-config.php", "upgrade"))
    debug = "" if strict else "define('WP_DEBUG', true);define('WP_DEBUG_DISPLAY', false);"
    (root / "wp-config.php").write_text(
        "<?php\ndefine('DB_NAME','site');define('DB_USER','root');define('DB_PASSWORD','');"
        f"define('DB_HOST','127.0.0.1:{database}');define('DB_CHARSET','utf8mb4');\n"
        f"$table_prefix='{'s' if strict else 'w'}_';{debug}\n"
        "define('AUTH_KEY','x');define('DISABLE_WP_CRON',true);define('WP_HTTP_BLOCK_EXTERNAL',true);\n"
        "$h='http://'.($_SERVER['HTTP_HOST'] ?? 'localhost');define('WP_HOME',$h);define('WP_SITEURL',$h);\n"
        "if(!defined('ABSPATH'))define('ABSPATH',__DIR__.'/');require_once ABSPATH.'wp-settings.php';\n"
    )
    making = (
        # Pluggable: what is there before WordPress defines its own stays.
        "function wp_mail(...$a){return true;}$m=new mysqli('localhost','root','','',0,$argv[1]);"
        "$m->query('CREATE DATABASE IF NOT EXISTS site');"
        "$m->query('GRANT ALL ON site.* TO root@127.0.0.1');"
        "define('WP_INSTALLING',true);require $argv[2].'/wp-load.php';"
        "require ABSPATH.'wp-admin/includes/upgrade.php';"
        "wp_install('Pharmacie','admin','admin@example.org',true,'','EXAMPLE-not-real');"
        "update_option('template','pharmacie');update_option('stylesheet','pharmacie');"
        "update_option('permalink_structure','/%postname%/');"
    )
    subprocess.run(
        [program("php"), "-d", "display_errors=1", "-r", making, f"{root.parent}/db/s.sock", str(root)],
        check=True, capture_output=True, timeout=60, env={"PATH": os.environ["PATH"], "HTTP_HOST": "localhost"},
    )  # fmt: skip
    content = root / "wp-content"
    theme = content / "themes" / "pharmacie"
    theme.mkdir(parents=True, exist_ok=True)
    (theme / "style.css").write_text("/* Theme Name: Pharmacie */\n")
    (theme / "index.php").write_text(
        "<!doctype html><html><head><title><?php bloginfo('name'); ?></title><?php wp_head(); ?>"
        "<link rel=stylesheet href=<?php echo get_stylesheet_uri(); ?>></head><body>"
        "<?php if (is_404()) { echo 'Cette page est introuvable.'; } else { while (have_posts()) {"
        " the_post(); the_title('<h2>', '</h2>'); the_content(); } } ?></body></html>"
    )
    (content / "uploads" / "wpforms").mkdir(parents=True, exist_ok=True)
    (content / "uploads" / "wpforms" / "reponses.csv").write_text(CSV)
    (content / "debug.log").write_text(
        "[01-Jan-2026 10:00:00 UTC] PHP Notice: a in /srv/a.php on line 1\n" * 5
    )
    (root / "wp-config.php.bak").write_text("<?php\ndefine('DB_PASSWORD', 'not-a-real-one-9');\n")
    if strict:
        (content / "mu-plugins").mkdir()
        (content / "mu-plugins" / "closed.php").write_text(
            "<?php\nadd_filter('rest_endpoints', function ($e) {"
            " return array_filter($e, fn($k) => !str_contains($k, '/users'), ARRAY_FILTER_USE_KEY); });\n"
            "add_filter('wp_sitemaps_add_provider', fn($p, $n) => $n === 'users' ? false : $p, 10, 2);\n"
            "remove_action('wp_head', 'wp_generator');\n"
        )
    for path in (root, *root.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644) if not path.is_symlink() else None
    return root


def wordpress_site(root: Path, *, strict: bool) -> str:
    """Directives for a WordPress; the strict one refuses what visitors have no business with."""
    options = "-Indexes" if strict else "+Indexes"
    closed = (
        '<FilesMatch "(^xmlrpc\\.php$|^readme\\.html$|^wp-links-opml\\.php$|\\.(?:bak|log|csv)$)">\n'
        "Require all denied\n</FilesMatch>\n"
    )
    return (
        f"DocumentRoot {root}\n<Directory {root}>\nOptions {options} +FollowSymLinks\n"
        # The rules WordPress writes itself.
        "Require all granted\nRewriteEngine On\nRewriteBase /\nRewriteRule ^index\\.php$ - [L]\n"
        "RewriteCond %{REQUEST_FILENAME} !-f\nRewriteCond %{REQUEST_FILENAME} !-d\n"
        "RewriteRule . /index.php [L]\n</Directory>\n"
        "<Directory /usr/share>\nRequire all granted\n</Directory>\n" + (closed if strict else "")
    )


def dicom(patient: str) -> bytes:
    """A small DICOM file of an invented patient (PS3.10, explicit VR little endian)."""

    def element(group: int, number: int, kind: str, value: bytes) -> bytes:
        value += (b"\x00" if kind in ("UI", "OB") else b" ") * (len(value) % 2)
        head = struct.pack("<HH2s", group, number, kind.encode())
        size = struct.pack("<HI", 0, len(value)) if kind == "OB" else struct.pack("<H", len(value))
        return head + size + value

    image, syntax = b"1.2.840.10008.5.1.4.1.1.7", b"1.2.840.10008.1.2.1"
    meta = b"".join(
        [
            element(2, 1, "OB", b"\x00\x01"),
            element(2, 2, "UI", image),
            element(2, 3, "UI", b"1.2.3.4.1"),
            element(2, 0x10, "UI", syntax),
            element(2, 0x12, "UI", b"1.2.3"),
        ]
    )
    length = element(2, 0, "UL", struct.pack("<I", len(meta)))
    body = b"".join(
        [
            element(8, 0x16, "UI", image),
            element(8, 0x18, "UI", b"1.2.3.4.1"),
            element(8, 0x60, "CS", b"OT"),
            element(0x10, 0x10, "PN", patient.encode()),
            element(0x10, 0x20, "LO", b"P1"),
            element(0x20, 0xD, "UI", b"1.2.3.4.2"),
            element(0x20, 0xE, "UI", b"1.2.3.4.3"),
        ]
    )
    return b"\x00" * 128 + b"DICM" + length + meta + body


@contextmanager
def orthanc_web(folder: Path, *, strict: bool) -> Iterator[str]:
    """Orthanc over HTTP with DICOMweb, one invented patient in it; the twin asks who is there."""
    import json
    import urllib.request

    port = free_port()
    plugin = Path("/usr/share/orthanc/plugins/libOrthancDicomWeb.so")
    settings = {
        "StorageDirectory": str(folder / "db"), "IndexDirectory": str(folder / "db"),
        "HttpPort": port, "RemoteAccessAllowed": True, "DicomServerEnabled": False,
        "AuthenticationEnabled": strict, "RegisteredUsers": {"x": "EXAMPLE-not-real"},
        "Plugins": [str(promised(plugin))],
    }  # fmt: skip
    (folder / "orthanc.json").write_text(json.dumps(settings))
    with running([program("Orthanc"), str(folder / "orthanc.json")], port, folder):
        url = f"http://127.0.0.1:{port}/"
        if not strict:
            asked = urllib.request.Request(f"{url}instances", dicom("DURAND^ANNE"), method="POST")
            with urllib.request.urlopen(asked, timeout=5) as answer:
                assert answer.status == 200
        yield url
