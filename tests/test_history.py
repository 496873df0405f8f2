"""What every record was, and when; what became of backups that vanished."""

import random
import shutil
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import chain
from typing import Any

import pytest

from pipelines.contract.history import HISTORY
from pipelines.contract.tables import NORMALIZED
from pipelines.errors import WarehouseError
from pipelines.flow.build import build, replay
from pipelines.history.manifest import read_history
from pipelines.landing.maintenance import prunable_snapshots, remove_snapshot
from pipelines.landing.manifest import read_snapshots
from pipelines.storage.connection import connect
from pipelines.storage.home import Home
from pipelines.storage.parquet import select_rows
from tests.given import AS_OF, Body, Landed, ask, child, fold, land, publish, server, volume
from tests.together import Results, lands

DAY = timedelta(days=1)


def day(number: int, *bodies: Body, **more: Any) -> Landed:
    return Landed(bodies, as_of=AS_OF + number * DAY, **more)


def days(*each: Iterable[Body]) -> list[Landed]:
    return [day(number, *bodies) for number, bodies in enumerate(each)]


def at(number: float) -> datetime:
    return AS_OF + number * DAY


def made(number: float) -> str:
    """When a point was created that is first in the snapshot of that day."""
    return (at(number) - timedelta(hours=4)).isoformat(timespec="microseconds")


def kept(number: int, **more: Any) -> Body:
    """An automatic point of that day that a rule by count keeps: it carries no expiry."""
    return server(f"p{number:+03}", created_at=made(number), expired_at=None, **more)


def asked(home: Home, sql: str) -> list[tuple[Any, ...]]:
    """The rows of a query on the history, as tuples."""
    return [tuple(row.values()) for row in ask(home, sql)]


def state_of(home: Home, scope: str = "prod") -> dict[str, list[tuple[Any, ...]]]:
    """Every row that the history has, in Parquet."""
    state = read_history(home, scope)
    with connect() as connection:
        return {
            table.name: connection.execute(
                f"SELECT * FROM {select_rows(table, state.paths(home, table.name))} ORDER BY ALL"
            ).fetchall()
            for table in HISTORY
        }


CHANGING = days([server(status="protecting")], [server()], [server()], [server(name="new")], [])


@lands(*CHANGING)
def test_a_record_that_changes_has_a_version_for_each_time(results: Results) -> None:
    columns = ("valid_from", "valid_to", "status", "name", "first_seen", "last_seen")
    assert results.rows("history.backups", *columns) == [
        (at(0), at(1), "protecting", "autobk_backup-1", at(0), at(0)),
        (at(1), at(3), "available", "autobk_backup-1", at(0), at(2)),
        (at(3), at(4), "available", "new", at(0), at(3)),
    ]
    assert results.rows("history.children", "valid_from", "valid_to", "last_seen") == [(at(0), at(4), at(3))]


@lands(*days([server()], [server(), volume("v1")]))
def test_what_lasts_has_no_end_and_was_last_seen_in_the_newest_snapshot(results: Results) -> None:
    assert results.rows("history.backups", "id", "valid_from", "valid_to", "last_seen") == [
        ("backup-1", at(0), None, at(1)),
        ("v1", at(1), None, at(1)),
    ]
    assert results.rows("history.extend_info", "valid_to") == [(None,)] * 3


REPLICATED = server(replication_records=[{"id": "r1", "status": "replicating"}])


@lands(
    lambda change: days([REPLICATED], [server(**{"replication_records": REPLICATED["replication_records"]} | change)])
)
@pytest.mark.parametrize(
    ("table", "change"),
    [
        ("backups", {"resource_size": 41}),
        ("backups", {"unheard_of": 1}),
        ("backups", {"expired_at": None}),
        ("extend_info", {"extend_info": {"encrypted": True}}),
        ("extend_info", {"extend_info": {"os_images_data": ["image-1"]}}),
        ("extend_info", {"extend_info": {"os_images_data": []}}),
        ("children", {"children": [child("child-of-backup-1", parent_id="backup-1", resource_size=41)]}),
        ("replication_records", {"replication_records": [{"id": "r1", "status": "fail"}]}),
    ],
)
def test_a_change_of_any_column_is_a_new_version_of_its_table_alone(
    results: Results, table: str, change: dict[str, Any]
) -> None:
    changed = {t.name for t in NORMALIZED if (at(1),) in results.rows(f"history.{t.name}", "valid_to")}
    assert changed == {table}


