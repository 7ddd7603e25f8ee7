"""What every store of summaries does: the one in Redis, on a real Valkey, and the one in memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from agents.context.redis_summaries import PREFIX, RedisSummaries
from agents.context.summaries import PATIENCE_MS, Summaries
from agents.redis_client import connect
from schemas.errors import ServiceError
from schemas.records import Summary
from streams.embedded.valkey import ValkeyServer
from tests.fakes.entry import Clock
from tests.fakes.summaries import InMemorySummaries


@pytest.fixture(params=["redis", "memory"])
async def summaries(request: pytest.FixtureRequest, valkey: ValkeyServer, clock: Clock) -> AsyncIterator[Summaries]:
    if request.param == "memory":
        yield InMemorySummaries(now=clock)
        return
    client = connect(valkey.url)
    await client.flushall()
    yield RedisSummaries(client, now=clock, limit_ms=5_000)
    await client.aclose()


def summary(turns: str, text: str = "they want a card") -> Summary:
    return Summary(turns=turns, tenant="bank", task="faq", text=text, made_at=1)


async def test_what_is_put_is_found_under_its_name_alone(summaries: Summaries) -> None:
    await summaries.put(summary("b", "Größe: 30 µm"))
    assert await summaries.find(["a", "b", "c"]) == [None, "Größe: 30 µm", None]
    assert await summaries.find([]) == []


async def test_of_those_who_would_begin_at_the_same_time_one_does(summaries: Summaries) -> None:
    assert sorted(await asyncio.gather(*(summaries.begin("a") for _ in range(8)))) == [False] * 7 + [True]
    assert await summaries.find(["a"]) == [""]


async def test_a_summary_takes_the_place_of_its_being_made(summaries: Summaries) -> None:
    await summaries.begin("a")
    await summaries.put(summary("a"))
    assert await summaries.find(["a"]) == ["they want a card"]
    assert not await summaries.begin("a")


async def test_a_summary_that_never_comes_may_be_begun_again(valkey: ValkeyServer, clock: Clock) -> None:
    in_memory = InMemorySummaries(now=clock)
    await in_memory.begin("a")
    clock.ms += PATIENCE_MS
    assert await in_memory.find(["a"]) == [None]
    assert await in_memory.begin("a")

    client = connect(valkey.url)
    await client.delete(PREFIX + "a")
    await RedisSummaries(client, now=clock).begin("a")
    left = await client.pttl(PREFIX + "a")
    await client.aclose()
    assert 0 < left <= PATIENCE_MS


async def test_a_redis_that_is_not_there_is_said_to_be() -> None:
    client = connect("redis://127.0.0.1:1/0")
    gone = RedisSummaries(client, now=Clock())
    for call in (gone.find(["a"]), gone.begin("a"), gone.put(summary("a"))):
        with pytest.raises(ServiceError, match=r"Redis at 127\.0\.0\.1:1"):
            await call
    await client.aclose()
