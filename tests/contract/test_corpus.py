"""The corpus: the LanceDB adapter on a real folder and the one in memory keep one contract."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agents import lance_corpus
from agents.conditions import kind
from agents.corpus import Chunk, Corpus, Held
from agents.lance_corpus import LanceCorpus
from schemas.errors import InvalidRequestError, ServiceError
from schemas.records import Condition, Value
from tests.fakes.corpus import InMemoryCorpus, fulfils

Another = Callable[[], Awaitable[Corpus]]
"""Makes one more worker's view of the same corpus."""
MODEL = "all-MiniLM-L6-v2"
LONGER = settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
NAMES = st.text(st.characters(exclude_categories=["Cs"]), max_size=8) | st.sampled_from(
    ["", "..", "a/b", "a", "A", "b", "'; DROP TABLE x; --", '"', "`", "\\", "%", "_", "a' OR '1'='1", "日本", "\0"]
)
NUMBERS = st.floats(allow_nan=False) | st.sampled_from([0.0, -0.0, 2019.0])
VALUES = NAMES | NUMBERS | st.booleans()


@pytest.fixture(params=["lance", "memory"])
async def another(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Another]:
    opened: list[Corpus] = []
    shared = InMemoryCorpus()

    async def one() -> Corpus:
        if request.param == "memory":
            return shared
        opened.append(await LanceCorpus.open(str(tmp_path / "corpus"), model=MODEL))
        return opened[-1]

    yield one
    for corpus in opened:
        await corpus.close()


@pytest.fixture
async def corpus(another: Another) -> Corpus:
    return await another()


def vector_of(angle: float) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    """A unit vector; the cosine of two is that of the difference of their angles."""
    return np.array([np.cos(angle), np.sin(angle), 0.0, 0.0], dtype=np.float32)


def chunks_of(document_id: str, *texts: str, angle: float = 0.0) -> list[Chunk]:
    return [
        Chunk(document_id, number, "Guide", ("Guide", "Ways"), text, vector_of(angle + number / 10))
        for number, text in enumerate(texts)
    ]


async def put(
    corpus: Corpus,
    document_id: str,
    *texts: str,
    version: int = 1,
    tenant: str = "bank",
    collection: str = "faq",
    angle: float = 0.0,
    **metadata: Value,
) -> bool:
    return await corpus.replace(
        tenant,
        collection,
        document_id,
        version=version,
        digest=f"{document_id}@{version}",
        metadata=metadata,
        chunks=chunks_of(document_id, *texts, angle=angle),
    )


async def found(corpus: Corpus, where: Sequence[Condition] = (), *, tenant: str = "bank") -> list[str]:
    """The texts of all chunks that fulfil the conditions."""
    return sorted(chunk.text for chunk in await corpus.nearest(tenant, "faq", vector_of(0), where, 1_000))


async def test_what_was_put_is_found_whole(corpus: Corpus) -> None:
    assert await put(corpus, "d-1", "a lost card", "a new card")
    (near, far), (matched,) = (
        await corpus.nearest("bank", "faq", vector_of(0), [], 5),
        await corpus.matching("bank", "faq", "lost", [], 5),
    )
    for chunk in (near, matched):
        assert chunk[:5] == ("d-1", 0, "Guide", ("Guide", "Ways"), "a lost card")
        np.testing.assert_array_equal(chunk.vector, vector_of(0))
    assert (far.number, far.text) == (1, "a new card")


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


async def test_what_a_field_holds_is_of_one_type(corpus: Corpus) -> None:
    await put(corpus, "d-1", "one", year=2019.0)
    with pytest.raises(
        InvalidRequestError, match="metadata: field 'year' is a number in this collection, and 'FY19' is a string"
    ):
        await put(corpus, "d-2", "two", year="FY19")
    with pytest.raises(InvalidRequestError, match="'year' is a number in this collection, and True is a boolean"):
        await put(corpus, "d-2", "two", year=True)
    with pytest.raises(InvalidRequestError, match="'weight' cannot be NaN"):
        await put(corpus, "d-2", "two", weight=float("nan"))
    assert await found(corpus) == ["one"]
    assert await put(corpus, "d-2", "two", tenant="insurer", year="FY19")


async def test_a_field_that_no_document_has_any_more_may_hold_another_type(corpus: Corpus) -> None:
    await put(corpus, "d-1", "one", year=2019.0)
    await put(corpus, "d-1", "one", version=2)
    assert await put(corpus, "d-2", "two", year="FY19")
    assert await found(corpus, [Condition(field="year", any_of=["FY19"])]) == ["two"]


async def test_a_document_that_is_refused_holds_up_no_other(corpus: Corpus) -> None:
    await put(corpus, "d-0", "zero", year=2019.0)
    outcomes = await asyncio.gather(
        *(put(corpus, f"d-{n}", f"text {n}", year="x" if n == 3 else float(n)) for n in range(1, 6)),
        return_exceptions=True,
    )
    assert [type(one) for one in outcomes] == [bool, bool, InvalidRequestError, bool, bool]
    assert len(await found(corpus)) == 5


