"""What the neighbours of a question say for the best of their answers, and what is missing from a perfect case."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

NEIGHBOURS = 8
"""How many of the nearest entries count."""
FLOOR = 0.5
"""Cosine below which an entry says nothing of a question."""
SHORTFALLS = 3
"""How many there are."""

_TEMPERATURE = 0.1
_UNHEARD = 0.6
_SMOOTHING = 0.5
_FULL_VOTE = 2.5
_LEAST_VOTE = -2.5
_RESOLUTION = 0.03


class Neighbour(NamedTuple):
    """A live entry whose question is near the one asked."""

    fingerprint: str
    cosine: float
    """Of the two questions' embeddings, exact."""
    answer: str
    """Equal for entries whose answers are known to say the same."""


class Evidence(NamedTuple):
    """The case for one neighbour."""

    choice: int
    """Its place among the neighbours: the nearest of those with the answer that the most speaks for."""
    shortfalls: tuple[float, ...]
    """What is missing in three respects, each 0 where nothing is: nearness, the answer's lead over all others, and
    how many neighbours share it."""


def weigh(neighbours: Sequence[Neighbour]) -> Evidence | None:
    """Let the nearest neighbours vote on the answer; None where no one is near enough to say anything.

    Each votes with the weight ``exp(cosine / 0.1)``, and an answer that nobody has given yet with the weight that an
    entry with a cosine of 0.6 would have. The three shortfalls are

    - nearness: ``log((1.03 - cosine) / 0.03)`` of the one chosen, which tells 0.99 from 0.95 as it does 0.9 from 0.6;
    - lead: by how much the log odds of the vote fall short of 2.5;
    - agreement: by how much ``log((n + 0.5) / (m + 0.5))``, with n neighbours for the answer and m against it, falls
      short of what eight of eight would give.

    Bounded above, so that a clear case does not count as certain: how often clear cases are wrong is what is learned.
    """
    near = sorted((-one.cosine, at) for at, one in enumerate(neighbours) if one.cosine >= FLOOR)[:NEIGHBOURS]
    if not near:
        return None
    votes: dict[str, float] = {}
    counts: dict[str, int] = {}
    for distance, at in near:
        answer = neighbours[at].answer
        votes[answer] = votes.get(answer, 0.0) + math.exp((-distance - _UNHEARD) / _TEMPERATURE)
        counts[answer] = counts.get(answer, 0) + 1
    answer = max(votes, key=votes.__getitem__)
    choice = next(at for _, at in near if neighbours[at].answer == answer)
    lead = math.log(votes[answer] / (math.fsum(votes.values()) - votes[answer] + 1.0))
    count = counts[answer]
    shortfalls = (
        math.log((1.0 + _RESOLUTION - min(neighbours[choice].cosine, 1.0)) / _RESOLUTION),
        min(max(_FULL_VOTE - lead, 0.0), _FULL_VOTE - _LEAST_VOTE),
        _odds(NEIGHBOURS, 0) - _odds(count, len(near) - count),
    )
    return Evidence(choice, shortfalls)


def _odds(votes: int, against: int) -> float:
    return math.log((votes + _SMOOTHING) / (against + _SMOOTHING))
