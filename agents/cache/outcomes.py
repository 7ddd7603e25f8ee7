"""What came of a check: the model was asked as well, and its answer compared with the one cached."""

from __future__ import annotations

import msgspec

KEPT = 4_096
"""How many outcomes are kept of one task of one tenant: the last, of answers that were served and of those that were
not apart, or the many comparisons at misses would crowd out the few checks of hits."""
TTL_MS = 30 * 24 * 3_600_000
"""For how long after the last of them."""


class Outcome(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """One judgement on one entry. The same check gives the same bytes, however often it is delivered.

    Stored by position: a new field goes to the end, with a default.
    """

    request_id: str
    """Of the request that was checked."""
    scope: str
    fingerprint: str
    """Of the entry that was judged."""
    tier: str
    """Which tier chose the entry."""
    features: tuple[float, ...]
    """What that tier saw of the two questions."""
    same: bool
    """The entry's answer was the model's."""
    served: bool
    """The entry's answer was the response; else it was only looked at."""
    share: float
    """The probability with which a case like this one was checked, above 0 and at most 1."""
    at: int
    """UTC epoch milliseconds."""
    chosen: bool = True
    """The tier would have served it; what it would not have says nothing of how well it chooses."""
