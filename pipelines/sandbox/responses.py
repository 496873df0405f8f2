"""HTTP responses of the sandbox, among them the error bodies of CBR, of the gateway in front of it, and of IAM."""

import json
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Response:
    """An HTTP response: status, JSON body (or bytes, sent as they are), additional headers.

    It is sent after `delay` seconds. If `cut` is given, the connection breaks after so many bytes of the body; a
    negative number resets it before the first one.
    """

    status: int
    body: Any
    headers: dict[str, str] = field(default_factory=dict)
    delay: float = 0.0
    cut: int | None = None

    def content(self) -> bytes:
        """Return the body as it is sent."""
        if isinstance(self.body, bytes):
            return self.body
        return json.dumps(self.body, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")


def cbr_error(status: int, number: int, message: str) -> Response:
    """Return an error of CBR itself."""
    return Response(status, {"error_code": f"BackupService.{number}", "error_msg": message})


def gateway_error(status: int, number: str, message: str) -> Response:
    """Return an error of the API gateway."""
    return Response(status, {"error_msg": message, "error_code": f"APIGW.{number}", "request_id": "0" * 32})


def throttled(limit: int, time: int, unit: str) -> Response:
    """Return the gateway's 429, whose message names the quota."""
    quota = f"limit:{limit},time:{time} {unit}"
    return gateway_error(429, "0308", f"The throttling threshold has been reached: policy user over ratelimit,{quota}")


def html(status: int) -> Response:
    """Return the page that a proxy sends instead of the response."""
    page = b"<html><head><title>Please wait</title></head><body><h1>Maintenance</h1></body></html>"
    return Response(status, page, {"Content-Type": "text/html"})


def iam_error(status: int, title: str, message: str) -> Response:
    """Return an error of IAM."""
    return Response(status, {"error": {"code": status, "message": message, "title": title}})


def malformed_url() -> Response:
    """Return CBR's response to an id that is no UUID."""
    return Response(401, {"unauthorized": {"code": "401", "message": "Malformed request url"}})


BAD_TOKEN = gateway_error(401, "0301", "Incorrect IAM authentication information: token invalid or expired")
BAD_SIGNATURE = gateway_error(401, "0301", "Incorrect IAM authentication information: verify aksk signature fail")
NO_SUCH_API = gateway_error(404, "0101", "The API does not exist or has not been published in the environment")
FORBIDDEN = cbr_error(403, 8600, "The account may not use this service in this project.")
LOST_AUTHENTICATION = cbr_error(500, 9998, "Authentication failed.")
UNKNOWN_ERROR = cbr_error(500, 9910, "Unknown error.")
