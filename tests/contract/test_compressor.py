"""Compressors: extractive on a real embedder and on the fake, and LLMLingua on the embedded language model."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agents.context.compression import Compressor
from agents.context.extractive import FILLING, ExtractiveCompressor
from agents.context.llmlingua_compressor import LLMLinguaCompressor
from agents.embedding import Embedded
from agents.local_embedder import LocalEmbedder
from agents.sentence_transformers_embedder import SentenceTransformersEmbedder
from schemas.errors import ServiceError, SetupError
from streams.embedded.model import embedder_dir, model_dir
from tests.fakes.embedder import BagOfWords
from tests.texts.reports import REPORTS

LEASES, REGIONS, DEBT = REPORTS[0].text, REPORTS[1].text, REPORTS[5].text
QUESTION = "How long does the company keep its trucks?"


def count(text: str) -> int:
    """Words, numbers and marks; the white space before one is part of it."""
    return len(re.findall(r"\s*(?:\w+|[^\w\s])", text))


@pytest.fixture(scope="module")
def minilm() -> Iterator[LocalEmbedder]:
    embedder = asyncio.run(SentenceTransformersEmbedder.load(str(embedder_dir()), name="all-MiniLM-L6-v2"))
    yield embedder
    asyncio.run(embedder.close())


@pytest.fixture(scope="module")
def lingua() -> Iterator[LLMLinguaCompressor]:
    compressor = asyncio.run(LLMLinguaCompressor.load(str(model_dir()), name="smollm2-135m-instruct"))
    yield compressor
    asyncio.run(compressor.close())


@pytest.fixture(params=["minilm", "bag of words", "llmlingua"])
def compressor(request: pytest.FixtureRequest) -> Compressor:
    if request.param == "llmlingua":
        lingua: LLMLinguaCompressor = request.getfixturevalue("lingua")
        return lingua
    return ExtractiveCompressor(BagOfWords() if request.param == "bag of words" else request.getfixturevalue("minilm"))


class Remembering:
    """An embedder that embeds no text twice, for the same reports come again and again."""

    def __init__(self, embedder: LocalEmbedder) -> None:
        self._embedder = embedder
        self._known: dict[str, Embedded] = {}
        self.name, self.dimensions, self.window = embedder.name, embedder.dimensions, embedder.window

    async def embed(self, text: str) -> Embedded:
        if text not in self._known:
            self._known[text] = await self._embedder.embed(text)
        return self._known[text]

    async def close(self) -> None:
        self._known.clear()


def is_within(part: str, whole: str) -> bool:
    """Whether all characters of ``part`` are in ``whole``, in that order."""
    rest = iter(whole)
    return all(character in rest for character in part)


@pytest.mark.parametrize("share", [0.5, 0.25])
async def test_the_target_is_met_by_what_stood_in_the_passages_in_their_order(
    compressor: Compressor, share: float
) -> None:
    passages = [LEASES, DEBT]
    if isinstance(compressor, LLMLinguaCompressor):  # which takes seconds for a hundred tokens
        passages = [text.split("\n\n")[1] for text in passages]
    target = round(share * sum(map(count, passages)))
    texts, spent, model = await compressor.compress(passages, QUESTION, None, target, count)
    assert sum(map(count, texts)) <= target
    assert sum(map(count, texts)) >= 0.8 * target
    assert is_within("".join("".join(texts).split()), "".join("".join(passages).split()))
    assert spent > 0
    assert model == compressor.model


@pytest.mark.parametrize(
    ("passages", "target"),
    [([], 10), ([""], 10), (["", " \n\t "], 10), (["One sentence only."], 0), (["#"], 0), ([LEASES], 0)],
)
async def test_where_there_is_nothing_to_keep_nothing_is_kept(
    compressor: Compressor, passages: list[str], target: int
) -> None:
    assert (await compressor.compress(passages, QUESTION, None, target, count)).texts == []


async def test_one_passage_of_other_scripts_and_no_question(compressor: Compressor) -> None:
    passage = "売上は 12.5 増えた。Ünïcode ✓ 🙂 hält. Комиссия не указана в договоре, но взимается. " * 4
    found = await compressor.compress([passage], "", None, 40, count)
    assert 0 < sum(map(count, found.texts)) <= 40


class TestExtractive:
    """What the extractive compressor promises beyond the port."""

    @pytest.fixture(params=["minilm", "bag of words"])
    def extractive(self, request: pytest.FixtureRequest) -> ExtractiveCompressor:
        return ExtractiveCompressor(
            BagOfWords() if request.param == "bag of words" else request.getfixturevalue("minilm")
        )

    async def test_it_keeps_the_answer(self, extractive: ExtractiveCompressor) -> None:
        found = await extractive.compress([DEBT, LEASES, REGIONS], QUESTION, None, 100, count)
        assert "Trucks are returned after four years." in " ".join(" ".join(found.texts).split())

    async def test_a_row_stands_under_its_header(self, extractive: ExtractiveCompressor) -> None:
        found = await extractive.compress([REGIONS], "What was the change in Other in 2022?", None, 60, count)
        [text] = found.texts
        assert text.index("| | Year ended June 30, 2023 |") < text.index("| --- |") < text.index("| Other | 4.4 |")

    async def test_what_fits_is_kept_whole(self, extractive: ExtractiveCompressor) -> None:
        passages = [LEASES, DEBT]
        found = await extractive.compress(passages, QUESTION, None, sum(map(count, passages)), count)
        assert found.texts == passages

    async def test_a_vector_that_is_there_is_not_paid_for_again(self, minilm: LocalEmbedder) -> None:
        asked = await minilm.embed(QUESTION)
        extractive = ExtractiveCompressor(minilm)
        with_vector = await extractive.compress([LEASES], QUESTION, asked.vector, 60, count)
        without = await extractive.compress([LEASES], QUESTION, None, 60, count)
        assert with_vector.texts == without.texts
        assert without.spent_tokens - with_vector.spent_tokens == asked.tokens

    async def test_it_reads_no_more_than_the_passages(self, minilm: LocalEmbedder) -> None:
        whole = (await minilm.embed(LEASES)).tokens
        found = await ExtractiveCompressor(minilm).compress([LEASES], QUESTION, None, 60, count)
        assert found.spent_tokens < 1.2 * whole

    async def test_a_failing_embedder_is_said(self) -> None:
        embedder = BagOfWords()
        embedder.down = True
        with pytest.raises(ServiceError):
            await ExtractiveCompressor(embedder).compress([LEASES], QUESTION, None, 60, count)

    async def test_most_answers_are_in_a_third_of_the_tokens(self, minilm: LocalEmbedder) -> None:
        """Each report with three others, on each of its questions: the set that the weights were fixed on."""
        extractive = ExtractiveCompressor(Remembering(minilm))
        kept = asked = 0
        for at, report in enumerate(REPORTS):
            passages = [REPORTS[(at + step) % len(REPORTS)].text for step in (5, 0, 3, 7)]
            target = round(0.33 * sum(map(count, passages)))
            for question, gold in report.questions.items():
                found = await extractive.compress(passages, question, None, target, count)
                text = " ".join(" ".join(found.texts).split())
                kept += all(one in text for one in gold)
                asked += 1
        assert kept >= 0.93 * asked

    async def test_sentences_that_are_all_alike_are_not_counted_again_for_each_that_is_added(self) -> None:
        passage = " ".join(f"The depot in street {number} is open at all hours." for number in range(800))
        read: list[int] = []

        def watched(text: str) -> int:
            read.append(len(text))
            return count(text)

        found = await ExtractiveCompressor(BagOfWords()).compress(
            [passage], QUESTION, None, count(passage) // 2, watched
        )
        assert sum(map(count, found.texts)) <= count(passage) // 2
        assert sum(read) <= FILLING + 4 * len(passage)

    @settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(
        st.lists(st.sampled_from([LEASES, REGIONS, DEBT]) | st.text(max_size=80), max_size=4),
        st.text(max_size=30),
        st.floats(0, 1.2),
    )
    async def test_what_is_kept_is_cut_from_the_passages_whole_word_by_whole_word(
        self, passages: list[str], question: str, share: float
    ) -> None:
        target = round(share * sum(map(count, passages)))
        found = await ExtractiveCompressor(BagOfWords()).compress(passages, question, None, target, count)
        assert sum(map(count, found.texts)) <= target
        pieces, words = " ".join(found.texts).split(), iter(" ".join(passages).split())
        assert all(piece in words for piece in pieces), "each word and figure whole, in its order"


async def test_a_language_model_that_is_not_there_is_said() -> None:
    with pytest.raises(SetupError, match="cannot load a causal language model from '/nowhere'"):
        await LLMLinguaCompressor.load("/nowhere", name="none")


async def test_without_its_package_llmlingua_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "llmlingua", None)
    with pytest.raises(SetupError, match=r"uv pip install -e '\.\[llmlingua\]'"):
        await LLMLinguaCompressor.load(str(model_dir()), name="none")


async def test_a_failing_llmlingua_says_so(lingua: LLMLinguaCompressor, monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken:
        def compress_prompt(self, *_: Any, **__: Any) -> None:
            raise RuntimeError("out of memory")

    monkeypatch.setattr(lingua, "_compressor", Broken())
    with pytest.raises(ServiceError, match="out of memory"):
        await lingua.compress([LEASES], QUESTION, None, 60, count)
