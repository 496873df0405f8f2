"""The code location, assembled. Nothing is defined here.

Tests and the command line call `build_definitions` with their own settings; Dagster loads pipelines/definitions.py.
"""

import dagster as dg

from pipelines.extract.snapshot import Progress
from pipelines.orchestration.assets import build_assets
from pipelines.orchestration.jobs import DAILY, cbr_snapshot
from pipelines.orchestration.resources import Warehouse


def build_definitions(warehouse: Warehouse | None = None, progress: Progress = lambda *_: None) -> dg.Definitions:
    """Return the code location: assets, their checks, the job, its schedule."""
    return dg.Definitions(
        assets=build_assets(progress),
        jobs=[cbr_snapshot],
        schedules=[DAILY],
        resources={"warehouse": warehouse or Warehouse()},
        # The steps wait for the network and for DuckDB; a process for each would cost more than all of them.
        executor=dg.in_process_executor,
    )
