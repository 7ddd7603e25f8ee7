"""Every store of entries and every corpus, each empty: on a real Valkey, in a real folder, and those in memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from agents.cache.entries import Entries
from agents.cache.redis_entries import RedisEntries
from agents.corpus import Corpus
from agents.redis_client import connect
from streams.embedded.valkey import ValkeyServer
from tests.fakes.corpus import InMemoryCorpus
from tests.fakes.documents import MODEL, Another
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


@pytest.fixture(params=["lance", "memory"])
async def another(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Another]:
    # Here, as other tests are to run without the native library.
    from agents.lance_corpus import LanceCorpus

    opened: list[Corpus] = []
    shared = InMemoryCorpus()

    async def one() -> Corpus:
        if request.param == "memory":
            return shared
        opened.append(await LanceCorpus.open(str(tmp_path / "corpus"), model=MODEL))
        return opened[-1]

    yield one
    for corpus in opened:
        await corpus.close()


@pytest.fixture
async def corpus(another: Another) -> Corpus:
    return await another()
