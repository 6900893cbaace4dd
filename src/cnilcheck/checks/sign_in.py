"""Judgements of sign-in pages and sessions as a visitor meets them, each for whom it serves."""

from __future__ import annotations

from cnilcheck.model.facts import (
    HttpAuthentication,
    IdentifierSign,
    ProSanteRequest,
    ResetPage,
    SessionAddresses,
    SessionCookies,
    SessionIdentifiers,
    SignInPage,
    SignInWay,
    SignInWays,
)
from cnilcheck.model.text import Text, Value
from cnilcheck.model.verdict import Verdict, failed, not_applicable, passed, undecided
from cnilcheck.model.words import AccountClass

_SIGNS: dict[IdentifierSign, Text] = {
    "counter": Text("un compteur", "a counter"),
    "timestamp": Text("l’heure de la visite", "the time of the visit"),
    "digest_of_number": Text("le condensat d’un petit nombre", "the digest of a small number"),
    "digest_of_time": Text(
        "le condensat de l’heure de la visite", "the digest of the time of the visit"
    ),
    "repeated": Text(
        "des valeurs données à plusieurs visiteurs", "values given to several visitors"
    ),
}
_WAYS: dict[SignInWay, Text] = {
    "password": Text("mot de passe", "password"),
    "basic": Text("mot de passe (HTTP Basic)", "password (HTTP Basic)"),
    "pro_sante_connect": Text("Pro Santé Connect", "Pro Santé Connect"),
    "france_connect": Text("FranceConnect", "FranceConnect"),
    "passkey": Text("clé d’accès", "passkey"),
    "one_time_code": Text("code à usage unique", "one-time code"),
    "client_certificate": Text("carte ou certificat", "card or certificate"),
    "other_service": Text("autre service d’identité", "other identity service"),
}
_CLASSES: dict[AccountClass, Text] = {
    AccountClass.USERS: Text("patients ou usagers", "patients or users"),
    AccountClass.STAFF: Text("professionnels", "professionals"),
    AccountClass.ADMINISTRATORS: Text("administrateurs", "administrators"),
}


def session_identifiers_unpredictable(
    fact: SessionIdentifiers,
    /,
    *,
    refused: int,
    advised: int,
    tolerance: int,
    least_visits: int,
) -> Verdict:
    """Pass when no visit shows how the next visitor's identifier could be known.

    `refused` and `advised` are bits that an identifier must be able to hold; `tolerance` is what
    a form takes from the advised number (a UUID's version). What few visits do not show is open,
    and so is a value that is the same for all: it may be no identifier at all.
    """
    if fact.form == "self_contained":
        return not_applicable()
    values = _identifiers(fact)
    if {"digest_of_number", "digest_of_time"} & set(fact.signs):
        return failed(**values)  # recognised by its value: that is certain on any number of visits
    if fact.visits < least_visits or fact.distinct == 1:
        return undecided(**values)
    if fact.most_bits < refused or "repeated" in fact.signs:
        return failed(**values)
    if fact.most_bits + tolerance < advised:
        return undecided(**values)
    return passed(**values)


def _identifiers(fact: SessionIdentifiers) -> dict[str, Value]:
    seen = tuple(_SIGNS[sign] for sign in fact.signs)
    return {
        "visits": fact.visits,
        "distinct": fact.distinct,
        "most": fact.most_bits,
        "least": fact.least_bits,
        "signs": seen or Text("aucune régularité", "no regularity"),
    }


def session_cookies_short_lived(
    fact: SessionCookies, /, *, refused_seconds: int, advised_seconds: int
) -> Verdict:
    """Pass when no session cookie outlives the advised time, and fail beyond the refused one.

    Between the two the question is open: the server may end the session long before the cookie.
    """
    sessions = [cookie for cookie in fact.cookies if cookie.session]
    if not sessions:
        return undecided()
    lives = {cookie.name: cookie.lifetime or 0 for cookie in sessions}
    told = tuple(_lasting(name, life) for name, life in lives.items() if life > advised_seconds)
    if any(life > refused_seconds for life in lives.values()):
        return failed(cookies=told)
    return undecided(cookies=told) if told else passed()


def _lasting(name: str, seconds: int) -> Text:
    days, hours = round(seconds / 86_400), round(seconds / 3600)
    if seconds < 2 * 86_400:
        return Text(f"{name} ({hours} h)", f"{name} ({hours} h)")
    return Text(f"{name} ({days} jours)", f"{name} ({days} days)")


