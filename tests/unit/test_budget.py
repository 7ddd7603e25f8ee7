"""Budgets: what they cover, in which periods, and what a request may cost at most."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.budgets import worst_case
from agents.budgets.budget import HOUR_MS, Budget, Period, start, starts
from agents.budgets.budgets import counted
from agents.budgets.reading import UNFOLDED, Reading
from agents.policy import Policy
from agents.policy_document import Route
from agents.router import Fitted, RouterFile, TrainedRouter
from agents.waterfall import Pricing
from schemas.enums import Lane
from schemas.errors import PolicyError
from schemas.ledger import Usage
from schemas.money import PriceBook, PriceCard
from tests.fakes.bank import NOON
from tests.fakes.budget_log import InMemoryBudgetLog
from tests.fakes.spending import TOKEN, asked, billed, budget, policy, task_of, ticket_of

PERIODS = st.sampled_from(["hour", "day", "month"])
INSTANTS = st.datetimes(datetime(2020, 1, 1), datetime(2060, 1, 1), timezones=st.just(UTC)).map(  # noqa: DTZ001
    lambda at: int(at.timestamp() * 1000)
)


@given(PERIODS, INSTANTS)
def test_a_period_starts_with_the_calendars(period: Period, at: int) -> None:
    begin = datetime.fromtimestamp(start(period, at) / 1000, UTC)
    fields = {"month": {"day": 1, "hour": 0}, "day": {"hour": 0}, "hour": {}}[period]
    expected = datetime.fromtimestamp(at / 1000, UTC).replace(minute=0, second=0, microsecond=0, **fields)
    assert begin == expected


@given(PERIODS, INSTANTS, st.integers(0, 70 * 24 * HOUR_MS))
def test_the_periods_of_a_stretch_of_time_are_all_that_it_touches(period: Period, since: int, length: int) -> None:
    touched = starts(period, since, since + length)
    expected = {start(period, at) for at in (*range(since, since + length, HOUR_MS), since + length)}
    assert touched == sorted(expected)


@given(
    st.integers(0, 10**6),
    st.integers(0, 10**6),
    st.integers(0, 10**5),
    st.tuples(*[st.integers(0, 10**12)] * 3),
    st.integers(0, 100),
    st.sampled_from(Lane),
)
def test_no_execution_costs_more_than_its_worst_case(
    prompt: int, cached: int, answer: int, rates: tuple[int, int, int], percent: int, lane: Lane
) -> None:
    card = PriceCard(
        model="dear",
        version="1",
        effective_from=0,
        input_rate=rates[0],
        cached_input_rate=rates[1],
        output_rate=rates[2],
        batch_percent=percent,
    )
    rules = policy()
    rules.prices = PriceBook([card])
    request = asked(1, max(1, answer))
    ticket = ticket_of(request, NOON, 1, lane=lane)
    task = task_of(request, ticket)
    counted = msgspec.structs.replace(task, usage=Usage(published_tokens=prompt, prompt_tokens=prompt))
    used = Usage(
        published_tokens=prompt, prompt_tokens=prompt, cached_tokens=min(cached, prompt), completion_tokens=answer
    )
    spent = Pricing(rules.prices, NOON).execution("dear", "dear", used, lane).effective_cost
    assert spent <= worst_case.of_task(rules, counted, NOON)


def test_a_request_is_reserved_at_the_dearest_model_that_it_may_be_led_to() -> None:
    rules = policy(models=["cheap", "dear"])
    request = asked(1, 10)
    ticket = ticket_of(request, NOON, 1)
    task = rules.document.tasks["faq"]
    assert worst_case.of_request(rules, task, request, ticket, NOON) == TOKEN + 1
    task = msgspec.structs.replace(task, routes=[Route(model="dear", lane=Lane.BATCH)])
    assert worst_case.of_request(rules, task, request, ticket, NOON) == 10 * TOKEN + 1


def test_a_request_is_reserved_at_the_dearest_model_of_its_task_that_a_router_may_choose() -> None:
    rules = policy(models=["cheap", "dear"])
    task = rules.document.tasks["faq"]
    fitted = [Fitted(model=name, weights=[0.0] * 4, intercept=0.0) for name in ("cheap", "dear", "elsewhere")]
    written = RouterFile(embedder="e", dimensions=1, trained_on="2026-01-01", questions=1, models=fitted, measured=[])
    rules.routers = {"faq": TrainedRouter(written)}
    request = asked(1, 10)
    assert worst_case.of_request(rules, task, request, ticket_of(request, NOON, 1), NOON) == 10 * TOKEN + 1
    named = msgspec.structs.replace(request, model="cheap")
    assert worst_case.of_request(rules, task, named, ticket_of(request, NOON, 1), NOON) == TOKEN + 1


def test_an_amount_is_exact_and_its_thresholds_are_reached_not_before() -> None:
    one = Budget(name="b", amount="0.000000010", period="day")
    assert one.limit == 10
    assert [one.threshold(percent) for percent in (1, 50, 80, 99, 100)] == [1, 5, 8, 10, 10]


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"tenant": "nobody"}, "tenant 'nobody' is not in [tenants]"),
        ({"task": "none"}, "task 'none' is not in [tasks]"),
        ({"alert_at": (0,)}, "alert_at is [0]: percents must be 1 to 1000"),
        ({"when_short": "downgrade"}, "downgrade_to and when_short"),
        ({"downgrade_to": "cheap"}, "downgrade_to and when_short"),
        ({"when_short": "downgrade", "downgrade_to": "other"}, "downgrade_to is 'other', which [tasks.faq] does not"),
    ],
)
def test_a_budget_that_cannot_be_kept_is_refused(fields: dict[str, object], message: str) -> None:
    with pytest.raises(PolicyError) as raised:
        policy(budget(5, **fields))
    assert message in str(raised.value)
    assert "[[budgets]] 'b'" in str(raised.value)


@pytest.mark.parametrize("amount", ["0", "-1", "9000000.01"])
def test_an_amount_out_of_range_is_refused(amount: str) -> None:
    with pytest.raises(PolicyError, match="it must be over 0 and at most 9,000,000 dollars a period"):
        policy(Budget(name="b", amount=amount, period="day"))


def test_two_budgets_of_one_name_are_refused() -> None:
    with pytest.raises(PolicyError, match="'b' is there more than once"):
        policy(budget(5), budget(6))


@given(
    costs=st.lists(st.integers(0, 9), max_size=12),
    folded=st.integers(0, 12),
    copies=st.lists(st.integers(0, 11), max_size=3),
)
async def test_an_account_read_from_the_log_has_every_entry_once(
    costs: list[int], folded: int, copies: list[int]
) -> None:
    log = InMemoryBudgetLog()
    rules: Policy = policy(budget(100))
    for number, cost in enumerate(costs):
        ticket = ticket_of(asked(number, 10), NOON, number)
        log.under_way.append(task_of(asked(number, 10), ticket))
        log.ledger.append(billed(ticket, f"r-{number}@{ticket.origin}", cost, NOON))
    log.ledger += [log.ledger[index] for index in copies if index < len(costs)]
    while log.folded < min(folded, len(costs)):
        log.fold()
    last = asked(99, 10)
    log.under_way += [task_of(last, ticket_of(last, NOON, 99), model) for model in ("cheap", "dear", "cheap")]
    (account,) = (await counted(log, rules, rules.document.budgets, now=NOON + 1)).values()
    assert sum(account.spent.values()) == sum(costs)
    assert [(amount, list(periods)) for amount, periods in account.held.values()] == [(10 * TOKEN + 1, [NOON])]
    assert account.offsets == {0: len(log.ledger) - 1}


def test_what_no_roll_up_holds_is_looked_for_a_batch_back() -> None:
    reading = Reading([budget(1)], NOON)
    assert reading.latest == {}
    assert UNFOLDED >= 1000 + 4096  # a batch of the ledger, and what a crash of settlement publishes again
