"""Edits of a question as it is written: those that leave its meaning and those that change it."""

import re
from collections.abc import Callable
from random import Random
from typing import TypeVar

from agents.cache.guards.lexicon import STRUCTURE
from agents.cache.verifier.words import Words
from training.verifier import grammar
from training.verifier.lexicon import frames, synonyms

T = TypeVar("T")
Pairs = tuple[tuple[str, str], ...]
HELD_OUT = 3
"""Every third item of each list is kept from training: it is for choosing the threshold."""

_CONTRACTIONS = (
    ("what is", "what's"), ("how is", "how's"), ("where is", "where's"), ("who is", "who's"), ("i am", "I'm"),
    ("i would", "I'd"), ("i have", "I've"), ("do not", "don't"), ("does not", "doesn't"), ("cannot", "can't"),
    ("can not", "can't"), ("is not", "isn't"), ("will not", "won't"), ("it is", "it's"), ("that is", "that's"),
    ("what's", "whats"), ("don't", "dont"), ("can't", "cant"), ("i'm", "im"), ("are not", "aren't"),
)  # fmt: skip
_DENIALS = (
    ("with", "without"), ("to", "not to"), ("to", "to avoid having to"), ("to", "to stop having to"),
    ("to", "to never"),
)  # fmt: skip
_NEGATABLE = re.compile(
    r"\b(can|could|should|would|will|must|do|does|did|is|are|was|were) "
    r"(I|you|we|it|they|he|she|my|the|people)\b(?! not)"
)
_NUMBER = re.compile(r"\b\d[\d,]*\b")
_WORD = re.compile(r"[A-Za-z']+")
_AFTER_DETERMINER = re.compile(r"\b(my|a|an|the|your) (?=[a-z])")


def _pairs(text: str) -> Pairs:
    items = (item.strip().partition(":") for item in text.replace("\n", " ").split("|") if item.strip())
    return tuple((left, right) for left, _, right in items)


def _listed(text: str) -> tuple[str, ...]:
    return tuple(item.strip() for item in text.replace("\n", " ").split("|") if item.strip())


SAME, OPPOSED = _pairs(synonyms.SAME), _pairs(synonyms.OPPOSED)
NARROWING, SCOPES = _listed(synonyms.NARROWING), _listed(synonyms.SCOPES)
_FRAME_WORDS = frozenset(_WORD.findall(frames.FRAMES))
_SYMMETRIC = re.compile(r"\b(and|or|between|versus|vs|with|together|than)\b", re.IGNORECASE)
OPENERS, ASKERS, CLOSERS = _listed(frames.OPENERS), _listed(frames.ASKERS), _listed(frames.CLOSERS)
FILLERS = _listed(frames.FILLERS)


def available(items: tuple[T, ...], held_out: bool) -> tuple[T, ...]:
    """The items to train on, or, held out, the others."""
    return tuple(item for at, item in enumerate(items) if (at % HELD_OUT == HELD_OUT - 1) == held_out)


def _replaced(text: str, one: str, other: str) -> str:
    match = re.search(rf"(?<![\w']){re.escape(one)}(?![\w'])", text, re.IGNORECASE)
    if match is None:
        return text
    new = other[:1].upper() + other[1:] if match[0][:1].isupper() and match[0] != "I" else other
    return text[: match.start()] + new + text[match.end() :]


def _either(text: str, pairs: Pairs, rng: Random) -> str:
    """One of the pairs that the text holds a side of, put the other way round; the text itself where none does."""
    for one, other in rng.sample(pairs, len(pairs)):
        if rng.random() < 0.5:
            one, other = other, one  # noqa: PLW2901
        changed = _replaced(text, one, other)
        if changed != text:
            return changed
    return text


def lowered(text: str) -> str:
    """The text as it goes on after an opening."""
    return text if re.match(r"I\b|[A-Z]\w*[A-Z]|[A-Z][a-z]+ [A-Z]", text) else text[:1].lower() + text[1:]


# --- what leaves the meaning -------------------------------------------------------------------------------------


def _opener(text: str, rng: Random, held_out: bool) -> str:
    return f"{rng.choice(available(OPENERS, held_out))} {lowered(text)}"


def _asker(text: str, rng: Random, held_out: bool) -> str:
    return f"{rng.choice(available(ASKERS, held_out))} {lowered(text)}"


def _closer(text: str, rng: Random, held_out: bool) -> str:
    return f"{text} {rng.choice(available(CLOSERS, held_out))}"


def _synonym(text: str, rng: Random, held_out: bool) -> str:
    return _either(text, available(SAME, held_out), rng)


def _contraction(text: str, rng: Random, held_out: bool) -> str:
    return _either(text, _CONTRACTIONS, rng)


def _lower(text: str, rng: Random, held_out: bool) -> str:
    return text[:1].lower() + text[1:] if rng.random() < 0.4 else text.lower()


def _unpunctuated(text: str, rng: Random, held_out: bool) -> str:
    return text.rstrip("?.!")


def _bare(text: str, rng: Random, held_out: bool) -> str:
    """Articles dropped, as in a search box."""
    return re.sub(r"\b(a|an|the)\b ", "", text)


def _filled(text: str, rng: Random, held_out: bool) -> str:
    words = text.split()
    place = rng.randrange(1, min(len(words), 5) + 1)
    return " ".join([*words[:place], rng.choice(FILLERS), *words[place:]])


