"""What is on its way to one partition: a batch at a time, while the next one gathers."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from aiokafka.errors import ProducerClosed

from agents.stage import Emit

Headers = list[tuple[str, bytes]]


class Receipt:
    """Of what was sent together: ``settled`` once each of the ``count`` records was delivered or lost."""

    __slots__ = ("_left", "error", "lost", "settled")

    def __init__(self, count: int) -> None:
        self.settled: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.error: Exception | None = None
        """Why one of them, at least, was lost."""
        self.lost: list[Emit] = []
        """What has to be sent again."""
        self._left = count

    def sign(self) -> None:
        """One more of them is delivered, or lost."""
        self._left -= 1
        if not self._left and not self.settled.done():  # who waits for it may have been cancelled
            self.settled.set_result(None)


class Parcel:
    """A record on its way. ``emit`` is what it was made of; None for bytes that are published as they are."""

    __slots__ = ("_receipt", "emit", "headers", "key", "value")

    def __init__(
        self, receipt: Receipt, emit: Emit | None, key: bytes | None, value: bytes | None, headers: Headers
    ) -> None:
        self._receipt: Receipt | None = receipt
        self.emit = emit
        self.key = key
        self.value = value
        self.headers = headers

    def settle(self, error: Exception | None = None) -> None:
        """It is delivered, or lost with an error. Only the first call counts."""
        receipt, self._receipt = self._receipt, None
        if receipt is None:
            return
        if error is not None:
            receipt.error = error
            if self.emit is not None:
                receipt.lost.append(self.emit)
        receipt.sign()


class Lane:
    """Ships the parcels for one partition in the order in which they were put.

    Of a partition, a producer has one batch on its way at a time. What comes meanwhile makes up the next one.

    Args:
        ship: delivers parcels and settles each; those that it leaves or raises over are lost.
        linger_s: how long the first parcel after a pause waits for company.
    """

    def __init__(self, ship: Callable[[Sequence[Parcel]], Awaitable[None]], linger_s: float) -> None:
        self._ship = ship
        self._linger_s = linger_s
        self._waiting: list[Parcel] = []
        self.shipping: asyncio.Task[None] | None = None
        """While anything is on its way. Whatever is, when it is cancelled, is lost."""

    def put(self, parcel: Parcel) -> None:
        """Send one more."""
        self._waiting.append(parcel)
        if self.shipping is None:
            self.shipping = asyncio.create_task(self._run())

    async def _run(self) -> None:
        batch: Sequence[Parcel] = ()
        try:
            await asyncio.sleep(self._linger_s)
            while self._waiting:
                batch, self._waiting = self._waiting, []
                try:
                    await self._ship(batch)
                except Exception as error:  # noqa: BLE001 - it belongs to those who wait for a receipt
                    for parcel in batch:
                        parcel.settle(error)
        finally:
            self.shipping = None
            for parcel in (*batch, *self._waiting):
                parcel.settle(ProducerClosed())
