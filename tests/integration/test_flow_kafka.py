"""Faust, Flow and Outlet on a real Kafka: workers are killed, told to end, and the broker dies. Nothing is lost.

Run as a program it is the worker: ``python test_flow_kafka.py BOOTSTRAP DATADIR``.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import faust
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.record.default_records import _DefaultRecordBatchBuilderPy

from agents.stage import Delivery, Emit, dead_letter
from schemas.codec import Codec
from schemas.errors import FatalError, HeadraceError
from schemas.records import DeadLetter, Message
from streams.consumer import SETTINGS, Transport, Worker, lead
from streams.embedded import kafka
from streams.fetching import PATIENT_MS, wait_as_asked
from streams.flow import Flow, Limits
from streams.outlet import Outlet

IN, OUT, DEAD = "flow.in", "flow.out", "flow.dead"
PARTITIONS = 4
RECORDS = 6000
POISON_EVERY = 500
SECONDS = 22.0


class Echo:
    """Answers after a while: mostly soon, sometimes late."""

    def deadline(self, delivery: Delivery[Message]) -> int:
        return int(time.time() * 1000) + 20_000

    async def __call__(self, delivery: Delivery[Message]) -> Sequence[Emit]:
        chance = random.Random(delivery.raw)
        await asyncio.sleep(chance.uniform(0.0, 0.03) if chance.random() < 0.99 else 0.4)
        if delivery.record.content == "fatal" and not Path(sys.argv[2], "fatal").exists():
            Path(sys.argv[2], "fatal").touch()
            raise FatalError("stop here, once")
        return [Emit(OUT, delivery.key or b"", delivery.record)]

    def failed(self, delivery: Delivery[Message], error: HeadraceError) -> Sequence[Emit]:
        return [dead_letter(delivery, error, "echo", DEAD)]


class River(faust.App):  # type: ignore[misc]
    """An app that starts its outlet before it consumes, and stops it after the last commit."""

    outlet: Outlet

    async def on_start(self) -> None:
        await super().on_start()
        await self.outlet.start()

    async def on_stop(self) -> None:
        await super().on_stop()
        await self.outlet.stop()


def worker(bootstrap: str, directory: str) -> None:
    codec, stage = Codec(), Echo()
    quick = {"broker_session_timeout": 2.0, "broker_heartbeat_interval": 0.5}  # the dead are noticed sooner
    app = River("flow-test", broker=f"kafka://{bootstrap}", datadir=directory, Worker=Worker, **SETTINGS | quick)
    app.transport = Transport(app, drain_s=5.0)
    app.outlet = Outlet(bootstrap, codec.encode)
    flow = Flow(
        stage,
        decode=lambda raw: codec.decode(raw, Message),
        send=app.outlet.send,
        poison=stage.failed,
        ack=app.transport.acknowledge,
        halt=app.transport.halt,
        now=lambda: int(time.time() * 1000),
        limits=Limits(records=200),
    )
    app.transport.flows[IN] = flow

    @app.agent(app.topic(IN), name="echo")
    async def echo(stream: Any) -> None:
        await lead(stream, flow)

    Worker(app, loglevel="INFO").execute_from_commandline()


class Supervised:
    """A worker process that is started again whenever it ends, as a supervisor would."""

    def __init__(self, bootstrap: str, directory: Path, number: int) -> None:
        self._command = [sys.executable, __file__, bootstrap, str(directory)]
        self._path = directory / f"worker-{number}.log"
        self._log = self._path.open("ab")
        self._process: asyncio.subprocess.Process | None = None
        self._wanted = True
        self.exits: list[int] = []
        self._watch = asyncio.create_task(self._run())

    async def _run(self) -> None:
        while self._wanted:
            process = self._process = await asyncio.create_subprocess_exec(
                *self._command, stdout=self._log, stderr=self._log
            )
            self.exits.append(await process.wait())
            await asyncio.sleep(0.1)

    async def ready(self) -> None:
        """Return when the process that runs now consumes."""
        async with asyncio.timeout(40):
            while self._process is None or b"[%d] [INFO] [^Worker]: Ready" % self._process.pid not in self.said():
                await asyncio.sleep(0.1)

    def said(self) -> bytes:
        """All that it logged, over all its lives."""
        return self._path.read_bytes()

    def signal(self, number: signal.Signals) -> None:
        process, self._process = self._process, None  # what it was; the next one is not there yet
        if process is not None and process.returncode is None:
            process.send_signal(number)

    async def stop(self, seconds: float = 25.0) -> None:
        self._wanted = False
        self.signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(asyncio.shield(self._watch), seconds)
        finally:
            if not self._watch.done():
                self.signal(signal.SIGKILL)
                await self._watch
            self._log.close()


@pytest.fixture(name="broker")
async def _broker() -> AsyncIterator[kafka.KafkaServer]:
    if why := kafka.unavailable():
        pytest.skip(why)
    async with kafka.KafkaServer() as server:
        admin = AIOKafkaAdminClient(bootstrap_servers=server.address)
        await admin.start()
        await admin.create_topics([NewTopic(name, PARTITIONS, 1) for name in (IN, OUT, DEAD)])
        await admin.close()
        yield server


async def publish(bootstrap: str, count: int, seconds: float, *, fatal: int | None = None) -> None:
    """Messages numbered from 0, some of them no Avro, and one that is fatal the first time it is worked on."""
    codec = Codec()
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, enable_idempotence=True, acks="all", linger_ms=5)
    await producer.start()
    began = time.monotonic()
    deliveries = []
    try:
        for number in range(count):
            content = "fatal" if number == fatal else f"message {number}"
            value = codec.encode(Message(role="user", content=content))
            if number % POISON_EVERY == 0:
                value = b"poison %d" % number
            deliveries.append(await producer.send(IN, value, b"%d" % number))
            await asyncio.sleep(max(0.0, began + seconds * number / count - time.monotonic()))
        await asyncio.gather(*deliveries)
    finally:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(producer.stop(), 5)


async def keys_of(bootstrap: str, topic: str, *, wanted: int, seconds: float) -> Counter[int]:
    """How often each number is on a topic, read until ``wanted`` different ones are there."""
    found: Counter[int] = Counter()
    consumer = AIOKafkaConsumer(topic, bootstrap_servers=bootstrap, auto_offset_reset="earliest")
    await consumer.start()
    try:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while len(found) < wanted:
                    for records in (await consumer.getmany(timeout_ms=500)).values():
                        found.update(int(record.key) for record in records)
    finally:
        await consumer.stop()
    return found


async def dead_letters(bootstrap: str) -> dict[int, DeadLetter]:
    codec = Codec()
    found: dict[int, DeadLetter] = {}
    consumer = AIOKafkaConsumer(DEAD, bootstrap_servers=bootstrap, auto_offset_reset="earliest")
    await consumer.start()
    while batches := await consumer.getmany(timeout_ms=2000):
        for records in batches.values():
            found |= {int(record.key): codec.decode(record.value, DeadLetter) for record in records}
    await consumer.stop()
    return found


async def test_nothing_is_lost_when_workers_and_the_broker_die(broker: kafka.KafkaServer, tmp_path: Path) -> None:
    chance = random.Random(7)
    workers = [Supervised(broker.address, tmp_path, number) for number in range(2)]
    kills = terms = 0
    try:
        await asyncio.gather(*(worker.ready() for worker in workers))
        publishing = asyncio.create_task(publish(broker.address, RECORDS, SECONDS))
        for blow in ("kill", "kill", "broker", "kill", "term", "kill"):
            victim = chance.choice(workers)
            await victim.ready()
            await asyncio.sleep(2.0)
            if blow == "broker":
                await broker.kill()
                await asyncio.sleep(1.0)
                await broker.start()
            elif blow == "term":
                victim.signal(signal.SIGTERM)
                terms += 1
            else:
                victim.signal(signal.SIGKILL)
                kills += 1
        await publishing
        poison = len(range(0, RECORDS, POISON_EVERY))
        answered = await keys_of(broker.address, OUT, wanted=RECORDS - poison, seconds=60)
        letters = await dead_letters(broker.address)
        await asyncio.gather(*(worker.ready() for worker in workers))
        await asyncio.gather(*(worker.stop() for worker in workers))
    finally:
        for worker in workers:
            with contextlib.suppress(ValueError):
                worker.signal(signal.SIGKILL)
    lost = set(range(RECORDS)) - set(answered) - set(letters)
    again = sum(answered.values()) - len(answered)
    exits = Counter(code for worker in workers for code in worker.exits)
    print(
        f"\npublished {RECORDS}, answered {len(answered)}, dead letters {len(letters)}, lost {len(lost)}, "
        f"worked on again {again}; SIGKILLs {kills}, SIGTERMs {terms}, broker deaths 1, exits {dict(exits)}"
    )
    assert not lost
    assert sorted(letters) == list(range(0, RECORDS, POISON_EVERY))
    assert all(letter.value == b"poison %d" % number for number, letter in letters.items())
    assert exits[0] >= terms + len(workers), "SIGTERM ends a worker in order"
    assert again < RECORDS, "what was committed is not worked on again"


async def test_a_fatal_record_stops_its_worker_and_is_worked_on_by_the_next(
    broker: kafka.KafkaServer, tmp_path: Path
) -> None:
    worker = Supervised(broker.address, tmp_path, 0)
    await worker.ready()
    await publish(broker.address, 200, 0.5, fatal=77)
    assert len(await keys_of(broker.address, OUT, wanted=199, seconds=30)) == 199
    assert worker.exits == [1]
    assert b"stop here, once" in worker.said()
    await worker.ready()
    await worker.stop()
    assert worker.exits == [1, 0]


class Latin1(str):
    """A header name of a producer that does not know that it must be UTF-8."""

    def encode(self, encoding: str = "", errors: str = "strict") -> bytes:
        return super().encode("latin-1", errors)


async def publish_batch(bootstrap: str, partition: int, compression: int, names: dict[int, str]) -> None:
    """One batch of messages, numbered and each with one header."""
    codec = Codec()
    async with AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all") as producer:
        batch = producer.create_batch()
        batch._builder = _DefaultRecordBatchBuilderPy(2, compression, 0, -1, -1, 0, 65536)
        for number, name in names.items():
            value = codec.encode(Message(role="user", content=f"message {number}"))
            batch.append(key=b"%d" % number, value=value, timestamp=None, headers=[(name, b"value")])
        batch.close()
        await (await producer.send_batch(batch, IN, partition=partition))


async def test_a_header_name_that_is_not_utf8_loses_no_record_and_stops_no_worker(
    broker: kafka.KafkaServer, tmp_path: Path
) -> None:
    bad = {5: Latin1("caf\u00e9"), 6: Latin1("\u00ff"), 27: Latin1("\u00e9t\u00e9")}
    names = [bad.get(number, "name") for number in range(60)]
    uncompressed, gzip = 0, 1
    batches = [(0, uncompressed), (0, gzip), (0, uncompressed), (1, gzip), (1, uncompressed), (2, gzip)]
    for number, (partition, compression) in enumerate(batches):
        numbers = range(10 * number, 10 * number + 10)
        await publish_batch(broker.address, partition, compression, {at: names[at] for at in numbers})
    worker = Supervised(broker.address, tmp_path, 0)
    await worker.ready()
    answered = await keys_of(broker.address, OUT, wanted=60, seconds=30)
    await worker.stop()
    assert answered == Counter(range(60))
    assert worker.exits == [0]
    async with AIOKafkaConsumer(bootstrap_servers=broker.address, group_id="flow-test") as consumer:
        committed = [await consumer.committed(TopicPartition(IN, partition)) for partition in range(3)]
    assert committed == [30, 20, 10]


async def test_a_worker_told_to_end_ends_although_the_broker_is_away(broker: kafka.KafkaServer, tmp_path: Path) -> None:
    worker = Supervised(broker.address, tmp_path, 0)
    await worker.ready()
    publishing = asyncio.create_task(publish(broker.address, 2000, 2.0))
    await keys_of(broker.address, OUT, wanted=100, seconds=30)
    await broker.kill()
    await asyncio.sleep(1.0)
    began = time.monotonic()
    await worker.stop(seconds=45)
    print(f"\nended {time.monotonic() - began:.1f} s after SIGTERM with status {worker.exits}")
    assert worker.exits == [0]
    publishing.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await publishing


async def test_a_fetch_waits_long_only_where_it_keeps_no_partition_waiting(broker: kafka.KafkaServer) -> None:
    brief_ms = 20
    sent: list[tuple[int, int]] = []  # of each fetch, its partitions and how long it may wait
    async with AIOKafkaConsumer(bootstrap_servers=broker.address) as consumer:
        fetcher = consumer._fetcher
        left_alone: set[TopicPartition] = set()
        wait_as_asked(fetcher, brief_ms=brief_ms, awaited=lambda tp: tp not in left_alone)
        proceed = fetcher._proc_fetch_request

        def proceed_seen(assignment: Any, node: int, request: Any) -> Any:
            sent.append((sum(len(partitions) for _, partitions in request.topics), request._max_wait_ms))
            return proceed(assignment, node, request)

        fetcher._proc_fetch_request = proceed_seen
        partitions = [TopicPartition(IN, number) for number in range(PARTITIONS)]
        consumer.assign(partitions)
        await consumer.seek_to_end()
        await consumer.getmany(timeout_ms=1200)
        consumer.pause(partitions[0])
        await consumer.getmany(timeout_ms=600)
        await publish(broker.address, 40, 0.2)
        others = await consumer.getmany(*partitions[1:], timeout_ms=1000)
        consumer.resume(partitions[0])
        paused = await consumer.getmany(partitions[0], timeout_ms=2000)
        some = len(sent)
        left_alone.add(partitions[0])
        await publish(broker.address, 40, 0.2)
        await consumer.getmany(*partitions[1:], timeout_ms=1000)
        consumer.pause(partitions[0])  # with some of it in hand
        await consumer.getmany(*partitions[1:], timeout_ms=1500)
    assert (PARTITIONS - 1, PATIENT_MS) in sent[some:], "a partition that nobody waits for hurries no fetch"
    del sent[some:]
    assert {wait for count, wait in sent if count == PARTITIONS} == {PATIENT_MS}
    assert {wait for count, wait in sent if count < PARTITIONS} == {brief_ms}
    assert others
    assert paused, "a partition that was paused is read when it is resumed"


if __name__ == "__main__":
    worker(*sys.argv[1:])
