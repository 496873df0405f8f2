"""Every table and column, said once.

Belongs here: what a column is called, its type, unit, meaning, where the API's body has it, and what follows
from that alone (Arrow schema, DDL, comments). Does not belong here: reading bodies (normalize/), files or
connections (load/). Nothing enters; the tuples of `tables.py` and `meta.py` are read by every later step.
"""
