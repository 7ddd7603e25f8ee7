"""Bounded work in flight: begun in the order of receipt, finished in any order, acknowledged in order.

Every partition has a *line*: its records in the order of receipt. (Offsets have holes, so they cannot tell what is
missing.) Only what is finished at the head of a line leaves it and is acknowledged: a crash redelivers whatever was
not finished. A record is finished when all that came out of it is durable.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

from agents.stage import Delivery, Emit, Position, Stage
from schemas.errors import (
    DeadlinePassedError,
    FatalError,
    HeadraceError,
    UndecodableError,
    UndeliverableError,
    WorkFailedError,
)
from schemas.record import Record

R = TypeVar("R", bound=Record)

log = logging.getLogger(__name__)

TICK_S = 0.25
"""How late a passed deadline may be noticed. One timer for all records costs less than one for each."""
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.1, 5.0
"""Between tries of what has to succeed in the end."""
_NO_HEADERS: Mapping[str, bytes] = {}


class KafkaRecord(Protocol):
    """A consumed record; aiokafka's ``ConsumerRecord`` is one."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes | None]]


class NotDeliveredError(Exception):
    """Some of the records that were to be published did not reach the broker, and may reach it later."""

    def __init__(self, emits: Sequence[Emit], cause: BaseException) -> None:
        super().__init__(f"{len(emits)} records were not delivered: {cause!r}")
        self.emits = emits


Send = Callable[[Sequence[Emit], Mapping[str, bytes]], Awaitable[None]]
"""Publishes records with the headers of the one they came from; returns when the broker has acknowledged them all.
Raises NotDeliveredError with those to try again, or UndeliverableError where one can never be delivered."""


class Limits(NamedTuple):
    """How much a flow takes on. What goes beyond waits in Kafka."""

    records: int = 256
    """Records being worked on."""
    bytes: int = 32 * 1024 * 1024
    """Bytes of those records. A single one may be larger: it is worked on alone."""
    unacknowledged: int = 4096
    """Records received and not acknowledged: finished ones stand in line behind one that is not. After a crash, so
    many at most are worked on again."""


LIMITS = Limits()


class _Entry:
    __slots__ = ("deadline", "finished", "line", "overdue", "position", "size", "task")

    def __init__(self, position: Position, size: int, line: deque[_Entry]) -> None:
        self.position = position
        self.size = size
        self.line = line
        self.deadline = math.inf
        self.overdue = False
        self.finished = False
        self.task: asyncio.Task[None] | None = None


