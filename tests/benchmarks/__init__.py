"""Measurements, run by hand: `python -m tests.benchmarks.NAME`. They compare within one run and print ratios."""
