"""The tools that look at the same servers: how each is run, and what its answer says.

Each `Tool` turns its own output into the issues of the laboratory's vocabulary. Of certificates,
the raw dates, sizes and algorithms that a tool prints count as said: any reader compares them.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "tests")]

import yaml  # noqa: E402

from laboratory.servers import Server  # noqa: E402
from laboratory.told import ISSUES, issues_of  # noqa: E402

SSH_ISSUES = frozenset(issue for issue in ISSUES if issue.startswith("ssh-"))
TLS_ISSUES = frozenset(ISSUES) - SSH_ISSUES
SUITE_ISSUES = frozenset("rc4 des 3des null anonymous export cbc no-forward-secrecy".split())
VERSIONS = frozenset("ssl2 ssl3 tls1.0 tls1.1 no-tls1.3".split())
RAW_CERTIFICATE = frozenset("rsa-1024 sha1-signature expired not-yet-valid over-long".split())
_OVER_LONG_DAYS = 825


@dataclass(frozen=True)
class Ask:
    """One server as a tool sees it: the address, perhaps a proxy's, and whom to trust."""

    server: Server
    port: int
    root: Path
    folder: Path
    host: str = "127.0.0.1"


@dataclass(frozen=True)
class Answer:
    """What a tool told, how long it took, and what it wrote."""

    issues: frozenset[str]
    seconds: float
    code: int | None
    """Exit code; None when it was stopped at its time limit."""
    output: str = ""


