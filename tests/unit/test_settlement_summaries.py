"""A summary answers nobody, is accounted for once, and is what history has spent on itself."""

from __future__ import annotations

from typing import Any

import pytest

from agents.claims import Claim
from agents.settlement.outcome import claimant, settle
from agents.stage import Emit, Position
from agents.waterfall import NOTHING, avoided, holds
from schemas import topics
from schemas.enums import EntryKind, Source, Status
from schemas.ledger import LedgerEntry, SavingLine
from schemas.records import Answer, Summary
from tests.fakes.records import AT, answer, predicted, ticket

HERE = Position(topics.ANSWERS, 2, 40)


def summed_up(**fields: Any) -> Answer:
    asked = ticket(request_id="summary-abc", summary="abc")
    return answer(**{"ticket": asked, "text": " They want a card. ", "lookup": None, **fields})


def settled(given: Answer, first: Claim | None = None) -> list[Emit]:
    return settle(given, HERE, AT, first or Claim(40, given.ticket.origin, given.answer_id))


def ledger_entry(emit: Emit) -> LedgerEntry:
    assert isinstance(emit.record, LedgerEntry)
    assert holds(emit.record.waterfall)
    return emit.record


def test_a_summary_claims_no_request_that_somebody_might_publish() -> None:
    assert claimant(summed_up()).identity != claimant(answer(ticket=ticket(request_id="summary-abc"))).identity
    other = ticket(request_id="summary-abc", summary="abc", origin="headrace.requests/1@7")
    assert claimant(summed_up(ticket=other)).identity == claimant(summed_up()).identity


def test_it_has_an_entry_and_no_response_and_goes_to_whoever_keeps_summaries() -> None:
    bill, kept = settled(summed_up(waterfall=predicted(70, 100)))
    entry = ledger_entry(bill)
    assert (bill.topic, bill.key, entry.kind) == (topics.LEDGER, b"bank", EntryKind.SUMMARY)
    assert (entry.waterfall.list_cost, entry.waterfall.effective_cost, entry.unbilled_cost) == (0, 70, 0)
    assert entry.waterfall.savings == [SavingLine(strategy="history", tokens=0, gross=0, cost=70)]
    assert (kept.topic, kept.key) == (topics.SUMMARIES, b"abc")
    assert kept.record == Summary(turns="abc", tenant="bank", task="faq", text="They want a card.", made_at=AT)


def test_one_that_failed_is_billed_to_nobody_and_kept_by_nobody() -> None:
    for fields in ({"status": Status.FAILED, "source": Source.NONE, "text": None}, {"text": ""}, {"text": " \n"}):
        (bill,) = settled(summed_up(waterfall=predicted(70, 100), **fields))
        entry = ledger_entry(bill)
        assert (entry.kind, entry.waterfall, entry.unbilled_cost) == (EntryKind.SUMMARY, NOTHING, 70)


def test_a_second_one_of_the_same_turns_is_cost_that_nobody_is_billed_for() -> None:
    first = Claim(12, "headrace.requests/0@1", "another")
    bill, _ = settled(summed_up(answer_id="a-2", waterfall=predicted(70, 100)), first)
    assert (ledger_entry(bill).kind, ledger_entry(bill).unbilled_cost) == (EntryKind.REEXECUTION, 70)
    shared = summed_up(answer_id="a-3", source=Source.SINGLE_FLIGHT, waterfall=avoided(predicted(70), "single_flight"))
    bill, _ = settled(shared, first)
    assert ledger_entry(bill).unbilled_cost == 0, "who joined its flight has spent nothing"


@pytest.mark.parametrize("origin", ["headrace.requests/0@1", "headrace.requests/0@9"])
def test_a_second_one_is_kept_for_the_first_may_have_failed_or_been_lost(origin: str) -> None:
    first = Claim(12, origin, "another")
    bill, kept = settled(summed_up(waterfall=predicted(70, 100)), first)
    assert ledger_entry(bill).waterfall == NOTHING
    assert (kept.topic, kept.key) == (topics.SUMMARIES, b"abc")
    assert kept.record == Summary(turns="abc", tenant="bank", task="faq", text="They want a card.", made_at=AT)


def test_a_second_one_that_says_nothing_or_is_a_copy_is_kept_by_nobody() -> None:
    first = Claim(12, "headrace.requests/0@1", "another")
    for fields in ({"status": Status.FAILED, "source": Source.NONE, "text": None}, {"text": " \n"}):
        assert [emit.topic for emit in settled(summed_up(**fields), first)] == [topics.LEDGER]
    assert settled(summed_up(), first._replace(told=True)) == []
    assert [emit.topic for emit in settled(answer(lookup=None), first)] == [topics.LEDGER], "nor is any other answer"
