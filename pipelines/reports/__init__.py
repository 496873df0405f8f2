"""The published file -> answers that a person reads.

Belongs here: choosing and laying out rows of marts. Does not belong here: computing a verdict (sql/ does).
"""
