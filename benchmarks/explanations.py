"""Why a tool and the truth disagree on a server of the laboratory: data, read by `tls_peers.py`."""

from __future__ import annotations

import re

_NO_SCAN = (
    "cannot agree on anything with this server, says so in one line and ends with exit code 0"
)

WHY: tuple[tuple[str, str, str, str], ...] = (
    ("cnilcheck", r"openssl-1\.0\.2e-dh-512-renegotiates", r"misses client-renegotiation",
     "no library here shakes hands over 512 bits; the report says `could not be observed`, and"
     " dh-512 fails beside it"),
    ("sslyze", r"openssl-1\.0\.2e-dh-512.*|openssl-p192-only", r"misses .*", _NO_SCAN),
    ("sslyze", r"certificate-sha1", r"tells unknown-authority",
     "its verifier refuses the SHA-1 signature with the sentence it has for an unknown authority"),
    ("sslyze", r"tlslite-anonymous", r"misses .*",
     "finds no version: `discarding scan`, exit code 0; why was not found out"),
    ("sslscan", r"openssl-p192-only", r"misses .*",
     "prints no accepted suite: the default groups of OpenSSL 3 are without P-192"),
    ("sslscan", r"tlslite-ssl3|smtp-old|openssl-1\.0\.2e-all", r"misses (rc4|no-forward-secrecy)",
     "sees that SSL 3.0 is on by a packet of its own, but lists no suites of it: its OpenSSL 3 has"
     " no SSL 3.0"),
    ("sslscan", r".*", r"misses compression",
     "can only test with a library that compresses; Debian's OpenSSL 3 does not"),
    ("sslscan", r"gnutls-no-rfc5746", r"misses insecure-renegotiation",
     "prints the same for this server as for one that allows no renegotiation at all"),
    ("nmap", r"openssl-p192-only", r"misses .*",
     "no ClientHello of its names P-192 (seen on the wire): nothing is printed"),
)  # fmt: skip
"""Tool, server and disagreement, each a pattern, then the reason; the first that fits counts."""


def explain(tool: str, server: str, what: str) -> str | None:
    """Return the reason of a disagreement, None when nobody has given one."""
    for tools, servers, disagreement, reason in WHY:
        fits = (re.fullmatch(tools, tool), re.fullmatch(servers, server))
        if all(fits) and re.fullmatch(disagreement, what):
            return reason
    return None
