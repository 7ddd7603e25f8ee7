"""The topics that budgets are rebuilt from, in memory, with one partition each."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence

from agents.budgets.reading import Posted
from agents.ledger.fold import apply
from agents.rollup_key import key_of
from schemas.ledger import LedgerEntry, RollUp
from schemas.records import InferenceTask


class InMemoryBudgetLog:
    def __init__(self) -> None:
        self.under_way: list[InferenceTask] = []
        self.ledger: list[LedgerEntry] = []
        self.finops: list[RollUp] = []
        self.folded = 0
        """How many entries of the ledger are in the roll-ups."""
        self.read = 0
        """How often it was read."""

    def fold(self) -> None:
        """What the ledger stage does with the next entry."""
        entry, offset = self.ledger[self.folded], self.folded
        row = next((row for row in reversed(self.finops) if key_of(row) == key_of(entry)), None)
        self.finops.append(apply(row, entry, offset))
        self.folded += 1

    async def tasks(self, since: int) -> AsyncIterator[Sequence[InferenceTask]]:
        self.read += 1
        yield [task for task in self.under_way if task.ticket.received_at >= since]

    async def rollups(self, since: int) -> AsyncIterator[Sequence[tuple[int, RollUp]]]:
        yield [(0, row) for row in self.finops if row.hour >= since]

    async def ends(self) -> Mapping[int, int]:
        return {0: len(self.ledger)}

    async def at(self, instant: int) -> Mapping[int, int]:
        late = (offset for offset, entry in enumerate(self.ledger) if entry.occurred_at >= instant)
        return {0: next(late, len(self.ledger))}

    async def entries(self, starts: Mapping[int, int], ends: Mapping[int, int]) -> AsyncIterator[Sequence[Posted]]:
        yield [Posted(0, offset, self.ledger[offset]) for offset in range(starts[0], ends[0])]
