"""The learned boundary: earns its hits, tightens on what was wrong, and is the same whoever tells it in what order."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.cache.boundary import FLOOR, Boundary, Judged, Neighbour
from agents.cache.boundary.boundary import KEPT
from agents.cache.outcomes import Outcome

ENTRIES = st.sampled_from("abcdefgh")
NEIGHBOURS = st.lists(
    st.builds(Neighbour, ENTRIES, st.floats(FLOOR, 1.0), st.sampled_from("xyz")),
    min_size=1,
    max_size=8,
    unique_by=lambda one: one.fingerprint,
)
CLEAR = [Neighbour(name, 0.97 - at / 100, "x") for at, name in enumerate("abcdefgh")]
DIVIDED = [Neighbour(name, 0.8 - at / 100, "xyz"[at % 3]) for at, name in enumerate("abcdefgh")]


def outcome(
    features: tuple[float, ...], *, same: bool, fingerprint: str = "a", served: bool = True, tier: str = "boundary"
) -> Outcome:
    return Outcome(
        request_id="r",
        scope="s",
        fingerprint=fingerprint,
        tier=tier,
        features=features,
        same=same,
        served=served,
        share=0.02 if served else 1.0,
        at=0,
    )


@st.composite
def outcomes(draw: st.DrawFn) -> Outcome:
    judged = judge([], draw(NEIGHBOURS))
    return outcome(judged.features, same=draw(st.booleans()), fingerprint=draw(ENTRIES), served=draw(st.booleans()))


def judge(learned: list[Outcome], neighbours: list[Neighbour], bound: float = 0.01) -> Judged:
    boundary = Boundary(bound)
    boundary.learn(learned)
    return boundary.judge(neighbours)


def serves(boundary: Boundary, neighbours: list[Neighbour], times: int = 300) -> int:
    return sum(boundary.judge(neighbours).serves for _ in range(times))


def test_a_clear_case_is_far_less_risky_than_one_whose_neighbours_disagree() -> None:
    assert judge([], CLEAR).wrong < judge([], DIVIDED).wrong / 10


def test_hits_are_earned() -> None:
    unproven = Boundary(0.01)
    proven = Boundary(0.01)
    proven.learn(outcome(judge([], CLEAR).features, same=True, fingerprint=str(at)) for at in range(200))
    assert serves(proven, CLEAR) > serves(unproven, CLEAR)
    assert proven.judge(CLEAR).wrong < unproven.judge(CLEAR).wrong


def test_an_entry_that_was_often_wrong_is_no_longer_served_while_others_are() -> None:
    boundary = Boundary(0.01)
    features = judge([], CLEAR).features
    boundary.learn(outcome(features, same=True, fingerprint=str(at)) for at in range(400))
    boundary.learn(outcome(features, same=False, fingerprint="a") for _ in range(4))
    other = [Neighbour("z", 0.97, "x"), *CLEAR[1:]]
    mine, others = boundary.judge(CLEAR), boundary.judge(other)
    assert mine.features == others.features
    assert mine.wrong > 2 * others.wrong
    assert "wrong 4 times" in mine.why


@pytest.mark.parametrize("bound", [0.005, 0.01, 0.02])
def test_what_is_risked_stays_within_the_bound(bound: float) -> None:
    boundary = Boundary(bound)
    order = random.Random(1)
    judged = [boundary.judge(order.choice([CLEAR, DIVIDED, CLEAR[:3], DIVIDED[:2]])) for _ in range(5_000)]
    assert 0 < sum(one.wrong for one in judged if one.serves) / len(judged) < bound


def test_once_the_checks_find_wrong_answers_hardly_anything_is_served() -> None:
    boundary = Boundary(0.01)
    boundary.learn(outcome(judge([], CLEAR).features, same=True, fingerprint=str(at)) for at in range(100))
    before = serves(boundary, CLEAR, 1_000)
    boundary.learn(outcome(judge([], CLEAR).features, same=False, fingerprint=str(at)) for at in range(30))
    assert serves(boundary, CLEAR, 1_000) < before / 3


def test_comparisons_at_misses_can_be_left_out() -> None:
    features = judge([], DIVIDED).features
    missed = [outcome(features, same=False, fingerprint=str(at), served=False) for at in range(100)]
    checks_only = Boundary(0.01, comparisons=False)
    checks_only.learn(missed)
    assert checks_only.judge(DIVIDED).wrong == Boundary(0.01, comparisons=False).judge(DIVIDED).wrong
    assert judge(missed, DIVIDED).wrong > judge([], DIVIDED).wrong


def test_outcomes_of_other_tiers_teach_nothing() -> None:
    strange = [outcome((0.9,), same=False), outcome((0.0, 0.0, 0.0), same=False, tier="verifier")]
    assert judge(strange, CLEAR) == judge([], CLEAR)


def test_what_was_seen_long_ago_is_forgotten() -> None:
    features = judge([], CLEAR).features
    wrong = [outcome(features, same=False, fingerprint="a") for _ in range(50)]
    right = [outcome(features, same=True, fingerprint="b") for _ in range(KEPT)]
    assert judge(wrong + right, CLEAR) == judge(right, CLEAR)


def test_nothing_near_enough_is_a_miss_that_names_nobody() -> None:
    for neighbours in ([], [Neighbour("a", FLOOR - 0.01, "x")]):
        judged = judge([], neighbours)
        assert (judged.nominee, judged.choice, judged.serves, judged.features) == (None, None, False, ())


@given(st.lists(outcomes(), max_size=30), NEIGHBOURS)
def test_a_bound_of_zero_never_serves(learned: list[Outcome], neighbours: list[Neighbour]) -> None:
    boundary = Boundary(0.0)
    boundary.learn(learned)
    assert not any(boundary.judge(neighbours).serves for _ in range(3))


@given(st.lists(outcomes(), max_size=30), NEIGHBOURS)
def test_the_same_outcomes_and_neighbours_are_judged_the_same(learned: list[Outcome], near: list[Neighbour]) -> None:
    assert judge(learned, near) == judge(learned, near)


@given(st.lists(outcomes(), max_size=30).flatmap(lambda one: st.tuples(st.just(one), st.permutations(one))), NEIGHBOURS)
def test_the_order_of_outcomes_does_not_matter(
    pair: tuple[list[Outcome], list[Outcome]], near: list[Neighbour]
) -> None:
    one, other = judge(pair[0], near), judge(pair[1], near)
    assert one.wrong == pytest.approx(other.wrong, rel=1e-4)
    assert one.nominee == other.nominee


@given(st.lists(outcomes(), max_size=30), NEIGHBOURS)
def test_one_more_wrong_outcome_never_makes_an_entry_easier_to_serve(
    learned: list[Outcome], near: list[Neighbour]
) -> None:
    before = judge(learned, near)
    assert before.nominee is not None
    entry = near[before.nominee].fingerprint
    after = judge([*learned, outcome(before.features, same=False, fingerprint=entry)], near)
    assert after.wrong >= before.wrong * (1 - 1e-6)


@given(st.lists(outcomes(), max_size=30), NEIGHBOURS)
def test_one_more_right_outcome_never_makes_an_entry_harder_to_serve(
    learned: list[Outcome], near: list[Neighbour]
) -> None:
    before = judge(learned, near)
    assert before.nominee is not None
    entry = near[before.nominee].fingerprint
    after = judge([*learned, outcome(before.features, same=True, fingerprint=entry)], near)
    assert after.wrong <= before.wrong * (1 + 1e-6)
