"""The guards: each compares two texts in one respect, and says what stands against sharing an answer.

Every guard is a pure function of two texts whose verdict is the same whichever text comes first.
"""

from collections.abc import Callable, Iterable

from agents.cache.guards.lexicon import ANTONYMS, QUALIFIERS
from agents.cache.guards.lexicon.grammar import SUBJECTS, TENSE_CLASHES
from agents.cache.guards.lexicon.names import CASED
from agents.cache.guards.text import Text

Guard = Callable[[Text, Text], str | None]

_PREFIXES = ("un", "dis", "in", "im", "il", "ir", "non", "mis", "anti", "de", "under", "over", "hyper", "hypo")
_SPEAKERS = frozenset({"first", "second"})
_SUFFIXES = ("less", "free", "proof")


def script(asked: Text, stored: Text) -> str | None:
    """Another script or language, or mostly words that the lexicon does not know: nothing here can judge it."""
    if asked.readable and stored.readable:
        return None
    return "not English enough to be judged"


def numbers(asked: Text, stored: Text) -> str | None:
    """A number, in digits or words, that the other text lacks."""
    return _differ(asked.numbers, stored.numbers)


def units(asked: Text, stored: Text) -> str | None:
    """A unit or currency that the other text lacks, or beside another number."""
    return _differ(asked.measures, stored.measures)


def identifiers(asked: Text, stored: Text) -> str | None:
    """A code, address, version or file name that the other text lacks."""
    return _differ(asked.identifiers, stored.identifiers)


def dates(asked: Text, stored: Text) -> str | None:
    """A month, weekday, season or relative time that the other text lacks."""
    return _differ(asked.dates, stored.dates)


def signs(asked: Text, stored: Text) -> str | None:
    """Signs that are not punctuation: operators, emoji, invisible characters."""
    return _differ(asked.signs, stored.signs)


def names(asked: Text, stored: Text) -> str | None:
    """A name, or a word unknown and so perhaps a name, that the other text lacks or writes as a common word."""
    only = ((asked.names | asked.unknown) - stored.content) | ((stored.names | stored.unknown) - asked.content)
    if only:
        return "only one names " + _listed(only)
    cased = ((asked.names & stored.lower) | (stored.names & asked.lower)) & CASED
    return f"capitals set apart {_listed(cased)}" if cased else None


def negation(asked: Text, stored: Text) -> str | None:
    """Another count of negators, or a word on one side that a prefix or suffix negates on the other."""
    if asked.negations != stored.negations:
        return f"{asked.negations} negations against {stored.negations}"
    mine, theirs = asked.content - stored.content, stored.content - asked.content
    if mine and theirs:
        for left, right in ((mine, theirs), (theirs, mine)):
            for word in left:
                for stem in _negated(word):
                    if stem in right:
                        return f"{word!r} against {stem!r}"
    return None


def antonyms(asked: Text, stored: Text) -> str | None:
    """A word whose opposite stands in the other text instead."""
    mine, theirs = asked.words - stored.words, stored.words - asked.words
    for word in mine:
        opposites = ANTONYMS.get(word)
        if opposites and not opposites.isdisjoint(theirs):
            return f"{word!r} against {_listed(opposites & theirs)}"
    return None


def quantifiers(asked: Text, stored: Text) -> str | None:
    """All, some, only, at least: another quantity, another question."""
    return _differ(asked.quantifiers, stored.quantifiers)


def substitution(asked: Text, stored: Text) -> str | None:
    """Each text holds a content word that the other lacks."""
    mine, theirs = asked.content - stored.content, stored.content - asked.content
    return f"{_listed(mine)} against {_listed(theirs)}" if mine and theirs else None


def qualifiers(asked: Text, stored: Text) -> str | None:
    """A word that narrows or turns the question, such as "joint" or "avoid", in one text only."""
    only = (asked.content ^ stored.content) & QUALIFIERS
    return "only one says " + _listed(only) if only else None


def order(asked: Text, stored: Text) -> str | None:
    """The shared content words, numbers and negators stand in another order."""
    if asked.sequence == stored.sequence:
        return None
    shared = (asked.content & stored.content) | {"not"}
    one = [word for word in asked.sequence if word in shared]
    other = [word for word in stored.sequence if word in shared]
    return None if one == other else f"{' '.join(one)!r} against {' '.join(other)!r}"


def roles(asked: Text, stored: Text) -> str | None:
    """A word that plays another part: from or to, done or done to."""
    for word, role in asked.roles.items():
        other = stored.roles.get(word, role)
        if other != role:
            return f"{role} {word!r} against {other} {word!r}"
    voiced = (asked.passives & stored.actives) | (stored.passives & asked.actives)
    return f"{_listed(voiced)} active against passive" if voiced else None


def clauses(asked: Text, stored: Text) -> str | None:
    """Another condition, order in time or means: if, unless, before, after, until, than, by, without."""
    if asked.clauses == stored.clauses:
        return None
    return _differ(*({" ".join(pair) for pair in text.clauses} for text in (asked, stored)))


def persons(asked: Text, stored: Text) -> str | None:
    """Other people: my against your, he against she, or the same ones the other way round."""
    both_who = "who" in asked.questions and "who" in stored.questions
    if both_who and (pronouns := (asked.words ^ stored.words) & SUBJECTS - {"who"}):
        return "who asks about another part beside " + _listed(pronouns)
    one, other = asked.persons, stored.persons
    if one == other:
        return None
    mine, theirs = set(one), set(other)
    # A text may leave out who speaks, but not put another in the place.
    apart = mine & _SPEAKERS and theirs & _SPEAKERS and not mine & theirs & _SPEAKERS
    if apart or mine == theirs or mine - _SPEAKERS != theirs - _SPEAKERS:
        return f"{' '.join(one)!r} against {' '.join(other)!r}"
    return None


def question(asked: Text, stored: Text) -> str | None:
    """Another kind of question: who, when, how, how much, yes or no. "What is X" may be just "X"."""
    one, other = asked.questions, stored.questions
    if one == other or {one, other} == {(), ("what",)}:
        return None
    return f"{' '.join(one) or 'no question'} against {' '.join(other) or 'no question'}"


def modality(asked: Text, stored: Text) -> str | None:
    """Can against should, must or does; past against present; is against will be."""
    if asked.modals != stored.modals:
        return _differ(asked.modals, stored.modals)
    for mine in asked.tenses - stored.tenses:
        for theirs in stored.tenses - asked.tenses:
            if frozenset((mine, theirs)) in TENSE_CLASHES:
                return f"{mine} against {theirs}"
    return None


def _differ(one: Iterable[str], other: Iterable[str]) -> str | None:
    return None if one == other else f"{_listed(one) or 'none'} against {_listed(other) or 'none'}"


def _listed(words: Iterable[str]) -> str:
    return " ".join(sorted(words))


def _negated(word: str) -> list[str]:
    """Return what the word might negate: "unlock" -> "lock", "harmless" -> "harm", "harmful"."""
    stems = [word.removeprefix(prefix) for prefix in _PREFIXES if word.startswith(prefix)]
    for suffix in _SUFFIXES:
        if word.endswith(suffix):
            stem = word.removesuffix(suffix)
            stems += [stem, stem + "ful"]
    return stems


GUARDS: tuple[Guard, ...] = (
    script, numbers, units, identifiers, dates, signs, names, negation, antonyms, quantifiers, substitution,
    qualifiers, order, roles, clauses, persons, question, modality,
)  # fmt: skip
