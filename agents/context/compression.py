"""Shortening passages for a question: the port, and whether it pays."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

from agents.embedding import Vector
from schemas.ledger import Decision
from schemas.money import PriceCard

LEAST = 128
"""Tokens under which passages are left alone: there is next to nothing to leave out of a few sentences."""


class Compressed(NamedTuple):
    """What is left of passages."""

    texts: list[str]
    """In the order of the passages; those of which nothing was kept are not among them."""
    spent_tokens: int
    """That ``model`` read to choose, as its price card counts them."""
    model: str


class Compressor(Protocol):
    """Shortens passages, and nothing else: neither instructions nor the question."""

    model: str
    """What chooses, as its price card calls it."""
    reads: float
    """How many tokens the model reads for each of the passages' tokens, about."""

    async def compress(
        self, passages: Sequence[str], question: str, vector: Vector | None, target: int, count: Callable[[str], int]
    ) -> Compressed:
        """What of the passages bears on the question, in ``target`` tokens at most and as near to it as units allow.

        Args:
            passages: Markdown, the request's own or retrieved.
            question: what they are to answer.
            vector: its embedding, where it is there already.
            target: tokens of all texts that are returned, each counted alone.
            count: tokens of a text, by the tokenizer of the model that is served. Called from any thread.

        Raises:
            ServiceError: the model that chooses failed.
        """
        ...

    async def close(self) -> None:
        """Let go of what is this compressor's own."""
        ...


class Payoff(NamedTuple):
    """What a compression is expected to save and to cost, in nano-USD."""

    tokens: int
    """Of the passages as they are."""
    target: int
    saving: int
    cost: int
    served: str
    """The model whose input gets shorter."""
    reader: str
    """The model that chooses what to keep."""

    @property
    def pays(self) -> bool:
        """Whether there is enough to take out, and it costs more than finding out which."""
        return self.tokens >= LEAST and self.target < self.tokens and self.saving > self.cost

    def decision(self) -> Decision:
        """The same in words."""
        why = [
            f"taking {self.tokens - self.target} of {self.tokens} tokens out saves {self.saving} nano-USD at "
            f"{self.served!r}; choosing them costs {self.cost} at {self.reader!r}"
        ]
        if self.target >= self.tokens:
            why = [f"the passages' {self.tokens} tokens are within the {self.target} that they may have"]
        elif self.tokens < LEAST:
            why = [f"the passages have {self.tokens} tokens: under {LEAST} they are left alone"]
        return Decision(stage="context", choice="compress" if self.pays else "leave the passages whole", why=why)


def payoff(tokens: int, target: int, served: PriceCard, reader: PriceCard, reads: float, *, batch: bool) -> Payoff:
    """What shortening passages is expected to save, at what cost, before anything is spent.

    Args:
        tokens: of the passages, in the served model's tokenizer; taken for the reader's as well.
        target: what they are shortened to.
        served: the price of the model that gets the prompt.
        reader: the price of the model that chooses what to keep.
        reads: tokens that it reads for each token of the passages.
        batch: whether the served model is asked in the batch lane.
    """
    return Payoff(
        tokens=tokens,
        target=target,
        saving=served.cost("input", max(0, tokens - target), batch=batch),
        cost=reader.cost("input", round(tokens * reads)),
        served=served.model,
        reader=reader.model,
    )
