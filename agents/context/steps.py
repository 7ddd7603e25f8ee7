"""What is taken out of a prompt, step by step, each with the tokens that it was worth."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from agents.context.prompt import Draft
from agents.tokens import Tokens
from schemas.records import Message, Removal

LONG_PROMPT = 20_000
"""Characters from which on counting tokens is left to a thread: it would hold up everybody else for milliseconds."""


async def counted(tokens: Tokens, messages: Sequence[Message]) -> int:
    """The prompt's tokens.

    Raises:
        InvalidRequestError: the model's chat template refuses the messages.
    """
    if sum(len(message.content) for message in messages) < LONG_PROMPT:
        return tokens.count(messages)
    return await asyncio.to_thread(tokens.count, messages)


class Steps:
    """From the prompt as it was published to the one that is sent. ``published − Σ removed.tokens = prompt``.

    Args:
        draft: as published.
        published: its tokens.
        tokens: of the model that it is for.
    """

    def __init__(self, draft: Draft, published: int, tokens: Tokens) -> None:
        self.draft = draft
        self.published = self.prompt = published
        self.removed: list[Removal] = []
        self._tokens = tokens

    async def take(self, strategy: str, draft: Draft) -> bool:
        """Go on with ``draft``, where it is shorter; and whether it is. The saving is the strategy's."""
        if draft == self.draft:
            return False
        left = await counted(self._tokens, draft.prompt())
        if left >= self.prompt:
            return False
        self.removed.append(Removal(strategy=strategy, tokens=self.prompt - left))
        self.draft, self.prompt = draft, left
        return True
