"""The context stage: the cheapest prompt that still carries the answer, on its way to an engine."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import msgspec

from agents.affinity import Affinity
from agents.answers import answered, failure
from agents.context.drafting import Drafted, Drafter, Parts
from agents.policy import Policy
from agents.stage import Delivery, Emit, dead_letter
from agents.tokens import Tokens
from schemas import topics
from schemas.errors import HeadraceError, PromptTooLongError, UnknownNameError
from schemas.ledger import Usage
from schemas.records import CacheMiss, InferenceTask


class ContextStage:
    """Turns a request that no cache could answer into a prompt for an engine.

    Args:
        policy: the models, their windows, and each task's rules.
        tokens: every model's tokenizer, by the model's name.
        new_id: an id that no other answer has.
        parts: what the strategies of the policy's tasks make use of.
    """

    def __init__(
        self,
        policy: Policy,
        tokens: Mapping[str, Tokens],
        new_id: Callable[[], str],
        parts: Parts = Parts(),  # noqa: B008 - immutable
    ) -> None:
        self._policy = policy
        self._draft = Drafter(policy, tokens, parts)
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
            HeadraceError: anything that :meth:`agents.context.drafting.Drafter.__call__` raises.
        """
        miss = delivery.record
        rules = self._policy.document.tasks.get(miss.ticket.task)
        if rules is None:
            raise UnknownNameError(f"task {miss.ticket.task!r} is no longer in the policy")
        drafted = await self._draft(miss, rules, delivery.spent)
        self._check_window(miss, drafted)
        lookup = miss.lookup
        if rules.retrieval and rules.retrieval.collection:
            lookup = msgspec.structs.replace(lookup, retrieved_at=miss.ticket.received_at)
        task = InferenceTask(
            ticket=miss.ticket,
            lookup=lookup,
            messages=drafted.messages,
            sampling=miss.sampling,
            model=drafted.model,
            usage=drafted.usage,
            costs=[*miss.costs, *delivery.spent],
            decisions=[*miss.decisions, *drafted.decisions],
            fallbacks=drafted.fallbacks,
        )
        prompt = Emit(topics.tasks(task.model, task.ticket.lane), self._affinity.key(task), task)
        return [prompt, *drafted.emits]

    def failed(self, delivery: Delivery[CacheMiss], error: HeadraceError) -> Sequence[Emit]:
        """A FAILED answer, and a dead letter."""
        miss = delivery.record
        answer = failure(
            self._new_id(),
            miss.ticket,
            error,
            model=miss.model or "",
            usage=Usage(),
            spent=[*miss.costs, *delivery.spent],
            decisions=miss.decisions,
        )
        return [
            answered(answer),
            dead_letter(delivery, error, "context", topics.DEAD_LETTERS),
        ]

    def _check_window(self, miss: CacheMiss, drafted: Drafted) -> None:
        window, answer = self._policy.models[drafted.model].window, miss.sampling.max_tokens
        left = drafted.usage.prompt_tokens
        if left + answer > window:
            gone = len(miss.messages) - len(drafted.messages)
            without = f" with the {gone} oldest messages left out" if gone > 0 else ""
            raise PromptTooLongError(
                f"the prompt has {left} tokens{without} and asks for up to {answer} more: model {drafted.model!r} has "
                f"a window of {window}. Shorten the system or last user message, or lower sampling.max_tokens"
            )
