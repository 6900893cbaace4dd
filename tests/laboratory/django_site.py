"""A Django application with accounts, weak or strict: `django_site.py weak|strict FOLDER`.

It prints the address it listens on, and serves until it is ended. Stands on its own: it is run,
never imported. `/count` says how often passwords were sent, by account.
"""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from wsgiref.simple_server import WSGIRequestHandler, make_server

import django
from django.conf import settings

STRICT, FOLDER = sys.argv[1] == "strict", Path(sys.argv[2])
NAME, PASSWORD = "essai@example.org", "Une-Phrase-de-Test-42"
LOCKED_AFTER = 5

settings.configure(
    ALLOWED_HOSTS=["127.0.0.1"],
    CACHES={"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}},
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": FOLDER / "accounts"}},
    EMAIL_BACKEND="django.core.mail.backends.locmem.EmailBackend",
    INSTALLED_APPS=[
        "django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions",
    ],
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        *(["django.middleware.csrf.CsrfViewMiddleware"] if STRICT else []),
        "django.contrib.auth.middleware.AuthenticationMiddleware",
    ],
    # What is tested is not the hash: a fast one makes the tests fast.
    PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
    AUTH_PASSWORD_VALIDATORS=[
        {
            "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
            "OPTIONS": {"min_length": 12 if STRICT else 1},
        }
    ],
    ROOT_URLCONF=__name__,
    SECRET_KEY="laboratory" * 6,
    SESSION_COOKIE_HTTPONLY=STRICT,
    SESSION_COOKIE_SAMESITE="Lax" if STRICT else None,
    SESSION_COOKIE_SECURE=STRICT,
    TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates"}],
)  # fmt: skip
django.setup()

from django.contrib.auth import (  # noqa: E402
    authenticate,
    login,
    logout,
    update_session_auth_hash,
)
from django.contrib.auth.forms import PasswordChangeForm  # noqa: E402
from django.contrib.auth.models import User  # noqa: E402
from django.core.cache import cache  # noqa: E402
from django.core.handlers.wsgi import WSGIHandler  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.http import HttpRequest, HttpResponse, JsonResponse  # noqa: E402
from django.shortcuts import redirect  # noqa: E402
from django.template import Context, Engine  # noqa: E402
from django.urls import path  # noqa: E402
from django.views.decorators.cache import never_cache  # noqa: E402

SENT: Counter[str] = Counter()
PAGE = Engine().from_string(
    "<!DOCTYPE html><title>{{ title }}</title><h1>{{ title }}</h1><p>{{ said }}</p>"
    "{% for a in links %}<a href='{{ a }}'>{{ a }}</a>{% endfor %}"
    "{% if fields %}<form method=post action='{{ action }}'>"
    "{% if csrf_token %}<input type=hidden name=csrfmiddlewaretoken value='{{ csrf_token }}'>"
    "{% endif %}{% for f, kind in fields %}<input name='{{ f }}' type='{{ kind }}'>{% endfor %}"
    "<button>OK</button></form>{% endif %}"
)
SIGN_IN = [("username", "email"), ("password", "password")]
CHANGE = [
    ("old_password", "password"),
    ("new_password1", "password"),
    ("new_password2", "password"),
]
SIGN_UP = [("username", "email"), ("password1", "password"), ("password2", "password")]


def page(
    request: HttpRequest, title: str, said: str = "", fields=(), links=(), action=""
) -> HttpResponse:
    from django.middleware.csrf import get_token

    token = get_token(request) if STRICT and fields else ""
    told = {"title": title, "said": said, "fields": fields, "links": links, "csrf_token": token}
    return HttpResponse(PAGE.render(Context(told | {"action": action})))


def sign_in(request: HttpRequest) -> HttpResponse:
    if request.method != "POST":
        if not STRICT:
            request.session["visits"] = request.session.get("visits", 0) + 1
        return page(request, "Connexion", fields=SIGN_IN)
    name, password = request.POST["username"], request.POST["password"]
    SENT[name] += 1
    return (strict_entry if STRICT else weak_entry)(request, name, password)


