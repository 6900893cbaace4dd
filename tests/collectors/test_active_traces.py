"""Each action of the test account is found in the logs that hold it, and missed where it is not."""

from __future__ import annotations

import datetime as dt
import gzip
import hashlib
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
import yaml

from cnilcheck.collectors.active_traces import ActiveTraces, alone_with
from cnilcheck.collectors.base import Journal, Missing, Passwords, Seen, Tools
from cnilcheck.collectors.trace_search import Wanted, in_its_minute
from cnilcheck.errors import NotPermitted
from cnilcheck.model.facts import TracedAction
from cnilcheck.model.logging_matrix import mandatory
from cnilcheck.model.scope import (
    Authorisation,
    ConsentedAccount,
    Limits,
    LogSource,
    LogStore,
    Scope,
    Secret,
    Sources,
    TraceChange,
    Traces,
    WebTarget,
)
from collectors.traced_lab import NAME, PASSWORD, application, store
from collectors.web_servers import nginx, observed

GIVEN = Authorisation("Mme Exemple", "AUT-1", dt.date(2030, 1, 1))
CHANGE = TraceChange("/dossiers/essai-1", {"note": "essai {marker}"})
EVERYTHING = Traces(
    "/dossiers/essai-1", "/dossiers/autrui-7", "/recherche?q={marker}", CHANGE, wait_seconds=1
)


def tools_of(
    folder: Path, url: str, *logs: str, traces: Traces = EVERYTHING,
    stores: tuple[LogStore, ...] = (), active: bool = True, sign_out: str = "",
) -> Tools:  # fmt: skip
    account = ConsentedAccount(
        NAME, Secret(env="UNUSED"), "Mme Exemple", signed_in="/compte", sign_out=sign_out
    )
    target = WebTarget(url, login="/connexion", test_account=account, traces=traces)
    sources = Sources(logs=tuple(LogSource(path) for path in logs), log_stores=stores)
    scope = Scope(1, (target,), authorisation=GIVEN, sources=sources)
    journal = Journal((folder / "journal").open("w", encoding="utf-8"), (PASSWORD,))
    passwords = {url: Passwords(PASSWORD)}
    return Tools(folder, scope, journal, Limits(), active=active, passwords=passwords)


def traced(tools: Tools) -> dict[str, TracedAction]:
    """Return each action by its name."""
    found = {}
    for seen in observed(ActiveTraces(), tools):
        assert isinstance(seen, Seen), seen
        assert isinstance(seen.fact, TracedAction)
        found[seen.fact.action] = seen.fact
    return found


def missing(fact: TracedAction) -> set[str] | None:
    """Return the mandatory fields the line lacks; None where there is no line."""
    return None if fact.trace is None else set(mandatory(fact.category)) - set(fact.trace.fields)


ALL = {
    "unknown_page", "sign_in_failure", "sign_in_success", "consultation", "forbidden_read", "search",
    "modification",
}  # fmt: skip


def test_an_application_that_logs_well_leaves_every_action_whole(tmp_path: Path) -> None:
    with application(tmp_path / "acces.log") as (url, state):
        found = traced(tools_of(tmp_path, url, "acces.log"))
    assert found.keys() == ALL
    assert {name: missing(fact) for name, fact in found.items()} == {name: set() for name in ALL}
    assert all(fact.trace and fact.trace.place.startswith("acces.log:") for fact in found.values())
    assert [change["note"] for change in state.changes] == [f"essai {found['modification'].marker}"]


def test_its_twin_that_logs_badly_is_found_out_action_by_action(tmp_path: Path) -> None:
    with application(tmp_path / "acces.log", badly=True) as (url, _):
        found = traced(tools_of(tmp_path, url, "acces.log"))
    assert {name: missing(fact) for name, fact in found.items()} == {
        "unknown_page": None,
        "sign_in_failure": None,
        "sign_in_success": set(),
        "consultation": {"author"},
        "forbidden_read": None,
        "search": {"author"},
        "modification": None,
    }


