"""Reads the entry of a cloud from clouds.yaml, by the rules of OpenStack.

openstacksdk finds and reads the files; they are checked first, because it skips a file that it can't read. No message
shows a secret of an entry. `entry/project` is an entry that names no project, with that one. Token and endpoint are
found in login.py, the projects in projects.py.
"""

import json
import os
from collections.abc import Iterable
from pathlib import Path

import yaml
from keystoneauth1 import exceptions as keystone
from openstack.config import OpenStackConfig
from openstack.config.cloud_region import CloudRegion
from openstack.config.loader import CONFIG_FILES, SECURE_FILES, VENDOR_FILES
from openstack.exceptions import ConfigException

from pipelines.errors import ConfigurationError
from pipelines.extract.cloud_checks import (
    PASSWORD_TYPES,
    USER_SHAPE,
    check_cloud,
    check_single_region,
    check_values,
    entry_shape,
)
from pipelines.extract.redactor import Redactor


def read_cloud(name: str, redactor: Redactor) -> CloudRegion:
    """Return the entry called `name`, or that of `entry/project` with the project.

    Raise ConfigurationError if there is none, or a file or the entry is not valid. `redactor` learns its secrets before
    any library may quote them.
    """
    _check_file("OS_CLIENT_CONFIG_FILE", CONFIG_FILES)
    _check_file("OS_CLIENT_SECURE_FILE", SECURE_FILES)
    _check_file(None, VENDOR_FILES)
    shape = USER_SHAPE
    try:
        config = OpenStackConfig()
        entry_name, project = _split_name(name, config)
        entry = config.cloud_config["clouds"][entry_name]
        shape = entry_shape(entry)
        redactor.add_cloud(entry)
        redactor.add(entry.get("password"), entry.get("token"))
        check_values(name, entry)
        check_single_region(entry_name, config)
        cloud = _cloud_region(name, entry_name, project, config)
        check_cloud(name, cloud)
    except ConfigurationError:
        raise
    except (ConfigException, keystone.ClientException) as error:
        raise ConfigurationError(
            f"cloud {name!r} in clouds.yaml can't be used: {redactor.clean(error)}", shape
        ) from None
    except Exception as error:
        reason = f"{type(error).__name__}: {redactor.clean(error)}"
        raise ConfigurationError(
            f"cloud {name!r} in clouds.yaml does not have the shape of an entry ({reason})", shape
        ) from None
    return cloud


def stands_for_all_projects(cloud: CloudRegion) -> bool:
    """Tell whether an entry has a user and password but no project: it stands for every project of the user."""
    auth = cloud.config.get("auth") or {}
    has_scope = any(auth.get(key) for key in ("project_id", "project_name", "trust_id", "system_scope"))
    return cloud.config.get("auth_type") in PASSWORD_TYPES and not has_scope


def is_project_of(cloud: CloudRegion, name: str) -> bool:
    """Tell whether the scope called `name` is a project of the entry, and not the entry itself."""
    return name.startswith(f"{cloud.name}/")


def _split_name(name: str, config: OpenStackConfig) -> tuple[str, str | None]:
    """Return the entry called `name`, or the entry and the project of `entry/project`.

    Raise ConfigurationError if there is no such entry.
    """
    names = config.get_cloud_names()
    if name in names:
        return name, None
    entry = max((entry for entry in names if name.startswith(f"{entry}/")), key=len, default=None)
    project = name[len(entry) + 1 :] if entry else ""
    if not entry or not project:
        raise _unknown_cloud_error(name, config)
    return entry, project


def _cloud_region(name: str, entry: str, project: str | None, config: OpenStackConfig) -> CloudRegion:
    """Return an entry, with `project` if it is given. Raise ConfigurationError if the entry has a project already."""
    cloud = config.get_one(cloud=entry)
    if project is None:
        return cloud
    if not stands_for_all_projects(cloud):
        raise _unknown_cloud_error(name, config)
    return config.get_one(cloud=entry, auth={"project_name": project})


def _unknown_cloud_error(name: str, config: OpenStackConfig) -> ConfigurationError:
    """Return the error for a name that is not in clouds.yaml."""
    variables_cloud = config.envvar_key
    names = set(config.get_cloud_names()) - {"defaults"}
    known_names = ", ".join(sorted(names - {variables_cloud})) or "none"
    file = f"{config.config_filename}, which has: {known_names}" if config.config_filename else "no such file was found"
    hint = "Add it there, name another in CBR_CLOUDS, or point OS_CLIENT_CONFIG_FILE to the right file."
    if variables_cloud in names:
        hint = (
            f"The OS_ variables are the cloud {variables_cloud!r}: set CBR_CLOUDS={variables_cloud}. For a file: {hint}"
        )
    return ConfigurationError(f"cloud {name!r} is not in clouds.yaml ({file})", hint)


def _check_file(variable: str | None, default_files: Iterable[str]) -> None:
    """Raise ConfigurationError if the file that counts can't be read: openstacksdk would skip it and take another.

    It is the file named by the environment variable, else the first of `default_files` that exists.
    """
    named = os.environ.get(variable) if variable else None
    if named and not Path(named).exists():
        raise ConfigurationError(f"{variable}={named} does not exist", "Point it to your file, or unset it.")
    candidates = [Path(path) for path in (named, *default_files) if path]
    path = next((path for path in candidates if path.exists()), None)
    if path is None:
        return
    try:
        text = path.read_text(encoding="utf-8")
        # The parser's own message is dropped: it quotes the line, and the line may hold a password.
        json.loads(text) if path.suffix == ".json" else yaml.safe_load(text)
    except OSError as error:
        raise ConfigurationError(f"{path} can't be read: {error.strerror}", "Make it readable for this user.") from None
    except UnicodeDecodeError:
        raise ConfigurationError(f"{path} is not UTF-8 text", "Save it as UTF-8.") from None
    except json.JSONDecodeError as error:
        raise ConfigurationError(f"{path}, line {error.lineno}, is not JSON", "Correct that line.") from None
    except (yaml.YAMLError, ValueError, AttributeError, TypeError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}," if mark else ""
        raise ConfigurationError(
            f"{path}{line} is not YAML",
            "Correct it; a password that begins with ! * & @ % or # needs quotes around it.",
        ) from None
