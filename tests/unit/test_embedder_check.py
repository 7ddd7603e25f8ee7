"""Which backend may embed, and which is chosen."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.embedder_check import COSINE, SENTENCES, Trial, fastest, known, least_cosine, texts_per_s
from agents.embedding import Embedded, Vector

DIMENSIONS = 16


class Numbers:
    """Vectors by the length of a text, and a state a word; off by an angle, or only in company, or only the states."""

    dimensions = DIMENSIONS
    window = 256

    def __init__(
        self,
        *,
        off: float = 0.0,
        in_company: float = 0.0,
        states_off: float = 0.0,
        words: str = " ",
        pause_s: float = 0.0,
    ) -> None:
        self.off = off
        self.in_company = in_company
        self.states_off = states_off
        self.words = words
        self.pause_s = pause_s

    def encode(self, texts: Sequence[str]) -> list[Embedded]:
        time.sleep(self.pause_s)
        angle = self.off + (self.in_company if len(texts) > 1 else 0.0)
        found = []
        for text in texts:
            words = text.split(self.words)
            states = [turned(at, self.states_off) for at in range(len(words))]
            spans = tuple((at, at + 1) for at in range(len(words)))
            found.append(Embedded(turned(len(text), angle), len(words) + 2, np.array(states, dtype=np.float16), spans))
        return found


def turned(number: int, angle: float) -> Vector:
    """One of the axes, turned towards the one before it."""
    vector = np.zeros(DIMENSIONS, dtype=np.float32)
    vector[number % DIMENSIONS], vector[number % DIMENSIONS - 1] = np.cos(angle), np.sin(angle)
    return vector


REFERENCE = known(Numbers())


def test_the_same_vectors_agree_and_turned_ones_do_not() -> None:
    assert least_cosine(Numbers(), REFERENCE) == pytest.approx(1.0)
    assert least_cosine(Numbers(off=0.02), REFERENCE) > COSINE
    assert least_cosine(Numbers(off=0.1), REFERENCE) == pytest.approx(np.cos(0.1), abs=1e-5)


def test_vectors_that_depend_on_their_company_do_not_agree() -> None:
    assert least_cosine(Numbers(in_company=0.1), REFERENCE) < COSINE


def test_states_must_agree_as_vectors_must() -> None:
    assert least_cosine(Numbers(states_off=0.02), REFERENCE) > COSINE
    assert least_cosine(Numbers(states_off=0.1), REFERENCE) == pytest.approx(np.cos(0.1), abs=1e-3)


def test_other_tokens_do_not_agree() -> None:
    assert least_cosine(Numbers(words="e"), REFERENCE) == 0.0


def test_a_vector_that_is_not_a_number_does_not_agree() -> None:
    assert least_cosine(Numbers(off=float("nan")), REFERENCE) == 0.0


def test_the_sentences_are_distinct_and_reach_beyond_the_window() -> None:
    assert len(set(SENTENCES)) == len(SENTENCES)
    assert max(len(text.split()) for text in SENTENCES) > 256


def test_the_slower_one_is_measured_to_be_slower() -> None:
    speeds = texts_per_s({"slow": Numbers(pause_s=0.004), "quick": Numbers(pause_s=0.001)}, rounds=2)
    assert speeds["slow"] < speeds["quick"]


TRIALS = st.lists(st.builds(Trial, st.text(), st.floats(-1, 1), st.floats(0, 1000), st.sampled_from(["", "broke"])))


@given(TRIALS)
def test_the_chosen_one_agrees_and_none_that_agrees_is_faster(trials: list[Trial]) -> None:
    chosen = fastest([Trial("torch", 1.0, 100.0), *trials])
    assert chosen.cosine > COSINE
    assert not chosen.failure
    assert all(one.texts_per_s <= chosen.texts_per_s for one in trials if one.cosine > COSINE and not one.failure)


def test_a_trial_says_what_came_of_it() -> None:
    assert str(Trial("a", 0.99995, 312.4)) == "a 312 texts/s at cosine 0.99995"
    assert str(Trial("b", 0.99, 0)) == "b refused (cosine to the reference only 0.99000)"
    assert str(Trial("c", 0, 0, "no such operation")) == "c failed (no such operation)"
