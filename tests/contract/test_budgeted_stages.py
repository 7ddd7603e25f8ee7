"""The stages within budgets on a real Valkey: what is free stays free, and what is refused says why."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any

import msgspec
import pytest
from redis.asyncio import Redis

from agents.budgets.budget import Budget
from agents.budgets.budgets import Budgets
from agents.budgets.redis_accounts import RedisAccounts
from agents.budgets.reservation import reservation_of
from agents.claims import Claim
from agents.inference.stage import InferenceStage
from agents.policy import Policy
from agents.redis_client import connect
from agents.settlement.outcome import claimant, settle
from agents.stage import Emit, Position
from schemas import topics
from schemas.enums import Source, Status
from schemas.ledger import Alert, LedgerEntry, Usage
from schemas.money import nano_usd
from schemas.records import Answer, CacheMiss, DeadLetter, InferenceTask, Sampling
from streams.embedded.valkey import ValkeyServer
from tests.fakes.budget_log import InMemoryBudgetLog
from tests.fakes.cache import NEAR_RESET, RESET, T0, document, following, request_of, river_of
from tests.fakes.engine import FakeEngine
from tests.fakes.records import delivery

FEW = Sampling(max_tokens=100)
AMOUNT = "0.000200000"
"""More than one request may cost at the small model, and less than two."""


class Desk:
    """A cache and an inference stage that share budgets."""

    def __init__(self, client: Redis, *rules: Budget) -> None:
        self.client = client
        self.policy = Policy(msgspec.structs.replace(document(), budgets=list(rules)))
        self.log = InMemoryBudgetLog()
        accounts = RedisAccounts(client, now=lambda: T0, new_token=lambda: "t", limit_ms=10_000)
        self.budgets = Budgets(self.policy, accounts, self.log, now=lambda: T0)
        self.river = river_of(self.policy, budgets=self.budgets)
        self.engine = FakeEngine("small")
        self.inference = InferenceStage(
            [self.engine], self.policy, new_id=lambda: "a", now=lambda: T0, budgets=self.budgets
        )

    async def ask(self, content: str = RESET, **fields: Any) -> Sequence[Emit]:
        request = request_of(content, **{"sampling": FEW, **fields})
        return await self.river.stage(self.river.delivery(request))

    def task(self, miss: CacheMiss, prompt: int = 50) -> InferenceTask:
        return InferenceTask(
            ticket=miss.ticket,
            lookup=miss.lookup,
            messages=miss.messages,
            sampling=miss.sampling,
            model=miss.model or "small",
            usage=Usage(published_tokens=prompt, prompt_tokens=prompt),
            costs=miss.costs,
        )

    async def bill(self, emits: Sequence[Emit]) -> list[Emit]:
        """What settlement makes of an answer; the ledger stage tells the budgets of its entry."""
        answer = record_of(emits, Answer)
        position = Position(topics.ANSWERS, 0, len(self.log.ledger))
        settled = settle(answer, position, T0, Claim(position.offset, answer.ticket.origin, answer.answer_id))
        assert claimant(answer).answer_id == answer.answer_id
        entry = record_of(settled, LedgerEntry)
        self.log.ledger.append(entry)
        await self.budgets.settle([(0, position.offset, entry)])
        return settled

    async def sums(self) -> tuple[int, int]:
        """Spent and held."""
        (key,) = await self.client.keys("headrace:budget:*")
        fields = await self.client.hgetall(key)
        spent, held = (sum(int(v) for name, v in fields.items() if name.startswith(kind)) for kind in (b"s/", b"h/"))
        return spent, held


def record_of(emits: Sequence[Emit], kind: type[Any]) -> Any:
    (found,) = [emit.record for emit in emits if isinstance(emit.record, kind)]
    return found


def rule(**fields: Any) -> Budget:
    return Budget(**{"name": "b", "amount": AMOUNT, "period": "day", "tenant": "bank", **fields})


@pytest.fixture
async def client(valkey: ValkeyServer) -> AsyncIterator[Redis]:
    client = connect(valkey.url)
    await client.flushall()
    yield client
    await client.aclose()


async def test_a_miss_takes_its_reservation_along_and_its_answer_settles_it(client: Redis) -> None:
    desk = Desk(client, rule())
    miss = record_of(await desk.ask(), CacheMiss)
    spent, reserved = await desk.sums()
    assert (spent, 0 < reserved < nano_usd(AMOUNT)) == (0, True)
    emits = await desk.inference(delivery(desk.task(miss), 1, at=T0))
    answer = record_of(emits, Answer)
    _, held = await desk.sums()
    assert answer.waterfall.effective_cost <= held < reserved  # the tokens are counted by now
    entry = record_of(await desk.bill(emits), LedgerEntry)
    assert entry.reservation == reservation_of(miss.ticket)
    assert await desk.sums() == (answer.waterfall.effective_cost, 0)


async def test_a_request_that_does_not_fit_fails_with_its_code_and_can_be_replayed(client: Redis) -> None:
    desk = Desk(client, rule())
    assert record_of(await desk.ask(), CacheMiss)
    emits = await desk.ask("Where is the branch?")
    answer, letter = record_of(emits, Answer), record_of(emits, DeadLetter)
    assert (answer.status, answer.error_code) == (Status.FAILED, "BUDGET_EXCEEDED")
    assert "budget 'b' has" in (answer.error_message or "")
    assert (letter.code, letter.value) == ("BUDGET_EXCEEDED", b"raw bytes")
    assert record_of(emits, Alert).budget == "b"
    before = await desk.sums()
    await desk.bill(emits)
    assert await desk.sums() == before


async def test_what_the_cache_answers_exactly_costs_no_budget(client: Redis) -> None:
    desk = Desk(client, rule())
    async with following(desk.river):
        miss = record_of(await desk.ask(), CacheMiss)
        await desk.river.learn(miss)
        await desk.bill(await desk.inference(delivery(desk.task(miss), 1, at=T0)))
        await desk.ask("Where is the branch?")  # from here on it is short
        before = await desk.sums()
        emits = await desk.ask()
    answer = record_of(emits, Answer)
    assert answer.source is Source.EXACT_CACHE
    assert await desk.sums() == before
    assert answer.waterfall.effective_cost == 0


async def test_a_near_questions_answer_is_charged_for_its_embedding_alone(client: Redis) -> None:
    desk = Desk(client, rule())
    async with following(desk.river):
        miss = record_of(await desk.ask(), CacheMiss)
        await desk.river.learn(miss)
        await desk.bill(await desk.inference(delivery(desk.task(miss), 1, at=T0)))
        before, _ = await desk.sums()
        emits = await desk.ask(NEAR_RESET)
    answer = record_of(emits, Answer)
    assert answer.source is Source.SEMANTIC_CACHE
    await desk.bill(emits)
    assert await desk.sums() == (before + answer.waterfall.effective_cost, 0)


async def test_a_short_budget_leads_to_the_cheaper_model_under_a_fingerprint_of_its_own(client: Redis) -> None:
    desk = Desk(client, rule(amount="0.002200000", when_short="downgrade", downgrade_to="small", task="desk"))
    dear = record_of(await desk.ask(model="big"), CacheMiss)
    cheap = record_of(await desk.ask(model="big"), CacheMiss)
    assert (dear.model, cheap.model) == ("big", "small")
    assert dear.lookup.fingerprint != cheap.lookup.fingerprint


async def test_an_engine_is_not_asked_for_what_no_budget_has_room_for(client: Redis) -> None:
    desk = Desk(client, rule())
    miss = record_of(await desk.ask(), CacheMiss)
    await client.flushall()  # before the miss was on the log
    assert record_of(await desk.ask("Where is the branch?"), CacheMiss)
    emits = await desk.inference(delivery(desk.task(miss, prompt=900), 1, at=T0))
    assert record_of(emits, Answer).error_code == "BUDGET_EXCEEDED"
    assert desk.engine.calls == 0
