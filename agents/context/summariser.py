"""Older turns, replaced by their summary where there is one, which is asked for where there should be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import msgspec

from agents.context import history
from agents.context.history import Known
from agents.context.prompt import Draft
from agents.context.summaries import PATIENCE_MS, Summaries
from agents.context.turns import turns, without
from agents.outage import Outage
from agents.policy import Policy
from agents.policy_document import History
from agents.stage import Emit
from agents.tokens import Tokens
from schemas import topics
from schemas.enums import Lane
from schemas.errors import ServiceError
from schemas.records import InferenceTask, Lookup, Message, Sampling, Ticket, Usage


class Summarised(NamedTuple):
    """What came of a conversation."""

    draft: Draft
    asked_for: Emit | None
    """A summary to be made, for later requests of the conversation."""
    why: tuple[str, ...]


class Summariser:
    """Puts summaries in the place of turns. What cannot be reached replaces nothing.

    Args:
        policy: the models that make summaries, and their windows.
        tokens: every model's tokenizer, by the model's name.
        summaries: those that were made.
        outage: told when they cannot be reached.
    """

    def __init__(self, policy: Policy, tokens: Mapping[str, Tokens], summaries: Summaries, outage: Outage) -> None:
        self._policy = policy
        self._tokens = tokens
        self._summaries = summaries
        self._outage = outage

    async def __call__(self, ticket: Ticket, rules: History, draft: Draft, tokens: Tokens) -> Summarised:
        """The draft with the longest summary that is known, where it has summaries' worth of turns.

        Args:
            ticket: of the request.
            rules: of its task.
            draft: with all turns.
            tokens: of the model that it is for.
        """
        owner = (ticket.tenant, ticket.task, rules.model, str(rules.summary_tokens))
        named = history.names(owner, draft.messages)
        named = named[: len(named) - rules.keep_turns] if rules.keep_turns else named
        if not named:
            return Summarised(draft, None, ())
        try:
            held = await self._summaries.find(named)
            known = history.longest(held)
            shorter = _with(draft, known)
            over = _spoken(shorter, tokens) - rules.tokens
            asked_for = None
            if over > 0 and not history.under_way(held, known):
                asked_for = await self._ask(ticket, rules, draft.messages, known, named)
        except ServiceError as error:
            self._outage.happened(error)
            return Summarised(draft, None, ("the summaries cannot be reached",))
        self._outage.over()
        why = [f"a summary stands for the first {known.covered} turns"] if known.covered else []
        if asked_for is not None:
            why.append(f"{over} tokens over the limit of {rules.tokens}: a longer summary is asked for")
        return Summarised(shorter, asked_for, tuple(why))

    async def _ask(
        self, ticket: Ticket, rules: History, messages: Sequence[Message], known: Known, named: Sequence[str]
    ) -> Emit | None:
        """The task of a summary of as many turns as its model can read; None where it can read none, or is at it."""
        room = self._policy.models[rules.model].window - rules.summary_tokens
        count = self._tokens[rules.model].count
        covered = len(named)
        while covered > known.covered:
            prompt = history.to_summarise(known, messages, covered, tokens=rules.summary_tokens)
            if (size := count(prompt)) <= room:
                break
            covered = known.covered + (covered - known.covered) // 2
        else:
            return None
        name = named[covered - 1]
        if not await self._summaries.begin(name):
            return None
        task = InferenceTask(
            ticket=msgspec.structs.replace(
                ticket,
                request_id=f"summary-{name}",
                summary=name,
                lane=Lane.BATCH,
                deadline=ticket.received_at + PATIENCE_MS,
                check=False,
            ),
            lookup=Lookup(fingerprint=name, scope=name, cacheable=False, question=""),
            messages=prompt,
            sampling=Sampling(max_tokens=rules.summary_tokens),
            model=rules.model,
            usage=Usage(published_tokens=size, prompt_tokens=size),
            costs=[],
        )
        return Emit(topics.tasks(rules.model, Lane.BATCH), name.encode(), task)


def _with(draft: Draft, known: Known) -> Draft:
    messages = without(draft.messages, turns(draft.messages)[: known.covered])
    return draft._replace(messages=messages, summary=known.text)


def _spoken(draft: Draft, tokens: Tokens) -> int:
    """The tokens of what was said before the question, summary included."""
    alone = without(draft.messages, turns(draft.messages)[:-1])
    return tokens.count(Draft(draft.messages, summary=draft.summary).prompt()) - tokens.count(alone)
