"""What a stranger can read or reach."""

from __future__ import annotations

from html import escape

from cnilcheck.replica import pdf
from cnilcheck.replica.people import Person
from decisions.deployment import Deployment
from decisions.harness import Place, at, renders
from decisions.website import Answer, Request, away, error, html

_SIGN_IN = "/identification"
_NO_STORE = ("Cache-Control", "no-store")
_PAPERS = (
    ("/documents/upload/{}.pdf", "pdf"),
    ("/demandes/{}", "page"),
    ("/suivi/requests.do?id={}", "page"),
    ("/factures/telecharger?num_facture={}", "pdf"),
    ("/contrats/{}/contrat.pdf", "pdf"),
    ("/invoices/INV-{}.pdf", "pdf"),
    ("/api/orders/{}", "json"),
)


def paper(person: Person, kind: str, deployment: Deployment) -> Answer:
    """A document about one invented person."""
    title = deployment.say("Dossier", "File")
    lines = (
        deployment.say("Dossier personnel (personne inventée)", "Personal file (invented person)"),
        f"{deployment.say('Nom', 'Name')} : {person.surname} {person.first_name}",
        f"{deployment.say('Courriel', 'E-mail')} : {person.email}  Tel : {person.telephone}",
    )
    if kind == "pdf":
        return Answer(200, pdf.one_page(lines), (("Content-Type", "application/pdf"), _NO_STORE))
    if kind == "json":
        body = (
            f'{{"order": 1, "surname": "{person.surname}", "first_name": "{person.first_name}", '
            f'"email": "{person.email}", "phone": "{person.telephone}"}}'
        )
        return Answer(200, body.encode(), (("Content-Type", "application/json"), _NO_STORE))
    rows = "".join(f"<p>{escape(line)}</p>" for line in lines)
    return html(title, rows, _NO_STORE, ("X-Robots-Tag", "noindex"))


@renders("unauthenticated-identifier", "remote")
def papers_by_number(deployment: Deployment, address: str = "", kind: str = "") -> Place:
    """Documents at consecutive numbers, served without asking who is there."""
    site = deployment.site()
    form, sort = (address, kind) if address else deployment.pick(*_PAPERS)
    first = deployment.draw.randint(1000, 900000)
    codes = [deployment.draw.randbytes(16).hex() for _ in range(3)]
    refusal = deployment.pick("redirect", "forbidden", "unauthorised", "absent")
    wanted = codes if deployment.mended else [str(first + n) for n in range(3)]
    paths = [form.format(code) for code in wanted]
    people = dict(zip(paths, deployment.people, strict=False))

    def serve(request: Request) -> Answer:
        path = f"{request.path}?{request.query}" if request.query else request.path
        if path not in people:
            return error(404)
        if not deployment.mended:
            return paper(people[path], sort, deployment)
        match refusal:
            case "redirect":
                return away(_SIGN_IN)
            case "forbidden":
                return error(403)
            case "unauthorised":
                return error(401)
            case _:
                return error(404)

    site.handle(form.partition("{")[0].partition("?")[0], serve)
    site.handle(
        _SIGN_IN, lambda _: html(deployment.say("Connexion", "Sign in"), "<p>OTP</p>", _NO_STORE)
    )
    site.name("protected", paths[0])
    site.name("neighbours", paths[1])
    return at(site.url, paths[1])
