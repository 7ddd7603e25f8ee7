"""Guards: whether two texts that an embedding holds near could yet need different answers.

Cosine sees what a text is about, and hardly whether it says "on" or "off", "5" or "50", "from" or "to". The
guards look at just that. They only object: no objection does not make two texts paraphrases, so a guard is
asked after the cosine. Written for English; what cannot be judged is objected to.
"""

from typing import NamedTuple

from agents.cache.guards.rules import GUARDS
from agents.cache.guards.text import Text

__all__ = ["GUARDS", "Objection", "Text", "compare", "objections"]


class Objection(NamedTuple):
    """Why the stored answer could be wrong for the asked text: which guard objects, and to what."""

    guard: str
    detail: str


def objections(asked: str, stored: str) -> tuple[Objection, ...]:
    """Return every objection to answering `asked` with what was answered to `stored`; none means none.

    Texts whose canonical forms are equal are never objected to. The verdict is symmetric. Never raises.
    """
    return compare(Text.read(asked), Text.read(stored))


def compare(asked: Text, stored: Text) -> tuple[Objection, ...]:
    """Return what `objections` does, for texts already read: one asked text meets several stored ones."""
    if asked.canonical == stored.canonical:
        return ()
    found = ((guard.__name__, guard(asked, stored)) for guard in GUARDS)
    return tuple(Objection(name, detail) for name, detail in found if detail is not None)
