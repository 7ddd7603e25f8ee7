"""The corpus: the LanceDB adapter on a real folder and the one in memory keep one contract."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from agents import lance_corpus
from agents.corpus import Chunk, Corpus, Held
from agents.lance_corpus import LanceCorpus
from schemas.errors import InvalidRequestError, ServiceError
from schemas.records import Condition
from tests.fakes.documents import MODEL, Another, found, put, vector_of, vectors_of


async def test_what_was_put_is_found_whole(corpus: Corpus) -> None:
    assert await put(corpus, "d-1", "a lost card", "a new card")
    (near, far), (matched,) = (
        await corpus.nearest("bank", "faq", vector_of(0), [], 5),
        await corpus.matching("bank", "faq", "lost", [], 5),
    )
    assert near == matched == Chunk("d-1", 0, "Guide", ("Guide", "Ways"), "a lost card")
    assert far == Chunk("d-1", 1, "Guide", ("Guide", "Ways"), "a new card")


async def test_a_collection_that_nobody_wrote_to_is_empty(corpus: Corpus) -> None:
    condition = Condition(field="year", any_of=[2019.0])
    assert await corpus.nearest("bank", "none", vector_of(0), [condition], 5) == []
    assert await corpus.matching("bank", "none", "card", [condition], 5) == []
    assert await corpus.digests("bank", "none") == {}
    assert await corpus.held("bank", "none", "d-1") is None


async def test_the_nearest_comes_first_and_no_more_than_asked(corpus: Corpus) -> None:
    for number in range(5):
        await put(corpus, f"d-{number}", f"text {number}", angle=number * 0.5)
    order = [chunk.document_id for chunk in await corpus.nearest("bank", "faq", vector_of(1.1), [], 3)]
    assert order == ["d-2", "d-3", "d-1"]


async def test_a_chunk_counts_by_its_nearest_vector_and_once(corpus: Corpus) -> None:
    for number, angles in enumerate([(3.0, 0.1, 0.11, 0.12), (0.5,), (2.0, 1.0, 0.3)]):
        chunk = Chunk(f"d-{number}", 0, "", (), "text")
        metadata = {"year": float(number)}
        chunks = [(chunk, vectors_of(*angles))]
        await corpus.replace("bank", "faq", f"d-{number}", version=1, digest="", metadata=metadata, chunks=chunks)
    order = [chunk.document_id for chunk in await corpus.nearest("bank", "faq", vector_of(0), [], 2)]
    assert order == ["d-0", "d-2"]
    later = [Condition(field="year", at_least=1.0)]
    order = [chunk.document_id for chunk in await corpus.nearest("bank", "faq", vector_of(0), later, 2)]
    assert order == ["d-2", "d-1"]


async def test_the_best_match_of_words_comes_first_and_what_has_none_is_not_found(corpus: Corpus) -> None:
    await put(corpus, "d-1", "the card of the bank", "a card that was lost", "the weather", "card, card and bank")
    texts = [chunk.text for chunk in await corpus.matching("bank", "faq", "LOST card", [], 5)]
    assert texts[0] == "a card that was lost"
    assert set(texts[1:]) == {"the card of the bank", "card, card and bank"}
    assert await corpus.matching("bank", "faq", "nothing like it", [], 5) == []


async def test_titles_and_headings_are_matched_as_well(corpus: Corpus) -> None:
    await put(corpus, "d-1", "what to do")
    assert len(await corpus.matching("bank", "faq", "guide", [], 5)) == 1
    assert len(await corpus.matching("bank", "faq", "ways", [], 5)) == 1


async def test_figures_are_words(corpus: Corpus) -> None:
    await put(corpus, "d-1", "revenue was 1,496.5 in all", "revenue was 1,202.9 in all")
    (one,) = await corpus.matching("bank", "faq", "1,496.5", [], 5)
    assert one.number == 0


@pytest.mark.parametrize(
    "text", ["", " ", "?!", "the", "a' OR 1=1 --", '"quoted', "*", "text:", "(", "\0", "日本語", "-"]
)
async def test_any_text_can_be_looked_for(corpus: Corpus, text: str) -> None:
    await put(corpus, "d-1", "something else")
    assert await corpus.matching("bank", "faq", text, [], 5) == []


async def test_a_document_is_replaced_as_a_whole(corpus: Corpus) -> None:
    await put(corpus, "d-1", "one", "two", "three", year=2018.0, draft=True)
    await put(corpus, "d-2", "other")
    assert await put(corpus, "d-1", "four", version=2, year=2019.0)
    assert await found(corpus) == ["four", "other"]
    assert await corpus.matching("bank", "faq", "two", [], 5) == []
    assert await found(corpus, [Condition(field="year", any_of=[2018.0])]) == []
    assert await found(corpus, [Condition(field="draft", any_of=[True])]) == []
    assert await put(corpus, "d-1", "five", "six", version=3)
    assert await found(corpus) == ["five", "other", "six"]


async def test_an_older_version_changes_nothing_and_the_same_neither(corpus: Corpus) -> None:
    assert await put(corpus, "d-1", "new", version=7)
    for version in (7, 6):
        assert not await put(corpus, "d-1", "old", "older", version=version)
        assert not await corpus.remove("bank", "faq", "d-1", version=version)
    assert await found(corpus) == ["new"]
    assert await corpus.held("bank", "faq", "d-1") == Held(7, "d-1@7")


async def test_what_was_removed_is_gone_and_an_older_version_does_not_bring_it_back(corpus: Corpus) -> None:
    await put(corpus, "d-1", "one", "two")
    await put(corpus, "d-2", "other")
    assert await corpus.remove("bank", "faq", "d-1", version=5)
    assert not await corpus.remove("bank", "faq", "d-1", version=5)
    assert not await put(corpus, "d-1", "one", version=4)
    assert await found(corpus) == ["other"]
    assert await corpus.held("bank", "faq", "d-1") is None
    assert await corpus.digests("bank", "faq") == {"d-2": "d-2@1"}
    assert await put(corpus, "d-1", "again", version=6)
    assert await found(corpus) == ["again", "other"]


async def test_a_removal_holds_where_nothing_was(corpus: Corpus) -> None:
    assert await corpus.remove("bank", "faq", "d-1", version=5)
    assert not await put(corpus, "d-1", "one", version=4)
    assert await found(corpus) == []


async def test_a_document_may_have_no_chunks(corpus: Corpus) -> None:
    assert await put(corpus, "d-1")
    assert await corpus.digests("bank", "faq") == {"d-1": "d-1@1"}
    assert await corpus.nearest("bank", "faq", vector_of(0), [], 5) == []
    assert await corpus.matching("bank", "faq", "guide", [], 5) == []
    with pytest.raises(InvalidRequestError, match="no field 'year'; its documents have no metadata"):
        await corpus.nearest("bank", "faq", vector_of(0), [Condition(field="year")], 5)
    assert await put(corpus, "d-1", "text", version=2)
    assert await found(corpus) == ["text"]


async def test_what_one_worker_wrote_another_sees_at_once(another: Another) -> None:
    one, two = await another(), await another()
    assert await found(two) == []
    await put(one, "d-1", "one")
    assert await found(two) == ["one"]
    await put(two, "d-1", "two", version=2, year=2019.0)
    assert await found(one, [Condition(field="year")]) == ["two"]
    await one.remove("bank", "faq", "d-1", version=3)
    assert await found(two) == []
    assert await two.held("bank", "faq", "d-1") is None


async def test_workers_that_write_at_once_lose_no_write(another: Another) -> None:
    """Fields of their own included, of which each needs a place that was not there."""
    workers = [await another() for _ in range(3)]

    async def work(number: int) -> None:
        for step in range(5):
            await put(workers[number], f"d-{number}-{step}", "text", **{f"field {number}-{step}": float(step)})

    await asyncio.gather(*(work(number) for number in range(3)))
    names = {f"d-{number}-{step}" for number in range(3) for step in range(5)}
    assert (await workers[0].digests("bank", "faq")).keys() == names
    assert len(await found(workers[1])) == 15
    assert len(await found(workers[2], [Condition(field="field 2-4", any_of=[4.0])])) == 1


async def test_a_collection_is_made_once_however_many_write_its_first_document(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workers = [await LanceCorpus.open(str(tmp_path), model=MODEL) for _ in range(3)]
    made: list[str] = []
    for worker in workers:
        make = worker._connection.create_table

        async def counted(name: str, make: Any = make, **given: Any) -> Any:
            made.append(name)
            return await make(name, **given)

        monkeypatch.setattr(worker._connection, "create_table", counted)
    await asyncio.gather(*(put(worker, f"d-{number}", "text") for number, worker in enumerate(workers)))
    assert len(made) == 1
    for worker in workers:
        await worker.close()


async def test_of_versions_that_are_written_at_once_the_latest_stays_whole(another: Another) -> None:
    workers = [await another() for _ in range(3)]
    await put(workers[0], "d-1", "first", version=0)

    def text(version: int) -> list[str]:
        return [f"v{version} c{number}" for number in range(version * 7 % 5)]

    async def work(number: int) -> None:
        for version in range(1 + number, 25, 3):
            await put(workers[number], "d-1", *text(version), version=version)

    await asyncio.gather(*(work(number) for number in range(3)))
    assert await workers[0].held("bank", "faq", "d-1") == Held(24, "d-1@24")
    assert await found(workers[1]) == text(24)


async def test_a_reader_sees_all_of_the_old_or_all_of_the_new(another: Another) -> None:
    writer, reader = await another(), await another()
    await put(writer, "d-1", *["v0"] * 3, version=0)
    done = False

    async def write() -> None:
        nonlocal done
        for version in range(1, 20):
            await put(writer, "d-1", *[f"v{version}"] * (1 + version * 3 % 7), version=version)
        done = True

    async def read() -> None:
        seen: list[str] = []
        while not done:
            texts = [chunk.text for chunk in await reader.nearest("bank", "faq", vector_of(0), [], 100)]
            version = int(texts[0][1:])
            assert texts == [f"v{version}"] * (1 + version * 3 % 7 if version else 3)
            seen.append(texts[0])
            await asyncio.sleep(0)
        assert len(set(seen)) > 3 or not isinstance(reader, LanceCorpus)

    await asyncio.gather(write(), read())


async def test_a_corpus_outlives_its_worker_and_is_one_models(tmp_path: Path) -> None:
    uri = str(tmp_path / "corpus")
    first = await LanceCorpus.open(uri, model=MODEL)
    await put(first, "d-1", "one", year=2019.0)
    await first.close()
    second, other = await LanceCorpus.open(uri, model=MODEL), await LanceCorpus.open(uri, model="another")
    assert await found(second, [Condition(field="year", any_of=[2019.0])]) == ["one"]
    assert await found(other) == []
    await second.close()
    await other.close()


@pytest.mark.parametrize(("setting", "documents"), [("COMMITS", 3), ("LOOSE_ROWS", 60)])
async def test_many_small_writes_leave_few_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, setting: str, documents: int
) -> None:
    """Of the same documents, each commit leaves files; of others, rows outside the index as well."""
    monkeypatch.setattr(lance_corpus, setting, 10)
    monkeypatch.setattr(lance_corpus, "KEEP_VERSIONS", lance_corpus.timedelta(milliseconds=1))
    corpus = await LanceCorpus.open(str(tmp_path), model=MODEL)
    most = 0
    for version in range(60):
        await put(corpus, f"d-{version % documents}", f"number {version}", version=version)
        most = max(most, sum(1 for path in tmp_path.rglob("*") if path.is_file()))
    assert most < 80
    right = {f"number {version}" for version in range(60 - documents, 60)}
    assert set(await found(corpus)) == right
    assert {one.text for one in await corpus.matching("bank", "faq", "number", [], 99)} == right
    await corpus.close()


async def test_a_corpus_that_cannot_be_reached_says_which(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")

    async def use() -> None:
        await put(await LanceCorpus.open(str(tmp_path / "file"), model=MODEL), "d-1", "one")

    with pytest.raises(ServiceError, match=f"the corpus {tmp_path}/file"):
        await use()
