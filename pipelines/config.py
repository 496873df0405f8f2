"""Settings: where data lies and which clouds are read. Typed, validated, no I/O at import.

Belongs here: everything a user sets by an option or an environment variable. Does not belong here:
credentials (clouds.yaml holds them, extract/clouds.py reads it) and thresholds (policy/ holds them).
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pipelines.problem import Problem

DEFAULT_HOME = "cbr-home"
DEMO_HOME = "cbr-demo"
SANDBOX = "sandbox"  # the scope that is served by pipelines/sandbox itself


@dataclass(frozen=True, slots=True)
class Settings:
    """What one run needs to know."""

    home: Path
    clouds: tuple[str, ...]

    @classmethod
    def load(cls, home: str | None = None, environ: Mapping[str, str] = os.environ) -> "Settings":
        """Return the settings of this run: `home` first, else CBR_HOME, else ./cbr-home; CBR_CLOUDS, else sandbox.

        Raises Problem where a name is empty or said twice.
        """
        chosen = home or environ.get("CBR_HOME") or DEFAULT_HOME
        return cls(Path(chosen).expanduser().absolute(), _clouds(environ.get("CBR_CLOUDS") or SANDBOX))


def _clouds(text: str) -> tuple[str, ...]:
    names = tuple(name.strip() for name in text.split(","))
    if "" in names or len(set(names)) < len(names):
        raise Problem(
            f"CBR_CLOUDS={text!r} has an empty name or one name twice",
            "Set it to names of clouds.yaml with a comma between them, for example CBR_CLOUDS=prod-cn,prod-eu.",
        )
    return names
