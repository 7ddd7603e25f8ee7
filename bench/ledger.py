"""Entries folded per CPU-second beside a hand-written loop, and how long finance waits for each of its eight questions.

- Folding: the ledger stage of a worker, and an aiokafka consumer that inserts and sums up in SQL, an upsert each,
  and promises nothing: a copy of an entry is counted again where its row is not looked at. Both read equal published
  entries from an embedded Kafka into a SQLite file each, in turn, in several rounds. CPU is the process's own, user and
  system, from the first publish to the last roll-up. The ratio is of the medians.
- Questions: on the roll-ups that so many entries come to, and on as many raw entries as are asked for; p50 of several
  runs. A question that reads raw entries (``expensive``) is asked of the last day.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from rich.console import Console
from rich.table import Table
from sqlalchemy import create_engine
from sqlalchemy.exc import OperationalError

from agents.ledger.fold import HOUR_MS
from agents.ledger.queries import DAY_MS
from agents.ledger.questions import Questions
from agents.ledger.store import Store
from bench.hot_path import POLICY, environment, fresh_topics
from bench.hot_path import cpu_s as cpu_of
from schemas import topics
from schemas.codec import Codec
from schemas.enums import EntryKind, Lane, Source, Status
from schemas.ledger import CostLine, LedgerEntry, RollUp, SavingLine, SavingTotal, Usage, Waterfall
from streams.embedded.kafka import KafkaServer
from streams.settings import Settings, load

NOW = 1_800_000_000_000 - 1_800_000_000_000 % DAY_MS
WEEKS = 10
TENANTS, CENTERS, TASKS, MODELS = 20, 3, 4, 3
WARM = 500
PATIENCE_S = 240.0

say = Console(stderr=True)


def entry(number: int, draw: random.Random, at: int) -> LedgerEntry:
    """An engine's answer, or a hit of the exact cache."""
    cost, saved, hit = draw.randrange(10**6), draw.randrange(10**6), draw.random() < 0.4
    line = SavingLine(strategy="exact_cache" if hit else "routing", tokens=100, gross=saved, cost=0)
    spent = CostLine(kind="output", strategy=None, model="small", tokens=80, cost=cost, price_version="1")
    return LedgerEntry(
        entry_id=f"0000-{number:014d}-{number:016x}",
        kind=EntryKind.RESPONSE,
        request_id=f"request-{number}",
        tenant=f"tenant-{draw.randrange(TENANTS)}",
        cost_center=f"desk-{draw.randrange(CENTERS)}",
        task=f"task-{draw.randrange(TASKS)}",
        model=f"model-{draw.randrange(MODELS)}",
        lane=Lane.REALTIME,
        source=Source.EXACT_CACHE if hit else Source.ENGINE,
        status=Status.COMPLETED,
        occurred_at=at,
        waterfall=Waterfall(list_cost=cost + saved, savings=[line], effective_cost=cost, costs=[spent]),
        unbilled_cost=0,
        usage=Usage(published_tokens=100, prompt_tokens=100, completion_tokens=80),
        policy_version="1",
    )


async def publish(settings: Settings, first: int, count: int) -> None:
    """Publish entries, each tenant's on one partition."""
    codec, draw = Codec(), random.Random(first)
    producer = AIOKafkaProducer(**settings.producer_options(), linger_ms=20, max_batch_size=262_144)
    await producer.start()
    for number in range(first, first + count):
        one = entry(number, draw, NOW + number)
        partition = int(one.tenant.rpartition("-")[2]) % settings.partitions
        await producer.send(topics.LEDGER, codec.encode(one), key=one.tenant.encode(), partition=partition)
    await producer.stop()


async def fold(settings: Settings, command: list[str], count: int) -> float:
    """Entries per CPU-second of one program."""
    async with fresh_topics(settings):
        process = subprocess.Popen(command, env=environment(settings, stages="ledger"), stdout=sys.stderr)  # noqa: ASYNC220
        try:
            async with asyncio.timeout(PATIENCE_S):
                await publish(settings, 0, WARM)
                await _folded(settings, WARM)
                cpu = cpu_of(process.pid)
                await publish(settings, WARM, count)
                await _folded(settings, WARM + count)
                return count / (cpu_of(process.pid) - cpu)
        finally:
            process.terminate()
            process.wait(30)


