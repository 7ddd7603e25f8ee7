"""The cache on real parts: Valkey, usearch and MiniLM; killed, emptied and shared between workers."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import time
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from agents.cache.check import Comparer
from agents.cache.entries import Member
from agents.cache.fill import FillStage
from agents.cache.follow import follow
from agents.cache.index import COSINE_ERROR, ScopeIndex
from agents.cache.lessons import Lessons
from agents.cache.redis_entries import RedisEntries
from agents.cache.rules import Rule
from agents.cache.scopes import Scopes
from agents.cache.semantic import SemanticCache
from agents.cache.stage import CacheStage
from agents.cache.standing import Standing
from agents.embedding import pack
from agents.outage import Outage
from agents.policy import Policy
from agents.policy_document import Document, Model, Price, Task, Tenant
from agents.redis_client import connect
from agents.sentence_transformers_embedder import SentenceTransformersEmbedder
from agents.stage import Delivery, Position
from schemas import topics
from schemas.enums import Source
from schemas.ledger import Usage
from schemas.records import Answer, CacheFill, CacheMiss, Message, PredictionRequest
from streams.embedded.model import embedder_dir
from streams.embedded.valkey import ValkeyServer
from tests.fakes.cache import Accepts

HOUR_MS = 3_600_000
LIMIT_MS = 250
SYSTEM = "You are the desk of a bank. Answer in one sentence."


def wall_clock() -> int:
    return time.time_ns() // 1_000_000


@pytest.fixture
def valkey() -> Iterator[ValkeyServer]:
    server = ValkeyServer()
    asyncio.run(server.start())
    yield server
    asyncio.run(server.stop())


@pytest.fixture(scope="module")
def minilm() -> Iterator[SentenceTransformersEmbedder]:
    load = SentenceTransformersEmbedder.load(str(embedder_dir()), name="all-MiniLM-L6-v2", threads=2)
    embedder = asyncio.run(load)
    yield embedder
    asyncio.run(embedder.close())


def policy_of(ttl_seconds: int = 3600) -> Policy:
    since = datetime(2020, 1, 1, tzinfo=UTC)
    names = ["small", "all-MiniLM-L6-v2"]
    return Policy(
        Document(
            models={"small": Model(engine="openai", window=2048)},
            prices=[
                Price(model=name, version="1", effective_from=since, input="0.15", output="0.60") for name in names
            ],
            tenants={name: Tenant(cost_center=name, tasks=["desk"]) for name in ("bank", "insurer")},
            tasks={
                "desk": Task(
                    models=["small"], baseline="small", cache="semantic", ttl_seconds=ttl_seconds, check_share=0
                )
            },
        )
    )


class Worker:
    """A worker's cache and fill stages; its engine answers every question with a text of its own."""

    def __init__(self, url: str, embedder: SentenceTransformersEmbedder, policy: Policy) -> None:
        self.client = connect(url)
        self.entries = RedisEntries(self.client, now=wall_clock, limit_ms=LIMIT_MS, pause_ms=500)
        self.outage = Outage("requests go on as misses", now=wall_clock)
        self.scopes = Scopes(self.entries, dimensions=embedder.dimensions, now=wall_clock)
        self.lessons = Lessons(self.entries, fold=lambda *_: Standing(0.01, None, str))
        semantic = SemanticCache(
            embedder=embedder,
            scopes=self.scopes,
            lessons=self.lessons,
            entries=self.entries,
            verifier=Accepts(),
            outage=self.outage,
        )
        ids = itertools.count()
        self.stage = CacheStage(
            policy=policy,
            entries=self.entries,
            semantic=semantic,
            outage=self.outage,
            new_id=lambda: f"a{next(ids)}",
        )
        self.fill = FillStage(
            policy=policy,
            entries=self.entries,
            comparer=Comparer(embedder, self.outage),
            outage=self.outage,
            remembered_ms=HOUR_MS,
            now=wall_clock,
        )

    async def ask(self, request: PredictionRequest) -> Answer | CacheMiss:
        position = Position(topics.REQUESTS, 0, next(offsets))
        (emit,) = await self.stage(Delivery(request, b"raw", b"key", position, wall_clock(), {}))
        assert isinstance(emit.record, Answer | CacheMiss)
        return emit.record

    async def answer(self, miss: CacheMiss, text: str, *, age_ms: int = 0) -> None:
        fill = CacheFill(
            tenant=miss.ticket.tenant,
            task=miss.ticket.task,
            request_id=miss.ticket.request_id,
            lookup=miss.lookup,
            text=text,
            finish_reason="stop",
            model="small",
            usage=Usage(published_tokens=40, prompt_tokens=40, completion_tokens=20),
            answered_at=wall_clock() - age_ms,
        )
        await self.fill(Delivery(fill, b"raw", b"key", Position(topics.FILLS, 0, next(offsets)), wall_clock(), {}))

    async def execute(self, request: PredictionRequest, text: str) -> None:
        miss = await self.ask(request)
        assert isinstance(miss, CacheMiss)
        await self.answer(miss, text)


