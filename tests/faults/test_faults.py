"""The promise, under everything that can happen to it: real Kafka, real Valkey, three workers, and blows all the time.

Every request ends in exactly one answer, the same bytes however often it is delivered, and is billed once.
"""

from __future__ import annotations

import asyncio
import random
import sqlite3
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, closing
from pathlib import Path
from typing import NamedTuple, TypeVar

import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka.admin import AIOKafkaAdminClient
from redis.asyncio import Redis

from agents import policy as policies
from schemas import topics
from schemas.codec import Codec
from schemas.enums import EntryKind, Lane
from schemas.ledger import LedgerEntry, RollUp
from schemas.record import Record
from schemas.records import Answer, DeadLetter, PredictionResponse
from streams import client
from streams import topics as tables
from streams.client import Received
from streams.embedded.kafka import KafkaServer
from streams.embedded.valkey import ValkeyServer
from streams.settings import Settings, load, variable
from tests.faults import witness
from tests.faults.accounts import Row, Stored, Sums
from tests.faults.machine import Machine
from tests.faults.traffic import Request, Traffic, traffic
from tests.faults.verifier import History, verify

R = TypeVar("R", bound=Record)

POLICY = Path(__file__).with_name("policy.toml")
REQUESTS, AGAIN = 5000, 100
SECONDS = 70.0
"""From the first request to the last."""
BLOWS = (
    "kill",
    "kill",
    "flush",
    "kill",
    "broker",
    "kill",
    "lose",
    "kill before it is back",
    "drain",
    "kill two",
    "outage",
    "kill",
    "kill",
)
SETTLE_S = 120.0
"""For what is published to be answered and accounted once the blows are over."""
CONSUMED = [
    *(topics.laned(name, lane) for name in (topics.REQUESTS, topics.MISSES) for lane in Lane),
    *(topics.tasks(model, lane) for model in ("small", "tiny") for lane in Lane),
    topics.ANSWERS,
    topics.FILLS,
    topics.LEDGER,
]
"""The topics that the workers' group acknowledges."""
IN_HAND_S = 15.0
"""How long a blow waits for a victim with work in hand: one that falls on nothing shows nothing."""


class Struck(NamedTuple):
    """What the blows did."""

    kills: int
    in_hand: list[int]
    """For each SIGKILL, how many executions it ended."""


class Place(NamedTuple):
    """Everything that runs."""

    settings: Settings
    kafka: KafkaServer
    valkey: ValkeyServer
    machines: list[Machine]


@asynccontextmanager
async def place(directory: Path) -> AsyncIterator[Place]:
    """A Kafka that keeps its log over a restart, a Valkey that keeps nothing, and three machines at work."""
    async with AsyncExitStack() as stack:
        kafka = await stack.enter_async_context(KafkaServer(directory / "kafka"))
        valkey = await stack.enter_async_context(ValkeyServer())
        given = {
            "kafka": kafka.address,
            "redis": valkey.url,
            "policy": str(POLICY),
            "ledger_url": f"sqlite:///{directory / 'ledger.db'}",
            "partitions": "4",
            "drain_seconds": "10",
        }
        settings = load(**given)
        models = sorted(policies.load(POLICY).models)
        day_ms = settings.claim_horizon_hours * tables.HOUR_MS
        async with client.admin(settings) as admin:
            table = tables.table(models, partitions=settings.partitions, replication=1, claim_horizon_ms=day_ms)
            await admin.create(table, replication=1)
        environment = {variable(name): value for name, value in given.items()}
        machines = [Machine(f"machine-{number}", directory, environment) for number in range(3)]
        for machine in machines:
            stack.push_async_callback(machine.stop)
        await asyncio.gather(*(machine.ready() for machine in machines))
        yield Place(settings, kafka, valkey, machines)


async def publish(settings: Settings, planned: Traffic, began: float) -> None:
    """Publish everything at its time; return when all of it is durable."""
    async with client.publisher(settings) as publisher, asyncio.TaskGroup() as group:
        for event in planned.publishes:
            await asyncio.sleep(max(0.0, began + event.at - time.monotonic()))
            group.create_task(publisher.publish(event.lane, event.key, event.value))


