"""Drafting: from all that a request could be sent with to what it is sent with, one strategy after another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import msgspec

from agents.context import few_shot
from agents.context.compression import Compressor, payoff
from agents.context.lengths import Lengths
from agents.context.prompt import Draft
from agents.context.question import Question
from agents.context.retrieval import Found, Retriever, keep
from agents.context.routing import Option, Routed, route
from agents.context.steps import Steps
from agents.context.summariser import Summariser
from agents.context.trimming import trim
from agents.embedding import Embedder, Vector
from agents.policy import Policy
from agents.policy_document import Task
from agents.router import TrainedRouter
from agents.stage import Emit
from agents.tokens import Tokens, is_long, unhurried
from agents.waterfall import Pricing
from schemas.enums import Lane
from schemas.ledger import CostLine, Decision, Usage
from schemas.records import CacheMiss, Message


class Parts(NamedTuple):
    """What the strategies of a policy's tasks make use of. What no task needs is not there."""

    embedder: Embedder | None = None
    retriever: Retriever | None = None
    summariser: Summariser | None = None
    compressors: Mapping[str, Compressor] = {}
    """By task."""
    routers: Mapping[str, TrainedRouter] = {}
    """By task."""


class Drafted(NamedTuple):
    """A prompt, and how it came about."""

    model: str
    messages: list[Message]
    usage: Usage
    fallbacks: list[str]
    decisions: list[Decision]
    emits: list[Emit]
    """What is to be made for later requests."""


