-- One row per scope and main control: the share of subjects that pass. Null for stale scopes.
select
    scope,
    title,
    control_id,
    passes,
    fails,
    waived,
    unknowns,
    case
        when not is_stale then 100.0 * passes / nullif(passes + fails + waived + unknowns, 0)
    end as covered
from compliance.summary
where
    control_id in (
        'resource-recent-recovery-point',
        'server-backup-complete',
        'backup-encrypted',
        'backup-retention-minimum',
        'resource-offsite-copy',
        'resource-automated-protection'
    )
order by scope, control_id
