"""Judgements of the authentication module: how people sign in, and what protects a password."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Literal

from msgspec import Struct

from cnilcheck.model.facts import (
    AccountDay,
    AccountDisclosure,
    AccountLink,
    AccountList,
    AccountMessage,
    AccountPolicy,
    Cookie,
    CredentialDelivery,
    DeclaredPolicyRead,
    FailedSignIns,
    ForgedSignIn,
    IdleSession,
    Opening,
    OpeningKind,
    PolicyDifference,
    ResetLinkLifetime,
    SessionCookies,
    SessionCookieSetting,
    SessionEnd,
    SessionLifetime,
    SessionRenewal,
    ShortPassword,
    SignedInPage,
    SignInOpenings,
    SignInPage,
    SshSignIn,
    SshSignInSetting,
)
from cnilcheck.model.password_policy import bits as entropy
from cnilcheck.model.password_policy import smallest_alphabet
from cnilcheck.model.scope import Factor, Lockout, PasswordReset
from cnilcheck.model.text import Text, Value
from cnilcheck.model.verdict import (
    Answer,
    Context,
    Verdict,
    failed,
    not_applicable,
    passed,
    undecided,
)
from cnilcheck.model.words import AccountClass

_DAY = 86_400


class Attempts(Struct, frozen=True, forbid_unknown_fields=True):
    """The limits of failed sign-ins of CNIL 2022-100: a lock, or a delay and a daily number.

    A delay begins after `before_delay` failures at most, and is longer than `delay_seconds`.
    """

    before_lock: int
    before_delay: int
    delay_seconds: int
    per_day: int


FACTORS: dict[Factor, Text] = {
    "password": Text("mot de passe", "password"),
    "totp": Text("code d’une application (TOTP)", "code from an application (TOTP)"),
    "passkey": Text("clé d’accès", "passkey"),
    "smart_card": Text("carte à puce", "smart card"),
    "pro_sante_connect": Text("Pro Santé Connect", "Pro Santé Connect"),
    "france_connect": Text("FranceConnect", "FranceConnect"),
    "client_certificate": Text("certificat client", "client certificate"),
    "push": Text("notification à approuver", "notification to approve"),
    "sms": Text(
        "code par SMS, déconseillé par l’ANSSI", "code by SMS, which the ANSSI advises against"
    ),
    "email": Text(
        "code par courriel, qui n’est pas un second facteur",
        "code by e-mail, which is no second factor",
    ),
    "second_factor": Text("second facteur", "second factor"),
    "location": Text(
        "lieu ou adresse IP, qui n’est pas un facteur",
        "place or IP address, which is no factor",
    ),
}


class _Policy(Struct, frozen=True):
    """What a declared password policy amounts to, by CNIL 2022-100: at least, and at most."""

    least: float
    most: float
    alone: bool
    restricted: bool


def password_policy_sufficient(
    fact: AccountPolicy,
    /,
    *,
    classes: tuple[AccountClass | None, ...],
    bits_alone: float,
    bits_restricted: float,
    tolerance: float,
    policies_alone: tuple[tuple[int, int], ...],
    policies_restricted: tuple[tuple[int, int], ...],
    words_alone: int,
    words_restricted: int,
    attempts: Attempts,
) -> Verdict | None:
    """Pass when the weakest password of the policy has the entropy its case asks for.

    Entropy is length x log2(alphabet), the model of the CNIL's calculator, with 99 characters for
    four classes (26 + 26 + 10 + 37). Fewer classes get the smallest alphabet a person is likely to
    choose: 62 for three, 36 for two, 26 for one; the policies the CNIL names pass by name. An
    answer that was not given counts as its worst and as its best: where these differ, undecided.
    """
    if fact.class_ not in classes:
        # Without a configuration of unknown use, the rule for those has no object.
        return not_applicable() if classes == (None,) else None
    if fact.factors is not None and "password" not in fact.factors:
        return not_applicable()
    named = (policies_alone, words_alone), (policies_restricted, words_restricted)
    policy = _policy(fact, *named)
    if policy is None:
        # A configuration that sets no length leaves that to others.
        return None if fact.product else undecided()
    throttled = _throttled(fact.lockout, attempts)
    alone = policy.alone or policy.least + tolerance >= bits_alone
    behind_limit = alone or policy.restricted or policy.least + tolerance >= bits_restricted
    values = _told(fact, policy, throttled, bits_alone, bits_restricted)
    if alone or (behind_limit and throttled):
        return passed(**values)
    if throttled is False:
        possible = policy.most + tolerance >= bits_alone
    else:
        possible = behind_limit or policy.most + tolerance >= bits_restricted
    certain = policy.least == policy.most and throttled is not None
    return undecided() if possible and not certain else failed(**values)


def _policy(
    fact: AccountPolicy,
    alone: tuple[tuple[tuple[int, int], ...], int],
    restricted: tuple[tuple[tuple[int, int], ...], int],
) -> _Policy | None:
    length, classes, words = fact.minimum_length, fact.character_classes, fact.words
    if length is None:
        if words is None:
            return None
        # The CNIL names passphrases by their number of words; seven stand for 80 bits.
        bits = words * 80 / alone[1]
        return _Policy(bits, bits, words >= alone[1], words >= restricted[1])
    known = classes if classes is not None else 1
    named = [
        any(length >= n and known >= k for n, k in policies)
        and (words is None or words >= enough_words)
        for policies, enough_words in (alone, restricted)
    ]
    least = entropy(length, smallest_alphabet(known))
    most = entropy(length, smallest_alphabet(4 if classes is None else classes))
    if words is not None:
        # Whether both are asked for, or either, is not said.
        least, most = min(least, words * 80 / alone[1]), max(most, words * 80 / alone[1])
    return _Policy(least, most, *named)


def _told(
    fact: AccountPolicy, policy: _Policy, throttled: bool | None, alone: float, restricted: float
) -> dict[str, Value]:
    parts = []
    if fact.minimum_length is not None:
        many = "s" if fact.minimum_length > 1 else ""
        parts.append(
            Text(
                f"{fact.minimum_length} caractère{many} au moins",
                f"at least {fact.minimum_length} character{many}",
            )
        )
    if fact.character_classes is not None:
        many = "s" if fact.character_classes > 1 else ""
        es = "es" if fact.character_classes != 1 else ""
        parts.append(
            Text(
                f"{fact.character_classes} type{many} de caractères",
                f"{fact.character_classes} character class{es}",
            )
        )
    if fact.words is not None:
        parts.append(Text(f"{fact.words} mots", f"{fact.words} words"))
    limits = {
        True: Text("avec une limite des essais", "with limited attempts"),
        False: Text("sans limite des essais", "without a limit of attempts"),
        None: Text("(limite des essais non précisée)", "(limit of attempts not stated)"),
    }
    return {
        "policy": tuple(parts),
        "bits": policy.least,
        "needed": alone if throttled is False else restricted,
        "limit": limits[throttled],
    }


def _throttled(lockout: Lockout | Literal["none"] | None, norm: Attempts) -> bool | None:
    """Return whether failed sign-ins are limited by one of the CNIL's three ways."""
    if lockout is None:
        return None
    if lockout == "none":
        return False
    if lockout.captcha:
        return True
    tries, delay, per_day = lockout.after_attempts, lockout.delay_seconds, lockout.attempts_per_day
    if tries is not None and tries > norm.before_lock:
        return False
    if lockout.unlocked_after_seconds is not None and delay is None:
        # A lock: how it opens again is for the risk to decide; a few seconds are no lock.
        lasting = lockout.unlocked_after_seconds >= norm.delay_seconds
        return (lasting or None) if tries is not None else None
    if delay is None:
        # Without a delay the account stays locked until somebody unlocks it.
        return True if tries is not None else None
    if tries is None:
        return None
    if tries > norm.before_delay:
        # A wait of a day is a lock in all but name.
        return delay >= _DAY
    per_day = per_day if per_day is not None else _tries_a_day(tries, delay)
    if per_day is None or per_day > norm.per_day:
        return None if lockout.attempts_per_day is None else False
    return delay > norm.delay_seconds or None


