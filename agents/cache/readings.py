"""Questions as the verifier reads them, those of hot entries kept."""

from __future__ import annotations

from collections import OrderedDict
from typing import NamedTuple, Protocol

from agents.cache.decision import Opinion
from agents.cache.guards import Text
from agents.cache.verifier import Reading
from agents.embedding import Embedded, Embedder

KEPT = 30_000
"""How many words of questions to keep: 1.6 kB each."""


class Verifier(Protocol):
    """Tells whether two questions, asked and stored, may have the same answer."""

    def read(self, text: Text, embedded: Embedded) -> Reading:
        """What it compares of a question; ``embedded`` is of its canonical text."""
        ...

    def judge(self, asked: Reading, stored: Reading, cosine: float) -> Opinion:
        """Its opinion; the same whichever of the two comes first."""
        ...


class Read(NamedTuple):
    """A question, and what it took to read it."""

    reading: Reading
    tokens: int
    """That were embedded; 0 where it had been kept."""


class Readings:
    """Reads questions. A stored entry carries its vector only: a model's states are fifteen times as large.

    Args:
        verifier: whose readings they are.
        embedder: makes the states; concurrent calls share a batch.
    """

    def __init__(self, verifier: Verifier, embedder: Embedder) -> None:
        self.verifier = verifier
        self._embedder = embedder
        self._kept: OrderedDict[str, Reading] = OrderedDict()
        self._words = 0

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
        return Read(self.keep(Text.read(question), embedded), embedded.tokens)

    def keep(self, text: Text, embedded: Embedded) -> Reading:
        """Read and keep a question that is embedded already: it is about to become an entry."""
        reading = self.verifier.read(text, embedded)
        replaced = self._kept.pop(text.canonical, None)
        self._kept[text.canonical] = reading
        self._words += _size(reading) - (_size(replaced) if replaced else 0)
        while self._words > KEPT:
            _, oldest = self._kept.popitem(last=False)
            self._words -= _size(oldest)
        return reading


def _size(reading: Reading) -> int:
    """In words; a text that is too long to be judged has none, and takes some room too."""
    return max(len(reading.keys), len(reading.text.canonical) // 16) + 1
