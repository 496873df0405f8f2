"""Access key and secret key instead of a user and password: each request is signed, and IAM is not asked.

This is the keystoneauth1 plugin behind `auth_type: aksk` in clouds.yaml. It signs with the signer of huaweicloudsdkcore
(SDK-HMAC-SHA256), which the extra `aksk` installs.
"""

import re
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from keystoneauth1.loading import BaseLoader, Opt
from keystoneauth1.plugin import BaseAuthPlugin
from requests import PreparedRequest
from requests.auth import AuthBase

from pipelines.errors import ConfigurationError

# The regions of Huawei Cloud itself. Partners' clouds have others, eu-de and eu-west-0 among them.
_DOMAINS = {
    re.compile(r"eu-west-10\d"): "myhuaweicloud.eu",
    re.compile(r"(cn|ap|af|la|na|sa|me|tr|ru|my)-[a-z]+\d?-\d+"): "myhuaweicloud.com",
}


class AccessKey(BaseAuthPlugin):  # type: ignore[misc, unused-ignore]
    """An access key, and the project that it is used for."""

    def __init__(
        self, access_key: str, secret_key: str, project_id: str | None = None, security_token: str | None = None
    ) -> None:
        """`security_token` belongs to a temporary key."""
        super().__init__()
        self._project_id = project_id
        self.signer = RequestSigner(access_key, secret_key, project_id or "", security_token)

    def get_headers(self, session: Any, **_: Any) -> dict[str, str]:
        """Return none: the request is signed when it is complete."""
        return {}

    def get_project_id(self, session: Any, **_: Any) -> str | None:
        """Return the project in clouds.yaml; there is no token to name one."""
        return self._project_id

    def get_endpoint(
        self, session: Any, service_type: str = "cbr", region_name: str | None = None, **_: Any
    ) -> str | None:
        """Return the endpoint of a service in a region of Huawei Cloud itself; others need an override."""
        domain = next((domain for regions, domain in _DOMAINS.items() if regions.fullmatch(region_name or "")), None)
        return f"https://{service_type}.{region_name}.{domain}" if domain else None


class Loader(BaseLoader):  # type: ignore[misc, type-arg, unused-ignore]
    """Tells openstacksdk which fields the plugin reads from clouds.yaml."""

    @property
    def plugin_class(self) -> type[AccessKey]:
        """Return the class of the plugin."""
        return AccessKey

    def get_options(self) -> list[Opt]:
        """Return the fields of the auth section."""
        return [
            *super().get_options(),
            Opt("access-key", required=True, help="Access key (AK)."),
            Opt("secret-key", required=True, secret=True, help="Secret key (SK)."),
            Opt("project-id", required=True, help="Id of the project to read."),
            Opt("security-token", secret=True, help="Security token of a temporary key."),
        ]


class RequestSigner(AuthBase):
    """Signs requests just before they are sent."""

    def __init__(self, access_key: str, secret_key: str, project_id: str, security_token: str | None) -> None:
        """Raise ConfigurationError if the extra `aksk` is not installed."""
        try:
            from huaweicloudsdkcore.sdk_request import SdkRequest
            from huaweicloudsdkcore.signer.signer import Signer
        except ImportError:
            raise ConfigurationError(
                "auth_type aksk needs the signer of huaweicloudsdkcore",
                "Install it: pip install 'cbr-warehouse[aksk]'.",
            ) from None
        self.ak, self.sk = access_key, secret_key  # the names that the signer reads
        self._request, self._sign = SdkRequest, Signer(self).sign
        self._headers = {"X-Project-Id": project_id}
        if security_token:
            self._headers["X-Security-Token"] = security_token

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        """Sign the request. Its query is sent exactly as it was signed."""
        url = urlsplit(request.url or "")
        signed = self._sign(
            self._request(
                method=request.method,
                schema=url.scheme,
                host=url.netloc,
                resource_path=url.path,
                query_params=parse_qsl(url.query, keep_blank_values=True),
                header_params=dict(self._headers),
                body="",
            )
        )
        request.headers.update(signed.header_params)
        request.url = f"{url.scheme}://{url.netloc}{signed.uri}"
        return request
