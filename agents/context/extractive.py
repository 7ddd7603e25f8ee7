"""Compression by leaving out: sentences and rows that bear on the question stay word for word, in their order."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import NamedTuple

from agents.context.compression import Compressed
from agents.context.relevance import Fact, values, words
from agents.context.selection import Candidate, ranked, select
from agents.embedding import Embedder, Vector
from agents.units import Unit, units

CLOSE = 0.98
"""Of the target: a text so near to it is not filled up further."""
FILLING = 2_000_000
"""Characters that filling up may count, a few seconds of a core: it counts all that is kept again for each beginning
that it tries, and of a long text it could try thousands."""


class ExtractiveCompressor:
    """Chooses by the embedder that the cache asks as well, and by the words of the question."""

    reads = 1.0

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self.model = embedder.name

    async def compress(
        self, passages: Sequence[str], question: str, vector: Vector | None, target: int, count: Callable[[str], int]
    ) -> Compressed:
        """See :class:`agents.context.compression.Compressor`. Raises ServiceError of the embedder."""
        split = await asyncio.to_thread(lambda: _Split([(passage, units(passage)) for passage in passages]))
        texts = [split.said(place) for place in split.places]
        wanted = dict.fromkeys(filter(None, texts))
        embedded = dict(
            zip(wanted, await asyncio.gather(*(self._embedder.embed(text) for text in wanted)), strict=True)
        )
        spent = sum(one.tokens for one in embedded.values())
        if vector is None:
            asked = await self._embedder.embed(question)
            vector, spent = asked.vector, spent + asked.tokens
        cosines = [float(embedded[text].vector @ vector) if text else 0.0 for text in texts]
        kept = await asyncio.to_thread(_shorten, split, question, cosines, target, count)
        return Compressed(texts=kept, spent_tokens=spent, model=self.model)

    async def close(self) -> None:
        """Nothing is this compressor's own: the embedder is shared."""


class _Place(NamedTuple):
    """A unit among those of all passages."""

    passage: int
    number: int
    unit: Unit


class _Split:
    """All passages in units."""

    def __init__(self, passages: Sequence[tuple[str, list[Unit]]]) -> None:
        self.passages = [passage for passage, _ in passages]
        self.units = [found for _, found in passages]
        self.places = [
            _Place(passage, number, unit)
            for passage, found in enumerate(self.units)
            for number, unit in enumerate(found)
        ]
        self._first = [sum(len(found) for found in self.units[:passage]) for passage in range(len(self.units))]

    def text(self, place: _Place) -> str:
        return self.passages[place.passage][place.unit.start : place.unit.end]

    def carried(self, place: _Place) -> tuple[int, ...]:
        """What a unit carries, by its place among those of all passages."""
        return tuple(self._first[place.passage] + number for number in place.unit.carries)

    def context(self, place: _Place) -> str:
        return " ".join(self.text(self.places[at]) for at in self.carried(place))

    def said(self, place: _Place) -> str:
        """What of a unit an embedder can see meaning in: of a row its label and those it stands under, no figures."""
        if place.unit.frame:
            return ""
        if not place.unit.label:
            return self.text(place)
        labels = [self.places[at].unit.label for at in self.carried(place)]
        return ", ".join(filter(None, [*labels, place.unit.label]))

    def gap(self, place: _Place, *, joined: bool) -> str:
        """The white space that stands before a unit; where what precedes it in its block is gone, before the block."""
        found = self.units[place.passage]
        number = place.number
        while not joined and number and found[number - 1].block == place.unit.block:
            number -= 1
        return self.passages[place.passage][found[number - 1].end : found[number].start] if number else ""

    def render(self, kept: Sequence[int], ends: dict[int, int]) -> list[str]:
        """The texts of the units kept, by passage; ``ends`` says where one ends early."""
        texts = [""] * len(self.passages)
        before: _Place | None = None
        for at in kept:
            place = self.places[at]
            joined = before is not None and (before.passage, before.unit.block) == (place.passage, place.unit.block)
            gap = self.gap(place, joined=joined) if texts[place.passage] else ""
            passage = self.passages[place.passage]
            texts[place.passage] += gap + passage[place.unit.start : ends.get(at, place.unit.end)].rstrip()
            before = place
        return [text for text in texts if text]


def _shorten(
    split: _Split, question: str, cosines: Sequence[float], target: int, count: Callable[[str], int]
) -> list[str]:
    """Choose under the target: first whole units, then the beginnings of those that did not fit."""

    facts = [
        Fact(place.passage, split.text(place), place.unit.label, split.context(place), cosine)
        for place, cosine in zip(split.places, cosines, strict=True)
    ]
    candidates = [
        Candidate(
            value=0.0 if place.unit.frame else value,
            tokens=count(split.gap(place, joined=True) + fact.text),
            carries=split.carried(place),
            words=frozenset() if place.unit.frame else frozenset(words(fact.text)),
        )
        for place, fact, value in zip(split.places, facts, values(question, facts), strict=True)
    ]
    # Tokens of parts do not add up to those of the whole: a tokenizer may see more, or fewer, at their seams.
    limit = target
    kept = select(candidates, limit)
    while kept and (over := _total(split.render(kept, {}), count) - target) > 0:
        limit -= over
        kept = select(candidates, limit)
    return _filled(split, candidates, kept, target, count)


def _filled(
    split: _Split, candidates: Sequence[Candidate], kept: list[int], target: int, count: Callable[[str], int]
) -> list[str]:
    """What is kept with the beginnings of further units, the worthiest first, as long as there is room."""
    ends: dict[int, int] = {}
    texts = split.render(kept, ends)
    tokens, left = _total(texts, count), FILLING
    for at in ranked(candidates):
        if tokens >= CLOSE * target:
            break
        if at in kept:
            continue
        unit = split.places[at].unit
        more = sorted({*kept, at, *candidates[at].carries})
        for end in (unit.end, *reversed(unit.cuts)):
            longer = {**ends, at: end}
            tried = split.render(more, longer)
            if (left := left - sum(map(len, tried))) < 0:
                return texts
            if (length := _total(tried, count)) <= target:
                kept, ends, texts, tokens = more, longer, tried, length
                break
    return texts


def _total(texts: Sequence[str], count: Callable[[str], int]) -> int:
    return sum(map(count, texts))
