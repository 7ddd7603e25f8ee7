"""Flow: bounded, in order of receipt, and never acknowledging what is not finished."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.stage import Delivery, Emit, Position
from schemas.errors import (
    DeadlinePassedError,
    EngineDeadError,
    FatalError,
    UndeliverableError,
    WorkFailedError,
)
from streams.flow import Limits, NotDeliveredError
from tests.unit.flow_bench import Bench, Raw, emit, impatient, run_quickly, settle, until


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    impatient(monkeypatch)


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


@settings(max_examples=100)
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
