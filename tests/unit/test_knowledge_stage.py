from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.corpus import Held, passage
from agents.embedding import Embedded
from agents.knowledge.document import digest
from agents.knowledge.stage import NEVER, KnowledgeStage
from agents.knowledge.views import AT_ONCE
from agents.policy import Policy
from agents.stage import Emit
from agents.waterfall import NOTHING, holds
from schemas import topics
from schemas.enums import EntryKind, Status
from schemas.errors import HeadraceError, InvalidRequestError, PolicyError, ServiceError, UnknownNameError
from schemas.ledger import LedgerEntry
from schemas.records import DeadLetter, Document
from tests.fakes.cache import document as policy_document
from tests.fakes.corpus import InMemoryCorpus
from tests.fakes.embedder import BagOfWords
from tests.fakes.records import AT, delivery

NAME = ("bank", "handbook", "cards.md")
TEXT = "# Cards\n\nBlock the card.\n\n## PIN\n\nIt is four digits."


def written(**fields: Any) -> Document:
    tenant, collection, document_id = NAME
    given = {"tenant": tenant, "collection": collection, "document_id": document_id, "title": "Cards", "text": TEXT}
    return Document(**{**given, "metadata": {"department": "cards", "year": 2026.0}, **fields})


class River:
    """A knowledge stage with a corpus and an embedder that may be down, and a cache that hears what is void."""

    def __init__(self, *, patience_s: float = 0.0) -> None:
        self.embedder = BagOfWords()
        self.corpus = InMemoryCorpus()
        self.void: list[tuple[str, str]] = []
        self.cache_is_away = 0
        self.stage = KnowledgeStage(
            policy=Policy(policy_document()),
            embedder=self.embedder,
            corpus=self.corpus,
            invalidate=self.invalidate,
            patience_s=patience_s,
        )

    async def invalidate(self, tenant: str, collection: str) -> None:
        await asyncio.sleep(0)
        if self.cache_is_away:
            self.cache_is_away -= 1
            raise ServiceError("Redis is away")
        self.void.append((tenant, collection))

    async def receive(self, document: Document, offset: int, at: int = AT) -> Sequence[Emit]:
        return await self.stage(delivery(document, offset, topic=topics.DOCUMENTS, at=at))

    async def texts(self) -> list[str]:
        tenant, collection, _ = NAME
        vector = (await self.embedder.embed("")).vector
        found = await self.corpus.nearest(tenant, collection, vector, [], 100)
        return [chunk.text for chunk in sorted(found, key=lambda chunk: (chunk.document_id, chunk.number))]


async def test_a_document_is_cut_embedded_with_its_headings_indexed_and_accounted_for() -> None:
    river = River()
    (emit,) = await river.receive(written(), 7)
    passages = ["Cards\n\nBlock the card.", "Cards > PIN\n\nIt is four digits."]
    assert river.embedder.embedded == passages
    assert await river.texts() == ["Block the card.", "It is four digits."]
    assert await river.corpus.held(*NAME) == Held(7, digest(written()))
    assert river.void == [("bank", "handbook")]
    entry = emit.record
    assert isinstance(entry, LedgerEntry)
    assert (emit.topic, emit.key) == (topics.LEDGER, b"bank")
    assert (entry.kind, entry.tenant, entry.cost_center, entry.occurred_at) == (
        EntryKind.INGESTION,
        "bank",
        "bank-desk",
        AT,
    )
    assert entry.request_id == "handbook/cards.md"
    (cost,) = entry.waterfall.costs
    tokens = sum(river.embedder.count(text) for text in passages)
    assert (cost.kind, cost.strategy, cost.model) == ("embedding", "retrieval", "all-MiniLM-L6-v2")
    assert (cost.tokens, cost.cost) == (tokens, tokens * 20)  # $0.02 a million tokens: 20 nano-dollars each
    assert holds(entry.waterfall)
    assert -entry.waterfall.savings[0].cost == entry.waterfall.list_cost - entry.waterfall.effective_cost


async def test_a_chunk_fits_the_window_of_the_embedder() -> None:
    river = River()
    await river.receive(written(text="one two three four five. " * 100), 1)
    assert len(river.embedder.embedded) > 10
    assert all(river.embedder.count(text) <= river.embedder.window for text in river.embedder.embedded)


