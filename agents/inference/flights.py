"""Single flight: callers that want the same thing at the same time share one piece of work."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Hashable
from functools import partial
from typing import Any, Generic, NamedTuple, TypeVar

T = TypeVar("T")


class Landing(NamedTuple, Generic[T]):
    """What one caller gets of a flight."""

    result: T
    leader: str
    """The caller to whom the work is put down: the first of those who stayed to the end."""
    led: bool
    """Whether that is this caller. True of exactly one of those who get the result."""


class _Flight(Generic[T]):
    def __init__(self, task: asyncio.Task[T]) -> None:
        self.task = task
        self.aboard = 0
        self.leader: str | None = None


class Flights(Generic[T]):
    """The work in progress, by what it makes."""

    def __init__(self) -> None:
        self._open: dict[Hashable, _Flight[T]] = {}

    async def join(
        self, key: Hashable, name: str, work: Callable[[], Coroutine[Any, Any, T]], in_vain: Callable[[T], None]
    ) -> Landing[T]:
        """Get what ``work()`` makes, or what the same ``key``'s work in progress makes.

        A caller that is cancelled leaves; the work is cancelled when the last one leaves, which waits for its end.

        Args:
            key: equal for callers that can share a result.
            name: of this caller.
            work: called at once where there is no such flight, otherwise never. Cancelled, it may return what it has
                made by then.
            in_vain: told what the work has made where this caller is the last to leave, and nobody gets it.

        Raises:
            Exception: what the work raised; everyone aboard gets it.
        """
        flight = self._open.get(key)
        if flight is None:
            flight = self._open[key] = _Flight(asyncio.create_task(work()))
            flight.task.add_done_callback(partial(self._close, key, flight))
        flight.aboard += 1
        try:
            result = await asyncio.shield(flight.task)
        except asyncio.CancelledError:
            if flight.aboard == 1 and flight.leader is None:
                self._close(key, flight)
                flight.task.cancel()
                await asyncio.wait([flight.task])
                if not flight.task.cancelled() and flight.task.exception() is None:
                    in_vain(flight.task.result())
            raise
        finally:
            flight.aboard -= 1
        # Not settled at boarding: whoever boarded first may have left, and then another must answer for the cost.
        led = flight.leader is None
        if flight.leader is None:
            flight.leader = name
        return Landing(result, flight.leader, led)

    def _close(self, key: Hashable, flight: _Flight[T], _: object = None) -> None:
        if self._open.get(key) is flight:
            del self._open[key]
