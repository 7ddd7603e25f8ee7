"""The corpus in LanceDB: a folder on this machine, or a bucket that all workers share, by the URI alone.

A table holds one collection of one tenant, as vectors of one embedding model; its name is a digest of the three, so
that whatever they are called, two never meet, and of how vectors are laid out, so that all of a table are comparable.
All rows of a document change in one commit; readers see commits only.

A chunk is one row with all its vectors, which LanceDB searches by the nearest of them. Were each a row, a limit would
have to count vectors.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import nullcontext
from datetime import timedelta
from functools import partial, reduce
from hashlib import sha256
from operator import or_
from pathlib import Path
from typing import NamedTuple, Self

import lancedb
import msgspec
import pyarrow as pa
from filelock import AsyncFileLock
from lancedb import AsyncConnection, AsyncTable
from lancedb.expr import col, lit
from lancedb.index import FTS
from lancedb.query import AsyncFTSQuery, AsyncVectorQuery

from agents.batcher import Batcher
from agents.conditions import Kind, check_metadata, kind
from agents.corpus import Chunk, Held
from agents.embedding import Vector, Vectors
from agents.lance_rows import (
    CHUNK,
    HEAD,
    ROWS,
    TYPES,
    VECTORS,
    Change,
    chunks_of,
    column_of,
    fields_of,
    filter_of,
    id_of,
    older,
    rows_of,
    vectors_of,
    with_field,
)
from schemas.errors import InvalidRequestError, ServiceError
from schemas.records import Condition, Value

log = logging.getLogger(__name__)

BATCH = 64
"""Documents that are written in one commit, where so many come at once."""
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
_WORDS = FTS(base_tokenizer="icu", stem=True, remove_stop_words=True, ascii_folding=True)
"""Word boundaries by Unicode's rules, which hold for any script and keep ``1,496.5`` whole; English stems."""


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
        self._writers: dict[str, Batcher[Change, Outcome]] = {}

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
        chunks: Sequence[tuple[Chunk, Vectors]],
    ) -> bool:
        """See :class:`~agents.corpus.Corpus`."""
        return await self._write(tenant, collection, Change(document_id, version, digest, metadata, chunks))

    async def remove(self, tenant: str, collection: str, document_id: str, *, version: int) -> bool:
        """See :class:`~agents.corpus.Corpus`."""
        return await self._write(tenant, collection, Change(document_id, version, None, {}, ()))

    async def nearest(
        self, tenant: str, collection: str, vector: Vector, where: Sequence[Condition], limit: int
    ) -> list[Chunk]:
        """See :class:`~agents.corpus.Corpus`."""
        return await self._searched(
            tenant,
            collection,
            lambda table: table.vector_search(vector).distance_type("cosine"),
            rank="_distance",
            where=where,
            limit=limit,
        )

    async def matching(
        self, tenant: str, collection: str, text: str, where: Sequence[Condition], limit: int
    ) -> list[Chunk]:
        """See :class:`~agents.corpus.Corpus`."""
        return await self._searched(
            tenant,
            collection,
            lambda table: table.query().nearest_to_text(text, columns="words"),
            rank="_score",
            where=where,
            limit=limit,
        )

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
        return sha256(msgspec.json.encode((self._model, VECTORS, tenant, collection))).hexdigest()

    def _unreadable(self, error: Exception) -> ServiceError:
        return ServiceError(f"the corpus {self._uri} cannot be read: {_said(error)}")

    async def _opened(self, name: str) -> AsyncTable | None:
        if name not in self._tables:
            try:
                self._tables[name] = await self._connection.open_table(name)
            except ValueError:  # nobody wrote to it yet
                return None
        return self._tables[name]

    async def _searched(
        self,
        tenant: str,
        collection: str,
        search: Callable[[AsyncTable], AsyncVectorQuery | AsyncFTSQuery],
        *,
        rank: str,
        where: Sequence[Condition],
        limit: int,
    ) -> list[Chunk]:
        try:
            table = await self._opened(self._name(tenant, collection))
            if table is None:
                return []
            schema = await table.schema()
            those = filter_of(where, fields_of(schema))
            if VECTORS not in schema.names:  # there is no chunk yet
                return []
            return chunks_of(await search(table).where(those).limit(limit).select([*CHUNK, rank]).to_arrow())
        except _FAILURES as error:
            raise self._unreadable(error) from error

    async def _write(self, tenant: str, collection: str, change: Change) -> bool:
        name = self._name(tenant, collection)
        if name not in self._writers:
            self._writers[name] = Batcher(partial(self._write_all, name), limit=BATCH)
        done = await self._writers[name](change)
        if isinstance(done, InvalidRequestError):
            raise done
        return done

    async def _write_all(self, name: str, changes: Sequence[Change]) -> list[Outcome]:
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
            # LanceDB looks whether a table is there and then makes it: of two that do so at once, the later empties
            # what the earlier has written to by then. A bucket has no such lock.
            async with nullcontext() if "://" in self._uri else AsyncFileLock(Path(self._uri) / f"{name}.lock"):
                table = await self._opened(name)
                if table is None:
                    table = self._tables[name] = await self._connection.create_table(name, schema=ROWS)
        if not await table.list_indices():
            await table.create_index("words", config=_WORDS)
        return table


