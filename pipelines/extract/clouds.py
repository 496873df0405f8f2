"""A cloud's name -> a session that may read its backups.

Belongs here: clouds.yaml by OpenStack's rules (openstacksdk reads it), the token (keystoneauth1 fetches it),
the endpoint from the token's catalog, and the words for what is wrong with any of them. Does not belong
here: requests for backups (client.py). Secrets stay inside the session; no message shows one.
"""

import logging
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import yaml
from keystoneauth1 import exceptions as refusals
from keystoneauth1.session import Session
from openstack.config import OpenStackConfig
from openstack.config.cloud_region import CloudRegion
from openstack.config.loader import CONFIG_FILES
from openstack.exceptions import ConfigException

from pipelines import sandbox
from pipelines.config import SANDBOX
from pipelines.problem import Problem

TOKEN_TIMEOUT = 30.0  # seconds
_SHAPE = "It needs clouds: NAME: auth: (auth_url, username, password, user_domain_name, project_name), region_name."
# Both libraries warn about what our messages say better.
for _library in ("keystoneauth", "openstack"):
    logging.getLogger(_library).setLevel(logging.ERROR)


@dataclass(frozen=True, slots=True)
class Scope:
    """One account, region and project that can be read: its backups are at `url`/backups."""

    name: str
    region: str | None
    project_id: str
    url: str
    session: Session = field(repr=False)


@contextmanager
def open_scope(name: str) -> Iterator[Scope]:
    """Open the scope called `name`: `sandbox` is served by this project itself, any other is in clouds.yaml.

    Raises Problem where the name, the file, the credentials, the project or the endpoint is wrong.
    """
    with ExitStack() as stack:
        region = _embedded(stack) if name == SANDBOX else _configured(name)
        with _explained(name, region):
            session = region.get_session()
            session.timeout = TOKEN_TIMEOUT
            stack.callback(session.session.close)
            project_id = session.get_project_id()
            endpoint = region.get_endpoint("cbr") or session.get_endpoint(
                service_type="cbr", region_name=region.region_name or None, interface=region.get_interface("cbr")
            )
        if not project_id:
            raise Problem(
                f"the token of cloud {name!r} belongs to no project, and CBR answers for one project only",
                "Set project_name or project_id in its auth section in clouds.yaml.",
            )
        if not endpoint:
            raise Problem(
                f"the token of cloud {name!r} lists no service of type cbr in region {region.region_name or 'unset'!r}",
                "Set region_name, or cbr_endpoint_override: https://cbr.REGION.DOMAIN, for this cloud in clouds.yaml.",
            )
        yield Scope(name, region.region_name or None, project_id, _project_url(endpoint, project_id), session)


def _embedded(stack: ExitStack) -> CloudRegion:
    served = stack.enter_context(sandbox.serve())
    return OpenStackConfig(load_yaml_config=False, load_envvars=False).get_one(**served.cloud())


def _configured(name: str) -> CloudRegion:
    _check_file()
    try:
        config = OpenStackConfig()
        names = config.get_cloud_names()
        if name in names:
            return config.get_one(cloud=name)
    except (ConfigException, refusals.ClientException) as error:
        raise Problem(f"cloud {name!r} in clouds.yaml can't be used: {error}", _SHAPE) from None
    except (AttributeError, TypeError, ValueError, KeyError) as error:
        raise Problem(f"clouds.yaml does not have the shape of one: {error}", _SHAPE) from None
    known = ", ".join(sorted(set(names) - {"defaults", "envvars"})) or "none"
    where = f"{config.config_filename}, which has: {known}" if config.config_filename else "no such file was found"
    raise Problem(
        f"cloud {name!r} is not in clouds.yaml ({where})",
        "Add it there, name another in CBR_CLOUDS, or point OS_CLIENT_CONFIG_FILE to the right file.",
    )


def _check_file() -> None:
    """Refuse a clouds.yaml that can't be read: openstacksdk would pass over it and take another one."""
    named = os.environ.get("OS_CLIENT_CONFIG_FILE")
    if named and not Path(named).exists():
        raise Problem(f"OS_CLIENT_CONFIG_FILE={named} does not exist", "Point it to your clouds.yaml, or unset it.")
    candidates = [Path(path) for path in (named, *CONFIG_FILES) if path]
    chosen = next((path for path in candidates if path.exists()), None)
    if chosen is None or chosen.suffix == ".json":
        return
    try:
        yaml.safe_load(chosen.read_text(encoding="utf-8"))
    except OSError as error:
        raise Problem(f"{chosen} can't be read: {error.strerror}", "Make it readable for this user.") from None
    except UnicodeDecodeError:
        raise Problem(f"{chosen} is not UTF-8 text", "Save it as UTF-8.") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        # Only what the parser says of the place: the line itself may hold a password.
        raise Problem(f"{chosen}{line} is not YAML: {getattr(error, 'problem', None)}", "Mend that line.") from None


@contextmanager
def _explained(name: str, region: CloudRegion) -> Iterator[None]:
    """Say in one line what IAM refused."""
    auth = region.config.get("auth") or {}
    where = auth.get("auth_url") or "its auth_url"
    user = auth.get("username") or auth.get("user_id") or "the user"
    project = auth.get("project_name") or auth.get("project_id") or "unset"
    try:
        yield
    except (refusals.MissingRequiredOptions, ConfigException) as error:
        raise Problem(f"cloud {name!r} in clouds.yaml lacks something: {error}", _SHAPE) from None
    except refusals.Unauthorized as error:
        raise Problem(
            f"IAM at {where} refused user {user!r} of cloud {name!r}: {error.message or 'unauthorized'}",
            "Check username, password and user_domain_name of this cloud in clouds.yaml.",
        ) from None
    except (refusals.ConnectionError, refusals.DiscoveryFailure, refusals.NotFound) as error:
        raise Problem(
            f"IAM of cloud {name!r} can't be reached at {where}: {reason(error)}",
            "Check auth_url in clouds.yaml, the network and the proxy.",
        ) from None
    except refusals.EndpointNotFound as error:
        raise Problem(f"cloud {name!r}: {error}", "Set cbr_endpoint_override for this cloud in clouds.yaml.") from None
    except refusals.ClientException as error:
        raise Problem(
            f"IAM at {where} gave user {user!r} no token for project {project!r} of cloud {name!r}: {reason(error)}",
            "Check that the project exists and that the user may use it.",
        ) from None


def reason(error: Exception) -> str:
    """Return the last cause in words, without the layers of wrapping."""
    text = str(error)
    for mark in ("[Errno", "Caused by "):
        if mark in text:
            return text[text.rindex(mark) :].strip("\"')( ")
    return text


def _project_url(endpoint: str, project_id: str) -> str:
    """Return the endpoint with `/v3/{project_id}`, which a catalog has and an override may lack."""
    url = endpoint.replace("%(project_id)s", project_id).replace("$(project_id)s", project_id).rstrip("/")
    steps = urlsplit(url).path.strip("/").split("/")
    if steps[-1] == "v3":
        return f"{url}/{project_id}"
    return url if "v3" in steps else f"{url}/v3/{project_id}"
