"""A real WordPress, as Debian ships it, on PHP's own server and MariaDB; bare, or with a lockout."""

from __future__ import annotations

import getpass
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from collectors.service_lab import free_port, mariadb, program, running
from collectors.sign_in_lab import NAME, PASSWORD

_SHIPPED = Path("/usr/share/wordpress")
_CONFIG = """<?php
define('DB_NAME', 'wordpress'); define('DB_USER', 'root'); define('DB_PASSWORD', '');
define('DB_HOST', '127.0.0.1:{database}'); define('DB_CHARSET', 'utf8mb4'); define('DB_COLLATE', '');
define('WP_HOME', 'http://127.0.0.1:{port}'); define('WP_SITEURL', 'http://127.0.0.1:{port}');
define('WP_HTTP_BLOCK_EXTERNAL', true); define('DISABLE_WP_CRON', true);
define('AUTOMATIC_UPDATER_DISABLED', true); define('WP_DEBUG', false);
$table_prefix = 'wp_';
if (!defined('ABSPATH')) define('ABSPATH', __DIR__ . '/');
require_once ABSPATH . 'wp-settings.php';
"""
_INSTALL = """<?php
mysqli_report(MYSQLI_REPORT_ERROR | MYSQLI_REPORT_STRICT);
$base = new mysqli('localhost', '{user}', '', '', 0, '{socket}');
$base->query('CREATE DATABASE wordpress');
$base->query("GRANT ALL ON wordpress.* TO 'root'@'127.0.0.1'");
define('WP_INSTALLING', true);
$_SERVER['HTTP_HOST'] = '127.0.0.1:{port}';
function wp_new_blog_notification() {{}}
require __DIR__ . '/wp-load.php';
require ABSPATH . 'wp-admin/includes/upgrade.php';
wp_install('Officine', 'titulaire', 'titulaire@example.org', false, '', 'EXAMPLE-not-real-1');
wp_insert_user(['user_login' => 'essai', 'user_email' => '{name}', 'user_pass' => '{password}']);
echo 'installed';
"""
_NO_MAIL = "<?php function wp_mail() { return true; }\n"
LOCK = """<?php
add_filter('authenticate', function ($user, $name) {
    if ($name === '') return $user;
    $key = 'lock_' . md5($name);
    $failures = (int) get_transient($key);
    if ($failures >= 5) return new WP_Error('locked', 'Trop de tentatives. Réessayez dans 15 minutes.');
    if (!is_wp_error($user)) { delete_transient($key); return $user; }
    set_transient($key, $failures + 1, 900);
    return new WP_Error('wrong', 'Identifiant ou mot de passe incorrect.');
}, 99, 2);
add_action('lostpassword_post', function ($errors, $user) {
    if ($user) return;
    wp_safe_redirect('wp-login.php?checkemail=confirm');
    exit;
}, 10, 2);
"""


@contextmanager
def wordpress(folder: Path) -> Iterator[tuple[str, Path]]:
    """The site's address, and the folder of its plugins; one subscriber has an account."""
    php, port, root = program("php"), free_port(), folder / "site"
    shutil.copytree(
        _SHIPPED, root, symlinks=True, ignore=shutil.ignore_patterns("wp-config.php", "languages")
    )
    plugins = root / "wp-content" / "mu-plugins"
    plugins.mkdir(parents=True, exist_ok=True)
    (plugins / "mail.php").write_text(_NO_MAIL)
    base = folder / "database"
    base.mkdir()
    with mariadb(base, False) as database:
        told = {
            "database": database, "port": port, "name": NAME, "password": PASSWORD,
            "user": getpass.getuser(), "socket": base / "s.sock",
        }  # fmt: skip
        (root / "wp-config.php").write_text(_CONFIG.format(**told))
        (root / "install-once.php").write_text(_INSTALL.format(**told))
        made = subprocess.run(
            [php, "install-once.php"], cwd=root, capture_output=True, text=True, timeout=120
        )
        assert "installed" in made.stdout, made.stdout + made.stderr
        (root / "install-once.php").unlink()
        command = [php, "-S", f"127.0.0.1:{port}", "-t", str(root)]
        with running(command, port, folder):
            yield f"http://127.0.0.1:{port}/", plugins
