-- One row per recovery point: are its copies only where the policy allows them?
-- id: data-residency
-- title: Copies are only in regions and projects that the policy allows
-- severity: high
-- version: 1
-- subject: recovery_point
-- worse: higher
-- parameters: allowed_regions, allowed_projects
-- remedy: Change the destination of the replication policy, and delete the copies that are
--   elsewhere once there are others.
-- reasons:
--   allowed: pass: All its copies are where the policy allows them.
--   region_not_allowed: fail: A copy is in a region that the policy does not allow: {regions}.
--   project_not_allowed: fail: A copy is in a project that the policy does not allow: {projects}.
--   place_not_known: unknown: The region or project of a copy is not on record.
--   records_not_sent: unknown: The service does not report whether it was replicated.
--   no_copy: not_applicable: It has no copy.
--   not_required: not_applicable: The tier allows every place.
with copies as (
    select
        scope,
        source_backup_id as backup_id,
        destination_region as region,
        destination_project_id as project_id
    from intermediate.int_copies
    where state in ('verified', 'claimed')
    union all
    -- A copy is itself at a place, whether or not its source is read.
    select scope, backup_id, region, project_id
    from intermediate.int_recovery_points
    where is_replica
),

placed_copies as (
    select
        scope,
        backup_id,
        copies.region,
        copies.project_id,
        requirements.allowed_regions is null
        or list_contains(requirements.allowed_regions, copies.region) as is_in_region,
        requirements.allowed_projects is null
        or list_contains(requirements.allowed_projects, copies.project_id) as is_in_project
    from copies
    inner join intermediate.int_recovery_points as points using (scope, backup_id)
    inner join intermediate.int_requirements as requirements using (scope, resource_id)
),

places as (
    select
        scope,
        backup_id,
        count(*) as copies,
        count(*) filter (where not is_in_region) as outside_regions,
        count(*) filter (where not is_in_project) as outside_projects,
        count(*) filter (where is_in_region is null or is_in_project is null) as not_placed,
        nullif(
            array_to_string(
                list_sort(array_agg(distinct region) filter (where not is_in_region)), ', '
            ),
            ''
        ) as regions,
        nullif(
            array_to_string(
                list_sort(array_agg(distinct project_id) filter (where not is_in_project)), ', '
            ),
            ''
        ) as projects
    from placed_copies
    group by scope, backup_id
)

select
    scope,
    points.snapshot_id,
    backup_id as subject_id,
    case
        when requirements.allowed_regions is null and requirements.allowed_projects is null
            then 'not_required'
        when places.outside_regions > 0 then 'region_not_allowed'
        when places.outside_projects > 0 then 'project_not_allowed'
        when places.not_placed > 0 then 'place_not_known'
        when not points.is_replica
            and not points.replication_loaded
            and points.level in ('server', 'unknown')
            then 'records_not_sent'
        when places.copies is null then 'no_copy'
        else 'allowed'
    end as reason_code,
    coalesce(places.outside_regions, 0) + coalesce(places.outside_projects, 0) as measured_value,
    'copies' as measured_unit,
    0 as threshold_value,
    places.regions,
    places.projects
from intermediate.int_recovery_points as points
inner join intermediate.int_requirements as requirements using (scope, resource_id)
left join places using (scope, backup_id)
