"""The steps of a run, without Dagster: land, normalize, judge, build.

Each step reads what the one before left on disk, so each can be repeated alone.
"""
