-- One row a recovery point that was lost within the window in which a loss stays a finding.
with lives as (
    select * from history.backup_lifecycle where gone_at is not null
),

snapshots as (
    select * from staging.stg_snapshots
),

settings as (
    select * from policy.settings
)

select
    l.scope,
    s.snapshot_id,
    s.as_of,
    l.backup_id,
    l.resource_id,
    l.resource_name,
    l.resource_type,
    l.enterprise_project_id,
    l.vault_id,
    l.status,
    l.is_replica,
    l.is_auto,
    l.created_at,
    l.expired_at,
    l.was_usable,
    l.first_seen,
    l.last_seen,
    l.gone_at, -- TIMESTAMP: The first complete snapshot that has it no more.
    l.disappearance, -- VARCHAR: What became of it, as in history.disappearances.
    l.verdict, -- VARCHAR: ok, fail or unknown.
    l.days_early,
    l.vault_points_before,
    l.vault_points_after,
    l.vault_failed_with_it,
    coalesce(
        l.vault_failed_with_it >= t.mass_points
        and l.vault_failed_with_it * 100 >= t.mass_percent * l.vault_points_before,
        false
    ) as is_mass -- BOOLEAN: So many points of its vault went without need in the same interval that it is a mass deletion.
from lives as l
inner join snapshots as s on l.scope = s.scope
inner join settings as t on s.scope = t.scope and s.snapshot_id = t.snapshot_id
where l.gone_at >= s.as_of - t.deletion_window_days * interval '1' day
