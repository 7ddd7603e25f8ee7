"""The cache stage: what is served, at what price, and what becomes of what cannot be."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from agents import waterfall
from agents.policy import Policy
from agents.policy_document import Task
from agents.stage import Emit
from agents.waterfall import Pricing
from schemas import topics
from schemas.enums import Lane, Source, Status
from schemas.errors import (
    DeadlinePassedError,
    HeadraceError,
    InvalidRequestError,
    UndeliverableError,
    UnknownNameError,
    WorkFailedError,
)
from schemas.records import Answer, CacheMiss, DeadLetter, Message, Sampling
from tests.fakes.cache import (
    HOUR_MS,
    NEAR_RESET,
    RESET,
    SYSTEM,
    T0,
    USAGE,
    River,
    document,
    following,
    request_of,
    river_of,
)


async def test_an_unknown_question_goes_on_as_a_miss_with_all_that_was_learned(river: River) -> None:
    request = request_of("  How do I\treset my  password? ", cost_center="cards")
    miss = await river.ask(request)
    assert isinstance(miss, CacheMiss)
    assert (miss.messages, miss.sampling, miss.model) == (request.messages, request.sampling, None)
    ticket = miss.ticket
    assert (ticket.request_id, ticket.tenant, ticket.task) == (request.request_id, "bank", "desk")
    assert (ticket.cost_center, ticket.lane, ticket.reply_key) == ("cards", Lane.REALTIME, b"reply key")
    assert (ticket.origin, ticket.received_at) == ("headrace.requests/3@0", T0)
    assert (ticket.deadline, ticket.policy_version) == (T0 + 300_000, river.policy.version)
    assert miss.lookup.question == RESET
    assert miss.lookup.cacheable
    assert len(miss.lookup.embedding or b"") == 2 * river.embedder.dimensions
    tokens = (await river.embedder.embed(RESET)).tokens
    assert miss.costs == [Pricing(river.policy.prices, T0).embedding("semantic_cache", "all-MiniLM-L6-v2", tokens)]


async def test_a_batch_request_stays_in_its_lane(river: River) -> None:
    miss = await river.ask(request_of(), Lane.BATCH)
    assert isinstance(miss, CacheMiss)
    assert miss.ticket.lane is Lane.BATCH
    assert miss.ticket.cost_center == "bank-desk"


@pytest.mark.parametrize(("own", "latest"), [(None, 60_000), (10_000, 10_000), (90_000, 60_000)])
async def test_the_deadline_is_the_sooner_of_the_requests_and_the_tasks(
    river: River, own: int | None, latest: int
) -> None:
    request = request_of(task="exactly", deadline=None if own is None else T0 + own)
    miss = await river.ask(request)
    assert isinstance(miss, CacheMiss)
    assert miss.ticket.deadline == river.stage.deadline(river.delivery(request)) == T0 + latest


async def test_a_request_published_again_gets_what_was_answered_and_pays_nothing(river: River) -> None:
    request = request_of()
    fill = await river.executed(request)
    answer = await river.ask(request)
    assert isinstance(answer, Answer)
    assert (answer.source, answer.status, answer.text) == (Source.DUPLICATE, Status.COMPLETED, fill.text)
    assert (answer.finish_reason, answer.model, answer.usage) == ("stop", "small", USAGE)
    assert (answer.cached_from, answer.lookup, answer.error_code) == (request.request_id, None, None)
    assert answer.waterfall.effective_cost == 0
    execution = Pricing(river.policy.prices, T0).execution("big", "small", USAGE, Lane.REALTIME)
    assert answer.waterfall == waterfall.avoided(execution, "duplicate")


async def test_the_same_id_with_another_question_is_still_a_duplicate(river: River) -> None:
    request = request_of()
    fill = await river.executed(request)
    answer = await river.ask(request_of("What is the rate?", request_id=request.request_id))
    assert isinstance(answer, Answer)
    assert (answer.source, answer.text) == (Source.DUPLICATE, fill.text)


async def test_an_equal_question_is_an_exact_hit_and_pays_nothing(river: River) -> None:
    fill = await river.executed(request_of(RESET))
    embedded = len(river.embedder.embedded)
    answer = await river.ask(request_of("  How do I reset\u00a0my   password? "), Lane.BATCH)
    assert isinstance(answer, Answer)
    assert (answer.source, answer.text, answer.cached_from) == (Source.EXACT_CACHE, fill.text, fill.request_id)
    assert len(river.embedder.embedded) == embedded
    execution = Pricing(river.policy.prices, T0).execution("big", "small", USAGE, Lane.BATCH)
    assert answer.waterfall == waterfall.avoided(execution, "exact_cache")
    assert (answer.waterfall.effective_cost, answer.waterfall.costs) == (0, [])


async def test_a_near_question_is_a_semantic_hit_and_pays_for_its_embedding(river: River) -> None:
    fill = await river.executed(request_of(RESET))
    answer = await river.ask(request_of(NEAR_RESET))
    assert isinstance(answer, Answer)
    assert (answer.source, answer.text, answer.cached_from) == (Source.SEMANTIC_CACHE, fill.text, fill.request_id)
    (cost,) = answer.waterfall.costs
    assert (cost.kind, cost.strategy, cost.model) == ("embedding", "semantic_cache", "all-MiniLM-L6-v2")
    assert answer.waterfall.effective_cost == cost.cost > 0
    saving = {line.strategy: line for line in answer.waterfall.savings}["semantic_cache"]
    assert saving.cost == cost.cost


async def test_near_enough_is_the_tasks_to_say() -> None:
    strict = Policy(document(desk=Task(models=["small"], baseline="big", cache="semantic", threshold=0.999)))
    river = river_of(strict)
    async with following(river):
        await river.executed(request_of(RESET))
        assert isinstance(await river.ask(request_of(NEAR_RESET)), CacheMiss)


async def test_a_guard_keeps_a_near_question_from_a_wrong_answer(river: River) -> None:
    await river.executed(request_of("How do I turn on two factor login for my online account?"))
    answer = await river.ask(request_of("How do I turn off two factor login for my online account?"))
    assert isinstance(answer, CacheMiss)
    assert river.stage.objections["antonyms"] == 1


async def test_a_question_that_the_embedder_cannot_see_whole_is_near_nothing(river: River) -> None:
    long = " ".join(f"word{i}" for i in range(river.embedder.window))
    miss = await river.ask(request_of(long))
    assert isinstance(miss, CacheMiss)
    assert miss.lookup.embedding is None
    assert len(miss.costs) == 1
    await river.learn(miss)
    assert isinstance(await river.ask(request_of(long + " and now the opposite of it all")), CacheMiss)
    answer = await river.ask(request_of(long))
    assert isinstance(answer, Answer)
    assert answer.source is Source.EXACT_CACHE


async def test_a_question_beyond_any_window_is_not_even_embedded(river: River) -> None:
    miss = await river.ask(request_of("word " * 1_000))
    assert isinstance(miss, CacheMiss)
    assert (miss.costs, miss.lookup.embedding, river.embedder.embedded) == ([], None, [])


async def test_an_exact_task_never_embeds(river: River) -> None:
    await river.executed(request_of(task="exactly"))
    miss = await river.ask(request_of(NEAR_RESET, task="exactly"))
    assert isinstance(miss, CacheMiss)
    assert (miss.costs, miss.lookup.embedding, river.embedder.embedded) == ([], None, [])


async def test_case_matters_unless_the_policy_folds_it(river: River) -> None:
    await river.executed(request_of("WHO pays?", task="exactly"))
    assert isinstance(await river.ask(request_of("Who pays?", task="exactly")), Answer)
    await river.executed(request_of("WHO pays?", task="desk"))
    answer = await river.ask(request_of("Who pays?", task="desk"))
    assert not (isinstance(answer, Answer) and answer.source is Source.EXACT_CACHE)


@pytest.mark.parametrize("changes", [{"task": "never"}, {"sampling": Sampling(temperature=0.7)}])
async def test_what_may_not_be_cached_shares_nothing_but_knows_its_own_id(
    river: River, changes: dict[str, Any]
) -> None:
    first = request_of(**changes)
    miss = await river.ask(first)
    assert isinstance(miss, CacheMiss)
    assert (miss.lookup.cacheable, miss.lookup.embedding, miss.costs) == (False, None, [])
    fill = await river.learn(miss)
    other = await river.ask(request_of(**changes))
    assert isinstance(other, CacheMiss)
    assert other.lookup.fingerprint != miss.lookup.fingerprint
    again = await river.ask(first)
    assert isinstance(again, Answer)
    assert (again.source, again.text) == (Source.DUPLICATE, fill.text)


async def test_a_conversation_shares_answers_with_its_equal_only(river: River) -> None:
    turns = (SYSTEM, Message(role="user", content="Hello"), Message(role="assistant", content="Good day"))
    fill = await river.executed(request_of(RESET, *turns))
    answer = await river.ask(request_of(RESET, *turns))
    assert isinstance(answer, Answer)
    assert (answer.source, answer.text) == (Source.EXACT_CACHE, fill.text)
    assert isinstance(await river.ask(request_of(NEAR_RESET, *turns)), CacheMiss)
    other_turns = (*turns[:2], Message(role="assistant", content="Good evening"))
    assert isinstance(await river.ask(request_of(RESET, *other_turns)), CacheMiss)
    assert river.embedder.embedded == []


async def test_a_conversation_shares_nothing_where_the_policy_says_so(river: River) -> None:
    turns = (Message(role="user", content="Hello"), Message(role="assistant", content="Good day"))
    await river.executed(request_of(RESET, *turns, task="apart"))
    assert isinstance(await river.ask(request_of(RESET, *turns, task="apart")), CacheMiss)


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"tenant": "nobody"}, UnknownNameError),
        ({"task": "nothing"}, UnknownNameError),
        ({"model": "huge"}, UnknownNameError),
        ({"request_id": ""}, InvalidRequestError),
        ({"messages": []}, InvalidRequestError),
        ({"deadline": T0 - 1}, DeadlinePassedError),
    ],
)
async def test_a_request_that_can_never_be_answered_is_refused(
    river: River, changes: dict[str, Any], kind: type[HeadraceError]
) -> None:
    with pytest.raises(kind):
        await river.stage(river.delivery(request_of(**changes)))


@pytest.mark.parametrize(
    ("changes", "cost_center", "model"),
    [
        ({}, "bank-desk", ""),
        ({"model": "big", "cost_center": "cards"}, "cards", "big"),
        ({"tenant": "nobody"}, "", ""),
        ({"tenant": "nobody", "task": "nothing", "model": "huge", "messages": []}, "", ""),
    ],
)
async def test_a_failure_is_told_to_the_producer_and_kept_for_mending(
    river: River, changes: dict[str, Any], cost_center: str, model: str
) -> None:
    request = request_of(**changes)
    delivery = river.delivery(request, Lane.BATCH)
    answered, put_aside = river.stage.failed(delivery, UnknownNameError("so it is"))
    answer, letter = answered.record, put_aside.record
    assert isinstance(answer, Answer)
    assert (answered.topic, answered.key) == (topics.ANSWERS, f"{request.tenant}/{request.request_id}".encode())
    assert (answer.status, answer.source, answer.text) == (Status.FAILED, Source.NONE, None)
    assert (answer.error_code, answer.error_message) == ("UNKNOWN_NAME", "so it is")
    assert (answer.ticket.cost_center, answer.model, answer.ticket.lane) == (cost_center, model, Lane.BATCH)
    assert answer.waterfall == waterfall.NOTHING
    assert isinstance(letter, DeadLetter)
    assert (put_aside.topic, letter.value, letter.code) == (topics.DEAD_LETTERS, b"raw bytes", "UNKNOWN_NAME")
    assert (letter.origin, letter.stage) == (str(delivery.position), "cache")


async def test_a_failure_after_the_question_was_embedded_tells_what_that_cost(river: River) -> None:
    delivery = river.delivery(request_of())
    (missed,) = await river.stage(delivery)
    assert isinstance(missed.record, CacheMiss)
    answered, _ = river.stage.failed(delivery, UndeliverableError("it does not fit into a record"))
    assert isinstance(answered.record, Answer)
    assert answered.record.waterfall.costs == missed.record.costs != []


async def test_a_request_that_is_given_up_while_the_cache_is_slow_tells_what_its_embedding_cost(
    river: River, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = asyncio.Event()

    async def wait(*_: Any) -> None:
        slow.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(river.lessons, "of", wait)
    delivery = river.delivery(request_of())
    working = asyncio.ensure_future(river.stage(delivery))
    await slow.wait()
    working.cancel()
    await asyncio.gather(working, return_exceptions=True)
    answered, _ = river.stage.failed(delivery, DeadlinePassedError("too late"))
    assert isinstance(answered.record, Answer)
    (cost,) = answered.record.waterfall.costs
    assert cost.tokens == (await river.embedder.embed(RESET)).tokens


async def test_a_failure_without_a_request_id_is_only_put_aside(river: River) -> None:
    emits: Sequence[Emit] = river.stage.failed(river.delivery(request_of(request_id="")), InvalidRequestError("no id"))
    assert [emit.topic for emit in emits] == [topics.DEAD_LETTERS]


def test_the_dead_letter_of_a_request_without_a_key_has_none_and_its_own_place(river: River) -> None:
    delivery = replace(river.delivery(request_of()), key=None)
    answered, letter = river.stage.failed(delivery, InvalidRequestError("no"))
    assert isinstance(answered.record, Answer)
    assert answered.record.ticket.reply_key == b""
    assert isinstance(letter.record, DeadLetter)
    assert (letter.key, letter.record.key, letter.place) == (None, None, str(delivery.position).encode())


async def test_a_fill_that_our_own_fault_stops_is_put_aside(river: River) -> None:
    miss = await river.ask(request_of())
    assert isinstance(miss, CacheMiss)
    fill = await river.learn(miss)
    (emit,) = river.fill.failed(river.fill_delivery(fill), WorkFailedError("a fault"))
    assert isinstance(emit.record, DeadLetter)
    assert (emit.topic, emit.record.value, emit.record.stage) == (topics.DEAD_LETTERS, b"raw fill", "fill")


async def test_a_task_that_is_unknown_fails_for_that_and_not_for_its_deadline(river: River) -> None:
    assert river.stage.deadline(river.delivery(request_of(task="nothing"))) > T0 + HOUR_MS
