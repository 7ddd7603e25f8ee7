"""Whether two answers say the same: what a check of a hit comes down to. Pure."""

from __future__ import annotations

from typing import Literal, NamedTuple

from agents.cache.canonical import canonical
from agents.cache.guards import Text, rules
from agents.cache.guards.rules import Guard

Equivalence = Literal["strict", "intent"]

_FACTS: tuple[Guard, ...] = (rules.numbers, rules.units, rules.identifiers, rules.dates)
_CLAIMS: tuple[Guard, ...] = (rules.script, rules.signs, rules.negation, rules.antonyms, rules.quantifiers)

BARS: dict[Equivalence, float] = {"strict": 0.9, "intent": 0.8}
"""Cosine that two answers must reach. Set beforehand, not fitted: paraphrases of one answer lie above, answers to
neighbouring questions mostly below; and a bar too high errs on the side of calling a right answer wrong."""
GUARDS: dict[Equivalence, tuple[Guard, ...]] = {"strict": _FACTS + _CLAIMS, "intent": (*_FACTS, rules.negation)}
"""What may not differ between them: not all that may not differ between questions, as an answer may be worded in more
ways. For an intent it is figures, names of things and no for yes."""


class Compared(NamedTuple):
    """Whether two answers say the same, and what shows it."""

    same: bool
    why: str


def same(one: str, other: str, cosine: float | None, equivalence: Equivalence) -> Compared:
    """Compare two answers; the same whichever comes first. Never raises.

    Args:
        one: an answer's text.
        other: another's.
        cosine: of their embeddings; None where there is none, when only equal texts count as the same.
        equivalence: what the task's policy counts as the same.
    """
    if canonical(one) == canonical(other):
        return Compared(True, "the texts are equal")
    if cosine is None:
        return Compared(False, "the texts differ, and no embedding tells how much")
    bar = BARS[equivalence]
    if not cosine >= bar:
        return Compared(False, f"cosine {cosine:.3f} is below {bar}")
    left, right = Text.read(one), Text.read(other)
    for guard in GUARDS[equivalence]:
        if detail := guard(left, right):
            return Compared(False, f"{guard.__name__}: {detail}")
    return Compared(True, f"cosine {cosine:.3f} reaches {bar}, and no guard objects")
