"""What will have been spent by the end of a period, from what was spent on the days before. Pure, integers only.

Two methods of R. J. Hyndman and G. Athanasopoulos, *Forecasting: Principles and Practice*, 3rd edition (2021), §5.2
for the forecasts and §5.5 for their intervals. There an interval is that of one day; that of a sum of days is this:

- *Seasonal naive*, where there are at least two weeks: each day is as the same weekday of the last week. Its errors
  are independent steps ``e`` from week to week, whose variance ``σ²`` is the mean of the squared differences between
  days a week apart. The ``n`` days still to come of one weekday err by ``n e₁ + (n − 1) e₂ + … + eₙ`` together, so the
  variance of the sum is ``σ² Σ n (n + 1) (2n + 1) / 6`` over the weekdays.
- *Mean*, where there are at least two days: each day is as the mean of all ``T`` days, ``σ²`` is their variance about
  it (over ``T − 1``), and the variance of a sum of ``H`` days is ``σ² (H + H² / T)``.
- *Naive*, where there is one: each day is as that one, and nothing is known of the error.

The interval is the forecast ± 1.96 standard deviations: 95% where errors are normal.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Literal, NamedTuple

WEEK = 7
HISTORY_DAYS = 8 * WEEK
"""How far back a forecast looks: patterns older than two months mislead more than they steady."""
_Z = Fraction(196, 100)

Method = Literal["seasonal naive", "mean", "naive", "none"]


class Sum(NamedTuple):
    """The forecast sum of some days, in nano-USD."""

    expected: int
    margin: int | None
    """Half the width of the 95% interval; null where nothing can be said of it."""
    method: Method


def days_ahead(history: Sequence[int], ahead: int) -> Sum:
    """The sum of the next ``ahead`` days.

    Args:
        history: what was spent on each day up to the last complete one, in nano-USD, the oldest first.
        ahead: days, from the one after ``history`` on.
    """
    if ahead <= 0:
        return Sum(0, 0, "none")
    if len(history) >= 2 * WEEK:
        return _seasonal(history[-HISTORY_DAYS:], ahead)
    if len(history) >= 2:
        return _mean(history, ahead)
    return Sum(history[0] * ahead, None, "naive") if history else Sum(0, None, "none")


def day_ahead(history: Sequence[int], step: int) -> int:
    """One day, the ``step``-th after ``history``, by the same methods: what :func:`days_ahead` adds up."""
    return days_ahead(history, step).expected - days_ahead(history, step - 1).expected


def _seasonal(history: Sequence[int], ahead: int) -> Sum:
    last = history[-WEEK:]
    expected = sum(last[step % WEEK] for step in range(ahead))
    errors = [later - earlier for earlier, later in zip(history, history[WEEK:], strict=False)]
    variance = Fraction(sum(error * error for error in errors), len(errors))
    coming = [(ahead - weekday + WEEK - 1) // WEEK for weekday in range(WEEK)]
    factor = sum(n * (n + 1) * (2 * n + 1) // 6 for n in coming if n > 0)
    return Sum(expected, _margin(variance * factor), "seasonal naive")


def _mean(history: Sequence[int], ahead: int) -> Sum:
    days = len(history)
    mean = Fraction(sum(history), days)
    variance = Fraction(sum((day - mean) ** 2 for day in history), days - 1)
    return Sum(_whole(mean * ahead), _margin(variance * (ahead + Fraction(ahead * ahead, days))), "mean")


def _margin(variance: Fraction) -> int:
    squared = variance * _Z * _Z
    return int(Decimal(squared.numerator // squared.denominator).sqrt())


def _whole(value: Fraction) -> int:
    """To the nearest integer, halves up."""
    return (2 * value.numerator + value.denominator) // (2 * value.denominator)
