"""Going through many entries of Redis, in the background: those of a scope, all of them, and those that are void."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Sequence
from functools import partial
from typing import Any

from agents.cache import redis_scripts as scripts
from agents.cache.entries import Entry, Member, Stored, Swept
from agents.cache.redis_form import ENTRY, SCOPE, VOIDED, entry_of
from agents.cache.redis_rules import RedisRules
from agents.cache.rules import Rule
from agents.circuit import Circuit

CHUNK = 256
"""How many entries are read at a time."""


class RedisSurvey:
    """Reads entries by the chunk, so that nothing waits for long. Every method raises ServiceError.

    Args:
        client: of redis-py; whoever made it closes it.
        circuit: how long one call may take.
        rules: which entries are void.
        now: the time, in UTC epoch milliseconds.
    """

    def __init__(self, client: Any, *, circuit: Circuit, rules: RedisRules, now: Callable[[], int]) -> None:
        self._client = client
        self._circuit = circuit
        self._rules = rules
        self._now = now

    async def members(self, scope: str, limit: int) -> AsyncIterator[list[Member]]:
        """The last ``limit`` members of a scope, in chunks."""
        ranked: list[tuple[bytes, float]] = await self._circuit.run(
            lambda: self._client.zrange(SCOPE + scope, -limit, -1, withscores=True)
        )
        for start in range(0, len(ranked), CHUNK):
            chunk = {name.decode(): int(expires_at) for name, expires_at in ranked[start : start + CHUNK]}
            yield [
                Member(entry.fingerprint, entry.embedding, chunk[entry.fingerprint])
                for entry in await self._entries(list(chunk))
                if entry.embedding and entry.scope == scope and not self._rules.void(entry)
            ]

    async def stored(self) -> AsyncIterator[list[Stored]]:
        """All entries that can be found, in chunks."""
        async for entries, _ in self._scan():
            living = [entry for entry in entries if not self._rules.void(entry)]
            pipeline = self._client.pipeline(transaction=False)
            for entry in living:
                pipeline.pttl(ENTRY + entry.fingerprint)
            lives: list[int] = await self._circuit.run(pipeline.execute) if living else []
            now = self._now()
            yield [Stored(entry, now + ms) for entry, ms in zip(living, lives, strict=True) if ms > 0]

    async def sweep(self, rule: Rule, *, dry_run: bool) -> AsyncIterator[Swept]:
        """Delete what ``rule`` voids, or only count it.

        An answer that takes a void one's place between reading and deletion is lost with it, which costs an execution.
        """
        keys: int = await self._circuit.run(self._client.dbsize)
        looked = void = 0
        async for entries, passed in self._scan():
            looked += passed
            found = [entry for entry in entries if rule.voids(entry)]
            if not dry_run:
                void += await self._delete(found)
            else:
                void += len(found)
            yield Swept(looked, keys, void)

    async def _scan(self) -> AsyncIterator[tuple[list[Entry], int]]:
        """All entries, void or not, in chunks; and how many keys were passed for each."""
        cursor = 0
        while True:
            scan = partial(self._client.scan, cursor, match=ENTRY + "*", count=CHUNK)
            cursor, keys = await self._circuit.run(scan)
            yield await self._entries([key.decode(errors="replace")[len(ENTRY) :] for key in keys]), CHUNK
            if not cursor:
                return

    async def _entries(self, fingerprints: Sequence[str]) -> list[Entry]:
        if not fingerprints:
            return []
        keys = [VOIDED, *(ENTRY + fingerprint for fingerprint in fingerprints)]
        rules, *values = await self._circuit.run(lambda: self._client.mget(keys))
        self._rules.heard(rules)
        entries = (entry_of(name, value) for name, value in zip(fingerprints, values, strict=True))
        return [entry for entry in entries if entry]

    async def _delete(self, entries: Sequence[Entry]) -> int:
        by_scope: dict[str, list[str]] = defaultdict(list)
        for entry in entries:
            by_scope[entry.scope].append(entry.fingerprint)
        pipeline = self._client.pipeline(transaction=False)
        for scope, fingerprints in by_scope.items():
            pipeline.execute_command(*scripts.drop(scope, fingerprints, at=None))
        deleted: list[int] = await self._circuit.run(pipeline.execute) if by_scope else []
        return sum(deleted)
