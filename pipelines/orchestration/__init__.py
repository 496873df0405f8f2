"""The only folder that imports dagster: the steps of flow.py as assets, checks, a job and a schedule.

Belongs here: what Dagster shows and runs. Does not belong here: what a step does.
"""
