from __future__ import annotations

import io
import json
from collections.abc import Sequence

import msgspec
import pytest
from rich.console import Console

from agents.ledger.queries import Savings, StrategySaving
from agents.ledger.reconcile import Difference, Reconciliation
from agents.waterfall import NOTHING
from schemas.codec import Codec
from schemas.enums import Source, Status
from schemas.ledger import Timings, Usage
from schemas.records import DeadLetter, PredictionResponse
from streams.demo import report
from streams.demo.findings import Answered, Findings, find, percentile
from streams.demo.workload import Workload, build

MONEY = Savings(
    list_cost=1000,
    strategies=[
        StrategySaving(strategy="routing", tokens=0, gross=700, cost=0, net=700),
        StrategySaving(strategy="semantic_cache", tokens=40, gross=100, cost=120, net=-20),
    ],
    effective_cost=320,
    unbilled_cost=0,
)
AGREED = Reconciliation(
    responses=300,
    entries=300,
    rollup_requests=300,
    difference_nano_usd=0,
    responses_billed=320,
    entries_billed=320,
    rollups_billed=320,
    unbilled=0,
    differences=[],
)


@pytest.fixture(scope="module")
def workload() -> Workload:
    return build(Codec().encode)


def answered(request_id: str, **changed: object) -> Answered:
    response = PredictionResponse(
        response_id=request_id,
        request_id=request_id,
        tenant="retail",
        task="desk-faq",
        status=Status.COMPLETED,
        source=Source.ENGINE,
        text="Call us.",
        finish_reason="stop",
        model="small",
        cached_from=None,
        error_code=None,
        error_message=None,
        usage=Usage(),
        timings=Timings(),
        waterfall=NOTHING,
        received_at=1000,
        answered_at=1040,
    )
    return Answered(msgspec.structs.replace(response, **changed), 1050)


def all_answered(workload: Workload) -> list[Answered]:
    completed = [answered(item.request.request_id) for item in workload.items]
    failed = [
        answered(bad.request_id, status=Status.FAILED, source=Source.NONE, error_code=bad.code)
        for bad in workload.malformed
        if bad.request_id
    ]
    return completed + failed


def all_letters(workload: Workload) -> list[DeadLetter]:
    return [
        DeadLetter(
            origin="headrace.requests/0@1",
            key=None,
            value=bad.value,
            code=bad.code,
            reason=f"it is {bad.what}",
            stage="cache",
            occurred_at=1000,
        )
        for bad in workload.malformed
    ]


def found(
    workload: Workload,
    responses: Sequence[Answered] | None = None,
    letters: Sequence[DeadLetter] | None = None,
    accounts: Reconciliation = AGREED,
) -> Findings:
    return find(
        workload,
        all_answered(workload) if responses is None else responses,
        all_letters(workload) if letters is None else letters,
        MONEY,
        accounts,
    )


def test_a_day_on_which_every_promise_was_kept_has_no_complaint(workload: Workload) -> None:
    day = found(workload)
    assert day.complaints == []
    assert day.requests == day.answered == 300
    assert day.refused == sum(bad.request_id is not None for bad in workload.malformed)
    assert day.dead_letters == len(workload.malformed)
    assert day.by_source == {Source.ENGINE: 300}
    assert (day.latency_ms[Source.ENGINE].p50, day.latency_ms[Source.ENGINE].p99) == (50, 50)


def test_a_request_without_a_response_is_a_complaint(workload: Workload) -> None:
    day = found(workload, all_answered(workload)[1:])
    assert day.answered == 299
    assert day.complaints == [f"{workload.items[0].request.request_id} has no response"]


def test_a_request_that_failed_is_a_complaint(workload: Workload) -> None:
    responses = all_answered(workload)
    responses[0] = answered(responses[0].response.request_id, status=Status.FAILED, error_code="ENGINE_ROW")
    day = found(workload, responses)
    assert day.answered == 299
    assert "ENGINE_ROW" in day.complaints[0]


def test_a_second_response_is_a_complaint_even_if_it_is_the_same(workload: Workload) -> None:
    responses = all_answered(workload)
    day = found(workload, [*responses, responses[3]])
    assert day.duplicates_answered == 1
    assert day.answered == 300
    assert "has 2 responses" in day.complaints[0]


