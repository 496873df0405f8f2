"""The Dagster code location: assets, asset checks, jobs, a schedule and sensors.

This is the only folder that imports dagster. The steps that the assets run are in flow/ and reports/.
"""
