"""Where a schema comes from: the folder this file is in, or a Confluent-compatible schema registry.

A schema is known by two names. In single-object framing it is the CRC-64-AVRO fingerprint of its Parsing
Canonical Form, which anyone who has the .avsc can compute; in Confluent framing it is the id that a registry
handed out.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any, NewType, Protocol, TypeVar

import fastavro.schema
import httpx

from schemas.errors import ServiceError, UndecodableError, UnknownSchemaError

T = TypeVar("T")
Schema = dict[str, Any]
Fingerprint = NewType("Fingerprint", bytes)
"""Eight bytes, little-endian."""

FOLDER = Path(__file__).parent
_SCHEMA_NOT_FOUND = 40403
"""Of the Schema Registry API's error codes."""


@cache
def schema(name: str) -> Schema:
    """The schema of record ``name`` (``"Answer"``), parsed, with every schema it refers to inside it."""
    return _parsed(_loaded(name))


@cache
def released() -> dict[Fingerprint, Schema]:
    """The schemas of the records of every release so far, by their fingerprints: bytes of each may still come."""
    written = (path.read_text(encoding="utf-8") for path in sorted(FOLDER.glob("released/*/*.json")))
    return {fingerprint(parsed): parsed for parsed in map(_record, written)}


def text(name: str) -> str:
    """The schema of record ``name`` as a registry wants it: one self-contained JSON document."""
    return json.dumps(_loaded(name))


def fingerprint(parsed: Schema) -> Fingerprint:
    """CRC-64-AVRO of the Parsing Canonical Form (Avro specification, "Schema Fingerprints")."""
    canonical = fastavro.schema.to_parsing_canonical_form(parsed)
    # fastavro prints its bytes in the order in which single-object framing has them.
    return Fingerprint(bytes.fromhex(fastavro.schema.fingerprint(canonical, "CRC-64-AVRO")))


class Registry(Protocol):
    """Turns a writer's schema into an id and back."""

    def id_of(self, name: str) -> int:
        """The id that stands before a record ``name`` in Confluent framing."""
        ...

    def by_id(self, number: int) -> Schema:
        """The writer's schema of that id.

        Raises:
            UnknownSchemaError: there is none.
            UndecodableError: it is not a record's.
            ServiceError: whoever would know cannot be asked.
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
            raise UnknownSchemaError(f"schema id {number} is not in the schemas folder: set HEADRACE_SCHEMA_REGISTRY")
        return schema(self._names[number - 1])


class HttpRegistry:
    """A Confluent-compatible schema registry. Subjects are record names: ``headrace.Answer``.

    It is asked once about each schema, so no connection is kept, and there is nothing to close.

    Args:
        url: with the path of its Confluent API, if it has one: Apicurio's is ``/apis/ccompat/v7``. A user and a
            password in it are sent, and shown in no message.
        timeout: seconds for one answer.

    Raises:
        ServiceError: the URL is none.
    """

    def __init__(self, url: str, *, timeout: float = 5.0) -> None:
        try:
            self._name = str(httpx.URL(url).copy_with(userinfo=b""))
            none_kept = httpx.Limits(max_keepalive_connections=0)
            self._client = httpx.Client(base_url=url, timeout=timeout, limits=none_kept)
        except httpx.InvalidURL as error:
            raise ServiceError(f"the URL of the schema registry is none: {error}") from error
        self._ids: dict[str, int] = {}
        self._schemas: dict[int, Schema] = {}

    def id_of(self, name: str) -> int:
        """The id under which the registry holds our schema; registers it where it does not yet.

        Raises:
            ServiceError: the registry cannot be reached, or finds the schema incompatible with an earlier one.
        """
        if name not in self._ids:
            status, said = self._ask("POST", f"/subjects/headrace.{name}/versions", {"schema": text(name)})
            if status == httpx.codes.CONFLICT:
                raise ServiceError(
                    f"the schema registry at {self._name} finds headrace.{name} incompatible with the version it has: "
                    f"{said.get('message')}. Set another compatibility on that subject, or use another registry"
                )
            self._ids[name] = self._expected(int, "id", status, said)
        return self._ids[name]

    def by_id(self, number: int) -> Schema:
        """The schema that any producer registered under that id.

        Raises:
            UnknownSchemaError: the registry has no such id.
            UndecodableError: it is not that of one self-contained Avro record.
            ServiceError: the registry cannot be reached or is in trouble; the bytes may be good.
        """
        if number not in self._schemas:
            status, said = self._ask("GET", f"/schemas/ids/{number}")
            # Any web server answers 404; this code means that a registry looked for the schema.
            if said.get("error_code") == _SCHEMA_NOT_FOUND:
                raise UnknownSchemaError(f"the schema registry at {self._name} knows no schema id {number}")
            written = self._expected(str, "schema", status, said)
            try:
                self._schemas[number] = _record(written)
            except Exception as error:  # fastavro raises whatever a broken schema makes it stumble on
                why = f"schema id {number} at {self._name} is not a self-contained Avro record: {error!r}"
                raise UndecodableError(why) from error
        return self._schemas[number]

    def _ask(self, method: str, path: str, body: dict[str, str] | None = None) -> tuple[int, dict[str, Any]]:
        try:
            answer = self._client.request(method, path, json=body)
        except httpx.HTTPError as error:
            raise ServiceError(f"the schema registry at {self._name} cannot be reached: {error}") from error
        try:
            said = answer.json()
        except ValueError:
            said = None
        return answer.status_code, said if isinstance(said, dict) else {}

    def _expected(self, kind: type[T], field: str, status: int, said: dict[str, Any]) -> T:
        found = said.get(field)
        if isinstance(found, kind):
            return found
        why = said.get("message", "nothing that a schema registry says")
        hint = (
            "" if status >= httpx.codes.INTERNAL_SERVER_ERROR else ". Does the URL have the path of its Confluent API?"
        )
        raise ServiceError(f"the schema registry at {self._name} answered {status}: {why}{hint}")


def _loaded(name: str) -> Schema:
    loaded: Schema = fastavro.schema.load_schema(str(_file(name)), _write_hint=False)
    return loaded


def _file(name: str) -> Path:
    return FOLDER / f"headrace.{name}.avsc"


def _parsed(loaded: Schema) -> Schema:
    parsed: Schema = fastavro.parse_schema(_without_logical_types(loaded))
    return parsed


def _record(written: str) -> Schema:
    """The schema of a record out of a registry.

    Ours itself where it has the same canonical form: bytes of the one are bytes of the other, and reading them takes
    half as long when there is nothing to resolve.
    """
    loaded = json.loads(written)
    if not isinstance(loaded, dict) or loaded.get("type") != "record":
        raise ValueError("its outermost type is another")
    parsed = _parsed(loaded)
    namespace, _, name = parsed["name"].rpartition(".")
    if namespace == "headrace" and _file(name).exists() and fingerprint(schema(name)) == fingerprint(parsed):
        return schema(name)
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
