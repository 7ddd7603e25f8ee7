"""The trained router: what it learns, how its curve and area are measured, and its file."""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.context.router_curve import Pair, curve, measured, reluctance
from agents.context.router_training import Outcomes, Trained, fit, train
from agents.router import COUNTS, TrainedRouter, counts, digest, load
from schemas.errors import PolicyError
from tests.fakes.records import AT

DIMENSIONS = 8
Array = npt.NDArray[np.float64]


def outcomes(questions: int = 400, *, told: float, seed: int = 1) -> Outcomes:
    """A strong model that is nearly always right, and a cheap one whose errors the first dimension tells, more or less.

    Args:
        questions: how many.
        told: how much: 0 for not at all.
        seed: of everything.
    """
    random = np.random.default_rng(seed)
    vectors = random.standard_normal((questions, DIMENSIONS))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    cheap = random.random(questions) < 1 / (1 + np.exp(-told * vectors[:, 0]))
    strong = random.random(questions) < 0.95
    return Outcomes(
        texts=["why?"] * questions,
        vectors=list(vectors.astype(np.float32)),
        models=["small", "large"],
        good=np.stack([cheap, strong], axis=1).astype(np.float64),
    )


@pytest.fixture(scope="module")
def trained() -> Trained:
    return train(outcomes(told=12.0), "minilm", at=AT)


def pair(cheap: list[float], strong: list[float], order: list[float], folds: int = 1) -> Pair:
    return Pair(np.array(cheap), np.array(strong), np.array(order), np.arange(len(cheap)) % folds)


def test_where_the_vector_tells_the_router_is_better_than_chance_and_says_which_question_is_hard(
    trained: Trained,
) -> None:
    (found,) = trained.written.measured
    assert found.better
    assert found.area > found.area_random + 0.05
    router = TrainedRouter(trained.written)
    hard, easy = np.zeros(DIMENSIONS, dtype=np.float32), np.zeros(DIMENSIONS, dtype=np.float32)
    hard[0], easy[0] = -1.0, 1.0
    assert router.probabilities(hard, "why?")["small"] < 0.2
    assert router.probabilities(easy, "why?")["small"] > 0.8
    assert router.probabilities(hard, "why?")["large"] > 0.85


def test_its_probabilities_are_what_comes_to_pass(trained: Trained) -> None:
    router, fresh = TrainedRouter(trained.written), outcomes(2000, told=12.0, seed=2)
    expected = np.array([router.probabilities(vector, "why?")["small"] for vector in fresh.vectors])
    for low, high in ((0.0, 0.3), (0.3, 0.7), (0.7, 1.0)):
        inside = (expected >= low) & (expected < high)
        assert fresh.good[inside, 0].mean() == pytest.approx(expected[inside].mean(), abs=0.08)


def test_where_nothing_tells_it_is_a_tie() -> None:
    (found,) = train(outcomes(200, told=0.0), "minilm", at=AT).written.measured
    low, high = found.interval
    assert low < 0 < high
    assert not found.better


def test_it_is_measured_on_questions_that_it_was_not_trained_on() -> None:
    """As many dimensions as questions can be learned by heart."""
    random = np.random.default_rng(3)
    vectors = list(np.eye(100, dtype=np.float32))
    good = np.stack([random.random(100) < 0.5, np.ones(100)], axis=1).astype(np.float64)
    (found,) = train(Outcomes(["why?"] * 100, vectors, ["small", "large"], good), "m", at=AT).written.measured
    assert not found.better


def test_an_outcome_in_between_counts_as_so_much_good_and_so_much_bad() -> None:
    rows = np.zeros((60, DIMENSIONS + len(COUNTS)))
    weights, intercept = fit(rows, np.full(60, 0.75), seed=0)
    assert weights == pytest.approx(0)
    assert 1 / (1 + np.exp(-intercept)) == pytest.approx(0.75, abs=0.01)


@pytest.mark.parametrize(("good", "low", "high"), [(1.0, 0.95, 1.0), (0.0, 0.0, 0.05)])
def test_a_model_that_was_always_right_or_always_wrong_is_expected_to_stay_so(
    good: float, low: float, high: float
) -> None:
    rows = np.random.default_rng(0).standard_normal((60, DIMENSIONS + len(COUNTS)))
    _, intercept = fit(rows, np.full(60, good), seed=0)
    assert low < 1 / (1 + np.exp(-intercept)) < high


