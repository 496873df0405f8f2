"""Finds the projects of an entry of clouds.yaml that names none: those that IAM lists for its user.

Each is a scope of its own, called `entry/project`. How it is opened is in login.py.
"""

from functools import partial
from typing import cast

from keystoneauth1 import exceptions as keystone
from keystoneauth1.identity.base import BaseIdentityPlugin
from keystoneauth1.session import Session

from pipelines.config import SANDBOX, ReadSettings
from pipelines.errors import ConfigurationError, ServiceError
from pipelines.extract.clouds import read_cloud, stands_for_all_projects
from pipelines.extract.login_errors import login_errors
from pipelines.extract.redactor import Redactor
from pipelines.extract.session import ask_iam, open_session
from pipelines.extract.watchdog import Watchdog
from pipelines.landing.wire import parse


def find_projects(name: str, settings: ReadSettings, watchdog: Watchdog, redactor: Redactor) -> list[str] | None:
    """Return the scopes that the cloud called `name` stands for, or None if it is a scope itself.

    Disabled projects are left out. Raise ConfigurationError if the entry is wrong, ServiceError if IAM gives no list.
    """
    if name == SANDBOX:
        return None
    cloud = read_cloud(name, redactor)
    if not stands_for_all_projects(cloud):
        return None
    with open_session(name, cloud, settings, redactor) as session, login_errors(name, cloud, redactor):
        try:
            projects = ask_iam(partial(_list_projects, session, redactor), name, settings, watchdog, redactor)
        except keystone.InvalidResponse:
            raise ServiceError(
                f"IAM of cloud {name!r} answered with something that is no list of projects",
                "Check auth_url of this cloud in clouds.yaml, or set project_name in its auth section.",
                transient=True,
            ) from None
    if not projects:
        raise ServiceError(
            f"IAM lists no project that the user of cloud {name!r} may use",
            "Grant its user CBR ReadOnlyAccess on the projects to read.",
        )
    if repeated := sorted({project for project in projects if projects.count(project) > 1}):
        raise ConfigurationError(
            f"IAM lists several projects of cloud {name!r} with the name {', '.join(repeated)}",
            "Make one entry per project, each with its project_id, and name them in CBR_CLOUDS.",
        )
    return [f"{name}/{project}" for project in sorted(projects)]


def _list_projects(session: Session, redactor: Redactor) -> list[str]:
    """Return the names of the enabled projects that the user may use, with a token of no project."""
    redactor.add(session.get_token())
    auth = cast("BaseIdentityPlugin", session.auth)
    response = session.get(f"{auth.auth_url}/auth/projects", headers={"Accept": "application/json"}, log=False)
    try:
        body = parse(response.content)
        is_whole = response.status_code == 200 and not (body.get("links") or {}).get("next")
        names = [project["name"] for project in body["projects"] if project.get("enabled") is not False]
    except (ValueError, KeyError, TypeError, AttributeError):
        raise keystone.InvalidResponse(response) from None
    if not is_whole or not all(isinstance(name, str) and name.strip() for name in names):
        raise keystone.InvalidResponse(response)
    return names
