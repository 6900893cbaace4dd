"""Real servers on loopback, each with planted weaknesses that are known, or with none.

A `Server` says what is to be started and what is wrong with it; `Laboratory.running` starts it on a
port of its own and ends it afterwards. The servers themselves are in `cases.py`.
"""

from __future__ import annotations

import importlib.util
import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Literal, TypeAlias

from laboratory.pki import Pki

_START_SECONDS = 8.0
SERVE = Path(__file__).with_name("serve.py")
Options: TypeAlias = dict[str, Any]
Kind = Literal[
    "s_server", "nginx", "stunnel", "gnutls", "python", "tlslite", "openssl-1.0.2e",
    "sshd", "postgresql", "dovecot",
]  # fmt: skip


class Absent(Exception):
    """The program or module is not installed here, or refuses this configuration."""


@dataclass(frozen=True)
class Server:
    """What to start, and its truth: the planted issues, in the words of `told.ISSUES`."""

    name: str
    kind: Kind
    truth: frozenset[str] = frozenset()
    options: Options = field(default_factory=dict)
    certificate: str = "good"
    starttls: str | None = None

    @property
    def strict(self) -> bool:
        """Whether nothing at all is wrong with it."""
        return not self.truth

    @property
    def host(self) -> str:
        """Its address: Dovecot takes a client with the server's own address for a trusted one."""
        return "127.0.0.2" if self.kind == "dovecot" else "127.0.0.1"

    def target(self, port: int) -> dict[str, Any]:
        """Return the entry of a scope file that names it."""
        address = f"{self.host}:{port}"
        if self.kind == "sshd":
            return {"ssh": address}
        return {"tls": address} | ({"starttls": self.starttls} if self.starttls else {})


@dataclass(frozen=True)
class Launch:
    """How one server is run: its command line, user, and the socket it inherits."""

    command: Sequence[str | Path]
    environment: dict[str, str] = field(default_factory=dict)
    user: str | None = None
    listening: socket.socket | None = None


@dataclass
class Laboratory:
    """A folder with the certificates, from which servers are started."""

    folder: Path
    pki: Pki = field(init=False)
    _count: int = 0

    def __post_init__(self) -> None:
        # Servers that give up root's rights must reach their own files.
        self.folder.chmod(0o755)
        self.pki = Pki(self.folder)

    @contextmanager
    def running(self, server: Server) -> Iterator[int]:
        """Start it and give its port; it and its children are gone at the end.

        Raises Absent when it cannot be had here.
        """
        self._count += 1
        home = self.folder / f"{self._count}-{server.name}"
        home.mkdir()
        port = free_port(server.host)
        launch = _KINDS[server.kind](self, server, home, port)
        if launch.listening is not None:
            port = launch.listening.getsockname()[1]
        with (home / "output").open("wb") as output:
            process = _start(launch, home, output)
            try:
                _await(process, (server.host, port), home)
                yield port
            finally:
                _end(process)
                if launch.listening is not None:
                    launch.listening.close()


def free_port(host: str = "127.0.0.1") -> int:
    """Return a port of loopback that nobody uses at this moment."""
    with socket.create_server((host, 0)) as free:
        port: int = free.getsockname()[1]
        return port


def _start(launch: Launch, home: Path, output: IO[bytes]) -> subprocess.Popen[bytes]:
    passed = (launch.listening.fileno(),) if launch.listening is not None else ()
    return subprocess.Popen(
        [str(word) for word in launch.command], cwd=home, start_new_session=True,
        env=os.environ | launch.environment, user=launch.user, pass_fds=passed,
        stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
    )  # fmt: skip


def _await(process: subprocess.Popen[bytes], address: tuple[str, int], home: Path) -> None:
    until = time.monotonic() + _START_SECONDS
    while time.monotonic() < until and process.poll() is None:
        with suppress(OSError), socket.create_connection(address, timeout=1):
            if process.poll() is None:
                return
        time.sleep(0.02)
    said = (home / "output").read_text(errors="replace").strip().splitlines()
    raise Absent(f"does not start: {said[-1] if said else 'no answer'}")


def _end(process: subprocess.Popen[bytes]) -> None:
    for sign in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, sign)
        with suppress(subprocess.TimeoutExpired):
            process.wait(3)
    # Children that outlived their parent.
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def program(*names: str, folders: Sequence[str] = ("/usr/sbin", "/usr/local/sbin")) -> str:
    """Return where the first of these programs lies; raises Absent."""
    path = os.pathsep.join((os.environ.get("PATH", ""), *folders))
    for name in names:
        found = shutil.which(name, path=path)
        if found:
            return found
    raise Absent(f"{names[0]} is not installed")


def account(name: str) -> str | None:
    """Return the account to run as: this one when we run as root, else nobody; raises Absent."""
    if os.geteuid() != 0:
        return None
    try:
        pwd.getpwnam(name)
    except KeyError:
        raise Absent(f"there is no account {name}") from None
    return name


