"""What went wrong while a scope was opened: one error of this project for each kind of error of the libraries below."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from keystoneauth1 import exceptions as keystone
from openstack.config.cloud_region import CloudRegion
from openstack.exceptions import ConfigException
from requests.exceptions import InvalidSchema, InvalidURL, MissingSchema
from urllib3.exceptions import LocationParseError

from pipelines.errors import ConfigurationError, NotGrantedError, ServiceError, WarehouseError
from pipelines.extract.cloud_checks import entry_shape
from pipelines.extract.clouds import is_project_of
from pipelines.extract.redactor import Redactor


class _Explanation(NamedTuple):
    causes: tuple[type[Exception], ...]
    error: type[WarehouseError]
    message: str
    hint: str


@contextmanager
def login_errors(name: str, cloud: CloudRegion, redactor: Redactor) -> Iterator[None]:
    """Raise ConfigurationError or ServiceError for any error of a library, without secrets."""
    try:
        yield
    except WarehouseError:
        raise
    except Exception as error:
        explanation = _explain(error, name, cloud, redactor)
        message = f"{explanation.message}: {redactor.clean(root_cause(error))}"
        raise explanation.error(message, explanation.hint, transient=is_transient(error)) from None


def is_transient(error: BaseException) -> bool:
    """Tell whether the same request to IAM may succeed later."""
    if isinstance(error, keystone.HttpError):
        return error.http_status in (408, 429) or error.http_status >= 500
    if isinstance(error, keystone.InvalidResponse):
        return True  # a page of a proxy instead of a response
    if is_invalid_url(error):
        return False
    return isinstance(error, keystone.ConnectionError) and not isinstance(error, keystone.SSLError)


def is_invalid_url(error: BaseException | None) -> bool:
    """Tell whether an error was caused by a malformed URL, of the service or of a proxy."""
    while error is not None:
        if isinstance(error, InvalidURL | InvalidSchema | MissingSchema | LocationParseError):
            return True
        error = error.__cause__ or error.__context__
    return False


def root_cause(error: BaseException | None) -> str:
    """Return the text of the innermost cause, without the layers that wrap it."""
    if isinstance(error, keystone.HttpError):
        return str(error.message or "no reason given")
    text = str(error)
    for marker in ("[Errno", "Caused by "):
        if marker in text:
            return text[text.rindex(marker) :].strip("\"')( ")
    return text


def _explain(error: Exception, name: str, cloud: CloudRegion, redactor: Redactor) -> _Explanation:
    """Return the first explanation whose causes include `error`."""
    auth = cloud.config.get("auth") or {}
    auth_url = redactor.clean(auth.get("auth_url") or "its auth_url")
    iam = f"IAM at {auth_url}"
    user = auth.get("username") or auth.get("user_id") or "the user"
    project = auth.get("project_name") or auth.get("project_id") or "unset"
    unreachable = _Explanation(
        (keystone.ConnectionError, keystone.DiscoveryFailure, keystone.NotFound),
        ServiceError,
        f"IAM of cloud {name!r} can't be reached at {auth_url}",
        "Check auth_url in clouds.yaml, the network and the proxy.",
    )
    if is_invalid_url(error):
        return unreachable
    no_token = _Explanation(
        (keystone.ClientException,),
        ServiceError,
        f"{iam} gave user {user!r} no token for project {project!r} of cloud {name!r}",
        "Check that the project exists and that the user may use it.",
    )
    if is_project_of(cloud, name) and isinstance(error, keystone.Unauthorized | keystone.Forbidden):
        return no_token._replace(error=NotGrantedError)
    explanations = [
        _Explanation(
            (keystone.MissingRequiredOptions, ConfigException),
            ConfigurationError,
            f"cloud {name!r} in clouds.yaml lacks something",
            entry_shape(cloud.config),
        ),
        _Explanation(
            (keystone.Unauthorized,),
            ServiceError,
            f"{iam} refused user {user!r} of cloud {name!r}",
            "Check username, password and user_domain_name of this cloud in clouds.yaml.",
        ),
        _Explanation(
            (keystone.SSLError,),
            ConfigurationError,
            f"the certificate of {iam} of cloud {name!r} is not trusted",
            "Set cacert for this cloud in clouds.yaml to the file of the authority that signed it.",
        ),
        unreachable,
        _Explanation(
            (keystone.EndpointNotFound,),
            ConfigurationError,
            f"cloud {name!r} has no endpoint of CBR",
            "Set cbr_endpoint_override for this cloud in clouds.yaml.",
        ),
        _Explanation(
            (keystone.HttpError,),
            ServiceError,
            f"{iam} answered cloud {name!r} with {getattr(error, 'http_status', '')}",
            "Check auth_url and the auth section of this cloud in clouds.yaml, or run again later.",
        ),
        no_token,
        _Explanation(
            (OSError,),
            ConfigurationError,
            f"cloud {name!r} needs a file that can't be used",
            "Check the files that its entry in clouds.yaml names.",
        ),
        _Explanation(
            (KeyError, AttributeError, TypeError, ValueError),
            ServiceError,
            f"{iam} answered cloud {name!r} with something that is no token ({type(error).__name__})",
            "Check auth_url of this cloud in clouds.yaml.",
        ),
        _Explanation(
            (Exception,),
            ConfigurationError,
            f"cloud {name!r} can't be opened ({type(error).__name__})",
            "Check its entry in clouds.yaml.",
        ),
    ]
    return next(explanation for explanation in explanations if isinstance(error, explanation.causes))
