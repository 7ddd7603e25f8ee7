"""What finance asks, in SQLite and in PostgreSQL; each answer is held against plain sums, and against its view."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.ledger import views
from agents.ledger.questions import Questions
from agents.ledger.store import Store
from agents.waterfall import NOTHING
from schemas.enums import EntryKind, Source, Status
from schemas.errors import UnknownNameError
from schemas.ledger import LedgerEntry, Usage
from tests.fakes.ledger import Ledgers, check, entries, hit, idle, kept
from tests.fakes.records import AT, HOUR, entry, predicted

DAY = 24 * HOUR
TODAY = AT - AT % DAY


def selected(store: Store, view: str) -> list[dict[str, Any]]:
    with store.engine.connect() as connection:
        return [dict(row) for row in connection.exec_driver_sql(f"SELECT * FROM {view}").mappings()]


def daily(costs: list[int], first: int, tenant: str = "bank") -> list[LedgerEntry]:
    """One entry at noon of each day that cost something."""
    days = [(first + number * DAY + DAY // 2, cost) for number, cost in enumerate(costs) if cost]
    return [entry(f"{tenant}-{at}", tenant=tenant, occurred_at=at, waterfall=predicted(cost)) for at, cost in days]


def test_a_trend_has_every_day_and_the_line_through_them(store: Store) -> None:
    kept(store, *daily([10, 30, 0, 70], TODAY), *daily([5], TODAY, "lab"))
    bank, lab = Questions(store.engine).trend("day", ["tenant"])
    assert [(point.at, point.effective_cost) for point in bank.points] == [
        (TODAY + number * DAY, cost) for number, cost in enumerate([10, 30, 0, 70])
    ]
    assert bank.change == 15  # the offsets -3, -1, 1, 3 times the costs are 150, and 2 × 150 / 20 = 15
    assert (lab.by, lab.change, [point.requests for point in lab.points]) == ({"tenant": "lab"}, 0, [1])
    (hourly,) = Questions(store.engine).trend("hour", where={"tenant": ["lab"]})
    assert [point.at for point in hourly.points] == [TODAY + DAY // 2]
    assert Questions(store.engine).trend(since=TODAY + 9 * DAY) == []


def test_the_view_of_the_trend_knows_the_day_before_and_the_week(store: Store) -> None:
    kept(store, *daily([7, 14, 0, 28], TODAY))
    rows = sorted(selected(store, "trend"), key=lambda row: row["day"])
    assert [(row["effective_cost"], row["day_before"], row["mean_of_7_days"]) for row in rows] == [
        (7, 0, 1),
        (14, 7, 3),
        (28, 0, 7),
    ]
    assert rows[0]["day_utc"] == "2026-09-21"


def test_a_forecast_is_what_was_spent_and_what_is_to_come(store: Store) -> None:
    week = [10, 20, 30, 40, 50, 60, 70]
    kept(store, *daily([*week, *week, 15], TODAY - 14 * DAY))
    questions = Questions(store.engine)
    found = questions.forecast(TODAY - 14 * DAY, TODAY + 7 * DAY, AT, budget=700)
    assert (found.spent, found.expected, found.low, found.high) == (575, 845, 845, 845)
    assert found.method == "seasonal naive"
    assert found.exhausted_at == TODAY + 4 * DAY  # 560 before today, then 15 of today's 20, 20, 30, 40, 50 …
    assert questions.forecast(TODAY - 14 * DAY, TODAY + 7 * DAY, AT, budget=845).exhausted_at is None
    over = questions.forecast(TODAY - 14 * DAY, TODAY, AT, budget=559)
    assert (over.spent, over.expected, over.method, over.exhausted_at) == (560, 560, "none", TODAY - DAY)
    nobody = questions.forecast(TODAY, TODAY + DAY, AT, where={"tenant": ["nobody"]})
    assert (nobody.spent, nobody.expected, nobody.low, nobody.method) == (0, 0, None, "none")
    later = questions.forecast(TODAY + 7 * DAY, TODAY + 14 * DAY, AT)
    assert (later.spent, later.expected) == (0, 280)


def test_the_view_of_the_forecast_agrees_with_the_command(store: Store) -> None:
    now = time.time_ns() // 1_000_000
    today = now - now % DAY
    kept(store, *daily([(7 * n) % 90 + 1 for n in range(20)], today - 20 * DAY), *daily([5], today - DAY, "new"))
    rows = {row["tenant"]: row for row in selected(store, "forecast")}
    since = rows["bank"]["month"]
    first = time.gmtime(since / 1000)
    following = since + 31 * DAY
    until = following - (time.gmtime(following / 1000).tm_mday - 1) * DAY
    assert (first.tm_mday, first.tm_hour, rows["bank"]["month_utc"]) == (1, 0, time.strftime("%Y-%m-01", first))
    found = Questions(store.engine).forecast(since, until, now, where={"tenant": ["bank"]})
    assert (rows["bank"]["spent"], rows["bank"]["expected"]) == (found.spent, found.expected)
    assert rows["new"]["expected"] is None


def test_the_most_expensive_requests_come_first_and_say_why(store: Store) -> None:
    usage = Usage(published_tokens=10, prompt_tokens=10, completion_tokens=0)
    kept(
        store,
        entry("e-1", request_id="plain", waterfall=predicted(50)),
        entry("e-2", request_id="again", waterfall=predicted(40, 100), usage=usage),
        entry("e-3", request_id="again", kind=EntryKind.REEXECUTION, waterfall=NOTHING, unbilled_cost=39),
        entry("e-4", request_id="failed", status=Status.FAILED, waterfall=NOTHING, unbilled_cost=60),
        check("c-1", cost=30, request_id="checked"),
        idle("i-1", 10_000),
    )
    found = Questions(store.engine).expensive()
    assert [(one.request_id, one.cost) for one in found] == [
        ("again", 79),
        ("failed", 60),
        ("plain", 50),
        ("checked", 30),
    ]
    again, failed, plain, checked = found
    assert again.why == [
        "51% input: 10 tokens of m, 0.000000040",
        "49% reexecution: by m, 0.000000039",
        "1 further answer to it, billed to nobody",
    ]
    assert failed.why == ["100% failed: by m, 0.000000060"]
    assert plain.why == ["100% input: 10 tokens of m, 0.000000050", "no strategy took anything off it"]
    assert checked.why == ["100% check: input: 10 tokens of m, 0.000000030"]
    assert [one.request_id for one in Questions(store.engine).expensive(limit=1)] == ["again"]
    rows = {row["request_id"]: row["cost"] for row in selected(store, "expensive")}
    assert rows == {one.request_id: one.cost for one in found}


@settings(max_examples=30)
@given(st.integers(1, 12).flatmap(lambda count: st.tuples(*(entries(number) for number in range(count)))))
def test_every_answer_is_what_plain_addition_gives(ledgers: Ledgers, ledger: tuple[LedgerEntry, ...]) -> None:
    spent: dict[tuple[str, str], int] = defaultdict(int)
    requests: dict[str, int] = defaultdict(int)
    billed: dict[str, int] = defaultdict(int)
    for one in ledger:
        if one.kind is not EntryKind.IDLE:
            spent[one.tenant, one.request_id] += one.waterfall.effective_cost + one.unbilled_cost
        requests[one.tenant] += one.kind is EntryKind.RESPONSE
        billed[one.tenant] += one.waterfall.effective_cost
    with ledgers() as store:
        kept(store, *ledger)
        questions = Questions(store.engine)
        dearest = questions.expensive()
        assert {(one.tenant, one.request_id): one.cost for one in dearest} == spent
        assert [one.cost for one in dearest] == sorted(spent.values(), reverse=True)
        for one in dearest:
            assert sum(line.cost for line in one.lines) == one.cost
        units = {str(one.by["tenant"]): one for one in questions.unit_costs(["tenant"])}
        assert {tenant: one.effective_cost for tenant, one in units.items()} == {
            tenant: billed[tenant] for tenant, count in requests.items() if count
        }
        for tenant, one in units.items():
            assert abs(one.per_1000 * one.requests - 1000 * billed[tenant]) * 2 <= one.requests
        assert sum(point.effective_cost for one in questions.trend() for point in one.points) == sum(billed.values())


def test_unit_costs_are_for_those_who_had_predictions(store: Store) -> None:
    kept(store, entry("e-1"), entry("e-2", waterfall=predicted(1)), check("c-1", tenant="lab"), hit("e-3", model="n"))
    dear, cheap = Questions(store.engine).unit_costs(["model"], where={"tenant": ["bank"]})
    assert (dear.by, dear.requests, dear.per_1000, dear.list_per_1000) == ({"model": "m"}, 2, 35_500, 50_500)
    assert (cheap.by, cheap.per_1000) == ({"model": "n"}, 3_000)
    rows = {row["model"]: (row["requests"], row["per_1000"]) for row in selected(store, "unit_cost")}
    assert rows == {"m": (2, 35_500), "n": (1, 3_000)}


def test_the_idle_share_is_of_models_that_are_paid_by_the_hour(store: Store) -> None:
    kept(
        store,
        entry("e-1", waterfall=predicted(130)),
        entry("e-2", kind=EntryKind.REEXECUTION, waterfall=NOTHING, unbilled_cost=20),
        entry("e-3", model="by the token", waterfall=predicted(900)),
        idle("i-1", 50),
        idle("i-2", 0, unbilled_cost=100),
    )
    questions = Questions(store.engine)
    (m,) = questions.idle()
    assert (m.by, m.idle_cost, m.used_cost, m.share) == ({"model": "m"}, 150, 150, 0.5)
    assert questions.idle(since=AT + DAY) == []
    (row,) = selected(store, "idle")
    assert (row["model"], row["idle_cost"], row["used_cost"], float(row["share"])) == ("m", 150, 150, 0.5)


def weeks_of(tenant: str, until: int, cost: Callable[[int], int]) -> list[LedgerEntry]:
    """Nine weeks before ``until``, an entry each hour."""
    hours = range(until - 9 * 7 * DAY, until, HOUR)
    return [
        entry(f"{tenant}-{hour}", tenant=tenant, occurred_at=hour + 1, waterfall=predicted(cost(hour)))
        for hour in hours
        if cost(hour)
    ]


def test_hours_off_their_pattern_are_found_and_no_others(store: Store) -> None:
    now = time.time_ns() // 1_000_000
    until = now - now % HOUR
    odd, silent = until - 30 * HOUR, until - 50 * HOUR

    def of_bank(hour: int) -> int:
        usual = 1000 + hour // HOUR % 24 * 10 + hour // HOUR % 7
        return {odd: 5 * usual, silent: 0}.get(hour, usual)

    kept(store, *weeks_of("bank", until, of_bank), *weeks_of("lab", until, lambda hour: 500 + hour // HOUR % 5))
    found = Questions(store.engine).anomalies(until - 7 * DAY, until)
    assert [(one.tenant, one.hour) for one in found] == [("bank", odd), ("bank", silent)]
    assert found[0].high < found[0].effective_cost
    assert found[0].score > 0 > found[1].score
    assert (found[1].effective_cost, found[1].low <= found[1].expected) == (0, True)
    rows = selected(store, "anomalies")
    assert {(row["hour"], row["expected"]) for row in rows} == {(one.hour, one.expected) for one in found}


def test_views_and_questions_are_as_many_as_finance_asks(store: Store) -> None:
    for name in views.NAMES:
        assert selected(store, name) == []


ASKED: dict[str, Callable[[Questions], Any]] = {
    "spend": lambda asked: asked.spend(["tenant"]),
    "savings": lambda asked: asked.savings().strategies,
    "checked": lambda asked: asked.checked(),
    "trend": lambda asked: asked.trend(),
    "expensive": lambda asked: asked.expensive(),
    "unit_costs": lambda asked: asked.unit_costs(),
    "idle": lambda asked: asked.idle(),
    "anomalies": lambda asked: asked.anomalies(AT - AT % HOUR - HOUR, AT - AT % HOUR + HOUR),
    "forecast": lambda asked: asked.forecast(TODAY, TODAY + DAY, AT).spent,
    "billed": lambda asked: list(asked.billed()),
    "billed_checks": lambda asked: list(asked.billed_checks()),
    "others_billed": lambda asked: asked.others_billed(),
    "kept": lambda asked: sorted(one.entry_id for one in asked.kept()),
    "engine_tokens": lambda asked: asked.engine_tokens(),
    "booked": lambda asked: sorted(one.unbilled_cost for one in asked.booked()),
    "recorded": lambda asked: asked.recorded("r-e-1"),
    "rollup_totals": lambda asked: asked.rollup_totals().entries,
    "entry_totals": lambda asked: asked.entry_totals().entries,
}


def test_every_public_question_is_asked_below() -> None:
    public = {name for name in dir(Questions) if not name.startswith("_")}
    assert public - {"whole_since"} == ASKED.keys(), "that one is about the ledger, and no tenant's"


@pytest.mark.parametrize("name", ASKED)
def test_who_may_see_some_tenants_sees_no_other(store: Store, name: str) -> None:
    before = [AT - week * 7 * DAY + beside * HOUR for week in range(1, 9) for beside in (-1, 0, 1)]
    steady = [entry(f"s-{at}", occurred_at=at) for at in before]
    odd = entry("e-1", waterfall=predicted(9000, 9001))
    kept(store, odd, hit("e-2"), check("c-1"), idle("i-1", tenant="bank"), *steady)
    everything, theirs = (ASKED[name](Questions(store.engine, tenants)) for tenants in (None, ["bank"]))
    assert everything == theirs
    assert everything
    assert not ASKED[name](Questions(store.engine, ["lab"]))
    assert not ASKED[name](Questions(store.engine, []))


def test_rows_can_be_chosen_by_what_the_ledger_knows(store: Store) -> None:
    kept(store, entry("e-1"), entry("e-2", source=Source.EXACT_CACHE), entry("e-3", cost_center="branch"))
    questions = Questions(store.engine)
    where = {"source": ["ENGINE"], "cost_center": ["desk", "other"]}
    assert questions.rollup_totals(where=where) == questions.entry_totals(where=where)
    assert questions.rollup_totals(where=where).entries == 1
    with pytest.raises(UnknownNameError, match="rows have no 'colour': use any of tenant, cost_center, task"):
        questions.savings(where={"colour": ["red"]})
