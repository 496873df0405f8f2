"""The report: what it says, that nothing in it is obeyed, and how it behaves in a browser."""

import base64
import errno
import hashlib
import html
import os
import re
import shutil
import stat
import zipfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from xlsxwriter.exceptions import FileCreateError

from pipelines.errors import WarehouseError
from pipelines.evidence.pack import write_pack
from pipelines.reports.report import write_report
from pipelines.reports.workbook import _cell_text
from pipelines.sandbox.backups import stable_id
from pipelines.sandbox.estate import resources
from pipelines.sandbox.scenarios import RESOURCE_SCENARIOS, SCENARIOS
from pipelines.storage.connection import connect
from pipelines.storage.home import Home
from tests.conftest import Demo
from tests.given import AS_OF, Landed, publish, server, volume
from tests.given_inputs import failed, refused

HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "=cmd|' /C calc'!A0",
    "a\u202egnp.exe",
    "\x1b[31m",
]


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of an estate whose names want to be obeyed."""
    home = Home(tmp_path_factory.mktemp("hostile") / "home")
    bodies = [
        volume(f"b{n}", name=name, resource_id=f"r{n}", resource_name=name, vault_id=name, status="error")
        for n, name in enumerate(HOSTILE)
    ]
    return write_report(publish(home, Landed(bodies), described=True))


@pytest.fixture(scope="module")
def shown(demo: Demo, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of the demo."""
    return demo.home.reports / "latest" / "compliance.html"


@pytest.fixture(scope="module")
def reported_once(tmp_path_factory: pytest.TempPathFactory) -> Home:
    home = publish(Home(tmp_path_factory.mktemp("reported") / "home"), Landed([server()]))
    write_report(home)
    return home


@pytest.fixture
def reported(reported_once: Home, home: Home) -> Home:
    """A home of its own with a server in it, and its report."""
    shutil.copytree(reported_once.path, home.path, symlinks=True)
    return home


