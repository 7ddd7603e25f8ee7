"""The breaker: while a server is away one at a time tries, and everybody does again once it is back."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from agents.inference.breaker import Breaker

FIRST, LONGEST = 1.0, 8.0


def test_while_all_is_well_everybody_may_ask() -> None:
    breaker = Breaker(FIRST, LONGEST)
    assert all(breaker.allows(0.0) for _ in range(3))
    assert breaker.away_s(5.0) == 0.0


def test_while_the_server_is_away_one_at_a_time_tries_after_pauses_that_grow() -> None:
    breaker = Breaker(FIRST, LONGEST)
    for _ in range(5):  # who had asked when it went away
        breaker.failed(10.0, "refused")
    assert not breaker.allows(10.5)
    assert breaker.wait_s(10.5) == 0.5
    tries = [at for at in range(11, 60) if breaker.allows(at)]
    assert tries == [11, 13, 17, 25, 33, 41, 49, 57]
    assert not breaker.allows(57.0)
    assert (breaker.away_s(60.0), breaker.problem) == (50.0, "refused")


def test_once_it_has_answered_everybody_may_ask_again() -> None:
    breaker = Breaker(FIRST, LONGEST)
    breaker.failed(0.0, "refused")
    assert breaker.allows(1.0)
    breaker.answered()
    assert all(breaker.allows(1.0) for _ in range(3))
    assert breaker.away_s(2.0) == 0.0
    breaker.failed(3.0, "again")
    assert breaker.wait_s(3.0) == FIRST


@given(
    st.lists(
        st.tuples(
            st.integers(0, 12).map(lambda quarters: quarters / 4), st.sampled_from(["ask", "failed", "answered"])
        ),
        max_size=60,
    )
)
def test_of_those_who_ask_while_it_is_away_no_two_are_allowed_within_the_first_pause(
    steps: list[tuple[float, str]],
) -> None:
    breaker, now, away = Breaker(FIRST, LONGEST), 0.0, False
    allowed: list[float] = []
    for passed, what in steps:
        now += passed
        if what == "ask":
            may = breaker.allows(now)
            assert may or away
            if away and may:
                assert not allowed or now - allowed[-1] >= FIRST
                allowed.append(now)
            assert not may or not away or breaker.wait_s(now) <= LONGEST
        elif what == "failed":
            breaker.failed(now, "x")
            away = True
        else:
            breaker.answered()
            away, allowed = False, []
