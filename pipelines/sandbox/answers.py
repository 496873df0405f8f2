"""The answers that are not data: the error bodies of CBR, of the gateway in front of it, and of IAM.

Belongs here: their shapes and codes. Does not belong here: when each is given.
"""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer: status, JSON body, and headers beyond the usual."""

    status: int
    body: Any
    headers: dict[str, str] = field(default_factory=dict)


def cbr_error(status: int, number: int, message: str) -> Answer:
    """Return an error of CBR itself."""
    return Answer(status, {"error_code": f"BackupService.{number}", "error_msg": message})


def gateway_error(status: int, number: str, message: str) -> Answer:
    """Return an error of the API gateway."""
    code = f"APIGW.{number}"
    return Answer(status, {"error_msg": message, "error_code": code, "request_id": "0" * 32})


def iam_error(status: int, title: str, message: str) -> Answer:
    """Return an error of IAM."""
    return Answer(status, {"error": {"code": status, "message": message, "title": title}})


def malformed_url() -> Answer:
    """Return what CBR says of an id that can't be one."""
    return Answer(401, {"unauthorized": {"code": "401", "message": "Malformed request url"}})


BAD_TOKEN = gateway_error(401, "0301", "Incorrect IAM authentication information: token invalid or expired")
NO_SUCH_API = gateway_error(404, "0101", "The API does not exist or has not been published in the environment")
FORBIDDEN = cbr_error(403, 8600, "The account may not use this service in this project.")