async def _folded(settings: Settings, count: int) -> None:
    engine = create_engine(settings.ledger_url)
    while True:
        with contextlib.suppress(OperationalError), engine.connect() as connection:  # its tables are not there yet
            if (connection.exec_driver_sql("SELECT sum(entries) FROM rollups").scalar() or 0) >= count:
                break
        await asyncio.sleep(0.2)
    engine.dispose()


def by_hand(kafka: str, file: str) -> None:
    """The hand-written loop: a batch of entries, two statements, a commit, the offsets."""
    database = sqlite3.connect(file)
    database.executescript(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA busy_timeout = 30000;"
        "CREATE TABLE entries (entry_id TEXT PRIMARY KEY, tenant TEXT, task TEXT, model TEXT, at INTEGER, cost INTEGER,"
        " list_cost INTEGER, waterfall TEXT);"
        "CREATE TABLE rollups (tenant TEXT, cost_center TEXT, task TEXT, model TEXT, lane TEXT, source TEXT,"
        " hour INTEGER, entries INTEGER, list_cost INTEGER, effective_cost INTEGER,"
        " PRIMARY KEY (tenant, cost_center, task, model, lane, source, hour));"
    )
    asyncio.run(_loop(kafka, database))


async def _loop(kafka: str, database: Any) -> None:
    codec = Codec()
    consumer = AIOKafkaConsumer(
        topics.LEDGER,
        bootstrap_servers=kafka,
        group_id="by-hand",
        auto_offset_reset="earliest",
        enable_auto_commit=False,
    )
    await consumer.start()
    while True:
        fetched = await consumer.getmany(timeout_ms=200, max_records=1000)
        records = [codec.decode(one.value, LedgerEntry) for batch in fetched.values() for one in batch]
        if not records:
            continue
        lines = [
            (
                one.entry_id,
                one.tenant,
                one.task,
                one.model,
                one.occurred_at,
                one.waterfall.effective_cost,
                one.waterfall.list_cost,
                msgspec.json.encode(one.waterfall).decode(),
            )
            for one in records
        ]
        sums = [
            (
                one.tenant,
                one.cost_center,
                one.task,
                one.model,
                one.lane,
                one.source,
                one.occurred_at - one.occurred_at % HOUR_MS,
                one.waterfall.list_cost,
                one.waterfall.effective_cost,
            )
            for one in records
        ]
        with database:
            database.executemany("INSERT OR IGNORE INTO entries VALUES (?, ?, ?, ?, ?, ?, ?, ?)", lines)
            database.executemany(
                "INSERT INTO rollups VALUES (?, ?, ?, ?, ?, ?, ?, 1, ?, ?) ON CONFLICT DO UPDATE SET"
                " entries = entries + 1, list_cost = list_cost + excluded.list_cost,"
                " effective_cost = effective_cost + excluded.effective_cost",
                sums,
            )
        await consumer.commit()