@pytest.mark.parametrize("badly", [False, True])
def test_an_export_and_a_sign_out_are_traced_where_the_scope_names_them(
    badly: bool, tmp_path: Path
) -> None:
    traces = Traces("/dossiers/essai-1", export="/dossiers/essai-1/export.csv", wait_seconds=1)
    with application(tmp_path / "acces.log", badly=badly) as (url, state):
        tools = tools_of(tmp_path, url, "acces.log", traces=traces, sign_out="/deconnexion")
        found = traced(tools)
        assert state.sessions == set()
    gone = None if badly else set()
    assert missing(found["export"]) == gone
    assert missing(found["sign_out"]) == gone
    assert missing(found["sign_in_success"]) == set()


def test_nginx_alone_tells_what_was_read_and_never_by_whom(tmp_path: Path) -> None:
    (tmp_path / "nginx").mkdir()
    with application(tmp_path / "unread.log") as (url, _):
        relay = f"proxy_pass {url.rstrip('/')};"
        inside = f"access_log {tmp_path}/nginx.log combined; location / {{ {relay} }}"
        inside += f" location /dossiers/autrui-7 {{ access_log off; {relay} }}"
        with nginx(tmp_path / "nginx", tmp_path, inside) as address:
            found = traced(tools_of(tmp_path, address, "nginx.log"))
    assert missing(found["unknown_page"]) == set()
    assert missing(found["consultation"]) == {"author"}
    assert missing(found["sign_in_failure"]) == {"author"}
    assert missing(found["sign_in_success"]) == {"author"}
    assert missing(found["modification"]) == {"author"}
    assert found["forbidden_read"].trace is None


@pytest.mark.parametrize(
    ("kind", "query"), [("loki", '{app="depistage"}'), ("elasticsearch", "journaux-*")]
)
def test_a_line_found_in_the_store_is_proved_away_from_the_machine(
    tmp_path: Path, kind: Any, query: str
) -> None:
    with application(tmp_path / "acces.log") as (url, state), store(kind, state.lines) as (far, _):
        stores = (LogStore(far, kind, query),)
        found = traced(tools_of(tmp_path, url, "acces.log", stores=stores))
    assert {name: missing(fact) for name, fact in found.items()} == {name: set() for name in ALL}
    assert any(fact.trace and fact.trace.remote for fact in found.values())
    alone = [fact.trace for fact in found.values() if fact.action == "sign_in_failure"]
    assert alone[0] is not None
    assert alone[0].remote
    assert alone[0].place == far


def test_a_store_that_does_not_answer_proves_no_absence(tmp_path: Path) -> None:
    with (
        application(tmp_path / "acces.log", badly=True) as (url, state),
        store("loki", state.lines, status=500) as (far, _),
    ):
        stores = (LogStore(far, "loki", '{app="depistage"}'),)
        tools = tools_of(tmp_path, url, "acces.log", stores=stores)
        seen = observed(ActiveTraces(), tools)
    errors = {str(s.error) for s in seen if isinstance(s, Missing)}
    assert errors == {f"{far} answers 500"}
    assert not [s for s in seen if isinstance(s, Seen) and s.fact.trace is None]  # type: ignore[union-attr]


def test_without_any_log_the_actions_wait_for_one(tmp_path: Path) -> None:
    with application(tmp_path / "acces.log") as (url, _):
        found = traced(tools_of(tmp_path, url))
    assert {(fact.searched, fact.trace) for fact in found.values()} == {((), None)}


def test_a_copy_of_a_log_that_nobody_writes_to_proves_no_absence(tmp_path: Path) -> None:
    copy = tmp_path / "copie.log"
    copy.write_text("2026-11-18T08:00:00Z GET /dossiers/7 200\n")
    os.utime(copy, (1.7e9, 1.7e9))
    with application(tmp_path / "acces.log") as (url, _):
        found = traced(tools_of(tmp_path, url, "copie.log"))
    assert {(fact.searched, fact.trace) for fact in found.values()} == {((), None)}


