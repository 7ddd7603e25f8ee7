"""Flow: what becomes of records in flight when their partitions go away, and come back."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.stage import Delivery, Emit, Position
from schemas.errors import FatalError, HeadraceError, UndecodableError, WorkFailedError
from streams.flow import Flow, Limits, NotDeliveredError
from tests.unit.flow_bench import FAR, Bench, Raw, emit, impatient, run_quickly, settle


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    impatient(monkeypatch)


async def test_draining_waits_for_what_is_in_flight_and_no_longer_than_it_may() -> None:
    bench = Bench()
    await bench.put(Raw(0), Raw(1))
    draining = asyncio.create_task(bench.flow.drain(10))
    await settle()
    await bench.let_go(0)
    assert not draining.done()
    await bench.let_go(1)
    assert await draining == 0
    assert bench.acked_offsets == [0, 1]

    await bench.put(Raw(2), Raw(3))
    await bench.let_go(3)
    assert await bench.flow.drain(0.01) == 2
    await settle()
    assert bench.doors[2].cancelled()
    assert bench.acked_offsets == [0, 1]


async def test_a_record_that_waits_for_room_while_partitions_go_away_is_dropped() -> None:
    bench = Bench(Limits(records=1))
    generation = bench.flow.generation
    await bench.put(Raw(0))
    putting = asyncio.create_task(bench.flow.put(Raw(1), generation))
    await settle()
    await bench.flow.drain(0)
    await putting
    await bench.flow.put(Raw(2), generation)  # the rest of the batch that it came in
    await settle()
    assert bench.started == [0]
    assert bench.flow.unacknowledged == 0


async def test_a_record_that_is_being_prepared_while_partitions_go_away_is_dropped() -> None:
    ready = asyncio.Event()

    async def before(delivery: Delivery[Any]) -> None:
        await ready.wait()

    bench = Bench(before=before)
    putting = asyncio.create_task(bench.flow.put(Raw(0), bench.flow.generation))
    await settle()
    await bench.flow.drain(0)
    ready.set()
    await putting
    await settle()
    assert bench.started == []
    assert bench.flow.unacknowledged == 0


async def test_work_that_ends_after_it_was_given_back_counts_for_nothing() -> None:
    bench = Bench(Limits(records=2))
    held = asyncio.Event()
    bench.refuse = lambda emits: None

    async def stubborn(emits: Sequence[Emit], headers: Mapping[str, bytes]) -> None:
        try:
            await held.wait()
        except asyncio.CancelledError:
            await held.wait()

    bench.flow._send = stubborn
    await bench.put(Raw(0), Raw(1))
    await bench.let_go(0, [emit(0)])
    await bench.let_go(1, [emit(1)])
    await bench.flow.drain(0)
    await bench.put(Raw(0))  # received again, by its next owner or by this one
    held.set()
    await settle()
    assert bench.acked == []
    assert (bench.flow.in_flight, bench.flow.unacknowledged) == (1, 1)
    await bench.let_go(0)
    assert bench.acked_offsets == [0]


class Fate(NamedTuple):
    """What becomes of a record's work, in how many steps of the loop, and of its delivery."""

    kind: str
    steps: int
    misses: int


fates = st.builds(
    Fate,
    st.sampled_from(["done", "done", "done", "fails", "bug", "garbage", "never", "stubborn"]),
    st.integers(0, 6),
    st.integers(0, 2),
)


