"""The river from its banks: what a producer, a consumer or a person at a terminal does with its topics.

No consumer group is joined and nothing is committed: whoever looks leaves no trace.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Generic, NamedTuple, TypeVar

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError, UnknownTopicOrPartitionError, for_code
from aiokafka.structs import ConsumerRecord

from schemas import topics
from schemas.codec import Codec
from schemas.enums import Lane
from schemas.errors import ServiceError, SetupError
from schemas.record import Record
from schemas.registry import HttpRegistry
from streams.fetching import wait_as_asked
from streams.outlet import MAX_RECORD_BYTES, partition_of
from streams.settings import Settings
from streams.topic_ids import EveryTopic
from streams.topics import TopicSpec

R = TypeVar("R", bound=Record)

BEYOND_S = 1.0
"""How long topics are read beyond the ends that their broker reports: one broker in a wheel reports them too low, by
less than a batch."""
BRIEF_MS = 100
"""How long a fetch waits that keeps other partitions waiting."""
_KNOWN_S, _LOOK_S = 20.0, 0.1
_EXISTS = 36
"""Kafka's error code TOPIC_ALREADY_EXISTS."""

# aiokafka logs every failed dial as an error; whoever calls gets one exception that says it better.
logging.getLogger("aiokafka").setLevel(logging.CRITICAL)


class Received(NamedTuple, Generic[R]):
    """A record as it lies on its topic."""

    record: R
    raw: bytes
    topic: str
    partition: int
    offset: int
    key: bytes | None
    timestamp: int
    """Kafka's, UTC epoch milliseconds."""


def codec_of(settings: Settings) -> Codec:
    """Reads and writes as the settings say."""
    registry = HttpRegistry(settings.schema_registry) if settings.schema_registry else None
    return Codec(settings.framing, registry)


def whole_since(begins: Mapping[tuple[str, int], int], read: Iterable[Received[R]], *, emptied: int) -> int | None:
    """Since when topics have all that was published on them, in UTC epoch milliseconds; None: since ever.

    Partitions lose their beginnings at different times. What a partition has lost is no younger than the first
    record that is left of it; of one that has none left, it may be as young as ``emptied``.

    Args:
        begins: by topic and partition, the first offset that is still there.
        read: all records, each partition's in its order.
        emptied: the youngest that a record may be that its topic keeps no more, in UTC epoch milliseconds.
    """
    first: dict[tuple[str, int], int] = {}
    for one in read:
        first.setdefault((one.topic, one.partition), one.timestamp)
    return max((first.get(partition, emptied) for partition, offset in begins.items() if offset), default=None)


class Publisher:
    """Puts events on the river. Made by :func:`publisher`."""

    def __init__(self, producer: AIOKafkaProducer) -> None:
        self._producer = producer

    async def publish(self, lane: Lane, key: bytes, value: bytes) -> None:
        """Publish one event on the requests topic of a lane; return when it is durable."""
        await self.put(topics.laned(topics.REQUESTS, lane), key, value)

    async def put(self, topic: str, key: bytes | None, value: bytes) -> None:
        """Publish bytes as they are.

        Raises:
            ServiceError: the topic does not exist, or the broker did not take them.
        """
        try:
            await self._producer.send_and_wait(topic, value, key)
        except KafkaError as error:
            raise ServiceError(f"topic {topic} did not take the record ({error!r}): headrace doctor") from error


@asynccontextmanager
async def publisher(settings: Settings) -> AsyncIterator[Publisher]:
    """A connected producer, every publish acknowledged by all replicas.

    Raises:
        ServiceError: Kafka cannot be reached.
    """
    producer = AIOKafkaProducer(
        linger_ms=5,
        partitioner=partition_of,
        max_request_size=MAX_RECORD_BYTES,
        **settings.producer_options(),
    )
    try:
        with _reaching(settings):
            await producer.start()
        yield Publisher(producer)
    finally:
        await producer.stop()


