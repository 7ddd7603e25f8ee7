"""A text cut into tokens: words under their keys, numbers, and the signs that carry meaning."""

import re
from typing import NamedTuple

from agents.cache.guards.lexicon import KEYS, OPENINGS, PARTICIPLES, PHRASES, STRUCTURE
from agents.cache.guards.lexicon.figures import CAPITAL_DATES, SHORT_UNITS, UNIT_SIGNS, UNITS
from agents.cache.guards.lexicon.grammar import (
    BARE_CONTRACTIONS,
    CONTRACTION_TAILS,
    FOREIGN,
    NEGATED_STEMS,
    TAKES_IS,
)
from agents.cache.guards.lexicon.inflection import base

NUMBER = "#"
"""First character of a number's key: "#25"."""
IDENTIFIER = "@"
"""First character of the key of a token that mixes letters with digits or signs: "@b2b"."""

# A word may be joined inside by an apostrophe, dot, underscore or at-sign, and digits by a comma or colon.
# Every branch consumes what no other can, so matching is linear.
_TOKEN = re.compile(r"(?:(?<!\w)[-−](?=\d))?[^\W_]+(?:(?:['’._@]|(?<=\d)[,:](?=\d))[^\W_]+)*|[^\w\s]|_")
_NOT = re.compile(r"(?<!\w)!(?=[\w(])")
_GROUPED = re.compile(r"-?\d{1,3}(?:,\d{3})+(?:\.\d+)?")
_PLAIN = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?", re.ASCII)
_MEASURED = re.compile(r"(-?\d[\d.,]*)([a-z]+)", re.ASCII)
_SENTENCE_ENDS = frozenset(".?!:;")
_SILENT = frozenset(",'\"()–—-’‘“”«»¿¡`") | _SENTENCE_ENDS
_ORDINAL_ENDINGS = frozenset({"st", "nd", "rd", "th"})
# Written in capitals these are names; otherwise they are pronouns.
_ACRONYMS = frozenset({"us", "it", "who"})


class Tokens(NamedTuple):
    """The tokens of one text.

    `keys`: in order, phrases folded and polite openings gone. `names`: keys written as names are, inside a
    sentence. `lower`: keys written without a capital. `unknown`: keys that no list holds. `participles`: keys
    of past forms. `signs`: in sorted order. `foreign`: a word of another language was met.
    """

    keys: list[str]
    names: set[str]
    lower: set[str]
    unknown: set[str]
    participles: set[str]
    signs: str
    foreign: bool


def tokenize(text: str) -> Tokens:
    """Cut a canonical text into tokens, in time linear in its length."""
    keys: list[str] = []
    names: set[str] = set()
    lower: set[str] = set()
    unknown: set[str] = set()
    participles: set[str] = set()
    signs: list[str] = []
    foreign = False
    starts = True  # whether the next word opens a sentence, where a capital says nothing
    shouts = text.isupper()
    for token in _TOKEN.findall(text):
        if token.isalpha():
            word = token if token.islower() else token.lower()
            key = KEYS.get(word)
            if key is None and (bare := BARE_CONTRACTIONS.get(word)):
                keys += bare
                starts = False
                continue
            if key is None:
                key = base(word)
                foreign = foreign or (word in FOREIGN and word is token)
                unknown.add(key)
            if word is not token:
                key = _named(token, word, key, starts=starts, shouts=shouts, names=names)
            else:
                lower.add(key)
                if word.endswith("ed") or word in PARTICIPLES:
                    participles.add(key)
            keys.append(key)
            starts = False
        elif token[-1].isalnum():
            keys += _mixed(token, names, unknown, starts=starts)
            starts = False
        elif token in _SILENT:
            starts = starts or token in _SENTENCE_ENDS
        elif unit := UNIT_SIGNS.get(token):
            keys.append("~" + unit)
        else:
            signs.append(token)
    if "!" in text:
        signs += ["!"] * len(_NOT.findall(text))
    return Tokens(_folded(_opened(keys)), names, lower, unknown, participles, "".join(sorted(signs)), foreign)


def _named(token: str, word: str, key: str, *, starts: bool, shouts: bool, names: set[str]) -> str:
    """Return the key of a word with a capital in it, noting it in `names` where the capital means one."""
    if shouts:
        return key
    capitals = token[1:] != word[1:]
    # "Hepatitis A" is not a hepatitis, and "US visas" are not our visas.
    if (token.isupper() and word in _ACRONYMS) or (word == "a" and not starts):
        names.add(token)
        return token
    if word in CAPITAL_DATES and not starts:
        return CAPITAL_DATES[word]
    if (capitals or not starts) and key not in STRUCTURE and len(token) > 1:
        names.add(key)
    return key


def _mixed(token: str, names: set[str], unknown: set[str], *, starts: bool) -> list[str]:
    """Return the keys of a token that is not letters alone: a contraction, a number or an identifier."""
    word = token.lower().replace("’", "'").replace("−", "-")
    if word in BARE_CONTRACTIONS:
        return list(BARE_CONTRACTIONS[word])
    if "'" in word:
        head, _, tail = word.rpartition("'")
        if tail == "t" and head.endswith("n") and head.isalpha():
            stem = head[:-1]
            return [NEGATED_STEMS.get(stem, stem), "not"]
        if tail in CONTRACTION_TAILS and (tail != "s" or head in TAKES_IS):
            return [*_mixed_or_word(head), CONTRACTION_TAILS[tail]]
        head = head if tail == "s" else head + tail
        if head.isalpha():
            key = KEYS.get(head) or base(head)
            if head not in KEYS:
                unknown.add(key)
            if token[0].isupper() and not starts:
                names.add(key)
            return [key]
        word = head
    if _PLAIN.fullmatch(word):
        return [NUMBER + (word.rstrip("0").rstrip(".") if "." in word else word)]
    if _GROUPED.fullmatch(word):
        return _mixed(word.replace(",", ""), names, unknown, starts=starts)
    if (parts := _MEASURED.fullmatch(word)) and parts[1][-1].isdigit():
        value, suffix = parts.groups()
        if suffix in _ORDINAL_ENDINGS:
            return _mixed(value, names, unknown, starts=starts)
        if unit := UNITS.get(suffix) or SHORT_UNITS.get(suffix):
            return [*_mixed(value, names, unknown, starts=starts), "~" + unit]
    letters = word.replace(".", "")
    if len(letters) * 2 == len(word) + 1 and letters.isalpha():  # U.S. is US
        return [letters.upper() if letters in _ACRONYMS else KEYS.get(letters, letters)]
    return [IDENTIFIER + word]


def _mixed_or_word(head: str) -> list[str]:
    return [KEYS.get(head, head)] if head.isalpha() else [IDENTIFIER + head]


def _opened(keys: list[str]) -> list[str]:
    """Drop the polite openings of a text, unless nothing would be left."""
    start = 0
    while start < len(keys):
        for opening in OPENINGS.get(keys[start], ()):
            end = start + len(opening)
            if end < len(keys) and tuple(keys[start:end]) == opening:
                start = end
                break
        else:
            break
    return keys[start:]


def _folded(keys: list[str]) -> list[str]:
    """Read each phrase as the word it stands for."""
    if PHRASES.keys().isdisjoint(keys):
        return keys
    folded: list[str] = []
    at = 0
    while at < len(keys):
        for phrase, meaning in PHRASES.get(keys[at], ()):
            if tuple(keys[at : at + len(phrase)]) == phrase:
                folded += meaning
                at += len(phrase)
                break
        else:
            folded.append(keys[at])
            at += 1
    return folded
