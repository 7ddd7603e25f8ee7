"""Carries out what admission decides: callers wait at the gate, and hold their place for as long as they need it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from itertools import count
from typing import NamedTuple

from agents.inference.admission import Admission, Room, Rules, Waiting
from schemas.enums import Lane


class Level(NamedTuple):
    """How full an engine is, and has been."""

    inside: int
    """Prompts at the engine."""
    waiting: int
    tokens: int
    """Of those inside, with the longest answers that they may get."""
    busy_s: float
    """Seconds in which it had at least one prompt."""
    occupied_s: float
    """Seconds that prompts spent inside, all together: over ``busy_s``, how many it had at once."""


class Gate:
    """Keeps what is at one engine within its room."""

    def __init__(self, room: Room, rules: Rules | None = None, *, clock: Callable[[], float]) -> None:
        """``clock`` is in seconds, of any origin."""
        self._admission = Admission(room, rules)
        self._clock = clock
        self._serial = count()
        self._turns: dict[int, asyncio.Future[None]] = {}
        self._numbers: dict[str, int] = {}
        self._called = False
        self._since = clock()
        self._busy_s = self._occupied_s = 0.0

    @asynccontextmanager
    async def place(self, key: str, waiting: Waiting) -> AsyncIterator[Lane]:
        """Wait for a place, and keep it for as long as the context lasts; which lane it came by in the end.

        Args:
            key: names the work, for whoever hurries it.
            waiting: what waits.
        """
        loop = asyncio.get_running_loop()
        number, turn = next(self._serial), loop.create_future()
        self._turns[number] = turn
        self._numbers[key] = number
        self._admission.arrive(number, waiting)
        self._call(loop)
        try:
            await turn
            yield self._admission.lane(number)
        finally:
            self._count()
            self._admission.leave(number)
            self._turns.pop(number, None)
            if self._numbers.get(key) == number:
                del self._numbers[key]
            self._call(loop)

    def hurry(self, key: str, came_at: int) -> None:
        """What waits under ``key`` is wanted in real time too, by a request that came then. Called within the loop."""
        number = self._numbers.get(key)
        if number is not None:
            self._admission.hurry(number, came_at)
            self._call(asyncio.get_running_loop())

    def level(self) -> Level:
        """How full the engine is now, and has been until now. Changes nothing, so that any thread may ask."""
        return self._level(self._clock())

    def _level(self, now: float) -> Level:
        admission, passed = self._admission, now - self._since
        busy_s = self._busy_s + (passed if admission.inside else 0.0)
        occupied_s = self._occupied_s + passed * admission.inside
        return Level(admission.inside, admission.waiting, admission.tokens, busy_s, occupied_s)

    def _call(self, loop: asyncio.AbstractEventLoop) -> None:
        # At the end of this turn of the loop, when all that arrived or left in it is known.
        if not self._called and self._admission.waiting:
            self._called = True
            loop.call_soon(self._let_in)

    def _let_in(self) -> None:
        self._called = False
        self._count()
        for number in self._admission.admit():
            turn = self._turns.pop(number)
            if not turn.done():
                turn.set_result(None)

    def _count(self) -> None:
        now = self._clock()
        level = self._level(now)
        self._busy_s, self._occupied_s, self._since = level.busy_s, level.occupied_s, now
