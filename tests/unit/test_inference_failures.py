"""The inference stage: what becomes of a task that fails."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from agents import waterfall
from agents.inference.engine import Completion, Engine, Prompt
from agents.stage import Emit
from schemas import topics
from schemas.enums import Lane, Source, Status
from schemas.errors import (
    DeadlinePassedError,
    EngineDeadError,
    EngineRowError,
    HeadraceError,
    PolicyError,
    PromptTooLongError,
    UndeliverableError,
    UnknownNameError,
)
from schemas.records import Answer, DeadLetter, InferenceTask, Message, Sampling
from tests.fakes.engine import FakeEngine
from tests.fakes.records import AT, delivery, lookup, ticket
from tests.unit.inference_bench import (
    EMBEDDED,
    PROMPT_TOKENS,
    run,
    said,
    stage,
    task,
    the_answer,
)


async def test_a_task_past_its_deadline_is_not_begun() -> None:
    engine = FakeEngine("small")
    late = delivery(task(deadline=AT - 5), 1)
    with pytest.raises(DeadlinePassedError, match="5 ms"):
        await stage(engine)(late)
    assert engine.calls == 0
    assert stage(engine).deadline(late) == AT - 5


async def test_a_model_that_is_not_served_here_is_named_with_those_that_are() -> None:
    with pytest.raises(EngineRowError, match=r"no engine for 'huge': it serves \['big', 'small'\]"):
        await stage(FakeEngine("small"), FakeEngine("big"))(delivery(task(model="huge"), 1))


async def test_a_refused_prompt_fails_all_who_asked_it_and_no_other() -> None:
    engine = FakeEngine("small", window=64)
    too_long = [Message(role="user", content="word " * 100)]
    inference = stage(engine)
    refused = [task(f"r-{at}", messages=too_long, lookup=lookup(fingerprint="long")) for at in range(2)]
    worked = await asyncio.gather(
        *(inference(delivery(one, 1)) for one in [*refused, task("r-9")]), return_exceptions=True
    )
    assert [type(one) for one in worked] == [EngineRowError, EngineRowError, list]


async def test_a_dead_engine_fails_everything_in_flight_fatally() -> None:
    engine = FakeEngine("small", seconds_per_token=60)
    inference = stage(engine)
    waiting = [asyncio.create_task(inference(delivery(task(f"r-{at}"), at))) for at in range(3)]
    await asyncio.sleep(0.01)
    engine.kill()
    for one in waiting:
        with pytest.raises(EngineDeadError):
            await one


async def test_a_task_that_left_the_policy_is_named() -> None:
    with pytest.raises(UnknownNameError, match="'gone'"):
        await stage(FakeEngine("small"))(delivery(task(task="gone"), 1))


async def test_a_request_from_before_the_first_price_card_is_refused() -> None:
    with pytest.raises(PolicyError, match="price card"):
        await stage(FakeEngine("small"))(delivery(task(received_at=1), 1))


def test_a_failed_task_becomes_a_failed_answer_and_a_dead_letter() -> None:
    failed = task("r-3")
    answered, letter = stage(FakeEngine("small")).failed(delivery(failed, 4), PromptTooLongError("too long by 7"))
    answer = answered.record
    assert isinstance(answer, Answer)
    assert waterfall.holds(answer.waterfall)
    assert (answered.topic, answered.key) == (topics.ANSWERS, b"bank/r-3")
    assert (answer.status, answer.source, answer.text) == (Status.FAILED, Source.NONE, None)
    assert (answer.error_code, answer.error_message) == ("PROMPT_TOO_LONG", "too long by 7")
    assert (answer.waterfall.list_cost, answer.waterfall.costs) == (0, [EMBEDDED])
    assert answer.usage == failed.usage
    assert letter.topic == topics.DEAD_LETTERS
    assert isinstance(letter.record, DeadLetter)
    assert (letter.record.value, letter.record.stage, letter.record.code) == (b"raw", "inference", "PROMPT_TOO_LONG")


REFUSED = '{"type": "object", "required": ["fee"]}'


async def test_what_a_refused_answer_cost_is_told_once_of_all_who_asked_for_it() -> None:
    engine = FakeEngine("small")
    inference = stage(engine)
    asked = [delivery(task(f"r-{at}", sampling=Sampling(max_tokens=64, json_schema=REFUSED)), at) for at in range(2)]
    worked = await asyncio.gather(*map(inference, asked), return_exceptions=True)
    assert engine.calls == 1
    answers = []
    for one, error in zip(asked, worked, strict=True):
        assert isinstance(error, EngineRowError)
        answers.append(the_answer(inference.failed(one, error)))
    done = await said()
    assert {answer.status for answer in answers} == {Status.FAILED}
    assert [answer.usage.completion_tokens for answer in answers] == [done.completion_tokens, 0]
    assert {answer.usage.prompt_tokens for answer in answers} == {PROMPT_TOKENS}
    paid = PROMPT_TOKENS * 1_000 + done.completion_tokens * 3_000
    assert [answer.waterfall.effective_cost for answer in answers] == [EMBEDDED.cost + paid, EMBEDDED.cost]


async def test_an_answer_that_cannot_be_published_was_paid_for_nonetheless() -> None:
    inference = stage(FakeEngine("small"))
    asked = delivery(task(), 1)
    given = the_answer(await inference(asked))
    failed = the_answer(inference.failed(asked, UndeliverableError("it does not fit into a record")))
    assert (failed.status, failed.usage.completion_tokens) == (Status.FAILED, given.usage.completion_tokens)
    assert failed.waterfall.effective_cost == given.waterfall.effective_cost


async def test_what_an_engine_bills_without_an_answer_is_charged_and_asks_the_next_model() -> None:
    class Mute(FakeEngine):
        async def generate(self, prompt: Prompt) -> Completion:
            return (await super().generate(prompt))._replace(text="", wrong="it said nothing")

    inference = stage(Mute("small"), FakeEngine("big"))
    asked = delivery(task(fallbacks=["big"]), 1)
    with pytest.raises(EngineRowError, match="it said nothing") as refusal:
        await inference(asked)
    (emit,) = inference.failed(asked, refusal.value)
    assert isinstance(emit.record, InferenceTask)
    paid = PROMPT_TOKENS * 1_000 + (await said()).completion_tokens * 3_000
    assert [line.strategy for line in emit.record.costs[1:]] == ["routing", "routing"]
    assert sum(line.cost for line in emit.record.costs[1:]) == paid


class Typed(FakeEngine):
    """Says what it is told to."""

    def __init__(self, model: str, says: str) -> None:
        super().__init__(model)
        self.says = says

    async def generate(self, prompt: Prompt) -> Completion:
        return (await super().generate(prompt))._replace(text=self.says)


@pytest.mark.parametrize("says", ["it costs three", "[" * 1200])
async def test_what_a_refused_answer_cost_stays_on_the_task_that_the_next_model_gets(says: str) -> None:
    refused, answering = Typed("small", says), Typed("big", '{"fee": 3}')
    inference = stage(refused, answering)
    sampling = Sampling(max_tokens=64, json_schema=REFUSED)
    asked = delivery(task(sampling=sampling, fallbacks=["big"]), 1)
    with pytest.raises(EngineRowError) as refusal:
        await inference(asked)
    (emit,) = inference.failed(asked, refusal.value)
    assert isinstance(emit.record, InferenceTask)
    in_vain = emit.record.costs[1:]
    assert {(line.model, line.strategy) for line in in_vain} == {("small", "routing")}
    (answer,) = await run(inference, emit.record)
    assert waterfall.holds(answer.waterfall)
    assert answer.waterfall.costs[-len(in_vain) :] == in_vain
    (routing,) = [line for line in answer.waterfall.savings if line.strategy == "routing"]
    assert (routing.gross, routing.cost) == (0, sum(line.cost for line in in_vain))


CHAIN = {"model": "small", "fallbacks": ["big", "spare"]}


def followed(*engines: Engine, **fields: Any) -> tuple[list[InferenceTask], list[Emit]]:
    """A task's tries, one after another as its topics would bring them, and what came out of the last."""
    tries, ended = [task("r-1", **fields)], list[Emit]()
    while not ended:
        asked = delivery(tries[-1], len(tries))
        (first, *others) = stage(*engines).failed(asked, EngineRowError(f"{tries[-1].model} is out of order"))
        if isinstance(first.record, InferenceTask):
            assert (first.topic, first.key, others) == (topics.tasks(first.record.model, Lane.REALTIME), asked.key, [])
            tries.append(first.record)
        else:
            ended = [first, *others]
    return tries, ended


