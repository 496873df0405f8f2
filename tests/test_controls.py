"""Given backups, expected findings. Each case is one snapshot at AS_OF."""

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from pipelines.models.project import project
from tests.given import AS_OF, PROJECT, Body, Landed, at, child, replica, server, volume
from tests.together import Results, lands

RECENT, RETENTION = "resource-recent-recovery-point", "backup-retention-minimum"
ENCRYPTED, COMPLETE = "backup-encrypted", "server-backup-complete"


def shown(*bodies: Body, listed: tuple[Body, ...] = ()) -> Landed:
    return Landed(bodies, listed)


def away(*bodies: Body, **more: Any) -> Landed:
    """A snapshot of the scope that copies come from."""
    return Landed(bodies, **({"scope": "away", "project": "project-0", "region": "region-0"} | more))


def can_restore(results: Results, resource: str = "server-1") -> bool | None:
    rows = results.rows("compliance.resource_compliance", "resource_id", "can_restore_now")
    answers: list[bool | None] = [answer for name, answer in rows if name == resource]
    [answer] = answers
    return answer


@lands(shown(server(expired_at=...)))
def test_an_auto_backup_of_four_hours_ago_without_expiry_passes_all_but_retention(results: Results) -> None:
    assert results[RECENT, "server-1"] == ("pass", "recent")
    assert results[RECENT, "disk-of-child-of-backup-1"] == ("pass", "recent")
    assert results[RETENTION, "backup-1"] == ("unknown", "retention_not_visible")
    assert results[ENCRYPTED, "backup-1"] == ("pass", "encrypted")
    assert results[COMPLETE, "backup-1"] == ("pass", "complete")
    assert can_restore(results) is True


# Recovery point within its RPO: 24 h and 2 h of grace.
@lands(lambda points: [shown(*points)])
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
    results: Results, points: list[Body], expected: tuple[str, str]
) -> None:
    assert results[RECENT, "server-1"] == expected


@lands(shown(server(), listed=(volume("own", resource_id="disk-of-child-of-backup-1", created_at=at(days=9)),)))
def test_a_disk_is_covered_by_the_backup_of_its_server(results: Results) -> None:
    assert results[RECENT, "disk-of-child-of-backup-1"] == ("pass", "recent")


@lands(shown(server(children=[child("broken", status="error")])))
def test_a_disk_whose_part_failed_is_not_covered_by_the_backup_of_its_server(results: Results) -> None:
    assert results[RECENT, "server-1"] == ("pass", "recent")
    assert results[RECENT, "disk-of-broken"] == ("fail", "none")


@lands(shown(server(created_at=at(days=3)), replica("copy", PROJECT)))
def test_a_copy_is_no_local_point(results: Results) -> None:
    assert results[RECENT, "server-1"] == ("fail", "overdue")


@lands(shown(server(created_at=at(days=3)), server("odd", image_type=None)))
def test_a_backup_that_does_not_say_that_it_was_made_here_is_no_local_point(results: Results) -> None:
    assert results[RECENT, "server-1"] == ("fail", "overdue")


@lands(shown(replica("copy", "project-0")), away(server("source-1")))
def test_a_resource_known_from_copies_is_judged_where_it_lives(results: Results) -> None:
    assert results.of(RECENT, scope="away")["server-1"] == ("pass", "recent")
    assert results.of(RECENT, scope="prod")["server-1"] == ("not_applicable", "judged_at_source")


@lands(shown(replica("copy", "project-0")), away(volume("other")))
def test_a_copy_from_a_place_that_is_read_and_has_nothing_left_fails(results: Results) -> None:
    assert results.of(RECENT, scope="prod")["server-1"] == ("fail", "only_replica_left")


@lands(lambda left_at_source: [shown(replica("copy", "project-0")), away(server("source-1", **left_at_source))])
@pytest.mark.parametrize(
    ("left_at_source", "status", "code"),
    [
        ({"status": "error"}, "fail", "only_replica_left"),
        ({"expired_at": at(hours=1)}, "fail", "only_replica_left"),
        ({"expired_at": "soon"}, "not_applicable", "judged_at_source"),
    ],
)
def test_what_is_left_at_the_source_of_a_copy_counts_only_if_it_may_be_dependable(
    results: Results, left_at_source: Body, status: str, code: str
) -> None:
    assert results.of(RECENT, scope="prod")["server-1"] == (status, code)


@lands(shown(replica("copy", "elsewhere")))
def test_a_copy_from_a_place_that_is_not_read_is_not_judged(results: Results) -> None:
    assert results[RECENT, "server-1"] == ("not_applicable", "source_not_read")


@lands(shown(server(image_type="replication")))
def test_a_copy_from_nobody_knows_where_is_unknown(results: Results) -> None:
    assert results[RECENT, "server-1"] == ("unknown", "source_not_known")


@lands(lambda change: [shown(server(**change))])
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
    results: Results, change: dict[str, Any], expected: tuple[str, str]
) -> None:
    assert results[RETENTION, "backup-1"] == expected


