"""The answers that are not data: the error bodies of CBR, of the gateway in front of it, and of IAM.

Belongs here: their shapes and codes, and what an answer is made of. Does not belong here: when each is given.
"""

import json
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer: status, JSON body (or bytes, sent as they are), headers beyond the usual.

    `delay` are seconds before it is sent; `cut` bytes of its body are sent before the connection breaks.
    """

    status: int
    body: Any
    headers: dict[str, str] = field(default_factory=dict)
    delay: float = 0.0
    cut: int | None = None

    def content(self) -> bytes:
        """Return the body as it goes over the wire."""
        if isinstance(self.body, bytes):
            return self.body
        return json.dumps(self.body, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")


def cbr_error(status: int, number: int, message: str) -> Answer:
    """Return an error of CBR itself."""
    return Answer(status, {"error_code": f"BackupService.{number}", "error_msg": message})


def gateway_error(status: int, number: str, message: str) -> Answer:
    """Return an error of the API gateway."""
    code = f"APIGW.{number}"
    return Answer(status, {"error_msg": message, "error_code": code, "request_id": "0" * 32})


def throttled(limit: int, time: int, unit: str) -> Answer:
    """Return the gateway's 429, whose message tells the quota."""
    quota = f"limit:{limit},time:{time} {unit}"
    return gateway_error(429, "0308", f"The throttling threshold has been reached: policy user over ratelimit,{quota}")


def html(status: int) -> Answer:
    """Return the page that a proxy puts in the place of an answer."""
    page = b"<html><head><title>Please wait</title></head><body><h1>Maintenance</h1></body></html>"
    return Answer(status, page, {"Content-Type": "text/html"})


def iam_error(status: int, title: str, message: str) -> Answer:
    """Return an error of IAM."""
    return Answer(status, {"error": {"code": status, "message": message, "title": title}})


def malformed_url() -> Answer:
    """Return what CBR says of an id that can't be one."""
    return Answer(401, {"unauthorized": {"code": "401", "message": "Malformed request url"}})


BAD_TOKEN = gateway_error(401, "0301", "Incorrect IAM authentication information: token invalid or expired")
BAD_SIGNATURE = gateway_error(401, "0301", "Incorrect IAM authentication information: verify aksk signature fail")
NO_SUCH_API = gateway_error(404, "0101", "The API does not exist or has not been published in the environment")
FORBIDDEN = cbr_error(403, 8600, "The account may not use this service in this project.")
LOST_AUTHENTICATION = cbr_error(500, 9998, "Authentication failed.")
UNKNOWN_ERROR = cbr_error(500, 9910, "Unknown error.")
