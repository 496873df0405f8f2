"""The columns of the policy tables that hold parameters, derived from the pydantic models of parameters.py."""

from types import NoneType
from typing import Annotated, Any, Literal, get_args, get_origin

from pydantic.fields import FieldInfo

from pipelines.contract.columns import Column, Type
from pipelines.policy.fields import StrictModel, Unit

_TYPES: dict[Any, Type] = {
    int: Type.INTEGER,
    float: Type.DOUBLE,
    bool: Type.BOOLEAN,
    Literal: Type.STRING,
    list: Type.STRINGS,
}


def parameter_columns(model: type[StrictModel], *, required: bool) -> tuple[Column, ...]:
    """Return a column for each parameter of a model: its name, type, unit, known values and description."""
    return tuple(_column(name, field, required=required) for name, field in model.model_fields.items())


def _column(name: str, field: FieldInfo, *, required: bool) -> Column:
    annotation, metadata = field.annotation, field.metadata
    if NoneType in get_args(annotation):  # an optional parameter
        annotation = next(member for member in get_args(annotation) if member is not NoneType)
    if get_origin(annotation) is Annotated:
        annotation, *metadata = get_args(annotation)
    origin = get_origin(annotation) or annotation
    unit = next((item.symbol for item in metadata if isinstance(item, Unit)), "")
    known = get_args(annotation) if origin is Literal else ()
    return Column(name, _TYPES[origin], field.description or "", required=required, known_values=known, unit=unit)
