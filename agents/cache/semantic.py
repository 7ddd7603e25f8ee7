"""The semantic tier: embed the question, let the index nominate, let the entries and the guards decide."""

from __future__ import annotations

from typing import NamedTuple

from agents.cache.decision import NO_CANDIDATE, Candidate, Verdict, decide
from agents.cache.entries import Entries
from agents.cache.index import COSINE_ERROR
from agents.cache.outage import Outage
from agents.cache.scopes import Scopes
from agents.embedding import Embedder, Vector, pack, unpack
from schemas.errors import ServiceError

NOMINEES = 4
"""How many entries to nominate. The guards may refuse the nearest and accept the next."""
CHARACTERS_A_TOKEN = 16
"""A text of more is not embedded at all: it is longer than any window, and its embedding would be wasted."""


class Sought(NamedTuple):
    """What came of a look for a near question."""

    verdict: Verdict
    embedding: bytes | None
    """Of the question, packed; None where it may not stand for the question."""
    tokens: int
    """That were embedded."""


class SemanticCache:
    """Finds an entry that answers a question near the one asked.

    Args:
        embedder: makes the vectors.
        scopes: nominates; its ``follow`` runs beside it.
        entries: holds the entries that are nominated.
        window: the longest text in tokens that the embedder sees whole. What it cuts off could be what matters, so
            that a longer question is never near another.
        outage: told when the embedder or the entries cannot be reached.
    """

    def __init__(self, *, embedder: Embedder, scopes: Scopes, entries: Entries, window: int, outage: Outage) -> None:
        self._embedder = embedder
        self._scopes = scopes
        self._entries = entries
        self._window = window
        self._outage = outage

    async def seek(self, scope: str, question: str, *, threshold: float) -> Sought:
        """Look for an entry of ``scope`` that answers ``question``, which is canonical.

        What cannot be reached finds nothing.
        """
        if len(question) > CHARACTERS_A_TOKEN * self._window:
            return Sought(NO_CANDIDATE, None, 0)
        try:
            vector, tokens = await self._embedder.embed(question)
        except ServiceError as error:
            self._outage.happened(error)
            return Sought(NO_CANDIDATE, None, 0)
        if tokens >= self._window:
            return Sought(NO_CANDIDATE, None, tokens)
        embedding = pack(vector)
        try:
            candidates = await self._candidates(scope, unpack(embedding), threshold)
        except ServiceError as error:
            self._outage.happened(error)
            return Sought(NO_CANDIDATE, embedding, tokens)
        return Sought(decide(question, candidates, threshold=threshold), embedding, tokens)

    async def _candidates(self, scope: str, vector: Vector, threshold: float) -> list[Candidate]:
        """The nominees that may be near enough and still live, with their exact cosines."""
        nominees = await self._scopes.nearest(scope, vector, NOMINEES)
        fingerprints = [name for name, cosine in nominees if cosine >= threshold - COSINE_ERROR]
        candidates = []
        for fingerprint, entry in zip(fingerprints, await self._entries.get(fingerprints), strict=True):
            if entry is None or entry.embedding is None or entry.scope != scope:
                self._scopes.forget(scope, fingerprint)
            else:
                candidates.append(Candidate(entry, float(vector @ unpack(entry.embedding))))
        return candidates