def session_cookies_stay_home(fact: SessionCookies, /) -> Verdict:
    """Pass when each session cookie goes back to the host that set it, and to no other.

    RFC 6265bis §4.1.3: `__Host-` wants Secure, Path=/ and no Domain, `__Secure-` wants Secure;
    browsers drop a cookie that breaks the promise of its name.
    """
    sessions = [cookie for cookie in fact.cookies if cookie.session]
    if not sessions:
        return undecided()
    wrong = list[Text]()
    for cookie in sessions:
        name = cookie.name.casefold()
        kept = cookie.secure and (
            not name.startswith("__host-") or (not cookie.domain and cookie.path == "/")
        )
        if name.startswith(("__host-", "__secure-")) and not kept:
            wrong.append(
                Text(
                    f"{cookie.name}, dont le nom promet davantage",
                    f"{cookie.name}, whose name promises more",
                )
            )
        elif cookie.wider:
            wrong.append(
                Text(
                    f"{cookie.name}, envoyé à tout {cookie.domain}",
                    f"{cookie.name}, sent to all of {cookie.domain}",
                )
            )
    return failed(cookies=tuple(wrong)) if wrong else passed()


def sessions_not_in_addresses(fact: SessionAddresses, /) -> Verdict:
    """Pass when no address of the site's own pages carries a session or a token."""
    if fact.found:
        return failed(addresses=fact.found)
    many = "s" if fact.pages > 1 else ""
    return passed(pages=Text(f"{fact.pages} page{many}", f"{fact.pages} page{many}"))


def http_authentication_encrypted(fact: HttpAuthentication, /) -> Verdict:
    """Pass when what HTTP itself asks for a password travels by HTTPS."""
    return (failed if fact.scheme == "http" else passed)(methods=fact.methods)


def http_authentication_avoided(fact: HttpAuthentication, /, *, single: tuple[str, ...]) -> Verdict:
    """Pass when HTTP's own sign-in is not one of `single`, which know a password only."""
    found = tuple(method for method in fact.methods if method in single)
    return failed(methods=found) if found else passed(methods=fact.methods)


def paste_allowed(fact: SignInPage, /) -> Verdict:
    """Pass when a password may be pasted from where it is kept."""
    return failed() if fact.paste_blocked else passed()


def password_field_wide(fact: SignInPage, /, *, alone: float, restricted: float) -> Verdict:
    """Pass when the field's own pattern lets a strong enough password through.

    The figure is an upper bound: below `restricted` bits no password that the field takes will
    do; below `alone` it depends on a limit of the attempts, which the page does not show.
    """
    bits = fact.pattern_bits
    if bits is None:
        return not_applicable()
    values: dict[str, Value] = {"bits": bits, "needed": restricted if bits < restricted else alone}
    if bits < restricted:
        return failed(**values)
    return undecided(**values) if bits < alone else passed(**values)


def announced_length_sufficient(
    fact: SignInPage, /, *, refused: int, advised: int, purposes: tuple[str, ...]
) -> Verdict | None:
    """Pass when the least length a page announces for a new password is the advised one.

    The text of the page is the policy as people are told it. A `minlength` alone is a hint: the
    server may ask for more.
    """
    if fact.purpose not in purposes:
        return not_applicable()
    length = fact.stated_minimum
    if length is None:
        return undecided(length=fact.minimum_length)
    if length < refused:
        return failed(length=length)
    return passed(length=length) if length >= advised else undecided(length=length)


def no_secret_question(fact: ResetPage, /) -> Verdict:
    """Pass when a forgotten password is not replaced for whoever knows the person."""
    return failed() if fact.secret_question else passed()


def strong_ways_only(
    fact: SignInWays,
    /,
    *,
    classes: tuple[AccountClass, ...],
    strong: tuple[SignInWay, ...],
    weak: tuple[SignInWay, ...],
) -> Verdict | None:
    """Pass when the page of these people shows only ways that hold two factors.

    A page shows what it offers, and not what it asks for next: with a password field the question
    stays open, unless nothing but a password can follow (`weak`) and people come from outside.
    """
    served = set(fact.serves) | ({AccountClass.ADMINISTRATORS} if fact.administration else set())
    if not served:
        return None
    concerned = tuple(_CLASSES[class_] for class_ in AccountClass if class_ in served)
    if not served & set(classes):
        return not_applicable()
    values: dict[str, Value] = {"who": concerned, "ways": tuple(_WAYS[way] for way in fact.ways)}
    if not fact.ways:
        return undecided(**values)
    if set(fact.ways) <= set(strong):
        return passed(**values)
    if set(fact.ways) <= set(weak) and fact.remote:
        return failed(**values)
    return undecided(**values)


def pro_sante_request_conforms(
    fact: ProSanteRequest,
    /,
    *,
    response_type: str,
    scopes: tuple[str, ...],
    level: str,
    proof_method: str,
) -> Verdict:
    """Pass when the request to Pro Santé Connect is the one its operator documents.

    What goes to the sandbox leaves open whether these are real people: a test service may do so.
    """
    lacking = [f"scope={name}" for name in scopes if name not in fact.scopes]
    if fact.response_type != response_type:
        lacking.append(f"response_type={response_type}")
    if level not in fact.levels:
        lacking.append(f"acr_values={level}")
    if fact.proof_method != proof_method and not fact.state:
        # Either ties the answer to the browser that asked (OWASP ASVS 5.0, V10.2).
        lacking.append(f"state, code_challenge_method={proof_method}")
    if lacking:
        return failed(lacking=tuple(lacking))
    return undecided() if fact.sandbox else passed()
