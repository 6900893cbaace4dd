"""Personal data and secrets are found where they are, masked, and not seen where they are not."""

from __future__ import annotations

import random

import pytest

from cnilcheck.model.personal_data import (
    MASK,
    count_personal_data,
    find_nirs,
    find_secrets,
    mask,
    valid_nir_key,
)


def with_key(number: str) -> str:
    digits = number.replace("2A", "19").replace("2B", "18")
    return f"{number}{97 - int(digits) % 97:02d}"


MAINLAND = with_key("2850578006084")
CORSICAN = with_key("185052A006084")
SOUTHERN = with_key("185052B006084")


def kinds(text: str) -> dict[str, int]:
    return {count.kind: count.count for count in count_personal_data(text)}


@pytest.mark.parametrize("nir", [MAINLAND, CORSICAN, SOUTHERN])
def test_a_nir_with_its_key_is_found_in_corsica_too(nir: str) -> None:
    assert valid_nir_key(nir[:13], nir[13:])
    assert len(list(find_nirs(f"/recherche?nir={nir}&x=1"))) == 1


@pytest.mark.parametrize("gap", [" ", ".", "-", "+", "%20", "\u00a0"])
def test_a_nir_is_found_with_any_one_separator(gap: str) -> None:
    parts = (MAINLAND[0], MAINLAND[1:3], MAINLAND[3:5], MAINLAND[5:7])
    written = gap.join((*parts, MAINLAND[7:10], MAINLAND[10:13], MAINLAND[13:]))
    assert kinds(f"nir={written} ")["nir"] == 1
    assert MAINLAND[5:10] not in mask(written)


@pytest.mark.parametrize(
    "text",
    [
        "1764123456789012",  # microseconds since 1970
        "1764123456789",  # milliseconds
        "3017620422003",  # EAN-13
        "FR76 3000 6000 0112 3456 7890 189",  # IBAN
        "FR7630006000011234567890189",
        "550e8400-e29b-41d4-a716-446655440000",
        "192.168.100.200",
        "2026-11-22T12:34:56.123456",
        MAINLAND[:14] + str((int(MAINLAND[14]) + 1) % 10),
        "9" + MAINLAND,
    ],
)
def test_other_numbers_are_not_a_nir(text: str) -> None:
    assert "nir" not in kinds(text)


def test_random_numbers_of_fifteen_digits_are_hardly_ever_a_nir() -> None:
    draw = random.Random(1)
    numbers = " ".join(f"order={draw.randrange(10**14, 10**15)}" for _ in range(50_000))
    assert len(list(find_nirs(numbers))) <= 50  # one in a thousand


def test_an_unusual_month_counts_only_beside_a_word_for_the_number() -> None:
    unusual = with_key("1853378006084")
    assert not list(find_nirs(f"order={unusual}"))
    assert list(find_nirs(f"nir={unusual}"))


def test_a_mistyped_nir_is_masked_and_not_counted() -> None:
    wrong = MAINLAND[:13] + "00"
    assert "nir" not in kinds(wrong)
    assert wrong not in mask(f"nir={wrong}")


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("/desinscription?courriel=lea.martin%40example.fr", "email"),
        ("Tel: 06 12 34 56 78", "phone"),
        ("tel=%2B33612345678", "phone"),
        ("date_naissance=1980-04-03", "birth_date"),
        ("dateNaissance=03%2F04%2F1980", "birth_date"),
        ("Née le 03/04/1980", "birth_date"),
        ("Né(e) le 03/04/1980", "birth_date"),
        ("resultat=positif", "test_result"),
        ('{"resultat": "négatif"}', "test_result"),
        ("Résultat : positif", "test_result"),
        ("patient;resultat\nDupont;negatif\nMartin;positif\n", "test_result"),
        ("INSERT INTO tests VALUES ('Dupont', 'positif');", "test_result"),
        ("GET /x?token=abcdef123", "credential"),
        ("Authorization: Bearer abcdef123", "credential"),
        ('"password":"hunter22"', "credential"),
        ("CREATE ROLE lea PASSWORD 'hunter22'", "credential"),
        ("accessToken=abcdef123", "credential"),
        ("PHPSESSID=abcdef123", "credential"),
    ],
)
def test_personal_data_of_a_kind_are_counted(text: str, kind: str) -> None:
    assert kind in kinds(text)


@pytest.mark.parametrize(
    "text",
    [
        "Un résultat positif doit être confirmé par un test. Restez positif, patient et calme.",
        "Adobe 2021-01-01",
        "en reconnaissance du 12/05/2021",
        "Access denied for user 'root'@'localhost' (using password: YES)",
        "Failed password for root from 192.0.2.1 port 22 ssh2",
        'password authentication failed for user "lea"',
        "password=[FILTERED]&token=***",
        "csrf_token=abcdef0123456789",
        "cache lookup result=negative for example.org",
        "password: must have twelve characters",
        "order 2026061234567890",
        "token: -",
    ],
)
def test_ordinary_lines_hold_nothing(text: str) -> None:
    assert kinds(text) == {}


@pytest.mark.parametrize(
    "text",
    [
        "Authorization: Bearer S3cr3tV4lue",
        "password=S3cr3tV4lue&x=1",
        "accessToken: S3cr3tV4lue",
        '{"mot_de_passe": "S3cr3tV4lue"}',
        "ALTER USER lea IDENTIFIED BY 'S3cr3tV4lue'",
        "postgres://lea:S3cr3tV4lue@db/x",
    ],
)
def test_a_credential_is_masked_and_its_name_stays(text: str) -> None:
    assert "S3cr3tV4lue" not in mask(text)
    assert MASK in mask(text)


