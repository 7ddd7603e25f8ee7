"""Entries: what voids one, what drops one, and how many there may be, in Redis and in memory."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.cache.entries import Dropped, Entries, Swept
from agents.cache.rules import LONGEST_TTL_MS, MOST, Rule, Rules
from schemas.errors import SetupError
from tests.fakes.entry import HOUR_MS, Clock, entry_of, members_of, stored_of

NAMES = ("tenant", "task", "knowledge", "model")
MINE = {"tenant": "bank", "task": "desk", "knowledge": "v1", "model": "small"}


async def swept(entries: Entries, rule: Rule, *, dry_run: bool = False) -> Swept:
    *_, last = [one async for one in entries.sweep(rule, dry_run=dry_run)]
    return last


@pytest.mark.parametrize("name", NAMES)
async def test_a_rule_voids_what_bears_its_name_at_once_and_nothing_else(
    entries: Entries, clock: Clock, name: str
) -> None:
    mine, other = entry_of(clock, 1, **MINE), entry_of(clock, 2, **{**MINE, name: "another"})
    for entry in (mine, other):
        await entries.put(entry, ttl_ms=HOUR_MS)
        await entries.remember(entry, ttl_ms=HOUR_MS)
    await entries.void(Rule(before=clock(), **{name: MINE[name]}))  # type: ignore[arg-type]
    assert await entries.get([mine.fingerprint, other.fingerprint]) == [None, other]
    assert (await entries.find(mine.tenant, "x", mine.fingerprint)).exact is None
    assert [member.fingerprint for member in await members_of(entries, mine.scope)] == [other.fingerprint]
    assert await stored_of(entries) == {"r2"}


async def test_what_was_answered_to_a_request_id_stays_its_answer(entries: Entries, clock: Clock) -> None:
    entry = entry_of(clock)
    await entries.put(entry, ttl_ms=HOUR_MS)
    await entries.remember(entry, ttl_ms=HOUR_MS)
    await entries.void(Rule(before=clock(), tenant="bank"))
    await swept(entries, Rule(before=clock(), tenant="bank"))
    await entries.drop([entry.fingerprint])
    found = await entries.find("bank", "r1", entry.fingerprint)
    assert found.exact is None
    assert found.answered is not None
    assert found.answered.text == entry.text


async def test_a_rule_of_several_names_voids_what_bears_them_all(entries: Entries, clock: Clock) -> None:
    both, one = entry_of(clock, 1, **MINE), entry_of(clock, 2, **{**MINE, "task": "advice"})
    await entries.put(both, ttl_ms=HOUR_MS)
    await entries.put(one, ttl_ms=HOUR_MS)
    await entries.void(Rule(before=clock(), tenant="bank", task="desk"))
    assert await entries.get([both.fingerprint, one.fingerprint]) == [None, one]


async def test_a_fill_on_its_way_when_its_rule_was_made_is_not_stored_and_a_later_answer_is(
    entries: Entries, clock: Clock
) -> None:
    late = entry_of(clock)
    clock.ms += 10
    await entries.void(Rule(before=clock(), model="small"))
    clock.ms += 10
    await entries.put(late, ttl_ms=HOUR_MS)
    assert await stored_of(entries) == set()
    assert await members_of(entries, late.scope) == []
    await entries.put(entry_of(clock, 2), ttl_ms=HOUR_MS)
    assert await stored_of(entries) == {"r2"}


async def test_many_rules_made_at_the_same_time_all_hold(entries: Entries, clock: Clock) -> None:
    every = [entry_of(clock, i, tenant=f"t{i}") for i in range(12)]
    await asyncio.gather(*(entries.put(entry, ttl_ms=HOUR_MS) for entry in every))
    await asyncio.gather(*(entries.void(Rule(before=clock(), tenant=f"t{i}")) for i in range(11)))
    assert await entries.get([entry.fingerprint for entry in every]) == [None] * 11 + [every[11]]


async def test_a_sweep_deletes_what_its_rule_voids_and_says_how_many(entries: Entries, clock: Clock) -> None:
    for i in range(600):
        await entries.put(entry_of(clock, i, task="desk" if i % 3 else "advice", scope=f"s{i % 2}"), ttl_ms=HOUR_MS)
    start = await entries.news(None)
    rule = Rule(before=clock(), task="desk")
    assert (await swept(entries, rule, dry_run=True)).void == 400
    assert len(await stored_of(entries)) == 600
    last = await swept(entries, rule)
    assert last.void == 400
    assert last.looked >= 600
    assert len(await stored_of(entries)) == 200
    news = await entries.news(start.cursor)
    assert len(news.dropped) == 400
    assert Dropped("s1", f"{1:032x}") in news.dropped
    assert (await swept(entries, rule)).void == 0


async def test_what_is_dropped_is_gone_and_announced_and_the_others_stay(entries: Entries, clock: Clock) -> None:
    for i in range(4):
        await entries.put(entry_of(clock, i, scope=f"s{i % 2}"), ttl_ms=HOUR_MS)
    await entries.put(entry_of(clock, 4, embedding=None), ttl_ms=HOUR_MS)
    start = await entries.news(None)
    names = [f"{i:032x}" for i in (0, 1, 4)]
    assert await entries.drop([*names, "f" * 32]) == 3
    assert await entries.get(names) == [None] * 3
    assert await stored_of(entries) == {"r2", "r3"}
    assert [member.fingerprint for member in await members_of(entries, "s0")] == [f"{2:032x}"]
    news = await entries.news(start.cursor)
    assert {Dropped("s0", names[0]), Dropped("s1", names[1])} <= set(news.dropped)
    assert await entries.drop(names) == 0
    assert await entries.drop([]) == 0


async def test_a_fill_on_its_way_when_its_entry_was_dropped_is_not_stored_and_a_later_answer_is(
    entries: Entries, clock: Clock
) -> None:
    entry = entry_of(clock)
    await entries.put(entry, ttl_ms=HOUR_MS)
    clock.ms += 10
    await entries.drop([entry.fingerprint])
    await entries.put(entry, ttl_ms=HOUR_MS)  # delivered again
    assert await entries.get([entry.fingerprint]) == [None]
    assert await members_of(entries, entry.scope) == []
    clock.ms += 10
    later = entry_of(clock, text="another")
    await entries.put(later, ttl_ms=HOUR_MS)
    assert await entries.get([entry.fingerprint]) == [later]


async def test_news_say_of_an_entry_only_what_became_of_it(entries: Entries, clock: Clock) -> None:
    start = await entries.news(None)
    back, gone = entry_of(clock, 1), entry_of(clock, 2)
    await entries.put(back, ttl_ms=HOUR_MS)
    await entries.put(gone, ttl_ms=HOUR_MS)
    await entries.drop([back.fingerprint, gone.fingerprint])
    clock.ms += 1
    await entries.put(entry_of(clock, 1), ttl_ms=HOUR_MS)
    news = await entries.news(start.cursor)
    assert [added.member.fingerprint for added in news.added] == [back.fingerprint]
    assert list(news.dropped) == [Dropped(gone.scope, gone.fingerprint)]


async def test_a_scope_holds_its_capacity_and_the_oldest_go_first(entries: Entries, clock: Clock) -> None:
    start = await entries.news(None)
    for i in range(8):
        await entries.put(entry_of(clock, i, answered_at=clock() + i), ttl_ms=HOUR_MS, capacity=5)
    await entries.put(entry_of(clock, 9, embedding=None), ttl_ms=HOUR_MS, capacity=5)
    await entries.put(entry_of(clock, 10, scope="other"), ttl_ms=HOUR_MS, capacity=5)
    assert [member.fingerprint[-1] for member in await members_of(entries, "5c09e")] == list("34567")
    assert await stored_of(entries) == {"r3", "r4", "r5", "r6", "r7", "r9", "r10"}
    assert {one.fingerprint[-1] for one in (await entries.news(start.cursor)).dropped} == set("012")
    await entries.put(entry_of(clock, 11, answered_at=clock() + 11), ttl_ms=HOUR_MS, capacity=2)
    assert [member.fingerprint[-1] for member in await members_of(entries, "5c09e")] == list("7b")


async def test_an_answer_older_than_a_full_scope_is_not_kept(entries: Entries, clock: Clock) -> None:
    for i in (2, 3):
        await entries.put(entry_of(clock, i), ttl_ms=HOUR_MS, capacity=2)
    await entries.put(entry_of(clock, 1, answered_at=clock() - 5), ttl_ms=HOUR_MS, capacity=2)
    assert await stored_of(entries) == {"r2", "r3"}


async def test_concurrent_puts_keep_to_the_capacity(entries: Entries, clock: Clock) -> None:
    puts = (entries.put(entry_of(clock, i, answered_at=clock() + i), ttl_ms=HOUR_MS, capacity=20) for i in range(200))
    await asyncio.gather(*puts)
    assert await stored_of(entries) == {f"r{i}" for i in range(180, 200)}


async def test_time_to_live_never_slides(entries: Entries, clock: Clock) -> None:
    entry = entry_of(clock)
    await entries.put(entry, ttl_ms=HOUR_MS)
    clock.ms += 1_000
    await entries.get([entry.fingerprint])
    await entries.put(entry, ttl_ms=HOUR_MS)  # delivered again
    ((stored,),) = [chunk async for chunk in entries.stored()]
    assert abs(stored.expires_at - entry.answered_at - HOUR_MS) < 5_000
    assert (await members_of(entries, entry.scope))[0].expires_at == entry.answered_at + HOUR_MS


async def test_no_entry_outlives_the_rules_that_could_void_it(entries: Entries, clock: Clock) -> None:
    await entries.put(entry_of(clock), ttl_ms=10 * LONGEST_TTL_MS)
    ((stored,),) = [chunk async for chunk in entries.stored()]
    assert stored.expires_at <= clock() + LONGEST_TTL_MS
    await entries.put(entry_of(clock, 2, answered_at=clock() - LONGEST_TTL_MS), ttl_ms=10 * LONGEST_TTL_MS)
    assert await stored_of(entries) == {"r1"}


# Rules by themselves


def test_a_rule_that_names_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="names at least one of tenant, task, knowledge, model"):
        Rule(before=1)


names = st.sampled_from(["a", "b"])
rules = st.fixed_dictionaries({"before": st.integers(0, 5)}, optional=dict.fromkeys(NAMES, names)).filter(
    lambda made: len(made) > 1
)
labels = st.fixed_dictionaries({"answered_at": st.integers(0, 5), **dict.fromkeys(NAMES, names)})


@given(st.lists(rules, max_size=6), labels)
def test_together_rules_void_exactly_what_each_voids(made: list[dict[str, Any]], given_labels: dict[str, Any]) -> None:
    every = [Rule(**one) for one in made]
    entry = entry_of(Clock(), **given_labels)
    expected = any(rule.voids(entry) for rule in every)
    assert Rules(every).void(entry) == expected
    kept: list[Rule] = []
    for rule in every:
        kept = Rules(kept).with_one_more(rule, now=0)
    assert Rules(kept).void(entry) == expected


def test_rules_that_say_the_same_later_take_the_place_of_earlier_ones_and_the_oldest_go() -> None:
    kept: list[Rule] = []
    for before in range(1_000):
        kept = Rules(kept).with_one_more(Rule(before=before, tenant="bank"), now=before)
        kept = Rules(kept).with_one_more(Rule(before=before, tenant="bank", task="desk"), now=before)
    assert kept == [Rule(before=999, tenant="bank")]
    kept = Rules(kept).with_one_more(Rule(before=LONGEST_TTL_MS + 999, model="small"), now=LONGEST_TTL_MS + 999)
    assert [rule.model for rule in kept] == ["small"]


def test_there_are_only_so_many_rules_and_a_wider_one_takes_the_place_of_many() -> None:
    kept = [Rule(before=1, tenant="bank", knowledge=f"v{i}") for i in range(MOST)]
    with pytest.raises(SetupError, match="by fewer names"):
        Rules(kept).with_one_more(Rule(before=1, tenant="insurer"), now=1)
    assert Rules(kept).with_one_more(Rule(before=1, tenant="bank"), now=1) == [Rule(before=1, tenant="bank")]
