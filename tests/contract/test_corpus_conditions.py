"""What the metadata of documents may be and what conditions on it find; no name and no value reaches another tenant."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Mapping, Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agents.conditions import kind
from agents.corpus import Corpus
from schemas.errors import InvalidRequestError
from schemas.records import Condition, Value
from tests.fakes.corpus import fulfils
from tests.fakes.documents import Another, chunks_of, found, put, vector_of

LONGER = settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
NAMES = st.text(st.characters(exclude_categories=["Cs"]), max_size=8) | st.sampled_from(
    ["", "..", "a/b", "a", "A", "b", "'; DROP TABLE x; --", '"', "`", "\\", "%", "_", "a' OR '1'='1", "日本", "\0"]
)
NUMBERS = st.floats(allow_nan=False) | st.sampled_from([0.0, -0.0, 2019.0])
VALUES = NAMES | NUMBERS | st.booleans()


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
