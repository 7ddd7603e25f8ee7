"""The knowledge stage: chunks, embeds and indexes a document, and makes void what was answered without it.

What comes again after a crash does no harm. The version of a document is its record's offset, and all documents of a
collection are on one partition: an older version never takes the place of a newer one. A record that the corpus holds
already is not embedded again; but it is not known whether what follows from it was done, so that is done again. The
ledger knows the entry by its id, and an invalidation more costs a few hits.

An invalidation is never given up. Once the corpus says something else, the record is not done before what was answered
from it is void: a dead letter instead would be forgotten by its own replay, which finds the document unchanged.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from hashlib import blake2b
from typing import TypeVar
from weakref import WeakValueDictionary

import msgspec

from agents.corpus import Corpus
from agents.embedding import Embedder, Vector
from agents.knowledge.document import check, digest
from agents.knowledge.invalidation import Invalidation
from agents.knowledge.views import Viewed, chunks, embed, viewed
from agents.policy import Policy
from agents.stage import Delivery, Emit, Position, dead_letter
from agents.waterfall import NOTHING, Pricing, with_spending
from schemas import topics
from schemas.enums import EntryKind, Lane, Source, Status
from schemas.errors import HeadraceError, InvalidRequestError, ServiceError
from schemas.ledger import CostLine, LedgerEntry, Usage, Waterfall
from schemas.records import Document

T = TypeVar("T")

log = logging.getLogger(__name__)

FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.1, 5.0
"""Between tries while a service is away."""
NEVER = 2**63 - 1
"""UTC epoch milliseconds. A document is not given up for those that wait before it."""


class KnowledgeStage:
    """What to do with a document: put its chunks in the place of those that its earlier version had.

    Documents are worked on side by side, but those of one id one after another, in the order of receipt.

    Args:
        policy: the tenants, and what embedding costs.
        embedder: makes the chunks' vectors.
        corpus: where they are indexed.
        invalidate: makes void what was answered from a collection.
        patience_s: how long to wait for an embedder or a corpus that is away, before the document is a dead letter.
    """

    def __init__(
        self,
        *,
        policy: Policy,
        embedder: Embedder,
        corpus: Corpus,
        invalidate: Invalidation,
        patience_s: float = 60.0,
    ) -> None:
        self._policy = policy
        self._embedder = embedder
        self._corpus = corpus
        self._invalidate = invalidate
        self._patience_s = patience_s
        self._embedding = asyncio.Lock()
        self._turns: WeakValueDictionary[tuple[str, str, str], asyncio.Lock] = WeakValueDictionary()

    def deadline(self, delivery: Delivery[Document]) -> int:
        """None: a document is done when its turn comes, or fails by itself."""
        return NEVER

    async def __call__(self, delivery: Delivery[Document]) -> Sequence[Emit]:
        """Index the document, or remove it; what embedding it cost, for the ledger.

        Raises:
            UnknownNameError: its tenant is not in the policy.
            InvalidRequestError: a field is empty, over its limit, or holds another type than in its collection.
            ServiceError: the embedder or the corpus was away for too long.
            PolicyError: the embedder has no price.
        """
        document = delivery.record
        check(document, self._policy)
        void = partial(self._invalidate, document.tenant, document.collection)
        turn = self._turns.setdefault((document.tenant, document.collection, document.document_id), asyncio.Lock())
        async with turn:
            try:
                emits = await _retried(partial(self._work, delivery, []), delivery.position, self._patience_s)
            except ServiceError:
                # A write may have been done though nobody heard of it.
                await _retried(void, delivery.position, math.inf)
                raise
            if emits is None:
                return []
            await _retried(void, delivery.position, math.inf)
            return emits

    def failed(self, delivery: Delivery[Document], error: HeadraceError) -> Sequence[Emit]:
        """A dead letter, and what was spent in vain: billed to nobody."""
        emits = [dead_letter(delivery, error, "knowledge", topics.DEAD_LETTERS)]
        if delivery.spent:
            in_vain = sum(line.cost for line in delivery.spent)
            emits.append(self._entry(delivery, Status.FAILED, NOTHING, in_vain))
        return emits

    async def _work(self, delivery: Delivery[Document], vectors: list[Vector]) -> Sequence[Emit] | None:
        """Change the corpus: what follows, once it is known for void; None where the corpus is as it should be.

        ``vectors`` holds what earlier tries have embedded.
        """
        document, version = delivery.record, delivery.position.offset
        name = document.tenant, document.collection, document.document_id
        held = await self._corpus.held(*name)
        if held is not None and held.version > version:
            log.warning(
                "%s is left out: the corpus holds version %d of %s. Was the topic made anew, and not the corpus?",
                delivery.position,
                held.version,
                document.document_id,
            )
            return None
        if document.text is None:
            await self._corpus.remove(*name, version=version)
            return []
        said = digest(document)
        if held is not None and held.version < version and held.digest == said:
            return None
        cut, tokens = await asyncio.to_thread(self._cut, document, document.text)
        billed = with_spending(NOTHING, [self._spending(delivery, tokens)])
        if held is None or held.version < version:
            async with self._embedding:
                async for spent in embed(self._embedder, cut, vectors):
                    delivery.spent.append(self._spending(delivery, spent))
            found = chunks(document.document_id, document.title, cut, vectors)
            metadata = document.metadata
            await self._corpus.replace(*name, version=version, digest=said, metadata=metadata, chunks=found)
        return [self._entry(delivery, Status.COMPLETED, billed, 0)]

    def _cut(self, document: Document, text: str) -> tuple[list[Viewed], int]:
        """The document's pieces, and the tokens that embedding them takes."""
        cut = viewed(document.title, text, self._embedder)
        if not cut:
            raise InvalidRequestError("the text says nothing: to remove the document, let the text be null")
        return cut, sum(self._embedder.count(text) for one in cut for text in one.texts)

    def _spending(self, delivery: Delivery[Document], tokens: int) -> CostLine:
        return Pricing(self._policy.prices, delivery.timestamp).embedding("retrieval", self._embedder.name, tokens)

    def _entry(self, delivery: Delivery[Document], status: Status, waterfall: Waterfall, unbilled: int) -> Emit:
        """The embedding's ledger entry: of a completed one the same, to the byte, however often it is delivered."""
        document, position, at = delivery.record, delivery.position, delivery.timestamp
        # A document that failed may be delivered again and be completed: that is another entry.
        which = () if status is Status.COMPLETED else (status,)
        named = msgspec.json.encode((document.tenant, document.collection, document.document_id, at, *which))
        entry = LedgerEntry(
            entry_id=f"{position.partition:04d}-{position.offset:014d}-{blake2b(named, digest_size=8).hexdigest()}",
            kind=EntryKind.INGESTION,
            request_id=f"{document.collection}/{document.document_id}",
            tenant=document.tenant,
            cost_center=self._policy.document.tenants[document.tenant].cost_center,
            task="",
            model=self._embedder.name,
            lane=Lane.REALTIME,
            source=Source.NONE,
            status=status,
            occurred_at=at,
            waterfall=waterfall,
            unbilled_cost=unbilled,
            usage=Usage(),
            policy_version=self._policy.version,
        )
        return Emit(topics.LEDGER, entry.tenant.encode(), entry)


async def _retried(work: Callable[[], Awaitable[T]], position: Position, patience_s: float) -> T:
    """What comes of ``work`` once no service is away for it, or its ServiceError after so many seconds of pauses."""
    pause = FIRST_PAUSE_S
    while True:
        try:
            return await work()
        except ServiceError as error:
            if pause > patience_s:
                raise
            log.warning("%s is tried again in %.1f s: %s", position, pause, error)
        await asyncio.sleep(pause)
        patience_s -= pause
        pause = min(2 * pause, LONGEST_PAUSE_S)