def test_a_response_to_nobody_is_a_complaint(workload: Workload) -> None:
    day = found(workload, [*all_answered(workload), answered("somebody-else")])
    assert day.complaints == ["a response to somebody-else, which was never asked"]


def test_a_malformed_event_must_be_in_the_dead_letters_with_its_bytes_and_its_code(workload: Workload) -> None:
    letters = all_letters(workload)
    assert "text, not Avro" in found(workload, letters=letters[1:]).complaints[0]
    other_bytes = [msgspec.structs.replace(letters[0], value=b"other"), *letters[1:]]
    assert len(found(workload, letters=other_bytes).complaints) == 2
    other_code = [msgspec.structs.replace(letters[0], code="INTERNAL"), *letters[1:]]
    assert "UNDECODABLE was due" in found(workload, letters=other_code).complaints[0]
    assert "2 dead letters" in found(workload, letters=[*letters, letters[0]]).complaints[0]


def test_a_malformed_event_that_can_be_named_must_be_refused(workload: Workload) -> None:
    named = next(bad.request_id for bad in workload.malformed if bad.request_id)
    without = [one for one in all_answered(workload) if one.response.request_id != named]
    assert "no FAILED response" in found(workload, without).complaints[0]


def test_a_hit_is_wrong_where_the_labels_differ(workload: Workload) -> None:
    first, *others = workload.items
    same = next(item for item in others if item.label == first.label)
    other = next(item for item in others if item.label != first.label)
    responses = {one.response.request_id: one for one in all_answered(workload)}

    def served(giver: str | None) -> Findings:
        request_id = first.request.request_id
        hit = answered(request_id, source=Source.SEMANTIC_CACHE, cached_from=giver)
        return found(workload, list({**responses, request_id: hit}.values()))

    assert served(same.request.request_id).wrong_hits == []
    (wrong,) = served(other.request.request_id).wrong_hits
    assert wrong.question == first.request.messages[-1].content
    assert wrong.answered_as == other.request.messages[-1].content
    assert len(served(None).wrong_hits) == 1


def test_accounts_that_differ_are_a_complaint(workload: Workload) -> None:
    apart = Difference(tenant="retail", request_id="r", what="the costs differ", response_cost=10, entry_cost=3)
    accounts = msgspec.structs.replace(AGREED, difference_nano_usd=7, differences=[apart])
    day = found(workload, accounts=accounts)
    assert day.difference == 7
    assert len(day.complaints) == 2


def test_a_waterfall_that_does_not_add_up_is_a_difference(workload: Workload) -> None:
    money = msgspec.structs.replace(MONEY, effective_cost=321)
    day = find(workload, all_answered(workload), all_letters(workload), money, AGREED)
    assert day.difference == 1
    assert day.complaints


def test_percentiles_are_of_nearest_rank() -> None:
    assert percentile([5], 0.99) == 5
    assert percentile(list(range(1, 101)), 0.50) == 50
    assert percentile(list(range(1, 101)), 0.99) == 99
    assert percentile([3, 1, 2, 4], 0.50) == 2


def test_the_json_says_what_it_promises_and_adds_up(workload: Workload) -> None:
    said = json.loads(json.dumps(report.as_json(found(workload))))
    assert {
        "requests",
        "answered",
        "duplicates_answered",
        "dead_letters",
        "wrong_hits",
        "by_source",
        "list_cost_nano_usd",
        "effective_cost_nano_usd",
        "savings_nano_usd",
        "latency_ms",
        "difference_nano_usd",
    } <= set(said)
    saved = sum(said["savings_nano_usd"].values())
    assert said["list_cost_nano_usd"] - saved == said["effective_cost_nano_usd"]
    assert said["latency_ms"]["ENGINE"] == {"p50": 50, "p99": 50}


def test_the_tables_show_every_strategy_and_every_dead_letter(workload: Workload) -> None:
    shown = io.StringIO()
    console = Console(file=shown, width=160)
    day = found(workload)
    report.show(day, console)
    report.verdict(day, console)
    text = shown.getvalue()
    assert "routing" in text
    assert "semantic_cache" in text
    assert all(bad.what in text for bad in workload.malformed)
    assert "300 of 300" in text
