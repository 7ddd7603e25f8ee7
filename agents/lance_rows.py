"""A document as rows of a LanceDB table, and conditions on them as an expression. Pure.

A row is a chunk, or the head of a document: its version and digest, which stay when the document is removed. Fields of
metadata are columns that say their type and name, so that the table alone knows what a collection's fields are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from lancedb.expr import Expr, col, lit

from agents.conditions import Kind, check
from agents.corpus import Chunk, passage
from agents.embedding import Vectors
from schemas.records import Condition, Value

VECTORS = "vectors"
HEAD = -1
"""The number of the row that stands for a document as a whole; chunks count from 0."""
_LEAST: dict[Kind, Value] = {Kind.STRING: "", Kind.NUMBER: float("-inf"), Kind.BOOLEAN: False}
TYPES = {Kind.STRING: pa.string(), Kind.NUMBER: pa.float64(), Kind.BOOLEAN: pa.bool_()}
_KEY = {"lance-schema:unenforced-primary-key:position": "1"}
"""Makes two concurrent inserts of one id a conflict, so that the later one starts again and finds the row."""
ROWS = pa.schema(
    [
        pa.field("id", pa.string(), nullable=False, metadata=_KEY),
        pa.field("document_id", pa.string(), nullable=False),
        pa.field("number", pa.int32(), nullable=False),
        pa.field("version", pa.int64(), nullable=False),
        pa.field("digest", pa.string()),
        pa.field("title", pa.string()),
        pa.field("trail", pa.list_(pa.string())),
        pa.field("text", pa.string()),
        pa.field("words", pa.string()),
    ]
)
"""And ``vectors`` and one column a field of metadata, from the first document on that has any."""
CHUNK = ["document_id", "number", "title", "trail", "text"]


@dataclass(frozen=True, eq=False)
class Change:
    """What is to become of a document. One is told from another by being it."""

    document_id: str
    version: int
    digest: str | None
    """None to remove it."""
    metadata: Mapping[str, Value]
    chunks: Sequence[tuple[Chunk, Vectors]]


def vectors_of(dimensions: int) -> pa.DataType:
    """What the column of vectors holds: of each row as many as it has.

    Half as many bits as the embedder gives move a cosine by less than 0.0001, and are searched in a third of the time.
    """
    return pa.list_(pa.list_(pa.float16(), dimensions))


def rows_of(changes: Iterable[Change], schema: pa.Schema) -> Iterator[dict[str, Any]]:
    """The rows that the documents are to have, their heads included; what ``schema`` has and they lack is null."""
    fields = fields_of(schema)
    for change in changes:
        shared = {
            "document_id": change.document_id,
            "version": change.version,
            "digest": change.digest,
            **{column_of(field, fields[field]): _plain(value) for field, value in change.metadata.items()},
        }
        yield {"id": id_of(change.document_id, HEAD), "number": HEAD, **shared}
        for chunk, vectors in change.chunks:
            yield {
                "id": id_of(change.document_id, chunk.number),
                "number": chunk.number,
                "title": chunk.title,
                "trail": list(chunk.trail),
                "text": chunk.text,
                "words": passage(chunk.title, chunk.trail, chunk.text),
                VECTORS: list(vectors.astype(np.float16)),
                **shared,
            }


def chunks_of(found: pa.Table) -> list[Chunk]:
    """The chunks of rows with the columns of :data:`CHUNK`."""
    return [
        Chunk(
            document_id=row["document_id"],
            number=row["number"],
            title=row["title"],
            trail=tuple(row["trail"]),
            text=row["text"],
        )
        for row in found.to_pylist()
    ]


def filter_of(where: Sequence[Condition], fields: Mapping[str, Kind]) -> Expr:
    """Rows of chunks that fulfil the conditions. Values stay values, and are nowhere written into a query.

    Raises:
        InvalidRequestError: a condition names no field of the collection, or compares it with another type.
    """
    check(where, fields)
    found = col("number") > lit(HEAD)
    for condition in where:
        known = fields[condition.field]
        column = col(column_of(condition.field, known))
        found &= column >= lit(_plain(_LEAST[known] if condition.at_least is None else condition.at_least))
        if condition.at_most is not None:
            found &= column <= lit(_plain(condition.at_most))
        if condition.any_of:
            found &= column.isin([_plain(value) for value in condition.any_of])
    return found


def _plain(value: Value) -> Value:
    """A number as the column has it."""
    return value if isinstance(value, str | bool) else float(value)


def column_of(field: str, known: Kind) -> str:
    """The column of a field, whatever it is called."""
    return f"{known}_{field.encode().hex()}"


def fields_of(schema: pa.Schema) -> dict[str, Kind]:
    """The fields of metadata that have a column, by name."""
    parts = (name.partition("_") for name in schema.names)
    return {bytes.fromhex(name).decode(): Kind(known) for known, bar, name in parts if bar and known in set(Kind)}


def with_field(field: str, known: Kind) -> Expr:
    """Rows of documents that have the field."""
    return col(column_of(field, known)) >= lit(_LEAST[known])


def older(document_id: str, version: int) -> Expr:
    """Rows of earlier versions of the document."""
    return (col("document_id") == lit(document_id)) & (col("version") < lit(version))


def id_of(document_id: str, number: int) -> str:
    """Names a row: no two of a collection have the same."""
    return f"{number}/{document_id}"