def _typo(text: str, rng: Random, held_out: bool) -> str:
    places = [match for match in _WORD.finditer(text) if len(match[0]) > 4 and match[0].islower()]
    if not places:
        return text
    match = rng.choice(places)
    word, at = match[0], rng.randrange(1, len(match[0]) - 1)
    kinds = (
        word[:at] + word[at + 1 :],
        word[:at] + word[at] + word[at:],
        word[:at] + word[at + 1] + word[at] + word[at + 2 :],
        word[:at] + rng.choice("aeiostrn") + word[at + 1 :],
    )
    return text[: match.start()] + rng.choice(kinds) + text[match.end() :]


PRESERVING: tuple[tuple[float, Callable[[str, Random, bool], str]], ...] = (
    (0.10, _synonym), (0.06, _synonym), (0.10, _contraction), (0.04, _bare), (0.05, _filled), (0.05, _typo),
    (0.06, _asker), (0.09, _opener), (0.08, _closer), (0.14, _unpunctuated), (0.14, _lower),
)  # fmt: skip


def dressed(text: str, rng: Random, held_out: bool) -> str:
    """The text with a few edits that leave its meaning, often none."""
    if rng.random() < 0.25:
        return text
    for chance, edit in PRESERVING:
        if rng.random() < chance:
            text = edit(text, rng, held_out)
    return grammar.tidy(text) if text[:1].isupper() else text


# --- what changes the meaning ------------------------------------------------------------------------------------


class Changes:
    """The edits after which another answer is due. Each returns the text itself where it does not apply."""

    def __init__(self, words: Words) -> None:
        self._words = words
        self.kinds: tuple[tuple[str, Callable[[str, Random, bool], str]], ...] = (
            ("opposed", self.opposed), ("opposed", self.opposed), ("narrowed", self.narrowed), ("scoped", self.scoped),
            ("negated", self.negated), ("number", self.number), ("sibling", self.sibling),
            ("dropped", self.dropped), ("swapped", self.swapped), ("quantified", self.quantified),
        )  # fmt: skip

    def opposed(self, text: str, rng: Random, held_out: bool) -> str:
        """A word put for its opposite or its neighbour in another respect."""
        return _either(text, available(OPPOSED, held_out), rng)

    def narrowed(self, text: str, rng: Random, held_out: bool) -> str:
        """A word that narrows, put before a noun."""
        places = list(_AFTER_DETERMINER.finditer(text))
        if not places:
            return text
        match, word = rng.choice(places), rng.choice(available(NARROWING, held_out))
        if word in text:
            return text
        return grammar.tidy(text[: match.end()] + word + " " + text[match.end() :])

    def scoped(self, text: str, rng: Random, held_out: bool) -> str:
        """A condition put at the end."""
        scope = rng.choice(available(SCOPES, held_out))
        body = text.rstrip("?.!")
        return text if scope in text or ". " in text else body + " " + scope + text[len(body) :]

    def negated(self, text: str, rng: Random, held_out: bool) -> str:
        """A "not" put in, or another word that denies."""
        if rng.random() < 0.4 and re.search(r" (with|to|before|after) ", text):
            return _replaced(text, *rng.choice(_DENIALS))
        if (match := _NEGATABLE.search(text)) is None:
            return text
        verb, subject = match.groups()
        short = {"can": "can't", "will": "won't"}.get(verb.lower(), verb.lower() + "n't")
        said = f"{short} {subject}"
        if rng.random() >= 0.6:
            said = f"{verb} {subject} {rng.choice(['not', 'never', 'no longer'])}"
        return grammar.tidy(text[: match.start()] + said + text[match.end() :])

    def number(self, text: str, rng: Random, held_out: bool) -> str:
        """Another number."""
        if (match := _NUMBER.search(text)) is None:
            return text
        value = int(match[0].replace(",", ""))
        new = rng.choice([value + 1, value * 10, value + 5, max(value // 2, 1), value * 2, max(value - 1, 0)])
        return text if new == value else text[: match.start()] + str(new) + text[match.end() :]

    def sibling(self, text: str, rng: Random, held_out: bool) -> str:
        """A word put for another kind of the same, or for a kind of itself."""
        places = [m for m in _WORD.finditer(text) if len(m[0]) > 3 and m[0].islower() and m[0] not in STRUCTURE]
        rng.shuffle(places)
        for match in places:
            others = [] if match[0] in _FRAME_WORDS else self._words.siblings(match[0])
            if others:
                return text[: match.start()] + rng.choice(others) + text[match.end() :]
        return text

    def dropped(self, text: str, rng: Random, held_out: bool) -> str:
        """A word that narrows, left out."""
        present = [word for word in NARROWING if re.search(rf"\b{re.escape(word)} \w", text)]
        return grammar.tidy(text.replace(rng.choice(present) + " ", "", 1)) if present else text

    def swapped(self, text: str, rng: Random, held_out: bool) -> str:
        """Two words that have changed places."""
        places = [
            m for m in _WORD.finditer(text)
            if len(m[0]) > 3 and m[0].islower() and m[0] not in STRUCTURE and m[0] not in _FRAME_WORDS
        ]  # fmt: skip
        if len(places) < 2 or _SYMMETRIC.search(text):
            return text
        one, other = sorted(rng.sample(places, 2), key=lambda match: match.start())
        if one.end() + 2 > other.start():
            return text
        return text[: one.start()] + other[0] + text[one.end() : other.start()] + one[0] + text[other.end() :]

    def quantified(self, text: str, rng: Random, held_out: bool) -> str:
        """One turned into all, only, another, the first."""
        if (match := re.search(r"\b(my|a|an|the) (?=[a-z]{3})", text)) is None:
            return text
        choices = ["all my", "only my", "another", "my first", "every", "both my", "more than one", "most of my", "no"]
        return grammar.tidy(text[: match.start()] + rng.choice(choices) + " " + text[match.end() :])
