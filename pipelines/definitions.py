"""What `dagster dev -w workspace.yaml` loads: the code location, with the settings of the environment."""

from pipelines.config import Operation
from pipelines.orchestration.location import build_definitions

defs = build_definitions(operation=Operation.load())
