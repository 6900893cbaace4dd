"""A password handed to a fast hash function is found; the same function on anything else is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from cnilcheck.collectors.base import Nothing
from cnilcheck.collectors.password_code import PasswordCode, calls_in
from cnilcheck.model.facts import PasswordHashCalls
from collectors.trees import facts, gaps, look, write

FOUND = [
    ("a.php", "$h = md5($password);"),
    ("a.php", "$h = MD5($_POST['mdp']);"),
    ("a.php", "if (sha1($motDePasse) === $row['hash']) {"),
    ("a.php", "$h = hash('sha256', $salt . $user_password);"),
    ("a.php", "$user['mot_de_passe'] = md5($saisie);"),
    ("a.php", "$data = ['password' => sha1($form['x'])];"),
    ("a.php", "$data = ['password'=>sha1($form['x'])];"),
    ("a.php", "if ($row['password'] == md5($x)) {"),
    ("a.php", "mysql_query(\"SELECT * FROM users WHERE login='$l' AND pass = MD5('$p')\");"),
    ("a.php", "mysql_query(\"UPDATE users SET x = md5('$mdp')\");"),
    ("a.php", "function mot_de_passe_juste($saisi, $vrai) {\n return md5($saisi) === $vrai || sha1($saisi) === $vrai;\n}"),
    ("connexion.php.txt", "$h = md5($password);"),
    ("a.py", "h = hashlib.md5(password.encode()).hexdigest()"),
    ("a.py", "h = hashlib.new('sha1', pwd.encode())"),
    ("a.py", "def check_password(given, stored):\n    digest = hashlib.sha1(given.encode())\n"),
    ("a.js", "const h = crypto.createHash('md5').update(password).digest('hex')"),
    ("a.js", "const h = CryptoJS.SHA256(motDePasse).toString()"),
    ("a.ts", "user.save({password: md5(pw)})"),
    ("A.java", 'MessageDigest.getInstance("MD4").digest(password.getBytes("UTF-16LE"))'),
    ("A.java", "String h = DigestUtils.md5Hex(motDePasse);"),
    ("a.rb", "user.hash = Digest::SHA1.hexdigest(password)"),
    ("A.cs", "var h = MD5.Create().ComputeHash(Encoding.UTF8.GetBytes(password));"),
    ("a.go", "h := sha256.Sum256([]byte(password))"),
]  # fmt: skip

NOT_FOUND = [
    ("A.java", 'byte[] h = MessageDigest.getInstance("SHA-256").digest(file.getBytes());'),
    ("A.java", 'String h = new BCryptPasswordEncoder(12).encode(password);'),
    ("a.rb", "etag = Digest::MD5.hexdigest(body)"),
    ("A.cs", "var h = SHA256.HashData(stream);"),
    ("a.go", "sum := md5.Sum(content)"),
    ("a.php", "$key = md5($cache_key);"),
    ("a.php", "$avatar = 'https://avatar.example/' . md5(strtolower($email));"),
    ("a.php", "$etag = sha1($content);"),
    ("a.php", "$reset = md5(uniqid($password, true));"),
    ("a.php", "$t = md5($password_reset_token);"),
    ("a.php", "$h = password_hash($password, PASSWORD_ARGON2ID);"),
    ("a.php", "$h = password_hash(md5($password), PASSWORD_BCRYPT);"),
    ("a.php", "// $h = md5($password);"),
    ("a.php", "/* autrefois :\n $h = md5($password);\n*/"),
    ("a.php", "$h = $db->md5($password);"),
    ("a.php", "$h = mymd5($password);"),
    ("a.php", "$ha1 = md5(\"$user:$realm:$password\");"),
    ("a.php", "function verifier_mot_de_passe($p, $h) {\n return password_verify($p, $h);\n}\n$k = md5($p);"),
    ("a.php", "function reset_password($email) {\n $k = md5($email);\n}"),
    ("a.php", "function check_password($login, $p) {\n $k = 'essais-' . md5($login);\n}"),
    ("a.php", "$bypass = md5($passage); $compass = sha1($passport);"),
    ("a.py", "key = hashlib.md5(url.encode()).hexdigest()"),
    ("a.py", "# h = hashlib.md5(password.encode())"),
    ("a.py", "def check_password(p, h):\n    return verify(p, h)\n\ndef cache(p):\n    return hashlib.md5(p)\n"),
    ("a.py", "prefix = hashlib.sha1(password.encode()).hexdigest()[:5]\nurl = 'https://api.pwnedpasswords.com/range/' + prefix"),
    ("a.js", "const etag = crypto.createHash('md5').update(body).digest('hex')"),
    ("a.js", "fetch('https://cdn.example/md5(password)')"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "code"), FOUND)
def test_a_password_under_a_fast_function_is_found(name: str, code: str) -> None:
    assert {f"/var/www/{name}"} == {
        call.place.rpartition(":")[0] for call in calls_in(f"/var/www/{name}", code)
    }


@pytest.mark.parametrize(("name", "code"), NOT_FOUND)
def test_the_same_function_on_something_else_is_no_failure(name: str, code: str) -> None:
    assert not [c for c in calls_in(f"/var/www/{name}", code) if not c.beside_slow]


def test_a_migration_is_told_as_such(tmp_path: Path) -> None:
    code = "<?php\nif (md5($password) === $old) {\n  $new = password_hash($password, PASSWORD_ARGON2ID);\n}"
    (call,) = calls_in("/var/www/a.php", code)
    assert (call.place, call.function, call.beside_slow) == ("/var/www/a.php:2", "md5", True)


def test_the_files_of_a_tree_give_one_fact_and_libraries_are_left_out(tmp_path: Path) -> None:
    weak = "<?php $h = md5($password);"
    files = {
        "/var/www/site/connexion.php": weak,
        "/var/www/site/connexion.php.txt": weak,
        "/var/www/site/accueil.php": "<?php echo 'bonjour';",
        "/var/www/site/vendor/auth/a.php": weak,
        "/var/www/site/wp-includes/class-phpass.php": weak,
        "/var/www/site/tests/a.php": weak,
        "/var/www/site/a.min.js": "md5(password)",
        "/usr/share/doc/a.php": weak,
    }
    (fact,) = facts(look(PasswordCode(), write(tmp_path, files)), PasswordHashCalls).values()
    assert (fact.files_read, [call.place for call in fact.calls]) == (
        3,
        ["/var/www/site/connexion.php:1", "/var/www/site/connexion.php.txt:1"],
    )


def test_a_tree_without_sources_has_nothing_to_look_at(tmp_path: Path) -> None:
    assert look(PasswordCode(), tmp_path) == [Nothing("/", PasswordHashCalls)]


@pytest.mark.parametrize(
    "code",
    [
        "md5(" * 200_000,
        "/*" * 400_000,
        "function f(" * 80_000,
        "md5($password" + "(" * 900_000,
        "'" * 900_000,
        "\n" * 900_000 + "md5($password)",
        "md5($x) == " * 80_000,
        "function check_password($a) {\n" + "md5($a);\n" * 80_000,
    ],
)
def test_hostile_sources_end_soon(tmp_path: Path, code: str) -> None:
    seen = look(PasswordCode(), write(tmp_path, {"/var/www/a.php": code}))
    assert gaps(seen) == []
