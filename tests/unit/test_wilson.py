"""The interval around a measured share."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.wilson import interval

COUNTS = st.integers(1, 10**9).flatmap(lambda checks: st.tuples(st.integers(0, checks), st.just(checks)))


def test_without_a_check_anything_is_possible() -> None:
    assert interval(0, 0) == (0.0, 1.0)


@pytest.mark.parametrize(
    ("wrong", "checks", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_it_is_the_published_interval(wrong: int, checks: int, low: float, high: float) -> None:
    """R. G. Newcombe, Statistics in Medicine 17 (1998), pages 857 to 872, table I, method 3."""
    assert interval(wrong, checks) == pytest.approx((low, high), abs=5e-5)


@given(COUNTS, st.floats(0.5, 5))
def test_each_bound_is_where_the_share_lies_z_deviations_away(counts: tuple[int, int], z: float) -> None:
    wrong, checks = counts
    for bound in interval(wrong, checks, z):
        if 0 < bound < 1:
            away = abs(wrong / checks - bound)
            assert away == pytest.approx(z * math.sqrt(bound * (1 - bound) / checks), rel=1e-4, abs=1e-9)


@given(COUNTS)
def test_it_holds_the_share_and_mirrors_its_complement(counts: tuple[int, int]) -> None:
    wrong, checks = counts
    low, high = interval(wrong, checks)
    assert 0.0 <= low <= wrong / checks <= high <= 1.0
    other_low, other_high = interval(checks - wrong, checks)
    assert (1 - other_high, 1 - other_low) == pytest.approx((low, high), abs=1e-9)


@given(COUNTS)
def test_more_checks_of_the_same_share_narrow_it(counts: tuple[int, int]) -> None:
    wrong, checks = counts
    low, high = interval(wrong, checks)
    closer_low, closer_high = interval(4 * wrong, 4 * checks)
    assert closer_high - closer_low < high - low


@pytest.mark.parametrize(("wrong", "checks"), [(-1, 5), (6, 5), (1, 0)])
def test_counts_that_cannot_be_are_refused(wrong: int, checks: int) -> None:
    with pytest.raises(ValueError, match="cannot be wrong"):
        interval(wrong, checks)
