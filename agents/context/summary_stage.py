"""The summary stage: keeps what an engine made of older turns, for all workers to put in their place."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from agents.context.summaries import Summaries
from agents.outage import Outage
from agents.stage import Delivery, Emit, dead_letter
from schemas import topics
from schemas.errors import HeadraceError, ServiceError
from schemas.records import Summary

PATIENCE_MS = 10_000
"""How long keeping one may take. The summaries' server gives up much sooner."""


class SummaryStage:
    """What to do with a summary that settlement accounted for: keep it.

    One that cannot be kept is made again when it is missed, unbilled, and comes here as the first did.

    Args:
        summaries: where they are kept.
        outage: told when those cannot be reached.
        now: the time, in UTC epoch milliseconds.
    """

    def __init__(self, summaries: Summaries, outage: Outage, now: Callable[[], int]) -> None:
        self._summaries = summaries
        self._outage = outage
        self._now = now

    def deadline(self, delivery: Delivery[Summary]) -> int:
        """A while from now: a summary may be of any age."""
        return self._now() + PATIENCE_MS

    async def __call__(self, delivery: Delivery[Summary]) -> Sequence[Emit]:
        """Keep it. Nothing follows from it."""
        try:
            await self._summaries.put(delivery.record)
        except ServiceError as error:
            self._outage.happened(error)
        else:
            self._outage.over()
        return ()

    def failed(self, delivery: Delivery[Summary], error: HeadraceError) -> Sequence[Emit]:
        """A dead letter, since only a fault of ours leads here and it should be seen."""
        return [dead_letter(delivery, error, "summary", topics.DEAD_LETTERS)]
