"""Lessons: what a worker learns from checks, its own and others'."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from agents.cache.entries import Learned, News
from agents.cache.follow import Follower, follow
from agents.cache.lessons import Lessons
from agents.cache.outcomes import Outcome
from agents.cache.scopes import Scopes
from agents.embedding import unpack
from tests.fakes.entries import InMemoryEntries
from tests.fakes.entry import HOUR_MS, Clock, entry_of, outcome_of, vector_of

CLOCK = Clock()


class Tally:
    """Keeps the outcomes that it was given."""

    def __init__(self, tenant: str, task: str) -> None:
        self.of = tenant, task
        self.outcomes: list[Outcome] = []

    def learn(self, outcomes: Sequence[Outcome]) -> None:
        self.outcomes += outcomes


class SlowEntries(InMemoryEntries):
    """Hands out outcomes only when let."""

    def __init__(self) -> None:
        super().__init__(now=CLOCK, wait_s=0.005)
        self.let = asyncio.Event()
        self.let.set()
        self.fillings = 0
        self.gap = False

    async def outcomes(self, tenant: str, task: str) -> list[Outcome]:
        self.fillings += 1
        found = await super().outcomes(tenant, task)
        await self.let.wait()
        return found

    async def news(self, cursor: str | None) -> News:
        news = await super().news(cursor)
        gap, self.gap = self.gap, False
        return news._replace(gap=gap)


@asynccontextmanager
async def following(entries: InMemoryEntries, *followers: Follower) -> AsyncIterator[None]:
    task = asyncio.create_task(follow(entries, *followers))
    await asyncio.sleep(0.01)
    yield
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def lessons_of(entries: InMemoryEntries, *, capacity: int = 10, patience_s: float = 1.0) -> Lessons[Tally]:
    return Lessons(entries, fold=Tally, capacity=capacity, patience_s=patience_s)


async def learned(lessons: Lessons[Tally], tenant: str = "bank", task: str = "desk") -> list[str] | None:
    tally = await lessons.of(tenant, task)
    assert tally is None or tally.of == (tenant, task)
    return None if tally is None else [outcome.request_id for outcome in tally.outcomes]


async def test_what_was_learned_before_comes_first_and_the_news_go_on() -> None:
    entries = SlowEntries()
    await entries.learn("bank", "desk", outcome_of(CLOCK, 1))
    lessons = lessons_of(entries)
    async with following(entries, lessons):
        assert await asyncio.gather(*(learned(lessons) for _ in range(20))) == [["r1"]] * 20
        state = await lessons.of("bank", "desk")
        await entries.learn("bank", "desk", outcome_of(CLOCK, 2))
        await entries.learn("bank", "advice", outcome_of(CLOCK, 3))
        await entries.learn("insurer", "desk", outcome_of(CLOCK, 4))
        await asyncio.sleep(0.03)
        assert await learned(lessons) == ["r1", "r2"]
        assert await lessons.of("bank", "desk") is state
        assert entries.fillings == 1
        assert await learned(lessons, "bank", "advice") == ["r3"]
        assert await learned(lessons, "nobody", "desk") == []


async def test_an_outcome_that_is_read_and_in_the_news_is_learned_once() -> None:
    entries = SlowEntries()
    await entries.learn("bank", "desk", outcome_of(CLOCK, 1))
    lessons = lessons_of(entries)
    async with following(entries, lessons):
        entries.let.clear()
        asked = asyncio.create_task(learned(lessons))
        await asyncio.sleep(0.01)
        # After the outcomes were read and before they arrive: one that is new, and one that was read.
        await entries.learn("bank", "desk", outcome_of(CLOCK, 2))
        lessons.hear(News("", (), False, (), [Learned("bank", "desk", outcome_of(CLOCK, 1))]))
        await asyncio.sleep(0.03)
        entries.let.set()
        assert await asked == ["r1", "r2"]
        lessons.hear(News("", (), False, (), [Learned("bank", "desk", outcome_of(CLOCK, 1))]))
        assert await learned(lessons) == ["r1", "r2"]


async def test_nobody_waits_for_long_and_the_filling_goes_on() -> None:
    entries = SlowEntries()
    entries.let.clear()
    lessons = lessons_of(entries, patience_s=0.05)
    async with following(entries, lessons):
        began = asyncio.get_running_loop().time()
        assert await learned(lessons) is None
        assert await learned(lessons) is None  # the patience of both ends together
        assert 0.04 < asyncio.get_running_loop().time() - began < 0.5
        entries.let.set()
        await asyncio.sleep(0.01)
        assert await learned(lessons) == []
        assert entries.fillings == 1


async def test_without_the_news_nothing_is_known_and_after_a_gap_it_is_learned_anew() -> None:
    entries = SlowEntries()
    await entries.learn("bank", "desk", outcome_of(CLOCK, 1))
    lessons = lessons_of(entries)
    assert await learned(lessons) is None
    async with following(entries, lessons):
        assert await learned(lessons) == ["r1"]
        entries.lose_everything()
        entries.gap = True
        await asyncio.sleep(0.03)
        assert await learned(lessons) == []
        assert entries.fillings == 2
    assert await learned(lessons) is None


async def test_the_states_used_least_recently_make_room() -> None:
    entries = SlowEntries()
    lessons = lessons_of(entries, capacity=2)
    async with following(entries, lessons):
        for task in ("a", "b", "a", "c"):
            assert await learned(lessons, "bank", task) == []
        assert (entries.fillings, len(lessons)) == (3, 2)
        await learned(lessons, "bank", "a")
        assert entries.fillings == 3
        await learned(lessons, "bank", "b")
        assert (entries.fillings, len(lessons)) == (4, 2)


async def test_a_filling_that_fails_is_tried_again_by_the_next_request() -> None:
    entries = SlowEntries()
    lessons = lessons_of(entries)
    lessons.start_over(follows=True)
    entries.down = True
    assert await learned(lessons) is None
    entries.down = False
    assert await learned(lessons) == []


async def test_one_news_task_feeds_the_indexes_and_the_lessons() -> None:
    entries = SlowEntries()
    lessons = lessons_of(entries)
    scopes = Scopes(entries, dimensions=16, now=CLOCK)
    async with following(entries, scopes, lessons):
        asked = unpack(vector_of(1))
        assert (list(await scopes.nearest("5c09e", asked, 1)), await learned(lessons)) == ([], [])
        await entries.put(entry_of(CLOCK, 1), ttl_ms=HOUR_MS)
        await entries.learn("bank", "desk", outcome_of(CLOCK, 1))
        await asyncio.sleep(0.03)
        assert [one.fingerprint for one in await scopes.nearest("5c09e", asked, 1)] == [f"{1:032x}"]
        assert await learned(lessons) == ["r1"]
    assert (list(await scopes.nearest("5c09e", asked, 1)), await learned(lessons)) == ([], None)
