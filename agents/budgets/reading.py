"""An account, read from the log: what was spent, and what requests that are under way may still spend. Pure.

- *Spent* is in the roll-ups, and in those entries at the end of the ledger's topic that no roll-up holds yet. A
  roll-up's version tells which they are. After that, everything up to the end of the ledger's topic is counted, and
  nothing after it.
- *Held* is the most that each task may cost that is on an engine's topic, summaries and checks among them, if no entry
  has settled it. A reservation whose request had not come that far is no loss: it is asked for again before an engine
  spends.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import NamedTuple, Protocol

from agents.budgets.accounts import Account
from agents.budgets.budget import Budget, start, starts
from agents.budgets.reservation import reservation_of
from agents.rollup_key import key_of
from schemas.ledger import LedgerEntry, RollUp
from schemas.records import InferenceTask, Ticket

UNFOLDED = 10_000
"""Offsets of a partition of the ledger within which entries may be missing from the roll-ups though a later one is in
them, or may stand twice: over a batch of the ledger stage, and over all that a crash of settlement publishes again."""
GRACE_MS = 60_000
"""How long after its request's deadline an answer may reach its topic. It is billed in the period in which it does."""


class Posted(NamedTuple):
    """A record and its place on its topic."""

    partition: int
    offset: int
    record: LedgerEntry


class Log(Protocol):
    """The topics that hold what accounts are made of. Every call raises ServiceError where they cannot be read."""

    def tasks(self, since: int) -> AsyncIterator[Sequence[InferenceTask]]:
        """Those of all models since an instant (UTC epoch milliseconds)."""
        ...

    def rollups(self, since: int) -> AsyncIterator[Sequence[tuple[int, RollUp]]]:
        """Roll-ups that were published since an instant, each with its partition, in the order of their versions."""
        ...

    async def ends(self) -> Mapping[int, int]:
        """By partition of the ledger's topic, the offset that the next entry gets."""
        ...

    async def at(self, instant: int) -> Mapping[int, int]:
        """By partition of the ledger's topic, the offset of the first entry that was published since an instant."""
        ...

    def entries(self, starts: Mapping[int, int], ends: Mapping[int, int]) -> AsyncIterator[Sequence[Posted]]:
        """Ledger entries from an offset of each partition up to another."""
        ...


class Reading:
    """What was read so far. First tasks, then roll-ups, then entries."""

    def __init__(self, budgets: Sequence[Budget], now: int) -> None:
        self._budgets = budgets
        self._now = now
        self._under_way: dict[str, tuple[Ticket, int]] = {}
        self._rollups: dict[bytes, RollUp] = {}
        self._unfolded: list[LedgerEntry] = []
        self._seen: set[str] = set()
        self._settled: set[str] = set()
        self.latest: dict[int, int] = {}
        """By partition, the latest offset that any roll-up holds."""

    def task(self, ticket: Ticket, amount: int) -> None:
        """Take in a task that is, or was, under way, and may cost so much; of several, the most counts."""
        name = reservation_of(ticket)
        _, before = self._under_way.get(name, (ticket, 0))
        self._under_way[name] = (ticket, max(before, amount))

    def rollup(self, partition: int, rollup: RollUp) -> None:
        """Take in a state of a roll-up; the latest counts."""
        self.latest[partition] = max(self.latest.get(partition, -1), rollup.version)
        key = key_of(rollup)
        known = self._rollups.get(key)
        if known is None or rollup.version > known.version:
            self._rollups[key] = rollup

    def entry(self, offset: int, entry: LedgerEntry) -> None:
        """Take in an entry; a second copy of one is none."""
        if entry.entry_id in self._seen:
            return
        self._seen.add(entry.entry_id)
        self._settled.add(entry.reservation)
        rollup = self._rollups.get(key_of(entry))
        if rollup is None or offset > rollup.version:
            self._unfolded.append(entry)

    def account(self, budget: Budget, ends: Mapping[int, int]) -> Account:
        """The account of a budget, with everything before ``ends`` of the ledger's topic in it."""
        current = start(budget.period, self._now)
        spent: dict[int, int] = defaultdict(int)
        for rollup in self._rollups.values():
            if rollup.hour >= current and budget.covers(rollup.tenant, rollup.cost_center, rollup.task):
                spent[start(budget.period, rollup.hour)] += rollup.effective_cost
        for entry in self._unfolded:
            if entry.occurred_at >= current and budget.covers(entry.tenant, entry.cost_center, entry.task):
                spent[start(budget.period, entry.occurred_at)] += entry.waterfall.effective_cost
        held = {
            name: (amount, starts(budget.period, self._now, ticket.deadline + GRACE_MS))
            for name, (ticket, amount) in self._under_way.items()
            if name not in self._settled and budget.covers(ticket.tenant, ticket.cost_center, ticket.task)
        }
        return Account(spent, held, {partition: end - 1 for partition, end in ends.items()})


async def read(
    log: Log, budgets: Sequence[Budget], worst: Callable[[InferenceTask], int], *, now: int, under_way_ms: int
) -> dict[str, Account]:
    """The accounts of ``budgets``, by name, as the log has them.

    Args:
        log: where from.
        budgets: whose accounts.
        worst: the most that a task may cost, in nano-USD.
        now: UTC epoch milliseconds; periods that are over by then are left out.
        under_way_ms: how long a request may be under way.

    Raises:
        ServiceError: the log cannot be read.
    """
    reading = Reading(budgets, now)
    since = now - under_way_ms - GRACE_MS
    async for tasks in log.tasks(since):
        for task in tasks:
            reading.task(task.ticket, worst(task))
    earliest = min(start(budget.period, now) for budget in budgets)
    async for rollups in log.rollups(earliest):
        for partition, rollup in rollups:
            reading.rollup(partition, rollup)
    # Settled reservations are looked for since then, and entries that no roll-up holds where there may be any.
    settled, begun, ends = await log.at(since), await log.at(earliest), await log.ends()
    unfolded = dict(begun) | {partition: max(0, latest - UNFOLDED) for partition, latest in reading.latest.items()}
    starting = {partition: min(at, unfolded[partition]) for partition, at in settled.items()}
    async for entries in log.entries(starting, ends):
        for posted in entries:
            reading.entry(posted.offset, posted.record)
    return {budget.account: reading.account(budget, ends) for budget in budgets}
