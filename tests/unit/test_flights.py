"""Single flight: one piece of work for all who want it at the same time, and somebody who answers for its cost."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.inference.flights import Flights, Landing


class Work:
    """Something to do that ends when it is told to."""

    def __init__(self) -> None:
        self.begun = 0
        self.cancelled = 0
        self.end: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def __call__(self) -> str:
        self.begun += 1
        try:
            return await self.end
        except asyncio.CancelledError:
            self.cancelled += 1
            raise


async def _settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


def _board(flights: Flights[str], names: str, work: Work, key: str = "k") -> list[asyncio.Task[Landing[str]]]:
    return [asyncio.create_task(flights.join(key, name, work)) for name in names]


async def test_callers_of_one_key_share_one_execution_and_the_first_leads() -> None:
    work = Work()
    callers = _board(Flights[str](), "abc", work)
    await _settle()
    work.end.set_result("text")
    assert await asyncio.gather(*callers) == [
        Landing("text", "a", True),
        Landing("text", "a", False),
        Landing("text", "a", False),
    ]
    assert work.begun == 1


async def test_other_keys_fly_apart() -> None:
    flights = Flights[str]()
    first, second = Work(), Work()
    callers = _board(flights, "a", first, "one") + _board(flights, "b", second, "two")
    await _settle()
    first.end.set_result("1")
    second.end.set_result("2")
    assert [landing.result for landing in await asyncio.gather(*callers)] == ["1", "2"]


async def test_a_flight_that_has_landed_is_not_joined_any_more() -> None:
    flights = Flights[str]()
    first, second = Work(), Work()
    first.end.set_result("old")
    second.end.set_result("new")
    assert (await flights.join("k", "a", first)).result == "old"
    assert await flights.join("k", "b", second) == Landing("new", "b", True)


async def test_a_follower_that_leaves_changes_nothing_for_the_others() -> None:
    work = Work()
    leader, follower, other = _board(Flights[str](), "abc", work)
    await _settle()
    follower.cancel()
    await _settle()
    work.end.set_result("text")
    assert await leader == Landing("text", "a", True)
    assert await other == Landing("text", "a", False)
    assert follower.cancelled()
    assert work.cancelled == 0


async def test_when_the_leader_leaves_the_work_goes_on_and_the_next_one_answers_for_it() -> None:
    work = Work()
    leader, *followers = _board(Flights[str](), "abc", work)
    await _settle()
    leader.cancel()
    await _settle()
    work.end.set_result("text")
    assert await asyncio.gather(*followers) == [Landing("text", "b", True), Landing("text", "b", False)]
    assert work.begun == 1


async def test_a_leader_cancelled_while_the_result_is_on_its_way_leaves_the_lead_to_who_gets_it() -> None:
    work = Work()
    leader, follower = _board(Flights[str](), "ab", work)
    await _settle()
    work.end.set_result("text")
    leader.cancel()
    assert await follower == Landing("text", "b", True)


async def test_the_work_is_cancelled_when_nobody_waits_any_more() -> None:
    work = Work()
    callers = _board(Flights[str](), "ab", work)
    await _settle()
    callers[0].cancel()
    await _settle()
    assert work.cancelled == 0
    callers[1].cancel()
    await _settle()
    assert work.cancelled == 1


async def test_who_comes_after_all_have_left_begins_anew() -> None:
    flights = Flights[str]()
    abandoned, work = Work(), Work()
    (caller,) = _board(flights, "a", abandoned)
    await _settle()
    caller.cancel()
    (late,) = _board(flights, "b", work)
    await _settle()
    work.end.set_result("text")
    assert await late == Landing("text", "b", True)
    assert (abandoned.cancelled, work.begun) == (1, 1)


async def test_a_failure_goes_to_everyone_and_is_not_remembered() -> None:
    flights = Flights[str]()
    work = Work()
    callers = _board(flights, "abc", work)
    await _settle()
    work.end.set_exception(ValueError("no"))
    for caller in callers:
        with pytest.raises(ValueError, match="no"):
            await caller
    again = Work()
    again.end.set_result("text")
    assert (await flights.join("k", "d", again)).led


async def test_two_callers_of_one_name_are_still_two() -> None:
    work = Work()
    callers = _board(Flights[str](), "aa", work)
    await _settle()
    work.end.set_result("text")
    assert [landing.led for landing in await asyncio.gather(*callers)] == [True, False]


@given(st.lists(st.tuples(st.sampled_from(["board", "leave", "land", "wait"]), st.integers(0, 5)), max_size=30))
def test_every_execution_that_reaches_someone_has_exactly_one_leader(steps: list[tuple[str, int]]) -> None:
    async def play() -> None:
        flights = Flights[str]()
        works: list[Work] = []
        callers: list[asyncio.Task[Landing[str]]] = []

        async def work() -> str:
            works.append(Work())
            serial = len(works) - 1
            await works[serial]()
            return str(serial)

        for what, which in steps:
            if what == "board":
                callers.append(asyncio.create_task(flights.join("k", f"n{len(callers)}", work)))
            elif what == "leave" and callers:
                callers[which % len(callers)].cancel()
            elif what == "land" and works and not works[-1].end.done():
                works[-1].end.set_result("done")
            else:
                await _settle()
        await _settle()
        for begun in works:
            if not begun.end.done():
                begun.end.set_result("done")
        ended = await asyncio.gather(*callers, return_exceptions=True)
        landings = [one for one in ended if isinstance(one, Landing)]
        assert all(isinstance(one, (Landing, asyncio.CancelledError)) for one in ended)
        for execution in {one.result for one in landings}:
            shared = [one for one in landings if one.result == execution]
            assert sum(one.led for one in shared) == 1
            assert {one.leader for one in shared} == {f"n{ended.index(next(one for one in shared if one.led))}"}

    asyncio.run(play())