@pytest.mark.parametrize(
    ("condition", "complaint"),
    [
        (Condition(field="yaer"), r"where: the collection has no field 'yaer'; it has 'draft', 'year'"),
        (Condition(field="year", any_of=["2019"]), "'year' is a number in this collection, and '2019' is a string"),
        (Condition(field="year", at_least=False), "'year' is a number in this collection, and False is a boolean"),
        (Condition(field="draft", at_most=1.0), "'draft' is a boolean in this collection, and 1.0 is a number"),
        (Condition(field="year", at_most=float("nan")), "'year' cannot be NaN"),
        (Condition(field="' OR 1=1 --"), 'has no field "\' OR 1=1 --"'),
    ],
)
async def test_a_condition_that_cannot_be_asked_is_refused(
    corpus: Corpus, condition: Condition, complaint: str
) -> None:
    await put(corpus, "d-1", "one", year=2019.0, draft=True)
    fine = Condition(field="year", any_of=[2019.0])
    with pytest.raises(InvalidRequestError, match=complaint):
        await corpus.nearest("bank", "faq", vector_of(0), [fine, condition], 5)
    with pytest.raises(InvalidRequestError, match=complaint):
        await corpus.matching("bank", "faq", "one", [fine, condition], 5)


async def test_conditions_hold_before_the_search(corpus: Corpus) -> None:
    """Were they applied to what was found, the nearest ten would leave nothing."""
    for number in range(12):
        await put(corpus, f"d-{number}", "a near card", angle=0.0, year=2018.0)
    await put(corpus, "far", "a card far away", angle=3.0, year=2019.0)
    where = [Condition(field="year", at_least=2019.0)]
    assert [one.document_id for one in await corpus.nearest("bank", "faq", vector_of(0), where, 10)] == ["far"]
    assert [one.document_id for one in await corpus.matching("bank", "faq", "near card", where, 10)] == ["far"]


METADATA = st.dictionaries(NAMES, VALUES, max_size=3)


@st.composite
def asked(draw: st.DrawFn, documents: Sequence[Mapping[str, Value]]) -> list[Condition]:
    """Conditions of the right types, on values that documents have and on others."""
    there: dict[str, list[Value]] = {}
    for metadata in documents:
        for name, value in metadata.items():
            there.setdefault(name, []).append(value)
    conditions = []
    for name in draw(st.lists(st.sampled_from(sorted(there)), max_size=3)) if there else []:
        like = {str: NAMES, bool: st.booleans(), float: NUMBERS}[type(there[name][0])]
        one: st.SearchStrategy[Value] = st.sampled_from(there[name]) | like
        at_least, at_most = draw(st.none() | one), draw(st.none() | one)
        conditions.append(
            Condition(field=name, any_of=draw(st.lists(one, max_size=3)), at_least=at_least, at_most=at_most)
        )
    return conditions


def of_one_type(documents: Sequence[Mapping[str, Value]]) -> list[dict[str, Value]]:
    """The documents without fields of which an earlier one has another type."""
    known: dict[str, Value] = {}
    return [
        {name: value for name, value in one.items() if kind(known.setdefault(name, value)) is kind(value)}
        for one in documents
    ]


@LONGER
@given(st.data())
async def test_conditions_mean_what_they_say_whatever_the_names_and_values(
    another: Another, data: st.DataObject
) -> None:
    corpus, collection = await another(), data.draw(NAMES)
    tenant = f"t{next(_FRESH)}"
    documents = of_one_type(data.draw(st.lists(METADATA, min_size=1, max_size=5)))
    for number, metadata in enumerate(documents):
        await corpus.replace(
            tenant,
            collection,
            f"d-{number}",
            version=1,
            digest="",
            metadata=metadata,
            chunks=chunks_of(f"d-{number}", "card"),
        )
    for _ in range(4):
        where = data.draw(asked(documents))
        right = [f"d-{number}" for number, metadata in enumerate(documents) if fulfils(metadata, where)]
        near = await corpus.nearest(tenant, collection, vector_of(0), where, 100)
        assert sorted(chunk.document_id for chunk in near) == right
        matched = await corpus.matching(tenant, collection, "card", where, 100)
        assert sorted(chunk.document_id for chunk in matched) == right


_FRESH = itertools.count()


@LONGER
@given(
    scopes=st.lists(st.tuples(NAMES, NAMES), min_size=2, max_size=4, unique=True),
    document_ids=st.lists(NAMES, min_size=1, max_size=2, unique=True),
    values=st.lists(VALUES, min_size=1, max_size=3),
)
async def test_nothing_is_found_in_another_tenant_or_collection_whatever_they_are_called(
    another: Another, scopes: list[tuple[str, str]], document_ids: list[str], values: list[Value]
) -> None:
    """Also under a hostile filter: it is refused, or finds the tenant's own."""
    corpus, run = await another(), f"{next(_FRESH)}:"
    for place, (tenant, collection) in enumerate(scopes):
        for name in document_ids:
            await corpus.replace(
                run + tenant,
                collection,
                name,
                version=place,
                digest=str(place),
                metadata={"owner": f"{place}"},
                chunks=chunks_of(name, f"card of {place}"),
            )
    for place, (tenant, collection) in enumerate(scopes):
        scope = (run + tenant, collection)
        hostile = [Condition(field="owner", any_of=values), Condition(field=f"{values[0]}", any_of=values)]
        wheres = [[], *([one] for one in hostile), [Condition(field="owner", at_least="")]]
        for where in wheres:
            try:
                found = await corpus.nearest(*scope, vector_of(0), where, 100)
                found += await corpus.matching(*scope, "card", where, 100)
            except InvalidRequestError:
                continue
            assert {chunk.text for chunk in found} <= {f"card of {place}"}
            assert where or len(found) == 2 * len(document_ids)
        assert await corpus.digests(*scope) == dict.fromkeys(document_ids, str(place))
        assert not await corpus.remove(*scope, document_ids[0], version=place)


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
