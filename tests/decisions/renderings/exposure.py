"""What a stranger can read or reach."""

from __future__ import annotations

import json
import socket
from html import escape

from cnilcheck.replica import pdf
from cnilcheck.replica.database import DatabaseServer
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

    mended = deployment.mended

    def serve(request: Request) -> Answer:
        path = f"{request.path}?{request.query}" if request.query else request.path
        if path not in people:
            return error(404)
        if not mended:
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


_COLUMNS = (
    "nom;prenom;nir;date_naissance;telephone;courriel;resultat",
    "surname;name;nir;born;phone;email;result",
)


def extract(deployment: Deployment, count: int) -> bytes:
    """Rows about invented people, as an export leaves them."""
    rows = [deployment.pick(*_COLUMNS)]
    for p in deployment.people[:count]:
        cells = (
            p.surname,
            p.first_name,
            p.nir,
            f"{p.born_on:%d/%m/%Y}",
            p.telephone,
            p.email,
            p.result,
        )
        rows.append(";".join(cells))
    return ("\n".join(rows) + "\n").encode()


@renders("directory-listing", "remote")
def folder_listed(deployment: Deployment, folder: str = "") -> Place:
    """The server shows what a folder holds, as Apache or as nginx does."""
    site = deployment.site()
    path = folder or deployment.pick(
        "/uploads/", "/wp-content/uploads/2021/", "/documents/", "/export/"
    )
    names = [f"{word}-{deployment.draw.randint(1, 99)}.css" for word in ("style", "print")]
    look = deployment.pick("apache", "nginx")
    if look == "apache":
        title = f"Index of {path.rstrip('/')}"
        rows = "".join(
            f'<img src="/icons/text.gif" alt="[TXT]"> <a href="{n}">{n}</a>  2021-08-27 10:12  1.2K\n'
            for n in names
        )
        body = f'<html><head><title>{title}</title></head><body><h1>{title}</h1><pre>Name  Last modified  Size<hr><a href="/">Parent Directory</a>\n{rows}<hr></pre></body></html>'
    else:
        rows = "".join(f'<a href="{n}">{n}</a>{" " * 30}27-Aug-2021 10:12  1234\n' for n in names)
        body = f'<html><head><title>Index of {path}</title></head><body><h1>Index of {path}</h1><hr><pre><a href="../">../</a>\n{rows}</pre><hr></body></html>'
    if not deployment.mended:
        site.page(path, body)
    for name in names:
        site.page(path + name, b"body {}\n", "text/css")
    site.link(path + names[0], "style")
    return at(site.url, path)


@renders("directory-listing", "config")
def listing_configured(deployment: Deployment) -> Place:
    """`autoindex on` or `Options Indexes`."""
    if deployment.pick(True, False):
        path = deployment.pick("/etc/nginx/sites-enabled/www", "/etc/nginx/conf.d/site.conf")
        state = "off" if deployment.mended else "on"
        deployment.system(
            "/etc/nginx/nginx.conf",
            (
                "events {}\nhttp {\n    server_tokens off;\n    access_log /var/log/nginx/access.log combined;\n"
                f"    error_log /var/log/nginx/error.log;\n    include {path.rpartition('/')[0]}/*;\n}}\n"
            ),
        )
        deployment.system(
            path,
            (
                "server {\n    listen 80;\n    server_name www.example;\n    root /var/www/html;\n"
                f"    location {deployment.pick('/wp-content/', '/files/')} {{\n        autoindex {state};\n    }}\n}}\n"
            ),
        )
    else:
        path = "/etc/apache2/sites-enabled/www.conf"
        options = (
            "-Indexes"
            if deployment.mended
            else deployment.pick("Indexes FollowSymLinks", "+Indexes")
        )
        deployment.system(
            "/etc/apache2/apache2.conf",
            (
                "ServerTokens Prod\nServerSignature Off\nErrorLog /var/log/apache2/error.log\n"
                "IncludeOptional sites-enabled/*.conf\n"
            ),
        )
        deployment.system(
            path,
            (
                "<VirtualHost *:80>\n    ServerName www.example\n    DocumentRoot /var/www/html\n"
                "    CustomLog /var/log/apache2/access.log combined\n"
                f"    <Directory /var/www/html>\n        Options {options}\n    </Directory>\n</VirtualHost>\n"
            ),
        )
    return at("snapshot", path)


@renders("files-in-web-root", "remote")
def extract_left_behind(deployment: Deployment, folder: str = "") -> Place:
    """An extract in the web root, to which a listing, a page or a habit leads."""
    site = deployment.site()
    place = folder or deployment.pick("/exports/", "/export/", "/backup/")
    name = deployment.pick("export.csv", "patients.csv", "clients.csv")
    rows = extract(deployment, deployment.draw.randint(15, 60))
    if not deployment.mended:
        site.page(place + name, rows, "text/csv")
        site.link(place + name, deployment.say("Export", "Extract"))
    return at(site.url, place + name)