def strict_entry(request: HttpRequest, name: str, password: str) -> HttpResponse:
    failures = cache.get(name, 0)
    if failures >= LOCKED_AFTER:
        said = "Trop de tentatives. Réessayez dans 15 minutes."
        return page(request, "Connexion", said, SIGN_IN)
    user = authenticate(request, username=name, password=password)
    if user is None:
        cache.set(name, failures + 1, 900)
        return page(request, "Connexion", "Identifiant ou mot de passe incorrect.", SIGN_IN)
    cache.delete(name)
    login(request, user)
    return redirect("/compte")


def weak_entry(request: HttpRequest, name: str, password: str) -> HttpResponse:
    user = User.objects.filter(username=name).first()
    if user is None:
        return page(request, "Connexion", "Compte inconnu.", SIGN_IN)
    if not user.check_password(password):
        return page(request, "Connexion", "Mot de passe incorrect.", SIGN_IN)
    request.session["who"] = user.pk  # the identifier stays the same
    return redirect("/compte")


def who(request: HttpRequest):
    if STRICT:
        return request.user if request.user.is_authenticated else None
    return User.objects.filter(pk=request.session.get("who")).first()


def account(request: HttpRequest) -> HttpResponse:
    if who(request) is None:
        return redirect("/connexion")
    if STRICT:
        return page(request, "Mon compte", fields=[("out", "hidden")], action="/deconnexion")
    return page(request, "Mon compte", links=["/deconnexion", "/mot-de-passe"])


def sign_out(request: HttpRequest) -> HttpResponse:
    answer = redirect("/connexion")
    if STRICT and request.method == "POST":
        logout(request)
    if not STRICT:
        answer.delete_cookie("sessionid")  # and the server still knows it
    return answer


def change(request: HttpRequest) -> HttpResponse:
    user = who(request)
    if user is None:
        return redirect("/connexion")
    form = PasswordChangeForm(user, request.POST or None)
    if form.is_valid():
        form.save()
        if STRICT:
            update_session_auth_hash(request, user)
        return redirect("/compte")
    return page(request, "Mot de passe", str(form.errors), CHANGE)


def reset(request: HttpRequest) -> HttpResponse:
    if request.method != "POST":
        return page(request, "Mot de passe oublié", fields=[("email", "email")])
    known = User.objects.filter(username=request.POST["email"]).exists()
    SENT["reset"] += 1
    if STRICT or known:
        return page(request, "Mot de passe oublié", "Si un compte existe, un message est parti.")
    return page(request, "Mot de passe oublié", "Aucun compte pour cette adresse.")


def sign_up(request: HttpRequest) -> HttpResponse:
    if request.method != "POST":
        return page(request, "Inscription", fields=SIGN_UP)
    said = "Les deux mots de passe ne sont pas les mêmes."
    if request.POST["password1"] == request.POST["password2"]:
        User.objects.create_user(request.POST["username"], password=request.POST["password1"])
        return redirect("/compte")
    if not STRICT and User.objects.filter(username=request.POST["username"]).exists():
        said = "Cette adresse est déjà prise. " + said
    return page(request, "Inscription", said, SIGN_UP)


def count(_request: HttpRequest) -> JsonResponse:
    user = User.objects.get(username=NAME)
    state = {"accounts": User.objects.count(), "unchanged": user.check_password(PASSWORD)}
    return JsonResponse({"sent": SENT, **state})


urlpatterns = [
    path("connexion", sign_in),
    path("compte", never_cache(account) if STRICT else account),
    path("deconnexion", sign_out),
    path("mot-de-passe", change),
    path("oubli", reset),
    path("inscription", sign_up),
    path("count", count),
]


class Quiet(WSGIRequestHandler):
    def log_message(self, *_: object) -> None:
        """Say nothing."""


if __name__ == "__main__":
    call_command("migrate", verbosity=0)
    User.objects.create_user(NAME, password=PASSWORD)
    server = make_server("127.0.0.1", 0, WSGIHandler(), handler_class=Quiet)
    print(f"http://127.0.0.1:{server.server_port}/", flush=True)
    server.serve_forever()
