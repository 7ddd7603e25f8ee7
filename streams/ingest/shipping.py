"""Documents put on the river, and followed until they are indexed."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

from agents.corpus import Corpus
from schemas import topics
from schemas.errors import ServiceError, UndecodableError
from schemas.records import DeadLetter
from streams.client import Publisher, Reader, publisher, reader
from streams.ingest.changes import Change, Collection
from streams.settings import Settings

_LOOK_S = 0.5
"""Between looks at what is indexed."""


class Shipping:
    """Publishes changes, and sees what becomes of them. Made by :func:`shipping`."""

    def __init__(self, collection: Collection, corpus: Corpus, river: Publisher, letters: Reader[DeadLetter]) -> None:
        self._collection = collection
        self._corpus = corpus
        self._river = river
        self._letters = letters
        self.pending: dict[str, str | None] = {}
        """What was shipped and has not arrived: by its id, what the corpus will hold of it."""

    async def ship(self, changes: Sequence[Change]) -> None:
        """Publish changes; return when they are durable.

        Raises:
            ServiceError: the topic does not exist, or the broker did not take them.
        """
        await asyncio.gather(*(self._river.put(topics.DOCUMENTS, one.key, one.value) for one in changes))
        self.pending.update((one.document_id, one.digest) for one in changes)

    async def arrived(self, patience_s: float, moved: Callable[[int], None]) -> dict[str, str]:
        """Wait until all that was shipped is in the corpus, or refused.

        Args:
            patience_s: how long nothing may happen before that is given up.
            moved: told of how many were indexed, removed or refused.

        Returns:
            Why each that was refused was, by its id.

        Raises:
            ServiceError: nothing happened for too long, or the corpus cannot be read.
        """
        refused: dict[str, str] = {}
        last = time.monotonic()
        while self.pending:
            dead = await self._dead()
            refused |= dead
            held = await self._corpus.digests(self._collection.tenant, self._collection.name)
            done = {name for name, said in self.pending.items() if held.get(name) == said} | dead.keys()
            for name in done:
                del self.pending[name]
            moved(len(done))
            if done:
                last = time.monotonic()
            elif time.monotonic() - last > patience_s:
                raise ServiceError(
                    f"{len(self.pending):,} documents are published and not indexed, and for {patience_s:g} s nothing "
                    "has happened: does a worker run the knowledge stage on this corpus (HEADRACE_CORPUS)?"
                )
        return refused

    async def _dead(self) -> dict[str, str]:
        """Why each document that became a dead letter meanwhile was refused, after a while of listening."""
        found: dict[str, str] = {}
        for received in await self._letters.take(_LOOK_S):
            try:
                change = self._collection.read(received.record.value)
            except UndecodableError:
                continue  # a letter of something else
            if change is not None and self.pending.get(change.document_id, "") == change.digest:
                found[change.document_id] = received.record.reason
        return found


@asynccontextmanager
async def shipping(settings: Settings, collection: Collection, corpus: Corpus) -> AsyncIterator[Shipping]:
    """Connect to the river.

    Raises:
        ServiceError: Kafka cannot be reached.
        SetupError: there are no dead letters to listen to: the topics were not created.
    """
    # First listen, then publish: else a refusal may be there before its listener.
    async with (
        reader(settings, DeadLetter, [topics.DEAD_LETTERS], from_start=False) as letters,
        publisher(settings) as river,
    ):
        yield Shipping(collection, corpus, river, letters)