class Reader(Generic[R]):
    """Reads topics of one record type, all partitions. Made by :func:`reader`."""

    def __init__(self, consumer: AIOKafkaConsumer, codec: Codec, kind: type[R]) -> None:
        self._consumer = consumer
        self._codec = codec
        self._kind = kind

    async def follow(self) -> AsyncIterator[Received[R]]:
        """What comes, for ever, in the order of each partition."""
        while True:
            for received in await self.take(1.0):
                yield received

    async def take(self, wait_s: float) -> list[Received[R]]:
        """What is there, after waiting ``wait_s`` at most for anything at all."""
        fetched = await self._consumer.getmany(timeout_ms=int(wait_s * 1000))
        return [self._received(record) for records in fetched.values() for record in records]

    async def to_the_end(self) -> list[Received[R]]:
        """Everything up to the end of the topics as they are now, and what comes within ``BEYOND_S`` of reaching it."""
        ends = await self._consumer.end_offsets(list(self._consumer.assignment()))
        found: list[Received[R]] = []
        while not all([await self._consumer.position(partition) >= end for partition, end in ends.items()]):
            found += await self.take(BEYOND_S)
        until = time.monotonic() + BEYOND_S
        while (left := until - time.monotonic()) > 0:
            found += await self.take(left)
        return found

    async def whole_since(self, read: Iterable[Received[R]], kept_ms: int = 0) -> int | None:
        """Since when the topics have all that was published on them; see :func:`whole_since`.

        Args:
            read: what :meth:`to_the_end` found.
            kept_ms: for how long the topics keep what is published on them, at least.
        """
        begins = await self._consumer.beginning_offsets(list(self._consumer.assignment()))
        by_partition = {(partition.topic, partition.partition): offset for partition, offset in begins.items()}
        return whole_since(by_partition, read, emptied=time.time_ns() // 1_000_000 - kept_ms)

    def _received(self, record: ConsumerRecord) -> Received[R]:
        value = record.value or b""
        return Received(
            self._codec.decode(value, self._kind),
            value,
            record.topic,
            record.partition,
            record.offset,
            record.key,
            record.timestamp,
        )


@asynccontextmanager
async def reader(
    settings: Settings, kind: type[R], names: Sequence[str], *, from_start: bool = True
) -> AsyncIterator[Reader[R]]:
    """A consumer of topics of one record type, placed at their start or at their end.

    Raises:
        ServiceError: Kafka cannot be reached.
        SetupError: a topic does not exist.
    """
    consumer = AIOKafkaConsumer(
        *names,
        group_id=None,
        enable_auto_commit=False,
        auto_offset_reset="earliest" if from_start else "latest",
        fetch_max_wait_ms=BRIEF_MS,
        **settings.kafka_options(),
    )
    try:
        with _reaching(settings):
            try:
                await consumer.start()
            except UnknownTopicOrPartitionError as error:
                raise SetupError(
                    f"{' or '.join(names)} does not exist on {settings.kafka}: headrace topics create"
                ) from error
        # Its place is found out in the background. Until it is, what comes could come before it.
        await asyncio.gather(*(consumer.position(partition) for partition in consumer.assignment()))
        wait_as_asked(consumer._fetcher, brief_ms=BRIEF_MS)
        yield Reader(consumer, codec_of(settings), kind)
    finally:
        await consumer.stop()


class TopicState(NamedTuple):
    """A topic as the broker has it."""

    name: str
    partitions: int
    id: str | None = None
    """Another for every topic that was ever made, whatever its name; None where the broker tells none."""


class Admin:
    """Looks after topics. Made by :func:`admin`."""

    def __init__(self, client: AIOKafkaAdminClient) -> None:
        self._client = client

    async def existing(self) -> dict[str, TopicState]:
        """The topics that are there, by name."""
        described = (await self._client._send_request(EveryTopic())).to_object()["topics"]
        return {
            found["topic"]: TopicState(found["topic"], len(found["partitions"]), found.get("topic_id"))
            for found in described
        }

    async def configs(self, names: Iterable[str]) -> dict[str, dict[str, str]]:
        """What is in force on topics, by name; those are left out that are not there or may not be looked at."""
        asked = [ConfigResource(ConfigResourceType.TOPIC, name) for name in names]
        answered = await self._client.describe_configs(asked)
        return {
            name: {key: value for key, value, *_ in entries}
            for answer in answered
            for code, _, _, name, entries in answer.resources
            if code == 0
        }

    async def kept_ms(self, name: str) -> int:
        """For how long a topic keeps what is published on it, at least; 0 where nobody can say."""
        config = (await self.configs([name])).get(name, {})
        by_time = int(config.get("retention.ms", -1))
        return by_time if by_time > 0 and config.get("retention.bytes", "-1") == "-1" else 0

    async def cluster_id(self) -> str:
        """The cluster's id, which need not be its own: see :mod:`streams.topic_ids`."""
        return str((await self._client.describe_cluster())["cluster_id"])

    async def create(self, specs: Iterable[TopicSpec], *, replication: int) -> list[str]:
        """Create those that are not there; return their names once the broker knows them.

        Raises:
            ServiceError: the broker refused one.
        """
        there = await self.existing()
        new = [
            NewTopic(spec.name, spec.partitions, replication, topic_configs=spec.config)
            for spec in specs
            if spec.name not in there
        ]
        if not new:
            return []
        answered = await self._client.create_topics(new)
        made = []
        for name, code, *said in answered.topic_errors:
            if code not in {0, _EXISTS}:
                reason = said[0] if said and said[0] else for_code(code).__name__
                raise ServiceError(f"the broker refused topic {name}: {reason}")
            made += [name] if code == 0 else []
        # Kafka answers before its own metadata have them, and a client that asks too soon is told they do not exist.
        until = time.monotonic() + _KNOWN_S
        while not set(made) <= set(await self.existing()):
            if time.monotonic() > until:
                raise ServiceError(f"the broker made topics, and does not list them after {_KNOWN_S:.0f} s")
            await asyncio.sleep(_LOOK_S)
        return made


@asynccontextmanager
async def admin(settings: Settings) -> AsyncIterator[Admin]:
    """A connected admin client.

    Raises:
        ServiceError: Kafka cannot be reached.
    """
    client = AIOKafkaAdminClient(**settings.kafka_options())
    try:
        with _reaching(settings):
            await client.start()
        yield Admin(client)
    finally:
        await client.close()


@contextmanager
def _reaching(settings: Settings) -> Iterator[None]:
    try:
        yield
    except (KafkaError, OSError, ValueError) as error:
        raise ServiceError(
            f"Kafka at {settings.kafka} cannot be reached ({error}): set HEADRACE_KAFKA, or start one with headrace up"
        ) from error
