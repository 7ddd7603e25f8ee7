"""Strangers read what we write and we read what they write: kcat, confluent-kafka, the reference Avro library.

On a real Kafka with a real schema registry.
"""

from __future__ import annotations

import asyncio
import io
import json
import shutil
import struct
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from uuid import uuid4

import avro.io
import avro.schema
import fastavro
import msgspec
import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from confluent_kafka import Consumer, DeserializingConsumer, Producer, SerializingProducer
from confluent_kafka import TopicPartition as Place
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroDeserializer, AvroSerializer
from confluent_kafka.serialization import StringSerializer

from agents.stage import Emit
from schemas import registry, topics
from schemas.codec import Codec
from schemas.enums import Source, Status
from schemas.ledger import CostLine, Removal, SavingLine, Timings, Usage, Waterfall
from schemas.records import Message, PredictionRequest, PredictionResponse, Sampling
from schemas.registry import HttpRegistry
from streams import client
from streams.embedded.kafka import KafkaServer
from streams.outlet import Outlet, partition_of
from streams.settings import load
from streams.topics import TopicSpec, table
from tests.services.apicurio import ApicurioServer

PARTITIONS = 8
KEYS = "interop.keys"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

RESPONSE = PredictionResponse(
    response_id="bank/r-1@41",
    request_id="r-1",
    tenant="bank",
    task="desk",
    status=Status.COMPLETED,
    source=Source.ENGINE,
    text="Zürich is open: 9–16 h.\n\x00 Not on Sundays. 🏦",
    finish_reason="stop",
    model="smollm2",
    cached_from=None,
    error_code=None,
    error_message=None,
    usage=Usage(
        published_tokens=120, removed=[Removal(strategy="history", tokens=20)], prompt_tokens=100, completion_tokens=9
    ),
    timings=Timings(queue=1, prefill=20_000, decode=300_000),
    waterfall=Waterfall(
        list_cost=2**53 + 1,  # one more than a float can hold
        savings=[SavingLine(strategy="history", tokens=20, gross=2**53 - 998, cost=1)],
        effective_cost=1000,
        costs=[CostLine(kind="input", strategy=None, model="smollm2", tokens=100, cost=1000, price_version="2026-01")],
    ),
    received_at=1_750_000_000_123,
    answered_at=1_750_000_000_999,
)


@pytest.fixture(scope="module")
def river(kafka: KafkaServer) -> KafkaServer:
    """The Kafka with our topics, made as the worker makes them."""

    async def create() -> None:
        specs = table([], partitions=PARTITIONS, replication=1, claim_horizon_ms=3_600_000)
        async with client.admin(load(kafka=kafka.address)) as admin:
            await admin.create([*specs, TopicSpec(KEYS, PARTITIONS, {})], replication=1)

    asyncio.run(create())
    return kafka


@pytest.fixture
def confluent(apicurio: ApicurioServer) -> Iterator[SchemaRegistryClient]:
    """Confluent's own client of the registry that our codec uses."""
    with SchemaRegistryClient({"url": apicurio.url}) as confluent:
        yield confluent


class Published(NamedTuple):
    """A response as it went out, and where."""

    key: bytes
    value: bytes
    partition: int


@pytest.fixture
def published(river: KafkaServer, apicurio: ApicurioServer) -> Published:
    """RESPONSE on its topic under a key of its own, in Confluent framing, sent as settlement sends it."""
    codec = Codec("confluent", HttpRegistry(apicurio.url))
    key = b"customer\n" + uuid4().bytes

    async def publish() -> None:
        outlet = Outlet(river.address, codec.encode)
        await outlet.start()
        await outlet.send([Emit(topics.RESPONSES, key, RESPONSE)], {})
        await outlet.stop()

    asyncio.run(publish())
    return Published(key, codec.encode(RESPONSE), partition_of(key, range(PARTITIONS), ()))


def kcat(*arguments: str) -> bytes:
    if shutil.which("kcat") is None:
        pytest.fail("kcat is not on PATH: apt-get install kcat", pytrace=False)
    ran = subprocess.run(["kcat", *arguments], capture_output=True, timeout=60, check=False)
    assert ran.returncode == 0, ran.stderr.decode()
    return ran.stdout


