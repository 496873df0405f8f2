-- One row per clause of a standard: the results of the controls that support it, or not measurable
-- here.
-- title: Standards
select
    framework,
    version,
    reference,
    status,
    passing,
    failing,
    waived,
    unknown,
    array_to_string(control_ids, ', ') as controls,
    notes
from compliance.standards_scorecard
order by framework, reference
