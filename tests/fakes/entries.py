"""Entries in memory: keeps the same contract as the Redis ones, expiry included."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence

import msgspec

from agents.cache import outcomes
from agents.cache.entries import Added, Dropped, Entry, Found, Learned, Member, News, Stored, Swept
from agents.cache.outcomes import Outcome
from agents.cache.rules import LONGEST_TTL_MS, Rule
from schemas.errors import ServiceError


class InMemoryEntries:
    """One store, as many workers as share it. ``down`` makes every call fail, as a Redis that is away."""

    def __init__(self, *, now: Callable[[], int], wait_s: float = 0.05) -> None:
        self._now = now
        self._wait_s = wait_s
        self._entries: dict[str, tuple[Entry, int]] = {}
        self._answered: dict[tuple[str, str], tuple[Entry, int]] = {}
        self._rules: list[Rule] = []
        self._dropped_at: dict[str, int] = {}
        self._outcomes: dict[tuple[str, str, bool], list[Outcome]] = {}
        self._news: list[Added | Dropped | Learned] = []
        self.down = False
        self.calls = 0

    async def find(self, tenant: str, request_id: str, fingerprint: str | None) -> Found:
        await self._reached()
        answered, expires_at = self._answered.get((tenant, request_id), (None, 0))
        return Found(answered if expires_at > self._now() else None, self._living(fingerprint) if fingerprint else None)

    async def get(self, fingerprints: Sequence[str]) -> list[Entry | None]:
        if fingerprints:
            await self._reached()
        return [self._living(fingerprint) for fingerprint in fingerprints]

    async def put(self, entry: Entry, *, ttl_ms: int, capacity: int | None = None) -> None:
        await self._reached()
        expires_at = entry.answered_at + min(ttl_ms, LONGEST_TTL_MS)
        late = entry.answered_at <= self._dropped_at.get(entry.fingerprint, -1)
        if late or expires_at <= self._now() or any(rule.voids(entry) for rule in self._rules):
            return
        self._entries[entry.fingerprint] = entry, expires_at
        if entry.embedding is not None:
            self._news.append(Added(entry.scope, Member(entry.fingerprint, entry.embedding, expires_at)))
            if capacity is not None:
                for member in self._members(entry.scope)[:-capacity]:
                    self._delete(member.fingerprint)

    async def remember(self, entry: Entry, *, ttl_ms: int) -> None:
        await self._reached()
        bare = msgspec.structs.replace(entry, question="", embedding=None)
        self._answered[entry.tenant, entry.request_id] = bare, entry.answered_at + ttl_ms

    async def void(self, rule: Rule) -> None:
        await self._reached()
        self._rules.append(rule)

    async def drop(self, fingerprints: Sequence[str]) -> int:
        await self._reached()
        there = [fingerprint for fingerprint in fingerprints if fingerprint in self._entries]
        for fingerprint in there:
            self._delete(fingerprint)
            self._dropped_at[fingerprint] = self._now()
        return len(there)

    async def sweep(self, rule: Rule, *, dry_run: bool = False) -> AsyncIterator[Swept]:
        await self._reached()
        looked = len(self._entries)
        void = [fingerprint for fingerprint, (entry, _) in self._entries.items() if rule.voids(entry)]
        if not dry_run:
            for fingerprint in void:
                self._delete(fingerprint)
        yield Swept(looked, looked, len(void))

    async def stored(self) -> AsyncIterator[list[Stored]]:
        await self._reached()
        yield [Stored(*kept) for fingerprint, kept in self._entries.items() if self._living(fingerprint)]

    async def members(self, scope: str, limit: int) -> AsyncIterator[list[Member]]:
        await self._reached()
        yield self._members(scope)[-limit:]

    async def learn(self, tenant: str, task: str, outcome: Outcome) -> None:
        await self._reached()
        kept = self._outcomes.setdefault((tenant, task, outcome.served), [])
        if outcome in kept:
            return
        kept.append(outcome)
        kept.sort(key=lambda one: one.at)
        del kept[: -outcomes.KEPT]
        if outcome in kept:
            self._news.append(Learned(tenant, task, outcome))

    async def outcomes(self, tenant: str, task: str) -> list[Outcome]:
        await self._reached()
        found = [one for served in (True, False) for one in self._outcomes.get((tenant, task, served), ())]
        return sorted(found, key=lambda one: one.at)

    async def news(self, cursor: str | None) -> News:
        await self._reached()
        if cursor is None:
            return News(str(len(self._news)), (), gap=False)
        if len(self._news) == int(cursor):
            await asyncio.sleep(self._wait_s)
        added: dict[str, Added] = {}
        dropped: dict[str, Dropped] = {}
        learned = []
        for one in self._news[int(cursor) :]:
            match one:
                case Added(_, member):
                    dropped.pop(member.fingerprint, None)
                    added[member.fingerprint] = one
                case Dropped(_, fingerprint):
                    added.pop(fingerprint, None)
                    dropped[fingerprint] = one
                case Learned():
                    learned.append(one)
        return News(str(len(self._news)), list(added.values()), False, list(dropped.values()), learned)

    def lose_everything(self) -> None:
        """What FLUSHALL does."""
        for kept in (self._entries, self._answered, self._rules, self._dropped_at, self._outcomes):
            kept.clear()

    async def _reached(self) -> None:
        self.calls += 1
        await asyncio.sleep(0)
        if self.down:
            raise ServiceError("the entries in memory are down")

    def _living(self, fingerprint: str) -> Entry | None:
        entry, expires_at = self._entries.get(fingerprint, (None, 0))
        if entry is None or expires_at <= self._now() or any(rule.voids(entry) for rule in self._rules):
            return None
        return entry

    def _members(self, scope: str) -> list[Member]:
        living = [
            Member(entry.fingerprint, entry.embedding, expires_at)
            for entry, expires_at in self._entries.values()
            if entry.scope == scope and entry.embedding is not None and self._living(entry.fingerprint)
        ]
        return sorted(living, key=lambda member: member.expires_at)

    def _delete(self, fingerprint: str) -> None:
        entry, _ = self._entries.pop(fingerprint)
        self._news.append(Dropped(entry.scope, fingerprint))
