"""The corpus in LanceDB: a folder on this machine, or a bucket that all workers share, by the URI alone.

A table holds one collection of one tenant, as vectors of one embedding model; its name is a digest of the three, so
that whatever they are called, two never meet. A row is a chunk, or the head of a document: its version and digest,
which stay when the document is removed. All rows of a document change in one commit, and readers see commits only.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial, reduce
from hashlib import sha256
from operator import or_
from typing import Any, NamedTuple, Self

import lancedb
import msgspec
import numpy as np
import pyarrow as pa
from lancedb import AsyncConnection, AsyncTable
from lancedb.expr import Expr, col, lit
from lancedb.index import FTS

from agents.batcher import Batcher
from agents.conditions import Kind, check, check_metadata, kind
from agents.corpus import Chunk, Held, passage
from agents.embedding import Vector
from schemas.errors import InvalidRequestError, ServiceError
from schemas.records import Condition, Value

log = logging.getLogger(__name__)

BATCH = 64
"""Documents that are written in one commit, where so many come at once."""
VECTOR = "vector"
HEAD = -1
"""The number of the row that stands for a document as a whole; chunks count from 0."""
TRIES = 6
"""Of a write that another process's write comes between; the pause before each is twice the last."""
PAUSE_S = 0.05
LOOSE_ROWS = 512
LOOSE_SHARE = 0.01
"""A write is followed by tidying where as many rows are outside the index, and this share of all: readers look through
the words of each (0.1 ms), and tidying writes most of the table anew."""
COMMITS = 64
"""And at each so many commits, of whichever process: each leaves files behind."""
KEEP_VERSIONS = timedelta(minutes=10)
"""What a slow reader may still be reading from."""

