"""`python -m pipelines.cli` is `cbr-warehouse`."""

from pipelines.cli import entry

entry()