def test_an_old_log_that_grows_meanwhile_is_no_copy(tmp_path: Path) -> None:
    log = tmp_path / "acces.log"
    log.write_text("{}\n")
    os.utime(log, (1.7e9, 1.7e9))
    with application(log, badly=True) as (url, _):
        os.utime(log, (1.7e9, 1.7e9))
        found = traced(tools_of(tmp_path, url, "acces.log"))
    assert {fact.searched for fact in found.values()} == {("acces.log",)}


def test_nothing_is_done_without_active(tmp_path: Path) -> None:
    with application(tmp_path / "acces.log") as (url, state):
        tools = tools_of(tmp_path, url, "acces.log", active=False)
        (task,) = ActiveTraces().tasks(tools.scope)
        with pytest.raises(NotPermitted):
            list(ActiveTraces().observe(task, tools))
    assert state.lines == []


def test_nothing_is_changed_where_no_change_is_named(tmp_path: Path) -> None:
    traces = Traces("/dossiers/essai-1", wait_seconds=0)
    with application(tmp_path / "acces.log") as (url, state):
        assert "modification" not in traced(tools_of(tmp_path, url, "acces.log", traces=traces))
    assert state.changes == []


def test_no_password_and_no_invented_word_of_a_person_is_kept(tmp_path: Path) -> None:
    with application(tmp_path / "acces.log") as (url, _):
        found = traced(tools_of(tmp_path, url, "acces.log"))
    kept = str(found) + (tmp_path / "journal").read_text(encoding="utf-8")
    assert PASSWORD not in kept
    assert NAME not in str(found)


def test_lines_written_before_the_actions_are_not_theirs(tmp_path: Path) -> None:
    now = dt.datetime.now(dt.UTC).isoformat()
    old = f'{{"time": "{now}", "user": "{NAME}", "action": "consultation", "record": "essai-1"}}\n'
    (tmp_path / "acces.log").write_text(old * 3)
    with application(tmp_path / "other.log") as (url, _):
        found = traced(tools_of(tmp_path, url, "acces.log"))
    assert found["consultation"].trace is None
    assert found["consultation"].searched == ("acces.log",)


def test_the_trials_of_one_account_take_turns(tmp_path: Path) -> None:
    tools = tools_of(tmp_path, "http://127.0.0.1:1/")
    (target,) = tools.scope.targets
    assert isinstance(target, WebTarget)
    held = []
    with alone_with(tools, target):
        other = threading.Thread(
            target=lambda: held.append(alone_with(tools, target).acquire(timeout=0.05))
        )
        other.start()
        other.join()
    assert held == [False]


MOMENT = dt.datetime(2026, 11, 26, 9, 30, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("line", "its"),
    [
        ('{"time": "2026-11-26T09:30:12Z"}', True),
        ('127.0.0.1 - - [26/Nov/2026:10:31:02 +0100] "GET / HTTP/1.1"', True),
        ("Nov 26 10:29:59 srv app: x", True),
        ('{"ts": 1795685410.2}', True),
        ('{"time": "2026-11-26T08:30:12Z"}', False),
        ('{"time": "2026-11-25T09:30:12Z"}', False),
    ],
)
def test_a_line_is_of_its_minute_in_any_zone_of_europe(line: str, its: bool) -> None:
    assert in_its_minute(line, MOMENT) is its


def test_the_line_of_a_read_proves_no_change() -> None:
    action = TracedAction(
        "modification", "modification", "cnilcheckabc", MOMENT, 200, (), None, reference="essai-1"
    )
    wanted = Wanted(action, NAME)
    line = (
        f'{{"time": "2026-11-26T09:30:02Z", "user": "{NAME}", "action": "%s", "record": "essai-1"}}'
    )
    wanted.take(line % "consultation", "app.log:1", remote=False, delay=0.1)
    assert wanted.best is None
    wanted.take(line % "modification", "app.log:2", remote=False, delay=0.1)
    assert wanted.best is not None


