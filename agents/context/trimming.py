"""Making a conversation fit a model's window by leaving out its oldest turns. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from agents.context.turns import turns, without
from schemas.records import Message


class Trimmed(NamedTuple):
    """What is left of a conversation."""

    messages: list[Message]
    tokens: int


def trim(messages: Sequence[Message], published: int, limit: int, count: Callable[[Sequence[Message]], int]) -> Trimmed:
    """The conversation with as few of its oldest turns left out as bring it within ``limit`` tokens.

    A turn is a user's message with the answers to it: they go together, so that no answer is left without its
    question. System messages and the last turn, which asks, always stay. If not even they fit, they are what is
    returned, and ``tokens`` says by how much.

    Args:
        messages: as published.
        published: their tokens.
        limit: prompt tokens that the model has room for.
        count: tokens of a prompt. Fewer turns are never more tokens, so that the least cut is found by bisection.
    """
    if published <= limit:
        return Trimmed(list(messages), published)
    spoken = turns(messages)
    most = len(spoken) - 1
    if most <= 0:
        return Trimmed(list(messages), published)
    low, high = 1, most
    best = Trimmed(kept := without(messages, spoken[:most]), count(kept))
    while low < high and best.tokens <= limit:
        middle = (low + high) // 2
        kept = without(messages, spoken[:middle])
        if (tokens := count(kept)) <= limit:
            best, high = Trimmed(kept, tokens), middle
        else:
            low = middle + 1
    return best
