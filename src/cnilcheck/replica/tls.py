"""The TLS settings of the flawed deployment and of its mended twin."""

from __future__ import annotations

import ssl
import tempfile
from pathlib import Path

from cnilcheck.replica.certificates import Certificates

# Key transport and CBC first; today's Python clients still offer the last suite, and no other.
_WEAK_SUITES = "AES128-SHA:AES256-SHA:ECDHE-RSA-AES128-SHA:ECDHE-RSA-AES128-SHA256:@SECLEVEL=0"
_STRONG_SUITES = "ECDHE+AESGCM:ECDHE+CHACHA20"


def tls_context(certificates: Certificates, mended: bool) -> ssl.SSLContext:
    """The TLS settings of the deployment; the private key does not stay on disk."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    if mended:
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers(_STRONG_SUITES)
        context.options |= ssl.OP_NO_RENEGOTIATION
    else:
        # TLS 1.0, as SSLContext switches SSL 3.0 off; to name TLSv1 would print a warning.
        context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers(_WEAK_SUITES)
    context.set_alpn_protocols(["http/1.1"])
    with tempfile.TemporaryDirectory() as folder:
        chain = Path(folder, "server.pem")
        chain.touch(mode=0o600)
        chain.write_bytes(certificates.server + certificates.server_key)
        context.load_cert_chain(chain)
    return context
