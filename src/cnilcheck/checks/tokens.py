"""Judgements of identity providers and of the tokens they sign (OpenID Connect, SAML, JWT)."""

from __future__ import annotations

import datetime as dt

from cnilcheck.model.facts import (
    JsonWebToken,
    OpenIdProvider,
    SamlCertificate,
    SamlMetadata,
    TokenKey,
    TokenKeys,
)
from cnilcheck.model.personal_data import DataKind
from cnilcheck.model.text import Text, Value, spell
from cnilcheck.model.verdict import Context, Verdict, failed, not_applicable, passed, undecided
from cnilcheck.model.words import Lang

_KINDS: dict[DataKind, Text] = {
    "nir": Text("numéro de sécurité sociale", "social security number"),
    "email": Text("adresse électronique", "e-mail address"),
    "phone": Text("numéro de téléphone", "phone number"),
    "birth_date": Text("date de naissance", "date of birth"),
    "test_result": Text("résultat de test", "test result"),
    "credential": Text("secret", "secret"),
    "iban": Text("numéro de compte", "bank account"),
    "rpps": Text("numéro RPPS", "RPPS number"),
}


def code_challenge_strong(fact: OpenIdProvider, /, *, good: str, bad: str) -> Verdict:
    """Pass when the provider lists the strong code challenge and not the weak one.

    What is listed is offered; what each client must use is not seen. Some providers support it
    and list nothing.
    """
    if fact.response_types is not None and not any("code" in t for t in fact.response_types):
        return not_applicable()
    if fact.challenges is None:
        return undecided()
    if bad in fact.challenges or good not in fact.challenges:
        return failed(challenges=fact.challenges)
    return passed(challenges=fact.challenges)


def token_signatures_strong(
    fact: OpenIdProvider, /, *, refused: tuple[str, ...], shared: tuple[str, ...]
) -> Verdict:
    """Pass when the provider signs with a key of its own; `shared` ones depend on each client."""
    if not fact.signing:
        return undecided(found=())
    found = tuple(name for name in fact.signing if name in refused)
    if found:
        return failed(found=found)
    together = tuple(name for name in fact.signing if name in shared)
    return undecided(found=together) if together else passed(found=fact.signing)


def code_flow_only(fact: OpenIdProvider, /, *, old: tuple[str, ...]) -> Verdict:
    """Pass when the provider offers the code flow and none of the `old` ones.

    Products list what they can do whatever each client may: an old flow beside the code flow
    leaves the question open; old flows alone do not.
    """
    types = fact.response_types or ()
    tokens = [t for t in types if {"token", "id_token"} & set(t.split())]
    outdated = tuple(dict.fromkeys([*tokens, *(g for g in fact.grants or () if g in old)]))
    if not types:
        return undecided(flows=outdated)
    if not any("code" in t.split() for t in types):
        return failed(flows=outdated)
    return undecided(flows=outdated) if outdated else passed()


def issuer_is_itself(fact: OpenIdProvider, /) -> Verdict:
    """Pass when the provider gives itself the name it was asked under.

    Under another host's name the provider may have been asked by an alias: that stays open.
    """
    match fact.issuer:
        case "same":
            return passed()
        case "other_host":
            return undecided()
        case "other_address":
            return failed(why=Text("une autre adresse", "another address"))
        case "absent":
            return failed(why=Text("aucun nom", "no name"))


def provider_encrypted(fact: OpenIdProvider, /) -> Verdict:
    """Pass when all of a provider's addresses are HTTPS."""
    return failed(plain=fact.plain) if fact.plain else passed()


def levels_stated(fact: OpenIdProvider, /) -> Verdict:
    """Pass when the provider states levels of assurance that an application can ask for."""
    return passed(levels=fact.levels) if fact.levels else failed()


def token_keys_strong(fact: TokenKeys, /, *, rsa: int, ec: int) -> Verdict:
    """Pass when each published key has at least that many bits."""
    known = [key for key in fact.keys if key.algorithm in ("RSA", "EC") and key.bits]
    weak = tuple(_key(key) for key in known if key.bits < (rsa if key.algorithm == "RSA" else ec))
    if weak:
        return failed(keys=weak)
    if not known:
        return undecided(keys=())
    return passed(keys=tuple(dict.fromkeys(_key(key) for key in known)))


