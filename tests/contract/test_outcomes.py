"""Outcomes of checks: kept, bounded and announced, in Redis and in memory."""

from __future__ import annotations

import asyncio

import pytest

from agents.cache import outcomes
from agents.cache.entries import Entries, Learned
from tests.fakes.entry import Clock, outcome_of


async def test_outcomes_come_in_the_order_of_their_instants_whole(entries: Entries, clock: Clock) -> None:
    made = [outcome_of(clock, i, at=clock() + i, same=i % 2 == 0) for i in range(1, 6)]
    for outcome in reversed(made):
        await entries.learn("bank", "desk", outcome)
    assert await entries.outcomes("bank", "desk") == made


async def test_outcomes_are_of_one_task_of_one_tenant(entries: Entries, clock: Clock) -> None:
    await entries.learn("bank", "desk", outcome_of(clock))
    for names in (("bank", "advice"), ("insurer", "desk"), ("bank:desk", ""), ("4:bank", "desk")):
        assert await entries.outcomes(*names) == []


async def test_an_outcome_delivered_again_changes_nothing_and_is_announced_once(entries: Entries, clock: Clock) -> None:
    start = await entries.news(None)
    await asyncio.gather(*(entries.learn("bank", "desk", outcome_of(clock)) for _ in range(10)))
    assert await entries.outcomes("bank", "desk") == [outcome_of(clock)]
    news = await entries.news(start.cursor)
    assert list(news.learned) == [Learned("bank", "desk", outcome_of(clock))]
    assert (list(news.added), list(news.dropped)) == ([], [])


async def test_the_last_outcomes_are_kept_and_older_ones_are_not_even_announced(
    entries: Entries, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outcomes, "KEPT", 5)
    for i in range(8):
        await entries.learn("bank", "desk", outcome_of(clock, i, at=clock() + i))
    assert [one.request_id for one in await entries.outcomes("bank", "desk")] == [f"r{i}" for i in range(3, 8)]
    start = await entries.news(None)
    await entries.learn("bank", "desk", outcome_of(clock, 0))
    assert list((await entries.news(start.cursor)).learned) == []
    assert len(await entries.outcomes("bank", "desk")) == 5


async def test_comparisons_at_misses_do_not_crowd_out_checks_of_hits(
    entries: Entries, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outcomes, "KEPT", 3)
    for i in range(8):
        await entries.learn("bank", "desk", outcome_of(clock, i, at=clock() + i, served=i < 2))
    assert [one.request_id for one in await entries.outcomes("bank", "desk")] == ["r0", "r1", "r5", "r6", "r7"]
