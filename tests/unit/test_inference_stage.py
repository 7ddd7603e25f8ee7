"""The inference stage: what an answer carries, who is charged, who has saved it, and how much is under way."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Sequence

import msgspec
import pytest

from agents.inference.admission import room_for
from agents.inference.engine import Completion, Prompt
from agents.inference.gpu import Gpu
from agents.inference.stage import InferenceStage
from agents.stage import Emit
from schemas import topics
from schemas.enums import Lane, Source, Status
from schemas.errors import (
    EngineRowError,
)
from schemas.gpu import GpuBook, GpuCard
from schemas.ledger import LedgerEntry, Timings
from schemas.records import Answer, InferenceTask, Message, Sampling
from streams.flow import TICK_S, Flow
from tests.fakes.engine import FakeEngine
from tests.fakes.records import AT, delivery, lookup
from tests.unit.flow_bench import Raw
from tests.unit.inference_bench import (
    EMBEDDED,
    PROMPT_TOKENS,
    policy,
    run,
    said,
    stage,
    task,
    the_answer,
)


async def test_an_engines_answer_carries_its_text_its_counts_and_its_times() -> None:
    (answer,) = await run(stage(FakeEngine("small")), task())
    expected = await said()
    assert (answer.status, answer.source, answer.text) == (Status.COMPLETED, Source.ENGINE, expected.text)
    assert (answer.finish_reason, answer.model, answer.answer_id) == ("stop", "small", "a-1")
    assert answer.usage.prompt_tokens == PROMPT_TOKENS
    assert answer.usage.completion_tokens == expected.completion_tokens
    assert answer.timings.decode > 0
    assert answer.lookup == lookup()
    assert (answer.cached_from, answer.error_code) == (None, None)


async def test_an_answer_is_published_under_its_tenant_and_request() -> None:
    (emit,) = await stage(FakeEngine("small"))(delivery(task("r-7"), 1))
    assert (emit.topic, emit.key) == (topics.ANSWERS, b"bank/r-7")


async def test_the_waterfall_leads_from_the_published_prompt_at_the_baseline_to_what_was_spent() -> None:
    (answer,) = await run(stage(FakeEngine("small")), task())
    spoken = answer.usage.completion_tokens
    # Nano-dollars a token: big 10 000 in and 30 000 out, small 1 000 and 3 000.
    listed = (PROMPT_TOKENS + 30) * 10_000 + spoken * 30_000
    spent = PROMPT_TOKENS * 1_000 + spoken * 3_000
    found = answer.waterfall
    assert (found.list_cost, found.effective_cost) == (listed, spent + EMBEDDED.cost)
    saved = {line.strategy: (line.gross, line.cost) for line in found.savings}
    assert saved == {"retrieval": (300_000, 0), "routing": (listed - 300_000 - spent, 0), "semantic_cache": (0, 2)}
    assert found.costs[-1] == EMBEDDED


async def test_prompt_tokens_that_the_engine_had_cached_are_credited_to_the_prefix_cache() -> None:
    inference = stage(FakeEngine("small"))
    await run(inference, task("r-1"))
    (second,) = await run(inference, task("r-2", lookup=lookup(fingerprint="f2")))
    assert second.usage.cached_tokens > 0
    assert "prefix_cache" in {line.strategy for line in second.waterfall.savings}


async def test_the_batch_lane_is_credited() -> None:
    (answer,) = await run(stage(FakeEngine("small")), task(lane=Lane.BATCH))
    assert "batch_lane" in {line.strategy for line in answer.waterfall.savings}


async def test_a_follower_pays_nothing_and_says_whose_text_it_has() -> None:
    engine = FakeEngine("small", vary=map(str, itertools.count()).__next__)
    leader, *followers = await run(stage(engine), task("r-1"), task("r-2"), task("r-3", costs=[]))
    assert engine.calls == 1
    assert (leader.source, leader.cached_from) == (Source.ENGINE, None)
    assert leader.waterfall.effective_cost > EMBEDDED.cost
    for follower in followers:
        assert (follower.source, follower.cached_from) == (Source.SINGLE_FLIGHT, "r-1")
        assert (follower.text, follower.finish_reason) == (leader.text, leader.finish_reason)
        assert follower.usage == leader.usage
        assert follower.waterfall.list_cost == leader.waterfall.list_cost
        assert follower.waterfall.savings[-1].strategy in ("single_flight", "semantic_cache")
        assert follower.timings == Timings()
        assert follower.lookup is None
    assert [follower.waterfall.effective_cost for follower in followers] == [EMBEDDED.cost, 0]


async def test_the_same_fingerprint_at_another_model_is_other_work() -> None:
    small, big = FakeEngine("small"), FakeEngine("big")
    answers = await run(stage(small, big), task("r-1"), task("r-2", model="big"))
    assert [answer.source for answer in answers] == [Source.ENGINE, Source.ENGINE]
    assert [answer.model for answer in answers] == ["small", "big"]


def quoting(passage: str, asked: str = "What is the fee?") -> list[Message]:
    return [Message(role="system", content=f"Passages: {passage}"), Message(role="user", content=asked)]


async def test_the_same_fingerprint_with_other_passages_is_other_work() -> None:
    engine = FakeEngine("small", seconds_per_token=0.01)
    inference = stage(engine)
    old = asyncio.create_task(inference(delivery(task("r-1", messages=quoting("The fee is 3.")), 1)))
    new = asyncio.create_task(inference(delivery(task("r-2", messages=quoting("The fee is 4.")), 2)))
    await asyncio.sleep(0.01)
    old.cancel()
    answer = the_answer(await new)
    assert (answer.source, engine.calls) == (Source.ENGINE, 2)
    (alone,) = await run(stage(FakeEngine("small")), task("r-2", messages=quoting("The fee is 4.")))
    assert answer.text == alone.text


async def test_equal_prompts_share_however_the_question_is_typed() -> None:
    engine = FakeEngine("small")
    typed = ["What is the fee?", "what  is the\nfee?", "Ｗhat is the fee?"]
    answers = await run(
        stage(engine), *(task(f"r-{at}", messages=quoting("It is 3.", asked)) for at, asked in enumerate(typed))
    )
    assert engine.calls == 1
    assert [answer.source for answer in answers] == [Source.ENGINE, Source.SINGLE_FLIGHT, Source.SINGLE_FLIGHT]


async def test_when_the_leader_is_given_up_a_follower_is_charged_instead() -> None:
    engine = FakeEngine("small", seconds_per_token=0.01)
    inference = stage(engine)
    leader = asyncio.create_task(inference(delivery(task("r-1"), 1)))
    follower = asyncio.create_task(inference(delivery(task("r-2"), 2)))
    await asyncio.sleep(0.01)
    leader.cancel()
    answer = the_answer(await follower)
    assert (answer.source, answer.cached_from, engine.calls) == (Source.ENGINE, None, 1)
    assert answer.waterfall.effective_cost > EMBEDDED.cost


async def test_giving_up_the_only_one_who_waits_stops_the_engine() -> None:
    engine = FakeEngine("small", seconds_per_token=60)
    lonely = asyncio.create_task(stage(engine)(delivery(task(), 1)))
    await asyncio.sleep(0.01)
    assert engine.running == 1
    lonely.cancel()
    await asyncio.wait([lonely])
    await asyncio.sleep(0.01)
    assert engine.running == 0


async def test_no_more_prompts_are_at_the_engine_than_it_has_room_for() -> None:
    class Crowd(FakeEngine):
        inside = most = 0

        async def generate(self, prompt: Prompt) -> Completion:
            self.inside += 1
            self.most = max(self.most, self.inside)
            try:
                return await super().generate(prompt)
            finally:
                self.inside -= 1

    engine = Crowd("small", capacity=3, seconds_per_token=0.0005)
    answers = await run(stage(engine), *(task(f"r-{at}", lookup=lookup(fingerprint=f"f{at}")) for at in range(40)))
    assert len(answers) == engine.calls == 40
    assert engine.most == room_for(3).places
    assert engine.most_running == 3


async def test_an_engines_load_is_told_with_the_time_in_line() -> None:
    engine = FakeEngine("small", capacity=1, seconds_per_token=0.01)
    inference = stage(engine)
    tasks = [
        asyncio.create_task(inference(delivery(task(f"r-{at}", lookup=lookup(fingerprint=f"f{at}")), at)))
        for at in range(3)
    ]
    await asyncio.sleep(0.01)
    load = inference.loads()["small"]
    assert (load.level.inside, load.level.waiting, load.capacity, load.alive) == (2, 1, 1, True)
    assert load.level.tokens == 2 * (PROMPT_TOKENS + 64)
    answers = [the_answer(await one) for one in tasks]
    # The third came in when the first was done, and then stood in the engine's own line.
    assert answers[2].timings.queue > answers[0].timings.decode
    after = inference.loads()["small"].level
    assert (after.inside, after.waiting, after.tokens) == (0, 0, 0)
    assert 0 < after.busy_s < after.occupied_s
    engine.kill()
    assert not inference.loads()["small"].alive


async def test_preemptions_are_counted() -> None:
    class Crowded(FakeEngine):
        async def generate(self, prompt: Prompt) -> Completion:
            return (await super().generate(prompt))._replace(preemptions=2)

    inference = stage(Crowded("small"))
    await run(inference, task("r-1"), task("r-2", lookup=lookup(fingerprint="f2")))
    assert inference.loads()["small"].preemptions == 4


async def test_no_more_tokens_are_at_the_engine_than_it_holds() -> None:
    class Small(FakeEngine):
        @property
        def token_capacity(self) -> int | None:
            return 2 * (PROMPT_TOKENS + 64)

    engine = Small("small", capacity=8, seconds_per_token=0.0005)
    await run(stage(engine), *(task(f"r-{at}", lookup=lookup(fingerprint=f"f{at}")) for at in range(9)))
    assert engine.most_running == 2


async def test_a_flow_that_gives_a_task_up_at_its_deadline_ends_the_engines_work_on_it() -> None:
    engine = FakeEngine("small", seconds_per_token=0.02)
    inference = stage(engine)
    published: list[Emit] = []
    clock = [AT]

    async def send(emits: Sequence[Emit], _: object) -> None:
        published.extend(emits)

    def decode(_: bytes) -> InferenceTask:
        return task(messages=[Message(role="user", content="Tell a long story")], deadline=AT + 1000)

    flow = Flow(
        inference,
        decode=decode,
        send=send,
        poison=lambda *_: [],
        ack=lambda _: None,
        halt=lambda _: None,
        now=lambda: clock[0],
    )
    await flow.put(Raw(0), flow.generation)
    await asyncio.sleep(0.05)
    assert engine.running == 1
    clock[0] = AT + 1000
    await asyncio.sleep(2 * TICK_S)
    assert engine.running == 0
    assert inference.loads()["small"].level.inside == 0
    answer = published[0].record
    assert isinstance(answer, Answer)
    assert (answer.status, answer.error_code) == (Status.FAILED, "DEADLINE_PASSED")
    # What the engine had made by then is paid for, by nobody.
    made = answer.usage.completion_tokens
    assert 0 < made < 64
    assert [line.tokens for line in answer.waterfall.costs if line.kind == "output"] == [made]
    assert answer.waterfall.effective_cost > EMBEDDED.cost


TYPED = Sampling(max_tokens=64, json_schema='{"type": "object", "required": ["fee"]}')


class Typed(FakeEngine):
    """Says what it is told to."""

    says = ""
    ends = "stop"

    async def generate(self, prompt: Prompt) -> Completion:
        return (await super().generate(prompt))._replace(text=self.says, finish_reason=self.ends)


async def test_an_answer_that_follows_its_schema_is_passed_on() -> None:
    engine = Typed("small")
    engine.says = '{"fee": 3}'
    (answer,) = await run(stage(engine), task(sampling=TYPED))
    assert answer.text == engine.says


@pytest.mark.parametrize(
    ("says", "ends", "said"),
    [
        ('{"price": 3}', "stop", "does not follow its JSON schema: 'fee' is a required property at \\$"),
        (
            '{"fee"',
            "length",
            "does not follow its JSON schema, for it was cut: raise sampling.max_tokens: it is no JSON",
        ),
    ],
)
async def test_an_answer_that_does_not_follow_its_schema_fails_its_task(says: str, ends: str, said: str) -> None:
    engine = Typed("small")
    engine.says, engine.ends = says, ends
    with pytest.raises(EngineRowError, match=said):
        await run(stage(engine), task(sampling=TYPED))


async def test_what_must_not_be_cached_is_not_offered_to_the_cache() -> None:
    (answer,) = await run(stage(FakeEngine("small")), task(lookup=lookup(cacheable=False)))
    assert answer.lookup is None


async def test_a_server_that_counts_otherwise_is_believed_and_the_sums_still_hold() -> None:
    class Otherwise(FakeEngine):
        async def generate(self, prompt: Prompt) -> Completion:
            done = await super().generate(prompt)
            return done._replace(prompt_tokens=done.prompt_tokens + 5, cached_tokens=1_000)

    (answer,) = await run(stage(Otherwise("small")), task())
    usage = answer.usage
    assert (usage.prompt_tokens, usage.published_tokens) == (PROMPT_TOKENS + 5, PROMPT_TOKENS + 35)
    assert usage.cached_tokens == usage.prompt_tokens


def test_every_outcome_has_an_id_of_its_own() -> None:
    inference = stage(FakeEngine("small"))
    ids = {
        msgspec.structs.asdict(inference.failed(delivery(task(), 1), EngineRowError("no"))[0].record)["answer_id"]
        for _ in range(3)
    }
    assert len(ids) == 3


async def test_on_gpus_by_the_hour_the_leader_of_a_flight_is_charged_for_its_part_of_the_bill() -> None:
    card = GpuCard(model="small", version="h100", effective_from=0, gpus=1, hourly_rate=3_600_000_000)
    ticks = itertools.count(1_000_000, 1_000)  # every look at the clock is a millisecond later
    gpu = Gpu("small", GpuBook([card]), clock=lambda: next(ticks), worker="w")
    inference = InferenceStage([FakeEngine("small")], policy(), new_id=lambda: "a", now=lambda: AT, gpus={"small": gpu})
    leader, follower = await run(inference, task("r-1"), task("r-2"))
    charged = {line.kind: line.cost for line in leader.waterfall.costs if line.strategy is None}
    assert sum(charged.values()) == 1_000  # a millisecond at 3.6 dollars an hour
    assert charged.keys() == {"prefill", "decode"}
    assert {line.price_version for line in leader.waterfall.costs if line.kind == "decode"} == {"h100"}
    assert [line.kind for line in follower.waterfall.costs] == ["embedding"]
    saved = {line.strategy: line.gross for line in follower.waterfall.savings}
    assert saved["single_flight"] == 1_000
    entry = gpu.state(platform="us", policy_version="p").record
    assert isinstance(entry, LedgerEntry)
    assert entry.waterfall.effective_cost == 2_000  # idle before and after it
