"""The topics on a real broker: whose times their records have, and whether that is told."""

from __future__ import annotations

import time
import uuid

from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from schemas.codec import Codec
from schemas.records import Message
from streams.cli.topics import states
from streams.client import admin, reader
from streams.embedded.kafka import KafkaServer
from streams.embedded.tansu import TansuServer
from streams.settings import Settings, load
from streams.topics import HOUR_MS, TopicSpec, table

VALUE = Codec().encode(Message(role="user", content="?"))


def named_anew() -> list[TopicSpec]:
    """Every topic of a river, under names of their own."""
    specs = table(["small"], partitions=1, replication=1, claim_horizon_ms=HOUR_MS)
    return [spec._replace(name=f"{spec.name}-{uuid.uuid4().hex[:8]}") for spec in specs]


async def publish(settings: Settings, names: list[str], at: int) -> None:
    producer = AIOKafkaProducer(**settings.producer_options())
    await producer.start()
    for name in names:
        await producer.send_and_wait(name, VALUE, b"key", timestamp_ms=at)
    await producer.stop()


async def test_a_producers_wrong_clock_leaves_no_trace_on_any_topic(kafka: KafkaServer) -> None:
    settings, specs = load(kafka=kafka.address), named_anew()
    names = [spec.name for spec in specs]
    async with admin(settings) as client:
        await client.create(specs, replication=1)
        assert {row["state"] for row in await states(client, specs)} == {"ok"}
    before = time.time_ns() // 1_000_000
    for wrong in (before - 24 * HOUR_MS, before + HOUR_MS // 2):
        await publish(settings, names, wrong)
    async with reader(settings, Message, names) as source:
        found = await source.to_the_end()
    after = time.time_ns() // 1_000_000
    assert sorted(received.topic for received in found) == sorted(2 * names)
    assert all(before <= received.timestamp <= after for received in found)


async def test_a_topic_that_has_the_times_of_its_producers_is_told(kafka: KafkaServer) -> None:
    spec = named_anew()[0]
    made = AIOKafkaAdminClient(bootstrap_servers=kafka.address)
    await made.start()
    await made.create_topics([NewTopic(spec.name, spec.partitions, 1)])
    await made.close()
    async with admin(load(kafka=kafka.address)) as client:
        (row,) = await states(client, [spec])
    assert "--add-config message.timestamp.type=LogAppendTime" in str(row["state"])


async def test_tansu_takes_the_topics_of_a_river() -> None:
    specs = named_anew()
    async with TansuServer() as server, admin(load(kafka=server.address)) as client:
        assert sorted(await client.create(specs, replication=1)) == sorted(spec.name for spec in specs)
        assert {row["state"] for row in await states(client, specs)} == {"ok"}