async def test_a_chunk_is_embedded_as_a_whole_and_by_its_sentences_few_texts_at_once() -> None:
    river = River()
    embed, at_once, most = river.embedder.embed, 0, 0

    async def counted(text: str) -> Embedded:
        nonlocal at_once, most
        at_once += 1
        most = max(most, at_once)
        found = await embed(text)
        at_once -= 1
        return found

    river.embedder.embed = counted  # type: ignore[method-assign]
    text = "".join(f"## Card {n}\n\nBlock it. Order one. Pay {n} dollars.\n\n" for n in range(9))
    (emit,) = await river.receive(written(text=text), 1)
    of_one = [text for text in river.embedder.embedded if text.startswith("Cards > Card 7\n")]
    assert of_one == [
        f"Cards > Card 7\n\n{said}"
        for said in ("Block it. Order one. Pay 7 dollars.", "Block it.", "Order one.", "Pay 7 dollars.")
    ]
    assert most == AT_ONCE
    assert isinstance(emit.record, LedgerEntry)
    (cost,) = emit.record.waterfall.costs
    assert cost.tokens == sum(map(river.embedder.count, river.embedder.embedded))
    asked = (await embed("Cards > Card 7\n\nOrder one.")).vector
    (nearest,) = await river.corpus.nearest("bank", "handbook", asked, [], 1)
    assert nearest.number == 7


async def test_a_new_version_takes_the_place_of_the_old_one() -> None:
    river = River()
    await river.receive(written(), 1)
    (emit,) = await river.receive(written(text="Five digits."), 2)
    assert await river.texts() == ["Five digits."]
    assert isinstance(emit.record, LedgerEntry)
    assert len(river.void) == 2


async def test_a_document_that_says_what_it_said_before_costs_nothing_and_voids_nothing() -> None:
    river = River()
    await river.receive(written(), 1)
    embedded = list(river.embedder.embedded)
    assert await river.receive(written(metadata={"year": 2026.0, "department": "cards"}), 2) == []
    assert (river.embedder.embedded, len(river.void)) == (embedded, 1)
    assert await river.receive(written(metadata={"department": "loans", "year": 2026.0}), 3) != []


async def test_a_document_that_is_removed_is_found_no_more_and_voids_what_rested_on_it() -> None:
    river = River()
    await river.receive(written(), 1)
    assert await river.receive(written(text=None), 2) == []
    assert await river.texts() == []
    assert await river.corpus.held(*NAME) is None
    assert len(river.void) == 2
    await river.receive(written(), 3)
    assert await river.texts() == ["Block the card.", "It is four digits."]


async def test_an_older_version_changes_nothing_and_is_said(caplog: pytest.LogCaptureFixture) -> None:
    river = River()
    await river.receive(written(text="New."), 9)
    assert await river.receive(written(), 8) == []
    assert await river.receive(written(text=None), 7) == []
    assert await river.texts() == ["New."]
    assert len(river.void) == 1
    assert "t/0@8" not in caplog.text
    assert "headrace.documents/0@8 is left out: the corpus holds version 9 of cards.md" in caplog.text


async def test_what_is_delivered_again_is_accounted_for_by_the_same_entry_and_not_embedded_again() -> None:
    river = River()
    first = await river.receive(written(), 5)
    embedded = list(river.embedder.embedded)
    assert await river.receive(written(), 5) == first
    assert river.embedder.embedded == embedded
    assert len(river.void) == 2  # nobody knows whether the first got through
    again = await river.receive(written(text="Other."), 6)
    assert [emit.record.entry_id for emit in first] != [emit.record.entry_id for emit in again]  # type: ignore[attr-defined]


async def test_a_removal_that_is_delivered_again_voids_again() -> None:
    river = River()
    await river.receive(written(), 1)
    for _ in range(2):
        assert await river.receive(written(text=None), 2) == []
    assert len(river.void) == 3


async def test_a_document_is_not_done_before_what_was_answered_without_it_is_void() -> None:
    river = River()
    river.cache_is_away = 3
    working = asyncio.create_task(river.receive(written(), 1))
    while river.cache_is_away:
        await asyncio.sleep(0.01)
        assert not working.done()
    assert await river.texts() == ["Block the card.", "It is four digits."]
    (emit,) = await working
    assert isinstance(emit.record, LedgerEntry)
    assert river.void == [("bank", "handbook")]
    assert len(river.embedder.embedded) == 3  # the chunks once, and the look above


async def test_a_document_waits_for_an_embedder_that_is_away_and_not_for_ever(caplog: pytest.LogCaptureFixture) -> None:
    river = River(patience_s=0.1)
    river.embedder.down = True
    working = asyncio.create_task(river.receive(written(), 1))
    while "is tried again in 0.1 s: the bag of words is down" not in caplog.text:
        await asyncio.sleep(0.01)
    river.embedder.down = False
    assert await working != []
    river.embedder.down = True
    with pytest.raises(ServiceError, match="the bag of words is down"):
        await river.receive(written(text="Other."), 2)