def test_a_fuller_line_takes_the_place_of_a_poorer_one() -> None:
    action = TracedAction(
        "consultation", "consultation", "cnilcheckabc", MOMENT, 200, (), None, reference="essai-1"
    )
    wanted = Wanted(action, NAME)
    poor = '127.0.0.1 - - [26/Nov/2026:10:30:02 +0100] "GET /x?cnilcheck=cnilcheckabc" 200'
    wanted.take(poor, "nginx.log:1", remote=False, delay=0.1)
    assert wanted.best is not None
    assert not wanted.whole(remote=False)
    full = f'{{"time": "2026-11-26T09:30:02Z", "user": "{NAME}", "action": "consultation",'
    full += ' "record": "essai-1", "outcome": "ok"}'
    wanted.take(full, "app.log:1", remote=False, delay=0.1)
    wanted.take(poor, "nginx.log:2", remote=False, delay=0.1)
    assert wanted.best.place == "app.log:1"
    assert wanted.whole(remote=False)


def cnilcheck(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "cnilcheck", *arguments], cwd=folder, capture_output=True,
        text=True, timeout=120, check=False,
        env=os.environ | {"CNILCHECK_LANG": "en", "ESSAI": PASSWORD},
    )  # fmt: skip


def digests(folder: Path) -> dict[str, str]:
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in folder.iterdir()}


@pytest.mark.parametrize(("badly", "expected"), [(False, "pass"), (True, "fail")])
def test_logs_handed_over_later_prove_the_actions_in_a_new_folder(
    tmp_path: Path, badly: bool, expected: str
) -> None:
    import json

    with application(tmp_path / "acces.log", badly=badly) as (url, _):
        account = {
            "name": NAME, "password": {"env": "ESSAI"}, "consented_by": "Mme Exemple",
            "signed_in": "/compte", "may_be_locked": False,
        }  # fmt: skip
        traces = {"record": "/dossiers/essai-1", "wait_seconds": 0}
        scope = {
            "version": 1,
            "authorisation": {
                "given_by": "Mme Exemple", "reference": "AUT-1", "valid_until": "2030-01-01",
            },
            "targets": [
                {"url": url, "login": "/connexion", "test_account": account, "traces": traces}
            ],
        }  # fmt: skip
        (tmp_path / "scope.yaml").write_text(yaml.safe_dump(scope))
        done = cnilcheck(tmp_path, "scan", "--scope", "scope.yaml", "--active", "--out", "a", "-q")
    assert done.returncode in (0, 1, 3), done.stderr
    before = digests(tmp_path / "a")
    with gzip.open(tmp_path / "acces.log.gz", "wb") as packed:
        packed.write((tmp_path / "acces.log").read_bytes())
    done = cnilcheck(tmp_path, "logs", "confirm", "a", "acces.log.gz", "--out", "b")
    assert done.returncode in (0, 1, 3), done.stderr
    assert "Traces found:" in done.stderr
    assert digests(tmp_path / "a") == before

    def outcomes(name: str) -> dict[str, str]:
        findings = json.loads((tmp_path / name / "report.json").read_bytes())["findings"]
        return {f["location"]: f["outcome"] for f in findings if f["rule"] == "test-actions-traced"}

    place = "/dossiers/essai-1 consultation"
    assert outcomes("a")[place] == "inconclusive"
    assert outcomes("b")[place] == expected
    rows = json.loads((tmp_path / "b/report.json").read_bytes())["logging"]["rows"]
    (row,) = [row for row in rows if row["category"] == "consultation"]
    assert row["level"] == (0 if badly else 4)


def test_confirm_refuses_what_it_cannot_use(tmp_path: Path) -> None:
    (tmp_path / "x.log").write_text("x\n")
    done = cnilcheck(tmp_path, "logs", "confirm", "nothing", "x.log")
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
