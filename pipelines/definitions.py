"""The Dagster code location that `dagster dev -w workspace.yaml` loads, with the settings of the environment."""

from pipelines.config import DeploymentSettings
from pipelines.orchestration.location import build_definitions

defs = build_definitions(deployment=DeploymentSettings.load())
