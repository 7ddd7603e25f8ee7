"""Bytes to records and back.

Two framings are read, told apart by their first bytes; which one is written is a setting:

- *single-object* (``C3 01`` + 8-byte fingerprint): needs no registry. Avro specification, "Single-object encoding".
- *confluent* (``00`` + 4-byte big-endian schema id): what Kafka's Avro serialisers write.

A record written with an older or a newer schema is resolved to ours by Avro's rules.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Callable
from typing import Any, Literal, TypeVar

import fastavro
import msgspec

from schemas import ledger, records, registry
from schemas.errors import ServiceError, UndecodableError, UnknownSchemaError
from schemas.record import Record
from schemas.registry import Fingerprint, FolderRegistry, Registry, Schema

Framing = Literal["single-object", "confluent"]
R = TypeVar("R", bound=Record)

SINGLE_OBJECT = b"\xc3\x01"
CONFLUENT = b"\x00"


KINDS: dict[str, type[Record]] = {
    name: kind
    for name, kind in [*vars(records).items(), *vars(ledger).items()]
    if isinstance(kind, type) and issubclass(kind, Record) and kind is not Record
}
"""Every record type of :mod:`schemas.records` and :mod:`schemas.ledger`, by its name."""


class Codec:
    """Encodes and decodes every record type."""

    def __init__(self, framing: Framing = "single-object", source: Registry | None = None) -> None:
        self._framing = framing
        self._registry = source or FolderRegistry()
        ours = {registry.fingerprint(registry.schema(name)): registry.schema(name) for name in KINDS}
        self._by_fingerprint = registry.released() | ours
        self._headers: dict[str, bytes] = {}

    def encode(self, record: Record) -> bytes:
        """One framed record."""
        name = type(record).__name__
        header = self._headers.get(name) or self._header(name)
        buffer = io.BytesIO()
        buffer.write(header)
        fields = msgspec.to_builtins(record, builtin_types=(bytes,))
        fastavro.schemaless_writer(buffer, registry.schema(name), fields)
        return buffer.getvalue()

    def decode(self, data: bytes, kind: type[R]) -> R:
        """The record of type ``kind`` in ``data``.

        Raises:
            UnknownSchemaError: a schema that no release up to this one has.
            UndecodableError: no framing that we know, another record than ``kind``, or bytes that end too early or
                too late.
            ServiceError: the schema registry that would know is away.
        """
        name = kind.__name__
        writer, start = self._writer_schema(data, name)
        reader = registry.schema(name)
        body = io.BytesIO(data)
        body.seek(start)
        try:
            fields = fastavro.schemaless_reader(body, writer, None if writer is reader else reader)
            record = msgspec.convert(fields, kind)
        except Exception as error:  # fastavro raises whatever broken bytes make it stumble on
            raise UndecodableError(f"the bytes are not a headrace.{name}: {error!r}") from error
        if body.tell() != len(data):
            raise UndecodableError(f"{len(data) - body.tell()} bytes follow the headrace.{name}")
        return record

    def decoder(self, kind: type[R], *, ours: bool) -> Callable[[bytes], R]:
        """:meth:`decode` for one kind of record.

        Args:
            kind: of the records.
            ours: only our own workers write them. An unknown schema is then that of a newer release, whose record is
                good and must wait for a worker of that release: the decoder raises ServiceError.
        """

        def decode(data: bytes) -> R:
            try:
                return self.decode(data, kind)
            except UnknownSchemaError as error:
                if ours:
                    raise ServiceError(f"{error} The record waits for a worker of that release") from error
                raise

        return decode

    def _header(self, name: str) -> bytes:
        if self._framing == "confluent":
            header = CONFLUENT + struct.pack(">I", self._registry.id_of(name))
        else:
            header = SINGLE_OBJECT + registry.fingerprint(registry.schema(name))
        self._headers[name] = header
        return header

    def _writer_schema(self, data: bytes, name: str) -> tuple[Schema, int]:
        """The schema that ``data`` was written with, and where its body starts."""
        if data[:2] == SINGLE_OBJECT and len(data) >= 10:
            known = self._by_fingerprint.get(Fingerprint(data[2:10]))
            if known is None:
                raise UnknownSchemaError(f"unknown schema {data[2:10].hex()}: is the writer's release newer than this?")
            writer = known
        elif data[:1] == CONFLUENT and len(data) >= 5:
            (number,) = struct.unpack(">I", data[1:5])
            writer = self._registry.by_id(number)
        else:
            raise UndecodableError(
                f"not Avro: the first bytes are {data[:5].hex() or 'missing'}, "
                "neither C301 (single-object) nor 00 (Confluent)"
            )
        found = writer["name"].rpartition(".")[2]
        if found != name:
            raise UndecodableError(f"a headrace.{found} where a headrace.{name} belongs")
        return writer, 10 if data[:2] == SINGLE_OBJECT else 5


def json_of(record: Record) -> dict[str, Any]:
    """The record as plain JSON values, for people and command lines. Bytes become base64."""
    built: dict[str, Any] = msgspec.to_builtins(record)
    return built
