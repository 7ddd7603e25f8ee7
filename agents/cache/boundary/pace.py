"""Up to which risk to serve, so that what was risked so far stays within what the bound allows so far."""

from __future__ import annotations

import math

RISKIEST = 0.25
"""Nothing above this risk is served, whatever is left of the allowance."""
_LOWEST = 0.5
_RATE = 0.03


class Pace:
    """The limit, which rises while less is risked than is allowed and falls while more is.

    Each lookup allows ``allowance`` wrong answers, and one that is served risks as many as its probability of being
    wrong. The limit's logarithm moves by 0.03 of what is left over, measured in allowances: integral control, as in
    I. Gibbs and E. Candès, "Adaptive conformal inference under distribution shift", NeurIPS 2021. As the limit is
    bounded, so is the difference between what was risked and what was allowed, over whatever time: what was once left
    unused is not saved up for later.
    """

    def __init__(self, allowance: float) -> None:
        self._allowance = allowance
        self._lowest = math.log(allowance * _LOWEST)
        self._log_limit = math.log(allowance)

    @property
    def limit(self) -> float:
        """The risk up to which to serve."""
        return math.exp(self._log_limit)

    def count(self, risked: float) -> None:
        """Count a lookup, and the risk that it took: 0 where nothing was served."""
        moved = self._log_limit + _RATE * (1.0 - risked / self._allowance)
        self._log_limit = min(max(moved, self._lowest), math.log(RISKIEST))
