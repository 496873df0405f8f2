"""The contract as msgspec Structs: which keys an object may have, and the JSON type of each value.

A strict decode decides whether a body fits the contract. Keys that the contract does not know can be added as raw
JSON, so that a body that has them fits as well.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import Annotated, Any, NamedTuple

import msgspec
from msgspec import Meta, Raw, Struct

from pipelines.contract.columns import Column, Table, Type
from pipelines.contract.tables import BACKUPS, CHILDREN, EXTEND_INFO, REPLICATION_RECORDS

Decode = Callable[[Any], Any]

_ID = Annotated[str, Meta(min_length=1)]
_NO_RECORDS = Annotated[list[Raw], Meta(max_length=0)] | None  # the row reader takes what stands deeper
_TYPES: dict[Type, Any] = {
    Type.STRING: str | None,
    Type.INTEGER: Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)] | None,
    Type.BOOLEAN: bool | None,
    Type.TIMESTAMP: str | None,  # cast a column at a time
    Type.STRINGS: list[str] | None,
}
_OPTIONS: dict[str, Any] = {"gc": False, "kw_only": True, "forbid_unknown_fields": True}


@dataclass(frozen=True, eq=False)
class ObjectType:
    """One kind of JSON object: the record of a table, or an object at `path` within such a record.

    Within it stand `objects` that only carry columns and `records` of other tables, both by key, and `json_objects`,
    which are columns of JSON as well, by column.
    """

    table: Table
    path: tuple[str, ...]
    columns: tuple[Column, ...]  # filled by its own keys; JSON stands last
    objects: dict[str, "ObjectType"] = field(default_factory=dict)
    json_objects: dict[str, "ObjectType"] = field(default_factory=dict)
    records: dict[str, "ObjectType"] = field(default_factory=dict)


class UnknownKey(NamedTuple):
    """A key that the contract does not know, and the kind of object that has it."""

    owner: ObjectType
    key: str


@dataclass(frozen=True)
class Decoders:
    """Decoders of one set of Structs. Each returns a Struct or raises an error of msgspec."""

    line: Decode  # an answer of ShowBackup
    item: Decode  # a backup of a list page
    json_objects: Mapping[ObjectType, Decode]
    empty: Mapping[ObjectType, Struct]  # an object without keys
    unknown: Mapping[ObjectType, Sequence[tuple[str, str]]]  # attribute and key


def _object_type(table: Table, path: tuple[str, ...] = (), **records: ObjectType) -> ObjectType:
    depth = len(path)
    below = [column for column in table.columns if len(column.path) > depth and column.path[:depth] == path]
    own = {column.path[depth]: column for column in below if len(column.path) == depth + 1}
    keys = dict.fromkeys(column.path[depth] for column in below if len(column.path) > depth + 1)
    inner = {key: _object_type(table, (*path, key)) for key in keys}
    objects = {key: kind for key, kind in inner.items() if key not in own}
    json_objects = {own[key].name: kind for key, kind in inner.items() if key in own}
    columns = sorted(own.values(), key=lambda column: column.type is Type.JSON)
    return ObjectType(table, path, tuple(columns), objects, json_objects, records)


INFO, RECORD = _object_type(EXTEND_INFO), _object_type(REPLICATION_RECORDS)
CHILD = _object_type(CHILDREN, extend_info=INFO)
BACKUP = _object_type(BACKUPS, extend_info=INFO, children=CHILD, replication_records=RECORD)


@lru_cache(maxsize=64)
def decoders(unknown: tuple[UnknownKey, ...] = ()) -> Decoders:
    """Return decoders that know the keys of the contract, and `unknown` ones as raw JSON.

    The attributes of a Struct are the columns of its kind in their order, objects, records, then `unknown` keys.
    """
    added: dict[ObjectType, list[tuple[str, str]]] = {}
    for number, (owner, key) in enumerate(unknown):
        added.setdefault(owner, []).append((f"unknown_{number}", key))
    structs: dict[ObjectType, Any] = {}

    def struct(kind: ObjectType, **records: Any) -> Any:
        json_objects.update({inner: struct(inner) for inner in kind.json_objects.values()})
        objects = {key: struct(inner) | None for key, inner in kind.objects.items()}
        more = added.get(kind, [])
        fields = [
            *map(_field, kind.columns),
            *((key, inner, None) for key, inner in (objects | records).items()),
            *((attribute, Raw, Raw()) for attribute, _ in more),
        ]
        rename = {column.name: column.path[-1] for column in kind.columns} | dict(more)
        structs[kind] = msgspec.defstruct("_".join((kind.table.name, *kind.path)), fields, rename=rename, **_OPTIONS)
        return structs[kind]

    json_objects: dict[ObjectType, Any] = {}
    info, record = struct(INFO) | None, struct(RECORD)
    child = struct(CHILD, extend_info=info, children=_NO_RECORDS, replication_records=_NO_RECORDS)
    lists = {CHILDREN.name: _list_of(child), REPLICATION_RECORDS.name: _list_of(record)}
    backup = struct(BACKUP, extend_info=info, **lists)
    return Decoders(
        _decode(msgspec.defstruct("line", [("backup", backup)], gc=False)),
        _decode(backup),
        {kind: _decode(inner) for kind, inner in json_objects.items()},
        {kind: inner() for kind, inner in structs.items() if kind.path},
        added,
    )


@cache
def page_decoder() -> Decode:
    """Return the decoder of a list page, which leaves its backups raw."""
    return _decode(msgspec.defstruct("page", [("backups", list[Raw])], gc=False))


def _list_of(kind: Any) -> Any:
    return list[kind] | None


def _decode(kind: Any) -> Decode:
    return msgspec.json.Decoder(kind).decode


def _field(column: Column) -> Any:
    if column.type is Type.JSON:
        return column.name, Raw, Raw()
    return (column.name, _ID) if column.required else (column.name, _TYPES[column.type], None)
