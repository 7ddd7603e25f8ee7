"""JSON schemas that answers must follow: whether a schema is one, and what is wrong with an answer. Pure.

https://json-schema.org/draft/2020-12
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import msgspec
import re2
from referencing import Registry, Resource
from referencing.exceptions import Unresolvable
from referencing.jsonschema import specification_with

from agents.json_dialects import STEPS, OverlongCheckError, Steps, dialect, first_error, pattern

_EMPTY: tuple[object, ...] = (None, True, 0, "", [], {})
"""The least answer of each type."""


class _NoSchemaError(Exception):
    """Why a schema is none that answers can be held against."""


def problem(schema: str) -> str | None:
    """What is wrong with a schema, as it is written; None where it is one, and answers can be checked by it."""
    try:
        _validator(schema)
    except msgspec.DecodeError as error:
        return f"is no JSON: {error}"
    except _NoSchemaError as error:
        return str(error)
    except Exception as error:  # noqa: BLE001 - what is no schema may make jsonschema raise anything
        return f"is no JSON schema that answers can be checked by: {_said(error)}"
    return None


def complaint(schema: str, text: str) -> str | None:
    """Why a text does not follow a schema, or cannot be checked; None where it does follow.

    A schema's references are followed within itself only: nothing is fetched for it.
    """
    try:
        answer = msgspec.json.decode(text)
        error = first_error(_validator(schema), answer, Steps())
    except msgspec.DecodeError as malformed:
        return f"it is no JSON: {malformed}"
    except Exception as unfit:  # noqa: BLE001 - the answer was paid for, whatever the check of it raises
        return f"it cannot be checked: {_said(unfit)}"
    return None if error is None else f"{error.message} at {error.json_path}"


@lru_cache(maxsize=256)
def _validator(schema: str) -> Any:
    read = msgspec.json.decode(schema)
    if not isinstance(read, dict):
        raise _NoSchemaError("must be a JSON object")
    if not isinstance(read.get("$schema", ""), str):
        raise _NoSchemaError("is no JSON schema: its $schema must be the name of a dialect, as a string")
    kind = dialect(read)
    if error := first_error(dialect(kind.META_SCHEMA)(kind.META_SCHEMA), read, Steps()):
        raise _NoSchemaError(f"is no JSON schema: {error.message} at {error.json_path}")
    for one in _within(specification_with(kind.ID_OF(kind.META_SCHEMA)).create_resource(read)):
        _check_patterns(one)
    validator, steps = kind(read, registry=Registry()), Steps()
    for answer in _EMPTY:
        # What has no end there has none anywhere, and then nobody need pay for an answer to know it.
        first_error(validator, answer, steps)
    return validator


def _within(resource: Resource[Any]) -> Iterator[Any]:
    """A schema and all its subschemas."""
    yield resource.contents
    for inner in resource.subresources():
        yield from _within(inner)


def _check_patterns(schema: Any) -> None:
    if not isinstance(schema, dict):
        return
    by_name = schema.get("patternProperties", {})
    for written in (*([schema["pattern"]] if "pattern" in schema else []), *by_name):
        try:
            pattern(written)
        except re2.error as error:
            raise _NoSchemaError(
                f"holds the pattern {written!r}, which RE2 cannot match ({_said(error)}): write it without look-around "
                "and back references, and with no count over 1000"
            ) from error


def _said(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "it is nested too deeply, or refers to itself without an end"
    if isinstance(error, OverlongCheckError):
        return f"it takes more than {STEPS} steps, for its references or patterns multiply"
    if isinstance(error, Unresolvable):
        return f"it refers to {error.ref!r}, which is not in it"
    if isinstance(error, re2.error):
        return str(error.args[0], "utf-8", "replace") if isinstance(error.args[0], bytes) else str(error)
    return f"{type(error).__name__} {error}".rstrip()
