-- One row per failure that nobody has accepted: what is wrong, who has to act, until when, and what
-- to do.
-- kind: view
select
    -- VARCHAR: Who has to act: whom the policy names, else the enterprise project.
    coalesce(
        findings.owner,
        'enterprise project ' || nullif(nullif(findings.enterprise_project_id, ''), '0'),
        'nobody'
    ) as owner,
    scope,
    findings.snapshot_id,
    control_id,
    controls.title,
    findings.severity,
    findings.subject_type,
    findings.subject_id,
    findings.resource_id,
    findings.resource_name,
    findings.vault_id,
    findings.tier,
    findings.reason_code,
    findings.reason,
    findings.first_failed_at,
    -- TIMESTAMP: Until when it has to be mended, by its severity.
    coalesce(findings.first_failed_at, findings.as_of)
    + severities.due_days * interval '1' day as due_at,
    controls.remedy
from intermediate.int_open_findings as findings
inner join policy.severities as severities using (scope, severity)
inner join compliance.controls as controls using (control_id)
where findings.effective_status = 'fail'
