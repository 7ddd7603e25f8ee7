"""Roll-ups on a real Kafka: rows are back after every worker was killed, and move with their partition.

Run as a program it is the worker: ``python test_rollup_table.py BOOTSTRAP DATADIR``.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import faust
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from agents.stage import Delivery, Emit, dead_letter
from schemas import topics
from schemas.codec import Codec
from schemas.enums import Lane, Source
from schemas.errors import HeadraceError
from schemas.ledger import RollUp
from schemas.records import Message
from streams.consumer import SETTINGS, Transport, Worker, lead
from streams.embedded.kafka import KafkaServer
from streams.flow import Flow
from streams.outlet import Outlet
from streams.rollup_table import RollUpTable

IN, OUT, DEAD = "rows.in", "rows.out", "rows.dead"
PARTITIONS = 4
KEYS = 20


class Count:
    """Counts the records of each key in its row, once each, and publishes the count with the partition it came by."""

    def __init__(self, rows: RollUpTable) -> None:
        self._rows = rows

    def deadline(self, delivery: Delivery[Message]) -> int:
        return int(time.time() * 1000) + 60_000

    async def __call__(self, delivery: Delivery[Message]) -> Sequence[Emit]:
        key, (_, partition, offset) = delivery.key or b"", delivery.position
        none = dict.fromkeys(("tenant", "cost_center", "task", "model"), "")
        row = self._rows.get(key) or RollUp(**none, lane=Lane.BATCH, source=Source.NONE, hour=0)
        if offset > row.version:
            fields = {name: getattr(row, name) for name in row.__struct_fields__}
            row = RollUp(**fields | {"entries": row.entries + 1, "version": offset})
        await self._rows.put(key, row, partition)
        return [Emit(OUT, key, Message(role=str(row.entries), content=str(partition)))]

    def failed(self, delivery: Delivery[Message], error: HeadraceError) -> Sequence[Emit]:
        return [dead_letter(delivery, error, "count", DEAD)]


class River(faust.App):  # type: ignore[misc]
    outlet: Outlet

    async def on_start(self) -> None:
        await super().on_start()
        await self.outlet.start()

    async def on_stop(self) -> None:
        await super().on_stop()
        await self.outlet.stop()


def worker(bootstrap: str, directory: str) -> None:
    codec = Codec()
    quick = {"broker_session_timeout": 2.0, "broker_heartbeat_interval": 0.5}  # the dead are noticed sooner
    app = River("rows-test", broker=f"kafka://{bootstrap}", datadir=directory, Worker=Worker, **SETTINGS | quick)
    app.transport = Transport(app, drain_s=5.0)
    app.outlet = Outlet(bootstrap, codec.encode)
    stage = Count(RollUpTable(app, codec, app.outlet, partitions=PARTITIONS))
    app.transport.flows[IN] = flow = Flow(
        stage,
        decode=lambda raw: codec.decode(raw, Message),
        send=app.outlet.send,
        poison=stage.failed,
        ack=app.transport.acknowledge,
        halt=app.transport.halt,
        now=lambda: int(time.time() * 1000),
    )

    @app.agent(app.topic(IN), name="count")
    async def count(stream: Any) -> None:
        await lead(stream, flow)

    Worker(app, loglevel="INFO").execute_from_commandline()


@pytest.fixture
async def kafka() -> AsyncIterator[KafkaServer]:
    """A broker of its own: the topic of roll-ups must have as many partitions as this test's."""
    async with KafkaServer() as server:
        yield server


async def test_rows_survive_the_death_of_every_worker_and_follow_their_partition(
    kafka: KafkaServer, tmp_path: Path
) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka.address)
    await admin.start()
    compacted = {"cleanup.policy": "compact"}
    await admin.create_topics(
        [
            *(NewTopic(name, PARTITIONS, 1) for name in (IN, OUT, DEAD)),
            NewTopic(topics.FINOPS, PARTITIONS, 1, topic_configs=compacted),
        ]
    )
    await admin.close()
    async with published(kafka) as publish, totals(kafka) as reach, workers(kafka, tmp_path) as start:
        one, two = await start(), await start()
        await publish(30)
        await reach(30)
        one.kill()  # its partitions, with their rows, go to the other
        await publish(10)
        await reach(40)
        two.kill()
        await asyncio.gather(one.wait(), two.wait())
        three = await start()
        await start()  # some go to a new worker, in order
        await publish(10)
        await reach(50)
        three.terminate()
        await publish(10)
        await reach(60)
        assert await three.wait() == 0


@contextlib.asynccontextmanager
async def published(kafka: KafkaServer) -> AsyncIterator[Any]:
    producer = AIOKafkaProducer(bootstrap_servers=kafka.address, linger_ms=5)
    await producer.start()
    value = Codec().encode(Message(role="", content=""))

    async def publish(each: int) -> None:
        sends = [await producer.send(IN, value, b"key %d" % (number % KEYS)) for number in range(each * KEYS)]
        await asyncio.gather(*sends)

    try:
        yield publish
    finally:
        await producer.stop()


@contextlib.asynccontextmanager
async def totals(kafka: KafkaServer) -> AsyncIterator[Any]:
    consumer = AIOKafkaConsumer(OUT, bootstrap_servers=kafka.address, auto_offset_reset="earliest")
    await consumer.start()
    counts: dict[bytes, int] = {}
    codec = Codec()

    async def reach(wanted: int) -> None:
        """Return when every key's count is there, exactly."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(45):
                while list(counts.values()) != [wanted] * KEYS:
                    for records in (await consumer.getmany(timeout_ms=200)).values():
                        for record in records:
                            count = int(codec.decode(record.value, Message).role)
                            counts[record.key] = max(count, counts.get(record.key, 0))
        short = {key: count for key, count in counts.items() if count != wanted}
        assert not short, f"{len(short)} keys are not at {wanted}: {short}"
        assert len(counts) == KEYS

    try:
        yield reach
    finally:
        await consumer.stop()


@contextlib.asynccontextmanager
async def workers(kafka: KafkaServer, directory: Path) -> AsyncIterator[Any]:
    started: list[asyncio.subprocess.Process] = []

    async def start() -> asyncio.subprocess.Process:
        """Return when it consumes."""
        path = directory / f"worker-{len(started)}.log"
        with path.open("wb") as log:
            process = await asyncio.create_subprocess_exec(
                sys.executable, __file__, kafka.address, str(directory), stdout=log, stderr=log
            )
        started.append(process)
        async with asyncio.timeout(40):
            while b"[^Worker]: Ready" not in path.read_bytes():
                await asyncio.sleep(0.1)
        return process

    try:
        yield start
    finally:
        for process in started:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()


if __name__ == "__main__":
    worker(*sys.argv[1:])
