"""An inference stage on fake engines, and tasks for it."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from agents import waterfall
from agents.inference.engine import Completion, Engine, Prompt
from agents.inference.stage import InferenceStage
from agents.policy import Policy
from agents.policy_document import Document, Model, Price, Task, Tenant
from agents.stage import Emit
from schemas.enums import Lane
from schemas.ledger import CostLine, Removal, Usage
from schemas.records import Answer, InferenceTask, Message, Sampling
from tests.fakes.engine import FakeEngine, tokens_of
from tests.fakes.records import AT, delivery, lookup, ticket

SYSTEM = Message(role="system", content="You are the desk of a bank and answer in one sentence.")
QUESTION = Message(role="user", content="How do I reset my password?")
PROMPT_TOKENS = len(tokens_of([SYSTEM, QUESTION]))
EMBEDDED = CostLine(
    kind="embedding", strategy="semantic_cache", model="minilm", tokens=9, cost=2, price_version="minilm-1"
)
SINCE = datetime(2020, 1, 1, tzinfo=UTC)


def policy(**model: Any) -> Policy:
    prices = [("big", "10", "30", 100), ("small", "1", "3", 50), ("minilm", "0.02", "0", 100)]
    return Policy(
        Document(
            models={name: Model(engine="vllm", window=1024, **model) for name in ("big", "small", "spare")},
            prices=[
                Price(model=model, version=f"{model}-1", effective_from=SINCE, input=i, output=o, batch_percent=b)
                for model, i, o, b in prices
            ],
            tenants={"bank": Tenant(cost_center="desk", tasks=["faq"])},
            tasks={"faq": Task(models=["small", "big"], baseline="big")},
            embedder="minilm",
        )
    )


def stage(*engines: Engine, now: int = AT, policy: Policy = policy()) -> InferenceStage:  # noqa: B008
    serial = itertools.count(1)
    return InferenceStage(engines, policy, new_id=lambda: f"a-{next(serial)}", now=lambda: now)


def task(request_id: str = "r-1", **fields: Any) -> InferenceTask:
    ticketed = {key: fields.pop(key) for key in ("lane", "task", "deadline", "received_at", "tenant") if key in fields}
    given = {
        "ticket": ticket(request_id, **ticketed),
        "lookup": lookup(),
        "messages": [SYSTEM, QUESTION],
        "sampling": Sampling(max_tokens=64),
        "model": "small",
        "usage": Usage(
            published_tokens=PROMPT_TOKENS + 30,
            removed=[Removal(strategy="retrieval", tokens=30)],
            prompt_tokens=PROMPT_TOKENS,
        ),
        "costs": [EMBEDDED],
        **fields,
    }
    return InferenceTask(**given)


async def run(inference: InferenceStage, *tasks: InferenceTask) -> list[Answer]:
    """The answers to tasks that arrive in the same instant."""
    worked = await asyncio.gather(*(inference(delivery(one, offset)) for offset, one in enumerate(tasks)))
    return [the_answer(emits) for emits in worked]


def the_answer(emits: Sequence[Emit]) -> Answer:
    answer = emits[0].record
    assert isinstance(answer, Answer)
    assert waterfall.holds(answer.waterfall)
    return answer


async def said(engine: FakeEngine | None = None) -> Completion:
    """What the fake engine answers to the task's prompt."""
    prompt = Prompt("r", "bank", Lane.REALTIME, [SYSTEM, QUESTION], Sampling(max_tokens=64))
    return await (engine or FakeEngine("small")).generate(prompt)