class Log:
    """A partition's log, its committed offset, and a consumer that reads it again after every rebalance."""

    def __init__(self, plan: Sequence[Fate], gaps: Sequence[int], limits: Limits) -> None:
        self.fates: dict[int, Fate] = {}
        offset = 0
        for fate, gap in zip(plan, gaps, strict=True):
            offset += gap
            self.fates[offset] = fate
        self.committed = 0
        self.durable: set[int] = set()
        self.received: list[int] = []
        self.begun: list[int] = []
        self.overrun = 0
        self.healed = False
        self.missed: dict[int, int] = {}
        self.halted: list[FatalError] = []
        self.flow: Flow[Any] = Flow(
            self,
            decode=self.decode,
            send=self.send,
            poison=lambda delivery, error: [emit(delivery.position.offset)],
            ack=self.ack,
            halt=self.halted.append,
            now=lambda: 0,
            limits=limits,
        )
        self.limits = limits

    def deadline(self, delivery: Delivery[Any]) -> int:
        return FAR

    def decode(self, raw: bytes) -> Any:
        if self.fates[int(raw)].kind == "garbage":
            raise UndecodableError("garbage")
        return int(raw)

    async def __call__(self, delivery: Delivery[Any]) -> Sequence[Emit]:
        fate = self.fates[delivery.record]
        self.begun.append(delivery.record)
        self.overrun = max(self.overrun, self.flow.in_flight, self.flow.unacknowledged - self.limits.unacknowledged + 1)
        try:
            for _ in range(fate.steps):
                await asyncio.sleep(0)
            if fate.kind == "never" and not self.healed:
                await asyncio.sleep(3600)
        except asyncio.CancelledError:
            if fate.kind != "stubborn":
                raise
            await asyncio.sleep(0.001)  # goes on although it was given back
        if fate.kind == "fails":
            raise WorkFailedError("fails")
        if fate.kind == "bug":
            raise KeyError("bug")
        return [emit(delivery.record)]

    def failed(self, delivery: Delivery[Any], error: HeadraceError) -> Sequence[Emit]:
        return [emit(delivery.position.offset)]

    async def send(self, emits: Sequence[Emit], headers: Mapping[str, bytes]) -> None:
        await asyncio.sleep(0)
        offset = int(emits[0].key)
        self.missed[offset] = self.missed.get(offset, 0) + 1
        if self.missed[offset] <= self.fates[offset].misses:
            raise NotDeliveredError(emits, OSError("away"))
        self.durable.add(offset)

    def ack(self, position: Position) -> None:
        unfinished = [offset for offset in self.fates if offset <= position.offset and offset not in self.durable]
        assert not unfinished, f"acknowledged {position} past {unfinished}"
        self.committed = max(self.committed, position.offset + 1)

    async def read(self, count: int) -> None:
        """Read on from where this generation stands."""
        generation = self.flow.generation
        todo = [offset for offset in self.fates if offset >= self.position][:count]
        for offset in todo:
            if self.flow.generation != generation:
                return
            self.position = offset + 1
            await self.flow.put(Raw(offset, b"%d" % offset), generation)

    async def rebalance(self, limit_s: float) -> None:
        await self.flow.drain(limit_s)
        self.position = self.committed
        self.begun.clear()

    position = 0


@settings(max_examples=300)
@given(data=st.data())
def test_nothing_is_ever_acknowledged_past_unfinished_work_and_all_is_in_the_end(data: st.DataObject) -> None:
    plan = data.draw(st.lists(fates, min_size=1, max_size=25))
    gaps = data.draw(st.lists(st.integers(1, 3), min_size=len(plan), max_size=len(plan)))
    limits = Limits(records=data.draw(st.integers(1, 6)), unacknowledged=data.draw(st.integers(1, 12)))
    moves = data.draw(st.lists(st.sampled_from(["read", "wait", "drain", "revoke"]), max_size=15))

    async def run() -> None:
        log = Log(plan, gaps, limits)
        reading: set[asyncio.Task[None]] = set()
        for move in moves:
            if move == "read":
                await asyncio.gather(*reading)  # a flow is given one record at a time
                reading = {asyncio.create_task(log.read(5))}
                await asyncio.wait(reading, timeout=0.002)
            elif move == "wait":
                await asyncio.sleep(0)
            else:
                await log.rebalance(0.002 if move == "drain" else 0)
            if any(not task.done() for task in reading):  # stuck behind a record that never ends: give it all back
                await log.rebalance(0)
            assert log.begun == sorted(log.begun), "begun out of the order of receipt"
        await asyncio.gather(*reading)
        await log.rebalance(0)
        await asyncio.sleep(0.003)
        log.healed = True
        await log.read(len(plan))
        while log.flow.unacknowledged:
            await asyncio.sleep(0)
        assert log.begun == sorted(log.begun)
        assert log.durable == set(log.fates)
        assert log.committed == max(log.fates) + 1
        assert log.overrun <= limits.records
        assert log.flow.in_flight == 0
        assert not log.halted

    run_quickly(run())
