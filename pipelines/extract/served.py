"""The scope that this project serves itself, for as long as it is read.

Belongs here: its entry, as clouds.yaml would have it, and since when its stories run in a home: they go on from one
reading to the next, so the first day is kept beside what is landed. Does not belong here: what it serves (sandbox/).
"""

import json
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path

from openstack.config import OpenStackConfig
from openstack.config.cloud_region import CloudRegion

from pipelines import clock, sandbox
from pipelines.config import SANDBOX
from pipelines.sandbox.estate import midnight
from pipelines.sandbox.stories import STORY_DAYS
from pipelines.storage.home import Home
from pipelines.storage.manifests import write_manifest


def served(stack: ExitStack, began: datetime | None) -> CloudRegion:
    """Serve the sandbox until the stack is left; return its entry."""
    service = stack.enter_context(sandbox.serve(began=began))
    return OpenStackConfig(load_yaml_config=False, load_envvars=False).get_one(**service.cloud())


def began(home: Home) -> datetime:
    """Return the first day of the stories in a home: where they have not begun, so that today is their last."""
    path = _kept(home)
    if path.exists():
        return datetime.fromisoformat(json.loads(path.read_text(encoding="utf-8"))["began"])
    first = midnight(clock.utc_now()) - timedelta(days=STORY_DAYS - 1)
    write_manifest(path, {"began": first.isoformat()})
    return first


def _kept(home: Home) -> Path:
    return home.landed_scope(SANDBOX) / "began.json"
