"""Checks of the certificates and keys that an entry of clouds.yaml names, before a connection needs them."""

import os
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from openstack.config.cloud_region import CloudRegion

from pipelines.errors import ConfigurationError


def check_certificates(name: str, cloud: CloudRegion) -> None:
    """Raise ConfigurationError if a file of certificates or keys is missing or not valid."""
    verify, cert = cloud.get_requests_verify_args()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if isinstance(verify, str) and not Path(verify).is_dir():
        with _pem_errors(name, "cacert", verify):
            context.load_verify_locations(verify)
    elif verify is True:
        for variable in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):  # the first that is set counts
            if (bundle := os.environ.get(variable)) and not Path(bundle).exists():
                raise ConfigurationError(
                    f"{variable}={bundle} does not exist", "Point it to a file of certificates, or unset it."
                )
    if cert:
        file, key = (cert, None) if isinstance(cert, str) else cert
        with _pem_errors(name, "cert", file):
            context.load_verify_locations(file)
        with _pem_errors(name, "key" if key else "cert", key or file):
            context.load_cert_chain(file, key, password="")


@contextmanager
def _pem_errors(name: str, key: str, file: str) -> Iterator[None]:
    """Raise ConfigurationError if `file` can't be read, or is refused by OpenSSL."""
    try:
        with Path(file).open("rb"):
            pass
        yield
    except ssl.SSLError:
        raise ConfigurationError(
            f"{key} of cloud {name!r} in clouds.yaml, {file}, is not a valid PEM file",
            "It has to be PEM, without a passphrase, and a key has to be that of its certificate.",
        ) from None
    except OSError as error:
        raise ConfigurationError(
            f"{key} of cloud {name!r} in clouds.yaml, {file}, can't be read: {error.strerror}",
            "Point it to the right file, and make it readable for this user.",
        ) from None
