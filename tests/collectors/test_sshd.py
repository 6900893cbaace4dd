"""sshd_config: the first value wins, Match blocks state their own, and nothing is supposed."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
from pathlib import Path

import pytest

from cnilcheck.collectors.base import Nothing
from cnilcheck.collectors.sshd import SshConfiguration
from cnilcheck.errors import CollectionError
from cnilcheck.model.facts import SshAlgorithmSetting, SshSignInSetting
from collectors.trees import facts, gaps, look, write

CONF = "/etc/ssh/sshd_config"


def observe(root: Path, text: str, **more: str):
    files = {CONF: text} | {f"/etc/ssh/{name}": content for name, content in more.items()}
    return look(SshConfiguration(), write(root, files))


def sign_ins(root: Path, text: str, **more: str) -> dict[str, SshSignInSetting]:
    return facts(observe(root, text, **more), SshSignInSetting)  # type: ignore[return-value]


def test_a_tree_without_an_ssh_server_has_nothing_to_look_at(tmp_path: Path) -> None:
    seen = look(SshConfiguration(), tmp_path)
    assert seen == [Nothing(CONF, SshSignInSetting), Nothing(CONF, SshAlgorithmSetting)]


def test_what_is_not_stated_stays_unknown(tmp_path: Path) -> None:
    (fact,) = sign_ins(tmp_path, "#PasswordAuthentication no\nPort 22\n").values()
    assert fact == SshSignInSetting("", None, None, None, None)


def test_the_first_value_wins_also_over_included_files(tmp_path: Path) -> None:
    text = 'Include sshd_config.d/*.conf\nPasswordAuthentication yes\npermitrootlogin="no"\n'
    more = {"sshd_config.d/10.conf": "passwordauthentication = no # durci\nPermitRootLogin yes\n"}
    found = sign_ins(tmp_path, text, **more)
    assert found == {CONF: SshSignInSetting("", "yes", False, None, None)}


def test_old_words_mean_the_new_ones(tmp_path: Path) -> None:
    text = "ChallengeResponseAuthentication no\nPermitRootLogin without-password\n"
    (fact,) = sign_ins(tmp_path, text).values()
    assert (fact.keyboard_interactive, fact.root) == (False, "prohibit-password")


def test_a_match_block_that_changes_how_to_sign_in_is_told_apart(tmp_path: Path) -> None:
    text = """PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin no
Match User sauvegarde Address 10.0.0.0/8
    PasswordAuthentication yes
Match Group sftp
    ChrootDirectory /srv/sftp
Match all
    AuthenticationMethods publickey,password publickey
"""
    assert sign_ins(tmp_path, text) == {
        CONF: SshSignInSetting("", "no", False, False, None, ("publickey,password", "publickey")),
        f"{CONF}:4": SshSignInSetting(
            "User sauvegarde Address 10.0.0.0/8",
            None,
            True,
            False,
            None,
            ("publickey,password", "publickey"),
        ),
    }


def test_a_match_block_ends_with_its_file(tmp_path: Path) -> None:
    text = "Include sshd_config.d/*.conf\nPasswordAuthentication no\n"
    more = {"sshd_config.d/a.conf": "Match User b\n  PasswordAuthentication yes\n"}
    found = sign_ins(tmp_path, text, **more)
    assert {place: fact.password for place, fact in found.items()} == {
        CONF: False,
        "/etc/ssh/sshd_config.d/a.conf:1": True,
    }


def test_algorithms_named_are_told_and_those_taken_away_are_not(tmp_path: Path) -> None:
    text = "Ciphers +3des-cbc\nMACs -hmac-sha1\nKexAlgorithms curve25519-sha256,diffie-hellman-group1-sha1\n"
    (fact,) = facts(observe(tmp_path, text), SshAlgorithmSetting).values()
    assert fact == SshAlgorithmSetting(
        ("3des-cbc",), None, ("curve25519-sha256", "diffie-hellman-group1-sha1"), None
    )


def test_the_servers_own_choice_of_algorithms_has_no_rule(tmp_path: Path) -> None:
    assert Nothing(CONF, SshAlgorithmSetting) in observe(tmp_path, "Port 22\n")


@pytest.mark.parametrize(
    "text",
    [
        "Include /etc/ssh/sshd_config\nPasswordAuthentication no\n",
        "Include /etc/ssh/*\n" * 40,
        "Match User a\n" * 100_000,
        'Ciphers "' + "a," * 900_000,
        "PasswordAuthentication \0yes\n\0\0\n",
        "x" * 10_000_000,
        "=\n==\n= =\nMatch\nInclude\nCiphers =\n",
    ],
)
def test_hostile_files_end_soon_and_never_in_a_traceback(tmp_path: Path, text: str) -> None:
    with contextlib.suppress(CollectionError):
        observe(tmp_path, text)


def test_an_include_that_turns_in_a_circle_is_a_gap(tmp_path: Path) -> None:
    seen = observe(tmp_path, "PasswordAuthentication no\nInclude /etc/ssh/sshd_config\n")
    assert {g[1] for g in gaps(seen)} == {SshSignInSetting, SshAlgorithmSetting}


@pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="no OpenSSH here")
@pytest.mark.parametrize(
    "text",
    [
        "PasswordAuthentication no\nPermitRootLogin prohibit-password\nPasswordAuthentication yes\n",
        "PermitRootLogin=yes\nKbdInteractiveAuthentication no\nPermitEmptyPasswords yes\n",
        'AuthenticationMethods publickey,password "publickey,keyboard-interactive"\n',
        "Ciphers aes256-ctr,aes128-ctr\nMACs hmac-sha2-256\nMatch User a\nPasswordAuthentication no\n",
        "PermitRootLogin no\nMatch all\nPermitRootLogin yes\n",
    ],
)
def test_openssh_itself_reads_the_same(tmp_path: Path, text: str) -> None:
    program = shutil.which("sshd") or "/usr/sbin/sshd"
    if not Path(program).exists():
        pytest.skip("no OpenSSH server here")
    key = tmp_path / "key"
    subprocess.run(
        ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True, timeout=9
    )
    (tmp_path / "conf").write_text(f"HostKey {key}\n{text}")
    command = [program, "-T", "-f", tmp_path / "conf", "-C", "user=x,host=y,addr=192.0.2.1"]
    run = subprocess.run(command, capture_output=True, text=True, timeout=9)
    if run.returncode:
        pytest.skip(f"sshd does not test its configuration here: {run.stderr[:80]}")
    effective = dict(line.partition(" ")[::2] for line in run.stdout.splitlines())
    fact = sign_ins(tmp_path, text)
    everybody = next(f for f in fact.values() if not f.who)
    if everybody.root:
        spelled = effective["permitrootlogin"].replace("without-password", "prohibit-password")
        assert everybody.root == spelled
    for told, word in (
        (everybody.password, "passwordauthentication"),
        (everybody.keyboard_interactive, "kbdinteractiveauthentication"),
        (everybody.empty_passwords, "permitemptypasswords"),
    ):
        assert told is None or ("yes" if told else "no") == effective[word]
    if everybody.methods:
        assert " ".join(everybody.methods) == effective["authenticationmethods"]
    for algorithms in facts(observe(tmp_path, text), SshAlgorithmSetting).values():
        assert algorithms.ciphers is None or ",".join(algorithms.ciphers) == effective["ciphers"]
