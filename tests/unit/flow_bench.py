"""A flow over a stage whose every record waits until its test lets it go."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any, NamedTuple

import pytest

from agents.stage import Delivery, Emit, Position
from schemas.errors import FatalError, HeadraceError, UndecodableError
from streams import flow as flow_module
from streams.flow import LIMITS, Flow, Limits

FAR = 10**15


class Raw(NamedTuple):
    """A consumed record; its value says what is to become of it."""

    offset: int
    value: bytes | None = b"ok"
    partition: int = 0
    topic: str = "in"
    timestamp: int = 0
    key: bytes | None = b"k"
    headers: Sequence[tuple[str, bytes]] = ()


class Bench:
    """A flow over a stage whose every record waits until the test lets it go."""

    def __init__(self, limits: Limits = LIMITS, **given: Any) -> None:
        self.started: list[int] = []
        self.doors: dict[int, asyncio.Future[Sequence[Emit]]] = {}
        self.acked: list[Position] = []
        self.sent: list[Emit] = []
        self.outcomes: list[tuple[str, int, HeadraceError]] = []
        self.halted: list[FatalError] = []
        self.clock = 0
        self.deadlines: dict[int, int] = {}
        self.refuse: Callable[[Sequence[Emit]], Exception | None] = lambda _: None
        self.flow: Flow[Any] = Flow(
            self,
            decode=self.decode,
            send=self.send,
            poison=self.poison,
            ack=self.acked.append,
            halt=self.halted.append,
            now=lambda: self.clock,
            limits=limits,
            **given,
        )

    # the stage

    def deadline(self, delivery: Delivery[Any]) -> int:
        return self.deadlines.get(delivery.position.offset, FAR)

    async def __call__(self, delivery: Delivery[Any]) -> Sequence[Emit]:
        offset = delivery.position.offset
        self.started.append(offset)
        door = self.doors[offset] = asyncio.get_running_loop().create_future()
        return await door

    def failed(self, delivery: Delivery[Any], error: HeadraceError) -> Sequence[Emit]:
        self.outcomes.append(("failed", delivery.position.offset, error))
        if delivery.raw == b"failed-fails":
            raise ValueError("a bug in failed")
        return [emit(delivery.position.offset, "failed")]

    # what is around it

    def decode(self, raw: bytes) -> Any:
        if raw == b"garbage":
            raise UndecodableError("not Avro")
        return raw

    def poison(self, delivery: Delivery[Any], error: HeadraceError) -> Sequence[Emit]:
        self.outcomes.append(("poison", delivery.position.offset, error))
        return [emit(delivery.position.offset, "dead")]

    async def send(self, emits: Sequence[Emit], headers: Mapping[str, bytes]) -> None:
        await asyncio.sleep(0)
        if error := self.refuse(emits):
            raise error
        self.sent.extend(emits)

    # what a test does

    async def put(self, *records: Raw) -> None:
        for record in records:
            await self.flow.put(record, self.flow.generation)
        await settle()

    async def let_go(self, offset: int, result: Sequence[Emit] | Exception = ()) -> None:
        door = self.doors[offset]
        if isinstance(result, Exception):
            door.set_exception(result)
        else:
            door.set_result(result)
        await settle()

    @property
    def acked_offsets(self) -> list[int]:
        return [position.offset for position in self.acked]


def emit(offset: int, topic: str = "out") -> Emit:
    return Emit(topic, b"%d" % offset, offset)  # type: ignore[arg-type]


async def settle() -> None:
    for _ in range(8):
        await asyncio.sleep(0)


def impatient(patch: pytest.MonkeyPatch) -> None:
    """Let nothing that a flow waits for take long."""
    patch.setattr(flow_module, "TICK_S", 0.002)
    patch.setattr(flow_module, "FIRST_PAUSE_S", 0.001)
    patch.setattr(flow_module, "LONGEST_PAUSE_S", 0.002)


def run_quickly(main: Coroutine[Any, Any, None]) -> None:
    async def bounded() -> None:
        await asyncio.wait_for(main, 10)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(flow_module, "FIRST_PAUSE_S", 0.0)
        patch.setattr(flow_module, "LONGEST_PAUSE_S", 0.0)
        asyncio.run(bounded())


async def until(condition: Callable[[], bool], seconds: float = 5.0) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.001)
