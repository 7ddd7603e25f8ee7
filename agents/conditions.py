"""The filter language of a request, over documents' metadata: what it may say of a collection's fields. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum

from schemas.errors import InvalidRequestError
from schemas.records import Condition, Value


class Kind(StrEnum):
    """The type of a field. A date or time is an ISO 8601 string."""

    STRING = "string"
    NUMBER = "number"
    BOOLEAN = "boolean"


def kind(value: Value) -> Kind:
    """The type of a value."""
    if isinstance(value, bool):
        return Kind.BOOLEAN
    return Kind.STRING if isinstance(value, str) else Kind.NUMBER


def values(condition: Condition) -> list[Value]:
    """All that the condition compares its field with."""
    return [*condition.any_of, *(one for one in (condition.at_least, condition.at_most) if one is not None)]


def check(where: Iterable[Condition], fields: Mapping[str, Kind]) -> None:
    """Whether the conditions can be asked of documents with these fields.

    Raises:
        InvalidRequestError: a condition names no field, or compares one with another type.
    """
    for condition in where:
        known = fields.get(condition.field)
        if known is None:
            has = f"it has {_listed(sorted(fields))}" if fields else "its documents have no metadata"
            raise InvalidRequestError(f"where: the collection has no field {condition.field!r}; {has}")
        _compared("where", condition.field, known, values(condition))


def check_metadata(metadata: Mapping[str, Value], fields: Mapping[str, Kind]) -> None:
    """Whether a document's metadata agrees with the fields that its collection has; it may add others.

    Raises:
        InvalidRequestError: a field holds another type in the collection, or no value at all (NaN).
    """
    for field, value in metadata.items():
        _compared("metadata", field, fields.get(field) or kind(value), [value])


def _compared(where: str, field: str, known: Kind, against: Sequence[Value]) -> None:
    for value in against:
        if kind(value) is not known:
            raise InvalidRequestError(
                f"{where}: field {field!r} is a {known} in this collection, and {value!r} is a {kind(value)}"
            )
        if isinstance(value, float) and math.isnan(value):
            raise InvalidRequestError(
                f"{where}: field {field!r} cannot be NaN, which is neither equal to nor above anything"
            )


def _listed(names: Sequence[str], most: int = 20) -> str:
    shown = ", ".join(map(repr, names[:most]))
    return f"{shown} and {len(names) - most} more" if len(names) > most else shown
