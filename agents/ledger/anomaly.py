"""Hours in which a tenant's spend is off its own pattern. Pure, without a float.

An hour is held against the same hour of the week, and the two beside it, in the weeks before, by the modified z-score
of B. Iglewicz and D. C. Hoaglin, *How to Detect and Handle Outliers* (ASQC, 1993): ``0.6745 (x − median) / MAD``, where
MAD is the median of the absolute deviations from the median; beyond 3.5 either way it is an anomaly. Median and MAD do
not move when a quarter of the weeks before were odd themselves, as mean and standard deviation would.

So few hours give a MAD that is small by chance now and then. It is never taken for less than

- the median hour's, in proportion: of all hours of the weeks before, the median of ``|x − median| / median``;
- a twentieth of the hour's median, so that nobody is woken for cents on a steady bill;
- where such hours usually cost nothing, the median of the tenant's hours that do cost something.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

import msgspec

from agents.ledger.fold import HOUR_MS

WEEK_MS = 7 * 24 * HOUR_MS
WEEKS = 8
"""How many weeks an hour is held against at most."""
FEWEST = 4
"""Fewer weeks than this make no pattern, and nothing is said."""
_BESIDE = (-HOUR_MS, 0, HOUR_MS)
_LIMIT = Fraction(7, 2)
_NORMAL = Fraction(10_000, 6745)
"""Standard deviations in a MAD, of a normal distribution."""
_LEAST = Fraction(1, 20)


class Anomaly(msgspec.Struct, frozen=True, kw_only=True):
    """One hour of one tenant. Money is in nano-USD."""

    tenant: str
    hour: int
    """Its first millisecond, UTC."""
    effective_cost: int
    expected: int
    """The median of what it was held against."""
    low: int
    high: int
    """An hour that cost what lies between the two would not be here."""
    score: int
    """The modified z-score, to the nearest integer; negative where too little was spent."""


def anomalies(tenant: str, spent: Mapping[int, int], since: int, until: int) -> list[Anomaly]:
    """The anomalous hours of ``[since, until)``, in their order.

    Args:
        tenant: whose they are.
        spent: what was spent in each hour, by its first millisecond; an hour that is not there spent nothing. Hours
            before the first are no part of the pattern: the tenant was not there yet.
        since: the first millisecond of an hour.
        until: the same.
    """
    first = min(spent, default=until)
    noise = _noise(spent, first, since)
    something = Fraction(_twice_median([cost for hour, cost in spent.items() if hour < since and cost > 0]), 2)
    found = []
    for hour in range(max(since, first), until, HOUR_MS):
        before = _before(spent, hour, first)
        if len(before) < FEWEST * len(_BESIDE):
            continue
        cost, middle = spent.get(hour, 0), Fraction(twice := _twice_median(before), 2)
        own = Fraction(_twice_median([abs(2 * one - twice) for one in before]), 4)
        spread = _NORMAL * max(own, max(noise, _LEAST) * middle if middle else something)
        reach = _LIMIT * spread
        if abs(cost - middle) > reach:
            found.append(
                Anomaly(
                    tenant=tenant,
                    hour=hour,
                    effective_cost=cost,
                    expected=int(middle),
                    low=max(0, int(middle - reach)),
                    high=int(middle + reach),
                    score=_rounded(Fraction(cost - middle, spread)) if spread else 0,
                )
            )
    return found


def _before(spent: Mapping[int, int], hour: int, first: int) -> list[int]:
    weeks = range(1, WEEKS + 1)
    hours = (hour - week * WEEK_MS + beside for week in weeks for beside in _BESIDE)
    return [spent.get(at, 0) for at in hours if at >= first]


def _noise(spent: Mapping[int, int], first: int, since: int) -> Fraction:
    """How far an hour usually is from the median of its hour of the week, as a share of that."""
    shares: list[tuple[int, int]] = []
    for hour in range(since, since + WEEK_MS, HOUR_MS):
        before = _before(spent, hour, first)
        twice = _twice_median(before)
        if twice > 0:
            shares += [(abs(2 * one - twice), twice) for one in before]
    if not shares:
        return Fraction(0)
    shares.sort(key=_order)
    lower, upper = shares[(len(shares) - 1) // 2], shares[len(shares) // 2]
    return Fraction(1, 2) * (Fraction(*lower) + Fraction(*upper))


def _order(share: tuple[int, int]) -> int:
    """Sorts shares as their fractions would, without making fractions.

    Two that differ do so by ``2**-128`` at least, for what they are of is below ``2**64``: their orders differ too.
    """
    part, whole = share
    return (part << 129) // whole


def _rounded(value: Fraction) -> int:
    """To the nearest integer, halves up."""
    return (2 * value.numerator + value.denominator) // (2 * value.denominator)


def _twice_median(values: Sequence[int]) -> int:
    """Twice the middle value, or the sum of the two; 0 of none."""
    if not values:
        return 0
    ordered = sorted(values)
    half = len(ordered) // 2
    return 2 * ordered[half] if len(ordered) % 2 else ordered[half - 1] + ordered[half]
