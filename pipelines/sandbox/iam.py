"""IAM v3 of the sandbox: one user, its projects, tokens that expire.

It answers for the versions of the API, POST /v3/auth/tokens, GET /v3/projects and GET /v3/auth/projects. What a token
gives access to is in service.py.
"""

import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from pipelines.sandbox.responses import Response, iam_error

REGION = "sandbox-1"
DOMAIN, USER, PASSWORD = "sandbox-domain", "sandbox-auditor", "sandbox-password"
ACCESS_KEY, SECRET_KEY = "SANDBOXACCESSKEY0001", "sandbox-secret-key-for-signing"
CLOSED, EMPTY, DISABLED, REFUSED = f"{REGION}_closed", f"{REGION}_empty", f"{REGION}_disabled", "MOS"
# Project name -> id. The user has tokens for the first three; CBR is open in two of them, and one of these is empty.
PROJECTS = {
    REGION: "0a6d25f1c4b84f0f9d5a3c8e7b2f1d60",
    CLOSED: "1b7e36a2d5c95a1a8e6b4d9f8c3a2e71",
    EMPTY: "2c8f47b3e6da6b2b9f7c5ea09d4b3f82",
    DISABLED: "3d9058c4f7eb7c3ca08d6fb1ae5c4093",
    REFUSED: "4ea169d508fc8d4db19e70c2bf6d51a4",
}
DOMAIN_ID = "d" * 32
NO_SUCH_PROJECT = iam_error(401, "Unauthorized", "The project does not exist or is not open to this user.")
_ACCOUNT = {"id": DOMAIN_ID, "name": DOMAIN}
_TIME = "%Y-%m-%dT%H:%M:%S.%fZ"


@dataclass(slots=True)
class Iam:
    """The tokens that were issued."""

    lifetime: timedelta = timedelta(hours=24)
    tokens: dict[str, tuple[str | None, datetime]] = field(default_factory=dict)  # token -> project id, expiry

    def issue(self, request: Any, base: str) -> Response:
        """Return the response to a request for a token: 201 with the token in X-Subject-Token, or 401."""
        try:
            auth = request["auth"]
            user = auth["identity"]["password"]["user"]
            is_correct = (user["name"], user["password"], user["domain"]["name"]) == (USER, PASSWORD, DOMAIN)
            project = auth["scope"]["project"] if "scope" in auth else None
        except (KeyError, TypeError):
            return iam_error(400, "Bad Request", "The request body is invalid.")
        if not is_correct:
            return iam_error(401, "Unauthorized", "The username or password is wrong.")
        if project is None:
            return self._token(None, {"catalog": []})
        for name, project_id in PROJECTS.items():
            if name == project.get("name") or project_id == project.get("id"):
                return self._project_token(name, project_id, base)
        return NO_SUCH_PROJECT

    def _project_token(self, project: str, project_id: str, base: str) -> Response:
        if project == DISABLED:
            return NO_SUCH_PROJECT
        if project == REFUSED:
            return iam_error(403, "Forbidden", "You are not authorized to perform the requested action.")
        catalog = [
            _service("iam", f"{base}/v3"),
            _service("cbr", f"{base}/v3/{project_id}"),
            _service("cts", f"{base}/v1.0/{project_id}"),
        ]
        scope = {"project": {"id": project_id, "name": project, "domain": _ACCOUNT}}
        return self._token(project_id, {"catalog": catalog, **scope})

    def _token(self, project_id: str | None, scope: dict[str, Any]) -> Response:
        token, now = "MII" + secrets.token_urlsafe(96), datetime.now(UTC)
        self.tokens[token] = (project_id, now + self.lifetime)
        body = {
            **scope,
            "expires_at": (now + self.lifetime).strftime(_TIME),
            "issued_at": now.strftime(_TIME),
            "methods": ["password"],
            "roles": [{"id": "0", "name": "readonly"}],
            "user": {"id": "u" * 32, "name": USER, "domain": _ACCOUNT, "password_expires_at": ""},
        }
        return Response(201, {"token": body}, {"X-Subject-Token": token})

    def is_valid(self, token: str | None) -> bool:
        """Tell whether `token` was issued and has not expired."""
        _, expiry = self.tokens.get(token or "", (None, None))
        return expiry is not None and expiry > datetime.now(UTC)

    def project_of(self, token: str | None) -> str | None:
        """Return the id of the project of `token`, or None if it is not valid now or belongs to no project."""
        return self.tokens[token][0] if token and self.is_valid(token) else None


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


def projects(base: str, path: str, query: dict[str, list[str]]) -> Response:
    """Return the list of projects at `path`, or the one named in the query."""
    names = query.get("name", PROJECTS)
    listed = [_project(base, name, project_id) for name, project_id in PROJECTS.items() if name in names]
    return Response(200, {"links": _links(f"{base}/{path}"), "projects": listed})


def _project(base: str, name: str, project_id: str) -> dict[str, Any]:
    return {
        "id": project_id,
        "name": name,
        "description": "",
        "domain_id": DOMAIN_ID,
        "parent_id": DOMAIN_ID,
        "is_domain": False,
        "enabled": name != DISABLED,
        "links": _links(f"{base}/v3/projects/{project_id}"),
    }


def _links(url: str) -> dict[str, Any]:
    return {"self": url, "next": None, "previous": None}


def _service(kind: str, url: str) -> dict[str, Any]:
    endpoint = {"id": f"{kind}-public", "interface": "public", "region": REGION, "region_id": REGION, "url": url}
    return {"id": kind, "name": kind, "type": kind, "endpoints": [endpoint]}