@dataclass(frozen=True)
class Tool:
    """A program: which issues it can tell at all, its command line, the reading of its output."""

    name: str
    tells: frozenset[str]
    command: Callable[[Ask], list[str] | None]
    read: Callable[[str, Ask], Iterable[str]]
    seconds: float = 120

    def ask(self, question: Ask) -> Answer | None:
        """Return its answer; None when it does not speak with such a server at all."""
        command = self.command(question)
        if command is None:
            return None
        begun = time.monotonic()
        try:
            done = subprocess.run(
                command, capture_output=True, timeout=self.seconds, check=False,
                env=ENVIRONMENT, stdin=subprocess.DEVNULL, text=True, errors="replace",
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            return Answer(frozenset(), time.monotonic() - begun, None)
        spent = time.monotonic() - begun
        told = frozenset(self.read(done.stdout, question)) & self.tells
        return Answer(told, spent, done.returncode, done.stdout)


ENVIRONMENT = os.environ | {"PYTHONPATH": str(ROOT / "src"), "PYTHONWARNINGS": "ignore"}


def installed(name: str) -> str | None:
    """Return where a program lies, also beside this Python."""
    beside = Path(sys.executable).with_name(name)
    return str(beside) if beside.exists() else shutil.which(name)


# What the names of suites, sizes and dates say.


def of_suite(name: str, dh_bits: int | None = None, curve: str | None = None) -> set[str]:
    """Return the issues of one accepted suite, by its IANA or its OpenSSL name."""
    found: set[str] = set()
    if re.search(r"RC4", name):
        found.add("rc4")
    if re.search(r"3DES|DES-CBC3|DES_192_EDE3", name):
        found.add("3des")
    elif re.search(r"_DES_|(^|-)DES-CBC|DES_64", name):
        found.add("des")
    if re.search(r"WITH_NULL|(^|-)NULL", name):
        found.add("null")
    if re.search(r"_anon_|^ADH|^AECDH", name):
        found.add("anonymous")
    if re.search(r"EXP", name):
        found.add("export")
    if not re.search(r"GCM|CCM|CHACHA|POLY1305|RC4|NULL", name):
        found.add("cbc")
    modern = r"^TLS_(AES|CHACHA20|AKE)|^TLS13"
    if not re.search(rf"{modern}|DHE|EDH|_anon_|^ADH|^AECDH", name):
        found.add("no-forward-secrecy")
    return found | of_group(dh_bits, curve)


def of_group(dh_bits: int | None, curve: str | None) -> set[str]:
    """Return the issues of a key exchange's size."""
    found = {f"dh-{dh_bits}"} & {"dh-512", "dh-1024"}
    return found | ({"weak-curve"} if curve in ("secp192r1", "P-192", "prime192v1") else set())


def of_dates(begins: dt.datetime, ends: dt.datetime) -> set[str]:
    """Return what any reader sees in two dates."""
    now = dt.datetime.now(dt.UTC)
    found = {"expired"} if ends < now else {"not-yet-valid"} if begins > now else set()
    return found | ({"over-long"} if ends - begins > dt.timedelta(_OVER_LONG_DAYS) else set())


def _time(text: str, *formats: str) -> dt.datetime:
    for spelled in formats:
        try:
            return dt.datetime.strptime(text, spelled).replace(tzinfo=dt.UTC)
        except ValueError:
            continue
    raise ValueError(text)


# cnilcheck itself, by its command line and its report.


def _cnilcheck_command(ask: Ask) -> list[str]:
    scope = ask.folder / "scope.yaml"
    target = ask.server.target(ask.port)
    key = "ssh" if "ssh" in target else "tls"
    target |= {key: f"{ask.host}:{ask.port}"}
    sources = {"authorities": [str(ask.root)]}
    scope.write_text(yaml.safe_dump({"version": 1, "targets": [target], "sources": sources}))
    out = ask.folder / "audit"
    # The report of another server must not be read in place of a missing one.
    shutil.rmtree(out, ignore_errors=True)
    return [sys.executable, "-m", "cnilcheck", "scan", "--scope", str(scope), "--out", str(out),
            "-q"]  # fmt: skip


def _cnilcheck_read(_: str, ask: Ask) -> frozenset[str]:
    written = ask.folder / "audit" / "report.json"
    if not written.exists():
        raise SystemExit("cnilcheck wrote no report: run it by hand to see why")
    report = json.loads(written.read_text())
    return issues_of(
        (f["rule"], f["sentence"]["en"]) for f in report["findings"]
        if f["outcome"] == "fail" and f["severity"] != "info"
    )  # fmt: skip


CNILCHECK = Tool("cnilcheck", frozenset(ISSUES), _cnilcheck_command, _cnilcheck_read)


# sslscan.


def _sslscan_command(ask: Ask) -> list[str] | None:
    if ask.server.kind == "sshd":
        return None
    options = {"smtp": ["--starttls-smtp"], "imap": ["--starttls-imap"],
               "postgresql": ["--starttls-psql"]}.get(ask.server.starttls or "", [])  # fmt: skip
    where = f"{ask.host}:{ask.port}"
    return [
        "sslscan",
        "--no-colour",
        "--show-certificate",
        f"--xml={ask.folder}/sslscan.xml",
        *options,
        where,
    ]


def _sslscan_read(output: str, ask: Ask) -> set[str]:
    written = ask.folder / "sslscan.xml"
    try:
        text = written.read_text(errors="replace")
        tree = ElementTree.fromstring(re.sub(r"[^\x09\x0a\x20-\x7e]", "", text))
    except (OSError, ElementTree.ParseError):
        return set()
    finally:
        written.unlink(missing_ok=True)
    found: set[str] = set()
    words = {"2": "ssl2", "3": "ssl3", "1.0": "tls1.0", "1.1": "tls1.1"}
    enabled = {p.get("version"): p.get("enabled") == "1" for p in tree.iter("protocol")}
    found |= {words[version] for version, on in enabled.items() if on and version in words}
    if any(enabled.values()) and not enabled.get("1.3"):
        found.add("no-tls1.3")
    for suite in tree.iter("cipher"):
        found |= of_suite(suite.get("cipher", ""), int(suite.get("dhebits") or 0))
    found |= {i for group in tree.iter("group") for i in of_group(None, group.get("name"))}
    for tag, attribute, bad, issue in (("compression", "supported", "1", "compression"),):
        found |= {issue for e in tree.iter(tag) if e.get(attribute) == bad}
    # Its XML is silent about this one.
    if "Server does not support TLS Fallback SCSV" in output:
        found.add("scsv-ignored")
    for test in tree.iter("renegotiation"):
        # Neither supported nor secure: it was not tried, or not allowed.
        if test.get("supported") == "1" and test.get("secure") == "0":
            found.add("insecure-renegotiation")
    for leaf in tree.iter("certificate"):
        found |= _sslscan_certificate(leaf)
    return found


def _sslscan_certificate(leaf: ElementTree.Element) -> set[str]:
    found: set[str] = set()
    if "sha1" in (leaf.findtext("signature-algorithm") or ""):
        found.add("sha1-signature")
    key = leaf.find("pk")
    if key is not None and key.get("type") == "RSA" and key.get("bits") == "1024":
        found.add("rsa-1024")
    if (leaf.findtext("self-signed") or "") == "true":
        found.add("self-signed")
    begins, ends = leaf.findtext("not-valid-before"), leaf.findtext("not-valid-after")
    if begins and ends:
        spelled = "%b %d %H:%M:%S %Y GMT"
        found |= of_dates(_time(begins, spelled), _time(ends, spelled))
    return found


SSLSCAN = Tool(
    "sslscan",
    VERSIONS | SUITE_ISSUES | RAW_CERTIFICATE
    | {"dh-512", "dh-1024", "weak-curve", "self-signed", "insecure-renegotiation", "compression",
       "scsv-ignored"},
    _sslscan_command, _sslscan_read,
)  # fmt: skip


# nmap.


def _nmap_command(ask: Ask) -> list[str] | None:
    if ask.server.kind == "sshd":
        return None
    scripts = "ssl-enum-ciphers,ssl-dh-params,ssl-cert,sslv2"
    # Only by the name of the service does nmap know that STARTTLS comes first.
    named = ["-sV"] if ask.server.starttls else []
    port = str(ask.port)
    return ["nmap", "-Pn", "-n", *named, "-p", port, "--script", scripts, ask.host]


def _nmap_read(output: str, _: Ask) -> set[str]:
    found: set[str] = set()
    versions = re.findall(r"^\|   (SSLv3|TLSv1\.\d):", output, re.M)
    words = {"SSLv3": "ssl3", "TLSv1.0": "tls1.0", "TLSv1.1": "tls1.1"}
    found |= {words[version] for version in versions if version in words}
    if versions and "TLSv1.3" not in versions:
        found.add("no-tls1.3")
    if "SSLv2 supported" in output:
        found |= {"ssl2"}
        for suite in re.findall(r"^\|\s+(SSL2_\w+)", output, re.M):
            found |= of_suite(suite)
    for suite, exchange in re.findall(r"^\|\s+(TLS_\w+)(?: \(([^)]*)\))?", output, re.M):
        bits = re.search(r"^dh (\d+)", exchange)
        found |= of_suite(suite, int(bits[1]) if bits else None, exchange.removeprefix("ecdh_"))
    if re.search(r"^\|\s+DEFLATE", output, re.M):
        found.add("compression")
    for length in re.findall(r"Modulus Length: (\d+)", output):
        found |= of_group(int(length), None)
    if re.search(r"Modulus Source: (?!Unknown)", output):
        found.add("common-dh-prime")
    if "Public Key type: rsa" in output and "Public Key bits: 1024" in output:
        found.add("rsa-1024")
    if "Signature Algorithm: sha1" in output:
        found.add("sha1-signature")
    dates = re.findall(r"Not valid (?:before|after): +(\S+)", output)
    if len(dates) == 2:
        begins, ends = (_time(date, "%Y-%m-%dT%H:%M:%S") for date in dates)
        found |= of_dates(begins, ends)
    return found


NMAP = Tool(
    "nmap",
    VERSIONS | SUITE_ISSUES | RAW_CERTIFICATE
    | {"dh-512", "dh-1024", "common-dh-prime", "weak-curve", "compression"},
    _nmap_command, _nmap_read,
)  # fmt: skip


# sslyze.

_COMMANDS = (
    "sslv2 sslv3 tlsv1 tlsv1_1 tlsv1_2 tlsv1_3 certinfo compression reneg fallback heartbleed"
    " robot openssl_ccs elliptic_curves early_data resum ems"
).split()


def _sslyze_command(ask: Ask) -> list[str] | None:
    if ask.server.kind == "sshd":
        return None
    names = {"smtp": "smtp", "imap": "imap", "postgresql": "postgres"}
    starttls = names.get(ask.server.starttls or "")
    options = ["--starttls", starttls] if starttls else []
    return [
        installed("sslyze") or "sslyze", "--json_out=-", "--mozilla_config=disable",
        f"--certinfo_ca_file={ask.root}", *(f"--{name}" for name in _COMMANDS), *options,
        f"{ask.host}:{ask.port}",
    ]  # fmt: skip


def _sslyze_read(output: str, _: Ask) -> set[str]:
    start = output.find("{")
    try:
        results = json.loads(output[start:])["server_scan_results"]
    except (ValueError, KeyError):
        return set()
    if not results or results[0]["scan_status"] != "COMPLETED":
        return set()
    scan = {
        name: part["result"] for name, part in results[0]["scan_result"].items()
        if part.get("result")
    }  # fmt: skip
    return _sslyze_suites(scan) | _sslyze_flaws(scan) | _sslyze_certificate(scan)


def _sslyze_suites(scan: dict[str, Any]) -> set[str]:
    found: set[str] = set()
    words = {"ssl_2_0": "ssl2", "ssl_3_0": "ssl3", "tls_1_0": "tls1.0", "tls_1_1": "tls1.1"}
    for version in (*words, "tls_1_2", "tls_1_3"):
        result = scan.get(f"{version}_cipher_suites", {})
        if result.get("is_tls_version_supported") and version in words:
            found.add(words[version])
        if result and version == "tls_1_3" and not result["is_tls_version_supported"]:
            found.add("no-tls1.3")
        for accepted in result.get("accepted_cipher_suites", ()):
            key = accepted.get("ephemeral_key") or {}
            bits = key.get("size") if key.get("type_name") == "DH" else None
            found |= of_suite(accepted["cipher_suite"]["name"], bits, key.get("curve_name"))
    curves = scan.get("elliptic_curves", {}).get("supported_curves") or ()
    return found.union(*(of_group(None, curve["name"]) for curve in curves))


def _sslyze_flaws(scan: dict[str, Any]) -> set[str]:
    return {
        issue
        for command, attribute, bad, issue in (
            ("tls_compression", "supports_compression", True, "compression"),
            ("tls_fallback_scsv", "supports_fallback_scsv", False, "scsv-ignored"),
            ("session_renegotiation", "is_vulnerable_to_client_renegotiation_dos", True,
             "client-renegotiation"),
            ("session_renegotiation", "supports_secure_renegotiation", False,
             "insecure-renegotiation"),
        )
        if scan.get(command, {}).get(attribute) is bad
    }  # fmt: skip


def _sslyze_certificate(scan: dict[str, Any]) -> set[str]:
    deployments = scan.get("certificate_info", {}).get("certificate_deployments", ())
    found: set[str] = set()
    for shown in deployments:
        leaf = shown["received_certificate_chain"][0]
        spelled = "%Y-%m-%dT%H:%M:%SZ"
        dates = of_dates(_time(leaf["not_valid_before"], spelled),
                         _time(leaf["not_valid_after"], spelled))  # fmt: skip
        found |= dates
        if leaf["public_key"].get("key_size") == 1024:
            found.add("rsa-1024")
        if (leaf.get("signature_hash_algorithm") or {}).get("name") == "sha1":
            found.add("sha1-signature")
        if shown["leaf_certificate_has_must_staple_extension"] and not shown["ocsp_response"]:
            found.add("must-staple-unserved")
        if not any(r["was_validation_successful"] for r in shown["path_validation_results"]):
            found |= _sslyze_reason(shown, leaf)
    return found


def _sslyze_reason(shown: dict[str, Any], leaf: dict[str, Any]) -> set[str]:
    said = " ".join(r["validation_error"] or "" for r in shown["path_validation_results"])
    if "no matching subjectAltName" in said:
        return {"wrong-name"}
    alone = len(shown["received_certificate_chain"]) == 1
    if alone and leaf["issuer"] == leaf["subject"]:
        return {"self-signed"}
    # One sentence for both; the reader counts the certificates.
    return (({"incomplete-chain"} if alone else {"unknown-authority"})
            if "candidates exhausted" in said else set())  # fmt: skip


SSLYZE = Tool(
    "sslyze",
    VERSIONS | SUITE_ISSUES | RAW_CERTIFICATE
    | {"dh-512", "dh-1024", "weak-curve", "compression", "scsv-ignored", "client-renegotiation",
       "insecure-renegotiation", "wrong-name", "self-signed", "unknown-authority",
       "incomplete-chain", "must-staple-unserved"},
    _sslyze_command, _sslyze_read,
)  # fmt: skip


# testssl.sh.


def _testssl_command(ask: Ask) -> list[str] | None:
    if ask.server.kind == "sshd":
        return None
    names = {"smtp": "smtp", "imap": "imap", "postgresql": "postgres"}
    starttls = names.get(ask.server.starttls or "")
    written = ask.folder / "testssl.json"
    written.unlink(missing_ok=True)
    options = ["-t", starttls] if starttls else []
    return [
        installed("testssl") or installed("testssl.sh") or "testssl", "--jsonfile", str(written),
        "--warnings", "off", "--color", "0", "--nodns", "none",
        "--add-ca", str(ask.root), "-p", "-s", "-f", "-S", "-U", *options,
        f"{ask.host}:{ask.port}",
    ]  # fmt: skip


_TESTSSL = (
    ("SSLv2", r"^(vulnerable|offered)", "ssl2"), ("SSLv3", r"^offered", "ssl3"),
    ("TLS1", r"^offered", "tls1.0"), ("TLS1_1", r"^offered", "tls1.1"),
    ("TLS1_3", r"^not offered", "no-tls1.3"), ("cipherlist_NULL", r"^offered", "null"),
    ("cipherlist_aNULL", r"^offered", "anonymous"), ("cipherlist_EXPORT", r"^offered", "export"),
    ("RC4", r"^VULNERABLE", "rc4"), ("LUCKY13", r"potentially vulnerable", "cbc"),
    ("SWEET32", r"uses 64 bit", "3des"), ("cert_keySize", r"RSA 1024", "rsa-1024"),
    ("cert_signatureAlgorithm", r"SHA1", "sha1-signature"),
    ("cert_expirationStatus", r"^expired", "expired"),
    ("cert_notBefore", r"not yet|in the future", "not-yet-valid"),
    ("cert_trust", r"does not match|certificate doesn't|No match|failed", "wrong-name"),
    ("cert_chain_of_trust", r"self signed\)", "self-signed"),
    ("cert_chain_of_trust", r"self signed CA in chain", "unknown-authority"),
    ("cert_chain_of_trust", r"chain incomplete", "incomplete-chain"),
    ("cert_validityPeriod|cert_extlifeSpan", r"days|way too long", "over-long"),
    ("cert_mustStapleExtension", r"no OCSP|not|but", "must-staple-unserved"),
    ("secure_renego", r"VULNERABLE|not supported", "insecure-renegotiation"),
    ("secure_client_renego", r"VULNERABLE", "client-renegotiation"),
    ("CRIME_TLS", r"VULNERABLE", "compression"),
    ("fallback_SCSV", r"^not supported|NOT supported", "scsv-ignored"),
    ("LOGJAM-common_primes", r"RFC2409|Oakley|RFC 2409", "common-dh-prime"),
    ("LOGJAM-common_primes|DH_groups|LOGJAM|.*DH.*", r"\b1024 bits?\b|Oakley Group 2", "dh-1024"),
    ("LOGJAM-common_primes|DH_groups|LOGJAM|.*DH.*", r"\b512 bits?\b", "dh-512"),
    ("(PFS|FS)_ECDHE_curves", r"prime192v1|secp192r1", "weak-curve"),
)  # fmt: skip


def _testssl_read(_: str, ask: Ask) -> set[str]:
    try:
        said = json.loads((ask.folder / "testssl.json").read_text())
    except (OSError, ValueError):
        return set()
    lines = [(entry["id"].split(" ")[0], entry["finding"]) for entry in said]
    return {
        issue for name, words, issue in _TESTSSL
        if any(re.fullmatch(name, key) and re.search(words, text) for key, text in lines)
    }  # fmt: skip


TESTSSL = Tool(
    "testssl.sh", frozenset(issue for _, _, issue in _TESTSSL), _testssl_command, _testssl_read, 400
)


# ssh-audit.


def ssh_audit(program: str) -> Tool:
    """Return ssh-audit as installed at that path; its rate test (a burst) stays off."""

    def command(ask: Ask) -> list[str] | None:
        if ask.server.kind != "sshd":
            return None
        return [program, "-jj", "--skip-rate-test", "-p", str(ask.port), ask.host]

    return Tool("ssh-audit", SSH_ISSUES - {"ssh-password"}, command, _ssh_audit_read)


def _ssh_audit_read(output: str, _: Ask) -> set[str]:
    try:
        said = json.loads(output)
    except ValueError:
        return set()
    found: set[str] = set()
    for part, words, issue in (
        ("kex", r"1024-bit modulus|small", "ssh-small-kex"), ("kex", r"SHA-1", "ssh-sha1-kex"),
        ("enc", r"64-bit block|RC4|broken", "ssh-weak-cipher"), ("enc", r"cipher mode", "ssh-cbc"),
        ("mac", r"64-bit tag|MD5|96-bit", "ssh-weak-mac"), ("mac", r"SHA-1", "ssh-sha1-mac"),
        ("key", r"SHA-1", "ssh-sha1-signature"), ("key", r"1024-bit modulus", "ssh-weak-host-key"),
    ):  # fmt: skip
        for algorithm in said.get(part, ()):
            notes = algorithm.get("notes", {})
            text = " ".join([*notes.get("fail", ()), *notes.get("warn", ())])
            found |= {issue} if re.search(words, text) else set()
    return found


@dataclass
class Run:
    """All answers of one comparison: by server, then by tool."""

    answers: dict[str, dict[str, Answer]] = field(default_factory=dict)
    connections: dict[str, dict[str, int]] = field(default_factory=dict)
