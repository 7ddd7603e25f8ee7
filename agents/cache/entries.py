"""The entries of the cache, and the port to where they are kept.

Whatever is kept there may be lost at any instant: a lost entry costs another execution, never an answer.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import NamedTuple, Protocol

import msgspec

from schemas.records import Usage


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


class News(NamedTuple):
    """What happened since a cursor."""

    cursor: str
    """Where to go on from."""
    added: Sequence[Added]
    gap: bool
    """Some of the news were dropped before they were read: whoever followed them missed something."""


class Entries(Protocol):
    """Where entries are kept. Every method raises ServiceError when that cannot be reached in time."""

    async def find(self, tenant: str, request_id: str, fingerprint: str | None) -> Found:
        """Look up a request id and, unless it is None, a fingerprint."""
        ...

    async def get(self, fingerprints: Sequence[str]) -> list[Entry | None]:
        """The entries of ``fingerprints``, in their order; None for those that expired or never were."""
        ...

    async def put(self, entry: Entry, *, ttl_ms: int) -> None:
        """Store an entry under its fingerprint, and announce it where it has an embedding.

        It lives until ``ttl_ms`` after it was answered, which is the same for all of its scope; later it is not stored.
        """
        ...

    async def remember(self, entry: Entry, *, ttl_ms: int) -> None:
        """Store what was answered to the entry's request id, until ``ttl_ms`` after it was answered."""
        ...

    def members(self, scope: str, limit: int) -> AsyncIterator[list[Member]]:
        """The last ``limit`` members of a scope that live, in chunks, those first that expire first."""
        ...

    async def news(self, cursor: str | None) -> News:
        """News after ``cursor``, waiting a second at most for the first; with None, only where they stand now."""
        ...
