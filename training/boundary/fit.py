"""Makes the boundary's prior: how the risk of a wrong answer follows from the evidence, in questions in general.

``python -m training.boundary.fit CLINC FEW_SHOT HINT3`` (checkouts, see `corpora`) prints what
``agents/cache/boundary/prior.py`` holds. Every corpus is sent through the boundary as a stream; logistic regression on
its cases gives a curve for it. The prior is the mean of these curves, each source weighing the same, and how much they
differ. It is done twice, as what a cache holds depends on what it served: first from a vague prior, then from the one
that this gave.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated, NamedTuple

import numpy as np
import numpy.typing as npt
import typer

from agents.cache.boundary import Boundary
from agents.cache.boundary.curve import Curve, Prior
from bench.cache_stream import play
from training.boundary.corpora import Corpus, read

Array = npt.NDArray[np.float64]

COEFFICIENTS = 5
VAGUE = Prior((-4.0, 0.0, 1.0, 1.0, 0.0), tuple(tuple(map(float, row)) for row in np.eye(COEFFICIENTS)))
BOUND = 0.02
"""Of the streams: of the three that matter the one with the most hits."""
CASES = 3_000
"""As how many the cases of a source count when all are fitted together."""
CORRELATED = 0.8
"""How much of the correlation between coefficients is believed: there are few sources."""
LEAST_VARIANCE = 0.01


class Cases(NamedTuple):
    """What one corpus gave."""

    source: str
    weight: float
    rows: Array
    wrong: Array


def cases(corpora: Iterable[Corpus], prior: Prior) -> list[Cases]:
    """All lookups of the corpora's streams in which there was anything to judge."""
    found = []
    for corpus in corpora:
        looked = play(corpus.vectors, corpus.intents, [Boundary(BOUND, prior=prior)], seed=0)
        seen = [one for one in looked if one.judged.nominee is not None]
        rows = np.array([(1.0, *one.judged.features, float(one.judged.serves)) for one in seen])
        found.append(Cases(corpus.source, corpus.weight, rows, np.array([float(not one.same) for one in seen])))
    return found


def fit(found: Sequence[Cases]) -> Prior:
    """The prior that the cases of several corpora give."""
    total: dict[str, float] = {}
    for one in found:
        total[one.source] = total.get(one.source, 0.0) + one.weight
    weights = np.array([one.weight / total[one.source] for one in found])
    shared = _together(found, weights)
    curves = np.array([_alone(one, shared) for one in found])
    mean = weights @ curves / weights.sum()
    apart = curves - mean
    covariance = (apart * weights[:, None]).T @ apart / weights.sum()
    own = np.diag(np.diag(covariance))
    covariance = CORRELATED * covariance + (1 - CORRELATED) * own + LEAST_VARIANCE * np.eye(COEFFICIENTS)
    return Prior(
        tuple(round(float(value), 2) for value in mean),
        tuple(tuple(round(float(value), 3) for value in row) for row in covariance),
    )


def _together(found: Sequence[Cases], weights: Array) -> tuple[float, ...]:
    """One curve for all, every source as heavy as any other: cases are drawn from each by its weight."""
    random = np.random.default_rng(0)
    drawn = [
        random.integers(len(one.rows), size=int(CASES * weight)) for one, weight in zip(found, weights, strict=True)
    ]
    rows = np.concatenate([one.rows[at] for one, at in zip(found, drawn, strict=True)])
    wrong = np.concatenate([one.wrong[at] for one, at in zip(found, drawn, strict=True)])
    return _fitted(Prior(VAGUE.mean, _diagonal(100.0)), rows, wrong)


def _alone(one: Cases, shared: tuple[float, ...]) -> tuple[float, ...]:
    return _fitted(Prior(shared, _diagonal(0.5)), one.rows, one.wrong)


def _fitted(prior: Prior, rows: Array, wrong: Array) -> tuple[float, ...]:
    curve = Curve(prior)
    curve.fit(rows, wrong)
    return curve.coefficients


def _diagonal(variance: float) -> tuple[tuple[float, ...], ...]:
    return tuple(tuple(map(float, row)) for row in variance * np.eye(COEFFICIENTS))


def main(
    clinc: Annotated[Path, typer.Argument(help="a checkout of clinc/oos-eval")],
    few_shot: Annotated[Path, typer.Argument(help="Datasets of a checkout of jianguoz/Few-Shot-Intent-Detection")],
    hint3: Annotated[Path, typer.Argument(help="a checkout of hellohaptik/HINT3")],
    cache: Annotated[Path, typer.Option(help="where to keep embeddings")] = Path(".cache/boundary"),
) -> None:
    """Print the prior."""
    corpora = read(clinc, few_shot, hint3, cache)
    prior = VAGUE
    for _ in range(2):
        prior = fit(cases(corpora, prior))
    rows = "\n".join(f"        {row}," for row in prior.covariance)
    typer.echo(f"PRIOR = Prior(\n    mean={prior.mean},\n    covariance=(\n{rows}\n    ),\n)")


if __name__ == "__main__":
    typer.run(main)
