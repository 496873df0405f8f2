"""Landing -> Arrow tables. Pure: lines enter, tables leave, no I/O.

A line that fits the contract is read by columns (columnar/), any other value by value (tolerant/); both give the
same rows. snapshot.py puts the pieces in order.

Law of conservation: records landed = rows + rejects, for each of the four tables. A value that does not fit
its column is turned into the column's type or kept in `extra`; either way `drift` counts it.
"""
