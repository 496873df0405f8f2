"""Checks of one entry of clouds.yaml, before any request is sent: values, region, URLs, user, certificates.

openstacksdk accepts entries that can't work, or fails later with an error that does not name the line. The file itself
is found and read in clouds.py.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any
from urllib.parse import urlsplit

from openstack.config import OpenStackConfig
from openstack.config.cloud_region import CloudRegion

from pipelines.errors import ConfigurationError
from pipelines.extract.certificates import check_certificates

USER_SHAPE = "It needs clouds: NAME: auth: (auth_url, username, password, user_domain_name, project_name), region_name."
KEY_SHAPE = "It needs clouds: NAME: auth_type: aksk, auth: (access_key, secret_key, project_id), region_name."
PASSWORD_TYPES = ("password", "v3password")  # auth_type of a user with a password
_MAX_HOST_LENGTH = 253  # characters


def entry_shape(entry: Mapping[str, Any]) -> str:
    """Return the fields that an entry needs, as a hint."""
    return KEY_SHAPE if entry.get("auth_type") == "aksk" else USER_SHAPE


def check_values(name: str, entry: Mapping[str, Any]) -> None:
    """Raise ConfigurationError if a value is missing, or is not text to YAML."""
    auth = entry.get("auth")
    if auth is not None and not isinstance(auth, dict):
        raise ConfigurationError(
            f"auth of cloud {name!r} in clouds.yaml is not a section of keys and values", entry_shape(entry)
        )
    values = {f"auth.{key}": value for key, value in (auth or {}).items()}
    values |= {key: entry[key] for key in ("username", "password", "project_name", "project_id") if key in entry}
    for key, value in values.items():
        if value is None or value == "":
            raise ConfigurationError(
                f"{key} of cloud {name!r} in clouds.yaml is empty", "Give it a value, or remove the line."
            )
        if isinstance(value, int | float | date):
            kind = "a date" if isinstance(value, date) else "true or false" if isinstance(value, bool) else "a number"
            raise ConfigurationError(
                f"{key} of cloud {name!r} in clouds.yaml is {kind} to YAML, and has to be text", "Put quotes around it."
            )


def check_single_region(name: str, config: OpenStackConfig) -> None:
    """Raise ConfigurationError if an entry has several regions: openstacksdk would take the first."""
    regions = [str(region["name"]) for region in config._get_known_regions(name)]
    if len(regions) > 1:
        raise ConfigurationError(
            f"cloud {name!r} in clouds.yaml is of several regions: {', '.join(regions)}",
            "Make one entry per region, each with its region_name and project, and name them in CBR_CLOUDS.",
        )


def check_cloud(name: str, cloud: CloudRegion) -> None:
    """Raise ConfigurationError if a URL is malformed or holds a secret, a field is missing, or a file is not usable."""
    auth = cloud.config.get("auth") or {}
    for key, url in {"auth_url": auth.get("auth_url"), "cbr_endpoint_override": cloud.get_endpoint("cbr")}.items():
        if url is not None:
            _check_url(name, key, str(url))
    _check_user(name, cloud.config)
    check_certificates(name, cloud)


def _check_url(name: str, key: str, url: str) -> None:
    if "@" in url:
        raise ConfigurationError(
            f"{key} of cloud {name!r} in clouds.yaml holds a user before its host",
            "Put it into the fields username and password of auth.",
        )
    if "?" in url or "#" in url:
        raise ConfigurationError(f"{key} of cloud {name!r} in clouds.yaml holds a query", "End it before the ? or #.")
    if not _is_url(url):
        raise ConfigurationError(
            f"{key} of cloud {name!r} in clouds.yaml is not a URL", "It looks like https://iam.example.com/v3."
        )


def _is_url(text: str) -> bool:
    try:
        url = urlsplit(text)
        host = (url.hostname or "").rstrip(".")
        is_ipv6 = ":" in host
        return (
            url.scheme in ("http", "https")
            and bool(host)
            and (url.port is None or url.port > 0)
            and (is_ipv6 or (bool(host.encode("idna")) and len(host) <= _MAX_HOST_LENGTH))
        )
    except ValueError:  # a port that is no number; a label that is empty, or too long
        return False


def _check_user(name: str, config: Mapping[str, Any]) -> None:
    """Raise ConfigurationError if a field is missing that version 3 of IAM requires of a user."""
    auth = config.get("auth") or {}
    if config.get("auth_type") not in PASSWORD_TYPES:
        return
    required = [("username", "user_id"), ("password",)]
    if not auth.get("user_id"):
        required.append(("user_domain_name", "user_domain_id", "default_domain_name", "default_domain_id"))
    missing = [keys[0] for keys in required if not any(auth.get(key) for key in keys)]
    if missing:
        raise ConfigurationError(f"auth of cloud {name!r} in clouds.yaml lacks {', '.join(missing)}", USER_SHAPE)
