"""Questions as the verifier reads them, those of hot entries kept."""

from __future__ import annotations

from collections import OrderedDict
from typing import NamedTuple

from agents.cache.guards import Text
from agents.cache.verifier import Question
from agents.embedding import Embedder

KEPT = 2_000
"""How many to keep: of a question of 15 words, 12 kB."""


class Read(NamedTuple):
    """A question, and what it took to read it."""

    question: Question
    tokens: int
    """That were embedded; 0 where it had been kept."""


class Readings:
    """Reads stored questions. An entry carries its vector only: a model's states are fifteen times as large.

    Args:
        embedder: makes the states; concurrent calls share a batch.
    """

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._kept: OrderedDict[str, Question] = OrderedDict()

    async def of(self, question: str) -> Read:
        """The reading of a canonical question.

        Raises:
            ServiceError: the embedder failed.
        """
        kept = self._kept.get(question)
        if kept is not None:
            self._kept.move_to_end(question)
            return Read(kept, 0)
        embedded = await self._embedder.embed(question)
        read = Question(Text.read(question), embedded.states, embedded.spans)
        self.keep(read)
        return Read(read, embedded.tokens)

    def keep(self, question: Question) -> None:
        """Keep a reading that was made elsewhere: of a question that is about to become an entry."""
        self._kept[question.text.canonical] = question
        if len(self._kept) > KEPT:
            self._kept.popitem(last=False)
