"""The ledger's totals, under crashes, duplicates and lateness: equal to a plain sum, to the nano-dollar.

On a real Kafka, in SQLite and in PostgreSQL; the worker is killed three times. ``--ledger-entries`` says how many
entries, 4,000 if not given.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import defaultdict
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from sqlalchemy import create_engine, text

from agents.waterfall import NOTHING
from schemas import topics
from schemas.codec import Codec
from schemas.enums import EntryKind, Lane, Source, Verdict
from schemas.ledger import LedgerEntry, Usage
from streams import client
from streams import topics as tables
from streams.embedded.kafka import KafkaServer
from streams.settings import Settings, load, variable
from tests.fakes.ledger import check, hit, idle
from tests.fakes.records import AT, HOUR, entry, predicted
from tests.faults.machine import Machine

POLICY = Path(__file__).with_name("policy.toml")
PARTITIONS = 2
CRASHES = 3
DUPLICATED, LATE = 0.05, 0.05
SETTLE_S = 600.0
COLUMNS = ("entries", "requests", "list_cost", "effective_cost", "unbilled_cost", "prompt_tokens", "completion_tokens")
Sums = dict[str, int]


class Ledger(NamedTuple):
    """What is published, and what it must come to."""

    published: list[LedgerEntry]
    """In their order; one that was published again stands here twice."""
    sums: dict[str, Sums]
    """By tenant, over the different entries."""
    net: Sums
    """By strategy: what it saved, net."""


def ledger_of(count: int) -> Ledger:
    """``count`` different entries of every kind; of them 5% come again within the next thousand, and 5% hours late."""
    draw = random.Random(count)
    different = [_entry(number, draw) for number in range(count)]
    # A place in the line for each: a copy comes up to a thousand places after its first.
    line = [(float(number), one) for number, one in enumerate(different)]
    line += [(place + draw.uniform(0.5, 1000), one) for place, one in line if draw.random() < DUPLICATED]
    sums: dict[str, Sums] = defaultdict(lambda: dict.fromkeys(COLUMNS, 0))
    net: Sums = defaultdict(int)
    for one in different:
        mine = sums[one.tenant]
        mine["entries"] += 1
        mine["requests"] += one.kind is EntryKind.RESPONSE
        mine["list_cost"] += one.waterfall.list_cost
        mine["effective_cost"] += one.waterfall.effective_cost
        mine["unbilled_cost"] += one.unbilled_cost
        mine["prompt_tokens"] += one.usage.prompt_tokens
        mine["completion_tokens"] += one.usage.completion_tokens
        for saving in one.waterfall.savings:
            net[saving.strategy] += saving.gross - saving.cost
    return Ledger([one for _, one in sorted(line, key=lambda at: at[0])], dict(sums), dict(net))


def _entry(number: int, draw: random.Random) -> LedgerEntry:
    at = AT + number * 5
    fields: dict[str, Any] = {
        "tenant": f"tenant-{draw.randrange(8)}",
        "cost_center": f"desk-{draw.randrange(3)}",
        "task": draw.choice(("faq", "advice")),
        "model": draw.choice(("small", "large")),
        "lane": draw.choice(list(Lane)),
        "occurred_at": at - draw.randrange(HOUR, 72 * HOUR) if draw.random() < LATE else at,
        "usage": Usage(prompt_tokens=draw.randrange(3000), completion_tokens=draw.randrange(500)),
    }
    name, cost = f"e-{number:07d}", draw.randrange(10**12)
    match draw.randrange(10):
        case 0:
            return entry(name, kind=EntryKind.REEXECUTION, waterfall=NOTHING, unbilled_cost=cost, **fields)
        case 1:
            return check(name, draw.choice(list(Verdict)), cost, **fields)
        case 2 | 3 | 4:
            return hit(name, cost % 1000, **fields)
        case 5:
            return idle(name, cost, source=Source.NONE, **fields)
        case _:
            return entry(name, waterfall=predicted(cost, cost * 3 + 1), **fields)


async def publish(settings: Settings, ledger: Ledger) -> None:
    """All of it, each tenant's on one partition and in order."""
    codec = Codec()
    producer = AIOKafkaProducer(**settings.producer_options(), linger_ms=20, max_batch_size=262_144)
    await producer.start()
    sent = []
    for one in ledger.published:
        partition = int(one.tenant[-1]) % PARTITIONS
        sent.append(await producer.send(topics.LEDGER, codec.encode(one), key=one.tenant.encode(), partition=partition))
    await asyncio.gather(*sent)
    await producer.stop()


