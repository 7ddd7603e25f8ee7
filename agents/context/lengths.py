"""Counting the tokens of prompts without holding up the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from agents.tokens import Tokens
from schemas.records import Message

T = TypeVar("T")

LONG_PROMPT = 20_000
"""Characters from which on counting tokens is left to a thread: it would hold up everybody else for milliseconds."""


def is_long(messages: Sequence[Message]) -> bool:
    """Whether counting the tokens of a prompt takes a while."""
    return sum(len(message.content) for message in messages) >= LONG_PROMPT


async def unhurried(long: bool, work: Callable[[], T]) -> T:
    """What ``work`` returns, in a thread where it takes long."""
    return await asyncio.to_thread(work) if long else work()


class Lengths:
    """A prompt's tokens in any model, each counted once.

    Args:
        tokens: every model's tokenizer, by the model's name.
        messages: the prompt.
    """

    def __init__(self, tokens: Mapping[str, Tokens], messages: Sequence[Message]) -> None:
        self.long = is_long(messages)
        self._tokens = tokens
        self._messages = messages
        self._known: dict[str, int] = {}

    def of(self, model: str) -> int:
        """The tokens in one model.

        Raises:
            InvalidRequestError: the model's chat template refuses the messages.
        """
        if model not in self._known:
            self._known[model] = self._tokens[model].count(self._messages)
        return self._known[model]

    async def soon(self, model: str) -> int:
        """The same, in a thread where it takes long."""
        return await unhurried(self.long, lambda: self.of(model))
