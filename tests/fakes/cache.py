"""A worker's cache and fill stages, with an engine behind them that answers every miss otherwise."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, NamedTuple

import msgspec

from agents import waterfall
from agents.budgets.budgets import Budgets
from agents.cache.boundary import Boundary
from agents.cache.check import Comparer
from agents.cache.fill import FillStage
from agents.cache.follow import follow
from agents.cache.guards import Text
from agents.cache.lessons import Lessons
from agents.cache.scopes import Scopes
from agents.cache.semantic import SemanticCache
from agents.cache.stage import CacheStage
from agents.cache.standing import Standing
from agents.cache.verifier import Reading
from agents.cache.verifier.words import Words
from agents.embedding import Embedded
from agents.outage import Outage
from agents.policy import Policy
from agents.policy_document import Document, Model, Price, Task, Tenant
from agents.stage import Delivery, Emit, Position
from schemas import topics
from schemas.enums import Lane
from schemas.ledger import Removal, Usage
from schemas.records import Answer, CacheFill, CacheMiss, Message, PredictionRequest
from tests.fakes.embedder import BagOfWords
from tests.fakes.entries import InMemoryEntries

HOUR_MS = 3_600_000
WORDS = Words.load()
T0 = 1_900_000_000_000
RESET = "How do I reset my password?"
NEAR_RESET = "How can I reset my password?"
SYSTEM = Message(role="system", content="You are the desk of a bank.")


class Clock:
    def __init__(self) -> None:
        self.ms = T0

    def __call__(self) -> int:
        return self.ms


def document(**tasks: Task) -> Document:
    desk = Task(models=["small", "big"], baseline="big", cache="semantic", threshold=0.7, ttl_seconds=3600)
    since = datetime(2020, 1, 1, tzinfo=UTC)
    return Document(
        models={"small": Model(engine="openai", window=2048), "big": Model(engine="openai", window=8192)},
        prices=[
            Price(model="small", version="s1", effective_from=since, input="0.15", output="0.60", batch_percent=50),
            Price(model="big", version="b1", effective_from=since, input="2.50", output="10"),
            Price(model="all-MiniLM-L6-v2", version="e1", effective_from=since, input="0.02", output="0"),
        ],
        tenants={
            "bank": Tenant(cost_center="bank-desk", tasks=["desk", "exactly", "never", "apart"]),
            "insurer": Tenant(cost_center="insurer-desk", tasks=["desk", "exactly"]),
        },
        tasks={
            "desk": desk,
            "exactly": msgspec.structs.replace(desk, cache="exact", fold_case=True, deadline_seconds=60),
            "never": msgspec.structs.replace(desk, cache="off"),
            "apart": msgspec.structs.replace(desk, multi_turn="off"),
            **tasks,
        },
    )


class Said(NamedTuple):
    """A verifier's opinion."""

    accepted: bool
    probability: float
    why: tuple[str, ...]


class Accepts:
    """A verifier that knows by heart which questions may share an answer."""

    def __init__(self) -> None:
        self.pairs: set[frozenset[str]] = set()

    def read(self, text: Text, embedded: Embedded) -> Reading:
        return Reading.of(text, embedded, WORDS)

    def judge(self, asked: Reading, stored: Reading, cosine: float) -> Said:
        known = frozenset({asked.text.canonical, stored.text.canonical}) in self.pairs
        return Said(known, float(known), ("known by heart",))


