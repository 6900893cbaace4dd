"""What draws a password is found with its length and its chance; what draws anything else is not."""

from __future__ import annotations

import pytest

from cnilcheck.collectors.password_generators import generators_in

FOUND = [
    ("a.php", "$password = Str::random(8);", 8, 47.6, False),
    ("a.php", "$user['mot_de_passe'] = substr(md5(uniqid(rand(), true)), 0, 8);", 8, 32.0, True),
    ("a.php", "$mdp = bin2hex(random_bytes(16));", 32, 128.0, False),
    ("a.php", "$password = substr(str_shuffle('abcdefghij0123456789'), 0, 8);", 8, 34.6, True),
    ("a.php", "function genererMotDePasse() {\n  return Str::random(8);\n}", 8, 47.6, False),
    ("a.php", "$new_password = wp_generate_password(8, false);", 8, 47.6, False),
    ("a.py", "password = get_random_string(8)", 8, 47.6, False),
    ("a.py", "password = User.objects.make_random_password(length=8)", 8, 46.3, False),
    ("a.py", "password = secrets.token_hex(4)", 8, 32.0, False),
    (
        "a.py",
        "def generate_password():\n    signs = string.ascii_lowercase + string.digits\n"
        "    return ''.join(random.choice(signs) for _ in range(8))\n",
        8, 41.4, True,
    ),
    (
        "a.py",
        "mdp = ''.join(secrets.choice(string.ascii_letters + string.digits) for _ in range(16))",
        16, 95.3, False,
    ),
    ("a.py", "password = ''.join(random.choices(string.digits, k=6))", 6, 19.9, True),
    ("a.py", "password = ''.join(secrets.choice(SIGNS) for _ in range(12))", 12, None, False),
    ("a.js", "const password = Math.random().toString(36).slice(-8);", 8, 41.4, True),
    ("a.js", "user.password = crypto.randomBytes(16).toString('hex');", 32, 128.0, False),
    ("A.java", "String password = RandomStringUtils.randomAlphanumeric(8);", 8, 47.6, False),
    ("a.rb", "password = SecureRandom.hex(4)", 8, 32.0, False),
]  # fmt: skip

NOT_FOUND = [
    ("a.php", "$token = Str::random(8);"),
    ("a.php", "$reset_token = bin2hex(random_bytes(4));"),
    ("a.php", "$password_salt = bin2hex(random_bytes(4));"),
    ("a.php", "// $password = Str::random(8);"),
    ("a.php", "$file = substr(md5(uniqid()), 0, 8) . '.png';"),
    ("a.py", "colour = random.choice(['red', 'blue'])"),
    ("a.py", "code = get_random_string(6)"),
    ("a.py", "def check_password(given):\n    nonce = secrets.token_hex(4)\n"),
    ("a.php", "function newPassword() {\n return 1;\n}\n$token = Str::random(8);"),
    ("a.js", "const id = Math.random().toString(36).slice(-8);"),
    ("A.java", "String code = RandomStringUtils.randomNumeric(4);"),
]


@pytest.mark.parametrize(("path", "text", "length", "bits", "chance"), FOUND)
def test_what_draws_a_password_is_found(
    path: str, text: str, length: int, bits: float | None, chance: bool
) -> None:
    (found,) = generators_in(path, text)
    assert (found.length, found.bits, found.foreseeable) == (length, bits, chance)
    assert found.place.startswith(f"{path}:")


@pytest.mark.parametrize(("path", "text"), NOT_FOUND)
def test_what_draws_something_else_is_not(path: str, text: str) -> None:
    assert not list(generators_in(path, text))


@pytest.mark.parametrize(
    "text",
    [
        "password = " + "random.choice(" * 20_000,
        "Math.random()" + ".toString(36)" * 20_000,
        "password_" * 100_000 + "random",
        "function " * 50_000 + "random",
        "substr(str_shuffle(" * 20_000,
    ],
)
def test_hostile_code_ends(text: str) -> None:
    assert len(list(generators_in("a.php", text))) < 500