offsets = itertools.count()


@contextlib.asynccontextmanager
async def working(*workers: Worker) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(follow(worker.entries, worker.scopes, worker.lessons)) for worker in workers]
    await asyncio.sleep(0.1)
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for worker in workers:
            await worker.client.aclose()


def asks(question: str, *, tenant: str = "bank", system: str = SYSTEM, **changes: Any) -> PredictionRequest:
    messages = [Message(role="system", content=system), Message(role="user", content=question)]
    return PredictionRequest(request_id=f"r{next(offsets)}", tenant=tenant, task="desk", messages=messages, **changes)


QUESTIONS = [
    "How do I reset my password?",
    "What are your opening hours on Saturday?",
    "Where can I see the fees of my account?",
    "How do I order a new debit card?",
    "How do I turn on two-factor authentication?",
    "What is the interest rate of the savings account?",
    "How do I close my account?",
    "How can I raise the limit of my credit card?",
]
PARAPHRASE = "How can I reset my password?"
TRAP = "How do I turn off two-factor authentication?"


async def test_a_question_is_answered_by_id_by_text_and_by_meaning(
    valkey: ValkeyServer, minilm: SentenceTransformersEmbedder
) -> None:
    worker = Worker(valkey.url, minilm, policy_of())
    async with working(worker):
        first = asks(QUESTIONS[0])
        await worker.execute(first, "the answer")
        for question in QUESTIONS[1:]:
            await worker.execute(asks(question), f"the answer to {question}")
        await asyncio.sleep(0.2)
        expected = [
            (first, Source.DUPLICATE),
            (asks(" How do I  reset my password? "), Source.EXACT_CACHE),
            (asks(PARAPHRASE), Source.SEMANTIC_CACHE),
        ]
        for request, source in expected:
            answer = await worker.ask(request)
            assert isinstance(answer, Answer)
            assert (answer.source, answer.text, answer.cached_from) == (source, "the answer", first.request_id)
        assert isinstance(await worker.ask(asks(TRAP)), CacheMiss)


async def test_a_second_worker_serves_what_the_first_cached_within_a_second(
    valkey: ValkeyServer, minilm: SentenceTransformersEmbedder
) -> None:
    policy = policy_of()
    one, other = Worker(valkey.url, minilm, policy), Worker(valkey.url, minilm, policy)
    async with working(one, other):
        await one.execute(asks(QUESTIONS[0]), "stored before the other looked")
        filled = await other.ask(asks(PARAPHRASE))  # from Redis
        assert isinstance(filled, Answer)
        assert filled.text == "stored before the other looked"
        await one.execute(asks(QUESTIONS[5]), "heard of in the news")
        await asyncio.sleep(1)
        heard = await other.ask(asks("What's the interest rate of the savings account?"))
        assert isinstance(heard, Answer)
        assert (heard.source, heard.text) == (Source.SEMANTIC_CACHE, "heard of in the news")


@pytest.mark.parametrize(
    "names", [{}, {"tenant": "bank"}, {"task": "desk"}, {"knowledge": "v1"}, {"model": "small"}], ids=str
)
async def test_a_second_worker_refuses_at_once_what_was_made_void(
    valkey: ValkeyServer, minilm: SentenceTransformersEmbedder, names: dict[str, str]
) -> None:
    policy = policy_of()
    one, other = Worker(valkey.url, minilm, policy), Worker(valkey.url, minilm, policy)
    async with working(one, other):
        await one.execute(asks(QUESTIONS[0], knowledge="v1"), "void soon")
        await one.execute(asks(QUESTIONS[0], tenant="insurer", knowledge="v2"), "the insurer's")
        for question in (QUESTIONS[0], PARAPHRASE):
            assert isinstance(await other.ask(asks(question, knowledge="v1")), Answer)
        if names:
            await one.entries.void(Rule(before=wall_clock(), **names))
        else:
            found = [entry async for chunk in one.entries.stored() for entry, _ in chunk if entry.tenant == "bank"]
            assert await one.entries.drop([entry.fingerprint for entry in found]) == 1
        for question in (QUESTIONS[0], PARAPHRASE):
            assert isinstance(await other.ask(asks(question, knowledge="v1")), CacheMiss)
            if not names or names.keys() & {"tenant", "knowledge"}:
                assert isinstance(await other.ask(asks(question, tenant="insurer", knowledge="v2")), Answer)


