"""Examples: the nearest ones that fit, in the policy's order."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.context.few_shot import select, shown, wanted
from agents.embedding import Vector
from agents.policy_document import Example, Model

COSINES = [0.0, 0.25, 0.5, 0.5, 1.0]


def at_cosine(cosine: float) -> Vector:
    """A unit vector so near to :data:`QUESTION`."""
    return np.array([cosine, np.sqrt(1 - cosine**2)], dtype=np.float32)


QUESTION = at_cosine(1.0)


def example(number: int, words: int) -> Example:
    return Example(question=f"q{number}", answer=" ".join(["a"] * words))


def length(text: str) -> int:
    return len(text.split())


def chosen(drawn: list[tuple[float, int]], budget: int) -> list[int]:
    """The places of the selected examples, which are given as cosine and words."""
    examples = [example(number, words) for number, (_, words) in enumerate(drawn)]
    vectors = [at_cosine(cosine) for cosine, _ in drawn]
    return [examples.index(one) for one in select(examples, vectors, QUESTION, budget, length)]


def test_the_nearest_are_shown_in_the_policys_order() -> None:
    assert chosen([(0.5, 1), (0.1, 1), (0.9, 1)], 8) == [0, 2]


def test_one_that_is_too_long_is_passed_over() -> None:
    assert chosen([(0.5, 1), (0.9, 50), (0.1, 1)], 8) == [0, 2]


def test_the_earlier_of_two_equals_is_shown() -> None:
    assert chosen([(0.5, 1), (0.5, 1), (0.5, 1)], 8) == [0, 1]


@pytest.mark.parametrize(("task", "left"), [("faq", 0), ("news", 1)])
def test_a_model_that_was_tuned_for_the_task_is_shown_none(task: str, left: int) -> None:
    model = Model(engine="vllm", window=64, tuned_for=["faq"])
    assert len(wanted([example(0, 1)], task, model)) == left


@given(st.lists(st.tuples(st.sampled_from(COSINES), st.integers(1, 9)), max_size=12), st.integers(0, 60))
def test_what_is_left_out_is_no_nearer_or_did_not_fit(drawn: list[tuple[float, int]], budget: int) -> None:
    places = chosen(drawn, budget)
    tokens = [length(shown(example(number, words))) for number, (_, words) in enumerate(drawn)]
    assert places == sorted(places)
    assert sum(tokens[place] for place in places) <= budget
    for out in set(range(len(drawn))) - set(places):
        before = [at for at in places if (-drawn[at][0], at) < (-drawn[out][0], out)]
        assert sum(tokens[at] for at in before) + tokens[out] > budget, "it would have fitted beside the nearer ones"


@given(st.lists(st.tuples(st.sampled_from(COSINES), st.integers(1, 9)), max_size=12), st.integers(0, 60))
def test_examples_written_in_another_order_are_the_same_set_but_for_ties(
    drawn: list[tuple[float, int]], budget: int
) -> None:
    unlike = [(cosine + place / 1000, words) for place, (cosine, words) in enumerate(drawn) if cosine < 1]
    forth = [unlike[place] for place in chosen(unlike, budget)]
    back = [unlike[::-1][place] for place in chosen(unlike[::-1], budget)]
    assert forth == back[::-1]