def test_the_area_of_a_perfect_order_is_that_of_its_curve() -> None:
    """Two of four questions gain: quality rises from 1/2 to 1 over the first half and stays there."""
    found = measured(("small", "large"), pair([0, 0, 1, 1], [1, 1, 1, 1], [1, 2, 3, 4]), seed=0)
    assert found.area == pytest.approx(0.5 * 0.75 + 0.5)
    assert found.area_random == pytest.approx(0.75)
    assert found.quality == (0.5, 1.0)


def test_where_no_order_is_told_the_area_is_that_of_drawing_lots() -> None:
    found = measured(("small", "large"), pair([0, 0, 1, 1], [1, 1, 1, 1], [0.5] * 4), seed=0)
    assert found.area == pytest.approx(found.area_random)
    assert found.interval == pytest.approx((0, 0))
    assert not found.better


qualities = st.lists(st.tuples(*[st.sampled_from([0.0, 0.25, 1.0])] * 2, st.integers(0, 5)), min_size=10, max_size=40)


@settings(max_examples=30)
@given(qualities, st.integers(1, 3))
def test_the_reverse_order_loses_what_an_order_gains(drawn: list[tuple[float, float, int]], folds: int) -> None:
    cheap, strong, order = ([float(one[at]) for one in drawn] for at in range(3))
    there = measured(("a", "b"), pair(cheap, strong, order, folds), seed=0)
    back = measured(("a", "b"), pair(cheap, strong, [-place for place in order], folds), seed=0)
    assert there.area_random == pytest.approx(back.area_random)
    assert there.area + back.area == pytest.approx(2 * there.area_random)
    assert 0 <= there.area <= 1
    assert there.interval[0] <= there.interval[1]


@given(qualities)
def test_a_curve_leads_from_the_one_model_to_the_other(drawn: list[tuple[float, float, int]]) -> None:
    cheap, strong, order = ([float(one[at]) for one in drawn] for at in range(3))
    points = curve(pair(cheap, strong, order))
    assert (points[0].quality, points[-1].quality) == pytest.approx((np.mean(cheap), np.mean(strong)))
    assert [point.share for point in points] == sorted(point.share for point in points)


def test_a_question_that_the_cheap_model_is_expected_to_answer_better_goes_last_and_by_no_bar() -> None:
    order = reluctance(np.array([0.9, 0.2, 0.5]), np.array([0.95, 0.1, 0.6]))
    assert order.argsort().tolist() == [2, 0, 1]
    points = curve(Pair(np.zeros(3), np.ones(3), order, np.zeros(3, dtype=np.int64)))
    assert points[0].bar == 0.5
    assert points[-1].bar is None


@given(st.text(max_size=60))
def test_white_space_changes_no_count(text: str) -> None:
    assert counts(text).tolist() == counts(f"  {text}\n").tolist()


def test_words_numbers_and_sentences_are_counted() -> None:
    assert np.expm1(counts("It has 3 cats. Do they eat 1,200.5 g?")).round().tolist() == [11, 2, 2]


def test_what_is_written_is_what_is_read(trained: Trained, tmp_path: Path) -> None:
    file = tmp_path / "router.json"
    file.write_bytes(msgspec.json.encode(trained.written))
    router = load(file)
    assert router.written == trained.written
    assert (router.models, router.written.embedder, router.written.questions) == (["small", "large"], "minilm", 400)
    assert len(digest(file)) == 64
    before = digest(file)
    file.write_bytes(file.read_bytes() + b"\n")
    assert digest(file) != before


@pytest.mark.parametrize("content", [b"", b"{}", b"[1]", b'{"models": []}', b"\xff"])
def test_a_file_that_is_no_routers_is_refused(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "router.json"
    file.write_bytes(content)
    with pytest.raises(PolicyError, match="is not a router's file"):
        load(file)


def test_weights_that_do_not_fit_the_embedder_are_refused(trained: Trained, tmp_path: Path) -> None:
    file = tmp_path / "router.json"
    file.write_bytes(msgspec.json.encode(msgspec.structs.replace(trained.written, dimensions=4)))
    with pytest.raises(PolicyError, match="each model must have 7 weights"):
        load(file)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    for read in (load, digest):
        with pytest.raises(PolicyError, match=r"nowhere.json cannot be read .* headrace route train"):
            read(tmp_path / "nowhere.json")