PLAIN, UNSAID = {"encrypted": False}, {"encrypted": ...}


@lands(lambda change: [shown(server(**change))])
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
    results: Results, change: dict[str, Any], expected: tuple[str, str]
) -> None:
    assert results[ENCRYPTED, "backup-1"] == expected


@lands(lambda encrypted: [shown(listed=(volume(extend_info={"encrypted": encrypted}),))])
@pytest.mark.parametrize(
    ("encrypted", "expected"),
    [(True, ("pass", "encrypted")), (False, ("fail", "plain")), (..., ("unknown", "encryption_not_said"))],
)
def test_a_lone_disk_speaks_for_itself_even_from_the_list(
    results: Results, encrypted: Any, expected: tuple[str, str]
) -> None:
    assert results[ENCRYPTED, "backup-1"] == expected
    assert results[COMPLETE, "backup-1"] == ("not_applicable", "not_a_server")


@lands(shown(listed=(server(children=[]),)))
def test_without_details_a_server_is_neither_encrypted_nor_complete(results: Results) -> None:
    assert results[ENCRYPTED, "backup-1"] == ("unknown", "children_not_loaded")
    assert results[COMPLETE, "backup-1"] == ("unknown", "children_not_loaded")
    assert can_restore(results) is None


@lands(lambda change: [shown(server(**change))])
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
    results: Results, change: dict[str, Any], expected: tuple[str, str], restorable: bool | None
) -> None:
    assert results[COMPLETE, "backup-1"] == expected
    assert can_restore(results) is restorable


@lands(shown(server(resource_id=None)))
def test_a_backup_without_resource_is_still_judged(results: Results) -> None:
    assert results[RETENTION, "backup-1"] == ("pass", "long_enough")
    assert results[RECENT, "resource of backup backup-1"] == ("pass", "recent")


@lands(lambda expiry: [shown(server(expired_at=expiry, extend_info={"auto_trigger": False}))])
@pytest.mark.parametrize("expiry", [1772000000, "2026/02/28 00:00:00", ""])
def test_an_expiry_that_can_not_be_read_is_not_no_expiry(results: Results, expiry: Any) -> None:
    for control in (RECENT, RETENTION, COMPLETE):
        subject = "server-1" if control == RECENT else "backup-1"
        assert results[control, subject] == ("unknown", "expiry_not_readable")
    assert can_restore(results) is None


@lands(lambda children: [shown(server(children=children))])
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
    results: Results, children: Any, encrypted: str, complete: str
) -> None:
    assert results[ENCRYPTED, "backup-1"][0] == encrypted
    reason = "part_not_loaded" if isinstance(children, list) else "children_not_loaded"
    assert results[COMPLETE, "backup-1"] == (complete, reason)
    assert can_restore(results) is None


@lands(shown(server(expired_at=at(days=-7), children=[child("a", extend_info=PLAIN)])))
def test_what_is_wrong_with_a_servers_backup_is_wrong_with_its_disks(results: Results) -> None:
    assert ("disk-of-a", "partial") in results.rows("compliance.resource_compliance", "resource_id", "verdict")


@lands(
    shown(
        server("s1", resource_id="", created_at=at(hours=99), children=[child("a", resource_id="")]),
        server("s2", resource_id="", children=[child("b", resource_id="")]),
    )
)
def test_resources_without_a_name_for_themselves_are_not_one(results: Results) -> None:
    assert results[RECENT, "resource of backup s1"] == ("fail", "overdue")
    assert results[RECENT, "resource of backup s2"] == ("pass", "recent")
    assert results[RECENT, "resource of backup a"] == ("fail", "overdue")


@lands(shown(server(checkpoint_id="", children=[child("a", checkpoint_id="")])))
def test_empty_checkpoints_are_not_the_same_checkpoint(results: Results) -> None:
    assert results[COMPLETE, "backup-1"] == ("unknown", "checkpoint_not_said")


@lands(lambda parent: [shown(listed=(volume("v1", parent_id=parent, status="error"),))])
@pytest.mark.parametrize("parent", ["gone", 0])
def test_a_listed_part_of_nothing_that_is_there_is_judged_by_itself(results: Results, parent: Any) -> None:
    assert results[RECENT, "disk-1"] == ("fail", "none")


@lands(shown(server(), listed=(child("child-of-backup-1", parent_id="backup-1"),)))
def test_a_listed_part_of_a_backup_that_names_it_is_judged_with_it(results: Results) -> None:
    assert (ENCRYPTED, "child-of-backup-1") not in results
    assert results[ENCRYPTED, "backup-1"] == ("pass", "encrypted")


