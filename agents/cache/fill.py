"""The fill stage: stores what an engine answered for all workers to find, and learns what the cache is worth."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from agents.budgets.budgets import Budgets
from agents.cache.check import Comparer
from agents.cache.entries import Entries, Entry
from agents.cache.outcomes import Outcome
from agents.outage import Outage
from agents.policy import Policy
from agents.stage import Delivery, Emit, dead_letter
from agents.waterfall import Pricing, with_spending
from schemas import topics
from schemas.enums import Verdict
from schemas.errors import HeadraceError, ServiceError
from schemas.ledger import LedgerEntry
from schemas.records import CacheFill, Nominee

PATIENCE_MS = 10_000
"""How long one fill may take. The entries and the embedder give up much sooner."""


class FillStage:
    """What to do with an answer that settlement chose: remember it for its request id, and cache it where it may be.

    Time to live counts from the answer, so that an old fill read again revives nothing. A fill that cannot be stored
    is dropped: the cache is never the truth. An answer that comes with a nominee is compared with the nominee's
    first, and what comes of it is an outcome to learn from and, where it cost anything, an entry on the ledger.

    Args:
        policy: says how long an entry of a task lives.
        entries: where they are stored.
        comparer: compares answers; None where no task of the policy is semantic.
        outage: told when the entries cannot be reached.
        remembered_ms: for how long a request id is known, at least the horizon within which it may not come again.
        now: the time, in UTC epoch milliseconds.
        budgets: asked before a comparison may spend; None where the policy has none.
    """

    def __init__(
        self,
        *,
        policy: Policy,
        entries: Entries,
        comparer: Comparer | None,
        outage: Outage,
        remembered_ms: int,
        now: Callable[[], int],
        budgets: Budgets | None = None,
    ) -> None:
        self._policy = policy
        self._entries = entries
        self._comparer = comparer
        self._outage = outage
        self._remembered_ms = remembered_ms
        self._now = now
        self._budgets = budgets

    def deadline(self, delivery: Delivery[CacheFill]) -> int:
        """A while from now: a fill may be of any age."""
        return self._now() + PATIENCE_MS

    async def __call__(self, delivery: Delivery[CacheFill]) -> Sequence[Emit]:
        """Store the answer; the ledger entry of a comparison follows from it."""
        fill = delivery.record
        verdict, tokens = await self._compare(fill)
        try:
            await self._store(fill, verdict)
        except ServiceError as error:
            self._outage.happened(error)
        else:
            self._outage.over()
        return [] if fill.check is None else self._charged(fill, fill.check, verdict, tokens)

    def failed(self, delivery: Delivery[CacheFill], error: HeadraceError) -> Sequence[Emit]:
        """A dead letter, since only a fault of ours leads here and it should be seen; and what a check did cost."""
        letter = dead_letter(delivery, error, "fill", topics.DEAD_LETTERS)
        check = delivery.record.check
        return [letter] if check is None else [letter, *self._charged(delivery.record, check, Verdict.UNKNOWN, 0)]

    async def _compare(self, fill: CacheFill) -> tuple[Verdict, int]:
        nominee, task = fill.lookup.nominee, self._policy.document.tasks.get(fill.task)
        if nominee is None or task is None or self._comparer is None:
            return Verdict.UNKNOWN, 0
        if self._budgets is None or fill.check is None:
            return await self._comparer.compare(task, nominee.text, fill.text)
        if not await self._budgets.spare(fill.check, [nominee.text, fill.text], fill.answered_at):
            return Verdict.UNKNOWN, 0
        verdict, tokens = await self._comparer.compare(task, nominee.text, fill.text)
        if not tokens and not nominee.served:
            await self._budgets.release(fill.check)  # there will be no entry that does
        return verdict, tokens

    async def _store(self, fill: CacheFill, verdict: Verdict) -> None:
        lookup, task = fill.lookup, self._policy.document.tasks.get(fill.task)
        nominee = lookup.nominee
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
            # A rule of invalidation that was made while the answer was on its way voids it.
            answered_at=min(fill.answered_at, lookup.retrieved_at or fill.answered_at),
            knowledge=lookup.knowledge,
            meaning=nominee.meaning if nominee and verdict is Verdict.SAME else "",
            gpu_cost=fill.gpu_cost,
        )
        if not _served(nominee):  # else the request has another answer already
            await self._entries.remember(entry, ttl_ms=self._remembered_ms)
        if lookup.cacheable and task is not None:
            await self._entries.put(entry, ttl_ms=1000 * task.ttl_seconds, capacity=task.max_entries)
        if nominee is not None and verdict is not Verdict.UNKNOWN:
            await self._entries.learn(fill.tenant, fill.task, _outcome(fill, nominee, verdict))

    def _charged(self, fill: CacheFill, check: LedgerEntry, verdict: Verdict, tokens: int) -> list[Emit]:
        """The comparison's ledger entry, with what embedding the two answers cost; none where nothing was spent."""
        spent = []
        if tokens:
            pricing = Pricing(self._policy.prices, fill.answered_at)
            spent.append(pricing.embedding("semantic_cache", self._policy.embedder, tokens))
        elif not _served(fill.lookup.nominee):
            return []
        entry = msgspec.structs.replace(check, verdict=verdict, waterfall=with_spending(check.waterfall, spent))
        return [Emit(topics.LEDGER, entry.tenant.encode(), entry)]


def _served(nominee: Nominee | None) -> bool:
    return nominee is not None and nominee.served


def _outcome(fill: CacheFill, nominee: Nominee, verdict: Verdict) -> Outcome:
    return Outcome(
        request_id=fill.request_id,
        scope=fill.lookup.scope,
        fingerprint=nominee.fingerprint,
        tier=nominee.tier,
        features=tuple(nominee.features),
        same=verdict is Verdict.SAME,
        served=nominee.served,
        share=nominee.share,
        at=fill.answered_at,
        chosen=nominee.chosen,
    )
