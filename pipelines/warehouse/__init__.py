"""The DuckDB file: filled as a draft, built by the models of sql/, audited, and published by a rename.

It is the last store of the flow, so it stands after the models that fill it.
"""
