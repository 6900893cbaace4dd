"""Passwords as stored, transfers in clear."""

from __future__ import annotations

import base64
import hashlib

from decisions.deployment import Deployment
from decisions.harness import Place, at, renders

_PASSWORDS = ("soleil", "Azerty1", "marseille13", "doudou", "princesse", "123456", "loulou75")


def _encoded(deployment: Deployment, size: int) -> str:
    return base64.b64encode(deployment.draw.randbytes(size)).decode().rstrip("=")


def _strong(deployment: Deployment, memory: int) -> str:
    salt, digest = _encoded(deployment, 16), _encoded(deployment, 32)
    return f"$argon2id$v=19$m={memory},t=2,p=1${salt}${digest}"


def _weak(deployment: Deployment, function: str) -> str:
    password = deployment.draw.choice(_PASSWORDS) + str(deployment.draw.randint(0, 9999))
    return hashlib.new(function, password.encode(), usedforsecurity=False).hexdigest()


@renders("weak-password-hash", "sample")
def hashed_fast(
    deployment: Deployment, functions: tuple[str, ...] = ("md5", "sha1", "sha256")
) -> Place:
    """A column of the users' table with fast hashes."""
    function, memory = deployment.pick(*functions), deployment.pick(47104, 65536, 131072)
    column = deployment.pick("password", "mot_de_passe", "passwd", "mdp_hash")
    name = deployment.pick("users.csv", "comptes.csv", "export/clients.csv", "utilisateurs.csv")
    rows = [f"{deployment.pick('id', 'login')},{column}"]
    for number in range(deployment.draw.randint(20, 60)):
        weak, strong = _weak(deployment, function), _strong(deployment, memory)
        rows.append(f'u{number:04d},"{strong if deployment.mended else weak}"')
    deployment.write(name, "\n".join(rows) + "\n")
    deployment.source("password_samples", {"path": name, "column": column})
    return at(name, "")


@renders("weak-password-hash", "config")
def hashed_fast_by_the_code(
    deployment: Deployment, functions: tuple[str, ...] = ("md5", "sha1")
) -> Place:
    """Code that hands passwords to a fast function."""
    function = deployment.pick(*functions)
    match deployment.pick("php", "python", "node"):
        case "php":
            path = deployment.pick("/var/www/html/inscription.php", "/var/www/site/lib/compte.php")
            weak = f"$hash = {function}($_POST['{deployment.pick('password', 'mdp')}']);"
            good = "$hash = password_hash($_POST['password'], PASSWORD_ARGON2ID);"
            code = f"<?php\n// creation de compte\n{good if deployment.mended else weak}\nsave($hash);\n"
        case "python":
            path = deployment.pick("/srv/app/accounts.py", "/opt/portail/comptes/views.py")
            weak = f"    digest = hashlib.{function}(password.encode()).hexdigest()"
            good = "    digest = argon2.PasswordHasher().hash(password)"
            code = (
                f"import {'argon2' if deployment.mended else 'hashlib'}\n\n\ndef create(login, password):\n"
                f"{good if deployment.mended else weak}\n    return login, digest\n"
            )
        case _:
            path = deployment.pick("/srv/api/routes/users.js", "/opt/shop/server/signup.js")
            weak = f"const digest = crypto.createHash('{function}').update(password).digest('hex');"
            good = "const digest = await argon2.hash(password);"
            code = f"module.exports = async (login, password) => {{\n  {good if deployment.mended else weak}\n  return save(login, digest);\n}};\n"
    deployment.system(path, code)
    return at("snapshot", path)


@renders("cleartext-transfer", "config")
def papers_asked_by_mail(deployment: Deployment) -> Place:
    """The template of a message asks for a card or a paper by return of e-mail."""
    path = deployment.pick(
        "/srv/shop/templates/emails/fraude.html", "/var/www/shop/mails/fr/verification.txt",
        "/opt/crm/templates/notifications/justificatif.twig",
    )  # fmt: skip
    paper = deployment.say(
        deployment.draw.choice(
            ["votre carte bancaire", "un justificatif de domicile", "votre carte d'identité"]
        ),
        deployment.draw.choice(["your bank card", "a proof of address", "your identity card"]),
    )
    weak = deployment.say(
        f"Afin de valider votre commande, merci de nous envoyer une copie de {paper} par retour de courriel.",
        f"To confirm your order, please send a copy of {paper} by return e-mail.",
    )
    good = deployment.say(
        f"Afin de valider votre commande, merci de déposer {paper} dans votre espace : https://boutique.example/pieces."
        " Ne l'envoyez jamais par courriel.",
        f"To confirm your order, please upload {paper} in your account: https://shop.example/papers."
        " Never send it by e-mail.",
    )
    deployment.system(
        path, f"{deployment.say('Bonjour', 'Hello')},\n\n{good if deployment.mended else weak}\n"
    )
    return at("snapshot", path)
