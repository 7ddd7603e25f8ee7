"""The semantic tiers: embed the question, let the index nominate, let the entries and the tiers decide."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from itertools import chain
from typing import NamedTuple

from agents.cache import boundary
from agents.cache.boundary import Neighbour
from agents.cache.check import meaning_of
from agents.cache.decision import NO_CANDIDATE, Candidate, Judgement, Verdict, by_guards, by_verifier, choose
from agents.cache.entries import Entries
from agents.cache.guards import Text
from agents.cache.index import COSINE_ERROR
from agents.cache.lessons import Lessons
from agents.cache.readings import Read, Readings, Verifier
from agents.cache.scopes import Scopes
from agents.cache.standing import Standing
from agents.embedding import Embedded, Embedder, Vector, pack, unpack
from agents.outage import Outage
from agents.policy_document import Task
from schemas.errors import ServiceError

NOMINEES = 8
"""How many entries to nominate. A tier may refuse the nearest and accept the next; the boundary asks them all."""
CHARACTERS_A_TOKEN = 16
"""A text of more is not embedded at all: it is longer than any window, and its embedding would be wasted."""
FLOOR = 0.6
"""Cosine below which a strict task does not look at a candidate. The verifier accepts hardly any so far away."""
VERIFIED = 3
"""How many of the nearest candidates the verifier is asked about: it takes a millisecond or two for each."""


class Sought(NamedTuple):
    """What came of a look for a near question."""

    verdict: Verdict
    embedding: bytes | None
    """Of the question, packed; None where it may not stand for the question."""


class SemanticCache:
    """Finds an entry that answers a question near the one asked.

    Args:
        embedder: makes the vectors.
        scopes: nominates; its ``follow`` runs beside it.
        lessons: what checks have shown of each task of each tenant.
        entries: holds the entries that are nominated.
        verifier: of strict tasks; None where there is none for this embedder.
        outage: of this alone; told when the embedder or the entries cannot be reached.
    """

    def __init__(
        self,
        *,
        embedder: Embedder,
        scopes: Scopes,
        lessons: Lessons[Standing],
        entries: Entries,
        verifier: Verifier | None,
        outage: Outage,
    ) -> None:
        self._embedder = embedder
        self._scopes = scopes
        self._lessons = lessons
        self._entries = entries
        self._readings = Readings(verifier, embedder) if verifier else None
        self._outage = outage

    async def seek(
        self, tenant: str, name: str, task: Task, scope: str, question: str, *, spend: Callable[[int], None]
    ) -> Sought:
        """Look for an entry of ``scope`` that answers ``question``, which is canonical, under ``tenant``'s ``task``.

        ``spend`` is told of tokens when they are embedded, for the question and for those it is compared with.

        What cannot be reached finds nothing. Neither does a question that the embedder does not see whole: what it
        cuts off could be what matters.
        """
        window = self._embedder.window
        if len(question) > CHARACTERS_A_TOKEN * window:
            return Sought(NO_CANDIDATE, None)
        try:
            asked = await self._embedder.embed(question)
        except ServiceError as error:
            self._outage.happened(error)
            return Sought(NO_CANDIDATE, None)
        spend(asked.tokens)
        if asked.tokens >= window:
            return Sought(NO_CANDIDATE, None)
        embedding = pack(asked.vector)
        try:
            standing = await self._lessons.of(tenant, name)
            if standing is None:
                return Sought(NO_CANDIDATE, embedding)
            floor = FLOOR if standing.boundary is None else boundary.FLOOR
            candidates = await self._candidates(scope, unpack(embedding), floor)
            if standing.boundary is not None:
                verdict = intent(standing, candidates)
            else:
                verdict = await self._strict(task, standing, question, asked, candidates, spend)
        except ServiceError as error:
            self._outage.happened(error)
            return Sought(NO_CANDIDATE, embedding)
        self._outage.over()
        decisive = verdict.hit or verdict.withheld
        standing.looked(decisive.tier if decisive else None)
        return Sought(verdict, embedding)

    async def _strict(  # noqa: PLR0917 - all that is known of the question by now
        self,
        task: Task,
        standing: Standing,
        question: str,
        asked: Embedded,
        candidates: list[Candidate],
        spend: Callable[[int], None],
    ) -> Verdict:
        """What the guards, or else the verifier, say."""
        text = Text.read(question)
        guarded = (by_guards(text, candidate, threshold=task.threshold) for candidate in candidates)
        verdict = choose(guarded, standing.is_open)
        readings = self._readings
        if verdict.hit is not None or readings is None:
            return verdict
        mine = readings.keep(text, asked)
        nearest = candidates[:VERIFIED]
        stored: list[Read] = await asyncio.gather(*(readings.of(one.entry.question) for one in nearest))
        if embedded := sum(read.tokens for read in stored):
            spend(embedded)
        verified = (
            by_verifier(candidate, readings.verifier.judge(mine, read.reading, candidate.cosine))
            for candidate, read in zip(nearest, stored, strict=True)
        )
        return choose(chain(verdict.judged, verified), standing.is_open)

    async def _candidates(self, scope: str, vector: Vector, floor: float) -> list[Candidate]:
        """The nominees that may be near enough and still live, with their exact cosines, the nearest first."""
        nominees = await self._scopes.nearest(scope, vector, NOMINEES)
        fingerprints = [name for name, cosine in nominees if cosine >= floor - COSINE_ERROR]
        candidates = []
        for fingerprint, entry in zip(fingerprints, await self._entries.get(fingerprints), strict=True):
            if entry is None or entry.embedding is None or entry.scope != scope:
                self._scopes.forget(scope, fingerprint)
            else:
                candidates.append(Candidate(entry, float(vector @ unpack(entry.embedding))))
        return sorted(candidates, key=lambda candidate: -candidate.cosine)


def intent(standing: Standing, candidates: list[Candidate]) -> Verdict:
    """What the learned boundary says of all candidates together."""
    if standing.boundary is None or not candidates:
        return NO_CANDIDATE
    neighbours = [Neighbour(near.entry.fingerprint, near.cosine, meaning_of(near.entry)) for near in candidates]
    judged = standing.boundary.judge(neighbours)
    if judged.nominee is None:
        return NO_CANDIDATE
    chosen = candidates[judged.nominee]
    judgement = Judgement("boundary", chosen, judged.serves, tuple(judged.features), (judged.why,))
    if judged.serves and standing.is_open("boundary"):
        return Verdict((judgement,), judgement, None)
    return Verdict((judgement,), None, judgement)