_FAILURES = (RuntimeError, ValueError, OSError)
"""What LanceDB raises, for a conflict as for a lost disk."""
_LEAST: dict[Kind, Value] = {Kind.STRING: "", Kind.NUMBER: float("-inf"), Kind.BOOLEAN: False}
_TYPES = {Kind.STRING: pa.string(), Kind.NUMBER: pa.float64(), Kind.BOOLEAN: pa.bool_()}
_KEY = {"lance-schema:unenforced-primary-key:position": "1"}
"""Makes two concurrent inserts of one id a conflict, so that the later one starts again and finds the row."""
_ROWS = pa.schema(
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
"""And ``vector`` and one column a field of metadata, from the first document on that has any."""
_WORDS = FTS(base_tokenizer="icu", stem=True, remove_stop_words=True, ascii_folding=True)
"""Word boundaries by Unicode's rules, which hold for any script and keep ``1,496.5`` whole; English stems."""
_CHUNK = ["document_id", "number", "title", "trail", "text", VECTOR]


@dataclass(frozen=True, eq=False)
class _Change:
    """What is to become of a document. One is told from another by being it."""

    document_id: str
    version: int
    digest: str | None
    """None to remove it."""
    metadata: Mapping[str, Value]
    chunks: Sequence[Chunk]


class _Head(NamedTuple):
    """What is known of a document."""

    version: int
    digest: str | None


Outcome = bool | InvalidRequestError
"""Of a change: whether it was done, or why it cannot be."""


class LanceCorpus:
    """A :class:`~agents.corpus.Corpus`. :meth:`open` makes one.

    Whatever another process wrote is seen by the next read. Two processes may write at once, to one document too: the
    later version stays. Only where that happens to one document, readers may for milliseconds find chunks of the
    earlier version beside it; a topic's partition has one reader at a time, so that it takes a worker that lost the
    partition and has not noticed.
    """

    def __init__(self, connection: AsyncConnection, uri: str, *, model: str) -> None:
        self._connection = connection
        self._uri = uri
        self._model = model
        self._tables: dict[str, AsyncTable] = {}
        self._writers: dict[str, Batcher[_Change, Outcome]] = {}

    @classmethod
    async def open(cls, uri: str, *, model: str) -> Self:
        """Connect to a corpus, which is made by the first write.

        Args:
            uri: a folder, or ``s3://``, ``gs://`` or ``az://`` with the credentials where their clients look for them.
            model: the embedding model's name. Another model's vectors are another corpus: after a change of model,
                collections are empty until they are ingested again.

        Raises:
            ServiceError: there is nothing that can be reached.
        """
        try:
            # Zero: every read looks for the latest commit first.
            connection = await lancedb.connect_async(uri, read_consistency_interval=timedelta(0))
        except _FAILURES as error:
            raise ServiceError(f"the corpus {uri} cannot be opened: {_said(error)}") from error
        return cls(connection, uri, model=model)

    async def replace(
        self,
        tenant: str,
        collection: str,
        document_id: str,
        *,
        version: int,
        digest: str,
        metadata: Mapping[str, Value],
        chunks: Sequence[Chunk],
    ) -> bool:
        """See :class:`~agents.corpus.Corpus`."""
        return await self._write(tenant, collection, _Change(document_id, version, digest, metadata, chunks))

    async def remove(self, tenant: str, collection: str, document_id: str, *, version: int) -> bool:
        """See :class:`~agents.corpus.Corpus`."""
        return await self._write(tenant, collection, _Change(document_id, version, None, {}, ()))

    async def nearest(
        self, tenant: str, collection: str, vector: Vector, where: Sequence[Condition], limit: int
    ) -> list[Chunk]:
        """See :class:`~agents.corpus.Corpus`."""
        try:
            table = await self._opened(self._name(tenant, collection))
            schema = await table.schema() if table else _ROWS
            if table is None or VECTOR not in schema.names:
                return []
            query = table.vector_search(vector).distance_type("cosine").where(_filter(where, _fields(schema)))
            return _chunks(await query.limit(limit).select([*_CHUNK, "_distance"]).to_arrow())
        except _FAILURES as error:
            raise self._unreadable(error) from error

    async def matching(
        self, tenant: str, collection: str, text: str, where: Sequence[Condition], limit: int
    ) -> list[Chunk]:
        """See :class:`~agents.corpus.Corpus`."""
        try:
            table = await self._opened(self._name(tenant, collection))
            schema = await table.schema() if table else _ROWS
            if table is None or VECTOR not in schema.names:
                return []
            query = table.query().nearest_to_text(text, columns="words").where(_filter(where, _fields(schema)))
            return _chunks(await query.limit(limit).select([*_CHUNK, "_score"]).to_arrow())
        except _FAILURES as error:
            raise self._unreadable(error) from error

    async def held(self, tenant: str, collection: str, document_id: str) -> Held | None:
        """See :class:`~agents.corpus.Corpus`."""
        try:
            table = await self._opened(self._name(tenant, collection))
            head = (await _heads(table, [document_id])).get(document_id) if table else None
        except _FAILURES as error:
            raise self._unreadable(error) from error
        return Held(head.version, head.digest) if head and head.digest is not None else None

    async def digests(self, tenant: str, collection: str) -> dict[str, str]:
        """See :class:`~agents.corpus.Corpus`."""
        try:
            table = await self._opened(self._name(tenant, collection))
            if table is None:
                return {}
            there = (col("number") == lit(HEAD)) & (col("digest") >= lit(""))
            found = await table.query().where(there).select(["document_id", "digest"]).to_arrow()
            return dict(zip(found["document_id"].to_pylist(), found["digest"].to_pylist(), strict=True))
        except _FAILURES as error:
            raise self._unreadable(error) from error

    async def close(self) -> None:
        """Let go of the corpus."""
        for table in self._tables.values():
            table.close()  # type: ignore[no-untyped-call]
        self._connection.close()  # type: ignore[no-untyped-call]

    def _name(self, tenant: str, collection: str) -> str:
        return sha256(msgspec.json.encode((self._model, tenant, collection))).hexdigest()

    def _unreadable(self, error: Exception) -> ServiceError:
        return ServiceError(f"the corpus {self._uri} cannot be read: {_said(error)}")

    async def _opened(self, name: str) -> AsyncTable | None:
        if name not in self._tables:
            try:
                self._tables[name] = await self._connection.open_table(name)
            except ValueError:  # nobody wrote to it yet
                return None
        return self._tables[name]

    async def _write(self, tenant: str, collection: str, change: _Change) -> bool:
        name = self._name(tenant, collection)
        if name not in self._writers:
            self._writers[name] = Batcher(partial(self._write_all, name), limit=BATCH)
        done = await self._writers[name](change)
        if isinstance(done, InvalidRequestError):
            raise done
        return done

    async def _write_all(self, name: str, changes: Sequence[_Change]) -> list[Outcome]:
        for attempt in range(TRIES):
            try:
                table = await self._made(name)
                before = await table.version()
                refused = await _widen(table, changes)
                done = await _merge(table, [change for change in changes if change not in refused])
            except _FAILURES as error:
                if attempt == TRIES - 1:
                    raise ServiceError(f"the corpus {self._uri} cannot be written: {_said(error)}") from error
                await asyncio.sleep(PAUSE_S * 2**attempt)
            else:
                await _tidy(table, before)
                return [refused.get(change, change in done) for change in changes]
        raise AssertionError("unreachable")

    async def _made(self, name: str) -> AsyncTable:
        """The table, which is there from now on, with its index."""
        table = await self._opened(name)
        if table is None:
            table = self._tables[name] = await self._connection.create_table(name, schema=_ROWS)
        if not await table.list_indices():
            await table.create_index("words", config=_WORDS)
        return table


async def _widen(table: AsyncTable, changes: Iterable[_Change]) -> dict[_Change, InvalidRequestError]:
    """Add a column for what the table has none for; returns the documents that contradict the columns it has."""
    schema = await table.schema()
    fields = _fields(schema)
    missing: dict[str, pa.DataType] = {}
    wanted: set[str] = set()
    refused: dict[_Change, InvalidRequestError] = {}
    for change in changes:
        for field in change.metadata.keys() & fields.keys() - wanted:
            known = fields[field]
            if kind(change.metadata[field]) is not known and not await _used(table, field, known):
                await table.drop_columns([_column(field, known)])
                del fields[field]
        try:
            check_metadata(change.metadata, fields)
        except InvalidRequestError as error:
            refused[change] = error
            continue
        wanted |= change.metadata.keys()
        for field, value in change.metadata.items():
            if field not in fields:
                fields[field] = kind(value)
                missing[_column(field, kind(value))] = _TYPES[kind(value)]
        if change.chunks and VECTOR not in schema.names:
            missing[VECTOR] = pa.list_(pa.float32(), len(change.chunks[0].vector))
    if missing:
        await table.add_columns([pa.field(*column) for column in missing.items()])
    return refused


async def _merge(table: AsyncTable, changes: Sequence[_Change]) -> set[_Change]:
    """Replace each document's rows, all in one commit, unless they are of its version or a later one.

    Returns:
        Those that were done.
    """
    before = await _heads(table, (change.document_id for change in changes))
    latest: dict[str, _Change] = {}
    for change in changes:
        known = latest.get(change.document_id) or before.get(change.document_id)
        if known is None or known.version < change.version:
            latest[change.document_id] = change
    if not latest:
        return set()
    schema = await table.schema()
    await (
        table.merge_insert("id")
        .when_matched_update_all(where="target.version < source.version")
        .when_not_matched_insert_all()
        .when_not_matched_by_source_delete(reduce(or_, (_older(name, one.version) for name, one in latest.items())))
        .execute(pa.Table.from_pylist(list(_rows(latest.values(), schema)), schema=schema), on_bad_vectors="null")
    )
    # Where another process wrote a later version since we looked, ours has only added what that one has no row for.
    after = await _heads(table, latest)
    lost = {name: after[name].version for name, one in latest.items() if after[name].version > one.version}
    if lost:
        await table.delete(reduce(or_, (_older(*one) for one in lost.items())))
    return {change for name, change in latest.items() if name not in lost}


async def _heads(table: AsyncTable, document_ids: Iterable[str]) -> dict[str, _Head]:
    """What the table has of these documents."""
    named = col("id").isin([_id(document_id, HEAD) for document_id in document_ids])
    found = await table.query().where(named).select(["document_id", "version", "digest"]).to_arrow()
    return {row["document_id"]: _Head(row["version"], row["digest"]) for row in found.to_pylist()}


async def _tidy(table: AsyncTable, before: int) -> None:
    """Gather small files, index new words and forget old commits, where enough came together since ``before``."""
    try:
        (index,) = await table.list_indices()
        loose, indexed = index.num_unindexed_rows or 0, index.num_indexed_rows or 0
        many = loose >= max(LOOSE_ROWS, LOOSE_SHARE * (loose + indexed))
        if many or before // COMMITS != await table.version() // COMMITS:
            await table.optimize(cleanup_older_than=KEEP_VERSIONS)
    except _FAILURES as error:  # another process writes, or tidies: the next write will do
        log.info("the corpus is tidied later: %s", _said(error))


async def _used(table: AsyncTable, field: str, known: Kind) -> bool:
    """Whether any document has the field."""
    has = col(_column(field, known)) >= lit(_LEAST[known])
    return bool(len(await table.query().where(has).select(["id"]).limit(1).to_arrow()))


def _rows(changes: Iterable[_Change], schema: pa.Schema) -> Iterator[dict[str, Any]]:
    fields = _fields(schema)
    for change in changes:
        shared = {
            "document_id": change.document_id,
            "version": change.version,
            "digest": change.digest,
            **{_column(field, fields[field]): _plain(value) for field, value in change.metadata.items()},
        }
        yield {"id": _id(change.document_id, HEAD), "number": HEAD, **shared}
        for chunk in change.chunks:
            yield {
                "id": _id(change.document_id, chunk.number),
                "number": chunk.number,
                "title": chunk.title,
                "trail": list(chunk.trail),
                "text": chunk.text,
                "words": passage(chunk.title, chunk.trail, chunk.text),
                VECTOR: chunk.vector.tolist(),
                **shared,
            }


def _chunks(found: pa.Table) -> list[Chunk]:
    return [
        Chunk(
            document_id=row["document_id"],
            number=row["number"],
            title=row["title"],
            trail=tuple(row["trail"]),
            text=row["text"],
            vector=np.asarray(row["vector"], dtype=np.float32),
        )
        for row in found.to_pylist()
    ]


def _filter(where: Sequence[Condition], fields: Mapping[str, Kind]) -> Expr:
    """The conditions as an expression: values stay values, and are nowhere written into a query."""
    check(where, fields)
    found = col("number") > lit(HEAD)
    for condition in where:
        known = fields[condition.field]
        column = col(_column(condition.field, known))
        found &= column >= lit(_plain(_LEAST[known] if condition.at_least is None else condition.at_least))
        if condition.at_most is not None:
            found &= column <= lit(_plain(condition.at_most))
        if condition.any_of:
            found &= column.isin([_plain(value) for value in condition.any_of])
    return found


def _plain(value: Value) -> Value:
    """A number as the column has it."""
    return value if isinstance(value, str | bool) else float(value)


def _column(field: str, known: Kind) -> str:
    return f"{known}_{field.encode().hex()}"


def _fields(schema: pa.Schema) -> dict[str, Kind]:
    """The fields of metadata that have a column, by name."""
    parts = (name.partition("_") for name in schema.names)
    return {bytes.fromhex(name).decode(): Kind(known) for known, bar, name in parts if bar and known in set(Kind)}


def _older(document_id: str, version: int) -> Expr:
    return (col("document_id") == lit(document_id)) & (col("version") < lit(version))


def _id(document_id: str, number: int) -> str:
    return f"{number}/{document_id}"


def _said(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__