class Flow(Generic[R]):
    """Leads the records of one stage's topics through that stage.

    Args:
        stage: what to do with a record.
        decode: a record out of its bytes. Raises UndecodableError; anything else that it raises is tried again.
        send: publishes what comes out.
        poison: what to publish of a record that cannot be decoded, or that even ``stage.failed`` fails on.
        ack: told that all records of a partition up to and including a position are finished.
        halt: told the error after which the worker must stop, once.
        now: the time, in UTC epoch milliseconds.
        limits: how much to take on at a time.
        before: awaited for each record in the order of receipt, before its work may begin; tried again if it raises.
    """

    def __init__(
        self,
        stage: Stage[R],
        *,
        decode: Callable[[bytes], R],
        send: Send,
        poison: Callable[[Delivery[Any], HeadraceError], Sequence[Emit]],
        ack: Callable[[Position], None],
        halt: Callable[[FatalError], None],
        now: Callable[[], int],
        limits: Limits = LIMITS,
        before: Callable[[Delivery[R]], Awaitable[None]] | None = None,
    ) -> None:
        self._stage = stage
        self._decode = decode
        self._send = send
        self._poison = poison
        self._ack = ack
        self._halt = halt
        self._now = now
        self._limits = limits
        self._before = before
        self._halted = False
        self._changed = asyncio.Event()
        self._watching = False
        self.generation = 0
        """How often everything was given back. Records received in an earlier generation are not worked on."""
        self._forget()

    def _forget(self) -> None:
        self._lines: dict[tuple[str, int], deque[_Entry]] = {}
        self._working: set[_Entry] = set()
        self._bytes = 0
        self._unacknowledged = 0

    @property
    def in_flight(self) -> int:
        """Records being worked on."""
        return len(self._working)

    @property
    def unacknowledged(self) -> int:
        """Records received and not acknowledged."""
        return self._unacknowledged

    async def put(self, record: KafkaRecord, generation: int) -> None:
        """Take one record, received in ``generation``; return when its work has its place. One call at a time.

        A record of an earlier generation is dropped, also while it waits here: it will be received again.
        """
        size = len(record.value or b"")
        while self._full(size) and generation == self.generation:
            self._changed.clear()
            await self._changed.wait()
        pause = FIRST_PAUSE_S
        while generation == self.generation and not self._halted:
            try:
                delivery, error = self._read(record)
                if self._before is not None and error is None:
                    await self._before(delivery)
            except FatalError as fatal:
                self._stop(fatal)
            except Exception as away:  # noqa: BLE001 - what it needs is not there; the line waits for it
                log.warning("%s/%d@%d waits: %r", record.topic, record.partition, record.offset, away)
                await asyncio.sleep(pause)
                pause = min(2 * pause, LONGEST_PAUSE_S)
            else:
                if generation == self.generation and not self._halted:
                    self._begin(delivery, error)
                return

    async def drain(self, limit_s: float) -> int:
        """Begin nothing more, let what is in flight finish for ``limit_s``, and give back the rest.

        Returns:
            How many records were given back: they are not acknowledged, whatever becomes of their work.
        """
        self.generation += 1
        self._changed.set()
        tasks = [entry.task for entry in self._working if entry.task is not None]
        if tasks:
            await asyncio.wait(tasks, timeout=limit_s)
        for task in tasks:
            task.cancel()
        given_back = self._unacknowledged
        self._forget()
        return given_back

    def _full(self, size: int) -> bool:
        limits, working = self._limits, len(self._working)
        return (
            working >= limits.records
            or self._unacknowledged >= limits.unacknowledged
            or (self._bytes + size > limits.bytes and working > 0)
        )

    def _read(self, record: KafkaRecord) -> tuple[Delivery[Any], HeadraceError | None]:
        raw = record.value or b""
        decoded: R | None = None
        error: HeadraceError | None = None
        try:
            decoded = self._decode(raw)
        except UndecodableError as undecodable:
            error = undecodable
        position = Position(record.topic, record.partition, record.offset)
        headers = _NO_HEADERS
        if record.headers:
            headers = {name: value for name, value in record.headers if value is not None}
        return Delivery(decoded, raw, record.key, position, record.timestamp, headers), error

    def _begin(self, delivery: Delivery[Any], error: HeadraceError | None) -> None:
        topic, partition, _ = delivery.position
        line = self._lines.get((topic, partition))
        if line is None:
            line = self._lines[topic, partition] = deque()
        entry = _Entry(delivery.position, len(delivery.raw), line)
        line.append(entry)
        self._working.add(entry)
        self._bytes += entry.size
        self._unacknowledged += 1
        # Tasks take their first step in the order in which they were made: that is the order of receipt.
        entry.task = asyncio.create_task(self._see_through(entry, delivery, error))
        if not self._watching:
            self._watching = True
            asyncio.get_running_loop().call_later(TICK_S, self._watch)

    async def _see_through(self, entry: _Entry, delivery: Delivery[Any], error: HeadraceError | None) -> None:
        try:
            emits: Sequence[Emit] = ()
            if error is None:
                emits, error = await self._work(entry, delivery)
            if error is not None:
                if self._halted:  # it may well have failed of what stopped the worker
                    return
                emits = self._failed(delivery, error)
            if emits:
                await self._deliver(delivery, emits)
            self._finish(entry)
        except FatalError as fatal:
            self._stop(fatal)
        except Exception as unforeseen:
            log.exception("%s", entry.position)
            self._stop(FatalError(f"{entry.position}: {unforeseen!r}, where nothing may fail"))

    async def _work(self, entry: _Entry, delivery: Delivery[Any]) -> tuple[Sequence[Emit], HeadraceError | None]:
        try:
            entry.deadline = self._stage.deadline(delivery)
            if entry.deadline <= self._now():
                return (), DeadlinePassedError(f"{entry.position}: its deadline had passed when it was received")
            return await self._stage(delivery), None
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is None or not task.cancelling():  # something that it awaited was cancelled
                return (), WorkFailedError(f"{entry.position}: what it waited for was cancelled")
            if not entry.overdue:
                raise
            task.uncancel()
            return (), DeadlinePassedError(f"{entry.position}: it was not done by its deadline")
        except FatalError:
            raise
        except HeadraceError as error:
            return (), error
        except Exception as error:
            log.exception("%s", entry.position)
            return (), WorkFailedError(f"{entry.position}: {error!r}")
        finally:
            entry.deadline = math.inf

    def _failed(self, delivery: Delivery[Any], error: HeadraceError) -> Sequence[Emit]:
        if delivery.record is None:
            return self._poison(delivery, error)
        try:
            return self._stage.failed(delivery, error)
        except Exception:
            log.exception("%s", delivery.position)
            return self._poison(delivery, error)

    async def _deliver(self, delivery: Delivery[Any], emits: Sequence[Emit]) -> None:
        pause = FIRST_PAUSE_S
        refused = 0
        while emits:
            try:
                await self._send(emits, delivery.headers)
                return
            except NotDeliveredError as error:
                emits = error.emits
                await asyncio.sleep(pause)
                pause = min(2 * pause, LONGEST_PAUSE_S)
            except UndeliverableError as error:
                refused += 1
                if refused == 1:
                    emits = self._failed(delivery, error)
                elif refused == 2:
                    emits = self._poison(delivery, error)
                else:
                    log.error("%s: not even its dead letter fits: %s", delivery.position, error)
                    return

    def _finish(self, entry: _Entry) -> None:
        topic, partition, _ = entry.position
        line = entry.line
        if self._lines.get((topic, partition)) is not line:
            return  # given back: the line that stands there now is another's
        entry.finished = True
        self._working.discard(entry)
        self._bytes -= entry.size
        last: _Entry | None = None
        while line and line[0].finished:
            last = line.popleft()
            self._unacknowledged -= 1
        if last is not None:
            self._ack(last.position)
        self._changed.set()

    def _stop(self, fatal: FatalError) -> None:
        if not self._halted:
            self._halted = True
            self._changed.set()
            self._halt(fatal)

    def _watch(self) -> None:
        now = self._now()
        for entry in self._working:
            if entry.deadline <= now and not entry.overdue and entry.task is not None:
                entry.overdue = True
                entry.task.cancel()
        self._watching = bool(self._working)
        if self._watching:
            asyncio.get_running_loop().call_later(TICK_S, self._watch)
