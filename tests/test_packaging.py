"""A built wheel carries rules, templates and schemas, and runs in a clean environment."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("dist")
    # Through the sdist, so that what it leaves out is missed here.
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(out), str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (built,) = out.glob("*.whl")
    return built


def test_the_wheel_holds_what_the_checkout_holds(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    for folder, packaged in (("rules", "rules"), ("reports/templates", "templates")):
        for path in (ROOT / folder).rglob("*"):
            if path.is_file():
                place = path.relative_to(ROOT / folder).as_posix()
                assert f"cnilcheck/_data/{packaged}/{place}" in names
    for path in (ROOT / "src" / "cnilcheck").rglob("*"):
        if path.is_file() and "__pycache__" not in path.parts:
            assert f"cnilcheck/{path.relative_to(ROOT / 'src' / 'cnilcheck').as_posix()}" in names


@pytest.fixture(scope="module")
def clean(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a new environment that holds the pinned packages and the wheel."""
    place = tmp_path_factory.mktemp("clean")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(place)], check=True)
    python = str(place / "bin" / "python")
    pinned = str(ROOT / "requirements" / "run.txt")
    uv = [sys.executable, "-m", "uv", "pip", "install", "-q", "--python", python]
    for what in (["--require-hashes", "-r", pinned], ["--no-deps", str(wheel)]):
        done = subprocess.run(
            [*uv, *what], capture_output=True, text=True, timeout=300, check=False
        )
        assert done.returncode == 0, done.stderr
    return place


def test_the_wheel_runs_in_a_clean_environment(clean: Path, tmp_path: Path) -> None:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    command = str(clean / "bin" / "cnilcheck")

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [command, *arguments],
            capture_output=True, text=True, timeout=240, cwd=tmp_path, env=environment, check=False,
        )  # fmt: skip

    listed = run("rules")
    assert listed.returncode == 0, listed.stderr
    assert "tls-protocols" in listed.stdout
    demo = run("demo", "--quiet", "--out", "audit")
    assert demo.returncode == 1, demo.stderr
    assert (tmp_path / "audit" / "report.html").is_file()
