"""The indexes that one worker holds: each filled from the entries when it is first needed, then kept up by the news."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Sequence

from agents.cache.entries import Entries, Member, News
from agents.cache.index import Nominee, ScopeIndex
from agents.embedding import Vector
from schemas.errors import ServiceError

SCOPE_OVERHEAD = 500
"""What an index costs before it holds anything, in vectors: 0.4 MB against 0.8 kB."""


class _Held:
    """One scope, while and after it is filled."""

    def __init__(self, patience_s: float) -> None:
        self.index: ScopeIndex | None = None
        self.late: dict[str, Member | None] = {}
        """News that came while it was filled, by fingerprint; None of what was dropped."""
        self.filling: asyncio.Task[None] | None = None
        self.patient_until = asyncio.get_running_loop().time() + patience_s


class Scopes:
    """Nominates entries within a scope.

    A follower of :func:`agents.cache.follow.follow`, without which it nominates nothing.

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

    def start_over(self, *, follows: bool) -> None:
        """Drop all indexes. Only while ``follows`` are they filled again."""
        for held in self._held.values():
            if held.index is None and held.filling is not None:
                held.filling.cancel()
        self._held.clear()
        self._follows = follows

    def hear(self, news: News) -> None:
        """Take in the entries that were added, and forget those that were dropped."""
        for scope, fingerprint in news.dropped:
            held = self._held.get(scope)
            if held is not None and held.index is None:
                held.late[fingerprint] = None
            self.forget(scope, fingerprint)
        for scope, member in news.added:
            held = self._held.get(scope)
            if held is None:
                continue
            if held.index is None:
                held.late.pop(member.fingerprint, None)  # a later answer goes behind those before it
                held.late[member.fingerprint] = member
            else:
                held.index.add((member,), now=self._now())
        if news.added:
            self._make_room()

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
        for fingerprint in held.late:
            index.remove(fingerprint)
        index.add([member for member in held.late.values() if member], now=self._now())
        held.late.clear()
        held.index = index
        self._make_room()

    def _make_room(self) -> None:
        while len(self._held) > 1 and len(self) + SCOPE_OVERHEAD * len(self._held) > self._capacity:
            self._held.popitem(last=False)
