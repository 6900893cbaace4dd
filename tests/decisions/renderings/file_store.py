"""A file server of recordings, images or extracts that any browser can walk through, in clear."""

from __future__ import annotations

from decisions.deployment import Deployment
from decisions.harness import Place, at, renders
from decisions.website import Answer, Request, Website, error, html

_FOLDERS = ("2019", "incoming", "calls", "archive", "voice")


@renders("service-open-to-internet", "remote")
def open_file_store(deployment: Deployment) -> Place:
    """The first page lists recordings, images or extracts; mended, an account is asked for."""
    site = deployment.new_site()
    ending, size = deployment.pick(("wav", 40), ("mp3", 64), ("dcm", 12), ("pdf", 25))
    style = deployment.pick("Index of /", "Directory listing for /")
    stem = deployment.pick("rec", "call", "img", "scan")
    names = [f"{stem}-{deployment.draw.randint(10**6, 10**7)}.{ending}" for _ in range(size)]
    folder = deployment.pick(*_FOLDERS)
    if deployment.mended:
        site.first = error(403)
        return at(site.url, "/")
    links = "".join(f'<li><a href="{name}">{name}</a></li>' for name in (f"{folder}/", *names))
    site.first = html(style, f"<hr><ul>{links}</ul><hr>")

    def serve(request: Request) -> Answer:
        return Answer(200, b"RIFF\x24\0\0\0WAVE", (("Content-Type", "application/octet-stream"),))

    for name in names:
        site.handle(f"/{name}", serve)
    return at(site.url, "/")


@renders("no-tls", "remote")
def pages_in_clear(deployment: Deployment) -> Place:
    """A site of its own over plain HTTP; mended, the same over TLS."""
    site: Website = deployment.new_site(secure=deployment.mended)
    path = deployment.pick("/rendez-vous", "/contact", "/dossiers", "/recordings")
    field = deployment.pick("telephone", "email", "nom")
    site.page(path, html("Demande", f'<form method="post"><input name="{field}"></form>').body)
    site.link(path, deployment.say("Nous écrire", "Write to us"))
    return at(site.url, "")
