"""Which passages a prompt gets: found by meaning and by words, ranked, and kept while they fit."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from agents.context.fusion import fused
from agents.context.relevance import Fact, best_matches
from agents.context.reranking import Reranker
from agents.corpus import Chunk, Corpus, passage
from agents.embedding import Embedder, Vector
from agents.policy_document import Retrieval
from agents.units import parts
from schemas.records import Condition

RUN = 3
"""Words whose sequence is compared to tell near-duplicates."""
SAME = 0.9
"""The share of a text's runs that another must have as well. Only where it has all of its words, too: a text with a
figure, a name or a "not" that the other lacks is no duplicate, however long the rest."""

_MARKS = ".,;:!?\"'"
"""Around a word, they are none of it. A sign, a currency or a bracket is: it makes another figure."""


class Candidate(NamedTuple):
    """A passage that a prompt may hold."""

    place: tuple[int, str, int]
    """Its order in a prompt: the request's own first, as they were given; then by document, and within as it stands
    there. The same passages thus make the same prefix, however they were ranked."""
    text: str
    """With the headings that it stands under."""


class Spent(NamedTuple):
    """Tokens that a model took."""

    model: str
    tokens: int


class Found(NamedTuple):
    """What was found for a question."""

    ranked: list[Candidate]
    """Best first. All of them are what a prompt would hold if nothing was left out."""
    why: list[str]
    """A sentence each."""
    spent: list[Spent]


class Kept(NamedTuple):
    """What a prompt holds of it."""

    texts: list[str]
    """In the order of a prompt."""
    why: list[str]


class Retriever:
    """Finds passages for a question.

    Args:
        embedder: of the vectors in the corpus.
        corpus: of all tenants.
        rerankers: by the name that a policy has for them.
    """

    def __init__(self, embedder: Embedder, corpus: Corpus, rerankers: Mapping[str, Reranker]) -> None:
        self._embedder = embedder
        self._corpus = corpus
        self._rerankers = rerankers

    async def find(
        self,
        tenant: str,
        rules: Retrieval,
        question: str,
        vector: Vector,
        *,
        where: Sequence[Condition],
        passages: Sequence[str],
    ) -> Found:
        """Passages for a question, best first: those given, and as many of the tenant's collection as the rules want.

        Args:
            tenant: whose collection is looked in.
            rules: the task's.
            question: its text.
            vector: its embedding.
            where: which documents may be retrieved from.
            passages: the request's own.

        Raises:
            ServiceError: the corpus or a model failed.
            InvalidRequestError: ``where`` names no field of the collection, or compares it with another type.
        """
        (given, took), (retrieved, hits) = await asyncio.gather(
            self._given(passages, vector), self._retrieved(tenant, rules, question, vector, where)
        )
        # Nothing is in both, so that they take turns: what is given is no worse than what is found for being few.
        ranked = fused(given, retrieved)
        why = [f"{len(given)} passages came with the request"] if given else []
        if rules.collection:
            why.append(f"{len(retrieved)} are of collection {rules.collection!r}: {hits}")
        spent = [Spent(self._embedder.name, took)] if took else []
        if rules.reranker and ranked:
            reranking = await self._rerankers[rules.reranker].rank(question, [one.text for one in ranked])
            order = sorted(range(len(ranked)), key=lambda place: -reranking.scores[place])
            ranked = [ranked[place] for place in order]
            spent.append(Spent(rules.reranker, reranking.tokens))
            why.append(f"{rules.reranker} ranked all {len(ranked)}")
        return Found(ranked, why, spent)

    async def _given(self, passages: Sequence[str], vector: Vector) -> tuple[list[Candidate], int]:
        """The request's own, nearest first, and the tokens of embedding them. One alone needs no rank."""
        own = [Candidate((0, "", number), text) for number, text in enumerate(passages)]
        if len(own) < 2:
            return own, 0
        embedded = await asyncio.gather(*(self._embedder.embed(text) for text in passages))
        nearness = np.stack([one.vector for one in embedded]) @ vector
        order = np.argsort(-nearness, kind="stable")
        return [own[place] for place in order], sum(one.tokens for one in embedded)

    async def _retrieved(
        self, tenant: str, rules: Retrieval, question: str, vector: Vector, where: Sequence[Condition]
    ) -> tuple[list[Candidate], str]:
        """What the collection has, by the corpus's two rankings and one of all that they found; how the two agree."""
        if not rules.collection:
            return [], ""
        near, matched = await asyncio.gather(
            self._corpus.nearest(tenant, rules.collection, vector, where, rules.candidates),
            self._corpus.matching(tenant, rules.collection, question, where, rules.candidates),
        )
        by_meaning, by_words = [_candidate(chunk) for chunk in near], [_candidate(chunk) for chunk in matched]
        chunks = dict(zip([*by_meaning, *by_words], [*near, *matched], strict=True))
        by_part = await asyncio.to_thread(_by_part, question, chunks)
        best = fused(by_meaning, by_words, by_part)[: rules.candidates]
        both = len(set(best) & set(by_meaning) & set(by_words))
        only = [len(set(best) & set(found)) - both for found in (by_meaning, by_words)]
        return best, f"{both} found both by meaning and by words, {only[0]} by meaning alone, {only[1]} by words alone"


