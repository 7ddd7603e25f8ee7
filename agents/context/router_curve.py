"""How good a router is: quality against the share of questions that go to the dearer of two models. Pure."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from agents.router import Measured

Array = npt.NDArray[np.float64]
Folds = npt.NDArray[np.int64]
"""(questions,): which questions were predicted by one and the same training, numbered from 0."""

DRAWS = 2000
SHARES = tuple(step / 10 for step in range(11))


class Pair(NamedTuple):
    """The cheapest model and a dearer one, question by question."""

    cheap: Array
    """(questions,): how good its answer was, 0 to 1."""
    strong: Array
    reluctance: Array
    """(questions,): which go to the dearer model first, lowest first; see :func:`reluctance`."""
    folds: Folds


class Point(NamedTuple):
    """One point of the curve."""

    share: float
    """Of the questions, those sent to the dearer model."""
    bar: float | None
    """The bar that sends so many; None where no bar does, since the cheap model is expected to be the better one."""
    quality: float
    quality_random: float


def reluctance(cheap: Array, strong: Array) -> Array:
    """In which order questions go to the dearer model as a task's bar rises, by the probabilities of a good answer.

    A question goes once the bar is above what is expected of the cheap model, and then only if more is expected of the
    dearer one. The rest follow in the same order, so that the curve has its other end.
    """
    return np.where(strong > cheap, cheap, 1.0 + cheap)


def measured(names: tuple[str, str], pair: Pair, *, seed: int) -> Measured:
    """The area under the curve and that of drawing lots, with an interval by bootstrap over the questions.

    Each fold is ranked by itself, for two trainings are not of one mind; the area is the folds' mean. Questions are
    drawn anew within their folds; the trained routers stay, so that the interval does not tell of other training data.
    B. Efron, "Bootstrap methods: another look at the jackknife", The Annals of Statistics 7 (1979), pages 1 to 26.
    """
    random = np.random.default_rng(seed)
    members = [pair.folds == fold for fold in np.unique(pair.folds)]
    once = np.concatenate([_areas(pair, mine, np.ones((1, mine.sum()))) * mine.mean() for mine in members])
    drawn = sum(_areas(pair, mine, _redrawn(mine.sum(), random)) * mine.mean() for mine in members)
    area, area_random = once.sum(axis=0)
    low, high = np.quantile(drawn[:, 0] - drawn[:, 1], (0.025, 0.975))
    return Measured(
        cheap=names[0],
        strong=names[1],
        quality=(float(pair.cheap.mean()), float(pair.strong.mean())),
        area=float(area),
        area_random=float(area_random),
        interval=(float(low), float(high)),
    )


def curve(pair: Pair) -> list[Point]:
    """Quality at each of :data:`SHARES`, and the bar that gives that share."""
    position = np.empty(len(pair.folds))
    for fold in np.unique(pair.folds):
        mine = pair.folds == fold
        position[mine] = (pair.reluctance[mine].argsort().argsort() + 0.5) / mine.sum()
    ranked = np.sort(pair.reluctance)
    ends = pair.cheap.mean(), pair.strong.mean()
    points = []
    for share in SHARES:
        bar = ranked[min(round(share * len(ranked)), len(ranked) - 1)]
        points.append(
            Point(
                share,
                float(bar) if bar < 1 else None,
                float(np.where(position < share, pair.strong, pair.cheap).mean()),
                float(ends[0] + share * (ends[1] - ends[0])),
            )
        )
    return points


def _redrawn(count: int, random: np.random.Generator) -> Array:
    """(DRAWS, count): how often each question was drawn, with replacement."""
    return random.multinomial(count, np.full(count, 1 / count), size=DRAWS).astype(np.float64)


def _areas(pair: Pair, mine: npt.NDArray[np.bool_], weights: Array) -> Array:
    """(draws, 2): the area and that of drawing lots over one fold, for each row of ``weights`` (draws, questions).

    By the trapezoid rule a question that goes when the share is ``s`` has its gain for the ``1 − s`` that follow.
    Questions that tie go together, each at the middle of their shares.
    """
    order = np.argsort(pair.reluctance[mine], kind="stable")
    _, starts = np.unique(pair.reluctance[mine][order], return_index=True)
    cheap, gain = pair.cheap[mine][order], (pair.strong - pair.cheap)[mine][order]
    weights = weights[:, order]
    total = weights.sum(axis=1)
    group = np.add.reduceat(weights, starts, axis=1)
    gained = np.add.reduceat(weights * gain, starts, axis=1)
    share = (np.cumsum(group, axis=1) - group / 2) / total[:, None]
    base = weights @ cheap
    area = base + (gained * (1 - share)).sum(axis=1)
    lots = base + gained.sum(axis=1) / 2
    found: Array = np.stack([area, lots], axis=1) / total[:, None]
    return found
