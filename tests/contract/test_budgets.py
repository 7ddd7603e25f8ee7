"""Budgets on a real Valkey: nothing is spent beyond them, whoever asks at the same time and whatever is lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest
from redis.asyncio import Redis

from agents.budgets.budget import HOUR_MS
from agents.redis_client import connect
from schemas.enums import AlertKind
from schemas.errors import ServiceError
from schemas.ledger import Alert
from streams.embedded.valkey import ValkeyServer
from tests.fakes.bank import NOON, WORST, Bank
from tests.fakes.spending import TOKEN, asked, budget, policy, task_of, ticket_of


@pytest.fixture
async def client(valkey: ValkeyServer) -> AsyncIterator[Redis]:
    client = connect(valkey.url)
    await client.flushall()
    yield client
    await client.aclose()


@pytest.fixture
def bank(client: Redis) -> Callable[..., Bank]:
    return lambda *budgets, **task: Bank(client, policy(*budgets, **task))


async def test_64_concurrent_publishers_cannot_overspend_by_one_nano_dollar(
    valkey: ValkeyServer, bank: Callable[..., Bank]
) -> None:
    """LiteLLM's budgets are bypassed by concurrency (litellm#34732, #40095)."""
    shared = bank(budget(20 * WORST + WORST - 1))
    clients = [connect(valkey.url) for _ in range(64)]
    publishers = [Bank(client, policy(budget(20 * WORST + WORST - 1))) for client in clients]
    for publisher in publishers:
        publisher.log = shared.log

    async def publish(publisher: Bank, number: int) -> int:
        ticket = await publisher.admit(number)
        if ticket is None:
            return 0
        confirmed = await publisher.budgets.confirm(shared.send(number, ticket))
        assert confirmed.short is None
        return WORST - 1  # it made all ten tokens

    spent = await asyncio.gather(
        *(publish(one, 64 * turn + at) for turn in range(5) for at, one in enumerate(publishers))
    )
    assert sum(1 for cost in spent if cost) == 20
    assert sum(spent) <= 20 * WORST + WORST - 1
    for client in clients:
        await client.aclose()


async def test_what_was_not_spent_is_given_back(bank: Callable[..., Bank]) -> None:
    desk = bank(budget(2 * WORST))
    tickets = [await desk.admit(number) for number in range(3)]
    assert [ticket is not None for ticket in tickets] == [True, True, False]
    assert tickets[0] is not None
    desk.bill(tickets[0], 3 * TOKEN)
    await desk.settle()
    assert await desk.sums() == {"s": 3 * TOKEN, "h": WORST}
    assert await desk.admit(3, tokens=8) is None
    assert await desk.admit(4, tokens=7) is not None


async def test_a_failed_request_releases_its_reservation(bank: Callable[..., Bank]) -> None:
    desk = bank(budget(WORST))
    ticket = await desk.admit(0)
    assert ticket is not None
    assert await desk.admit(1) is None
    desk.bill(ticket, 0)
    await desk.settle()
    assert await desk.sums() == {"s": 0, "h": 0}
    assert await desk.admit(2) is not None


async def test_a_redelivery_reserves_once_and_a_second_publish_again(bank: Callable[..., Bank]) -> None:
    desk = bank(budget(2 * WORST))
    for _ in range(3):
        assert await desk.admit(0) is not None
    assert await desk.sums() == {"s": 0, "h": WORST}
    request = asked(0, 10)
    again = ticket_of(request, desk.now, number=77)
    assert (await desk.budgets.admit(request, desk.task, again)).short is None
    assert await desk.sums() == {"s": 0, "h": 2 * WORST}


async def test_an_entry_that_is_settled_again_counts_once(bank: Callable[..., Bank]) -> None:
    desk = bank(budget(5 * WORST))
    for number in range(3):
        ticket = await desk.admit(number)
        assert ticket is not None
        desk.bill(ticket, TOKEN)
        await desk.settle()
    desk.settled = 1  # its worker died before it had acknowledged them
    await desk.settle()
    assert await desk.sums() == {"s": 3 * TOKEN, "h": 0}


async def test_a_flush_of_redis_amid_the_run_loses_neither_spending_nor_reservations(bank: Callable[..., Bank]) -> None:
    desk = bank(budget(3 * WORST))
    tickets = [await desk.admit(number) for number in range(3)]
    assert all(tickets)
    sent = [desk.send(number, ticket) for number, ticket in enumerate(tickets) if ticket]
    desk.bill(sent[0].ticket, 4 * TOKEN)
    await desk.settle()
    await desk.client.flushall()
    assert await desk.admit(3, tokens=7) is None
    assert await desk.sums() == {"s": 4 * TOKEN, "h": 2 * WORST}
    assert await desk.admit(4, tokens=6) is not None


