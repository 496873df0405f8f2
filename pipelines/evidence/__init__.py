"""Packs of evidence: folders that prove the results of a snapshot and that anybody can check offline.

A pack contains results.csv and results.parquet, sql/ as it was, policy/ and waivers.yaml, home/ with the tables, the
history, the input files and the manifests that the results come from, and manifest.json with the hash of every file.
"""
