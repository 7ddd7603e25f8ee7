"""The semantic cache through a whole worker, on a real Kafka and a real Valkey: near answers, checks, and an outage.

Run as a program it is the worker, with its settings in the environment.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from agents.embedding import Embedder
from agents.inference.engine import Completion, Engine, Prompt
from agents.ledger.recorded import Recorded
from agents.policy import Policy
from agents.policy_document import Model
from agents.tokens import Tokens
from schemas import topics
from schemas.enums import EntryKind, Lane, Source, Verdict
from schemas.records import Message, PredictionRequest, PredictionResponse, Sampling
from streams import app, client
from streams.accounts import opened, reconciled
from streams.embedded import kafka
from streams.embedded.valkey import ValkeyServer
from streams.settings import Settings, load
from tests.fakes.embedder import BagOfWords
from tests.fakes.engine import FakeEngine, WordTokens
from tests.services.river import Worker, headrace, meanwhile, services

pytestmark = pytest.mark.skipif(kafka.unavailable() is not None, reason=f"no Kafka: {kafka.unavailable()}")

POLICY = """
embedder = "all-MiniLM-L6-v2"
prices = [
  {model = "large", version = "p1", effective_from = 2025-01-01T00:00:00Z, input = "2.50", output = "10.00"},
  {model = "small", version = "p1", effective_from = 2025-01-01T00:00:00Z, input = "0.10", output = "0.40"},
  {model = "all-MiniLM-L6-v2", version = "p1", effective_from = 2025-01-01T00:00:00Z, input = "0.01", output = "0"},
]
models.small = {engine = "openai", window = 512}
tenants.bank = {cost_center = "desk", tasks = ["questions"]}
tasks.questions = {models = ["small"], baseline = "large", cache = "semantic", check_share = 1.0}
"""
GREETINGS = ("", "Please. ", "Hello, ", "Thanks. ")
"""Beginnings that make another wording of a question, and no other question."""
HEARD_S = 1.0
"""Within which what was answered may be served to near questions."""


class Echo(FakeEngine):
    """Answers with the question less its greeting: all wordings of it are answered alike, and no other question is."""

    async def generate(self, prompt: Prompt) -> Completion:
        done = await super().generate(prompt)
        return done._replace(text=plain(prompt.messages[-1].content))


def plain(wording: str) -> str:
    for greeting in GREETINGS:
        wording = wording.removeprefix(greeting)
    return wording


def question(number: int) -> str:
    return f"Where in the handbook do I find the yearly fee of my garden policy number {number} for the old violin?"


def work() -> None:
    async def embedder(_: Settings, policy: Policy) -> Embedder:
        return BagOfWords(name=policy.embedder, dimensions=256, window=64)

    def tokens(_: Model) -> Tokens:
        return WordTokens()

    def engine(name: str, model: Model, _: Tokens) -> Engine:
        return Echo(name, capacity=model.max_num_seqs, window=model.window)

    app.run(load(), app.Models(embedder=embedder, tokens=tokens, engine=engine))


class River:
    """Everything that runs, and somebody who asks."""

    def __init__(self, settings: Settings, valkey: ValkeyServer, publisher: client.Publisher) -> None:
        self.settings = settings
        self.valkey = valkey
        self.responses: list[PredictionResponse] = []
        self._publisher = publisher
        self._codec = client.codec_of(settings)
        self._awaited: dict[str, asyncio.Future[PredictionResponse]] = {}

    async def ask(self, wording: str) -> PredictionResponse:
        request = PredictionRequest(
            request_id=f"r-{len(self._awaited)}",
            tenant="bank",
            task="questions",
            messages=[Message(role="user", content=wording)],
            sampling=Sampling(temperature=0.0, max_tokens=32),
        )
        coming = self._awaited[request.request_id] = asyncio.get_running_loop().create_future()
        await self._publisher.publish(Lane.REALTIME, request.request_id.encode(), self._codec.encode(request))
        response: PredictionResponse = await asyncio.wait_for(coming, 30)
        assert response.text == plain(wording), "another question's answer"
        return response

    async def ask_all(self, wordings: Iterable[str]) -> Counter[Source]:
        """How all of them are answered, by where the answers come from."""
        return Counter(response.source for response in await asyncio.gather(*map(self.ask, wordings)))

    async def listen(self, reader: client.Reader[PredictionResponse]) -> None:
        async for received in reader.follow():
            self.responses.append(received.record)
            if not (waiting := self._awaited[received.record.request_id]).done():
                waiting.set_result(received.record)

    async def command(self, *arguments: str) -> str:
        """What ``headrace`` prints."""
        ended = await headrace(self.settings, *arguments)
        assert ended.status == 0, ended
        return ended.printed

    async def checked(self, count: int) -> list[Recorded]:
        """The ledger's checks, once there are ``count``, and a moment later."""
        async with asyncio.timeout(20):
            while len(self.recorded(EntryKind.CHECK)) < count:
                await asyncio.sleep(0.1)
        await asyncio.sleep(0.5)
        return self.recorded(EntryKind.CHECK)

    def recorded(self, kind: EntryKind) -> list[Recorded]:
        with opened(self.settings.ledger_url) as queries:
            entries = [entry for number in self._awaited for entry in queries.recorded(number, "bank")]
        return [entry for entry in entries if entry.kind is kind]


