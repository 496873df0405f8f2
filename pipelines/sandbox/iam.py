"""IAM v3 of the sandbox: one user, its projects, tokens that expire.

It answers for the versions of the API, POST /v3/auth/tokens and GET /v3/projects. What a token gives access to is in
service.py.
"""

import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from pipelines.sandbox.responses import Response, iam_error

REGION = "sandbox-1"
DOMAIN, USER, PASSWORD = "sandbox-domain", "sandbox-auditor", "sandbox-password"
ACCESS_KEY, SECRET_KEY = "SANDBOXACCESSKEY0001", "sandbox-secret-key-for-signing"
# Project name -> id. The user may have a token for either; CBR is open in the first alone.
PROJECTS = {REGION: "0a6d25f1c4b84f0f9d5a3c8e7b2f1d60", f"{REGION}_closed": "1b7e36a2d5c95a1a8e6b4d9f8c3a2e71"}
DOMAIN_ID = "d" * 32
_TIME = "%Y-%m-%dT%H:%M:%S.%fZ"


@dataclass(slots=True)
class Iam:
    """The tokens that were issued."""

    lifetime: timedelta = timedelta(hours=24)
    tokens: dict[str, tuple[str, datetime]] = field(default_factory=dict)  # token -> project id, expiry

    def issue(self, request: Any, base: str) -> Response:
        """Return the response to a request for a token: 201 with the token in X-Subject-Token, or 401."""
        try:
            auth = request["auth"]
            user = auth["identity"]["password"]["user"]
            is_correct = (user["name"], user["password"], user["domain"]["name"]) == (USER, PASSWORD, DOMAIN)
            project = auth["scope"]["project"]
        except (KeyError, TypeError):
            return iam_error(400, "Bad Request", "The request body is invalid.")
        if not is_correct:
            return iam_error(401, "Unauthorized", "The username or password is wrong.")
        for name, project_id in PROJECTS.items():
            if name == project.get("name") or project_id == project.get("id"):
                return self._token(name, project_id, base)
        return iam_error(401, "Unauthorized", "The project does not exist or is not open to this user.")

    def _token(self, project: str, project_id: str, base: str) -> Response:
        token, now = "MII" + secrets.token_urlsafe(96), datetime.now(UTC)
        self.tokens[token] = (project_id, now + self.lifetime)
        domain = {"id": DOMAIN_ID, "name": DOMAIN}
        body = {
            "catalog": [
                _service("iam", f"{base}/v3"),
                _service("cbr", f"{base}/v3/{project_id}"),
                _service("cts", f"{base}/v1.0/{project_id}"),
            ],
            "expires_at": (now + self.lifetime).strftime(_TIME),
            "issued_at": now.strftime(_TIME),
            "methods": ["password"],
            "project": {"id": project_id, "name": project, "domain": domain},
            "roles": [{"id": "0", "name": "readonly"}],
            "user": {"id": "u" * 32, "name": USER, "domain": domain, "password_expires_at": ""},
        }
        return Response(201, {"token": body}, {"X-Subject-Token": token})

    def project_of(self, token: str | None) -> str | None:
        """Return the id of the project of `token`, or None if it is not valid now."""
        project_id, expiry = self.tokens.get(token or "", (None, None))
        return project_id if expiry and expiry > datetime.now(UTC) else None


def versions(base: str) -> Response:
    """Return the versions of the API, as a choice."""
    return Response(300, {"versions": {"values": [_version(base)]}}, {"Location": f"{base}/v3/"})


def version(base: str) -> Response:
    """Return the only version of the API."""
    return Response(200, {"version": _version(base)})


def _version(base: str) -> dict[str, Any]:
    media_types = [{"base": "application/json", "type": "application/vnd.openstack.identity-v3+json"}]
    return {
        "id": "v3.6",
        "status": "stable",
        "updated": "2016-04-04T00:00:00Z",
        "links": [{"rel": "self", "href": f"{base}/v3/"}],
        "media-types": media_types,
    }


def projects(base: str, query: dict[str, list[str]]) -> Response:
    """Return the list of projects, or the one named in the query."""
    names = query.get("name", PROJECTS)
    listed = [_project(base, name, project_id) for name, project_id in PROJECTS.items() if name in names]
    return Response(200, {"links": _links(f"{base}/v3/projects"), "projects": listed})


def _project(base: str, name: str, project_id: str) -> dict[str, Any]:
    return {
        "id": project_id,
        "name": name,
        "description": "",
        "domain_id": DOMAIN_ID,
        "parent_id": DOMAIN_ID,
        "is_domain": False,
        "enabled": True,
        "links": _links(f"{base}/v3/projects/{project_id}"),
    }


def _links(url: str) -> dict[str, Any]:
    return {"self": url, "next": None, "previous": None}


def _service(kind: str, url: str) -> dict[str, Any]:
    endpoint = {"id": f"{kind}-public", "interface": "public", "region": REGION, "region_id": REGION, "url": url}
    return {"id": kind, "name": kind, "type": kind, "endpoints": [endpoint]}
