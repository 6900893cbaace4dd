"""A message that asks for papers is told by the way they are to come."""

from __future__ import annotations

import pytest

from cnilcheck.collectors.papers_asked import papers_asked


@pytest.mark.parametrize(
    "text",
    [
        "Merci de nous envoyer une copie de votre carte bancaire par retour de mail.",
        "Veuillez joindre un justificatif de domicile en répondant à ce message.",
        "Please send a scan of your identity card to fraud@shop.example",
        "Envoyez votre ordonnance à l'adresse pharmacie@officine.example.",
    ],
)
def test_papers_by_plain_email_are_found(text: str) -> None:
    fact = papers_asked(text)
    assert fact is not None
    assert fact.by_email == (1,)


@pytest.mark.parametrize(
    "text",
    [
        "Déposez votre carte d'identité sur https://boutique.example/pieces",
        "Merci de joindre votre RIB dans votre espace client. N'envoyez jamais de pièce par courriel.",
    ],
)
def test_an_upload_is_no_email(text: str) -> None:
    fact = papers_asked(text)
    assert fact is not None
    assert fact.by_email == ()
    assert fact.by_upload


@pytest.mark.parametrize(
    "text",
    [
        "Votre commande est partie. Répondez à ce message pour toute question.",
        "Vous avez payé par carte bancaire le 3 mars.",
    ],
)
def test_a_message_that_asks_for_no_paper_says_nothing(text: str) -> None:
    assert papers_asked(text) is None
