"""Quirks of the wire: what the service is known to send beside its own documentation.

A quirk changes the form of a backup, or adds keys that are not documented, and must not change its meaning. Changes of
meaning are in changes.py.
"""

from collections.abc import Callable
from typing import Any

Body = dict[str, Any]


def apply_quirk(body: Body, number: int) -> Body:
    """Return backup number `number` of the estate with the quirk that is its turn, if any."""
    quirk = QUIRKS.get(number % 29)
    return quirk(body) if quirk else body


def _size_as_text(body: Body) -> Body:
    return body | {"resource_size": str(body["resource_size"])}


def _boolean_as_text(body: Body) -> Body:
    return body | {"extend_info": body["extend_info"] | {"support_lld": "true"}}


def _keys_missing(body: Body) -> Body:
    return {key: value for key, value in body.items() if key not in ("description", "updated_at", "resource_az")}


def _nulls(body: Body) -> Body:
    return body | {"description": None, "protected_at": None, "resource_az": None}


def _zoned_time(body: Body) -> Body:
    return body | {"created_at": body["created_at"][:-3] + "+00:00"}


def _project_as_number(body: Body) -> Body:
    return body | ({"enterprise_project_id": 0} if body.get("enterprise_project_id") == "0" else {})


def _new_keys(body: Body) -> Body:
    return body | {"retention_lock": None, "extend_info": body["extend_info"] | {"storage_class": "standard"}}


def _images(body: Body) -> Body:
    return body | {"extend_info": body["extend_info"] | {"os_images_data": [{"image_id": f"image-of-{body['id']}"}]}}


def _empty_parent(body: Body) -> Body:
    return body | {"parent_id": ""}


QUIRKS: dict[int, Callable[[Body], Body]] = {  # by turn
    3: _size_as_text,
    6: _boolean_as_text,
    9: _keys_missing,
    12: _nulls,
    15: _zoned_time,
    18: _project_as_number,
    21: _new_keys,
    24: _images,
    27: _empty_parent,
}
