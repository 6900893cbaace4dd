"""A scope file is read whole, or refused in one line that names the file and the field."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from cnilcheck.documents.scope import read_scope, scope_of_urls
from cnilcheck.errors import ScopeError
from cnilcheck.model.scope import WebTarget
from cnilcheck.model.words import Lang
from cnilcheck.resources import templates_directory

TODAY = dt.date(2026, 11, 26)


def refused(tmp_path: Path, text: str) -> str:
    path = tmp_path / "cnilcheck.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ScopeError) as caught:
        read_scope(path, TODAY)
    message = str(caught.value)
    assert "\n" not in message
    assert message.startswith(str(path))
    return message.removeprefix(str(path)).lstrip(": ")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("version: 1\ntargts: []", "targts: unknown key; did you mean `targets`?"),
        ("version: 1\ntargets: [{ulr: x}]", "targets[0]: names no target; did you mean `url`?"),
        ("version: 1\ntargets: [{url: 'https://127.0.0.1/', protectd: [/a]}]", "targets[0].protectd: unknown key; did you mean `protected`?"),
        ("version: 1\ntargets: [{url: 'https://127.0.0.1/', kind: web}]", "targets[0].kind: unknown key"),
        ("version: 1\ntargets: [{url: 'https://127.0.0.1/', host: a}]", "targets[0]: only one of url, host"),
        ("version: 1\ntargets: [3]", "targets[0]: a mapping is expected"),
        ("version: 1\ntargets: [{url: 'https://example.fr/'}]", "targets[0]: example.fr is not this machine: no authorisation"),
        ("version: 1\ntargets: [{url: 'ftp://127.0.0.1/'}]", "targets[0].url: `ftp://127.0.0.1/` does not begin"),
        ("version: 1\ntargets: [{url: 'https://u:p@127.0.0.1/'}]", "targets[0].url: credentials"),
        ("version: 1\ntargets: [{url: 'https://127.0.0.1:99999/'}]", "targets[0].url:"),
        ("version: 1\ntargets: [{url: 'https://127.0.0.1/ -oN x'}]", "targets[0].url:"),
        ("version: 1\ntargets: [{host: '-oN /tmp/x 127.0.0.1'}]", "targets[0].host: `-oN /tmp/x 127.0.0.1` is neither"),
        ("version: 1\ntargets: [{host: 127.0.0.1, ports: [70000]}]", "targets[0].ports: 70000 is not a port"),
        ("version: 1\ntargets: [{tls: localhost}]", "targets[0].tls: `localhost` is not host:port"),
        ("version: 1\ntargets: [{url: 'https://127.0.0.1/'}, {url: 'https://127.0.0.1/'}]", "targets[1]: `https://127.0.0.1/` is there twice"),
        ("version: 1\ntargets: [{url: 'https://127.0.0.1/', protected: ['//evil.example/x']}]", "targets[0].protected: `//evil.example/x` must begin"),
        ("version: 1\nsources: {system: ./nope}", "sources.system: no such file: ./nope"),
        ("version: 1\nsources: {logs: [{path: a.log, class: tehcnical}]}", "sources.logs[0].class: invalid enum value 'tehcnical'"),
        ("version: 1\nsources: {accounts: [{path: a.csv}]}", "sources.accounts[0].path: no such file: a.csv"),
        ("version: 1\nsources: {accounts: [{path: a.csv, columns: {lgin: a}}]}", "sources.accounts[0].columns"),
        ("version: 1\nsources: {messages: [nope/]}", "sources.messages[0]: no such file: nope/"),
        ("version: 1\nsources: {identity_exports: [{path: r.json, class: al}]}", "sources.identity_exports[0].class"),
        ("version: 1\nnotice: {received_on: 2026-10-05, months: 9}", "notice.months: 1 to 6, 9 given"),
        ("version: 1\nwaivers: [{rule: a, target: b, reason: c, approved_by: d, until: 2027-11-01}]", "waivers[0].until: 2027-11-01 is more than 180 days ahead"),
        ("version: 1\nattestations: [{rule: a, statement: b, signed_by: c, role: d, signed_on: 2026-11-01, valid_for: ever}]", "attestations[0].valid_for:"),
        ("version: 1\norganisation: {name: 3}", "organisation.name: expected `str`, got `int`"),
        ("version: 2", "version:"),
        ("version: 1\nversion: 1", "2: key written twice: version"),
        ("a: &x [1]\nb: *x", "2: aliases"),
        ("[" * 60, "1: nested deeper"),
        ("{", "2"),
        ("- a", "document: a mapping is expected"),
        ("", "document: a mapping is expected"),
        ("version: 1\x00", "not YAML"),
    ],
)  # fmt: skip
def test_a_wrong_scope_is_refused_in_one_line(tmp_path: Path, text: str, said: str) -> None:
    assert said in refused(tmp_path, text)


def test_an_expired_authorisation_is_refused(tmp_path: Path) -> None:
    text = (
        "version: 1\ntargets: [{url: 'https://example.fr/'}]\n"
        "authorisation: {given_by: A, reference: B, valid_until: 2026-11-25}"
    )
    assert "authorisation.valid_until: expired on 2026-11-25" in refused(tmp_path, text)


def test_an_authorisation_opens_the_targets_the_scope_names(tmp_path: Path) -> None:
    path = tmp_path / "s.yaml"
    path.write_text(
        "version: 1\ntargets: [{url: 'https://example.fr/'}]\n"
        "authorisation: {given_by: A, reference: B, valid_until: 2026-11-26}"
    )
    assert read_scope(path, TODAY).targets == (WebTarget(url="https://example.fr/"),)


def test_a_name_that_only_resolves_to_loopback_is_not_this_machine() -> None:
    with pytest.raises(ScopeError, match="no authorisation"):
        scope_of_urls(["https://localhost.example.fr/"], TODAY)


@pytest.mark.parametrize("url", ["https://127.0.0.1:8443/", "http://localhost/", "https://[::1]/"])
def test_an_address_of_this_machine_makes_the_smallest_scope(url: str) -> None:
    assert [t.spelling for t in scope_of_urls([url, url], TODAY).targets] == [url]


def test_a_missing_or_unreadable_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ScopeError, match="no such file"):
        read_scope(tmp_path / "absent.yaml", TODAY)
    with pytest.raises(ScopeError, match="cannot be read"):
        read_scope(tmp_path, TODAY)
    (tmp_path / "latin.yaml").write_bytes(b"version: 1 # \xe9")
    with pytest.raises(ScopeError, match="not UTF-8"):
        read_scope(tmp_path / "latin.yaml", TODAY)


@pytest.mark.parametrize("lang", list(Lang))
def test_the_scope_init_writes_is_a_scope_in_every_line(lang: Lang, tmp_path: Path) -> None:
    text = (templates_directory() / f"scope.{lang}.yaml").read_text(encoding="utf-8")
    path = tmp_path / "s.yaml"
    path.write_text(text, encoding="utf-8")
    assert read_scope(path, TODAY).targets


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1 --script x.nse", "127.0.0.1 -oN /tmp/x", "-iL/etc/passwd", "--script=x", "127.0.0.1\\n",
        "a b", "$(id)", "127.0.0.0/8", "10.0.0.1-20", "host;id", "", "\\u202ehost", "127.0.0.1,10.0.0.1",
    ],
)  # fmt: skip
def test_a_host_that_would_be_more_than_a_name_to_another_program_is_refused(
    host: str, tmp_path: Path
) -> None:
    message = refused(tmp_path, f'version: 1\ntargets:\n  - host: "{host}"\n')
    assert "neither a host name nor an address" in message


@pytest.mark.parametrize("ports", ["[0]", "[70000]"])
def test_a_port_that_is_none_is_refused_over_udp_too(ports: str, tmp_path: Path) -> None:
    text = f"version: 1\ntargets:\n  - {{host: 127.0.0.1, udp_ports: {ports}}}\n"
    assert refused(tmp_path, text).startswith("targets[0].udp_ports: ")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("{vue: [fiche]}", "vue"),
        ('{consultation: ["**"]}', "would tell too little"),
        ("{consultation: [ab]}", "would tell too little"),
        (f"{{consultation: [{'a*' * 9}]}}", "at most five times"),
        (f"{{consultation: [{', '.join(f'texte{n}' for n in range(300))}]}}", "at most 200"),
    ],
)
def test_words_of_a_log_that_tell_nothing_are_refused(
    words: str, told: str, tmp_path: Path
) -> None:
    path = tmp_path / "cnilcheck.yaml"
    path.write_text(f"version: 1\nsources:\n  logs:\n    - {{path: a.log, words: {words}}}\n")
    with pytest.raises(ScopeError) as refused:
        read_scope(path, dt.date(2026, 11, 26))
    assert told in f"{refused.value} {refused.value.__dict__}"
