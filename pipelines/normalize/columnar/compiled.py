"""How the functions of this folder are compiled: once, kept beside the module, and free of Python while they run.

`_nrt=False` leaves out counting references to arrays, which none of these functions makes or keeps: it costs
more than half of their time. It means that they may not allocate; numba refuses to compile what does.
"""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from numba import njit

# What an index goes through that is never negative: else each access asks whether to count from the end, which
# takes a third of the time of a scan.
u = np.uint64
_OPTIONS: dict[str, Any] = {"nogil": True, "cache": True, "_nrt": False}


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a function."""
    return _made(function)


def inlined(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a small function into each of its callers."""
    return _made(function, inline="always")


def _forget_stale() -> None:
    """Remove what was kept of an older state of this folder: numba looks at a function's own file alone."""
    folder = Path(__file__).parent
    newest = max(path.stat().st_mtime for path in folder.glob("*.py"))
    with suppress(OSError):
        for kept in folder.glob("__pycache__/*.nb[ic]"):
            if kept.stat().st_mtime < newest:
                kept.unlink()


_forget_stale()


def _made(function: Callable[..., Any], **more: Any) -> Callable[..., Any]:
    try:
        made: Callable[..., Any] = njit(**_OPTIONS, **more)(function)
    except RuntimeError:  # no folder that may be written to keep it in
        made = njit(**{**_OPTIONS, "cache": False}, **more)(function)
    return made