@renders("secrets-in-files", "remote")
def source_left_behind(deployment: Deployment) -> Place:
    """Source code with the database's password, served as text."""
    site = deployment.site()
    path = deployment.pick("/config.php.bak", "/wp-config.php.old", "/.env", "/wp-config.php~")
    secret = deployment.draw.randbytes(9).hex()
    if path == "/.env":
        text = f"APP_ENV=production\nDB_HOST=10.1.0.4\nDB_DATABASE=base\nDB_USERNAME=app\nDB_PASSWORD={secret}\n"
    else:
        text = (
            "<?php\ndefine('DB_NAME', 'base');\ndefine('DB_USER', 'app');\n"
            f"define('DB_PASSWORD', '{secret}');\ndefine('DB_HOST', '10.1.0.4');\n"
        )
    if not deployment.mended:
        site.page(path, text, "text/plain")
    return at(site.url, path)


@renders("service-open-to-internet", "remote")
def database_port_open(deployment: Deployment) -> Place:
    """The database accepts connections from where the audit runs."""
    if deployment.mended:
        reserved = deployment.exits.enter_context(socket.socket())
        reserved.bind(("127.0.0.1", 0))
        port = reserved.getsockname()[1]
    else:
        server = DatabaseServer(deployment.draw.randint(1000, 700000), 0)
        server.start()
        deployment.exits.callback(server.stop)
        port = server.port
    deployment.target(host="127.0.0.1", ports=[port])
    return at("127.0.0.1", f"127.0.0.1:{port}")


@renders("unauthenticated-api", "remote")
def export_without_sign_in(deployment: Deployment) -> Place:
    """An export that anybody may ask for."""
    site = deployment.site()
    path, query, kind = deployment.pick(
        ("/export/commandes", "format=csv", "text/csv"),
        ("/api/v1/customers", "", "application/json"),
        ("/admin/export.php", "type=csv", "text/csv"),
        ("/api/patients", "limit=100", "application/json"),
    )
    count = deployment.draw.randint(12, 40)
    rows = extract(deployment, count)
    whole = f"{path}?{query}" if query else path

    mended = deployment.mended

    def serve(request: Request) -> Answer:
        if mended:
            return error(401)
        if kind == "text/csv":
            return Answer(
                200,
                rows,
                (
                    ("Content-Type", "text/csv"),
                    ("Content-Disposition", "attachment; filename=export.csv"),
                    _NO_STORE,
                ),
            )
        body = json.dumps({"data": [
            {"id": n, "lastName": p.surname, "email": p.email, "phone": p.telephone, "nir": p.nir}
            for n, p in enumerate(deployment.people[:count])
        ]}, ensure_ascii=False)  # fmt: skip
        return Answer(200, body.encode(), (("Content-Type", kind), _NO_STORE))

    site.handle(path, serve)
    site.link(whole, deployment.say("Exporter", "Export"))
    return at(site.url, path)


def _secret(deployment: Deployment, size: int = 12) -> str:
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
    return "".join(deployment.draw.choices(alphabet, k=size)) + "7z"


@renders("secrets-in-files", "config")
def password_in_source(deployment: Deployment) -> Place:
    """The database's password in the source code of the deployed tree."""
    secret = _secret(deployment)
    path, weak, good = deployment.pick(
        (
            "/var/www/html/connexion.php",
            f"<?php\n$c = mysqli_connect('10.1.0.4', 'app', '{secret}', 'base');\n",
            "<?php\n$c = mysqli_connect('10.1.0.4', 'app', getenv('DB_PASSWORD'), 'base');\n",
        ),
        (
            "/srv/app/settings_db.py",
            f'DATABASE = "base"\nDB_PASSWORD = "{secret}"\n',
            'import os\n\nDATABASE = "base"\nDB_PASSWORD = os.environ["DB_PASSWORD"]\n',
        ),
        (
            "/opt/portail/src/main/java/Base.java",
            f'class Base {{\n  static final String DB_PASSWORD = "{secret}";\n}}\n',
            'class Base {\n  static final String DB_PASSWORD = System.getenv("DB_PASSWORD");\n}\n',
        ),
    )
    deployment.system(path, good if deployment.mended else weak)
    return at("snapshot", path)


@renders("secrets-in-files", "config")
def cloud_key_in_source(deployment: Deployment) -> Place:
    """The access key of a cloud written in the source code."""
    upper = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
    key = "AKIA" + "".join(deployment.draw.choices(upper, k=16))
    secret = _secret(deployment, 38)
    path, weak, good = deployment.pick(
        (
            "/srv/rides/storage.py",
            f'import boto3\n\ns3 = boto3.client("s3", aws_access_key_id="{key}",\n    aws_secret_access_key="{secret}")\n',
            'import boto3\n\ns3 = boto3.client("s3")\n',
        ),
        (
            "/opt/backend/config/storage.js",
            f"module.exports = {{ accessKeyId: '{key}', secretAccessKey: '{secret}' }};\n",
            "module.exports = { accessKeyId: process.env.AWS_KEY, secretAccessKey: process.env.AWS_SECRET };\n",
        ),
        (
            "/home/deploy/backup.sh",
            f"#!/bin/sh\nexport AWS_ACCESS_KEY_ID={key}\nexport AWS_SECRET_ACCESS_KEY={secret}\naws s3 sync /data s3://sauvegardes\n",
            "#!/bin/sh\naws s3 sync /data s3://sauvegardes\n",
        ),
    )
    deployment.system(path, good if deployment.mended else weak)
    return at("snapshot", path)