def rollups(entries: int) -> Iterator[RollUp]:
    """The roll-ups of so many entries, evenly over ten weeks of hours."""
    draw = random.Random(1)
    hours = range(NOW - WEEKS * 7 * DAY_MS, NOW, HOUR_MS)
    keys = [(t, c, k) for t in range(TENANTS) for c in range(CENTERS) for k in range(TASKS)]
    each = max(1, entries // (len(hours) * len(keys)))
    for hour in hours:
        for tenant, center, task in keys:
            cost = draw.randrange(10**6) * each
            yield RollUp(
                tenant=f"tenant-{tenant}",
                cost_center=f"desk-{center}",
                task=f"task-{task}",
                model=f"model-{task % MODELS}",
                lane=Lane.REALTIME,
                source=Source.ENGINE,
                hour=hour,
                entries=each,
                requests=each,
                list_cost=3 * cost,
                effective_cost=cost,
                idle_cost=cost // 10 if task == 0 else 0,
                savings={"routing": SavingTotal(gross=2 * cost)},
                version=1,
            )


def questions(asked: Questions) -> dict[str, Callable[[], object]]:
    """The eight, as finance asks them on a morning."""
    month = NOW - 30 * DAY_MS
    return {
        "spend": lambda: asked.spend(["tenant", "cost_center", "model", "task", "day"], month, NOW),
        "trend": lambda: asked.trend("day", ["tenant"], month, NOW),
        "forecast": lambda: asked.forecast(NOW - 20 * DAY_MS, NOW + 10 * DAY_MS, NOW, 10**15),
        "savings": lambda: asked.savings(month, NOW),
        "expensive": lambda: asked.expensive(NOW - DAY_MS, NOW),
        "unit_cost": lambda: asked.unit_costs(["tenant", "task", "model"], month, NOW),
        "idle": lambda: asked.idle(["model"], month, NOW),
        "anomalies": lambda: asked.anomalies(NOW - 7 * DAY_MS, NOW),
    }


def asked_of(entries: int, raw: int, runs: int) -> dict[str, dict[str, float]]:
    """Milliseconds that each question takes."""
    with tempfile.TemporaryDirectory() as scratch:
        store, draw = Store(f"sqlite:///{scratch}/ledger.db"), random.Random(2)
        rows = list(rollups(entries))
        say.print(f"{sum(row.entries for row in rows):,} entries make {len(rows):,} roll-ups")
        for start in range(0, len(rows), 20_000):
            store.write([], rows[start : start + 20_000])
        for start in range(0, raw, 20_000):
            numbers = range(start, min(raw, start + 20_000))
            store.write([entry(n, draw, NOW - DAY_MS + n * DAY_MS // raw) for n in numbers], [])
        took = {}
        for name, ask in questions(Questions(store.engine)).items():
            times = []
            for _ in range(runs):
                began = time.perf_counter()
                ask()
                times.append(1000 * (time.perf_counter() - began))
            took[name] = {"p50": statistics.median(times)}
        store.close()
        return took


async def compare(rounds: int, count: int) -> dict[str, float]:
    """Both programs, in turn."""
    rates: dict[str, list[float]] = {"headrace": [], "by_hand": []}
    async with KafkaServer() as kafka:
        for number in range(rounds):
            for name, measured in rates.items():
                with tempfile.TemporaryDirectory() as scratch:
                    file = f"{scratch}/ledger.db"
                    settings = load(
                        kafka=kafka.address, state_dir=Path(scratch), ledger_url=f"sqlite:///{file}", policy=POLICY
                    )
                    ours = [sys.executable, "-m", "streams.cli.main", "worker"]
                    theirs = [sys.executable, "-m", "bench.ledger", "--by-hand", kafka.address, file]
                    measured.append(await fold(settings, ours if name == "headrace" else theirs, count))
                say.print(f"round {number + 1}: {name} {measured[-1]:,.0f} entries a CPU-second")
    medians = {name: statistics.median(measured) for name, measured in rates.items()}
    return {
        "entries_per_cpu_s": medians["headrace"],
        "hand_written_per_cpu_s": medians["by_hand"],
        "ratio_vs_hand_written": medians["headrace"] / medians["by_hand"],
    }


def main(
    rounds: Annotated[int, typer.Option(help="How often each program is measured.")] = 3,
    folded: Annotated[int, typer.Option(help="Entries that are folded a round.")] = 20_000,
    entries: Annotated[int, typer.Option(help="Entries behind the roll-ups that are asked.")] = 5_000_000,
    raw: Annotated[int, typer.Option(help="Raw entries of the last day.")] = 200_000,
    runs: Annotated[int, typer.Option(help="How often each question is asked.")] = 5,
    format: Annotated[str, typer.Option(help="table or json")] = "table",  # noqa: A002
    by_hand_of: Annotated[tuple[str, str] | None, typer.Option("--by-hand", hidden=True)] = None,
) -> None:
    """Measure the ledger and print the ratio and the times."""
    if by_hand_of is not None:
        by_hand(*by_hand_of)
        return
    found: dict[str, Any] = {"query_ms": asked_of(entries, raw, runs), **asyncio.run(compare(rounds, folded))}
    found |= {"entries": entries, "raw_entries": raw, "folded": folded, "rounds": rounds}
    if format == "json":
        print(msgspec.json.encode(found).decode())
        return
    shown = Table("", "", title="The ledger")
    for name in ("entries_per_cpu_s", "hand_written_per_cpu_s"):
        shown.add_row(name.replace("_", " "), f"{found[name]:,.0f}")
    shown.add_row("ratio", f"{found['ratio_vs_hand_written']:.2f}")
    for name, took in found["query_ms"].items():
        shown.add_row(f"{name}, p50 ms", f"{took['p50']:,.0f}")
    Console().print(shown)


if __name__ == "__main__":
    typer.run(main)
