"""A cloud's name -> its entry in clouds.yaml, by OpenStack's rules.

Belongs here: finding the file, and the words for what is wrong with it. Does not belong here: the token or
the endpoint (scope.py). openstacksdk reads the file; no message shows a secret of it.
"""

import json
import logging
import os
import ssl
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml
from keystoneauth1 import exceptions as refusals
from openstack.config import OpenStackConfig
from openstack.config.cloud_region import CloudRegion
from openstack.config.loader import CONFIG_FILES, SECURE_FILES, VENDOR_FILES
from openstack.exceptions import ConfigException

from pipelines.errors import ConfigurationError, WarehouseError
from pipelines.extract.secrets import Redactor

SHAPE = "It needs clouds: NAME: auth: (auth_url, username, password, user_domain_name, project_name), region_name."
_KEY_SHAPE = "It needs clouds: NAME: auth_type: aksk, auth: (access_key, secret_key, project_id), region_name."
_LONGEST_HOST = 254  # characters of a name, and one
# Both libraries warn about what our messages say better.
for _library in ("keystoneauth", "openstack"):
    logging.getLogger(_library).setLevel(logging.ERROR)


def configured(name: str, redactor: Redactor) -> CloudRegion:
    """Return the entry called `name`. Raises WarehouseError if there is none, or a file is not what it should be.

    `redactor` learns its secrets before any library may quote them.
    """
    _check_configuration("OS_CLIENT_CONFIG_FILE", CONFIG_FILES)
    _check_configuration("OS_CLIENT_SECURE_FILE", SECURE_FILES)
    _check_configuration(None, VENDOR_FILES)
    shape = SHAPE
    try:
        config = OpenStackConfig()
        names = config.get_cloud_names()
        if name in names:
            entry = config.cloud_config["clouds"][name]
            shape = shape_of(entry)
            redactor.add_cloud(entry)
            redactor.add(entry.get("password"), entry.get("token"))
            _check_entry(name, entry)
            _check_region(name, config)
            return _sound(name, config.get_one(cloud=name))
    except WarehouseError:
        raise
    except (ConfigException, refusals.ClientException) as error:
        raise ConfigurationError(
            f"cloud {name!r} in clouds.yaml can't be used: {redactor.clean(error)}", shape
        ) from None
    except Exception as error:
        kind = f"{type(error).__name__}: {redactor.clean(error)}"
        raise ConfigurationError(
            f"cloud {name!r} in clouds.yaml does not have the shape of one ({kind})", shape
        ) from None
    raise _unknown(name, config)


def shape_of(entry: Mapping[str, Any]) -> str:
    """Return what an entry needs, in words."""
    return _KEY_SHAPE if entry.get("auth_type") == "aksk" else SHAPE


def _unknown(name: str, config: OpenStackConfig) -> WarehouseError:
    variables = config.envvar_key
    names = set(config.get_cloud_names()) - {"defaults"}
    known = ", ".join(sorted(names - {variables})) or "none"
    where = f"{config.config_filename}, which has: {known}" if config.config_filename else "no such file was found"
    cure = "Add it there, name another in CBR_CLOUDS, or point OS_CLIENT_CONFIG_FILE to the right file."
    if variables in names:
        cure = f"The OS_ variables are the cloud {variables!r}: set CBR_CLOUDS={variables}. For a file: {cure}"
    return ConfigurationError(f"cloud {name!r} is not in clouds.yaml ({where})", cure)


def _check_entry(name: str, entry: Mapping[str, Any]) -> None:
    """Refuse values that YAML has turned into something else, or that are missing."""
    auth = entry.get("auth")
    if auth is not None and not isinstance(auth, dict):
        raise ConfigurationError(
            f"auth of cloud {name!r} in clouds.yaml is not a section of keys and values", shape_of(entry)
        )
    values = {f"auth.{key}": value for key, value in (auth or {}).items()}
    values |= {key: entry[key] for key in ("username", "password", "project_name", "project_id") if key in entry}
    for key, value in values.items():
        if value is None or value == "":
            raise ConfigurationError(
                f"{key} of cloud {name!r} in clouds.yaml is empty", "Give it a value, or take the line out."
            )
        if isinstance(value, int | float | date):
            kind = "a date" if isinstance(value, date) else "true or false" if isinstance(value, bool) else "a number"
            raise ConfigurationError(
                f"{key} of cloud {name!r} in clouds.yaml is {kind} to YAML, and has to be text", "Put quotes around it."
            )


def _check_region(name: str, config: OpenStackConfig) -> None:
    """Refuse an entry of many regions: openstacksdk would take the first."""
    regions = [str(region["name"]) for region in config._get_known_regions(name)]
    if len(regions) > 1:
        raise ConfigurationError(
            f"cloud {name!r} in clouds.yaml is of several regions: {', '.join(regions)}",
            "Make one entry per region, each with its region_name and project, and name them in CBR_CLOUDS.",
        )


