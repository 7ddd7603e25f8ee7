"""Trimming and the stage: what is left of a prompt, and where it goes."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count as counting
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.affinity import beginnings
from agents.context.stage import ContextStage
from agents.context.trimming import trim
from agents.policy import Policy
from agents.policy_document import Document, Model, Price, Route, Task, Tenant
from agents.tokens import LONG_PROMPT
from agents.waterfall import holds
from schemas import topics
from schemas.enums import Lane, Source, Status
from schemas.errors import PromptTooLongError, UnknownNameError
from schemas.ledger import Removal, Usage
from schemas.records import Answer, CacheMiss, DeadLetter, InferenceTask, Message, Sampling
from tests.fakes.conversation import Words, said, text
from tests.fakes.records import delivery, lookup, spent, ticket

LONG = said("s:be kind", "u:one", "a:first", "u:two", "a:second", "u:three", "a:third", "u:and now")


def test_what_fits_is_left_alone() -> None:
    tokens = Words()
    published = tokens.count(LONG)
    assert trim(LONG, published, published, tokens.count) == (LONG, published)
    assert tokens.calls == 1


@pytest.mark.parametrize(
    ("limit", "left"),
    [
        (25, ["s:be kind", "u:two", "a:second", "u:three", "a:third", "u:and now"]),
        (19, ["s:be kind", "u:three", "a:third", "u:and now"]),
        (13, ["s:be kind", "u:and now"]),
        (8, ["s:be kind", "u:and now"]),
    ],
)
def test_the_oldest_turns_go_first_and_with_their_answers(limit: int, left: list[str]) -> None:
    tokens = Words()
    trimmed = trim(LONG, tokens.count(LONG), limit, tokens.count)
    assert text(trimmed.messages) == left
    assert trimmed.tokens == tokens.count(trimmed.messages)


def test_what_must_stay_is_returned_even_where_it_does_not_fit() -> None:
    trimmed = trim(LONG, 26, 3, Words().count)
    assert text(trimmed.messages) == ["s:be kind", "u:and now"]
    assert trimmed.tokens == 8


def test_system_messages_stay_where_they_are() -> None:
    messages = said("u:one", "a:first", "s:mind this", "u:two", "s:and that", "u:now")
    assert text(trim(messages, 99, 12, Words().count).messages) == ["s:mind this", "s:and that", "u:now"]


def test_an_answer_without_a_question_is_a_turn_of_its_own() -> None:
    messages = said("a:hello", "u:one", "a:first", "u:now")
    assert text(trim(messages, 12, 9, Words().count).messages) == ["u:one", "a:first", "u:now"]


def test_a_single_question_is_never_touched() -> None:
    messages = said("s:be kind", "u:a very long question indeed")
    assert trim(messages, 11, 5, Words().count) == (messages, 11)


turns = st.lists(st.tuples(st.sampled_from("sua"), st.integers(1, 9)), max_size=30)


@given(turns, st.integers(0, 200))
def test_trimming_keeps_what_must_stay_and_drops_no_more_than_it_must(drawn: list[tuple[str, int]], limit: int) -> None:
    messages = said(*(f"{role}:{'x ' * words}" for role, words in drawn), "u:now")
    tokens = Words()
    published = tokens.count(messages)
    tokens.calls = 0
    trimmed = trim(messages, published, limit, tokens.count)
    assert tokens.calls <= 6, "as few counts as a bisection of 30 turns needs"
    kept = trimmed.messages
    assert [m for m in messages if m.role == "system"] == [m for m in kept if m.role == "system"]
    assert kept[-1] is messages[-1]
    spoken, left = ([m for m in some if m.role != "system"] for some in (messages, kept))
    gone = spoken[: len(spoken) - len(left)]
    assert gone + left == spoken, "only the oldest went"
    if gone:
        assert published > limit
        assert left[0].role == "user", "no answer without its question"
        starts = [0, *(i for i, m in enumerate(gone) if m.role == "user" and i)]
        last_turn = gone[starts[-1] :]
        assert tokens.count([*kept, *last_turn]) > limit, "one turn less would not have been enough"
    if trimmed.tokens > limit:
        assert [m.role for m in kept if m.role != "system"].count("user") == 1


def rules(*routes: Route, models: Sequence[str] = ("small", "large")) -> Task:
    return Task(models=list(models), baseline="large", routes=list(routes))


def made(task: Task | None = None, window: int = 40, **tokens: Words) -> ContextStage:
    from datetime import UTC, datetime

    start = datetime(2020, 1, 1, tzinfo=UTC)
    names = ["small", "large"]
    document = Document(
        models={name: Model(engine="vllm", window=window) for name in names},
        prices=[
            Price(model=name, version="1", effective_from=start, input="1", output="1") for name in [*names, "minilm"]
        ],
        tenants={"bank": Tenant(cost_center="desk", tasks=["faq"])},
        tasks={"faq": task or rules()},
        embedder="minilm",
    )
    ids = (f"id-{number}" for number in counting())
    return ContextStage(Policy(document), {name: tokens.get(name, Words()) for name in names}, lambda: next(ids))


def miss(messages: list[Message], **fields: Any) -> CacheMiss:
    given_fields = {
        "ticket": ticket(),
        "lookup": lookup(),
        "sampling": Sampling(max_tokens=10),
        "model": None,
        "costs": [spent(3, "semantic_cache")],
        **fields,
    }
    return CacheMiss(messages=messages, **given_fields)


async def test_a_prompt_goes_to_the_workers_of_its_model_and_lane() -> None:
    for lane, topic in ((Lane.REALTIME, "headrace.tasks.small"), (Lane.BATCH, "headrace.tasks.small.batch")):
        (emit,) = await made()(delivery(miss(LONG[:1] + LONG[-1:], ticket=ticket(lane=lane)), 0))
        task = emit.record
        assert isinstance(task, InferenceTask)
        assert (emit.topic, emit.key.decode()) == (topic, beginnings(task)[0])
        task = emit.record
        assert isinstance(task, InferenceTask)
        assert task.usage == Usage(published_tokens=8, prompt_tokens=8)
        assert (task.model, task.messages, task.costs) == ("small", LONG[:1] + LONG[-1:], [spent(3, "semantic_cache")])


async def test_what_trimming_took_out_is_written_down() -> None:
    (emit,) = await made(window=29)(delivery(miss(LONG), 0))
    assert isinstance(emit.record, InferenceTask)
    usage = emit.record.usage
    assert usage.removed == [Removal(strategy="history", tokens=usage.published_tokens - usage.prompt_tokens)]
    assert usage.prompt_tokens == Words().count(emit.record.messages) <= 19
    assert usage.published_tokens == Words().count(LONG)


async def test_tokens_are_those_of_the_model_that_was_chosen() -> None:
    stage = made(rules(Route(model="large", max_prompt_tokens=16)), large=Words(factor=2))
    (emit,) = await stage(delivery(miss(LONG[:1] + LONG[-1:]), 0))
    assert isinstance(emit.record, InferenceTask)
    assert (emit.record.model, emit.record.usage.published_tokens) == ("large", 16)


async def test_the_tokens_of_a_prompt_are_counted_once_for_each_model() -> None:
    tokens = Words()
    few, many = (Route(model="small", max_prompt_tokens=most) for most in (1, 99))
    stage = made(rules(few, many), small=tokens)
    await stage(delivery(miss(LONG[-1:]), 0))
    assert tokens.calls == 1


async def test_a_prompt_that_cannot_fit_says_what_to_do() -> None:
    stage = made(window=15)
    with pytest.raises(PromptTooLongError) as raised:
        await stage(delivery(miss(LONG), 0))
    assert str(raised.value) == (
        "the prompt has 8 tokens with the 6 oldest messages left out and asks for up to 10 more: model 'small' has a "
        "window of 15. Shorten the system or last user message, or lower sampling.max_tokens"
    )


async def test_a_prompt_without_a_history_that_cannot_fit_says_what_to_do() -> None:
    with pytest.raises(PromptTooLongError, match="the prompt has 104 tokens and asks for up to 10 more"):
        await made()(delivery(miss(said("s:be kind", "u:" + "why " * 98)), 0))


async def test_a_long_prompt_is_made_like_a_short_one() -> None:
    messages = said("u:" + "x" * LONG_PROMPT, "a:yes", "u:now")
    (emit,) = await made(window=14)(delivery(miss(messages), 0))
    assert isinstance(emit.record, InferenceTask)
    assert text(emit.record.messages) == ["u:now"]


async def test_a_task_that_is_gone_from_the_policy_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="task 'gone' is no longer in the policy"):
        await made()(delivery(miss(LONG, ticket=ticket(task="gone")), 0))


def test_a_failure_is_answered_and_kept_as_a_dead_letter() -> None:
    stage = made()
    answered, letter = stage.failed(delivery(miss(LONG), 7), PromptTooLongError("too long"))
    assert (answered.topic, answered.key, letter.topic) == (topics.ANSWERS, b"bank/r-1", topics.DEAD_LETTERS)
    answer = answered.record
    assert isinstance(answer, Answer)
    assert (answer.status, answer.source, answer.text) == (Status.FAILED, Source.NONE, None)
    assert (answer.error_code, answer.error_message) == ("PROMPT_TOO_LONG", "too long")
    assert holds(answer.waterfall)
    assert answer.waterfall.effective_cost == 3, "what the cache stage had spent by then"
    assert isinstance(letter.record, DeadLetter)
    assert (letter.record.stage, letter.record.origin) == ("context", "t/0@7")


def test_a_prompt_has_its_requests_deadline() -> None:
    record = miss(LONG)
    assert made().deadline(delivery(record, 0)) == record.ticket.deadline
