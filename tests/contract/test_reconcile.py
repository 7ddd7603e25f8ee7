"""Three accounts of the same money: where they agree, and what is named where they do not."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from agents.ledger.queries import EngineTokens, Queries
from agents.ledger.reconcile import HORIZON_MS, Reconciliation, reconcile, with_engines, with_topic
from agents.ledger.store import Store
from agents.waterfall import NOTHING
from schemas.enums import EntryKind, Source, Status, Verdict
from schemas.ledger import LedgerEntry, Timings, Usage
from schemas.records import PredictionResponse
from streams.accounts import Topic, reconciled
from tests.fakes.ledger import check, hit, idle, kept
from tests.fakes.records import AT, HOUR, entry, predicted


def response(number: str = "e-1", cost: int = 70, **fields: object) -> PredictionResponse:
    given_fields: dict[str, object] = {
        "request_id": "r-" + number,
        "tenant": "bank",
        "task": "faq",
        "status": Status.COMPLETED,
        "source": Source.ENGINE,
        "text": "because",
        "finish_reason": "stop",
        "model": "m",
        "cached_from": None,
        "error_code": None,
        "error_message": None,
        "usage": Usage(),
        "timings": Timings(),
        "waterfall": predicted(cost, 100),
        "received_at": AT,
        "answered_at": AT,
        **fields,
    }
    return PredictionResponse(response_id=number, **given_fields)  # type: ignore[arg-type]


def of(store: Store, *delivered: PredictionResponse, responses_since: int | None = None) -> Reconciliation:
    queries = Queries(store.engine)
    return reconcile(
        delivered,
        queries.billed(),
        queries.billed_checks(),
        queries.entry_totals(),
        queries.rollup_totals(),
        others_billed=queries.others_billed(),
        responses_since=responses_since,
    )


def test_accounts_that_agree_have_no_difference(store: Store) -> None:
    spent = entry("e-3", kind=EntryKind.DUPLICATE, waterfall=NOTHING, unbilled_cost=9)
    kept(store, entry("e-1"), entry("e-2"), spent)
    found = of(store, response("e-1"), response("e-2"), response("e-1"))
    assert found.agrees
    assert (found.responses, found.entries, found.rollup_requests, found.difference_nano_usd) == (2, 2, 2, 0)
    assert (found.responses_billed, found.entries_billed, found.rollups_billed, found.unbilled) == (140, 140, 140, 9)


def compared(store: Store, *delivered: PredictionResponse) -> tuple[int, list[tuple[str, str, int | None, int | None]]]:
    found = of(store, *delivered)
    assert found.agrees == (not found.differences)
    return found.difference_nano_usd, [(d.request_id, d.what, d.response_cost, d.entry_cost) for d in found.differences]


def test_each_difference_is_named_and_none_cancels_another(store: Store) -> None:
    kept(store, entry("e-1"), entry("e-2"), entry("e-3"))
    assert compared(store, response("e-1", cost=71), response("e-2", cost=69), response("e-4")) == (
        142,
        [
            ("r-e-1", "the costs differ", 71, 70),
            ("r-e-2", "the costs differ", 69, 70),
            ("r-e-4", "the response is on no ledger entry", 70, None),
            ("r-e-3", "the entry bills a response that is not there", None, 70),
        ],
    )


def test_a_request_that_was_answered_twice_is_a_difference(store: Store) -> None:
    kept(store, entry("e-1"), entry("e-2", request_id="r-e-1"))
    amount, found = compared(store, response("e-1"), response("e-2", request_id="r-e-1"))
    assert (amount, found) == (70, [("r-e-1", "the request has more than one response", 70, None)])


def test_a_request_id_that_is_used_again_after_the_horizon_is_another_request(store: Store) -> None:
    later = AT + HORIZON_MS + 1
    kept(store, entry("e-1"), entry("e-2", request_id="r-e-1", occurred_at=later))
    again = response("e-2", request_id="r-e-1", answered_at=later)
    assert compared(store, again, response("e-1")) == (0, [])
    amount, found = compared(store, response("e-1"), msgspec.structs.replace(again, answered_at=later - 1))
    assert (amount, found) == (70, [("r-e-1", "the request has more than one response", 70, None)])


def test_a_bill_from_before_all_responses_are_there_needs_none(store: Store) -> None:
    kept(store, entry("e-1", occurred_at=AT - HOUR), entry("e-2"), entry("e-3", occurred_at=AT + 1))
    found = of(store, response("e-3", answered_at=AT + 1), responses_since=AT)
    assert found.agrees, found.differences
    assert (found.responses, found.entries, found.responses_since) == (1, 3, AT)
    wrong = of(store, response("e-1", cost=71), responses_since=AT)
    assert [(one.request_id, one.what) for one in wrong.differences] == [
        ("r-e-1", "the costs differ"),
        ("r-e-3", "the entry bills a response that is not there"),
    ]


def test_of_a_period_that_has_all_its_responses_none_may_lack(ledger_url: str) -> None:
    store = Store(ledger_url)
    kept(store, entry("e-1", occurred_at=AT - 2 * HOUR), entry("e-2"))
    store.close()
    assert reconciled(ledger_url, [response("e-2")], responses_since=AT - HOUR).agrees
    assert reconciled(ledger_url, [response("e-2")], since=AT, responses_since=AT - HOUR).responses_since is None
    assert not reconciled(ledger_url, [], since=AT, responses_since=AT - HOUR).agrees


def test_a_response_that_came_with_other_content_is_a_difference(store: Store) -> None:
    kept(store, entry("e-1"))
    _, found = compared(store, response("e-1"), response("e-1", text="another"))
    assert found == [("r-e-1", "delivered again with other content", 70, None)]


def test_rows_that_miss_an_entry_are_a_difference(store: Store) -> None:
    kept(store, entry("e-1"))
    store.write([entry("e-2")], [])
    amount, found = compared(store, response("e-1"), response("e-2"))
    assert amount == 100 + 70
    assert [what for _, what, _, _ in found] == [
        "entries: the entries sum up to 2, the roll-ups to 1",
        "requests: the entries sum up to 2, the roll-ups to 1",
        "list_cost: the entries sum up to 200, the roll-ups to 100",
        "effective_cost: the entries sum up to 140, the roll-ups to 70",
    ]


def test_checks_are_billed_beside_the_responses_and_nothing_differs(store: Store) -> None:
    served = hit("e-2")
    failed = check("c-3", Verdict.UNKNOWN, waterfall=NOTHING, unbilled_cost=8)
    compared = check("c-4", source=Source.ENGINE, cost=0)
    kept(store, entry("e-1"), served, check("c-1", Verdict.DIFFERENT), check("c-2"), failed, compared)
    found = of(store, response("e-1"), response("e-2", waterfall=served.waterfall))
    assert found.agrees, found.differences
    assert (found.difference_nano_usd, found.responses, found.entries, found.checks) == (0, 2, 2, 4)
    assert (found.responses_billed, found.checks_billed, found.entries_billed, found.unbilled) == (73, 60, 133, 8)
    assert found.responses_billed + found.checks_billed == found.entries_billed == found.rollups_billed


def test_a_check_that_is_no_response_of_anybody_hides_none_that_is_missing(store: Store) -> None:
    kept(store, entry("e-1"), check("c-1", cost=70, request_id="r-e-2"))
    assert compared(store, response("e-1"), response("e-2")) == (
        70,
        [("r-e-2", "the response is on no ledger entry", 70, None)],
    )


@pytest.mark.parametrize(
    ("changed", "apart"),
    [({"effective_cost": 32}, 2), ({"list_cost": 5}, 5), ({"costs": []}, 30), ({"savings": []}, 30)],
)
def test_a_check_whose_waterfall_does_not_hold_is_a_difference(
    store: Store, changed: dict[str, object], apart: int
) -> None:
    sound = check("c-1")
    kept(store, msgspec.structs.replace(sound, waterfall=msgspec.structs.replace(sound.waterfall, **changed)))
    amount, found = compared(store)
    assert amount == apart
    assert [(number, what) for number, what, _, _ in found] == [
        ("r-c-1", f"the bill of the check and its waterfall are {apart} apart")
    ]


def test_a_check_whose_row_bills_another_sum_than_its_waterfall_is_a_difference(store: Store) -> None:
    kept(store, check("c-1"))
    with store.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE entries SET effective_cost = 29")
    amount, found = compared(store)
    assert amount == 1 + 1
    assert [what for _, what, _, _ in found] == [
        "the bill of the check and its waterfall are 1 apart",
        "effective_cost: the entries sum up to 29, the roll-ups to 30",
    ]


def test_a_bill_for_neither_a_response_nor_a_check_is_a_difference(store: Store) -> None:
    kept(store, entry("e-1"), check("c-1"), entry("e-2", kind=EntryKind.OTHER, waterfall=predicted(5)))
    assert compared(store, response("e-1")) == (
        5,
        [
            (
                "",
                "entries bill 105 in all, 70 of it for responses, 30 for checks and 0 for idle GPUs and corrections",
                None,
                None,
            )
        ],
    )


def test_rows_that_miss_a_verdict_are_a_difference(store: Store) -> None:
    kept(store, check("c-1", Verdict.DIFFERENT))
    with store.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE rollups SET wrong = 0")
    assert compared(store) == (0, [("", "wrong: the entries sum up to 1, the roll-ups to 0", None, None)])


def test_idle_gpus_and_corrections_are_billed_beside_the_responses(store: Store) -> None:
    correction = entry("k-1", kind=EntryKind.CORRECTION, waterfall=predicted(-20))
    kept(store, entry("e-1"), idle("i-1", 50), correction)
    found = of(store, response("e-1"))
    assert found.agrees, found.differences
    assert (found.responses_billed, found.others_billed, found.entries_billed) == (70, 30, 100)


def with_the_topic(store: Store, *published: LedgerEntry, whole: bool = True) -> tuple[int, list[str]]:
    found = with_topic(of(store, response("e-1")), published, Queries(store.engine).kept(), whole=whole)
    return found.difference_nano_usd, [f"{one.request_id}: {one.what}" for one in found.differences]


def test_every_entry_on_the_topic_is_held_against_its_raw_entry(store: Store) -> None:
    spent = entry("e-2", kind=EntryKind.REEXECUTION, waterfall=NOTHING, unbilled_cost=9)
    kept(store, entry("e-1"), spent)
    assert with_the_topic(store, entry("e-1"), spent, entry("e-1")) == (0, [])
    other = msgspec.structs.replace(spent, unbilled_cost=11)
    assert with_the_topic(store, entry("e-1"), other, entry("e-3")) == (
        2 + 70,
        [
            "r-e-2: entry e-2 bills 0 on the topic, and 11 are billed to nobody",
            "r-e-3: entry e-3 is on the topic and not in the database: it bills 70",
        ],
    )
    assert with_the_topic(store, entry("e-1")) == (9, ["r-e-2: entry e-2 is not on the topic"])
    assert with_the_topic(store, entry("e-1"), whole=False) == (0, [])


def test_a_correction_that_was_made_again_in_another_period_is_where_it_was_made_first(ledger_url: str) -> None:
    store = Store(ledger_url)
    made = entry("k-1", kind=EntryKind.CORRECTION)
    kept(store, made)
    store.close()
    again = msgspec.structs.replace(made, occurred_at=AT + HOUR)
    found = reconciled(ledger_url, [], since=AT + HOUR, topic=Topic([made, again], whole=True))
    assert found.agrees, found.differences


def failed(entry_id: str, **fields: Any) -> LedgerEntry:
    return entry(entry_id, source=Source.NONE, status=Status.FAILED, waterfall=NOTHING, **fields)


def test_engines_are_held_against_the_entries_by_model(store: Store) -> None:
    """A hit and a comparison reached no engine, whatever tokens their answers have. A failure may have."""
    used = Usage(prompt_tokens=10, completion_tokens=4)
    kept(
        store,
        entry("e-1", usage=used),
        entry("e-2", usage=used, kind=EntryKind.REEXECUTION, waterfall=NOTHING),
        check("c-1", usage=used),
        check("c-2", usage=Usage(), cost=0),
        hit("e-3", usage=used),
        entry("e-4", usage=used, source=Source.EXACT_CACHE, model="large"),
        failed("e-5", usage=used, unbilled_cost=70),
        failed("e-6", usage=Usage(prompt_tokens=10)),
    )
    booked = Queries(store.engine).engine_tokens()
    assert booked == {"m": EngineTokens(40, 16)}
    agreed = with_engines(of(store, response("e-1")), booked, booked)
    counted = {"m": EngineTokens(41, 16), "large": EngineTokens(0, 1)}
    found = with_engines(agreed, counted, booked).differences[len(agreed.differences) :]
    assert [one.what for one in found] == [
        "model large: its engines counted 0 prompt and 1 completion tokens, the entries 0 and 0",
        "model m: its engines counted 41 prompt and 16 completion tokens, the entries 40 and 16",
    ]


def test_what_retention_removed_is_not_compared_and_said(ledger_url: str) -> None:
    store = Store(ledger_url)
    kept(store, entry("e-1", occurred_at=AT - HOUR), entry("e-2"))
    store.forget(AT)
    delivered = [response("e-1", answered_at=AT - HOUR), response("e-2")]
    topic = Topic([entry("e-1", occurred_at=AT - HOUR), entry("e-2")], whole=True)
    found = reconciled(ledger_url, delivered, topic=topic)
    assert found.agrees, found.differences
    assert (found.since, found.responses, found.rollups_billed) == (AT - AT % HOUR, 1, 70)
    assert reconciled(ledger_url, delivered, since=AT).since is None
    assert not reconciled(ledger_url, delivered[:1]).agrees
    store.close()
