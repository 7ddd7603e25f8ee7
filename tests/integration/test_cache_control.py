"""Freshness and control on a real Valkey, between workers: what is cached is seen, what is void is refused at once."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from agents.cache.entries import Entry
from agents.cache.follow import follow
from agents.cache.lessons import Lessons
from agents.cache.outcomes import Outcome
from agents.cache.redis_entries import RedisEntries
from agents.cache.rules import Rule
from agents.cache.scopes import Scopes
from agents.embedding import Vector, pack, unpack
from agents.redis_client import connect
from schemas.errors import ServiceError
from streams.embedded.valkey import ValkeyServer
from tests.fakes.entry import HOUR_MS, entry_of, outcome_of

DIMENSIONS = 64
SCOPE = "5c09e"
QUESTIONS = 40
NEAR = 0.95
VECTORS = np.random.default_rng(5).standard_normal((QUESTIONS, DIMENSIONS)).astype(np.float32)


def wall_clock() -> int:
    return time.time_ns() // 1_000_000


@pytest.fixture
def valkey() -> Iterator[ValkeyServer]:
    server = ValkeyServer()
    asyncio.run(server.start())
    yield server
    asyncio.run(server.stop())


class Tally:
    """Counts outcomes."""

    def __init__(self, *_: str) -> None:
        self.seen: list[str] = []

    def learn(self, outcomes: Sequence[Outcome]) -> None:
        self.seen += [outcome.request_id for outcome in outcomes]


def question(number: int, *, paraphrased: bool = False) -> Vector:
    vector = VECTORS[number] / np.linalg.norm(VECTORS[number])
    if paraphrased:
        vector = vector + 0.02 * VECTORS[(number + 1) % QUESTIONS]
        vector = vector / np.linalg.norm(vector)
    result: Vector = vector.astype(np.float32)
    return result


def cached(number: int, **changes: Any) -> Entry:
    return entry_of(wall_clock, number, **{"embedding": pack(question(number)), "text": f"answer {number}", **changes})


class Worker:
    """What a worker holds of the cache, and looks up as the cache's tiers do."""

    def __init__(self, url: str) -> None:
        self.client = connect(url)
        self.entries = RedisEntries(self.client, now=wall_clock, limit_ms=10_000, pause_ms=300)
        self.scopes = Scopes(self.entries, dimensions=DIMENSIONS, now=wall_clock)
        self.lessons = Lessons(self.entries, fold=Tally)

    async def exact(self, number: int) -> str | None:
        try:
            found = await self.entries.find("bank", "new", f"{number:032x}")
        except ServiceError:
            return None
        return found.exact.text if found.exact else None

    async def semantic(self, number: int) -> str | None:
        asked = question(number, paraphrased=True)
        names = [one.fingerprint for one in await self.scopes.nearest(SCOPE, asked, 4)]
        try:
            entries = await self.entries.get(names)
        except ServiceError:
            return None
        for name, entry in zip(names, entries, strict=True):
            if entry is None:
                self.scopes.forget(SCOPE, name)
            elif entry.embedding and float(asked @ unpack(entry.embedding)) >= NEAR:
                return entry.text
        return None

    async def put(self, entry: Entry) -> None:
        with contextlib.suppress(ServiceError):
            await self.entries.put(entry, ttl_ms=HOUR_MS, capacity=1_000)


@contextlib.asynccontextmanager
async def working(valkey: ValkeyServer, count: int) -> AsyncIterator[list[Worker]]:
    workers = [Worker(valkey.url) for _ in range(count)]
    tasks = [asyncio.create_task(follow(one.entries, one.scopes, one.lessons)) for one in workers]
    await asyncio.sleep(0.1)
    try:
        yield workers
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for worker in workers:
            await worker.client.aclose()


async def within(seconds: float, worker: Worker, number: int) -> float:
    """How long it took until the worker served a paraphrase."""
    began = time.monotonic()
    while await worker.semantic(number) is None:
        assert time.monotonic() - began < seconds
        await asyncio.sleep(0.005)
    return time.monotonic() - began


async def test_a_second_worker_sees_what_the_first_cached_within_a_second(valkey: ValkeyServer) -> None:
    async with working(valkey, 2) as (one, other):
        assert await other.semantic(0) is None  # its index is there, and empty
        for number in range(10):
            await one.put(cached(number))
            assert await other.exact(number) == f"answer {number}"
            assert await within(1.0, other, number) < 1.0
            assert await other.semantic(number) == f"answer {number}"


RULES: list[dict[str, str]] = [
    {"tenant": "bank"},
    {"task": "desk"},
    {"knowledge": "v1"},
    {"model": "small"},
    {"tenant": "bank", "knowledge": "v1"},
]


