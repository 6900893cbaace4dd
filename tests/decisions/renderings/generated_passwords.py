"""Passwords that the service draws for people, too short or from a chance that can be foretold."""

from __future__ import annotations

import string

from decisions.deployment import Deployment
from decisions.harness import Place, at, renders

_ALPHABETS = (
    string.ascii_lowercase + string.digits,
    string.ascii_lowercase,
    string.ascii_letters + string.digits,
    string.digits,
)


@renders("predictable-generated-password", "sample")
def issued_alike(deployment: Deployment) -> Place:
    """A sample of issued passwords: all of eight characters; mended, only strong hashes are kept."""
    draw, length = deployment.draw, deployment.pick(6, 7, 8)
    alphabet, count = deployment.pick(*_ALPHABETS), draw.randint(15, 80)
    issued = ["".join(draw.choice(alphabet) for _ in range(length)) for _ in range(count)]
    hashes = [
        f"$argon2id$v=19$m=65536,t=3,p=4${draw.randbytes(16).hex()}${draw.randbytes(32).hex()}"
        for _ in range(count)
    ]
    name = deployment.pick("motsdepasse.txt", "issued.txt", "remis/liste.txt")
    deployment.write(name, "\n".join(hashes if deployment.mended else issued) + "\n")
    deployment.source("password_samples", {"path": name})
    return at(name, "")


@renders("predictable-generated-password", "config")
def short_draw_in_code(deployment: Deployment) -> Place:
    """The code that opens an account draws eight characters, some of it from an ordinary chance."""
    length = deployment.pick(6, 8)
    folder, name, weak, sound = deployment.pick(
        (
            "/var/www/html/app", "abonnes.php",
            f"<?php\nfunction creer($email) {{\n  $password = substr(md5(uniqid(rand())), 0, {length});\n"
            "  enregistrer($email, $password);\n}\n",
            "<?php\nfunction creer($email) {\n  $password = bin2hex(random_bytes(16));\n"
            "  enregistrer($email, $password);\n}\n",
        ),
        (
            "/var/www/html/app/Http", "SignUp.php",
            f"<?php\nclass SignUp {{\n  function open($email) {{\n    $mot_de_passe = Str::random({length});\n"
            "    save($email, $mot_de_passe);\n  }\n}\n",
            "<?php\nclass SignUp {\n  function open($email) {\n    $mot_de_passe = Str::random(24);\n"
            "    save($email, $mot_de_passe);\n  }\n}\n",
        ),
        (
            "/srv/app/accounts", "services.py",
            "import random, string\n\n\ndef generate_password():\n"
            "    signs = string.ascii_letters + string.digits\n"
            f"    return ''.join(random.choice(signs) for _ in range({length}))\n",
            "import secrets, string\n\n\ndef generate_password():\n"
            "    signs = string.ascii_letters + string.digits\n"
            "    return ''.join(secrets.choice(signs) for _ in range(16))\n",
        ),
        (
            "/opt/api/src", "users.js",
            "async function create(email) {\n"
            f"  const password = Math.random().toString(36).slice(-{length});\n"
            "  await save(email, password);\n}\n",
            "async function create(email) {\n"
            "  const password = crypto.randomBytes(16).toString('hex');\n"
            "  await save(email, password);\n}\n",
        ),
    )  # fmt: skip
    path = f"{folder}/{name}"
    deployment.system(path, sound if deployment.mended else weak)
    return at("./snapshot/", path)
