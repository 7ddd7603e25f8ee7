"""Flow: bounded, in order of receipt, and never acknowledging what is not finished."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.stage import Delivery, Emit, Position
from schemas.errors import (
    DeadlinePassedError,
    EngineDeadError,
    FatalError,
    HeadraceError,
    UndecodableError,
    UndeliverableError,
    WorkFailedError,
)
from streams import flow as flow_module
from streams.flow import LIMITS, Flow, Limits, NotDeliveredError

FAR = 10**15


class Raw(NamedTuple):
    """A consumed record; its value says what is to become of it."""

    offset: int
    value: bytes | None = b"ok"
    partition: int = 0
    topic: str = "in"
    timestamp: int = 0
    key: bytes | None = b"k"
    headers: Sequence[tuple[str, bytes]] = ()


class Bench:
    """A flow over a stage whose every record waits until the test lets it go."""

    def __init__(self, limits: Limits = LIMITS, **given: Any) -> None:
        self.started: list[int] = []
        self.doors: dict[int, asyncio.Future[Sequence[Emit]]] = {}
        self.acked: list[Position] = []
        self.sent: list[Emit] = []
        self.outcomes: list[tuple[str, int, HeadraceError]] = []
        self.halted: list[FatalError] = []
        self.clock = 0
        self.deadlines: dict[int, int] = {}
        self.refuse: Callable[[Sequence[Emit]], Exception | None] = lambda _: None
        self.flow: Flow[Any] = Flow(
            self,
            decode=self.decode,
            send=self.send,
            poison=self.poison,
            ack=self.acked.append,
            halt=self.halted.append,
            now=lambda: self.clock,
            limits=limits,
            **given,
        )

    # the stage

    def deadline(self, delivery: Delivery[Any]) -> int:
        return self.deadlines.get(delivery.position.offset, FAR)

    async def __call__(self, delivery: Delivery[Any]) -> Sequence[Emit]:
        offset = delivery.position.offset
        self.started.append(offset)
        door = self.doors[offset] = asyncio.get_running_loop().create_future()
        return await door

    def failed(self, delivery: Delivery[Any], error: HeadraceError) -> Sequence[Emit]:
        self.outcomes.append(("failed", delivery.position.offset, error))
        if delivery.raw == b"failed-fails":
            raise ValueError("a bug in failed")
        return [emit(delivery.position.offset, "failed")]

    # what is around it

    def decode(self, raw: bytes) -> Any:
        if raw == b"garbage":
            raise UndecodableError("not Avro")
        return raw

    def poison(self, delivery: Delivery[Any], error: HeadraceError) -> Sequence[Emit]:
        self.outcomes.append(("poison", delivery.position.offset, error))
        return [emit(delivery.position.offset, "dead")]

    async def send(self, emits: Sequence[Emit], headers: Mapping[str, bytes]) -> None:
        await asyncio.sleep(0)
        if error := self.refuse(emits):
            raise error
        self.sent.extend(emits)

    # what a test does

    async def put(self, *records: Raw) -> None:
        for record in records:
            await self.flow.put(record, self.flow.generation)
        await settle()

    async def let_go(self, offset: int, result: Sequence[Emit] | Exception = ()) -> None:
        door = self.doors[offset]
        if isinstance(result, Exception):
            door.set_exception(result)
        else:
            door.set_result(result)
        await settle()

    @property
    def acked_offsets(self) -> list[int]:
        return [position.offset for position in self.acked]


def emit(offset: int, topic: str = "out") -> Emit:
    return Emit(topic, b"%d" % offset, offset)  # type: ignore[arg-type]


async def settle() -> None:
    for _ in range(8):
        await asyncio.sleep(0)


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flow_module, "TICK_S", 0.002)
    monkeypatch.setattr(flow_module, "FIRST_PAUSE_S", 0.001)
    monkeypatch.setattr(flow_module, "LONGEST_PAUSE_S", 0.002)


async def test_records_finish_in_any_order_and_are_acknowledged_in_order() -> None:
    bench = Bench()
    await bench.put(Raw(3), Raw(4), Raw(9))
    await bench.let_go(9)
    await bench.let_go(4, [emit(4)])
    assert bench.acked == []
    assert bench.sent == [emit(4)]
    await bench.let_go(3)
    assert bench.acked_offsets == [9]


async def test_a_record_is_not_finished_before_its_records_are_durable() -> None:
    bench = Bench()
    tries: list[Sequence[Emit]] = []

    def refuse(emits: Sequence[Emit]) -> Exception | None:
        tries.append(emits)
        return NotDeliveredError(emits[-1:], OSError("away")) if len(tries) < 4 else None

    bench.refuse = refuse
    await bench.put(Raw(0))
    await bench.let_go(0, [emit(1), emit(2)])
    assert bench.acked == []
    await until(lambda: bench.acked_offsets == [0])
    assert [len(emits) for emits in tries] == [2, 1, 1, 1]  # only what failed is sent again


async def test_partitions_do_not_wait_for_each_other() -> None:
    bench = Bench()
    await bench.put(Raw(0, partition=0), Raw(7, partition=1))
    await bench.let_go(7)
    assert bench.acked == [Position("in", 1, 7)]


async def test_bytes_that_are_not_avro_become_a_dead_letter_and_are_acknowledged() -> None:
    bench = Bench()
    await bench.put(Raw(0, b"garbage"))
    assert bench.outcomes[0][:2] == ("poison", 0)
    assert bench.sent == [emit(0, "dead")]
    assert bench.acked_offsets == [0]


@pytest.mark.parametrize("error", [WorkFailedError("no"), ValueError("a bug")])
async def test_failed_work_becomes_what_the_stage_says(error: Exception) -> None:
    bench = Bench()
    await bench.put(Raw(0))
    await bench.let_go(0, error)
    (kind, _, seen) = bench.outcomes[0]
    assert (kind, type(seen)) == ("failed", WorkFailedError)
    assert bench.sent == [emit(0, "failed")]
    assert bench.acked_offsets == [0]


async def test_where_even_that_fails_it_becomes_a_dead_letter() -> None:
    bench = Bench()
    await bench.put(Raw(0, b"failed-fails"))
    await bench.let_go(0, WorkFailedError("no"))
    assert [kind for kind, *_ in bench.outcomes] == ["failed", "poison"]
    assert bench.acked_offsets == [0]


async def test_a_record_that_can_never_be_delivered_fails_then_is_a_dead_letter_then_is_given_up() -> None:
    bench = Bench()
    bench.refuse = lambda emits: UndeliverableError("too large")
    await bench.put(Raw(0))
    await bench.let_go(0, [emit(0)])
    await until(lambda: bench.acked_offsets == [0])
    assert [kind for kind, *_ in bench.outcomes] == ["failed", "poison"]


async def test_work_that_outlives_its_deadline_is_cancelled_and_fails() -> None:
    bench = Bench()
    bench.deadlines[0] = 5_000
    await bench.put(Raw(0), Raw(1))
    bench.clock = 4_999
    await asyncio.sleep(0.02)
    assert bench.outcomes == []
    bench.clock = 5_000
    await until(lambda: bench.acked_offsets == [0])
    assert isinstance(bench.outcomes[0][2], DeadlinePassedError)
    assert bench.doors[0].cancelled()
    assert not bench.doors[1].cancelled()


async def test_work_whose_deadline_has_passed_is_not_begun() -> None:
    bench = Bench()
    bench.clock = 10
    bench.deadlines[0] = 10
    await bench.put(Raw(0))
    assert bench.started == []
    assert isinstance(bench.outcomes[0][2], DeadlinePassedError)
    assert bench.acked_offsets == [0]


async def test_delivery_is_not_subject_to_the_deadline() -> None:
    bench = Bench()
    bench.deadlines[0] = 5_000
    away = True
    bench.refuse = lambda emits: NotDeliveredError(emits, OSError("away")) if away else None
    await bench.put(Raw(0))
    await bench.let_go(0, [emit(0)])
    bench.clock = 9_000
    await asyncio.sleep(0.02)
    away = False
    await until(lambda: bench.acked_offsets == [0])
    assert bench.sent == [emit(0)]


async def test_something_cancelled_inside_a_stage_fails_that_record_only() -> None:
    bench = Bench()
    await bench.put(Raw(0), Raw(1))
    bench.doors[0].cancel()
    await settle()
    assert isinstance(bench.outcomes[0][2], WorkFailedError)
    assert bench.acked_offsets == [0]


async def test_a_fatal_error_stops_the_worker_and_acknowledges_nothing_from_there_on() -> None:
    bench = Bench()
    await bench.put(*map(Raw, range(5)))
    await bench.let_go(0)
    await bench.let_go(2, EngineDeadError("gone"))
    await bench.let_go(4)
    await bench.let_go(3, WorkFailedError("it died with the engine"))
    await bench.let_go(1)
    assert bench.acked_offsets == [0, 1]
    assert bench.outcomes == []
    assert [type(error) for error in bench.halted] == [EngineDeadError]
    await bench.put(Raw(5))
    assert bench.started == [0, 1, 2, 3, 4]


async def test_an_error_that_nobody_foresaw_stops_the_worker() -> None:
    bench = Bench()
    bench.refuse = lambda emits: ValueError("a bug in the producer")
    await bench.put(Raw(0))
    await bench.let_go(0, [emit(0)])
    assert bench.acked == []
    assert "a bug in the producer" in str(bench.halted[0])


async def test_what_goes_before_is_done_in_the_order_of_receipt_and_tried_again() -> None:
    seen: list[int] = []

    async def before(delivery: Delivery[Any]) -> None:
        seen.append(delivery.position.offset)
        await asyncio.sleep(0.001)
        if len(seen) == 1:
            raise OSError("away")

    bench = Bench(before=before)
    await bench.put(Raw(0), Raw(1, b"garbage"), Raw(2))
    assert seen == [0, 0, 2]
    assert bench.started == [0, 2]


async def test_a_flow_takes_on_no_more_bytes_than_it_may_but_one_record_of_any_size() -> None:
    bench = Bench(Limits(bytes=10))
    putting = asyncio.create_task(bench.put(Raw(0, b"x" * 50), Raw(1, b"x" * 4), Raw(2, b"x" * 6), Raw(3, b"x")))
    await settle()
    assert bench.started == [0]
    await bench.let_go(0)
    await settle()
    assert bench.started == [0, 1, 2]
    await bench.let_go(2)
    await putting
    assert bench.started == [0, 1, 2, 3]


async def test_finished_records_behind_an_unfinished_one_count_until_they_are_acknowledged() -> None:
    bench = Bench(Limits(records=2, unacknowledged=3))
    putting = asyncio.create_task(bench.put(*map(Raw, range(5))))
    await settle()
    for offset in (1, 2):
        await bench.let_go(offset)
    await settle()
    assert (bench.started, bench.flow.in_flight, bench.flow.unacknowledged) == ([0, 1, 2], 1, 3)
    await bench.let_go(0)
    await putting
    assert bench.started == [0, 1, 2, 3, 4]


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
            self.position = offset + 1
            await self.flow.put(Raw(offset, b"%d" % offset), generation)

    async def rebalance(self, limit_s: float) -> None:
        await self.flow.drain(limit_s)
        self.position = self.committed
        self.begun.clear()

    position = 0


@settings(max_examples=300, deadline=None)
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


@settings(max_examples=100, deadline=None)
@given(order=st.permutations(range(8)), fatal=st.integers(0, 7))
def test_nothing_from_a_fatal_record_on_is_acknowledged_in_any_order(order: list[int], fatal: int) -> None:
    async def run() -> None:
        bench = Bench()
        await bench.put(*map(Raw, range(8)))
        for offset in order:
            await bench.let_go(offset, FatalError("stop") if offset == fatal else ())
        assert max(bench.acked_offsets, default=-1) == fatal - 1
        assert len(bench.halted) == 1

    run_quickly(run())


def run_quickly(main: Coroutine[Any, Any, None]) -> None:
    async def bounded() -> None:
        await asyncio.wait_for(main, 10)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(flow_module, "FIRST_PAUSE_S", 0.0)
        patch.setattr(flow_module, "LONGEST_PAUSE_S", 0.0)
        asyncio.run(bounded())


async def until(condition: Callable[[], bool], seconds: float = 5.0) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.001)
