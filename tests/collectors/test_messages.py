"""Messages and templates: passwords in them, and the worth of their links."""

from __future__ import annotations

from pathlib import Path

import pytest

from cnilcheck.collectors.base import Nothing
from cnilcheck.collectors.messages import Messages, message
from cnilcheck.model.facts import AccountLink, AccountMessage
from cnilcheck.model.scope import Scope, Sources
from collectors.trees import facts, gaps, look, tools_at, write

TREE = "/var/www/app/templates/emails/bienvenue.html.twig"


@pytest.mark.parametrize(
    "line",
    [
        "Votre mot de passe est : {{ password }}",
        "<p>Mot de passe&nbsp;: <b>{{ user.plainPassword }}</b></p>",
        "Mot de passe : {{ $password }}",
        "Mot de passe : {!! $motDePasse !!}",
        "Password: ${user.password}",
        "Votre mot de passe : %PASSWORD%",
        "Mot de passe : <?= $mdp ?>",
        "Mot de passe : [password]",
        "Mot de passe : {temp_password}",
        "Mot de passe : {{ password|default('x') }}",
        "Votre mot de passe : Soleil2024!",
        "<td>Mot de passe</td><td>: <strong>depist-21X</strong></td>",
        "Your password is tiger42",
    ],
)
def test_a_password_in_a_message_is_found_at_its_line(line: str) -> None:
    fact = message(f"Bonjour,\n\n{line}\n\nCordialement\n", TREE)
    assert fact is not None and fact.passwords == (3,)


@pytest.mark.parametrize(
    "line",
    [
        "Pour choisir votre mot de passe : {{ reset_url }}",
        "Vous avez oublié votre mot de passe ?",
        "Votre mot de passe est personnel.",
        "Choisissez un mot de passe : https://app.example.fr/mot-de-passe/9f8e7d6c5b4a39281706f5e4d3c2b1a0",
        "{{ url('password.reset', token) }}",
        "<a href=\"{{ path('app_reset_password', {token: token}) }}\">Mot de passe</a>",
        '<input type="password" name="password" value="{{ password }}">',
        "Mot de passe : ********",
        "Le service Mot de passe : Assistance",
        "Votre mot de passe doit contenir : majuscules, chiffres",
        "{{ password_reset_link }}",
    ],
)
def test_a_message_without_a_password_is_left_alone(line: str) -> None:
    fact = message(f"Bonjour,\n\n{line}\n", TREE)
    assert fact is None or fact.passwords == ()


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("https://app.example.fr/reset?token=9f8e7d6c5b4a39281706f5e4d3c2b1a0", ("https", 128, False)),
        ("http://app.example.fr/reset?token=9f8e7d6c5b4a39281706f5e4d3c2b1a0", ("http", 128, False)),
        ("https://app.example.fr/reset?user=1742", ("https", None, True)),
        ("https://app.example.fr/reset?email=marie%40example.fr", ("https", None, True)),
        ("https://app.example.fr/reset-password/1742", ("https", None, True)),
        ("https://app.example.fr/reset?user={{ user.id }}", ("https", None, True)),
        ("https://app.example.fr/reset?user={{ user.id }}&token={{ token }}", ("https", None, False)),
        ("https://app.example.fr/mot-de-passe?code=482913", ("https", 19, False)),
        ("https://app.example.fr/reset/{{ uid }}/{{ token }}/", ("https", None, False)),
        ("https://app.example.fr/reset?t=0190a1b2-c3d4-4e5f-8a9b-0c1d2e3f4a5b", ("https", 122, False)),
    ],
)  # fmt: skip
def test_a_link_is_worth_its_token(address: str, expected: tuple[str, int | None, bool]) -> None:
    fact = message(f'Réinitialisation\n<a href="{address}">ici</a>\n', TREE)
    assert fact is not None
    (link,) = fact.links
    assert link == AccountLink(2, *expected)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("said", "minutes"),
    [
        ("Ce lien est valable 24 heures.", 1440),
        ("Ce lien expire dans <b>60</b> minutes.", 60),
        ("This link is valid for 2 days", 2880),
        ("Lien valable une heure", 60),
        ("Ce lien restera valide pendant 7 jours.", 10_080),
        ("Appelez le 01 23 45 67 89.", None),
    ],
)
def test_a_lifetime_is_read_from_the_words(said: str, minutes: int | None) -> None:
    text = f"Mot de passe\nhttps://a.example.fr/reset?token={'a1' * 16}\n{said}\n"
    fact = message(text, TREE)
    assert fact is not None and fact.lifetime_minutes == minutes


