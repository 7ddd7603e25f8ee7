"""The verifier on a river whose cache is checked: right as it is, and each test makes one thing wrong."""

from __future__ import annotations

from typing import Any

import msgspec

from agents.claims import Claim
from agents.settlement.outcome import settle
from agents.stage import Position
from agents.waterfall import NOTHING, with_spending
from schemas import topics
from schemas.enums import EntryKind, Source, Status, Verdict
from schemas.ledger import CostLine, LedgerEntry, SavingLine, Waterfall
from schemas.records import Answer, CacheFill
from tests.fakes.records import answer, lookup, nominee, predicted, ticket
from tests.faults.accounts import row_of
from tests.faults.test_verifier import history, laid, made, with_sql, wrong
from tests.faults.verifier import History, verify

PLACE = 50
EMBEDDING = CostLine(kind="embedding", strategy="semantic_cache", model="e", tokens=9, cost=2, price_version="p1")


def check_of(request_id: str, answer_id: str = "k-1", **fields: Any) -> Answer:
    """What the model answers to a request that has its answer already."""
    given = {"text": "three", "waterfall": predicted(30, 30), "lookup": lookup(nominee=nominee()), **fields}
    return answer(answer_id, ticket=ticket(request_id, check=True), **given)


def compared(entry: LedgerEntry) -> LedgerEntry:
    """The entry as the cache passes it on."""
    waterfall = with_spending(entry.waterfall, [EMBEDDING])
    return msgspec.structs.replace(entry, verdict=Verdict.DIFFERENT, waterfall=waterfall)


def checked(*answers: Answer) -> History:
    """A sound history, in which the first request was checked, with these answers: the first of them counts."""
    told = history()
    emits = []
    for number, one in enumerate(answers):
        first = Claim(PLACE, one.ticket.origin, answers[0].answer_id)
        emits += settle(one, Position(topics.ANSWERS, 0, PLACE + number), PLACE, first)
    entries = [one.record for one in emits if isinstance(one.record, LedgerEntry)]
    entries += [compared(one.record.check) for one in emits if isinstance(one.record, CacheFill) and one.record.check]
    return with_sql(
        told._replace(
            answers=[*told.answers, *(laid(one, topics.ANSWERS, PLACE + n) for n, one in enumerate(answers))],
            entries=[*told.entries, *(laid(one, topics.LEDGER, PLACE + n) for n, one in enumerate(entries))],
            executions=[*told.executions, made("three")],
        )
    )


def with_check(told: History, **changed: Any) -> History:
    """The history with the check's entry changed."""
    entries = [
        laid(msgspec.structs.replace(one.record, **changed), topics.LEDGER, one.offset)
        if one.record.kind is EntryKind.CHECK
        else one
        for one in told.entries
    ]
    return with_sql(told._replace(entries=entries))


def test_a_check_that_was_billed_once_is_sound() -> None:
    told = checked(check_of("r-1"))
    verdict = verify(told)
    assert not verdict.faults, verdict.report()
    assert (verdict.counts.checks, verdict.counts.entries, verdict.counts.difference_nano_usd) == (1, 5, 0)
    (entry,) = (one.record for one in told.entries if one.record.kind is EntryKind.CHECK)
    assert entry.waterfall.effective_cost == 30 + 2


def test_a_check_that_failed_is_sound_and_bills_nobody() -> None:
    failed = check_of("r-1", status=Status.FAILED, source=Source.NONE, text=None, waterfall=predicted(30, 30))
    told = checked(failed)
    assert not verify(told).faults, verify(told).report()
    (entry,) = (one.record for one in told.entries if one.record.kind is EntryKind.CHECK)
    assert (entry.waterfall, entry.unbilled_cost) == (NOTHING, 30)


def test_a_check_that_was_executed_twice_is_sound() -> None:
    verdict = verify(checked(check_of("r-1"), check_of("r-1", "k-2", text="four", waterfall=predicted(31, 31))))
    assert not verdict.faults, verdict.report()
    assert (verdict.counts.checks, verdict.counts.reexecutions) == (1, 2)


