-- One row a resource, with what the policy in force demands of it and of its recovery points.
with resources as (
    select * from intermediate.int_resources
),

rules as (
    select * from intermediate.int_rules
),

tiers as (
    select * from policy.tiers
),

settings as (
    select * from policy.settings
),

snapshots as (
    select * from staging.stg_snapshots
)

select
    r.scope,
    r.snapshot_id,
    n.as_of,
    r.resource_id,
    r.subject_type,
    r.resource_name,
    r.resource_type,
    r.project_id, -- VARCHAR: Project of the resource.
    r.region,
    r.enterprise_project_id,
    r.vault_id,
    r.server_id,
    r.only_replicas,
    r.lost_at,
    u.policy_rule_id,
    u.tier,
    u.owner,
    u.exclusion_id,
    u.exclusion_reason,
    t.rpo_hours,
    t.grace_hours,
    t.attainment_percent,
    t.min_retention_days,
    t.min_replica_retention_days,
    t.retention_mode,
    t.retention_interval_days,
    t.max_retention_days,
    t.min_points,
    t.min_distinct_days,
    t.cliff_hours,
    t.offsite,
    t.offsite_rpo_hours,
    t.require_verified_copy,
    t.allowed_regions,
    t.encryption,
    t.immutability,
    t.app_consistency,
    t.three_two_one,
    t.restore_test_days,
    t.full_backup_days,
    t.size_check,
    t.max_failed_attempts,
    t.min_success_percent,
    s.timestamp_tolerance_seconds,
    s.clock_skew_seconds,
    s.gap_window_days,
    s.deletion_window_days,
    s.look_back_days,
    s.purge_lag_hours,
    s.stuck_hours,
    s.deletion_stuck_hours,
    s.replication_stuck_hours,
    s.min_attempts,
    s.shortened_percent,
    s.usual_points,
    s.usual_least_points,
    s.mass_points,
    s.mass_percent,
    s.manual_auto_factor,
    s.manual_auto_hours
from resources as r
inner join rules as u
    on r.scope = u.scope and r.snapshot_id = u.snapshot_id and r.resource_id = u.resource_id
inner join tiers as t
    on u.scope = t.scope and u.snapshot_id = t.snapshot_id and u.policy_rule_id = t.policy_rule_id
inner join settings as s on r.scope = s.scope and r.snapshot_id = s.snapshot_id
inner join snapshots as n on r.scope = n.scope and r.snapshot_id = n.snapshot_id
