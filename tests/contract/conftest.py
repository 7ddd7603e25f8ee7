"""Every store of entries, each empty: Redis on a real Valkey, and the one in memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest

from agents.cache.entries import Entries
from agents.cache.redis_entries import RedisEntries
from agents.redis_client import connect
from streams.embedded.valkey import ValkeyServer
from tests.fakes.entries import InMemoryEntries
from tests.fakes.entry import Clock


@pytest.fixture(scope="module")
def valkey() -> Iterator[ValkeyServer]:
    server = ValkeyServer()
    asyncio.run(server.start())
    yield server
    asyncio.run(server.stop())


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def redis(valkey: ValkeyServer, clock: Clock) -> AsyncIterator[RedisEntries]:
    client = connect(valkey.url)
    await client.flushall()
    yield RedisEntries(client, now=clock, limit_ms=5_000)
    await client.aclose()


@pytest.fixture(params=["redis", "memory"])
def entries(request: pytest.FixtureRequest, clock: Clock) -> Entries:
    if request.param == "memory":
        return InMemoryEntries(now=clock)
    found: Entries = request.getfixturevalue("redis")
    return found
