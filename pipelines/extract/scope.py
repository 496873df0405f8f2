"""A cloud's entry -> a scope that can be read: who lets us in, and where its backups are.

Belongs here: the token (keystoneauth1 fetches it), the project, the endpoint from the token's catalog, and
the words for what IAM refuses. Does not belong here: clouds.yaml (clouds.py), requests for backups
(client.py). Secrets stay inside the session; no message shows one.
"""

import logging
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlsplit

import urllib3
from keystoneauth1 import exceptions as refusals
from keystoneauth1.identity.base import BaseIdentityPlugin
from keystoneauth1.identity.generic.base import BaseGenericPlugin
from keystoneauth1.session import Session
from openstack.config.cloud_region import CloudRegion
from openstack.exceptions import ConfigException
from requests.exceptions import InvalidSchema, InvalidURL, MissingSchema
from tenacity import RetryCallState
from urllib3.exceptions import LocationParseError

from pipelines.config import SANDBOX, ReadSettings
from pipelines.errors import ServiceError, WarehouseError
from pipelines.extract.clouds import configured, shape_of
from pipelines.extract.credentials import Credentials, credentials_of
from pipelines.extract.retry import retrying
from pipelines.extract.secrets import Redactor
from pipelines.extract.served import served
from pipelines.extract.transport import prepare
from pipelines.extract.watch import Watch, stopped
from pipelines.text import printable

SILENT_SECONDS = 10.0  # after which somebody who waits for a first answer is told why
TOKEN_TIMEOUT = 30.0  # seconds, for each read; REQUEST_SECONDS bounds the whole request

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Scope:
    """One account, region and project that can be read: its backups are at `url`/backups."""

    name: str
    region: str | None
    project_id: str
    url: str
    session: Session = field(repr=False)
    credentials: Credentials = field(repr=False)
    redactor: Redactor = field(repr=False)

    def reason(self, error: Exception) -> str:
        """Return why a request failed, in words that hold no secret."""
        return self.redactor.clean(_cause(error))


@contextmanager
def open_scope(
    name: str,
    reading: ReadSettings | None = None,
    began: datetime | None = None,
    watch: Watch | None = None,
    redactor: Redactor | None = None,
) -> Iterator[Scope]:
    """Open the scope called `name`, to be read as `reading` says.

    `watch` hears that it gets on, `redactor` learns its secrets.

    `sandbox` is served by this project itself, its stories since `began`; any other is in clouds.yaml. Raises
    WarehouseError where the entry, the credentials, the project or the endpoint is wrong.
    """
    reading, watch, redactor = reading or ReadSettings(), watch or Watch(), redactor or Redactor()
    with ExitStack() as stack:
        region = served(stack, began) if name == SANDBOX else configured(name, redactor)
        redactor.add_cloud(region.config)
        with _explained(name, region, redactor):
            session = region.get_session()
            if session.verify is False:
                _log.warning("cloud %r: certificates are not checked, as verify: false in clouds.yaml says", name)
                urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
            session.timeout = TOKEN_TIMEOUT
            session.session.trust_env = name != SANDBOX  # no proxy leads to this process
            session.redirect = False  # the request for a token carries the password: no other host may get it
            stack.callback(session.session.close)
            prepare(session, reading.concurrency, int(reading.max_response_mb * 1e6))
            _use_v3(session)

            def project() -> str | None:
                if watch.is_stopped:
                    raise stopped(name)
                watch.alive()
                return session.get_project_id()

            def warn(state: RetryCallState) -> None:
                if not warned and (state.seconds_since_start or 0) > SILENT_SECONDS and state.outcome:
                    warned.append(True)
                    why = redactor.clean(_cause(state.outcome.exception()))
                    _log.warning("cloud %r: %s; tried again for %g s", name, printable(why), reading.retry_seconds)

            warned: list[bool] = []
            project_id = retrying(transient, lambda: reading.retry_seconds, warn, watch.pause)(project)
            endpoint, endpoint_region = _endpoint(region, session)
        if not project_id:
            raise ServiceError(
                f"the token of cloud {name!r} belongs to no project, and CBR answers for one project only",
                "Set project_name or project_id in its auth section in clouds.yaml.",
            )
        if not endpoint:
            raise ServiceError(
                f"where CBR is in region {region.region_name or 'unset'!r} of cloud {name!r} is not known",
                "Set region_name, or cbr_endpoint_override: https://cbr.REGION.DOMAIN, for this cloud in clouds.yaml.",
            )
        url = _project_url(endpoint, project_id)
        credentials = credentials_of(session, redactor)
        yield Scope(name, region.region_name or endpoint_region, project_id, url, session, credentials, redactor)


def _use_v3(session: Session) -> None:
    """Let the session ask for tokens of version 3 without asking first which versions there are.

    CBR has no other version, and keystoneauth's question waits for ever where it is answered with 401.
    """
    if isinstance(session.auth, BaseGenericPlugin):
        url = session.auth.auth_url.rstrip("/")
        session.auth = session.auth.create_plugin(session, (3, 0), url if url.endswith("/v3") else f"{url}/v3")


