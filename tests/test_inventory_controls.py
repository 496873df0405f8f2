"""What the controls about the list of resources say: many cases in one home, each a resource of its own."""

from typing import Any

import pytest

from pipelines.storage.home import Home
from tests.given import AS_OF, Body, Landed, ask, at, child, fold, publish, put_input, query, server, volume
from tests.given_inputs import (
    DAY,
    DISK,
    TURBO,
    failed,
    protectable,
    refused,
    results,
    rules,
    stale,
    vault,
    waiver,
)

PROTECTED = "resource-protected"


def backup(resource_id: str, *disks: str, **more: Any) -> Body:
    """A server's backup with these disks."""
    children = [child(f"part-{disk}", resource_id=disk) for disk in disks]
    return server(f"backup-{resource_id}", resource_id=resource_id, children=children, **more)


def disk_backup(resource_id: str, **more: Any) -> Body:
    return volume(f"backup-{resource_id}", resource_id=resource_id, **more)


def member(
    resource_id: str, *, auto: bool = True, include: list[str] | None = None, exclude: tuple[str, ...] = ()
) -> Body:
    extra = {"include_volumes": [{"id": disk} for disk in include or []], "exclude_volumes": list(exclude)}
    return {"id": resource_id, "type": "OS::Nova::Server", "auto_protect": auto, "extra_info": extra}


BACKUPS = [
    backup("good", "good-disk"),
    backup("dropped", "dropped-disk"),
    backup("manual"),
    backup("partly", "kept-disk"),
    backup("chosen", "chosen-disk"),
    backup("expired", expired_at=at(hours=1)),
    backup("young-backed-up"),
    disk_backup("own-disk"),
    backup("copied", image_type="replication"),
    backup("waived-dropped"),
]
LISTED = [
    protectable("good", disks=("good-disk",)),
    protectable("good-disk", DISK),
    protectable("dropped", disks=("dropped-disk",)),
    protectable("manual"),
    protectable("partly", disks=("kept-disk", "left-out")),
    protectable("chosen", disks=("chosen-disk", "not-chosen")),
    protectable("expired"),
    protectable("forgotten", disks=("forgotten-disk",)),
    protectable("waiting"),
    protectable("share", TURBO),
    protectable("young", hours=47),
    protectable("young-backed-up", hours=47),
    protectable("no-longer-young", hours=49),
    protectable("own-disk", DISK),
    protectable("copied"),
    protectable("excluded", disks=("excluded-disk",)),
    protectable("waived"),
    protectable("odd", "OS::New::Kind"),
]
MEMBERS = [
    member("good"),
    member("manual", auto=False),
    member("partly", exclude=("left-out",)),
    member("chosen", include=["chosen-disk"]),
    member("expired"),
    member("waiting"),
    member("own-disk"),
]
EXPECTED = {
    "good": ("pass", "protected"),
    "good-disk": ("pass", "protected"),
    "dropped": ("fail", "backed_up_not_associated"),
    "dropped-disk": ("fail", "backed_up_not_associated"),
    "manual": ("fail", "backed_up_not_associated"),
    "partly": ("pass", "protected"),
    "kept-disk": ("pass", "protected"),
    "left-out": ("fail", "unprotected"),
    "chosen": ("pass", "protected"),
    "chosen-disk": ("pass", "protected"),
    "not-chosen": ("fail", "unprotected"),
    "expired": ("fail", "associated_no_backup"),
    "forgotten": ("fail", "unprotected"),
    "forgotten-disk": ("fail", "unprotected"),
    "waiting": ("fail", "associated_no_backup"),
    "share": ("fail", "unprotected"),
    "young": ("not_applicable", "grace"),
    "young-backed-up": ("not_applicable", "grace"),
    "no-longer-young": ("fail", "unprotected"),
    "own-disk": ("pass", "protected"),
    "copied": ("fail", "unprotected"),
    "excluded": ("not_applicable", "out_of_scope"),
    "excluded-disk": ("not_applicable", "out_of_scope"),
    "waived": ("waived", "unprotected"),
    "odd": ("fail", "unprotected"),
}
EXCLUDE = [
    {"id": "e", "match": {"resource_id": "excluded"}, "reason": "r", "owner": "o", "review_by": "2099-01-01"},
]
ASSIGN = [{"id": "a", "priority": 1, "match": {"resource_type": TURBO}, "tier": "files", "owner": "storage-team"}]
POLICY = rules(
    {"t": {}, "files": {}},
    exclude=EXCLUDE,
    assignments=ASSIGN,
    waivers=(waiver(PROTECTED, resource_id="waived"),),
)


