"""Where a schema comes from: the folder this file is in, or a Confluent-compatible schema registry.

A schema is known by two names. In single-object framing it is the CRC-64-AVRO fingerprint of its Parsing
Canonical Form, which anyone who has the .avsc can compute; in Confluent framing it is the id that a registry
handed out.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any, NewType, Protocol

import fastavro.schema
import httpx

from schemas.errors import ServiceError, UndecodableError

Schema = dict[str, Any]
Fingerprint = NewType("Fingerprint", bytes)
"""Eight bytes, little-endian."""

FOLDER = Path(__file__).parent


@cache
def schema(name: str) -> Schema:
    """The schema of record ``name`` (``"Answer"``), parsed, with every schema it refers to inside it."""
    return _parsed(_loaded(name))


def text(name: str) -> str:
    """The schema of record ``name`` as a registry wants it: one self-contained JSON document."""
    return json.dumps(_loaded(name))


def fingerprint(parsed: Schema) -> Fingerprint:
    """CRC-64-AVRO of the Parsing Canonical Form (Avro specification, "Schema Fingerprints")."""
    canonical = fastavro.schema.to_parsing_canonical_form(parsed)
    # fastavro prints the number big-endian; the specification's framing wants its bytes little-endian.
    return Fingerprint(bytes.fromhex(fastavro.schema.fingerprint(canonical, "CRC-64-AVRO"))[::-1])


class Registry(Protocol):
    """Turns a writer's schema into an id and back."""

    def id_of(self, name: str) -> int:
        """The id that stands before a record ``name`` in Confluent framing."""
        ...

    def by_id(self, number: int) -> Schema:
        """The writer's schema of that id.

        Raises:
            UndecodableError: there is none.
        """
        ...


class FolderRegistry:
    """No server: ids count the .avsc files in the order of their names, so that all who share a release agree."""

    def __init__(self) -> None:
        self._names = sorted(path.name.split(".")[1] for path in FOLDER.glob("headrace.*.avsc"))

    def id_of(self, name: str) -> int:
        """The file's place among the others, from 1."""
        return self._names.index(name) + 1

    def by_id(self, number: int) -> Schema:
        """The file at that place."""
        if not 1 <= number <= len(self._names):
            raise UndecodableError(f"schema id {number} is not in the schemas folder: set HEADRACE_SCHEMA_REGISTRY")
        return schema(self._names[number - 1])


class HttpRegistry:
    """A Confluent-compatible schema registry. Subjects are record names: ``headrace.Answer``."""

    def __init__(self, url: str, *, timeout: float = 5.0) -> None:
        self._client = httpx.Client(base_url=url.rstrip("/"), timeout=timeout)
        self._url = url
        self._ids: dict[str, int] = {}
        self._schemas: dict[int, Schema] = {}

    def id_of(self, name: str) -> int:
        """The id under which the registry holds our schema; registers it where it does not yet.

        Raises:
            ServiceError: the registry cannot be reached, or finds the schema incompatible with an earlier one.
        """
        if name not in self._ids:
            answer = self._ask("POST", f"/subjects/headrace.{name}/versions", {"schema": text(name)})
            if answer.is_error:
                raise ServiceError(f"the schema registry at {self._url} refused headrace.{name}: {answer.text}")
            self._ids[name] = int(answer.json()["id"])
        return self._ids[name]

    def by_id(self, number: int) -> Schema:
        """The schema that any producer registered under that id.

        Raises:
            UndecodableError: the registry has no such id.
            ServiceError: the registry cannot be reached or is in trouble; the bytes may be good.
        """
        if number not in self._schemas:
            answer = self._ask("GET", f"/schemas/ids/{number}")
            if answer.status_code == httpx.codes.NOT_FOUND:
                raise UndecodableError(f"the schema registry at {self._url} knows no schema id {number}")
            if answer.is_error:
                raise ServiceError(f"the schema registry at {self._url} answered {answer.status_code}: {answer.text}")
            self._schemas[number] = _parsed(json.loads(answer.json()["schema"]))
        return self._schemas[number]

    def _ask(self, method: str, path: str, body: dict[str, str] | None = None) -> httpx.Response:
        try:
            return self._client.request(method, path, json=body)
        except httpx.HTTPError as error:
            raise ServiceError(f"the schema registry at {self._url} cannot be reached: {error}") from error


def _loaded(name: str) -> Schema:
    loaded: Schema = fastavro.schema.load_schema(str(FOLDER / f"headrace.{name}.avsc"), _write_hint=False)
    return loaded


def _parsed(loaded: Schema) -> Schema:
    parsed: Schema = fastavro.parse_schema(_without_logical_types(loaded))
    return parsed


def _without_logical_types(node: Any) -> Any:
    """Times stay integers: fastavro builds a ``datetime`` for each otherwise, slower and lossy of intent.

    Logical types are no part of the Parsing Canonical Form, so the fingerprint is the same.
    """
    if isinstance(node, dict):
        return {key: _without_logical_types(value) for key, value in node.items() if key != "logicalType"}
    if isinstance(node, list):
        return [_without_logical_types(value) for value in node]
    return node