@asynccontextmanager
async def river(directory: Path) -> AsyncIterator[River]:
    async with (
        services(directory, POLICY) as (settings, valkey),
        Worker(settings, directory, "tests.integration.test_river_cache"),
        client.publisher(settings) as publisher,
        client.reader(settings, PredictionResponse, [topics.RESPONSES]) as reader,
    ):
        running = River(settings, valkey, publisher)
        async with meanwhile(running.listen(reader)):
            yield running


async def test_a_near_question_is_served_checked_once_and_accounted(tmp_path: Path) -> None:
    async with river(tmp_path) as running:
        first = await running.ask(question(1))
        await asyncio.sleep(HEARD_S)
        near = await running.ask(f"Please. {question(1)}")
        assert (first.source, near.source, near.cached_from) == (Source.ENGINE, Source.SEMANTIC_CACHE, first.request_id)
        (check,) = await running.checked(1)
        assert (check.request_id, check.verdict) == (near.request_id, Verdict.SAME)
        assert check.waterfall.effective_cost > 0 == check.unbilled_cost

        # It is the semantic cache's own cost, beside the questions that were embedded.
        saved = json.loads(await running.command("savings", "--format", "json"))
        (semantic,) = (line for line in saved["strategies"] if line["strategy"] == "semantic_cache")
        entries = [*running.recorded(EntryKind.RESPONSE), check]
        costs = [cost for entry in entries for cost in entry.waterfall.costs]
        own = sum(cost.cost for cost in costs if cost.strategy == "semantic_cache")
        assert semantic["cost_nano_usd"] == own > check.waterfall.effective_cost
        sums = reconciled(running.settings.ledger_url, running.responses)
        assert (sums.difference_nano_usd, sums.differences, sums.checks) == (0, [], 1)

        told = json.loads(await running.command("explain", near.request_id, "--format", "json"))
        assert (told["checked"], told["verdict"]) == (True, "SAME")
        (decision,) = next(entry for entry in told["entries"] if entry["kind"] == "RESPONSE")["decisions"]
        assert decision["choice"] == "semantic hit by the guards"

        # The check's answer is an entry of its own, under the near question. Void, both are refused at once.
        assert (await running.ask(f"Please. {question(1)}")).source is Source.EXACT_CACHE
        assert "2 entries" in await running.command("cache", "invalidate", "--tenant", "bank", "--model", "small")
        assert (await running.ask(f"Hello, {question(1)}")).source is Source.ENGINE
        assert (await running.ask(question(1))).cached_from not in {first.request_id, near.request_id}


async def test_a_killed_valkey_costs_hits_and_no_answer_until_it_is_back(tmp_path: Path) -> None:
    def worded(greeting: str) -> list[str]:
        return [f"{greeting}{question(number)}" for number in range(20)]

    async with river(tmp_path) as running:
        assert await running.ask_all(worded("")) == {Source.ENGINE: 20}
        await asyncio.sleep(HEARD_S)
        warm = (await running.ask_all(worded("Please. ")))[Source.SEMANTIC_CACHE]
        assert warm >= 18
        assert Counter(check.verdict for check in await running.checked(warm)) == {Verdict.SAME: warm}

        asking = asyncio.create_task(running.ask_all(worded("Hello, ")))
        await running.valkey.kill()
        assert (await asking).keys() <= {Source.ENGINE, Source.SEMANTIC_CACHE}
        for greeting in ("", "Please. "):  # both were cached
            assert await running.ask_all(worded(greeting)) == {Source.ENGINE: 20}

        await running.valkey.start()
        until = time.monotonic() + 20
        while (found := await running.ask_all(worded("")))[Source.EXACT_CACHE] < 20:
            assert time.monotonic() < until, found
            await asyncio.sleep(0.5)
        await asyncio.sleep(HEARD_S)
        assert (await running.ask_all(worded("Thanks. ")))[Source.SEMANTIC_CACHE] >= 18

        served = Counter(response.source for response in running.responses)[Source.SEMANTIC_CACHE]
        checks = await running.checked(served)
        assert len(checks) == len({check.request_id for check in checks}) == served
        sums = reconciled(running.settings.ledger_url, running.responses)
        assert (sums.difference_nano_usd, sums.differences, sums.checks) == (0, [], served)


if __name__ == "__main__":
    work()
