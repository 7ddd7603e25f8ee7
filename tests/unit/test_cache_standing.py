"""A tier is closed while its wrong answers are beyond doubt over the bound, and only then."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from agents.cache.outcomes import Outcome
from agents.cache.standing import WINDOW, Standing
from agents.wilson import interval


def outcome(number: int, same: bool, tier: str = "guards", served: bool = True) -> Outcome:
    return Outcome(
        request_id=f"r{number}",
        scope="s",
        fingerprint="f",
        tier=tier,
        features=(0.97,),
        same=same,
        served=served,
        share=0.02 if served else 1.0,
        at=number,
    )


def standing_of(bound: float = 0.01, answered: int = 0, lookups: int = 0) -> tuple[Standing, list[str]]:
    said: list[str] = []
    standing = Standing(bound, None, said.append)
    for number in range(lookups):
        standing.looked("guards" if number < answered else None)
    return standing, said


@given(st.floats(0.001, 0.2), st.lists(st.booleans(), max_size=60), st.integers(0, 50), st.integers(50, 200))
def test_a_tier_is_closed_while_the_lower_end_of_its_share_of_wrong_answers_is_over_the_bound(
    bound: float, found: list[bool], answered: int, lookups: int
) -> None:
    standing, said = standing_of(bound, answered, lookups)
    wrong = 0
    for number, same in enumerate(found):
        standing.learn([outcome(number, same)])
        wrong += not same
        low, _ = interval(wrong, number + 1)
        assert standing.is_open("guards") == (low * (answered + 1) / (lookups + 1) <= bound)
    assert standing.is_open("verifier"), "no tier answers for another"
    assert len(said) >= ("guards" in standing.closed)


def test_what_is_said_names_the_figures_and_a_tier_that_proves_itself_opens_again() -> None:
    standing, said = standing_of()
    standing.learn([outcome(0, False)])
    assert said == [
        "the guards tier is closed: 1 of 1 checked answers wrong (20.7% to 100.0%), 100% of requests; "
        "the bound is 1.00%"
    ]
    standing.learn(outcome(number, True, served=False) for number in range(1, 60))
    assert standing.is_open("guards")
    assert said[1].startswith("the guards tier is open again: 1 of 60")


def test_a_rare_tier_may_be_wrong_more_often_than_one_that_answers_everything() -> None:
    rare, _ = standing_of(answered=1, lookups=1000)
    often, _ = standing_of(answered=1000, lookups=1000)
    for standing in (rare, often):
        standing.learn([*(outcome(number, True) for number in range(20)), *(outcome(n, False) for n in range(20, 24))])
    assert rare.is_open("guards")
    assert not often.is_open("guards")


def test_what_was_long_ago_is_forgotten() -> None:
    standing, _ = standing_of()
    standing.learn(outcome(number, False) for number in range(30))
    assert not standing.is_open("guards")
    standing.learn(outcome(number, True) for number in range(WINDOW))
    assert standing.is_open("guards")
    assert standing.hits() == (WINDOW, 0, *interval(0, WINDOW))


def test_nothing_is_measured_before_the_first_check() -> None:
    standing, said = standing_of()
    assert standing.hits() == (0, 0, 0.0, 1.0)
    assert (standing.closed, said) == (frozenset(), [])
