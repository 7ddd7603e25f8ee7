"""A circuit breaker: after a failure, nobody waits for the same failure again for a while."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

from redis.exceptions import RedisError

from schemas.errors import ServiceError

T = TypeVar("T")

TURNS = 10
"""A limit is over after as many turns of the event loop at the least."""


class Circuit:
    """Guards the calls of one kind to one server.

    Args:
        service: what the server is called in the error's message, with its address.
        now: the time in milliseconds, of any origin.
        limit_ms: how long a call may take.
        pause_ms: for how long after a failure calls fail at once. The first call after it tries again.
    """

    def __init__(self, service: str, *, now: Callable[[], int], limit_ms: int, pause_ms: int) -> None:
        self._service = service
        self._now = now
        self._limit_ms = limit_ms
        self._pause_ms = pause_ms
        self._closed_from = 0
        self._why = ""

    def check(self) -> None:
        """Return if calls may be tried.

        Raises:
            ServiceError: one failed a short while ago.
        """
        if self._now() < self._closed_from:
            raise ServiceError(self._why)

    async def run(self, call: Callable[[], Awaitable[T]]) -> T:
        """What ``call`` returns.

        Raises:
            ServiceError: it failed or took too long, now or a short while ago.
        """
        self.check()
        try:
            async with _patience(self._limit_ms / 1000):
                return await call()
        except TimeoutError as error:
            raise self._opened(f"no answer within {self._limit_ms} ms") from error
        except (RedisError, OSError) as error:
            raise self._opened(f"{type(error).__name__}: {error}") from error

    def _opened(self, what: str) -> ServiceError:
        self._closed_from = self._now() + self._pause_ms
        self._why = f"{self._service}: {what}"
        return ServiceError(self._why)


@asynccontextmanager
async def _patience(limit_s: float) -> AsyncIterator[None]:
    """Raise TimeoutError after ``limit_s``, of which a turn of the event loop uses up a tenth at the most.

    A process that catches up on a backlog comes to read an answer long after it arrived. A plain limit takes this for
    the server's slowness, and gives up the cache just when there is most to be had from it.
    """
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(None) as timeout:
        waiting = loop.call_later(limit_s / TURNS, lambda: turn(TURNS - 1))

        def turn(left: int) -> None:
            nonlocal waiting
            if left:
                waiting = loop.call_later(limit_s / TURNS, turn, left - 1)
            else:
                timeout.reschedule(loop.time())

        try:
            yield
        finally:
            waiting.cancel()
