"""Whether two answers say the same: equal texts do; others need a cosine, and no figure or claim that differs."""

from __future__ import annotations

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.cache.comparison import BARS, GUARDS, Equivalence, same

BOTH: tuple[Equivalence, ...] = get_args(Equivalence)
EITHER = st.sampled_from(BOTH)
TEXTS = st.one_of(
    st.text(max_size=60),
    st.lists(
        st.sampled_from("you can not never pay 5 $5 fees on May 3 all some cards A-17 free open .".split()),  # noqa: SIM905
        max_size=10,
    ).map(" ".join),
)


@pytest.mark.parametrize("equivalence", BOTH)
def test_equal_texts_are_the_same_with_or_without_an_embedding(equivalence: Equivalence) -> None:
    assert same("Yes,  you can.", "Yes, you\ncan.", None, equivalence).same


@pytest.mark.parametrize("equivalence", BOTH)
def test_different_texts_are_not_the_same_without_an_embedding(equivalence: Equivalence) -> None:
    found = same("You can.", "You may.", None, equivalence)
    assert not found.same
    assert "no embedding" in found.why


@pytest.mark.parametrize("equivalence", BOTH)
def test_near_texts_are_the_same_and_far_ones_are_not(equivalence: Equivalence) -> None:
    one, other = "Your card arrives in a few days.", "In a few days your card arrives."
    assert same(one, other, BARS[equivalence], equivalence).same
    assert not same(one, other, BARS[equivalence] - 0.01, equivalence).same
    assert not same(one, other, float("nan"), equivalence).same


@pytest.mark.parametrize("equivalence", BOTH)
@pytest.mark.parametrize(
    ("one", "other", "guard"),
    [
        ("It takes 3 working days.", "It takes 5 working days.", "numbers"),
        ("The fee is $20.", "The fee is €20.", "units"),
        ("Write to bob@example.com.", "Write to rob@example.com.", "identifiers"),
        ("We are open on Monday.", "We are open on Sunday.", "dates"),
        ("You can cancel the transfer.", "You cannot cancel the transfer.", "negation"),
    ],
)
def test_however_near_a_differing_fact_tells_answers_apart(
    one: str, other: str, guard: str, equivalence: Equivalence
) -> None:
    found = same(one, other, 0.999, equivalence)
    assert not found.same
    assert found.why.startswith(guard)


@pytest.mark.parametrize(
    ("one", "other", "guard"),
    [
        ("All cards have a fee.", "Some cards have a fee.", "quantifiers"),
        ("Turn the alarm on.", "Turn the alarm off.", "antonyms"),
        ("Ваша карта скоро придёт.", "Карта скоро придёт к вам.", "script"),
    ],
)
def test_where_only_the_same_answer_will_do_the_guards_are_more(one: str, other: str, guard: str) -> None:
    found = same(one, other, 0.999, "strict")
    assert not found.same
    assert found.why.startswith(guard)
    assert same(one, other, 0.999, "intent").same


def test_strict_asks_for_all_that_intent_asks_for() -> None:
    assert set(GUARDS["intent"]) < set(GUARDS["strict"])
    assert BARS["intent"] < BARS["strict"]


@given(TEXTS, TEXTS, st.one_of(st.none(), st.floats(-1.0, 1.0)), EITHER)
def test_it_does_not_matter_which_answer_comes_first(
    one: str, other: str, cosine: float | None, equivalence: Equivalence
) -> None:
    assert same(one, other, cosine, equivalence).same == same(other, one, cosine, equivalence).same


@given(TEXTS, TEXTS, st.floats(0.0, 1.0), EITHER)
def test_a_nearer_answer_is_never_less_the_same(one: str, other: str, cosine: float, equivalence: Equivalence) -> None:
    assert same(one, other, 1.0, equivalence).same >= same(one, other, cosine, equivalence).same


@given(TEXTS, TEXTS, st.floats(0.0, 1.0))
def test_what_is_the_same_answer_strictly_is_the_same_for_an_intent(one: str, other: str, cosine: float) -> None:
    assert same(one, other, cosine, "intent").same >= same(one, other, cosine, "strict").same