def _key(key: TokenKey | SamlCertificate) -> str:
    return f"{key.algorithm} {key.bits}"


def only_public_keys(fact: TokenKeys, /) -> Verdict:
    """Pass when no private or shared key stands among the published ones."""
    secret = tuple(_key(key) for key in fact.keys if key.secret)
    return failed(keys=secret) if secret else passed(count=len(fact.keys))


def saml_hashes_strong(fact: SamlMetadata, /, *, refused: tuple[str, ...]) -> Verdict:
    """Pass when the hashes that the description signs with or offers are all sound."""
    if not fact.hashes:
        return undecided()
    weak = tuple(name for name in fact.hashes if name in refused)
    return failed(hashes=weak) if weak else passed(hashes=fact.hashes)


def saml_certificates_sound(
    fact: SamlMetadata, context: Context, /, *, rsa: int, ec: int
) -> Verdict:
    """Pass when each certificate's key is long enough and its last day is not past."""
    if not fact.certificates:
        return undecided()
    wrong = list[Text]()
    for certificate in fact.certificates:
        least = ec if certificate.algorithm == "EC" else rsa
        if certificate.bits < least:
            name = _key(certificate)
            wrong.append(Text(f"clé {name}", f"key {name}"))
        if certificate.not_after.astimezone(dt.UTC).date() < context.as_of:
            day = certificate.not_after.date()
            french, english = spell(day, Lang.FR), spell(day, Lang.EN)
            wrong.append(Text(f"expiré le {french}", f"expired on {english}"))
    if wrong:
        return failed(why=tuple(wrong))
    return passed(keys=tuple(dict.fromkeys(_key(c) for c in fact.certificates)))


def saml_addresses_encrypted(fact: SamlMetadata, /) -> Verdict:
    """Pass when all the addresses of the description are HTTPS."""
    if not fact.plain:
        return passed()
    many = "s" if fact.plain > 1 else ""
    plain = Text(f"{fact.plain} adresse{many}", f"{fact.plain} address{'es' if many else ''}")
    return failed(plain=plain)


def token_signed(fact: JsonWebToken, /, *, shared: tuple[str, ...]) -> Verdict:
    """Pass when only the issuer's private key can make the token.

    With a shared secret, its strength is not seen: only those that everybody knows are tried.
    """
    values: dict[str, Value] = {"algorithm": fact.algorithm}
    if fact.algorithm.lower() == "none":
        return failed(why=Text("sans signature", "without a signature"), **values)
    if fact.known_secret:
        why = Text(
            "avec un secret que la documentation imprime", "with a secret that documentation prints"
        )
        return failed(why=why, **values)
    return undecided(**values) if fact.algorithm in shared else passed(**values)


def token_expires(fact: JsonWebToken, /, *, hours: int) -> Verdict:
    """Pass when the token ends by itself within that time.

    One that names nobody and is given to every visitor opens nothing of anybody's: it stays open.
    """
    if not fact.expires:
        life = Text("sans fin", "endless")
    elif fact.lifetime is None:
        return undecided(life=None)
    elif fact.lifetime <= hours * 3600:
        return passed(life=_life(fact.lifetime))
    else:
        life = _life(fact.lifetime)
    anonymous = not fact.subject and fact.source != "sample"
    return undecided(life=life) if anonymous else failed(life=life)


def _life(seconds: int) -> Text:
    if seconds < 3600:
        return Text(f"{max(seconds, 0) // 60} min", f"{max(seconds, 0) // 60} min")
    hours = seconds // 3600
    if hours <= 48:
        return Text(f"{hours} h", f"{hours} h")
    return Text(f"{hours // 24} jours", f"{hours // 24} days")


def token_discreet(fact: JsonWebToken, /, *, refused: tuple[DataKind, ...]) -> Verdict:
    """Pass when the token, which anyone can read, tells nothing that only carers should know."""
    found = [_KINDS[count.kind] for count in fact.personal if count.kind in refused]
    if fact.health:
        found.append(Text("des mots de la santé", "words of health"))
    return failed(found=tuple(found)) if found else passed()
