"""A web site with accounts on loopback, sound until a rendering breaks it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from html import escape
from urllib.parse import parse_qs

from cnilcheck.replica.messages import Answer, Request
from decisions.deployment import Deployment
from decisions.website import Website, away, html

_NO_STORE = ("Cache-Control", "no-store")
_LOGIN = ("/connexion", "/login", "/compte/identification", "/sign-in", "/auth/signin")
_ACCOUNT = ("/compte", "/mon-espace", "/account/home", "/profil")
_CHANGE = ("/mot-de-passe", "/changer-mot-de-passe", "/password/change", "/securite/mdp")
_COOKIE = "__Host-session"


@dataclass
class Portal:
    """Accounts on a site: how long passwords must be, what ten wrong ones meet, what pages say."""

    deployment: Deployment
    site: Website
    as_json: bool = False
    least: int = 12
    locks_after: int | None = 8
    sessions: dict[str, str] = field(default_factory=dict)
    failures: dict[str, int] = field(default_factory=dict)
    passwords: dict[str, str] = field(default_factory=dict)
    tokens: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        """The addresses and fields are drawn and the pages stand."""
        one = self.deployment
        self.login, self.account = one.pick(*_LOGIN), one.pick(*_ACCOUNT)
        self.change, self.out = one.pick(*_CHANGE), one.pick("/deconnexion", "/logout")
        self.name_field = one.pick("email", "identifiant", "username", "login")
        self.secret_field = one.pick("password", "mot_de_passe", "secret", "mdp")
        self.title = one.say("Connexion", "Sign in")
        for path, handler in (
            (self.change, self._change),
            (self.account, self._account),
            (self.out, self._leave),
            (self.login, self._sign_in),
        ):
            self.site.handle(path, handler)
        self.site.link(self.login, self.title)
        self.site.name("login", self.login)

    def lend(self) -> None:
        """A person lends a test account: `--active` may sign in, fail, and change its password."""
        if "test_account" in self.site.target:
            return
        one, draw = self.deployment, self.deployment.draw
        name = f"essai.{draw.randint(10, 99)}@example.org"
        first, other = (
            f"{word}-{draw.randbytes(6).hex()}-{draw.randint(10, 99)}"
            for word in ("Canari", "Lys4b")
        )
        self.passwords[name] = first
        one.write("lent.txt", first + "\n")
        one.write("other.txt", other + "\n")
        one.authorise()
        account = {
            "name": name, "password": {"file": "lent.txt"}, "other_password": {"file": "other.txt"},
            "consented_by": "Mme Exemple", "signed_in": self.account, "sign_out": self.out,
            "change": self.change,
        }  # fmt: skip
        if self.as_json:
            account["sign_in"] = {
                "encoding": "json", "address": self.login, "name": self.name_field,
                "password": self.secret_field,
            }  # fmt: skip
        self.site.target |= {"test_account": account, "traces": {"wait_seconds": 0}}

    def _field(self, request: Request, name: str) -> str:
        body = request.body.decode("utf-8", "replace")
        if self.as_json and body.startswith("{"):
            return str(json.loads(body).get(name, ""))
        return parse_qs(body).get(name, [""])[0]

    def _sign_in(self, request: Request) -> Answer:
        if request.method != "POST":
            return self._page("")
        if not self._expected(request):
            return self._page(self.deployment.say("Formulaire périmé.", "Form out of date."))
        name, secret = (self._field(request, f) for f in (self.name_field, self.secret_field))
        failed = self.failures.get(name, 0)
        if self.locks_after is not None and failed >= self.locks_after:
            return self._page(self.deployment.say("Compte bloqué.", "Account locked."))
        if not secret or self.passwords.get(name) != secret:
            self.failures[name] = failed + 1
            return self._page(
                self.deployment.say("Nom ou mot de passe inconnu.", "Unknown name or password.")
            )
        self.failures[name] = 0
        token = self.deployment.draw.randbytes(24).hex()
        self.sessions[token] = name
        cookie = f"{_COOKIE}={token}; Path=/; Secure; HttpOnly; SameSite=Lax"
        return away(self.account).adding(("Set-Cookie", cookie))

    def _expected(self, request: Request) -> bool:
        """Whether the form is one that this site gave out; a script of another site has none.

        Nor does a form of another site send JSON (Fetch Standard, CORS-safelisted headers).
        """
        if self.as_json and request.body.startswith(b"{"):
            return True
        return self._field(request, "csrf_token") in self.tokens

    def _token(self) -> str:
        token = self.deployment.draw.randbytes(20).hex()
        self.tokens.add(token)
        return token

    def _page(self, words: str) -> Answer:
        token = self._token()
        form = (
            f'<form method="post" action="{self.login}"><input type="hidden" name="csrf_token" '
            f'value="{token}"><input name="{self.name_field}" type="email">'
            f'<input name="{self.secret_field}" type="password" autocomplete="current-password">'
            f"<button>OK</button></form>"
        )
        return html(self.title, (f"<p>{escape(words)}</p>" if words else "") + form, _NO_STORE)

    def _who(self, request: Request) -> str:
        return self.sessions.get(request.cookie(_COOKIE) or "", "")

    def _account(self, request: Request) -> Answer:
        if not self._who(request):
            return away(self.login)
        out = f'<a href="{self.out}">{self.deployment.say("Déconnexion", "Sign out")}</a>'
        return html(self.deployment.say("Mon espace", "My account"), out, _NO_STORE)

    def _leave(self, request: Request) -> Answer:
        self.sessions.pop(request.cookie(_COOKIE) or "", None)
        return away(self.login)

    def _change(self, request: Request) -> Answer:
        name = self._who(request)
        if not name:
            return away(self.login)
        if request.method != "POST":
            return self._change_page()
        if not self._expected(request):
            return self._change_page()
        old, new, again = (self._field(request, f) for f in ("old", "new1", "new2"))
        if old != self.passwords[name] or new != again or len(new) < self.least:
            return self._change_page()
        self.passwords[name] = new
        own = request.cookie(_COOKIE)
        self.sessions = {t: n for t, n in self.sessions.items() if n != name or t == own}
        return away(self.account)

    def _change_page(self) -> Answer:
        token = self._token()
        fields = "".join(
            f'<input type="password" name="{name}" autocomplete="{kind}-password">'
            for name, kind in (("old", "current"), ("new1", "new"), ("new2", "new"))
        )
        form = (
            f'<form method="post" action="{self.change}">'
            f'<input type="hidden" name="csrf_token" value="{token}">{fields}<button>OK</button></form>'
        )
        return html(self.deployment.say("Mot de passe", "Password"), form, _NO_STORE)


def portal(deployment: Deployment) -> Portal:
    """The accounts of the deployment's main site."""
    found: Portal = deployment.once("portal", lambda: Portal(deployment, deployment.site()))
    return found
