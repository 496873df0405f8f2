-- One row per failure without an active waiver: problem, owner, due date and remedy.
-- kind: view
select
    -- VARCHAR: Owner named by the policy, otherwise the enterprise project.
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
    -- TIMESTAMP: When the failure must be fixed, depending on its severity.
    coalesce(findings.first_failed_at, findings.as_of)
    + severities.due_days * interval '1' day as due_at,
    controls.remedy
from intermediate.int_open_findings as findings
inner join policy.severities as severities using (scope, severity)
inner join compliance.controls as controls using (control_id)
where findings.effective_status = 'fail'
