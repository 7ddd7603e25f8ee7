"""Exact hits per CPU-second, and latency at a trickle, beside a hand-written loop and a Faust loop that does nothing.

Three programs read the same published requests in turn, in several rounds, on one embedded Kafka and Valkey:

- Headrace: cache, settlement and ledger in one worker; done when every response is delivered *and* every entry is
  folded into SQL and the roll-ups;
- a hand-written aiokafka loop with the same Redis reads, which answers, bills and folds, but promises nothing;
- a Faust agent that does nothing at all.

CPU is the process's own, user and system, from the first publish to the last result. Ratios are of the medians.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import msgspec
import psutil
import typer
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from rich.console import Console
from rich.table import Table
from sqlalchemy import create_engine, text

from agents import policy as policies
from agents.cache.canonical import canonical
from agents.cache.entries import Entry
from agents.cache.fingerprint import fingerprint, scope
from agents.cache.redis_entries import RedisEntries
from agents.redis_client import connect
from schemas import topics
from schemas.codec import Codec
from schemas.enums import Lane
from schemas.ledger import Usage
from schemas.records import Message, PredictionRequest
from streams import topics as table
from streams.client import Publisher, admin, publisher
from streams.embedded.kafka import KafkaServer
from streams.embedded.valkey import ValkeyServer
from streams.river import now_ms
from streams.settings import Settings, load

POLICY = Path(__file__).parent / "policy.toml"
QUESTIONS = 200
"""Distinct ones, all of them cached before."""
PATIENCE_S = 120.0

say = Console(stderr=True)


class Measured(NamedTuple):
    """One program in one round."""

    per_cpu_s: float
    """Requests for each second of CPU."""
    latency_ms: list[float]
    """At a trickle; empty for a program that answers nothing."""


def request(number: int, run: str) -> PredictionRequest:
    """A request whose answer is cached."""
    content = f"What is the fee for a transfer of kind {number % QUESTIONS} to an account abroad?"
    system = "You answer the customers of a bank, briefly and only from its list of fees and conditions."
    return PredictionRequest(
        request_id=f"{run}-{number}",
        tenant="bench",
        task="exact",
        messages=[Message(role="system", content=system), Message(role="user", content=content)],
    )


async def fill(redis: str) -> None:
    """Cache an answer to every question."""
    client = connect(redis)
    entries, policy, now = RedisEntries(client, now=now_ms), policies.load(POLICY), now_ms()
    for number in range(QUESTIONS):
        asked = request(number, "fill")
        within = scope(asked, policy_version=policy.version)
        question = canonical(asked.messages[-1].content)
        entry = Entry(
            fingerprint=fingerprint(within, question),
            scope=within,
            tenant=asked.tenant,
            task=asked.task,
            request_id=asked.request_id,
            model="small",
            text=f"A transfer of kind {number} costs {number} cents. " * 6,
            finish_reason="stop",
            usage=Usage(published_tokens=60, prompt_tokens=60, completion_tokens=80),
            question=question,
            embedding=None,
            answered_at=now,
        )
        await entries.put(entry, ttl_ms=24 * table.HOUR_MS)
    await client.aclose()


async def publish(river: Publisher, count: int, run: str, per_s: float | None) -> None:
    """Publish ``count`` requests, at a rate or as fast as they are taken."""
    codec, began = Codec(), time.monotonic()
    sending: set[asyncio.Task[None]] = set()
    for number in range(count):
        if per_s is not None:
            await asyncio.sleep(max(0.0, began + number / per_s - time.monotonic()))
        elif len(sending) > 1000:
            _, sending = await asyncio.wait(sending, return_when=asyncio.FIRST_COMPLETED)
        asked = request(number, run)
        sending.add(asyncio.create_task(river.publish(Lane.REALTIME, asked.request_id.encode(), codec.encode(asked))))
    await asyncio.gather(*sending)


@asynccontextmanager
async def fresh_topics(settings: Settings) -> AsyncIterator[None]:
    """Every topic, made for this program alone."""
    specs = table.table(["small"], partitions=settings.partitions, replication=1, claim_horizon_ms=table.HOUR_MS)
    async with admin(settings) as client:
        await client.create(specs, replication=1)
    try:
        yield
    finally:
        client = AIOKafkaAdminClient(bootstrap_servers=settings.kafka)
        await client.start()
        await client.delete_topics([spec.name for spec in specs])
        await client.close()
        await asyncio.sleep(1)


class Responses:
    """Counts responses, and how long after its request each was appended to its topic."""

    def __init__(self, consumer: AIOKafkaConsumer) -> None:
        self._consumer = consumer
        self.seen = 0

    async def until(self, count: int) -> list[float]:
        """Milliseconds of each, once there are ``count`` of them since the start."""
        from schemas.records import PredictionResponse  # noqa: PLC0415

        codec, took = Codec(), []
        while self.seen < count:
            fetched = await self._consumer.getmany(timeout_ms=200)
            for record in (record for batch in fetched.values() for record in batch):
                response = codec.decode(record.value, PredictionResponse)
                took.append(float(record.timestamp - response.received_at))
                self.seen += 1
        return took


@asynccontextmanager
async def responses(settings: Settings) -> AsyncIterator[Responses]:
    """A consumer of the responses topic, at its start."""
    consumer = AIOKafkaConsumer(bootstrap_servers=settings.kafka, group_id=None, fetch_max_wait_ms=5)
    await consumer.start()
    consumer.assign([TopicPartition(topics.RESPONSES, number) for number in range(settings.partitions)])
    await consumer.seek_to_beginning()
    try:
        yield Responses(consumer)
    finally:
        await consumer.stop()


async def folded(settings: Settings, count: int) -> None:
    """Return when the ledger's roll-ups hold ``count`` requests."""
    engine = create_engine(settings.ledger_url)
    while True:
        with contextlib.suppress(Exception), engine.connect() as connection:
            if (connection.scalar(text("SELECT sum(requests) FROM rollups")) or 0) >= count:
                break
        await asyncio.sleep(0.1)
    engine.dispose()


