"""Telling people: what changed in the results, and that a run failed.

Belongs here: the words, and the webhook that they are posted to. Does not belong here: when it is looked
(orchestration/sensors.py).
"""
