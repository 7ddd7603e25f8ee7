"""Checks: a sample of what the cache serves is asked of the model as well, and the two answers are compared."""

from __future__ import annotations

import asyncio
import hashlib

import msgspec

from agents.cache.comparison import same
from agents.cache.decision import Judgement
from agents.cache.entries import Entry
from agents.embedding import Embedder
from agents.outage import Outage
from agents.policy_document import Task
from schemas.enums import Lane, Verdict
from schemas.errors import ServiceError
from schemas.records import CacheMiss, Lookup, Nominee, PredictionRequest, Ticket

LONGEST = 8_000
"""Characters of an answer. What an embedder would cut off cannot be compared; a longer one is not even tried."""


def drawn(tenant: str, request_id: str, share: float) -> bool:
    """Whether a hit is checked. The same for every delivery of a request, and for a ``share`` of all requests."""
    digest = hashlib.blake2b(msgspec.json.encode((tenant, request_id)), digest_size=8, person=b"check").digest()
    return int.from_bytes(digest) < share * 2**64


def meaning_of(entry: Entry) -> str:
    """Names what the entry's answer says: equal for answers that are known to say the same."""
    return entry.meaning or hashlib.blake2b(entry.text.encode(), digest_size=16).hexdigest()


def nominee(judgement: Judgement, *, served: bool, share: float) -> Nominee:
    """What a comparison has to know of the entry that was served, or would have been."""
    entry = judgement.candidate.entry
    return Nominee(
        fingerprint=entry.fingerprint,
        meaning=meaning_of(entry),
        text=entry.text,
        tier=judgement.tier,
        features=list(judgement.features),
        chosen=judgement.serves,
        served=served,
        share=share,
    )


def check(request: PredictionRequest, ticket: Ticket, lookup: Lookup, task: Task, model: str) -> CacheMiss:
    """The request once more, for the ``model`` that made the answer which the cache has given.

    A model that only a rule leads to cannot be asked for by name: there the rules choose again. Nobody waits for a
    check: it goes by the batch lane and has all the time that the task allows.
    """
    unhurried = msgspec.structs.replace(
        ticket, check=True, lane=Lane.BATCH, deadline=ticket.received_at + 1000 * task.deadline_seconds
    )
    return CacheMiss(
        ticket=unhurried,
        lookup=lookup,
        messages=request.messages,
        sampling=request.sampling,
        model=model if model in task.models else request.model,
        costs=[],
        passages=request.passages,
        where=request.where,
    )


class Comparer:
    """Compares answers.

    Args:
        embedder: tells how near two texts are that are not the same.
        outage: of this alone; told when it cannot.
    """

    def __init__(self, embedder: Embedder, outage: Outage) -> None:
        self._embedder = embedder
        self._outage = outage

    async def compare(self, task: Task, cached: str, fresh: str) -> tuple[Verdict, int]:
        """Whether the cached answer says what the fresh one does, and how many tokens it took to embed them.

        UNKNOWN where they differ and cannot be embedded whole: that they are worded otherwise says nothing.
        """
        if same(cached, fresh, None, task.equivalence).same:
            return Verdict.SAME, 0
        if max(len(cached), len(fresh)) > LONGEST:
            return Verdict.UNKNOWN, 0
        try:
            one, other = await asyncio.gather(self._embedder.embed(cached), self._embedder.embed(fresh))
        except ServiceError as error:
            self._outage.happened(error)
            return Verdict.UNKNOWN, 0
        self._outage.over()
        tokens = one.tokens + other.tokens
        if max(one.tokens, other.tokens) >= self._embedder.window:
            return Verdict.UNKNOWN, tokens
        found = same(cached, fresh, float(one.vector @ other.vector), task.equivalence).same
        return Verdict.SAME if found else Verdict.DIFFERENT, tokens
