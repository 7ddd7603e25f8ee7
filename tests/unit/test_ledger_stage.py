"""The same totals, whatever crashes, comes again, comes twice, or moves to another worker."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.claims import Claims
from agents.ledger.queries import Queries
from agents.ledger.stage import LedgerStage, claimant
from agents.ledger.store import Store
from agents.stage import Delivery
from schemas import topics
from schemas.enums import EntryKind
from schemas.errors import FatalError, ServiceError
from schemas.ledger import LedgerEntry, RollUp
from schemas.records import DeadLetter
from tests.fakes.ledger import MEMORY, entries, summed, totals
from tests.fakes.log import Log
from tests.fakes.records import AT, HOUR, entry

HORIZON = 10**9


class Changelog:
    """The compacted topic behind the rows: all that outlives a worker, the newest of each key."""

    def __init__(self) -> None:
        self.rows: dict[bytes, RollUp] = {}


class TableRows:
    """One worker's rows: what was on the topic when it took the partition, and what it has put since."""

    def __init__(self, changelog: Changelog) -> None:
        self.changelog = changelog
        self.table = dict(changelog.rows)
        self.failing = self.newer = False
        self.mute = False
        """Accepts a row and says that it is durable, and it is not: a topic that lost its end."""

    def get(self, key: bytes) -> RollUp | None:
        if self.newer:
            raise ServiceError("a worker of a newer release wrote the row")
        return self.table.get(key)

    async def put(self, key: bytes, row: RollUp, partition: int) -> None:
        await asyncio.sleep(0)
        if self.failing:
            raise ServiceError("the broker is away")
        self.table[key] = row
        if not self.mute:
            self.changelog.rows[key] = row


class Worker:
    """A ledger stage on one partition, which can be killed between any two of its writes."""

    def __init__(self, folder: Path, log: Log[LedgerEntry], changelog: Changelog, store: Store) -> None:
        self.folder, self.log, self.changelog, self.store = folder, log, changelog, store
        self.start()

    def start(self) -> None:
        self.rows = TableRows(self.changelog)
        self.claims = Claims(self.folder, horizon_ms=HORIZON, now=lambda: 2 * AT, gather=2)
        self.stage = LedgerStage(
            self.claims, self.log.history(claimant), self.rows, self.store, linger_s=0.0, patience_s=0.0
        )

    def kill(self) -> None:
        for book in self.claims._books.values():
            book.close()

    async def fold(self, *offsets: int) -> None:
        """Work on records as a flow does: begun in order, finished together."""
        tasks = []
        for offset in offsets:
            delivery = self.log.delivery(offset)
            await self.stage.before(delivery)
            tasks.append(asyncio.create_task(self._one(delivery)))
        await asyncio.gather(*tasks)

    async def _one(self, delivery: Delivery[LedgerEntry]) -> None:
        assert await self.stage(delivery) == ()


class TornStore(Store):
    """A database that can be told to fail, before or after it has written."""

    fails: str = ""

    def write(self, *args: Any) -> None:
        if self.fails == "before":
            raise ServiceError("the database is away")
        super().write(*args)
        if self.fails == "after":
            raise ServiceError("the database is away, after it has written")


def made_again(correction: LedgerEntry) -> LedgerEntry:
    """The same correction, as a person makes it at another time."""
    return msgspec.structs.replace(correction, occurred_at=correction.occurred_at + HOUR)


def checked(log: Log[LedgerEntry], store: Store) -> None:
    """Both accounts are what plain addition over the different entries gives, each as it came first."""
    different = list({one.entry_id: one for one, _ in reversed(log.kept) if one is not None}.values())
    expected = summed(different)
    for key, row in expected.items():
        stored = store.rollup(key)
        assert stored is not None
        assert totals(stored) == row
    queries = Queries(store.engine)
    assert queries.entry_totals() == queries.rollup_totals()
    assert queries.entry_totals().entries == len(different)
    assert len(queries.spend(["tenant", "source", "hour"])) == len(expected)


