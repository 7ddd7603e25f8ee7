"""How sure a measured share of wrong answers is. Pure.

E. B. Wilson, "Probable inference, the law of succession, and statistical inference", Journal of the American
Statistical Association 22 (1927), pages 209 to 212. Its interval holds for few checks and for none that were wrong,
where the usual one of ``share ± z · standard error`` has no width.
"""

from __future__ import annotations

import math


def share(wrong: int, checks: int) -> float | None:
    """The measured share, as a fraction of 1; None without a check."""
    return wrong / checks if checks else None


def interval(wrong: int, checks: int, z: float = 1.96) -> tuple[float, float]:
    """The bounds between which the true share of wrong answers lies, as fractions of 1; ``(0, 1)`` without a check.

    They are the two shares ``p`` at which ``wrong / checks`` lies ``z`` standard deviations, ``√(p (1 − p) / checks)``,
    from ``p``.

    Args:
        wrong: of the checks, those that found another answer.
        checks: each an independent draw.
        z: standard normal deviations: 1.96 for 95% on both sides.

    Raises:
        ValueError: ``wrong`` is negative or more than ``checks``.
    """
    if not 0 <= wrong <= checks:
        raise ValueError(f"{wrong} of {checks} checks cannot be wrong")
    if not checks:
        return 0.0, 1.0
    measured, spread = wrong / checks, z * z / checks
    middle = (measured + spread / 2) / (1 + spread)
    reach = z * math.sqrt(measured * (1 - measured) / checks + spread / (4 * checks)) / (1 + spread)
    # At the ends one bound is exact, and rounding must not push it past them.
    low = max(0.0, middle - reach) if wrong else 0.0
    high = min(1.0, middle + reach) if wrong < checks else 1.0
    return low, high
