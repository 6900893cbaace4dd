"""Services that hold people's data and answer whoever asks: files exchanged, databases, indexes."""

from __future__ import annotations

import socket
from collections.abc import Callable
from socketserver import StreamRequestHandler

from cnilcheck.replica.servers import LoopbackServer
from decisions.deployment import Deployment
from decisions.harness import Place, at, renders

_SYSTEM = "./snapshot/"


class _Ftp(StreamRequestHandler):
    """FTP as a visitor first meets it: a greeting, the features, and who may come in."""

    server: _FtpServer

    def handle(self) -> None:
        self._say(f"220 {self.server.banner}")
        for _ in range(20):
            line = self.rfile.readline(500).decode("ascii", "replace").strip()
            word = line.partition(" ")[0].upper()
            if not word or word == "QUIT":
                self._say("221 Bye.")
                return
            self._say(
                {
                    "FEAT": "211-Features:\r\n SIZE\r\n MDTM\r\n UTF8\r\n211 End",
                    "USER": "331 Please specify the password.",
                    "PASS": "230 Login successful."
                    if self.server.anonymous
                    else "530 Login incorrect.",
                }.get(word, "502 Command not implemented.")
            )

    def _say(self, words: str) -> None:
        self.wfile.write(words.encode() + b"\r\n")


class _FtpServer(LoopbackServer):
    def __init__(self, banner: str, anonymous: bool) -> None:
        super().__init__(_Ftp)
        self.banner, self.anonymous = banner, anonymous


class _Redis(StreamRequestHandler):
    """Redis that answers whoever asks."""

    def handle(self) -> None:
        answers = {b"PING": b"+PONG\r\n", b"INFO": b"$21\r\nredis_version:7.2.5\r\n\r\n",
                   b"DBSIZE": b":4812\r\n"}  # fmt: skip
        for _ in range(20):
            words = self.rfile.readline(500).split()
            if not words:
                return
            self.wfile.write(answers.get(words[0].upper(), b"-ERR unknown command\r\n"))


def _reached(deployment: Deployment, build: Callable[[], LoopbackServer]) -> Place:
    """A host whose service listens; mended, its port is closed to where the audit runs."""
    if deployment.mended:
        reserved = deployment.exits.enter_context(socket.socket())
        reserved.bind(("127.0.0.1", 0))
        port = reserved.getsockname()[1]
    else:
        server = build()
        server.start()
        deployment.exits.callback(server.stop)
        port = server.port
    deployment.target(host="127.0.0.1", ports=[port])
    return at("127.0.0.1", f"127.0.0.1:{port}")


def _ftp(deployment: Deployment) -> Place:
    banner = deployment.pick("(vsFTPd 3.0.5)", "ProFTPD Server (Echanges)", "FileZilla Server 1.8.2",
                             "Microsoft FTP Service", "Serveur de transfert")  # fmt: skip
    place: Place = deployment.once(
        "ftp", lambda: _reached(deployment, lambda: _FtpServer(banner, anonymous=True))
    )
    return place


@renders("service-open-to-internet", "remote")
def file_server_reached(deployment: Deployment) -> Place:
    """A server of files lets strangers in by FTP, as an authorised audit may try."""
    deployment.authorise()
    return _ftp(deployment)


@renders("service-open-to-internet", "remote")
def index_reached(deployment: Deployment) -> Place:
    """A store of keys and values answers whoever connects."""
    return _reached(deployment, lambda: LoopbackServer(_Redis))


@renders("cleartext-transfer", "remote")
def transfer_without_tls(deployment: Deployment) -> Place:
    """The server of files offers no TLS."""
    return _ftp(deployment)


def _vsftpd(deployment: Deployment, *, anonymous: bool, encrypted: bool) -> Place:
    path = deployment.pick("/etc/vsftpd.conf", "/etc/vsftpd/vsftpd.conf")
    text = f"""# exchange of migration files
listen=NO
listen_ipv6=YES
anonymous_enable={"YES" if anonymous else "NO"}
local_enable=YES
write_enable=YES
ssl_enable={"YES" if encrypted else "NO"}
xferlog_enable=YES
"""
    return at(_SYSTEM, deployment.system(path, text))