def test_templates_of_the_tree_are_read(tmp_path: Path) -> None:
    weak = "Votre mot de passe : {{ password }}\n"
    root = write(tmp_path, {TREE: weak, "/var/www/app/templates/login.html.twig": weak})
    assert facts(look(Messages(), root), AccountMessage) == {TREE: AccountMessage((1,), (), None)}


def test_a_tree_without_messages_has_no_object(tmp_path: Path) -> None:
    assert look(Messages(), write(tmp_path, {"/etc/hostname": "a"})) == [
        Nothing("/", AccountMessage)
    ]


def test_templates_that_cannot_be_read_are_a_gap(tmp_path: Path) -> None:
    deep = "/var/www" + "/d" * 30
    root = write(tmp_path, {f"{deep}/emails/a.txt": "Votre mot de passe : {{ password }}\n"})
    assert [kind for _, kind, _ in gaps(look(Messages(), root))] == [AccountMessage]


EML = b"""From: Officine <no-reply@example.fr>\r
To: marie.durand@example.fr\r
Subject: Vos identifiants\r
Content-Type: text/plain; charset=utf-8\r
Content-Transfer-Encoding: %s\r
\r
%s\r
"""


@pytest.mark.parametrize(
    ("coding", "body", "count"),
    [
        (b"8bit", b"Mot de passe : Soleil2024!", 1),
        (b"quoted-printable", b"Mot de passe : Sol=\r\neil2024!", 1),
        (b"base64", b"TW90IGRlIHBhc3NlIDogU29sZWlsMjAyNCE=", 1),
        (b"8bit", b"Mot de passe : https://app.example.fr/reset?token=" + b"a1" * 16, 0),
    ],
)  # fmt: skip
def test_an_email_handed_over_is_decoded(
    tmp_path: Path, coding: bytes, body: bytes, count: int
) -> None:
    (tmp_path / "courriels").mkdir()
    (tmp_path / "courriels" / "bienvenue.eml").write_bytes(EML % (coding, body))
    collector = Messages()
    (task,) = collector.tasks(Scope(version=1, sources=Sources(messages=("courriels",))))
    (found,) = facts(list(collector.observe(task, tools_at(tmp_path))), AccountMessage).items()
    assert found[0] == "courriels/bienvenue.eml"
    assert isinstance(found[1], AccountMessage)
    assert len(found[1].passwords) == count


@pytest.mark.parametrize(
    "text",
    [
        "mot de passe " + "{{ " * 50_000,
        "mot de passe : " + "a" * 500_000,
        "reset https://" + "{{a}}" * 20_000,
        "password " + "<" * 200_000,
        "password valable " * 20_000,
        "reset http://[::1" + "\n" + "https://a/reset?" + "&a=" * 5000,
    ],
)
def test_hostile_messages_end(text: str) -> None:
    fact = message(text, "a.eml")
    assert fact is None or not fact.passwords


@pytest.mark.parametrize(
    ("text", "path", "renewal"),
    [
        ("Vous avez demandé un nouveau mot de passe.\nMot de passe : Kiwi42x", "a.txt", True),
        ("Subject: Mot de passe oublié\n\nMot de passe : Kiwi42x", "a.eml", True),
        ("<p>Your <b>new password</b> is: Kiwi42x</p>", "a.html", True),
        ("Password: {{ password }}", "mails/password_reset.txt", True),
        ("Your account is open.\nPassword: Kiwi42x", "mails/welcome.txt", False),
        ("Mot de passe : Kiwi42x\nMot de passe oublié ? Écrivez-nous.", "bienvenue.txt", False),
    ],
)
def test_a_message_tells_whether_it_answers_a_request(text: str, path: str, renewal: bool) -> None:
    fact = message(text, path)
    assert fact is not None
    assert fact.passwords
    assert fact.renewal is renewal
