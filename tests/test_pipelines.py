"""What pipelines take from here is valid for them, and its commands do what they say."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from cnilcheck.replica import Replica

ROOT = Path(__file__).resolve().parent.parent
EXAMPLE = ROOT / "examples" / "compose"
WEAK = "5f4dcc3b5aa765d61d8327deb882cf99"
BAD_SCOPE = "version: 1\nsources:\n  password_samples: [{path: hashes.txt}]\n"


def tool(name: str) -> str:
    """Return a development tool of this environment, or one of the machine."""
    found = shutil.which(name, path=str(Path(sys.executable).parent)) or shutil.which(name)
    if found is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"{name} is not installed")
    return found


def run(*command: str, cwd: Path = ROOT, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, capture_output=True, text=True, timeout=120, cwd=cwd, check=False,
        env=os.environ | environment,
    )  # fmt: skip


def document(path: str) -> Any:
    return yaml.safe_load((ROOT / path).read_text(encoding="utf-8"))


@pytest.fixture
def command(tmp_path: Path) -> Path:
    """A folder with `cnilcheck`, as it stands on the path of a pipeline."""
    folder = tmp_path / "bin"
    return program(folder, "cnilcheck", f'exec {shlex.quote(sys.executable)} -m cnilcheck "$@"')


def program(folder: Path, name: str, body: str) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\n{body}\n")
    (folder / name).chmod(0o755)
    return folder


@pytest.fixture
def failing(tmp_path: Path) -> Path:
    """A repository whose scope names passwords that are stored badly."""
    repository = tmp_path / "repository"
    repository.mkdir()
    (repository / "cnilcheck.yaml").write_text(BAD_SCOPE)
    (repository / "hashes.txt").write_text(f"{WEAK}\n" * 5)
    return repository


@pytest.mark.parametrize(
    ("schema", "path"),
    [
        ("vendor.github-actions", "action.yml"),
        ("vendor.github-workflows", "examples/compose/.github/workflows/deploy.yml"),
        ("vendor.gitlab-ci", "pipelines/gitlab-ci.yml"),
        ("vendor.gitlab-ci", "examples/compose/.gitlab-ci.yml"),
        ("vendor.compose-spec", "examples/compose/compose.yaml"),
    ],
)
def test_a_file_meets_the_schema_of_its_service(schema: str, path: str) -> None:
    done = run(tool("check-jsonschema"), "--builtin-schema", schema, path)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_hook_meets_the_schema_of_pre_commit() -> None:
    schema = ROOT / "tests" / "schemas" / "pre-commit-hooks.json"
    for check in (
        [tool("check-jsonschema"), "--schemafile", str(schema), ".pre-commit-hooks.yaml"],
        [tool("pre-commit"), "validate-manifest", ".pre-commit-hooks.yaml"],
    ):
        done = run(*check)
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="hadolint is packaged for Linux")
def test_the_dockerfile_passes_its_linter() -> None:
    done = run(tool("hadolint"), "--no-fail", "--format", "json", "Dockerfile")
    assert done.stdout.strip() == "[]"


def test_the_dockerfile_runs_as_nobody_special_and_copies_what_exists() -> None:
    lines = (ROOT / "Dockerfile").read_text(encoding="utf-8").splitlines()
    last_stage = lines[max(n for n, line in enumerate(lines) if line.startswith("FROM ")) :]
    assert [line for line in last_stage if line.startswith("USER ")] == ["USER 10001"]
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").split()
    for line in lines:
        if line.startswith("COPY ") and "--from" not in line:
            for name in line.split()[1:-1]:
                assert (ROOT / name).exists()
                assert f"!{name.split('/')[0]}" in ignored


@pytest.mark.parametrize("path", ["examples/compose/gate.sh", "action.yml"])
def test_a_script_passes_its_linter(path: str, tmp_path: Path) -> None:
    script = tmp_path / "script.sh"
    if path == "action.yml":
        script.write_text("#!/bin/bash\n" + document(path)["runs"]["steps"][0]["run"])
    else:
        script.write_text((ROOT / path).read_text(encoding="utf-8"))
    done = run(tool("shellcheck"), str(script))
    assert done.returncode == 0, done.stdout


def action(cwd: Path, command: Path, **inputs: str) -> tuple[int, dict[str, str]]:
    """Return how the action's step ends, and its outputs."""
    described = document("action.yml")
    given = {name: value["default"] for name, value in described["inputs"].items()} | inputs
    (step,) = described["runs"]["steps"]
    environment = {}
    for name, value in step["env"].items():
        key = value.removeprefix("${{ inputs.").removesuffix(" }}")
        environment[name] = given.get(key, str(command / "cnilcheck"))
    output = cwd / "output"
    output.write_text("")
    environment["GITHUB_OUTPUT"] = str(output)
    # As the runner starts `shell: bash`.
    shell = ("bash", "--noprofile", "--norc", "-eo", "pipefail", "-c")
    done = run(*shell, step["run"], cwd=cwd, **environment)
    pairs = [line.split("=", 1) for line in output.read_text().splitlines()]
    return done.returncode, dict(pairs)


def test_the_action_fails_and_leaves_its_outputs(failing: Path, command: Path) -> None:
    code, outputs = action(failing, command)
    assert code == 1
    assert outputs == {
        "exit-code": "1",
        "folder": "cnilcheck-audit",
        "sarif": "cnilcheck-audit/report.sarif",
    }
    assert set(outputs) == set(document("action.yml")["outputs"])
    assert (failing / "cnilcheck-audit" / "report.xml").exists()


