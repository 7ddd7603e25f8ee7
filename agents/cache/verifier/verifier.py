"""Judging a pair: what forbids to share an answer whatever the model thinks, and what the model thinks."""

import math
from collections.abc import Iterable
from typing import NamedTuple, Self

from agents.cache.guards import Objection, Text, compare
from agents.cache.guards.tokens import NUMBER
from agents.cache.verifier.features import features
from agents.cache.verifier.model import PROBE, Model
from agents.cache.verifier.reading import Compared, Reading
from agents.cache.verifier.words import Words
from agents.embedding import Embedded, Embedder

VETOES = frozenset({"script", "identifiers", "signs", "negation"})
"""Guards whose objection stands: what they find is exact, and the model's training cannot make it more so."""
_ALIKE = 0.99
"""Cosine of two runs of one embedder, in whatever precision; that of two embedders is far below."""
_WEAK_NUMBERS = frozenset({"#1"})
"""Numbers that may be none: "how does one say"."""
_WEAK_DATES = frozenset({"may", "last", "weekday", "weekend", "monthly", "weekly", "daily", "yearly"})
"""Dates that may be none, or said without a date: "may I", "how long does it last", "a month"."""


class Verified(NamedTuple):
    """Whether the stored answer may be served."""

    accepted: bool
    probability: float
    """That the same answer will do, as the model sees it: it ranks pairs, and is no measured share. 0 where vetoed."""
    why: tuple[str, ...]
    """For a person to read, the strongest evidence first."""


class Verifier:
    """Judges pairs of English questions. Immutable, so that threads may share it."""

    def __init__(self, model: Model, words: Words) -> None:
        self._model = model
        self._words = words

    @classmethod
    def load(cls) -> Self:
        """Load what is shipped with the package.

        Raises:
            SetupError: the files are missing or broken.
        """
        return cls(Model.load(), Words.load())

    async def knows(self, embedder: Embedder) -> bool:
        """Whether it was trained on the token states of this embedder: of another's it would make no sense.

        Raises:
            ServiceError: the embedder failed.
        """
        vector = (await embedder.embed(PROBE)).vector
        return vector.shape == self._model.probe.shape and float(vector @ self._model.probe) > _ALIKE

    def read(self, text: Text, embedded: Embedded) -> Reading:
        """What it compares of a question; ``embedded`` is of its canonical text."""
        return Reading.of(text, embedded, self._words)

    def judge(self, asked: Reading, stored: Reading, cosine: float) -> Verified:
        """Judge whether `asked` may have the answer to `stored`, given the cosine of their embeddings.

        Pure; the same whichever question comes first. What cannot be judged is rejected.
        """
        if asked.text.canonical == stored.text.canonical:
            return Verified(True, 1.0, ("the questions are the same",))
        # One order for both ways round, so that no rounding tells them apart.
        one, other = sorted((asked, stored), key=lambda reading: reading.text.canonical)
        objections = compare(one.text, other.text)
        if vetoes := forbidden(one.text, other.text, objections):
            return Verified(False, 0.0, vetoes)
        if unfit := one.unfit or other.unfit:
            return Verified(False, 0.0, (unfit,))
        compared = Compared.of(one, other, self._words)
        row = features(compared, objections=objections, cosine=cosine, words=self._words)
        logit = self._model.logit(compared, row)
        return Verified(
            logit >= self._model.threshold,
            1 / (1 + math.exp(-max(min(logit, 30.0), -30.0))),
            _why(compared, objections, cosine),
        )


def _why(compared: Compared, objections: tuple[Objection, ...], cosine: float) -> tuple[str, ...]:
    """What a person would want to know: the least alike words, then the guards, then the cosine."""
    said = []
    one, other, likeness = compared.one, compared.other, compared.likeness
    for mine, theirs, table in ((one, other, likeness), (other, one, likeness.T)):
        odd = [at for at, key in enumerate(mine.keys) if mine.content[at] and key not in theirs.keys]
        if odd:
            at = odd[int(table[odd].max(axis=1).argmin())]
            match = theirs.keys[int(table[at].argmax())]
            said.append((float(table[at].max()), f"{mine.keys[at]!r} has at best {match!r} beside it"))
    return (*(text for _, text in sorted(said)), *map(_said, objections), f"cosine {cosine:.3f}")


def forbidden(asked: Text, stored: Text, objections: tuple[Objection, ...]) -> tuple[str, ...]:
    """What forbids to share an answer whatever the model would think; nothing where it may be asked.

    `objections` are what the guards say of the two texts.
    """
    vetoes = [_said(objection) for objection in objections if objection.guard in VETOES]
    for what, mine, theirs in (
        ("numbers", _strong(asked.numbers, _WEAK_NUMBERS), _strong(stored.numbers, _WEAK_NUMBERS)),
        # A unit with no number beside it may be put another way: "how many days" asks "how long".
        ("units", _counted(asked.measures), _counted(stored.measures)),
        ("dates", _strong(asked.dates, _WEAK_DATES), _strong(stored.dates, _WEAK_DATES)),
        ("names", *_other_names(asked, stored)),
    ):
        if mine != theirs:
            vetoes.append(f"{what}: {' '.join(mine) or 'none'} against {' '.join(theirs) or 'none'}")
    return tuple(vetoes)


def _counted(measures: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(measure for measure in measures if measure[0] == NUMBER)


def _strong(found: Iterable[str], weak: frozenset[str]) -> tuple[str, ...]:
    return tuple(sorted(each for each in found if each not in weak))


def _said(objection: Objection) -> str:
    return f"{objection.guard}: {objection.detail}"


def _other_names(asked: Text, stored: Text) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Names of which each question has one that the other lacks: two things, not one thing under two names."""
    mine = [name for name in sorted(asked.names - stored.content) if not _short_for(name, stored)]
    theirs = [name for name in sorted(stored.names - asked.content) if not _short_for(name, asked)]
    return (tuple(mine), tuple(theirs)) if mine and theirs else ((), ())


def _short_for(name: str, text: Text) -> bool:
    """Whether the name could be the initials of words of the text."""
    initials = "".join(word[0] for word in text.canonical.lower().split())
    return 2 <= len(name) <= 5 and name in initials