@pytest.fixture
def inventory(home: Home) -> Home:
    """A home with a scope for each state of the lists."""
    vaults = [vault("vault-1", *MEMBERS), vault("copies", member("copied"), protect_type="replication")]
    few = [protectable("one"), protectable("two")]
    lists = {"protectables": few, "vaults": [vault("vault-1", "one")]}
    return fold(
        home,
        Landed(BACKUPS, inputs={"protectables": LISTED, "vaults": vaults}),
        Landed([backup("one")], scope="never-read"),
        Landed([backup("one")], scope="refused", inputs={"protectables": refused("protectables")}),
        Landed([backup("one")], scope="partial", inputs=lists, partial=("protectables",)),
        *stale("stale", [backup("one")], protectables=few),
        Landed([backup("one")], scope="no-vaults", inputs={"protectables": few}),
        Landed([backup("one"), backup("two")], scope="some-vaults", inputs=lists, partial=("vaults",)),
        Landed([], [backup("one", "a-disk")], scope="unread", inputs={"protectables": [protectable("one", disks=("a-disk",))]}),
        Landed(scope="failed", inputs={"protectables": failed("protectables")}),
        Landed(scope="empty", inputs={"protectables": []}),
    )  # fmt: skip


def test_only_what_has_a_point_and_a_vault_is_protected(inventory: Home) -> None:
    found = results(inventory, PROTECTED, POLICY)
    assert {subject: code for (scope, subject), code in found.items() if scope == "prod"} == EXPECTED
    assert {key: code for key, code in found.items() if key[0] != "prod"} == {
        ("never-read", "never-read"): ("not_applicable", "input_missing"),
        ("refused", "refused"): ("not_applicable", "input_missing"),
        ("partial", "one"): ("pass", "protected"),
        ("partial", "two"): ("fail", "unprotected"),
        ("partial", "partial"): ("unknown", "inventory_incomplete"),
        ("stale", "one"): ("unknown", "input_stale"),
        ("stale", "two"): ("unknown", "input_stale"),
        ("stale", "stale"): ("unknown", "input_stale"),
        ("no-vaults", "one"): ("pass", "protected"),
        ("no-vaults", "two"): ("fail", "unprotected"),
        ("some-vaults", "one"): ("pass", "protected"),
        ("some-vaults", "two"): ("unknown", "association_not_known"),
        ("unread", "one"): ("pass", "protected"),
        ("unread", "a-disk"): ("unknown", "points_not_known"),
        ("failed", "failed"): ("unknown", "input_stale"),
    }


