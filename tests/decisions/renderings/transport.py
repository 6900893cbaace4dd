"""Pages in clear, and TLS of another time: in the handshake, in the certificate, in the settings."""

from __future__ import annotations

import datetime as dt
import ssl
import tempfile
from functools import cache
from ipaddress import IPv4Address
from pathlib import Path

from cnilcheck.replica.certificates import Certificates, issue
from cnilcheck.replica.tls import tls_context
from cnilcheck.replica.web import WebServer
from decisions.deployment import Deployment
from decisions.harness import Place, at, renders
from decisions.website import Website, away, html


@renders("no-tls", "remote")
def page_in_clear(deployment: Deployment) -> Place:
    """A site answers over plain HTTP with its page; mended, it only leads to HTTPS."""
    form = deployment.pick(True, False)
    if deployment.mended:
        secure = deployment.site()
        site = deployment.new_site(secure=False)
        site.handle("/", lambda _: away(secure.url))
    else:
        site = deployment.new_site(secure=False)
        if form:
            site.page("/contact", '<form method="post" action="/contact"><input name="nom"></form>')
            site.link("/contact", "Contact")
    return at(site.url, "/")


@renders("no-tls", "remote")
def password_in_clear(deployment: Deployment) -> Place:
    """The page on which one signs in stands on plain HTTP; mended, on HTTPS."""
    path = deployment.pick("/connexion", "/login", "/espace-client")
    site = deployment.site() if deployment.mended else deployment.new_site(secure=False)
    token = deployment.draw.randbytes(20).hex()

    def shown(_: object) -> object:
        fresh = deployment.draw.randbytes(20).hex()
        form = (
            f'<form method="post" action="{path}"><input type="hidden" name="csrf_token" '
            f'value="{token}"><input name="email" type="email"><input name="password" '
            f'type="password" autocomplete="current-password"><button>OK</button></form>'
        )
        return html("Connexion", form.replace(token, fresh), ("Cache-Control", "no-store"))

    site.handle(path, shown)  # type: ignore[arg-type]
    site.link(path, deployment.say("Connexion", "Sign in"))
    site.name("login", path)
    return at(site.url, "")


@cache
def _old_certificates() -> Certificates:
    return issue(mended=False)


@cache
def _sound_certificates() -> Certificates:
    return issue(mended=True)


def _served(deployment: Deployment, context: ssl.SSLContext, authority: bytes) -> Place:
    """One more site with these settings, whose authority the scope knows."""
    site = Website(deployment)
    server = WebServer(site, context)
    server.start()
    deployment.exits.callback(server.stop)
    site.url = f"https://127.0.0.1:{server.port}/"
    site.target = deployment.target(url=site.url)
    name = f"authority-{server.port}.pem"
    deployment.write(name, authority)
    deployment.source("authorities", name)
    deployment.sites.append(site)
    return at(site.url, f"127.0.0.1:{server.port}")


def _context(certificates: Certificates, ciphers: str, versions: tuple[str, str]) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version, context.maximum_version = (ssl.TLSVersion[name] for name in versions)
    context.set_ciphers(ciphers)
    context.set_alpn_protocols(["http/1.1"])
    with tempfile.TemporaryDirectory() as folder:
        chain = Path(folder, "server.pem")
        chain.touch(mode=0o600)
        chain.write_bytes(certificates.server + certificates.server_key)
        context.load_cert_chain(chain)
    return context


@renders("obsolete-tls", "remote")
def old_versions(deployment: Deployment) -> Place:
    """The listener still takes TLS 1.0 or 1.1."""
    lowest = deployment.pick("MINIMUM_SUPPORTED", "TLSv1_1")
    if deployment.mended:
        sound = _sound_certificates()
        return _served(deployment, tls_context(sound, mended=True), sound.authority)
    old = _old_certificates()
    context = _context(old, "ALL:@SECLEVEL=0", (lowest, "TLSv1_2"))
    return _served(deployment, context, old.authority)


@renders("obsolete-tls", "remote")
def old_suites(deployment: Deployment) -> Place:
    """TLS 1.2, but with suites of another time only: CBC, or key transport without secrecy."""
    suites = deployment.pick(
        "AES128-SHA:AES256-SHA", "ECDHE-RSA-AES128-SHA:AES256-SHA", "AES256-SHA256"
    )
    if deployment.mended:
        sound = _sound_certificates()
        return _served(deployment, tls_context(sound, mended=True), sound.authority)
    old = _old_certificates()
    context = _context(old, f"{suites}:@SECLEVEL=0", ("TLSv1_2", "TLSv1_2"))
    return _served(deployment, context, old.authority)


