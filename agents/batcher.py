"""Concurrent calls gathered into one: for what is cheaper by the batch, such as a model or a pipeline."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

T = TypeVar("T")
R = TypeVar("R")


class Batcher(Generic[T, R]):
    """Callers await one item each; ``work`` sees them together.

    A batch is whatever gathered while the one before it was worked on, so that a lone call waits for nobody and a
    busy time makes large batches by itself. Batches run one after another, in the order of the calls.
    """

    def __init__(
        self, work: Callable[[Sequence[T]], Awaitable[Sequence[R]]], *, limit: int, linger: float = 0.0
    ) -> None:
        """``work`` takes up to ``limit`` items and returns one result for each, in their order.

        ``linger`` is how many seconds to wait for company before each batch.
        """
        self._work = work
        self._limit = limit
        self._linger = linger
        self._waiting: list[tuple[T, asyncio.Future[R]]] = []
        self._running: asyncio.Task[None] | None = None

    async def __call__(self, item: T) -> R:
        """The result of ``item``.

        Raises:
            Exception: what ``work`` raised; every caller of that batch gets it.
        """
        future: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, future))
        if self._running is None:
            self._running = asyncio.create_task(self._run())
        return await future

    async def _run(self) -> None:
        try:
            while self._waiting:
                await asyncio.sleep(self._linger)
                batch, self._waiting = self._waiting[: self._limit], self._waiting[self._limit :]
                # A caller that was cancelled while it waited wants nothing any more.
                batch = [(item, future) for item, future in batch if not future.done()]
                if batch:
                    await self._one(batch)
        finally:
            self._running = None

    async def _one(self, batch: list[tuple[T, asyncio.Future[R]]]) -> None:
        try:
            results = await self._work([item for item, _ in batch])
            for (_, future), result in zip(batch, results, strict=True):
                if not future.done():
                    future.set_result(result)
        except BaseException as error:  # it belongs to the callers, who are waiting for it
            for _, future in batch:
                if future.done():
                    continue
                if isinstance(error, Exception):
                    future.set_exception(error)
                else:
                    future.cancel()
            if not isinstance(error, Exception):
                raise
