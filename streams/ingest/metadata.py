"""Metadata of documents: text, numbers and booleans. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import date, time
from typing import Any, NamedTuple

from schemas.errors import InvalidRequestError
from schemas.records import Value

_EXACT = 2**53
"""The largest integer up to which a double holds every one."""


class Typed(NamedTuple):
    """Fields as a document may have them."""

    metadata: dict[str, Value]
    left_out: tuple[str, ...]
    """The names of those that hold lists or tables, which no filter compares with."""


def typed(fields: Mapping[Any, Any]) -> Typed:
    """What YAML, TOML or JSON says, as metadata: dates and times in ISO 8601; what is null is not there."""
    metadata: dict[str, Value] = {}
    left_out = []
    for name, value in fields.items():
        if isinstance(value, str | bool | float):
            metadata[str(name)] = value
        elif isinstance(value, int):
            metadata[str(name)] = float(value) if abs(value) <= _EXACT else str(value)
        elif isinstance(value, date | time):
            metadata[str(name)] = value.isoformat()
        elif value is not None:
            left_out.append(str(name))
    return Typed(metadata, tuple(left_out))


def given(pairs: Iterable[str]) -> dict[str, Value]:
    """Fields as a person gives them: ``name=value``. A number, ``true`` or ``false`` is one; all else is text.

    Raises:
        InvalidRequestError: one is no such pair.
    """
    fields: dict[str, Any] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not name or not equals:
            raise InvalidRequestError(f"metadata {pair!r} is no name=value")
        try:
            scalar = json.loads(value, parse_constant=str)
        except ValueError:
            scalar = value
        fields[name] = scalar if isinstance(scalar, str | bool | int | float) else value
    return typed(fields).metadata