def _sound(name: str, region: CloudRegion) -> CloudRegion:
    """Return the entry if its URLs are URLs that hold no secret, and its files are there."""
    auth = region.config.get("auth") or {}
    for key, url in {"auth_url": auth.get("auth_url"), "cbr_endpoint_override": region.get_endpoint("cbr")}.items():
        if url is None:
            continue
        if "@" in str(url):
            raise ConfigurationError(
                f"{key} of cloud {name!r} in clouds.yaml holds a user before its host",
                "Put it into the fields username and password of auth.",
            )
        if "?" in str(url) or "#" in str(url):
            raise ConfigurationError(
                f"{key} of cloud {name!r} in clouds.yaml holds a query", "End it before the ? or #."
            )
        if not _is_url(str(url)):
            raise ConfigurationError(
                f"{key} of cloud {name!r} in clouds.yaml is not a URL", "It looks like https://iam.example.com/v3."
            )
    _check_user(name, region.config)
    _check_certificates(name, region)
    return region


def _check_user(name: str, config: Mapping[str, Any]) -> None:
    """Refuse a user without what version 3 of IAM asks for."""
    auth = config.get("auth") or {}
    if config.get("auth_type") not in ("password", "v3password"):
        return
    needed = [("username", "user_id"), ("password",)]
    if not auth.get("user_id"):
        needed.append(("user_domain_name", "user_domain_id", "default_domain_name", "default_domain_id"))
    missing = [keys[0] for keys in needed if not any(auth.get(key) for key in keys)]
    if missing:
        raise ConfigurationError(f"auth of cloud {name!r} in clouds.yaml lacks {', '.join(missing)}", SHAPE)


def _is_url(text: str) -> bool:
    try:
        where = urlsplit(text)
        host = (where.hostname or "").rstrip(".")
        is_address = ":" in host  # of version 6
        return (
            where.scheme in ("http", "https")
            and bool(host)
            and (where.port is None or where.port > 0)
            and (is_address or (bool(host.encode("idna")) and len(host) < _LONGEST_HOST))
        )
    except ValueError:  # a port that is no number; a label that is empty, or too long
        return False


def _check_certificates(name: str, region: CloudRegion) -> None:
    """Refuse files of certificates and keys that are not there, or are none."""
    verify, cert = region.get_requests_verify_args()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if isinstance(verify, str) and not Path(verify).is_dir():
        with _usable(name, "cacert", verify):
            context.load_verify_locations(verify)
    elif verify is True:
        for variable in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):  # the first that is set counts
            if (bundle := os.environ.get(variable)) and not Path(bundle).exists():
                raise ConfigurationError(
                    f"{variable}={bundle} does not exist", "Point it to a file of certificates, or unset it."
                )
    if cert:
        file, key = (cert, None) if isinstance(cert, str) else cert
        with _usable(name, "cert", file):
            context.load_verify_locations(file)
        with _usable(name, "key" if key else "cert", key or file):
            context.load_cert_chain(file, key, password="")


@contextmanager
def _usable(name: str, key: str, file: str) -> Iterator[None]:
    try:
        with Path(file).open("rb"):
            pass
        yield
    except ssl.SSLError:
        raise ConfigurationError(
            f"{key} of cloud {name!r} in clouds.yaml, {file}, is not what it should be",
            "It has to be PEM, without a passphrase, and a key has to be that of its certificate.",
        ) from None
    except OSError as error:
        raise ConfigurationError(
            f"{key} of cloud {name!r} in clouds.yaml, {file}, can't be read: {error.strerror}",
            "Point it to the right file, and make it readable for this user.",
        ) from None


def _check_configuration(variable: str | None, files: Iterable[str]) -> None:
    """Refuse a file of clouds that can't be read: openstacksdk would pass over it and take another one."""
    named = os.environ.get(variable) if variable else None
    if named and not Path(named).exists():
        raise ConfigurationError(f"{variable}={named} does not exist", "Point it to your file, or unset it.")
    candidates = [Path(path) for path in (named, *files) if path]
    chosen = next((path for path in candidates if path.exists()), None)
    if chosen is None:
        return
    try:
        text = chosen.read_text(encoding="utf-8")
        # Nothing that the parser says is repeated: it quotes the line, and the line may hold a password.
        json.loads(text) if chosen.suffix == ".json" else yaml.safe_load(text)
    except OSError as error:
        raise ConfigurationError(
            f"{chosen} can't be read: {error.strerror}", "Make it readable for this user."
        ) from None
    except UnicodeDecodeError:
        raise ConfigurationError(f"{chosen} is not UTF-8 text", "Save it as UTF-8.") from None
    except json.JSONDecodeError as error:
        raise ConfigurationError(f"{chosen}, line {error.lineno}, is not JSON", "Mend that line.") from None
    except (yaml.YAMLError, ValueError, AttributeError, TypeError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}," if mark else ""
        raise ConfigurationError(
            f"{chosen}{line} is not YAML", "Mend it; a password that begins with ! * & @ % or # needs quotes around it."
        ) from None
