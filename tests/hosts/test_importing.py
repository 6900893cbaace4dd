"""A published table is taken when it is sound; whatever is not is refused and changes nothing."""

from __future__ import annotations

import datetime as dt
import gzip
import io
import ipaddress
import json
import zipfile
from pathlib import Path

import pytest

from cnilcheck.hosts.catalogue import packaged_catalogue
from cnilcheck.hosts.importing import Given, activities_of, day_of, take, take_pages
from cnilcheck.hosts.list_changes import changes
from cnilcheck.hosts.store import OFFICIAL, TableError, load_tables, official_list, states

TODAY = dt.date(2026, 11, 22)
DAY = dt.date(2026, 11, 20)
DATED = Given(as_of=DAY)
NAMES = [f"{letter}xemple {n} SAS" for n in range(9) for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"]
HEADER = ["Raison sociale", "Activités", "Version du référentiel", "Date de fin de validité"]
ROWS = [[name, "1 à 6", "2.0", "19/12/2027"] for name in NAMES]


def csv(rows: list[list[str]] = ROWS, header: list[str] = HEADER) -> bytes:
    return "\n".join(";".join(row) for row in [header, *rows]).encode("cp1252")


def html(rows: list[list[str]] = ROWS) -> bytes:
    body = "".join(
        "<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in [HEADER, *rows]
    )
    return f"<!DOCTYPE html><html><body><table>{body}</table></body></html>".encode()


def xlsx(rows: list[list[str]] = ROWS, extra: str = "") -> bytes:
    ns = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    lines = "".join(
        "<row>" + "".join(f'<c t="inlineStr"><is><t>{c}</t></is></c>' for c in row) + "</row>"
        for row in [HEADER, *rows]
    )
    sheet = f'<worksheet xmlns="{ns}"><sheetData>{lines}{extra}</sheetData></worksheet>'
    return archive({"xl/worksheets/sheet1.xml": sheet.encode()})


def archive(members: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in members.items():
            made.writestr(name, content)
    return stream.getvalue()


@pytest.mark.parametrize("content", [csv(), html(), xlsx()], ids=["csv", "html", "xlsx"])
def test_the_list_is_read_in_each_form(content: bytes, tmp_path: Path) -> None:
    taken = take(content, "liste", DATED, tmp_path, TODAY)
    assert (len(NAMES), None, str(DAY)) == (taken.rows, taken.former, taken.as_of)
    kept = official_list(tmp_path)
    assert kept is not None
    assert kept.rows[0].activities == (1, 2, 3, 4, 5, 6)
    assert dt.date(2027, 12, 19) == kept.rows[0].expires_on
    assert taken.sha256 == kept.sha256


def test_json_rows_are_a_list_too(tmp_path: Path) -> None:
    rows = [{"name": name, "activities": [1, 2]} for name in NAMES]
    assert len(NAMES) == take(json.dumps(rows).encode(), "x", DATED, tmp_path, TODAY).rows


def test_unknown_headers_are_named_with_map(tmp_path: Path) -> None:
    content = csv(header=["Colonne A", "Colonne B", "Colonne C", "Colonne D"])
    with pytest.raises(TableError, match="Colonne A"):
        take(content, "liste", DATED, tmp_path, TODAY)
    given = Given({"name": "Colonne A", "activities": "Colonne B"}, DAY)
    assert len(NAMES) == take(content, "liste", given, tmp_path, TODAY).rows


def test_the_certifying_body_is_not_taken_for_the_host(tmp_path: Path) -> None:
    header = ["Organisme certificateur", "Hébergeur", "Activités"]
    take(csv([["LNE", name, "1-4"] for name in NAMES], header), "x", DATED, tmp_path, TODAY)
    kept = official_list(tmp_path)
    assert kept is not None
    assert (NAMES[0], "LNE", (1, 2, 3, 4)) == (
        kept.rows[0].name, kept.rows[0].body, kept.rows[0].activities,
    )  # fmt: skip


BOMB = archive({"xl/worksheets/sheet1.xml": b"0" * 60_000_000})
ENTITIES = archive(
    {"xl/worksheets/sheet1.xml": b'<!DOCTYPE x [<!ENTITY a "aaaa">]><worksheet>&a;</worksheet>'}
)
FORMULA = xlsx(extra='<row><c r="A9"><f>HYPERLINK("http://x")</f><v>1</v></c></row>')
HOSTILE = {
    "formula cell": (csv([*ROWS, ["=cmd|' /C calc'!A0", "1", "", ""]]), "formula"),
    "at cell": (csv([*ROWS, ["@SUM(1)", "1", "", ""]]), "formula"),
    "spreadsheet formula": (FORMULA, "formula"),
    "huge cell": (csv([*ROWS, ["A" * 5000, "1", "", ""]]), "4000 characters"),
    "many columns": (csv([*ROWS, ["A"] * 90]), "60 columns"),
    "zip bomb": (BOMB, "expands"),
    "entities": (ENTITIES, "entities"),
    "archive of something else": (archive({"a.txt": b"a"}), "without a spreadsheet"),
    "cut short": (xlsx()[:-200], "damaged"),
    "error page": (
        b"<html><body><h1>503 Service Unavailable</h1></body></html>",
        "without a table",
    ),
    "too few": (csv(ROWS[:100]), "fewer than 200"),
    "empty": (b"  \n", "empty"),
    "binary": (b"\x7fELF\0\0\0" * 9, "neither"),
    "broken json": (b'{"a": ', "not JSON"),
    "other json": (b'{"a": 1}', "not a file of ranges"),
    "deep json": (b"[" * 100_000, "not JSON"),
    "broken quotes": (b'nom;activites\n"abc;1\n', "line"),
    "one line": (b"bonjour", "neither a table"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_or_damaged_file_is_refused_and_the_table_in_use_kept(
    name: str, tmp_path: Path
) -> None:
    take(csv(), "liste", DATED, tmp_path, TODAY)
    before = (tmp_path / OFFICIAL).read_bytes()
    content, reason = HOSTILE[name]
    with pytest.raises(TableError, match=reason) as raised:
        take(content, "fichier", DATED, tmp_path, TODAY)
    assert "\n" not in str(raised.value)
    assert before == (tmp_path / OFFICIAL).read_bytes()


def test_a_drop_of_a_fifth_is_refused_unless_forced(tmp_path: Path) -> None:
    rows = [[f"{name} {n}", *rest] for n in range(2) for name, *rest in ROWS]
    take(csv(rows), "liste", DATED, tmp_path, TODAY)
    with pytest.raises(TableError, match="where there were"):
        take(csv(), "liste", DATED, tmp_path, TODAY)
    forced = Given(as_of=DAY, force=True)
    assert len(rows) == take(csv(), "liste", forced, tmp_path, TODAY).former
    assert (tmp_path / f"{OFFICIAL}.previous").exists()


@pytest.mark.parametrize(
    ("given", "reason"),
    [(Given(), "no date"), (Given(as_of=dt.date(2027, 1, 1)), "still to come")],
)
def test_a_list_has_a_day(given: Given, reason: str, tmp_path: Path) -> None:
    with pytest.raises(TableError, match=reason):
        take(csv(), "liste", given, tmp_path, TODAY)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1 à 6", (1, 2, 3, 4, 5, 6)),
        ("1-4", (1, 2, 3, 4)),
        ("1, 2, 3", (1, 2, 3)),
        ("Activité 5", (5,)),
        ("1° La mise à disposition de sites physiques", (1,)),
        ("Hébergeur infogéreur", (3, 4, 5, 6)),
        ("hébergeur d’infrastructure physique", (1, 2)),
        ("", ()),
        ("2024", ()),
    ],
)
def test_activities_are_read_as_people_write_them(text: str, expected: tuple[int, ...]) -> None:
    assert expected == activities_of(text)


@pytest.mark.parametrize("text", ["2027-12-19", "19/12/2027", "19.12.2027", "46740"])
def test_days_are_read_as_people_write_them(text: str) -> None:
    assert dt.date(2027, 12, 19) == day_of(text)
    assert None is day_of("31/02/2027")


def named(*names: str) -> list[list[str]]:
    return [*ROWS, *([name, "1 à 6", "2.0", ""] for name in names)]


@pytest.mark.parametrize(
    ("names", "listed", "alike"),
    [
        (("OVH",), True, ""),
        (("OVH SAS",), True, ""),
        (("OVHcloud",), True, ""),
        (("OVH Télécom",), False, "OVH Télécom"),
        (("Autre",), False, ""),
    ],
)
def test_a_host_is_on_the_list_by_its_name_and_alike_is_not_equal(
    names: tuple[str, ...], listed: bool, alike: str, tmp_path: Path
) -> None:
    take(csv(named(*names)), "liste", DATED, tmp_path, TODAY)
    kept = official_list(tmp_path)
    assert kept is not None
    entry = kept.entry(packaged_catalogue().by_id["ovhcloud"])
    assert (listed, alike) == (entry.listed, entry.alike)


def test_a_list_without_the_initial_shows_no_absence(tmp_path: Path) -> None:
    rows = [row for row in ROWS if not row[0].startswith(("V", "X"))]
    take(csv(rows), "liste", DATED, tmp_path, TODAY)
    kept = official_list(tmp_path)
    assert kept is not None
    assert not kept.entry(packaged_catalogue().by_id["vercel"]).complete


AWS = {
    "syncToken": "1", "createDate": "2026-11-01-00-00-00",
    "prefixes": [
        {"ip_prefix": f"13.36.{n}.0/24", "region": "eu-west-3", "service": "EC2"} for n in range(30)
    ],
    "ipv6_prefixes": [{"ipv6_prefix": "2a05:d012::/40", "region": "eu-west-3", "service": "EC2"}],
}  # fmt: skip
AZURE = {
    "changeNumber": 363,
    "values": [
        {"name": "AzureCloud.centralfrance", "properties": {
            "region": "centralfrance", "addressPrefixes": [f"20.19.{n}.0/24" for n in range(30)]}},
    ],
}  # fmt: skip
GCP = {
    "creationTime": "2026-11-01T00:00:00",
    "prefixes": [
        {"ipv4Prefix": f"34.155.{n}.0/24", "scope": "europe-west9", "service": "Google Cloud"}
        for n in range(30)
    ],
}
OCI = {
    "last_updated_timestamp": "2026-11-01T00:00:00",
    "regions": [
        {"region": "eu-paris-1", "cidrs": [
            {"cidr": f"141.145.{n}.0/24", "tags": ["OCI"]} for n in range(30)]},
    ],
}  # fmt: skip


@pytest.mark.parametrize(
    ("feed", "address", "region"),
    [
        (AWS, "13.36.1.1", "eu-west-3"),
        (AWS, "2a05:d012::1", "eu-west-3"),
        (AZURE, "20.19.1.1", "centralfrance"),
        (GCP, "34.155.1.1", "europe-west9"),
        (OCI, "141.145.1.1", "eu-paris-1"),
    ],
)
def test_the_files_of_the_clouds_give_regions(
    feed: dict[str, object], address: str, region: str, tmp_path: Path
) -> None:
    taken = take(json.dumps(feed).encode(), "feed.json", DATED, tmp_path, TODAY)
    placed = load_tables(tmp_path).ranges.lookup(ipaddress.ip_address(address))
    assert placed is not None
    assert region == placed.region
    assert taken.name in {state.name for state in states(tmp_path)}


def test_a_file_of_ranges_with_what_is_no_network_is_refused(tmp_path: Path) -> None:
    spoilt = AWS | {"prefixes": [{"ip_prefix": "../../etc", "region": "x", "service": "y"}]}
    with pytest.raises(TableError, match="not a file of ranges"):
        take(json.dumps(spoilt).encode(), "feed.json", DATED, tmp_path, TODAY)


def test_a_table_of_networks_is_taken_and_comes_first(tmp_path: Path) -> None:
    lines = [f"51.91.{n}.0\t51.91.{n}.255\t64500\tFR\tExemple" for n in range(30)]
    take("\n".join(lines).encode(), "ip2asn.tsv", DATED, tmp_path, TODAY)
    found = load_tables(tmp_path).networks[0].lookup(ipaddress.ip_address("51.91.3.3"))
    assert found == (64500, "Exemple")


@pytest.mark.parametrize(
    "line", ["51.91.0.0,51.91.9.255,64501,X", "51.92.0.9,51.92.0.1,1,X", "51.92.0.1,51.92.0.9,x,X"]
)
def test_a_table_of_networks_that_cannot_be_is_refused(line: str, tmp_path: Path) -> None:
    lines = [f"51.91.{n}.0,51.91.{n}.255,64500,Exemple" for n in range(30)]
    with pytest.raises(TableError):
        take("\n".join([*lines, line]).encode(), "x.csv", DATED, tmp_path, TODAY)


def test_a_gzip_table_is_expanded_and_a_bomb_is_not(tmp_path: Path) -> None:
    lines = "\n".join(f"51.91.{n}.0\t51.91.{n}.255\t64500\tFR\tExemple" for n in range(30))
    packed = gzip.compress(lines.encode())
    assert take(packed, "ip2asn.tsv.gz", DATED, tmp_path, TODAY).rows == 30
    for content, reason in (
        (gzip.compress(b"0" * 200_000_000, 9), "expands to more"), (packed[:-20], "cut short"),
        (b"\x1f\x8b" + b"x" * 50, "damaged gzip"), (gzip.compress(b""), "empty"),
    ):  # fmt: skip
        with pytest.raises(TableError, match=reason):
            take(content, "x.gz", DATED, tmp_path, TODAY)


def test_several_pages_make_one_list(tmp_path: Path) -> None:
    pages = [(html(ROWS[n::3]), f"lettre-{n}.html") for n in range(3)]
    taken = take_pages(pages, DATED, tmp_path, TODAY)
    assert len(NAMES) == taken.rows
    with pytest.raises(TableError, match="lettre-x"):
        take_pages([*pages, (b"<html>404</html>", "lettre-x.html")], DATED, tmp_path, TODAY)


def test_a_page_of_guarantees_and_a_day_of_issue_are_kept(tmp_path: Path) -> None:
    header = [*HEADER, "Date de délivrance du certificat", "Lien"]
    rows = [[*row, "20/12/2024", "voir https://exemple.fr/garanties"] for row in ROWS]
    take(csv(rows, header), "liste", DATED, tmp_path, TODAY)
    kept = official_list(tmp_path)
    assert kept is not None
    assert kept.rows[0].page == "https://exemple.fr/garanties"
    assert kept.rows[0].issued_on == dt.date(2024, 12, 20)


def test_what_changed_between_two_lists_is_told(tmp_path: Path) -> None:
    take(csv(), "avant", DATED, tmp_path, TODAY)
    rows = [*ROWS[2:], ["Nouveau SAS", "1 à 6", "2.0", "19/12/2027"]]
    rows[0] = [rows[0][0], "1 à 4", "2.0", "19/12/2027"]
    rows[1] = [rows[1][0], "1 à 6", "2.0", "01/01/2026"]
    take(csv(rows), "après", DATED, tmp_path, TODAY)
    before, now = official_list(tmp_path, f"{OFFICIAL}.previous"), official_list(tmp_path)
    assert before is not None
    assert now is not None
    found = changes(before, now, TODAY)
    assert (found.added, found.removed) == (("Nouveau SAS",), tuple(NAMES[:2]))
    assert [(c.name, c.lost) for c in found.changed] == [(NAMES[2], (5, 6)), (NAMES[3], ())]
    assert [row.name for row in found.expired] == [NAMES[3]]


def test_a_table_of_countries_is_a_hint_of_its_own(tmp_path: Path) -> None:
    lines = [f"51.91.{n}.0,51.91.{n}.255,CH" for n in range(30)]
    take("\n".join(lines).encode(), "x.csv", DATED, tmp_path, TODAY)
    tables = load_tables(tmp_path)
    assert len(tables.countries) == 1
    assert len(tables.networks) == 1


def test_a_link_is_not_written_through(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text("kept")
    folder = tmp_path / "hosts"
    folder.mkdir()
    (folder / OFFICIAL).symlink_to(elsewhere)
    with pytest.raises(TableError):
        take(csv(), "liste", DATED, folder, TODAY)
    assert elsewhere.read_text() == "kept"
