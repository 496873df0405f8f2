"""What a run is told: where its home is, which clouds it reads, and who watches."""

import os

import dagster as dg
from pydantic import Field

from pipelines.config import Settings
from pipelines.errors import WarehouseError

# Where a failure carries the second half of its problem, and whether the warehouse was published all the same.
CURE, PUBLISHED = "what to do", "published"


class Warehouse(dg.ConfigurableResource[None]):
    """Where the warehouse lies and what it is filled from."""

    home: str = Field(default="", description="The folder that all of it lies in. Empty: CBR_HOME, else cbr-home.")
    clouds: str = Field(default="", description="Names of clouds.yaml with commas between. Empty: CBR_CLOUDS.")
    full: bool = Field(default=False, description="Read all details again, though the list says nothing changed.")

    def settings(self) -> Settings:
        """Return the settings of this run. Raises WarehouseError if they are wrong."""
        environ = dict(os.environ) | ({"CBR_CLOUDS": self.clouds} if self.clouds else {})
        return Settings.load(self.home or None, environ, full=self.full)


def failure(problem: WarehouseError, *, published: bool = False) -> dg.Failure:
    """Return the problem as Dagster wants it. Dagster itself tries nothing again: sensors.py says what is."""
    return dg.Failure(
        description=problem.message,
        metadata={CURE: problem.hint, PUBLISHED: published},
        allow_retries=False,
    )
