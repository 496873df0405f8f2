"""Landed lines -> Arrow tables. Pure: no file is read or written here.

A line that fits the contract is decoded to msgspec Structs and read by columns, any other one value by value; both give
the same rows. snapshot.py is the way in, and puts the batches in order.

    structs decode records columns unknown tables block_reader    by columns
    coerce record flatten row_reader                              value by value
    processes worker                                              several processes for many lines
    items                                                         list pages

Conservation: records landed = rows + rejects, for each of the four tables. A value that does not fit its
column is turned into the column's type or kept in `extra`; either way `drift` counts it.
"""
