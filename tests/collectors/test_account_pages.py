"""Sign-in, sign-up and reset pages, weak and strict; each judged for whom it serves."""

from __future__ import annotations

import datetime as dt
import itertools
import secrets
from pathlib import Path

import pytest

from cnilcheck.audit import judge
from cnilcheck.checks.registry import checks
from cnilcheck.collectors.account_pages import pattern_bits, purpose_of, stated_minimum, ways_of
from cnilcheck.collectors.base import Journal, Missing, Seen, Sighting, Tools
from cnilcheck.collectors.html_page import read_html
from cnilcheck.collectors.session_visits import SessionVisits
from cnilcheck.collectors.sign_in import SignIn, pro_sante_request
from cnilcheck.collectors.transport import Answer
from cnilcheck.documents.rules import load_catalogue
from cnilcheck.model.evidence import SCHEMA, Collected, Evidence, Provenance
from cnilcheck.model.facts import ProSanteRequest, ResetPage, SignInPage, SignInWays
from cnilcheck.model.scope import (
    Accounts,
    AuthenticationDeclaration,
    Declarations,
    Limits,
    Scope,
    WebTarget,
)
from cnilcheck.model.words import AccountClass, HealthData, Method, Outcome
from cnilcheck.replica import certificates
from cnilcheck.replica.tls import tls_context
from cnilcheck.resources import rules_directory
from collectors.web_servers import HTML, NOT_FOUND, Reply, facts, observed, web

RULES = load_catalogue(rules_directory(), checks()).rules
DAY = dt.datetime(2026, 11, 22, tzinfo=dt.UTC)
COUNT = itertools.count(41_000)
PSC = (
    "https://wallet.esw.esante.gouv.fr/auth?client_id=demo&redirect_uri=https://x.invalid/r&nonce=n"
)


def tools(folder: Path, target: WebTarget, *accounts: Accounts) -> Tools:
    declared = Declarations(authentication=AuthenticationDeclaration(accounts=accounts))
    return Tools(folder, Scope(1, (target,), declarations=declared), Journal(), Limits())


def failing(seen: list[Sighting]) -> set[str]:
    stamp = Provenance("test", "1", Method.TEST, DAY)
    evidence = tuple(Evidence("t", s.location, stamp, s.fact) for s in seen if isinstance(s, Seen))
    rules = [b for b in RULES if b.fact in {type(e.fact) for e in evidence}]
    collected = Collected(SCHEMA, "0", DAY, DAY, False, evidence)
    scope = Scope(1, health_data=HealthData.OWN_PATIENTS)
    found = judge(rules, collected, scope, DAY.date())
    return {f.rule for f in found if f.outcome is Outcome.FAIL}


def weak(path: str) -> Reply:
    """A site with every weakness that its pages can show."""
    session = ("Set-Cookie", f"PHPSESSID={next(COUNT)}; Path=/; Max-Age=31536000; Domain=0.0.1")
    static = "<input type=hidden name=csrf value=0123456789abcdef0123456789abcdef>"
    bodies = {
        "/": "<a href=/connexion>Connexion</a>",
        "/connexion": f"<h1>Connexion</h1><form method=get action=/in>{static}"
        "<input name=u><input type=password pattern='[0-9]{4}' maxlength=4 onpaste='return false'></form>"
        "<a href=/inscription>Créer un compte</a> <a href=/mot-de-passe-oublie>Oublié ?</a>"
        "<a href=/psc/depart>Pro Santé Connect</a>",
        "/inscription": "<h1>Créer un compte</h1><form method=post>Mot de passe : 6 caractères minimum"
        "<input type=password><input type=password></form>",
        "/mot-de-passe-oublie": "<h1>Mot de passe oublié</h1><form method=post><input name=mail>"
        "Question secrète : nom de votre premier animal<input name=reponse></form>",
    }
    if path == "/psc/depart":
        return 302, (("Location", f"{PSC}&response_type=token&scope=openid"),), b""
    if path not in bodies:
        return NOT_FOUND
    return 200, (HTML, session), f"<html>{bodies[path]}</html>".encode()


