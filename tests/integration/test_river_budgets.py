"""Budgets and GPU hours through a whole worker, on a real Kafka and a real Valkey that forgets everything.

Run as a program it is the worker, with its settings in the environment.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from agents.inference.engine import Engine
from agents.policy_document import Model
from agents.redis_client import connect
from agents.tokens import Tokens
from schemas import topics
from schemas.enums import AlertKind, EntryKind, Lane, Status
from schemas.ledger import Alert, LedgerEntry
from schemas.money import nano_usd
from schemas.records import Message, PredictionRequest, PredictionResponse, Sampling
from streams import app, client
from streams.accounts import reconciled
from streams.embedded import kafka
from streams.settings import Settings, load
from tests.fakes.engine import FakeEngine, WordTokens
from tests.services.river import Worker, headrace, meanwhile, services

pytestmark = pytest.mark.skipif(kafka.unavailable() is not None, reason=f"no Kafka: {kafka.unavailable()}")

AMOUNT = "0.000300000"
WORST = 50_000
"""Nano-USD: more than one request may cost, by its bytes and its max_tokens."""
PRICES = """
embedder = "all-MiniLM-L6-v2"
prices = [
  {model = "large", version = "p1", effective_from = 2025-01-01T00:00:00Z, input = "2.50", output = "10.00"},
  {model = "small", version = "p1", effective_from = 2025-01-01T00:00:00Z, input = "0.10", output = "0.40"},
  {model = "all-MiniLM-L6-v2", version = "p1", effective_from = 2025-01-01T00:00:00Z, input = "0.01", output = "0"},
]
models.small = {engine = "openai", window = 512}
tenants.bank = {cost_center = "desk", tasks = ["questions"]}
tasks.questions = {models = ["small"], baseline = "large", cache = "off"}
"""
BUDGETED = f"""{PRICES}
budgets = [
  {{name = "bank-a-month", tenant = "bank", task = "questions", period = "month", amount = "{AMOUNT}"}},
]
"""
HOSTED = f"""{PRICES}
gpu_prices = [
  {{model = "small", version = "h1", effective_from = 2025-01-01T00:00:00Z, gpu_hour = "2.49"}},
]
"""


def work() -> None:
    def tokens(_: Model) -> Tokens:
        return WordTokens()

    def engine(name: str, model: Model, _: Tokens) -> Engine:
        return FakeEngine(name, capacity=model.max_num_seqs, window=model.window)

    app.run(load(), app.Models(embedder=None, tokens=tokens, engine=engine))  # type: ignore[arg-type]


class River:
    """Everything that runs, and somebody who asks."""

    def __init__(self, settings: Settings, publisher: client.Publisher) -> None:
        self.settings = settings
        self.responses: dict[str, PredictionResponse] = {}
        self._publisher = publisher
        self._codec = client.codec_of(settings)
        self._published = 0

    async def ask(self, count: int) -> list[PredictionResponse]:
        """Publish so many requests at once, and wait for all their responses."""
        names = [f"r-{self._published + number}" for number in range(count)]
        self._published += count
        await asyncio.gather(*(self._publish(name) for name in names))
        async with asyncio.timeout(90):
            while not all(name in self.responses for name in names):
                await asyncio.sleep(0.05)
        return [self.responses[name] for name in names]

    async def _publish(self, name: str) -> None:
        request = PredictionRequest(
            request_id=name,
            tenant="bank",
            task="questions",
            messages=[Message(role="user", content=f"What is the fee of policy {name}?")],
            sampling=Sampling(max_tokens=32),
        )
        await self._publisher.publish(Lane.REALTIME, name.encode(), self._codec.encode(request))

    async def listen(self, reader: client.Reader[PredictionResponse]) -> None:
        async for received in reader.follow():
            self.responses[received.record.request_id] = received.record

    async def ledger(self) -> list[LedgerEntry]:
        async with client.reader(self.settings, LedgerEntry, [topics.LEDGER]) as reader:
            return [received.record for received in await reader.to_the_end()]

    async def forget(self) -> None:
        """Everything that is in Valkey is lost."""
        valkey = connect(self.settings.redis)
        await valkey.flushall()
        await valkey.aclose()


@asynccontextmanager
async def river(directory: Path, settings: Settings) -> AsyncIterator[River]:
    async with (
        Worker(settings, directory, "tests.integration.test_river_budgets"),
        client.publisher(settings) as publisher,
        client.reader(settings, PredictionResponse, [topics.RESPONSES]) as reader,
    ):
        running = River(settings, publisher)
        async with meanwhile(running.listen(reader)):
            yield running


@pytest.fixture
async def settings(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Settings]:
    """Of a river with the policy that the test names."""
    async with services(tmp_path, request.param) as running:
        yield running.settings


@pytest.mark.parametrize("settings", [BUDGETED], indirect=True, ids=["budgeted"])
async def test_a_month_is_not_overspent_though_redis_forgets_it_amid_the_run(
    tmp_path: Path, settings: Settings
) -> None:
    async with river(tmp_path, settings) as running:
        first = await running.ask(4)
        assert {response.status for response in first} == {Status.COMPLETED}
        await running.forget()
        asking = asyncio.create_task(running.ask(80))
        await asyncio.sleep(0.5)
        await running.forget()
        await asking
        # Who came at once was refused for the sake of others under way; one after another they use up the rest.
        while (await running.ask(1))[0].status is Status.COMPLETED:
            pass
        responses = list(running.responses.values())
        refused = Counter(response.error_code for response in responses if response.status is Status.FAILED)
        assert refused.keys() == {"BUDGET_EXCEEDED"}
        entries = await running.ledger()
        spent = sum(entry.waterfall.effective_cost for entry in entries)
        # The last one did not fit beside what was spent, and at most what the one before it still held.
        assert nano_usd(AMOUNT) - 2 * WORST < spent <= nano_usd(AMOUNT)
        async with client.reader(settings, Alert, [topics.ALERTS]) as reader:
            alerts = [received.record for received in await reader.to_the_end()]
        assert AlertKind.SHORT in {alert.kind for alert in alerts}
        assert {alert.budget for alert in alerts} == {"bank-a-month"}
        await asyncio.sleep(1)
        (shown,) = json.loads(await _command(settings, "budgets", "--format", "json"))
        assert (shown["spent_nano_usd"], shown["held_nano_usd"]) == (spent, 0)
        sums = reconciled(settings.ledger_url, list(running.responses.values()))
        assert (sums.difference_nano_usd, sums.differences) == (0, [])


@pytest.mark.parametrize("settings", [HOSTED], indirect=True, ids=["hosted"])
async def test_what_predictions_and_the_platform_are_charged_is_the_gpu_bill_and_a_correction_is_added(
    tmp_path: Path, settings: Settings
) -> None:
    async with river(tmp_path, settings) as running:
        responses = await running.ask(20)
        assert {response.status for response in responses} == {Status.COMPLETED}
        await asyncio.sleep(1)
        await _command(settings, "correct", responses[0].request_id, "--amount", "-0.000001", "--reason", "a credit")
    entries = await running.ledger()  # the worker has stopped, and stated its last stretch of time
    charged = sum(
        line.cost
        for entry in entries
        for line in entry.waterfall.costs
        if line.kind in {"prefill", "decode"} and line.model == "small"
    )
    stated = [entry for entry in entries if entry.kind is EntryKind.IDLE]
    bills = [entry.decisions[0].why[0].rpartition(" ")[2] for entry in stated]
    assert charged > 0
    assert charged + sum(entry.waterfall.effective_cost for entry in stated) == sum(map(nano_usd, bills))
    assert {entry.tenant for entry in stated} == {"platform"}
    (correction,) = [entry for entry in entries if entry.kind is EntryKind.CORRECTION]
    assert correction.waterfall.effective_cost == -1_000
    assert correction.corrects == responses[0].response_id


async def _command(settings: Settings, *arguments: str) -> str:
    ended = await headrace(settings, *arguments)
    assert ended.status == 0, ended
    return ended.printed


if __name__ == "__main__":
    work()