def kcat_lines(output: bytes) -> Iterator[tuple[int, bytes, bytes]]:
    """Partition, key and value of each record that kcat printed, any bytes in them."""
    stream = io.BytesIO(output)
    while line := stream.readline():
        partition, key_size, value_size = map(int, line.split())
        yield partition, stream.read(max(0, key_size)), stream.read(max(0, value_size))


def test_kcat_reads_the_bytes_of_a_response(
    river: KafkaServer, published: Published, confluent: SchemaRegistryClient
) -> None:
    lengths_then_bytes = r"%p %K %S\n%k%s"
    output = kcat(
        "-C", "-q", "-e", "-b", river.address, "-t", topics.RESPONSES, "-o", "beginning", "-f", lengths_then_bytes
    )
    ours = [found for found in kcat_lines(output) if found[1] == published.key]
    assert ours == [(published.partition, published.key, published.value)]
    magic, number = struct.unpack(">bI", ours[0][2][:5])
    assert magic == 0
    assert json.loads(confluent.get_schema(number).schema_str) == json.loads(registry.text("PredictionResponse"))


@contextmanager
def reading(consumer: Consumer, partition: int) -> Iterator[Consumer]:
    consumer.assign([Place(topics.RESPONSES, partition, 0)])
    try:
        yield consumer
    finally:
        consumer.close()


def with_instants(record: Any) -> dict[str, Any]:
    """The record's plain fields, its instants as the logical type says."""
    fields: dict[str, Any] = msgspec.to_builtins(record, builtin_types=(bytes,))
    instants = {name for name in fields if name.endswith("_at")}
    return {**fields, **{name: EPOCH + timedelta(milliseconds=fields[name]) for name in instants}}


def test_confluents_own_consumer_reads_every_field_of_a_response(
    river: KafkaServer, published: Published, confluent: SchemaRegistryClient
) -> None:
    options = {"bootstrap.servers": river.address, "group.id": "interop", "enable.auto.commit": False}
    consumer = DeserializingConsumer({**options, "value.deserializer": AvroDeserializer(confluent)})
    with reading(consumer, published.partition):
        message = None
        while message is None or message.key() != published.key:
            message = consumer.poll(30)
            assert message is not None, "nothing came within 30 s"
    assert message.value() == with_instants(RESPONSE)
    assert message.value()["answered_at"] == datetime(2025, 6, 15, 15, 6, 40, 999_000, tzinfo=UTC)


def produced(river: KafkaServer, confluent: SchemaRegistryClient, schema: str, fields: dict[str, Any]) -> bytes:
    """The value of a request that confluent-kafka published, as it lies on the topic."""
    serializer = AvroSerializer(confluent, schema)
    options = {"bootstrap.servers": river.address, "key.serializer": StringSerializer(), "acks": "all"}
    places: list[Any] = []
    with closing(SerializingProducer({**options, "value.serializer": serializer})) as producer:
        producer.produce(topics.REQUESTS, key="customer-7", value=fields, on_delivery=lambda *said: places.append(said))
        assert producer.flush(30) == 0
    ((error, message),) = places
    assert error is None
    return asyncio.run(_at(river, TopicPartition(topics.REQUESTS, message.partition()), message.offset()))


async def _at(river: KafkaServer, partition: TopicPartition, offset: int) -> bytes:
    consumer = AIOKafkaConsumer(bootstrap_servers=river.address, group_id=None)
    await consumer.start()
    try:
        consumer.assign([partition])
        consumer.seek(partition, offset)
        found = await asyncio.wait_for(consumer.getone(), 30)
        assert found.offset == offset
        return bytes(found.value)
    finally:
        await consumer.stop()


def test_we_read_a_request_that_confluents_serializer_wrote(
    river: KafkaServer, apicurio: ApicurioServer, confluent: SchemaRegistryClient
) -> None:
    request = PredictionRequest(
        request_id="r-7",
        tenant="bank",
        task="desk",
        messages=[Message(role="system", content="Be brief."), Message(role="user", content="Öffnungszeiten?")],
        sampling=Sampling(max_tokens=32, seed=7, stop=["\n"]),
        model="smollm2",
        deadline=1_750_000_000_123,
    )
    deadline = EPOCH + timedelta(milliseconds=1_750_000_000_123)
    fields = {**msgspec.to_builtins(request), "deadline": deadline}
    value = produced(river, confluent, registry.text("PredictionRequest"), fields)
    assert value[:1] == b"\x00"
    assert Codec(source=HttpRegistry(apicurio.url)).decode(value, PredictionRequest) == request