def strict(path: str) -> Reply:
    """The same site, mended."""
    cookie = f"__Host-session={secrets.token_hex(32)}; Path=/; Secure; HttpOnly; SameSite=Lax"
    token = f"<input type=hidden name=csrf value={secrets.token_hex(16)}>"
    bodies = {
        "/": "<a href=/connexion>Connexion</a>",
        "/connexion": f"<h1>Connexion</h1><form method=post action=/in>{token}<input name=u>"
        "<input type=password maxlength=128 minlength=12 autocomplete=current-password></form>"
        "<a href=/inscription>Créer un compte</a> <a href=/mot-de-passe-oublie>Oublié ?</a>"
        "<a href=/psc/depart>Pro Santé Connect</a>",
        "/inscription": f"<h1>Créer un compte</h1><form method=post>{token}Mot de passe : au moins 12 caractères"
        "<input type=password><input type=password></form>",
        "/mot-de-passe-oublie": f"<h1>Mot de passe oublié</h1><form method=post>{token}<input name=mail></form>",
    }
    if path == "/psc/depart":
        asked = "response_type=code&scope=openid+scope_all&acr_values=eidas1&state=s&code_challenge_method=S256"
        return 302, (("Location", f"{PSC}&{asked}"),), b""
    if path not in bodies:
        return NOT_FOUND
    headers = (HTML, ("Set-Cookie", cookie), ("Cache-Control", "no-store"))
    return 200, headers, f"<html>{bodies[path]}</html>".encode()


PLANTED = {
    "sign-in-form-posts", "sign-in-anti-forgery", "sign-in-not-cached", "sign-in-accepts-long-passwords",
    "password-field-wide", "password-paste-allowed", "announced-length-sufficient",
    "reset-without-secret-question", "session-cookie-protected", "session-cookie-lifetime",
    "session-identifiers-unpredictable", "pro-sante-request-conforms", "session-cookie-host-only",
}  # fmt: skip


@pytest.mark.parametrize("declared", [False, True])
def test_each_weakness_of_the_weak_site_is_found_and_none_on_the_strict_one(
    tmp_path: Path, declared: bool
) -> None:
    for answer, expected in ((weak, PLANTED), (strict, set[str]())):
        with web(answer, tls_context(certificates.issue(), mended=True)) as url:
            target = WebTarget(url, login="/connexion" if declared else ())
            with_accounts = tools(tmp_path, target)
            seen = observed(SignIn(), with_accounts) + observed(SessionVisits(), with_accounts)
        assert failing(seen) == expected
        assert {"/connexion", "/inscription"} <= set(facts(seen, SignInPage))
        assert set(facts(seen, ResetPage)) == {"/mot-de-passe-oublie"}
        assert set(facts(seen, SignInWays)) == {"/connexion"}
        assert not [s for s in seen if isinstance(s, Missing)]


def test_each_page_is_judged_for_the_people_it_serves(tmp_path: Path) -> None:
    form = "<html><form method=post><input type=password></form></html>"
    pages = {
        "/patients": form,
        "/pro": "<html><a href=/oidc/psc><img alt='Pro Santé Connect'></a></html>",
        "/gestion": form,
    }

    def answer(path: str) -> Reply:
        links = "".join(f"<a href={name}>x</a>" for name in pages)
        return 200, (HTML,), (pages.get(path) or f"<html>{links}</html>").encode()

    with web(answer) as url:
        accounts = (
            Accounts(AccountClass.USERS, sign_in=("/patients",), remote=True),
            Accounts(AccountClass.STAFF, sign_in=(f"{url}pro",), remote=True),
            Accounts(AccountClass.ADMINISTRATORS, sign_in=("/gestion",), remote=False),
        )
        seen = observed(SignIn(), tools(tmp_path, WebTarget(url), *accounts))
    ways = facts(seen, SignInWays)
    assert ways == {
        "/patients": SignInWays(("password",), (AccountClass.USERS,), True),
        "/pro": SignInWays(("pro_sante_connect",), (AccountClass.STAFF,), True),
        "/gestion": SignInWays(("password",), (AccountClass.ADMINISTRATORS,), False),
    }


