"""Which waiting prompts an engine gets next. The decision is pure; the gate carries it out.

An engine runs some prompts at once and lets the others wait inside it, where nothing can overtake them. So only a
few more than it runs are handed to it; the rest wait here, and are let in as places free up. There is never a batch
that waits for its slowest member.

Fairness is counted in turns, not in seconds: under a backlog everything has waited long, and whatever ages by the
clock then degenerates to the order of arrival.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from itertools import count
from typing import NamedTuple

from schemas.enums import Lane


class Waiting(NamedTuple):
    """A prompt that waits to be let in."""

    lane: Lane
    prefix: str
    """Equal for prompts that begin alike, so that the engine computes their beginning once."""


class Rules(NamedTuple):
    """How the waiting share the engine."""

    batch_turn: int = 8
    """While both lanes wait, one in so many places is batch's."""
    prefix_run: int = 16
    """So many of one prefix may pass older prompts of their lane before the oldest has its turn."""


class Run(NamedTuple):
    """Prompts of one prefix, let in one after another."""

    prefix: str | None = None
    length: int = 0


class Course(NamedTuple):
    """What the next decision has to know of those before it."""

    passed: int = 0
    """Real-time prompts let in over the heads of batch, since batch had its turn."""
    realtime: Run = Run()
    """The last of its lane."""
    batch: Run = Run()
    """The last of its lane."""


def room(capacity: int) -> int:
    """How many prompts to keep at an engine that runs ``capacity`` at once: a tenth more, so that it never idles."""
    return capacity + max(1, capacity // 10)


def admit(waiting: Sequence[Waiting], free: int, course: Course, rules: Rules) -> tuple[list[int], Course]:
    """Choose who is let in.

    Real time goes before batch, which has its turn all the same. Within a lane the oldest begins a run of its prefix,
    and the oldest again the next one. So a prompt with ``k`` older ones in its lane is let in after at most
    ``(k + 1) × prefix_run`` of its lane, and a lane is never passed over for more than ``batch_turn`` places.

    Args:
        waiting: in order of arrival.
        free: places to fill.
        course: of the decision before this one; ``Course()`` at the beginning.
        rules: how the waiting share the engine.

    Returns:
        Indices into ``waiting``, in the order in which to let them in; and the course for the next decision.
    """
    lanes = {lane: [at for at, one in enumerate(waiting) if one.lane is lane] for lane in Lane}
    runs = {Lane.REALTIME: course.realtime, Lane.BATCH: course.batch}
    passed = course.passed
    chosen: list[int] = []
    while len(chosen) < free and len(chosen) < len(waiting):
        batch_waits = bool(lanes[Lane.BATCH])
        realtime = bool(lanes[Lane.REALTIME]) and not (batch_waits and passed >= rules.batch_turn - 1)
        lane = Lane.REALTIME if realtime else Lane.BATCH
        passed = passed + 1 if realtime and batch_waits else 0
        line, run = lanes[lane], runs[lane]
        at = None
        if run.length < rules.prefix_run:
            at = next((at for at in line if waiting[at].prefix == run.prefix), None)
        if at is None:
            at, run = line[0], Run(waiting[line[0]].prefix)
        runs[lane] = Run(run.prefix, run.length + 1)
        line.remove(at)
        chosen.append(at)
    return chosen, Course(passed, runs[Lane.REALTIME], runs[Lane.BATCH])


class _Place(NamedTuple):
    key: str
    waiting: Waiting
    turn: asyncio.Future[None]


class Gate:
    """Keeps the number of prompts at one engine within its room."""

    def __init__(self, places: int, rules: Rules | None = None) -> None:
        """``places`` is how many may be inside at once."""
        self._free = places
        self._rules = rules or Rules()
        self._course = Course()
        self._serial = count()
        self._line: dict[int, _Place] = {}
        self._called = False

    @asynccontextmanager
    async def place(self, key: str, lane: Lane, prefix: str) -> AsyncIterator[None]:
        """Wait for a place, and keep it for as long as the context lasts."""
        loop = asyncio.get_running_loop()
        number, turn = next(self._serial), loop.create_future()
        self._line[number] = _Place(key, Waiting(lane, prefix), turn)
        self._call(loop)
        try:
            await turn
            yield
        finally:
            if self._line.pop(number, None) is None:
                self._free += 1
            self._call(loop)

    def hurry(self, key: str) -> None:
        """What waits under ``key`` is wanted in real time now."""
        for number, place in self._line.items():
            if place.key == key:
                self._line[number] = place._replace(waiting=place.waiting._replace(lane=Lane.REALTIME))

    def _call(self, loop: asyncio.AbstractEventLoop) -> None:
        # At the end of this turn of the loop, when all that arrived or left in it is known.
        if not self._called and self._free and self._line:
            self._called = True
            loop.call_soon(self._let_in)

    def _let_in(self) -> None:
        self._called = False
        line = list(self._line.items())
        chosen, self._course = admit([place.waiting for _, place in line], self._free, self._course, self._rules)
        for index in chosen:
            number, place = line[index]
            del self._line[number]
            self._free -= 1
            if not place.turn.done():
                place.turn.set_result(None)