async def test_what_is_embedded_in_vain_is_on_the_ledger_and_billed_to_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    river = River(patience_s=0.3)
    tries = 0

    async def away(*_name: Any, **_what: Any) -> bool:
        nonlocal tries
        tries += 1
        raise ServiceError("the corpus is away")

    monkeypatch.setattr(river.corpus, "replace", away)
    given = delivery(written(), 1, topic=topics.DOCUMENTS, at=AT)
    with pytest.raises(ServiceError) as failure:
        await river.stage(given)
    letter, emit = river.stage.failed(given, failure.value)
    assert isinstance(letter.record, DeadLetter)
    entry = emit.record
    assert isinstance(entry, LedgerEntry)
    tokens = sum(map(river.embedder.count, river.embedder.embedded))
    assert (entry.kind, entry.status, entry.waterfall) == (EntryKind.INGESTION, Status.FAILED, NOTHING)
    assert entry.unbilled_cost == tokens * 20
    assert (tries > 1, len(river.embedder.embedded)) == (True, 2)  # a second try embeds nothing again
    monkeypatch.undo()
    (again,) = await river.receive(written(), 1)
    assert isinstance(again.record, LedgerEntry)
    assert again.record.entry_id != entry.entry_id
    assert again.record.waterfall.effective_cost == tokens * 20


async def test_what_was_answered_is_void_also_where_a_write_failed_that_may_have_been_done(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    river = River()
    replace = river.corpus.replace

    async def unheard(*name: Any, **what: Any) -> bool:
        await replace(*name, **what)
        raise ServiceError("the corpus is away")

    monkeypatch.setattr(river.corpus, "replace", unheard)
    with pytest.raises(ServiceError, match="the corpus is away"):
        await river.receive(written(), 1)
    assert river.void == [("bank", "handbook")]


@pytest.mark.parametrize(
    ("fields", "error", "says"),
    [
        ({"tenant": "nobody"}, UnknownNameError, "tenant 'nobody' is not in the policy"),
        ({"collection": ""}, InvalidRequestError, "collection has 0 characters: it must have 1 to 256"),
        ({"document_id": "x" * 257}, InvalidRequestError, "document_id has 257 characters"),
        ({"title": "x" * 257}, InvalidRequestError, "the title has 257 characters: the policy's limit is 256"),
        ({"title": "long " * 20}, InvalidRequestError, "the title has 22 tokens: at most 16 leave room"),
        ({"text": " \n"}, InvalidRequestError, "the text says nothing"),
        ({"text": "---"}, InvalidRequestError, "the text says nothing"),
        ({"metadata": {"": 1.0}}, InvalidRequestError, "the name of metadata field '' has 0 characters"),
        ({"metadata": {"rate": float("nan")}}, InvalidRequestError, "metadata field 'rate' is nan"),
    ],
)
async def test_a_bad_document_is_a_dead_letter_that_says_why(
    fields: dict[str, Any], error: type[HeadraceError], says: str
) -> None:
    river = River()
    bad = delivery(written(**fields), 3, topic=topics.DOCUMENTS)
    with pytest.raises(error, match=says) as raised:
        await river.stage(bad)
    assert river.embedder.embedded == river.void == []
    (emit,) = river.stage.failed(bad, raised.value)
    assert (emit.topic, emit.key) == (topics.DEAD_LETTERS, b"key")
    assert isinstance(emit.record, DeadLetter)
    assert (emit.record.stage, emit.record.code, emit.record.value) == ("knowledge", error.code, b"raw")
    assert says in emit.record.reason


async def test_an_embedder_without_a_price_is_found_before_it_is_used() -> None:
    river = River()
    with pytest.raises(PolicyError, match="no price card"):
        await river.receive(written(), 1, at=0)
    assert river.embedder.embedded == []


def test_no_document_is_given_up_for_waiting() -> None:
    assert River().stage.deadline(delivery(written(), 1)) == NEVER


def test_a_passage_is_the_same_to_the_stage_and_to_whoever_retrieves() -> None:
    assert passage("Cards", ("PIN",), "Four.") == "Cards > PIN\n\nFour."


CHANGE = st.tuples(st.sampled_from(["a", "b"]), st.sampled_from(["one.", "two.", "three.", None]))


@given(st.lists(CHANGE, max_size=8), st.lists(st.integers(0, 7), max_size=3))
def test_whatever_is_delivered_again_in_whatever_company_the_last_of_each_id_is_what_is_found(
    changes: list[tuple[str, str | None]], crashes: list[int]
) -> None:
    """Crashes bring back records from any point on; within one life, the order is the log's."""

    async def lives() -> list[str]:
        river = River()
        for start in [*crashes, 0]:
            records = list(enumerate(changes))[start:]
            await asyncio.gather(*(river.receive(written(document_id=id_, text=text), n) for n, (id_, text) in records))
        return await river.texts()

    last = dict(changes)
    assert asyncio.run(lives()) == [text for _, text in sorted(last.items()) if text is not None]
