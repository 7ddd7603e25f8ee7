"""A check answers nobody, and what it costs is taken off what the cache saves."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.claims import Claim
from agents.settlement.outcome import claimant, settle
from agents.stage import Emit, Position
from agents.waterfall import NOTHING, avoided, holds
from schemas import topics
from schemas.enums import EntryKind, Source, Status, Verdict
from schemas.ledger import LedgerEntry, SavingLine, Usage
from schemas.records import Answer, CacheFill
from tests.fakes.records import AT, answer, lookup, nominee, predicted, ticket

HERE = Position(topics.ANSWERS, 2, 40)


def checked(**fields: Any) -> Answer:
    given_fields = {"ticket": ticket(check=True), "lookup": lookup(nominee=nominee()), **fields}
    return answer(**given_fields)


def won(given_answer: Answer) -> list[Emit]:
    return settle(given_answer, HERE, AT, Claim(40, given_answer.ticket.origin, given_answer.answer_id))


def test_a_check_claims_another_thing_than_the_request_that_it_checks() -> None:
    assert claimant(checked()).identity != claimant(answer()).identity
    assert claimant(checked()).identity == claimant(checked()).identity


def test_a_check_has_no_response_and_goes_to_the_cache_with_its_cost() -> None:
    (emit,) = won(checked(waterfall=predicted(70, 100)))
    assert (emit.topic, emit.key) == (topics.FILLS, b"f1")
    fill = emit.record
    assert isinstance(fill, CacheFill)
    assert fill.text == "because"
    assert fill.check is not None
    entry = fill.check
    assert (entry.kind, entry.source, entry.verdict) == (EntryKind.CHECK, Source.SEMANTIC_CACHE, None)
    assert holds(entry.waterfall)
    assert (entry.waterfall.list_cost, entry.waterfall.effective_cost, entry.unbilled_cost) == (0, 70, 0)
    assert entry.waterfall.savings == [SavingLine(strategy="semantic_cache", tokens=0, gross=0, cost=70)]


def test_a_check_that_joined_a_flight_is_compared_and_costs_nothing() -> None:
    shared = checked(source=Source.SINGLE_FLIGHT, waterfall=avoided(predicted(70), "single_flight"))
    (emit,) = won(shared)
    assert isinstance(emit.record, CacheFill)
    assert emit.record.check is not None
    assert emit.record.check.waterfall == NOTHING


@pytest.mark.parametrize("fields", [{"status": Status.FAILED, "text": None}, {"lookup": None}])
def test_a_check_without_an_answer_is_on_the_ledger_and_billed_to_nobody(fields: dict[str, Any]) -> None:
    (emit,) = won(checked(**fields))
    entry = emit.record
    assert isinstance(entry, LedgerEntry)
    assert (entry.kind, entry.verdict, entry.waterfall) == (EntryKind.CHECK, Verdict.UNKNOWN, NOTHING)
    assert entry.unbilled_cost == 70


def test_a_check_that_was_executed_twice_is_billed_once() -> None:
    (emit,) = settle(checked(), HERE, AT, Claim(3, ticket().origin, "first", False))
    entry = emit.record
    assert isinstance(entry, LedgerEntry)
    assert (entry.kind, entry.waterfall, entry.unbilled_cost) == (EntryKind.REEXECUTION, NOTHING, 70)
    assert settle(checked(), HERE, AT, Claim(3, ticket().origin, "first", True)) == []


def test_a_miss_with_a_nominee_is_compared_at_no_charge_but_the_comparison() -> None:
    emits = won(answer(lookup=lookup(nominee=nominee(served=False, share=1.0))))
    assert [emit.topic for emit in emits] == [topics.RESPONSES, topics.LEDGER, topics.FILLS]
    entry, fill = emits[1].record, emits[2].record
    assert isinstance(entry, LedgerEntry)
    assert isinstance(fill, CacheFill)
    assert fill.check is not None
    assert fill.check.entry_id != entry.entry_id
    assert (fill.check.kind, fill.check.source) == (EntryKind.CHECK, Source.ENGINE)
    assert (fill.check.waterfall, fill.check.unbilled_cost, fill.check.usage) == (NOTHING, 0, Usage())


@given(st.integers(0, 10**9), st.sampled_from(Status), st.sampled_from(Source), st.booleans())
def test_all_that_a_check_spent_is_on_one_entry(cost: int, status: Status, source: Source, found: bool) -> None:
    given_answer = checked(
        waterfall=predicted(cost), status=status, source=source, lookup=lookup(nominee=nominee()) if found else None
    )
    (emit,) = won(given_answer)
    entry = emit.record.check if isinstance(emit.record, CacheFill) else emit.record
    assert isinstance(entry, LedgerEntry)
    assert holds(entry.waterfall)
    assert entry.waterfall.effective_cost + entry.unbilled_cost == cost
    assert all(line.strategy == "semantic_cache" for line in entry.waterfall.costs)
