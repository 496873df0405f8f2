"""policy.yaml and waivers.yaml, and the tables of schema `policy` that the controls join.

    parameters   every parameter that a policy can set: the only place to add one
    fields       the types of values: names, days, numbers with a unit and bounds
    schema       what the two files may contain, and the JSON Schema of each
    document     YAML text with the line of every value
    check        reading and checking a file; validation, policy_checks and waiver_checks find the problems
    files        which files apply to a home
    resolve      the rules of a run, and the policy in force on a date
    tables       the policy tables; columns derives those of parameters
    rows         the rows of the policy tables

The verdicts are in sql/, and reports/explain.py shows how a resource got its tier.
"""