@lands(day(0, server()), day(1, complete=False), day(2, server()))
def test_only_complete_snapshots_are_history(results: Results) -> None:
    assert results.rows("history.backups", "valid_from", "valid_to", "last_seen") == [(at(0), None, at(2))]
    assert results.rows("history.disappearances") == []


@lands(day(0, server()), day(0, server(), scope="other"), day(1, scope="other"))
def test_scopes_have_histories_of_their_own(results: Results) -> None:
    assert results.rows("history.backups", "scope", "valid_to") == [("other", at(1)), ("prod", None)]


def _random_days(seed: int) -> list[Landed]:
    dice = random.Random(seed)
    estate: dict[str, Body] = {}
    each = []
    for number in range(5):
        for name in [name for name in estate if dice.random() < 0.25]:
            del estate[name]
        for name in estate:
            if dice.random() < 0.3:
                estate[name] = estate[name] | {"status": dice.choice(["available", "error", "deleting"])}
        for n in range(dice.randrange(4)):
            make = dice.choice([server, volume])
            expiry = dice.choice([None, made(number + 2), made(number + 30), "soon"])
            estate[f"b{number}-{n}"] = make(
                f"b{number}-{n}",
                created_at=made(number),
                expired_at=expiry,
                resource_id=f"resource-{n}",
                extend_info={"auto_trigger": dice.choice([True, False, ...])},
            )
        each.append(day(number, *estate.values(), complete=dice.random() < 0.8))
    return each


SEEDS = range(2)


def of_seed(seed: int) -> list[Landed]:
    """Random days of a scope of their own, after a first one."""
    each = [day(0, server(f"first-{seed}")), *_random_days(seed)[1:]]
    return [replace(landed, scope=f"seed-{seed}", project=f"project-{seed}") for landed in each]


