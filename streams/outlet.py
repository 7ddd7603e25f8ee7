"""The one producer of a worker: idempotent, lingering, its deliveries awaited."""

from __future__ import annotations

import asyncio
import functools
import logging
from collections.abc import Callable, Mapping, Sequence
from random import choice
from typing import Any
from zlib import crc32

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, MessageSizeTooLargeError, ProducerClosed

from agents.stage import Emit
from schemas.errors import UndeliverableError
from schemas.record import Record
from streams.flow import NotDeliveredError
from streams.lane import Lane, Parcel, Receipt

log = logging.getLogger(__name__)

TRACE_HEADERS = ("traceparent", "tracestate")
"""What of a record's headers goes on to those that come out of it (W3C Trace Context)."""
MAX_RECORD_BYTES = 4 * 1024 * 1024
"""The largest record that is sent. Four times Kafka's default limit on records that come in, so that the dead letter
of any of them fits; the topic must allow it."""
_LINGER_S = 0.005
_BATCH_BYTES = 262_144
_RETIRE_S = 10.0
_CLOSE_S = 0.1


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
        self._stopped = False
        self._lanes: dict[tuple[str, int], Lane] = {}
        self._partitions: dict[str, range] = {}
        self._replacing = asyncio.Lock()
        self._retired: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Connect.

        Raises:
            KafkaConnectionError: no broker answers.
        """
        self._producer = await self._connect()
        self._stopped = False

    async def stop(self, limit_s: float = 5.0) -> None:
        """Deliver what was sent, for ``limit_s`` at most, and disconnect. Call it after the last commit."""
        loop = asyncio.get_running_loop()
        until = loop.time() + limit_s
        self._stopped = True
        if shipping := {lane.shipping for lane in self._lanes.values() if lane.shipping is not None}:
            _, late = await asyncio.wait(shipping, timeout=limit_s)
            for task in late:
                task.cancel()
        producer, self._producer = self._producer, None
        if producer is not None:
            self._retire(producer, max(_CLOSE_S, until - loop.time()))
        if self._retired:
            await asyncio.wait(self._retired)

    async def send(self, emits: Sequence[Emit], headers: Mapping[str, bytes]) -> None:
        """Publish records; return when the broker has acknowledged all of them.

        Raises:
            UndeliverableError: one is too large. Others may have been published.
            NotDeliveredError: with those that have to be sent again.
        """
        producer = self._running(emits)
        if not emits:
            return
        values = []
        for emit in emits:
            value = self._encode(emit.record)
            if len(value) + len(emit.key or b"") > self._max_record_bytes:
                raise _too_large(emit, len(value))
            values.append(value)
        lanes = []
        try:
            for emit in emits:
                partitions = self._partitions.get(emit.topic)
                if partitions is None:
                    partitions = self._partitions[emit.topic] = range(len(await producer.partitions_for(emit.topic)))
                # An empty key is a key: whatever is summed by it must lie on one partition.
                at = emit.place if emit.key is None else emit.key
                lanes.append(self._lane(emit.topic, partition_of(at, partitions, ())))
        except KafkaError as error:
            raise NotDeliveredError(emits, error) from error
        traced = [(name, headers[name]) for name in TRACE_HEADERS if name in headers] if headers else []
        receipt = Receipt(len(emits))
        for emit, value, lane in zip(emits, values, lanes, strict=True):
            lane.put(Parcel(receipt, emit, emit.key, value, traced))
        await _settled(receipt)

    async def write(self, topic: str, partition: int, key: bytes, value: bytes | None) -> None:
        """Publish bytes as they are on one partition; return when the broker has acknowledged them.

        Raises:
            NotDeliveredError: they have to be sent again.
        """
        self._running(())
        receipt = Receipt(1)
        self._lane(topic, partition).put(Parcel(receipt, None, key, value, []))
        await _settled(receipt)

    def _lane(self, topic: str, partition: int) -> Lane:
        lane = self._lanes.get((topic, partition))
        if lane is None:
            lane = self._lanes[topic, partition] = Lane(functools.partial(self._ship, topic, partition), _LINGER_S)
        return lane

    async def _ship(self, topic: str, partition: int, parcels: Sequence[Parcel]) -> None:
        """Deliver parcels in as few batches as hold them, one after another."""
        self._partitions.pop(topic, None)  # to be asked for again, now and then: a topic may grow
        while parcels:
            producer = self._producer
            if producer is None:
                raise ProducerClosed
            batch = producer.create_batch()
            taken = 0
            for parcel in parcels:
                if batch.append(key=parcel.key, value=parcel.value, timestamp=None, headers=parcel.headers) is None:
                    break  # it is full; a first one is always taken
                taken += 1
            shipped, parcels = parcels[:taken], parcels[taken:]
            batch.close()
            try:
                await (await producer.send_batch(batch, topic, partition=partition))
            except KafkaError as error:
                log.warning("%d records for %s/%d were not delivered: %r", taken, topic, partition, error)
                await self._replace(producer)
                await self._refused(topic, partition, shipped, error)
            else:
                for parcel in shipped:
                    parcel.settle()

    async def _refused(self, topic: str, partition: int, parcels: Sequence[Parcel], error: KafkaError) -> None:
        too_large = isinstance(error, MessageSizeTooLargeError)
        for parcel in parcels:
            if too_large and len(parcels) > 1:  # the broker does not say for which of them
                await self._ship(topic, partition, [parcel])
            elif too_large and parcel.emit is not None:
                parcel.settle(_too_large(parcel.emit, len(parcel.value or b"")))
            else:
                parcel.settle(error)

    def _running(self, emits: Sequence[Emit]) -> AIOKafkaProducer:
        if self._producer is None or self._stopped:
            raise NotDeliveredError(emits, ProducerClosed("the outlet is not started, or stopped"))
        return self._producer

    async def _connect(self) -> AIOKafkaProducer:
        producer = AIOKafkaProducer(
            bootstrap_servers=self._bootstrap,
            max_batch_size=_BATCH_BYTES,
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
        log.warning("a producer was closed with records that it could not deliver in time")
        await producer.client.close()


async def _settled(receipt: Receipt) -> None:
    await receipt.settled
    if isinstance(receipt.error, KafkaError):
        raise NotDeliveredError(receipt.lost, receipt.error) from receipt.error
    if receipt.error is not None:
        raise receipt.error


def _too_large(emit: Emit, size: int) -> UndeliverableError:
    kind = type(emit.record).__name__
    return UndeliverableError(
        f"a {kind} of {size} bytes does not fit into a record of {emit.topic}: "
        "shorten the request, or raise the topic's max.message.bytes"
    )
