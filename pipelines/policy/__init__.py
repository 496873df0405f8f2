"""policy.yaml and waivers.yaml -> the tables of schema policy, which the controls join.

    demands    every number and choice that a policy may set, with its default: said once
    tables     the tables, derived from the demands
    document   YAML text -> values that know their lines
    schema     what the two files may say, and the JSON Schema of each for editors
    check      both files, checked whole: every problem with its line, or what they say
    force      which policy a snapshot is judged by, and the rows that it becomes
    explain    which rule gave a resource its tier, and which waivers concern it

Does not belong here: judging (sql/).
"""
