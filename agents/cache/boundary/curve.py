"""How the risk of a wrong answer follows from what the evidence lacks: logistic regression with a prior.

Bayesian logistic regression by Laplace's approximation: D. J. C. MacKay, "The evidence framework applied to
classification networks", Neural Computation 4 (1992). The coefficients are those that are most probable after the
outcomes; what is not known of them is a normal distribution with the curvature there.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

_STEPS = 20
_LONGEST_STEP = 2.0
_CLOSE = 1e-6
_STEEPEST = 30.0


class Prior(NamedTuple):
    """What is believed of the coefficients before any outcome: a normal distribution."""

    mean: tuple[float, ...]
    covariance: tuple[tuple[float, ...], ...]

    def believing(self, share: float, at: int) -> Prior:
        """The same, but for coefficient ``at``, which is taken to be this share of what it was."""
        scale = [1.0] * len(self.mean)
        scale[at] = share
        return Prior(
            tuple(one * mean for one, mean in zip(scale, self.mean, strict=True)),
            tuple(
                tuple(one * other * covariance for other, covariance in zip(scale, row, strict=True))
                for one, row in zip(scale, self.covariance, strict=True)
            ),
        )


class Risk(NamedTuple):
    """Log odds of a wrong answer."""

    log_odds: float
    spread: float
    """Standard deviation, by what is not known of the coefficients."""


class Curve:
    """The coefficients, and how well they are known."""

    def __init__(self, prior: Prior) -> None:
        self._mean = np.array(prior.mean)
        self._precision = np.linalg.inv(np.array(prior.covariance))
        self._at = self._mean
        self._coefficients = list(prior.mean)
        self._covariance = [list(row) for row in prior.covariance]

    @property
    def coefficients(self) -> tuple[float, ...]:
        """The most probable ones."""
        return tuple(self._coefficients)

    def risk(self, row: Sequence[float]) -> Risk:
        """The risk of one case."""
        log_odds = 0.0
        variance = 0.0
        # Plain Python: for five numbers numpy takes longer.
        for value, coefficient, covariances in zip(row, self._coefficients, self._covariance, strict=True):
            log_odds += value * coefficient
            variance += value * sum(other * shared for other, shared in zip(row, covariances, strict=True))
        return Risk(log_odds, math.sqrt(max(variance, 0.0)))

    def fit(self, rows: Array, wrong: Array) -> Array:
        """Learn from all outcomes at once; return the risk of each as a probability.

        Newton's method on a concave function, from where the last one ended: the result does not depend on the order.

        Args:
            rows: (outcomes, coefficients).
            wrong: (outcomes,), 1 for a wrong answer and 0 for a right one.
        """
        at = self._at
        risks = _probability(rows @ at)
        curvature = self._precision
        for _ in range(_STEPS):
            uphill = rows.T @ (wrong - risks) - self._precision @ (at - self._mean)
            curvature = (rows * (risks * (1 - risks))[:, None]).T @ rows + self._precision
            step = np.linalg.solve(curvature, uphill)
            at = at + np.clip(step, -_LONGEST_STEP, _LONGEST_STEP)
            risks = _probability(rows @ at)
            if float(np.abs(step).max()) < _CLOSE:
                break
        self._at = at
        self._coefficients = at.tolist()
        self._covariance = np.linalg.inv(curvature).tolist()
        return risks


def probability(log_odds: float) -> float:
    """The probability with these log odds."""
    return 1.0 / (1.0 + math.exp(-min(max(log_odds, -_STEEPEST), _STEEPEST)))


def _probability(log_odds: Array) -> Array:
    risks: Array = 1.0 / (1.0 + np.exp(-np.clip(log_odds, -_STEEPEST, _STEEPEST)))
    return risks
