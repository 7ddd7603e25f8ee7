"""The outlet on a real Kafka: durable when it says so, whatever happens to the broker or to the producer."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError
from confluent_kafka import Producer

from agents.stage import Emit
from schemas.codec import Codec
from schemas.errors import UndeliverableError
from schemas.records import Message
from streams.embedded.kafka import KafkaServer
from streams.flow import NotDeliveredError
from streams.outlet import Outlet, partition_of

PARTITIONS = 4
codec = Codec()


def emit(topic: str, number: int, size: int = 10) -> Emit:
    return Emit(topic, b"%d" % number, Message(role="user", content="x" * size))


async def make_topic(server: KafkaServer, **config: str) -> str:
    name = f"outlet-{uuid.uuid4().hex[:8]}"
    admin = AIOKafkaAdminClient(bootstrap_servers=server.address)
    await admin.start()
    await admin.create_topics([NewTopic(name, PARTITIONS, 1, topic_configs=config)])
    await admin.close()
    return name


async def read(
    server: KafkaServer,
    topic: str,
    count: int,
    seconds: float = 20.0,
    by: Callable[[Any], object] = lambda record: record.key,
) -> list[Any]:
    """The records of a topic, until so many different keys are there, or what else they are told ``by``."""
    found: list[Any] = []
    consumer = AIOKafkaConsumer(topic, bootstrap_servers=server.address, auto_offset_reset="earliest")
    await consumer.start()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            while len({by(record) for record in found}) < count:
                for records in (await consumer.getmany(timeout_ms=200)).values():
                    found.extend(records)
    await consumer.stop()
    return found


@pytest.fixture(name="outlet")
async def _outlet(kafka: KafkaServer) -> AsyncIterator[Outlet]:
    outlet = Outlet(kafka.address, codec.encode)
    await outlet.start()
    yield outlet
    await outlet.stop()


async def until_delivered(send: Callable[[], Awaitable[None]]) -> int:
    """Send as a flow does; how often it took."""
    for tries in range(1, 200):
        try:
            await send()
        except NotDeliveredError:
            await asyncio.sleep(0.1)
        else:
            return tries
    raise AssertionError("never delivered")


async def test_what_was_sent_is_there_when_send_returns(kafka: KafkaServer, outlet: Outlet) -> None:
    topic = await make_topic(kafka)
    headers = {"traceparent": b"00-1", "secret": b"no", "tracestate": b"a=1"}
    await outlet.send([emit(topic, 1), emit(topic, 2)], headers)
    records = await read(kafka, topic, 2)
    assert {record.key: codec.decode(record.value, Message).role for record in records} == {b"1": "user", b"2": "user"}
    assert all(dict(record.headers) == {"traceparent": b"00-1", "tracestate": b"a=1"} for record in records)


async def test_records_without_a_key_are_spread_and_lie_in_the_same_place_again(
    kafka: KafkaServer, outlet: Outlet
) -> None:
    topic = await make_topic(kafka)
    emits = [Emit(topic, None, Message(role="user", content=f"r-{n}"), place=b"r-%d" % n) for n in range(40)]
    for _ in range(2):
        await outlet.send(emits, {})
    records = await read(kafka, topic, 80, by=lambda record: (record.partition, record.offset))
    lie = {(codec.decode(record.value, Message).content, record.partition) for record in records}
    assert len(records) == 80
    assert lie == {(f"r-{n}", partition_of(b"r-%d" % n, range(PARTITIONS), ())) for n in range(40)}
    assert {partition for _, partition in lie} == set(range(PARTITIONS))
    assert {record.key for record in records} == {None}


async def test_an_empty_key_is_a_key_whose_records_lie_on_one_partition(kafka: KafkaServer, outlet: Outlet) -> None:
    topic = await make_topic(kafka)
    await outlet.send([Emit(topic, b"", Message(role="user", content=f"e-{n}")) for n in range(20)], {})
    records = await read(kafka, topic, 20, by=lambda record: record.offset)
    assert len({record.partition for record in records}) == 1


async def test_bytes_go_to_the_partition_that_they_were_written_to(kafka: KafkaServer, outlet: Outlet) -> None:
    topic = await make_topic(kafka)
    await asyncio.gather(*(outlet.write(topic, number % PARTITIONS, b"%d" % number, b"v") for number in range(20)))
    records = await read(kafka, topic, 20)
    assert all(record.partition == int(record.key) % PARTITIONS for record in records)


async def test_records_that_no_one_batch_holds_go_in_several(kafka: KafkaServer, outlet: Outlet) -> None:
    topic = await make_topic(kafka, **{"max.message.bytes": "4000000"})
    sizes = {number: 3_000_000 if number == 17 else 50_000 for number in range(60)}  # a batch holds 262,144 bytes
    await asyncio.gather(*(outlet.send([emit(topic, number, size)], {}) for number, size in sizes.items()))
    records = await read(kafka, topic, 60)
    assert len(records) == 60
    assert {int(record.key): len(codec.decode(record.value, Message).content) for record in records} == sizes


async def test_stop_gives_up_what_no_broker_takes() -> None:
    async with KafkaServer() as server:
        topic = await make_topic(server)
        outlet = Outlet(server.address, codec.encode)
        await outlet.start()
        await outlet.send([emit(topic, 0)], {})
        await server.kill()
        sending = [asyncio.create_task(outlet.send([emit(topic, number)], {})) for number in range(5)]
        await asyncio.sleep(0.1)
        async with asyncio.timeout(10):
            await outlet.stop(limit_s=0.5)
            outcomes = await asyncio.gather(*sending, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [NotDeliveredError] * 5


async def test_stop_delivers_what_is_on_its_way(kafka: KafkaServer) -> None:
    topic = await make_topic(kafka)
    outlet = Outlet(kafka.address, codec.encode)
    await outlet.start()
    await outlet.send([emit(topic, 0)], {})
    sending = [asyncio.create_task(outlet.send([emit(topic, number)], {})) for number in range(500)]
    await asyncio.sleep(0)
    await outlet.stop()
    await asyncio.gather(*sending)
    assert len({record.key for record in await read(kafka, topic, 500)}) == 500
    with pytest.raises(NotDeliveredError):
        await outlet.send([emit(topic, 1)], {})


async def test_a_record_over_our_own_limit_is_refused_before_anything_is_sent(kafka: KafkaServer) -> None:
    topic = await make_topic(kafka)
    outlet = Outlet(kafka.address, codec.encode, max_record_bytes=1000)
    await outlet.start()
    with pytest.raises(UndeliverableError, match=r"max\.message\.bytes"):
        await outlet.send([emit(topic, 1), emit(topic, 2, size=1000)], {})
    await outlet.stop()
    assert await read(kafka, topic, 1, seconds=1) == []


async def test_a_record_over_the_topics_limit_is_refused_and_takes_no_other_with_it(
    kafka: KafkaServer, outlet: Outlet
) -> None:
    topic = await make_topic(kafka, **{"max.message.bytes": "3000"})

    async def send(number: int) -> None:
        await until_delivered(lambda: outlet.send([emit(topic, number, size=5000 if number == 7 else 100)], {}))

    outcomes = await asyncio.gather(*(send(number) for number in range(20)), return_exceptions=True)
    assert [number for number, outcome in enumerate(outcomes) if isinstance(outcome, UndeliverableError)] == [7]
    assert [outcome for outcome in outcomes if outcome is not None] == [outcomes[7]]
    assert len({record.key for record in await read(kafka, topic, 19)}) == 19


async def test_a_producer_that_the_broker_no_longer_believes_is_replaced(kafka: KafkaServer, outlet: Outlet) -> None:
    topic = await make_topic(kafka)
    await outlet.send([emit(topic, number) for number in range(40)], {})
    first = outlet._producer
    assert first is not None
    for tp in list(first._txn_manager._sequence_numbers):
        first._txn_manager.increment_sequence_number(tp, 1000)  # as after a batch that was given up
    tries = await asyncio.gather(
        *(until_delivered(lambda n=number: outlet.send([emit(topic, n)], {})) for number in range(100, 140))
    )
    assert max(tries) > 1
    assert outlet._producer is not first
    assert len({record.key for record in await read(kafka, topic, 80)}) == 80


async def test_a_producer_that_takes_nothing_more_is_replaced(kafka: KafkaServer, outlet: Outlet) -> None:
    topic = await make_topic(kafka)
    await outlet.send([emit(topic, 0)], {})
    first = outlet._producer
    assert first is not None
    first._message_accumulator.fail_all(KafkaError("as after the death of its sender"))
    assert await until_delivered(lambda: outlet.send([emit(topic, 1)], {})) == 2
    assert outlet._producer is not first


async def test_a_broker_that_dies_and_comes_back_costs_no_record() -> None:
    async with KafkaServer() as server:
        topic = await make_topic(server)
        outlet = Outlet(server.address, codec.encode)
        await outlet.start()

        async def work(first: int) -> None:
            for number in range(first, first + 100):
                await until_delivered(lambda n=number: outlet.send([emit(topic, n)], {}))
                await asyncio.sleep(0.01)

        working = asyncio.gather(*(work(first * 100) for first in range(30)))
        await asyncio.sleep(1.0)
        await server.kill()
        await asyncio.sleep(1.0)
        assert not working.done()
        await server.start()
        await working
        await outlet.stop()
        seen = Counter(record.key for record in await read(server, topic, 3000))
        print(f"\nsent 3000, found {len(seen)}, written twice {sum(seen.values()) - len(seen)}")
        assert len(seen) == 3000


async def test_keys_go_where_librdkafka_sends_them(kafka: KafkaServer) -> None:
    topic = await make_topic(kafka)
    producer = Producer({"bootstrap.servers": kafka.address})
    for number in range(50):
        producer.produce(topic, key=b"key %d" % number, value=b"v")
    await asyncio.to_thread(producer.flush, 10)
    partitions = range(PARTITIONS)
    records = await read(kafka, topic, 50)
    assert len(records) == 50
    assert all(record.partition == partition_of(record.key, partitions, partitions) for record in records)
