"""Switches that turn sign-in off are heard in many spellings; what only looks like one is not."""

from __future__ import annotations

import pytest

from cnilcheck.collectors.sign_in_switches import switches

OFF = [
    ("/srv/app/.env", "AUTH_ENABLED=false\n"),
    ("/srv/app/.env", "export DISABLE_AUTH=1\n"),
    ("/srv/app/.env", "PORTAL_SKIP_LOGIN=yes\n"),
    ("/srv/app/config.php", "<?php\ndefine('BYPASS_LOGIN', true);\n"),
    ("/srv/app/config.php", "<?php\nreturn [\n  'auth_required' => false,\n];\n"),
    ("/srv/app/settings.py", "REQUIRE_LOGIN = False\n"),
    ("/srv/app/config.js", "const requireAuth = false;\n"),
    ("/srv/app/application.properties", "security.basic.enabled=false\n"),
    ("/etc/elasticsearch/elasticsearch.yml", "xpack:\n  security:\n    enabled: false\n"),
    (
        "/srv/app/config/security.yaml",
        "security:\n  firewalls:\n    main:\n      security: false\n",
    ),
    ("/srv/app/app.js", "// app.use(requireLogin);\n"),
    ("/srv/app/settings.py", 'M = [\n    # "x.LoginRequiredMiddleware",\n]\n'),
    ("/srv/app/views.py", "# @login_required\ndef contract(request):\n    return show()\n"),
    ("/srv/app/routes.php", "<?php\nRoute::get('/c', 'C@x'); // ->middleware('auth');\n"),
    ("/srv/app/page.php", "<?php\n// check_session($_SESSION);\nshow();\n"),
]
ON = [
    ("/srv/app/.env", "AUTH_ENABLED=true\n"),
    ("/srv/app/settings.py", "LOGIN_REQUIRED = True\n"),
    ("/srv/app/config/security.yaml", "security:\n  firewalls:\n    main:\n      security: true\n"),
]
ABOUT_SOMETHING_ELSE = [
    ("/srv/app/.env", "SMTP_AUTH=false\nDEBUG=false\nMAIL_AUTH_ENABLED=false\n"),
    ("/srv/app/.env", "# AUTH_ENABLED=false\n"),
    ("/srv/app/config/security.yaml", "security:\n  firewalls:\n    dev:\n      security: false\n"),
    ("/srv/app/settings.py", "# LOGIN_REQUIRED may be set to False in tests\n"),
    (
        "/srv/app/views.py",
        "# pages use @login_required unless they are public\n\ndef home():\n    pass\n",
    ),
    ("/srv/app/app.js", "// app.use(requireAuth) guards what follows\napp.use(requireAuth);\n"),
]


@pytest.mark.parametrize(("path", "text"), OFF)
def test_a_switch_that_is_off_is_found_at_its_line(path: str, text: str) -> None:
    fact = switches(path, text)
    assert fact is not None
    assert [opening.kind for opening in fact.found] == ["sign_in_off"]
    assert fact.found[0].place.startswith(f"{path}:")


@pytest.mark.parametrize(("path", "text"), ON)
def test_a_switch_that_is_on_is_told_without_an_opening(path: str, text: str) -> None:
    fact = switches(path, text)
    assert fact is not None
    assert fact.found == ()


@pytest.mark.parametrize(("path", "text"), ABOUT_SOMETHING_ELSE)
def test_what_is_about_something_else_says_nothing(path: str, text: str) -> None:
    fact = switches(path, text)
    assert fact is None or fact.found == ()
