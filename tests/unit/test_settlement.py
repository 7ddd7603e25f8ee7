"""Of all answers to a request exactly one becomes its response and its bill; the others are accounted for."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.claims import Claim, Claims
from agents.rollup_key import fits, key_of
from agents.settlement.outcome import claimant, refused, settle
from agents.settlement.stage import SettlementStage
from agents.stage import Emit, Position
from agents.waterfall import NOTHING, avoided, holds, with_spending
from schemas import topics
from schemas.codec import Codec
from schemas.enums import EntryKind, Source, Status
from schemas.errors import UndeliverableError, WorkFailedError
from schemas.ledger import LedgerEntry, Waterfall
from schemas.records import Answer, CacheFill, DeadLetter, PredictionResponse
from tests.fakes.log import Log
from tests.fakes.records import AT, answer, lookup, predicted, spent, ticket

ONCE = "headrace.requests/0@1"
AGAIN = "headrace.requests/0@9"
"""Where the request was published a second time."""
HERE = Position(topics.ANSWERS, 2, 40)
MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None


def won(given_answer: Answer, position: Position = HERE) -> list[Emit]:
    mine = Claim(position.offset, given_answer.ticket.origin, given_answer.answer_id)
    return settle(given_answer, position, AT, mine)


def lost(given_answer: Answer, *, told: bool = False) -> list[Emit]:
    return settle(given_answer, HERE, AT, Claim(3, ONCE, "first", told))


def the(kind: type[Any], emits: Sequence[Emit]) -> Any:
    (found,) = [emit.record for emit in emits if isinstance(emit.record, kind)]
    return found


def failure(**fields: Any) -> Answer:
    given_fields = {
        "status": Status.FAILED,
        "source": Source.NONE,
        "text": None,
        "finish_reason": None,
        "error_code": "ENGINE_ROW",
        "error_message": "no",
        "waterfall": predicted(70),
        **fields,
    }
    return answer(**given_fields)


def test_the_first_answer_becomes_response_entry_and_fill() -> None:
    emits = won(answer())
    assert [(emit.topic, emit.key) for emit in emits] == [
        (topics.RESPONSES, b"reply"),
        (topics.LEDGER, b"bank"),
        (topics.FILLS, b"f1"),
    ]
    response, entry, fill = the(PredictionResponse, emits), the(LedgerEntry, emits), the(CacheFill, emits)
    assert response.text == fill.text == "because"
    assert response.answered_at == entry.occurred_at == fill.answered_at == AT
    assert response.response_id == entry.entry_id
    assert (entry.kind, entry.unbilled_cost) == (EntryKind.RESPONSE, 0)


def test_the_response_to_a_request_without_a_key_has_none_and_its_own_place() -> None:
    response, *_ = won(answer(ticket=ticket(reply_key=b"")))
    assert (response.topic, response.key, response.place) == (topics.RESPONSES, None, b"r-1")


def test_a_response_and_its_entry_carry_the_same_bill() -> None:
    emits = won(answer())
    assert the(PredictionResponse, emits).waterfall == the(LedgerEntry, emits).waterfall == predicted(70, 100)


def test_a_failure_is_answered_and_billed_nothing() -> None:
    emits = won(failure())
    assert len(emits) == 2
    response, entry = the(PredictionResponse, emits), the(LedgerEntry, emits)
    assert (response.status, response.error_code, response.error_message) == (Status.FAILED, "ENGINE_ROW", "no")
    assert response.waterfall == entry.waterfall == NOTHING
    assert (entry.kind, entry.status, entry.unbilled_cost) == (EntryKind.RESPONSE, Status.FAILED, 70)


@pytest.mark.parametrize("source", [Source.EXACT_CACHE, Source.SEMANTIC_CACHE, Source.SINGLE_FLIGHT, Source.DUPLICATE])
def test_only_what_an_engine_made_teaches_the_cache(source: Source) -> None:
    emits = won(answer(source=source, waterfall=avoided(predicted(70), "exact_cache")))
    assert [emit.topic for emit in emits] == [topics.RESPONSES, topics.LEDGER]


def test_an_answer_that_must_not_be_cached_is_still_known_by_its_request_id() -> None:
    assert the(CacheFill, won(answer(lookup=lookup(cacheable=False)))).request_id == "r-1"
    assert len(won(answer(lookup=None))) == 2


def test_a_copy_of_an_earlier_answer_is_settled_already() -> None:
    assert lost(answer(), told=True) == []


def test_a_second_execution_of_one_publish_is_billed_to_nobody() -> None:
    (emit,) = lost(answer())
    entry = emit.record
    assert isinstance(entry, LedgerEntry)
    assert (entry.kind, entry.waterfall, entry.unbilled_cost) == (EntryKind.REEXECUTION, NOTHING, 70)


def test_a_second_execution_for_a_second_publish_is_billed_to_nobody() -> None:
    (emit,) = lost(answer(ticket=ticket(origin=AGAIN)))
    entry = emit.record
    assert isinstance(entry, LedgerEntry)
    assert (entry.kind, entry.waterfall, entry.unbilled_cost) == (EntryKind.DUPLICATE, NOTHING, 70)


def test_a_second_publish_that_was_found_by_its_id_shows_what_that_saved() -> None:
    found = with_spending(avoided(predicted(70, 100), "duplicate"), [spent(3, "semantic_cache")])
    (emit,) = lost(answer(ticket=ticket(origin=AGAIN), source=Source.DUPLICATE, waterfall=found))
    entry = emit.record
    assert isinstance(entry, LedgerEntry)
    assert entry.kind is EntryKind.DUPLICATE
    assert (entry.waterfall.list_cost, entry.waterfall.effective_cost, entry.unbilled_cost) == (100, 0, 3)
    assert {line.strategy: line.gross for line in entry.waterfall.savings} == {
        "routing": 30,
        "duplicate": 70,
        "semantic_cache": 0,
    }


def test_a_redelivered_request_that_found_its_own_answer_saved_nothing() -> None:
    (emit,) = lost(answer(source=Source.DUPLICATE, waterfall=avoided(predicted(70), "duplicate")))
    entry = emit.record
    assert isinstance(entry, LedgerEntry)
    assert (entry.kind, entry.waterfall, entry.unbilled_cost) == (EntryKind.REEXECUTION, NOTHING, 0)


def test_a_duplicate_whose_first_answer_is_forgotten_is_a_response() -> None:
    emits = won(answer(source=Source.DUPLICATE, cached_from="r-1", waterfall=avoided(predicted(70), "duplicate")))
    assert the(PredictionResponse, emits).text == "because"


def test_ids_differ_by_request_place_and_time_and_grow_with_the_log() -> None:
    def number(given_answer: Answer, offset: int, at: int = AT) -> str:
        position = Position(topics.ANSWERS, 2, offset)
        mine = Claim(offset, given_answer.ticket.origin, given_answer.answer_id)
        return str(the(PredictionResponse, settle(given_answer, position, at, mine)).response_id)

    other = answer(ticket=ticket("r-2"))
    ids = [number(answer(), 9), number(answer(), 10), number(other, 10), number(answer(), 10, AT + 1)]
    assert len(set(ids)) == 4
    assert ids[0] < min(ids[1:])


NAMES = st.one_of(st.text(), st.builds(lambda text, times: text * times, st.text(min_size=1), st.integers(1, 500)))


@given(NAMES, NAMES, NAMES, st.sampled_from(Source))
def test_whatever_a_refused_request_named_its_roll_up_has_a_key_that_a_database_takes(
    tenant: str, cost_center: str, task: str, source: Source
) -> None:
    asked = ticket(tenant=tenant, cost_center=cost_center, task=task)
    emits = won(failure(ticket=asked, source=source, model="m" * 200))
    response, entry = the(PredictionResponse, emits), the(LedgerEntry, emits)
    assert (response.tenant, response.task, response.error_code) == (tenant, task, "ENGINE_ROW")
    assert len(key_of(entry)) < 2_600, "PostgreSQL takes 2,704 bytes"
    assert [emit.key for emit in emits if emit.record is entry] == [entry.tenant.encode()]
    names = [(tenant, entry.tenant), (cost_center, entry.cost_center), (task, entry.task)]
    assert all(kept == name for name, kept in names if fits(name))


def test_long_names_that_begin_alike_are_told_apart_on_the_ledger() -> None:
    kept = {the(LedgerEntry, won(failure(ticket=ticket(tenant="x" * length)))).tenant for length in range(508, 520)}
    assert len(kept) == 12


def test_a_tenants_name_cannot_reach_into_anothers_requests() -> None:
    one = claimant(answer(ticket=ticket("b/c", tenant="a")))
    other = claimant(answer(ticket=ticket("c", tenant="a/b")))
    assert one.identity != other.identity


@st.composite
def waterfalls(draw: st.DrawFn) -> Waterfall:
    cost, extra = draw(st.integers(0, 10**6)), draw(st.integers(0, 10**6))
    made = predicted(cost, cost + extra)
    if draw(st.booleans()):
        made = avoided(made, "duplicate")
    return with_spending(made, [spent(draw(st.integers(0, 100)), "semantic_cache")])


@given(waterfalls(), st.sampled_from(Status), st.sampled_from(Source), st.sampled_from([ONCE, AGAIN]), st.booleans())
def test_all_that_was_spent_is_on_an_entry_and_only_a_response_is_billed(
    waterfall: Waterfall, status: Status, source: Source, origin: str, wins: bool
) -> None:
    given_answer = answer(waterfall=waterfall, status=status, source=source, ticket=ticket(origin=origin))
    entry = the(LedgerEntry, won(given_answer) if wins else lost(given_answer))
    assert holds(entry.waterfall)
    assert entry.waterfall.effective_cost + entry.unbilled_cost == waterfall.effective_cost
    assert entry.waterfall.effective_cost == 0 or (entry.kind is EntryKind.RESPONSE and status is Status.COMPLETED)


class Settlement:
    """The stage on a partition, in a worker that can be killed."""

    def __init__(self, folder: Path, log: Log[Answer], gather: int = 2) -> None:
        self.folder, self.log, self.gather = folder, log, gather
        self.start()

    def start(self) -> None:
        self.claims = Claims(self.folder, horizon_ms=10**9, now=lambda: 2 * AT, gather=self.gather)
        self.stage = SettlementStage(self.claims, self.log.history(claimant))

    def kill(self) -> None:
        for book in self.claims._books.values():
            book.close()

    async def settle(self, offset: int) -> Sequence[Emit]:
        delivery = self.log.delivery(offset)
        await self.stage.before(delivery)
        return await self.stage(delivery)


async def test_what_could_not_be_published_is_answered_as_a_failure(tmp_path: Path) -> None:
    log: Log[Answer] = Log(topics.ANSWERS)
    log.append(answer("one"), AT)
    log.append(answer("two"), AT)
    worker = Settlement(tmp_path, log)
    await worker.settle(0)
    await worker.settle(1)
    error = UndeliverableError("too large")
    emits = worker.stage.failed(log.delivery(0), error)
    assert [emit.topic for emit in emits] == [topics.RESPONSES, topics.LEDGER, topics.DEAD_LETTERS]
    response, entry = the(PredictionResponse, emits), the(LedgerEntry, emits)
    assert (response.status, response.text, response.error_code) == (Status.FAILED, None, "UNDELIVERABLE")
    assert (entry.waterfall, entry.unbilled_cost) == (NOTHING, 70)
    assert the(DeadLetter, emits).value == b"raw"
    emits = worker.stage.failed(log.delivery(1), error)
    assert [emit.topic for emit in emits] == [topics.LEDGER, topics.DEAD_LETTERS], "it had lost: no second response"
    worker.kill()


async def test_a_waterfall_that_does_not_add_up_is_not_billed(tmp_path: Path) -> None:
    log: Log[Answer] = Log(topics.ANSWERS)
    log.append(answer(waterfall=Waterfall(list_cost=9, savings=[], effective_cost=5, costs=[spent(5)])), AT)
    worker = Settlement(tmp_path, log)
    with pytest.raises(WorkFailedError, match="does not add up") as raised:
        await worker.settle(0)
    emits = worker.stage.failed(log.delivery(0), raised.value)
    assert the(LedgerEntry, emits).unbilled_cost == 5
    assert the(PredictionResponse, emits).status is Status.FAILED
    worker.kill()


def test_an_answer_is_settled_however_late_it_comes(tmp_path: Path) -> None:
    log: Log[Answer] = Log(topics.ANSWERS)
    log.append(answer(), AT)
    worker = Settlement(tmp_path, log)
    assert worker.stage.deadline(log.delivery(0)) > 2**62


@settings(max_examples=100)
@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from([ONCE, AGAIN]), st.integers(0, 5)), max_size=14),
    st.data(),
)
def test_whatever_crashes_each_request_has_one_response_and_one_bill(
    answers: list[tuple[str, str, int]], data: st.DataObject
) -> None:
    """Everything that was ever published is compared, byte for byte: a redelivery may repeat, never differ."""
    log: Log[Answer] = Log(topics.ANSWERS)
    for number, (request, origin, copy_of) in enumerate(answers):
        text = f"text {number}"
        name = f"{request}{copy_of}" if copy_of < 2 else f"id-{number}"
        log.append(answer(name, ticket=ticket(request, origin=origin), text=text), AT + number)
    codec = Codec()
    published: set[tuple[str, bytes]] = set()

    async def scenario(folder: Path) -> None:
        worker = Settlement(folder, log, gather=data.draw(st.integers(1, 4)))
        offset = acknowledged = 0
        while offset < len(log.kept):
            emits = await worker.settle(offset)
            step = data.draw(st.sampled_from(["go on", "go on", "acknowledge", "kill", "lose"]))
            sent = len(emits) if step in {"go on", "acknowledge"} else data.draw(st.integers(0, len(emits)))
            published.update((emit.topic, codec.encode(emit.record)) for emit in emits[:sent])
            offset += 1
            if step == "acknowledge":
                acknowledged = offset
            elif step in {"kill", "lose"}:
                worker.kill()
                if step == "lose":
                    for path in folder.glob("*"):
                        path.unlink()
                worker.start()
                offset = acknowledged
        worker.kill()

    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        asyncio.run(scenario(Path(folder)))
    responses = [codec.decode(data_, PredictionResponse) for topic, data_ in published if topic == topics.RESPONSES]
    entries = [codec.decode(data_, LedgerEntry) for topic, data_ in published if topic == topics.LEDGER]
    requests = sorted({request for request, _, _ in answers})
    assert sorted(response.request_id for response in responses) == requests
    bills = {entry.entry_id: entry for entry in entries}
    assert len(bills) == len(entries)
    outcomes = {(one.ticket.request_id, one.answer_id) for one, _ in log.kept if one is not None}
    assert len(entries) == len(outcomes), "what an outcome cost is told once, however often it was written"
    billed = [entry for entry in entries if entry.kind is EntryKind.RESPONSE]
    assert sorted(entry.request_id for entry in billed) == requests
    for response in responses:
        assert bills[response.response_id].waterfall == response.waterfall


@pytest.mark.parametrize(("source", "made"), [(Source.ENGINE, 4), (Source.SINGLE_FLIGHT, 0), (Source.EXACT_CACHE, 0)])
def test_an_answer_that_could_not_be_published_counts_tokens_only_where_an_engine_made_them(
    source: Source, made: int
) -> None:
    failure = refused(answer("a-1", source=source), WorkFailedError("too large"))
    assert (failure.source, failure.usage.completion_tokens) == (Source.NONE, made)
