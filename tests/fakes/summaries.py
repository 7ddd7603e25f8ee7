"""Summaries in memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from agents.context.summaries import PATIENCE_MS
from schemas.errors import ServiceError
from schemas.records import Summary


class InMemorySummaries:
    """What one process knows."""

    def __init__(self, *, now: Callable[[], int]) -> None:
        self._now = now
        self._texts: dict[str, str] = {}
        self._begun: dict[str, int] = {}
        self.down = False

    async def find(self, names: Sequence[str]) -> list[str | None]:
        self._reached()
        return [self._texts.get(name, "" if self._being_made(name) else None) for name in names]

    async def begin(self, name: str) -> bool:
        self._reached()
        if name in self._texts or self._being_made(name):
            return False
        self._begun[name] = self._now()
        return True

    async def put(self, summary: Summary) -> None:
        self._reached()
        self._texts[summary.turns] = summary.text

    def _being_made(self, name: str) -> bool:
        return name in self._begun and self._now() < self._begun[name] + PATIENCE_MS

    def _reached(self) -> None:
        if self.down:
            raise ServiceError("the summaries are down")
