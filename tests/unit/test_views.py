"""The texts that a chunk is found by."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from agents.embedding import Vector
from agents.knowledge.chunking import Piece
from agents.knowledge.views import chunks, embed, viewed, views
from tests.fakes.embedder import BagOfWords

LINE = st.sampled_from(
    ["# Fees", "## Cards", "", "| card | fee |", "| --- | --- |", "| new | 5 |", "It is free. It is fast.", "- Ask us."]
)


def test_a_chunk_is_seen_as_a_whole_then_by_each_sentence_and_row_under_its_headings() -> None:
    table = "| card | fee |\n| --- | --- |\n| new | $5 |"
    assert views("Fees", Piece(("Cards",), f"Fees are due. Pay soon.\n\n{table}")) == [
        f"Fees > Cards\n\nFees are due. Pay soon.\n\n{table}",
        "Fees > Cards\n\nFees are due.",
        "Fees > Cards\n\nPay soon.",
        f"Fees > Cards\n\n{table}",
    ]


def test_what_is_one_sentence_or_row_or_none_is_seen_once() -> None:
    for text in ("One sentence.", "| a |\n| --- |\n| 1 |", "| a |\n| --- |"):
        assert views("", Piece((), text)) == [text]


@given(st.lists(LINE, max_size=30))
async def test_each_chunk_has_a_vector_for_each_of_its_texts_and_the_whole_comes_first(lines: list[str]) -> None:
    embedder = BagOfWords()
    cut = viewed("Guide", "\n".join(lines), embedder)
    made: list[Vector] = []
    tokens = [tokens async for tokens in embed(embedder, cut, made)]
    assert sum(tokens) == sum(embedder.count(text) for one in cut for text in one.texts)
    found = chunks("d", "Guide", cut, made)
    assert [chunk.number for chunk, _ in found] == list(range(len(cut)))
    for (chunk, vectors), (piece, texts) in zip(found, cut, strict=True):
        assert (chunk.trail, chunk.text) == piece
        assert texts[0].endswith(chunk.text)
        assert vectors.dtype == np.float32
        np.testing.assert_array_equal(vectors, [(await embedder.embed(text)).vector for text in texts])
