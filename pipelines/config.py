"""The settings of a user: where the data is, which clouds are read and how fast, and how it runs unattended.

Every option and CBR_ variable is read and validated here. Credentials are in clouds.yaml (extract/clouds.py), and
thresholds in policy.yaml (policy/).
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pipelines.errors import ConfigurationError

DEFAULT_HOME = "cbr-home"
DEMO_HOME = "cbr-demo"
SANDBOX = "sandbox"  # the scope that pipelines/sandbox serves
DEVELOPMENT, PRODUCTION = "development", "production"  # the values of CBR_ENVIRONMENT
_HOURS_PER_YEAR = 8760.0
_FORBIDDEN = set("?\\")  # in the path of a home: DuckDB reads options after the first, and the second as a slash
_MAX_PATH_BYTES, _MAX_NAME_BYTES = 3_500, 255  # files within the home need the rest of the 4,096 that Linux allows


@dataclass(frozen=True, slots=True)
class ReadSettings:
    """How a service is read. The quota of CBR is not published, so the defaults are gentle."""

    concurrency: int = 8  # details requested at the same time, for each scope
    requests_per_second: float = 10.0  # to one endpoint, by all scopes together
    retry_seconds: float = 600.0  # how long one request is retried
    resume_minutes: float = 60.0  # how old an unfinished snapshot may be to be continued
    max_response_mb: float = 64.0  # the largest accepted response, decompressed
    full: bool = False  # read all details again, even those that did not change


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of one run."""

    home: Path
    clouds: tuple[str, ...]
    reading: ReadSettings = field(default_factory=ReadSettings)

    @classmethod
    def load(
        cls, home: str | None = None, environ: Mapping[str, str] = os.environ, *, full: bool = False
    ) -> "Settings":
        """Return the settings of the CBR_ variables. `home` takes precedence over CBR_HOME and ./cbr-home.

        Raise ConfigurationError if a value is not valid.
        """
        default = ReadSettings()
        reading = ReadSettings(
            concurrency=_positive_integer(environ, "CBR_CONCURRENCY", default.concurrency),
            requests_per_second=_positive_number(environ, "CBR_REQUESTS_PER_SECOND", default.requests_per_second),
            retry_seconds=_positive_number(environ, "CBR_RETRY_SECONDS", default.retry_seconds),
            resume_minutes=_positive_number(environ, "CBR_RESUME_MINUTES", default.resume_minutes),
            max_response_mb=_positive_number(environ, "CBR_MAX_RESPONSE_MB", default.max_response_mb),
            full=full,
        )
        path = _home_path(home or environ.get("CBR_HOME") or DEFAULT_HOME)
        return cls(path, _cloud_names(environ.get("CBR_CLOUDS", SANDBOX)), reading)


@dataclass(frozen=True, slots=True)
class DeploymentSettings:
    """How the warehouse runs unattended: its schedule, how old its data may become, and where alerts are posted."""

    cron: str = "0 2 * * *"
    zone: str = "UTC"  # time zone of the schedule
    is_production: bool = False  # elsewhere the schedule is stopped until somebody starts it
    fresh_hours: float = 26.0  # how old published data may be
    webhook: str | None = field(default=None, repr=False)  # a secret: whoever knows the URL can post there

    @classmethod
    def load(cls, environ: Mapping[str, str] = os.environ) -> "DeploymentSettings":
        """Return the settings of the CBR_ variables. Raise ConfigurationError if a value is not valid."""
        default = cls()
        zone = environ.get("CBR_SCHEDULE_ZONE") or default.zone
        try:
            ZoneInfo(zone)
        except (ValueError, OSError, ZoneInfoNotFoundError):
            raise ConfigurationError(
                f"CBR_SCHEDULE_ZONE={zone!r} is not a time zone", "Set it to one, for example Asia/Shanghai."
            ) from None
        environment = environ.get("CBR_ENVIRONMENT") or DEVELOPMENT
        if environment not in (DEVELOPMENT, PRODUCTION):
            raise ConfigurationError(
                f"CBR_ENVIRONMENT={environment!r} is not known", f"Set it to {PRODUCTION} or {DEVELOPMENT}."
            )
        webhook = environ.get("CBR_WEBHOOK") or None
        if webhook and not re.fullmatch(r"https?://[^/\s]+/\S*", webhook):
            raise ConfigurationError(
                "CBR_WEBHOOK is not a URL", "Set it to the complete URL from your chat service, or unset it."
            )
        return cls(
            cron=environ.get("CBR_SCHEDULE") or default.cron,
            zone=zone,
            is_production=environment == PRODUCTION,
            fresh_hours=_fresh_hours(environ, default.fresh_hours),
            webhook=webhook,
        )


def _home_path(text: str) -> Path:
    try:
        path = Path(text).expanduser().absolute()
        path_bytes, name_bytes = len(str(path).encode()), max(len(part.encode()) for part in path.parts)
        if not set(str(path)) & _FORBIDDEN and path_bytes <= _MAX_PATH_BYTES and name_bytes <= _MAX_NAME_BYTES:
            return path
    except (RuntimeError, UnicodeEncodeError):  # an unknown user after ~, or a path that is not UTF-8
        pass
    raise ConfigurationError(
        f"the home {text[:200]!a} can't be used",
        "Name a folder of a known user, in UTF-8, without ? and \\, and not longer than a path may be.",
    )


def _cloud_names(text: str) -> tuple[str, ...]:
    names = tuple(name.strip() for name in text.split(","))
    if "" in names or len(set(names)) < len(names):
        raise ConfigurationError(
            f"CBR_CLOUDS={text!r} has an empty name or one name twice",
            "Set it to names of clouds.yaml with a comma between them, for example CBR_CLOUDS=prod-cn,prod-eu.",
        )
    return names


def _positive_integer(environ: Mapping[str, str], name: str, default: int) -> int:
    text = environ.get(name) or str(default)
    try:
        value = int(text)
    except ValueError:
        value = 0
    if value <= 0:
        raise _number_error(name, text, "a whole number above 0", default)
    return value


def _positive_number(environ: Mapping[str, str], name: str, default: float) -> float:
    value = _number(environ, name, default)
    if not 0 < value < float("inf"):
        raise _number_error(name, environ[name], "a number above 0", default)
    return value


def _fresh_hours(environ: Mapping[str, str], default: float) -> float:
    name = "CBR_FRESH_HOURS"
    value = _number(environ, name, default)
    if not 1 <= value <= _HOURS_PER_YEAR:
        raise _number_error(name, environ[name], f"a number from 1 to {_HOURS_PER_YEAR:g}", default)
    return value


def _number(environ: Mapping[str, str], name: str, default: float) -> float:
    """Return the number in a variable, or NaN, which is in no range, if it has none."""
    try:
        return float(environ.get(name) or default)
    except ValueError:
        return float("nan")


def _number_error(name: str, text: str, expected: str, default: float) -> ConfigurationError:
    return ConfigurationError(
        f"{name}={text!r} is not {expected}", f"Set it to one, or unset it: the default is {default}."
    )
