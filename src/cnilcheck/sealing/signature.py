"""A signature over the manifest, made and checked by OpenSSH with the key an auditor already has.

`ssh-keygen` knows locked keys, agents and security keys; nothing of that is done again here.
"""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from cnilcheck.errors import DossierError, ToolMissing
from cnilcheck.sealing.manifest import MANIFEST, SIGNATURE

NAMESPACE = "cnilcheck"
_SECONDS = 30.0
_PROMPT_SECONDS = 300.0
_GOOD = re.compile(r'^Good "cnilcheck" signature .*?with \S+ key (SHA256:\S{43})$', re.MULTILINE)
_PUBLIC = re.compile(r"^(?:ssh|ecdsa|sk)-[\w@.-]+ [A-Za-z0-9+/]+={0,2}$")


@dataclass(frozen=True)
class Key:
    """A key to sign with: the file ssh-keygen is given, and its public half, `type base64`."""

    path: Path
    public: str


def read_key(path: Path) -> Key:
    """Return the key of that file, private or public (an agent holds its other half then).

    Raises DossierError when it is none, ToolMissing without OpenSSH.
    """
    if not path.is_file():
        raise DossierError(f"{path}: no such file", "name an OpenSSH key")
    beside = path if path.suffix == ".pub" else path.with_name(f"{path.name}.pub")
    if beside.is_file():
        return Key(path, read_public(beside))
    done = _ssh_keygen("-y", "-f", str(path.absolute()), seconds=_PROMPT_SECONDS)
    public = " ".join(done.stdout.split()[:2])
    if done.returncode or not _PUBLIC.match(public):
        raise DossierError(f"{path}: not a key that ssh-keygen can use")
    return Key(path, public)


def read_public(path: Path) -> str:
    """Return the public key of a file, as `type base64`; raises DossierError when it is none."""
    try:
        with path.open(encoding="utf-8") as stream:
            public = " ".join(stream.read(65_536).split()[:2])
    except (OSError, UnicodeDecodeError):
        public = ""
    if not _PUBLIC.match(public):
        raise DossierError(f"{path}: not a public key as OpenSSH writes it")
    return public


def sign_manifest(folder: Path, key: Key) -> None:
    """Sign the manifest of the folder; raises DossierError when the key is locked or refused.

    ssh-keygen asks for a passphrase itself, on the terminal.
    """
    command = ("-Y", "sign", "-q", "-n", NAMESPACE, "-f", str(key.path.absolute()), MANIFEST)
    done = _ssh_keygen(*command, folder=folder, seconds=_PROMPT_SECONDS)
    if done.returncode or not (folder / SIGNATURE).is_file():
        said = done.stderr.strip().splitlines()
        raise DossierError(f"{key.path}: {said[-1][:200] if said else 'cannot sign'}")


def signed_with(folder: Path) -> str:
    """Return the fingerprint of the key that signed the manifest.

    Raises DossierError when the signature is not one of this manifest for cnilcheck, ToolMissing
    without OpenSSH.
    """
    manifest = (folder / MANIFEST).read_bytes()
    command = ("-Y", "check-novalidate", "-n", NAMESPACE, "-s", SIGNATURE)
    done = _ssh_keygen(*command, folder=folder, given=manifest)
    good = _GOOD.search(done.stdout)
    if done.returncode or good is None:
        raise DossierError("it is not one of this manifest")
    return good[1]


def fingerprint(public: str) -> str:
    """Return the fingerprint of a public key (`SHA256:…`); raises DossierError for none."""
    done = _ssh_keygen("-l", "-f", "-", given=public.encode())
    found = re.search(r"SHA256:\S{43}", done.stdout)
    if done.returncode or found is None:
        raise DossierError("not a public key as OpenSSH writes it")
    return found[0]


def _ssh_keygen(
    *arguments: str, folder: Path | None = None, given: bytes | None = None,
    seconds: float = _SECONDS,
) -> subprocess.CompletedProcess[str]:  # fmt: skip
    try:
        done = subprocess.run(
            ["ssh-keygen", *arguments],
            cwd=folder, input=given, capture_output=True, timeout=seconds, check=False,
            stdin=subprocess.DEVNULL if given is None else None,
        )  # fmt: skip
    except FileNotFoundError:
        raise ToolMissing("ssh-keygen is not installed", "it comes with OpenSSH") from None
    except subprocess.TimeoutExpired:
        raise DossierError("ssh-keygen does not answer") from None
    said = [out.decode("utf-8", "replace") for out in (done.stdout, done.stderr)]
    return subprocess.CompletedProcess(done.args, done.returncode, *said)
