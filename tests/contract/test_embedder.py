"""Embedders: the sentence-transformers model that comes in a wheel and the fake of the unit tests keep one contract."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import numpy as np
import pytest

from agents.embedding import Embedder, pack, unpack
from agents.sentence_transformers_embedder import BATCH, SentenceTransformersEmbedder
from schemas.errors import ServiceError, SetupError
from streams.embedded.model import embedder_dir
from tests.fakes.embedder import BagOfWords

TEXTS = [
    "How do I reset my password?",
    "How can I change my password?",
    "What was the GDP of Norway in 2019?",
    "ünï ✓ 中文",
    "a",
]


@pytest.fixture(scope="module")
def minilm() -> Iterator[SentenceTransformersEmbedder]:
    load = SentenceTransformersEmbedder.load(str(embedder_dir()), name="all-MiniLM-L6-v2", threads=2)
    embedder = asyncio.run(load)
    yield embedder
    asyncio.run(embedder.close())


@pytest.fixture(params=["sentence-transformers", "bag of words"])
def embedder(request: pytest.FixtureRequest, minilm: SentenceTransformersEmbedder) -> Embedder:
    return minilm if request.param == "sentence-transformers" else BagOfWords()


async def test_a_vector_has_unit_length_and_the_dimensions_that_were_said(embedder: Embedder) -> None:
    for text in TEXTS:
        vector, tokens = await embedder.embed(text)
        assert vector.shape == (embedder.dimensions,)
        assert vector.dtype == np.float32
        assert abs(float(np.linalg.norm(vector)) - 1) < 1e-4
        assert tokens >= 3


async def test_the_same_text_has_the_same_vector_whatever_company_it_keeps(embedder: Embedder) -> None:
    alone = [(await embedder.embed(text)).vector for text in TEXTS]
    company = await asyncio.gather(*(embedder.embed(text) for text in TEXTS * BATCH))
    for i, embedded in enumerate(company):
        assert float(embedded.vector @ alone[i % len(TEXTS)]) > 0.9999


async def test_related_texts_are_nearer_than_unrelated_ones(embedder: Embedder) -> None:
    reset, change, norway = [(await embedder.embed(text)).vector for text in TEXTS[:3]]
    assert reset @ change > reset @ norway


async def test_packing_costs_a_vector_next_to_nothing(embedder: Embedder) -> None:
    for text in TEXTS:
        vector = (await embedder.embed(text)).vector
        assert len(pack(vector)) == 2 * embedder.dimensions
        assert float(unpack(pack(vector)) @ vector) > 0.99999


async def test_a_text_beyond_the_window_counts_as_many_tokens_as_the_window(
    minilm: SentenceTransformersEmbedder,
) -> None:
    assert minilm.window == 256
    long = await minilm.embed("word " * 1_000)
    longer = await minilm.embed("word " * 1_000 + "and an end that changes everything")
    assert long.tokens == longer.tokens == 256
    assert float(long.vector @ longer.vector) > 0.9999  # which is why such a text is near nothing
    assert (await minilm.embed("one two three")).tokens == 5


async def test_the_loop_goes_on_while_a_batch_is_embedded(minilm: SentenceTransformersEmbedder) -> None:
    embedding = asyncio.gather(*(minilm.embed(f"question number {i} about a mortgage") for i in range(BATCH)))
    turns = 0
    while not embedding.done():
        await asyncio.sleep(0.001)
        turns += 1
    assert len(await embedding) == BATCH
    assert turns > 5


async def test_a_folder_without_a_model_is_said_to_be_one(tmp_path: object) -> None:
    with pytest.raises(SetupError, match="no sentence-transformers model"):
        await SentenceTransformersEmbedder.load(str(tmp_path), name="none")


async def test_a_closed_embedder_says_so() -> None:
    embedder = await SentenceTransformersEmbedder.load(str(embedder_dir()), name="all-MiniLM-L6-v2")
    await embedder.close()
    with pytest.raises(ServiceError, match="all-MiniLM-L6-v2 failed"):
        await embedder.embed("too late")
