"""PAM, pwquality, faillock and login.defs as Debian and Red Hat lay them out."""

from __future__ import annotations

from pathlib import Path

import pytest

from cnilcheck.collectors.sign_in_configuration import SignInConfiguration
from cnilcheck.model.facts import AccountPolicy, SignInOpenings
from cnilcheck.model.scope import Lockout
from collectors.trees import facts, gaps, look, write

DEBIAN = {
    "/etc/pam.d/sshd": "@include common-auth\naccount required pam_nologin.so\n@include common-password\n",
    "/etc/pam.d/common-auth": "auth\t[success=1 default=ignore]\tpam_unix.so nullok\n"
    "auth\trequisite\tpam_deny.so\nauth\trequired\tpam_permit.so\n",
    "/etc/pam.d/common-password": "password\t[success=1 default=ignore]\tpam_unix.so obscure yescrypt\n"
    "password\trequisite\tpam_deny.so\n",
    "/etc/login.defs": "PASS_MAX_DAYS\t99999\nPASS_MIN_DAYS\t0\n",
    "/etc/shadow": "root:*:19000:0:99999:7:::\nsecours::19000:0:99999:7:::\n",
}
STRICT = {
    **DEBIAN,
    "/etc/pam.d/common-auth": "auth required pam_faillock.so preauth\n"
    "auth\t[success=1 default=ignore]\tpam_unix.so\n"
    "auth [default=die] pam_faillock.so authfail\nauth required pam_google_authenticator.so\n",
    "/etc/pam.d/common-password": "password requisite pam_pwquality.so retry=3\n"
    "password [success=1 default=ignore] pam_unix.so obscure use_authtok yescrypt\n",
    "/etc/security/pwquality.conf": "# local\nminlen = 14\nucredit = -1\nlcredit = -1\ndcredit = -1\n",
    "/etc/security/faillock.conf": "deny = 5\nunlock_time = 900\n",
    "/etc/shadow": "root:*:19000:0:99999:7:::\n",
}


def read(root: Path, files: dict[str, str]):
    return look(SignInConfiguration(), write(root, files))


def test_a_debian_as_delivered_takes_six_characters(tmp_path: Path) -> None:
    seen = read(tmp_path, DEBIAN)
    ((place, fact),) = facts(seen, AccountPolicy).items()
    assert place == "/etc/pam.d/common-password:1"
    assert (fact.minimum_length, fact.character_classes, fact.lockout) == (6, 1, "none")
    assert fact.expires_after_days == 0
    (openings,) = facts(seen, SignInOpenings).values()
    (opening,) = openings.found
    assert (opening.kind, opening.place) == ("empty_password", "/etc/pam.d/common-auth:1")


def test_a_strict_server_is_read_through_its_includes(tmp_path: Path) -> None:
    seen = read(tmp_path, STRICT)
    (fact,) = facts(seen, AccountPolicy).values()
    assert (fact.minimum_length, fact.character_classes) == (14, 3)
    assert fact.lockout == Lockout(after_attempts=5, unlocked_after_seconds=900)
    assert fact.factors == ("password", "totp")
    (openings,) = facts(seen, SignInOpenings).values()
    assert openings.found == ()
    assert not gaps(seen)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("pam_pwquality.so minlen=12 minclass=4", (12, 4)),
        ("pam_pwquality.so minlen=12 dcredit=2", (10, 1)),
        ("pam_cracklib.so minlen=12", (8, 1)),
        ("pam_cracklib.so minlen=12 ucredit=-1 lcredit=-1 dcredit=-1 ocredit=-1", (12, 4)),
        ("pam_unix.so minlen=10", (10, 1)),
        ("pam_passwdqc.so min=disabled,24,11,8,7", (None, None)),
    ],
)
def test_credits_shorten_and_demands_add_classes(
    tmp_path: Path, line: str, expected: tuple[int | None, int | None]
) -> None:
    files = {"/etc/pam.d/common-password": f"password requisite {line}\n"}
    (fact,) = facts(read(tmp_path, files), AccountPolicy).values()
    assert (fact.minimum_length, fact.character_classes) == expected


def test_red_hat_counts_failures_in_the_line_itself(tmp_path: Path) -> None:
    files = {
        "/etc/pam.d/system-auth": "auth required pam_faillock.so preauth deny=20 unlock_time=0\n"
        "auth sufficient pam_unix.so nullok\npassword requisite \\\n pam_pwquality.so \\\n minlen=9\n"
    }
    seen = read(tmp_path, files)
    ((place, fact),) = facts(seen, AccountPolicy).items()
    assert fact.lockout == Lockout(after_attempts=20)
    assert (place, fact.minimum_length) == ("/etc/pam.d/system-auth:3", 9)


def test_files_that_include_one_another_end(tmp_path: Path) -> None:
    files = {
        "/etc/pam.d/common-auth": "@include common-auth\nauth include system-auth\n" * 500,
        "/etc/pam.d/system-auth": "auth include common-auth\n\x00\xff" * 500,
        "/etc/login.defs": "PASS_MAX_DAYS " + "9" * 5000,
    }
    assert not facts(read(tmp_path, files), AccountPolicy)


def test_a_file_of_the_copy_that_is_missing_is_a_gap(tmp_path: Path) -> None:
    files = {"/etc/pam.d/sshd": "@include common-auth\nauth required pam_unix.so\n"}
    assert [place for place, _, _ in gaps(read(tmp_path, files))] == ["/etc/pam.d/common-auth"]