def _tries_a_day(tries: int, delay: int) -> int | None:
    return tries * (_DAY // delay + 1) if delay > 0 else None


def sign_in_throttled(fact: AccountPolicy, /, *, attempts: Attempts) -> Verdict:
    """Pass when failed sign-ins lead to a lock, a delay or a captcha within the norm's numbers."""
    if fact.factors is not None and "password" not in fact.factors:
        return not_applicable()
    match _throttled(fact.lockout, attempts):
        case None:
            return undecided()
        case True:
            return passed(limit=_limit(fact.lockout))
        case False:
            return failed(limit=_limit(fact.lockout))


def _limit(lockout: Lockout | Literal["none"] | None) -> tuple[Text, ...]:
    if not isinstance(lockout, Lockout):
        return (Text("rien ne limite les essais", "nothing limits the attempts"),)
    parts = []
    if lockout.after_attempts is not None:
        n = lockout.after_attempts
        parts.append(Text(f"réaction après {n} échecs", f"reaction after {n} failures"))
    if lockout.delay_seconds is not None:
        s = lockout.delay_seconds
        parts.append(Text(f"attente de {s} s", f"wait of {s} s"))
    if lockout.unlocked_after_seconds is not None:
        s = lockout.unlocked_after_seconds
        parts.append(Text(f"déblocage au bout de {s} s", f"unlocked after {s} s"))
    if lockout.attempts_per_day is not None:
        n = lockout.attempts_per_day
        parts.append(Text(f"{n} essais par jour", f"{n} attempts a day"))
    if lockout.captcha:
        parts.append(Text("captcha", "captcha"))
    return tuple(parts)


def second_factor_required(
    fact: AccountPolicy,
    /,
    *,
    classes: tuple[AccountClass, ...],
    knowledge: tuple[Factor, ...],
    possession: tuple[Factor, ...],
    complete: tuple[Factor, ...],
    with_own_code: tuple[Factor, ...],
) -> Verdict | None:
    """Pass when remote sign-in takes factors of two different categories.

    `complete` ones hold two by themselves; `with_own_code` may, if they ask for a code or a
    fingerprint: alone they leave the question open. What is in no list is no factor.
    """
    if fact.class_ not in classes:
        return None
    if fact.factors is None:
        return None if fact.product else undecided()
    given = set(fact.factors)
    used = tuple(FACTORS[factor] for factor in fact.factors)
    two = bool(given & set(knowledge) and given & set(possession))
    if two or given & set(complete):
        return passed(factors=used)
    if fact.remote is False:
        return not_applicable()
    if fact.remote is None or given & set(with_own_code):
        return undecided()
    return failed(factors=used)


def factors_avoided(
    fact: AccountPolicy, /, *, classes: tuple[AccountClass, ...], avoided: tuple[Factor, ...]
) -> Verdict | None:
    """Pass when none of the factors is one that the norm advises against."""
    if fact.class_ not in classes:
        return None
    if fact.factors is None:
        return None if fact.product else undecided()
    found = tuple(FACTORS[factor] for factor in fact.factors if factor in avoided)
    return failed(found=found) if found else passed()


def accounts_individual(fact: AccountPolicy, /) -> Verdict | None:
    """Pass when each account belongs to one person; a configuration cannot tell."""
    if fact.product and fact.shared is None:
        return None
    return _answered(fact.shared, good=False)


def initial_password_changed(fact: AccountPolicy, /) -> Verdict | None:
    """Pass when a password given to somebody must be changed at first use."""
    if fact.product and fact.initial_password_changed is None:
        return None
    if fact.factors is not None and "password" not in fact.factors:
        return not_applicable()
    return _answered(fact.initial_password_changed)


def leavers_revoked(fact: AccountPolicy, /, *, classes: tuple[AccountClass, ...]) -> Verdict | None:
    """Pass when the accounts of people who leave are closed; a configuration cannot tell."""
    if fact.product and fact.revoked_on_departure is None:
        return None
    return _answered(fact.revoked_on_departure) if fact.class_ in classes else None


def session_ends(
    fact: SessionLifetime,
    /,
    *,
    classes: tuple[AccountClass | None, ...],
    idle_seconds: int,
    absolute_seconds: int,
) -> Verdict | None:
    """Pass when a session ends in time, unused and in all; what is not stated leaves it open."""
    if fact.class_ not in classes:
        return None
    stated = ((fact.idle_seconds, idle_seconds), (fact.absolute_seconds, absolute_seconds))
    told: dict[str, Value] = {"product": fact.product, "lifetimes": _lifetimes(fact)}
    if any(seconds is not None and not 0 < seconds <= most for seconds, most in stated):
        return failed(**told)
    if fact.idle_seconds is None and fact.absolute_seconds is None:
        return undecided(**told)
    return passed(**told)


def _lifetimes(fact: SessionLifetime) -> tuple[Text, ...]:
    parts = []
    if fact.idle_seconds is not None:
        unused = _lasting(fact.idle_seconds)
        parts.append(Text(f"{unused.fr} sans activité", f"{unused.en} unused"))
    if fact.absolute_seconds is not None:
        whole = _lasting(fact.absolute_seconds)
        parts.append(Text(f"{whole.fr} en tout", f"{whole.en} in all"))
    return tuple(parts)


def _lasting(seconds: int) -> Text:
    if seconds <= 0:
        return Text("sans fin", "without end")
    for size, fr, en in (
        (86_400, "jour", "day"),
        (3600, "heure", "hour"),
        (60, "minute", "minute"),
    ):
        if seconds % size == 0 or seconds >= 2 * size:
            number = seconds // size
            many = "s" if number > 1 else ""
            return Text(f"{number} {fr}{many}", f"{number} {en}{many}")
    return Text(f"{seconds} s", f"{seconds} s")


def no_opening(fact: SignInOpenings, /, *, kinds: tuple[OpeningKind, ...]) -> Answer:
    """Pass when none of these openings was found among those looked for; each at its place."""
    if not set(fact.looked_for) & set(kinds):
        return not_applicable()
    found = [opening for opening in fact.found if opening.kind in kinds]
    if not found:
        return passed(product=fact.product)
    places = dict.fromkeys(opening.place for opening in found)
    return tuple(
        failed(place, product=fact.product, settings=_settings(found, place)) for place in places
    )


def _settings(found: list[Opening], place: str) -> tuple[Text, ...]:
    return tuple(
        Text(f"{_OPENINGS[o.kind].fr} (`{o.setting}`)", f"{_OPENINGS[o.kind].en} (`{o.setting}`)")
        for o in found
        if o.place == place
    )


_OPENINGS: dict[OpeningKind, Text] = {
    "no_password": Text("connexion sans mot de passe", "sign-in without a password"),
    "empty_password": Text("mots de passe vides", "empty passwords"),
    "sign_in_off": Text("connexion coupée", "sign-in switched off"),
    "default_password": Text("mot de passe d’origine", "password as delivered"),
    "clear_transport": Text("connexion sans chiffrement", "sign-in without encryption"),
    "clear_password": Text("mot de passe transmis en clair", "password sent in clear"),
    "md5_password": Text("mot de passe protégé par MD5", "password protected by MD5"),
    "implicit_flow": Text("flux implicite", "implicit flow"),
    "password_grant": Text(
        "mot de passe confié à l’application", "password handed to the application"
    ),
    "no_pkce": Text("application publique sans PKCE", "public application without PKCE"),
    "single_factor": Text("un seul facteur", "a single factor"),
    "from_anywhere": Text(
        "compte ouvert depuis n’importe quelle adresse", "account open from any address"
    ),
    "sms_factor": Text("code par SMS ou par appel", "code by SMS or by call"),
}


def declaration_confirmed(fact: DeclaredPolicyRead, /) -> Verdict:
    """Pass when the configuration says of the accounts what the declaration says."""
    told = {"product": fact.product, "declared_as": fact.declared_as}
    if not fact.differences:
        return passed(**told) if fact.compared else undecided(**told)
    return failed(**told, differences=tuple(_difference(d) for d in fact.differences))


def _difference(difference: PolicyDifference) -> Text:
    name = _POLICY_FIELDS[difference.field]
    declared, read = (
        _POLICY_WORDS.get(word, Text(word, word)) for word in (difference.declared, difference.read)
    )
    return Text(
        f"{name.fr}\u00a0: {declared.fr} déclaré, {read.fr} lu",
        f"{name.en}: {declared.en} declared, {read.en} read",
    )


_POLICY_WORDS = {
    "none": Text("aucun", "none"),
    "yes": Text("oui", "yes"),
    "no": Text("non", "no"),
}


_POLICY_FIELDS = {
    "minimum_length": Text("longueur minimale", "minimum length"),
    "character_classes": Text("nombre de types de caractères", "number of character classes"),
    "after_attempts": Text("nombre d’échecs avant blocage", "number of failures before a lock"),
    "factors": Text("nombre de facteurs", "number of factors"),
    "initial_password_changed": Text(
        "changement du mot de passe initial", "change of the initial password"
    ),
}


def renewal_not_forced(
    fact: AccountPolicy, /, *, classes: tuple[AccountClass | None, ...]
) -> Verdict | None:
    """Pass when passwords do not expire by the calendar alone."""
    if fact.class_ not in classes or fact.expires_after_days is None:
        return None
    if fact.expires_after_days > 0:
        return failed(days=fact.expires_after_days)
    return passed()


def listed_accounts_individual(fact: AccountList, /) -> Verdict:
    """Pass when no active account of a list is generic, nor held by several people."""
    words: tuple[str | Text, ...] = tuple(dict.fromkeys(a.word for a in fact.generic))[:10]
    words += (Text("plusieurs titulaires", "several holders"),) if fact.several_people else ()
    lines = sorted({account.line for account in fact.generic} | set(fact.several_people))
    if lines:
        return failed(count=len(lines), lines=_lines(lines), words=words)
    return passed(active=fact.active)


def _lines(lines: Sequence[int]) -> tuple[Text, ...]:
    """Return the first lines as one writes them, and how many more there are."""
    shown = [Text(str(line), str(line)) for line in lines[:10]]
    more = len(lines) - len(shown)
    return (*shown, Text(f"et {more} autres", f"and {more} more")) if more else tuple(shown)


def listed_leavers_closed(fact: AccountList, context: Context, /) -> Verdict:
    """Pass when no active account belongs to somebody who left before the day judged for."""
    if fact.leavers is None:
        return undecided()
    lines = [gone.line for gone in fact.leavers if gone.day is None or gone.day < context.as_of]
    if lines:
        return failed(count=len(lines), lines=_lines(lines))
    return passed(active=fact.active)


def listed_accounts_used(fact: AccountList, context: Context, /, *, unused_days: int) -> Verdict:
    """Pass when each active account was used within that many days, or is younger than that."""
    if fact.last_used is None:
        return undecided()
    limit = context.as_of - dt.timedelta(days=unused_days)
    idle = [use for use in fact.last_used if _unused_since(use, limit)]
    if idle:
        never = sum(use.day is None for use in idle)
        lines = _lines([use.line for use in idle])
        return failed(count=len(idle), never=never, days=unused_days, lines=lines)
    return passed(active=fact.active, days=unused_days)


def _unused_since(use: AccountDay, limit: dt.date) -> bool:
    if use.day is not None:
        return use.day < limit
    return use.created_on is None or use.created_on < limit


def listed_administrators_two_factors(fact: AccountList, /) -> Verdict:
    """Pass when each administrator of a list has a second factor."""
    if fact.administrators == 0:
        return not_applicable()
    if fact.without_second_factor is None or fact.administrators is None:
        return undecided()
    if fact.without_second_factor:
        lines = fact.without_second_factor
        return failed(count=len(lines), administrators=fact.administrators, lines=_lines(lines))
    return passed(administrators=fact.administrators)


def listed_initial_passwords_changed(fact: AccountList, /) -> Verdict:
    """Pass when each active account of a list has changed its first password."""
    if fact.initial_password_kept is None:
        return undecided()
    if fact.initial_password_kept:
        lines = fact.initial_password_kept
        return failed(count=len(lines), lines=_lines(lines))
    return passed(active=fact.active)


def administrators_few(fact: AccountList, /, *, share: float, at_least: int) -> Verdict:
    """Pass when administrators are no more than that share of the active accounts.

    Few accounts say nothing: with fewer than `at_least` administrators the share is not judged.
    """
    if fact.class_ is AccountClass.ADMINISTRATORS:
        return not_applicable()
    if fact.administrators is None:
        return undecided()
    told: dict[str, Value] = {"administrators": fact.administrators, "active": fact.active}
    many = fact.administrators >= at_least and fact.administrators > share * fact.active
    return failed(**told) if many else passed(**told)


def message_without_password(fact: AccountMessage, /) -> Verdict:
    """Pass when a message about somebody's access carries no password."""
    return failed(lines=_lines(fact.passwords)) if fact.passwords else passed()


def renewed_by_link(fact: AccountMessage, /) -> Verdict:
    """Pass when a message that answers a request for a new password leads to a link instead."""
    if not fact.renewal:
        return not_applicable()
    if fact.passwords:
        return failed(lines=_lines(fact.passwords))
    return passed() if fact.links else undecided()


def reset_link_safe(fact: AccountMessage, /, *, bits: int) -> Verdict:
    """Pass when each link goes by HTTPS and carries a token that cannot be guessed."""
    if not fact.links:
        return not_applicable()
    flaws = tuple(dict.fromkeys(flaw for link in fact.links for flaw in _link_flaws(link, bits)))
    if flaws:
        return failed(flaws=flaws, lines=_lines(sorted({link.line for link in fact.links})))
    if any(link.bits is None or link.scheme == "unknown" for link in fact.links):
        return undecided()
    return passed(bits=min(link.bits or 0 for link in fact.links))


def _link_flaws(link: AccountLink, bits: int) -> Iterator[Text]:
    if link.scheme == "http":
        yield Text("adresse en http", "address over http")
    if link.by_identifier:
        yield Text(
            "rien d’autre que l’identifiant du compte", "nothing but the account’s identifier"
        )
    elif link.bits is not None and link.bits < bits:
        yield Text(f"jeton de {link.bits} bits au plus", f"token of at most {link.bits} bits")


def message_link_short_lived(fact: AccountMessage, /, *, minutes: int) -> Verdict:
    """Pass when the message says that its link ends within that time."""
    if not fact.links and fact.lifetime_minutes is None:
        return not_applicable()
    if fact.lifetime_minutes is None:
        return undecided()
    told = _lasting(fact.lifetime_minutes * 60)
    return (passed if fact.lifetime_minutes <= minutes else failed)(lifetime=told)


def configured_link_short_lived(fact: ResetLinkLifetime, /, *, seconds: int) -> Verdict:
    """Pass when the link by which one chooses a new password ends within that time."""
    told: dict[str, Value] = {"product": fact.product, "lifetime": _lasting(fact.seconds)}
    return passed(**told) if 0 < fact.seconds <= seconds else failed(**told)


def passwords_never_sent(fact: CredentialDelivery, /) -> Verdict:
    """Pass when no password reaches its owner by a message."""
    if fact.passwords_sent_by is None:
        return undecided()
    ways = {
        "email": Text("par courriel", "by e-mail"),
        "post": Text("par courrier postal", "by post"),
        "phone": Text("par téléphone", "by phone"),
        "sms": Text("par SMS", "by SMS"),
    }
    way = ways.get(fact.passwords_sent_by)
    return failed(way=way) if way else passed()


def reset_safe(fact: CredentialDelivery, /, *, safe: tuple[PasswordReset, ...]) -> Verdict:
    """Pass when a forgotten password is replaced in a way that lets nobody else in."""
    if fact.reset is None:
        return undecided()
    ways = {
        "single_use_link": Text("par un lien à usage unique", "by a single-use link"),
        "in_person": Text("en personne", "in person"),
        "password_by_email": Text(
            "par un mot de passe envoyé par courriel", "by a password sent by e-mail"
        ),
        "secret_question": Text("par une question secrète", "by a secret question"),
    }
    return (passed if fact.reset in safe else failed)(way=ways[fact.reset])


def _answered(answer: bool | None, good: bool = True) -> Verdict:
    if answer is None:
        return undecided()
    return passed() if answer is good else failed()


def forged_sign_in_refused(fact: ForgedSignIn, /) -> Verdict:
    """Pass when the form without its token opens no session, the right password notwithstanding."""
    return (failed if fact.opened else passed)(fields=fact.left_out)


def session_cookies_protected(fact: SessionCookies, /, *, required: tuple[str, ...]) -> Verdict:
    """Pass when each session cookie has the attributes that keep it from scripts and networks.

    A page that sets no session cookie before anyone signs in leaves the question open.
    """
    sessions = [cookie for cookie in fact.cookies if cookie.session]
    if not sessions:
        return undecided()
    bare = [(cookie.name, _lacking(cookie, required)) for cookie in sessions]
    weak = tuple(f"{name} ({', '.join(lacking)})" for name, lacking in bare if lacking)
    if weak:
        return failed(cookies=weak)
    return passed(cookies=tuple(cookie.name for cookie in sessions))


def _lacking(cookie: Cookie, required: tuple[str, ...]) -> list[str]:
    has = {
        "Secure": cookie.secure,
        "HttpOnly": cookie.http_only,
        "SameSite": cookie.same_site in ("Strict", "Lax"),
    }
    return [attribute for attribute in required if not has[attribute]]


def password_posted(fact: SignInPage, /) -> Verdict:
    """Pass when the form sends the password in the request's body, not in the address."""
    match fact.method:
        case None:
            return undecided()
        case "get":
            return failed()
        case "post":
            return passed()


def long_passwords_accepted(fact: SignInPage, /, *, length: int, exemplary: int) -> Verdict:
    """Pass when the form's visible limit, if any, lets a password of that length through.

    Below the length the CNIL gives as an example for a password alone, the verdict says so.
    """
    if fact.maximum_length is None:
        return passed(limit=Text("aucune longueur maximale affichée", "no visible maximum length"))
    shown = str(fact.maximum_length)
    if fact.maximum_length >= length:
        return passed(limit=Text(f"{shown} caractères au plus", f"at most {shown} characters"))
    short = fact.maximum_length < exemplary
    consequence = Text(
        f"\u00a0: un mot de passe de {exemplary} caractères est impossible",
        f": a password of {exemplary} characters is impossible",
    )
    return failed(maximum=fact.maximum_length, consequence=consequence if short else Text("", ""))


def sign_in_not_stored(fact: SignInPage, /) -> Verdict:
    """Pass when browsers and proxies are told not to keep the sign-in page."""
    if "no-store" in fact.cache_control.lower():
        return passed()
    return failed(cache_control=fact.cache_control or Text("absent", "absent"))


def forgery_refused(fact: SignInPage, /, *, bits: int) -> Verdict:
    """Pass when the form carries a token that another site cannot guess.

    One that two visitors get alike, or too short to hold that many bits, is none.
    """
    if fact.anti_forgery_token:
        if fact.token_repeated:
            why = Text("le même jeton pour tous les visiteurs", "the same token for all visitors")
            return failed(why=why)
        if fact.token_bits is not None and fact.token_bits < bits:
            most = fact.token_bits
            why = Text(f"un jeton de {most} bits au plus", f"a token of {most} bits at most")
            return failed(why=why)
        return passed()
    # A form a script sends may carry its token in a header.
    if fact.method is None:
        return undecided()
    return failed(why=Text("aucun jeton", "no token"))


def ssh_password_refused(fact: SshSignIn, /, *, refused: tuple[str, ...], unclear: str) -> Verdict:
    """Pass when no way to sign in that is offered is one of `refused`.

    `unclear` may stand for a password or for a second factor: it leaves the question open.
    """
    found = tuple(method for method in fact.methods if method in refused)
    if found:
        means = tuple(_SSH_METHODS.get(method, method) for method in found)
        return failed(found=means, methods=fact.methods)
    if unclear in fact.methods or not fact.methods:
        return undecided(methods=fact.methods)
    return passed(methods=fact.methods)


_SSH_METHODS = {
    "password": Text("mot de passe", "password"),
    "none": Text("simple demande", "mere request"),
}


def ssh_passwords_configured_off(fact: SshSignInSetting, /) -> Verdict:
    """Pass when sshd_config lets nobody in by a password alone; what it leaves out stays open.

    keyboard-interactive carries passwords as well as one-time codes.
    """
    who = _ssh_who(fact)
    if fact.methods:
        lists = [[m.partition(":")[0] for m in method.split(",")] for method in fact.methods]
        if ["password"] in lists:
            return failed(who=who, how=_SSH_METHODS["password"])
        talk = [set(one) <= {"password", "keyboard-interactive"} for one in lists]
        return undecided(who=who) if any(talk) else passed(who=who)
    if fact.password:
        empty = Text("mot de passe, même vide", "password, even an empty one")
        return failed(who=who, how=empty if fact.empty_passwords else _SSH_METHODS["password"])
    if fact.password is False and fact.keyboard_interactive is False:
        return passed(who=who)
    return undecided(who=who)


def ssh_root_by_key_at_most(fact: SshSignInSetting, /) -> Verdict | None:
    """Pass when the root account opens no SSH session by a password."""
    if fact.who and fact.root is None:
        return None
    keys_only = fact.password is False and fact.keyboard_interactive is False
    if fact.root == "yes" and not keys_only:
        return failed(who=_ssh_who(fact))
    if fact.root is None and not keys_only:
        return undecided(who=_ssh_who(fact))
    return passed(who=_ssh_who(fact))


def _ssh_who(fact: SshSignInSetting) -> Text:
    who = fact.who
    return Text(f"pour {who}", f"for {who}") if who else Text("pour tous", "for everybody")


def session_cookie_configured(
    fact: SessionCookieSetting,
    /,
    *,
    required: tuple[str, ...],
    by_itself: dict[str, tuple[str, ...]],
) -> Verdict:
    """Pass when the settings, or the product by itself, give the session cookie each attribute.

    An attribute that is not stated leaves the question open: the application may set it.
    """
    none = fact.same_site == "None"
    same_site = None if fact.same_site is None else not none
    stated = {"Secure": fact.secure, "HttpOnly": fact.http_only, "SameSite": same_site}
    off = tuple(name for name in required if stated[name] is False)
    if off:
        return failed(product=fact.product, off=off)
    settled = by_itself.get(fact.product, ())
    unsaid = tuple(n for n in required if stated[n] is None and n not in settled)
    if unsaid:
        return undecided(product=fact.product, unsaid=unsaid)
    return passed(product=fact.product)


_PROTECTIONS = {
    "message": Text("un message de blocage", "a message that blocks"),
    "refusal": Text("un refus du serveur", "a refusal by the server"),
    "captcha": Text("un captcha", "a captcha"),
    "delay": Text("une attente imposée", "an imposed wait"),
    "lock": Text("un blocage sans message", "a lock without a message"),
}


def wrong_passwords_stopped(fact: FailedSignIns, /, *, attempts: Attempts) -> Verdict:
    """Pass when wrong passwords in a row ended, within the norm's number, in a refusal of all.

    A protection the right password passes through stops nobody; one met before the norm's wait
    begins, or that only slows down, leaves the question open, and so does a lock of this machine's
    address that came after more attempts than the norm allows an account.
    """
    seen = _PROTECTIONS[fact.protection] if fact.protection else Text("aucune", "none")
    told: dict[str, Value] = {"failures": fact.failures, "protection": seen}
    late = fact.failures >= attempts.before_lock
    if fact.opened or fact.protection == "delay" or fact.right_password == "not_tried":
        return undecided(**told)
    if fact.right_password == "accepted":
        return failed(**told) if late else undecided(**told)
    count = fact.attempts if fact.whole_address else fact.failures
    brief = fact.delay_seconds is not None and fact.delay_seconds <= attempts.delay_seconds
    return undecided(**told) if count > attempts.before_lock or brief else passed(**told)


def declared_lock_seen(fact: FailedSignIns, /) -> Verdict:
    """Pass when a lock that is declared was met; what nobody declared has nothing to hold."""
    if fact.declared_after is None:
        return not_applicable()
    told: dict[str, Value] = {"declared": fact.declared_after, "failures": fact.failures}
    if fact.right_password == "refused":
        return passed(**told)
    due = fact.right_password == "accepted" and fact.failures >= fact.declared_after
    return failed(**told) if due and fact.protection != "delay" else undecided(**told)


def wrong_password_refused(fact: FailedSignIns, /) -> Verdict:
    """Pass when no wrong password opened a session."""
    if not fact.opened and not fact.failures:
        return undecided()
    return (failed if fact.opened else passed)(failures=fact.failures)


_FORMS = {
    "sign_in": Text("la connexion", "sign-in"),
    "reset": Text("le mot de passe oublié", "the forgotten password"),
    "sign_up": Text("l’inscription", "sign-up"),
    "change": Text("le changement de mot de passe", "the change of password"),
}
_DIFFERENCES = {
    "status": Text("le code de réponse", "the status of the answer"),
    "redirection": Text("la page suivante", "the page that follows"),
    "message": Text("le message", "the message"),
    "length": Text("la longueur de la page", "the length of the page"),
    "cookies": Text("les cookies posés", "the cookies set"),
    "time": Text("le temps de réponse", "the time it takes"),
}


def accounts_not_told_apart(fact: AccountDisclosure, /, *, least: int) -> Verdict:
    """Pass when an account that exists and invented ones get the same answers, in the same time.

    Fewer answers than `least`, or times too noisy to compare, leave the question open.
    """
    form = _FORMS[fact.form]
    if fact.differences:
        ways = [_DIFFERENCES[difference] for difference in fact.differences]
        if fact.gap_milliseconds is not None:
            ways[-1] = Text(
                f"{ways[-1].fr} ({fact.gap_milliseconds} ms d’écart)",
                f"{ways[-1].en} ({fact.gap_milliseconds} ms apart)",
            )
        return failed(form=form, ways=tuple(ways), compared=fact.compared)
    if fact.compared < least or fact.time == "too_noisy":
        return undecided(form=form, compared=fact.compared)
    return passed(form=form, compared=fact.compared)


def session_renewed(fact: SessionRenewal, /) -> Verdict:
    """Pass when nothing known before sign-in opens the session that begins with it."""
    known = (*fact.kept, *fact.adopted)
    if known:
        return failed(cookies=known)
    return passed() if fact.planted else undecided()


_EVENTS = {
    "sign_out": Text("la déconnexion", "sign-out"),
    "password_change": Text("le changement du mot de passe", "the change of password"),
}


def session_ended(fact: SessionEnd, /, *, event: str) -> Verdict | None:
    """Pass when the server no longer accepts the session once that event has happened."""
    if fact.event != event:
        return None
    return (failed if fact.still_open else passed)(event=_EVENTS[fact.event])


def idle_session_closed(fact: IdleSession, /, *, minutes: float) -> Verdict:
    """Pass when a session left alone that long, or less, was closed."""
    if fact.still_open:
        told = failed if fact.idle_minutes >= minutes else undecided
        return told(minutes=fact.idle_minutes)
    if fact.idle_minutes <= minutes:
        return passed(minutes=fact.idle_minutes)
    return undecided(minutes=fact.idle_minutes)


def signed_in_page_not_stored(fact: SignedInPage, /) -> Verdict:
    """Pass when caches are told not to keep a page behind sign-in."""
    if "no-store" in fact.cache_control.lower():
        return passed()
    return failed(cache_control=fact.cache_control or Text("absent", "absent"))


def short_password_refused(fact: ShortPassword, /, *, bits: float, tolerance: float) -> Verdict:
    """Pass when a password that holds less than those bits in any alphabet was refused.

    Its length and 99 characters bound what it can hold; a longer one decides nothing.
    """
    most = entropy(fact.length, smallest_alphabet(4))
    told: dict[str, Value] = {"length": fact.length, "form": _FORMS[fact.form], "bits": most}
    if most + tolerance >= bits:
        return undecided(**told)
    return (failed if fact.accepted else passed)(**told)
