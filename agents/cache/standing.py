"""How well the cache does for one task of one tenant, by its checks; a tier that does not keep the bound is closed.

The bound is on wrong answers among *all* requests. A tier's share of wrong answers among all requests is its wrong
rate, which checks sample, times the share of requests that it answers, which is counted. A tier is closed while the
lower end of that estimate, at 95% confidence, is above the bound: only then is it beyond doubt. What a closed tier
would have served is still compared with the answer that the model then gives, at no further cost, so that a tier that
has got better opens again.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Collection, Iterable
from typing import NamedTuple

from agents.cache.boundary import Boundary
from agents.cache.decision import Tier
from agents.cache.outcomes import Outcome
from agents.wilson import interval

WINDOW = 500
"""Outcomes of a tier that count: the last. At a bound of 1% and a share of one half, 3% of them is beyond doubt."""


class Measured(NamedTuple):
    """What checks found of some answers. The interval is Wilson's, at 95% confidence."""

    checks: int
    wrong: int
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.wrong} of {self.checks} checked answers wrong ({self.low:.1%} to {self.high:.1%})"


class Standing:
    """What a worker knows of one task of one tenant.

    Args:
        bound: the tenant's, a share of all requests.
        boundary: learns from the same outcomes; None where the equivalence is strict.
        say: told when a tier closes or opens, in one sentence.
    """

    def __init__(self, bound: float, boundary: Boundary | None, say: Callable[[str], None]) -> None:
        self.boundary = boundary
        self._bound = bound
        self._say = say
        self._outcomes: dict[str, deque[Outcome]] = {}
        self._lookups = 0
        self._judged: Counter[str] = Counter()
        self._closed: set[str] = set()

    def looked(self, tier: Tier | None) -> None:
        """Count a request, and the tier that served it or would have."""
        self._lookups += 1
        if tier is not None:
            self._judged[tier] += 1

    def learn(self, outcomes: Iterable[Outcome]) -> None:
        """Take in what checks found, the oldest first."""
        taken = list(outcomes)
        for outcome in taken:
            if outcome.chosen:
                self._outcomes.setdefault(outcome.tier, deque(maxlen=WINDOW)).append(outcome)
        for tier in {outcome.tier for outcome in taken}:
            self._review(tier)
        if self.boundary is not None:
            self.boundary.learn(taken)

    def is_open(self, tier: Tier) -> bool:
        """Whether the tier may serve."""
        return tier not in self._closed

    @property
    def closed(self) -> frozenset[str]:
        """The tiers that may not."""
        return frozenset(self._closed)

    def chosen(self, tier: Tier) -> Measured:
        """What was found of all that a tier chose, whether it was served or withheld."""
        return _measured(self._outcomes.get(tier, ()))

    def hits(self) -> Measured:
        """What was found of the answers that were served, by whichever tier."""
        return _measured([one for window in self._outcomes.values() for one in window if one.served])

    def _review(self, tier: str) -> None:
        found = _measured(self._outcomes.get(tier, ()))
        # One more of each, so that a tier starts as if it answered everything.
        share = (self._judged[tier] + 1) / (self._lookups + 1)
        beyond = found.low * share > self._bound
        if beyond and tier not in self._closed:
            self._closed.add(tier)
            self._say(f"the {tier} tier is closed: {found}, {share:.0%} of requests; the bound is {self._bound:.2%}")
        elif not beyond and tier in self._closed:
            self._closed.discard(tier)
            self._say(f"the {tier} tier is open again: {found}")


def _measured(outcomes: Collection[Outcome]) -> Measured:
    wrong = sum(not outcome.same for outcome in outcomes)
    return Measured(len(outcomes), wrong, *interval(wrong, len(outcomes)))
