"""The normalized tables of each snapshot as Parquet, and their manifests."""
