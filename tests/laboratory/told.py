"""What findings say, in the vocabulary of the laboratory's planted issues."""

from __future__ import annotations

import re
from collections.abc import Iterable

from cnilcheck.model.report import Finding
from cnilcheck.model.words import Outcome, Severity

ISSUES: dict[str, tuple[str, str]] = {
    "ssl2": (r"tls-protocols", r"SSL 2\.0"),
    "ssl3": (r"tls-protocols", r"SSL 3\.0"),
    "tls1.0": (r"tls-protocols", r"TLS 1\.0"),
    "tls1.1": (r"tls-protocols", r"TLS 1\.1"),
    "no-tls1.3": (r"tls-1-3-offered", ""),
    "rc4": (r"tls-suites-not-broken", r"RC4"),
    "des": (r"tls-suites-not-broken", r"_DES_"),
    "3des": (r"tls-suites-not-broken", r"3DES"),
    "null": (r"tls-suites-not-broken", r"WITH_NULL"),
    "anonymous": (r"tls-suites-not-broken", r"_anon_"),
    "export": (r"tls-suites-not-broken", r"EXPORT"),
    "cbc": (r"tls-suites-\w+", r"_CBC_"),
    "no-forward-secrecy": (r"forward-secrecy", ""),
    "dh-512": (r"key-exchange-strong", r"DH 512"),
    "dh-1024": (r"key-exchange-strong", r"DH 1024"),
    "common-dh-prime": (r"[\w-]*prime[\w-]*|key-exchange-[\w-]+", r"RFC 2409|shared prime"),
    "weak-curve": (r"key-exchange-strong", r"secp192r1|P-192"),
    "rsa-1024": (r"certificate-key-strong", r"RSA key of 1024 bits"),
    "sha1-signature": (r"certificate-[\w-]+", r"SHA-?1\b"),
    "expired": (r"certificate-[\w-]+", r"expired"),
    "not-yet-valid": (r"certificate-[\w-]+", r"not yet (valid|in force)"),
    "wrong-name": (r"certificate-names-match", ""),
    "self-signed": (r"certificate-trusted", r"self-signed"),
    "unknown-authority": (r"certificate-trusted", r"unknown authority"),
    "incomplete-chain": (r"certificate-trusted", r"without the chain"),
    "over-long": (r"certificate-lifetime", ""),
    "must-staple-unserved": (r"certificate-[\w-]*stapl[\w-]*", ""),
    "client-renegotiation": (r"tls-[\w-]+", r"client-initiated renegotiation"),
    "insecure-renegotiation": (r"tls-[\w-]+", r"insecure renegotiation"),
    "compression": (r"tls-[\w-]+", r"compression"),
    "scsv-ignored": (r"tls-[\w-]*(scsv|fallback|downgrade)[\w-]*", ""),
    "plaintext-accepted": (r"service-encrypted", r"in clear too"),
    "no-tls": (r"service-encrypted", r"offers no TLS"),
    "ssh-small-kex": (r"ssh-key-exchange-strong", ""),
    "ssh-sha1-kex": (r"ssh-key-exchange-hash", ""),
    "ssh-weak-cipher": (r"ssh-ciphers-strong", ""),
    "ssh-cbc": (r"ssh-cbc-off", ""),
    "ssh-weak-mac": (r"ssh-macs-strong", ""),
    "ssh-sha1-mac": (r"ssh-sha1-macs-off", ""),
    "ssh-sha1-signature": (r"ssh-signatures-strong", ""),
    "ssh-weak-host-key": (r"ssh-host-keys-strong", ""),
    "ssh-small-group": (r"ssh-group-exchange-size", ""),
    "ssh-password": (r"ssh-password-sign-in-off", ""),
}
"""Each planted issue: the rule that must tell it, and what its English sentence must then say."""


def failures(findings: Iterable[Finding]) -> list[Finding]:
    """Return what failed; `info` rules state an ambition, which no server need have reached."""
    return [f for f in findings if f.outcome is Outcome.FAIL and f.severity is not Severity.INFO]


def told(findings: Iterable[Finding]) -> frozenset[str]:
    """Return the planted issues that failing findings tell."""
    return issues_of((f.rule, f.sentence.en) for f in failures(findings))


def issues_of(failed: Iterable[tuple[str, str]]) -> frozenset[str]:
    """Return the planted issues told by failed rules, given with their English sentences."""
    said = tuple(failed)
    return frozenset(
        issue
        for issue, (rule, words) in ISSUES.items()
        if any(re.fullmatch(rule, name) and re.search(words, text) for name, text in said)
    )