@pytest.mark.parametrize(
    ("body", "ways"),
    [
        ("<button><img alt='Se connecter avec Pro Santé Connect'></button>", ("pro_sante_connect",)),
        ("<form action=/fc/franceconnect><button>x</button></form>", ("france_connect",)),
        ("<p>Pro Santé Connect sera bientôt disponible.</p>", ()),
        ("<p>Avec FranceConnect, tout est simple.</p>", ()),
        ("<input type=password><input autocomplete=one-time-code>", ("password", "one_time_code")),
        ("<input type=password><input name=postcode>", ("password",)),
        ("<input autocomplete='username webauthn'>", ("passkey",)),
        ("<script>navigator.credentials.get({publicKey: o})</script>", ("passkey",)),
        ("<a href=/saml/login>Connexion</a>", ("other_service",)),
        ("<a href=/psc-lyon>Paris</a><a href=/oidc/psc>Entrer</a>", ("pro_sante_connect",)),
        ("<a href=/x>Carte CPS</a>", ("client_certificate",)),
        ("<a href=/pscore>Escapades</a><a href=/psc-lyon>Club</a>", ()),
    ],
)  # fmt: skip
def test_the_ways_in_are_what_one_can_press_or_fill(body: str, ways: tuple[str, ...]) -> None:
    answer = page(body)
    assert ways_of(answer, read_html(answer.text, answer.url)) == ways


def page(body: str, path: str = "/") -> Answer:
    return Answer(f"http://x{path}", 200, (HTML,), f"<html>{body}</html>".encode(), False, 0.0)


@pytest.mark.parametrize(
    ("path", "body", "purpose"),
    [
        ("/inscription", "", "sign_up"),
        ("/register", "", "sign_up"),
        ("/x", "<h1>Créer mon compte</h1>", "sign_up"),
        ("/wp-login.php?action=lostpassword", "", "reset"),
        ("/mot-de-passe-oubli%C3%A9", "", "reset"),
        ("/x", "<title>Réinitialisation</title>", "reset"),
        ("/compte/changer-mot-de-passe", "", "change"),
        ("/connexion", "<h1>Espace patient</h1>", "sign_in"),
        ("/login", "<input type=password><input type=password>", "sign_up"),
    ],
)
def test_what_a_page_is_for(path: str, body: str, purpose: str) -> None:
    answer = page(body, path)
    assert purpose_of(answer, read_html(answer.text, answer.url)) == purpose


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("Mot de passe : 8 caractères minimum", 8),
        ("Votre mot de passe doit contenir au moins 12 caractères", 12),
        ("Password: at least 10 characters", 10),
        ("Mot de passe (de 4 à 8 caractères)", 4),
        ("Pseudo : 3 caractères minimum", None),
        ("12 caractères", None),
    ],
)
def test_the_length_a_page_announces(text: str, length: int | None) -> None:
    assert stated_minimum(page(text)) == length


@pytest.mark.parametrize(
    ("pattern", "maximum", "bits"),
    [
        ("[0-9]{4}", None, 13.3),
        (r"\d{6}", None, 19.9),
        (r"^\d\d\d\d$", None, 13.3),
        ("[A-Za-z0-9]{8,10}", None, 59.5),
        (r"(?=.*\d)(?=.*[A-Z])[A-Za-z0-9]{8,}", None, None),
        (r"(?=.*\d).{8,}", 64, 424.3),
        (".*", None, None),
        (".{12,}", None, None),
        ("[0-9]+", 6, 19.9),
        ("(a|b)", None, None),
        ("", 8, None),
        ("[", None, None),
        ("(" * 200, None, None),
        ("[a-" + "z" * 500, None, None),
    ],
)
def test_the_most_a_pattern_lets_through(
    pattern: str, maximum: int | None, bits: float | None
) -> None:
    assert pattern_bits(pattern, maximum) == bits


@pytest.mark.parametrize(
    ("url", "sandbox"),
    [
        ("https://wallet.esw.esante.gouv.fr/auth?client_id=x", False),
        ("https://auth.bas.psc.esante.gouv.fr/auth/realms/esante-wallet/protocol/openid-connect/auth?client_id=x", True),
    ],
)  # fmt: skip
def test_the_test_service_is_told_from_production(url: str, sandbox: bool) -> None:
    request = pro_sante_request(url)
    assert isinstance(request, ProSanteRequest)
    assert request.sandbox is sandbox


@pytest.mark.parametrize(
    "url",
    ["", "https://esante.gouv.fr.evil.example/auth?client_id=x", "https://esante.gouv.fr/psc", "http://[", "https://x.esante.gouv.fr/?" + "a=1&" * 5000],
)  # fmt: skip
def test_other_addresses_are_no_request_to_pro_sante_connect(url: str) -> None:
    assert pro_sante_request(url) is None
