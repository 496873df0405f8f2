"""Validating a YAML document against a pydantic model, with one problem per wrong value."""

import re
from datetime import date
from difflib import get_close_matches
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from pipelines.policy.document import Document, KeyPath

_DATE = re.compile(r"datetime\.date\((\d+), (\d+), (\d+)\)")  # how pydantic writes a bound
_Model = TypeVar("_Model", bound=BaseModel)


def validate(model: type[_Model], document: Document) -> _Model | None:
    """Return the document as an instance of `model`; add a problem for every value that does not fit."""
    if document.value is None:
        return None
    try:
        return model.model_validate(document.value)
    except ValidationError as error:
        for detail in error.errors(include_url=False):
            path = tuple(part for part in detail["loc"] if part != "[key]")
            document.add_problem(path, _message(model, path, detail["type"], detail["msg"]))
        return None


def _message(model: type[BaseModel], path: KeyPath, error_type: str, error_message: str) -> str:
    name = ".".join(str(part) for part in path) or "the file"
    if error_type == "missing":
        return f"{name} is missing"
    if error_type == "extra_forbidden":
        return f"{name} is not a known key{suggestion(str(path[-1]), _keys(model), cutoff=0.5)}"
    error_message = _DATE.sub(lambda match: str(date(*map(int, match.groups()))), error_message)
    return f"{name}: {error_message[0].lower()}{error_message[1:]}"


def _keys(model: type[BaseModel]) -> list[str]:
    """Return every key that can appear anywhere in a file of this model."""
    schema = model.model_json_schema()
    return [key for part in (schema, *schema.get("$defs", {}).values()) for key in part.get("properties", {})]


def suggestion(name: str, known: list[str], cutoff: float = 0.6) -> str:
    """Return "; did you mean X?" for the known name closest to `name`, or an empty text."""
    closest = get_close_matches(name, known, 1, cutoff)
    return f"; did you mean {closest[0]}?" if closest else ""
