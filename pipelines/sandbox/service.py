"""Routing and authentication of the sandbox: an HTTP request -> the response of IAM or CBR."""

import json
from collections import Counter
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from pipelines.sandbox import iam, signature
from pipelines.sandbox.cbr import Cbr
from pipelines.sandbox.cbr_inputs import CbrInputs
from pipelines.sandbox.faults import LIST, SHOW, TOKEN, Faults
from pipelines.sandbox.inventory import Inventory
from pipelines.sandbox.quota import Quota
from pipelines.sandbox.responses import BAD_SIGNATURE, BAD_TOKEN, FORBIDDEN, NO_SUCH_API, Response, iam_error
from pipelines.sandbox.store import Store

Headers = dict[str, str]  # names in lower case


class Service:
    """IAM, CBR and CTS at one URL.

    `requests` counts tokens and requests for backups by kind, `input_requests` those for all else.
    """

    def __init__(self, backups: Store, url: str, inventory: Inventory | None = None) -> None:
        """Serve `backups` and `inventory`. `url` is where the service can be reached."""
        self.url = url
        self.iam = iam.Iam()
        self.cbr = Cbr(backups)
        self.inputs = CbrInputs(inventory)
        self.faults = Faults()
        self.quota: Quota | None = None
        self.requests: Counter[str] = Counter()
        self.input_requests: Counter[str] = Counter()

    def cloud(self, project: str = iam.REGION) -> dict[str, Any]:
        """Return the entry of this service in a clouds.yaml."""
        auth = {
            "auth_url": f"{self.url}/v3",
            "username": iam.USER,
            "password": iam.PASSWORD,
            "user_domain_name": iam.DOMAIN,
            "project_name": project,
        }
        return {"auth": auth, "region_name": iam.REGION}

    def respond(self, method: str, path: str, headers: Headers, content: bytes) -> Response:
        """Return the response to one request."""
        url = urlsplit(path)
        match method, *(unquote(segment) for segment in url.path.strip("/").split("/")):
            case ["GET", ""]:
                return iam.versions(self.url)
            case ["GET", "v3"]:
                return iam.version(self.url)
            case ["GET", "v3", "projects"]:
                return self._projects(method, path, headers)
            case ["POST", "v3", "auth", "tokens"]:
                return self._with_faults(TOKEN, lambda: self.iam.issue(_parse(content), self.url))
            case ["GET", "v3", project, "backups"]:
                refusal = self._refusal(project, method, path, headers)
                return refusal or self._with_faults(LIST, lambda: self.cbr.list(parse_qs(url.query)))
            case ["GET", "v3", project, "backups", backup_id]:
                refusal = self._refusal(project, method, path, headers)
                return refusal or self._with_faults(SHOW, lambda: self.cbr.show(backup_id))
            case ["GET", "v3", project, *inputs] if inputs:
                refusal = self._refusal(project, method, path, headers)
                return refusal or self._with_faults(
                    inputs[0], lambda: self.inputs.respond(inputs, parse_qs(url.query)), self.input_requests
                )
        return NO_SUCH_API

    def _with_faults(
        self, kind: str, respond: Callable[[], Response], requests: Counter[str] | None = None
    ) -> Response:
        (self.requests if requests is None else requests)[kind] += 1
        if kind != TOKEN and self.quota and (refusal := self.quota.check()):
            return refusal
        return self.faults.apply(kind, self.cbr.backups, self.iam.tokens.clear, respond)

    def _refusal(self, project: str, method: str, path: str, headers: Headers) -> Response | None:
        """Return the error of a request that may not read `project`, else None."""
        if "authorization" in headers:
            if "x-project-id" not in _signed_headers(method, path, headers):
                return BAD_SIGNATURE
            allowed: str | None = headers["x-project-id"]
        else:
            allowed = self.iam.project_of(headers.get("x-auth-token"))
        if allowed is None:
            self.requests["refused"] += 1
            return BAD_TOKEN
        return None if allowed == project == iam.PROJECTS[iam.REGION] else FORBIDDEN

    def _projects(self, method: str, path: str, headers: Headers) -> Response:
        if _signed_headers(method, path, headers) or self.iam.project_of(headers.get("x-auth-token")):
            return iam.projects(self.url, parse_qs(urlsplit(path).query))
        return iam_error(401, "Unauthorized", "The request you have made requires authentication.")


def _signed_headers(method: str, path: str, headers: Headers) -> set[str]:
    return signature.signed_headers(method, path, headers, iam.ACCESS_KEY, iam.SECRET_KEY)


def _parse(content: bytes) -> Any:
    try:
        return json.loads(content)
    except ValueError:
        return None
