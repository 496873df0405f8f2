"""A pack of evidence: what is in it, that it can be judged again elsewhere, and that nothing in it can be changed."""

import csv
import json
import re
import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result

from pipelines.cli import main
from pipelines.errors import WarehouseError
from pipelines.evidence.pack import write_pack
from pipelines.evidence.verify import verify
from pipelines.landing.attempts import Attempt, write_attempt
from pipelines.storage.files import sha256_of
from pipelines.storage.home import Home
from pipelines.tables.manifest import read_table_manifest
from tests.given import AS_OF, Landed, fold, publish, query, server, volume
from tests.test_policy import POLICY
from tests.test_since_when import judge

FIRST, SECOND = "20260301T120000Z", "20260302T120000Z"


ODD_DISKS = [volume("v", resource_name="=1+1"), volume("w", resource_id="-2")]
JUDGED = "SELECT control_id, subject_id, effective_status, first_failed_at FROM compliance.control_results"


@pytest.fixture(scope="module")
def first_results() -> list[tuple[Any, ...]]:
    """What was published on the first day of `published_once`."""
    return []


@pytest.fixture(scope="module")
def published_once(tmp_path_factory: pytest.TempPathFactory, first_results: list[tuple[Any, ...]]) -> Home:
    home = publish(Home(tmp_path_factory.mktemp("two-days") / "home"), Landed([server(), *ODD_DISKS]))
    first_results += query(home, JUDGED)
    return publish(home, Landed(ODD_DISKS, as_of=AS_OF + timedelta(days=1)), run_id="run-2")


@pytest.fixture
def two_days(published_once: Home, home: Home) -> Home:
    """A home of its own with two days in it."""
    shutil.copytree(published_once.path, home.path)
    return home


