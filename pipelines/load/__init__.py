"""Arrow tables -> Parquet -> a DuckDB draft -> the published file.

Belongs here: files and connections. Does not belong here: what the tables mean (contract/) or what is
computed from them (models/).
"""