async def test_a_request_whose_reservation_was_lost_asks_again_before_it_spends(bank: Callable[..., Bank]) -> None:
    desk = bank(budget(WORST))
    lost = await desk.admit(0)
    assert lost is not None
    await desk.client.flushall()  # before its task was on the log
    assert await desk.admit(1) is not None
    refused = await desk.budgets.confirm(task_of(asked(0, 10), lost))
    assert refused.short is not None
    assert "budget 'b' has 0.000000000 of 0.000010001 US dollars left" in str(refused.short)


async def test_of_two_that_the_log_holds_and_the_budget_has_no_room_for_neither_spends_beside_the_other(
    bank: Callable[..., Bank],
) -> None:
    desk = bank(budget(WORST))
    first = await desk.admit(0)
    await desk.client.flushall()  # before its task was on the log
    second = await desk.admit(1)
    assert first is not None
    assert second is not None
    sent = [desk.send(number, ticket) for number, ticket in enumerate((first, second))]
    await desk.client.flushall()
    assert [(await desk.budgets.confirm(task)).short is None for task in sent] == [False, False]
    desk.bill(first, 0)  # it failed
    await desk.settle()
    assert (await desk.budgets.confirm(sent[1])).short is None


async def test_what_a_task_may_cost_beyond_its_first_reservation_is_held_after_a_loss_as_well(
    bank: Callable[..., Bank],
) -> None:
    desk = bank(budget(WORST + 5 * TOKEN))
    ticket = await desk.admit(0)
    assert ticket is not None
    longer = desk.send(0, ticket, tokens=13)  # what was put into its prompt costs something, too
    assert (await desk.budgets.confirm(longer)).short is None
    await desk.client.flushall()
    assert await desk.admit(1, tokens=2) is None
    assert await desk.admit(1, tokens=1) is not None


async def test_an_older_state_of_redis_is_known_for_one(bank: Callable[..., Bank]) -> None:
    desk = bank(budget(2 * WORST))
    ticket = await desk.admit(0)
    assert ticket is not None
    (key,) = await desk.client.keys("headrace:budget:*")
    old = await desk.client.dump(key)
    desk.send(0, ticket)
    desk.bill(ticket, 9 * TOKEN)
    await desk.settle()
    # What a restart with an append-only file, or a failover to a replica that lags, brings up.
    await desk.client.restore(key, 0, old, replace=True)
    await desk.client.hset(key, "run", "another")
    assert await desk.admit(1, tokens=12) is None
    assert await desk.sums() == {"s": 9 * TOKEN, "h": 0}


async def test_what_is_settled_while_an_account_is_rebuilt_is_counted(bank: Callable[..., Bank]) -> None:
    desk = bank(budget(2 * WORST))
    ticket = await desk.admit(0)
    assert ticket is not None
    desk.send(0, ticket)
    await desk.client.flushall()
    ends = desk.log.ends

    async def slow() -> dict[int, int]:
        found = dict(await ends())
        desk.bill(ticket, 8 * TOKEN)
        await desk.settle()
        return found

    desk.log.ends = slow  # type: ignore[method-assign]
    assert await desk.admit(1, tokens=13) is None
    desk.log.ends = ends  # type: ignore[method-assign]
    assert await desk.sums() == {"s": 8 * TOKEN, "h": 0}
    assert desk.log.read == 2  # once at the start, once after the loss


async def test_a_short_budget_sends_requests_to_a_cheaper_model_while_that_fits(bank: Callable[..., Bank]) -> None:
    desk = bank(budget(WORST + 1_001, when_short="downgrade", downgrade_to="cheap"))
    admissions = []
    for number in range(3):
        request = asked(number, 10)
        ticket = ticket_of(request, desk.now, number)
        admissions.append(await desk.budgets.admit(request, desk.task, ticket))
    assert [(one.model, one.reserved) for one in admissions] == [(None, WORST), ("cheap", 1_001), (None, 0)]
    assert admissions[2].short is not None
    alerts = [emit.record for one in admissions for emit in one.alerts]
    assert [(alert.kind, alert.budget) for alert in alerts if isinstance(alert, Alert)] == [(AlertKind.SHORT, "b")]


async def test_budgets_that_send_requests_to_each_others_model_refuse_in_the_end(bank: Callable[..., Bank]) -> None:
    to_cheap = budget(9 * TOKEN, "first", when_short="downgrade", downgrade_to="cheap")
    to_dear = budget(TOKEN, "second", when_short="downgrade", downgrade_to="dear")
    assert await bank(to_cheap, to_dear).admit(0) is None


