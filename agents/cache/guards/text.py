"""What the guards know of one text, worked out once."""

import re
from typing import NamedTuple

from agents.cache.canonical import canonical
from agents.cache.guards.lexicon import DATES, STRUCTURE
from agents.cache.guards.lexicon.grammar import (
    ARTICLES,
    BE,
    CLAUSES,
    MODALS,
    NEGATORS,
    OPENERS,
    PERSONS,
    QUANTIFIERS,
    QUESTIONS,
    ROLES,
    SUBJECTS,
    TENSES,
)
from agents.cache.guards.quantities import quantities
from agents.cache.guards.tokens import IDENTIFIER, tokenize

_LAST_LATIN_LETTER = "\u024f"
_LATIN_ADDITIONS = ("\u1e00", "\u1eff")
_TITLE_WORDS = 4
_INVERTING = frozenset({"of", "for", "in"})
_FRONTED = re.compile(r"((?:if|when|after|before|once|because|while)\b[^,.?!;:]*),([^.?!;:]+)[.?!]*", re.IGNORECASE)


class Text(NamedTuple):
    """One text as the guards see it. Keys are base forms with synonyms folded; see `tokens` and `quantities`.

    `words` are all keys and `content` those that say what the text is about; `sequence` is the content in
    order with every negator as "not", "price of gold" read as "gold price", and a clause that opens the
    sentence moved to its end.
    """

    canonical: str
    readable: bool
    words: frozenset[str]
    content: frozenset[str]
    sequence: tuple[str, ...]
    unknown: frozenset[str]
    names: frozenset[str]
    lower: frozenset[str]
    numbers: tuple[str, ...]
    measures: tuple[str, ...]
    identifiers: tuple[str, ...]
    dates: frozenset[str]
    signs: str
    negations: int
    questions: tuple[str, ...]
    modals: frozenset[str]
    tenses: frozenset[str]
    quantifiers: tuple[str, ...]
    persons: tuple[str, ...]
    roles: dict[str, str]
    clauses: frozenset[tuple[str, str]]
    passives: frozenset[str]
    actives: frozenset[str]

    @classmethod
    def read(cls, text: str) -> "Text":
        """Analyse `text`. Never raises; takes time linear in its length."""
        plain = canonical(text)
        tokens = tokenize(_clause_last(plain))
        keys, numbers, measures = quantities(tokens.keys)
        words = frozenset(keys)
        content = words - STRUCTURE
        names = content & tokens.names
        if len(content) >= _TITLE_WORDS and 2 * len(names) > len(content):
            names = frozenset()  # A Title Written Like This names nothing by its capitals.
        dated = words & DATES
        roles, clauses = _roles(keys, content, words)
        passives, actives = _voices(keys, tokens.participles) if not words.isdisjoint(_VOICED) else _NO_VOICES
        questions = _questions(keys)
        return cls(
            canonical=plain,
            readable=_readable(plain, content, tokens.unknown, names, len(words)) and not tokens.foreign,
            words=words,
            content=content,
            # A lone "tomorrow" may stand anywhere.
            sequence=_sequence([key for key in keys if key not in dated] if len(dated) == 1 else keys, content),
            unknown=content & tokens.unknown,
            names=names,
            lower=frozenset() if plain.islower() else frozenset(tokens.lower),
            numbers=numbers,
            measures=measures,
            identifiers=tuple(sorted(key for key in keys if key[0] == IDENTIFIER)),
            dates=dated,
            signs=tokens.signs,
            negations=0 if words.isdisjoint(NEGATORS) else sum(key in NEGATORS for key in keys),
            questions=questions,
            modals=_modals(words, questions),
            tenses=frozenset(TENSES[key] for key in words & _TENSE_WORDS),
            quantifiers=tuple(sorted(QUANTIFIERS[key] for key in keys if key in QUANTIFIERS)),
            persons=tuple(dict.fromkeys(PERSONS[key] for key in keys if key in PERSONS)),
            roles=roles,
            clauses=clauses,
            passives=passives,
            actives=actives,
        )


