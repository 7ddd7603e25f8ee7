"""Serve a neighbour's answer, or none: by the risk that it is wrong, and by what the tenant's bound allows."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from agents.cache import outcomes
from agents.cache.boundary.curve import Curve, Prior, probability
from agents.cache.boundary.evidence import SHORTFALLS, Neighbour, weigh
from agents.cache.boundary.pace import Pace
from agents.cache.boundary.prior import PRIOR
from agents.cache.outcomes import Outcome

KEPT = outcomes.KEPT
"""Outcomes of each kind, of checked hits and of comparisons at misses, that count: the last. What has changed since
they were seen is forgotten with them."""
CAUTION = 0.85
"""A risk is taken to be this many standard deviations higher than it most probably is. Chosen on the corpora of
``training.boundary.report``: enough for those whose answers are consistent, while no caution that still serves
anything is enough where one answer in twenty is arbitrary."""
MARGIN = 0.9
"""Of the bound: what may be risked."""

_ENTRY = 3.0
_BELIEVED = 0.5
_STALE = 0.05


class Judged(NamedTuple):
    """What the boundary says of one question's neighbours."""

    nominee: int | None
    """Which neighbour's answer the most speaks for; None where none is near enough."""
    serves: bool
    """Whether to serve that answer."""
    wrong: float
    """The probability that it is wrong, on the cautious side."""
    limit: float
    """Up to which probability it would have been served."""
    features: tuple[float, ...]
    """To come back with the outcome."""
    why: str

    @property
    def choice(self) -> int | None:
        """Which neighbour's answer to serve, if any."""
        return self.nominee if self.serves else None


class _Seen(NamedTuple):
    fingerprint: str
    row: tuple[float, ...]
    wrong: bool


class Boundary:
    """What one worker has learned of one task of one tenant.

    Learning is a fold over outcomes: two workers with the same outcomes, in whatever order, judge alike, as long as
    they hold no more than are kept. The pace is a worker's own: where each keeps within the bound, so do all together.

    The risk of a case is a curve of its evidence, the same for all entries, times what is special about the entry:
    ``(3 + wrong outcomes) / (3 + expected ones)``, the mean of a gamma distribution of mean 1 and weight 3 after that
    many of the entry's own. An entry with few outcomes is judged as any other, one with many by its own.

    A comparison at a miss is an outcome that was not served. How much less often cases that are served are wrong, with
    the same evidence, is a coefficient of its own, so that the many do not drown the few. Of what it is elsewhere only
    half is believed: comparisons say nothing of it, and checks are few.

    Args:
        bound: which share of all lookups may be answered wrongly, 0 to 1; at 0 nothing is ever served.
        comparisons: learn from comparisons at misses too; else only from checked hits.
        prior: what is believed before any outcome.
    """

    def __init__(self, bound: float, *, comparisons: bool = True, prior: Prior = PRIOR) -> None:
        self._pace = Pace(bound * MARGIN) if bound > 0 else None
        self._curve = Curve(prior.believing(_BELIEVED, -1) if comparisons else prior)
        self._checks: deque[_Seen] = deque(maxlen=KEPT)
        self._compared: deque[_Seen] = deque(maxlen=KEPT if comparisons else 0)
        self._entries: dict[str, tuple[float, int]] = {}
        """Expected and observed wrong outcomes."""
        self._fitted = 0
        self._waiting = 0
        self._urgent = False

    def judge(self, neighbours: Sequence[Neighbour]) -> Judged:
        """Judge one question's neighbours, in whatever order, and count the lookup."""
        if self._pace is None:
            return Judged(None, False, 1.0, 0.0, (), "the bound is 0: nothing may be wrong")
        self._refit()
        limit = self._pace.limit
        evidence = weigh(neighbours)
        if evidence is None:
            self._pace.count(0.0)
            return Judged(None, False, 1.0, limit, (), "no entry is near enough")
        choice, shortfalls = evidence
        wrong, often = self._risk(neighbours[choice].fingerprint, shortfalls)
        serves = wrong <= limit
        self._pace.count(wrong if serves else 0.0)
        why = f"{wrong:.2%} likely to be wrong, {'within' if serves else 'above'} the limit of {limit:.2%}{often}"
        return Judged(choice, serves, wrong, limit, shortfalls, why)

    def learn(self, outcomes: Iterable[Outcome]) -> None:
        """Take in outcomes of what this boundary, or another worker's, judged; others' are none of its business."""
        for outcome in outcomes:
            if outcome.tier != "boundary" or len(outcome.features) != SHORTFALLS:
                continue
            row = (1.0, *outcome.features, 1.0 if outcome.served else 0.0)
            kept = self._checks if outcome.served else self._compared
            kept.append(_Seen(outcome.fingerprint, row, not outcome.same))
            self._waiting += 1
            # A served answer that was wrong is rare and weighs at once; the rest can wait for company.
            self._urgent |= outcome.served and not outcome.same

    def _risk(self, fingerprint: str, shortfalls: tuple[float, ...]) -> tuple[float, str]:
        """The probability of a wrong answer, on the cautious side; and what the entry's own outcomes add to it."""
        log_odds, spread = self._curve.risk((1.0, *shortfalls, 1.0))
        wrong = probability(log_odds + CAUTION * spread)
        expected, observed = self._entries.get(fingerprint, (0.0, 0))
        times = (_ENTRY + observed) / (_ENTRY + expected)
        return min(1.0, wrong * times), f"; the entry was wrong {observed} times" if observed else ""

    def _refit(self) -> None:
        if not (self._urgent or self._waiting > _STALE * self._fitted):
            return
        seen = [*self._checks, *self._compared]
        self._fitted, self._waiting, self._urgent = len(seen), 0, False
        if not seen:
            return
        risks = self._curve.fit(np.array([one.row for one in seen]), np.array([float(one.wrong) for one in seen]))
        self._entries = {}
        for (fingerprint, _, wrong), risk in zip(seen, risks.tolist(), strict=True):
            expected, observed = self._entries.get(fingerprint, (0.0, 0))
            self._entries[fingerprint] = expected + risk, observed + wrong
