"""Given backups, expected findings. Each case is one snapshot at AS_OF."""

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from pipelines.models.project import project
from pipelines.storage.home import Home
from tests.given import AS_OF, PROJECT, Body, Landed, ask, at, child, fold, publish, query, replica, server, volume

RECENT, RETENTION = "resource-recent-recovery-point", "backup-retention-minimum"
ENCRYPTED, COMPLETE = "backup-encrypted", "server-backup-complete"


class Findings:
    """Findings of a home that is landed: (control, subject) -> (status, reason code), each control judged when asked."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._found: dict[str, dict[str, tuple[str, str]]] = {}

    def __getitem__(self, key: tuple[str, str]) -> tuple[str, str]:
        control, subject = key
        if control not in self._found:
            rows = ask(self._home, f"SELECT * FROM controls.{control.replace('-', '_')}")
            self._found[control] = {row["subject_id"]: (row["status"], row["reason_code"]) for row in rows}
        return self._found[control][subject]

    def __contains__(self, key: tuple[str, str]) -> bool:
        try:
            return bool(self[key])
        except KeyError:
            return False


def findings(home: Home, *given: Landed) -> Findings:
    """Land snapshots, to be judged."""
    return Findings(fold(home, *given))


def judge(home: Home, *shown: Body, listed: tuple[Body, ...] = ()) -> Findings:
    return findings(home, Landed(shown, listed))


def can_restore(home: Home, resource: str = "server-1") -> bool | None:
    rows = ask(home, "SELECT * FROM compliance.resource_compliance")
    [answer] = [row["can_restore_now"] for row in rows if row["resource_id"] == resource]
    return answer


def test_an_auto_backup_of_four_hours_ago_without_expiry_passes_all_but_retention(home: Home) -> None:
    found = judge(home, server(expired_at=...))
    assert found[RECENT, "server-1"] == ("pass", "recent")
    assert found[RECENT, "disk-of-child-of-backup-1"] == ("pass", "recent")
    assert found[RETENTION, "backup-1"] == ("unknown", "retention_not_visible")
    assert found[ENCRYPTED, "backup-1"] == ("pass", "encrypted")
    assert found[COMPLETE, "backup-1"] == ("pass", "complete")
    assert can_restore(home) is True


# Recovery point within its RPO: 24 h and 2 h of grace.
@pytest.mark.parametrize(
    ("points", "expected"),
    [
        pytest.param([server(created_at=at(hours=26))], ("pass", "recent"), id="exactly at the limit"),
        pytest.param([server(created_at=at(hours=26.001))], ("fail", "overdue"), id="just beyond the limit"),
        pytest.param(
            [server("new", created_at=at(hours=1), status="protecting"), server("old", created_at=at(hours=58))],
            ("fail", "overdue"),
            id="newest still protecting, the one before 58 h old",
        ),
        pytest.param(
            [server("new", created_at=at(hours=7), status="restoring"), server("old", created_at=at(hours=31))],
            ("pass", "recent"),
            id="newest restoring: still usable",
        ),
        pytest.param([server(status="waiting_restore")], ("pass", "recent"), id="waiting for restore: usable"),
        pytest.param([server(status="deleting")], ("fail", "none"), id="being deleted"),
        pytest.param([server(status="error")], ("fail", "none"), id="failed"),
        pytest.param([server(status="frozen")], ("fail", "none"), id="a status that nobody documented"),
        pytest.param([server(expired_at=at(hours=1))], ("fail", "none"), id="past its expiry, still listed"),
        pytest.param([server(expired_at=AS_OF.isoformat())], ("fail", "none"), id="expires at this very instant"),
        pytest.param([server(created_at=at(hours=-1))], ("fail", "none"), id="from the future"),
        pytest.param([server(created_at=at(hours=-0.05))], ("pass", "recent"), id="ahead by less than the clock skew"),
        pytest.param([server(created_at=...)], ("unknown", "time_not_known"), id="carries no time"),
        pytest.param(
            [server(created_at=at(hours=30), protected_at=at(hours=25), updated_at=at(hours=29))],
            ("fail", "overdue"),
            id="captured long after it was last changed: not believed",
        ),
        pytest.param(
            [server(created_at=at(hours=27), protected_at=at(hours=25), updated_at=at(hours=24))],
            ("pass", "recent"),
            id="the time of capture counts where it is believable",
        ),
    ],
)
def test_recency_is_judged_by_the_newest_dependable_point(
    home: Home, points: list[Body], expected: tuple[str, str]
) -> None:
    assert judge(home, *points)[RECENT, "server-1"] == expected


def test_a_disk_is_covered_by_the_backup_of_its_server(home: Home) -> None:
    own = volume("own", resource_id="disk-of-child-of-backup-1", created_at=at(days=9))
    found = judge(home, server(), listed=(own,))
    assert found[RECENT, "disk-of-child-of-backup-1"] == ("pass", "recent")


def test_a_disk_whose_part_failed_is_not_covered_by_the_backup_of_its_server(home: Home) -> None:
    found = judge(home, server(children=[child("broken", status="error")]))
    assert found[RECENT, "server-1"] == ("pass", "recent")
    assert found[RECENT, "disk-of-broken"] == ("fail", "none")


def test_a_copy_is_no_local_point(home: Home) -> None:
    found = judge(home, server(created_at=at(days=3)), replica("copy", PROJECT))
    assert found[RECENT, "server-1"] == ("fail", "overdue")


def test_a_backup_that_does_not_say_that_it_was_made_here_is_no_local_point(home: Home) -> None:
    found = judge(home, server(created_at=at(days=3)), server("odd", image_type=None))
    assert found[RECENT, "server-1"] == ("fail", "overdue")


def test_a_resource_known_from_copies_is_judged_where_it_lives(home: Home) -> None:
    here = Landed([replica("copy", "project-0")])
    there = Landed([server("source-1")], scope="away", project="project-0", region="region-0")
    publish(home, here, there)
    sql = f"SELECT scope, raw_status, reason_code FROM compliance.control_results WHERE control_id = '{RECENT}'"
    found = query(home, sql + " AND resource_id = 'server-1' ORDER BY 1")
    assert found == [("away", "pass", "recent"), ("prod", "not_applicable", "judged_at_source")]


def test_a_copy_from_a_place_that_is_read_and_has_nothing_left_fails(home: Home) -> None:
    here = Landed([replica("copy", "project-0")])
    there = Landed([volume("other")], scope="away", project="project-0", region="region-0")
    assert findings(home, here, there)[RECENT, "server-1"] == ("fail", "only_replica_left")


@pytest.mark.parametrize(
    ("left_at_source", "status", "code"),
    [
        ({"status": "error"}, "fail", "only_replica_left"),
        ({"expired_at": at(hours=1)}, "fail", "only_replica_left"),
        ({"expired_at": "soon"}, "not_applicable", "judged_at_source"),
    ],
)
def test_what_is_left_at_the_source_of_a_copy_counts_only_if_it_may_be_dependable(
    home: Home, left_at_source: Body, status: str, code: str
) -> None:
    here = Landed([replica("copy", "project-0")])
    source = server("source-1", **left_at_source)
    publish(home, here, Landed([source], scope="away", project="project-0", region="region-0"))
    sql = f"SELECT raw_status, reason_code FROM compliance.control_results WHERE control_id = '{RECENT}'"
    assert query(home, sql + " AND resource_id = 'server-1' AND scope = 'prod'") == [(status, code)]


def test_a_copy_from_a_place_that_is_not_read_is_not_judged(home: Home) -> None:
    assert judge(home, replica("copy", "elsewhere"))[RECENT, "server-1"] == ("not_applicable", "source_not_read")


def test_a_copy_from_nobody_knows_where_is_unknown(home: Home) -> None:
    found = judge(home, server(image_type="replication"))
    assert found[RECENT, "server-1"] == ("unknown", "source_not_known")


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        pytest.param({}, ("pass", "long_enough"), id="30 days to the microsecond"),
        pytest.param(
            {"expired_at": (AS_OF + timedelta(days=30, hours=-4, microseconds=-4282)).isoformat()},
            ("pass", "long_enough"),
            id="30 days less 4 ms, as the service stamps it",
        ),
        pytest.param({"expired_at": at(hours=4 + 1, days=-30)}, ("pass", "long_enough"), id="short by the tolerance"),
        pytest.param({"expired_at": at(hours=4 + 1.01, days=-30)}, ("fail", "too_short"), id="short by more"),
        pytest.param({"expired_at": at(days=-7)}, ("fail", "too_short"), id="a week"),
        pytest.param({"expired_at": None}, ("unknown", "retention_not_visible"), id="kept by count, or for ever"),
        pytest.param(
            {"expired_at": None, "extend_info": {"auto_trigger": False}},
            ("pass", "kept_until_deleted"),
            id="made by hand",
        ),
        pytest.param(
            {"expired_at": None, "name": "manualbk_x", "extend_info": {"auto_trigger": ...}},
            ("pass", "kept_until_deleted"),
            id="made by hand, as its name says",
        ),
        pytest.param(
            {"expired_at": None, "name": "x", "extend_info": {"auto_trigger": ...}},
            ("unknown", "retention_not_visible"),
            id="nothing says who made it",
        ),
        pytest.param({"created_at": None}, ("unknown", "creation_not_known"), id="no creation"),
        pytest.param({"expired_at": at(hours=1)}, ("not_applicable", "expired"), id="past its expiry"),
        pytest.param({"status": "error"}, ("not_applicable", "not_usable"), id="failed"),
        pytest.param({"status": "frozen"}, ("unknown", "status_not_known"), id="a status that nobody documented"),
    ],
)
def test_retention_counts_from_creation_with_a_tolerance(
    home: Home, change: dict[str, Any], expected: tuple[str, str]
) -> None:
    assert judge(home, server(**change))[RETENTION, "backup-1"] == expected


PLAIN, UNSAID = {"encrypted": False}, {"encrypted": ...}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        pytest.param({}, ("pass", "encrypted"), id="the only disk"),
        pytest.param({"extend_info": {"encrypted": True}, "children": [child("c", extend_info=PLAIN)]},
                     ("fail", "plain_disk"), id="the server's own flag says nothing"),
        pytest.param({"children": [child("a"), child("b", extend_info=PLAIN), child("c", extend_info=UNSAID)]},
                     ("fail", "plain_disk"), id="one plain disk of three"),
        pytest.param({"children": [child("a"), child("b", extend_info=UNSAID)]},
                     ("unknown", "encryption_not_said"), id="one disk that does not say"),
        pytest.param({"children": []}, ("unknown", "no_children"), id="no disk"),
        pytest.param({"children": [child("a", children=[child("b", parent_id="a", extend_info=PLAIN)])]},
                     ("fail", "plain_disk"), id="a plain part below an encrypted disk"),
        pytest.param({"children": [child("a", extend_info=PLAIN, children=[child("b", parent_id="a")])]},
                     ("pass", "encrypted"), id="what has parts is judged by them"),
        pytest.param({"status": "error"}, ("not_applicable", "not_usable"), id="failed"),
        pytest.param({"status": "frozen"}, ("unknown", "status_not_known"), id="a status that nobody documented"),
    ],
)  # fmt: skip
def test_a_server_is_encrypted_when_every_disk_says_so(
    home: Home, change: dict[str, Any], expected: tuple[str, str]
) -> None:
    assert judge(home, server(**change))[ENCRYPTED, "backup-1"] == expected


@pytest.mark.parametrize(
    ("encrypted", "expected"),
    [(True, ("pass", "encrypted")), (False, ("fail", "plain")), (..., ("unknown", "encryption_not_said"))],
)
def test_a_lone_disk_speaks_for_itself_even_from_the_list(
    home: Home, encrypted: Any, expected: tuple[str, str]
) -> None:
    found = judge(home, listed=(volume(extend_info={"encrypted": encrypted}),))
    assert found[ENCRYPTED, "backup-1"] == expected
    assert found[COMPLETE, "backup-1"] == ("not_applicable", "not_a_server")


def test_without_details_a_server_is_neither_encrypted_nor_complete(home: Home) -> None:
    found = judge(home, listed=(server(children=[]),))
    assert found[ENCRYPTED, "backup-1"] == ("unknown", "children_not_loaded")
    assert found[COMPLETE, "backup-1"] == ("unknown", "children_not_loaded")
    assert can_restore(home) is None


@pytest.mark.parametrize(
    ("change", "expected", "restorable"),
    [
        pytest.param({}, ("pass", "complete"), True, id="whole"),
        pytest.param({"children": [child("a"), child("b", status="error")], "resource_size": 80},
                     ("fail", "child_unusable"), False, id="a failed disk"),
        pytest.param({"children": [child("a", status="frozen")]},
                     ("unknown", "child_status_not_known"), None, id="a disk in a state that nobody documented"),
        pytest.param({"children": []}, ("fail", "no_children"), False, id="no disk"),
        pytest.param({"children": [child("a", checkpoint_id="other")]},
                     ("fail", "checkpoint_differs"), False, id="a disk from another moment"),
        pytest.param({"children": [child("a", checkpoint_id=None)]},
                     ("unknown", "checkpoint_not_said"), None, id="a disk that does not say its moment"),
        pytest.param({"extend_info": {"contain_system_disk": False},
                      "children": [child("a", extend_info={"bootable": False})]},
                     ("fail", "no_system_disk"), False, id="no system disk"),
        pytest.param({"extend_info": {"contain_system_disk": ...},
                      "children": [child("a", extend_info={"bootable": ...})]},
                     ("unknown", "system_disk_not_said"), None, id="nothing said of a system disk"),
        pytest.param({"extend_info": {"contain_system_disk": ...}},
                     ("pass", "complete"), True, id="a bootable disk is a system disk"),
        pytest.param({"resource_size": 100}, ("pass", "complete_size_differs"), True, id="sizes differ: a warning"),
        pytest.param({"extend_info": {"supported_restore_mode": "na"}},
                     ("pass", "complete"), False, id="complete, but can not be restored"),
        pytest.param({"status": "error"}, ("not_applicable", "not_dependable"), False, id="failed"),
        pytest.param({"status": "frozen"}, ("unknown", "status_not_known"), False, id="an unknown status"),
    ],
)  # fmt: skip
def test_a_server_backup_is_complete_when_all_its_parts_are(
    home: Home, change: dict[str, Any], expected: tuple[str, str], restorable: bool | None
) -> None:
    assert judge(home, server(**change))[COMPLETE, "backup-1"] == expected
    assert can_restore(home) is restorable


def test_a_backup_without_resource_is_still_judged(home: Home) -> None:
    found = judge(home, server(resource_id=None))
    assert found[RETENTION, "backup-1"] == ("pass", "long_enough")
    assert found[RECENT, "resource of backup backup-1"] == ("pass", "recent")


def verdict(home: Home, resource: str) -> str:
    rows = ask(home, "SELECT * FROM compliance.resource_compliance")
    return next(row["verdict"] for row in rows if row["resource_id"] == resource)


@pytest.mark.parametrize("expiry", [1772000000, "2026/02/28 00:00:00", ""])
def test_an_expiry_that_can_not_be_read_is_not_no_expiry(home: Home, expiry: Any) -> None:
    found = judge(home, server(expired_at=expiry, extend_info={"auto_trigger": False}))
    for control in (RECENT, RETENTION, COMPLETE):
        subject = "server-1" if control == RECENT else "backup-1"
        assert found[control, subject] == ("unknown", "expiry_not_readable")
    assert can_restore(home) is None


@pytest.mark.parametrize(
    ("children", "encrypted", "complete"),
    [
        pytest.param(
            [child("a"), child("b", id=None, extend_info=PLAIN)], "unknown", "unknown", id="a part without id"
        ),
        pytest.param([child("a"), child("a", extend_info=PLAIN)], "unknown", "unknown", id="a part that comes twice"),
        pytest.param({"a": 1}, "unknown", "unknown", id="no list at all"),
        pytest.param(
            [child("a", extend_info=PLAIN), "x"], "fail", "unknown", id="a part that is no object, one that fails"
        ),
    ],
)
def test_a_part_that_could_not_be_loaded_is_not_taken_for_good(
    home: Home, children: Any, encrypted: str, complete: str
) -> None:
    found = judge(home, server(children=children))
    assert found[ENCRYPTED, "backup-1"][0] == encrypted
    reason = "part_not_loaded" if isinstance(children, list) else "children_not_loaded"
    assert found[COMPLETE, "backup-1"] == (complete, reason)
    assert can_restore(home) is None


def test_what_is_wrong_with_a_servers_backup_is_wrong_with_its_disks(home: Home) -> None:
    judge(home, server(expired_at=at(days=-7), children=[child("a", extend_info=PLAIN)]))
    assert verdict(home, "disk-of-a") == "partial"


def test_resources_without_a_name_for_themselves_are_not_one(home: Home) -> None:
    old = server("s1", resource_id="", created_at=at(hours=99), children=[child("a", resource_id="")])
    found = judge(home, old, server("s2", resource_id="", children=[child("b", resource_id="")]))
    assert found[RECENT, "resource of backup s1"] == ("fail", "overdue")
    assert found[RECENT, "resource of backup s2"] == ("pass", "recent")
    assert found[RECENT, "resource of backup a"] == ("fail", "overdue")


def test_empty_checkpoints_are_not_the_same_checkpoint(home: Home) -> None:
    found = judge(home, server(checkpoint_id="", children=[child("a", checkpoint_id="")]))
    assert found[COMPLETE, "backup-1"] == ("unknown", "checkpoint_not_said")


@pytest.mark.parametrize("parent", ["gone", 0])
def test_a_listed_part_of_nothing_that_is_there_is_judged_by_itself(home: Home, parent: Any) -> None:
    found = judge(home, listed=(volume("v1", parent_id=parent, status="error"),))
    assert found[RECENT, "disk-1"] == ("fail", "none")


def test_a_listed_part_of_a_backup_that_names_it_is_judged_with_it(home: Home) -> None:
    part = child("child-of-backup-1", parent_id="backup-1")
    found = judge(home, server(), listed=(part,))
    assert (ENCRYPTED, "child-of-backup-1") not in found
    assert found[ENCRYPTED, "backup-1"] == ("pass", "encrypted")


@pytest.mark.parametrize("kind", [None, "OS::New::Kind"])
def test_a_resource_of_no_known_type_may_be_a_server(home: Home, kind: str | None) -> None:
    found = judge(
        home, server(resource_type=kind, children=[child("a"), child("b", status="error", resource_type=kind)])
    )
    assert found[COMPLETE, "backup-1"] == ("unknown", "type_not_known")
    assert found[RECENT, "disk-of-b"] == ("fail", "none")
    assert can_restore(home) is None


def test_nesting_is_what_the_body_shows_not_what_ids_claim(home: Home) -> None:
    claims = child("A", children=[child("X", parent_id="B")])
    found = judge(home, server(children=[claims, child("B", extend_info=PLAIN)]))
    assert found[ENCRYPTED, "backup-1"] == ("fail", "plain_disk")
    assert found[RECENT, "disk-of-B"] == ("pass", "recent")


def test_a_part_below_a_failed_one_does_not_cover_its_disk(home: Home) -> None:
    found = judge(home, server(children=[child("A", status="error", children=[child("X", parent_id="A")])]))
    assert found[RECENT, "disk-of-A"] == ("fail", "none")
    assert found[RECENT, "disk-of-X"] == ("fail", "none")


def test_one_child_id_below_two_backups_keeps_two_sets_of_flags(home: Home) -> None:
    found = judge(
        home,
        server("s1", children=[child("c")]),
        server("s2", resource_id="server-2", children=[child("c", extend_info=PLAIN)]),
    )
    assert found[ENCRYPTED, "s1"] == ("pass", "encrypted")
    assert found[ENCRYPTED, "s2"] == ("fail", "plain_disk")


def test_the_same_resource_id_in_a_stranger_project_is_no_home(home: Home) -> None:
    here = Landed([replica("copy", "project-0")])
    stranger = Landed([server("other")], scope="away", project="project-7")
    publish(home, here, stranger)
    sql = f"SELECT raw_status, reason_code FROM compliance.control_results WHERE control_id = '{RECENT}' AND scope = 'prod'"
    assert set(query(home, sql)) == {("not_applicable", "source_not_read")}


def test_a_copy_from_a_place_that_was_never_read_whole_is_unknown(home: Home) -> None:
    here = Landed([replica("copy", "project-0")])
    there = Landed([server("source-1")], scope="away", project="project-0", region="region-0", complete=False)
    assert findings(home, here, there)[RECENT, "server-1"] == ("unknown", "source_not_complete")


@pytest.mark.parametrize(
    ("points", "since"),
    [
        ([server(status="error", created_at=...)], None),
        ([server(created_at=at(hours=-48))], AS_OF),
        ([server("a", status="deleting", created_at=at(days=4), updated_at=at(hours=3)),
          server("b", status="deleting", created_at=at(days=1), updated_at=at(hours=2))], AS_OF),
        ([server("a", expired_at=at(hours=5)), server("b", expired_at=at(hours=9))], AS_OF - timedelta(hours=5)),
        ([server("a", status="error", created_at=at(days=4)), server("b", status="error")], AS_OF - timedelta(days=4)),
    ],
)  # fmt: skip
def test_since_when_is_never_later_than_the_reading_nor_made_up(home: Home, points: list[Body], since: Any) -> None:
    publish(home, Landed(points))
    sql = "SELECT recency, unprotected_since FROM compliance.resource_compliance WHERE resource_id = 'server-1'"
    assert query(home, sql) == [("fail", since)]


def test_every_subject_has_one_result_for_every_control(home: Home) -> None:
    publish(home, Landed([server(), server("b2", resource_id="server-2")], [volume("b3")]))
    found = query(home, "SELECT DISTINCT control_id, subject_id FROM compliance.control_results")
    kinds = Counter(control.subject_kind for control in project().controls)
    # Three points; two servers, two disks in them and a lone disk; one vault and one scope.
    subjects = {"recovery_point": 3, "known_point": 3, "resource": 5, "vault": 1, "scope": 1}
    assert len(found) == sum(kinds[kind] * number for kind, number in subjects.items())


def test_a_failure_tells_since_when(home: Home) -> None:
    publish(home, Landed([server(created_at=at(hours=58))]))
    sql = "SELECT unprotected_since, verdict, worst_severity FROM compliance.resource_compliance WHERE resource_id = 'server-1'"
    assert query(home, sql) == [(AS_OF - timedelta(hours=58 - 26), "non_compliant", "critical")]


def test_the_reason_carries_the_numbers(home: Home) -> None:
    publish(home, Landed([server(created_at=at(hours=58.5))]))
    sql = f"SELECT reason, measured_value, threshold_value, evidence_backup_ids FROM compliance.control_results WHERE control_id = '{RECENT}' AND subject_id = 'server-1'"
    assert query(home, sql) == [
        ("The newest dependable point is 58 h 30 min old; the limit is 26 h.", 58.5, 26.0, ["backup-1"])
    ]


@pytest.mark.parametrize(
    ("info", "said"),
    [
        ("the target vault is full", "no code, the target vault is full"),
        ({"fail_code": "X.1", "fail_reason": "no quota"}, "X.1, no quota"),
        ({"progress": 3}, "no code, no reason given"),
        (None, "no code, no reason given"),
    ],
)
def test_a_failed_replication_says_why_as_a_text_too(home: Home, info: object, said: str) -> None:
    record = {"id": "r1", "status": "fail", "source_backup_id": "backup-1", "extra_info": info}
    fold(home, Landed([server(replication_records=[record | {"destination_region": "region-2"}])]))
    sql = "SELECT reason FROM controls.replication_healthy WHERE status = 'fail'"
    assert ask(home, sql) == [{"reason": f"A replication failed: {said}."}]
