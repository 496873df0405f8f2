"""Landing -> Arrow tables. Pure: lines enter, tables leave, no I/O.

Law of conservation: records landed = rows + rejects, for each of the four tables. A value that does not fit
its column is turned into the column's type or kept in `extra`; either way `drift` counts it.
"""
