"""The indexes that one worker holds: each filled from the entries when it is first needed, then kept up by the news."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Sequence

from agents.cache.entries import Added, Entries, Member
from agents.cache.index import Nominee, ScopeIndex
from agents.embedding import Vector
from schemas.errors import ServiceError

SCOPE_OVERHEAD = 500
"""What an index costs before it holds anything, in vectors: 0.4 MB against 0.8 kB."""
RETRY_S = 1.0
"""Between tries to hear the news again."""


class _Held:
    """One scope, while and after it is filled."""

    def __init__(self, patience_s: float) -> None:
        self.index: ScopeIndex | None = None
        self.late: list[Member] = []
        """News that came while it was filled."""
        self.filling: asyncio.Task[None] | None = None
        self.patient_until = asyncio.get_running_loop().time() + patience_s


class Scopes:
    """Nominates entries within a scope.

    Args:
        entries: where indexes are filled from.
        dimensions: of the vectors.
        now: the time, in UTC epoch milliseconds.
        capacity: how many vectors to hold in all, about 1 kB each; the scopes used least recently go first.
        patience_s: how long requests wait for an index that is being filled, counted from when that began. It goes
            on being filled after that.
    """

    def __init__(
        self,
        entries: Entries,
        *,
        dimensions: int,
        now: Callable[[], int],
        capacity: int = 200_000,
        patience_s: float = 0.25,
    ) -> None:
        self._entries = entries
        self._dimensions = dimensions
        self._now = now
        self._capacity = capacity
        self._patience_s = patience_s
        self._held: OrderedDict[str, _Held] = OrderedDict()
        self._follows = False

    async def follow(self) -> None:
        """Hear the news for as long as the worker runs; to be run as a task, and cancelled.

        Without the news an index would miss what others store, so there are none until they are heard. Whenever
        they break off, all indexes are dropped and filled anew.
        """
        cursor: str | None = None
        try:
            while True:
                try:
                    news = await self._entries.news(cursor)
                except ServiceError:
                    cursor = None
                    self._start_over(follows=False)
                    await asyncio.sleep(RETRY_S)
                    continue
                if cursor is None or news.gap:
                    self._start_over(follows=True)
                cursor = news.cursor
                self._learn(news.added)
        finally:
            self._start_over(follows=False)

    async def nearest(self, scope: str, vector: Vector, count: int) -> Sequence[Nominee]:
        """Up to ``count`` entries of the scope, the nearest first; none while its index is not there."""
        if not self._follows:
            return ()
        held = self._held.get(scope)
        if held is None:
            held = self._held[scope] = _Held(self._patience_s)
            held.filling = asyncio.create_task(self._fill(scope, held))
        self._held.move_to_end(scope)
        if held.index is None and held.filling is not None:
            patience_s = held.patient_until - asyncio.get_running_loop().time()
            await asyncio.wait({held.filling}, timeout=max(0.0, patience_s))
        return held.index.nearest(vector, count) if held.index is not None else ()

    def forget(self, scope: str, fingerprint: str) -> None:
        """Drop an entry that turned out to be gone."""
        held = self._held.get(scope)
        if held is not None and held.index is not None:
            held.index.remove(fingerprint)

    def __len__(self) -> int:
        """How many vectors are held."""
        return sum(len(held.index) for held in self._held.values() if held.index is not None)

    def _start_over(self, *, follows: bool) -> None:
        for held in self._held.values():
            if held.index is None and held.filling is not None:
                held.filling.cancel()
        self._held.clear()
        self._follows = follows

    async def _fill(self, scope: str, held: _Held) -> None:
        index = ScopeIndex(dimensions=self._dimensions, capacity=self._capacity)
        try:
            async for members in self._entries.members(scope, self._capacity):
                # Nobody else has this index yet, so that a thread may work on it and the others go on.
                await asyncio.to_thread(index.add, members, now=self._now())
        except ServiceError:
            # The next request tries again, if by then the entries can be reached.
            if self._held.get(scope) is held:
                del self._held[scope]
            return
        index.add(held.late, now=self._now())
        held.late.clear()
        held.index = index
        self._make_room()

    def _learn(self, added: Sequence[Added]) -> None:
        for scope, member in added:
            held = self._held.get(scope)
            if held is None:
                continue
            if held.index is None:
                held.late.append(member)
            else:
                held.index.add((member,), now=self._now())
        if added:
            self._make_room()

    def _make_room(self) -> None:
        while len(self._held) > 1 and len(self) + SCOPE_OVERHEAD * len(self._held) > self._capacity:
            self._held.popitem(last=False)