def test_a_file_lists_resources_where_the_service_does_not_or_not_all(home: Home) -> None:
    lists = {"protectables": [protectable("one"), protectable("two")]}
    fold(
        home,
        Landed([backup("one")], scope="file-only"),
        Landed([backup("one")], scope="partial", inputs=lists, partial=("protectables",)),
        Landed([backup("one")], scope="both", inputs=lists),
        *stale("old-list", [backup("one")], **lists),
        Landed([backup("one")], scope="not-named"),
    )
    scopes = ("file-only", "partial", "both", "old-list")
    rows = [f"{scope},{name},2026-01-01T00:00:00Z" for scope in scopes for name in ("one", "three")]
    rows += [f"{scope},young,2026-02-28T20:00:00Z" for scope in scopes]
    put_input(home, "inventory.csv", "\n".join(["scope,resource_id,created_at", *rows]), hours=47)
    found = results(home, PROTECTED, POLICY)
    of_file = {"one": ("pass", "protected"), "three": ("fail", "unprotected"), "young": ("not_applicable", "grace")}
    of_both = of_file | {"two": ("fail", "unprotected")}
    expected = {"file-only": of_file, "partial": of_both, "both": of_both, "old-list": of_file}
    unproven = dict.fromkeys(("partial", "old-list"), ("unknown", "inventory_incomplete"))
    expected |= {scope: expected[scope] | {scope: code} for scope, code in unproven.items()}
    named = {(scope, name): code for scope, of_scope in expected.items() for name, code in of_scope.items()}
    assert found == named | {("not-named", "not-named"): ("not_applicable", "input_missing")}
    sql = """SELECT scope, sum(resources) AS resources, sum(protected) AS protected, max(coverage_percent) IS NULL AS unproven
        FROM compliance.protection_coverage WHERE scope IN ('file-only', 'partial') GROUP BY scope ORDER BY scope"""
    assert [tuple(row.values()) for row in ask(home, sql, rules=POLICY)] == [
        ("file-only", 3, 1, False),
        ("partial", 4, 1, True),
    ]


def test_an_old_file_lists_nothing(home: Home) -> None:
    lists = {"protectables": [protectable("one")]}
    fold(home, Landed([backup("one")], scope="file-only"), Landed([backup("one")], scope="both", inputs=lists))
    rows = [f"{scope},gone,2026-01-01T00:00:00Z" for scope in ("file-only", "both")]
    put_input(home, "inventory.csv", "\n".join(["scope,resource_id,created_at", *rows]), hours=49)
    assert results(home, PROTECTED, POLICY) == {
        ("file-only", "file-only"): ("unknown", "input_stale"),
        ("both", "one"): ("pass", "protected"),
    }


def test_coverage_counts_every_listed_resource_and_gives_no_share_of_a_list_that_may_lack_some(inventory: Home) -> None:
    sql = """SELECT scope, inventory_state, tier, owner, subject_type, resources, protected, unprotected, grace,
        out_of_scope, waived, coverage_percent FROM compliance.protection_coverage ORDER BY ALL"""
    rows = [tuple(row.values()) for row in ask(inventory, sql, rules=POLICY)]
    assert [row for row in rows if row[0] == "prod"] == [
        ("prod", "ready", "files", "storage-team", "turbo", 1, 0, 1, 0, 0, 0, 0.0),
        ("prod", "ready", "t", None, "server", 14, 3, 4, 2, 1, 1, pytest.approx(300 / 11)),
        ("prod", "ready", "t", None, "unknown", 1, 0, 1, 0, 0, 0, 0.0),
        ("prod", "ready", "t", None, "volume", 9, 4, 3, 0, 1, 0, 50.0),
    ]
    shares = {row[0]: (row[1], row[5], row[11]) for row in rows if row[0] != "prod"}
    assert shares["partial"] == ("incomplete", 2, None)
    assert shares["stale"] == ("stale", 2, None)
    assert shares["never-read"] == ("missing", 0, None)
    assert shares["empty"] == ("ready", 0, None)
    assert shares["no-vaults"] == ("ready", 2, 50.0)


def test_a_listed_resource_has_the_failure_in_its_row_and_every_subject_has_one_result(inventory: Home) -> None:
    publish(inventory)  # the audits of the draft count results and subjects
    sql = """SELECT resource_id FROM compliance.resource_compliance
        WHERE scope = 'prod' AND list_contains(failed_controls, 'resource-protected') ORDER BY resource_id"""
    assert [row[0] for row in query(inventory, sql)] == [
        "copied", "dropped", "dropped-disk", "expired", "manual",
    ]  # fmt: skip
    sql = "SELECT owner, reason FROM compliance.owner_worklist WHERE subject_id = 'forgotten'"
    assert query(inventory, sql) == [("nobody", "It has no dependable point, and no vault backs it up.")]


ORPHANED = "orphaned-backup"


def old(resource_id: str, days: float = 40, **more: Any) -> Body:
    """A server's backup of so many days ago that is still kept."""
    own = {"children": [], "created_at": at(days=days), "expired_at": at(days=-300)} | more
    return server(f"backup-{resource_id}-{days}", resource_id=resource_id, **own)