@pytest.mark.parametrize("names", [{}, *RULES], ids=lambda names: "+".join(names) or "entry")
async def test_a_second_worker_refuses_at_once_what_the_first_made_void(
    valkey: ValkeyServer, names: dict[str, str]
) -> None:
    other_names = {name: "another" for name in names if name not in {"tenant"}} or {"tenant": "insurer"}
    async with working(valkey, 2) as (one, other):
        await one.put(cached(1, knowledge="v1"))
        await one.put(cached(2, **{"knowledge": "v2", **other_names}))
        await within(1.0, other, 1)
        await within(1.0, other, 2)
        served: list[float] = []
        stop = asyncio.Event()

        async def ask() -> None:
            while not stop.is_set():
                began = time.monotonic()
                exact, semantic = await asyncio.gather(other.exact(1), other.semantic(1))
                if exact or semantic:
                    served.append(began)

        asking = [asyncio.create_task(ask()) for _ in range(4)]
        await asyncio.sleep(0.1)
        if names:
            await one.entries.void(Rule(before=wall_clock(), **names))
        else:
            assert await one.entries.drop([f"{1:032x}"]) == 1
        made = time.monotonic()
        await asyncio.sleep(0.3)
        stop.set()
        await asyncio.gather(*asking)
        assert served
        assert max(served) < made
        assert (await other.exact(2), await other.semantic(2)) == ("answer 2", "answer 2")
        # What was answered since is served again.
        await one.put(cached(1, knowledge="v1", text="a new answer"))
        assert await other.exact(1) == "a new answer"
        await within(1.0, other, 1)
        assert await other.semantic(1) == "a new answer"


async def test_killing_redis_mid_run_fails_nobody_serves_nothing_wrong_and_hits_recover(valkey: ValkeyServer) -> None:
    async with working(valkey, 2) as workers:
        hits: list[tuple[float, bool]] = []
        slowest = 0.0
        stop = asyncio.Event()

        async def ask(worker: Worker, seed: int) -> None:
            nonlocal slowest
            random = np.random.default_rng(seed)
            while not stop.is_set():
                number, began = int(random.integers(QUESTIONS)), time.monotonic()
                semantic = random.random() < 0.5
                text = await (worker.semantic(number) if semantic else worker.exact(number))
                slowest = max(slowest, time.monotonic() - began)
                assert text in (None, f"answer {number}")
                hits.append((began, text is not None))
                if text is None:
                    await worker.put(cached(number))
                await asyncio.sleep(0.002)

        def rate(since: float, until: float) -> float:
            those = [hit for at, hit in hits if since <= at < until]
            assert len(those) > 20
            return sum(those) / len(those)

        asking = [asyncio.create_task(ask(worker, seed)) for seed, worker in enumerate(workers * 3)]
        await asyncio.sleep(1.5)
        killed = time.monotonic()
        await valkey.kill()
        await asyncio.sleep(1.5)
        back = time.monotonic()
        await valkey.start()
        await asyncio.sleep(3.5)
        end = time.monotonic()
        stop.set()
        await asyncio.gather(*asking)
        assert rate(killed - 0.5, killed) > 0.9
        assert rate(killed + 0.5, back) == 0  # answers went on, all as misses
        assert rate(end - 1.0, end) > 0.9
        # Nobody waited longer than one call may take and an index may be filled.
        assert slowest < 2.5


async def test_lessons_start_over_when_redis_is_lost_and_go_on(valkey: ValkeyServer) -> None:
    async with working(valkey, 2) as (one, other):
        for number in range(3):
            await one.entries.learn("bank", "desk", outcome_of(wall_clock, number, at=number))
        before = await other.lessons.of("bank", "desk")
        assert before is not None
        assert before.seen == ["r0", "r1", "r2"]
        await one.entries.learn("bank", "desk", outcome_of(wall_clock, 3))
        await asyncio.sleep(0.3)
        assert before.seen == ["r0", "r1", "r2", "r3"]
        await valkey.kill()
        await asyncio.sleep(0.3)
        assert await other.lessons.of("bank", "desk") is None
        await valkey.start()
        await asyncio.sleep(1.5)
        await one.entries.learn("bank", "desk", outcome_of(wall_clock, 4))
        after = await other.lessons.of("bank", "desk")
        assert after is not None
        assert after is not before
        assert after.seen == ["r4"]


async def test_what_was_void_stays_void_when_a_redis_that_persists_is_killed(tmp_path: Path) -> None:
    valkey = ValkeyServer(tmp_path)
    await valkey.start()
    try:
        async with working(valkey, 1) as (one,):
            for number in range(3):
                await one.put(cached(number, model=f"m{number}"))
            await one.entries.void(Rule(before=wall_clock(), model="m0"))
            await one.entries.drop([f"{1:032x}"])
            await valkey.kill()
            await valkey.start()
            await asyncio.sleep(0.5)
            assert [await one.exact(number) for number in range(3)] == [None, None, "answer 2"]
    finally:
        await valkey.stop()