@renders("no-network-filtering", "config")
def storage_unfiltered(deployment: Deployment) -> Place:
    """Whoever has a key, or nobody's key at all, reaches the storage from any address."""
    name = deployment.pick("exports", "trajets", "sauvegardes", "documents-patients")
    network = deployment.pick("192.0.2.0/24", "198.51.100.0/25")
    match deployment.pick("policy", "terraform_policy", "security_group"):
        case "policy":
            path = deployment.pick("/srv/infra/bucket-policy.json", "/opt/infra/s3/policy.json")
            statement: dict[str, object] = {
                "Sid": "Lecture", "Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:root"},
                "Action": ["s3:GetObject", "s3:ListBucket"], "Resource": f"arn:aws:s3:::{name}/*",
            }  # fmt: skip
            if deployment.mended:
                statement["Condition"] = {"IpAddress": {"aws:SourceIp": [network]}}
            text = json.dumps({"Version": "2012-10-17", "Statement": [statement]}, indent=2)
        case "terraform_policy":
            path = deployment.pick("/srv/infra/storage.tf", "/opt/terraform/s3.tf")
            condition = (
                '    condition {\n      test = "IpAddress"\n      variable = "aws:SourceIp"\n'
                f'      values = ["{network}"]\n    }}\n'
            )
            text = (
                f'resource "aws_s3_bucket" "donnees" {{\n  bucket = "{name}"\n}}\n\n'
                'data "aws_iam_policy_document" "lecture" {\n  statement {\n    effect = "Allow"\n'
                '    principals {\n      type = "AWS"\n      identifiers = ["*"]\n    }\n'
                f'    actions = ["s3:GetObject"]\n    resources = ["arn:aws:s3:::{name}/*"]\n'
                f"{condition if deployment.mended else ''}  }}\n}}\n"
            )
        case _:
            path = deployment.pick("/srv/infra/network.tf", "/opt/terraform/base.tf")
            port = deployment.pick(5432, 3306, 27017, 9200)
            source = network if deployment.mended else "0.0.0.0/0"
            text = (
                'resource "aws_security_group" "base" {\n  name = "base"\n  ingress {\n'
                f"    from_port = {port}\n    to_port = {port}\n"
                f'    protocol = "tcp"\n    cidr_blocks = ["{source}"]\n  }}\n}}\n'
            )
    deployment.system(path, text)
    return at("snapshot", path)


@renders("production-data-in-test", "config")
def tests_on_production(deployment: Deployment) -> Place:
    """The settings of tests name the database of production."""
    host = deployment.pick("db1.interne.example", "10.12.0.8", "sql-prod.example", "base.example")
    apart = deployment.pick("db-essais.example", "localhost", "10.99.0.3")
    name = deployment.pick("geoloc", "dossiers", "crm")
    used, base = (apart, f"{name}_essais") if deployment.mended else (host, name)
    match deployment.pick("env", "rails", "django"):
        case "env":
            folder = deployment.pick("/srv/app", "/opt/mobile")
            path = f"{folder}/{deployment.pick('.env.test', '.env.staging', '.env.development')}"
            deployment.system(f"{folder}/.env", f"DB_HOST={host}\nDB_NAME={name}\n")
            deployment.system(path, f"DB_HOST={used}\nDB_NAME={base}\n")
        case "rails":
            path = deployment.pick("/srv/app/config/database.yml", "/opt/site/config/database.yml")
            deployment.system(
                path,
                (
                    f"production:\n  adapter: postgresql\n  host: {host}\n  database: {name}\n"
                    f"test:\n  adapter: postgresql\n  host: {used}\n  database: {base}\n"
                ),
            )
        case _:
            path = deployment.pick(
                "/srv/app/config/settings_test.py", "/srv/app/site/settings/staging.py"
            )
            deployment.system(
                "/srv/app/config/database.ini",
                f"DATABASE_URL = postgresql://app@{host}:5432/{name}\n",
            )
            deployment.system(path, f'DATABASE_URL = "postgresql://app@{used}:5432/{base}"\n')
    return at("snapshot", path)


@renders("residual-data", "sample")
def deposits_never_emptied(deployment: Deployment) -> Place:
    """Papers of people not retained, or of finished exchanges, still lie in the folder."""
    folder = deployment.pick("uploads", "depots/candidats", "echange/migration")
    keep = deployment.pick(30, 90, 180)
    for number in range(deployment.draw.randint(4, 9)):
        age = deployment.draw.randint(1, keep - 2)
        deployment.write(f"{folder}/piece-{number}.pdf", b"%PDF-1.4\n", age)
    if not deployment.mended:
        for number in range(deployment.draw.randint(2, 6)):
            age = keep + deployment.draw.randint(20, 900)
            deployment.write(f"{folder}/anciennes/piece-{number}.pdf", b"%PDF-1.4\n", age)
    deployment.source("deposits", {"path": folder, "keep_days": keep})
    return at(folder, "")
