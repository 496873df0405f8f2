"""A folder that proves what was judged, and that anybody can judge again, offline.

    results    the results of a home, in one order, and their hash
    pack       everything that they come from -> a folder with a manifest of hashes, which names the pack before it
    verify     such a folder -> whether each file is what it was, and whether judging again gives the same results

In the folder: results.csv and results.parquet; sql/ as it was; policy/ and waivers.yaml; home/ with the tables, the
history and the manifests of the snapshots that were judged; manifest.json. Does not belong here: judging.
"""