@pytest.fixture(scope="module")
def two_scopes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of two scopes, in which one disk and two disks have nothing that is new."""

    def scope(name: str, *ages: int) -> Landed:
        made = [(AS_OF - timedelta(days=age)).isoformat() for age in ages]
        bodies = [volume(f"{name}{n}", resource_id=f"{name}{n}", created_at=at) for n, at in enumerate(made)]
        return Landed(bodies, scope=name, project=f"p-{name}", region="r")

    home = Home(tmp_path_factory.mktemp("two-scopes") / "home")
    return write_report(publish(home, scope("one", 40, 0), scope("two", 40, 40, 0)))


def latest(home: Home) -> Path:
    return (home.reports / "latest").resolve() / "compliance.html"


def test_the_demo_ends_by_naming_its_report(demo: Demo, shown: Path) -> None:
    assert "cbr-demo/reports/latest/compliance.html" in demo.stdout
    assert (shown.exists(), shown.with_suffix(".xlsx").exists()) == (True, True)


def test_each_planted_problem_is_named_with_its_control_its_owner_and_since_when(shown: Path) -> None:
    table = re.search(r'<table id="work">(.*?)</table>', shown.read_text(), re.DOTALL)
    assert table
    rows = [re.findall(r"<td.*?>(.*?)</td>", row) for row in table[1].split("<tr>")]
    listed = {(row[2], row[1]): row for row in rows if row}
    vaults = {resource.name: stable_id(resource.vault) for resource in resources()}
    for name, story in RESOURCE_SCENARIOS.items():
        told = [(name, found) for found in SCENARIOS[story].findings]
        for subject, (control, status, _) in [
            *told,
            *((vaults[name], found) for found in SCENARIOS[story].vault_findings),
        ]:
            if status == "fail" and name != "gateway-01":  # its failure is accepted
                row = listed[subject, control]
                assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d", row[4]), row
                assert row[3] or name == "orphan-01" or subject != name, row


def test_sandbox_and_stale_data_wear_a_banner(shown: Path, reported: Home) -> None:
    home = reported
    assert "synthetic data of the sandbox, not a real account." in shown.read_text()
    fresh = latest(home).read_text()
    assert 'class="banner"' not in fresh
    assert "the built-in default (no policy file is configured)" in fresh
    publish(home, Landed([], as_of=AS_OF + timedelta(days=1), complete=False), run_id="run-2")
    stale = write_report(home).read_text()
    assert "prod is stale: a page was missing" in stale
    assert '<b class="good">' not in stale  # what is not known to hold is not shown as if it did
    assert '<body class="doubtful">' in stale
    assert '<body class="doubtful">' not in fresh


def test_what_the_account_does_not_grant_is_said_with_the_permission_to_ask_for(home: Home, shown: Path) -> None:
    publish(home, Landed([server()], inputs={"vaults": refused("vaults"), "operations": failed("operations")}))
    page = write_report(home).read_text()
    assert "2 inputs and projects were not read, or not whole" in page
    assert "prod: ListVault is not granted (capacity, lock, and which resources are associated)" in page
    assert "ask for cbr:vaults:list" in page
    assert "prod: ListOpLogs failed (skipped and missed runs, and restores): no answer" in page
    assert "not read, or not whole" not in shown.read_text()


def test_an_empty_project_is_no_good_news(home: Home) -> None:
    text = write_report(publish(home, Landed([]))).read_text()
    assert '<b class="good">' not in text
    assert '<body class="doubtful">' in text


def test_names_are_text_and_nothing_else(hostile: Path) -> None:
    text = hostile.read_text()
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    assert "<script>alert" not in text
    assert "<img" not in text
    assert "a\\u202egnp.exe" in text
    assert "\u202e" not in text
    assert "\\x1b[31m" in text


def test_the_page_lets_nothing_in_and_runs_only_its_own_script(shown: Path) -> None:
    text = shown.read_text()
    [policy] = re.findall(r'http-equiv="Content-Security-Policy" content="(.*?)"', text)
    for tag, directive in (("style", "style-src"), ("script", "script-src")):
        [body] = re.findall(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(body.encode()).digest()).decode()
        assert f"{directive} 'sha256-{digest}'" in html.unescape(policy)
    assert "default-src" in policy
    assert not re.search(r"<[^>]+ (style|on\w+)=", text)
    assert not re.findall(r'(?:src|href)="(?!#)(.*?)"', text)
    assert set(re.findall(r'href="#(.*?)"', text)) <= set(re.findall(r' id="(.*?)"', text))


def test_no_cell_of_the_workbook_is_a_formula(hostile: Path) -> None:
    with zipfile.ZipFile(hostile.with_suffix(".xlsx")) as book:
        sheets = [book.read(name).decode() for name in book.namelist() if "worksheets/sheet" in name]
        texts = "".join(book.read(name).decode() for name in book.namelist() if name.endswith(".xml"))
    assert len(sheets) > 15
    assert not any("<f>" in sheet for sheet in sheets)
    assert all("<pane " in sheet for sheet in sheets)
    assert all("<autoFilter " in sheet for sheet in sheets[1:])
    assert "&#39;=cmd" in texts or "'=cmd" in texts


def test_a_report_that_is_made_again_replaces_the_one_before(reported: Home) -> None:
    home, first = reported, latest(reported)
    assert (home.reports / "latest").readlink().name == first.parent.name == "20260301T120000Z"
    publish(home, Landed([server()], as_of=AS_OF + timedelta(days=1)), run_id="run-2")
    second = write_report(home)
    assert write_report(home) == second != first
    assert (home.reports / "latest").readlink().name == second.parent.name
    assert sorted(path.name for path in home.reports.iterdir()) == sorted(
        [first.parent.name, second.parent.name, "latest"]
    )


def test_what_killed_reports_left_is_removed_by_the_next(reported: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    home, first = reported, latest(reported)
    text = first.read_text()
    for name in (".20260301T120000Z.dead.draft", ".20260201T120000Z.dead.draft", ".20260301T120000Z.dead.old"):
        (home.reports / name).mkdir()
        (home.reports / name / "compliance.html").touch()
    (home.reports / ".latest.dead").symlink_to("20260301T120000Z")
    # Killed between two renames: the report that was to be replaced is the only one.
    first.parent.rename(home.reports / ".20260301T120001Z.dead.old")
    left = {path.name for path in home.reports.iterdir()}
    write_report(home)  # others may be making theirs now
    assert left <= {path.name for path in home.reports.iterdir()}
    monkeypatch.setattr("pipelines.reports.report._ABANDONED_SECONDS", 0)
    write_report(home)
    assert sorted(path.name for path in home.reports.iterdir()) == [
        "20260301T120000Z", "20260301T120001Z", "latest",
    ]  # fmt: skip
    assert (home.reports / "20260301T120001Z" / "compliance.html").read_text() == text


def test_reports_and_packs_are_for_their_owner_alone_whatever_the_umask(reported: Home) -> None:
    home = reported
    shutil.rmtree(home.reports)
    before = os.umask(0)
    try:
        made = [write_report(home).parent, write_pack(home, "20260301T120000Z")]
    finally:
        os.umask(before)
    paths = [path for folder in made for path in (folder, *folder.rglob("*"))]
    assert len(paths) > 100
    assert {stat.S_IMODE(path.stat().st_mode) for path in paths if path.is_dir()} == {0o700}
    assert {stat.S_IMODE(path.stat().st_mode) for path in paths if path.is_file()} == {0o600}


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (["a", "b"], "a; b"),
        ([], ""),
        (["=1", "b"], "'=1; b"),
        ([f"{n:036}" for n in range(1080)], "; ".join(f"{n:036}" for n in range(842)) + "; … and 238 more"),
        (["x" * 40_000], "… and 1 more"),
        ("x" * 32_010, "x" * 32_000 + " … and 10 more characters"),
    ],
)
def test_a_cell_that_can_not_hold_all_ends_between_two_ids_and_says_so(value: object, shown: str) -> None:
    assert _cell_text(value) == shown
    assert len(_cell_text(value)) < 32_767


def test_a_report_that_fails_leaves_the_one_before(reported: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    home, first = reported, latest(reported)
    before = first.read_text()

    def full(*_: object) -> None:
        raise FileCreateError(OSError(errno.ENOSPC, "No space left on device"))

    monkeypatch.setattr("pipelines.reports.workbook._write_workbook", full)
    with pytest.raises(WarehouseError, match=r"the disk of .* is full"):
        write_report(home)
    monkeypatch.undo()
    renamed = Path.rename

    def fail(path: Path, target: Path) -> Path:
        if path.name.endswith(".draft"):
            raise OSError(errno.EACCES, "Permission denied")
        return renamed(path, target)

    monkeypatch.setattr(Path, "rename", fail)
    with pytest.raises(WarehouseError):
        write_report(home)
    assert (home.reports / "latest" / "compliance.html").read_text() == before
    assert sorted(path.name for path in home.reports.iterdir()) == ["20260301T120000Z", "latest"]


@pytest.fixture
def visit(browser: Any) -> Iterator[Any]:
    """Open a page; whatever it says to the console or asks for beside itself fails the test."""
    said: list[str] = []
    contexts = []

    def open_page(path: Path, **more: Any) -> Any:
        context = browser.new_context(**more)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("dialog", lambda dialog: said.append(f"dialog {dialog.message}"))
        page.on("request", lambda request: said.append(request.url) if request.url != path.as_uri() else None)
        page.goto(path.as_uri())
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert said == []


def test_filters_work_without_a_server(visit: Any, shown: Path) -> None:
    page = visit(shown)
    everything = page.locator("#work tbody tr:visible").count()
    page.get_by_label("Filter rows").first.fill("critical erp-db")
    assert 0 < page.locator("#work tbody tr:visible").count() < everything
    page.locator("a.card", has_text="failures of critical controls").click()
    severities = page.locator("#work tbody tr:visible td:first-child").all_inner_texts()
    assert set(severities) == {"critical"}


FOLLOW = """links => links.map(link => {
  link.click();
  const table = document.getElementById(link.dataset.table);
  const heads = [...table.tHead.rows[0].cells].map(head => head.dataset.name);
  const left = [...table.tBodies[0].rows].filter(row => !row.hidden);
  const column = heads.indexOf("results");
  const sum = left.reduce((sum, row) => sum + Number(row.cells[column]?.textContent.replaceAll(",", "")), 0);
  return [link.dataset.table, link.dataset.filter, link.textContent, left.length, sum];
})"""


def followed(page: Any, links: str) -> list[tuple[str, str, int, int]]:
    """Each link to rows: where it leads, its filter, the number that it is, and what its rows add up to."""
    found = page.locator(links).evaluate_all(FOLLOW)
    return [
        (table, asked, int(text.replace(",", "")), rows if table == "resources" else results)
        for table, asked, text, rows, results in found
    ]


def test_every_number_is_what_the_rows_behind_it_add_up_to(visit: Any, shown: Path) -> None:
    page = visit(shown)
    links = followed(page, "td.number a")
    assert {table for table, *_ in links} == {"work", "unknown", "accepted", "resources"}
    assert len(links) > 60
    assert [link for link in links if link[2] != link[3]] == []
    for table, number in (("resources", 2), ("work", 1), ("unknown", 1)):
        cards = page.locator(f'a.card[data-table="{table}"]')
        assert cards.count() == number
        for card in cards.all():
            [[_, asked, _, rows, results]] = [card.evaluate("card => (" + FOLLOW + ")([card])[0]")]
            assert int(card.locator("b").inner_text()) == (rows if table == "resources" else results) > 0, asked


def test_names_that_are_alike_or_none_stay_told_apart(visit: Any, home: Home) -> None:
    old = {"created_at": "2026-01-01T00:00:00"}
    alike = [volume(f"v{n}", resource_id=f"twin-{n}", resource_name="twin", **(old if n else {})) for n in range(3)]
    odd = [
        volume(f"o{n}", resource_id=f"odd-{n}", resource_name=name, **old)
        for n, name in enumerate(["", "fail", "critical"])
    ]
    page = visit(write_report(publish(home, Landed([*alike, *odd]))))
    assert [link for link in followed(page, "td.number a") if link[2] != link[3]] == []
    item = page.locator(".critical li", has_text="resource-recent-recovery-point").inner_text()
    assert ": 5 disks fail. Fix by " in item
    assert (item.count("twin"), item.count("odd-0")) == (2, 1)
    grid = page.locator("table.grid tbody tr").all_inner_texts()
    assert len(grid) == 6
    assert page.locator("#resources td.bad", has_text="critical").count() == 5  # the severity, not the name


def test_scopes_are_told_apart(visit: Any, two_scopes: Path) -> None:
    page = visit(two_scopes)
    assert [link for link in followed(page, "td.number a") if link[2] != link[3]] == []
    for number, card in zip((1, 2), page.locator('a.card[data-filter*="recency"]').all(), strict=True):
        card.click()
        assert int(card.locator("b").inner_text()) == number
        assert page.locator("#resources tbody tr:visible").count() == number
    items = [text for text in page.locator(".critical li").all_inner_texts() if "recent-recovery-point" in text]
    assert sorted(re.findall(r"(\d+) disks? fails? in (\w+)", " ".join(items))) == [("1", "one"), ("2", "two")]


def test_nothing_critical_is_cut_off_however_much_there_is(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipelines.reports.listings._MAX_ROWS", 3)
    bodies = [volume(f"v{n}", resource_id=f"r{n}", created_at="2026-01-01T00:00:00") for n in range(6)]
    gone = [volume(f"g{n}", resource_id="gone") for n in range(2)]
    publish(home, Landed([*bodies, *gone]))
    publish(home, Landed(bodies, as_of=AS_OF + timedelta(days=1)), run_id="run-2")
    text = write_report(home).read_text()
    listed = re.search(r'<ul class="critical">(.*?)</ul>', text, re.DOTALL)
    assert listed
    assert re.findall(r": (\S+ \w+) fails?\.", listed[1]) == ["7 disks", "1 disk", "1 disk"]
    assert "Showing the first 3 of" in text


def test_paper_has_every_row(visit: Any, shown: Path) -> None:
    page = visit(shown)
    everything = page.locator("#work tbody tr:visible").count()
    page.get_by_label("Filter rows").first.fill("critical")
    left = page.locator("#work tbody tr:visible").count()
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert page.locator("#work tbody tr:visible").count() == everything > left
    page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    assert page.locator("#work tbody tr:visible").count() == left


def test_the_first_screen_says_what_is_critical_since_when_and_whose_it_is(visit: Any, shown: Path) -> None:
    page = visit(shown, viewport={"width": 1280, "height": 900})
    items = page.locator(".critical li").all_inner_texts()
    [lost] = [text for text in items if "resource-protection-lost" in text]
    assert re.search(r": 1 server and 2 disks fail\. Fix by \d+ \w{3} \d{4}\. Owner: finance-it\.", lost)
    assert re.search(r"failing since \d{4}-\d\d-\d\d \d\d:\d\d UTC", lost)
    assert "wiki-01" in lost
    assert page.locator(".critical li").first.bounding_box()["y"] < 900


def test_with_several_scopes_each_row_names_its_own(two_scopes: Path) -> None:
    text = two_scopes.read_text()
    table = re.search(r'<table id="resources">(.*?)</table>', text, re.DOTALL)
    assert table
    assert 'data-name="scope"' in table[1]
    assert {row[0] for row in (re.findall(r"<td.*?>(.*?)</td>", one) for one in table[1].split("<tr>")) if row} == {
        "one",
        "two",
    }


def test_a_file_of_another_version_is_named_and_what_to_do(reported: Home) -> None:
    home = reported
    shutil.rmtree(home.reports)
    with connect(home.warehouse) as connection:
        connection.execute("DROP VIEW compliance.size_changes")
    with pytest.raises(WarehouseError, match=r"made by another version of cbr-warehouse. Run 'cbr-warehouse build'"):
        write_report(home)
    assert not list(home.reports.glob("*"))


def test_hostile_names_do_nothing(visit: Any, hostile: Path) -> None:
    page = visit(hostile)
    assert page.get_by_text("<script>alert(1)</script>").first.is_visible()


@pytest.mark.parametrize("width", [390, 1280])
def test_the_page_fits_a_phone_and_a_desk(visit: Any, shown: Path, width: int) -> None:
    page = visit(shown, viewport={"width": width, "height": 900})
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.locator("svg.chart").count() == 2


@pytest.mark.parametrize(
    ("scheme", "rules"),
    [("light", {}), ("dark", {"runOnly": ["color-contrast"]})],  # nothing else looks different in the dark
    ids=["light", "dark"],
)
def test_axe_finds_no_serious_fault(visit: Any, shown: Path, scheme: str, rules: dict[str, Any]) -> None:
    from axe_playwright_python.sync_playwright import Axe

    page = visit(shown, color_scheme=scheme, bypass_csp=True)
    # A few rows of each table stand for all: they are made alike.
    page.evaluate("document.querySelectorAll('tbody tr:nth-child(n + 9)').forEach(row => row.remove())")
    answer = Axe().run(page, options=rules).response
    assert answer["passes"]
    assert [
        (one["id"], one["nodes"][0]["html"][:150])
        for one in answer["violations"]
        if one["impact"] in ("serious", "critical")
    ] == []
