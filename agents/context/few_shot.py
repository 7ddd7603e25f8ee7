"""Which of a task's examples a prompt shows: those nearest to its question, within a budget of tokens. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from agents.embedding import Vector
from agents.policy_document import Example, Model

_DIGITS = 6
"""Of a cosine, that count. Equal vectors must tie, and in the digits beyond a sum depends on the order of its terms."""


def wanted(examples: Sequence[Example], task: str, model: Model) -> list[Example]:
    """The examples that the model may be shown: none where it was tuned for the task, for it has seen enough."""
    return [] if task in model.tuned_for else list(examples)


def shown(example: Example) -> str:
    """The example as it stands in a prompt."""
    return f"Question: {example.question}\nAnswer: {example.answer}"


def select(
    examples: Sequence[Example],
    vectors: Sequence[Vector],
    vector: Vector,
    budget: int,
    length: Callable[[str], int],
) -> list[Example]:
    """The examples whose questions are nearest by cosine, as many as fit; one too long for the rest is passed over.

    They keep the order in which the policy has them, so that equal choices make equal beginnings of a prompt. Of
    examples that are equally near the earlier one is taken.

    Args:
        examples: to choose from.
        vectors: of their questions, at unit length, one an example.
        vector: of the question, at unit length.
        budget: tokens, for all that are chosen together.
        length: tokens of a text in the model that the prompt is for.
    """
    cosines = [round(float(vector @ own), _DIGITS) for own in vectors]
    nearest = sorted(range(len(examples)), key=lambda at: (-cosines[at], at))
    chosen, left = [], budget
    for at in nearest:
        if (tokens := length(shown(examples[at]))) <= left:
            chosen.append(at)
            left -= tokens
    return [examples[at] for at in sorted(chosen)]