@renders("obsolete-tls", "remote")
def outdated_certificate(deployment: Deployment) -> Place:
    """The certificate expired, is signed by itself, or has a short key or an old hash."""
    flaw = deployment.pick("expired", "self_signed", "short_key")
    sound = _sound_certificates()
    if deployment.mended:
        return _served(deployment, tls_context(sound, mended=True), sound.authority)
    poor = _poor(flaw)
    context = _context(poor, "ECDHE+AESGCM:@SECLEVEL=0", ("TLSv1_2", "TLSv1_3"))
    authority = sound.authority if flaw == "self_signed" else poor.authority
    return _served(deployment, context, authority)


@cache
def _poor(flaw: str) -> Certificates:
    """A certificate with that flaw, and the authority that signed it."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
    from cryptography.x509.oid import NameOID

    def name(text: str) -> x509.Name:
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])

    now, size = dt.datetime.now(dt.UTC), 1024 if flaw == "short_key" else 2048
    signer = rsa.generate_private_key(65537, 2048)
    key = rsa.generate_private_key(65537, size)
    ends = now - dt.timedelta(days=20) if flaw == "expired" else now + dt.timedelta(days=60)
    above = name("localhost" if flaw == "self_signed" else "Autorité inventée")

    def signed(subject: x509.Name, own: rsa.RSAPrivateKey, by: rsa.RSAPrivateKey, until: dt.datetime,
               *, ca: bool) -> bytes:  # fmt: skip
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(above)
            .public_key(own.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - dt.timedelta(days=110))
            .not_valid_after(until)
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        )
        if not ca:
            names = x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))])
            builder = builder.add_extension(names, critical=False)
        return builder.sign(by, hashes.SHA256()).public_bytes(Encoding.PEM)

    by = key if flaw == "self_signed" else signer
    return Certificates(
        authority=signed(above, signer, signer, now + dt.timedelta(days=900), ca=True),
        server=signed(name("localhost"), key, by, ends, ca=False),
        server_key=key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
    )


@renders("obsolete-tls", "config")
def old_versions_configured(deployment: Deployment) -> Place:
    """nginx, Apache, HAProxy or Postfix is told to take old versions."""
    match deployment.pick("nginx", "apache", "haproxy", "nginx_old"):
        case "nginx":
            path = "/etc/nginx/nginx.conf"
            protocols = "TLSv1.2 TLSv1.3" if deployment.mended else "TLSv1 TLSv1.1 TLSv1.2"
            text = (
                "events {}\nhttp {\n access_log /var/log/nginx/access.log;\n server {\n"
                f"  listen 443 ssl;\n  ssl_protocols {protocols};\n }}\n}}\n"
            )
        case "nginx_old":
            path = "/etc/nginx/nginx.conf"
            protocols = "TLSv1.3" if deployment.mended else "SSLv3 TLSv1.1"
            text = f"events {{}}\nhttp {{\n ssl_protocols {protocols};\n server {{ listen 443 ssl; }}\n}}\n"
        case "apache":
            path = "/etc/apache2/apache2.conf"
            protocols = "-all +TLSv1.2 +TLSv1.3" if deployment.mended else deployment.pick(
                "all -SSLv3", "all", "+TLSv1 +TLSv1.1 +TLSv1.2"
            )  # fmt: skip
            text = (
                f"ErrorLog /var/log/apache2/error.log\nSSLProtocol {protocols}\n"
                "<VirtualHost *:443>\n SSLEngine on\n CustomLog /var/log/apache2/access.log combined\n"
                "</VirtualHost>\n"
            )
        case _:
            path = "/etc/haproxy/haproxy.cfg"
            lowest = "TLSv1.2" if deployment.mended else deployment.pick("TLSv1.0", "TLSv1.1")
            text = (
                f"global\n log /dev/log local0\n ssl-default-bind-options ssl-min-ver {lowest}\n"
                "frontend web\n bind :443 ssl crt /etc/haproxy/site.pem\n mode http\n option httplog\n"
                " default_backend app\nbackend app\n server a 127.0.0.1:8080\n"
            )
    return at("./snapshot/", deployment.system(path, text))
