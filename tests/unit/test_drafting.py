"""Every strategy on one request: what each takes out, what it spends, what is decided and why, and that it adds up."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import count as counting
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.budgets import worst_case
from agents.context.drafting import Parts
from agents.context.extractive import ExtractiveCompressor
from agents.context.retrieval import Retriever
from agents.context.stage import ContextStage
from agents.context.summariser import Summariser
from agents.corpus import Chunk
from agents.outage import Outage
from agents.policy import Policy
from agents.policy_document import (
    Compression,
    Document,
    Example,
    GpuPrice,
    History,
    Model,
    Price,
    Retrieval,
    Route,
    Router,
    Task,
    Tenant,
)
from agents.router import Fitted, RouterFile, TrainedRouter
from agents.stage import Delivery
from agents.tokens import LONG_PROMPT, Tokens
from agents.waterfall import Pricing, holds, with_spending
from schemas.errors import InvalidRequestError, ServiceError
from schemas.records import Answer, CacheMiss, Condition, InferenceTask, Message, PredictionRequest, Sampling, Summary
from tests.fakes.conversation import Bytes, Watched, Words, said, text
from tests.fakes.corpus import InMemoryCorpus
from tests.fakes.embedder import BagOfWords
from tests.fakes.entry import Clock
from tests.fakes.records import AT, delivery, lookup, ticket
from tests.fakes.summaries import InMemorySummaries

FEES = ("The fee for a transfer to Asia is nine dollars.", "Boxes are let at the harbour.", "Loans run for five years.")
LONG = [f"Paragraph {n} tells of harbours and of ships that came long ago. " * 6 for n in range(6)]
EXAMPLES = [Example(question=f"What does {what} cost?", answer="Nothing.") for what in ("a card", "a box", "a loan")]


def missed(messages: Sequence[Message], **fields: Any) -> Delivery[CacheMiss]:
    given = {
        "ticket": ticket(),
        "lookup": lookup(),
        "sampling": Sampling(max_tokens=10),
        "model": None,
        "costs": [],
    }
    return delivery(CacheMiss(messages=list(messages), **{**given, **fields}), 0)


class Desk:
    """A context stage with all of its parts, on fakes that need no model."""

    def __init__(self, task: Task, tokens: Tokens | None = None, **models: Model) -> None:
        self.tokens = tokens or Words()
        start = datetime(2020, 1, 1, tzinfo=UTC)
        known = {"small": Model(engine="vllm", window=4000), "large": Model(engine="vllm", window=8000), **models}
        own = [name for name in known if name.startswith("own")]
        prices = [
            Price(model=name, version="1", effective_from=start, input="50", output="90")
            for name in known
            if name not in own
        ]
        prices[0] = Price(model="small", version="1", effective_from=start, input="5", output="9")
        prices.append(Price(model="bag", version="1", effective_from=start, input="0.1", output="0"))
        router = _router() if task.router else None
        self.policy = Policy(
            Document(
                models=known,
                prices=prices,
                gpu_prices=[GpuPrice(model=name, version="1", effective_from=start, gpu_hour="2") for name in own],
                tenants={"bank": Tenant(cost_center="desk", tasks=["faq"])},
                tasks={"faq": task},
                embedder="bag",
            ),
            {"faq": router} if router else None,
        )
        self.embedder = BagOfWords(name="bag", window=10_000)
        self.corpus = InMemoryCorpus()
        self.summaries = InMemorySummaries(now=Clock())
        by_model = dict.fromkeys(known, self.tokens)
        ids = (f"id-{number}" for number in counting())
        parts = Parts(
            embedder=self.embedder,
            retriever=Retriever(self.embedder, self.corpus, {}),
            summariser=Summariser(self.policy, by_model, self.summaries, Outage("whole", now=Clock()), now=Clock()),
            compressors={"faq": ExtractiveCompressor(self.embedder)} if task.compression else {},
            routers=self.policy.routers,
        )
        self.stage = ContextStage(self.policy, by_model, lambda: next(ids), parts)

    async def knows(self, *texts: str, tenant: str = "bank", collection: str = "fees") -> None:
        for number, known in enumerate(texts):
            vectors = np.stack([(await self.embedder.embed(known)).vector])
            chunk = Chunk(f"d{number}", 0, "", (), known)
            await self.corpus.replace(
                tenant,
                collection,
                f"d{number}",
                version=1,
                digest="x",
                metadata={"year": 2020.0 + number},
                chunks=[(chunk, vectors)],
            )

    async def asked(self, messages: Sequence[Message], **fields: Any) -> tuple[InferenceTask, list[InferenceTask]]:
        """The request's prompt, and what else was asked for."""
        emits = await self.stage(missed(messages, **fields))
        tasks = [emit.record for emit in emits]
        assert all(isinstance(task, InferenceTask) for task in tasks)
        task, *others = tasks
        self.check(task)
        return task, others

    def check(self, task: InferenceTask) -> None:
        """Tokens and money add up to the last of them."""
        usage = task.usage
        assert usage.prompt_tokens == self.tokens.count(task.messages)
        assert usage.published_tokens - sum(one.tokens for one in usage.removed) == usage.prompt_tokens
        if task.model in self.policy.gpus:
            return  # what it costs is known once it has run
        pricing = Pricing(self.policy.prices, AT)
        assert holds(with_spending(pricing.execution("large", task.model, usage, task.ticket.lane), task.costs))


