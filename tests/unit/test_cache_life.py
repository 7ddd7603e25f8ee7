"""How long an entry lives, who else sees it, and what an outage costs: hits, and nothing else."""

from __future__ import annotations

import asyncio

import pytest

from agents.policy import Policy
from schemas.enums import Source
from schemas.records import Answer, CacheMiss
from tests.fakes.cache import (
    HOUR_MS,
    NEAR_RESET,
    RESET,
    Clock,
    River,
    document,
    following,
    request_of,
    river_of,
)
from tests.fakes.entries import InMemoryEntries


async def test_an_entry_lives_from_its_answer_on_and_no_hit_prolongs_it(river: River) -> None:
    await river.executed(request_of(RESET))
    for _ in range(4):
        river.clock.ms += 14 * 60_000
        assert isinstance(await river.ask(request_of(RESET)), Answer)
        assert isinstance(await river.ask(request_of(NEAR_RESET)), Answer)
    river.clock.ms += 5 * 60_000
    assert isinstance(await river.ask(request_of(RESET)), CacheMiss)
    assert isinstance(await river.ask(request_of(NEAR_RESET)), CacheMiss)


async def test_an_old_fill_read_again_revives_nothing(river: River) -> None:
    fill = await river.executed(request_of(RESET))
    river.clock.ms += 2 * HOUR_MS
    await river.fill(river.fill_delivery(fill))
    assert isinstance(await river.ask(request_of(RESET)), CacheMiss)
    assert isinstance(await river.ask(request_of(NEAR_RESET)), CacheMiss)
    assert river.fill.deadline(river.fill_delivery(fill)) > river.clock()


async def test_a_request_id_is_known_for_as_long_as_the_horizon(river: River) -> None:
    request = request_of()
    await river.executed(request)
    river.clock.ms += 23 * HOUR_MS
    assert isinstance(await river.ask(request), Answer)
    river.clock.ms += 2 * HOUR_MS
    assert isinstance(await river.ask(request), CacheMiss)


async def test_a_fill_of_a_task_that_is_no_more_is_remembered_only(river: River) -> None:
    request = request_of()
    miss = await river.ask(request)
    assert isinstance(miss, CacheMiss)
    await river.learn(miss, task="of yesterday")
    assert isinstance(await river.ask(request_of()), CacheMiss)
    assert isinstance(await river.ask(request), Answer)


async def test_an_answer_by_a_model_that_has_no_price_any_more_is_not_served(river: River) -> None:
    request = request_of()
    miss = await river.ask(request)
    assert isinstance(miss, CacheMiss)
    await river.learn(miss, model="of yesterday")
    assert isinstance(await river.ask(request), CacheMiss)


async def test_what_one_worker_caches_another_serves() -> None:
    clock = Clock()
    entries = InMemoryEntries(now=clock, wait_s=0.01)
    policy = Policy(document())
    one, other = river_of(policy, entries, clock), river_of(policy, entries, clock)
    async with following(one, other):
        assert isinstance(await other.ask(request_of("Where is my card?")), CacheMiss)  # its index is filled now
        fill = await one.executed(request_of(RESET))
        answer = await other.ask(request_of(NEAR_RESET))
        assert isinstance(answer, Answer)
        assert (answer.source, answer.text) == (Source.SEMANTIC_CACHE, fill.text)


async def test_a_cache_that_is_away_fails_nobody_and_spends_nothing(
    river: River, caplog: pytest.LogCaptureFixture
) -> None:
    request = request_of()
    await river.executed(request)
    river.entries.down = True
    embedded = len(river.embedder.embedded)
    for _ in range(50):
        miss = await river.ask(request_of())
        assert isinstance(miss, CacheMiss)
        assert miss.costs == []
    assert len(river.embedder.embedded) == embedded
    assert isinstance(miss, CacheMiss)
    await river.learn(miss)
    assert river.outage.total == 51
    assert [record.levelname for record in caplog.records] == ["ERROR"]
    assert "requests go on as misses" in caplog.text
    river.entries.down = False
    assert isinstance(await river.ask(request), Answer)
    assert [record.levelname for record in caplog.records] == ["ERROR", "WARNING"]


async def test_a_long_outage_is_spoken_of_again(river: River, caplog: pytest.LogCaptureFixture) -> None:
    river.entries.down = True
    for _ in range(4):
        await river.ask(request_of())
        river.clock.ms += 20_000
    assert [record.levelname for record in caplog.records] == ["ERROR", "ERROR"]


async def test_the_index_is_filled_anew_after_an_outage(river: River) -> None:
    await river.executed(request_of(RESET))
    assert isinstance(await river.ask(request_of(NEAR_RESET)), Answer)
    river.entries.down = True
    await asyncio.sleep(0.05)
    assert len(river.scopes) == 0
    river.entries.down = False
    await asyncio.sleep(1.2)
    answer = await river.ask(request_of(NEAR_RESET))
    assert isinstance(answer, Answer)
    assert answer.source is Source.SEMANTIC_CACHE


async def test_losing_everything_loses_hits_and_nothing_else(river: River) -> None:
    request = request_of()
    await river.executed(request)
    assert isinstance(await river.ask(request_of(NEAR_RESET)), Answer)
    river.entries.lose_everything()
    assert isinstance(await river.ask(request), CacheMiss)
    assert isinstance(await river.ask(request_of(NEAR_RESET)), CacheMiss)
    assert len(river.scopes) == 0


async def test_an_embedder_that_fails_costs_a_hit_and_no_answer(river: River) -> None:
    await river.executed(request_of(RESET))
    river.embedder.down = True
    miss = await river.ask(request_of(NEAR_RESET))
    assert isinstance(miss, CacheMiss)
    assert (miss.costs, miss.lookup.embedding, river.unfound.total) == ([], None, 1)


async def test_an_embedder_that_comes_and_goes_is_not_spoken_of_each_time(
    river: River, caplog: pytest.LogCaptureFixture
) -> None:
    for number in range(20):
        river.embedder.down = number % 2 == 0
        await river.ask(request_of(f"How do I reset my password {number}?"))
    assert [record.levelname for record in caplog.records] == ["ERROR", "WARNING"]
    assert "no near question is found" in caplog.text
    river.clock.ms += 40_000
    river.embedder.down = True
    await river.ask(request_of())
    assert [record.levelname for record in caplog.records] == ["ERROR", "WARNING", "ERROR"]
