"""Hours off their own pattern, held against the definition in plain fractions."""

from __future__ import annotations

from fractions import Fraction
from statistics import median

from hypothesis import given, settings
from hypothesis import strategies as st

from agents.ledger.anomaly import WEEK_MS, WEEKS, anomalies
from agents.ledger.fold import HOUR_MS

HOURS = 9 * WEEK_MS // HOUR_MS
SINCE = (HOURS - 6) * HOUR_MS
COSTS = st.one_of(st.integers(0, 20), st.integers(0, 2**62))


def by_the_book(spent: dict[int, int], hour: int) -> bool:
    """Whether the hour's modified z-score is beyond 3.5, by the text of the module, without a thought for speed."""

    def before(at: int) -> list[int]:
        around = [at - week * WEEK_MS + beside for week in range(1, WEEKS + 1) for beside in (-HOUR_MS, 0, HOUR_MS)]
        return [spent.get(one, 0) for one in around if one >= min(spent)]

    def middle(values: list[int] | list[Fraction]) -> Fraction:
        return Fraction(median(map(Fraction, values))) if values else Fraction(0)

    shares = []
    for at in range(SINCE, SINCE + WEEK_MS, HOUR_MS):
        if usual := middle(before(at)):
            shares += [abs(one - usual) / usual for one in before(at)]
    expected = middle(before(hour))
    spread = middle([abs(one - expected) for one in before(hour)])
    something = middle([cost for at, cost in spent.items() if at < SINCE and cost > 0])
    least = max(middle(shares), Fraction(1, 20)) * expected if expected else something
    return abs(spent.get(hour, 0) - expected) * Fraction(6745, 10_000) > Fraction(7, 2) * max(spread, least)


@settings(max_examples=40, deadline=None)
@given(st.lists(COSTS, min_size=1, max_size=40), st.lists(COSTS, min_size=6, max_size=6))
def test_an_hour_is_anomalous_by_the_book_and_no_other(usual: list[int], last: list[int]) -> None:
    spent = {at * HOUR_MS: usual[at % len(usual)] for at in range(HOURS)}
    spent |= {SINCE + at * HOUR_MS: cost for at, cost in enumerate(last)}
    hours = range(SINCE, SINCE + 6 * HOUR_MS, HOUR_MS)
    found = [one.hour for one in anomalies("bank", spent, SINCE, SINCE + 6 * HOUR_MS)]
    assert found == [hour for hour in hours if by_the_book(spent, hour)]