@pytest.fixture(scope="module")
def states(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """The history of every seed: folded at once, day by day, again from nothing, and replayed."""
    by_day, at_once = (Home(tmp_path_factory.mktemp("folded") / name) for name in ("by-day", "at-once"))
    for landed in zip(*map(of_seed, SEEDS), strict=True):
        fold(by_day, *landed)
    fold(at_once, *chain.from_iterable(map(of_seed, SEEDS)))

    def state(home: Home) -> dict[str, Any]:
        return {scope: state_of(home, scope) for scope in map("seed-{}".format, SEEDS)}

    states = [state(at_once), state(by_day)]
    shutil.rmtree(by_day.histories)
    states.append(state(fold(by_day)))
    replay(by_day, None, "replayed")
    states.append(state(by_day))
    return states


@pytest.mark.parametrize("seed", SEEDS)
def test_folding_day_by_day_from_nothing_and_again_ends_in_the_same_state(
    states: list[dict[str, Any]], seed: int
) -> None:
    at_once, by_day, from_nothing, replayed = (state[f"seed-{seed}"] for state in states)
    assert len(at_once["backups_open"]) > 1
    assert by_day == at_once
    assert from_nothing == at_once
    assert replayed == at_once


def test_many_rows_are_folded_to_the_same_state_as_few(
    home: Home, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    each = _random_days(2)
    few = fold(home, *each)
    monkeypatch.setattr("pipelines.history.database.FEW_ROWS", 0)
    assert state_of(fold(Home(tmp_path / "many"), *each)) == state_of(few)


def test_a_quiet_day_adds_nothing_to_what_grows(home: Home) -> None:
    fold(home, *days([server(), volume("v")], [server()]))
    before = state_of(home)
    fold(home, *(day(number, server()) for number in range(2, 7)))
    assert state_of(home) == before
    assert all(len(files) == 1 for files in read_history(home, "prod").files.values() if files)


def test_files_of_what_grows_are_made_one_before_they_are_many(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipelines.history.fold._MAX_FILES", 4)
    fold(home, *days(*([server(name=f"name {number}")] for number in range(8))))
    assert 1 <= len(read_history(home, "prod").files["backups_closed"]) <= 4
    assert asked(home, "SELECT count(*), count(DISTINCT name) FROM history.backups") == [(8, 8)]


def test_history_outlives_the_file_and_pruned_landings(home: Home) -> None:
    publish(home, *days([server()], [server(name="new")]))
    for snapshot in read_snapshots(home):
        remove_snapshot(home.landed(snapshot.scope, snapshot.snapshot_id))
    home.warehouse.unlink()
    fold(home, day(2, server(name="newer")))
    assert [name for (name,) in asked(home, "SELECT name FROM history.backups ORDER BY valid_from")] == [
        "autobk_backup-1",
        "new",
        "newer",
    ]
    replay(home, None, "replayed")
    assert asked(home, "SELECT count(*) FROM history.backups") == [(3,)]


def test_a_history_whose_past_is_lost_says_so_and_what_to_do(home: Home) -> None:
    fold(home, day(0, server()))
    [snapshot] = read_snapshots(home)
    remove_snapshot(home.landed(snapshot.scope, snapshot.snapshot_id))
    shutil.rmtree(home.tables)
    land(home, day(1, server()))
    with pytest.raises(
        WarehouseError, match="goes on from snapshot 20260301T120000Z, whose tables and landing are both gone"
    ):
        build(home, "again")
    home.history_manifest("prod").write_text("{")
    with pytest.raises(WarehouseError, match="is damaged"):
        build(home, "again")


def test_a_replay_that_fails_half_way_leaves_the_history_as_it_was(home: Home) -> None:
    fold(home, *days(*([server(name=f"name {number}")] for number in range(4))))
    before = state_of(home)
    newest = read_snapshots(home)[-1]
    damaged = home.landed("prod", read_snapshots(home)[1].snapshot_id) / "show-00001.ndjson.zst"
    kept_bytes = damaged.read_bytes()
    damaged.write_bytes(b"not what it was")
    shutil.rmtree(home.tables)
    with pytest.raises(WarehouseError, match="is damaged"):
        replay(home, newest.snapshot_id, "replayed")
    assert state_of(home) == before
    damaged.write_bytes(kept_bytes)
    replay(home, None, "replayed")
    assert state_of(home) == before


def test_a_newest_snapshot_that_is_removed_is_not_in_the_history_any_more(home: Home) -> None:
    fold(home, *days([server()], [server(name="new")], [server(name="newer"), volume("v2")]))
    newest = read_snapshots(home)[-1]
    remove_snapshot(home.landed("prod", newest.snapshot_id))
    fold(home)
    assert asked(home, "SELECT name, valid_to, last_seen FROM history.backups ORDER BY valid_from") == [
        ("autobk_backup-1", at(1), at(0)),
        ("new", None, at(1)),
    ]
    fold(home, day(3, server(name="newest")))
    assert asked(home, "SELECT name, valid_from FROM history.backups ORDER BY valid_from")[1:] == [
        ("new", at(1)),
        ("newest", at(3)),
    ]


def test_what_the_history_has_not_taken_in_is_not_pruned(home: Home) -> None:
    fold(home, *days([server()], [server()]))
    for number in (2, 3, 4):
        land(home, day(number, server(name=f"name {number}")))
    old = prunable_snapshots(home, 1, at(10), {"prod": read_snapshots(home)[1].snapshot_id})
    assert [path.name for path in old] == ["snapshot_id=20260301T120000Z", "snapshot_id=20260302T120000Z"]


ODD = server(resource_size="40")


@lands(*days([server()], [ODD], [server()], [ODD, server("b2", odd=1)]), alone=True)
def test_drift_says_since_when(results: Results) -> None:
    assert results.rows("meta.drift", "path", "first_seen") == [("odd", at(3)), ("resource_size", at(1))]
    assert results.rows("history.drift", "path", "first_seen", "last_seen") == [
        ("odd", at(3), at(3)),
        ("resource_size", at(1), at(3)),
    ]


@lands(lambda each: days(*each))
@pytest.mark.parametrize(
    ("each", "last_seen", "gone_at", "absences"),
    [
        pytest.param([[server()], [], [server()]], at(2), None, 1, id="it is there"),
        pytest.param([[server()], [], [server()], []], at(2), at(3), 2, id="and went again"),
    ],
)
def test_a_backup_that_came_back_is_told_once_and_was_away(
    results: Results, each: list[list[Body]], last_seen: datetime, gone_at: datetime | None, absences: int
) -> None:
    columns = ("first_seen", "last_seen", "gone_at", "absences")
    assert results.rows("history.backup_lifecycle", *columns) == [(at(0), last_seen, gone_at, absences)]
    assert (results.rows("history.backup_lifecycle", "disappearance") == [(None,)]) == (gone_at is None)


MANUAL: Body = {"extend_info": {"auto_trigger": False}}
UNSAID: Body = {"extend_info": {"auto_trigger": ...}, "name": "mine"}
GONE = [
    # (what was, day by day; what the first day that lacks `id` makes of it)
    ("dated, after its day", [[server(expired_at=made(1))], []], "expired", "ok"),
    ("dated, before its day", [[server(expired_at=made(30))], []], "deleted_early", "fail"),
    ("dated and by hand, before its day", [[server(expired_at=made(30), **MANUAL)], []], "deleted_early", "fail"),
    ("failed", [[server(status="error")], []], "failed_or_inflight_cleanup", "ok"),
    ("failed, and then going", [[server(status="error")], [server(status="deleting")], []], "failed_or_inflight_cleanup", "ok"),
    ("whole, and then going", [[server()], [server(status="deleting")], []], "deleted_early", "fail"),
    ("failed, then whole, then going", [[server(status="error")], [server()], [server(status="deleting")], []], "deleted_early", "fail"),
    ("whole once, then failed", [[server()], [server(status="error")], []], "deleted_early", "fail"),
    ("whole once, then made anew", [[server()], [server(status="protecting")], []], "deleted_early", "fail"),
    ("whole, its removal failed", [[server()], [server(status="deleting")], [server(status="error")], [server(status="deleting")], []], "deleted_early", "fail"),
    ("failed, and then going by steps", [[server(status="error")], [server(status="waiting_delete")], [server(status="deleting")], []], "failed_or_inflight_cleanup", "ok"),
    ("being made", [[server(status="protecting", expired_at=None)], []], "failed_or_inflight_cleanup", "ok"),
    ("of an expiry that nobody can read", [[server(expired_at="soon")], []], "expiry_unreadable", "unknown"),
    ("by hand", [[server(expired_at=None, **MANUAL)], []], "manual_deleted", "fail"),
    ("by hand, as its name says", [[server(expired_at=None, name="manualbk_1", extend_info={"auto_trigger": ...})], []], "manual_deleted", "fail"),
    ("of unknown making", [[server(expired_at=None, **UNSAID)], []], "deleted_unexplained", "fail"),
    ("of unknown status", [[server(expired_at=None, status="odd"), kept(1)], [kept(1)]], "deleted_unexplained", "fail"),
    ("the only one", [[server(expired_at=None)], []], "deleted_unexplained", "fail"),
]  # fmt: skip


@lands(lambda each: days(*each))
@pytest.mark.parametrize(("each", "disappearance", "verdict"), [row[1:] for row in GONE], ids=[row[0] for row in GONE])
def test_what_became_of_a_backup(results: Results, each: list[list[Body]], disappearance: str, verdict: str) -> None:
    rows = results.rows("history.backup_lifecycle", "backup_id", "disappearance", "verdict")
    assert [row[1:] for row in rows if row[0] == "backup-1"] == [(disappearance, verdict)]


def gone(results: Results) -> list[tuple[str, str]]:
    rows = results.rows("history.backup_lifecycle", "backup_id", "disappearance", "gone_at")
    return [(backup, disappearance) for backup, disappearance, gone_at in rows if gone_at]


def these(first: int, last: int) -> list[Body]:
    """The automatic points of these days."""
    return [kept(number) for number in range(first, last + 1)]


@lands(
    *days(these(-2, 0), these(-1, 1), these(0, 2), these(0, 3), these(2, 4), these(2, 5)),
    day(7, *these(5, 7)),
)
def test_a_rule_that_keeps_three_rotates_daily_and_every_other_day_and_over_a_missed_snapshot(
    results: Results,
) -> None:
    assert {disappearance for _, disappearance in gone(results)} == {"rotated_by_count"}
    assert len(gone(results)) == 7


@lands(*days([kept(0)], [kept(1)], [kept(2)]))
def test_one_point_that_is_replaced_by_the_next_is_rotated(results: Results) -> None:
    assert gone(results) == [("p+00", "rotated_by_count"), ("p+01", "rotated_by_count")]


@lands(day(0, *these(-2, 0)), day(9, *these(7, 9)))
def test_a_rule_that_replaces_all_between_two_readings_can_not_be_followed(results: Results) -> None:
    assert set(gone(results)) == {(name, "rotation_faster_than_sampling") for name in ("p-02", "p-01", "p+00")}


@lands(day(0, *these(-6, 0)), day(3, kept(3)))
def test_a_deletion_of_all_that_one_new_point_follows_is_no_rotation(results: Results) -> None:
    assert {disappearance for _, disappearance in gone(results)} == {"deleted_unexplained"}


@lands(*days(*([kept(n, vault_id=None) for n in range(last - 2, last + 1)] for last in range(4))))
def test_a_rotation_in_a_vault_without_a_name_is_one(results: Results) -> None:
    assert {disappearance for _, disappearance in gone(results)} == {"rotated_by_count"}


@lands(day(0, *these(-2, 0)), day(3, *these(1, 3)))
def test_a_rule_that_replaces_all_and_leaves_none_unseen_is_a_rotation(results: Results) -> None:
    assert {disappearance for _, disappearance in gone(results)} == {"rotated_by_count"}


@lands(*days(these(-5, 0), these(-2, 1)))
def test_the_oldest_that_go_together_when_a_count_is_lowered_are_not_explained(results: Results) -> None:
    assert gone(results) == [(name, "deleted_unexplained") for name in ("p-03", "p-04", "p-05")]


@lands(*days(these(0, 4), [*these(0, 1), *these(3, 4)]))
def test_a_point_in_the_middle_may_be_thinned_out_by_a_long_rule(results: Results) -> None:
    assert gone(results) == [("p+02", "possible_gfs_thinning")]


@lands(*days(these(-4, 0), these(-4, -1)))
def test_the_newest_point_is_never_explained(results: Results) -> None:
    assert gone(results) == [("p+00", "deleted_unexplained")]


def going(number: int) -> Body:
    return kept(number, status="deleting")


@lands(*days(these(-6, 0), these(-5, 1), these(-4, 2), [going(-3), going(-2), *these(-1, 3)], these(-1, 4)))
def test_points_that_were_seen_going_count_in_what_there_was(results: Results) -> None:
    assert gone(results)[-2:] == [("p-05", "rotated_by_count"), ("p-06", "rotated_by_count")]
    assert ("p-02", "deleted_unexplained") in gone(results)
    assert ("p-03", "deleted_unexplained") in gone(results)


@lands(*days(*([going(last - 3), *these(last - 2, last)] for last in range(5))))
def test_a_rotation_that_each_snapshot_catches_in_the_act_is_one(results: Results) -> None:
    assert {disappearance for _, disappearance in gone(results)} == {"rotated_by_count"}


@lands(
    *days(these(-6, 0), these(-5, 1), these(-4, 2)),
    day(3, project="other"),
    day(4, *these(-2, 4)),
    day(5, *these(2, 5)),
)
def test_a_reading_of_another_project_between_hides_no_deletion(results: Results) -> None:
    rows = results.rows("history.disappearances", "gone_at", "disappearance")
    assert [what for when, what in rows if when == at(5)] == ["deleted_unexplained"] * 4


@lands(day(0, server(), region=None), day(1, region="region-1"))
def test_a_region_that_is_told_only_now_is_no_other_place(results: Results) -> None:
    assert gone(results) == [("backup-1", "deleted_early")]


@lands(
    Landed([], [server(children=[]), volume("p1", parent_id="backup-1")]),
    Landed([server(children=[child("p1")])], [volume("p1", parent_id="backup-1")], as_of=at(1)),
)
def test_a_part_whose_whole_is_known_only_later_is_not_gone(results: Results) -> None:
    assert gone(results) == []
    assert ("p1", None) in results.rows("history.backups", "id", "valid_to")


@lands(day(0, server()), day(1, project="other"))
def test_points_of_a_project_that_is_read_no_more_are_not_judged(results: Results) -> None:
    assert gone(results) == [("backup-1", "vault_or_project_not_seen")]


OF_A_VAULT = [server(f"b{n}", expired_at=made(30)) for n in range(4)]


@lands(*days(OF_A_VAULT, OF_A_VAULT[:1]))
def test_how_early_and_how_much_of_its_vault_went_with_it(results: Results) -> None:
    columns = (
        "backup_id",
        "verdict",
        "days_early",
        "vault_points_before",
        "vault_points_after",
        "vault_failed_with_it",
    )
    rows = results.rows("history.backup_lifecycle", *columns)
    assert [(name, round(early, 2), *rest) for name, verdict, early, *rest in rows if verdict == "fail"] == [
        (f"b{n}", 28.83, 4, 1, 3) for n in (1, 2, 3)
    ]


PART = volume("child-of-backup-1", parent_id="backup-1", expired_at=None)


@lands(
    day(0, server(expired_at=made(1))),
    day(1),
    Landed([server("b2", children=[child("child-of-backup-1")])], [PART], as_of=at(2)),
    day(3),
)
def test_a_part_that_the_list_names_beside_its_whole_has_no_life_of_its_own(results: Results) -> None:
    assert [name for name, _ in gone(results)] == ["b2", "backup-1"]