def _endpoint(region: CloudRegion, session: Session) -> tuple[str | None, str | None]:
    """Return where CBR is, and the region that the catalog says it is in.

    Raises WarehouseError if the catalog has several and clouds.yaml does not say which.
    """
    if override := region.get_endpoint("cbr"):
        return override, None
    wanted = region.region_name or None
    if not isinstance(session.auth, BaseIdentityPlugin):
        return session.get_endpoint(service_type="cbr", region_name=wanted), None
    catalog = session.auth.get_access(session).service_catalog
    listed = catalog.get_endpoint_data_list("cbr", region.get_interface("cbr") or "public", wanted)
    regions = dict.fromkeys(str(endpoint.region_name) for endpoint in listed)
    if len(regions) > 1:
        raise ServiceError(
            f"cloud {region.name!r} has no region_name, and its catalog lists CBR in {', '.join(sorted(regions))}",
            "Set region_name in clouds.yaml; each region is an entry of its own.",
        )
    return (listed[0].url, listed[0].region_name) if listed else (None, None)


@contextmanager
def _explained(name: str, region: CloudRegion, redactor: Redactor) -> Iterator[None]:
    """Say in one line what went wrong, whatever a library made of it."""
    try:
        yield
    except WarehouseError:
        raise
    except Exception as error:
        what, cure = _words(error, name, region, redactor)
        raise ServiceError(f"{what}: {redactor.clean(_cause(error))}", cure, transient=transient(error)) from None


def _words(error: Exception, name: str, region: CloudRegion, redactor: Redactor) -> tuple[str, str]:
    """Return what an error of opening a scope means, and what to do: of the first kind that it is of."""
    auth = region.config.get("auth") or {}
    where = redactor.clean(auth.get("auth_url") or "its auth_url")
    iam = f"IAM at {where}"
    user = auth.get("username") or auth.get("user_id") or "the user"
    project = auth.get("project_name") or auth.get("project_id") or "unset"
    unreachable = (
        f"IAM of cloud {name!r} can't be reached at {where}",
        "Check auth_url in clouds.yaml, the network and the proxy.",
    )
    if is_misspelt(error):
        return unreachable
    kinds: list[tuple[tuple[type[Exception], ...], str, str]] = [
        (
            (refusals.MissingRequiredOptions, ConfigException),
            f"cloud {name!r} in clouds.yaml lacks something",
            shape_of(region.config),
        ),
        (
            (refusals.Unauthorized,),
            f"{iam} refused user {user!r} of cloud {name!r}",
            "Check username, password and user_domain_name of this cloud in clouds.yaml.",
        ),
        (
            (refusals.SSLError,),
            f"the certificate of {iam} of cloud {name!r} is not trusted",
            "Set cacert for this cloud in clouds.yaml to the file of the authority that signed it.",
        ),
        ((refusals.ConnectionError, refusals.DiscoveryFailure, refusals.NotFound), *unreachable),
        (
            (refusals.EndpointNotFound,),
            f"cloud {name!r} has no endpoint of CBR",
            "Set cbr_endpoint_override for this cloud in clouds.yaml.",
        ),
        (
            (refusals.HttpError,),
            f"{iam} answered cloud {name!r} with {getattr(error, 'http_status', '')}",
            "Check auth_url and the auth section of this cloud in clouds.yaml, or run again later.",
        ),
        (
            (refusals.ClientException,),
            f"{iam} gave user {user!r} no token for project {project!r} of cloud {name!r}",
            "Check that the project exists and that the user may use it.",
        ),
        (
            (OSError,),
            f"cloud {name!r} needs a file that can't be used",
            "Check the files that its entry in clouds.yaml names.",
        ),
        (
            (KeyError, AttributeError, TypeError, ValueError),
            f"{iam} answered cloud {name!r} with something that is no token ({type(error).__name__})",
            "Check auth_url of this cloud in clouds.yaml.",
        ),
    ]
    for types, what, cure in kinds:
        if isinstance(error, types):
            return what, cure
    return f"cloud {name!r} can't be opened ({type(error).__name__})", "Check its entry in clouds.yaml."


def transient(fault: BaseException) -> bool:
    """Tell whether IAM may answer better next time."""
    if isinstance(fault, refusals.HttpError):
        return fault.http_status in (408, 429) or fault.http_status >= 500
    if isinstance(fault, refusals.InvalidResponse):
        return True  # a page in the place of an answer
    if is_misspelt(fault):
        return False
    return isinstance(fault, refusals.ConnectionError) and not isinstance(fault, refusals.SSLError)


def is_misspelt(fault: BaseException | None) -> bool:
    """Tell whether a fault comes from a URL, of a service or a proxy, that is none."""
    while fault is not None:
        if isinstance(fault, InvalidURL | InvalidSchema | MissingSchema | LocationParseError):
            return True
        fault = fault.__cause__ or fault.__context__
    return False


def _cause(error: BaseException | None) -> str:
    """Return the last cause in words, without the layers of wrapping."""
    if isinstance(error, refusals.HttpError):
        return str(error.message or "no reason given")
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
