"""Whether a backend gives the vectors and states of the reference, and how fast."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from agents.embedding import Embedded
from agents.local_embedder import Encoder

COSINE = 0.999
"""What a backend must exceed against the reference, on the vector and on every state of each of :data:`SENTENCES`."""
ROUNDS = 5
"""How often a backend is measured. Its fastest round counts: whatever else runs can only slow one down."""

QUESTIONS = (
    "How do I reset my password?",
    "Is there a fee for a transfer abroad?",
    "My card has not arrived yet, and it is 14 days since I ordered it.",
    "What was the revenue in the third quarter of 2019, in millions?",
    "Turn two-factor authentication off for my account, please.",
    "Which documents do I need to open a savings account?",
    "cancel order 4711-0815",
    "Does the warranty cover water damage if I bought it second-hand?",
)
"""What a cache is asked for most: speed is measured on them, one by one and as a batch."""

SENTENCES = (
    *QUESTIONS,
    "a",
    "",
    "  no!  ",
    "3.14159 2,718,281.83 1e-9 0x7f -40 °C 12:30 2026-02-29 +49 30 901820 DE02 1203 0000 0000 2020 51",
    "Wie hoch ist die Gebühr für eine Überweisung ins Ausland?",
    "¿Cuánto tarda en llegar mi tarjeta nueva a Sudamérica?",
    "Комиссия за перевод за границу не указана в договоре.",
    "国外への振込手数料はいくらですか？ 海外汇款的手续费是多少？",
    "هل توجد رسوم على التحويل إلى الخارج؟",
    "naïve café ☕ 🙂 ﬁancée ½ ＡＢＣ",
    "def fee(amount): return max(2.50, 0.015 * amount)  # in EUR",
    " ".join(["The terms say that a transfer is free of charge unless the amount exceeds the limit agreed."] * 4),
    " ".join(f"Line {n} of the statement shows {n * 17 % 101} euros, paid on day {n % 28 + 1}." for n in range(60)),
)
"""What vectors are compared on: questions, the shortest, digits, other scripts, code, and beyond the window."""


class Trial(NamedTuple):
    """What came of trying one backend."""

    backend: str
    cosine: float
    """The least over :data:`SENTENCES`; 0 where it failed."""
    texts_per_s: float
    """0 where it was not measured."""
    failure: str = ""

    def __str__(self) -> str:
        if self.failure:
            return f"{self.backend} failed ({self.failure})"
        if self.cosine <= COSINE:
            return f"{self.backend} refused (cosine to the reference only {self.cosine:.5f})"
        return f"{self.backend} {self.texts_per_s:.0f} texts/s at cosine {self.cosine:.5f}"


def known(reference: Encoder) -> list[Embedded]:
    """What the reference makes of :data:`SENTENCES`, each alone. Raises RuntimeError."""
    return [reference.encode([text])[0] for text in SENTENCES]


def least_cosine(encoder: Encoder, reference: Sequence[Embedded]) -> float:
    """How far an encoder is from the reference at worst, with each sentence alone and with others of other lengths.

    Over the vectors and the states of every token. 0 where a text has other tokens, or a vector is not a number.
    Raises RuntimeError.
    """
    batches = [SENTENCES[start : start + 8] for start in range(0, len(SENTENCES), 8)]
    together = [embedded for batch in batches for embedded in encoder.encode(batch)]
    return min(_least(*pair) for found in (known(encoder), together) for pair in zip(found, reference, strict=True))


def _least(one: Embedded, other: Embedded) -> float:
    if (one.tokens, one.spans, one.states.shape) != (other.tokens, other.spans, other.states.shape):
        return 0.0
    rows = [np.vstack([of.vector, of.states]).astype(np.float32) for of in (one, other)]
    lengths = np.prod([np.linalg.norm(row, axis=1) for row in rows], axis=0)
    return float(np.nan_to_num(np.min(np.sum(rows[0] * rows[1], axis=1) / lengths)))


def texts_per_s(encoders: Mapping[str, Encoder], rounds: int = ROUNDS) -> dict[str, float]:
    """How fast each encoder takes :data:`QUESTIONS`, half of them alone. Measured in turn."""
    best = dict.fromkeys(encoders, float("inf"))
    for _ in range(rounds):
        for name, encoder in encoders.items():
            began = time.perf_counter()
            for text in QUESTIONS:
                encoder.encode([text])
            encoder.encode(QUESTIONS)
            best[name] = min(best[name], time.perf_counter() - began)
    return {name: 2 * len(QUESTIONS) / seconds for name, seconds in best.items()}


def fastest(trials: Sequence[Trial]) -> Trial:
    """The fastest of those that agree with the reference. The reference itself must be among them."""
    return max(
        (trial for trial in trials if trial.cosine > COSINE and not trial.failure), key=lambda one: one.texts_per_s
    )
