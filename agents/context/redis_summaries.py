"""Summaries in Redis, each a key that expires."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from redis.asyncio import Redis

from agents.circuit import Circuit
from agents.context.summaries import PATIENCE_MS
from agents.redis_client import name_of
from schemas.records import Summary

PREFIX = "headrace:summary:"
KEPT_MS = 7 * 24 * 3_600_000
"""How long a conversation may rest before its turns must be summarised again."""


class RedisSummaries:
    """The summaries of all workers.

    Args:
        client: as :func:`agents.redis_client.connect` makes it; whoever made it closes it.
        now: the time, in UTC epoch milliseconds.
        limit_ms: how long any one call may take before Redis counts as down.
        pause_ms: for how long it is then left alone.
    """

    def __init__(self, client: Redis, *, now: Callable[[], int], limit_ms: int = 250, pause_ms: int = 2_000) -> None:
        self._client: Any = client  # redis-py's annotations are unions over every setting of a client
        self._circuit = Circuit(name_of(client), now=now, limit_ms=limit_ms, pause_ms=pause_ms)

    async def find(self, names: Sequence[str]) -> list[str | None]:
        """The text under each name: None where there is none, empty where it is being made. Raises ServiceError."""
        if not names:
            return []
        found = await self._circuit.run(lambda: self._client.mget([PREFIX + name for name in names]))
        return [None if value is None else value.decode(errors="replace") for value in found]

    async def begin(self, name: str) -> bool:
        """Say that a summary is being made; False where it is already, or was. Raises ServiceError."""
        return bool(await self._circuit.run(lambda: self._client.set(PREFIX + name, b"", nx=True, px=PATIENCE_MS)))

    async def put(self, summary: Summary) -> None:
        """Keep a summary. Raises ServiceError."""
        await self._circuit.run(lambda: self._client.set(PREFIX + summary.turns, summary.text.encode(), px=KEPT_MS))
