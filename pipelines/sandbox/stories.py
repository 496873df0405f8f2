"""What goes wrong in the estate, and what the report must therefore say.

Belongs here: one `Story` for each planted problem: how it changes the backups of a resource (changes.py), and which
findings it must cause on the last of its thirty days. Does not belong here: the policy that they are judged by
(rules.py). Tests hold the report against them: every one is named, and nothing else.
"""

from dataclasses import dataclass
from datetime import timedelta

from pipelines.sandbox import changes
from pipelines.sandbox.changes import STORY_DAYS, Change, Moment

__all__ = ["STORIES", "STORY_DAYS", "TOLD_BY", "Moment", "Story"]

Found = tuple[str, str, str]  # control, status, reason code

RECENT, GAPS, DEPTH = "resource-recent-recovery-point", "recovery-gap-within-rpo", "recovery-point-depth"
RETENTION, SHORTENED = "backup-retention-minimum", "retention-shortened"
ENCRYPTED, COMPLETE, OWNER = "backup-encrypted", "server-backup-complete", "resource-owner-known"
AUTOMATED, LATEST = "resource-automated-protection", "resource-latest-attempt-succeeded"
FAILURES, SUCCESS, STUCK = "consecutive-failures", "backup-success-rate", "backup-not-stuck"
OFFSITE, REPLICATION, LOST = "resource-offsite-copy", "replication-healthy", "resource-protection-lost"
DELETED, DROPPED = "recovery-point-deleted-early", "backup-count-drop"


_FOR_EVER = timedelta(days=3650)


@dataclass(frozen=True, slots=True)
class Story:
    """One planted problem: what is found of the resource, and of its vault.

    `lingers` says how long after its expiry the service removes a backup, or after what would be the expiry of one that
    has none.
    """

    tell: Change = changes.as_it_is
    found: frozenset[Found] = frozenset()
    of_vault: frozenset[Found] = frozenset()
    lingers: timedelta = timedelta()


def _found(*found: Found) -> frozenset[Found]:
    return frozenset(found)


STORIES = {
    "chain stopped": Story(
        changes.chain_stopped,
        _found((RECENT, "fail", "overdue"), (GAPS, "fail", "open_gap"), (OFFSITE, "fail", "overdue")),
    ),
    "only errors": Story(
        changes.only_errors,
        _found(
            (RECENT, "fail", "none"),
            (GAPS, "fail", "none"),
            (DEPTH, "fail", "too_few"),
            (AUTOMATED, "fail", "none"),
            (LATEST, "fail", "failed"),
            (FAILURES, "fail", "failing"),
            (SUCCESS, "fail", "low"),
        ),
        lingers=_FOR_EVER,
    ),
    "all expired": Story(
        changes.all_expired,
        _found(
            (RECENT, "fail", "none"),
            (LOST, "fail", "none_dependable_left"),
            (GAPS, "fail", "open_gap"),
            (DEPTH, "fail", "too_few"),
            (AUTOMATED, "fail", "none"),
            (OFFSITE, "fail", "overdue"),
        ),
        lingers=timedelta(days=2),
    ),
    "still protecting": Story(
        changes.still_protecting, _found((RECENT, "fail", "overdue"), (GAPS, "fail", "open_gap"))
    ),
    "restoring": Story(changes.restoring),
    "short retention": Story(changes.short_retention, _found((RETENTION, "fail", "too_short"))),
    "kept by count": Story(changes.kept_by_count, _found((RETENTION, "unknown", "retention_not_visible"))),
    "by hand": Story(changes.by_hand, _found((AUTOMATED, "fail", "manual_only")), lingers=_FOR_EVER),
    "plain disk": Story(changes.each_child(changes.plain_disk), _found((ENCRYPTED, "fail", "plain_disk"))),
    "encryption unsaid": Story(
        changes.each_child(changes.unsaid), _found((ENCRYPTED, "unknown", "encryption_not_said"))
    ),
    "broken child": Story(changes.each_child(changes.broken), _found((COMPLETE, "fail", "child_unusable"))),
    "nested child": Story(changes.each_child(changes.nested)),
    "no system disk": Story(changes.no_system_disk, _found((COMPLETE, "fail", "no_system_disk"))),
    "no children": Story(
        changes.no_children, _found((COMPLETE, "fail", "no_children"), (ENCRYPTED, "unknown", "no_children"))
    ),
    "resized": Story(changes.resized),
    "every status": Story(
        changes.every_status,
        _found(
            (STUCK, "fail", "stuck"),
            (GAPS, "fail", "gaps"),
            (DEPTH, "fail", "too_few"),
            (SUCCESS, "unknown", "too_few"),
            (SHORTENED, "unknown", "baseline"),
        ),
    ),
    "replicated": Story(
        changes.copies_end_in_every_way, _found((REPLICATION, "fail", "failed"), (REPLICATION, "fail", "stuck"))
    ),
    "copies from elsewhere": Story(changes.copies_from_elsewhere),
    "deleted": Story(
        changes.deleted,
        _found((DELETED, "fail", "mass_deletion"), (DEPTH, "fail", "too_few")),
        of_vault=_found((DROPPED, "fail", "dropped")),
    ),
    "retention shortened": Story(
        changes.retention_shortened,
        _found(
            (SHORTENED, "fail", "expiry_moved"),
            (RETENTION, "fail", "too_short"),
            (DELETED, "fail", "mass_deletion"),
        ),
        of_vault=_found((DROPPED, "fail", "dropped")),
    ),
    "disk dropped": Story(changes.disk_dropped, _found((COMPLETE, "fail", "disk_dropped"))),
    "copies fail for a week": Story(changes.copies_fail, _found((REPLICATION, "fail", "failed"))),
    "without an owner": Story(changes.as_it_is, _found((OWNER, "fail", "nobody"))),
}

# Whom it happens to.
TOLD_BY: dict[str, str] = {
    "erp-db": "chain stopped",
    "mail-01": "only errors",
    "wiki-01": "all expired",
    "crm-db": "still protecting",
    "build-01": "restoring",
    "hr-files": "short retention",
    "legacy-01": "kept by count",
    "lab-01": "by hand",
    "payroll-db": "plain disk",
    "kiosk-01": "encryption unsaid",
    "ledger-db": "broken child",
    "cache-01": "nested child",
    "gateway-01": "no system disk",
    "proxy-01": "no children",
    "media-01": "resized",
    "disk-spare": "every status",
    "core-db": "replicated",
    "orphan-01": "without an owner",
    "branch-db": "copies from elsewhere",
    "files-01": "deleted",
    "sales-db": "retention shortened",
    "shop-01": "disk dropped",
    "billing-db": "copies fail for a week",
}
