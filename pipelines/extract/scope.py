"""An open scope: one account, region and project whose backups can be requested.

It sends single requests and turns errors of the libraries below into those of this project. Retries and the rate limit
are in client.py; how a scope is opened is in login.py.
"""

from dataclasses import dataclass, field

from keystoneauth1 import exceptions as keystone
from keystoneauth1.session import Session
from requests import Response

from pipelines.errors import ConfigurationError, ServiceError, WarehouseError
from pipelines.extract.credentials import Credentials
from pipelines.extract.login_errors import is_invalid_url, is_transient, root_cause
from pipelines.extract.redactor import Redactor
from pipelines.extract.responses import TransientError

CONNECT_TIMEOUT, READ_TIMEOUT = 10, 60  # seconds


@dataclass(frozen=True, slots=True)
class Scope:
    """One account, region and project that can be read: its backups are at `url`/backups.

    `audit_url`/traces is its audit trail, if there is one.
    """

    name: str
    region: str | None
    project_id: str
    url: str
    session: Session = field(repr=False)
    credentials: Credentials = field(repr=False)
    redactor: Redactor = field(repr=False)
    audit_url: str | None = None
    domain_id: str | None = None  # of the account of the project, as its token says

    def auth_headers(self) -> dict[str, str]:
        """Return the headers that authenticate a request, with a new token if the last one is too old.

        Raise TransientError if IAM may give one later, ServiceError if it refuses.
        """
        try:
            return self.credentials.headers()
        except keystone.Unauthorized as error:
            raise ServiceError(
                f"IAM gave cloud {self.name!r} no new token: {self._cause(error)}",
                "Check the auth section of this cloud in clouds.yaml.",
            ) from None
        except (keystone.ClientException, KeyError, AttributeError, TypeError, ValueError) as error:
            if isinstance(error, keystone.HttpError) and not is_transient(error):
                raise ServiceError(
                    f"IAM gave cloud {self.name!r} no new token: {self._cause(error)}",
                    "Check that its user may still use this project.",
                ) from None
            raise TransientError(f"IAM: {self._cause(error)}") from error

    def get(self, path: str, headers: dict[str, str]) -> Response:
        """Send one GET and return the response, whatever its status.

        Raise TransientError if the connection fails, ConfigurationError if clouds.yaml is the reason.
        """
        try:
            return self.session.get(
                self.url + path,
                headers=headers,
                requests_auth=self.credentials.signer,
                timeout=(CONNECT_TIMEOUT, READ_TIMEOUT),
                authenticated=False,  # the token is in the headers already
                raise_exc=False,
                redirect=False,  # another host must not see the token
                log=False,
            )
        except keystone.SSLError as error:
            raise ConfigurationError(
                f"the certificate of {self.url} is not trusted: {self._cause(error)}",
                "Set cacert for this cloud in clouds.yaml.",
            ) from None
        except WarehouseError:
            raise
        except Exception as error:
            if isinstance(error, keystone.ClientException) and not is_invalid_url(error):
                raise TransientError(self._cause(error)) from error
            raise ConfigurationError(
                f"cloud {self.name!r} can't be reached at {self.url}: {self._cause(error)}",
                "Check cbr_endpoint_override of this cloud in clouds.yaml, and the proxy.",
            ) from None

    def _cause(self, error: Exception) -> str:
        """Return why a request failed, without secrets."""
        return self.redactor.clean(root_cause(error))