async def strike(where: Place, chance: random.Random) -> Struck:
    """Deal all blows."""
    in_hand: list[int] = []

    async def kill(*, at_work: bool = True, disk_too: bool = False, not_this: Machine | None = None) -> Machine:
        others = [machine for machine in where.machines if machine is not not_this]
        until = time.monotonic() + IN_HAND_S
        # Any that is at work: one that is only starting again would be waited for in vain.
        while at_work and not any(machine.in_flight for machine in others) and time.monotonic() < until:
            await asyncio.sleep(0.02)
        victim = chance.choice([machine for machine in others if at_work and machine.in_flight] or others)
        in_hand.append(await victim.kill(disk_too=disk_too))
        return victim

    for blow in BLOWS:
        await asyncio.sleep(chance.uniform(0.3, 2.5))
        match blow:
            case "kill":
                await kill()
            case "lose":
                await kill(disk_too=True)
            case "kill before it is back":
                await kill(at_work=False)
            case "kill two":
                first = await kill()
                await kill(at_work=False, not_this=first)
            case "drain":
                victim = chance.choice(where.machines)
                await victim.ready()  # SIGTERM ends at once what has not begun to work
                victim.drain()
            case "flush":
                async with Redis.from_url(where.valkey.url) as redis:
                    await redis.flushall()
            case "outage":
                await where.valkey.kill()
                await asyncio.sleep(2.0)
                await where.valkey.start()
            case "broker":
                # Who starts while there is no broker ends with that error; who is at work goes on.
                await asyncio.gather(*(machine.ready() for machine in where.machines))
                await where.kafka.kill()
                await asyncio.sleep(chance.uniform(1.0, 3.0))
                await where.kafka.start()
    return Struck(len(in_hand), in_hand)


async def settled(where: Place, due: Sequence[Request]) -> None:
    """Return when every request has a response and all that follows from it is acknowledged."""
    missing = set(due)
    behind: dict[str, int] = {}
    try:
        async with asyncio.timeout(SETTLE_S):
            async with client.reader(where.settings, PredictionResponse, [topics.RESPONSES]) as responses:
                async for received in responses.follow():
                    missing.discard(Request(received.record.tenant, received.record.request_id))
                    if not missing:
                        break
            while behind := await unacknowledged(where.settings):
                await asyncio.sleep(0.5)
    except TimeoutError:
        tails = "\n".join(machine.tail() for machine in where.machines)
        pytest.fail(
            f"after {SETTLE_S:.0f} s {len(missing)} of {len(due)} have no response: {sorted(missing)[:20]}; "
            f"unacknowledged: {behind or await unacknowledged(where.settings)}\n{tails}"
        )


async def unacknowledged(settings: Settings) -> dict[str, int]:
    """How many records of each consumed topic the workers' group has not acknowledged; nothing where it has all."""
    admin = AIOKafkaAdminClient(**settings.kafka_options())
    consumer = AIOKafkaConsumer(*CONSUMED, group_id=None, **settings.kafka_options())
    await admin.start()
    await consumer.start()
    try:
        partitions = sorted(consumer.assignment())
        assert len(partitions) == settings.partitions * len(CONSUMED)
        # In this order: what is acknowledged now has brought all that came of it to an end that is read later.
        acknowledged = await admin.list_consumer_group_offsets(settings.app_id, partitions=partitions)
        ends = await consumer.end_offsets(partitions)
    finally:
        await consumer.stop()
        await admin.close()
    behind: dict[str, int] = {}
    for partition, end in ends.items():
        # Of a group whose coordinator has just started, the client says nothing at all.
        known = acknowledged.get(partition)
        if left := end - max(known.offset if known else 0, 0):
            behind[partition.topic] = behind.get(partition.topic, 0) + left
    return behind


async def read(settings: Settings, kind: type[R], topic: str) -> list[Received[R]]:
    """Everything on a topic."""
    async with client.reader(settings, kind, [topic]) as reader:
        return await reader.to_the_end()


async def requests(settings: Settings) -> dict[str, bytes]:
    """What lies on the requests topics, decodable or not, by its place in the log."""
    names = [topics.laned(topics.REQUESTS, lane) for lane in Lane]
    consumer = AIOKafkaConsumer(*names, group_id=None, auto_offset_reset="earliest", **settings.kafka_options())
    await consumer.start()
    try:
        ends = await consumer.end_offsets(sorted(consumer.assignment()))
        found: dict[str, bytes] = {}
        while len(found) < sum(ends.values()):
            for records in (await consumer.getmany(timeout_ms=500)).values():
                found |= {f"{record.topic}/{record.partition}@{record.offset}": record.value for record in records}
        return found
    finally:
        await consumer.stop()


