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


def by_the_book(spent: dict[int, int], hours: range) -> list[int]:
    """The hours whose modified z-score is beyond 3.5, by the text of the module, without a thought for speed."""

    def before(at: int) -> list[int]:
        around = [at - week * WEEK_MS + beside for week in range(1, WEEKS + 1) for beside in (-HOUR_MS, 0, HOUR_MS)]
        return [spent.get(one, 0) for one in around if one >= min(spent)]

    def middle(values: list[int] | list[Fraction]) -> Fraction:
        return Fraction(median(map(Fraction, values))) if values else Fraction(0)

    shares = []
    for at in range(SINCE, SINCE + WEEK_MS, HOUR_MS):
        if usual := middle(around := before(at)):
            shares += [abs(one - usual) / usual for one in around]
    noise = max(middle(shares), Fraction(1, 20))
    something = middle([cost for at, cost in spent.items() if at < SINCE and cost > 0])
    found = []
    for hour in hours:
        expected = middle(around := before(hour))
        own = middle([abs(one - expected) for one in around])
        spread = max(own, noise * expected if expected else something)
        if abs(spent.get(hour, 0) - expected) * Fraction(6745, 10_000) > Fraction(7, 2) * spread:
            found.append(hour)
    return found


@settings(max_examples=20)
@given(st.lists(COSTS, min_size=1, max_size=40), st.lists(COSTS, min_size=6, max_size=6))
def test_an_hour_is_anomalous_by_the_book_and_no_other(usual: list[int], last: list[int]) -> None:
    spent = {at * HOUR_MS: usual[at % len(usual)] for at in range(HOURS)}
    spent |= {SINCE + at * HOUR_MS: cost for at, cost in enumerate(last)}
    hours = range(SINCE, SINCE + 6 * HOUR_MS, HOUR_MS)
    found = [one.hour for one in anomalies("bank", spent, SINCE, SINCE + 6 * HOUR_MS)]
    assert found == by_the_book(spent, hours)