def daily(scope: str, backups: list[Body], *lists: tuple[str, ...], partial: bool = False) -> list[Landed]:
    """A snapshot a day with a list of resources each, the last of them now; `partial` is about the last."""
    count = len(lists)
    return [
        Landed(
            backups,
            scope=scope,
            as_of=AS_OF - (count - 1 - number) * DAY,
            inputs={"protectables": [protectable(name) for name in names]},
            partial=("protectables",) if partial and number == count - 1 else (),
        )
        for number, names in enumerate(lists)
    ]


def test_a_backup_is_orphaned_once_two_whole_lists_lack_its_resource(home: Home) -> None:
    backups = [
        old("listed"),
        old("back"),
        old("gone-twice"),
        old("gone-twice", 5),
        old("gone-once"),
        old("never-listed"),
        old("young", 20),
        old("edge", 30),
        old("expired", expired_at=at(days=1)),
        old("waived"),
        old("odd", resource_type="OS::Ironic::BareMetalServer"),
        old("copied", image_type="replication"),
        backup("with-disk", "inner-disk"),
    ]
    first = ("listed", "back", "gone-twice", "gone-once", "young", "waived", "with-disk")
    fold(
        home,
        *daily("prod", backups, first, ("listed", "gone-once", "with-disk"), ("listed", "back", "with-disk")),
        *daily("once", [old("gone")], ()),
        *daily("partial", [old("gone"), old("listed")], ("gone", "listed"), (), (), ("listed",), partial=True),
        *stale("stale", [old("gone")], protectables=[]),
        Landed([old("gone")], scope="never-read"),
        Landed([old("gone")], scope="refused", inputs={"protectables": refused("protectables")}),
    )
    found = results(home, ORPHANED, rules({"t": {}}, waivers=(waiver(ORPHANED, resource_id="waived"),)))
    assert found == {
        ("prod", "listed"): ("pass", "exists"),
        ("prod", "back"): ("pass", "exists"),
        ("prod", "gone-twice"): ("fail", "orphaned"),
        ("prod", "gone-once"): ("not_applicable", "not_confirmed"),
        ("prod", "never-listed"): ("fail", "orphaned"),
        ("prod", "young"): ("pass", "no_old_points"),
        ("prod", "edge"): ("pass", "no_old_points"),
        ("prod", "expired"): ("pass", "no_old_points"),
        ("prod", "waived"): ("waived", "orphaned"),
        ("prod", "odd"): ("not_applicable", "type_not_listed"),
        ("prod", "copied"): ("not_applicable", "judged_at_source"),
        ("prod", "with-disk"): ("pass", "exists"),
        ("prod", "inner-disk"): ("not_applicable", "judged_with_server"),
        ("once", "gone"): ("not_applicable", "not_confirmed"),
        ("partial", "gone"): ("not_applicable", "inventory_incomplete"),
        ("partial", "listed"): ("pass", "exists"),
        ("stale", "gone"): ("unknown", "input_stale"),
        ("never-read", "gone"): ("not_applicable", "input_missing"),
        ("refused", "gone"): ("not_applicable", "input_missing"),
    }
    sql = "SELECT backup_id, last_listed_at FROM compliance.orphaned_backups ORDER BY backup_id"
    assert [tuple(row.values()) for row in ask(home, sql)] == [
        ("backup-gone-twice-40", AS_OF - 2 * DAY),
        ("backup-never-listed-40", None),
        ("backup-waived-40", AS_OF - 2 * DAY),
    ]


RESIDENCY = "data-residency"


def copied(
    key: str, region: str | None = "region-2", project: str | None = "project-2", status: str = "success"
) -> Body:
    """A server's backup with a record of a copy there."""
    record = {"id": f"record-{key}", "status": status, "created_at": at(hours=3), "source_region": "region-1"}
    place = {"destination_region": region, "destination_project_id": project, "destination_backup_id": f"copy-{key}"}
    return server(key, resource_id=f"of-{key}", children=[], replication_records=[record | place])


