"""Entries in Redis: any Redis from 6 on, or Valkey, without modules; one server or a primary with its replicas.

=============================================  =======================================================
``headrace:entry:<fingerprint>``               an entry, until it expires
``headrace:request:<length>:<tenant>:<id>``    what was answered to a request id; the length of the tenant's
                                               name tells where it ends
``headrace:scope:<scope>``                     a sorted set of fingerprints by the instant of their expiry
``headrace:news``                              a capped stream of the entries that workers stored
=============================================  =======================================================
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from functools import partial
from typing import Any

import msgspec
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError

from agents.batcher import Batcher
from agents.cache.circuit import Circuit
from agents.cache.entries import Added, Entry, Found, Member, News
from schemas.errors import ServiceError

ENTRY = "headrace:entry:"
REQUEST = "headrace:request:"
SCOPE = "headrace:scope:"
NEWS = "headrace:news"

NEWS_KEPT = 10_000
"""How many announcements Redis keeps, roughly: a worker that lags by more starts its indexes anew."""
NEWS_READ = 500
"""How many of them are read at a time."""
NEWS_WAIT_MS = 1_000
CHUNK = 256
"""How many entries are read at a time to fill an index."""

Command = tuple[str | bytes | int, ...]

_encode = msgspec.msgpack.Encoder().encode
_entry = msgspec.msgpack.Decoder(Entry)
_added = msgspec.msgpack.Decoder(Added)


def connect(url: str) -> Redis:
    """A client for :class:`RedisEntries`: ``redis://``, ``rediss://`` or ``unix://``; nothing is sent yet.

    Raises:
        ServiceError: not such a URL.
    """
    try:
        # A connection that a restart of the server has cut is replaced once. Every call has a limit of its own.
        retry = Retry(NoBackoff(), 1, supported_errors=(RedisConnectionError,))
        return Redis.from_url(url, protocol=2, retry=retry, socket_timeout=None)
    except ValueError as error:
        raise ServiceError(f"{url!r} is not the URL of a Redis: {error}") from error


class RedisEntries:
    """The entries that all workers share. Calls that are made at the same time share a round trip.

    Reading and writing have a circuit each: a Redis that is full refuses writes and still serves what it has.

    Args:
        client: as :func:`connect` makes it; whoever made it closes it.
        now: the time, in UTC epoch milliseconds.
        limit_ms: how long any one call may take before Redis counts as down.
        pause_ms: for how long it is then left alone.
    """

    def __init__(self, client: Redis, *, now: Callable[[], int], limit_ms: int = 250, pause_ms: int = 2_000) -> None:
        self._client: Any = client  # redis-py's annotations are unions over every setting of a client
        self._now = now
        self._reading = Circuit(_name(client), now=now, limit_ms=limit_ms, pause_ms=pause_ms)
        self._writing = Circuit(_name(client), now=now, limit_ms=limit_ms, pause_ms=pause_ms)
        # In the background nobody waits: whole lists may take longer than one lookup.
        slow_ms = NEWS_WAIT_MS + 20 * limit_ms
        self._behind = Circuit(_name(client), now=now, limit_ms=slow_ms, pause_ms=0)
        self._read: Batcher[Sequence[str], list[bytes | None]] = Batcher(self._mget, limit=256)
        self._write: Batcher[Sequence[Command], None] = Batcher(self._pipeline, limit=64)

    async def find(self, tenant: str, request_id: str, fingerprint: str | None) -> Found:
        """Look up a request id and a fingerprint in one round trip. Raises ServiceError."""
        self._reading.check()
        known = _request_key(tenant, request_id)
        keys = (known,) if fingerprint is None else (known, ENTRY + fingerprint)
        first, *second = await self._read(keys)
        answered = _decoded(first)
        if answered and (answered.tenant, answered.request_id) != (tenant, request_id):
            answered = None
        return Found(answered, _of(fingerprint, second[0]) if fingerprint and second else None)

    async def get(self, fingerprints: Sequence[str]) -> list[Entry | None]:
        """The entries of ``fingerprints``. Raises ServiceError."""
        if not fingerprints:
            return []
        self._reading.check()
        values = await self._read([ENTRY + fingerprint for fingerprint in fingerprints])
        return [_of(fingerprint, value) for fingerprint, value in zip(fingerprints, values, strict=True)]

    async def put(self, entry: Entry, *, ttl_ms: int) -> None:
        """Store and announce an entry. Raises ServiceError."""
        self._writing.check()
        now, expires_at = self._now(), entry.answered_at + ttl_ms
        if expires_at <= now:
            return
        lives_ms = min(expires_at - now, ttl_ms)
        commands: list[Command] = [("SET", ENTRY + entry.fingerprint, _encode(entry), "PX", lives_ms)]
        if entry.embedding is not None:
            scope = SCOPE + entry.scope
            news = Added(entry.scope, Member(entry.fingerprint, entry.embedding, expires_at))
            commands += [
                ("ZADD", scope, expires_at, entry.fingerprint),
                ("ZREMRANGEBYSCORE", scope, "-inf", now),
                # No entry of the scope outlives this, since none lives longer than a new one.
                ("PEXPIRE", scope, ttl_ms),
                # Last, for whoever hears of an entry may ask for it at once.
                ("XADD", NEWS, "MAXLEN", "~", NEWS_KEPT, "*", "added", _encode(news)),
            ]
        await self._write(commands)

    async def remember(self, entry: Entry, *, ttl_ms: int) -> None:
        """Store what was answered to a request id. Raises ServiceError."""
        self._writing.check()
        lives_ms = min(entry.answered_at + ttl_ms - self._now(), ttl_ms)
        if lives_ms <= 0:
            return
        bare = msgspec.structs.replace(entry, question="", embedding=None)
        key = _request_key(entry.tenant, entry.request_id)
        await self._write([("SET", key, _encode(bare), "PX", lives_ms)])

    async def members(self, scope: str, limit: int) -> AsyncIterator[list[Member]]:
        """The members of a scope, in chunks. Raises ServiceError."""
        client = self._client
        ranked: list[tuple[bytes, float]] = await self._behind.run(
            lambda: client.zrange(SCOPE + scope, -limit, -1, withscores=True)
        )
        for start in range(0, len(ranked), CHUNK):
            chunk = {name.decode(): int(expires_at) for name, expires_at in ranked[start : start + CHUNK]}
            keys = [ENTRY + fingerprint for fingerprint in chunk]
            values = await self._behind.run(partial(client.mget, keys))
            entries = (_of(name, value) for name, value in zip(chunk, values, strict=True))
            yield [
                Member(entry.fingerprint, entry.embedding, chunk[entry.fingerprint])
                for entry in entries
                if entry and entry.embedding and entry.scope == scope
            ]

    async def news(self, cursor: str | None) -> News:
        """News after ``cursor``. Raises ServiceError."""
        client = self._client
        if cursor is None:
            last = await self._behind.run(lambda: client.xrevrange(NEWS, count=1))
            return News(last[0][0].decode() if last else "0-0", (), gap=False)
        reply = await self._behind.run(lambda: client.xread({NEWS: cursor}, count=NEWS_READ, block=NEWS_WAIT_MS))
        messages: list[tuple[bytes, dict[bytes, bytes]]] = reply[0][1] if reply else []
        if not messages:
            return News(cursor, (), gap=False)
        gap = False
        if len(messages) == NEWS_READ:  # far behind, perhaps further than the stream reaches back
            oldest = await self._behind.run(lambda: client.xrange(NEWS, count=1))
            gap = not oldest or _number(oldest[0][0]) > _number(cursor.encode())
        announced = (_announced(fields.get(b"added")) for _, fields in messages)
        return News(messages[-1][0].decode(), [added for added in announced if added], gap)

    async def _mget(self, wanted: Sequence[Sequence[str]]) -> list[list[bytes | None]]:
        keys = [key for some in wanted for key in some]
        values: list[bytes | None] = await self._reading.run(lambda: self._client.mget(keys))
        shared = iter(values)
        return [[next(shared) for _ in some] for some in wanted]

    async def _pipeline(self, wanted: Sequence[Sequence[Command]]) -> list[None]:
        pipeline = self._client.pipeline(transaction=False)
        for commands in wanted:
            for command in commands:
                pipeline.execute_command(*command)
        await self._writing.run(pipeline.execute)
        return [None] * len(wanted)


def _name(client: Any) -> str:
    where = client.get_connection_kwargs()
    return f"Redis at {where.get('path') or '{}:{}'.format(where.get('host'), where.get('port'))}"


def _request_key(tenant: str, request_id: str) -> str:
    return f"{REQUEST}{len(tenant)}:{tenant}:{request_id}"


def _decoded(value: bytes | None) -> Entry | None:
    """The entry in ``value``; None also for what another release wrote in a form that this one cannot read."""
    if value is None:
        return None
    try:
        return _entry.decode(value)
    except msgspec.MsgspecError:
        return None


def _announced(value: bytes | None) -> Added | None:
    """The news in ``value``; None for news of a kind that this release does not know."""
    if value is None:
        return None
    try:
        return _added.decode(value)
    except msgspec.MsgspecError:
        return None


def _of(fingerprint: str, value: bytes | None) -> Entry | None:
    entry = _decoded(value)
    return entry if entry and entry.fingerprint == fingerprint else None


def _number(message_id: bytes) -> tuple[int, int]:
    milliseconds, _, count = message_id.partition(b"-")
    return int(milliseconds), int(count)