def _proftpd(deployment: Deployment, *, anonymous: bool, encrypted: bool) -> Place:
    area = "<Anonymous /srv/depot>\n  User ftp\n  UserAlias anonymous ftp\n</Anonymous>\n"
    tls = "TLSEngine on\nTLSRequired on\n" if encrypted else "#TLSEngine on\n"
    text = f'ServerName "Depot"\nPort 21\n{tls}{area if anonymous else ""}'
    return at(_SYSTEM, deployment.system("/etc/proftpd/proftpd.conf", text))


def _pure(deployment: Deployment, *, anonymous: bool, encrypted: bool) -> Place:
    folder = "/etc/pure-ftpd/conf"
    deployment.system(f"{folder}/NoAnonymous", "no\n" if anonymous else "yes\n")
    deployment.system(f"{folder}/TLS", f"{3 if encrypted else 0}\n")
    return at(_SYSTEM, folder)


_FTP = (_vsftpd, _proftpd, _pure)


@renders("service-open-to-internet", "config")
def strangers_let_in(deployment: Deployment) -> Place:
    """The settings of the FTP server admit anybody without a password."""
    configure = deployment.once("ftp settings", lambda: deployment.pick(*_FTP))
    place: Place = configure(
        deployment, anonymous=not deployment.mended, encrypted=deployment.mended
    )
    return place


@renders("cleartext-transfer", "config")
def transfer_configured_in_clear(deployment: Deployment) -> Place:
    """The settings of the FTP server leave TLS out."""
    anonymous = deployment.once("ftp settings", lambda: None) is not None
    if anonymous:
        configure = deployment.once("ftp settings", lambda: None)
    else:
        configure = deployment.pick(*_FTP)
    place: Place = configure(
        deployment, anonymous=anonymous and not deployment.mended, encrypted=deployment.mended
    )
    return place


@renders("service-open-to-internet", "config")
def store_without_accounts(deployment: Deployment) -> Place:
    """A database or an index listens to the network and asks for no account."""
    everywhere = deployment.pick("0.0.0.0", '"::"', "10.0.0.12")
    everywhere = "10.0.0.12" if deployment.mended else everywhere
    match deployment.pick("mongodb", "elasticsearch", "redis", "opensearch"):
        case "mongodb":
            path = "/etc/mongod.conf"
            guard = "security:\n  authorization: enabled\n" if deployment.mended else ""
            text = f"storage:\n  dbPath: /var/lib/mongodb\nnet:\n  port: 27017\n  bindIp: {everywhere}\n{guard}"
        case "elasticsearch":
            path = "/etc/elasticsearch/elasticsearch.yml"
            on = "true" if deployment.mended else "false"
            text = (
                f"cluster.name: clients\nnetwork.host: {everywhere}\nxpack.security.enabled: {on}\n"
            )
        case "opensearch":
            path = "/etc/opensearch/opensearch.yml"
            off = "false" if deployment.mended else "true"
            text = f"network.host: {everywhere}\nplugins.security.disabled: {off}\n"
        case _:
            path = "/etc/redis/redis.conf"
            guard = "aclfile /etc/redis/users.acl" if deployment.mended else "protected-mode no"
            text = f"bind {everywhere}\nport 6379\n{guard}\n"
    return at(_SYSTEM, deployment.system(path, text))


@renders("service-open-to-internet", "config")
def folder_shared_with_all(deployment: Deployment) -> Place:
    """A folder is shared with whoever asks, by NFS, Samba or rsync."""
    folder = deployment.pick("/srv/imagerie", "/srv/sauvegardes", "/export/patients")
    match deployment.pick("nfs", "samba", "rsync"):
        case "nfs":
            path, who = "/etc/exports", "10.2.0.0/24" if deployment.mended else "*"
            text = f"# exports\n{folder} {who}(rw,sync,no_subtree_check)\n"
        case "samba":
            path = "/etc/samba/smb.conf"
            guest = "no" if deployment.mended else "yes"
            text = (
                "[global]\n server role = standalone server\n map to guest = bad user\n"
                f"[images]\n path = {folder}\n guest ok = {guest}\n read only = no\n"
            )
        case _:
            path = "/etc/rsyncd.conf"
            guard = "auth users = backup\nsecrets file = /etc/rsyncd.secrets\n"
            text = (
                f"[images]\npath = {folder}\nread only = no\n{guard if deployment.mended else ''}"
            )
    return at(_SYSTEM, deployment.system(path, text))