@pytest.fixture(scope="module")
def packed_once(published_once: Home, tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A home with a pack of each of its two days."""
    home = Home(tmp_path_factory.mktemp("packed") / "home")
    shutil.copytree(published_once.path, home.path)
    write_pack(home, FIRST)
    write_pack(home, SECOND)
    return home


@pytest.fixture
def pack(packed_once: Home, tmp_path: Path) -> Path:
    """A pack of its own."""
    shutil.copytree(packed_once.evidence / SECOND, tmp_path / "pack")
    return tmp_path / "pack"


@pytest.fixture
def under_policy(policy_once: Home, home: Home) -> Home:
    """A home of its own with a day that was judged by a policy and waivers in it."""
    shutil.copytree(policy_once.path, home.path)
    return home


@pytest.fixture(scope="module")
def policy_once(tmp_path_factory: pytest.TempPathFactory) -> Home:
    home = Home(tmp_path_factory.mktemp("under-policy") / "home")
    home.prepare()
    (home.path / "policy.yaml").write_text(POLICY)
    (home.path / "waivers.yaml").write_text("version: 1\nwaivers: []")
    return publish(home, Landed([volume("v")], as_of=AS_OF + timedelta(days=1)))


@pytest.fixture
def two_scopes(scopes_once: Home, home: Home) -> Home:
    """A home of its own with two days of two scopes in it."""
    shutil.copytree(scopes_once.path, home.path)
    return home


@pytest.fixture(scope="module")
def scopes_once(tmp_path_factory: pytest.TempPathFactory) -> Home:
    home = Home(tmp_path_factory.mktemp("two-scopes") / "home")
    home.prepare()
    for day, bodies in enumerate([[server(), volume("v")], [volume("v")]]):
        judge(home, [Landed(bodies, as_of=AS_OF + timedelta(days=day)), away(day)])
    return home


def away(day: int) -> Landed:
    """The other scope, read a second later."""
    moment = AS_OF + timedelta(days=day, seconds=1)
    return Landed([volume(f"w{day}")], scope="away", as_of=moment, project="p2", region="r2")


def call(*words: str) -> Result:
    return CliRunner().invoke(main, list(words))


def test_a_pack_is_judged_again_anywhere_with_the_same_result(packed_once: Home, pack: Path) -> None:
    hidden = packed_once.path.rename(packed_once.path.with_name("hidden"))  # where it comes from is not looked at
    try:
        result = call("evidence", "--verify", str(pack))
    finally:
        hidden.rename(packed_once.path)
    assert (result.exit_code, "were recomputed and are the same" in result.stdout) == (0, True), result.output


def test_no_name_is_a_formula_in_the_csv(pack: Path) -> None:
    text = (pack / "results.csv").read_text()
    assert ("'=1+1" in text, '"=1+1' in text, "'-2" in text) == (True, False, True)
    assert "=1+1" in pq.read_table(pack / "results.parquet")["resource_name"].to_pylist()


def test_the_rules_that_lie_in_the_home_go_into_the_pack(under_policy: Home) -> None:
    folder = write_pack(under_policy, SECOND)
    assert (folder / "policy" / "policy.yaml").read_text() == POLICY
    assert (folder / "waivers.yaml").exists()
    assert verify(folder).is_same


def test_a_pack_holds_what_was_published(under_policy: Home, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    home = under_policy
    (home.path / "policy.yaml").rename(tmp_path / "acme.yaml")
    monkeypatch.setenv("CBR_POLICY", str(tmp_path / "acme.yaml"))
    folder = write_pack(home, SECOND)
    manifest = json.loads((folder / "manifest.json").read_text())
    published = query(home, "SELECT count(*), count(DISTINCT policy_sha256) FROM compliance.control_results")
    assert published == [(manifest["results"], 1)]
    assert pq.read_table(folder / "results.parquet").num_rows == manifest["results"]
    with (folder / "results.csv").open(newline="") as file:
        assert len(list(csv.DictReader(file))) == manifest["results"]
    assert manifest["files"]["policy/acme.yaml"] == sha256_of(tmp_path / "acme.yaml")
    assert "sql/controls/backup_encrypted.sql" in manifest["files"]
    assert manifest["snapshots"][0]["listed"] == 1
    monkeypatch.delenv("CBR_POLICY")
    assert verify(folder).is_same


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("results.csv", "results.csv was changed"),
        ("sql/controls/backup_encrypted.sql", "sql/controls/backup_encrypted.sql was changed"),
        ("home/history/manifests/scope=prod.json", "home/history/manifests/scope=prod.json was changed"),
    ],
)
def test_a_file_that_was_changed_is_named(pack: Path, name: str, said: str) -> None:
    with (pack / name).open("a") as file:
        file.write("\n")
    result = call("evidence", "--verify", str(pack))
    assert (result.exit_code, said in result.stdout) == (1, True)
    assert "Traceback" not in result.output


def test_a_result_that_was_changed_with_its_hash_is_found(pack: Path) -> None:
    manifest = json.loads((pack / "manifest.json").read_text())
    (pack / "manifest.json").write_text(json.dumps(manifest | {"result_sha256": "0" * 64}))
    result = call("evidence", "--verify", str(pack))
    assert (result.exit_code, "but its manifest has 000" in result.stderr) == (1, True)


def test_results_that_were_changed_together_with_the_manifest_are_found(pack: Path) -> None:
    path = pack / "results.csv"
    path.write_text(path.read_text().replace("fail", "pass"))
    manifest = json.loads((pack / "manifest.json").read_text())
    manifest["files"]["results.csv"] = sha256_of(path)
    (pack / "manifest.json").write_text(json.dumps(manifest))
    assert verify(pack).differences == ["results.csv differs from the recomputed results"]


def test_a_pack_under_other_rules_than_were_published_is_refused(
    two_days: Home, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "acme.yaml").write_text(POLICY)
    monkeypatch.setenv("CBR_POLICY", str(tmp_path / "acme.yaml"))
    with pytest.raises(WarehouseError, match="recomputed results differ from the published file"):
        write_pack(two_days, SECOND)
    assert not list(two_days.evidence.iterdir())


def test_a_file_that_is_missing_is_named(pack: Path) -> None:
    (pack / "results.csv").unlink()
    result = call("evidence", "--verify", str(pack))
    assert (result.exit_code, "results.csv is missing" in result.stdout) == (1, True)


def test_packs_are_a_chain(packed_once: Home) -> None:
    first, second = (packed_once.evidence / name / "manifest.json" for name in (FIRST, SECOND))
    previous = json.loads(second.read_text())["previous"]
    assert (previous["pack"], previous["manifest_sha256"]) == (FIRST, sha256_of(first))
    assert json.loads(first.read_text())["previous"] is None


def test_an_older_snapshot_is_judged_as_it_was(two_days: Home, first_results: list[tuple[Any, ...]]) -> None:
    home = two_days

    def files() -> list[Path]:
        return sorted(path for path in home.path.rglob("*") if path.is_file() and path.name != ".lock")

    before = files()
    folder = write_pack(home, FIRST)
    assert [path for path in files() if folder not in path.parents] == before
    rows = pq.read_table(folder / "results.parquet").select(
        ["control_id", "subject_id", "effective_status", "first_failed_at"]
    )
    assert sorted(map(repr, (tuple(row.values()) for row in rows.to_pylist()))) == sorted(map(repr, first_results))
    assert json.loads((folder / "manifest.json").read_text())["compared_with"] == "recorded counts of prod"
    assert verify(folder).is_same


def test_an_older_snapshot_under_other_rules_than_it_was_judged_by_is_refused(
    two_days: Home, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "acme.yaml").write_text(POLICY.replace("rpo_hours: 4,", "rpo_hours: 1,"))
    monkeypatch.setenv("CBR_POLICY", str(tmp_path / "acme.yaml"))
    with pytest.raises(WarehouseError, match="recomputed results of 'prod' differ from the recorded counts"):
        write_pack(two_days, FIRST)


def test_evidence_of_one_scope_has_the_others_of_its_run(two_scopes: Home) -> None:
    manifest = json.loads((write_pack(two_scopes, FIRST) / "manifest.json").read_text())
    assert {one["scope"]: one["snapshot_id"] for one in manifest["snapshots"]} == {
        "prod": FIRST,
        "away": "20260301T120001Z",
    }
    assert manifest["compared_with"] == "recorded counts of away, prod"


def test_a_snapshot_that_was_judged_again_when_another_reading_had_failed_is_judged_as_it_was_last(home: Home) -> None:
    home.prepare()
    judge(home, [Landed([server(), volume("v")]), away(0)])
    failed = AS_OF + timedelta(days=1, minutes=1)
    write_attempt(home, Attempt("prod", failed, "the cloud did not answer"))
    judge(home, [away(1)])
    judge(home, [Landed([volume("v")], as_of=AS_OF + timedelta(days=2)), away(2)])
    folder = write_pack(home, FIRST)
    manifest = json.loads((folder / "manifest.json").read_text())
    assert {one["scope"]: one["snapshot_id"] for one in manifest["snapshots"]} == {
        "prod": FIRST,
        "away": "20260302T120001Z",
    }
    assert manifest["compared_with"] == "recorded counts of away, prod"
    rows = pq.read_table(folder / "results.parquet").to_pylist()
    assert [r["raw_status"] for r in rows if (r["control_id"], r["scope"]) == ("snapshot-complete", "prod")] == ["fail"]
    # The other scope stood there on its first day as well, and was judged once only: with prod before it had failed.
    first = json.loads((write_pack(home, "20260301T120001Z") / "manifest.json").read_text())
    assert first["compared_with"] == "recorded counts of away"


def test_an_older_snapshot_whose_past_is_pruned_is_refused(two_days: Home) -> None:
    fold(two_days, Landed([volume("v")], as_of=AS_OF + timedelta(days=2)))
    shutil.rmtree(two_days.landed("prod", FIRST))
    with pytest.raises(WarehouseError, match=f"snapshot {FIRST} of 'prod' is required and no longer landed"):
        write_pack(two_days, SECOND)


def test_evidence_without_a_scope_that_stood_then_is_refused(two_scopes: Home) -> None:
    home = two_scopes
    shutil.rmtree(home.landed("away", "20260301T120001Z"))
    with pytest.raises(WarehouseError, match="snapshot 20260301T120001Z of 'away' is required and no longer landed"):
        write_pack(home, FIRST)
    assert not list(home.evidence.iterdir())
    assert not list(home.path.glob(".past-*"))


def test_only_what_is_landed_and_complete_has_evidence_and_once(packed_once: Home) -> None:
    with pytest.raises(WarehouseError, match="is not a complete snapshot in"):
        write_pack(packed_once, "20260304T120000Z")
    with pytest.raises(WarehouseError, match="already exists"):
        write_pack(packed_once, SECOND)
    assert sorted(path.name for path in packed_once.evidence.iterdir()) == [FIRST, SECOND]


def signed_again(pack: Path) -> Path:
    """Make the manifest of a pack agree with what its files are now, as somebody would who changed them."""
    manifest = json.loads((pack / "manifest.json").read_text())
    there = (path for path in pack.rglob("*") if path.is_file() and path.name != "manifest.json")
    manifest["files"] = {str(path.relative_to(pack)): sha256_of(path) for path in there}
    (pack / "manifest.json").write_text(json.dumps(manifest))
    return pack


COPY = "COPY (SELECT 42) TO 'stolen.csv'"  # in the working directory


def under_kind(sql: str) -> str:
    return f"{sql.splitlines()[0]}\n-- kind: table staging.a AS SELECT 1; {COPY}; CREATE TABLE\n{sql}"


def under_kind_of_view(sql: str) -> str:
    return f"{sql.splitlines()[0]}\n-- kind: view staging.a AS SELECT 1; {COPY}; CREATE VIEW\n{sql}"


def as_an_alias(sql: str) -> str:
    name = f"1 AS INT) AS a FROM meta.snapshots; {COPY}; SELECT 1 /*"
    column = f'    is_sandbox,\n    1 as "{name}" -- VARCHAR: x\nfrom'
    return sql.replace("    is_sandbox\nfrom", column) + "\n-- */ from (select 1"


def behind_a_string(sql: str) -> str:
    return f"{sql}\nand E'\\' <> ' or true) AS model; {COPY}; SELECT 1 FROM (SELECT 1 WHERE '1' <> '"


def as_a_second_statement(sql: str) -> str:
    return f"{sql}; {COPY}"


def as_a_function_that_reads_files(sql: str) -> str:
    return (
        f"{sql}\nand exists (select 1 from (select 1) as t, lateral read_text('/etc/hostname') as r"
        " where r.content <> '')"
    )


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (under_kind, "it must be table or view"),
        (under_kind_of_view, "it must be table or view"),
        (as_an_alias, "names are of small letters"),
        (behind_a_string, "is not SQL"),
        (as_a_second_statement, "is not one SELECT"),
        (as_a_function_that_reads_files, "disabled by configuration"),
    ],
)
def test_sql_of_a_pack_that_does_more_than_judge_is_refused_in_one_line(
    pack: Path, change: Callable[[str], str], said: str
) -> None:
    path = pack / "sql" / "staging" / "stg_snapshots.sql"
    path.write_text(change(path.read_text()))
    result = call("evidence", "--verify", str(signed_again(pack)))
    assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (1, "", 1)
    assert said in result.stderr
    assert not Path("stolen.csv").exists()


def test_the_name_of_a_model_of_a_pack_is_no_sql(pack: Path) -> None:
    name = f"a AS SELECT 1; {COPY}; CREATE TABLE staging.b"
    shutil.copyfile(pack / "sql" / "staging" / "stg_snapshots.sql", pack / "sql" / "staging" / f"{name}.sql")
    result = call("evidence", "--verify", str(signed_again(pack)))
    assert (result.exit_code, "names are of small letters" in result.stderr) == (1, True)
    assert not Path("stolen.csv").exists()


@pytest.mark.parametrize(
    ("keys", "is_refused"),
    [
        pytest.param(("id",), True, id="id"),
        pytest.param(("severity",), True, id="severity"),
        pytest.param(("subject",), True, id="subject"),
        pytest.param(("title", "version", "parameters", "remedy"), False, id="the others"),
    ],
)
def test_no_field_of_a_header_of_a_pack_is_run(pack: Path, keys: tuple[str, ...], is_refused: bool) -> None:
    path = pack / "sql" / "controls" / "backup_encrypted.sql"
    for key in keys:
        path.write_text(re.sub(rf"(?m)^-- {key}: .*$", f"-- {key}: x'; {COPY}; SELECT '", path.read_text()))
    assert path.read_text().count(COPY) == len(keys)
    result = call("evidence", "--verify", str(signed_again(pack)))
    assert (result.exit_code, "can't be recomputed" in result.stderr) == (1, is_refused)
    assert (result.stderr.count("\n"), "Traceback" in result.output) == (1, False)
    assert not Path("stolen.csv").exists()


def test_no_macro_audit_or_step_of_the_history_of_a_pack_is_run(pack: Path) -> None:
    for folder in ("macros", "audits", "fold", "reports"):
        for path in (pack / "sql" / folder).glob("*.sql"):
            path.write_text(f"{path.read_text()}\n; {COPY}")
    call("evidence", "--verify", str(signed_again(pack)))
    assert not Path("stolen.csv").exists()


def test_a_pack_that_leads_out_of_its_folder_is_refused(pack: Path) -> None:
    (pack / "sql" / "staging" / "more.sql").symlink_to("/etc/hostname")
    result = call("evidence", "--verify", str(signed_again(pack)))
    assert (result.exit_code, "more.sql is a symbolic link" in result.stderr) == (1, True)


def test_tables_outside_of_a_pack_are_not_read(pack: Path, tmp_path: Path) -> None:
    [manifest] = (pack / "home" / "tables" / "manifests").glob("*/*.json")
    content = json.loads(manifest.read_text())
    [path] = content["files"]["backups"]
    shutil.copyfile(pack / "home" / path, tmp_path / "elsewhere.parquet")
    for name in (str(tmp_path / "elsewhere.parquet"), "../../elsewhere.parquet"):
        manifest.write_text(json.dumps(content | {"files": content["files"] | {"backups": [name]}}))
        assert "results.csv differs from the recomputed results" in verify(signed_again(pack)).differences


@pytest.mark.parametrize("text", ["", "{}", "null", "[" * 100_000, "\0", '{"files": [1], "result_sha256": 1}'])
def test_a_damaged_manifest_of_a_pack_is_named(pack: Path, text: str) -> None:
    (pack / "manifest.json").write_text(text)
    result = call("evidence", "--verify", str(pack))
    assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (1, "", 1)
    assert f"{pack / 'manifest.json'} is damaged" in result.stderr


def test_a_table_of_a_home_that_was_changed_is_no_evidence(two_days: Home) -> None:
    loaded = read_table_manifest(two_days, "prod", SECOND)
    assert loaded
    [path] = loaded.paths(two_days, "backups")
    path.write_bytes(path.read_bytes() + b"x")
    with pytest.raises(WarehouseError, match=rf"{path.name} is damaged: its hash differs from the manifest"):
        write_pack(two_days, SECOND)
    publish(two_days, run_id="again")  # which makes it again
    assert verify(write_pack(two_days, SECOND)).is_same


def test_what_is_no_pack_is_said(tmp_path: Path) -> None:
    result = call("evidence", "--verify", str(tmp_path))
    assert (result.exit_code, "is not a pack of evidence" in result.stderr) == (1, True)
    assert call("evidence").exit_code == 2
