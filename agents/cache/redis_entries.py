"""Entries in Redis: any Redis from 6 on, or Valkey, without modules; one server or a primary with its replicas."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

import msgspec
from redis.asyncio import Redis

from agents.batcher import Batcher
from agents.cache import redis_scripts as scripts
from agents.cache.entries import Entry, Found, Learned, Member, News, Stored, Swept
from agents.cache.outcomes import Outcome
from agents.cache.redis_form import ENTRY, VOIDED, encode, entry_in, entry_of, outcome_in, outcomes_key, request_key
from agents.cache.redis_news import NEWS_WAIT_MS, read_news
from agents.cache.redis_rules import RedisRules
from agents.cache.redis_survey import CHUNK, RedisSurvey
from agents.cache.rules import LONGEST_TTL_MS, Rule, Rules
from agents.circuit import Circuit
from agents.redis_client import name_of


class _Values(NamedTuple):
    """What keys held, and the rules that were in force at that moment."""

    rules: Rules
    values: list[bytes | None]


class RedisEntries:
    """The entries that all workers share. Calls that are made at the same time share a round trip.

    Reading and writing have a circuit each: a Redis that is full refuses writes and still serves what it has. The
    rules by which entries are void come with everything that is read, so that one that was just made holds at once.

    Args:
        client: as :func:`agents.redis_client.connect` makes it; whoever made it closes it.
        now: the time, in UTC epoch milliseconds.
        limit_ms: how long any one call may take before Redis counts as down.
        pause_ms: for how long it is then left alone.
    """

    def __init__(self, client: Redis, *, now: Callable[[], int], limit_ms: int = 250, pause_ms: int = 2_000) -> None:
        self._client: Any = client  # redis-py's annotations are unions over every setting of a client
        self._now = now
        self._reading = Circuit(name_of(client), now=now, limit_ms=limit_ms, pause_ms=pause_ms)
        self._writing = Circuit(name_of(client), now=now, limit_ms=limit_ms, pause_ms=pause_ms)
        # In the background nobody waits: whole lists may take longer than one lookup.
        slow_ms = NEWS_WAIT_MS + 20 * limit_ms
        self._behind = Circuit(name_of(client), now=now, limit_ms=slow_ms, pause_ms=0)
        self._rules = RedisRules(client, now=now)
        self._survey = RedisSurvey(client, circuit=self._behind, rules=self._rules, now=now)
        self._read: Batcher[Sequence[str], _Values] = Batcher(self._mget, limit=256)
        self._write: Batcher[scripts.Command, Any] = Batcher(self._pipeline, limit=64)

    async def find(self, tenant: str, request_id: str, fingerprint: str | None) -> Found:
        """Look up a request id and a fingerprint in one round trip. Raises ServiceError."""
        self._reading.check()
        known = request_key(tenant, request_id)
        keys = (known,) if fingerprint is None else (known, ENTRY + fingerprint)
        rules, (first, *second) = await self._read(keys)
        answered = entry_in(first)
        if answered and (answered.tenant, answered.request_id) != (tenant, request_id):
            answered = None
        return Found(answered, _living(rules, fingerprint, second[0]) if fingerprint and second else None)

    async def get(self, fingerprints: Sequence[str]) -> list[Entry | None]:
        """The entries of ``fingerprints``. Raises ServiceError."""
        if not fingerprints:
            return []
        self._reading.check()
        rules, values = await self._read([ENTRY + fingerprint for fingerprint in fingerprints])
        return [_living(rules, fingerprint, value) for fingerprint, value in zip(fingerprints, values, strict=True)]

    async def put(self, entry: Entry, *, ttl_ms: int, capacity: int | None = None) -> None:
        """Store and announce an entry, and make room for it in its scope. Raises ServiceError."""
        self._writing.check()
        ttl_ms = min(ttl_ms, LONGEST_TTL_MS)
        now, expires_at = self._now(), entry.answered_at + ttl_ms
        while expires_at > now and not self._rules.void(entry):
            put = scripts.put(
                entry, rules=self._rules.value, now=now, expires_at=expires_at, ttl_ms=ttl_ms, capacity=capacity
            )
            if await self._write(put) != scripts.RULES_CHANGED:
                return
            await self._read(())

    async def remember(self, entry: Entry, *, ttl_ms: int) -> None:
        """Store what was answered to a request id. Raises ServiceError."""
        self._writing.check()
        lives_ms = min(entry.answered_at + ttl_ms - self._now(), ttl_ms)
        if lives_ms <= 0:
            return
        bare = msgspec.structs.replace(entry, question="", embedding=None)
        key = request_key(entry.tenant, entry.request_id)
        await self._write(("SET", key, encode(bare), "PX", lives_ms))

    async def void(self, rule: Rule) -> None:
        """Put a rule in force. Raises ServiceError."""
        await self._writing.run(lambda: self._rules.add(rule))

    async def drop(self, fingerprints: Sequence[str]) -> int:
        """Delete entries, and return how many there were. Raises ServiceError."""
        found = 0
        for start in range(0, len(fingerprints), CHUNK):
            chunk = fingerprints[start : start + CHUNK]
            by_scope: dict[str, list[str]] = defaultdict(list)
            _, values = await self._read([ENTRY + name for name in chunk])
            for name, value in zip(chunk, values, strict=True):
                entry = entry_of(name, value)
                # What another release wrote goes too, though nobody can tell of which scope it is.
                by_scope[entry.scope if entry else ""].append(name)
                found += entry is not None
            for scope, names in by_scope.items():
                await self._write(scripts.drop(scope, names, at=self._now()))
        return found

    def sweep(self, rule: Rule, *, dry_run: bool = False) -> AsyncIterator[Swept]:
        """Delete what a rule voids, or only count it. Raises ServiceError."""
        return self._survey.sweep(rule, dry_run=dry_run)

    def stored(self) -> AsyncIterator[list[Stored]]:
        """All entries, in chunks. Raises ServiceError."""
        return self._survey.stored()

    def members(self, scope: str, limit: int) -> AsyncIterator[list[Member]]:
        """The members of a scope, in chunks. Raises ServiceError."""
        return self._survey.members(scope, limit)

    async def learn(self, tenant: str, task: str, outcome: Outcome) -> None:
        """Keep and announce an outcome. Raises ServiceError."""
        await self._write(scripts.learn(Learned(tenant, task, outcome)))

    async def outcomes(self, tenant: str, task: str) -> list[Outcome]:
        """The outcomes of a task of a tenant. Raises ServiceError."""
        found: list[Outcome] = []
        for served in (True, False):
            key = outcomes_key(tenant, task, served=served)
            values: list[bytes] = await self._behind.run(partial(self._client.zrange, key, 0, -1))
            found += [outcome for outcome in map(outcome_in, values) if outcome]
        return sorted(found, key=lambda outcome: outcome.at)

    async def news(self, cursor: str | None) -> News:
        """News after ``cursor``. Raises ServiceError."""
        return await read_news(self._client, self._behind, cursor)

    async def _mget(self, wanted: Sequence[Sequence[str]]) -> list[_Values]:
        keys = [VOIDED, *(key for some in wanted for key in some)]
        value, *values = await self._reading.run(lambda: self._client.mget(keys))
        rules, shared = self._rules.heard(value), iter(values)
        return [_Values(rules, [next(shared) for _ in some]) for some in wanted]

    async def _pipeline(self, commands: Sequence[scripts.Command]) -> list[Any]:
        pipeline = self._client.pipeline(transaction=False)
        for command in commands:
            pipeline.execute_command(*command)
        results: list[Any] = await self._writing.run(pipeline.execute)
        return results


def _living(rules: Rules, fingerprint: str, value: bytes | None) -> Entry | None:
    entry = entry_of(fingerprint, value)
    return entry if entry and not rules.void(entry) else None
