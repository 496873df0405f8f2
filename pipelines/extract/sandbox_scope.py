"""The sandbox as a scope: a service in this process that is read like any other cloud.

Its scenarios go on from one reading to the next, so their first day is kept in the landing of the home. What is served
is made in sandbox/.
"""

from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta

from openstack.config import OpenStackConfig
from openstack.config.cloud_region import CloudRegion

from pipelines import clock, sandbox
from pipelines.config import SANDBOX
from pipelines.sandbox.estate import midnight
from pipelines.sandbox.scenarios import SCENARIO_DAYS
from pipelines.storage.home import Home
from pipelines.storage.manifests import read_manifest, write_manifest


@dataclass(frozen=True, slots=True)
class _ScenarioStart:
    began: datetime


def serve_sandbox(stack: ExitStack, first_day: datetime | None) -> CloudRegion:
    """Serve the sandbox until the stack is left; return its entry as clouds.yaml would have it."""
    service = stack.enter_context(sandbox.serve(first_day=first_day))
    return OpenStackConfig(load_yaml_config=False, load_envvars=False).get_one(**service.cloud())


def scenario_start(home: Home) -> datetime:
    """Return the first day of the scenarios in a home. In a new home, today is their last day."""
    path = home.landed_scope(SANDBOX) / "began.json"
    start = read_manifest(path, _ScenarioStart, "Remove it: the scenarios begin anew.")
    if start is None:
        start = _ScenarioStart(midnight(clock.utc_now()) - timedelta(days=SCENARIO_DAYS - 1))
        write_manifest(path, start)
    return start.began