def _router() -> TrainedRouter:
    """``small`` is trusted with short questions only."""
    small = Fitted(model="small", weights=[0.0] * 64 + [-4.0, 0.0, 0.0], intercept=6.0)
    large = Fitted(model="large", weights=[0.0] * 67, intercept=4.0)
    written = RouterFile(
        embedder="bag", dimensions=64, trained_on="2026-01-01", questions=1, models=[small, large], measured=[]
    )
    return TrainedRouter(written)


def rules(**fields: Any) -> Task:
    return Task(**{"models": ["small", "large"], "baseline": "large", **fields})


def removed(task: InferenceTask) -> dict[str, int]:
    return {one.strategy: one.tokens for one in task.usage.removed}


def spent(task: InferenceTask) -> set[str | None]:
    return {line.strategy for line in task.costs}


def decided(task: InferenceTask) -> list[str]:
    return [decision.choice for decision in task.decisions]


async def test_without_strategies_a_request_is_sent_as_it_is() -> None:
    task, others = await Desk(rules()).asked(said("s:be kind", "u:now"))
    assert (task.messages, task.usage.removed, task.costs, others) == (said("s:be kind", "u:now"), [], [], [])
    assert decided(task) == ["route: small"]


async def test_what_bears_on_the_question_is_retrieved_and_the_rest_is_a_saving() -> None:
    desk = Desk(rules(retrieval=Retrieval(collection="fees", candidates=3, tokens=10)))
    await desk.knows(*FEES)
    task, _ = await desk.asked(said("u:What is the fee for a transfer to Asia?"))
    assert FEES[0] in task.messages[0].content
    assert FEES[1] not in task.messages[0].content
    assert removed(task) == {"retrieval": 6 + 5 + 2}, "two passages and their numbers"
    assert spent(task) == {"retrieval"}
    assert "retrieval: 1 of 3 passages" in decided(task)
    assert task.lookup.retrieved_at == task.ticket.received_at


async def test_another_tenants_collection_of_the_same_name_is_not_seen() -> None:
    desk = Desk(rules(retrieval=Retrieval(collection="fees", tokens=99)))
    await desk.knows(*FEES, tenant="insurer")
    question = said("u:What is the fee for a transfer to Asia?")
    task, _ = await desk.asked(question)
    assert task.messages == question


async def test_a_condition_narrows_what_is_retrieved_from() -> None:
    desk = Desk(rules(retrieval=Retrieval(collection="fees", tokens=99)))
    await desk.knows(*FEES)
    task, _ = await desk.asked(said("u:What is the fee?"), where=[Condition(field="year", at_least=2021.0)])
    assert FEES[0] not in task.messages[0].content
    assert FEES[1] in task.messages[0].content
    with pytest.raises(InvalidRequestError, match="colour"):
        await desk.asked(said("u:What is the fee?"), where=[Condition(field="colour", any_of=["red"])])


async def test_passages_of_the_request_are_chosen_from_as_well() -> None:
    desk = Desk(rules(retrieval=Retrieval(tokens=10)))
    task, _ = await desk.asked(said("u:What is the fee for a transfer to Asia?"), passages=list(FEES))
    assert FEES[0] in task.messages[0].content
    assert removed(task)["retrieval"] == 13
    assert task.lookup.retrieved_at is None, "they came with the request: nothing can change them"