def _by_part(question: str, chunks: Mapping[Candidate, Chunk]) -> list[Candidate]:
    """The chunks by the sentence or row of each that best matches the question's words; equals stay in their order.

    An answer stands in one of them: words of the question all over a chunk, which BM25 counts, say less than the same
    words together.
    """
    facts = [
        Fact(number, part.text, part.label, context=passage(chunk.title, chunk.trail, ""))
        for number, chunk in enumerate(chunks.values())
        for part in parts(chunk.text)
    ]
    matches = best_matches(question, facts)
    ranked = sorted(enumerate(chunks), key=lambda one: -matches.get(one[0], 0.0))
    return [candidate for _, candidate in ranked]


def keep(found: Found, budget: int, length: Callable[[str], int]) -> Kept:
    """The best passages that fit the budget together, without near-duplicates.

    One that does not fit is passed over for a shorter one of lower rank. The best one always stays: where it alone is
    over the budget, shortening it is for compression. Pure.

    Args:
        found: what to choose from.
        budget: tokens for all passages.
        length: a text's tokens.
    """
    different = distinct(found.ranked)
    chosen: list[Candidate] = []
    left = budget
    for candidate in different:
        tokens = length(candidate.text)
        if tokens <= left or not chosen:
            chosen.append(candidate)
            left -= tokens
    why = [f"kept {len(chosen)} of {len(found.ranked)} passages in {budget - left:,} tokens of {budget:,}"]
    if repeated := len(found.ranked) - len(different):
        why.append(f"{repeated} said nothing that a better one does not say")
    return Kept([candidate.text for candidate in sorted(chosen)], why)


def distinct(ranked: Sequence[Candidate]) -> list[Candidate]:
    """The candidates without those that say nothing which a better one does not say. Pure."""
    kept: list[tuple[Candidate, frozenset[str], frozenset[tuple[str, ...]]]] = []
    for candidate in ranked:
        words = [word.strip(_MARKS) for word in candidate.text.casefold().split()]
        vocabulary = frozenset(words)
        runs = frozenset(tuple(words[start : start + RUN]) for start in range(max(1, len(words) - RUN + 1)))
        if not any(vocabulary <= other and len(runs & its) >= SAME * len(runs) for _, other, its in kept):
            kept.append((candidate, vocabulary, runs))
    return [candidate for candidate, _, _ in kept]


def _candidate(chunk: Chunk) -> Candidate:
    return Candidate((1, chunk.document_id, chunk.number), passage(chunk.title, chunk.trail, chunk.text))