async def test_a_budget_that_only_alerts_lets_pass_and_says_so_once(bank: Callable[..., Bank]) -> None:
    desk = bank(budget(WORST, when_short="alert"))
    alerts = []
    for number in (0, 1, 1, 2):  # the second is delivered twice
        request = asked(number, 10)
        admission = await desk.budgets.admit(request, desk.task, ticket_of(request, desk.now, number))
        assert admission.short is None
        alerts += [emit.record for emit in admission.alerts]
    assert len(alerts) == 2
    assert alerts[0] == alerts[1]


async def test_thresholds_are_announced_by_the_entry_that_crosses_them(bank: Callable[..., Bank]) -> None:
    desk = bank(budget(100 * TOKEN, alert_at=(50, 80)))
    said: list[tuple[int, int]] = []
    for number, cost in enumerate((30, 30, 5, 20)):
        ticket = await desk.admit(number, tokens=30)
        assert ticket is not None
        desk.bill(ticket, cost * TOKEN)
        said += [(number, alert.percent) for alert in await desk.settle()]
    assert said == [(1, 50), (3, 80)]
    desk.settled = 1
    assert [alert.percent for alert in await desk.settle()] == [50, 80]  # redelivered: said again, under the same id


async def test_a_request_must_fit_every_budget_that_covers_it(bank: Callable[..., Bank]) -> None:
    desk = bank(budget(5 * WORST, "wide"), budget(WORST, "narrow", task="faq"), budget(1, "other", cost_center="x"))
    assert await desk.admit(0) is not None
    assert await desk.admit(1) is None
    request = asked(0, 10)
    again = await desk.budgets.admit(request, desk.task, ticket_of(request, desk.now, 0))
    assert (again.short, again.reserved) == (None, WORST)


async def test_an_answer_that_may_come_in_the_next_period_is_held_in_both(bank: Callable[..., Bank]) -> None:
    desk = bank(budget(WORST))
    desk.now = NOON + HOUR_MS - 1_000
    late = await desk.admit(0)
    assert late is not None
    desk.now = NOON + HOUR_MS + 1_000
    assert await desk.admit(1) is None
    desk.bill(late, 2 * TOKEN)
    await desk.settle()
    assert await desk.sums() == {"s": 2 * TOKEN, "h": 0}
    assert await desk.admit(2, tokens=9) is None
    assert await desk.admit(3, tokens=8) is not None


async def test_periods_that_are_over_are_forgotten(bank: Callable[..., Bank]) -> None:
    desk = bank(budget(WORST))
    for hour in range(5):
        desk.now = NOON + hour * HOUR_MS
        ticket = await desk.admit(hour)
        assert ticket is not None  # of some, no entry ever came
        if hour % 2:
            desk.bill(ticket, TOKEN)
            await desk.settle()
    (key,) = await desk.client.keys("headrace:budget:*")
    kept = {int(name.split(b"/")[1]) for name in await desk.client.hkeys(key) if name[:2] in {b"s/", b"h/", b"a/"}}
    assert min(kept) >= NOON + 3 * HOUR_MS
    assert len([name for name in await desk.client.hkeys(key) if name.startswith(b"r/")]) == 1


async def test_an_account_that_cannot_be_reached_grants_nothing() -> None:
    client = connect("redis://127.0.0.1:1/0")
    desk = Bank(client, policy(budget(WORST)))
    waiting = asyncio.create_task(desk.admit(0))
    await asyncio.sleep(0.3)
    assert not waiting.done()
    desk.now += 20_000
    with pytest.raises(ServiceError, match="Redis, where budgets are counted"):
        await waiting
    alerting = Bank(client, policy(budget(WORST, when_short="alert")))
    assert await alerting.admit(0) is not None
    await client.aclose()


async def test_an_entry_that_could_not_be_counted_makes_the_account_be_counted_anew(
    bank: Callable[..., Bank], monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = bank(budget(WORST))
    ticket = await desk.admit(0)
    assert ticket is not None
    desk.bill(ticket, 5 * TOKEN)
    with monkeypatch.context() as broken:
        broken.setattr(desk.client, "pipeline", lambda **_: (_ for _ in ()).throw(ConnectionError("gone")))
        assert await desk.settle() == []
    desk.now += 1_000
    other = await desk.admit(1, tokens=2)
    assert other is None  # the reservation is held still
    await desk.budgets.settle([])
    assert await desk.admit(2, tokens=6) is None
    assert await desk.admit(3, tokens=5) is not None
    assert await desk.sums() == {"s": 5 * TOKEN, "h": 5 * TOKEN + 1}
