"""The hosts a page hands data to are named, once each, and none of them is contacted."""

from __future__ import annotations

from pathlib import Path

from cnilcheck.collectors.base import Nothing, Seen
from cnilcheck.collectors.page_recipients import PageRecipients
from cnilcheck.model.facts import NetworkIdentity
from cnilcheck.model.scope import WebTarget
from collectors.web_servers import HTML, Reply, observed, pages, tools_for, web

PAGE = b"""<!DOCTYPE html><html><body>
<form action="https://formulaires.exemple-tiers.fr/depot" method="post"><input name="nom"></form>
<form action="/ici"><input name="q"></form>
<iframe title="rdv" src="https://rendez-vous.vercel.app/x"></iframe>
<script src="https://scripts.exemple-mesure.fr/a.js"></script>
<script>const api = "https://abcd.supabase.co/rest/v1"; const doc = "https://www.exemple.fr";</script>
</body></html>"""


def test_forms_frames_and_calls_to_known_platforms_are_named(tmp_path: Path) -> None:
    table: dict[str, Reply | bytes] = {"/": PAGE, "/connexion": PAGE}
    with web(pages(table)) as url:
        target = WebTarget(url, login="/connexion")
        found = observed(PageRecipients(), tools_for(tmp_path, target))
    told = {
        s.location: (s.fact.use, s.fact.provider)
        for s in found
        if isinstance(s, Seen) and isinstance(s.fact, NetworkIdentity)
    }
    assert told == {
        "/ formulaires.exemple-tiers.fr": ("recipient", None),
        "/ rendez-vous.vercel.app": ("recipient", "Vercel"),
        "/ abcd.supabase.co": ("recipient", "Supabase"),
        "/ scripts.exemple-mesure.fr": ("script", None),
    }


POLICY = (
    "connect-src 'self' https://mesure.exemple-tiers.fr wss://*.x.fr; "
    "form-action depot.exemple-tiers.fr; img-src https://images.exemple-tiers.fr"
)


def test_interfaces_in_scripts_and_what_the_policy_lets_out_are_named(tmp_path: Path) -> None:
    home: Reply = (
        200,
        (HTML, ("Content-Security-Policy", POLICY)),
        b"<!DOCTYPE html><html><body><script src=/app.js></script><a href=/suite>x</a></body></html>",
    )
    script: Reply = (
        200,
        (("Content-Type", "application/javascript"),),
        b"const cfg = {apiUrl: 'https://api.exemple-tiers.fr/v1', doc: 'https://doc.exemple.fr'};"
        b"init({dsn: 'https://abc@erreurs.exemple-tiers.fr/4'})",
    )
    suite = b"<!DOCTYPE html><html><body><button formaction=https://bouton.exemple-tiers.fr/></button></body></html>"
    table: dict[str, Reply | bytes] = {"/": home, "/app.js": script, "/suite": suite}
    with web(pages(table)) as url:
        found = observed(PageRecipients(), tools_for(tmp_path, WebTarget(url)))
    assert {s.location for s in found if isinstance(s, Seen)} == {
        "/ mesure.exemple-tiers.fr", "/ depot.exemple-tiers.fr", "/app.js api.exemple-tiers.fr",
        "/app.js erreurs.exemple-tiers.fr", "/suite bouton.exemple-tiers.fr",
    }  # fmt: skip


def test_a_page_that_sends_nothing_elsewhere_has_nothing_to_judge(tmp_path: Path) -> None:
    page: dict[str, Reply | bytes] = {"/": b"<!DOCTYPE html><html><form action=/a></form></html>"}
    with web(pages(page)) as url:
        (only,) = observed(PageRecipients(), tools_for(tmp_path, WebTarget(url)))
    assert isinstance(only, Nothing)
