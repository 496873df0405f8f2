"""The session with IAM of one entry of clouds.yaml, and patience while IAM does not answer.

keystoneauth1 fetches the token. Which scope is opened with a session is in login.py, which projects there are in
projects.py.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import urllib3
from keystoneauth1.identity.generic.base import BaseGenericPlugin
from keystoneauth1.session import Session
from openstack.config.cloud_region import CloudRegion
from tenacity import RetryCallState

from pipelines.config import SANDBOX, ReadSettings
from pipelines.extract.login_errors import is_transient, login_errors, root_cause
from pipelines.extract.redactor import Redactor
from pipelines.extract.retry import retrying
from pipelines.extract.transport import mount_adapter
from pipelines.extract.watchdog import Watchdog, cancelled_error
from pipelines.text import printable

SILENT_SECONDS = 10.0  # without a first response, after which a warning says why
TOKEN_TIMEOUT = 30.0  # seconds for each read; REQUEST_SECONDS bounds the whole request

_log = logging.getLogger(__name__)
_T = TypeVar("_T")


@contextmanager
def open_session(name: str, cloud: CloudRegion, settings: ReadSettings, redactor: Redactor) -> Iterator[Session]:
    """Open the session of `cloud`, whose errors name it `name`. Nothing is sent yet."""
    for library in ("keystoneauth", "openstack"):  # the errors of this project say the same with a hint
        logging.getLogger(library).setLevel(logging.ERROR)
    redactor.add_cloud(cloud.config)
    with login_errors(name, cloud, redactor):
        session = cloud.get_session()
    try:
        with login_errors(name, cloud, redactor):
            _configure(session, name, settings)
        yield session
    finally:
        session.session.close()


def ask_iam(request: Callable[[], _T], name: str, settings: ReadSettings, watchdog: Watchdog, redactor: Redactor) -> _T:
    """Return the result of a request to IAM, repeated while its error is transient; warn once if that takes long."""
    has_warned = False

    def ask() -> _T:
        if watchdog.is_cancelled:
            raise cancelled_error(name)
        watchdog.heartbeat()
        return request()

    def warn_once(state: RetryCallState) -> None:
        nonlocal has_warned
        if not has_warned and (state.seconds_since_start or 0) > SILENT_SECONDS and state.outcome:
            has_warned = True
            cause = redactor.clean(root_cause(state.outcome.exception()))
            _log.warning("cloud %r: %s; tried again for %g s", name, printable(cause), settings.retry_seconds)

    return retrying(is_transient, settings.retry_seconds, warn_once, watchdog.sleep)(ask)


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
