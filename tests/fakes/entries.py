"""Entries in memory: keeps the same contract as the Redis ones, expiry included."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence

import msgspec

from agents.cache.entries import Added, Entry, Found, Member, News
from schemas.errors import ServiceError


class InMemoryEntries:
    """One store, as many workers as share it. ``down`` makes every call fail, as a Redis that is away."""

    def __init__(self, *, now: Callable[[], int], wait_s: float = 0.05) -> None:
        self._now = now
        self._wait_s = wait_s
        self._entries: dict[str, tuple[Entry, int]] = {}
        self._answered: dict[tuple[str, str], tuple[Entry, int]] = {}
        self._news: list[Added] = []
        self.down = False
        self.calls = 0

    async def find(self, tenant: str, request_id: str, fingerprint: str | None) -> Found:
        await self._reached()
        answered = self._living(self._answered.get((tenant, request_id)))
        return Found(answered, self._living(self._entries.get(fingerprint)) if fingerprint else None)

    async def get(self, fingerprints: Sequence[str]) -> list[Entry | None]:
        if fingerprints:
            await self._reached()
        return [self._living(self._entries.get(fingerprint)) for fingerprint in fingerprints]

    async def put(self, entry: Entry, *, ttl_ms: int) -> None:
        await self._reached()
        expires_at = entry.answered_at + ttl_ms
        if expires_at <= self._now():
            return
        self._entries[entry.fingerprint] = entry, expires_at
        if entry.embedding is not None:
            self._news.append(Added(entry.scope, Member(entry.fingerprint, entry.embedding, expires_at)))

    async def remember(self, entry: Entry, *, ttl_ms: int) -> None:
        await self._reached()
        bare = msgspec.structs.replace(entry, question="", embedding=None)
        self._answered[entry.tenant, entry.request_id] = bare, entry.answered_at + ttl_ms

    async def members(self, scope: str, limit: int) -> AsyncIterator[list[Member]]:
        await self._reached()
        living = [
            Member(entry.fingerprint, entry.embedding, expires_at)
            for entry, expires_at in self._entries.values()
            if entry.scope == scope and entry.embedding is not None and expires_at > self._now()
        ]
        yield sorted(living, key=lambda member: member.expires_at)[-limit:]

    async def news(self, cursor: str | None) -> News:
        await self._reached()
        if cursor is None:
            return News(str(len(self._news)), (), gap=False)
        if len(self._news) == int(cursor):
            await asyncio.sleep(self._wait_s)
        return News(str(len(self._news)), self._news[int(cursor) :], gap=False)

    def lose_everything(self) -> None:
        """What FLUSHALL does."""
        self._entries.clear()
        self._answered.clear()

    async def _reached(self) -> None:
        self.calls += 1
        await asyncio.sleep(0)
        if self.down:
            raise ServiceError("the entries in memory are down")

    def _living(self, kept: tuple[Entry, int] | None) -> Entry | None:
        return kept[0] if kept and kept[1] > self._now() else None