def test_copies_are_only_where_the_policy_allows_them(home: Home) -> None:
    backups = [
        copied("allowed"),
        copied("other-region", "region-9"),
        copied("other-project", project="project-9"),
        copied("nowhere", None),
        copied("no-project", project=None),
        copied("failed", "region-9", status="fail"),
        copied("any", "region-9"),
        copied("waived", "region-9"),
        server("alone", resource_id="of-alone", children=[], replication_records=[]),
        server("not-sent", resource_id="of-not-sent", children=[], replication_records=...),
        server("own-copy", resource_id="of-own-copy", children=[], image_type="replication"),
    ]
    fold(home, Landed(backups))
    given = rules(
        {"strict": {"allowed_regions": ["region-1", "region-2"], "allowed_projects": ["project-2"]}, "any": {}},
        assignments=[{"id": "a", "priority": 1, "match": {"resource_id": "of-any"}, "tier": "any"}],
        waivers=(waiver(RESIDENCY, backup_id="waived"),),
    )
    assert {subject: code for (_, subject), code in results(home, RESIDENCY, given).items()} == {
        "allowed": ("pass", "allowed"),
        "other-region": ("fail", "region_not_allowed"),
        "other-project": ("fail", "project_not_allowed"),
        "nowhere": ("unknown", "place_not_known"),
        "no-project": ("unknown", "place_not_known"),
        "failed": ("not_applicable", "no_copy"),
        "any": ("not_applicable", "not_required"),
        "waived": ("waived", "region_not_allowed"),
        "alone": ("not_applicable", "no_copy"),
        "not-sent": ("unknown", "records_not_sent"),
        "own-copy": ("fail", "project_not_allowed"),
    }


CROSS_ACCOUNT = "cross-account-copy"


def test_a_copy_counts_only_where_it_was_seen_in_another_account(home: Home) -> None:
    names = ("elsewhere", "same", "no-name", "unseen", "old", "broken", "any", "waived")
    sources = [copied(name) | ({"created_at": at(days=8)} if name == "old" else {}) for name in names]

    def copy(name: str, **more: Any) -> Body:
        record = {
            "id": f"record-{name}",
            "status": "success",
            "source_backup_id": name,
            "source_project_id": "project-1",
        }
        place = {"source_region": "region-1", "destination_backup_id": f"copy-{name}"}
        disks = {"children": [child(f"disk-of-{name}")], "image_type": "replication"}
        return server(f"copy-{name}", resource_id=f"of-{name}", replication_records=[record | place], **(disks | more))

    def place(scope: str, domain: str | None, *copies: Body) -> Landed:
        return Landed(copies, scope=scope, project=f"project-{scope}", region="region-2", domain=domain)

    disk = server("with-disk", resource_id="of-with-disk", children=[child("d", resource_id="own-disk")])
    fold(
        home,
        Landed([*sources, disk]),
        place("other", "domain-2", copy("elsewhere"), copy("old"), copy("broken", status="error"), copy("any")),
        place("same", "domain-1", copy("same")),
        place("no-name", None, copy("no-name")),
    )
    given = rules(
        {"strict": {"cross_account": "required"}, "any": {}},
        assignments=[{"id": "a", "priority": 1, "match": {"resource_id": "of-any"}, "tier": "any"}],
        waivers=(waiver(CROSS_ACCOUNT, resource_id="of-waived"),),
    )
    found = results(home, CROSS_ACCOUNT, given)
    assert {name: found["prod", f"of-{name}"] for name in names} == {
        "elsewhere": ("pass", "verified"),
        "same": ("unknown", "not_seen"),
        "no-name": ("unknown", "account_not_known"),
        "unseen": ("unknown", "not_seen"),
        "old": ("unknown", "not_seen"),
        "broken": ("unknown", "not_seen"),
        "any": ("not_applicable", "not_required"),
        "waived": ("unknown", "not_seen"),
    }
    assert found["prod", "own-disk"] == ("not_applicable", "judged_with_server")
    assert found["other", "of-elsewhere"] == ("not_applicable", "judged_at_source")
