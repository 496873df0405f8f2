"""Settings: where data lies, which clouds are read, how gently. Typed, validated, no I/O at import.

Belongs here: everything a user sets by an option or an environment variable. Does not belong here:
credentials (clouds.yaml holds them, extract/clouds.py reads it) and thresholds (policy/ holds them).
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pipelines.errors import ConfigurationError

DEFAULT_HOME = "cbr-home"
DEVELOPMENT, PRODUCTION = "development", "production"  # what CBR_ENVIRONMENT may say
DEMO_HOME = "cbr-demo"
_YEAR = 8760.0  # hours
_REFUSED = "?\\"  # in the path of a home: DuckDB begins its options at the one, and takes the other for a slash
_LONGEST_PATH, _LONGEST_NAME = 3_500, 255  # bytes; what lies in the home needs some more of the 4,096 that Linux has
SANDBOX = "sandbox"  # the scope that is served by pipelines/sandbox itself


@dataclass(frozen=True, slots=True)
class ReadSettings:
    """How a service is read. The quota of CBR is not published, so the defaults are gentle."""

    concurrency: int = 8  # details asked for at the same time, for each scope
    requests_per_second: float = 10.0  # to one endpoint, by all scopes together
    retry_seconds: float = 600.0  # how long one request may be tried again
    resume_minutes: float = 60.0  # how old an unfinished snapshot may be to be continued
    max_response_mb: float = 64.0  # the largest answer that is taken, decompressed
    full: bool = False  # read all details again, though nothing changed


@dataclass(frozen=True, slots=True)
class Settings:
    """What one run needs to know."""

    home: Path
    clouds: tuple[str, ...]
    reading: ReadSettings = field(default_factory=ReadSettings)

    @classmethod
    def load(
        cls, home: str | None = None, environ: Mapping[str, str] = os.environ, *, full: bool = False
    ) -> "Settings":
        """Return the settings: `home` first, else CBR_HOME, else ./cbr-home; the rest from the CBR_ variables.

        Raises WarehouseError if a value can't be what it stands for.
        """
        default = ReadSettings()
        reading = ReadSettings(
            concurrency=int(_number(environ, "CBR_CONCURRENCY", default.concurrency, whole=True)),
            requests_per_second=_number(environ, "CBR_REQUESTS_PER_SECOND", default.requests_per_second),
            retry_seconds=_number(environ, "CBR_RETRY_SECONDS", default.retry_seconds),
            resume_minutes=_number(environ, "CBR_RESUME_MINUTES", default.resume_minutes),
            max_response_mb=_number(environ, "CBR_MAX_RESPONSE_MB", default.max_response_mb),
            full=full,
        )
        chosen = _home(home or environ.get("CBR_HOME") or DEFAULT_HOME)
        return cls(chosen, _clouds(environ.get("CBR_CLOUDS", SANDBOX)), reading)


@dataclass(frozen=True, slots=True)
class Operation:
    """How it is run for real: when, how old its answer may become, and who is told."""

    cron: str = "0 2 * * *"
    zone: str = "UTC"  # that the schedule is meant in
    is_production: bool = False  # elsewhere the schedule is stopped until somebody starts it
    fresh_hours: float = 26.0  # how old what is published may be
    webhook: str | None = field(default=None, repr=False)  # whoever knows it may write there

    @classmethod
    def load(cls, environ: Mapping[str, str] = os.environ) -> "Operation":
        """Return the settings of the CBR_ variables. Raise ConfigurationError if a value is not valid."""
        default = cls()
        zone = environ.get("CBR_SCHEDULE_ZONE") or default.zone
        try:
            ZoneInfo(zone)
        except (ValueError, OSError, ZoneInfoNotFoundError):
            raise ConfigurationError(
                f"CBR_SCHEDULE_ZONE={zone!r} is no time zone", "Set it to one, for example Asia/Shanghai."
            ) from None
        kind = environ.get("CBR_ENVIRONMENT") or DEVELOPMENT
        if kind not in (DEVELOPMENT, PRODUCTION):
            raise ConfigurationError(
                f"CBR_ENVIRONMENT={kind!r} is not known", f"Set it to {PRODUCTION} or {DEVELOPMENT}."
            )
        webhook = environ.get("CBR_WEBHOOK") or None
        if webhook and not re.fullmatch(r"https?://[^/\s]+/\S*", webhook):
            raise ConfigurationError(
                "CBR_WEBHOOK is no URL", "Set it to the whole URL that your chat gave you, or unset it."
            )
        return cls(
            cron=environ.get("CBR_SCHEDULE") or default.cron,
            zone=zone,
            is_production=kind == PRODUCTION,
            fresh_hours=_number(environ, "CBR_FRESH_HOURS", default.fresh_hours, least=1, most=_YEAR),
            webhook=webhook,
        )


def _home(text: str) -> Path:
    try:
        path = Path(text).expanduser().absolute()
        length, longest = len(str(path).encode()), max(len(part.encode()) for part in path.parts)
        if not set(str(path)) & set(_REFUSED) and length <= _LONGEST_PATH and longest <= _LONGEST_NAME:
            return path
    except (RuntimeError, UnicodeEncodeError):
        pass
    raise ConfigurationError(
        f"the home {text[:200]!a} can't be used",
        "Name a folder of a known user, in UTF-8, without ? and \\, and not longer than a path may be.",
    )


def _clouds(text: str) -> tuple[str, ...]:
    names = tuple(name.strip() for name in text.split(","))
    if "" in names or len(set(names)) < len(names):
        raise ConfigurationError(
            f"CBR_CLOUDS={text!r} has an empty name or one name twice",
            "Set it to names of clouds.yaml with a comma between them, for example CBR_CLOUDS=prod-cn,prod-eu.",
        )
    return names


def _number(
    environ: Mapping[str, str],
    name: str,
    default: float,
    *,
    whole: bool = False,
    least: float | None = None,
    most: float = float("inf"),
) -> float:
    text = environ.get(name) or str(default)
    try:
        value = int(text) if whole else float(text)
        if (least or 0) <= value <= most and 0 < value < float("inf"):
            return value
    except ValueError:
        pass
    kind = "a whole number" if whole else "a number"
    place = "above 0" if least is None else f"from {least:g} to {most:g}"
    raise ConfigurationError(
        f"{name}={text!r} is not {kind} {place}", f"Set it to one, or unset it: the default is {default}."
    )
