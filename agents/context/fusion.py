"""Several rankings made into one. Pure.

G. V. Cormack, C. L. A. Clarke and S. Büttcher, "Reciprocal Rank Fusion outperforms Condorcet and individual Rank
Learning Methods", SIGIR 2009. It takes ranks alone, so that scores of different kinds need not be made comparable.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import TypeVar

T = TypeVar("T", bound=Hashable)

K = 10
"""How little it matters whether a ranking has something first or third. What one ranking alone has first is worth what
two have twelfth. The paper's 60 is for rankings of a thousand: of twenty, what two have last (2/80) would be before
what one has first (1/61), and all that only one of them can find would be lost."""


def fused(*rankings: Sequence[T]) -> list[T]:
    """All that is in any of the rankings, by the sum of 1 / (:data:`K` + rank), highest first.

    Ranks count from 1. Equal sums keep the order of the best rank, then that of the rankings.

    Raises:
        ValueError: a ranking has something twice.
    """
    scores: dict[T, float] = {}
    best: dict[T, tuple[int, int]] = {}
    for place, ranking in enumerate(rankings):
        if len(set(ranking)) != len(ranking):
            raise ValueError("a ranking has something twice")
        for rank, one in enumerate(ranking, start=1):
            scores[one] = scores.get(one, 0.0) + 1 / (K + rank)
            best[one] = min(best.get(one, (rank, place)), (rank, place))
    return sorted(scores, key=lambda one: (-scores[one], best[one]))
