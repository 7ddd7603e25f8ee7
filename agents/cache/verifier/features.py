"""What the verifier looks at in a pair of questions: one number a feature, the same whichever comes first."""

from collections.abc import Iterable

import numpy as np

from agents.cache.guards import GUARDS, Objection, Text
from agents.cache.guards.lexicon import QUALIFIERS
from agents.cache.verifier.reading import ASKING, Compared, Floats, Reading
from agents.cache.verifier.words import Relation, Words

_GUARDS = tuple(guard.__name__ for guard in GUARDS)
_PART = {name: at for at, name in enumerate(_GUARDS)}

NAMES = (
    *_GUARDS,
    "objections",
    "cosine",
    "trigrams", "length", "word overlap", "order kept",
    "same question words", "same first word",
    "only one side (fewer)", "only one side (more)",
    "unexplained (fewer)", "unexplained (more)", "unexplained common words", "unexplained qualifiers",
    "synonyms", "derived", "kinds", "siblings", "opposites", "typos",
    "least likeness of a content word", "second least likeness", "mean likeness", "least likeness of any word",
    "least likeness of an unexplained word", "least likeness of a shared word", "mean likeness of shared words",
    "likeness of names and numbers", "words", "content words",
)  # fmt: skip
FEATURES = len(NAMES)
_ALIKE = 0.34  # a synonym in its three commonest senses at worst


def features(compared: Compared, *, objections: Iterable[Objection], cosine: float, words: Words) -> Floats:
    """The features of a pair, in the order of `NAMES`; `objections` are what the guards say of the two texts."""
    verdict = np.zeros(len(_GUARDS))
    for objection in objections:
        verdict[_PART[objection.guard]] = 1
    one, other = compared.one, compared.other
    asked, stored = one.text, other.text
    mine, theirs = _folded(asked, stored), _folded(stored, asked)
    left, right = _unexplained(mine, stored, words), _unexplained(theirs, asked, words)
    found = {name: _most(mine, theirs, name, words) for name in Relation._fields}
    return np.array(
        (
            *verdict,
            verdict.sum(),
            cosine,
            _trigrams(asked.canonical.lower(), stored.canonical.lower()),
            min(len(asked.canonical), len(stored.canonical)) / max(len(asked.canonical), len(stored.canonical), 1),
            len(asked.words & stored.words) / max(len(asked.words | stored.words), 1),
            _order(asked.sequence, stored.sequence),
            asked.questions == stored.questions,
            one.keys[:1] == other.keys[:1],
            *sorted((len(mine), len(theirs))),
            *sorted((len(left), len(right))),
            max((words.met(word) for word in left | right), default=0) ** 0.5,
            len((left | right) & QUALIFIERS),
            *found.values(),
            *_likenesses(compared),
            min(len(one.keys), len(other.keys)),
            min(sum(one.content), sum(other.content)),
        ),
        np.float32,
    )


def _folded(text: Text, other: Text) -> frozenset[str]:
    """The content words of one text only, without those that merely ask."""
    return frozenset(text.content - other.content - ASKING)


def _unexplained(words_: frozenset[str], other: Text, words: Words) -> frozenset[str]:
    """The words for which the other text holds no synonym, derived word or misspelling."""
    return frozenset(
        word
        for word in words_
        if not any(
            (relation := words.relation(word, theirs)).synonym >= _ALIKE or relation.derived or relation.typo
            for theirs in other.content
        )
    )


def _most(mine: frozenset[str], theirs: frozenset[str], name: str, words: Words) -> float:
    return sum(max((getattr(words.relation(a, b), name) for b in theirs), default=0.0) for a in mine)


def _trigrams(one: str, other: str) -> float:
    mine, theirs = ({text[at : at + 3] for at in range(len(text) - 2)} for text in (one, other))
    return 2 * len(mine & theirs) / max(len(mine) + len(theirs), 1)


def _order(one: tuple[str, ...], other: tuple[str, ...]) -> float:
    """The share of pairs of shared words that stand in the same order in both."""
    places = {word: at for at, word in enumerate(other)}
    shared = [places[word] for word in dict.fromkeys(one) if word in places]
    pairs = len(shared) * (len(shared) - 1) / 2
    kept = sum(a < b for at, a in enumerate(shared) for b in shared[at + 1 :])
    return kept / pairs if pairs else 1.0


def _likenesses(compared: Compared) -> tuple[float, ...]:
    """How near the words' states are to the nearest of the other question, the worst first."""
    one, other, related, likeness = compared
    if not likeness.size:
        return (0.0,) * 8
    same = related[:, :, 0]
    content: list[float] = []
    every: list[float] = []
    odd: list[float] = []
    exact: list[float] = []
    for reading, table, equal in ((one, likeness, same), (other, likeness.T, same.T)):
        best = table.max(axis=1).tolist()
        every += best
        kept, shared = (table * equal).max(axis=1).tolist(), equal.max(axis=1).tolist()
        for at, is_content in enumerate(reading.content):
            if is_content:
                content.append(best[at])
                if shared[at]:
                    exact.append(kept[at])
                else:
                    odd.append(best[at])
    content.sort()
    return (
        content[0] if content else 1.0,
        content[1] if len(content) > 1 else 1.0,
        sum(content) / len(content) if content else 1.0,
        min(every),
        min(odd, default=1.0),
        min(exact, default=1.0),
        sum(exact) / len(exact) if exact else 0.0,
        _marked(one, other, likeness),
    )


def _marked(one: Reading, other: Reading, likeness: Floats) -> float:
    """The least likeness of a number, name or unknown word."""
    found = 1.0
    for reading, table in ((one, likeness), (other, likeness.T)):
        marked = reading.flags[:, 2] + reading.flags[:, 4] + reading.flags[:, 5] > 0
        if marked.any():
            found = min(found, float(table[marked].max(axis=1).min()))
    return found
