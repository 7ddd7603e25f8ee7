"""A cross-encoder of sentence-transformers behind the port: a tiny one with random weights, made here."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from agents.context.reranking import CrossEncoderReranker
from schemas.errors import ServiceError, SetupError

WORDS = [
    "[PAD]",
    "[UNK]",
    "[CLS]",
    "[SEP]",
    "[MASK]",
    "who",
    "has",
    "a",
    "lost",
    "card",
    "the",
    "weather",
    "is",
    "fine",
]


def made(folder: Path, labels: int) -> str:
    import torch
    from transformers import BertConfig, BertForSequenceClassification, BertTokenizerFast

    torch.manual_seed(1)
    (folder / "vocab.txt").write_text("\n".join(WORDS))
    BertTokenizerFast(vocab_file=str(folder / "vocab.txt"), model_max_length=16).save_pretrained(folder)
    config = BertConfig(
        vocab_size=len(WORDS),
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
        max_position_embeddings=16,
        num_labels=labels,
    )
    BertForSequenceClassification(config).save_pretrained(folder)
    return str(folder)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> str:
    return made(tmp_path_factory.mktemp("reranker"), 1)


@pytest.fixture
async def reranker(folder: str) -> AsyncIterator[CrossEncoderReranker]:
    reranker = await CrossEncoderReranker.load(folder, name="tiny")
    yield reranker
    await reranker.close()


async def test_a_score_a_text_in_their_order_whatever_stands_beside(reranker: CrossEncoderReranker) -> None:
    texts = ["a lost card", "the weather is fine", "a card"]
    first = await reranker.rank("who has a card", texts)
    again = await reranker.rank("who has a card", texts[::-1])
    assert len(set(first.scores)) == 3
    assert again.scores[::-1] == pytest.approx(first.scores, abs=1e-5)
    assert await reranker.rank("who", []) == ([], 0)


async def test_tokens_are_those_that_the_model_reads(reranker: CrossEncoderReranker) -> None:
    assert (await reranker.rank("who has a card", ["a lost card"])).tokens == 4 + 3 + 3
    assert (await reranker.rank("who has a card", ["a lost card", "card " * 50])).tokens == 10 + 16


async def test_the_loop_goes_on_meanwhile(reranker: CrossEncoderReranker) -> None:
    turns = 0
    ranking = asyncio.create_task(reranker.rank("who", ["a card"] * 100))
    while not ranking.done():
        turns += 1
        await asyncio.sleep(0)
    assert turns > 3


async def test_a_closed_reranker_says_so(folder: str) -> None:
    reranker = await CrossEncoderReranker.load(folder, name="tiny")
    await reranker.close()
    with pytest.raises(ServiceError, match="the reranker tiny failed"):
        await reranker.rank("who", ["a card"])


async def test_what_is_no_cross_encoder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="is no cross-encoder for sentence-transformers"):
        await CrossEncoderReranker.load(str(tmp_path), name="none")
    (tmp_path / "three").mkdir()
    with pytest.raises(SetupError, match="has 3 outputs; a reranker has one"):
        await CrossEncoderReranker.load(made(tmp_path / "three", 3), name="three")
