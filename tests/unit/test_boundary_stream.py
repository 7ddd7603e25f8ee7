"""The boundary on whole streams: made-up intents, each a cloud of questions, some clouds near each other."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from bench.cache_stream import simulate, static, statics

Vectors = npt.NDArray[np.float32]


def clouds(seed: int, *, intents: int = 30, questions: int = 2_000, skew: float = 0.0) -> tuple[Vectors, list[int]]:
    """Questions of intents that come in pairs, which are nearly as near each other as questions of one intent are."""
    random = np.random.default_rng(seed)
    pairs = random.normal(size=(intents // 2, 48)).repeat(2, axis=0)
    middles = pairs + 0.5 * random.normal(size=pairs.shape)
    often = (1.0 + np.arange(intents)) ** -skew
    labels = random.choice(intents, size=questions, p=often / often.sum())
    vectors = middles[labels] + 0.75 * random.normal(size=(questions, 48))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32), labels.tolist()


@pytest.mark.parametrize("skew", [0.0, 1.0])
def test_it_keeps_the_bound_and_hits_more_often_than_a_static_threshold_that_does(skew: float) -> None:
    vectors, labels = clouds(1, skew=skew)
    fixed = statics(vectors, labels, [at / 100 for at in range(80, 98)], seed=1)
    best = max(one.hit_rate for one in fixed if one.wrong_rate <= 0.01)
    found = simulate(vectors, labels, bound=0.01, seed=1)
    assert found.wrong_rate <= 0.01
    assert found.hit_rate > best + 0.1


def test_questions_that_repeat_are_answered() -> None:
    vectors, labels = clouds(2, questions=300)
    found = simulate(np.concatenate([vectors] * 6), labels * 6, bound=0.01, seed=0)
    assert found.hit_rate > 0.6
    assert found.wrong_rate <= 0.01


def test_where_every_question_wants_its_own_answer_hardly_any_is_wrong() -> None:
    vectors, _ = clouds(3)
    found = simulate(vectors, list(range(len(vectors))), bound=0.01, seed=0)
    assert found.wrong_rate <= 0.01


def test_a_bound_of_zero_serves_nothing() -> None:
    vectors, labels = clouds(4, questions=200)
    assert simulate(vectors, labels, bound=0.0, seed=0).hits == 0


def test_two_workers_keep_the_bound_as_one_does() -> None:
    vectors, labels = clouds(5)
    one = simulate(vectors, labels, bound=0.01, seed=0)
    two = simulate(vectors, labels, bound=0.01, seed=0, workers=2, delay=100)
    assert two.wrong_rate <= 0.01
    assert abs(one.hit_rate - two.hit_rate) < 0.1


def test_the_same_stream_gives_the_same_result() -> None:
    vectors, labels = clouds(6, questions=400)
    assert simulate(vectors, labels, bound=0.02, seed=3) == simulate(vectors, labels, bound=0.02, seed=3)


def test_a_share_of_hits_is_checked() -> None:
    vectors, labels = clouds(7)
    found = simulate(vectors, labels, bound=0.02, seed=0, share=0.2)
    assert 0.15 < found.checks / found.hits < 0.25


def test_a_static_threshold_serves_the_nearest_from_there_on() -> None:
    vectors = np.array([[1, 0], [1, 0], [0.9, np.sqrt(1 - 0.81)]], dtype=np.float32)
    assert static(vectors, [0, 0, 0], 0.85, seed=0).hits == 2
    assert static(vectors, [0, 1, 2], 0.85, seed=0).wrong == 2
    assert static(vectors, [0, 0, 0], 0.95, seed=0).hits == 1
