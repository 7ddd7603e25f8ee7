"""Which waiting prompts an engine gets next. Pure: no clock, no event loop; what is decided is returned.

An engine runs some prompts at once and lets the others wait inside it, where nothing can overtake them. So only a
few more than it runs are handed to it, and no more tokens than it can hold; the rest wait here, and are let in as room
falls free. There is never a batch that waits for its slowest member.

Four rules, the first before the second:

1. *Lanes.* Real time goes before batch, which has its turn all the same. While real time comes, batch fills a share of
   what the engine runs only: what arrives then finds an engine that is not crowded. And never all of it: the first of
   real time to come finds a place free.
2. *Tenants.* Of a lane's tenants the one goes on that was given the fewest tokens while it waited: start-time fair
   queueing (Goyal et al., 1996), with tokens for a length as in "Fairness in Serving Large Language Models" (Sheng et
   al., 2024). A tenant that was away comes back level with the others: it saves up nothing.
3. *Prefixes.* A tenant's oldest prompt begins a run of those that begin alike, whose beginning the engine then computes
   once. A run ends after some prompts, whoever keeps coming.
4. *Age.* Within these, the oldest is first, by when its request came to Headrace: a task that was late here, for it
   was handed over or its partition lagged, has waited all the same. Who is next and finds too little room is waited
   for: what is smaller does not slip past it.

Fairness is counted in turns and tokens, not in seconds: under a backlog everything has waited long, and whatever ages
by the clock then degenerates to the order of arrival.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from heapq import heappop, heappush
from itertools import count
from typing import NamedTuple

from schemas.enums import Lane


class Waiting(NamedTuple):
    """A prompt that waits to be let in."""

    lane: Lane
    tenant: str
    prefix: str
    """Equal for prompts of one tenant that begin alike, so that the engine computes their beginning once."""
    tokens: int
    """What it takes of the engine's room: its prompt and the longest answer that it may get."""
    came_at: int = 0
    """When its request came, in any unit and of any origin; of those that came at once, who is here first is older."""


class Room(NamedTuple):
    """What an engine is given at once."""

    runs: int
    """Prompts that it works on together."""
    tokens: int | None = None
    """None where the engine does not say how many it can hold. A prompt larger than that is let in alone."""
    more: int = 0
    """Prompts beside these, which wait in the engine for their turn."""
    spare: int = 0
    """Of those that it runs, how many batch leaves to real time, unless it would then have none."""

    @property
    def places(self) -> int:
        """All that are in the engine, at most."""
        return self.runs + self.more


class Rules(NamedTuple):
    """How the waiting share the engine."""

    batch_turn: int = 8
    """While both lanes wait, one in so many places is batch's."""
    prefix_run: int = 16
    """So many of one prefix may pass older prompts of their lane and tenant before the oldest has its turn."""
    batch_share: float = 0.25
    """Of the prompts that the engine runs, those that may be batch's while real time comes; all but the spare ones once
    as many of batch went in and none of real time came. At least one in any case."""


