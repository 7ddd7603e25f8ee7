"""Embedders: the model that comes in a wheel, on every backend there is, and the fake of the unit tests."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Iterator

import numpy as np
import pytest

from agents.cache.verifier import Verifier
from agents.embedder_check import COSINE, known, least_cosine
from agents.embedding import Embedder, pack, unpack
from agents.exported_model import ExportedModel
from agents.local_embedder import BATCH, LocalEmbedder
from agents.openvino_embedder import OpenVinoEncoder, export, precisions
from agents.sentence_transformers_embedder import SentenceTransformersEmbedder, SentenceTransformersEncoder
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


NAME = "all-MiniLM-L6-v2"


@pytest.fixture(scope="module")
def torch() -> SentenceTransformersEncoder:
    return SentenceTransformersEncoder.load(str(embedder_dir()), threads=2)


@pytest.fixture(scope="module")
def exported(torch: SentenceTransformersEncoder) -> ExportedModel:
    return export(torch.model)


@pytest.fixture(scope="module", params=["torch", *precisions()])
def minilm(request: pytest.FixtureRequest) -> Iterator[LocalEmbedder]:
    if request.param == "torch":
        embedder: LocalEmbedder = asyncio.run(SentenceTransformersEmbedder.load(str(embedder_dir()), name=NAME))
    else:
        model: ExportedModel = request.getfixturevalue("exported")
        load = functools.partial(OpenVinoEncoder, model, precision=request.param, threads=2)
        embedder = asyncio.run(LocalEmbedder.start(load, name=NAME))
    yield embedder
    asyncio.run(embedder.close())


@pytest.fixture(params=["minilm", "bag of words"])
def embedder(request: pytest.FixtureRequest, minilm: LocalEmbedder) -> Embedder:
    return minilm if request.param == "minilm" else BagOfWords()


async def test_a_vector_has_unit_length_and_the_dimensions_that_were_said(embedder: Embedder) -> None:
    for text in TEXTS:
        vector, tokens, states, spans = await embedder.embed(text)
        assert vector.shape == (embedder.dimensions,)
        assert vector.dtype == np.float32
        assert abs(float(np.linalg.norm(vector)) - 1) < 1e-4
        assert tokens >= 3
        assert states.dtype == np.float16
        assert states.shape == (len(spans), embedder.dimensions)
        assert len(spans) == tokens - 2


async def test_spans_lead_back_to_the_text(embedder: Embedder) -> None:
    text = "A 2nd café ☕ in München, 中文?"
    spans = (await embedder.embed(text)).spans
    assert all(start < end <= len(text) for start, end in spans)
    assert [start for start, _ in spans] == sorted(start for start, _ in spans)
    seen = {text[at] for start, end in spans for at in range(start, end)}
    assert seen >= set("A2ndcaféinMünchen中文")
    assert " " not in seen


async def test_the_verifier_knows_the_embedder_that_it_was_trained_on_and_no_other(minilm: LocalEmbedder) -> None:
    verifier = Verifier.load()
    assert await verifier.knows(minilm)
    for other in (BagOfWords(), BagOfWords(dimensions=minilm.dimensions)):
        assert not await verifier.knows(other)


async def test_an_empty_text_has_no_states(embedder: Embedder) -> None:
    _, tokens, states, spans = await embedder.embed("")
    assert (tokens, states.shape, spans) == (2, (0, embedder.dimensions), ())


async def test_a_token_has_the_same_state_whatever_company_its_text_keeps(embedder: Embedder) -> None:
    alone = (await embedder.embed(TEXTS[0])).states.astype(np.float32)
    among = [
        one.states.astype(np.float32) for one in await asyncio.gather(*map(embedder.embed, [*TEXTS, "word " * 99]))
    ]
    lengths = np.linalg.norm(alone, axis=1) * np.linalg.norm(among[0], axis=1)
    assert np.all(np.sum(alone * among[0], axis=1) / lengths > 0.9995)


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
    minilm: LocalEmbedder,
) -> None:
    assert minilm.window == 256
    long = await minilm.embed("word " * 1_000)
    longer = await minilm.embed("word " * 1_000 + "and an end that changes everything")
    assert long.tokens == longer.tokens == 256
    assert float(long.vector @ longer.vector) > 0.9999  # which is why such a text is near nothing
    assert (await minilm.embed("one two three")).tokens == 5


async def test_what_is_counted_is_what_embedding_takes_and_a_count_sees_beyond_the_window(embedder: Embedder) -> None:
    busy = asyncio.gather(*map(embedder.embed, TEXTS))
    counted = [embedder.count(text) for text in TEXTS]
    assert counted == [one.tokens for one in await busy]
    assert embedder.count("word " * 1_000) == 1_002
    assert embedder.count("") == 2


async def test_the_loop_goes_on_while_a_batch_is_embedded(minilm: LocalEmbedder) -> None:
    embedding = asyncio.gather(*(minilm.embed(f"question number {i} about a mortgage") for i in range(BATCH)))
    turns = 0
    while not embedding.done():
        await asyncio.sleep(0.001)
        turns += 1
    assert len(await embedding) == BATCH
    assert turns > 5


@pytest.mark.parametrize("precision", precisions())
def test_an_export_agrees_with_the_reference(
    torch: SentenceTransformersEncoder, exported: ExportedModel, precision: str
) -> None:
    encoder = OpenVinoEncoder(exported, precision=precision, threads=1)
    assert least_cosine(encoder, known(torch)) > COSINE
    assert (encoder.dimensions, encoder.window) == (torch.dimensions, torch.window)
    for text in TEXTS:
        assert encoder.encode([text])[0].tokens == torch.encode([text])[0].tokens


async def test_a_folder_without_a_model_is_said_to_be_one(tmp_path: object) -> None:
    with pytest.raises(SetupError, match="no sentence-transformers model"):
        await SentenceTransformersEmbedder.load(str(tmp_path), name="none")


async def test_a_closed_embedder_says_so() -> None:
    embedder = await SentenceTransformersEmbedder.load(str(embedder_dir()), name=NAME)
    await embedder.close()
    with pytest.raises(ServiceError, match="all-MiniLM-L6-v2 failed"):
        await embedder.embed("too late")
