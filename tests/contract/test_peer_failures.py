"""The accounting failures that users of other gateways report, each as a test: here it does not happen, or is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from agents.claims import Claim
from agents.ledger import focus
from agents.ledger.fold import apply
from agents.ledger.questions import Questions
from agents.ledger.reconcile import reconcile
from agents.ledger.store import Store
from agents.rollup_key import key_of
from agents.settlement.outcome import settle
from agents.stage import Position
from agents.waterfall import NOTHING, avoided, with_spending
from schemas import topics
from schemas.enums import EntryKind, Source
from schemas.errors import FatalError
from schemas.ledger import LedgerEntry, Usage
from schemas.records import PredictionResponse
from tests.fakes.ledger import kept
from tests.fakes.log import Log
from tests.fakes.records import AT, answer, entry, predicted, spent, ticket
from tests.unit.test_ledger_stage import Changelog, TornStore, Worker

HERE = Position(topics.ANSWERS, 0, 7)


def settled(number: int, **fields: object) -> tuple[PredictionResponse, LedgerEntry]:
    """The response and the entry of one answer that won."""
    given = answer(f"a-{number}", ticket=ticket(f"r-{number}"), **fields)
    emits = settle(given, HERE._replace(offset=number), AT, Claim(number, given.ticket.origin, given.answer_id))
    response, line = (emit.record for emit in emits[:2])
    assert isinstance(response, PredictionResponse)
    assert isinstance(line, LedgerEntry)
    return response, line


def test_a_spend_log_that_is_missing_is_named(store: Store) -> None:
    """LiteLLM #13280: spend logs are missing against the bill, and nobody can say which."""
    responses, lines = zip(*(settled(number) for number in range(5)), strict=True)
    kept(store, *lines[:3], lines[4])
    asked = Questions(store.engine)
    found = reconcile(responses, asked.billed(), asked.billed_checks(), asked.entry_totals(), asked.rollup_totals())
    assert [(one.what, one.response_cost) for one in found.differences] == [
        ("the response is on no ledger entry", responses[3].waterfall.effective_cost)
    ]
    assert found.difference_nano_usd == responses[3].waterfall.effective_cost


async def test_entries_in_memory_at_a_crash_are_not_missing(ledger_url: str, tmp_path: Path) -> None:
    """LiteLLM #13280: what was buffered when a process ended was on no spend log."""
    log: Log[LedgerEntry] = Log(topics.LEDGER)
    for number in range(20):
        log.append(entry(f"e-{number}"), AT)
    store = TornStore(ledger_url)
    worker = Worker(tmp_path, log, Changelog(), store)
    await worker.fold(*range(8))
    store.fails = "before"
    with pytest.raises(FatalError):  # so that none of them is acknowledged
        await worker.fold(*range(8, 20))
    worker.kill()
    store.fails = ""
    worker.start()
    await worker.fold(*range(8, 20))
    asked = Questions(store.engine)
    assert asked.entry_totals() == asked.rollup_totals()
    assert asked.rollup_totals().effective_cost == 20 * 70
    worker.kill()
    store.close()


async def test_an_id_that_was_claimed_before_the_write_still_meters_once(ledger_url: str, tmp_path: Path) -> None:
    """OpenMeter #5118: the id was claimed, the write failed, and the retry found the claim and metered zero."""
    log: Log[LedgerEntry] = Log(topics.LEDGER)
    log.append(entry("e-1"), AT)
    store = TornStore(ledger_url)
    worker = Worker(tmp_path, log, Changelog(), store)
    for fails in ("before", "after"):
        store.fails = fails
        with pytest.raises(FatalError):
            await worker.fold(0)
        worker.kill()
        worker.start()
    store.fails = ""
    await worker.fold(0)
    await worker.fold(0)
    totals = Questions(store.engine).rollup_totals()
    assert (totals.entries, totals.requests, totals.effective_cost) == (1, 1, 70)
    worker.kill()
    store.close()


def test_a_strategy_that_costs_more_than_it_saves_is_a_loss(store: Store) -> None:
    """LiteLLM #36452: savings were reported with the wrong sign."""
    dear = with_spending(avoided(predicted(70, 100), "semantic_cache"), [spent(90, "semantic_cache")])
    kept(store, entry("e-1", source=Source.SEMANTIC_CACHE, waterfall=dear))
    asked = Questions(store.engine)
    nets = {line.strategy: line.net for line in asked.savings().strategies}
    assert nets == {"routing": 30, "semantic_cache": 70 - 90}
    (bank,) = asked.spend(["tenant"])
    assert (bank.list_cost, bank.effective_cost, bank.saved) == (100, 90, 10)
    assert bank.saved == sum(nets.values())
    with store.engine.connect() as connection:
        viewed = connection.exec_driver_sql("SELECT strategy, net FROM savings ORDER BY net").all()
    assert [tuple(row) for row in viewed] == [("semantic_cache", -20), ("routing", 30)]


def test_a_cached_answer_is_not_billed_at_full_price(store: Store) -> None:
    """LiteLLM #21816: a hit was billed like the prediction that it avoided."""
    _, made = settled(1)
    response, again = settled(2, source=Source.EXACT_CACHE, waterfall=avoided(predicted(70, 100), "exact_cache"))
    kept(store, made, again)
    assert response.waterfall.effective_cost == again.waterfall.effective_cost == 0
    by_source = {one.by["source"]: one for one in Questions(store.engine).spend(["source"])}
    assert (by_source["ENGINE"].effective_cost, by_source["EXACT_CACHE"].effective_cost) == (70, 0)
    assert by_source["EXACT_CACHE"].saved == 100


def test_tokens_of_a_cached_answer_are_not_used_again(store: Store) -> None:
    """LiteLLM #39057: a hit replayed the token counts of the first answer, and they were added up as use."""
    used = Usage(published_tokens=10, prompt_tokens=10, completion_tokens=4)
    _, made = settled(1, usage=used)
    _, again = settled(2, usage=used, source=Source.EXACT_CACHE, waterfall=avoided(predicted(70, 100), "exact_cache"))
    kept(store, made, again)
    asked = Questions(store.engine)
    assert asked.engine_tokens() == {"m": (10, 4)}
    rows = list(focus.rows(focus.charges(asked.booked()), provider="p", invoiced=True))
    assert sum(row["PricingQuantity"] for row in rows) == sum(line.tokens for line in made.waterfall.costs)


def test_a_repeat_is_not_billed_twice(store: Store) -> None:
    """A replayed event is an entry of its own kind: its cost is counted, and billed to nobody."""
    _, first = settled(1)
    repeat = entry("e-2", kind=EntryKind.REEXECUTION, waterfall=NOTHING, unbilled_cost=70)
    rows = kept(store, first, repeat)
    row = rows[key_of(first)]
    assert apply(row, first, 0) == row, "nor does its own redelivery change anything"
    totals = Questions(store.engine).rollup_totals()
    assert (totals.requests, totals.effective_cost, totals.unbilled_cost) == (1, 70, 70)
