"""Single flight: one piece of work for all who want it at the same time, and somebody who answers for its cost."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.inference.flights import Flights, Landing


class Work:
    """Something to do that ends when it is told to; cancelled, it returns ``by_then`` where it has any."""

    def __init__(self, by_then: str = "") -> None:
        self.begun = 0
        self.cancelled = 0
        self.by_then = by_then
        self.end: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def __call__(self) -> str:
        self.begun += 1
        try:
            return await self.end
        except asyncio.CancelledError:
            self.cancelled += 1
            if not self.by_then:
                raise
            return self.by_then


async def _settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


def _ignored(_: str) -> None:
    """What was made in vain."""


def _board(
    flights: Flights[str], names: str, work: Work, key: str = "k", in_vain: Callable[[str], None] = _ignored
) -> list[asyncio.Task[Landing[str]]]:
    return [asyncio.create_task(flights.join(key, name, work, in_vain)) for name in names]


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
    assert (await flights.join("k", "a", first, _ignored)).result == "old"
    assert await flights.join("k", "b", second, _ignored) == Landing("new", "b", True)


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


@pytest.mark.parametrize(("by_then", "told"), [("a part", ["a part"]), ("", [])])
async def test_the_last_to_leave_is_told_what_was_made_by_then(by_then: str, told: list[str]) -> None:
    work, in_vain = Work(by_then), list[str]()
    callers = _board(Flights[str](), "ab", work, in_vain=in_vain.append)
    await _settle()
    for caller in callers:
        caller.cancel()
    await asyncio.wait(callers)
    assert [caller.cancelled() for caller in callers] == [True, True]
    assert in_vain == told


async def test_a_result_on_its_way_to_who_has_just_left_was_made_in_vain() -> None:
    work, in_vain = Work(), list[str]()
    (caller,) = _board(Flights[str](), "a", work, in_vain=in_vain.append)
    await _settle()
    work.end.set_result("text")
    caller.cancel()
    await asyncio.wait([caller])
    assert (caller.cancelled(), in_vain) == (True, ["text"])


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
    assert (await flights.join("k", "d", again, _ignored)).led


async def test_two_callers_of_one_name_are_still_two() -> None:
    work = Work()
    callers = _board(Flights[str](), "aa", work)
    await _settle()
    work.end.set_result("text")
    assert [landing.led for landing in await asyncio.gather(*callers)] == [True, False]


@given(st.lists(st.tuples(st.sampled_from(["board", "leave", "land", "wait"]), st.integers(0, 5)), max_size=30))
def test_every_execution_is_put_down_to_exactly_one_who_got_it_or_was_the_last_to_leave(
    steps: list[tuple[str, int]],
) -> None:
    async def play() -> None:
        flights = Flights[str]()
        works: list[Work] = []
        in_vain: list[str] = []
        callers: list[asyncio.Task[Landing[str]]] = []

        async def work() -> str:
            works.append(Work("a part"))
            serial = len(works) - 1
            await works[serial]()
            return str(serial)

        for what, which in steps:
            if what == "board":
                callers.append(asyncio.create_task(flights.join("k", f"n{len(callers)}", work, in_vain.append)))
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
        got = {one.result for one in landings}
        assert sorted([*got, *in_vain]) == sorted(str(serial) for serial in range(len(works)))
        for execution in got:
            shared = [one for one in landings if one.result == execution]
            assert sum(one.led for one in shared) == 1
            assert {one.leader for one in shared} == {f"n{ended.index(next(one for one in shared if one.led))}"}

    asyncio.run(play())