def room_for(capacity: int, tokens: int | None = None) -> Room:
    """The room of an engine that runs ``capacity`` prompts at once: a quarter more, so that none of its places idles.

    Whoever follows an answer that ends is too late for the engine's next step, unless it waits there already. A step
    ends several: where answers have 8 tokens on average, a quarter more keeps 99% of 8 to 256 places filled, a tenth
    94 to 98%.

    Of those that it runs, one is spared for real time, which would wait for a whole answer of batch otherwise.
    """
    return Room(capacity, tokens, more=min(capacity, max(2, capacity // 4)), spare=1)


class Admission:
    """Who waits, who is inside, and who is let in next.

    Guarantees, for a prompt with ``k`` older ones of its lane and tenant and ``n`` tenants in its lane: it is let in
    after at most ``(k + 1) × prefix_run`` of its own tenant; two tenants that both keep waiting are given token
    counts that differ by no more than one run of each; and a lane is never passed over for more than ``batch_turn``
    places, unless it is batch and has its share already. A decision costs the logarithm of the tenants, however many
    wait.
    """

    def __init__(self, room: Room, rules: Rules | None = None) -> None:
        """``room`` is the engine's; ``rules`` are the default ones where none are given."""
        self._room = room
        self._rules = rules or Rules()
        self._lanes = {lane: _Lane(self._rules.prefix_run) for lane in Lane}
        self._inside: dict[int, _Step] = {}
        self._batch_inside = 0
        self._quiet = room.runs
        """Prompts of batch let in since one of real time came."""
        self._passed = 0
        """Real-time prompts let in over the heads of batch, since batch had its turn."""
        self.tokens = 0
        """Of those inside."""

    @property
    def inside(self) -> int:
        """Prompts that were let in and have not left."""
        return len(self._inside)

    @property
    def waiting(self) -> int:
        """Prompts that wait, in both lanes."""
        return sum(len(line) for line in self._lanes.values())

    def lane(self, number: int) -> Lane:
        """The lane in which a prompt that is inside was let in."""
        return self._inside[number].waiting.lane

    def arrive(self, number: int, waiting: Waiting) -> None:
        """A prompt joins the line under a ``number`` of its own."""
        self._lanes[waiting.lane].join(number, waiting)
        if waiting.lane is Lane.REALTIME:
            self._quiet = 0

    def leave(self, number: int) -> None:
        """A prompt is done, or is wanted no more; wherever it is."""
        step = self._inside.pop(number, None)
        if step is None:
            for line in self._lanes.values():
                line.drop(number)
        else:
            self.tokens -= step.waiting.tokens
            self._batch_inside -= step.waiting.lane is Lane.BATCH

    def hurry(self, number: int, came_at: int) -> None:
        """A prompt of batch is wanted in real time too, by a request that came then: it joins that line at that age."""
        waiting = self._lanes[Lane.BATCH].drop(number)
        if waiting is not None:
            self.arrive(number, waiting._replace(lane=Lane.REALTIME, came_at=came_at))

    def admit(self) -> list[int]:
        """Let in as many as there is room for; their numbers, in the order in which they go in."""
        admitted: list[int] = []
        while len(self._inside) < self._room.places and (lane := self._turn()) is not None:
            step = self._lanes[lane].next()
            if not self._fits(step.waiting.tokens):
                break
            self._lanes[lane].take(step)
            self._inside[step.number] = step
            self.tokens += step.waiting.tokens
            if lane is Lane.BATCH:
                self._batch_inside += 1
                self._quiet += 1
                self._passed = 0
            else:
                self._passed = self._passed + 1 if self._lanes[Lane.BATCH] else 0
            admitted.append(step.number)
        return admitted

    def _turn(self) -> Lane | None:
        """Whose the next place is; nobody's where only batch waits and has its share."""
        runs, spare = self._room.runs, self._room.spare
        share = runs if self._quiet >= runs else int(runs * self._rules.batch_share)
        batch = bool(self._lanes[Lane.BATCH]) and self._batch_inside < max(1, min(share, runs - spare))
        if self._lanes[Lane.REALTIME] and not (batch and self._passed >= self._rules.batch_turn - 1):
            return Lane.REALTIME
        return Lane.BATCH if batch else None

    def _fits(self, tokens: int) -> bool:
        limit = self._room.tokens
        return limit is None or not self._inside or self.tokens + tokens <= limit


class _Step(NamedTuple):
    """Who goes on next, and what follows from it."""

    number: int
    waiting: Waiting
    run: int
    """Prompts of this run, with this one."""


_Ages = list[tuple[int, int]]
"""(came at, number), the oldest first."""


class _Tenant:
    """What waits of one tenant in one lane."""

    def __init__(self) -> None:
        self.given = 0
        """Tokens; lifted to what the others were given when it begins to wait."""
        self.line: dict[int, Waiting] = {}
        self.ages: _Ages = []
        self.prefixes: dict[str, _Ages] = {}

    def step(self, ages: _Ages, run: int) -> _Step:
        """The oldest of these as the next one to go on."""
        _, number = ages[0]
        return _Step(number, self.line[number], run)


class _Lane:
    """What waits in one lane."""

    def __init__(self, prefix_run: int) -> None:
        self._prefix_run = prefix_run
        self._tenants: dict[str, _Tenant] = {}
        """All that were ever seen: as many as the policy has."""
        self._whose: dict[int, str] = {}
        self._turns: list[tuple[int, int, str]] = []
        """A heap of (given, serial, tenant). An entry that is not true any more is dropped when it comes up."""
        self._serial = count()
        self._level = 0
        """What the tenant that went on last had been given before its run."""
        self._run: _Step | None = None

    def __len__(self) -> int:
        return len(self._whose)

    def join(self, number: int, waiting: Waiting) -> None:
        tenant = self._tenants.setdefault(waiting.tenant, _Tenant())
        if not tenant.line:
            tenant.given = max(tenant.given, self._level)
            self._queue(waiting.tenant, tenant)
        tenant.line[number] = waiting
        insort(tenant.ages, (waiting.came_at, number))
        insort(tenant.prefixes.setdefault(waiting.prefix, []), (waiting.came_at, number))
        self._whose[number] = waiting.tenant

    def drop(self, number: int) -> Waiting | None:
        name = self._whose.pop(number, None)
        if name is None:
            return None
        tenant = self._tenants[name]
        waiting = tenant.line.pop(number)
        alike = tenant.prefixes[waiting.prefix]
        for ages in (tenant.ages, alike):
            del ages[bisect_left(ages, (waiting.came_at, number))]
        if not alike:
            del tenant.prefixes[waiting.prefix]
        return waiting

    def next(self) -> _Step:
        """Who is next, of one or more."""
        run = self._run
        if run is not None and run.run < self._prefix_run:
            tenant = self._tenants[run.waiting.tenant]
            if alike := tenant.prefixes.get(run.waiting.prefix):
                return tenant.step(alike, run.run + 1)
        tenant = self._tenants[self._least()]
        return tenant.step(tenant.ages, 1)

    def take(self, step: _Step) -> None:
        """Let the next one go on."""
        name = step.waiting.tenant
        tenant = self._tenants[name]
        if step.run == 1:
            self._level = tenant.given
        self.drop(step.number)
        self._run = step
        tenant.given += step.waiting.tokens
        if tenant.line:
            self._queue(name, tenant)

    def _queue(self, name: str, tenant: _Tenant) -> None:
        heappush(self._turns, (tenant.given, next(self._serial), name))

    def _least(self) -> str:
        while True:
            given, _, name = self._turns[0]
            tenant = self._tenants[name]
            if tenant.line and tenant.given == given:
                return name
            heappop(self._turns)
