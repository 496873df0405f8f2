"""Bodies that fit the contract -> Arrow tables, without a Python object a value.

    plan     the contract as arrays that compiled code walks: which keys each object may have, and of what type
    scan     one pass over the bytes of a block: where each value stands, or that the line does not fit
    values   numbers, instants and strings in those bytes
    gather   places in the block -> Arrow columns
    ids      the ids that were loaded, exactly, in 45 bytes each
    pages    where the items of a list page begin and end

A line fits when every key is known where it stands and every value has the type of its column, spelled as JSON
has it. Whatever is in doubt does not fit: normalize/tolerant takes it, value by value.
"""
