"""The planted problems of the estate, and the findings that they must cause.

A `Scenario` says how the backups of a resource change and what the controls find on the last of its thirty days. Tests
compare the report with it: each problem is found, and nothing else. The policy that they are judged by is in policy.py.
"""

from dataclasses import dataclass
from datetime import timedelta

from pipelines.sandbox import changes, disk_changes
from pipelines.sandbox.changes import SCENARIO_DAYS, Change, Moment

__all__ = [
    "MEMBER_FINDINGS",
    "RESOURCE_SCENARIOS",
    "SCENARIOS",
    "SCENARIO_DAYS",
    "VAULT_FINDINGS",
    "Moment",
    "Scenario",
]

Finding = tuple[str, str, str]  # control, status, reason code

RECENT, GAPS, DEPTH = "resource-recent-recovery-point", "recovery-gap-within-rpo", "recovery-point-depth"
RETENTION, SHORTENED = "backup-retention-minimum", "retention-shortened"
ENCRYPTED, COMPLETE, OWNER = "backup-encrypted", "server-backup-complete", "resource-owner-known"
AUTOMATED, LATEST = "resource-automated-protection", "resource-latest-attempt-succeeded"
FAILURES, SUCCESS, STUCK = "consecutive-failures", "backup-success-rate", "backup-not-stuck"
OFFSITE, REPLICATION, LOST = "resource-offsite-copy", "replication-healthy", "resource-protection-lost"
PROTECTED = "resource-protected"
DELETED, DROPPED = "recovery-point-deleted-early", "backup-count-drop"

# What the inventory plants in vaults as the service lists them.
VAULT_FINDINGS: dict[str, set[Finding]] = {
    "vault-turbo": {("vault-capacity-headroom", "fail", "nearly_full")},
    "vault-archive": {("vault-policy-enabled", "fail", "disabled")},
    "vault-apps": {("volume-exclusions-approved", "fail", "not_approved")},
    "vault-databases": {("vault-locked", "fail", "not_locked")},
    "vault-servers": {("policy-retention", "fail", "too_short")},
}
# What the changed policy of a vault plants in every resource that is backed up to it.
MEMBER_FINDINGS: dict[str, set[Finding]] = {"vault-servers": {(SHORTENED, "fail", "rule_shortened")}}

_NEVER = timedelta(days=3650)


@dataclass(frozen=True, slots=True)
class Scenario:
    """One planted problem: how it changes backups, and the findings for the resource and for its vault."""

    change: Change = changes.unchanged
    findings: frozenset[Finding] = frozenset()
    vault_findings: frozenset[Finding] = frozenset()
    purge_delay: timedelta = timedelta()  # from the expiry, or what it would be, to the removal by the service


def _findings(*findings: Finding) -> frozenset[Finding]:
    return frozenset(findings)