SECRETS = [
    ("connexion.php", "define('DB_PASSWORD', 'Officine2021!');"),
    ("connexion-bdd.php.txt", "define('DB_PASSWORD', 'Officine2021!');"),
    ("a.php", "$db['password'] = 'Officine2021!';"),
    ("a.php", "'password' => 'Officine2021!',"),
    ("a.php", "new PDO('pgsql:host=db', 'lea', 'Officine2021!');"),
    ("a.php", 'mysqli_connect("db", "lea", "Officine2021!");'),
    ("a.php", 'pg_connect("host=db dbname=x user=lea password=Officine2021!");'),
    ("a.js", 'const config = { password: "Officine2021!" };'),
    ("a.ts", "private password: string = 'Officine2021!';"),
    ("a.py", 'admin_password: str = "Officine2021!"'),
    ("a.py", 'SECRET_KEY = "django-insecure-x7f8g9h0j1"'),
    ("a.java", 'ds.setPassword("Officine2021!");'),
    ("a.yml", "  password: Officine2021!"),
    (".env", "ADMIN_PASSWORD=Officine2021!"),
    ("a.json", '{"password": "Officine2021!"}'),
    ("a.ini", "account_password = Officine2021!"),
    ("a.properties", "spring.datasource.password=Officine2021!"),
    ("web.config", '<add key="DbPassword" value="Officine2021!"/>'),
    ("a.xml", "<password>Officine2021!</password>"),
    ("a.env", "DATABASE_URL=postgres://lea:Officine2021!@db/x"),
    ("a.cs", '"Server=db;User Id=sa;Password=Officine2021!;"'),
    ("deploy.sh", "export PGPASSWORD=Officine2021!"),
]


@pytest.mark.parametrize(("name", "text"), SECRETS)
def test_a_secret_is_found_at_its_line_and_masked(name: str, text: str) -> None:
    (seen,) = find_secrets(f"first\n\n{text}\nlast\n", name)
    assert seen.place == f"{name}:3"
    assert "Officine" not in seen.masked
    assert MASK in seen.masked


def test_a_private_key_and_an_issued_token_are_found() -> None:
    key = "-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA1234567890\n"
    assert [s.kind for s in find_secrets(key, "a.pem")] == ["private_key"]
    assert [s.kind for s in find_secrets("x = 'ghp_" + "a1" * 18 + "'", "a.py")] == ["token"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.php", "getenv('DB_HOST'), getenv('DB_USER'), getenv('DB_PASSWORD')"),
        ("a.php", "$password = $_POST['password'];"),
        ("a.php", "'host=%s dbname=%s user=%s password=%s sslmode=verify-full',"),
        ("a.php", '. " user=" . DB_USER . " password=" . DB_PASSWORD);'),
        ("a.php", "'password' => env('DB_PASSWORD'),"),
        ("a.php", "if ($type === 'password') { $input = 'password'; }"),
        ("a.py", "connect(password=settings.password)"),
        ("a.py", "password = os.environ['DB_PASSWORD']"),
        ("a.js", "password: process.env.DB_PASSWORD,"),
        ("a.js", "const password = document.getElementById('password');"),
        ("a.js", "token = 'comma';"),
        ("a.html", '<input type="password" name="password" placeholder="Mot de passe">'),
        ("fr.yml", 'password: "Votre mot de passe"'),
        ("fr.yml", "password: Mot de passe"),
        ("a.yml", "password: ${DB_PASSWORD}"),
        ("a.yml", "password: '{{ vault_password }}'"),
        ("a.yml", "password_file: /run/secrets/db"),
        (".env", "DB_PASSWORD="),
        (".env", "DB_PASSWORD=changeme"),
        (".env", "DB_PASSWORD=<your password>"),
        ("postgresql.conf", "password_encryption = scram-sha-256"),
        ("nsswitch.conf", "passwd:         files"),
        ("redis.conf", "# requirepass password=foobared1"),
        ("a.ini", "password = $2y$10$abcdefghijklmnopqrstuv"),
        ("a.properties", "token.expiry=3600000"),
        ("users.csv", "login,password,email"),
        ("a.py", 'if "-----BEGIN PRIVATE KEY-----" in text:'),
        ("a.md", "postgres://user:password@localhost/x"),
    ],
)
def test_references_placeholders_and_forms_are_not_secrets(name: str, text: str) -> None:
    assert find_secrets(text, name) == ()


def test_two_secrets_of_a_line_are_both_masked() -> None:
    (seen,) = find_secrets("password = 'Premier1!'; db_password = 'Second22!'", "a.php")
    assert "Premier" not in seen.masked
    assert "Second" not in seen.masked


HOSTILE = [
    "a" * 65_536,
    "1 " * 32_768,
    "password" * 8_192,
    "password=" * 7_000,
    "xpassword_" * 6_553,
    "a@" * 32_768,
    "a." * 32_768,
    "host=" * 13_107,
    "host=a password=" * 4_000,
    "eyJaaaaaaaa." * 5_000,
    "-----BEGIN " * 6_000,
    "a://" * 16_000,
    "define('" * 8_000,
    "mysqli_connect('" * 4_000,
    "'a','a'," * 8_000,
    "resultat: " * 6_000,
    "né le " * 9_000,
    " " * 65_536,
    "\n" * 65_536,
    "password='" + "x" * 60_000,
]


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: repr(text[:16]))
def test_hostile_text_takes_less_than_a_second(text: str) -> None:
    mask(text)
    count_personal_data(text)
    find_secrets(text, "a.conf")
