"""The one producer of a worker: idempotent, lingering, its deliveries awaited."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from random import choice
from typing import Any
from zlib import crc32

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, MessageSizeTooLargeError, ProducerClosed

from agents.stage import Emit
from schemas.errors import UndeliverableError
from schemas.records import Record
from streams.flow import NotDeliveredError

log = logging.getLogger(__name__)

Headers = Sequence[tuple[str, bytes]] | None

TRACE_HEADERS = ("traceparent", "tracestate")
"""What of a record's headers goes on to those that come out of it (W3C Trace Context)."""
MAX_RECORD_BYTES = 4 * 1024 * 1024
"""The largest record that is sent. Four times Kafka's default limit on records that come in, so that the dead letter
of any of them fits; the topic must allow it."""
_LINGER_MS = 5
_BATCH_BYTES = 262_144
_ENVELOPE_BYTES = 1024
_RETIRE_S = 10.0


def partition_of(key: bytes | None, partitions: Sequence[int], available: Sequence[int]) -> int:
    """The partition of a key: CRC-32, as librdkafka's default has it. A record without a key goes anywhere.

    aiokafka's own choice, Java's murmur2, is written in Python and costs as much as all the rest of a send.
    """
    if key is None:
        return choice(available or partitions)  # noqa: S311 - no secret depends on it
    return crc32(key) % len(partitions)


