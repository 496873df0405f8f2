"""Opens a scope: authenticates with the entry of a cloud and finds its project and the endpoint of CBR.

keystoneauth1 fetches the token. The entry itself is read in clouds.py; what can go wrong here is explained in
login_errors.py.
"""

import logging
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime

import urllib3
from keystoneauth1.identity.generic.base import BaseGenericPlugin
from keystoneauth1.session import Session
from tenacity import RetryCallState

from pipelines.config import SANDBOX, ReadSettings
from pipelines.errors import ConfigurationError
from pipelines.extract.clouds import read_cloud
from pipelines.extract.credentials import session_credentials
from pipelines.extract.endpoint import find_audit_url, find_endpoint, project_url
from pipelines.extract.login_errors import is_transient, login_errors, root_cause
from pipelines.extract.redactor import Redactor
from pipelines.extract.retry import retrying
from pipelines.extract.sandbox_scope import serve_sandbox
from pipelines.extract.scope import Scope
from pipelines.extract.transport import mount_adapter
from pipelines.extract.watchdog import Watchdog, cancelled_error
from pipelines.text import printable

SILENT_SECONDS = 10.0  # without a first response, after which a warning says why
TOKEN_TIMEOUT = 30.0  # seconds for each read; REQUEST_SECONDS bounds the whole request

_log = logging.getLogger(__name__)


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
    is wrong, ServiceError if IAM does not let its user in.
    """
    settings, watchdog, redactor = settings or ReadSettings(), watchdog or Watchdog(), redactor or Redactor()
    _silence_libraries()
    with ExitStack() as stack:
        cloud = serve_sandbox(stack, first_day) if name == SANDBOX else read_cloud(name, redactor)
        redactor.add_cloud(cloud.config)
        with login_errors(name, cloud, redactor):
            session = cloud.get_session()
            stack.callback(session.session.close)
            _configure(session, name, settings)
            project_id = _project_id(session, name, settings, watchdog, redactor)
            endpoint, catalog_region = find_endpoint(cloud, session)
            region = cloud.region_name or catalog_region
            audit_url = find_audit_url(cloud, session, region, project_id) if project_id else None
        if not project_id:
            raise ConfigurationError(
                f"the token of cloud {name!r} belongs to no project, and CBR answers for one project only",
                "Set project_name or project_id in its auth section in clouds.yaml.",
            )
        if not endpoint:
            raise ConfigurationError(
                f"the endpoint of CBR in region {cloud.region_name or 'unset'!r} of cloud {name!r} is not known",
                "Set region_name, or cbr_endpoint_override: https://cbr.REGION.DOMAIN, for this cloud in clouds.yaml.",
            )
        url = project_url(endpoint, project_id)
        credentials = session_credentials(session, redactor)
        yield Scope(name, region, project_id, url, session, credentials, redactor, audit_url)


def _silence_libraries() -> None:
    """Drop the warnings of both libraries: the errors of this project say the same with a hint."""
    for library in ("keystoneauth", "openstack"):
        logging.getLogger(library).setLevel(logging.ERROR)


def _configure(session: Session, name: str, settings: ReadSettings) -> None:
    if session.verify is False:
        _log.warning("cloud %r: certificates are not checked, as verify: false in clouds.yaml says", name)
        urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
    session.timeout = TOKEN_TIMEOUT
    session.session.trust_env = name != SANDBOX  # no proxy leads to this process
    session.redirect = False  # the request for a token carries the password: no other host may get it
    mount_adapter(session, settings.concurrency, int(settings.max_response_mb * 1e6))
    _use_v3(session)


def _use_v3(session: Session) -> None:
    """Let the session request tokens of version 3 without asking for the versions first.

    CBR has no other version, and keystoneauth waits for ever if that question is answered with 401.
    """
    if isinstance(session.auth, BaseGenericPlugin):
        url = session.auth.auth_url.rstrip("/")
        session.auth = session.auth.create_plugin(session, (3, 0), url if url.endswith("/v3") else f"{url}/v3")


def _project_id(
    session: Session, name: str, settings: ReadSettings, watchdog: Watchdog, redactor: Redactor
) -> str | None:
    """Return the project of the token, which is fetched here; warn once if that takes long."""
    has_warned = False

    def fetch() -> str | None:
        if watchdog.is_cancelled:
            raise cancelled_error(name)
        watchdog.heartbeat()
        return session.get_project_id()

    def warn_once(state: RetryCallState) -> None:
        nonlocal has_warned
        if not has_warned and (state.seconds_since_start or 0) > SILENT_SECONDS and state.outcome:
            has_warned = True
            cause = redactor.clean(root_cause(state.outcome.exception()))
            _log.warning("cloud %r: %s; tried again for %g s", name, printable(cause), settings.retry_seconds)

    return retrying(is_transient, settings.retry_seconds, warn_once, watchdog.sleep)(fetch)
