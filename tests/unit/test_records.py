"""The structs say what the .avsc files say, field by field."""

from __future__ import annotations

import functools
import json
import operator
import types
from typing import Any, Union, get_args, get_origin, get_type_hints

import msgspec
import pytest

from schemas import registry
from schemas.codec import KINDS
from tests.fakes.records import ENUMS

PRIMITIVES = {"string": str, "long": int, "double": float, "boolean": bool, "bytes": bytes, "null": type(None)}


def declared(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((registry.FOLDER / f"headrace.{name}.avsc").read_text())
    return loaded


def hint_of(schema: Any) -> Any:
    """The Python type that an Avro schema stands for."""
    if isinstance(schema, list):
        return functools.reduce(operator.or_, (hint_of(branch) for branch in schema))
    if isinstance(schema, dict):
        if schema["type"] == "array":
            return list[hint_of(schema["items"])]  # type: ignore[misc]
        if schema["type"] == "map":
            return dict[str, hint_of(schema["values"])]  # type: ignore[misc]
        return hint_of(schema["type"])
    if schema in PRIMITIVES:
        return PRIMITIVES[schema]
    name = schema.removeprefix("headrace.")
    return KINDS.get(name) or ENUMS[name]


def same(one: Any, other: Any) -> bool:
    unions = (Union, types.UnionType)
    if get_origin(one) in unions and get_origin(other) in unions:
        return set(get_args(one)) == set(get_args(other))
    return bool(one == other)


def test_every_schema_file_has_its_type_and_every_type_its_file() -> None:
    files = {path.name.split(".")[1] for path in registry.FOLDER.glob("headrace.*.avsc")}
    assert files == set(KINDS) | set(ENUMS)


@pytest.mark.parametrize("name", sorted(KINDS))
def test_a_struct_has_the_fields_of_its_schema(name: str) -> None:
    schema, kind = declared(name), KINDS[name]
    assert schema["type"] == "record"
    assert [field["name"] for field in schema["fields"]] == list(kind.__struct_fields__)
    hints = get_type_hints(kind)
    for field in schema["fields"]:
        assert same(hint_of(field["type"]), hints[field["name"]]), f"{name}.{field['name']}"


@pytest.mark.parametrize("name", sorted(KINDS))
def test_a_field_has_the_default_of_its_schema(name: str) -> None:
    written = {field["name"]: field.get("default", msgspec.NODEFAULT) for field in declared(name)["fields"]}
    for field in msgspec.structs.fields(KINDS[name]):
        default = field.default
        if field.default_factory is not msgspec.NODEFAULT:
            default = field.default_factory()
        if default is not msgspec.NODEFAULT:
            default = msgspec.to_builtins(default)
        assert default == written[field.name], f"{name}.{field.name}"


@pytest.mark.parametrize("name", sorted(ENUMS))
def test_an_enum_has_the_symbols_of_its_schema(name: str) -> None:
    assert declared(name)["symbols"] == [symbol.value for symbol in ENUMS[name]]


@pytest.mark.parametrize("name", sorted(KINDS | ENUMS))
def test_a_file_is_named_after_the_schema_in_it(name: str) -> None:
    assert (declared(name)["namespace"], declared(name)["name"]) == ("headrace", name)
