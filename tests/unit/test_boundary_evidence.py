"""The vote of a question's neighbours: whose answer, and what the case for it lacks."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.cache.boundary.evidence import FLOOR, NEIGHBOURS, SHORTFALLS, Neighbour, weigh
from agents.cache.boundary.pace import RISKIEST, Pace

NEAR = st.lists(st.builds(Neighbour, st.uuids().map(str), st.floats(-1.0, 1.0), st.sampled_from("xyz")), max_size=12)


def test_a_perfect_case_lacks_nothing() -> None:
    evidence = weigh([Neighbour(str(at), 1.0, "x") for at in range(NEIGHBOURS)])
    assert evidence is not None
    assert evidence.shortfalls == pytest.approx((0.0, 0.0, 0.0), abs=1e-9)


def test_the_nearest_entry_loses_to_one_that_many_agree_with() -> None:
    evidence = weigh([Neighbour("lone", 0.91, "x"), *(Neighbour(str(at), 0.9, "y") for at in range(3))])
    assert evidence is not None
    assert evidence.choice == 1


def test_an_entry_below_the_floor_has_no_vote() -> None:
    near = [Neighbour("a", 0.9, "x")]
    far = [Neighbour(str(at), FLOOR - 0.01, "y") for at in range(7)]
    assert weigh([*near, *far]) == weigh(near)
    assert weigh(far) is None


def test_a_neighbour_with_another_answer_weakens_the_case() -> None:
    alike = [Neighbour(str(at), 0.9, "x") for at in range(4)]
    one, other = weigh(alike), weigh([*alike, Neighbour("odd", 0.85, "y")])
    assert one is not None
    assert other is not None
    assert one.choice == other.choice
    assert all(less <= more for less, more in zip(one.shortfalls, other.shortfalls, strict=True))
    assert other.shortfalls[1:] > one.shortfalls[1:]


@given(NEAR)
def test_shortfalls_are_never_negative_and_the_choice_is_never_below_the_floor(near: list[Neighbour]) -> None:
    evidence = weigh(near)
    if evidence is None:
        assert all(one.cosine < FLOOR for one in near)
        return
    assert len(evidence.shortfalls) == SHORTFALLS
    assert min(evidence.shortfalls) >= 0.0
    assert near[evidence.choice].cosine >= FLOOR


@given(NEAR.flatmap(lambda near: st.tuples(st.just(near), st.permutations(near))))
def test_the_order_of_neighbours_changes_nothing_but_who_wins_a_tie(
    pair: tuple[list[Neighbour], list[Neighbour]],
) -> None:
    near, shuffled = pair
    if len({one.cosine for one in near}) < len(near):
        return
    one, other = weigh(near), weigh(shuffled)
    if one is None or other is None:
        assert one is other
        return
    assert near[one.choice] == shuffled[other.choice]
    assert one.shortfalls == pytest.approx(other.shortfalls)


@given(st.floats(1e-4, 0.2), st.lists(st.floats(0.0, 1.0), min_size=1, max_size=300))
def test_more_is_risked_than_allowed_only_by_what_the_limit_can_move(allowance: float, risks: list[float]) -> None:
    pace = Pace(allowance)
    risked = 0.0
    for risk in risks:
        assert 0 < pace.limit <= RISKIEST * 1.001
        taken = risk if risk <= pace.limit else 0.0
        pace.count(taken)
        risked += taken
    # Two full swings of the limit, in allowances, and what the last one served may add.
    assert risked <= allowance * (len(risks) + 2 * 7 / 0.03) + RISKIEST