async def acknowledged(settings: Settings) -> int:
    """How many entries the worker's group has acknowledged."""
    admin = AIOKafkaAdminClient(**settings.kafka_options())
    await admin.start()
    try:
        offsets = await admin.list_consumer_group_offsets(
            settings.app_id, partitions=[TopicPartition(topics.LEDGER, number) for number in range(PARTITIONS)]
        )
    finally:
        await admin.close()
    return sum(max(0, one.offset) for one in offsets.values())


@pytest.mark.parametrize("ledger_url", [pytest.param("sqlite", marks=pytest.mark.slow), "postgresql"], indirect=True)
async def test_the_totals_are_a_plain_sum_whatever_crashes_comes_twice_or_late(
    kafka: KafkaServer, ledger_url: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    ledger = ledger_of(request.config.getoption("--ledger-entries"))
    given = {
        "kafka": kafka.address,
        "app_id": f"ledger-{time.time_ns()}",
        "ledger_url": ledger_url,
        "policy": str(POLICY),
        "stages": "ledger",
        "partitions": str(PARTITIONS),
        "log_level": "WARNING",
    }
    settings = load(**given)
    async with AsyncExitStack() as stack:
        specs = tables.table([], partitions=PARTITIONS, replication=1, claim_horizon_ms=24 * HOUR)
        async with client.admin(settings) as admin:
            await admin.create(specs, replication=1)
        stack.push_async_callback(_remove_topics, settings, [spec.name for spec in specs])
        began = time.monotonic()
        publishing = asyncio.create_task(publish(settings, ledger))
        machine = Machine("ledger", tmp_path, {variable(name): value for name, value in given.items()})
        stack.push_async_callback(machine.stop)
        for crash in range(1, CRASHES + 1):
            await _until(settings, len(ledger.published) * crash // (CRASHES + 1), machine)
            await machine.kill()
        await publishing
        await _until(settings, len(ledger.published), machine)
        seconds = time.monotonic() - began
        assert machine.exits == [-9] * CRASHES
    different = sum(sums["entries"] for sums in ledger.sums.values())
    print(f"{len(ledger.published):,} records of {different:,} entries, {seconds:.0f} s")
    check_accounts(ledger_url, ledger)


async def _until(settings: Settings, count: int, machine: Machine) -> None:
    until = time.monotonic() + SETTLE_S
    while (done := await acknowledged(settings)) < count:
        assert time.monotonic() < until, f"{done} of {count} entries were acknowledged\n{machine.tail()}"
        await asyncio.sleep(0.1)


async def _remove_topics(settings: Settings, names: list[str]) -> None:
    admin = AIOKafkaAdminClient(**settings.kafka_options())
    await admin.start()
    await admin.delete_topics(names)
    await admin.close()


def check_accounts(url: str, ledger: Ledger) -> None:
    """Both the raw entries and the roll-ups are what plain addition gives, tenant by tenant."""
    engine = create_engine(url)
    sums = ", ".join(f"CAST(sum({name}) AS BIGINT)" for name in COLUMNS)
    raw = sums.replace("sum(entries)", "count(*)").replace("sum(requests)", "count(*) FILTER (WHERE kind = 'RESPONSE')")
    with engine.connect() as connection:
        for table, columns in (("rollups", sums), ("entries", raw)):
            rows = connection.execute(text(f"SELECT tenant, {columns} FROM {table} GROUP BY tenant")).all()
            assert {tenant: dict(zip(COLUMNS, row, strict=True)) for tenant, *row in rows} == ledger.sums, table
        net = connection.execute(text("SELECT strategy, CAST(sum(net) AS BIGINT) FROM savings GROUP BY strategy")).all()
    engine.dispose()
    assert dict(net) == ledger.net