# OpenSSL and the servers that use it.

_LENIENT = """openssl_conf = start
[start]
ssl_conf = all
[all]
system_default = lenient
[lenient]
MinProtocol = None
CipherString = ALL:@SECLEVEL=0
"""


def _lenient(home: Path) -> dict[str, str]:
    """Return the environment in which Debian's OpenSSL 3 refuses nothing it still knows."""
    path = home / "openssl.cnf"
    path.write_text(_LENIENT)
    return {"OPENSSL_CONF": str(path)}


def _s_server(lab: Laboratory, server: Server, home: Path, port: int) -> Launch:
    files, options = lab.pki.identity(server.certificate), server.options
    least, most = options.get("least", "TLSv1.2"), options.get("most", "TLSv1.3")
    suites = options.get("suites", "ECDHE+AESGCM:ECDHE+CHACHA20") + ":@SECLEVEL=0"
    command: list[str | Path] = [
        program("openssl"), "s_server", "-accept", f"127.0.0.1:{port}", "-www", "-quiet",
        "-serverpref", "-cert", files.chain, "-key", files.key,
        "-min_protocol", least, "-max_protocol", most, "-cipher", suites,
        "-groups", options.get("groups", "X25519:P-256:P-384"),
    ]  # fmt: skip
    if files.above.stat().st_size:
        command += ["-cert_chain", files.above]
    if options.get("dh"):
        command += ["-dhparam", lab.pki.dh(options["dh"])]
    if files.staple:
        command += ["-status_file", files.staple]
    command += options.get("more", [])
    return Launch(command, _lenient(home))


_NGINX = """daemon off; master_process off; pid {home}/nginx.pid; error_log stderr crit;
events {{ }}
http {{
  access_log off;
  client_body_temp_path {home}; proxy_temp_path {home}; fastcgi_temp_path {home};
  uwsgi_temp_path {home}; scgi_temp_path {home};
  server {{
    listen 127.0.0.1:{port} ssl;
    server_tokens off;
    ssl_certificate {chain}; ssl_certificate_key {key};
    ssl_protocols {protocols}; ssl_ciphers {suites}; ssl_ecdh_curve {curves};
    ssl_session_tickets off; ssl_prefer_server_ciphers on; {more}
    return 200 ok;
  }}
}}
"""


def _nginx(lab: Laboratory, server: Server, home: Path, port: int) -> Launch:
    files, options = lab.pki.identity(server.certificate), server.options
    more = options.get("more", "")
    if options.get("dh"):
        more += f"ssl_dhparam {lab.pki.dh(options['dh'])};"
    configuration = home / "nginx.conf"
    configuration.write_text(
        _NGINX.format(
            home=home, port=port, chain=files.chain, key=files.key, more=more,
            protocols=options.get("protocols", "TLSv1.2 TLSv1.3"),
            suites=options.get("suites", "ECDHE+AESGCM:ECDHE+CHACHA20") + ":@SECLEVEL=0",
            curves=options.get("curves", "X25519:prime256v1:secp384r1"),
        )
    )  # fmt: skip
    command: list[str | Path] = [program("nginx"), "-p", home, "-c", configuration, "-e", "stderr"]
    return Launch(command, _lenient(home))


def _stunnel(lab: Laboratory, server: Server, home: Path, port: int) -> Launch:
    files, options = lab.pki.identity(server.certificate), server.options
    lines = ["foreground = yes", "debug = 3", "syslog = no", "pid ="]
    lines += ["[laboratory]", f"accept = 127.0.0.1:{port}", "exec = /bin/cat"]
    lines += [f"cert = {files.chain}", f"key = {files.key}", "securityLevel = 0"]
    lines += options.get("lines", ["sslVersionMin = TLSv1.2", "ciphers = ECDHE+AESGCM"])
    configuration = home / "stunnel.conf"
    configuration.write_text("\n".join(lines) + "\n")
    return Launch([program("stunnel4", "stunnel"), configuration], _lenient(home))


# Libraries served by `serve.py`.


def _of_library(module: str | None) -> Callable[[Laboratory, Server, Path, int], Launch]:
    def launch(lab: Laboratory, server: Server, home: Path, port: int) -> Launch:
        if module is not None and importlib.util.find_spec(module) is None:
            raise Absent(f"{module} is not installed")
        files = lab.pki.identity(server.certificate)
        options = server.options | {"chain": str(files.chain), "key": str(files.key)}
        options |= {"starttls": server.starttls}
        if options.get("dh"):
            options["dh"] = str(lab.pki.dh(options["dh"]))
        if options.get("ask_client"):
            options["ask_client"] = str(lab.pki.root)
        listening = socket.create_server(("127.0.0.1", 0), backlog=64)
        command = [sys.executable, SERVE, server.kind, json.dumps(options), listening.fileno()]
        return Launch([str(word) for word in command], _lenient(home), listening=listening)

    return launch


# Services.


