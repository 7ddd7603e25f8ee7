"""The GPUs behind one engine that are paid for by the hour: a meter on a clock."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from agents.inference.engine import Completion
from agents.inference.gpu_time import stated
from agents.inference.meter import Meter
from agents.stage import Emit
from agents.waterfall import GpuTime
from schemas.gpu import GpuBook


class Gpu:
    """Prices the predictions of one engine by their part of its GPU bill, and accounts for the rest of it.

    Args:
        model: that the engine serves; its name in the policy.
        book: has a GPU-hour card of it.
        clock: the time, in UTC epoch microseconds.
        worker: names this run of the engine; no other has the same.
    """

    def __init__(self, model: str, book: GpuBook, *, clock: Callable[[], int], worker: str) -> None:
        self._model = model
        self._book = book
        self._clock = clock
        self._worker = worker
        self._meter = Meter(lambda since, until: book.bill(model, since, until), clock())

    async def priced(self, work: Awaitable[Completion]) -> tuple[Completion, GpuTime]:
        """What ``work`` makes, and what it costs meanwhile. Raises what ``work`` raises, whose cost is then lost."""
        level = self._meter.enter(self._clock())
        try:
            done = await work
        except BaseException:
            self._meter.lose(level, self._clock())
            raise
        at = self._clock()
        cost = self._meter.leave(level, at)
        return done, GpuTime(cost, self._book.card(self._model, at).version, done.timings.prefill, done.timings.decode)

    def state(self, *, platform: str, policy_version: str) -> Emit:
        """The ledger entry for the time since the last one, billed to ``platform``. To be published till it is kept."""
        statement = self._meter.state(self._clock())
        return stated(
            statement,
            model=self._model,
            worker=self._worker,
            platform=platform,
            version=self._book.card(self._model, statement.until).version,
            policy_version=policy_version,
        )
