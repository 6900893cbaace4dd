"""What a site is asked for: by what it shows, by what is there, and by its pace."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from cnilcheck.collectors.base import Budget
from cnilcheck.collectors.web_exposure import WebExposure
from cnilcheck.collectors.web_search import patience, planned
from cnilcheck.model.facts import ReadableFiles
from cnilcheck.model.scope import Limits, Scope, WebTarget
from collectors.web_servers import HTML, NOT_FOUND, TEXT, Reply, facts, observed, tools_for, web

HOME = b"<html><link rel=stylesheet href=/css/site.css><p>Bonjour</html>"
FORBIDDEN: Reply = (403, (HTML,), b"<html>403</html>")


def asked_of(
    folder: Path, answer: Callable[[str], Reply], path: str = ""
) -> tuple[list[str], list[str]]:
    """The paths asked for, in order, and the paths of the files found."""
    asked = list[str]()

    def noted(wanted: str) -> Reply:
        asked.append(wanted)
        return answer(wanted)

    with web(noted) as url:
        seen = observed(WebExposure(), tools_for(folder, url + path))
    found = [f.path for fact in facts(seen, ReadableFiles).values() for f in fact.found]  # type: ignore[attr-defined]
    return asked, found


def telling(path: str) -> Reply:
    """Folders that are there are refused, others do not exist."""
    if path == "/":
        return 200, (HTML,), HOME
    return FORBIDDEN if path in ("/css/", "/exports/") else NOT_FOUND


def silent(path: str) -> Reply:
    """Nothing is said of folders: an application serves files, by their full names only."""
    return (200, (HTML,), HOME) if path == "/" else NOT_FOUND


def below(asked: list[str], folder: str) -> list[str]:
    return [path for path in asked if path.startswith(folder) and path != folder]


def test_below_a_folder_that_is_not_there_nothing_is_asked_for(tmp_path: Path) -> None:
    asked, _ = asked_of(tmp_path, telling)
    assert "/config/" in asked
    # What a family is told by is asked for wherever it would stand.
    assert below(asked, "/config/") == ["/config/settings.inc.php"]
    assert below(asked, "/.vscode/") == []
    assert below(asked, "/exports/")


def test_where_folders_are_not_told_apart_everything_is_asked_for(tmp_path: Path) -> None:
    asked, _ = asked_of(tmp_path, silent)
    assert below(asked, "/config/")
    assert below(asked, "/.vscode/")


def test_interfaces_are_asked_for_below_addresses_that_answer_nothing(tmp_path: Path) -> None:
    asked, _ = asked_of(tmp_path, telling)
    assert "/api/v1/namespaces?limit=1" in asked
    assert "/dicom-web/studies?limit=1" in asked


def test_a_family_that_is_not_there_costs_its_witnesses_only(tmp_path: Path) -> None:
    asked, _ = asked_of(tmp_path, telling)
    assert "/wp-login.php" in asked
    assert "/wp-links-opml.php" not in asked
    assert "/.git/config" not in asked


def slowly(_host: str) -> bool:
    """No host is this machine: the pace of ten requests a second holds."""
    return False


def hurry(self: Budget, _stop: threading.Event) -> None:
    """Count the request, and do not wait for its turn."""
    self.requests -= 1


def wordpress(path: str) -> Reply:
    """Its sign-in page answers, and a page of its own for whatever is not there."""
    if path == "/":
        return 200, (HTML,), HOME
    if path == "/wp-login.php":
        return 200, (HTML,), b"<html><form action=/wp-login.php></form>Connexion</html>"
    return NOT_FOUND


def test_at_a_slow_pace_other_makes_are_not_looked_for_at_the_root_of_wordpress(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    everything, _ = asked_of(tmp_path, wordpress)
    monkeypatch.setattr("cnilcheck.collectors.base.is_loopback", slowly)
    monkeypatch.setattr(Budget, "spend", hurry)
    at_wordpress, _ = asked_of(tmp_path, wordpress)
    elsewhere, _ = asked_of(tmp_path, silent)
    other_makes = {"/typo3/", "/core/misc/drupal.js", "/_profiler/", "/rails/info/properties"}
    assert other_makes <= set(everything)
    assert other_makes <= set(elsewhere)
    assert not other_makes & set(at_wordpress)
    assert {"/wp-links-opml.php", "/.env", "/backup.sql", "/fhir/metadata"} <= set(at_wordpress)


@pytest.mark.parametrize(
    "sign", ["a link on the page", "a header", "a witness"], ids=["link", "header", "witness"]
)
def test_a_family_that_shows_itself_is_asked_for(sign: str, tmp_path: Path) -> None:
    def answer(path: str) -> Reply:
        if path == "/" and sign == "a link on the page":
            return 200, (HTML,), b"<html><script src=/wp-includes/js/a.js></script></html>"
        if path == "/" and sign == "a header":
            return 200, (HTML, ("Link", "</wp-json/>; rel='https://api.w.org/'")), HOME
        if path == "/wp-login.php" and sign == "a witness":
            return 200, (HTML,), b"<html><title>Connexion</title></html>"
        return telling(path)

    asked, _ = asked_of(tmp_path, answer)
    assert "/wp-links-opml.php" in asked
    assert "/wp-content/uploads/wpforms/" in asked


def test_a_repository_is_looked_into_once_its_head_is_there(tmp_path: Path) -> None:
    def answer(path: str) -> Reply:
        return (200, (TEXT,), b"ref: refs/heads/main\n") if path == "/.git/HEAD" else telling(path)

    asked, found = asked_of(tmp_path, answer)
    assert found == ["/.git/HEAD"]
    assert {"/.git/config", "/.git/index"} <= set(asked)


def test_below_an_application_s_folder_products_of_the_root_are_not_asked_for_again(
    tmp_path: Path,
) -> None:
    asked, _ = asked_of(tmp_path, silent, "espace/")
    assert {"/grafana/", "/.env", "/espace/.env"} <= set(asked)
    assert "/espace/grafana/" not in asked


def test_under_the_usual_pace_the_rare_addresses_are_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    every, _ = asked_of(tmp_path, silent)
    monkeypatch.setattr("cnilcheck.collectors.web_search.MANY_A_SECOND", 1e9)
    usual, _ = asked_of(tmp_path, silent)
    assert set(usual) < set(every)
    assert len(usual) < 600, "at ten requests a second, a minute"


def test_targets_of_one_host_are_given_the_time_their_shared_pace_takes() -> None:
    one, two = (WebTarget(f"https://app.example/{name}/") for name in ("a", "b"))
    other = WebTarget("https://www.example/")
    alone, shared = patience(Scope(1, (one, other)), one), patience(Scope(1, (one, two)), one)
    needed = planned(Limits(), "app.example") / 10
    assert alone > needed
    assert shared > 2 * needed
    assert shared > alone


def test_the_usual_catalogue_fits_a_minute_at_ten_requests_a_second() -> None:
    assert planned(Limits(), "app.example") <= 600


def test_four_who_wait_for_one_host_share_its_pace() -> None:
    budget, stop, turns = Budget(100, 50.0), threading.Event(), list[float]()

    def work() -> None:
        for _ in range(5):
            budget.spend(stop)
            turns.append(time.monotonic())

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(5)
    # Twenty turns at fifty a second: never less than nineteen fiftieths, however quick the machine.
    assert max(turns) - min(turns) >= 19 / 50 - 0.02
