"""What TLS clients negotiate with the flawed deployment and with its mended twin."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
import warnings

import pytest

from cnilcheck.replica import Replica

OLD = [
    pytest.param(
        ssl.TLSVersion.TLSv1, marks=pytest.mark.skipif(not ssl.HAS_TLSv1, reason="no TLS 1.0 here")
    ),
    pytest.param(
        ssl.TLSVersion.TLSv1_1,
        marks=pytest.mark.skipif(not ssl.HAS_TLSv1_1, reason="no TLS 1.1 here"),
    ),
]


def negotiated(
    replica: Replica, version: ssl.TLSVersion, ciphers: str = "ALL:@SECLEVEL=0"
) -> tuple[str | None, str]:
    context = ssl.create_default_context(cafile=replica.scope_path.with_name("ca.pem"))
    context.set_ciphers(ciphers)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = context.maximum_version = version
    port = int(replica.https.rstrip("/").rpartition(":")[2])
    with (
        socket.create_connection(("127.0.0.1", port), timeout=5) as plain,
        context.wrap_socket(plain, server_hostname="localhost") as secure,
    ):
        return secure.version(), (secure.cipher() or ("",))[0]


@pytest.mark.parametrize("version", OLD)
def test_obsolete_versions_are_negotiated_with_the_flawed_deployment(
    flawed: Replica, version: ssl.TLSVersion
) -> None:
    assert (version.name.replace("_", "."), "AES128-SHA") == negotiated(flawed, version)


@pytest.mark.parametrize("version", OLD)
def test_obsolete_versions_are_refused_by_the_mended_twin(
    mended: Replica, version: ssl.TLSVersion
) -> None:
    with pytest.raises((ssl.SSLError, ConnectionError)):
        negotiated(mended, version)


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_the_mended_twin_negotiates_current_versions(
    mended: Replica, version: ssl.TLSVersion
) -> None:
    name, cipher = negotiated(mended, version)
    assert version.name.replace("_", ".") == name
    assert "GCM" in cipher or "CHACHA20" in cipher


@pytest.mark.parametrize("suite", ["AES128-SHA", "AES256-SHA", "ECDHE-RSA-AES128-SHA256"])
def test_weak_suites_are_accepted_by_the_flawed_deployment_only(
    flawed: Replica, mended: Replica, suite: str
) -> None:
    assert suite == negotiated(flawed, ssl.TLSVersion.TLSv1_2, f"{suite}:@SECLEVEL=0")[1]
    with pytest.raises((ssl.SSLError, ConnectionError)):
        negotiated(mended, ssl.TLSVersion.TLSv1_2, f"{suite}:@SECLEVEL=0")


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
def test_openssl_shows_tls_1_0_and_a_certificate_that_verifies(flawed: Replica) -> None:
    authority = flawed.scope_path.with_name("ca.pem")
    address = flawed.https.removeprefix("https://").rstrip("/")
    shown = subprocess.run(
        ["openssl", "s_client", "-connect", address, "-tls1", "-cipher", "ALL:@SECLEVEL=0", "-CAfile", authority],
        input="", capture_output=True, text=True, timeout=20,
    ).stdout  # fmt: skip
    if "no protocols available" in shown or ("Cipher is (NONE)" in shown and not ssl.HAS_TLSv1):
        pytest.skip("this openssl has no TLS 1.0")
    assert "Verify return code: 0 (ok)" in shown
    assert "TLSv1\n" in shown


def test_no_private_key_stays_on_disk(flawed: Replica) -> None:
    for path in flawed.scope_path.parent.rglob("*"):
        assert path.is_dir() or b"PRIVATE KEY" not in path.read_bytes()
