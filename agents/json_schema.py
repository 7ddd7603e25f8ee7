"""JSON schemas that answers must follow: whether a schema is one, and what is wrong with an answer. Pure.

https://json-schema.org/draft/2020-12
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import msgspec
from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError
from jsonschema.validators import validator_for
from referencing import Registry
from referencing.exceptions import Unresolvable


def problem(schema: str) -> str | None:
    """What is wrong with a schema, as it is written; None where it is one."""
    try:
        _validator(schema)
    except msgspec.DecodeError as error:
        return f"is no JSON: {error}"
    except SchemaError as error:
        return f"is no JSON schema: {error.message} at {error.json_path}"
    except ValueError as error:
        return str(error)
    return None


def complaint(schema: str, text: str) -> str | None:
    """Why a text does not follow a schema; None where it does.

    A schema's references are followed within itself only: nothing is fetched for it.
    """
    try:
        answer = msgspec.json.decode(text)
        error = next(_validator(schema).iter_errors(answer), None)
    except msgspec.DecodeError as malformed:
        return f"it is no JSON: {malformed}"
    except Unresolvable as unknown:
        return f"its schema refers to {unknown.ref!r}, which is not in it"
    return None if error is None else f"{error.message} at {error.json_path}"


@lru_cache(maxsize=256)
def _validator(schema: str) -> Any:
    read = msgspec.json.decode(schema)
    if not isinstance(read, dict):
        raise ValueError("must be a JSON object")
    kind = validator_for(read, default=Draft202012Validator)
    kind.check_schema(read)
    return kind(read, registry=Registry())
