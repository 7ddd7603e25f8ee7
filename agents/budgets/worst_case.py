"""The most that a request may cost, before it has cost anything. Pure; in nano-USD.

Before the context stage nobody has counted the prompt's tokens. Tokenizers that work on bytes make at most one token of
each, and a chat template adds a few to every message. Passages and examples come on top, as many as their task allows;
everything else that is done to a prompt makes it shorter. The model's window bounds it all. Before the engine the
tokens are known, and the bound is tight.
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
PART_TOKENS = 16
"""What a prompt adds to a passage or an example at most: its number, and the space between."""
LISTS_TOKENS = 128
"""What the lists of passages and of examples add at most: their headings, and a system message to hold them."""
CANCEL_MS = 1_000
"""How much later than its deadline a call to an engine may end."""


def of_request(policy: Policy, task: Task, request: PredictionRequest, ticket: Ticket, now: int) -> int:
    """What the request may cost from the cache's embedding on, at the dearest model that it may be led to.

    Raises:
        PolicyError: one of them has no price at the instant the request was received.
    """
    written = sum(len(message.content.encode()) for message in request.messages)
    prompt = written + TEMPLATE_TOKENS + MESSAGE_TOKENS * len(request.messages) + _added(task, request)
    answer = request.sampling.max_tokens
    embedding = 0
    if task.cache == "semantic":
        embedding = of_embedding(policy, [request.messages[-1].content], ticket.received_at)
    return embedding + max(
        _execution(policy, model, min(prompt, policy.models[model].window), answer, ticket, now)
        for model in _led_to(policy, task, request)
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


def _led_to(policy: Policy, task: Task, request: PredictionRequest) -> list[str]:
    """The models that the request may be routed to."""
    if request.model:
        return [request.model]
    router = policy.routers.get(request.task)
    learned = [model for model in router.models if model in task.models] if router else []
    return [task.models[0], *(route.model for route in task.routes), *learned]


def _added(task: Task, request: PredictionRequest) -> int:
    """Tokens that passages and examples add at most, where what is found holds no passage over the whole limit."""
    given = [len(passage.encode()) for passage in request.passages]
    tokens, parts = sum(given), len(given)
    if task.retrieval:
        tokens = max([task.retrieval.tokens, *given])  # the best one stays, however long it is
        parts += task.retrieval.candidates
    if task.examples:
        tokens += task.example_tokens
        parts += len(task.examples)
    return tokens + PART_TOKENS * parts + LISTS_TOKENS if parts else 0


def _execution(policy: Policy, model: str, prompt: int, answer: int, ticket: Ticket, now: int) -> int:  # noqa: PLR0917
    if model in policy.gpus:
        return policy.gpus.bill(model, 1000 * now, 1000 * (max(now, ticket.deadline) + CANCEL_MS))
    card, batch = policy.prices.card(model, ticket.received_at), ticket.lane is Lane.BATCH
    read = max(card.cost("input", prompt, batch=batch), card.cost("cached_input", prompt, batch=batch))
    # Two lines that share the prompt's tokens are rounded one by one, and may come to one nano-dollar more.
    return read + 1 + card.cost("output", answer, batch=batch)


def _sum(lines: Iterable[CostLine]) -> int:
    return sum(line.cost for line in lines)
