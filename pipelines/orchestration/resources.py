"""What a run is told: where its home is, which clouds it reads, and who watches."""

import os

import dagster as dg

from pipelines.config import Settings
from pipelines.problem import Problem

CURE = "what to do"  # where a failure carries the second half of its problem


class Warehouse(dg.ConfigurableResource[None]):
    """Where the warehouse lies and what it is filled from. Empty fields come from CBR_HOME and CBR_CLOUDS."""

    home: str = ""
    clouds: str = ""

    def settings(self) -> Settings:
        """Return the settings of this run. Raises Problem where they are wrong."""
        environ = dict(os.environ) | ({"CBR_CLOUDS": self.clouds} if self.clouds else {})
        return Settings.load(self.home or None, environ)


def failure(problem: Problem) -> dg.Failure:
    """Return the problem as Dagster wants it. Nothing here heals by being tried again at once."""
    return dg.Failure(description=problem.what, metadata={CURE: problem.cure}, allow_retries=False)
