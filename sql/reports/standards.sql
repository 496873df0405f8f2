-- Clauses that controls support, and those that nothing here can measure.
-- title: Standards
-- links: failing > controls
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