async def test_passages_without_rules_are_sent_whole() -> None:
    task, _ = await Desk(rules()).asked(said("u:What is the fee?"), passages=list(FEES))
    assert all(passage in task.messages[0].content for passage in FEES)
    assert task.usage.removed == []


async def test_passages_are_shortened_where_that_pays() -> None:
    desk = Desk(rules(compression=Compression(keep=0.5)))
    task, _ = await desk.asked(said("u:What of the ships in paragraph 3?"), passages=LONG)
    assert removed(task)["compression"] > 150
    assert "compress" in decided(task)
    assert spent(task) == {"compression"}


async def test_passages_are_left_whole_where_it_does_not() -> None:
    desk = Desk(rules(compression=Compression(keep=0.9995)))
    task, _ = await desk.asked(said("u:What of the ships?"), passages=LONG)
    assert (task.usage.removed, task.costs) == ([], []), "finding out costs more than it saves"
    assert "leave the passages whole" in decided(task)


async def test_on_gpus_by_the_hour_tokens_are_worth_what_they_are_at_the_baseline() -> None:
    desk = Desk(
        rules(models=["own"], compression=Compression(keep=0.5), history=History(model="own", tokens=20, keep_turns=1)),
        own=Model(engine="vllm", window=4000),
    )
    talk = said(*(turn for n in range(9) for turn in (f"u:question {n} {'x ' * 60}", f"a:answer {n}")), "u:now")
    task, summaries = await desk.asked(talk, passages=LONG)
    assert removed(task)["compression"] > 150
    assert len(summaries) == 1


async def test_the_nearest_examples_are_shown_within_their_budget() -> None:
    desk = Desk(rules(examples=EXAMPLES, example_tokens=8))
    task, _ = await desk.asked(said("s:be brief", "u:What does a box cost?"))
    assert "a box cost" in task.messages[0].content
    assert "a card cost" not in task.messages[0].content
    assert removed(task)["few_shot"] > 0
    assert "examples: 1 of 3" in decided(task)
    first = sum(line.tokens for line in task.costs)
    again, _ = await desk.asked(said("s:be brief", "u:What does a box cost?"))
    assert sum(line.tokens for line in again.costs) < first, "the examples are embedded once"


async def test_a_model_that_was_tuned_for_the_task_is_shown_none() -> None:
    desk = Desk(rules(models=["tuned"], examples=EXAMPLES), tuned=Model(engine="vllm", window=99, tuned_for=["faq"]))
    task, _ = await desk.asked(said("u:What does a box cost?"))
    assert task.messages == said("u:What does a box cost?")
    assert removed(task) == {"few_shot": task.usage.published_tokens - task.usage.prompt_tokens}
    assert task.costs == []


async def test_a_summary_takes_the_place_of_older_turns() -> None:
    desk = Desk(rules(history=History(model="small", tokens=20, keep_turns=1, summary_tokens=12)))
    talk = said(
        *(turn for n in range(5) for turn in (f"u:question {n} {'x ' * 6}", f"a:answer {n} {'y ' * 6}")), "u:now"
    )
    task, (asked_for,) = await desk.asked(talk)
    assert (task.messages, task.usage.removed) == (talk, [])
    assert asked_for.ticket.summary is not None
    await desk.summaries.put(
        Summary(turns=asked_for.ticket.summary, tenant="bank", task="faq", text="four questions", made_at=AT)
    )
    task, others = await desk.asked(talk)
    assert text(task.messages)[0].startswith("u:(What was said before, in short: four questions)\n\nquestion 4")
    assert removed(task)["history"] > 40
    assert others == []


async def test_the_router_sends_a_question_to_the_cheapest_model_that_is_good_enough() -> None:
    desk = Desk(rules(router=Router(file="r.json", bar=0.7)))
    short, _ = await desk.asked(said("u:Why?"))
    long, _ = await desk.asked(said("u:Why is it that of all the harbours there are this one alone is closed?"))
    assert (short.model, long.model) == ("small", "large")
    assert spent(short) == {"routing"}
    assert any("bar of 70%" in why for decision in long.decisions for why in decision.why)
    named, _ = await desk.asked(said("u:Why?"), model="large")
    assert (named.model, named.costs) == ("large", []), "nothing is spent on a choice that is made"