class Outlet:
    """Publishes records and says when they are durable.

    Args:
        bootstrap: ``host:port``, several with commas between.
        encode: a record to its bytes.
        compression: a codec that aiokafka has a library for (``lz4``, ``zstd``, ``gzip``); None for none.
        max_record_bytes: a key and value larger than this together are refused.
        options: what else to make the producer with: how to log in, or that the broker knows no idempotence.
    """

    def __init__(
        self,
        bootstrap: str,
        encode: Callable[[Record], bytes],
        *,
        compression: str | None = None,
        max_record_bytes: int = MAX_RECORD_BYTES,
        options: Mapping[str, Any] | None = None,
    ) -> None:
        self._bootstrap = bootstrap
        self._options = {"acks": "all", "enable_idempotence": True, **(options or {})}
        self._encode = encode
        self._compression = compression
        self._max_record_bytes = max_record_bytes
        self._producer: AIOKafkaProducer | None = None
        self._replacing = asyncio.Lock()
        self._retired: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Connect.

        Raises:
            KafkaConnectionError: no broker answers.
        """
        self._producer = await self._connect()

    async def stop(self, limit_s: float = 5.0) -> None:
        """Deliver what was sent, for ``limit_s`` at most, and disconnect. Call it after the last commit."""
        producer, self._producer = self._producer, None
        if producer is not None:
            self._retire(producer, limit_s)
        if self._retired:
            await asyncio.wait(self._retired)

    async def send(self, emits: Sequence[Emit], headers: Mapping[str, bytes]) -> None:
        """Publish records; return when the broker has acknowledged all of them.

        Raises:
            UndeliverableError: one is too large. Others may have been published.
            NotDeliveredError: with those that have to be sent again.
        """
        producer = self._running(emits)
        values = []
        for emit in emits:
            value = self._encode(emit.record)
            if len(value) + len(emit.key) > self._max_record_bytes:
                raise _too_large(emit, len(value))
            values.append(value)
        traced = [(name, headers[name]) for name in TRACE_HEADERS if name in headers] if headers else None
        deliveries: list[asyncio.Future[Any]] = []
        try:
            for emit, value in zip(emits, values, strict=True):
                deliveries.append(await producer.send(emit.topic, value, emit.key, headers=traced))
            for delivery in deliveries:
                await delivery
        except KafkaError as error:
            await self._recover(producer, list(zip(emits, values, strict=True)), deliveries, traced, error)

    async def write(self, topic: str, partition: int, key: bytes, value: bytes | None) -> None:
        """Publish bytes as they are on one partition; return when the broker has acknowledged them.

        Raises:
            NotDeliveredError: they have to be sent again.
        """
        producer = self._running(())
        try:
            await producer.send_and_wait(topic, value, key, partition)
        except KafkaError as error:
            await self._replace(producer)
            raise NotDeliveredError((), error) from error

    async def _recover(
        self,
        producer: AIOKafkaProducer,
        outgoing: Sequence[tuple[Emit, bytes]],
        deliveries: Sequence[asyncio.Future[Any]],
        headers: Headers,
        cause: KafkaError,
    ) -> None:
        # A record that was never taken (no metadata, or a batch that stayed full) leaves the producer as it was.
        missed = list(outgoing[len(deliveries) :])
        refused = False
        for pair, delivery in zip(outgoing, deliveries, strict=False):
            try:
                await delivery
            except KafkaError:
                missed.append(pair)
                refused = True
        log.warning("%d of %d records were not delivered: %r", len(missed), len(outgoing), cause)
        if refused:
            await self._replace(producer)
        if isinstance(cause, MessageSizeTooLargeError):
            await self._send_alone(missed, headers)
        else:
            raise NotDeliveredError([emit for emit, _ in missed], cause) from cause

    async def _send_alone(self, missed: Sequence[tuple[Emit, bytes]], headers: Headers) -> None:
        """Send each in a batch of its own: of a batch that is too large, the broker does not say for which record."""
        for place, (emit, value) in enumerate(missed):
            producer = self._running([other for other, _ in missed[place:]])
            try:
                partitions = sorted(await producer.partitions_for(emit.topic))
                batch = producer.create_batch()
                batch.append(key=emit.key, value=value, timestamp=None, headers=headers or [])
                partition = partition_of(emit.key, partitions, partitions)
                await (await producer.send_batch(batch, emit.topic, partition=partition))
            except KafkaError as error:
                await self._replace(producer)
                if isinstance(error, MessageSizeTooLargeError):
                    raise _too_large(emit, len(value)) from error
                raise NotDeliveredError([other for other, _ in missed[place:]], error) from error

    def _running(self, emits: Sequence[Emit]) -> AIOKafkaProducer:
        if self._producer is None:
            raise NotDeliveredError(emits, ProducerClosed("the outlet is not started, or stopped"))
        return self._producer

    async def _connect(self) -> AIOKafkaProducer:
        producer = AIOKafkaProducer(
            bootstrap_servers=self._bootstrap,
            linger_ms=_LINGER_MS,
            max_batch_size=_BATCH_BYTES,
            max_request_size=self._max_record_bytes + _ENVELOPE_BYTES,
            compression_type=self._compression,
            partitioner=partition_of,
            **self._options,
        )
        try:
            await producer.start()
        except BaseException:
            await producer.stop()
            raise
        return producer

    async def _replace(self, broken: AIOKafkaProducer) -> None:
        """Go on with a new producer.

        A batch that an idempotent producer gives up leaves a hole in its sequence numbers, and the broker then refuses
        all that follows on that partition.
        """
        async with self._replacing:
            if self._producer is not broken:
                return
            try:
                self._producer = await self._connect()
            except KafkaError as error:
                log.warning("no new producer yet: %r", error)
            else:
                self._retire(broken, _RETIRE_S)

    def _retire(self, producer: AIOKafkaProducer, limit_s: float) -> None:
        task = asyncio.create_task(_closed(producer, limit_s))
        self._retired.add(task)
        task.add_done_callback(self._retired.discard)


async def _closed(producer: AIOKafkaProducer, limit_s: float) -> None:
    try:
        await asyncio.wait_for(producer.stop(), limit_s)
    except TimeoutError:
        log.warning("a producer was closed with records that it could not deliver within %.0f s", limit_s)
        await producer.client.close()


def _too_large(emit: Emit, size: int) -> UndeliverableError:
    kind = type(emit.record).__name__
    return UndeliverableError(
        f"a {kind} of {size} bytes does not fit into a record of {emit.topic}: "
        "shorten the request, or raise the topic's max.message.bytes"
    )
