"""The regular inflections of English: forms of a known word, and the base of an unknown one."""

_VOWELS = frozenset("aeiou")
_MIN_STEM = 3


def inflections(word: str) -> tuple[str, ...]:
    """Return the plural / third person, past and -ing forms of a base form; some may not exist.

    A final consonant after a single vowel doubles in words of one syllable; in longer words both spellings
    are given (cancelled, canceled).
    """
    if not word.isalpha() or len(word) < _MIN_STEM:
        return ()
    if word.endswith("y") and word[-2] not in _VOWELS:
        return (word[:-1] + "ies", word[:-1] + "ied", word + "ing")
    if word.endswith("ie"):
        return (word + "s", word + "d", word[:-2] + "ying")
    if word.endswith("e"):
        return (word + "s", word + "d", word[:-1] + "ing")
    plural = word + ("es" if word.endswith(("s", "x", "z", "ch", "sh")) else "s")
    if not _doubles(word):
        return (plural, word + "ed", word + "ing")
    doubled = (plural, word + word[-1] + "ed", word + word[-1] + "ing")
    return doubled if _syllables(word) == 1 else (*doubled, word + "ed", word + "ing")


def base(word: str) -> str:
    """Return a base for a word no list knows. A wrong guess only fails to match another form of it."""
    if len(word) > _MIN_STEM + 1 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        if word.endswith("ies"):
            return word[:-3] + "y"
        return word[:-2] if word.endswith(("xes", "shes", "ches", "sses")) else word[:-1]
    for ending in ("ing", "ed"):
        stem = word.removesuffix(ending)
        if stem != word and len(stem) >= _MIN_STEM and not _VOWELS.isdisjoint(stem):
            return _restored(stem)
    return word


def _restored(stem: str) -> str:
    if stem[-1] == stem[-2] and stem[-1] not in "lsz":
        return stem[:-1]
    if stem.endswith(("at", "iz", "is", "v", "c", "g", "u", "bl", "dl", "gl", "pl", "tl")):
        return stem + "e"
    return stem


def _doubles(word: str) -> bool:
    last, before, third = word[-1], word[-2], word[-3]
    return last not in "aeiouwxy" and before in _VOWELS and (third not in _VOWELS or word[-3:-1] == "ui")


def _syllables(word: str) -> int:
    return sum(1 for a, b in zip(" " + word, word, strict=False) if b in "aeiouy" and a not in "aeiouy")
