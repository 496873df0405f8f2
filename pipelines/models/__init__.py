"""sql/ as models: what each file says of itself, in which order they are built, and what audits ask.

Belongs here: reading the SELECTs and running them in a draft. Does not belong here: any SELECT (sql/ has
them) or thresholds (policy/). Files enter; relations with comments leave.
"""
