"""What a page is for (sign in, sign up, reset, administer), told by its words in both languages."""

from __future__ import annotations

import math
import re
from typing import Literal
from urllib.parse import unquote

from cnilcheck.collectors.html_page import Form, HtmlPage
from cnilcheck.collectors.transport import Answer
from cnilcheck.model.facts import ResetPage, SignInWay

Purpose = Literal["sign_in", "sign_up", "reset", "change"]

_PURPOSES: tuple[tuple[Purpose, re.Pattern[str]], ...] = (
    ("reset", re.compile(
        r"(?i)mots?[-_ ]de[-_ ]passe[-_ ](?:oubli|perdu)|mdp[-_]?oubli|oubli[ée]?[-_ ](?:de[-_ ])?m"
        r"|forgot|lost[-_ ]?password|r[ée]initialis|reset|recover|r[ée]cup[ée]r")),
    ("change", re.compile(
        r"(?i)(?:chang|modifi)\w{0,8}[-_ ](?:(?:de|du|le|mon|votre|your|my|the)[-_ ])?"
        r"(?:mots?[-_ ]de[-_ ]passe|mdp|password)|password[-_]?change")),
    ("sign_up", re.compile(
        r"(?i)inscri(?:ption|re|vez)"
        r"|cr[ée](?:er|ation)[-_ ](?:(?:de|du|un|mon|votre|d.un)[-_ ])?compte"
        r"|nouveau[-_ ]compte|regist(?:er|ration)|sign[-_ ]?up|create[-_ ](?:an[-_ ])?account"
        r"|new[-_ ]account|enrol")),
)  # fmt: skip
_ADMINISTRATION = re.compile(
    r"(?i)(?:^|[/\s_-])(?:wp-)?admin(?:istrat(?:ion|or|eur))?(?=$|[/\s_.?-])|wp-login\.php"
    r"|back[-_ ]?office|phpmyadmin|gestion du site|manager/html"
)
_SECRET_QUESTION = re.compile(
    r"(?i)questions? (?:secr[èe]te|de s[ée]curit[ée])|(?:secret|security) question"
    r"|nom de jeune fille de votre m[èe]re|mother.s maiden name|nom de votre premier animal"
    r"|(?:your )?first pet"
)
_STATED = re.compile(
    r"(?i)(?:au moins|minimum(?: de| of)?|at least)[ \u00a0](\d{1,2})[ \u00a0](?:caract|char)"
    r"|(\d{1,2})[ \u00a0](?:caract[èe]res|characters?)[ \u00a0](?:au moins|minimum|ou plus|or more)"
    r"|\b(\d{1,2})[ \u00a0](?:à|to)[ \u00a0]\d{1,2}[ \u00a0](?:caract|char)"
)
_IN_CONTROLS: tuple[tuple[SignInWay, re.Pattern[str]], ...] = (
    ("pro_sante_connect", re.compile(
        r"(?i)pro[-_ ]?sant[ée][-_ ]?connect|(?:^|[\s/])psc(?=[/?\s]|$)|[a-z]\.esante\.gouv\.fr"
        r"|(?:btn|button|bouton|login)[-_]psc\b|\bpsc[-_](?:login|btn|button|bouton)"
        r"|/realms/esante")),
    ("france_connect", re.compile(r"(?i)france[-_ ]?connect")),
    ("client_certificate", re.compile(
        r"(?i)carte[-_ ](?:cps|cpx|de professionnel|à puce)|certificat[-_ ]client|smart[-_ ]?card"
        r"|client[-_ ]certificate|(?<![a-z])e?-?cps(?![a-z])")),
    ("passkey", re.compile(r"(?i)passkey|web-?authn|cl[ée][-_ ]d.acc[èe]s|fido")),
    ("other_service", re.compile(
        r"(?i)/(?:oauth2?|saml2?|sso|oidc|openid)(?=[/?\s]|$)|(?:google|microsoft|apple|entra)\b"
        r"|(?:login|sign in|connexion|connecter) (?:with|avec|via)")),
)  # fmt: skip
_WEBAUTHN = re.compile(r"navigator\.credentials\.get|PublicKeyCredential|startAuthentication\(")
_CODE_FIELD = re.compile(
    r"(?i)one-time-code|(?:^|[^a-z])(?:otp|totp|mfa|2fa|tfa)(?:[^a-z]|$)|code[-_]?(?:sms|totp|mail)"
)
# A character that a person can type, as the CNIL's calculator counts them (26 + 26 + 10 + 37).
_ANY = 99


