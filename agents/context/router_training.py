"""Training a router on outcomes, and measuring it on questions that it was not trained on.

The penalty is chosen by cross-validated log loss, which also keeps the probabilities calibrated: a bar is compared
with them. Offline only; it needs scikit-learn.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression  # type: ignore[import-untyped]
from sklearn.model_selection import KFold  # type: ignore[import-untyped]

from agents.context.router_curve import Folds, Pair, measured, reluctance
from agents.embedding import Vector
from agents.router import COUNTS, Fitted, RouterFile, counts

Array = npt.NDArray[np.float64]

FOLDS = 5
PENALTIES = (0.03, 0.1, 0.3, 1.0, 3.0)
"""Inverse strengths, from which each model's is chosen."""
WEIGHT_OF_COUNTS = 0.2
"""The spread that counts are given; that of a vector's dimensions is 0.05. Chosen on MMLU, with the other choices."""
_DECIMALS = 6
LEAST = 10 * FOLDS
"""Questions, below which there is nothing to learn nor to measure."""


class Outcomes(NamedTuple):
    """Questions, and how well each model answered them."""

    texts: Sequence[str]
    """Canonical, as the cache stage embeds them."""
    vectors: Sequence[Vector]
    models: Sequence[str]
    """At least two, from the cheapest to the dearest."""
    good: Array
    """(questions, models), 0 to 1."""


class Trained(NamedTuple):
    """A router, and the curves that its measures are of."""

    written: RouterFile
    pairs: list[Pair]
    """The cheapest model with each of the others."""


def train(outcomes: Outcomes, embedder: str, *, at: int, seed: int = 0) -> Trained:
    """A router trained on all of the outcomes, measured by cross-validation: five folds, each predicted by the others.

    Args:
        outcomes: to learn from, at least :data:`LEAST`.
        embedder: that made the vectors.
        at: now, in UTC epoch milliseconds.
        seed: of the folds and of the bootstrap.
    """
    rows, good, models = _rows(outcomes), outcomes.good, outcomes.models
    folds = np.empty(len(rows), dtype=np.int64)
    expected = np.empty(good.shape)
    for number, (rest, fold) in enumerate(_splits(len(rows), seed)):
        folds[fold] = number
        for at_model in range(len(models)):
            weights, intercept = fit(rows[rest], good[rest, at_model], seed=seed)
            expected[fold, at_model] = _sigmoid(rows[fold] @ weights + intercept)
    first = expected[:, 0]
    pairs = [
        Pair(good[:, 0], good[:, dear], reluctance(first, expected[:, dear]), folds) for dear in range(1, len(models))
    ]
    fitted = [fit(rows, good[:, at_model], seed=seed) for at_model in range(len(models))]
    written = RouterFile(
        embedder=embedder,
        dimensions=len(outcomes.vectors[0]),
        trained_on=datetime.fromtimestamp(at / 1000, UTC).date().isoformat(),
        questions=len(rows),
        models=[
            Fitted(model=model, weights=weights.round(_DECIMALS).tolist(), intercept=round(intercept, _DECIMALS))
            for model, (weights, intercept) in zip(models, fitted, strict=True)
        ],
        measured=[measured((models[0], model), pair, seed=seed) for model, pair in zip(models[1:], pairs, strict=True)],
    )
    return Trained(written, pairs)


def fit(rows: Array, good: Array, *, seed: int) -> tuple[Array, float]:
    """Weights and intercept of one model, with the penalty that predicts best what it was not trained on.

    Args:
        rows: (questions, dimensions + counts).
        good: (questions,), 0 to 1.
        seed: of the folds that the penalty is chosen by.
    """
    splits = _splits(len(rows), seed)
    losses = [
        sum(_loss(_regression(rows[rest], good[rest], penalty), rows[held], good[held]) for rest, held in splits)
        for penalty in PENALTIES
    ]
    return _regression(rows, good, PENALTIES[int(np.argmin(losses))])


def _regression(rows: Array, good: Array, penalty: float) -> tuple[Array, float]:
    """Counts are brought to one scale for the penalty, and the weights back from it."""
    scale = np.ones(rows.shape[1])
    spread = rows[:, -len(COUNTS) :].std(axis=0)
    scale[-len(COUNTS) :] = np.where(spread > 0, spread, 1.0) / WEIGHT_OF_COUNTS
    centre = rows.mean(axis=0)
    scaled = (rows - centre) / scale
    # An outcome between 0 and 1 is a good and a bad one, each of its weight.
    weight = np.concatenate([good, 1 - good])
    outcome = np.repeat([1, 0], len(rows))
    told = weight > 0
    if len(set(outcome[told])) == 1:  # all good, or all bad: as sure as so many questions allow
        chance = (good.sum() + 0.5) / (len(good) + 1)
        return np.zeros(rows.shape[1]), float(np.log(chance / (1 - chance)))
    model = LogisticRegression(C=penalty, max_iter=1000)
    model.fit(np.concatenate([scaled, scaled])[told], outcome[told], weight[told])
    weights = model.coef_[0] / scale
    return weights, float(model.intercept_[0] - weights @ centre)


def _loss(fitted: tuple[Array, float], rows: Array, good: Array) -> float:
    """The log loss, summed."""
    weights, intercept = fitted
    logits = rows @ weights + intercept
    return float((np.logaddexp(0, logits) - good * logits).sum())


def _rows(outcomes: Outcomes) -> Array:
    return np.concatenate([np.stack(outcomes.vectors), np.stack([counts(text) for text in outcomes.texts])], axis=1)


def _splits(count: int, seed: int) -> list[tuple[Folds, Folds]]:
    """For each fold, the places of the other questions and its own."""
    return list(KFold(FOLDS, shuffle=True, random_state=seed).split(np.empty(count)))


def _sigmoid(logits: Array) -> Array:
    return 1 / (1 + np.exp(-logits))
