"""The asset checks: one for each audit, and one for the readings of a run."""

from functools import cache

import dagster as dg

from pipelines.models.audit import ERROR, Audit, AuditResult, all_audits
from pipelines.models.project import project
from pipelines.orchestration.keys import LANDING, SUMMARY, relation_key
from pipelines.orchestration.metadata import audit_metadata


@cache
def audits() -> tuple[Audit, ...]:
    """Return the audits of the contract, of the controls and of sql/audits/."""
    return all_audits(project().audits, project().controls)


def audit_check_specs() -> list[dg.AssetCheckSpec]:
    """Return the spec of a check for each audit. An audit of severity error blocks publication."""
    return [
        dg.AssetCheckSpec(
            audit.name,
            asset=relation_key(audit.relation),
            description=audit.doc,
            metadata={"sql": dg.MetadataValue.md(f"```sql\n{audit.query}\n```")},
        )
        for audit in audits()
    ]


def landing_check_spec() -> dg.AssetCheckSpec:
    """Return the spec of the check of the readings. It runs last: a failed cloud does not hold up the others."""
    return dg.AssetCheckSpec(
        "every_cloud_was_read",
        asset=LANDING,
        additional_deps=[SUMMARY],
        description="Every cloud of the run has a complete new snapshot.",
    )


def audit_check_result(result: AuditResult) -> dg.AssetCheckResult:
    """Return the check result of an audit."""
    severity = dg.AssetCheckSeverity.ERROR if result.audit.severity == ERROR else dg.AssetCheckSeverity.WARN
    return dg.AssetCheckResult(
        passed=result.offenders == 0,
        check_name=result.audit.name,
        asset_key=relation_key(result.audit.relation),
        severity=severity,
        metadata=audit_metadata(result),
    )
