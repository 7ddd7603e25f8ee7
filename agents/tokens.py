"""Counting tokens as the served model counts them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from schemas.records import Message


class Tokens(Protocol):
    """A model's tokenizer and chat template, as far as a budget needs them."""

    def count(self, messages: Sequence[Message]) -> int:
        """The tokens of the prompt that the chat template makes of ``messages``, ready for generation."""
        ...

    def length(self, text: str) -> int:
        """The tokens of a text alone, without special ones."""
        ...
