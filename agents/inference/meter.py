"""The meter: shares what an engine's GPUs cost among the predictions that it makes at the same time. Pure.

The rule is egalitarian processor sharing: at every instant, those at the engine pay equal parts of what that instant
costs, and when nobody is there it is idle time. (The fluid limit of round robin: Kleinrock, "Time-shared Systems: A
Theoretical Treatment", 1967; its bookkeeping by one growing level is the virtual time of Parekh and Gallager, "A
Generalized Processor Sharing Approach to Flow Control", 1993.) The *level* is what anyone would have paid who had been
there since the beginning; a prediction pays how far it rose during its stay::

    d level = d bill / n        while n > 0 are at the engine
    idle   += d bill            while there is none
    cost    = level(leaving) − level(entering)

All of it in whole nano-dollars. What a division leaves over is carried to the next one; the last to leave takes what is
carried, and at an entry it counts as idle, so that nobody pays for an instant at which it was not there. Hence, for
any stretch of time: ``charged + lost + idle + in_progress = bill``, exactly, and no prediction costs more than the
engine does during its stay.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple


class Statement(NamedTuple):
    """Where an engine's bill of one stretch of time went. Times in UTC epoch microseconds, money in nano-USD."""

    since: int
    until: int
    bill: int
    charged: int
    """To predictions that ended meanwhile."""
    lost: int
    """To predictions that ended meanwhile without an answer: failed, or given up at their deadline."""
    idle: int
    """To nobody."""
    in_progress: int
    """To predictions that are still there, less what was charged meanwhile for time before ``since``. May be negative;
    adds up to zero once the engine is empty."""


class Meter:
    """Of one engine.

    Args:
        bill: what the engine costs between two instants; those of adjoining stretches must add up.
        since: the first instant, in UTC epoch microseconds. A clock that goes back is taken to stand still.
    """

    def __init__(self, bill: Callable[[int, int], int], since: int) -> None:
        self._bill = bill
        self._since = self._at = since
        self._level = 0
        self._carried = 0
        self._present = 0
        self._entered = 0
        """The sum of the levels at which those who are there came."""
        self._begun = 0
        """What those who were there at ``since`` had cost by then."""
        self._charged = self._lost = self._idle = 0

    def enter(self, at: int) -> int:
        """A prediction begins. Returns the level, which it brings back when it leaves."""
        self._advance(at)
        self._idle += self._carried
        self._carried = 0
        self._present += 1
        self._entered += self._level
        return self._level

    def leave(self, level: int, at: int) -> int:
        """A prediction that entered at ``level`` has its answer. Returns what it costs."""
        cost = self._out(level, at)
        self._charged += cost
        return cost

    def lose(self, level: int, at: int) -> None:
        """A prediction that entered at ``level`` ends without an answer."""
        self._lost += self._out(level, at)

    def state(self, at: int) -> Statement:
        """Account for the time since the last statement, and begin the next."""
        self._advance(at)
        under_way = self._present * self._level - self._entered + self._carried
        statement = Statement(
            since=self._since,
            until=self._at,
            bill=self._bill(self._since, self._at),
            charged=self._charged,
            lost=self._lost,
            idle=self._idle,
            in_progress=under_way - self._begun,
        )
        self._since, self._begun = self._at, under_way
        self._charged = self._lost = self._idle = 0
        return statement

    def _advance(self, at: int) -> None:
        at = max(at, self._at)
        cost = self._bill(self._at, at)
        self._at = at
        if self._present:
            rise, self._carried = divmod(self._carried + cost, self._present)
            self._level += rise
        else:
            self._idle += cost

    def _out(self, level: int, at: int) -> int:
        self._advance(at)
        self._present -= 1
        self._entered -= level
        cost = self._level - level
        if not self._present:
            cost += self._carried
            self._carried = 0
        return cost
