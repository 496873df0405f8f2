"""Which policy and waiver files apply: those of CBR_POLICY and CBR_WAIVERS, or else those in the home.

Nothing is read here: check.py reads a file, resolve.py chooses the policy in force.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pipelines.errors import PolicyError
from pipelines.storage.home import Home

POLICY, WAIVERS = "policy.yaml", "waivers.yaml"  # in a home


@dataclass(frozen=True, slots=True)
class RuleFiles:
    """The paths of the policies, and of the waivers."""

    policies: tuple[Path, ...] = ()
    waivers: Path | None = None


def find_rule_files(home: Home, environ: Mapping[str, str] = os.environ) -> RuleFiles:
    """Return the policy and waiver files of a home. Raise PolicyError if the folder of policies is empty."""
    policy = _path(environ.get("CBR_POLICY"), home.path / POLICY)
    return RuleFiles(_policy_files(policy) if policy else (), _path(environ.get("CBR_WAIVERS"), home.path / WAIVERS))


def _path(variable: str | None, default: Path) -> Path | None:
    if variable:
        return Path(variable).expanduser()
    return default if default.exists() else None


def _policy_files(path: Path) -> tuple[Path, ...]:
    if not path.is_dir():
        return (path,)
    files = tuple(sorted(file for file in path.iterdir() if file.suffix in (".yaml", ".yml")))
    if not files:
        raise PolicyError(f"there is no policy in the folder {path}", "Put a .yaml file into it, or unset CBR_POLICY.")
    return files