class Drafter:
    """Makes prompts.

    Args:
        policy: the models, their prices and windows.
        tokens: every model's tokenizer, by the model's name.
        parts: of the strategies that the policy's tasks make use of.
    """

    def __init__(self, policy: Policy, tokens: Mapping[str, Tokens], parts: Parts) -> None:
        self._policy = policy
        self._tokens = tokens
        self._parts = parts
        self._examples: dict[str, Vector] = {}

    async def __call__(self, miss: CacheMiss, rules: Task, spent: list[CostLine]) -> Drafted:
        """The prompt of one request, by its task's rules. It may be longer than its model's window.

        What the strategies spend is added to ``spent`` as it is spent.

        Published tokens are counted by the tokenizer of the model that the prompt is routed to, since no other sees
        it; list cost then prices *that many* tokens at the baseline's rate, whose own tokenizer might count a few more
        or fewer.

        Raises:
            UnknownNameError: the policy in force has no such model any more.
            InvalidRequestError: a condition does not fit the collection, or a chat template refuses the messages.
            PolicyError: something that is spent has no price at the instant the request was received.
            ServiceError: the passages cannot be retrieved, or a model that chooses what to keep failed.
        """
        one = _Request(miss, rules, self._policy, self._parts.embedder, spent)
        found = await self._find(one)
        passages = miss.passages if found is None else [candidate.text for candidate in found.ranked]
        whole = Draft(miss.messages, passages, rules.examples)
        published = Lengths(self._tokens, whole.prompt())
        routed = await self._route(one, published)
        model = routed.model
        steps = Steps(whole, await published.soon(model), self._tokens[model])
        if found is not None:
            await self._keep(one, steps, found, self._tokens[model])
        await self._summarise(one, steps, model)
        await self._show_examples(one, steps, model)
        await self._compress(one, steps, model)
        await self._trim(one, steps, model)
        messages = steps.draft.prompt()
        return Drafted(
            model=model,
            messages=messages,
            usage=Usage(published_tokens=steps.published, removed=steps.removed, prompt_tokens=steps.prompt),
            fallbacks=await self._fallbacks(one, model, messages),
            decisions=one.decisions,
            emits=one.emits,
        )

    async def _find(self, one: _Request) -> Found | None:
        """Everything that might go into the prompt; None where the passages are what the request brings."""
        miss, rules = one.miss, one.rules.retrieval
        if rules is None or self._parts.retriever is None:
            return None
        vector = await one.question.vector("retrieval")
        found = await self._parts.retriever.find(
            miss.ticket.tenant, rules, one.question.text, vector, where=miss.where, passages=miss.passages
        )
        for spent in found.spent:
            one.spend("retrieval", spent.tokens, spent.model)
        return found

    async def _route(self, one: _Request, published: Lengths) -> Routed:
        miss, rules, options = one.miss, one.rules, list[Option]()
        router = self._parts.routers.get(miss.ticket.task)
        if router is not None and miss.model is None:
            expected = router.probabilities(await one.question.vector("routing"), one.question.text)
            for model, quality in expected.items():
                if model not in rules.models or not self._fits(model, await published.soon(model), miss):
                    continue
                card = self._policy.weight(model, rules, miss.ticket.received_at)
                cost = card.cost("input", published.of(model)) + card.cost("output", miss.sampling.max_tokens)
                options.append(Option(model, cost, quality))
        routed = await unhurried(
            published.long, lambda: route(rules, miss.model, miss.ticket.lane, published.of, options)
        )
        one.decided(f"route: {routed.model}", routed.why)
        return routed

    async def _keep(self, one: _Request, steps: Steps, found: Found, tokens: Tokens) -> None:
        rules = one.rules.retrieval
        if rules is None or not found.ranked:
            return
        kept = await unhurried(steps.long, lambda: keep(found, rules.tokens, tokens.length))
        await steps.take("retrieval", steps.draft._replace(passages=kept.texts))
        one.decided(f"retrieval: {len(kept.texts)} of {len(found.ranked)} passages", [*found.why, *kept.why])

    async def _summarise(self, one: _Request, steps: Steps, model: str) -> None:
        if self._parts.summariser is None:
            return
        done = await self._parts.summariser(one.miss.ticket, one.rules, steps.draft, model)
        taken = await steps.take("history", done.draft)
        if done.asked_for is not None:
            one.emits.append(done.asked_for)
        if done.why:
            one.decided("history: a summary" if taken else "history: whole", done.why)

    async def _show_examples(self, one: _Request, steps: Steps, model: str) -> None:
        rules, task = one.rules, one.miss.ticket.task
        if not rules.examples or self._parts.embedder is None:
            return
        wanted = few_shot.wanted(rules.examples, task, self._policy.models[model])
        chosen = wanted
        if wanted:
            vectors = [await self._example(one, example.question) for example in wanted]
            vector = await one.question.vector("few_shot")
            chosen = few_shot.select(wanted, vectors, vector, rules.example_tokens, self._tokens[model].length)
        await steps.take("few_shot", steps.draft._replace(examples=chosen))
        nearest = f"those nearest to the question within {rules.example_tokens} tokens"
        why = nearest if wanted else f"model {model!r} was tuned for the task"
        one.decided(f"examples: {len(chosen)} of {len(rules.examples)}", [why])

    async def _example(self, one: _Request, question: str) -> Vector:
        """The vector of an example's question, put down to the first request that it is chosen for."""
        if question not in self._examples and self._parts.embedder is not None:
            embedded = await self._parts.embedder.embed(question)
            if question not in self._examples:
                self._examples[question] = embedded.vector
                one.spend("few_shot", embedded.tokens)
        return self._examples[question]

    async def _compress(self, one: _Request, steps: Steps, model: str) -> None:
        rules, compressor = one.rules.compression, self._parts.compressors.get(one.miss.ticket.task)
        passages = steps.draft.passages
        if rules is None or compressor is None or not passages:
            return
        length, at = self._tokens[model].length, one.miss.ticket.received_at
        tokens = await unhurried(steps.long, lambda: sum(length(passage) for passage in passages))
        pays = payoff(
            tokens,
            int(tokens * rules.keep),
            self._policy.weight(model, one.rules, at),
            self._policy.prices.card(compressor.model, at),
            compressor.reads,
            batch=one.miss.ticket.lane is Lane.BATCH,
        )
        one.decisions.append(pays.decision())
        if not pays.pays:
            return
        vector = await one.question.vector("compression")
        shorter = await compressor.compress(passages, one.question.text, vector, pays.target, length)
        kind = "input" if rules.method == "llmlingua" else "embedding"
        one.spend("compression", shorter.spent_tokens, shorter.model, kind)
        await steps.take("compression", steps.draft._replace(passages=shorter.texts))

    async def _trim(self, one: _Request, steps: Steps, model: str) -> None:
        """Leave out the oldest turns where the prompt does not fit its model's window."""
        room = self._policy.models[model].window - one.miss.sampling.max_tokens
        if steps.prompt <= room:
            return
        draft, tokens = steps.draft, self._tokens[model]

        def count(messages: Sequence[Message]) -> int:
            return tokens.count(draft._replace(messages=messages).prompt())

        kept = await unhurried(steps.long, lambda: trim(draft.messages, steps.prompt, room, count))
        if await steps.take("history", draft._replace(messages=kept.messages)):
            gone = len(draft.messages) - len(kept.messages)
            one.decided(f"history: the {gone} oldest messages left out", [f"the model has room for {room} tokens"])

    async def _fallbacks(self, one: _Request, model: str, messages: Sequence[Message]) -> list[str]:
        """The models that may take over: those that the prompt fits; none where the request names its model."""
        if one.miss.model is not None:
            return []
        others = [other for other in one.rules.fallbacks if other != model]
        return await unhurried(
            is_long(messages),
            lambda: [other for other in others if self._fits(other, self._tokens[other].count(messages), one.miss)],
        )

    def _fits(self, model: str, tokens: int, miss: CacheMiss) -> bool:
        return tokens + miss.sampling.max_tokens <= self._policy.models[model].window


class _Request:
    """One request at work."""

    def __init__(
        self, miss: CacheMiss, rules: Task, policy: Policy, embedder: Embedder | None, spent: list[CostLine]
    ) -> None:
        self.miss = miss
        self.rules = rules
        self.question = Question(miss.messages, miss.lookup, embedder, self.spend)
        self._pricing = Pricing(policy.prices, miss.ticket.received_at)
        self._embedder = policy.embedder
        self._spent = spent
        self.decisions: list[Decision] = []
        self.emits: list[Emit] = []

    def spend(self, strategy: str, tokens: int, model: str = "", kind: str = "embedding") -> None:
        if tokens:
            line = self._pricing.embedding(strategy, model or self._embedder, tokens)
            self._spent.append(msgspec.structs.replace(line, kind=kind))

    def decided(self, choice: str, why: Sequence[str]) -> None:
        self.decisions.append(Decision(stage="context", choice=choice, why=list(why)))
