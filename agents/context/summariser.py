"""Older turns, replaced by their summary where there is one, which is asked for where there should be."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import msgspec

from agents.context import history
from agents.context.history import Known, Payoff
from agents.context.prompt import Draft
from agents.context.summaries import PATIENCE_MS, Summaries
from agents.context.turns import turns, without
from agents.outage import Outage
from agents.policy import Policy
from agents.policy_document import History, Task
from agents.stage import Emit
from agents.tokens import Tokens, is_long, unhurried
from schemas import topics
from schemas.enums import Lane
from schemas.errors import ServiceError
from schemas.ledger import Usage
from schemas.records import InferenceTask, Lookup, Message, Sampling, Ticket


class Summarised(NamedTuple):
    """What came of a conversation."""

    draft: Draft
    asked_for: Emit | None
    """A summary to be made, for later requests of the conversation."""
    why: list[str]


class _Talk(NamedTuple):
    """A conversation that has come over the limit."""

    ticket: Ticket
    task: Task
    rules: History
    """The task's."""
    draft: Draft
    """With all turns."""
    model: str
    """That answers."""
    known: Known
    spoken: int
    """Tokens of what was said, with the known summary in its place."""
    named: Sequence[str]
    """The turns that may be summarised."""


class _Plan(NamedTuple):
    """A summary that might be asked for."""

    covered: int
    """The turns that it would stand for."""
    prompt: list[Message]
    size: int
    """Tokens of the prompt, in its own model."""
    payoff: Payoff


class Summariser:
    """Puts summaries in the place of turns. What cannot be reached replaces nothing.

    Args:
        policy: the models that make summaries, their windows and prices.
        tokens: every model's tokenizer, by the model's name.
        summaries: those that were made.
        outage: told when they cannot be reached.
        now: the time, in UTC epoch milliseconds.
    """

    def __init__(
        self,
        policy: Policy,
        tokens: Mapping[str, Tokens],
        summaries: Summaries,
        outage: Outage,
        *,
        now: Callable[[], int],
    ) -> None:
        self._policy = policy
        self._tokens = tokens
        self._summaries = summaries
        self._outage = outage
        self._now = now

    async def __call__(self, ticket: Ticket, task: Task, draft: Draft, model: str) -> Summarised:
        """The draft with the longest summary that is known, where it has summaries' worth of turns.

        Args:
            ticket: of the request.
            task: whose rules hold.
            draft: with all turns.
            model: that it is for.

        Raises:
            PolicyError: a model has no price at the instant the request was received.
        """
        if (rules := task.history) is None:
            return Summarised(draft, None, [])
        owner = (ticket.tenant, ticket.task, rules.model, str(rules.summary_tokens))
        named = history.names(owner, draft.messages)
        named = named[: len(named) - rules.keep_turns] if rules.keep_turns else named
        if not named:
            return Summarised(draft, None, [])
        why = []
        try:
            held = await self._summaries.find(named)
            known = history.longest(held)
            shorter = _with(draft, known)
            if known.covered:
                why.append(f"a summary stands for the first {known.covered} turns")
            spoken = await unhurried(is_long(draft.messages), lambda: _spoken(shorter, self._tokens[model]))
            asked_for = None
            if spoken > rules.tokens and not history.under_way(held, known):
                why.append(f"{spoken - rules.tokens} tokens over the limit of {rules.tokens}")
                talk = _Talk(ticket, task, rules, draft, model, known, spoken, named)
                asked_for = await self._ask(talk, why)
        except ServiceError as error:
            self._outage.happened(error)
            return Summarised(draft, None, ["the summaries cannot be reached"])
        self._outage.over()
        return Summarised(shorter, asked_for, why)

    async def _ask(self, talk: _Talk, why: list[str]) -> Emit | None:
        """The task of a summary of as many turns as its model can read; None where it can read none, is at it, or it
        would not pay yet.
        """
        ticket, rules = talk.ticket, talk.rules
        plan = await unhurried(is_long(talk.draft.messages), lambda: self._plan(talk))
        if plan is None:
            return None
        why.append(
            f"the turns that a longer summary would stand for have cost {plan.payoff.paid} nano-USD so far, and it "
            f"costs {plan.payoff.cost}"
        )
        if not plan.payoff.pays:
            return None
        name = talk.named[plan.covered - 1]
        if not await self._summaries.begin(name):
            return None
        task = InferenceTask(
            ticket=msgspec.structs.replace(
                ticket,
                request_id=f"summary-{name}",
                summary=name,
                lane=Lane.BATCH,
                deadline=self._now() + PATIENCE_MS,
                check=False,
            ),
            lookup=Lookup(fingerprint=name, scope=name, cacheable=False, question=""),
            messages=plan.prompt,
            sampling=Sampling(max_tokens=rules.summary_tokens),
            model=rules.model,
            usage=Usage(published_tokens=plan.size, prompt_tokens=plan.size),
            costs=[],
        )
        return Emit(topics.tasks(rules.model, Lane.BATCH), name.encode(), task)

    def _plan(self, talk: _Talk) -> _Plan | None:
        """The summary of as many turns as its model can read; None where it can read none."""
        rules, known = talk.rules, talk.known
        room = self._policy.models[rules.model].window - rules.summary_tokens
        count = self._tokens[rules.model].count
        covered = len(talk.named)
        while covered > known.covered:
            prompt = history.to_summarise(known, talk.draft.messages, covered, tokens=rules.summary_tokens)
            if (size := count(prompt)) <= room:
                return _Plan(covered, prompt, size, self._payoff(talk, covered, size))
            covered = known.covered + (covered - known.covered) // 2
        return None

    def _payoff(self, talk: _Talk, covered: int, size: int) -> Payoff:
        """Of a summary of the first ``covered`` turns, for which its model reads ``size`` tokens."""
        messages, first, at = talk.draft.messages, talk.known.covered, talk.ticket.received_at
        tokens, said = self._tokens[talk.model], turns(messages)
        lengths = [sum(tokens.length(messages[index].content) for index in turn) for turn in said[first:covered]]
        left = _spoken(_with(talk.draft, Known(covered, "")), tokens)
        return history.payoff(
            history.sent(lengths, first, len(said) - 1),
            talk.spoken - left - talk.rules.summary_tokens,
            self._policy.weight(talk.model, talk.task, at),
            size=size,
            tokens=talk.rules.summary_tokens,
            writer=self._policy.weight(talk.rules.model, talk.task, at),
            batch=talk.ticket.lane is Lane.BATCH,
        )


def _with(draft: Draft, known: Known) -> Draft:
    messages = without(draft.messages, turns(draft.messages)[: known.covered])
    return draft._replace(messages=messages, summary=known.text)


def _spoken(draft: Draft, tokens: Tokens) -> int:
    """The tokens of what was said before the question, summary included."""
    alone = without(draft.messages, turns(draft.messages)[:-1])
    return tokens.count(Draft(draft.messages, summary=draft.summary).prompt()) - tokens.count(alone)
