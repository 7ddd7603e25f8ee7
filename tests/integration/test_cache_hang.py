"""A Valkey that hangs: it is there, and says nothing."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator

import pytest

from agents.cache.entries import Entry, Found
from agents.cache.redis_entries import RedisEntries
from agents.redis_client import connect
from schemas.errors import ServiceError
from streams.embedded.valkey import ValkeyServer
from tests.fakes.entry import HOUR_MS, entry_of


def wall_clock() -> int:
    return time.time_ns() // 1_000_000


@pytest.fixture
def valkey() -> Iterator[ValkeyServer]:
    server = ValkeyServer()
    asyncio.run(server.start())
    yield server
    asyncio.run(server.stop())


class Pass:
    """A proxy before a server, that can hold back what the server says."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self.flows = asyncio.Event()
        self.flows.set()

    async def __aenter__(self) -> str:
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        return f"redis://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/0"

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        up, out = await asyncio.open_connection("127.0.0.1", self._port)
        for source, sink, held in ((reader, out, False), (up, writer, True)):
            self._tasks.add(asyncio.create_task(self._pump(source, sink, held=held)))

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, *, held: bool) -> None:
        try:
            while data := await source.read(65_536):
                if held:
                    await self.flows.wait()
                sink.write(data)
                await sink.drain()
        except ConnectionError:
            pass
        finally:
            sink.close()


async def test_a_valkey_that_hangs_delays_nobody_for_long_and_its_late_answers_reach_nobody(
    valkey: ValkeyServer,
) -> None:
    def entry(number: int) -> Entry:
        return entry_of(wall_clock, number, embedding=None)

    proxy = Pass(valkey.port)
    async with proxy as url:
        client = connect(url)
        entries = RedisEntries(client, now=wall_clock, limit_ms=100, pause_ms=200)
        stored = [entry(number) for number in range(20)]
        for number in range(20):
            await entries.put(stored[number], ttl_ms=HOUR_MS)
        for round_number in range(5):
            proxy.flows.clear()
            began = time.monotonic()
            late = [entries.find("bank", "x", f"{number:032x}") for number in range(10)]
            outcomes = await asyncio.gather(*late, return_exceptions=True)
            assert all(isinstance(outcome, ServiceError) for outcome in outcomes)
            assert time.monotonic() - began < 0.2, round_number
            began = time.monotonic()
            with pytest.raises(ServiceError, match="no answer within 100 ms"):
                await entries.find("bank", "x", f"{1:032x}")
            assert time.monotonic() - began < 0.05
            proxy.flows.set()
            await asyncio.sleep(0.25)
            for number in range(10, 20):
                assert await entries.find("bank", "x", f"{number:032x}") == Found(None, stored[number])
        await client.aclose()
