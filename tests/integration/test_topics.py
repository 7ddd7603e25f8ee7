"""The topics on a real broker: whose times their records have, and whether that is told."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from agents.ledger.store import Store
from agents.policy import load as load_policy
from schemas import topics
from schemas.codec import Codec
from schemas.errors import SetupError
from schemas.records import Message
from streams import app
from streams.cli.topics import states
from streams.client import admin, reader
from streams.embedded.kafka import KafkaServer
from streams.embedded.tansu import TansuServer
from streams.settings import Settings, load
from streams.topic_ids import EveryTopic
from streams.topics import HOUR_MS, TopicSpec, table
from streams.wiring.accounting import wire_ledger
from streams.wiring.shared import Shared, real_models

POLICY = """
prices = [
  {model = "small", version = "p1", effective_from = 2025-01-01T00:00:00Z, input = "0.10", output = "0.40"},
  {model = "all-MiniLM-L6-v2", version = "p1", effective_from = 2025-01-01T00:00:00Z, input = "0.01", output = "0"},
]
models.small = {engine = "openai", window = 512}
tenants.bank = {cost_center = "desk", tasks = ["questions"]}
tasks.questions = {models = ["small"], baseline = "small"}
"""
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


@pytest.fixture(params=["kafka", "tansu"])
async def address(request: pytest.FixtureRequest, kafka: KafkaServer) -> AsyncIterator[str]:
    """Of a broker, one of each kind."""
    if request.param == "kafka":
        yield kafka.address
        return
    async with TansuServer() as server:
        yield server.address


async def test_a_topic_that_is_made_again_is_told_from_the_first(address: str) -> None:
    spec = named_anew()[0]
    ids = []
    async with admin(load(kafka=address)) as client:
        for _ in range(2):
            await client.create([spec], replication=1)
            ids += [(await client.existing())[spec.name].id for _ in range(2)]
            await client._client.delete_topics([spec.name])
            while spec.name in await client.existing():
                await asyncio.sleep(0.05)
    first, again, second, _ = ids
    assert first == again is not None
    assert second not in {first, None}


async def test_a_broker_that_tells_no_ids_is_asked_for_its_topics_all_the_same(kafka: KafkaServer) -> None:
    spec = named_anew()[0]
    async with admin(load(kafka=kafka.address)) as client:
        await client.create([spec], replication=1)
        for connection in client._client._client._conns.values():
            connection._versions[EveryTopic.API_KEY] = (0, 8)
        found = (await client.existing())[spec.name]
    assert found == (spec.name, spec.partitions, None)


async def test_a_ledger_is_not_gone_on_with_from_a_topic_that_was_made_again(tmp_path: Path) -> None:
    """The cluster's id is the same, as that of each container of one image; offsets begin again."""
    policy = tmp_path / "policy.toml"
    policy.write_text(POLICY)
    async with KafkaServer() as server:
        told = {"state_dir": tmp_path, "policy": policy, "partitions": 1, "stages": "ledger"}
        settings = load(kafka=server.address, ledger_url=f"sqlite:///{tmp_path}/ledger.db", **told)
        specs = [TopicSpec(name, 1, {}) for name in (topics.LEDGER, topics.FINOPS)]
        async with admin(settings) as client:
            cluster = await client.cluster_id()
            await client.create(specs, replication=1)
            store = Store(settings.ledger_url)
            store.bind(cluster)  # as an older release did
            store.close()
            for _ in range(2):
                await wired(settings)
            await client._client.delete_topics([topics.LEDGER])
            while topics.LEDGER in await client.existing():
                await asyncio.sleep(0.05)
            await client.create(specs, replication=1)
            with pytest.raises(SetupError, match="whose offsets begin again: name another ledger"):
                await wired(settings)


async def wired(settings: Settings) -> None:
    river = app.build(settings)
    try:
        await wire_ledger(Shared(river, load_policy(settings.policy_file()), real_models()))
    finally:
        await river.parts.aclose()


async def test_tansu_takes_the_topics_of_a_river() -> None:
    specs = named_anew()
    async with TansuServer() as server, admin(load(kafka=server.address)) as client:
        assert sorted(await client.create(specs, replication=1)) == sorted(spec.name for spec in specs)
        assert {row["state"] for row in await states(client, specs)} == {"ok"}
