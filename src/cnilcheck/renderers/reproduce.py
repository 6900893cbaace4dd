"""The command by which a reader can see one observation again, with tools everyone has."""

from __future__ import annotations

import re
import shlex
from urllib.parse import urljoin

from cnilcheck.model import facts
from cnilcheck.model.evidence import Evidence, Observation
from cnilcheck.renderers.harmless import harmless

_HOST = re.compile(
    r"(?P<host>[A-Za-z0-9][A-Za-z0-9.-]{0,252}|\[[0-9A-Fa-f:.]{2,45}\]):(?P<port>\d{1,5})(?=\s|$)"
)
_LINE = re.compile(r"(?P<path>/[^\0]{0,1000}):(?P<line>\d{1,9})$")
_FILE = re.compile(r"/[^\0]{0,1000}(?<!/)$")
_VERSIONS = {"SSL 3.0": "-ssl3", "TLS 1.0": "-tls1", "TLS 1.1": "-tls1_1", "TLS 1.2": "-tls1_2",
             "TLS 1.3": "-tls1_3"}  # fmt: skip
# The protocols that begin in clear, by the port IANA gave them.
_STARTTLS = {21: "ftp", 25: "smtp", 110: "pop3", 143: "imap", 389: "ldap", 587: "smtp",
             3306: "mysql", 5222: "xmpp", 5432: "postgres"}  # fmt: skip

_PAGES = (
    facts.DirectoryListings | facts.ReadableFiles | facts.DocumentAccess | facts.PlainHttp
    | facts.StrictTransport | facts.ResponseHeaders | facts.SignInPage | facts.SessionCookies
    | facts.PersonalPage | facts.SoftwareVersions | facts.CrossOrigin
)  # fmt: skip
_CERTIFICATES = (
    facts.CertificateChain | facts.CertificateNames | facts.CertificateDates | facts.CertificateKey
    | facts.CertificateUsage | facts.CertificateSerial | facts.CertificateRevocation
)  # fmt: skip
_LISTENERS = facts.TlsSuites | facts.TlsKeyExchange | facts.TlsFeatures
_SSH = facts.SshServer | facts.SshAlgorithms | facts.SshHostKeys | facts.SshGroupExchange
_SERVICES = facts.OpenPorts | facts.ServiceAccess | facts.ServiceEncryption


def command(observation: Observation, location: str) -> str:
    """Return one shell line that shows the place again, or nothing when no common tool does.

    Each word taken from the audit is quoted for the shell. The line reads, and changes nothing.
    What cannot be shown as it is cannot be copied either, and gives no command.
    """
    if not isinstance(observation, Evidence) or location != harmless(location, 600):
        return ""
    words = _words(observation, location)
    line = shlex.join(words)
    if not words or len(line) > 600 or line != harmless(line, 700):
        return ""
    return f"{line} </dev/null" if words[0] == "openssl" else line


def _words(observation: Evidence, location: str) -> list[str]:
    fact, target = observation.fact, observation.target
    listener = _HOST.match(location) or _HOST.match(observation.location)
    if isinstance(fact, _PAGES):
        return _page(target, location)
    if listener is not None:
        return _listener(fact, listener["host"], int(listener["port"]))
    return _line(target, location)


def _page(target: str, location: str) -> list[str]:
    if not target.startswith(("http://", "https://")) or not re.match(r"/(?!/)", location):
        return []
    return ["curl", "-sI", urljoin(target, location)]


def _listener(fact: facts.Fact, host: str, port: int) -> list[str]:
    openssl = ["openssl", "s_client", "-connect", f"{host}:{port}", "-servername", host.strip("[]")]
    if port in _STARTTLS:
        openssl += ["-starttls", _STARTTLS[port]]
    nmap = ["nmap", "-Pn", "-p", str(port)]
    match fact:
        case facts.TlsProtocols(accepted=accepted):
            oldest = next((flag for name, flag in _VERSIONS.items() if name in accepted), "")
            return [*openssl, oldest] if oldest else openssl
        case _ if isinstance(fact, _CERTIFICATES):
            return [*openssl, "-showcerts"]
        case _ if isinstance(fact, _LISTENERS):
            return [*nmap, "--script", "ssl-enum-ciphers", host.strip("[]")]
        case _ if isinstance(fact, _SSH):
            return [*nmap, "--script", "ssh2-enum-algos", host.strip("[]")]
        case facts.ServiceAccess(product="PostgreSQL"):
            server = ["-h", host.strip("[]"), "-p", str(port)]
            return ["psql", "-w", *server, "-U", "postgres", "-c", "select version()"]
        case facts.ServiceAccess(product="Redis"):
            return ["redis-cli", "-h", host.strip("[]"), "-p", str(port), "info", "server"]
        case _ if isinstance(fact, _SERVICES):
            return [*nmap, host.strip("[]")]
    return []


def _line(target: str, location: str) -> list[str]:
    if not target.startswith((".", "/")):
        return []
    found = _LINE.match(location)
    if found is None:
        return ["less", target.rstrip("/") + location] if _FILE.match(location) else []
    return ["sed", "-n", f"{found['line']}p", target.rstrip("/") + found["path"]]
