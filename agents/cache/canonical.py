"""The canonical form of a user's message: what must be equal for two messages to be the same text."""

import unicodedata
from functools import lru_cache

_TELLING = frozenset({"<super>", "<sub>", "<circle>", "<fraction>"})
"""Compatibility forms that mean something else than their plain letters: 2³ is not 23."""
_SAME_DIGITS = frozenset({"<wide>", "<narrow>", "<font>"})


def canonical(text: str, *, fold_case: bool = False) -> str:
    """Return `text` composed (Unicode NFC), with white space folded to single spaces and none at the ends.

    Of the compatibility forms (NFKC) those are folded that are but another way to type the same: ligatures, letters
    of full or half width, presentation forms. Superscripts, fractions and numbers that are one letter stay.

    `fold_case` is the policy's to allow, since "us" is not "US" and some tasks carry code or names.
    Idempotent; nothing else is changed: punctuation, accents and invisible characters stay, because a
    text that differs in them may differ in meaning.
    """
    composed = text if text.isascii() else _composed(text)
    if fold_case:
        # Folding can undo the composition (and the other way round), hence the second pass.
        composed = _composed(composed.casefold())
    return " ".join(composed.split())


def _composed(text: str) -> str:
    if unicodedata.is_normalized("NFKC", text):  # nearly always, and a hundred times faster to tell
        return text
    return unicodedata.normalize("NFC", "".join(map(_folded, unicodedata.normalize("NFC", text))))


@lru_cache(1 << 13)
def _folded(letter: str) -> str:
    tag, _, _ = unicodedata.decomposition(letter).partition(" ")
    if not tag.startswith("<") or tag in _TELLING:
        return letter
    folded = unicodedata.normalize("NFKC", letter)
    # "1⒈" would be "11."
    return letter if tag not in _SAME_DIGITS and any(each.isdigit() for each in folded) else folded
