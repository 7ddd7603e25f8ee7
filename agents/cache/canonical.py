"""The canonical form of a user's message: what must be equal for two messages to be the same text."""

import unicodedata


def canonical(text: str, *, fold_case: bool = False) -> str:
    """Return `text` in Unicode NFKC with white space folded to single spaces and none at the ends.

    `fold_case` is the policy's to allow, since "us" is not "US" and some tasks carry code or names.
    Idempotent; nothing else is changed: punctuation, accents and invisible characters stay, because a
    text that differs in them may differ in meaning.
    """
    composed = text if text.isascii() else unicodedata.normalize("NFKC", text)
    if fold_case:
        # Folding can undo the composition (and the other way round), hence the second pass.
        composed = unicodedata.normalize("NFKC", composed.casefold())
    return " ".join(composed.split())
