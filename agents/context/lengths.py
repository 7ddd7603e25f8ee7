"""A prompt's tokens in the models that it may go to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from agents.tokens import Tokens, is_long, unhurried
from schemas.records import Message


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
