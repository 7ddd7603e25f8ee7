"""The context stage: chooses the model, makes the prompt fit it, and writes down what was taken out."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence

from agents.affinity import Affinity
from agents.answers import answered, failure
from agents.context.routing import route
from agents.context.trimming import trim
from agents.policy import Policy
from agents.stage import Delivery, Emit, dead_letter
from agents.tokens import Tokens
from schemas import topics
from schemas.errors import HeadraceError, PromptTooLongError, UnknownNameError
from schemas.records import CacheMiss, InferenceTask, Message, Removal, Usage

LONG_PROMPT = 20_000
"""Characters from which on counting tokens is left to a thread: it would hold up everybody else for milliseconds."""


class ContextStage:
    """Turns a request that no cache could answer into a prompt for an engine.

    Args:
        policy: the models, their windows, and each task's rules.
        tokens: every model's tokenizer, by the model's name.
        new_id: an id that no other answer has.
    """

    def __init__(self, policy: Policy, tokens: Mapping[str, Tokens], new_id: Callable[[], str]) -> None:
        self._policy = policy
        self._tokens = tokens
        self._new_id = new_id
        self._affinity = Affinity()

    def deadline(self, delivery: Delivery[CacheMiss]) -> int:
        """The request's own."""
        return delivery.record.ticket.deadline

    async def __call__(self, delivery: Delivery[CacheMiss]) -> Sequence[Emit]:
        """The prompt, on the topic of the workers that serve its model.

        Raises:
            PromptTooLongError: what must stay does not fit the model's window.
            UnknownNameError: the policy in force has no such task or model any more.
        """
        miss = delivery.record
        if sum(len(message.content) for message in miss.messages) < LONG_PROMPT:
            task = self.task(miss)
        else:
            task = await asyncio.to_thread(self.task, miss)
        return [Emit(topics.tasks(task.model, task.ticket.lane), self._affinity.key(task), task)]

    def task(self, miss: CacheMiss) -> InferenceTask:
        """What to ask of which model.

        Published tokens are counted by the tokenizer of the model that the prompt is routed to, since no other sees
        it; list cost then prices *that many* tokens at the baseline's rate, whose own tokenizer might count a few
        more or fewer.

        Raises:
            PromptTooLongError, UnknownNameError: as for the call.
        """
        rules = self._policy.document.tasks.get(miss.ticket.task)
        if rules is None:
            raise UnknownNameError(f"task {miss.ticket.task!r} is no longer in the policy")
        counted: dict[str, int] = {}

        def published_in(model: str) -> int:
            if model not in counted:
                counted[model] = self._tokens[model].count(miss.messages)
            return counted[model]

        model = route(rules, miss.model, miss.ticket.lane, published_in)
        published = published_in(model)
        window, answer = self._policy.models[model].window, miss.sampling.max_tokens
        messages, left = trim(miss.messages, published, window - answer, self._tokens[model].count)
        if left + answer > window:
            raise PromptTooLongError(
                f"the prompt has {left} tokens{_without(miss.messages, messages)} and asks for up to {answer} more: "
                f"model {model!r} has a window of {window}. Shorten the system or last user message, or lower "
                "sampling.max_tokens"
            )
        removed = [Removal(strategy="history", tokens=published - left)] if left != published else []
        return InferenceTask(
            ticket=miss.ticket,
            lookup=miss.lookup,
            messages=messages,
            sampling=miss.sampling,
            model=model,
            usage=Usage(published_tokens=published, removed=removed, prompt_tokens=left),
            costs=miss.costs,
            decisions=miss.decisions,
        )

    def failed(self, delivery: Delivery[CacheMiss], error: HeadraceError) -> Sequence[Emit]:
        """A FAILED answer, and a dead letter."""
        miss = delivery.record
        answer = failure(
            self._new_id(),
            miss.ticket,
            error,
            model=miss.model or "",
            usage=Usage(),
            spent=miss.costs,
            decisions=miss.decisions,
        )
        return [
            answered(answer),
            dead_letter(delivery, error, "context", topics.DEAD_LETTERS),
        ]


def _without(published: Sequence[Message], kept: Sequence[Message]) -> str:
    gone = len(published) - len(kept)
    return f" with the {gone} oldest messages left out" if gone else ""
