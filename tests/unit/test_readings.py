"""Readings: those of hot entries are kept, and no more words of them than there is room for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.cache import readings
from agents.cache.guards import Text
from agents.cache.readings import Readings
from agents.cache.verifier import Verifier
from agents.cache.verifier.reading import LONGEST
from tests.fakes.embedder import BagOfWords

VERIFIER = Verifier.load()


def long(number: int, length: int) -> str:
    return " ".join([f"question{number}", *["word"] * (length - 1)])


@given(st.lists(st.integers(1, LONGEST + 20), min_size=1, max_size=30))
async def test_however_long_the_questions_are_the_words_that_are_kept_are_bounded(lengths: list[int]) -> None:
    kept = Readings(VERIFIER, BagOfWords(dimensions=384, window=256))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(readings, "KEPT", 150)
        for number, length in enumerate(lengths):
            assert (await kept.of(long(number, length))).tokens > 0
            assert (await kept.of(long(number, length))).tokens == 0  # the last one always is
        again = [(await kept.of(long(number, length))).tokens == 0 for number, length in enumerate(lengths)]
    sizes = [
        max(length if length <= LONGEST else 0, len(long(number, length)) // 16) + 1
        for number, length in enumerate(lengths)
    ]
    assert all(again) == (sum(sizes) <= 150)


async def test_a_question_too_long_to_be_judged_takes_no_room() -> None:
    text = long(1, LONGEST + 1)
    reading = VERIFIER.read(Text.read(text), await BagOfWords(dimensions=384, window=256).embed(text))
    assert reading.unfit
    assert reading.states.size == 0
