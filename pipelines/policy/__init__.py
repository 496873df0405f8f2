"""Thresholds -> tables that the controls join.

Belongs here: every number that decides between pass and fail. SQL never holds one. Nothing enters yet but
the defaults; `policy.tiers` and `policy.settings` leave.
"""
