"""The files of a home: layout, lock, manifests, Parquet, and how DuckDB is opened. Every store uses it."""
