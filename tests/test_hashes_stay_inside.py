"""No stored password leaves an audit: not in a file, not on the terminal, in no format."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

SALT, DIGEST = "AAECAwQFBgcICQoLDA0ODw", "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE"
STORED = {
    "argon2": f"$argon2id$v=19$m=4096,t=1,p=1${SALT}${DIGEST}",
    "bcrypt": "$2b$08$abcdefghijklmnopqrstuu/HVU5i6KV/VI7hcaJl0YT4oaKNngs0y",
    "md5": hashlib.md5(b"soleil1", usedforsecurity=False).hexdigest(),
    "salted": hashlib.sha1(b"x").hexdigest() + ":grainDeSel",
    "reversible": "gAAAAA" + "BcD3" * 24,
    "clear": "Marseille2021!",
}
PIECES = [*STORED.values(), SALT, DIGEST, "grainDeSel", "HVU5i6KV", "Marseille"]
SCOPE = """version: 1
sources:
  system: ./snapshot/
  password_samples:
    - {path: dump.sql}
    - {path: export.json}
    - {path: list.txt}
    - {path: table.csv, column: mot_de_passe}
    - {path: broken.csv, column: inconnue}
"""


def test_no_stored_password_leaves_an_audit(tmp_path: Path) -> None:
    values = list(STORED.values())
    rows = ", ".join(f"({n}, '{value}')" for n, value in enumerate(values))
    fields = ", ".join(f'{{"password": "{value}"}}' for value in values)
    code = f"<?php\nif (md5($password) === '{STORED['md5']}') {{ echo 'bonjour'; }}\n"
    files = {
        "cnilcheck.yaml": SCOPE,
        "dump.sql": f"INSERT INTO users (id, password) VALUES {rows};\n",
        "export.json": f"[{fields}]",
        "list.txt": "\n".join(f"compte{n}:{value}" for n, value in enumerate(values)),
        "table.csv": "mot_de_passe;id\n" + "\n".join(f"{value};1" for value in values),
        "broken.csv": "\n".join(f"{value};1" for value in values),
        "snapshot/var/www/site/connexion.php": code,
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    arguments = [
        "--scope",
        "cnilcheck.yaml",
        "--out",
        "audit",
        "--format",
        "md,sarif,junit,csv,xlsx,jsonl,ocsf,oscal",
    ]
    done = subprocess.run(
        [sys.executable, "-m", "cnilcheck", "scan", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=tmp_path,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    told = {"stdout": done.stdout, "stderr": done.stderr} | {
        path.name: path.read_text(errors="replace") for path in (tmp_path / "audit").iterdir()
    }
    assert "password-hash-function" in told["report.json"]
    assert not [(name, piece) for name, text in told.items() for piece in PIECES if piece in text]
