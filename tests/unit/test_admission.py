"""Admission: never over the room, nobody waits for ever, real time first, prompts that begin alike together."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from agents.inference.admission import Course, Gate, Rules, Run, Waiting, admit, room
from schemas.enums import Lane

REALTIME, BATCH = Lane.REALTIME, Lane.BATCH

waitings = st.builds(Waiting, st.sampled_from(Lane), st.sampled_from("abc"))
rules = st.builds(Rules, st.integers(1, 6), st.integers(1, 6))
runs = st.builds(Run, st.none() | st.sampled_from("abcd"), st.integers(0, 6))
courses = st.builds(Course, st.integers(0, 6), runs, runs)


def order(waiting: Sequence[Waiting], rules: Rules) -> list[int]:
    """Who is let in, one after the other, where one place at a time falls free."""
    left = list(range(len(waiting)))
    course = Course()
    admitted = []
    while left:
        (at,), course = admit([waiting[index] for index in left], 1, course, rules)
        admitted.append(left.pop(at))
    return admitted


def realtime(*prefixes: str) -> list[Waiting]:
    return [Waiting(REALTIME, prefix) for prefix in prefixes]


def batch(*prefixes: str) -> list[Waiting]:
    return [Waiting(BATCH, prefix) for prefix in prefixes]


@given(st.lists(waitings), st.integers(0, 20), courses, rules)
def test_a_decision_fills_the_free_places_and_takes_nobody_twice(
    waiting: list[Waiting], free: int, course: Course, rules: Rules
) -> None:
    chosen, _ = admit(waiting, free, course, rules)
    assert len(chosen) == min(free, len(waiting))
    assert len(set(chosen)) == len(chosen)
    assert all(0 <= at < len(waiting) for at in chosen)


@given(st.lists(waitings, max_size=30), rules, st.lists(st.integers(1, 5), min_size=1))
def test_how_many_places_fall_free_at_a_time_does_not_change_the_order(
    waiting: list[Waiting], rules: Rules, frees: list[int]
) -> None:
    left, course, admitted = list(range(len(waiting))), Course(), []
    while left:
        chosen, course = admit([waiting[index] for index in left], frees[len(admitted) % len(frees)], course, rules)
        admitted += [left[at] for at in chosen]
        left = [index for at, index in enumerate(left) if at not in chosen]
    assert admitted == order(waiting, rules)


@given(
    older=st.lists(waitings, min_size=1, max_size=15),
    newer=st.lists(waitings, min_size=1, max_size=10),
    rules=st.builds(Rules, st.integers(2, 5), st.integers(1, 5)),
    course=courses,
    data=st.data(),
)
def test_nobody_waits_for_ever_whoever_keeps_coming(
    older: list[Waiting], newer: list[Waiting], rules: Rules, course: Course, data: st.DataObject
) -> None:
    target = data.draw(st.integers(0, len(older) - 1))
    ahead = sum(one.lane is older[target].lane for one in older[:target])
    bound = ((ahead + 1) * rules.prefix_run + 1) * rules.batch_turn
    arriving = itertools.cycle(newer)
    waiting = list(enumerate(older))
    for _ in range(bound):
        (at,), course = admit([one for _, one in waiting], 1, course, rules)
        if waiting.pop(at)[0] == target:
            return
        # Two more for each that is let in: the line only ever grows.
        waiting += [(-1, next(arriving)), (-1, next(arriving))]
    raise AssertionError(f"{older[target]} still waits after {bound} places")


def test_real_time_goes_before_batch_that_came_earlier() -> None:
    waiting = batch("a", "a") + realtime("b", "c")
    assert order(waiting, Rules()) == [2, 3, 0, 1]


def test_batch_has_its_turn_while_real_time_keeps_coming() -> None:
    waiting = batch("a", "b") + realtime(*"cdefgh")
    assert order(waiting, Rules(batch_turn=3)) == [2, 3, 0, 4, 5, 1, 6, 7]


def test_batch_uses_all_places_where_nothing_waits_in_real_time() -> None:
    assert admit(batch("a", "b", "c"), 2, Course(), Rules())[0] == [0, 1]


def test_prompts_that_begin_alike_go_one_after_another() -> None:
    assert order(realtime(*"abcabcabc"), Rules()) == [0, 3, 6, 1, 4, 7, 2, 5, 8]


def test_a_prefix_that_keeps_coming_lets_the_oldest_through() -> None:
    assert order(realtime(*"abaaaaaa"), Rules(prefix_run=3)) == [0, 2, 3, 1, 4, 5, 6, 7]


def test_the_other_lane_does_not_end_a_run() -> None:
    waiting = realtime(*"xyxyxy") + batch("a", "b", "a")
    assert order(waiting, Rules(batch_turn=2)) == [0, 6, 2, 8, 4, 7, 1, 3, 5]


def test_an_engine_is_given_a_tenth_more_than_it_runs_at_once() -> None:
    assert [room(capacity) for capacity in (1, 8, 32, 256)] == [2, 9, 35, 281]


async def _settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


class Visitors:
    """Tasks that go through a gate and stay until they are told to leave."""

    def __init__(self, gate: Gate) -> None:
        self.gate = gate
        self.inside: list[str] = []
        self.came_in: list[str] = []
        self.leave: dict[str, asyncio.Event] = {}
        self.tasks: dict[str, asyncio.Task[None]] = {}

    def send(self, name: str, lane: Lane = REALTIME, prefix: str = "p") -> None:
        self.leave[name] = asyncio.Event()
        self.tasks[name] = asyncio.create_task(self._visit(name, lane, prefix))

    async def _visit(self, name: str, lane: Lane, prefix: str) -> None:
        async with self.gate.place(name, lane, prefix):
            self.inside.append(name)
            self.came_in.append(name)
            try:
                await self.leave[name].wait()
            finally:
                self.inside.remove(name)


async def test_a_place_that_falls_free_is_filled_at_once_and_not_only_when_all_are() -> None:
    visitors = Visitors(Gate(2))
    for name in "abc":
        visitors.send(name)
    await _settle()
    assert visitors.inside == ["a", "b"]
    visitors.leave["b"].set()
    await _settle()
    assert visitors.inside == ["a", "c"]


async def test_what_arrives_in_the_same_instant_is_ordered_together() -> None:
    visitors = Visitors(Gate(2))
    visitors.send("a", BATCH, "x")
    visitors.send("b", REALTIME, "y")
    visitors.send("c", REALTIME, "z")
    await _settle()
    assert visitors.came_in == ["b", "c"]


async def test_who_is_cancelled_in_the_line_leaves_it_and_takes_no_place() -> None:
    visitors = Visitors(Gate(1))
    for name in "abc":
        visitors.send(name)
    await _settle()
    visitors.tasks["b"].cancel()
    visitors.leave["a"].set()
    await _settle()
    assert visitors.inside == ["c"]


async def test_who_is_cancelled_with_a_place_gives_it_back() -> None:
    visitors = Visitors(Gate(1))
    visitors.send("a")
    visitors.send("b")
    await _settle()
    visitors.tasks["a"].cancel()
    await _settle()
    assert visitors.inside == ["b"]


async def test_what_is_wanted_in_real_time_after_all_is_moved_to_that_lane() -> None:
    gate = Gate(1)
    visitors = Visitors(gate)
    for name in "abc":
        visitors.send(name, BATCH)
    await _settle()
    gate.hurry("c")
    visitors.leave["a"].set()
    await _settle()
    assert visitors.inside == ["c"]


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["send", "leave", "cancel", "wait"]),
        st.integers(0, 9),
        st.sampled_from(Lane),
        st.sampled_from("ab"),
    ),
    max_size=40,
)


@given(STEPS, st.integers(1, 3))
def test_a_gate_is_never_over_its_room_and_lets_everyone_in_once(
    steps: list[tuple[str, int, Lane, str]], places: int
) -> None:
    async def play() -> None:
        gate = Gate(places)
        visitors = Visitors(gate)
        for what, which, lane, prefix in steps:
            names = list(visitors.tasks)
            if what == "send":
                visitors.send(f"n{len(names)}", lane, prefix)
            elif what == "leave" and visitors.inside:
                visitors.leave[visitors.inside[which % len(visitors.inside)]].set()
            elif what == "cancel" and names:
                visitors.tasks[names[which % len(names)]].cancel()
            else:
                await _settle()
            assert len(visitors.inside) <= places
        await _settle()
        waiting = [task for name, task in visitors.tasks.items() if not task.done() and name not in visitors.inside]
        assert not waiting or len(visitors.inside) == places
        while visitors.inside:
            visitors.leave[visitors.inside[0]].set()
            await _settle()
            assert len(visitors.inside) <= places
        assert all(task.done() for task in visitors.tasks.values())
        stayed = [name for name, task in visitors.tasks.items() if not task.cancelled()]
        assert len(set(visitors.came_in)) == len(visitors.came_in)
        assert set(stayed) <= set(visitors.came_in)

    asyncio.run(play())
