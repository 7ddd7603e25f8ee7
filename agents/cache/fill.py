"""The fill stage: stores what an engine answered, for the cache stages of all workers to find."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from agents.cache.entries import Entries, Entry
from agents.cache.outage import Outage
from agents.policy import Policy
from agents.stage import Delivery, Emit, dead_letter
from schemas import topics
from schemas.errors import HeadraceError, ServiceError
from schemas.records import CacheFill

PATIENCE_MS = 10_000
"""How long one fill may take. The entries give up much sooner."""


class FillStage:
    """What to do with an answer that settlement chose: remember it for its request id, and cache it where it may be.

    Time to live counts from the answer, so that an old fill read again revives nothing. A fill that cannot be stored
    is dropped: the cache is never the truth.

    Args:
        policy: says how long an entry of a task lives.
        entries: where they are stored.
        outage: told when the entries cannot be reached.
        remembered_ms: for how long a request id is known, at least the horizon within which it may not come again.
        now: the time, in UTC epoch milliseconds.
    """

    def __init__(
        self, *, policy: Policy, entries: Entries, outage: Outage, remembered_ms: int, now: Callable[[], int]
    ) -> None:
        self._policy = policy
        self._entries = entries
        self._outage = outage
        self._remembered_ms = remembered_ms
        self._now = now

    def deadline(self, delivery: Delivery[CacheFill]) -> int:
        """A while from now: a fill may be of any age."""
        return self._now() + PATIENCE_MS

    async def __call__(self, delivery: Delivery[CacheFill]) -> Sequence[Emit]:
        """Store the answer. Nothing follows from it."""
        fill = delivery.record
        lookup = fill.lookup
        entry = Entry(
            fingerprint=lookup.fingerprint,
            scope=lookup.scope,
            tenant=fill.tenant,
            task=fill.task,
            request_id=fill.request_id,
            model=fill.model,
            text=fill.text,
            finish_reason=fill.finish_reason,
            usage=fill.usage,
            question=lookup.question,
            embedding=lookup.embedding,
            answered_at=fill.answered_at,
        )
        task = self._policy.document.tasks.get(fill.task)
        try:
            await self._entries.remember(entry, ttl_ms=self._remembered_ms)
            if lookup.cacheable and task is not None:
                await self._entries.put(entry, ttl_ms=1000 * task.ttl_seconds)
        except ServiceError as error:
            self._outage.happened(error)
        else:
            self._outage.over()
        return ()

    def failed(self, delivery: Delivery[CacheFill], error: HeadraceError) -> Sequence[Emit]:
        """A dead letter. Only a fault of ours leads here, and it should be seen."""
        return [dead_letter(delivery, error, "fill", topics.DEAD_LETTERS)]