def test_a_miss_that_was_compared_is_sound() -> None:
    told = checked(check_of("r-1"))
    response = next(one.record for one in told.entries if one.record.request_id == "r-2")
    comparison = msgspec.structs.replace(
        response, entry_id="compared", kind=EntryKind.CHECK, waterfall=with_spending(NOTHING, [EMBEDDING])
    )
    sound = with_sql(told._replace(entries=[*told.entries, laid(comparison, topics.LEDGER, 98)]))
    assert not verify(sound).faults, verify(sound).report()
    dearer = msgspec.structs.replace(comparison, unbilled_cost=7)
    unsound = with_sql(told._replace(entries=[*told.entries, laid(dearer, topics.LEDGER, 98)]))
    assert "a comparison costs more than comparing" in wrong(unsound).faults


def test_a_check_that_nobody_pays_for_is_noticed() -> None:
    told = checked(check_of("r-1"))
    left = [one for one in told.entries if one.record.kind is not EntryKind.CHECK]
    verdict = wrong(with_sql(told._replace(entries=left)))
    assert "a check is on no entry" in verdict.faults
    assert verdict.counts.difference_nano_usd == 30


def test_a_check_that_is_billed_twice_is_noticed() -> None:
    told = checked(check_of("r-1"))
    (entry,) = (one.record for one in told.entries if one.record.kind is EntryKind.CHECK)
    again = laid(msgspec.structs.replace(entry, entry_id="again"), topics.LEDGER, 99)
    verdict = wrong(with_sql(told._replace(entries=[*told.entries, again])))
    assert "checked twice" in verdict.faults
    assert verdict.counts.difference_nano_usd == 30


def test_a_check_that_nobody_made_is_noticed() -> None:
    told = checked(check_of("r-1"))
    answers = [one for one in told.answers if not one.record.ticket.check]
    assert "a check that nobody made is on the ledger" in wrong(told._replace(answers=answers)).faults


def test_a_check_that_bills_another_sum_than_it_cost_is_noticed() -> None:
    free: Waterfall = with_spending(NOTHING, [EMBEDDING])
    verdict = wrong(with_check(checked(check_of("r-1")), waterfall=free))
    assert "the costs of a check differ" in verdict.faults
    assert verdict.counts.difference_nano_usd == 30


def test_a_check_that_is_charged_to_the_request_is_noticed() -> None:
    verdict = wrong(with_check(checked(check_of("r-1")), waterfall=predicted(30, 30)))
    assert "a check is charged to somebody else" in verdict.faults


def test_a_check_that_answers_somebody_is_noticed() -> None:
    told = history()
    answers = [laid(check_of("r-2"), topics.ANSWERS, 0), *(one for one in told.answers if one.record.text != "two")]
    assert "a response without an answer" in wrong(told._replace(answers=answers)).faults


def test_a_check_that_was_compared_again_with_another_result_counts_as_it_was_first() -> None:
    told = checked(check_of("r-1"))
    (entry,) = (one.record for one in told.entries if one.record.kind is EntryKind.CHECK)
    (settled,) = (one.record for one in told.entries if one.record.request_id == "r-2")
    unembedded = msgspec.structs.replace(
        entry, verdict=Verdict.UNKNOWN, waterfall=with_spending(NOTHING, entry.waterfall.costs[:-1])
    )
    again = with_sql(told._replace(entries=[*told.entries, laid(unembedded, topics.LEDGER, 99)]))
    verdict = verify(again)
    assert not verdict.faults, verdict.report()
    assert (verdict.counts.checks, verdict.counts.rejudged, verdict.counts.difference_nano_usd) == (1, 1, 0)

    # The same verdict at another price is the most that may differ, and of a check only.
    for other in (
        msgspec.structs.replace(entry, unbilled_cost=1),
        msgspec.structs.replace(settled, verdict=Verdict.SAME),
    ):
        unsound = with_sql(told._replace(entries=[*told.entries, laid(other, topics.LEDGER, 99)]))
        assert "one entry id, two entries" in wrong(unsound).faults

    # SQL that keeps the second comparison is noticed.
    rows = [row_of(unembedded) if row.entry_id == entry.entry_id else row for row in again.stored.entries]
    unsound = again._replace(stored=again.stored._replace(entries=rows))
    assert "SQL has another entry than the topic" in wrong(unsound).faults


def test_a_check_that_saves_something_is_noticed() -> None:
    told = checked(check_of("r-1"))
    (entry,) = (one.record for one in told.entries if one.record.kind is EntryKind.CHECK)
    saved = SavingLine(strategy="routing", tokens=0, gross=5, cost=0)
    odd = msgspec.structs.replace(entry.waterfall, list_cost=5, savings=[*entry.waterfall.savings, saved])
    assert "a check's bill is not what it spent" in wrong(with_check(told, waterfall=odd)).faults
