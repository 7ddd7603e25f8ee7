"""Counting tokens as the served model counts them, without holding up the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

from schemas.records import Message

T = TypeVar("T")

LONG_PROMPT = 20_000
"""Characters from which on counting tokens is left to a thread: it would hold up everybody else for milliseconds."""


class Tokens(Protocol):
    """A model's tokenizer and chat template, as far as a budget needs them."""

    def count(self, messages: Sequence[Message]) -> int:
        """The tokens of the prompt that the chat template makes of ``messages``, ready for generation."""
        ...

    def length(self, text: str) -> int:
        """The tokens of a text alone, without special ones."""
        ...


def is_long(messages: Sequence[Message]) -> bool:
    """Whether counting the tokens of a prompt takes a while."""
    return sum(len(message.content) for message in messages) >= LONG_PROMPT


async def unhurried(long: bool, work: Callable[[], T]) -> T:
    """What ``work`` returns, in a thread where it takes long."""
    return await asyncio.to_thread(work) if long else work()
