"""English as far as the guards need it: every known word form and the key under which it is compared.

The tables are constants, built once at import from the lists beside this file, which are written from general
knowledge of the language: no corpus, no download.
"""

from agents.cache.guards.lexicon import antonyms, figures, grammar, phrases, qualifiers, synonyms, vocabulary
from agents.cache.guards.lexicon.inflection import inflections
from agents.cache.guards.lexicon.listing import groups

UNIT = "~"
"""First character of a unit's key: "~km"."""

# Words that carry no content of their own (a verb's particle does).
STRUCTURE = (
    grammar.ARTICLES | grammar.AUXILIARIES | grammar.PRONOUNS | grammar.PREPOSITIONS | grammar.CONJUNCTIONS
    | grammar.FILLERS | grammar.NEGATORS | frozenset(grammar.QUESTIONS) | frozenset(grammar.MODALS)
    | frozenset(grammar.QUANTIFIERS) | frozenset(f"how_{measure}" for measure in grammar.MEASURES)
) - grammar.PARTICLES  # fmt: skip


def _sides() -> list[tuple[list[str], list[str]]]:
    items = (item.partition(" - ") for item in antonyms.OPPOSITES.replace("\n", "|").split("|"))
    return [(left.split(), right.split()) for left, _, right in items]


def _keys() -> dict[str, str]:
    """Every known form -> its key: its base form, then the first of its synonyms.

    A listed word that is also a form of another listed one is read as that one, unless it means something else.
    """
    same = {word: group[0] for group in groups(synonyms.SAME) for word in group}
    opposed = {word for left, right in _sides() for word in (*left, *right)}
    plain = opposed | set(same) | qualifiers.QUALIFIERS | vocabulary.ORDINARY | figures.DATES
    irregular = {form: group[0] for group in groups(vocabulary.IRREGULAR) for form in group}
    listed = plain | set(irregular.values())
    derived = {form for word in listed for form in inflections(word)} - vocabulary.DISTINCT
    bases = {word for word in listed if word not in derived}
    keys = {word: word for word in STRUCTURE | grammar.PARTICLES | set(figures.NUMBERS) | set(figures.SCALES)}
    keys |= {word: word for word in figures.MULTIPLES}
    for alias, unit in figures.UNITS.items():
        keys.setdefault(alias, UNIT + unit)
    for form, base in irregular.items():
        keys.setdefault(form, same.get(base, base))
    for word in sorted(bases):
        keys.setdefault(word, same.get(word, word))
    for word in (*sorted(bases), *sorted(derived & listed)):
        for form in inflections(word):
            keys.setdefault(form, keys[word])
    return keys


KEYS = _keys()
"""Known word form (lower case) -> the key under which it is compared."""


def _antonyms() -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for left, right in _sides():
        for one in left:
            for other in right:
                a, b = KEYS.get(one, one), KEYS.get(other, other)
                found.setdefault(a, set()).add(b)
                found.setdefault(b, set()).add(a)
    return {word: frozenset(opposites) for word, opposites in found.items()}


ANTONYMS = _antonyms()
"""Key -> the keys that contradict it. Symmetric."""

PARTICIPLES = frozenset(form for group in groups(vocabulary.IRREGULAR) for form in group[1:])
"""Irregular forms other than the base: "paid", "stolen"."""

QUALIFIERS = frozenset(KEYS.get(word, word) for word in qualifiers.QUALIFIERS) | grammar.PARTICLES
DATES = frozenset(KEYS.get(word, word) for word in figures.DATES) | {"may", "march", "august"}


def _phrases() -> dict[str, tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]]:
    """First key -> (all keys, what they are read as), the longest first."""
    found: dict[str, list[tuple[tuple[str, ...], tuple[str, ...]]]] = {}
    pairs = [line.split(" : ") for line in phrases.PHRASES.strip().splitlines()]
    pairs += [[f"how {measure}", f"how_{measure}"] for measure in grammar.MEASURES]
    for left, right in pairs:
        source = tuple(KEYS.get(word, word) for word in left.split())
        target = tuple(KEYS.get(word, word) for word in right.split() if word != "-")
        found.setdefault(source[0], []).append((source, target))
    return {first: tuple(sorted(each, key=lambda pair: -len(pair[0]))) for first, each in found.items()}


PHRASES = _phrases()


def _openings() -> dict[str, tuple[tuple[str, ...], ...]]:
    found: dict[str, list[tuple[str, ...]]] = {}
    items = (item.split() for line in phrases.OPENINGS.strip().splitlines() for item in line.split("|"))
    for item in items:
        source = tuple(KEYS.get(word, word) for word in item)
        found.setdefault(source[0], []).append(source)
    return {first: tuple(sorted(each, key=len, reverse=True)) for first, each in found.items()}


OPENINGS = _openings()
"""First key -> the polite openings that begin with it, the longest first."""
