"""The verifier must be able to fail: each test makes one thing wrong in a history that is right."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

import msgspec

from agents.claims import Claim
from agents.ledger.fold import apply
from agents.rollup_key import key_of
from agents.settlement.outcome import settle
from agents.stage import Emit, Position
from agents.waterfall import NOTHING
from schemas import topics
from schemas.codec import Codec
from schemas.enums import EntryKind, Source, Status
from schemas.ledger import LedgerEntry, RollUp
from schemas.record import Record
from schemas.records import Answer, DeadLetter, PredictionResponse
from streams.client import Received
from tests.fakes.records import AT, answer, predicted, ticket
from tests.faults.accounts import Row, Stored, Sums, row_of
from tests.faults.traffic import Due, Request
from tests.faults.verifier import History, Verdict, verify
from tests.faults.witness import Execution

R = TypeVar("R", bound=Record)

CODEC = Codec()
ONE, TWO = Request("bank", "r-1"), Request("bank", "r-2")
POISON = b"no Avro"


def laid(record: R, topic: str, offset: int, key: bytes = b"k") -> Received[R]:
    return Received(record, CODEC.encode(record), topic, 0, offset, key, AT + offset)


def made(text: str, question: str = "why?", tenant: str = "bank") -> Execution:
    return Execution(1, tenant, question, ended=True, text=text)


def answered() -> list[Answer]:
    """Two requests; the first of them was executed twice, published twice, and two answers were written twice."""
    again, other = ticket(), ticket(origin="headrace.requests/0@9")
    saved = predicted(0, 100)
    return [
        answer("a-1", ticket=again, text="one"),
        answer("a-1", ticket=again, text="one"),
        answer("a-2", ticket=again, text="other"),
        answer("a-2", ticket=again, text="other"),
        answer("a-3", ticket=other, text="one", source=Source.DUPLICATE, waterfall=saved, cached_from="r-1"),
        answer("b-1", ticket=ticket("r-2"), text="two", waterfall=predicted(30, 50)),
    ]


def history(answers: Sequence[Answer] | None = None) -> History:
    """What is left behind where nothing went wrong."""
    log = [laid(one, topics.ANSWERS, offset) for offset, one in enumerate(answers or answered())]
    firsts: dict[str, Claim] = {}
    told: set[str] = set()
    emits: list[Emit] = []
    for received in log:
        one = received.record
        claim = Claim(received.offset, one.ticket.origin, one.answer_id)
        first = firsts.setdefault(one.ticket.request_id, claim)._replace(told=one.answer_id in told)
        told.add(one.answer_id)
        emits += settle(one, Position(topics.ANSWERS, 0, received.offset), received.timestamp, first)
    said = [emit.record for emit in emits]
    responses = [laid(one, topics.RESPONSES, n) for n, one in enumerate(said) if isinstance(one, PredictionResponse)]
    entries = [laid(one, topics.LEDGER, n) for n, one in enumerate(said) if isinstance(one, LedgerEntry)]
    letter = DeadLetter(
        origin="headrace.requests/0@3", key=None, value=POISON, code="UNDECODABLE", reason="", stage="", occurred_at=AT
    )
    return with_sql(
        History(
            due={one: Due(frozenset({"why?"}), frozenset(), must_fail=False) for one in (ONE, TWO)},
            malformed=[POISON],
            published={letter.origin: POISON},
            answers=log,
            responses=[*responses, responses[0]],
            entries=[*entries, entries[0]],
            letters=[laid(letter, topics.DEAD_LETTERS, 0)],
            rollups=[],
            stored=Stored([], Sums(0, 0, 0, 0, 0, 0)),
            executions=[made("one"), made("other"), made("two"), Execution(2, "bank", "why?", ended=False, text=None)],
        )
    )


def with_sql(told: History) -> History:
    """The history with the roll-ups and the SQL that follow from its entries."""
    rows: dict[str, Row] = {}
    rollups: dict[bytes, RollUp] = {}
    published = []
    for received in told.entries:
        entry = received.record
        if entry.entry_id not in rows:
            rows[entry.entry_id] = row_of(entry)
            key = key_of(entry)
            rollups[key] = apply(rollups.get(key), entry, received.offset)
            published.append(laid(rollups[key], topics.FINOPS, received.offset, key))
    latest = rollups.values()
    saved = sum(total.gross - total.cost for row in latest for total in row.savings.values())
    sums = Sums(
        sum(row.entries for row in latest),
        sum(row.requests for row in latest),
        sum(row.list_cost for row in latest),
        saved,
        sum(row.effective_cost for row in latest),
        sum(row.unbilled_cost for row in latest),
    )
    return told._replace(rollups=published, stored=Stored(list(rows.values()), sums))


def response_with(told: History, **changed: Any) -> History:
    """The history with one more delivery of the first response, changed."""
    first = told.responses[0].record
    other = msgspec.structs.replace(first, **changed)
    return told._replace(responses=[*told.responses, laid(other, topics.RESPONSES, 99)])


def entry_with(told: History, number: int = 0, **changed: Any) -> History:
    """The history with one more ledger entry, like one that it has but for what is changed."""
    entry = msgspec.structs.replace(told.entries[number].record, **changed)
    return with_sql(told._replace(entries=[*told.entries, laid(entry, topics.LEDGER, 99)]))


def wrong(told: History) -> Verdict:
    """The verdict, which must not be clean."""
    verdict = verify(told)
    assert verdict.faults
    return verdict


def test_a_sound_history_is_clean_and_counted() -> None:
    verdict = verify(history())
    assert not verdict.faults, verdict.report()
    counts = verdict.counts
    assert (counts.requests, counts.responses, counts.copies) == (2, 2, 1)
    assert (counts.entries, counts.reexecutions, counts.reexecutions_paid, counts.duplicates) == (4, 1, 1, 1)
    assert (counts.executions, counts.interrupted, counts.differing) == (4, 1, 1)
    assert (counts.lost, counts.twice, counts.billed_twice, counts.difference_nano_usd) == (0, 0, 0, 0)
    assert "\n" not in verdict.report()


def test_a_request_without_a_response_is_lost() -> None:
    told = history()
    left = [received for received in told.responses if received.record.request_id != "r-2"]
    verdict = wrong(told._replace(responses=left))
    assert verdict.counts.lost == 1
    assert "r-2" in verdict.report()


def test_a_second_text_is_noticed() -> None:
    assert wrong(response_with(history(), text="other")).counts.twice == 1


def test_a_second_response_with_the_same_text_and_other_bytes_is_noticed() -> None:
    assert wrong(response_with(history(), answered_at=AT + 77)).counts.twice == 1


def test_a_copy_of_the_same_bytes_is_not_held_against_anybody() -> None:
    told = history()
    assert not verify(told._replace(responses=[*told.responses, *told.responses])).faults


def test_a_second_bill_is_noticed_in_the_topic() -> None:
    verdict = wrong(entry_with(history(), entry_id="another"))
    assert verdict.counts.billed_twice == 1
    assert verdict.counts.difference_nano_usd > 0


def test_a_second_bill_is_noticed_in_sql_alone() -> None:
    told = history()
    row = next(row for row in told.stored.entries if row.kind == EntryKind.RESPONSE)
    rows = [*told.stored.entries, row._replace(entry_id="another")]
    verdict = wrong(told._replace(stored=told.stored._replace(entries=rows)))
    assert verdict.counts.billed_twice == 1


def test_a_response_that_nobody_pays_for_is_noticed() -> None:
    told = history()
    kept = [received for received in told.entries if received.record.request_id != "r-2"]
    verdict = wrong(with_sql(told._replace(entries=kept)))
    assert "not billed" in verdict.faults
    assert verdict.counts.difference_nano_usd == 30


def test_a_response_that_tells_another_cost_than_its_bill_is_noticed() -> None:
    told = history()
    changed = [
        laid(msgspec.structs.replace(received.record, waterfall=predicted(31, 50)), topics.RESPONSES, received.offset)
        if received.record.request_id == "r-2"
        else received
        for received in told.responses
    ]
    verdict = wrong(told._replace(responses=changed))
    assert "the costs differ" in verdict.faults
    assert verdict.counts.difference_nano_usd == 1


def test_a_waterfall_that_does_not_hold_is_noticed() -> None:
    broken = msgspec.structs.replace(predicted(70, 100), list_cost=101)
    assert "an entry's waterfall does not hold" in wrong(entry_with(history(), entry_id="x", waterfall=broken)).faults


def test_a_reexecution_that_is_billed_is_noticed() -> None:
    told = entry_with(history(), entry_id="x", kind=EntryKind.REEXECUTION)
    assert "billed, though it is no response" in wrong(told).faults


def test_a_reexecution_that_is_on_no_entry_is_noticed() -> None:
    told = history()
    kept = [received for received in told.entries if received.record.kind is not EntryKind.REEXECUTION]
    verdict = wrong(with_sql(told._replace(entries=kept)))
    assert "not accounted" in verdict.faults
    assert verdict.counts.difference_nano_usd == 70


def test_a_reexecution_that_is_on_two_entries_is_noticed() -> None:
    told = history()
    at = next(n for n, received in enumerate(told.entries) if received.record.kind is EntryKind.REEXECUTION)
    assert "accounted too often" in wrong(entry_with(told, at, entry_id="again")).faults


def test_an_answer_that_was_not_the_first_is_noticed() -> None:
    told = history()
    first = [laid(answer("a-0", text="earlier"), topics.ANSWERS, -1), *told.answers]
    assert "not the first answer" in wrong(told._replace(answers=first)).faults


def test_another_tenants_text_is_noticed() -> None:
    told = history()
    strange = [made("one", tenant="rival"), *told.executions[1:]]
    assert "a text of another tenant" in wrong(told._replace(executions=strange)).faults


def test_an_answer_to_another_question_is_noticed() -> None:
    told = history()
    strange = [made("one", question="how?"), *told.executions[1:]]
    assert "an answer to another question" in wrong(told._replace(executions=strange)).faults


def test_a_text_that_no_engine_made_is_noticed() -> None:
    told = history()
    assert "a text from nowhere" in wrong(told._replace(executions=told.executions[1:])).faults


def test_one_execution_that_two_answers_are_charged_for_is_noticed() -> None:
    answers = [*answered()[:-1], answer("b-1", ticket=ticket("r-2"), text="one")]
    assert "one execution, charged to several" in wrong(history(answers)).faults


def test_a_failure_that_nothing_explains_is_noticed() -> None:
    failed = answer(
        "b-1", ticket=ticket("r-2"), status=Status.FAILED, source=Source.NONE, text=None, error_code="WORK_FAILED",
        waterfall=NOTHING,
    )  # fmt: skip
    told = history([*answered()[:-1], failed])
    assert list(wrong(told).faults) == ["failed for no reason"]
    excused = {**told.due, TWO: told.due[TWO]._replace(errors=frozenset({"WORK_FAILED"}))}
    assert not verify(told._replace(due=excused)).faults


def test_a_malformed_event_that_is_nowhere_is_noticed() -> None:
    assert "malformed, and in no dead letter" in wrong(history()._replace(letters=[])).faults


def test_a_dead_letter_with_other_bytes_is_noticed() -> None:
    told = history()
    letter = msgspec.structs.replace(told.letters[0].record, value=b"no Avr")
    verdict = wrong(told._replace(letters=[*told.letters, laid(letter, topics.DEAD_LETTERS, 1)]))
    assert "a dead letter with other bytes than the record it is of" in verdict.faults


def test_roll_ups_that_miss_an_entry_are_noticed() -> None:
    told = history()
    short = told.stored.rollups._replace(effective_cost=told.stored.rollups.effective_cost - 1)
    verdict = wrong(told._replace(stored=told.stored._replace(rollups=short)))
    assert verdict.counts.difference_nano_usd == 1


def test_roll_ups_on_their_topic_that_miss_an_entry_are_noticed() -> None:
    told = history()
    last = max(told.rollups, key=lambda received: received.record.version)
    verdict = wrong(told._replace(rollups=[received for received in told.rollups if received is not last]))
    assert "the sums differ" in verdict.faults


def test_one_entry_id_with_two_contents_is_noticed() -> None:
    assert "one entry id, two entries" in wrong(entry_with(history(), occurred_at=AT + 5)).faults


def test_a_response_that_nobody_asked_for_is_noticed() -> None:
    told = history()
    assert "a response that nobody asked for" in wrong(told._replace(due={TWO: told.due[TWO]})).faults


def test_a_row_that_contradicts_its_waterfall_is_noticed() -> None:
    told = history()
    first, *rest = told.stored.entries
    rows = [first._replace(effective_cost=first.effective_cost + 1), *rest]
    assert "a row contradicts its waterfall" in wrong(told._replace(stored=told.stored._replace(entries=rows))).faults
