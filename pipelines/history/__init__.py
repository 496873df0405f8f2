"""The history of each scope: every version of every record (type 2), disappearances, and results over time.

It is Parquet below DIR/history, so it outlives the DuckDB file. update.py folds snapshots into it, fold.py is one fold,
results.py keeps the results, and cleanup.py removes files that no manifest names.
"""