async def test_no_answer_crosses_a_tenant_a_system_prompt_or_a_policy(
    valkey: ValkeyServer, minilm: SentenceTransformersEmbedder
) -> None:
    worker, stricter = Worker(valkey.url, minilm, policy_of()), Worker(valkey.url, minilm, policy_of(60))
    async with working(worker, stricter):
        await worker.execute(asks(QUESTIONS[0]), "the answer")
        for question in (QUESTIONS[0], PARAPHRASE):
            assert isinstance(await worker.ask(asks(question)), Answer)
            assert isinstance(await worker.ask(asks(question, tenant="insurer")), CacheMiss)
            assert isinstance(await worker.ask(asks(question, system=f"{SYSTEM} Be rude.")), CacheMiss)
            assert isinstance(await stricter.ask(asks(question)), CacheMiss)


async def test_an_entry_is_gone_when_its_time_is_up_though_the_index_still_holds_it(
    valkey: ValkeyServer, minilm: SentenceTransformersEmbedder
) -> None:
    worker = Worker(valkey.url, minilm, policy_of(ttl_seconds=60))
    async with working(worker):
        request = asks(QUESTIONS[0])
        miss = await worker.ask(request)
        assert isinstance(miss, CacheMiss)
        await worker.answer(miss, "soon gone", age_ms=58_500)
        await asyncio.sleep(0.2)
        assert isinstance(await worker.ask(asks(PARAPHRASE)), Answer)
        await asyncio.sleep(1.6)
        assert isinstance(await worker.ask(asks(PARAPHRASE)), CacheMiss)
        assert isinstance(await worker.ask(asks(QUESTIONS[0])), CacheMiss)
        assert len(worker.scopes) == 0


async def test_killing_valkey_fails_nobody_and_the_hit_rate_recovers(
    valkey: ValkeyServer, minilm: SentenceTransformersEmbedder
) -> None:
    worker = Worker(valkey.url, minilm, policy_of())
    truth = {question: f"the answer to {question}" for question in QUESTIONS}

    async def hits() -> int:
        found = 0
        for question in QUESTIONS:
            outcome = await worker.ask(asks(question))
            if isinstance(outcome, Answer):
                assert outcome.text == truth[question]
                found += 1
            else:
                await worker.answer(outcome, truth[question])
        return found

    async with working(worker):
        assert await hits() == 0
        assert await hits() == len(QUESTIONS)
        await valkey.kill()
        began = time.monotonic()
        assert [await hits() for _ in range(5)] == [0] * 5
        assert time.monotonic() - began < 2
        assert worker.outage.total >= 40
        await valkey.start()
        await asyncio.sleep(1.6)
        assert await hits() == 0  # all was lost
        assert await hits() == len(QUESTIONS)
        paraphrase = await worker.ask(asks(PARAPHRASE))
        assert isinstance(paraphrase, Answer)
        assert paraphrase.text == truth[QUESTIONS[0]]


async def test_emptying_valkey_costs_hits_and_serves_nothing_wrong(
    valkey: ValkeyServer, minilm: SentenceTransformersEmbedder
) -> None:
    worker = Worker(valkey.url, minilm, policy_of())
    async with working(worker):
        await worker.execute(asks(QUESTIONS[0]), "before")
        await asyncio.sleep(0.2)
        assert isinstance(await worker.ask(asks(PARAPHRASE)), Answer)
        await worker.client.flushall()
        assert isinstance(await worker.ask(asks(PARAPHRASE)), CacheMiss)
        await worker.execute(asks(QUESTIONS[0]), "after")
        await asyncio.sleep(0.2)
        answer = await worker.ask(asks(PARAPHRASE))
        assert isinstance(answer, Answer)
        assert answer.text == "after"


async def test_the_cosine_of_a_nomination_is_as_near_as_is_said(minilm: SentenceTransformersEmbedder) -> None:
    things = ["debit card", "savings account", "mortgage", "password", "wire transfer", "overdraft", "pension"]
    forms = ["How do I get a {}?", "What does a {} cost?", "Please close my {}.", "Is my {} insured abroad?", "{}"]
    texts = [form.format(thing) for thing in things for form in forms]
    vectors = [(await minilm.embed(text)).vector for text in texts]
    index = ScopeIndex(dimensions=minilm.dimensions, capacity=1_000)
    index.add([Member(str(i), pack(vector), 1) for i, vector in enumerate(vectors)], now=0)
    worst = 0.0
    for vector in vectors:
        nominees = index.nearest(vector, len(texts))
        assert len(nominees) == len(texts)
        worst = max(worst, *(abs(cosine - float(np.dot(vector, vectors[int(i)]))) for i, cosine in nominees))
    assert 0 < worst < COSINE_ERROR / 2
