"""What one worker has learned from checks: for each task of a tenant the outcomes so far, folded into one state."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Generic, Protocol, TypeVar

from agents.cache.entries import Entries, News
from agents.cache.outcomes import Outcome
from schemas.errors import ServiceError


class Learns(Protocol):
    """A state that outcomes are folded into."""

    def learn(self, outcomes: Sequence[Outcome]) -> None:
        """Take in outcomes. Each comes once; between workers their order may differ."""
        ...


L = TypeVar("L", bound=Learns)


class _Held(Generic[L]):
    """One task of a tenant, while and after it is filled."""

    def __init__(self, patience_s: float) -> None:
        self.state: L | None = None
        self.late: list[Outcome] = []
        """News that came while it was filled."""
        self.known: frozenset[int] = frozenset()
        """Hashes of what it was filled with, of which the news may still be on their way."""
        self.filling: asyncio.Task[None] | None = None
        self.patient_until = asyncio.get_running_loop().time() + patience_s


class Lessons(Generic[L]):
    """What was learned, by tenant and task: filled from the entries when first asked for, then kept up by the news.

    A follower of :func:`agents.cache.follow.follow`, without which nothing is known.

    Args:
        entries: where outcomes are kept.
        fold: makes the state of a tenant and a task that has learned nothing.
        capacity: how many states to hold; those used least recently go first.
        patience_s: how long requests wait for a state that is being filled, counted from when that began. It goes on
            being filled after that.
    """

    def __init__(
        self, entries: Entries, *, fold: Callable[[str, str], L], capacity: int = 256, patience_s: float = 0.25
    ) -> None:
        self._entries = entries
        self._fold = fold
        self._capacity = capacity
        self._patience_s = patience_s
        self._held: OrderedDict[tuple[str, str], _Held[L]] = OrderedDict()
        self._follows = False

    async def of(self, tenant: str, task: str) -> L | None:
        """The state of a task of a tenant, which goes on learning; None while it is not there.

        Ask again for each request: after Redis was lost it is another one.
        """
        if not self._follows:
            return None
        name = tenant, task
        held = self._held.get(name)
        if held is None:
            held = self._held[name] = _Held(self._patience_s)
            held.filling = asyncio.create_task(self._fill(name, held))
            if len(self._held) > self._capacity:
                self._held.popitem(last=False)
        self._held.move_to_end(name)
        if held.state is None and held.filling is not None:
            patience_s = held.patient_until - asyncio.get_running_loop().time()
            await asyncio.wait({held.filling}, timeout=max(0.0, patience_s))
        return held.state

    def held(self) -> dict[tuple[str, str], L]:
        """The states that are there, by tenant and task."""
        return {name: held.state for name, held in self._held.copy().items() if held.state is not None}

    def start_over(self, *, follows: bool) -> None:
        """Forget all that was learned. Only while ``follows`` is it fetched again."""
        for held in self._held.values():
            if held.state is None and held.filling is not None:
                held.filling.cancel()
        self._held.clear()
        self._follows = follows

    def hear(self, news: News) -> None:
        """Learn what others found out."""
        for one in news.learned:
            held = self._held.get((one.tenant, one.task))
            if held is None:
                continue
            if held.state is None:
                held.late.append(one.outcome)
            elif hash(one.outcome) not in held.known:
                held.state.learn((one.outcome,))

    def __len__(self) -> int:
        """How many states are held."""
        return sum(held.state is not None for held in self._held.values())

    async def _fill(self, name: tuple[str, str], held: _Held[L]) -> None:
        try:
            outcomes = await self._entries.outcomes(*name)
        except ServiceError:
            # The next request tries again, if by then the entries can be reached.
            if self._held.get(name) is held:
                del self._held[name]
            return
        held.known = frozenset(map(hash, outcomes))
        state = self._fold(*name)
        state.learn([*outcomes, *(late for late in held.late if hash(late) not in held.known)])
        held.late.clear()
        held.state = state
