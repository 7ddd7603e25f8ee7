"""Entries: the Redis adapter on a real Valkey and the one in memory keep one contract."""

from __future__ import annotations

import asyncio

import pytest

from agents.cache import redis_survey
from agents.cache.entries import Added, Entries, Found, Member
from agents.cache.redis_entries import RedisEntries
from agents.redis_client import connect
from streams.embedded.valkey import ValkeyServer
from tests.fakes.entry import HOUR_MS, Clock, entry_of, members_of, vector_of


async def test_what_was_put_is_found_by_its_fingerprint_whole(entries: Entries, clock: Clock) -> None:
    entry = entry_of(clock)
    await entries.put(entry, ttl_ms=HOUR_MS)
    assert await entries.find("bank", "another", entry.fingerprint) == Found(None, entry)
    assert await entries.get([entry.fingerprint, "f" * 32, entry.fingerprint]) == [entry, None, entry]


async def test_getting_nothing_gives_nothing(entries: Entries) -> None:
    assert await entries.get([]) == []


async def test_a_later_answer_takes_the_place_of_an_earlier_one(entries: Entries, clock: Clock) -> None:
    await entries.put(entry_of(clock), ttl_ms=HOUR_MS)
    later = entry_of(clock, text="another", request_id="r2")
    await entries.put(later, ttl_ms=HOUR_MS)
    assert await entries.get([later.fingerprint]) == [later]
    assert len(await members_of(entries, later.scope)) == 1


async def test_a_request_id_is_remembered_within_its_tenant_only(entries: Entries, clock: Clock) -> None:
    await entries.remember(entry_of(clock), ttl_ms=HOUR_MS)
    found = await entries.find("bank", "r1", None)
    assert found.answered is not None
    assert (found.answered.text, found.answered.usage) == (entry_of(clock).text, entry_of(clock).usage)
    assert found.exact is None
    assert await entries.find("insurer", "r1", None) == Found(None, None)
    assert await entries.find("bank", "r2", None) == Found(None, None)


async def test_what_is_remembered_is_not_cached_and_the_other_way_round(entries: Entries, clock: Clock) -> None:
    remembered, cached = entry_of(clock, 1), entry_of(clock, 2)
    await entries.remember(remembered, ttl_ms=HOUR_MS)
    await entries.put(cached, ttl_ms=HOUR_MS)
    assert await entries.get([remembered.fingerprint]) == [None]
    assert await entries.find("bank", cached.request_id, None) == Found(None, None)


@pytest.mark.parametrize(
    ("mine", "theirs"),
    [(("a", "b:c"), ("a:b", "c")), (("a", ""), ("a:", "")), (("1:a", "x"), ("1", "a:x")), (("a/b", "c"), ("a", "b/c"))],
)
async def test_no_choice_of_names_makes_two_tenants_meet(
    entries: Entries, clock: Clock, mine: tuple[str, str], theirs: tuple[str, str]
) -> None:
    await entries.remember(entry_of(clock, tenant=mine[0], request_id=mine[1]), ttl_ms=HOUR_MS)
    assert (await entries.find(*mine, None)).answered is not None
    assert (await entries.find(*theirs, None)).answered is None
    await entries.remember(entry_of(clock, tenant=theirs[0], request_id=theirs[1]), ttl_ms=HOUR_MS)
    for names in (mine, theirs):
        answered = (await entries.find(*names, None)).answered
        assert answered is not None
        assert (answered.tenant, answered.request_id) == names


async def test_time_to_live_counts_from_the_answer(entries: Entries, clock: Clock) -> None:
    old = entry_of(clock, 1, answered_at=clock() - HOUR_MS)
    await entries.put(old, ttl_ms=HOUR_MS)
    await entries.remember(old, ttl_ms=HOUR_MS)
    assert await entries.find("bank", "r1", old.fingerprint) == Found(None, None)
    assert await members_of(entries, old.scope) == []


async def test_an_entry_near_its_end_expires_when_it_is_due(valkey: ValkeyServer) -> None:
    # Redis expires by its own clock, so that this one waits.
    clock = Clock()
    client = connect(valkey.url)
    await client.flushall()
    try:
        entries = RedisEntries(client, now=clock, limit_ms=5_000)
        due = entry_of(clock, 1, answered_at=clock() - HOUR_MS + 300)
        await entries.put(due, ttl_ms=HOUR_MS)
        await entries.remember(due, ttl_ms=HOUR_MS)
        assert (await entries.find("bank", "r1", due.fingerprint)).exact == due
        assert await members_of(entries, due.scope) != []
        await asyncio.sleep(0.5)
        assert await entries.find("bank", "r1", due.fingerprint) == Found(None, None)
        assert await members_of(entries, due.scope) == []
    finally:
        await client.aclose()


async def test_members_are_those_of_the_scope_that_have_an_embedding(entries: Entries, clock: Clock) -> None:
    await entries.put(entry_of(clock, 1), ttl_ms=HOUR_MS)
    await entries.put(entry_of(clock, 2, embedding=None), ttl_ms=HOUR_MS)
    await entries.put(entry_of(clock, 3, scope="07e4"), ttl_ms=HOUR_MS)
    assert await members_of(entries, "5c09e") == [Member(f"{1:032x}", vector_of(1), clock() + HOUR_MS)]
    assert await members_of(entries, "nobody's") == []


async def test_the_last_members_come_in_the_order_of_their_expiry(entries: Entries, clock: Clock) -> None:
    count = 2 * redis_survey.CHUNK + 10
    await asyncio.gather(
        *(entries.put(entry_of(clock, i, answered_at=clock() - i), ttl_ms=HOUR_MS) for i in range(1, count + 1))
    )
    names = [member.fingerprint for member in await members_of(entries, "5c09e", count - 5)]
    assert names == [f"{i:032x}" for i in range(count - 5, 0, -1)]


async def test_news_tell_of_what_was_put_after_the_cursor(entries: Entries, clock: Clock) -> None:
    await entries.put(entry_of(clock, 1), ttl_ms=HOUR_MS)
    start = await entries.news(None)
    assert (start.added, start.gap) == ((), False)
    await entries.put(entry_of(clock, 2), ttl_ms=HOUR_MS)
    await entries.put(entry_of(clock, 3, embedding=None), ttl_ms=HOUR_MS)
    news = await entries.news(start.cursor)
    assert list(news.added) == [Added("5c09e", Member(f"{2:032x}", vector_of(2), clock() + HOUR_MS))]
    assert not news.gap
    silence = await entries.news(news.cursor)
    assert (list(silence.added), silence.cursor) == ([], news.cursor)


async def test_news_of_an_empty_store_begin_at_its_first(entries: Entries, clock: Clock) -> None:
    start = await entries.news(None)
    await entries.put(entry_of(clock, 1), ttl_ms=HOUR_MS)
    assert len((await entries.news(start.cursor)).added) == 1


async def test_concurrent_finds_each_get_their_own(entries: Entries, clock: Clock) -> None:
    await asyncio.gather(*(entries.put(entry_of(clock, i), ttl_ms=HOUR_MS) for i in range(600)))
    found = await asyncio.gather(*(entries.find("bank", f"x{i}", f"{i:032x}") for i in range(700)))
    assert [one.exact.request_id if one.exact else None for one in found] == [
        f"r{i}" if i < 600 else None for i in range(700)
    ]
