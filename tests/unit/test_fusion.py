from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.context.fusion import K, fused

RANKINGS = st.lists(st.lists(st.integers(0, 9), unique=True), max_size=4)


def test_what_both_rank_well_is_before_what_one_ranks_first() -> None:
    assert fused(["a", "b", "c"], ["d", "b", "c"]) == ["b", "c", "a", "d"]


def test_what_one_of_two_lists_of_twenty_has_first_is_before_what_both_have_last() -> None:
    one, other = [f"a{n}" for n in range(19)], [f"b{n}" for n in range(19)]
    found = fused([*one, "both"], [*other, "both"])
    assert found.index("a0") < found.index("b0") < found.index("both")


def test_rankings_of_different_things_take_turns() -> None:
    assert fused(["a", "b", "c"], ["x", "y"]) == ["a", "x", "b", "y", "c"]


def test_nothing_fused_is_nothing() -> None:
    assert fused() == fused([], []) == []


def test_a_ranking_has_nothing_twice() -> None:
    with pytest.raises(ValueError, match="twice"):
        fused(["a", "a"])


@given(st.lists(st.integers(), unique=True))
def test_one_ranking_or_the_same_twice_stays_as_it_is(ranking: list[int]) -> None:
    assert fused(ranking) == fused(ranking, ranking) == ranking


@given(RANKINGS)
def test_the_order_is_that_of_the_sums_and_nothing_is_lost(rankings: list[list[int]]) -> None:
    found = fused(*rankings)
    assert sorted(found) == sorted(set().union(*rankings))
    sums = [sum(1 / (K + 1 + ranking.index(one)) for ranking in rankings if one in ranking) for one in found]
    assert all(first >= second - 1e-12 for first, second in pairwise(sums))


@given(RANKINGS, st.integers(0, 9))
def test_a_better_rank_is_never_worse(rankings: list[list[int]], one: int) -> None:
    if not rankings or one not in rankings[0]:
        return
    raised = [[one, *(other for other in rankings[0] if other != one)], *rankings[1:]]
    assert fused(*raised).index(one) <= fused(*rankings).index(one)
