"""What a run is told: where its home is, which clouds it reads, and who watches."""

import os

import dagster as dg

from pipelines.config import Settings
from pipelines.problem import Problem

# Where a failure carries the second half of its problem, and whether the warehouse was published all the same.
CURE, PUBLISHED = "what to do", "published"


class Warehouse(dg.ConfigurableResource[None]):
    """Where the warehouse lies and what it is filled from. Empty fields come from CBR_HOME and CBR_CLOUDS.

    `full` reads all details again, though the list says that nothing changed.
    """

    home: str = ""
    clouds: str = ""
    full: bool = False

    def settings(self) -> Settings:
        """Return the settings of this run. Raises Problem where they are wrong."""
        environ = dict(os.environ) | ({"CBR_CLOUDS": self.clouds} if self.clouds else {})
        return Settings.load(self.home or None, environ, full=self.full)


def failure(problem: Problem, *, published: bool = False) -> dg.Failure:
    """Return the problem as Dagster wants it. Nothing here heals by being tried again at once."""
    return dg.Failure(
        description=problem.what, metadata={CURE: problem.cure, PUBLISHED: published}, allow_retries=False
    )
