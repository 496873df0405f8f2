"""What `dagster dev -w workspace.yaml` loads: the code location, with the settings of the environment."""

from pipelines.orchestration.location import build_definitions

defs = build_definitions()