@lands(
    lambda kind: [
        shown(server(resource_type=kind, children=[child("a"), child("b", status="error", resource_type=kind)]))
    ]
)
@pytest.mark.parametrize("kind", [None, "OS::New::Kind"])
def test_a_resource_of_no_known_type_may_be_a_server(results: Results, kind: str | None) -> None:
    assert results[COMPLETE, "backup-1"] == ("unknown", "type_not_known")
    assert results[RECENT, "disk-of-b"] == ("fail", "none")
    assert can_restore(results) is None


@lands(shown(server(children=[child("A", children=[child("X", parent_id="B")]), child("B", extend_info=PLAIN)])))
def test_nesting_is_what_the_body_shows_not_what_ids_claim(results: Results) -> None:
    assert results[ENCRYPTED, "backup-1"] == ("fail", "plain_disk")
    assert results[RECENT, "disk-of-B"] == ("pass", "recent")


@lands(shown(server(children=[child("A", status="error", children=[child("X", parent_id="A")])])))
def test_a_part_below_a_failed_one_does_not_cover_its_disk(results: Results) -> None:
    assert results[RECENT, "disk-of-A"] == ("fail", "none")
    assert results[RECENT, "disk-of-X"] == ("fail", "none")


@lands(
    shown(
        server("s1", children=[child("c")]),
        server("s2", resource_id="server-2", children=[child("c", extend_info=PLAIN)]),
    )
)
def test_one_child_id_below_two_backups_keeps_two_sets_of_flags(results: Results) -> None:
    assert results[ENCRYPTED, "s1"] == ("pass", "encrypted")
    assert results[ENCRYPTED, "s2"] == ("fail", "plain_disk")


@lands(shown(replica("copy", "project-0")), away(server("other"), project="project-7", region="region-1"))
def test_the_same_resource_id_in_a_stranger_project_is_no_home(results: Results) -> None:
    assert set(results.of(RECENT, scope="prod").values()) == {("not_applicable", "source_not_read")}


@lands(shown(replica("copy", "project-0")), away(server("source-1"), complete=False))
def test_a_copy_from_a_place_that_was_never_read_whole_is_unknown(results: Results) -> None:
    assert results.of(RECENT, scope="prod")["server-1"] == ("unknown", "source_not_complete")


@lands(lambda points: [shown(*points)])
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
def test_since_when_is_never_later_than_the_reading_nor_made_up(
    results: Results, points: list[Body], since: Any
) -> None:
    rows = results.rows("compliance.resource_compliance", "resource_id", "recency", "unprotected_since")
    assert [row[1:] for row in rows if row[0] == "server-1"] == [("fail", since)]


@lands(shown(server(), server("b2", resource_id="server-2"), listed=(volume("b3"),)), alone=True)
def test_every_subject_has_one_result_for_every_control(results: Results) -> None:
    found = results.rows("compliance.control_results", "control_id", "subject_id")
    kinds = Counter(control.subject_kind for control in project().controls)
    # Three points; two servers, two disks in them and a lone disk; one vault and one scope, which also stands for the
    # vaults and the resources that were not read.
    subjects = {"recovery_point": 3, "known_point": 3, "resource": 5, "vault": 1, "scope": 1}
    subjects |= {"service_vault": 1, "inventory": 1}
    assert len(set(found)) == len(found) == sum(kinds[kind] * number for kind, number in subjects.items())


@lands(shown(server(created_at=at(hours=58))))
def test_a_failure_tells_since_when(results: Results) -> None:
    columns = ("resource_id", "unprotected_since", "verdict", "worst_severity")
    rows = results.rows("compliance.resource_compliance", *columns)
    assert [row[1:] for row in rows if row[0] == "server-1"] == [
        (AS_OF - timedelta(hours=58 - 26), "non_compliant", "critical")
    ]


@lands(shown(server(created_at=at(hours=58.5))))
def test_the_reason_carries_the_numbers(results: Results) -> None:
    columns = ("control_id", "subject_id", "reason", "measured_value", "threshold_value", "evidence_backup_ids")
    rows = results.rows("compliance.control_results", *columns)
    assert [row[2:] for row in rows if row[:2] == (RECENT, "server-1")] == [
        ("The newest dependable point is 58 h 30 min old; the limit is 26 h.", 58.5, 26.0, ["backup-1"])
    ]


def failed_replication(info: object) -> list[Landed]:
    record = {"id": "r1", "status": "fail", "source_backup_id": "backup-1", "extra_info": info}
    return [shown(server(replication_records=[record | {"destination_region": "region-2"}]))]


@lands(failed_replication)
@pytest.mark.parametrize(
    ("info", "said"),
    [
        ("the target vault is full", "no code, the target vault is full"),
        ({"fail_code": "X.1", "fail_reason": "no quota"}, "X.1, no quota"),
        ({"progress": 3}, "no code, no reason given"),
        (None, "no code, no reason given"),
    ],
)
def test_a_failed_replication_says_why_as_a_text_too(results: Results, info: object, said: str) -> None:
    rows = results.rows("controls.replication_healthy", "status", "reason")
    assert [reason for status, reason in rows if status == "fail"] == [f"A replication failed: {said}."]
