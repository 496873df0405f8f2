-- One row per recovery point whose disappearance no long-term retention rule explains, though
-- another point of its month still exists: the policies of the service were read before, and none
-- of its vault keeps points of days, weeks, months or years.
with policy_readings as (
    select scope, min(as_of) as first_read_at
    from history.input_readings
    where input = 'policies' and status = 'granted' and complete
    group by scope
),

long_term_rules as (
    select
        links.scope,
        links.vault_id,
        greatest(links.valid_from, policies.valid_from) as valid_from,
        least(
            coalesce(links.valid_to, links.last_seen),
            coalesce(policies.valid_to, policies.last_seen)
        ) as valid_to
    from history.policy_vaults as links
    inner join history.policies as policies
        on links.scope = policies.scope and links.policy_id = policies.id
    where policies.operation_type = 'backup'
        and (
            policies.operation_definition_day_backups > 0
            or policies.operation_definition_week_backups > 0
            or policies.operation_definition_month_backups > 0
            or policies.operation_definition_year_backups > 0
        )
),

thinned_points as (
    -- The service removes what a rule does not keep every other day.
    select distinct lives.scope, lives.backup_id
    from history.backup_lifecycle as lives
    inner join long_term_rules
        on lives.scope = long_term_rules.scope
        and lives.vault_id = long_term_rules.vault_id
        and lives.gone_at >= long_term_rules.valid_from
        and lives.last_seen - 3 * interval '1' day <= long_term_rules.valid_to
    where lives.disappearance = 'possible_gfs_thinning'
)

select
    lives.scope,
    lives.backup_id
from history.backup_lifecycle as lives
inner join policy_readings using (scope)
left join thinned_points
    on lives.scope = thinned_points.scope and lives.backup_id = thinned_points.backup_id
where lives.disappearance = 'possible_gfs_thinning'
    -- The rule for copies is in the scope of their sources.
    and not lives.is_replica
    and policy_readings.first_read_at <= lives.last_seen
    and thinned_points.backup_id is null