async def _widen(table: AsyncTable, changes: Iterable[Change]) -> dict[Change, InvalidRequestError]:
    """Add a column for what the table has none for; returns the documents that contradict the columns it has."""
    schema = await table.schema()
    fields = fields_of(schema)
    missing: dict[str, pa.DataType] = {}
    wanted: set[str] = set()
    refused: dict[Change, InvalidRequestError] = {}
    for change in changes:
        for field in change.metadata.keys() & fields.keys() - wanted:
            known = fields[field]
            if kind(change.metadata[field]) is not known and not await _used(table, field, known):
                await table.drop_columns([column_of(field, known)])
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
                missing[column_of(field, kind(value))] = TYPES[kind(value)]
        if change.chunks and VECTORS not in schema.names:
            _, vectors = change.chunks[0]
            missing[VECTORS] = vectors_of(vectors.shape[1])
    if missing:
        await table.add_columns([pa.field(*column) for column in missing.items()])
    return refused


async def _merge(table: AsyncTable, changes: Sequence[Change]) -> set[Change]:
    """Replace each document's rows, all in one commit, unless they are of its version or a later one.

    Returns:
        Those that were done.
    """
    before = await _heads(table, (change.document_id for change in changes))
    latest: dict[str, Change] = {}
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
        .when_not_matched_by_source_delete(reduce(or_, (older(name, one.version) for name, one in latest.items())))
        .execute(pa.Table.from_pylist(list(rows_of(latest.values(), schema)), schema=schema))
    )
    # Where another process wrote a later version since we looked, ours has only added what that one has no row for.
    after = await _heads(table, latest)
    lost = {name: after[name].version for name, one in latest.items() if after[name].version > one.version}
    if lost:
        await table.delete(reduce(or_, (older(*one) for one in lost.items())))
    return {change for name, change in latest.items() if name not in lost}


async def _heads(table: AsyncTable, document_ids: Iterable[str]) -> dict[str, _Head]:
    """What the table has of these documents."""
    named = col("id").isin([id_of(document_id, HEAD) for document_id in document_ids])
    found = await table.query().where(named).select(["document_id", "version", "digest"]).to_arrow()
    return {row["document_id"]: _Head(row["version"], row["digest"]) for row in found.to_pylist()}


async def _used(table: AsyncTable, field: str, known: Kind) -> bool:
    """Whether any document has the field."""
    return bool(len(await table.query().where(with_field(field, known)).select(["id"]).limit(1).to_arrow()))


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


def _said(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__