def purpose_of(answer: Answer, html: HtmlPage) -> Purpose:
    """Return what the page is for; a page with a password field that says nothing signs in."""
    said = f"{unquote(answer.path)[:300]} {html.title} {html.heading}"
    for purpose, words in _PURPOSES:
        if words.search(said):
            return purpose
    form = html.password_form
    return "sign_up" if form is not None and len(form.passwords) > 1 else "sign_in"


def is_administration(answer: Answer, html: HtmlPage) -> bool:
    """Return whether the page says of itself that it is for administrators."""
    said = f"{unquote(answer.path)[:300]} {html.title} {html.heading}"
    return bool(_ADMINISTRATION.search(said))


_READ = 256 * 1024


def reset_page(answer: Answer) -> ResetPage:
    """Return what a page on which a password is replaced asks for."""
    return ResetPage(bool(_SECRET_QUESTION.search(answer.text[:_READ])))


def ways_of(answer: Answer, html: HtmlPage) -> tuple[SignInWay, ...]:
    """Return the ways in that the page shows, in a set order; what it merely mentions is none."""
    pressed = "\n".join(html.controls)
    found = {way for way, words in _IN_CONTROLS if words.search(pressed)}
    fields = [field for form in html.forms for field in form.inputs]
    if html.password_form is not None:
        found.add("password")
    if any("webauthn" in field.get("autocomplete", "").lower() for field in fields):
        found.add("passkey")
    if _WEBAUTHN.search(answer.text[:_READ]):
        found.add("passkey")
    said = [" ".join(f.get(k, "") for k in ("autocomplete", "name", "id")) for f in fields]
    if any(_CODE_FIELD.search(words) for words in said):
        found.add("one_time_code")
    if found & {"pro_sante_connect", "france_connect", "passkey"}:
        # Their own addresses and buttons look like any other service's.
        found.discard("other_service")
    order: tuple[SignInWay, ...] = ("password", "one_time_code", *(way for way, _ in _IN_CONTROLS))
    return tuple(way for way in order if way in found)


def stated_minimum(answer: Answer) -> int | None:
    """Return the least length of a password that the page's text announces."""
    text = re.sub(r"<[^>]{0,1000}>", " ", answer.text[:_READ])
    for match in _STATED.finditer(text):
        before = text[max(0, match.start() - 120) : match.start()].casefold()
        if re.search(r"passe|password|mdp", before):
            return int(next(number for number in match.groups() if number))
    return None


def pastes_refused(form: Form) -> bool:
    """Return whether a password field refuses what is pasted into it."""
    return any(
        re.search(r"return\s+false|preventDefault", field.get("onpaste", ""))
        for field in form.passwords
    )


def pattern_bits(pattern: str, maximum: int | None) -> float | None:
    """Return the most a password can hold that fits the pattern; None when that is not told.

    Only sequences of single characters and classes with a bound are read; a look-ahead only
    narrows what may be typed, so that leaving it out keeps the figure an upper bound.
    """
    rest = re.sub(r"\(\?[=!][^()]{0,200}\)", "", pattern.strip())[:300]
    rest = rest.removeprefix("^").removesuffix("$")
    atom = re.compile(
        r"(?P<class>\[[^\[\]]{1,100}\]|\\[dwWDsS]|\.|\\?[^\\\[\](){}|*+?])"
        r"(?:\{(?P<least>\d{1,3})(?P<open>,)?(?P<most>\d{1,3})?\}|(?P<many>[*+])|(?P<maybe>\?))?"
    )
    bits, place, largest = 0.0, 0, 1
    while place < len(rest):
        match = atom.match(rest, place)
        if match is None:
            return None
        size = _size(match["class"])
        largest, place = max(largest, size), match.end()
        times = _times(match)
        bits = math.inf if times is None else bits + times * math.log2(size)
    bound = math.inf if maximum is None else maximum * math.log2(largest)
    least = min(bits, bound)
    return None if not rest or math.isinf(least) else round(least, 1)


def _times(match: re.Match[str]) -> int | None:
    if match["many"]:
        return None
    if match["least"] is None:
        return 1
    if match["open"]:
        return int(match["most"]) if match["most"] else None
    return int(match["least"])


def _size(written: str) -> int:
    """Return how many characters a class admits, at most all that a person can type."""
    sets = {r"\d": 10, r"\w": 63, ".": _ANY, r"\W": _ANY, r"\D": _ANY, r"\S": _ANY, r"\s": 1}
    if written in sets:
        return sets[written]
    if not written.startswith("["):
        return 1
    inside = written[1:-1]
    if inside.startswith("^"):
        return _ANY
    total = 0
    for first, last, single in re.findall(r"([^\\])-([^\\])|(\\?.)", inside):
        total += max(0, ord(last) - ord(first)) + 1 if first else sets.get(single, 1)
    return max(1, min(total, _ANY))
