"""Passwords as they are stored: readable, or hashed as Windows did before any salt."""

from __future__ import annotations

import base64

from decisions.deployment import Deployment
from decisions.harness import Place, at, renders

_WORDS = "soleil princesse doudou marseille Loulou bretagne Chouchou azertyuiop football Vacances".split()


def typed_password(deployment: Deployment) -> str:
    """A password as people choose them."""
    return deployment.draw.choice(_WORDS) + str(deployment.draw.randint(1, 9999))


def _argon(deployment: Deployment) -> str:
    salt, digest = (
        base64.b64encode(deployment.draw.randbytes(n)).decode().rstrip("=") for n in (16, 32)
    )
    return f"$argon2id$v=19$m=65536,t=3,p=4${salt}${digest}"


def _users(deployment: Deployment, values: list[tuple[str, str]]) -> Place:
    """A table of users as CSV or as a dump, with the first of each pair, or mended the second."""
    column = deployment.pick("password", "mot_de_passe", "passwd", "pass")
    stored = [pair[deployment.mended] for pair in values]
    people = deployment.people
    if deployment.pick(True, False):
        name = deployment.pick("clients.csv", "export/users.csv", "abonnes.csv")
        rows = [f"id;email;{column}"]
        rows += [
            f"{n};{people[n % len(people)].email};{value}" for n, value in enumerate(stored, 1)
        ]
        deployment.write(name, "\n".join(rows) + "\n")
    else:
        name, table = "dump/boutique.sql", deployment.pick("users", "clients", "comptes")
        tuples = ",\n".join(
            f"({n},'{people[n % len(people)].email}','{value}')"
            for n, value in enumerate(stored, 1)
        )
        text = f"INSERT INTO `{table}` (`id`, `email`, `{column}`) VALUES\n{tuples};\n"
        deployment.write(name, text)
    deployment.source("password_samples", {"path": name, "column": column})
    return at(name, "")


@renders("password-stored-in-clear", "sample")
def readable_column(deployment: Deployment) -> Place:
    """A column of the users' table can be read."""
    count = deployment.draw.randint(15, 60)
    return _users(
        deployment, [(typed_password(deployment), _argon(deployment)) for _ in range(count)]
    )


@renders("password-stored-in-clear", "sample")
def readable_in_part(deployment: Deployment) -> Place:
    """Passwords hashed since a change; those of before are still readable."""
    count = deployment.draw.randint(20, 60)
    return _users(
        deployment,
        [
            (typed_password(deployment) if n % 3 else _argon(deployment), _argon(deployment))
            for n in range(count)
        ],
    )


@renders("weak-password-hash", "sample")
def windows_hashes(deployment: Deployment) -> Place:
    """MD4 of the password, as 32 digits or with its mark; the digest is drawn, none is real."""
    draw, form = deployment.draw, deployment.pick("{}", "$3$${}", "{}")
    upper = deployment.pick(True, False) and form == "{}"
    hashes = [draw.randbytes(16).hex() for _ in range(draw.randint(15, 50))]
    values = [form.format(h.upper() if upper else h) for h in hashes]
    return _users(deployment, [(value, _argon(deployment)) for value in values])


@renders("weak-password-hash", "config")
def windows_hashes_in_code(deployment: Deployment) -> Place:
    """The application's code hashes the password with MD4."""
    kind = deployment.pick("python", "php", "java")
    path, weak, sound = {
        "python": (
            deployment.pick("/srv/app/staff/auth.py", "/opt/intranet/accounts.py"),
            "import hashlib\n\n\ndef hash_password(password):\n"
            "    return hashlib.new('md4', password.encode('utf-16-le')).hexdigest()\n",
            "from argon2 import PasswordHasher\n\n\ndef hash_password(password):\n"
            "    return PasswordHasher().hash(password)\n",
        ),
        "php": (
            deployment.pick("/var/www/html/lib/agents.php", "/var/www/intranet/auth.php"),
            "<?php\nfunction hashPassword($password) {\n"
            "  return hash('md4', iconv('UTF-8', 'UTF-16LE', $password));\n}\n",
            "<?php\nfunction hashPassword($password) {\n"
            "  return password_hash($password, PASSWORD_ARGON2ID);\n}\n",
        ),
        "java": (
            "/opt/agents/src/main/java/fr/exemple/Passwords.java",
            "class Passwords {\n  byte[] hashPassword(String password) throws Exception {\n"
            '    return MessageDigest.getInstance("MD4").digest(password.getBytes("UTF-16LE"));\n'
            "  }\n}\n",
            "class Passwords {\n  String hashPassword(String password) {\n"
            "    return new Argon2PasswordEncoder(16, 32, 1, 65536, 3).encode(password);\n  }\n}\n",
        ),
    }[kind]
    return at("./snapshot/", deployment.system(path, sound if deployment.mended else weak))