class River:
    """One worker's cache and fill stages, and an engine that answers every miss with a text that no other has."""

    def __init__(
        self,
        policy: Policy,
        clock: Clock,
        entries: InMemoryEntries,
        embedder: BagOfWords,
        budgets: Budgets | None = None,
    ) -> None:
        self.policy, self.clock, self.entries, self.embedder = policy, clock, entries, embedder
        self.outage = Outage("requests go on as misses", now=clock)
        self.scopes = Scopes(entries, dimensions=embedder.dimensions, now=clock)
        self.unfound = Outage("no near question is found", now=clock)
        self.said: list[str] = []
        self.lessons = Lessons(entries, fold=self._standing)
        self.verifier = Accepts()
        semantic = SemanticCache(
            embedder=embedder,
            scopes=self.scopes,
            lessons=self.lessons,
            entries=entries,
            verifier=self.verifier,
            outage=self.unfound,
        )
        ids = itertools.count()
        self.stage = CacheStage(
            policy=policy,
            entries=entries,
            semantic=semantic,
            outage=self.outage,
            new_id=lambda: f"a{next(ids)}",
            budgets=budgets,
        )
        self.fill = FillStage(
            policy=policy,
            entries=entries,
            comparer=Comparer(embedder, Outage("answers are not compared", now=clock)),
            outage=self.outage,
            remembered_ms=24 * HOUR_MS,
            now=clock,
            budgets=budgets,
        )
        self.checks: list[CacheMiss] = []
        """What the stage asked the model beside its answers."""
        self.offsets = itertools.count()
        self.executions = itertools.count()

    def delivery(self, request: PredictionRequest, lane: Lane = Lane.REALTIME) -> Delivery[PredictionRequest]:
        position = Position(topics.laned(topics.REQUESTS, lane), 3, next(self.offsets))
        return Delivery(request, b"raw bytes", b"reply key", position, self.clock(), {})

    def _standing(self, tenant: str, name: str) -> Standing:
        bound = self.policy.document.tenants[tenant].error_bound
        learned = self.policy.document.tasks[name].equivalence == "intent"
        return Standing(bound, Boundary(bound) if learned else None, self.said.append)

    async def ask(self, request: PredictionRequest, lane: Lane = Lane.REALTIME) -> Answer | CacheMiss:
        emit, *checks = await self.stage(self.delivery(request, lane))
        self.checks += [emit.record for emit in checks if isinstance(emit.record, CacheMiss)]
        if isinstance(emit.record, CacheMiss):
            assert emit.topic == topics.laned(topics.MISSES, lane)
            assert emit.key == emit.record.lookup.fingerprint.encode()
            return emit.record
        assert isinstance(emit.record, Answer)
        assert emit.topic == topics.ANSWERS
        assert emit.key == f"{request.tenant}/{request.request_id}".encode()
        assert waterfall.holds(emit.record.waterfall)
        return emit.record

    async def learn(self, miss: CacheMiss, **changes: Any) -> CacheFill:
        """Let an engine answer the miss, and the cache hear of it."""
        fill, _ = await self.learned(miss, **changes)
        return fill

    async def learned(self, miss: CacheMiss, **changes: Any) -> tuple[CacheFill, Sequence[Emit]]:
        """What settlement publishes when an engine has answered the miss, and what follows from it."""
        fill = CacheFill(
            tenant=miss.ticket.tenant,
            task=miss.ticket.task,
            request_id=miss.ticket.request_id,
            lookup=miss.lookup,
            text=f"execution {next(self.executions)}",
            finish_reason="stop",
            model="small",
            usage=USAGE,
            answered_at=self.clock(),
        )
        fill = msgspec.structs.replace(fill, **changes)
        emits = await self.fill(self.fill_delivery(fill))
        await asyncio.sleep(0.06)  # for the news to be heard
        return fill, emits

    def fill_delivery(self, fill: CacheFill) -> Delivery[CacheFill]:
        return Delivery(fill, b"raw fill", b"k", Position(topics.FILLS, 0, 0), self.clock(), {})

    async def executed(self, request: PredictionRequest) -> CacheFill:
        """Have an engine answer the request."""
        miss = await self.ask(request)
        assert isinstance(miss, CacheMiss)
        return await self.learn(miss)


USAGE = Usage(
    published_tokens=120,
    removed=[Removal(strategy="history", tokens=20)],
    prompt_tokens=100,
    cached_tokens=30,
    completion_tokens=50,
)


def river_of(
    policy: Policy,
    entries: InMemoryEntries | None = None,
    clock: Clock | None = None,
    budgets: Budgets | None = None,
) -> River:
    clock = clock or Clock()
    return River(policy, clock, entries or InMemoryEntries(now=clock, wait_s=0.01), BagOfWords(), budgets)


@asynccontextmanager
async def following(*rivers: River) -> Any:
    tasks = [asyncio.create_task(follow(river.entries, river.scopes, river.lessons)) for river in rivers]
    await asyncio.sleep(0.02)
    yield
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


_numbers = itertools.count()


def request_of(content: str = RESET, *earlier: Message, **changes: Any) -> PredictionRequest:
    fields: dict[str, Any] = {
        "request_id": f"r{next(_numbers)}",
        "tenant": "bank",
        "task": "desk",
        "messages": [*(earlier or (SYSTEM,)), Message(role="user", content=content)],
    }
    return PredictionRequest(**{**fields, **changes})
