"""Indexes: what they nominate, what they forget, and how many of them a worker holds."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.cache.entries import Entry, Member, News
from agents.cache.follow import follow
from agents.cache.index import COSINE_ERROR, ScopeIndex
from agents.cache.scopes import SCOPE_OVERHEAD, Scopes
from agents.embedding import Vector, pack, unpack
from schemas.ledger import Usage
from tests.fakes.entries import InMemoryEntries

DIMENSIONS = 32
HOUR_MS = 3_600_000
VECTORS = np.random.default_rng(7).standard_normal((64, DIMENSIONS)).astype(np.float32)


def vector_of(number: int) -> Vector:
    vector: Vector = VECTORS[number] / np.linalg.norm(VECTORS[number])
    return vector


def member_of(number: int, expires_at: int = HOUR_MS) -> Member:
    return Member(f"{number:032x}", pack(vector_of(number)), expires_at)


def entry_of(number: int, scope: str, answered_at: int = 0) -> Entry:
    return Entry(
        fingerprint=f"{number:032x}",
        scope=scope,
        tenant="bank",
        task="desk",
        request_id=f"r{number}",
        model="small",
        text="…",
        finish_reason="stop",
        usage=Usage(),
        question=f"question {number}",
        embedding=pack(vector_of(number)),
        answered_at=answered_at,
    )


# One scope


def index_of(*members: Member, capacity: int = 1_000) -> ScopeIndex:
    index = ScopeIndex(dimensions=DIMENSIONS, capacity=capacity)
    index.add(members, now=0)
    return index


def test_an_empty_index_nominates_nothing() -> None:
    assert index_of().nearest(vector_of(0), 4) == []


def test_the_nearest_comes_first_and_its_cosine_is_near_the_true_one() -> None:
    index = index_of(*(member_of(i) for i in range(50)))
    asked = vector_of(3) + 0.3 * vector_of(4)
    asked /= np.linalg.norm(asked)
    nominees = index.nearest(asked, 5)
    assert len(nominees) == 5
    assert nominees[0].fingerprint == f"{3:032x}"
    assert [one.cosine for one in nominees] == sorted((one.cosine for one in nominees), reverse=True)
    for fingerprint, cosine in nominees:
        assert abs(cosine - float(asked @ vector_of(int(fingerprint, 16)))) < COSINE_ERROR


def test_vectors_of_another_model_are_left_out() -> None:
    alien = Member("f" * 32, pack(np.ones(DIMENSIONS + 1, dtype=np.float32)), HOUR_MS)
    assert len(index_of(alien, member_of(1), Member("e" * 32, b"", HOUR_MS))) == 1


def test_what_expires_makes_room_and_so_does_the_oldest_when_it_is_full() -> None:
    index = index_of(*(member_of(i, expires_at=100 + i) for i in range(5)), capacity=6)
    index.add([member_of(10, 900)], now=102)  # 0, 1 and 2 have expired
    assert len(index) == 3
    index.add([member_of(i, 1_000) for i in range(11, 17)], now=102)
    assert len(index) == 6
    assert {one.fingerprint for one in index.nearest(vector_of(3), 9)} == {f"{i:032x}" for i in range(11, 17)}


@settings(max_examples=60)
@given(st.lists(st.tuples(st.booleans(), st.integers(0, 12)), max_size=60), st.integers(3, 8))
def test_an_index_holds_exactly_the_last_that_were_added_and_not_removed(
    steps: list[tuple[bool, int]], capacity: int
) -> None:
    index = ScopeIndex(dimensions=DIMENSIONS, capacity=capacity)
    expected: dict[int, None] = {}
    for adds, number in steps:
        expected.pop(number, None)
        if adds:
            index.add([member_of(number)], now=0)
            expected[number] = None
            while len(expected) > capacity:
                del expected[next(iter(expected))]
        else:
            index.remove(f"{number:032x}")
        assert len(index) == len(expected)
        if adds:
            assert index.nearest(vector_of(number), 1)[0].fingerprint == f"{number:032x}"
    found = {int(one.fingerprint, 16) for one in index.nearest(vector_of(0), 20)}
    assert found == set(expected)


# All scopes of a worker


class SlowEntries(InMemoryEntries):
    """Hands out members only when let."""

    def __init__(self) -> None:
        super().__init__(now=lambda: 0, wait_s=0.005)
        self.let = asyncio.Event()
        self.let.set()
        self.fillings = 0
        self.gap = False

    async def members(self, scope: str, limit: int) -> AsyncIterator[list[Member]]:
        self.fillings += 1
        found = [chunk async for chunk in super().members(scope, limit)]
        await self.let.wait()
        for chunk in found:
            yield chunk

    async def news(self, cursor: str | None) -> News:
        news = await super().news(cursor)
        gap, self.gap = self.gap, False
        return news._replace(gap=gap)


@asynccontextmanager
async def following(entries: InMemoryEntries, scopes: Scopes) -> AsyncIterator[None]:
    task = asyncio.create_task(follow(entries, scopes))
    await asyncio.sleep(0.01)
    yield
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def scopes_of(entries: InMemoryEntries, *, capacity: int = 100_000, patience_s: float = 1.0) -> Scopes:
    return Scopes(entries, dimensions=DIMENSIONS, now=lambda: 0, capacity=capacity, patience_s=patience_s)


async def names_of(scopes: Scopes, scope: str, number: int = 1) -> set[str]:
    return {one.fingerprint[-1] for one in await scopes.nearest(scope, vector_of(number), 9)}


async def test_an_index_is_filled_once_however_many_ask_for_it_first() -> None:
    entries = SlowEntries()
    await entries.put(entry_of(1, "s"), ttl_ms=HOUR_MS)
    scopes = scopes_of(entries)
    async with following(entries, scopes):
        assert await asyncio.gather(*(names_of(scopes, "s") for _ in range(20))) == [{"1"}] * 20
        assert entries.fillings == 1


async def test_nobody_waits_for_long_and_the_filling_goes_on() -> None:
    entries = SlowEntries()
    entries.let.clear()
    await entries.put(entry_of(1, "s"), ttl_ms=HOUR_MS)
    scopes = scopes_of(entries, patience_s=0.05)
    async with following(entries, scopes):
        began = asyncio.get_running_loop().time()
        assert await names_of(scopes, "s") == set()
        assert await names_of(scopes, "s") == set()  # the patience of both ends together
        assert 0.04 < asyncio.get_running_loop().time() - began < 0.5
        entries.let.set()
        await asyncio.sleep(0.05)
        assert await names_of(scopes, "s") == {"1"}
        assert entries.fillings == 1


async def test_news_that_come_while_an_index_is_filled_are_in_it() -> None:
    entries = SlowEntries()
    entries.let.clear()
    await entries.put(entry_of(1, "s"), ttl_ms=HOUR_MS)
    scopes = scopes_of(entries)
    async with following(entries, scopes):
        asked = asyncio.create_task(names_of(scopes, "s"))
        await asyncio.sleep(0.01)
        await entries.put(entry_of(2, "s"), ttl_ms=HOUR_MS)
        await entries.put(entry_of(3, "other"), ttl_ms=HOUR_MS)
        await asyncio.sleep(0.03)
        entries.let.set()
        assert await asked == {"1", "2"}


async def test_news_of_a_scope_that_is_not_held_cost_nothing() -> None:
    entries = SlowEntries()
    scopes = scopes_of(entries)
    async with following(entries, scopes):
        await entries.put(entry_of(1, "s"), ttl_ms=HOUR_MS)
        await asyncio.sleep(0.03)
        assert (len(scopes), entries.fillings) == (0, 0)


async def test_without_the_news_there_are_no_nominations() -> None:
    entries = SlowEntries()
    await entries.put(entry_of(1, "s"), ttl_ms=HOUR_MS)
    scopes = scopes_of(entries)
    assert await names_of(scopes, "s") == set()
    async with following(entries, scopes):
        assert await names_of(scopes, "s") == {"1"}
    assert await names_of(scopes, "s") == set()


async def test_after_a_gap_in_the_news_every_index_is_filled_anew() -> None:
    entries = SlowEntries()
    await entries.put(entry_of(1, "s"), ttl_ms=HOUR_MS)
    scopes = scopes_of(entries)
    async with following(entries, scopes):
        assert await names_of(scopes, "s") == {"1"}
        entries.gap = True
        await asyncio.sleep(0.03)
        assert len(scopes) == 0
        assert await names_of(scopes, "s") == {"1"}
        assert entries.fillings == 2


async def test_the_scopes_used_least_recently_make_room() -> None:
    entries = SlowEntries()
    for number, scope in enumerate(["a", "b", "c"], start=1):
        await entries.put(entry_of(number, scope), ttl_ms=HOUR_MS)
    scopes = scopes_of(entries, capacity=2 * (SCOPE_OVERHEAD + 1))
    async with following(entries, scopes):
        for scope in ("a", "b", "a", "c"):
            assert await names_of(scopes, scope) != set()
        assert entries.fillings == 3
        await names_of(scopes, "a")
        assert entries.fillings == 3
        await names_of(scopes, "b")
        assert entries.fillings == 4
        assert len(scopes) == 2


async def test_a_forgotten_entry_is_nominated_no_more() -> None:
    entries = SlowEntries()
    await entries.put(entry_of(1, "s"), ttl_ms=HOUR_MS)
    scopes = scopes_of(entries)
    async with following(entries, scopes):
        scopes.forget("s", f"{1:032x}")  # of a scope that nobody holds
        assert await names_of(scopes, "s") == {"1"}
        scopes.forget("s", f"{1:032x}")
        scopes.forget("s", f"{2:032x}")
        assert await names_of(scopes, "s") == set()


async def test_what_another_worker_drops_is_nominated_no_more() -> None:
    entries = SlowEntries()
    for number in (1, 2):
        await entries.put(entry_of(number, "s"), ttl_ms=HOUR_MS)
    scopes = scopes_of(entries)
    async with following(entries, scopes):
        assert await names_of(scopes, "s") == {"1", "2"}
        await entries.drop([f"{1:032x}"])
        await asyncio.sleep(0.03)
        assert await names_of(scopes, "s") == {"2"}


async def test_what_is_dropped_while_an_index_is_filled_is_not_in_it_unless_it_came_back() -> None:
    entries = SlowEntries()
    entries.let.clear()
    for number in (1, 2, 3):
        await entries.put(entry_of(number, "s"), ttl_ms=HOUR_MS)
    scopes = scopes_of(entries)
    async with following(entries, scopes):
        asked = asyncio.create_task(names_of(scopes, "s"))
        await asyncio.sleep(0.01)
        await entries.drop([f"{1:032x}", f"{2:032x}"])
        await asyncio.sleep(0.02)
        await entries.put(entry_of(2, "s", answered_at=1), ttl_ms=HOUR_MS)
        await asyncio.sleep(0.03)
        entries.let.set()
        assert await asked == {"2", "3"}


async def test_a_filling_that_fails_is_tried_again_by_the_next_request() -> None:
    entries = SlowEntries()
    await entries.put(entry_of(1, "s"), ttl_ms=HOUR_MS)
    scopes = scopes_of(entries)
    async with following(entries, scopes):
        entries.down = True
        scopes._follows = True  # before the news notice
        assert await names_of(scopes, "s") == set()
        entries.down = False
        scopes._follows = True
        assert await names_of(scopes, "s") == {"1"}


def test_what_is_packed_keeps_its_direction() -> None:
    assert float(unpack(pack(vector_of(5))) @ vector_of(5)) > 0.9999


def test_other_native_libraries_work_beside_it() -> None:
    # Arrow asks the C++ library for time zones, and crashed where usearch had put another one in its place.
    program = (
        "import agents.cache.index, pyarrow; print(pyarrow.array([0], pyarrow.timestamp('ms', 'UTC')).to_pylist())"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, "1970" in done.stdout) == (0, True), done.stderr