SCENARIOS = {
    "chain stopped": Scenario(
        changes.chain_stopped,
        _findings((RECENT, "fail", "overdue"), (GAPS, "fail", "open_gap"), (OFFSITE, "fail", "overdue")),
    ),
    "only errors": Scenario(
        changes.only_errors,
        _findings(
            (PROTECTED, "fail", "associated_no_backup"),
            (RECENT, "fail", "none"),
            (GAPS, "fail", "none"),
            (DEPTH, "fail", "too_few"),
            (AUTOMATED, "fail", "none"),
            (LATEST, "fail", "failed"),
            (FAILURES, "fail", "failing"),
            (SUCCESS, "fail", "low"),
        ),
        purge_delay=_NEVER,
    ),
    "all expired": Scenario(
        changes.all_expired,
        _findings(
            (PROTECTED, "fail", "associated_no_backup"),
            (RECENT, "fail", "none"),
            (LOST, "fail", "none_dependable_left"),
            (GAPS, "fail", "open_gap"),
            (DEPTH, "fail", "too_few"),
            (AUTOMATED, "fail", "none"),
            (OFFSITE, "fail", "overdue"),
        ),
        purge_delay=timedelta(days=2),
    ),
    "still protecting": Scenario(
        changes.still_protecting, _findings((RECENT, "fail", "overdue"), (GAPS, "fail", "open_gap"))
    ),
    "restoring": Scenario(changes.restoring),
    "short retention": Scenario(changes.short_retention, _findings((RETENTION, "fail", "too_short"))),
    "kept by count": Scenario(changes.kept_by_count, _findings((RETENTION, "fail", "count_too_short"))),
    "manual only": Scenario(changes.manual_only, _findings((AUTOMATED, "fail", "manual_only")), purge_delay=_NEVER),
    "disk not encrypted": Scenario(
        disk_changes.second_disk(disk_changes.not_encrypted), _findings((ENCRYPTED, "fail", "plain_disk"))
    ),
    "encryption missing": Scenario(
        disk_changes.second_disk(disk_changes.encryption_missing),
        _findings((ENCRYPTED, "unknown", "encryption_not_said")),
    ),
    "failed disk": Scenario(
        disk_changes.second_disk(disk_changes.failed), _findings((COMPLETE, "fail", "child_unusable"))
    ),
    "nested disk": Scenario(disk_changes.second_disk(disk_changes.nested)),
    "no system disk": Scenario(disk_changes.no_system_disk, _findings((COMPLETE, "fail", "no_system_disk"))),
    "no children": Scenario(
        disk_changes.no_children, _findings((COMPLETE, "fail", "no_children"), (ENCRYPTED, "unknown", "no_children"))
    ),
    "resized": Scenario(changes.resized),
    "every status": Scenario(
        changes.every_status,
        _findings(
            (STUCK, "fail", "stuck"),
            (GAPS, "fail", "gaps"),
            (DEPTH, "fail", "too_few"),
            (SUCCESS, "unknown", "too_few"),
            (SHORTENED, "unknown", "baseline"),
        ),
    ),
    "replication in every status": Scenario(
        changes.replication_in_every_status, _findings((REPLICATION, "fail", "failed"), (REPLICATION, "fail", "stuck"))
    ),
    "replicas": Scenario(changes.replicas),
    "deleted": Scenario(
        changes.deleted,
        _findings((DELETED, "fail", "mass_deletion"), (DEPTH, "fail", "too_few")),
        vault_findings=_findings((DROPPED, "fail", "dropped")),
    ),
    "retention shortened": Scenario(
        changes.retention_shortened,
        _findings(
            (SHORTENED, "fail", "expiry_moved"),
            (RETENTION, "fail", "too_short"),
            (DELETED, "fail", "mass_deletion"),
        ),
        vault_findings=_findings((DROPPED, "fail", "dropped")),
    ),
    "disk dropped": Scenario(disk_changes.disk_dropped, _findings((COMPLETE, "fail", "disk_dropped"))),
    "replication failed for a week": Scenario(
        changes.replication_failed_for_a_week, _findings((REPLICATION, "fail", "failed"))
    ),
    "without an owner": Scenario(changes.unchanged, _findings((OWNER, "fail", "nobody"))),
}

# Resource -> scenario.
RESOURCE_SCENARIOS: dict[str, str] = {
    "erp-db": "chain stopped",
    "mail-01": "only errors",
    "wiki-01": "all expired",
    "crm-db": "still protecting",
    "build-01": "restoring",
    "hr-files": "short retention",
    "legacy-01": "kept by count",
    "lab-01": "manual only",
    "payroll-db": "disk not encrypted",
    "kiosk-01": "encryption missing",
    "ledger-db": "failed disk",
    "cache-01": "nested disk",
    "gateway-01": "no system disk",
    "proxy-01": "no children",
    "media-01": "resized",
    "disk-spare": "every status",
    "core-db": "replication in every status",
    "orphan-01": "without an owner",
    "branch-db": "replicas",
    "files-01": "deleted",
    "sales-db": "retention shortened",
    "shop-01": "disk dropped",
    "billing-db": "replication failed for a week",
}
