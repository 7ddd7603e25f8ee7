"""The settlement stage: claims the request, then publishes what its claim decides."""

from __future__ import annotations

from collections.abc import Sequence

from agents.claims import Claims, History, cover
from agents.settlement.outcome import claimant, refused, settle
from agents.stage import Delivery, Emit, dead_letter
from schemas import topics
from schemas.errors import HeadraceError
from schemas.records import Answer

NEVER = 2**63 - 1
"""UTC epoch milliseconds. An answer is settled however late it comes: its request waits for a response."""


class SettlementStage:
    """Makes the first answer of a request its response and its ledger entry, and accounts for the others.

    The only writer of ``headrace.responses``, and so the only place where money is billed.

    Args:
        claims: of this stage alone; on ``headrace.answers``.
        history: reads answers again, each as the claim that :func:`agents.settlement.outcome.claimant` makes of it.
    """

    def __init__(self, claims: Claims, history: History) -> None:
        self._claims = claims
        self._history = history

    async def before(self, delivery: Delivery[Answer]) -> None:
        """Learn the claims of all answers before this one, and make its own. To be awaited in the order of receipt.

        Raises:
            FatalError: claims cannot be kept.
        """
        await cover(self._claims, delivery.position, delivery.timestamp, self._history)
        self._claims.claim(delivery.position, claimant(delivery.record), delivery.timestamp)

    def deadline(self, delivery: Delivery[Answer]) -> int:
        """None: nothing in here waits for anything."""
        return NEVER

    async def __call__(self, delivery: Delivery[Answer]) -> Sequence[Emit]:
        """Settle one answer.

        Raises:
            WorkFailedError: its waterfall does not add up.
            FatalError: claims cannot be kept, or :meth:`before` was not awaited.
        """
        answer, position, at = delivery.record, delivery.position, delivery.timestamp
        return settle(answer, position, at, self._claims.claim(position, claimant(answer), at))

    def failed(self, delivery: Delivery[Answer], error: HeadraceError) -> Sequence[Emit]:
        """A FAILED response where the answer had won its request, and a dead letter in any case."""
        failure, position, at = refused(delivery.record, error), delivery.position, delivery.timestamp
        letter = dead_letter(delivery, error, "settlement", topics.DEAD_LETTERS)
        return [*settle(failure, position, at, self._claims.claim(position, claimant(failure), at)), letter]
