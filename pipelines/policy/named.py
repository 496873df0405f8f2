"""Which files hold the rules: those that CBR_POLICY and CBR_WAIVERS name, else those that lie in the home.

Belongs here: finding them. Does not belong here: reading them (check.py), or which policy is in force (force.py).
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pipelines.errors import PolicyError
from pipelines.storage.home import Home

POLICY, WAIVERS = "policy.yaml", "waivers.yaml"  # in a home


@dataclass(frozen=True, slots=True)
class Named:
    """The files of the policies, and that of the waivers."""

    policies: tuple[Path, ...] = ()
    waivers: Path | None = None


def named(home: Home, environ: Mapping[str, str] = os.environ) -> Named:
    """Return the files of the rules of a home. Raises WarehouseError if the folder of policies is empty."""
    policy = environ.get("CBR_POLICY") or _lying(home.path / POLICY)
    waivers = environ.get("CBR_WAIVERS") or _lying(home.path / WAIVERS)
    return Named(
        tuple(_files(Path(policy).expanduser())) if policy else (), Path(waivers).expanduser() if waivers else None
    )


def _lying(path: Path) -> str | None:
    return str(path) if path.exists() else None


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    found = sorted(one for one in path.iterdir() if one.suffix in (".yaml", ".yml"))
    if not found:
        raise PolicyError(f"there is no policy in the folder {path}", "Put a .yaml file into it, or unset CBR_POLICY.")
    return found