@settings(max_examples=60)
@given(st.data())
def test_the_totals_survive_any_crash_redelivery_repeat_and_rebalance(data: st.DataObject) -> None:
    """Two workers with files of their own, one database, one compacted topic; one worker at a time has the partition.

    The one that lost it keeps its memory, unwritten rows and all, and goes on with it when the partition comes back.
    """
    log: Log[LedgerEntry] = Log(topics.LEDGER)
    at = AT
    for number in range(data.draw(st.integers(1, 10))):
        recent = [one for one, before in log.kept if before >= at - HORIZON]
        corrections = [one for one, _ in log.kept if one is not None and one.kind is EntryKind.CORRECTION]
        step = data.draw(st.integers(0, 7))
        if recent and step == 0:
            log.append(data.draw(st.sampled_from(recent)), at)  # settlement emitted it again
        elif corrections and step <= 2:
            at += data.draw(st.sampled_from([1, 2 * HORIZON]))
            log.append(made_again(data.draw(st.sampled_from(corrections))), at)
        else:
            one = data.draw(entries(number))
            log.append(msgspec.structs.replace(one, kind=EntryKind.CORRECTION) if step == 3 else one, at)

    async def scenario(folder: Path) -> None:
        store = TornStore(f"sqlite:///{folder}/ledger.db")
        changelog = Changelog()
        workers = [Worker(folder / name, log, changelog, store) for name in "ab"]
        owner = offset = acknowledged = 0
        for _ in range(40):
            if offset == len(log.kept) == acknowledged:
                break
            worker = workers[owner]
            step = data.draw(
                st.sampled_from(["work"] * 4 + ["before", "after", "no rows", "mute", "kill", "lose", "rebalance"])
            )
            upto = min(len(log.kept), offset + data.draw(st.integers(1, 4)))
            if step in {"work", "before", "after", "no rows", "mute"}:
                store.fails = step if step in {"before", "after"} else ""
                worker.rows.failing = step == "no rows"
                worker.rows.mute = step == "mute"
                try:
                    await worker.fold(*range(offset, upto))
                    offset = acknowledged = upto
                except FatalError:
                    offset = acknowledged  # nothing of it was acknowledged; all of it comes again
                store.fails, worker.rows.failing = "", False
            elif step == "rebalance":
                owner, offset = 1 - owner, acknowledged
                workers[owner].rows.table = dict(changelog.rows)
            else:
                worker.kill()
                if step == "lose":
                    for path in worker.folder.glob("*"):
                        path.unlink()
                worker.start()
                offset = acknowledged
        if acknowledged < len(log.kept):
            await workers[owner].fold(*range(acknowledged, len(log.kept)))
        checked(log, store)
        for worker in workers:
            worker.kill()
        store.close()

    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        asyncio.run(scenario(Path(folder)))


@pytest.fixture
def log() -> Log[LedgerEntry]:
    made: Log[LedgerEntry] = Log(topics.LEDGER)
    for number in range(6):
        made.append(entry(f"e-{number}"), AT)
    return made


def made_in(folder: Path, log: Log[LedgerEntry]) -> Worker:
    return Worker(folder / "claims", log, Changelog(), TornStore(f"sqlite:///{folder}/ledger.db"))


async def test_concurrent_entries_are_written_together(tmp_path: Path, log: Log[LedgerEntry]) -> None:
    worker = made_in(tmp_path, log)
    writes: list[tuple[int, int]] = []
    write = worker.store.write

    def noting(entries_: list[LedgerEntry], rollups: list[RollUp]) -> None:
        writes.append((len(entries_), len(rollups)))
        write(entries_, rollups)

    worker.store.write = noting  # type: ignore[method-assign,assignment]
    await worker.fold(*range(6))
    assert sum(count for count, _ in writes) == 6
    assert len(writes) <= 2, "what comes while a write is going on makes the next one"
    assert {rows for _, rows in writes} == {1}
    checked(log, worker.store)
    worker.kill()


