"""A body that may be anything -> rows, value by value: what fits nowhere is kept and counted.

Belongs here: what every deviation of the wire becomes. The columnar path reads the bodies that have none, and
gives the same rows for them.
"""
