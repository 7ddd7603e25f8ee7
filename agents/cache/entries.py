"""The entries of the cache, and the port to where they are kept.

Whatever is kept there may be lost at any instant: a lost entry costs another execution, never an answer.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import NamedTuple, Protocol

import msgspec

from agents.cache.outcomes import Outcome
from agents.cache.rules import Rule
from schemas.ledger import Usage


class Entry(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """An answer that an engine made, and the question that it answers.

    It names everything that it may be found by, so that whoever finds it can tell that it is the one meant.
    Stored by position: a new field goes to the end, with a default.
    """

    fingerprint: str
    scope: str
    tenant: str
    task: str
    request_id: str
    """Of the request whose execution made the text."""
    model: str
    text: str
    finish_reason: str | None
    usage: Usage
    question: str
    """Canonical."""
    embedding: bytes | None
    """Of the question, as ``agents.embedding.pack`` writes it; null where only equal questions may have the answer."""
    answered_at: int
    """UTC epoch milliseconds."""
    knowledge: str = ""
    """The version of the knowledge that the answer rests on; empty where it rests on none."""
    meaning: str = ""
    """Names the cluster of entries that are known to have the same answer; empty where it is known of none."""
    gpu_cost: int | None = None
    """What its execution's GPU time cost, in nano-USD; null where tokens have a price."""


class Found(NamedTuple):
    """What is known of a request before any work on it."""

    answered: Entry | None
    """What an engine answered to this very request id."""
    exact: Entry | None
    """What an engine answered to a request of this fingerprint."""


class Member(NamedTuple):
    """What an index has to know of an entry to nominate it."""

    fingerprint: str
    embedding: bytes
    expires_at: int
    """UTC epoch milliseconds."""


class Added(NamedTuple):
    """News of an entry that some worker stored."""

    scope: str
    member: Member


class Dropped(NamedTuple):
    """News of an entry that was deleted before its time."""

    scope: str
    fingerprint: str


class Learned(NamedTuple):
    """News of what came of a check."""

    tenant: str
    task: str
    outcome: Outcome


class News(NamedTuple):
    """What happened since a cursor."""

    cursor: str
    """Where to go on from."""
    added: Sequence[Added]
    gap: bool
    """Some of the news were dropped before they were read: whoever followed them missed something."""
    dropped: Sequence[Dropped] = ()
    """None of which is among those added: what was added and dropped was dropped, and the other way round."""
    learned: Sequence[Learned] = ()


class Stored(NamedTuple):
    """An entry, as an operator looks at it."""

    entry: Entry
    expires_at: int
    """UTC epoch milliseconds."""


class Swept(NamedTuple):
    """How far a sweep has come."""

    looked: int
    """Keys of any kind that it has been past, give or take; a key is passed twice where the store is rearranged."""
    keys: int
    """That there were when it began."""
    void: int
    """Entries that it found void."""


class Entries(Protocol):
    """Where entries are kept. Every method raises ServiceError when that cannot be reached in time."""

    async def find(self, tenant: str, request_id: str, fingerprint: str | None) -> Found:
        """Look up a request id and, unless it is None, a fingerprint.

        No rule voids what is remembered for a request id: the same request has the same answer for good.
        """
        ...

    async def get(self, fingerprints: Sequence[str]) -> list[Entry | None]:
        """The entries of ``fingerprints``, in their order; None for those that expired, are void, or never were."""
        ...

    async def put(self, entry: Entry, *, ttl_ms: int, capacity: int | None = None) -> None:
        """Store an entry under its fingerprint, and announce it where it has an embedding.

        It lives until ``ttl_ms`` after it was answered, which is the same for all of its scope, and for
        ``LONGEST_TTL_MS`` at most; later it is not stored, nor is it where a rule voids it or where the entry of its
        fingerprint was dropped since it was answered. Of its scope's entries that have an embedding, the last
        ``capacity`` by their expiry stay; the others are dropped.
        """
        ...

    async def remember(self, entry: Entry, *, ttl_ms: int) -> None:
        """Store what was answered to the entry's request id, until ``ttl_ms`` after it was answered."""
        ...

    async def void(self, rule: Rule) -> None:
        """Make entries void: from now on nobody finds one or stores one. Their memory is freed by a sweep.

        Raises SetupError where ``rules.MOST`` are in force already.
        """
        ...

    async def drop(self, fingerprints: Sequence[str]) -> int:
        """Delete entries, announce it, and return how many there were.

        What was answered before now is not stored under these fingerprints any more.
        """
        ...

    def sweep(self, rule: Rule, *, dry_run: bool = False) -> AsyncIterator[Swept]:
        """Delete the entries that ``rule`` voids, and announce it; with ``dry_run`` only count them.

        Tells how far it has come; the last word has the whole count.
        """
        ...

    def stored(self) -> AsyncIterator[list[Stored]]:
        """All entries that can be found, in chunks and in no order. One that changes meanwhile may come twice."""
        ...

    def members(self, scope: str, limit: int) -> AsyncIterator[list[Member]]:
        """The last ``limit`` members of a scope that live, in chunks, those first that expire first."""
        ...

    async def learn(self, tenant: str, task: str, outcome: Outcome) -> None:
        """Keep what came of a check, and announce it. What is known already changes nothing and is not announced.

        The last ``outcomes.KEPT`` by their instant are kept, for ``outcomes.TTL_MS`` after the last was learned.
        """
        ...

    async def outcomes(self, tenant: str, task: str) -> list[Outcome]:
        """What is kept of a task of a tenant, the earliest first."""
        ...

    async def news(self, cursor: str | None) -> News:
        """News after ``cursor``, waiting a second at most for the first; with None, only where they stand now."""
        ...