async def test_a_database_that_comes_back_in_time_loses_nothing(tmp_path: Path, log: Log[LedgerEntry]) -> None:
    worker = made_in(tmp_path, log)
    worker.stage._patience_s = 30.0
    assert isinstance(worker.store, TornStore)
    worker.store.fails = "before"
    work = asyncio.create_task(worker.fold(*range(6)))
    await asyncio.sleep(0.2)
    assert not work.done()
    worker.store.fails = ""
    await work
    checked(log, worker.store)
    worker.kill()


async def test_a_database_that_stays_away_stops_the_worker(tmp_path: Path, log: Log[LedgerEntry]) -> None:
    worker = made_in(tmp_path, log)
    assert isinstance(worker.store, TornStore)
    worker.store.fails = "before"
    with pytest.raises(FatalError, match="nothing could be written for 0 s: the database is away"):
        await worker.fold(0)
    worker.kill()


async def test_a_rows_topic_that_lost_its_end_is_mended_from_the_database(
    tmp_path: Path, log: Log[LedgerEntry]
) -> None:
    worker = made_in(tmp_path, log)
    await worker.fold(0, 1, 2)
    worker.changelog.rows.clear()
    worker.kill()
    worker.start()
    await worker.fold(3, 4, 5)
    checked(log, worker.store)
    (row,) = worker.changelog.rows.values()
    assert row.entries == 6
    worker.kill()


async def test_an_entry_whose_row_a_newer_release_wrote_waits_before_it_is_folded(
    tmp_path: Path, log: Log[LedgerEntry]
) -> None:
    worker = made_in(tmp_path, log)
    worker.rows.newer = True
    with pytest.raises(ServiceError, match="newer release"):
        await worker.stage.before(log.delivery(0))
    worker.rows.newer = False
    await worker.fold(*range(6))
    checked(log, worker.store)
    worker.kill()


async def test_names_too_long_for_a_rolls_key_are_shortened_however_they_came_on_the_topic(tmp_path: Path) -> None:
    log: Log[LedgerEntry] = Log(topics.LEDGER)
    log.append(entry("e-1", tenant="t" * 4_000, cost_center="\u4e00" * 900), AT)
    worker = made_in(tmp_path, log)
    await worker.fold(0)
    (key,) = worker.changelog.rows
    assert len(key) < 2_700
    worker.kill()


@pytest.mark.parametrize("together", [True, False], ids=["while the first is unwritten", "after a restart"])
async def test_a_correction_that_is_made_again_after_the_horizon_counts_once(tmp_path: Path, together: bool) -> None:
    log: Log[LedgerEntry] = Log(topics.LEDGER)
    correction = entry("k-1", kind=EntryKind.CORRECTION)
    log.append(correction, AT)
    log.append(made_again(correction), AT + 3 * HORIZON)
    worker = made_in(tmp_path, log)
    if together:
        await worker.fold(0, 1)
    else:
        await worker.fold(0)
        worker.kill()
        worker.start()
        await worker.fold(1)
    checked(log, worker.store)
    await worker.fold(0, 1)
    checked(log, worker.store)
    worker.kill()


async def test_written_rows_are_not_kept_in_memory_twice(tmp_path: Path, log: Log[LedgerEntry]) -> None:
    worker = made_in(tmp_path, log)
    await worker.fold(*range(6))
    assert worker.stage._working == {}
    worker.kill()


async def test_an_entry_that_cannot_be_folded_is_a_dead_letter(tmp_path: Path, log: Log[LedgerEntry]) -> None:
    worker = made_in(tmp_path, log)
    (emit,) = worker.stage.failed(log.delivery(0), ServiceError("no"))
    assert emit.topic == topics.DEAD_LETTERS
    assert isinstance(emit.record, DeadLetter)
    assert emit.record.stage == "ledger"
    assert worker.stage.deadline(log.delivery(0)) > 2**62
