"""A cloud's name -> its entry in clouds.yaml, by OpenStack's rules.

Belongs here: finding the file, and the words for what is wrong with it. Does not belong here: the token or
the endpoint (scope.py). openstacksdk reads the file; no message shows a secret of it.
"""

import json
import logging
import os
from pathlib import Path
from urllib.parse import urlsplit

import yaml
from keystoneauth1 import exceptions as refusals
from openstack.config import OpenStackConfig
from openstack.config.cloud_region import CloudRegion
from openstack.config.loader import CONFIG_FILES
from openstack.exceptions import ConfigException

from pipelines.problem import Problem

SHAPE = "It needs clouds: NAME: auth: (auth_url, username, password, user_domain_name, project_name), region_name."
# Both libraries warn about what our messages say better.
for _library in ("keystoneauth", "openstack"):
    logging.getLogger(_library).setLevel(logging.ERROR)


def configured(name: str) -> CloudRegion:
    """Return the entry called `name`. Raises Problem where there is none, or the file is not what it should be."""
    _check_file()
    try:
        config = OpenStackConfig()
        names = config.get_cloud_names()
        if name in names:
            return _sound(name, config.get_one(cloud=name))
    except (ConfigException, refusals.ClientException) as error:
        raise Problem(f"cloud {name!r} in clouds.yaml can't be used: {error}", SHAPE) from None
    except (AttributeError, TypeError, ValueError, KeyError) as error:
        raise Problem(f"clouds.yaml does not have the shape of one: {error}", SHAPE) from None
    known = ", ".join(sorted(set(names) - {"defaults", "envvars"})) or "none"
    where = f"{config.config_filename}, which has: {known}" if config.config_filename else "no such file was found"
    raise Problem(
        f"cloud {name!r} is not in clouds.yaml ({where})",
        "Add it there, name another in CBR_CLOUDS, or point OS_CLIENT_CONFIG_FILE to the right file.",
    )


def _sound(name: str, region: CloudRegion) -> CloudRegion:
    """Return the entry if its URLs are URLs, and hold no password that messages would show."""
    auth = region.config.get("auth") or {}
    for key, url in {"auth_url": auth.get("auth_url"), "cbr_endpoint_override": region.get_endpoint("cbr")}.items():
        if url is None:
            continue
        where = urlsplit(str(url))
        if "@" in where.netloc:
            raise Problem(
                f"{key} of cloud {name!r} in clouds.yaml holds a user before its host",
                "Put it into the fields username and password of auth.",
            )
        if where.scheme not in ("http", "https") or not where.hostname or where.hostname.startswith("."):
            raise Problem(
                f"{key} of cloud {name!r} in clouds.yaml is not a URL", "It looks like https://iam.example.com/v3."
            )
    return region


def _check_file() -> None:
    """Refuse a clouds.yaml that can't be read: openstacksdk would pass over it and take another one."""
    named = os.environ.get("OS_CLIENT_CONFIG_FILE")
    if named and not Path(named).exists():
        raise Problem(f"OS_CLIENT_CONFIG_FILE={named} does not exist", "Point it to your clouds.yaml, or unset it.")
    candidates = [Path(path) for path in (named, *CONFIG_FILES) if path]
    chosen = next((path for path in candidates if path.exists()), None)
    if chosen is None:
        return
    try:
        text = chosen.read_text(encoding="utf-8")
        # Nothing that the parser says is repeated: it quotes the line, and the line may hold a password.
        json.loads(text) if chosen.suffix == ".json" else yaml.safe_load(text)
    except OSError as error:
        raise Problem(f"{chosen} can't be read: {error.strerror}", "Make it readable for this user.") from None
    except UnicodeDecodeError:
        raise Problem(f"{chosen} is not UTF-8 text", "Save it as UTF-8.") from None
    except json.JSONDecodeError as error:
        raise Problem(f"{chosen}, line {error.lineno}, is not JSON", "Mend that line.") from None
    except (yaml.YAMLError, ValueError, AttributeError, TypeError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}," if mark else ""
        raise Problem(
            f"{chosen}{line} is not YAML", "Mend it; a password that begins with ! * & @ % or # needs quotes around it."
        ) from None
