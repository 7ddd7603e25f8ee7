"""The most that a request may cost, before it has cost anything. Pure; in nano-USD.

Before the context stage nobody has counted the prompt's tokens. Tokenizers that work on bytes make at most one token of
each, and a chat template adds a few to every message; the model's window bounds whatever else is put in. Before the
engine the tokens are known, and the bound is tight.
"""

from __future__ import annotations

from collections.abc import Iterable

from agents.policy import Policy
from agents.policy_document import Task
from schemas.enums import Lane
from schemas.ledger import CostLine
from schemas.records import InferenceTask, PredictionRequest, Ticket

TEMPLATE_TOKENS = 256
"""What a chat template adds to a prompt at most, such as a system message of its own."""
MESSAGE_TOKENS = 16
"""What it adds to every message at most: the role, and marks of beginning and end."""
CANCEL_MS = 1_000
"""How much later than its deadline a call to an engine may end."""


def of_request(policy: Policy, task: Task, request: PredictionRequest, ticket: Ticket, now: int) -> int:
    """What the request may cost from the cache's embedding on, at the dearest model that it may be led to.

    Raises:
        PolicyError: one of them has no price at the instant the request was received.
    """
    named = [request.model] if request.model else [task.models[0], *(route.model for route in task.routes)]
    written = sum(len(message.content.encode()) for message in request.messages)
    prompt = written + TEMPLATE_TOKENS + MESSAGE_TOKENS * len(request.messages)
    answer = request.sampling.max_tokens
    embedding = 0
    if task.cache == "semantic":
        embedding = of_embedding(policy, [request.messages[-1].content], ticket.received_at)
    return embedding + max(
        _execution(policy, model, min(prompt, policy.models[model].window), answer, ticket, now) for model in named
    )


def of_task(policy: Policy, task: InferenceTask, now: int) -> int:
    """What the request may cost in all: what was spent on it, and what the engine may take.

    Raises:
        PolicyError: the model has no price at the instant the request was received.
    """
    engine = _execution(policy, task.model, task.usage.prompt_tokens, task.sampling.max_tokens, task.ticket, now)
    return _sum(task.costs) + engine


def of_embedding(policy: Policy, texts: Iterable[str], at: int) -> int:
    """What embedding the texts may cost. An embedder's tokens hold a byte at least, and it adds two of its own."""
    tokens = sum(len(text.encode()) + 2 for text in texts)
    return policy.prices.card(policy.embedder, at).cost("input", tokens)


def _execution(policy: Policy, model: str, prompt: int, answer: int, ticket: Ticket, now: int) -> int:  # noqa: PLR0917
    if model in policy.gpus:
        return policy.gpus.bill(model, 1000 * now, 1000 * (max(now, ticket.deadline) + CANCEL_MS))
    card, batch = policy.prices.card(model, ticket.received_at), ticket.lane is Lane.BATCH
    read = max(card.cost("input", prompt, batch=batch), card.cost("cached_input", prompt, batch=batch))
    # Two lines that share the prompt's tokens are rounded one by one, and may come to one nano-dollar more.
    return read + 1 + card.cost("output", answer, batch=batch)


def _sum(lines: Iterable[CostLine]) -> int:
    return sum(line.cost for line in lines)