def test_we_read_a_request_of_a_producer_whose_schema_is_its_own(
    river: KafkaServer, apicurio: ApicurioServer, confluent: SchemaRegistryClient
) -> None:
    """It leaves out what has a default and adds a field that we do not know, within the registry's rules."""
    schema = json.loads(registry.text("PredictionRequest"))
    kept = [field for field in schema["fields"] if field["name"] not in {"sampling", "model", "cost_center"}]
    own = {"name": "channel", "type": {"type": "enum", "name": "Channel", "symbols": ["APP", "WEB"]}, "default": "WEB"}
    schema["fields"] = [own, *reversed(kept)]
    fields = {
        "channel": "APP",
        "request_id": "r-8",
        "tenant": "bank",
        "task": "desk",
        "messages": [{"role": "user", "content": "?"}],
        "deadline": None,
    }
    value = produced(river, confluent, json.dumps(schema), fields)
    assert Codec(source=HttpRegistry(apicurio.url)).decode(value, PredictionRequest) == PredictionRequest(
        request_id="r-8", tenant="bank", task="desk", messages=[Message(role="user", content="?")]
    )


def test_librdkafkas_clients_put_a_key_on_the_partition_that_we_do(river: KafkaServer) -> None:
    """Or a producer in C, Go or Python and our own would spread one key over two partitions."""
    landed: dict[bytes, int] = {}

    def delivered(_: object, message: Any) -> None:
        landed[message.key()] = message.partition()

    with closing(Producer({"bootstrap.servers": river.address})) as producer:
        for number in range(200):
            producer.produce(KEYS, key=f"käse/{number}", on_delivery=delivered)
        assert producer.flush(30) == 0
    assert len(landed) == 200
    assert landed == {key: partition_of(key, range(PARTITIONS), ()) for key in landed}


# Single-object framing, against the specification.


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        # The fingerprint of the first case in the specification's own test data is 7195948357588979594.
        ("null", struct.pack("<Q", 7195948357588979594)),
        # Out of the Java library, which is the reference for canonical forms: a logical type is no part of them.
        (
            {
                "type": "record",
                "name": "headrace.Probe",
                "fields": [{"name": "at", "type": {"type": "long", "logicalType": "timestamp-millis"}}],
            },
            bytes.fromhex("1c25121e25c57f63"),
        ),
    ],
)
def test_fingerprints_are_those_of_the_specification(schema: Any, expected: bytes) -> None:
    assert registry.fingerprint(fastavro.parse_schema(schema)) == expected


def as_avro_has_it(name: str, *, logical_types: bool) -> avro.schema.Schema:
    """Our schema as the reference library understands it.

    Unlike Java's, it leaves a trace of logical types in the canonical form.
    """

    def kept(node: dict[str, Any]) -> dict[str, Any]:
        return {key: value for key, value in node.items() if logical_types or key != "logicalType"}

    return avro.schema.parse(json.dumps(json.loads(registry.text(name), object_hook=kept)))


@pytest.mark.parametrize("name", sorted(path.name.split(".")[1] for path in registry.FOLDER.glob("headrace.*.avsc")))
def test_the_reference_library_finds_the_same_fingerprint(name: str) -> None:
    ours = registry.fingerprint(registry.schema(name))
    assert ours == as_avro_has_it(name, logical_types=False).fingerprint()


def test_the_reference_library_reads_a_response_in_single_object_framing() -> None:
    written = Codec("single-object").encode(RESPONSE)
    fingerprint = as_avro_has_it("PredictionResponse", logical_types=False).fingerprint()
    assert written[:10] == b"\xc3\x01" + fingerprint
    body = io.BytesIO(written[10:])
    reader = avro.io.DatumReader(as_avro_has_it("PredictionResponse", logical_types=True))
    assert reader.read(avro.io.BinaryDecoder(body)) == with_instants(RESPONSE)
    assert body.read() == b"", "nothing is left over"
