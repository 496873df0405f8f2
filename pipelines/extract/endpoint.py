"""Where CBR and CTS of a cloud are: an override in clouds.yaml, the catalog of the token, or a region that is known."""

import re
from urllib.parse import urlsplit

from keystoneauth1.identity.base import BaseIdentityPlugin
from keystoneauth1.session import Session
from openstack.config.cloud_region import CloudRegion

from pipelines.errors import ConfigurationError
from pipelines.extract.clouds import is_project_of


def find_endpoint(cloud: CloudRegion, session: Session, name: str) -> tuple[str | None, str | None]:
    """Return the endpoint of CBR for the scope called `name`, and its region in the catalog of the token.

    Raise ConfigurationError if the catalog has several regions and clouds.yaml does not name one. That of a project of
    an entry is in its name: cn-north-4, or cn-north-4_finance.
    """
    if override := cloud.get_endpoint("cbr"):
        return override, None
    region = cloud.region_name or None
    if not isinstance(session.auth, BaseIdentityPlugin):
        return session.get_endpoint(service_type="cbr", region_name=region), None
    catalog = session.auth.get_access(session).service_catalog
    endpoints = catalog.get_endpoint_data_list("cbr", cloud.get_interface("cbr") or "public", region)
    regions = {str(endpoint.region_name) for endpoint in endpoints}
    own_region = name.removeprefix(f"{cloud.name}/").partition("_")[0]
    if len(regions) > 1 and is_project_of(cloud, name) and own_region in regions:
        endpoints = [endpoint for endpoint in endpoints if endpoint.region_name == own_region]
    elif len(regions) > 1:
        raise ConfigurationError(
            f"cloud {cloud.name!r} has no region_name, and its catalog lists CBR in {', '.join(sorted(regions))}",
            "Set region_name in clouds.yaml; each region is an entry of its own.",
        )
    return (endpoints[0].url, endpoints[0].region_name) if endpoints else (None, None)


def find_audit_url(cloud: CloudRegion, session: Session, region: str | None, project_id: str) -> str | None:
    """Return the URL of the audit trail of a project, or None if no endpoint of CTS is known.

    The catalog has an older version of it, which does not list traces of a service.
    """
    endpoint = cloud.get_endpoint("cts")
    if not endpoint and isinstance(session.auth, BaseIdentityPlugin):
        catalog = session.auth.get_access(session).service_catalog
        endpoints = catalog.get_endpoint_data_list("cts", cloud.get_interface("cts") or "public", region)
        endpoint = endpoints[0].url if endpoints else None
    elif not endpoint:
        endpoint = session.get_endpoint(service_type="cts", region_name=region)
    return project_url(re.sub(r"/v[12](\.\d+)?(?=/|$)", "/v3", endpoint), project_id) if endpoint else None


def project_url(endpoint: str, project_id: str) -> str:
    """Return the endpoint with `/v3/{project_id}`, which a catalog has and an override may lack."""
    url = endpoint.replace("%(project_id)s", project_id).replace("$(project_id)s", project_id).rstrip("/")
    segments = urlsplit(url).path.strip("/").split("/")
    if segments[-1] == "v3":
        return f"{url}/{project_id}"
    return url if "v3" in segments else f"{url}/v3/{project_id}"
