"""The gate: callers wait for a place, keep it, and give it back whatever becomes of them."""

from __future__ import annotations

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from agents.inference.admission import Room, Waiting
from agents.inference.gate import Gate
from schemas.enums import Lane

REALTIME, BATCH = Lane.REALTIME, Lane.BATCH


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.s = 0.0

    def __call__(self) -> float:
        return self.s


def gate(places: int) -> Gate:
    return Gate(Room(places), clock=Clock())


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
        async with self.gate.place(name, Waiting(lane, "t", prefix, 10)):
            self.inside.append(name)
            self.came_in.append(name)
            try:
                await self.leave[name].wait()
            finally:
                self.inside.remove(name)


async def test_a_place_that_falls_free_is_filled_at_once_and_not_only_when_all_are() -> None:
    visitors = Visitors(gate(2))
    for name in "abc":
        visitors.send(name)
    await _settle()
    assert visitors.inside == ["a", "b"]
    visitors.leave["b"].set()
    await _settle()
    assert visitors.inside == ["a", "c"]


async def test_what_arrives_in_the_same_instant_is_ordered_together() -> None:
    visitors = Visitors(gate(2))
    visitors.send("a", BATCH, "x")
    visitors.send("b", REALTIME, "y")
    visitors.send("c", REALTIME, "z")
    await _settle()
    assert visitors.came_in == ["b", "c"]


async def test_who_is_cancelled_in_the_line_leaves_it_and_takes_no_place() -> None:
    visitors = Visitors(gate(1))
    for name in "abc":
        visitors.send(name)
    await _settle()
    visitors.tasks["b"].cancel()
    visitors.leave["a"].set()
    await _settle()
    assert visitors.inside == ["c"]


async def test_who_is_cancelled_with_a_place_gives_it_back() -> None:
    visitors = Visitors(gate(1))
    visitors.send("a")
    visitors.send("b")
    await _settle()
    visitors.tasks["a"].cancel()
    await _settle()
    assert visitors.inside == ["b"]


async def test_what_is_wanted_in_real_time_after_all_is_moved_to_that_lane() -> None:
    visitors = Visitors(gate(1))
    for name in "abc":
        visitors.send(name, BATCH)
    await _settle()
    visitors.gate.hurry("c", 0)
    visitors.gate.hurry("nobody", 0)
    visitors.leave["a"].set()
    await _settle()
    assert visitors.inside == ["c"]


async def test_what_is_wanted_in_real_time_after_all_is_let_in_where_there_is_room_for_it() -> None:
    visitors = Visitors(Gate(Room(2, spare=1), clock=Clock()))
    for name in "abc":
        visitors.send(name, BATCH)
    await _settle()
    assert visitors.inside == ["a"]
    visitors.gate.hurry("c", 0)
    await _settle()
    assert visitors.inside == ["a", "c"]


async def test_it_tells_how_full_the_engine_is_and_has_been() -> None:
    clock = Clock()
    visitors = Visitors(Gate(Room(2), clock=clock))
    clock.s = 5.0
    for name in "abc":
        visitors.send(name)
    await _settle()
    clock.s = 7.0
    level = visitors.gate.level()
    assert (level.inside, level.waiting, level.tokens) == (2, 1, 20)
    assert (level.busy_s, level.occupied_s) == (2.0, 4.0)
    for name in "abc":
        visitors.leave[name].set()
    await _settle()
    clock.s = 9.0
    assert visitors.gate.level()[:3] == (0, 0, 0)
    assert visitors.gate.level().busy_s == 2.0


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
        visitors = Visitors(gate(places))
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
        while visitors.inside:
            visitors.leave[visitors.inside[0]].set()
            await _settle()
            assert len(visitors.inside) <= places
        assert all(task.done() for task in visitors.tasks.values())
        stayed = [name for name, task in visitors.tasks.items() if not task.cancelled()]
        assert len(set(visitors.came_in)) == len(visitors.came_in)
        assert set(stayed) <= set(visitors.came_in)
        assert visitors.gate.level()[:3] == (0, 0, 0)

    asyncio.run(play())
