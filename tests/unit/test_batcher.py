"""Batches: concurrent calls are worked on together, and everybody gets what is his."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.batcher import Batcher


class Doubling:
    """Work that doubles, and remembers the batches; a negative item fails its batch."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.running = 0
        self.gate = asyncio.Event()
        self.gate.set()

    async def __call__(self, items: Sequence[int]) -> list[int]:
        self.batches.append(list(items))
        self.running += 1
        assert self.running == 1
        await self.gate.wait()
        self.running -= 1
        if min(items) < 0:
            raise ValueError(f"{min(items)} is negative")
        return [2 * item for item in items]


async def test_a_lone_call_waits_for_nobody() -> None:
    work = Doubling()
    assert await Batcher(work, limit=8)(21) == 42
    assert work.batches == [[21]]


async def test_calls_made_together_are_one_batch() -> None:
    work = Doubling()
    batcher = Batcher(work, limit=8)
    assert await asyncio.gather(*(batcher(i) for i in range(5))) == [0, 2, 4, 6, 8]
    assert work.batches == [[0, 1, 2, 3, 4]]


async def test_what_gathers_during_a_batch_is_the_next_one() -> None:
    work = Doubling()
    work.gate.clear()
    batcher = Batcher(work, limit=8)
    first = asyncio.create_task(batcher(1))
    await asyncio.sleep(0.01)
    rest = [asyncio.create_task(batcher(i)) for i in (2, 3)]
    await asyncio.sleep(0.01)
    assert work.batches == [[1]]
    work.gate.set()
    assert await asyncio.gather(first, *rest) == [2, 4, 6]
    assert work.batches == [[1], [2, 3]]


async def test_no_batch_is_over_the_limit() -> None:
    work = Doubling()
    batcher = Batcher(work, limit=3)
    await asyncio.gather(*(batcher(i) for i in range(8)))
    assert [len(batch) for batch in work.batches] == [3, 3, 2]


async def test_lingering_waits_for_company() -> None:
    work = Doubling()
    batcher = Batcher(work, limit=8, linger=0.05)
    first = asyncio.create_task(batcher(1))
    await asyncio.sleep(0.01)
    assert list(await asyncio.gather(first, batcher(2))) == [2, 4]
    assert work.batches == [[1, 2]]


async def test_a_failure_reaches_all_of_its_batch_and_nobody_else() -> None:
    work = Doubling()
    batcher = Batcher(work, limit=2)
    results = await asyncio.gather(*(batcher(i) for i in (1, -2, 3)), return_exceptions=True)
    assert [type(result) for result in results] == [ValueError, ValueError, int]
    assert await batcher(4) == 8


async def test_work_that_returns_too_few_results_fails_its_callers() -> None:
    async def forgetful(items: Sequence[int]) -> list[int]:
        return list(items[1:])

    batcher = Batcher(forgetful, limit=8)
    results = await asyncio.gather(batcher(1), batcher(2), return_exceptions=True)
    assert any(isinstance(result, ValueError) for result in results)


async def test_a_caller_that_gave_up_before_its_batch_is_not_worked_for() -> None:
    work = Doubling()
    work.gate.clear()
    batcher = Batcher(work, limit=8)
    first = asyncio.create_task(batcher(1))
    await asyncio.sleep(0.01)
    given_up, stayed = asyncio.create_task(batcher(2)), asyncio.create_task(batcher(3))
    await asyncio.sleep(0.01)
    given_up.cancel()
    work.gate.set()
    assert list(await asyncio.gather(first, stayed)) == [2, 6]
    assert work.batches == [[1], [3]]


async def test_a_caller_that_gives_up_during_its_batch_takes_nothing_from_the_others() -> None:
    work = Doubling()
    work.gate.clear()
    batcher = Batcher(work, limit=8)
    given_up, stayed = asyncio.create_task(batcher(1)), asyncio.create_task(batcher(2))
    await asyncio.sleep(0.01)
    given_up.cancel()
    await asyncio.sleep(0.01)
    work.gate.set()
    assert await stayed == 4
    with pytest.raises(asyncio.CancelledError):
        await given_up


@given(st.lists(st.tuples(st.integers(0, 99), st.integers(0, 3)), max_size=30), st.integers(1, 5))
def test_everybody_gets_his_own_result_whenever_he_comes(calls: list[tuple[int, int]], limit: int) -> None:
    async def scenario() -> None:
        work = Doubling()
        batcher = Batcher(work, limit=limit)

        async def call(item: int, turns: int) -> int:
            for _ in range(turns):
                await asyncio.sleep(0)
            return await batcher(item)

        assert await asyncio.gather(*(call(*one) for one in calls)) == [2 * item for item, _ in calls]
        assert sum(len(batch) for batch in work.batches) == len(calls)
        assert all(len(batch) <= limit for batch in work.batches)

    asyncio.run(scenario())