async def test_fallbacks_are_those_that_the_prompt_fits() -> None:
    desk = Desk(rules(fallbacks=["large", "tiny", "small"]), tiny=Model(engine="vllm", window=12))
    task, _ = await desk.asked(said("u:Why is it so?"))
    assert task.fallbacks == ["large"]
    named, _ = await desk.asked(said("u:Why?"), model="small")
    assert named.fallbacks == []


@pytest.mark.parametrize("length", [10, LONG_PROMPT])
async def test_a_long_prompt_is_counted_beside_the_event_loop_for_its_fallbacks_too(length: int) -> None:
    tokens = Watched()
    desk = Desk(rules(fallbacks=["large"]), tokens)
    await desk.stage(missed(said("u:" + "x" * length)))
    assert len(tokens.on_loop) >= 2, "for its model, and for the one that may take over"
    assert set(tokens.on_loop) == {length == 10}


async def test_a_corpus_that_is_away_fails_the_request() -> None:
    desk = Desk(rules(retrieval=Retrieval(collection="fees")))
    desk.corpus.down = True
    with pytest.raises(ServiceError):
        await desk.asked(said("u:What is the fee?"))


async def test_what_was_spent_on_a_request_before_it_failed_is_told() -> None:
    desk = Desk(rules(retrieval=Retrieval(collection="fees")))
    desk.corpus.down = True
    asked = missed(said("u:What is the fee?"))
    with pytest.raises(ServiceError) as away:
        await desk.stage(asked)
    answer = desk.stage.failed(asked, away.value)[0].record
    assert isinstance(answer, Answer)
    assert answer.waterfall.costs == [Pricing(desk.policy.prices, AT).embedding("retrieval", "bag", 6)]


EVERYTHING = {
    "retrieval": Retrieval(collection="fees", candidates=3, tokens=30),
    "compression": Compression(keep=0.5),
    "examples": EXAMPLES,
    "example_tokens": 8,
    "history": History(model="small", tokens=20, keep_turns=1, summary_tokens=12),
    "router": Router(file="r.json", bar=0.7),
    "routes": [Route(model="large", max_prompt_tokens=30)],
}


@settings(max_examples=60)
@given(
    st.sets(st.sampled_from(sorted(EVERYTHING))),
    st.lists(st.integers(0, 12), max_size=9),
    st.lists(st.sampled_from(LONG + list(FEES)), max_size=5),
)
async def test_whatever_the_strategies_it_adds_up(chosen: set[str], words: list[int], passages: list[str]) -> None:
    desk = Desk(rules(**{name: EVERYTHING[name] for name in chosen}))
    await desk.knows(*FEES, *LONG[:2])
    turns = [f"{'ua'[n % 2]}:{'word ' * length}" for n, length in enumerate(words[: len(words) // 2 * 2])]
    task, others = await desk.asked(said("s:be kind", *turns, "u:What is the fee?"), passages=passages)
    assert task.messages[-1].role == "user"
    assert task.messages[-1].content.endswith("What is the fee?")
    assert task.messages[0].content.startswith("be kind")
    assert all(other.ticket.summary for other in others)
    if "history" not in chosen:
        assert removed(task).get("history", 0) == 0


@settings(max_examples=60)
@given(
    st.sets(st.sampled_from(sorted(EVERYTHING))),
    st.lists(st.integers(0, 12), max_size=9),
    st.lists(st.sampled_from(LONG + list(FEES)), max_size=5),
)
async def test_whatever_the_strategies_the_engine_may_cost_no_more_than_was_reserved(
    chosen: set[str], words: list[int], passages: list[str]
) -> None:
    task = rules(**{name: EVERYTHING[name] for name in chosen})
    if task.retrieval:
        task = msgspec.structs.replace(task, retrieval=Retrieval(collection="fees", candidates=3, tokens=450))
    desk = Desk(msgspec.structs.replace(task, example_tokens=90), Bytes())
    await desk.knows(*FEES, *LONG[:2])
    turns = [f"{'ua'[n % 2]}:{'word ' * length}" for n, length in enumerate(words[: len(words) // 2 * 2])]
    messages = said(*turns, "u:What is the fee?")
    drafted, _ = await desk.asked(messages, passages=passages)
    request = PredictionRequest(
        request_id="r-1", tenant="bank", task="faq", messages=messages, passages=passages, sampling=drafted.sampling
    )
    held = worst_case.of_request(desk.policy, desk.policy.document.tasks["faq"], request, drafted.ticket, AT)
    assert worst_case.of_task(desk.policy, msgspec.structs.replace(drafted, costs=[]), AT) <= held