def stored(ledger: Path) -> Stored:
    """What SQL has, asked in plain SQL."""
    with closing(sqlite3.connect(ledger)) as database:
        rows = database.execute(f"SELECT {', '.join(Row._fields)} FROM entries").fetchall()
        sums = "SUM(entries), SUM(requests), SUM(list_cost), SUM(effective_cost), SUM(unbilled_cost)"
        entries, billed, list_cost, effective, unbilled = database.execute(f"SELECT {sums} FROM rollups").fetchone()
        (saved,) = database.execute("SELECT SUM(gross - cost) FROM rollup_savings").fetchone()
    return Stored([Row(*row) for row in rows], Sums(entries, billed, list_cost, saved, effective, unbilled))


@pytest.mark.timeout(420)
async def test_every_request_is_answered_once_and_billed_once_whatever_dies(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    seed = random.randrange(2**32)
    chance = random.Random(seed)
    began = time.monotonic()
    async with place(tmp_path) as where:
        planned = traffic(
            Codec().encode,
            count=REQUESTS,
            seconds=SECONDS,
            began=time.time_ns() // 1_000_000,
            again=AGAIN,
            seed=seed,
        )
        ready_s = time.monotonic() - began
        async with asyncio.TaskGroup() as group:
            group.create_task(publish(where.settings, planned, time.monotonic()))
            striking = group.create_task(strike(where, chance))
        struck = striking.result()
        struck_s = time.monotonic() - began
        await settled(where, list(planned.due))
        await asyncio.gather(*(machine.ready() for machine in where.machines))
        await asyncio.gather(*(machine.stop() for machine in where.machines))
        settings = where.settings
        history = History(
            due=planned.due,
            malformed=planned.malformed,
            published=await requests(settings),
            answers=await read(settings, Answer, topics.ANSWERS),
            responses=await read(settings, PredictionResponse, topics.RESPONSES),
            entries=await read(settings, LedgerEntry, topics.LEDGER),
            letters=await read(settings, DeadLetter, topics.DEAD_LETTERS),
            rollups=await read(settings, RollUp, topics.FINOPS),
            stored=stored(tmp_path / "ledger.db"),
            executions=witness.executions(tmp_path / "witnesses"),
        )
        exits = [code for machine in where.machines for code in machine.exits]
        tails = "\n".join(machine.tail() for machine in where.machines)
    verdict = verify(history)
    with capsys.disabled():
        print(f"\n{verdict.counts} kills={struck.kills} seconds={time.monotonic() - began:.0f}")
    told = f"seed {seed}, ready after {ready_s:.0f} s, struck until {struck_s:.0f} s\n{verdict.report()}\n"
    assert not verdict.faults, told + tails

    # It was a test only if the blows hit something.
    counts = verdict.counts
    assert struck.kills == exits.count(-9) == 10, told + tails
    assert set(exits) == {0, -9}, f"a worker ended by itself: {exits}\n{told}{tails}"
    assert sum(hit > 0 for hit in struck.in_hand) >= 5, f"{struck.in_hand}: most blows hit nothing\n{told}"
    assert counts.interrupted >= sum(struck.in_hand) > 0, told
    assert counts.reexecutions_paid > 0, f"nothing was executed twice: the blows proved nothing\n{told}"
    assert counts.differing > 0, told
    assert counts.copies > 0, f"settlement was never cut off between publishing and acknowledging\n{told}"
    assert counts.duplicates > 0, told
    sources = {received.record.source.value for received in history.responses}
    assert sources == {"ENGINE", "EXACT_CACHE", "SEMANTIC_CACHE", "SINGLE_FLIGHT", "NONE"}, told
    assert counts.near >= REQUESTS // 20, f"too few near questions were answered\n{told}"
    assert counts.checks >= REQUESTS // 60, f"too little of it was checked\n{told}"
    checked = {(row.verdict, row.task) for row in history.stored.entries if row.kind == EntryKind.CHECK}
    assert checked >= {("SAME", "wishes"), ("DIFFERENT", "wishes"), ("DIFFERENT", "questions")}, told