async def committed(settings: Settings, group: str, count: int) -> None:
    """Return when a consumer group has committed ``count`` requests."""
    client = AIOKafkaAdminClient(bootstrap_servers=settings.kafka)
    await client.start()
    while True:
        offsets = await client.list_consumer_group_offsets(group)
        done = sum(at.offset for tp, at in offsets.items() if tp.topic == topics.REQUESTS and at.offset > 0)
        if done >= count:
            break
        await asyncio.sleep(0.1)
    await client.close()


async def measure(
    settings: Settings,
    command: list[str],
    count: int,
    trickle: int,
    done: Callable[[int], Awaitable[Any]],
    *,
    answers: bool,
) -> Measured:
    """Run one program over ``count`` requests, and then over ``trickle`` of them at 30 a second."""
    told = environment(settings, stages="cache,settlement,ledger")
    async with fresh_topics(settings), publisher(settings) as river, responses(settings) as heard:
        process = subprocess.Popen(command, env=told, stdout=sys.stderr, stderr=sys.stderr)  # noqa: ASYNC220
        try:
            async with asyncio.timeout(PATIENCE_S):
                await publish(river, 200, "warm", None)  # until it is up and its code is warm
                await asyncio.gather(done(200), heard.until(200) if answers else _nothing())
                cpu = cpu_s(process.pid)
                await publish(river, count, "run", None)
                await asyncio.gather(done(200 + count), heard.until(200 + count) if answers else _nothing())
                cpu = cpu_s(process.pid) - cpu
                took: list[float] = []
                if answers:
                    listening = asyncio.create_task(heard.until(200 + count + trickle))
                    await publish(river, trickle, "trickle", 30.0)
                    took = await listening
                return Measured(count / cpu, took)
        finally:
            process.terminate()
            process.wait(30)


async def _nothing() -> None:
    return


def environment(settings: Settings, stages: str) -> dict[str, str]:
    """What a worker of those stages is told."""
    told = {
        "kafka": settings.kafka,
        "redis": settings.redis,
        "ledger_url": settings.ledger_url,
        "state_dir": str(settings.state_dir),
        "policy": str(POLICY),
        "stages": stages,
        "log_level": "WARNING",
    }
    return {**os.environ, **{f"HEADRACE_{key.upper()}": value for key, value in told.items()}}


