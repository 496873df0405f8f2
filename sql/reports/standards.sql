-- One row a clause that controls support, or that nothing here can measure.
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
