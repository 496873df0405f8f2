"""The resource of every run: which home it works in, and which clouds it reads."""

import os

import dagster as dg
from pydantic import Field

from pipelines.config import Settings


class Warehouse(dg.ConfigurableResource[None]):
    """The home of the warehouse, and the clouds that fill it."""

    home: str = Field(default="", description="Folder that holds all data. Empty: CBR_HOME, else cbr-home.")
    clouds: str = Field(default="", description="Names of clouds in clouds.yaml, with commas. Empty: CBR_CLOUDS.")
    full: bool = Field(default=False, description="Read all details again, even those that did not change.")

    def settings(self) -> Settings:
        """Return the settings of a run. Raise ConfigurationError if one is not valid."""
        environ = dict(os.environ) | ({"CBR_CLOUDS": self.clouds} if self.clouds else {})
        return Settings.load(self.home or None, environ, full=self.full)