def cpu_s(pid: int) -> float:
    """What a process has used so far, user and system."""
    times = psutil.Process(pid).cpu_times()
    return float(times.user + times.system)


async def compare(rounds: int, count: int, trickle: int) -> dict[str, Any]:
    """All programs, in turn, ``rounds`` times."""
    results: dict[str, list[Measured]] = {"headrace": [], "aiokafka_loop": [], "faust_noop": []}
    async with KafkaServer() as kafka, ValkeyServer() as valkey:
        await fill(valkey.url)
        with say.status("") as status:
            for number in range(rounds):
                for name, measured in results.items():
                    status.update(f"round {number + 1} of {rounds}: {name}")
                    with tempfile.TemporaryDirectory() as scratch:
                        settings = load(
                            kafka=kafka.address,
                            redis=valkey.url,
                            state_dir=Path(scratch),
                            ledger_url=f"sqlite:///{scratch}/ledger.db",
                            policy=POLICY,
                        )
                        measured.append(await _one(name, settings, count, trickle))
                    say.print(f"round {number + 1}: {name} {measured[-1].per_cpu_s:,.0f} a CPU-second")
    rate = {name: statistics.median(one.per_cpu_s for one in measured) for name, measured in results.items()}
    latency = {
        name: statistics.quantiles([ms for one in measured for ms in one.latency_ms], n=100)
        for name, measured in results.items()
        if measured[0].latency_ms
    }
    return {
        "hits_per_cpu_s": rate["headrace"],
        "aiokafka_loop_per_cpu_s": rate["aiokafka_loop"],
        "faust_noop_per_cpu_s": rate["faust_noop"],
        "ratio_vs_aiokafka_loop": rate["headrace"] / rate["aiokafka_loop"],
        "ratio_vs_faust_noop": rate["headrace"] / rate["faust_noop"],
        "trickle_ms": {name: {"p50": cuts[49], "p99": cuts[98]} for name, cuts in latency.items()},
        "rounds": rounds,
        "requests": count,
    }


async def _one(name: str, settings: Settings, count: int, trickle: int) -> Measured:
    if name == "headrace":
        command = [sys.executable, "-m", "streams.cli.main", "worker"]
        return await measure(settings, command, count, trickle, lambda n: folded(settings, n), answers=True)
    by_hand = name == "aiokafka_loop"
    ledger = settings.ledger_url.removeprefix("sqlite:///")
    which = "aiokafka" if by_hand else "faust"
    command = [sys.executable, "-m", "bench.opponents", which, settings.kafka, settings.redis, ledger]
    done = functools.partial(folded, settings) if by_hand else functools.partial(committed, settings, "noop")
    return await measure(settings, command, count, trickle, done, answers=by_hand)


def main(
    rounds: Annotated[int, typer.Option(help="How often each program is measured.")] = 3,
    requests: Annotated[int, typer.Option(help="Requests a round.")] = 10_000,
    trickle: Annotated[int, typer.Option(help="Requests at 30 a second, for the latency.")] = 300,
    format: Annotated[str, typer.Option(help="table or json")] = "table",  # noqa: A002
) -> None:
    """Measure the hot path and print the ratios."""
    found = asyncio.run(compare(rounds, requests, trickle))
    if format == "json":
        print(msgspec.json.encode(found).decode())
        return
    shown = Table("", "a CPU-second", "Headrace's share", "p50 ms", "p99 ms")
    for name, label in (("headrace", "Headrace"), ("aiokafka_loop", "aiokafka by hand"), ("faust_noop", "Faust, idle")):
        rate = found["hits_per_cpu_s" if name == "headrace" else f"{name}_per_cpu_s"]
        cuts = found["trickle_ms"].get(name)
        shown.add_row(
            label,
            f"{rate:,.0f}",
            f"{found['hits_per_cpu_s'] / rate:.2f}",
            *([f"{cuts['p50']:.0f}", f"{cuts['p99']:.0f}"] if cuts else ["", ""]),
        )
    Console().print(shown)


if __name__ == "__main__":
    typer.run(main)
