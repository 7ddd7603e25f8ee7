"""What a consumer costs that has nothing to read: with fetches that wait as long as Headrace lets them, or briefly.

A real broker, one consumer of many partitions to which nobody writes, in turns with either way of waiting. CPU is the
consumer's process and, beyond what it takes with nobody connected, the broker's.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from typing import Annotated, NamedTuple

import msgspec
import psutil
import typer
from aiokafka import AIOKafkaConsumer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from rich.console import Console
from rich.progress import track

from streams.embedded.kafka import KafkaServer
from streams.fetching import wait_as_asked

TOPIC = "idle"
BRIEF_MS = 50

say = Console(stderr=True)


class Cost(NamedTuple):
    """Shares of one core."""

    consumer: float
    broker: float


async def cost(broker: psutil.Process, seconds: float) -> Cost:
    """What this process and the broker use for a while."""
    processes = psutil.Process(), broker
    before = [sum(one.cpu_times()[:2]) for one in processes]
    began = time.monotonic()
    await asyncio.sleep(seconds)
    passed = time.monotonic() - began
    return Cost(*((sum(one.cpu_times()[:2]) - cpu) / passed for one, cpu in zip(processes, before, strict=True)))


async def consuming(address: str, broker: psutil.Process, seconds: float, *, as_asked: bool) -> Cost:
    """The same while a consumer waits."""
    async with AIOKafkaConsumer(TOPIC, bootstrap_servers=address, fetch_max_wait_ms=BRIEF_MS) as consumer:
        if as_asked:
            wait_as_asked(consumer._fetcher, brief_ms=BRIEF_MS)
        await consumer.getmany(timeout_ms=1000)
        return await cost(broker, seconds)


async def measure(partitions: int, pairs: int, seconds: float) -> dict[str, float]:
    """Medians of the pairs, and the ratios of what either way costs."""
    found: dict[bool, list[Cost]] = {True: [], False: []}
    async with KafkaServer() as server:
        admin = AIOKafkaAdminClient(bootstrap_servers=server.address)
        await admin.start()
        await admin.create_topics([NewTopic(TOPIC, partitions, 1)])
        await admin.close()
        (broker,) = [one for one in psutil.Process().children(recursive=True) if one.name() == "java"]
        await asyncio.sleep(5)  # it compiles what it started with
        for number in track(range(pairs), "waiting", console=say):
            for as_asked in (True, False) if number % 2 else (False, True):
                found[as_asked].append(await consuming(server.address, broker, seconds, as_asked=as_asked))
        alone = (await cost(broker, seconds)).broker
    asked, brief = (Cost(*map(statistics.median, zip(*found[name], strict=True))) for name in (True, False))
    return {
        "partitions": partitions,
        "consumer_share_of_a_core": asked.consumer,
        "consumer_share_of_a_core_briefly": brief.consumer,
        "consumer_ratio": asked.consumer / brief.consumer,
        "broker_share_of_a_core_more": asked.broker - alone,
        "broker_share_of_a_core_more_briefly": brief.broker - alone,
    }


def main(
    partitions: Annotated[int, typer.Option(help="That the consumer has.")] = 96,
    pairs: Annotated[int, typer.Option(help="How often the two take turns.")] = 5,
    seconds: Annotated[float, typer.Option(help="Of each turn.")] = 10.0,
    format: Annotated[str, typer.Option(help="table or json")] = "table",  # noqa: A002
) -> None:
    """Measure and print."""
    found = asyncio.run(measure(partitions, pairs, seconds))
    if format == "json":
        print(msgspec.json.encode(found).decode())
    else:
        for name, value in found.items():
            print(f"{name.replace('_', ' '):<40}{value:.3f}")


if __name__ == "__main__":
    typer.run(main)
