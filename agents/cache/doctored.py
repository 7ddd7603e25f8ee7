"""Questions that look made to be read in two ways: they share an answer with their equals at most. Pure.

A poisoner asks a question that an embedding holds near many others, with an instruction hidden in it, so that the
answer that the model was talked into is served to whoever asks next. A reader in disguise writes a question that
looks like another's. Both cost a hit when they are innocent, and no more: the exact cache serves them still.

No list of phrases is complete. It is one layer: scopes keep tenants apart, strict tasks have guards and a verifier,
and the boundary of intent tasks doubts an answer that its neighbours do not share.
"""

from __future__ import annotations

import re
import unicodedata

_OVERRIDES = re.compile(
    r"\b(?:ignore|disregard|forget|override|bypass|neglect|skip)\b[^.?!]{0,40}"
    r"\b(?:above|previous|prior|earlier|preceding|before|instructions?|rules?|prompts?|guidelines|everything|all)\b"
    r"|\byou are (?:now|no longer)\b|\bfrom now on\b|\bpretend\b|\b(?:act|answer|respond|reply) (?:as|only with)\b"
    r"|\bsystem (?:prompt|message|instructions?)\b|\b(?:developer|debug|god|admin) mode\b|\bjailbreak"
    r"|\bnew instructions?\b|\b(?:say|repeat|output|print) (?:exactly|only|the following|after me)\b"
    r"|</?\s*(?:system|assistant|user|instructions?)\s*>|\[/?inst\]|<\|"
    r"|(?:^|\n)(?:system|assistant|user|human|ai) ?:",
    re.IGNORECASE,
)
_WORD = re.compile(r"\w+")
_LONGEST = 4_096
"""Characters that are looked at. What is longer than an embedder's window has no near questions anyway."""


def doctored(question: str) -> bool:
    """Whether the question tries to give orders to the model, or hides letters or writes words in two scripts."""
    # As the embedder sees it, whatever blanks or wide letters were put in, but line by line.
    lines = (" ".join(line.split()) for line in question.splitlines())
    text = unicodedata.normalize("NFC", "\n".join(line for line in lines if line))[:_LONGEST]
    if _OVERRIDES.search(unicodedata.normalize("NFKC", text)):
        return True
    if text.isascii():
        return False
    if any(unicodedata.category(letter) in {"Cf", "Cc", "Co", "Cn"} for letter in text if letter != "\n"):
        return True
    return any(_mixed(word) for word in _WORD.findall(text) if not word.isascii())


def _mixed(word: str) -> bool:
    """Whether a word is in letters of two of the scripts that are mistaken for each other."""
    scripts = {unicodedata.name(letter, "").partition(" ")[0] for letter in word if letter.isalpha()}
    return len(scripts & {"LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE", "COPTIC", "LISU", "MATHEMATICAL"}) > 1
