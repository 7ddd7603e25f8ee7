"""Entries in Redis: what only Redis can do wrong."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import msgspec
import pytest

from agents.cache import redis_form, redis_news
from agents.cache.entries import Found
from agents.cache.redis_entries import RedisEntries
from agents.cache.redis_form import NEWS
from agents.cache.rules import Rule, Rules
from agents.redis_client import connect
from schemas.errors import ServiceError
from streams.embedded.valkey import ValkeyServer
from tests.fakes.entry import HOUR_MS, Clock, entry_of, members_of, outcome_of, stored_of

SELDOM = [pytest.param(policy, marks=pytest.mark.slow) for policy in ("allkeys-random", "volatile-ttl")]


async def test_a_follower_that_lags_too_far_is_told_of_the_gap(
    redis: RedisEntries, valkey: ValkeyServer, clock: Clock
) -> None:
    await redis.put(entry_of(clock), ttl_ms=HOUR_MS)
    cursor = (await redis.news(None)).cursor
    for first in range(0, 2 * redis_news.NEWS_READ, 50):
        await asyncio.gather(*(redis.put(entry_of(clock, first + i), ttl_ms=HOUR_MS) for i in range(50)))
    assert not (await redis.news(cursor)).gap
    client = connect(valkey.url)
    await client.xtrim(NEWS, maxlen=redis_news.NEWS_READ, approximate=False)
    await client.aclose()
    assert (await redis.news(cursor)).gap


async def test_the_list_of_a_scope_outlives_its_entries_and_is_pruned(
    redis: RedisEntries, valkey: ValkeyServer, clock: Clock
) -> None:
    client = connect(valkey.url)
    try:
        await redis.put(entry_of(clock, 1, answered_at=clock()), ttl_ms=HOUR_MS)
        await redis.put(entry_of(clock, 2, answered_at=clock() - HOUR_MS + 60_000), ttl_ms=HOUR_MS)
        key = redis_form.SCOPE + "5c09e"
        assert await client.pttl(key) >= await client.pttl(redis_form.ENTRY + f"{1:032x}")
        clock.ms += 61_000
        await redis.put(entry_of(clock, 3), ttl_ms=HOUR_MS)
        assert await client.zrange(key, 0, -1) == [f"{number:032x}".encode() for number in (1, 3)]
        assert 0 < await client.pttl(key) <= HOUR_MS
    finally:
        await client.aclose()


async def test_a_void_entry_is_none_even_where_older_rules_are_heard_after_it_was_read(
    redis: RedisEntries, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    await redis.put(entry_of(clock), ttl_ms=HOUR_MS)
    await redis.void(Rule(before=clock(), tenant="bank"))
    hear = redis._rules.heard

    def heard(value: bytes | None) -> Rules:
        found = hear(value)
        hear(b"")  # what another connection had read before the rule was made
        return found

    monkeypatch.setattr(redis._rules, "heard", heard)
    assert await redis.get([entry_of(clock).fingerprint]) == [None]
    assert await redis.find("bank", "r", entry_of(clock).fingerprint) == Found(None, None)


async def test_every_key_bears_our_name(redis: RedisEntries, valkey: ValkeyServer, clock: Clock) -> None:
    await redis.put(entry_of(clock), ttl_ms=HOUR_MS)
    await redis.remember(entry_of(clock), ttl_ms=HOUR_MS)
    await redis.void(Rule(before=0, tenant="bank"))
    await redis.learn("bank", "desk", outcome_of(clock))
    client = connect(valkey.url)
    everything, ours = await client.keys("*"), await client.keys("headrace:*")
    await client.aclose()
    assert len(everything) == len(ours) == 6


@pytest.mark.parametrize("value", [b"", b"\xc1", b"\x90", b"{}", b"not ours at all"])
async def test_a_value_that_cannot_be_read_is_no_entry(
    redis: RedisEntries, valkey: ValkeyServer, clock: Clock, value: bytes
) -> None:
    client = connect(valkey.url)
    await client.set(redis_form.ENTRY + "f" * 32, value)
    await client.set(f"{redis_form.REQUEST}4:bank:r1", value)
    start = await redis.news(None)
    await client.xadd(NEWS, {"added": value})
    await client.xadd(NEWS, {"another": value})
    await client.xadd(NEWS, {"dropped": value, "learned": value})
    await client.zadd(redis_form.outcomes_key("bank", "desk", served=True), {value: 1})
    await client.aclose()
    assert await redis.find("bank", "r1", "f" * 32) == Found(None, None)
    news = await redis.news(start.cursor)
    assert (news.added, news.learned) == ([], [])
    assert await redis.outcomes("bank", "desk") == []
    assert await redis.drop(["f" * 32]) == 0
    assert await stored_of(redis) == set()


async def test_an_entry_in_the_place_of_another_is_not_served(
    redis: RedisEntries, valkey: ValkeyServer, clock: Clock
) -> None:
    await redis.put(entry_of(clock), ttl_ms=HOUR_MS)
    await redis.remember(entry_of(clock), ttl_ms=HOUR_MS)
    client = connect(valkey.url)
    await client.copy(redis_form.ENTRY + f"{1:032x}", redis_form.ENTRY + "f" * 32)
    await client.copy(f"{redis_form.REQUEST}4:bank:r1", f"{redis_form.REQUEST}7:insurer:r1")
    await client.aclose()
    assert await redis.find("insurer", "r1", "f" * 32) == Found(None, None)


async def test_finds_made_together_share_a_round_trip(redis: RedisEntries, valkey: ValkeyServer, clock: Clock) -> None:
    client = connect(valkey.url)
    await client.config_resetstat()
    await asyncio.gather(*(redis.find("bank", f"r{i}", f"{i:032x}") for i in range(200)))
    calls = (await client.info("commandstats"))["cmdstat_mget"]["calls"]
    await client.aclose()
    assert calls == 1


async def test_a_full_redis_refuses_writes_and_serves_reads(valkey: ValkeyServer, clock: Clock) -> None:
    client = connect(valkey.url)
    await client.flushall()
    entries = RedisEntries(client, now=clock, limit_ms=5_000)
    await entries.put(entry_of(clock), ttl_ms=HOUR_MS)
    await client.config_set("maxmemory", "1")
    try:
        with pytest.raises(ServiceError, match=r"OOM|OutOfMemory"):
            await entries.put(entry_of(clock, 2), ttl_ms=HOUR_MS)
        assert (await entries.get([f"{1:032x}"]))[0] is not None
    finally:
        await client.config_set("maxmemory", "0")
        await client.aclose()


@contextlib.asynccontextmanager
async def workers(valkey: ValkeyServer, clock: Clock, count: int) -> AsyncIterator[list[RedisEntries]]:
    """Stores that know nothing of each other, but through Redis."""
    clients = [connect(valkey.url) for _ in range(count)]
    await clients[0].flushall()
    try:
        yield [RedisEntries(client, now=clock, limit_ms=5_000) for client in clients]
    finally:
        for client in clients:
            await client.aclose()


async def test_a_rule_that_one_worker_makes_holds_for_the_next_lookup_and_fill_of_another(
    valkey: ValkeyServer, clock: Clock
) -> None:
    async with workers(valkey, clock, 3) as (one, other, filling):
        await other.put(entry_of(clock, 1), ttl_ms=HOUR_MS)
        assert await other.get([f"{1:032x}"]) != [None]
        await one.void(Rule(before=clock(), tenant="bank"))
        assert await other.get([f"{1:032x}"]) == [None]
        await filling.put(entry_of(clock, 2), ttl_ms=HOUR_MS)  # it never read anything
        assert await one._client.exists(redis_form.ENTRY + f"{2:032x}") == 0
        clock.ms += 1
        await filling.put(entry_of(clock, 3), ttl_ms=HOUR_MS)
        assert await stored_of(one) == {"r3"}


async def test_rules_that_several_workers_make_at_the_same_time_all_hold(valkey: ValkeyServer, clock: Clock) -> None:
    async with workers(valkey, clock, 4) as every:
        for i in range(40):
            await every[0].put(entry_of(clock, i, tenant=f"t{i}"), ttl_ms=HOUR_MS)
        rules = [Rule(before=clock(), tenant=f"t{i}") for i in range(40)]
        await asyncio.gather(*(every[i % 4].void(rule) for i, rule in enumerate(rules)))
        for one in every:
            assert await one.get([f"{i:032x}" for i in range(40)]) == [None] * 40


async def test_of_a_put_and_a_drop_or_a_rule_at_the_same_time_the_void_answer_never_stays(
    valkey: ValkeyServer, clock: Clock
) -> None:
    async with workers(valkey, clock, 2) as (one, other):
        for i in range(150):
            entry = entry_of(clock, i, tenant=f"t{i}")
            await one.put(entry, ttl_ms=HOUR_MS)
            if i % 2:
                await asyncio.gather(one.put(entry, ttl_ms=HOUR_MS), other.drop([entry.fingerprint]))
            else:
                void = other.void(Rule(before=clock(), tenant=f"t{i}"))
                await asyncio.gather(one.put(entry, ttl_ms=HOUR_MS), void)
            assert await one.get([entry.fingerprint]) == [None], i
        assert await stored_of(other) == set()


async def test_what_is_dropped_leaves_a_mark_for_as_long_as_the_entry_would_have_lived_and_nothing_else(
    redis: RedisEntries, valkey: ValkeyServer, clock: Clock
) -> None:
    client = connect(valkey.url)
    for number in (1, 2):
        await redis.put(entry_of(clock, number, text="x" * 10_000), ttl_ms=HOUR_MS)
    await redis.drop([f"{1:032x}"])
    key = redis_form.ENTRY + f"{1:032x}"
    assert await client.get(key) == str(clock()).encode()
    assert HOUR_MS - 5_000 < await client.pttl(key) <= HOUR_MS
    scope = redis_form.SCOPE + "5c09e"
    assert await client.zrange(scope, 0, -1) == [f"{2:032x}".encode()]
    async for _ in redis.sweep(Rule(before=clock(), tenant="bank")):
        pass
    assert set(await client.keys("headrace:*")) == {key.encode(), NEWS.encode()}
    await client.aclose()


async def test_rules_that_cannot_be_read_serve_nothing_and_are_said(redis: RedisEntries, valkey: ValkeyServer) -> None:
    client = connect(valkey.url)
    for value in (b"\xc1", b"not ours", msgspec.msgpack.encode([[1, None, None, None, None]])):
        await client.set(redis_form.VOIDED, value)
        with pytest.raises(ServiceError, match="headrace:voided in Redis cannot be read"):
            await redis.find("bank", "r1", "f" * 32)
        with pytest.raises(ServiceError, match="Delete that key"):
            await redis.void(Rule(before=1, tenant="bank"))
    await client.delete(redis_form.VOIDED)
    await client.aclose()
    assert await redis.find("bank", "r1", "f" * 32) == Found(None, None)


async def test_what_is_invalid_can_be_deleted_from_a_full_redis(valkey: ValkeyServer, clock: Clock) -> None:
    client = connect(valkey.url)
    async with workers(valkey, clock, 1) as (entries,):
        for i in range(4):
            await entries.put(entry_of(clock, i, task="desk" if i else "advice"), ttl_ms=HOUR_MS)
        await client.config_set("maxmemory", "1")
        try:
            assert await entries.drop([f"{1:032x}"]) == 1
            *_, last = [one async for one in entries.sweep(Rule(before=clock(), task="desk"))]
            assert last.void == 2
            assert await stored_of(entries) == {"r0"}
        finally:
            await client.config_set("maxmemory", "0")
            await client.aclose()


@pytest.mark.parametrize("eviction", ["allkeys-lru", "noeviction", *SELDOM])
async def test_whatever_a_small_redis_evicts_nothing_wrong_is_served(
    valkey: ValkeyServer, clock: Clock, eviction: str
) -> None:
    client = connect(valkey.url)
    async with workers(valkey, clock, 1) as (entries,):
        void = [entry_of(clock, i, tenant="insurer", scope="void") for i in range(20)]
        for entry in void:
            await entries.put(entry, ttl_ms=HOUR_MS)
        rule = Rule(before=clock(), tenant="insurer")
        await entries.void(rule)
        assert [one async for one in entries.sweep(rule)][-1].void == 20
        used = (await client.info("memory"))["used_memory"]
        await client.config_set("maxmemory-policy", eviction)
        await client.config_set("maxmemory", used + 2_000_000)
        refused = 0
        try:
            for i in range(100, 2_000):
                text = f"{i}" * 1_000
                try:
                    await entries.put(entry_of(clock, i, text=text), ttl_ms=HOUR_MS, capacity=1_000)
                    await entries.learn("bank", "desk", outcome_of(clock, i))
                except ServiceError:
                    refused += 1
                    clock.ms += 3_000  # for the circuit to close
                (found,) = await entries.get([f"{i - 50:032x}"])
                assert found is None or found.text == f"{i - 50}" * 1_000
            assert await entries.get([entry.fingerprint for entry in void]) == [None] * 20
            members = await members_of(entries, "5c09e", 10_000)
            assert len(members) <= 1_000
            assert await members_of(entries, "void") == []
            for entry in await entries.get([member.fingerprint for member in members]):
                assert entry is None or entry.text == str(int(entry.fingerprint, 16)) * 1_000
            assert (await client.info("stats"))["evicted_keys"] > 0 or refused > 0
        finally:
            await client.config_set("maxmemory", "0")
            await client.config_set("maxmemory-policy", "noeviction")
            await client.aclose()


def test_an_address_that_is_none_is_said_to_be() -> None:
    with pytest.raises(ServiceError, match="is not the URL of a Redis"):
        connect("kafka://nowhere")
