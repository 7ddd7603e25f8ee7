"""The ledger stage: folds each entry once, and keeps what came of it before the entry is acknowledged.

Why the totals are exact, whatever crashes:

- An entry that settlement published twice loses its second claim and is not folded again.
- A person may publish a correction again at any time, also when its claim is forgotten. A copy tells another instant
  than the first of its id, which is among the raw entries or was received before it, and is not folded. The first
  itself, come again, tells the same one.
- Everything up to setting the working row happens before the first ``await``: so in the order of the log, and once.
- A row is written with its entries before any of them is acknowledged. So a row that anybody reads holds at least all
  that was acknowledged; what comes again after a crash is either in its version already, and skipped, or not, and
  folded.
- A working row that was never written (a crash, a revoked partition) is no danger. It is the fold of all entries up
  to its version, as is every other row of that key, so the larger version of any two holds the smaller. That is why
  it need not be dropped when its partition goes elsewhere and comes back.
- The rows' topic may have lost the newest version (see :class:`agents.ledger.rows.Rows`). The database cannot, so it
  is asked once for each row that a partition begins with.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import NamedTuple

from agents.batcher import Batcher
from agents.budgets.budgets import Budgets
from agents.claims import Claimant, Claims, History, cover
from agents.ledger.fold import apply, merge
from agents.ledger.rows import Rows
from agents.ledger.store import Store
from agents.rollup_key import fitted, key_of
from agents.stage import Delivery, Emit, Position, dead_letter
from schemas import topics
from schemas.enums import EntryKind
from schemas.errors import FatalError, HeadraceError
from schemas.ledger import LedgerEntry, RollUp

log = logging.getLogger(__name__)

NEVER = 2**63 - 1
"""UTC epoch milliseconds. An entry is never given up: it is money."""
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.1, 5.0
"""Between tries to write."""
MOST_KNOWN = 100_000
"""Keys of a partition whose rows need not be looked up again; corrections, too."""


def claimant(entry: LedgerEntry) -> Claimant:
    """What an entry claims: its own id."""
    return Claimant(entry.entry_id.encode())


class LedgerStage:
    """Folds entries into hourly roll-ups, and keeps both.

    Args:
        claims: of this stage alone; on ``headrace.ledger``.
        history: reads entries again, each as the claim that :func:`claimant` makes of it.
        rows: the roll-ups, in memory and on their topic.
        store: the roll-ups and the entries, in SQL.
        linger_s: how long a write waits for company.
        patience_s: how long a write is tried before the worker stops.
        budgets: told of each entry once it is kept; None where the policy has none.
    """

    def __init__(
        self,
        claims: Claims,
        history: History,
        rows: Rows,
        store: Store,
        *,
        linger_s: float = 0.01,
        patience_s: float = 60.0,
        budgets: Budgets | None = None,
    ) -> None:
        self._claims = claims
        self._history = history
        self._rows = rows
        self._store = store
        self._patience_s = patience_s
        self._budgets = budgets
        self._keep: Batcher[_Folded, Sequence[Emit]] = Batcher(self._write, limit=1000, linger=linger_s)
        self._working: dict[bytes, RollUp] = {}
        """Rows that hold more than what was written, or that came from the database."""
        self._runs: dict[tuple[str, int], _Run] = {}
        self._corrections: dict[str, int] = {}
        """By its id, when a correction occurred: as the first of its copies has it."""

    async def before(self, delivery: Delivery[LedgerEntry]) -> None:
        """Claim the entry, and learn what its fold rests on. To be awaited in the order of receipt.

        Raises:
            ServiceError: the database cannot be reached, or the row is of a newer release.
            FatalError: claims cannot be kept.
        """
        topic, partition, offset = delivery.position
        await cover(self._claims, delivery.position, delivery.timestamp, self._history)
        self._claims.claim(delivery.position, claimant(delivery.record), delivery.timestamp)
        run = self._runs.get((topic, partition))
        if run is None or run.next_offset != offset or len(run.keys) > MOST_KNOWN:
            run = self._runs[topic, partition] = _Run()  # the partition may have been elsewhere meanwhile
        run.next_offset = offset + 1
        key = key_of(fitted(delivery.record))
        if key not in run.keys:
            stored = await asyncio.to_thread(self._store.rollup, key)
            if stored is not None:
                self._working[key] = merge(stored, self._working.get(key)) or stored
            run.keys.add(key)
        self._rows.get(key)  # what a newer release wrote must be waited for here: the fold may not fail
        if delivery.record.kind is EntryKind.CORRECTION:
            await self._learn(delivery.record)

    def deadline(self, delivery: Delivery[LedgerEntry]) -> int:
        """None: an entry waits until it is written, or until the worker stops."""
        return NEVER

    async def __call__(self, delivery: Delivery[LedgerEntry]) -> Sequence[Emit]:
        """Fold one entry; return when it and its roll-up are kept, with what budgets have to say of it.

        Raises:
            FatalError: they could not be kept for ``patience_s``, or claims cannot be kept.
        """
        entry, position = fitted(delivery.record), delivery.position
        first = self._claims.claim(position, claimant(entry), delivery.timestamp)
        if first.offset != position.offset:
            return ()
        if self._corrections.get(entry.entry_id, entry.occurred_at) != entry.occurred_at:
            return ()
        key = key_of(entry)
        row = apply(merge(self._working.get(key), self._rows.get(key)), entry, position.offset)
        self._working[key] = row
        # From here on others are folded on top of it. An entry that was in the row already is written all the same:
        # the crash that brought it back may have come between the row and the entry.
        return await self._keep(_Folded(entry, position, key, row))

    def failed(self, delivery: Delivery[LedgerEntry], error: HeadraceError) -> Sequence[Emit]:
        """A dead letter."""
        return [dead_letter(delivery, error, "ledger", topics.DEAD_LETTERS)]

    async def _learn(self, correction: LedgerEntry) -> None:
        known = self._corrections
        if correction.entry_id not in known:
            stored = await asyncio.to_thread(self._store.occurred_at, correction.entry_id)
            known[correction.entry_id] = correction.occurred_at if stored is None else stored
            if len(known) > MOST_KNOWN:
                del known[next(iter(known))]  # so long ago that it is written

    async def _write(self, batch: Sequence[_Folded]) -> Sequence[Sequence[Emit]]:
        entries = [folded.entry for folded in batch]
        changed = {folded.key: folded for folded in batch}  # the last of each key is the latest
        loop = asyncio.get_running_loop()
        until = loop.time() + self._patience_s
        pause = FIRST_PAUSE_S
        while True:
            try:
                await asyncio.to_thread(self._store.write, entries, [folded.row for folded in changed.values()])
                await asyncio.gather(*(self._rows.put(f.key, f.row, f.position.partition) for f in changed.values()))
                break
            except Exception as error:
                if loop.time() + pause > until:
                    raise FatalError(f"nothing could be written for {self._patience_s:.0f} s: {error}") from error
                log.warning("the ledger waits: %s", error)
                await asyncio.sleep(pause)
                pause = min(2 * pause, LONGEST_PAUSE_S)
        for key, folded in changed.items():
            if self._working.get(key) is folded.row:
                del self._working[key]  # nothing was folded on top of it: the rows have it all
        if self._budgets is None:
            return [()] * len(batch)
        return await self._budgets.settle([(f.position.partition, f.position.offset, f.entry) for f in batch])


class _Folded(NamedTuple):
    """An entry and its roll-up as of then, neither written yet."""

    entry: LedgerEntry
    position: Position
    key: bytes
    row: RollUp


class _Run:
    """Entries of one partition, received one after another."""

    def __init__(self) -> None:
        self.next_offset = -1
        self.keys: set[bytes] = set()
        """Whose rows are known to be at least as new as the database's."""