_NO_VOICES: tuple[frozenset[str], frozenset[str]] = (frozenset(), frozenset())
_VOICED = BE | SUBJECTS
_TENSE_WORDS = frozenset(TENSES)
_MODAL_WORDS = frozenset(MODALS)
_MARKERS = frozenset(ROLES) | CLAUSES


def _readable(text: str, content: frozenset[str], unknown: set[str], names: frozenset[str], words: int) -> bool:
    """Say whether the text is in Latin letters and mostly in words that the lexicon knows (names aside)."""
    if not text.isascii() and any(
        letter > _LAST_LATIN_LETTER and letter.isalpha() and not _LATIN_ADDITIONS[0] <= letter <= _LATIN_ADDITIONS[1]
        for letter in text
    ):
        return False
    strange = len((content & unknown) - names)
    return 2 * strange <= words


def _questions(keys: list[str]) -> tuple[str, ...]:
    """Return the interrogatives in order, opened by "whether" where the text asks for yes or no."""
    asked = [QUESTIONS.get(key) or key for key in keys if key in QUESTIONS or key.startswith("how_")]
    if "cost" in keys and asked in ([], ["what"]):
        return ("how_much",)
    if keys and keys[0] in OPENERS:
        asked.insert(0, "whether")
    return tuple(asked)


def _modals(words: frozenset[str], questions: tuple[str, ...]) -> frozenset[str]:
    """Return the modal senses; "how can I" and "how should I" ask no more than "how do I"."""
    modals = frozenset(MODALS[key] for key in words & _MODAL_WORDS)
    if "how" in questions:
        return modals - {"can", "should"}
    return modals - {"can"} if "where" in questions else modals


def _clause_last(text: str) -> str:
    """Return "If A, B?" as "B if A"."""
    if "," in text and (fronted := _FRONTED.fullmatch(text)):
        clause, main = fronted.groups()
        return f"{main} {clause}"
    return text


def _sequence(keys: list[str], content: frozenset[str]) -> tuple[str, ...]:
    """Return the content in order, each "A of B" as "B A", where A and B are runs of content words."""
    sequence: list[str] = []
    run: list[str] = []
    head: list[str] = []
    for key in keys:
        if key in content:
            run.append(key)
        elif key in _INVERTING and run:
            sequence += head
            head, run = run, []
        elif run or (key not in ARTICLES and key not in PERSONS):
            sequence += run + head
            head, run = [], []
            if key in NEGATORS:
                sequence.append("not")
    return (*sequence, *run, *head)


def _roles(
    keys: list[str], content: frozenset[str], words: frozenset[str]
) -> tuple[dict[str, str], frozenset[tuple[str, str]]]:
    """Return which preposition stands before each content word, and which clause marker."""
    roles: dict[str, str] = {}
    clauses: set[tuple[str, str]] = set()
    if words.isdisjoint(_MARKERS):
        return roles, frozenset()
    role = marker = ""
    for key in keys:
        if key in content:
            if role:
                roles.setdefault(key, role)
            if marker:
                clauses.add((marker, key))
            role = marker = ""
        elif key in CLAUSES:
            if marker:
                clauses.add((marker, key))
            marker = key
        elif key in ROLES:
            role = ROLES[key]
    if marker:
        clauses.add((marker, ""))
    return roles, frozenset(clauses)


def _voices(keys: list[str], participles: set[str]) -> tuple[frozenset[str], frozenset[str]]:
    """Return the verbs that follow a form of "be" as participles, and those that follow a subject pronoun."""
    passives: set[str] = set()
    actives: set[str] = set()
    before = ""
    for key in keys:
        if before in BE and key in participles:
            passives.add(key)
        elif before in SUBJECTS:
            actives.add(key)
        if key != "not":
            before = key
    return frozenset(passives), frozenset(actives)