def test_the_action_heeds_a_baseline_and_words_that_look_like_commands(
    failing: Path, command: Path
) -> None:
    assert action(failing, command)[0] == 1
    baseline = failing / "baseline $(touch run).json"
    (failing / "cnilcheck-audit" / "report.json").rename(baseline)
    code, outputs = action(failing, command, baseline=str(baseline), out="a; touch run")
    assert (code, outputs["folder"]) == (0, "a; touch run")
    assert not (failing / "run").exists()


def test_the_gitlab_job_fails_and_leaves_its_artifacts(failing: Path, command: Path) -> None:
    pipeline = document("pipelines/gitlab-ci.yml")
    job = pipeline["cnilcheck"]
    path = f"{command}{os.pathsep}{os.environ['PATH']}"
    (script,) = job["script"]
    done = run("sh", "-ec", script, cwd=failing, **pipeline["variables"], PATH=path)
    assert done.returncode == 1, done.stderr
    for kept in (*job["artifacts"]["paths"], *job["artifacts"]["reports"].values()):
        assert (failing / kept).exists()
    options = pipeline["variables"] | {"CNILCHECK_OPTIONS": "--baseline before.json"}
    shutil.copy(failing / "cnilcheck-audit" / "report.json", failing / "before.json")
    assert run("sh", "-ec", script, cwd=failing, **options, PATH=path).returncode == 0


def test_the_hook_refuses_a_commit_until_it_is_mended(failing: Path, command: Path) -> None:
    # As it is but for the environment: pre-commit would download one for `language: python`.
    hooks = failing.parent / "hooks"
    hooks.mkdir()
    definition = (ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8")
    (hooks / ".pre-commit-hooks.yaml").write_text(
        definition.replace("language: python", "language: system")
    )
    environment = {
        "PRE_COMMIT_HOME": str(failing.parent / "cache"),
        "PATH": f"{command}{os.pathsep}{os.environ['PATH']}",
        **{f"GIT_{who}_{what}": "x" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
    }  # fmt: skip

    def git(*arguments: str, cwd: Path = failing) -> subprocess.CompletedProcess[str]:
        return run("git", *arguments, cwd=cwd, **environment)

    for place in (hooks, failing):
        git("init", "-q", cwd=place)
        git("add", ".", cwd=place)
    git("commit", "-qm", "x", cwd=hooks)
    revision = git("rev-parse", "HEAD", cwd=hooks).stdout.strip()
    (failing / ".pre-commit-config.yaml").write_text(
        f"repos:\n- {{repo: '{hooks}', rev: {revision}, hooks: [{{id: cnilcheck}}]}}\n"
    )
    git("add", ".")
    run(tool("pre-commit"), "install", cwd=failing, **environment)
    refused = git("commit", "-qm", "x")
    assert refused.returncode == 1
    assert "password-hash-function" in refused.stdout + refused.stderr
    shutil.copytree(EXAMPLE / "config", failing / "config")
    (failing / "cnilcheck.yaml").write_text("version: 1\nsources: {system: ./config/}\n")
    git("add", "cnilcheck.yaml", "config")
    taken = git("commit", "-qm", "x")
    assert taken.returncode == 0, taken.stdout + taken.stderr


def test_the_example_s_own_configuration_has_nothing_to_mend(command: Path, tmp_path: Path) -> None:
    scope = document("examples/compose/cnilcheck.yaml")
    del scope["targets"]
    shutil.copytree(EXAMPLE / "config", tmp_path / "config")
    (tmp_path / "cnilcheck.yaml").write_text(yaml.safe_dump(scope, allow_unicode=True))
    done = run(str(command / "cnilcheck"), "scan", "--fail-on", "info", "-q", cwd=tmp_path)
    assert done.returncode == 0, done.stderr


@pytest.fixture(params=[False, True], ids=["flawed", "mended"])
def candidate(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Replica, bool]]:
    with Replica(tmp_path / "replica", mended=request.param) as replica:
        yield replica, request.param


def test_the_gate_puts_in_service_only_what_has_nothing_to_mend(
    candidate: tuple[Replica, bool], command: Path, tmp_path: Path
) -> None:
    """The replica stands for the containers; `docker` only writes down what it is asked."""
    replica, mended = candidate
    program(command, "docker", f'echo "$HTTPS_PORT $*" >> {tmp_path / "asked"}')
    path = f"{command}{os.pathsep}{os.environ['PATH']}"
    scope = str(replica.scope_path)
    done = run(str(EXAMPLE / "gate.sh"), str(tmp_path), PATH=path, CNILCHECK_SCOPE=scope)
    asked = (tmp_path / "asked").read_text().splitlines()
    started = "8443 compose --project-name candidate up --detach --wait"
    stopped = "8443 compose --project-name candidate down --volumes"
    served = "443 compose --project-name production up --detach --wait"
    assert done.returncode == (0 if mended else 1), done.stderr
    assert asked == ([started, served, stopped] if mended else [started, stopped])
    points_at_its_targets(tmp_path / "cnilcheck-audit" / "report.sarif", replica)


def points_at_its_targets(file: Path, replica: Replica) -> None:
    """The alerts of a web target stand at the line of the scope file that names it."""
    (audited,) = json.loads(file.read_text(encoding="utf-8"))["runs"]
    lines = replica.scope_path.read_text(encoding="utf-8").splitlines()
    seen = 0
    for result in audited["results"]:
        (location,) = result["locations"]
        place = location["logicalLocations"][0]["fullyQualifiedName"]
        line = lines[location["physicalLocation"]["region"]["startLine"] - 1]
        for address in (replica.https, replica.http):
            if place.startswith(address):
                assert f"url: {address}" in line
                seen += 1
    assert seen