@pytest.mark.parametrize("kind", [{}, {"check": True}, {"summary": "ab12"}])
def test_a_chain_in_which_every_engine_fails_ends_in_one_failed_answer(kind: dict[str, Any]) -> None:
    tries, (answered, letter) = followed(ticket=ticket("r-1", **kind), **CHAIN)
    assert [(one.model, one.fallbacks) for one in tries] == [
        ("small", ["big", "spare"]),
        ("big", ["spare"]),
        ("spare", []),
    ]
    answer = answered.record
    assert isinstance(answer, Answer)
    assert (answer.status, answer.error_message, answer.model) == (Status.FAILED, "spare is out of order", "spare")
    assert [(one.stage, one.choice, one.why) for one in answer.decisions] == [
        ("inference", "fall back: big", ["small failed: small is out of order"]),
        ("inference", "fall back: spare", ["big failed: big is out of order"]),
    ]
    assert answer.ticket == tries[0].ticket
    assert answer.waterfall.costs == [EMBEDDED], "what was spent before is told once"
    assert isinstance(letter.record, DeadLetter)


async def test_a_model_that_is_fallen_back_on_answers_at_its_own_price() -> None:
    refusing, answering = FakeEngine("small", window=2), FakeEngine("big")
    inference = stage(refusing, answering)
    asked = delivery(task(fallbacks=["big"]), 1)
    with pytest.raises(EngineRowError) as refused:
        await inference(asked)
    (emit,) = inference.failed(asked, refused.value)
    assert isinstance(emit.record, InferenceTask)
    (answer,) = await run(inference, emit.record)
    assert (answer.status, answer.model, answer.waterfall.costs[0].model) == (Status.COMPLETED, "big", "big")
    assert [one.choice for one in answer.decisions] == ["fall back: big"]


@pytest.mark.parametrize("error", [DeadlinePassedError("late"), PromptTooLongError("long"), UnknownNameError("who")])
def test_only_an_engines_failure_asks_another_model(error: HeadraceError) -> None:
    answered, _ = stage(FakeEngine("small")).failed(delivery(task(**CHAIN), 1), error)
    assert isinstance(answered.record, Answer)
    assert answered.record.decisions == []


def test_a_fallback_that_left_the_policy_is_passed_over() -> None:
    (emit,) = stage().failed(delivery(task(fallbacks=["gone", "big"]), 1), EngineRowError("no"))
    assert isinstance(emit.record, InferenceTask)
    assert (emit.record.model, emit.record.fallbacks) == ("big", [])
    answered, _ = stage().failed(delivery(task(fallbacks=["gone"]), 1), EngineRowError("no"))
    assert isinstance(answered.record, Answer)