def _sshd(lab: Laboratory, server: Server, home: Path, port: int) -> Launch:
    where = program("sshd")
    if os.geteuid() == 0:
        # As root sshd wants this directory, which its service makes at start.
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    lines = [f"Port {port}", "ListenAddress 127.0.0.1", "PidFile none", "UsePAM no"]
    # A scan opens many connections at once; the default drops some of them at random.
    lines += ["MaxStartups 200"]
    for kind in server.options["keys"]:
        lines.append(f"HostKey {_host_key(lab, *kind)}")
    configuration = home / "sshd_config"
    configuration.write_text("\n".join([*lines, *server.options["lines"]]) + "\n")
    return Launch([where, "-D", "-e", "-f", configuration])


def _host_key(lab: Laboratory, kind: str, bits: int) -> Path:
    path = lab.folder / f"host_{kind}_{bits}"
    if not path.exists():
        command: list[str | Path] = [
            program("ssh-keygen"),
            "-q",
            "-t",
            kind,
            "-b",
            str(bits),
            "-N",
            "",
            "-f",
            path,
        ]
        subprocess.run(command, check=True, stdin=subprocess.DEVNULL, timeout=_START_SECONDS)
    return path


def _postgresql(lab: Laboratory, server: Server, home: Path, port: int) -> Launch:
    binaries = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda p: int(p.parent.name))
    folders = [str(path) for path in reversed(binaries)]
    where = program("postgres", folders=folders) if not folders else f"{folders[0]}/postgres"
    user = account("postgres")
    cluster = home / "cluster"
    _own(home, user)
    subprocess.run(
        [Path(where).with_name("initdb"), "-D", cluster, "-A", "scram-sha-256", "-N", "-U", "lab",
         "--pwfile", _password(home), "--no-locale", "-E", "UTF8"],
        check=True, user=user, capture_output=True, timeout=30, cwd=home,
    )  # fmt: skip
    files = lab.pki.identity(server.certificate)
    for source, name in ((files.chain, "server.crt"), (files.key, "server.key")):
        shutil.copy(source, cluster / name)
        (cluster / name).chmod(0o600)
        _own(cluster / name, user)
    (cluster / "pg_hba.conf").write_text(server.options["hba"] + "\n")
    settings = {
        "listen_addresses": "127.0.0.1", "port": str(port), "unix_socket_directories": "",
        "fsync": "off", "ssl_ciphers": "ECDHE+AESGCM", **server.options["settings"],
    }  # fmt: skip
    command = [where, "-D", str(cluster)]
    for name, value in settings.items():
        command += ["-c", f"{name}={value}"]
    return Launch(command, user=user)


def _password(home: Path) -> Path:
    path = home / "pwfile"
    path.write_text("for-this-run-only\n")
    path.chmod(0o644)
    return path


def _own(path: Path, user: str | None) -> None:
    if user is not None:
        shutil.chown(path, user, pwd.getpwnam(user).pw_gid)


_DOVECOT = """base_dir = {home}/run
state_dir = {home}/run
instance_name = laboratory
log_path = /dev/stderr
protocols = {protocol}
listen = {host}
default_login_user = {login}
default_internal_user = {internal}
default_internal_group = {group}
{accounts}
ssl_cert = <{chain}
ssl_key = <{key}
mail_location = maildir:{home}/mail
passdb {{
  driver = static
  args = nopassword=n
}}
userdb {{
  driver = static
  args = uid=65534 gid=65534 home={home}
}}
service {protocol}-login {{
  chroot =
  inet_listener {protocol} {{
    port = {port}
  }}
  inet_listener {protocol}s {{
    port = 0
  }}
}}
{lines}
"""


def _dovecot(lab: Laboratory, server: Server, home: Path, port: int) -> Launch:
    where = program("dovecot")
    root = os.geteuid() == 0
    here = pwd.getpwuid(os.geteuid())
    internal = account("dovecot") or here.pw_name
    login = account("dovenull") or here.pw_name
    files = lab.pki.identity(server.certificate)
    configuration = home / "dovecot.conf"
    configuration.write_text(
        _DOVECOT.format(
            home=home, host=server.host, port=port, chain=files.chain, key=files.key,
            internal=internal,
            group=internal, login=login, accounts="" if root else "service anvil {\n chroot =\n}",
            protocol=server.starttls, lines="\n".join(server.options["lines"]),
        )
    )  # fmt: skip
    return Launch([where, "-F", "-c", configuration])


_KINDS: dict[Kind, Callable[[Laboratory, Server, Path, int], Launch]] = {
    "s_server": _s_server,
    "nginx": _nginx,
    "stunnel": _stunnel,
    "gnutls": _of_library(None),
    "python": _of_library(None),
    "tlslite": _of_library("tlslite"),
    "openssl-1.0.2e": _of_library("nassl"),
    "sshd": _sshd,
    "postgresql": _postgresql,
    "dovecot": _dovecot,
}

__all__ = ["Absent", "Laboratory", "Server", "free_port", "program"]
