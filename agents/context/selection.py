"""Which units of a text to keep under a number of tokens. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

ALIKE = 0.9
"""A unit adds nothing where so much of its words stands in one that is kept."""


class Candidate(NamedTuple):
    """A unit that may be kept."""

    value: float
    """What keeping it is worth; 0 where it is of no use for itself."""
    tokens: int
    carries: tuple[int, ...] = ()
    """Other candidates, by place, that must be kept with it. Those carry nothing that is not named here."""
    words: frozenset[str] = frozenset()
    """What it says, figures included: two that say the same are not both kept."""


def select(candidates: Sequence[Candidate], limit: int) -> list[int]:
    """The places of the candidates to keep, ascending: the worthiest first, each with what it carries, while they fit.

    Value is not divided by tokens: the longer of two equally relevant sentences is as much more likely to hold the
    answer as it is longer. What is all but said by one that is kept is passed over, as in maximal marginal relevance
    (Carbonell & Goldstein, SIGIR 1998).
    """
    kept: set[int] = set()
    said: list[frozenset[str]] = []
    left = limit
    for at in ranked(candidates):
        if at in kept:
            continue
        wanted = {at, *candidates[at].carries} - kept
        tokens = sum(candidates[one].tokens for one in wanted)
        if tokens > left or _redundant(candidates[at].words, said):
            continue
        kept |= wanted
        said.append(candidates[at].words)
        left -= tokens
    return sorted(kept)


def ranked(candidates: Sequence[Candidate]) -> list[int]:
    """The places of those that are worth something, the worthiest first; of equals, the first."""
    worth = [at for at, candidate in enumerate(candidates) if candidate.value > 0]
    return sorted(worth, key=lambda at: -candidates[at].value)


def _redundant(words: frozenset[str], said: Sequence[frozenset[str]]) -> bool:
    return bool(words) and any(len(words & other) >= ALIKE * len(words) for other in said)
