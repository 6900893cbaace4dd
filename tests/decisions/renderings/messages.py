"""Messages that carry a password, or a link that is not worth one."""

from __future__ import annotations

from dataclasses import dataclass

from decisions.deployment import Deployment
from decisions.harness import Place, at, renders
from decisions.website import html

_SYSTEM = "./snapshot/"
_TEMPLATES = (
    ("/var/www/html/templates/emails/{}.html.twig", "{{{{ {} }}}}"),
    ("/srv/app/templates/registration/{}_email.txt", "{{{{ {} }}}}"),
    ("/var/www/html/resources/views/emails/{}.blade.php", "{{{{ ${} }}}}"),
    ("/opt/shop/mails/{}.html.j2", "{{{{ {} }}}}"),
    ("/var/www/site/mails/fr/{}.txt", "{{{}}}"),
)
_SECRETS = ("password", "mot_de_passe", "plain_password", "new_password", "mdp")


@dataclass(frozen=True)
class _Words:
    hello: str
    about: str
    given: str
    link: str


def _words(deployment: Deployment, renewed: bool) -> _Words:
    french, person = deployment.french, deployment.people[0]
    hello = f"Bonjour {person.first_name}," if french else f"Dear {person.first_name},"
    if french:
        about = (
            "Vous avez demandé un nouveau mot de passe." if renewed else "Votre compte est ouvert."
        )
        return _Words(hello, about, deployment.pick("Votre mot de passe : ", "Mot de passe : "),
                      "Choisissez votre mot de passe, lien valable 30 minutes : ")  # fmt: skip
    about = "You asked for a new password." if renewed else "Your account is open."
    return _Words(hello, about, deployment.pick("Your password: ", "Password: "),
                  "Choose your password, link valid for 30 minutes: ")  # fmt: skip


def _template(deployment: Deployment, renewed: bool) -> Place:
    form, blank = deployment.pick(*_TEMPLATES)
    name = "password_reset" if renewed else deployment.pick("welcome", "bienvenue", "new_account")
    words, secret = _words(deployment, renewed), deployment.pick(*_SECRETS)
    given = words.given + blank.format(secret)
    link = words.link + "https://boutique.example/activer?token=" + blank.format("token")
    path, br = form.format(name), "<br>" if "html" in form or "blade" in form else ""
    body = f"\n{br}".join((words.hello, words.about, link if deployment.mended else given))
    return at(_SYSTEM, deployment.system(path, body + "\n"))


def _saved(deployment: Deployment, renewed: bool) -> Place:
    words, draw = _words(deployment, renewed), deployment.draw
    name = deployment.pick("messages/recu.eml", "mails/compte.eml", "samples/mail1.eml")
    secret = deployment.pick(
        f"{draw.choice(('Kiwi', 'Mars', 'Plage'))}{draw.randint(100, 9999)}",
        "".join(draw.choice("abcdefghjkmnpqrstuvwxyz23456789") for _ in range(7)) + "7",
    )
    link = f"https://boutique.example/activer?token={draw.randbytes(24).hex()}"
    subject = deployment.say("Votre compte", "Your account")
    text = (
        f"From: boutique@boutique.example\nTo: {deployment.people[0].email}\nSubject: {subject}\n"
        f"Content-Type: text/plain; charset=utf-8\n\n{words.hello}\n{words.about}\n"
        f"{words.link + link if deployment.mended else words.given + secret}\n"
    )
    deployment.write(name, text)
    deployment.source("messages", name)
    return at(name, name)


@renders("password-sent-in-clear", "config")
def password_in_template(deployment: Deployment) -> Place:
    """The template of the message that greets a new customer has a blank for the password."""
    return _template(deployment, renewed=False)


@renders("password-sent-in-clear", "remote")
def password_in_message(deployment: Deployment) -> Place:
    """The message that came after a subscription, saved, shows the password."""
    return _saved(deployment, renewed=False)


@renders("weak-password-reset", "config")
def renewal_template(deployment: Deployment) -> Place:
    """Who forgot a password is sent a new one, says the template."""
    return _template(deployment, renewed=True)


@renders("weak-password-reset", "remote")
def renewal_message(deployment: Deployment) -> Place:
    """The message that came after “forgotten password”, saved, shows the new one."""
    return _saved(deployment, renewed=True)


@renders("weak-password-reset", "remote")
def guessable_link(deployment: Deployment) -> Place:
    """The link of the message holds no more than a name or a short code, or leads over HTTP."""
    draw, words = deployment.draw, _words(deployment, renewed=True)
    name = deployment.pick("messages/oubli.eml", "mails/reset.eml")
    weak = deployment.pick(
        f"https://boutique.example/reset?id={draw.randint(1000, 99999)}",
        f"https://boutique.example/reset?token={draw.randint(1000, 9999)}",
        f"http://boutique.example/reset?token={draw.randbytes(24).hex()}",
    )
    sound = f"https://boutique.example/reset?token={draw.randbytes(24).hex()}"
    text = f"From: a@boutique.example\nSubject: Reset\n\n{words.about}\n{words.link}"
    deployment.write(name, f"{text}{sound if deployment.mended else weak}\n")
    deployment.source("messages", name)
    return at(name, name)


@renders("weak-password-reset", "remote")
def secret_question(deployment: Deployment) -> Place:
    """Who answers a question about a mother's name chooses a new password."""
    site = deployment.site()
    path = deployment.pick("/mot-de-passe-oublie", "/forgot-password", "/compte/oubli")
    title = deployment.say("Mot de passe oublié", "Forgotten password")
    question = deployment.say(
        "Question secrète : nom de jeune fille de votre mère ?",
        "Security question: your first pet?",
    )
    asked = "" if deployment.mended else f'<label>{question}</label><input name="answer">'

    def shown(_: object) -> object:
        token = deployment.draw.randbytes(20).hex()
        form = (
            f'<form method="post" action="{path}"><input type="hidden" name="csrf_token" '
            f'value="{token}"><input name="email" type="email">{asked}<button>OK</button></form>'
        )
        return html(title, form, ("Cache-Control", "no-store"))

    site.handle(path, shown)  # type: ignore[arg-type]
    site.link(path, title)
    return at(site.url, path)
