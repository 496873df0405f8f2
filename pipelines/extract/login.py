"""Opens a scope: authenticates with the entry of a cloud and finds its project and the endpoint of CBR.

The entry itself is read in clouds.py and its session is opened in session.py; what can go wrong here is explained in
login_errors.py.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from functools import partial

from keystoneauth1.identity.base import BaseIdentityPlugin
from keystoneauth1.session import Session

from pipelines.config import SANDBOX, ReadSettings
from pipelines.errors import ConfigurationError, NotGrantedError
from pipelines.extract.clouds import is_project_of, read_cloud
from pipelines.extract.credentials import session_credentials
from pipelines.extract.endpoint import find_audit_url, find_endpoint, project_url
from pipelines.extract.login_errors import login_errors
from pipelines.extract.redactor import Redactor
from pipelines.extract.sandbox_scope import serve_sandbox
from pipelines.extract.scope import Scope
from pipelines.extract.session import ask_iam, open_session
from pipelines.extract.watchdog import Watchdog


@contextmanager
def open_scope(
    name: str,
    settings: ReadSettings | None = None,
    first_day: datetime | None = None,
    watchdog: Watchdog | None = None,
    redactor: Redactor | None = None,
) -> Iterator[Scope]:
    """Open the scope called `name`: the sandbox, whose scenarios began on `first_day`, or an entry of clouds.yaml.

    `watchdog` gets a heartbeat for each request, `redactor` learns the secrets. Raise ConfigurationError if the entry
    is wrong, NotGrantedError if IAM does not let its user in.
    """
    settings, watchdog, redactor = settings or ReadSettings(), watchdog or Watchdog(), redactor or Redactor()
    with ExitStack() as stack:
        cloud = serve_sandbox(stack, first_day) if name == SANDBOX else read_cloud(name, redactor)
        session = stack.enter_context(open_session(name, cloud, settings, redactor))
        with login_errors(name, cloud, redactor):
            project_id = ask_iam(session.get_project_id, name, settings, watchdog, redactor)
            endpoint, catalog_region = find_endpoint(cloud, session, name)
            region = cloud.region_name or catalog_region
            audit_url = find_audit_url(cloud, session, region, project_id) if project_id else None
            domain_id = ask_iam(partial(_domain_id, session), name, settings, watchdog, redactor)
        if not project_id:
            raise ConfigurationError(
                f"the token of cloud {name!r} belongs to no project, and CBR answers for one project only",
                f"Set project_name in its auth section in clouds.yaml, or name one of its projects: {name}/PROJECT.",
            )
        if not endpoint and is_project_of(cloud, name):
            raise NotGrantedError(
                f"the project of cloud {name!r} has no CBR in region {region or 'unset'!r}",
                "Leave it, or set region_name or cbr_endpoint_override in clouds.yaml if the project uses CBR.",
            )
        if not endpoint:
            raise ConfigurationError(
                f"the endpoint of CBR in region {cloud.region_name or 'unset'!r} of cloud {name!r} is not known",
                "Set region_name, or cbr_endpoint_override: https://cbr.REGION.DOMAIN, for this cloud in clouds.yaml.",
            )
        url = project_url(endpoint, project_id)
        credentials = session_credentials(session, redactor)
        yield Scope(name, region, project_id, url, session, credentials, redactor, audit_url, domain_id)


def _domain_id(session: Session) -> str | None:
    """Return the ID of the account of the project, or None: an access key has no token that would name it."""
    if not isinstance(session.auth, BaseIdentityPlugin):
        return None
    return session.auth.get_access(session).project_domain_id
