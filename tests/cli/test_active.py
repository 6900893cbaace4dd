"""`scan --active`: consent first, the exit code, and what it says of the account afterwards."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from collectors.sign_in_lab import NAME, OTHER, PASSWORD, Place, serving

GIVEN = "authorisation: {given_by: Mme Exemple, reference: A, valid_until: 2099-01-01}\n"
ACCOUNT = f"""    login: /connexion
    test_account:
      name: {NAME}
      password: {{env: LENT_PASSWORD}}
      consented_by: Mme Exemple
      signed_in: /compte
"""
CHANGED = "      change: /change\n      other_password: {file: other.txt}\n"


def written(folder: Path, url: str, given: str = GIVEN, account: str = ACCOUNT) -> Path:
    path = folder / "scope.yaml"
    path.write_text(f"version: 1\n{given}targets:\n  - url: {url}\n{account}", encoding="utf-8")
    (folder / "other.txt").write_text(OTHER + "\n", encoding="utf-8")
    return path


def started(scope: Path, *options: str, password: str = PASSWORD) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "cnilcheck", "scan", "--scope", str(scope), "-q"]
    # A job in the background of a shell inherits a SIGINT that is ignored.
    return subprocess.Popen(
        [*command, "--out", str(scope.parent / "audit"), *options],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env=os.environ | {"LENT_PASSWORD": password, "CNILCHECK_LANG": "en", "LANG": "C.UTF-8"},
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("given", "account", "password", "said"),
    [
        ("", ACCOUNT, PASSWORD, "--active: no authorisation"),
        (GIVEN, "", PASSWORD, "--active: no test account is lent"),
        (GIVEN, ACCOUNT, "", "targets[0].test_account.password.env"),
        (
            GIVEN,
            ACCOUNT.replace("consented_by: Mme Exemple", "consented_by: ''"),
            "",
            "consented_by",
        ),
        (GIVEN, ACCOUNT.replace("{env: LENT_PASSWORD}", PASSWORD), "", "never written in a scope"),
        (GIVEN, ACCOUNT.replace("env", "enf"), "", "did you mean `env`"),
        (GIVEN, ACCOUNT.replace("{env: LENT_PASSWORD}", "{}"), "", "either `env` or `file`"),
        (GIVEN, ACCOUNT.replace("{env: LENT_PASSWORD}", "{file: none}"), "", "cannot be read"),
        (GIVEN, ACCOUNT + "      idle_minutes: 100000\n", PASSWORD, "idle_minutes"),
        (GIVEN.replace("2099", "2020"), ACCOUNT, PASSWORD, "expired"),
    ],
)
def test_without_consent_one_line_and_nothing_is_contacted(
    tmp_path: Path, given: str, account: str, password: str, said: str
) -> None:
    place = Place()
    with serving(place) as url:
        process = started(written(tmp_path, url, given, account), "--active", password=password)
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 2
    assert said in errors
    assert len(errors.strip().splitlines()) == 1
    assert PASSWORD not in errors
    assert place.sent == []
    assert not (tmp_path / "audit").exists()


def test_an_active_audit_says_how_it_leaves_the_account_and_hides_the_password(
    tmp_path: Path,
) -> None:
    place = Place(locks_after=10)
    with serving(place) as url:
        process = started(written(tmp_path, url), "--active")
        told, errors = process.communicate(timeout=120)
    assert "it may be locked" in errors or "peut-être bloqué" in errors
    assert place.wrongly_sent() == 10
    for path in (tmp_path / "audit").iterdir():
        assert PASSWORD not in path.read_text(encoding="utf-8", errors="replace"), path.name
    assert PASSWORD not in told + errors


def test_without_active_no_password_is_sent(tmp_path: Path) -> None:
    place = Place()
    with serving(place) as url:
        process = started(written(tmp_path, url))
        process.communicate(timeout=120)
    assert place.sent == []


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_audit_puts_the_password_back_before_it_ends(
    tmp_path: Path, sent: signal.Signals
) -> None:
    place = Place()
    with serving(place) as url:
        process = started(written(tmp_path, url, account=ACCOUNT + CHANGED), "--active")

        def interrupt(_place: Place) -> None:
            if len(place.changes) == 1:
                process.send_signal(sent)
            else:
                # Longer than an interrupted audit waits for its instruments.
                time.sleep(4)

        place.on_change = interrupt
        process.communicate(timeout=120)
    assert place.changes == [OTHER, PASSWORD]
    assert place.password == PASSWORD
