"""What is known of two words: synonyms, opposites, kinds of each other. Out of WordNet; see NOTICE."""

from functools import lru_cache
from pathlib import Path
from typing import NamedTuple, Self

import numpy as np

from agents.cache.guards.lexicon import ANTONYMS, KEYS
from schemas.errors import SetupError

TABLE = Path(__file__).with_name("wordnet.npz")
_FAR = 9


class Relation(NamedTuple):
    """How two words stand to each other; every field is from 0 (not at all) to 1."""

    synonym: float
    """They share a sense; 1 where it is the commonest of both, less the rarer it is."""
    derived: float
    kind: float
    """One is a kind of the other: "bus" of "vehicle"."""
    sibling: float
    """Both are kinds of the same: "bus" and "car"."""
    opposite: float
    typo: float
    """They differ as a slip of the finger does."""


NONE = Relation(0, 0, 0, 0, 0, 0)


class Words:
    """The word table. Words are keys of the guards: base forms in lower case."""

    def __init__(
        self,
        senses: dict[str, tuple[int, ...]],
        parents: dict[int, tuple[int, ...]],
        links: dict[str, frozenset[tuple[str, str]]],
        met: dict[str, int],
    ) -> None:
        self._senses = senses
        self._parents = parents
        self._links = links
        self._met = met
        self.relation = lru_cache(1 << 16)(self._relation)

    @classmethod
    def load(cls) -> Self:
        """Read the table that is shipped beside this file.

        Raises:
            SetupError: it is missing or broken.
        """
        try:
            with np.load(TABLE) as table:
                words = table["words"].tobytes().decode().split("\n")
                senses = _split(table["senses"], table["sense_counts"])
                parents = dict(enumerate(_split(table["parents"], table["parent_counts"])))
                links = {
                    name: frozenset((words[one], words[other]) for one, other in table[name].tolist())
                    for name in ("antonyms", "derived")
                }
                met = dict(zip(words, table["met"].tolist(), strict=True))
        except (OSError, ValueError, KeyError, IndexError) as error:
            raise SetupError(f"the verifier's words {TABLE} cannot be read: {error}; reinstall headrace") from error
        return cls(dict(zip(words, senses, strict=True)), parents, links, met)

    def __contains__(self, word: str) -> bool:
        return word in self._senses or word in KEYS

    def met(self, word: str) -> int:
        """How often WordNet's authors met the word in the texts they tagged; 0 is rare or unknown."""
        return self._met.get(word, 0)

    def siblings(self, word: str) -> list[str]:
        """Common words that are kinds of what the word in its commonest sense is a kind of, and no synonyms of it."""
        mine = self._senses.get(word, ())
        if not mine:
            return []
        above = set(self._parents[mine[0]])
        return [
            other
            for other, theirs in self._senses.items()
            if theirs
            and not above.isdisjoint(self._parents[theirs[0]])
            and mine[0] not in theirs
            and theirs[0] not in mine
            and self.met(other) > 1
        ]

    def _relation(self, one: str, other: str) -> Relation:
        """How the two stand to each other; symmetric."""
        mine, theirs = self._senses.get(one, ()), self._senses.get(other, ())
        opposite = float(
            other in ANTONYMS.get(one, ()) or not self._links["antonyms"].isdisjoint({(one, other), (other, one)})
        )
        derived = float(not self._links["derived"].isdisjoint({(one, other), (other, one)}))
        synonym = max((1 / (1 + max(a, theirs.index(s))) for a, s in enumerate(mine) if s in theirs), default=0.0)
        kind = max(self._kind(mine, theirs), self._kind(theirs, mine))
        typo = 0.0 if one in self and other in self else _typo(one, other)
        found = Relation(synonym, derived, kind, self._sibling(mine, theirs), opposite, typo)
        return NONE if found == NONE else found

    def _kind(self, mine: tuple[int, ...], theirs: tuple[int, ...]) -> float:
        ranks = (a + theirs.index(p) for a, s in enumerate(mine) for p in self._parents[s] if p in theirs)
        at = min(ranks, default=_FAR)
        return 1 / (1 + at) if at < _FAR else 0.0

    def _sibling(self, mine: tuple[int, ...], theirs: tuple[int, ...]) -> float:
        above = {parent: rank for rank, sense in reversed([*enumerate(theirs)]) for parent in self._parents[sense]}
        ranks = (rank + above[p] for rank, sense in enumerate(mine) for p in self._parents[sense] if p in above)
        at = min(ranks, default=_FAR)
        return 1 / (1 + at) if at < _FAR else 0.0


def _split(flat: np.ndarray, counts: np.ndarray) -> list[tuple[int, ...]]:
    values, ends = flat.tolist(), np.cumsum(counts).tolist()
    return [tuple(values[start:end]) for start, end in zip([0, *ends], ends, strict=False)]


def _typo(one: str, other: str) -> float:
    """1 where one letter is missing, doubled, changed or swapped with its neighbour in words of five and more."""
    if min(len(one), len(other)) < 4 or abs(len(one) - len(other)) > 1 or one == other:
        return 0.0
    start = 0
    while start < min(len(one), len(other)) and one[start] == other[start]:
        start += 1
    end = 0
    while end < min(len(one), len(other)) - start and one[-1 - end] == other[-1 - end]:
        end += 1
    left, right = one[start : len(one) - end], other[start : len(other) - end]
    if len(left) <= 1 and len(right) <= 1:
        return 1.0
    return float(len(left) == 2 and left == right[::-1])
