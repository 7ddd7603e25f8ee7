"""A tenant that spends: a policy with round prices, and what its requests become."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from agents.budgets.budget import Budget
from agents.policy import Policy
from agents.policy_document import Document, Model, Price, Task, Tenant
from schemas.enums import Status
from schemas.ledger import CostLine, LedgerEntry, Usage, Waterfall
from schemas.records import InferenceTask, Message, PredictionRequest, Sampling, Ticket
from tests.fakes.records import entry, lookup, ticket

TOKEN = 1_000
"""What a token of the model's answer costs, in nano-USD; its prompt is free, and the cheap model costs a tenth."""


def policy(*budgets: Budget, **task: Any) -> Policy:
    since = datetime(2020, 1, 1, tzinfo=UTC)
    return Policy(
        Document(
            models={name: Model(engine="openai", window=8192) for name in ("dear", "cheap")},
            prices=[
                Price(model="dear", version="d1", effective_from=since, input="0", output="1"),
                Price(model="cheap", version="c1", effective_from=since, input="0", output="0.1"),
                Price(model="all-MiniLM-L6-v2", version="e1", effective_from=since, input="0.02", output="0"),
            ],
            tenants={"bank": Tenant(cost_center="desk", tasks=["faq"])},
            tasks={"faq": Task(**{"models": ["dear", "cheap"], "baseline": "dear", "deadline_seconds": 60, **task})},
            budgets=list(budgets),
        )
    )


def budget(amount: int, name: str = "b", **fields: Any) -> Budget:
    """Of so many nano-dollars an hour."""
    given = {"period": "hour", "tenant": "bank", **fields}
    return Budget(name=name, amount=f"{amount // 10**9}.{amount % 10**9:09d}", **given)


def asked(number: int, tokens: int) -> PredictionRequest:
    return PredictionRequest(
        request_id=f"r-{number}",
        tenant="bank",
        task="faq",
        messages=[Message(role="user", content="why?")],
        sampling=Sampling(max_tokens=tokens),
    )


def ticket_of(request: PredictionRequest, at: int, number: int, **fields: Any) -> Ticket:
    given = {"received_at": at, "deadline": at + 60_000, "origin": f"headrace.requests/0@{number}", **fields}
    return ticket(request.request_id, **given)


def task_of(request: PredictionRequest, of: Ticket, model: str = "dear") -> InferenceTask:
    return InferenceTask(
        ticket=of,
        lookup=lookup(),
        messages=request.messages,
        sampling=request.sampling,
        model=model,
        usage=Usage(published_tokens=4, prompt_tokens=4),
        costs=[],
    )


def billed(of: Ticket, reservation: str, cost: int, at: int, **fields: Any) -> LedgerEntry:
    """The ledger entry of a request that cost so much."""
    line = CostLine(kind="output", strategy=None, model="dear", tokens=cost // TOKEN, cost=cost, price_version="d1")
    paid = Waterfall(list_cost=cost, savings=[], effective_cost=cost, costs=[line] if cost else [])
    given: dict[str, Any] = {
        "request_id": of.request_id,
        "waterfall": paid,
        "occurred_at": at,
        "reservation": reservation,
        "status": Status.COMPLETED if cost else Status.FAILED,
        **fields,
    }
    return entry(given.pop("entry_id", f"e-{reservation}"), **given)
