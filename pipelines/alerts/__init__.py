"""Alerts: messages about changed results and failed runs, posted to a webhook.

The sensors that send them are in orchestration/.
"""
