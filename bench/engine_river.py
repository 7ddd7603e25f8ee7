"""A river whose worker serves one model, as benches of engines need it."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import psutil
from prometheus_client.parser import text_string_to_metric_families

from schemas import topics
from schemas.codec import Codec
from schemas.enums import Lane
from schemas.records import Message, PredictionRequest, PredictionResponse, Sampling
from streams.client import Publisher, Reader, Received, publisher, reader
from streams.local import LocalRiver, local_river

POLICY = """
embedder = "none"

[models.bench]
{model}

[[prices]]
model = "bench"
version = "bench"
effective_from = 2020-01-01T00:00:00Z
input = "0.50"
cached_input = "0.125"
output = "2.00"

[[prices]]
model = "none"
version = "bench"
effective_from = 2020-01-01T00:00:00Z
input = "0"
output = "0"

[tenants.bench]
cost_center = "bench"
tasks = ["bench"]

[tasks.bench]
models = ["bench"]
baseline = "bench"
cache = "exact"
deadline_seconds = 3600
"""
PATIENCE_S = 1800.0


class Work(NamedTuple):
    """One request to make."""

    question: str
    answer: int
    """The most tokens of its answer."""
    at_s: float = 0.0
    """When to publish it, from the beginning of the run."""
    lane: Lane = Lane.REALTIME


class Run(NamedTuple):
    """What became of some requests."""

    responses: list[Received[PredictionResponse]]
    """One for each, in the order in which they were asked."""
    seconds: float
    """From the first publish until all were delivered and folded into the ledger, where that was waited for."""

    @property
    def tokens(self) -> int:
        """Tokens of all answers."""
        return sum(one.record.usage.completion_tokens for one in self.responses)

    @property
    def seconds_each(self) -> list[float]:
        """From each request's arrival on its topic to its response's on its own."""
        return [(one.timestamp - one.record.received_at) / 1000 for one in self.responses]


class EngineRiver:
    """The river from its banks. Made by :func:`engine_river`."""

    def __init__(self, river: LocalRiver, out: Publisher, responses: Reader[PredictionResponse]) -> None:
        self.worker = river.worker
        self._ledger = river.settings.ledger_url.removeprefix("sqlite:///")
        self._out = out
        self._codec = Codec()
        self._responses = responses
        self.received: dict[str, list[Received[PredictionResponse]]] = defaultdict(list)
        self._asked = 0

    async def run(self, works: Sequence[Work]) -> Run:
        """Publish requests and wait for all that follows."""
        began = time.monotonic()
        run = await self.answers(await self.publish(works))
        async with asyncio.timeout(PATIENCE_S):
            while self._folded() < self._asked:
                await self.listen(0.02)
        return run._replace(seconds=time.monotonic() - began)

    async def publish(self, works: Sequence[Work]) -> list[str]:
        """Publish requests at their times; their ids, in the order in which they were given."""
        began = time.monotonic()
        ids, sending = [], []
        for work in works:
            await asyncio.sleep(max(0.0, began + work.at_s - time.monotonic()))
            self._asked += 1
            ids.append(f"r-{self._asked}")
            request = PredictionRequest(
                request_id=ids[-1],
                tenant="bench",
                task="bench",
                messages=[Message(role="user", content=work.question)],
                sampling=Sampling(max_tokens=work.answer),
            )
            raw = self._codec.encode(request)
            sending.append(asyncio.create_task(self._out.publish(work.lane, ids[-1].encode(), raw)))
        await asyncio.gather(*sending)
        return ids

    async def answers(self, ids: Sequence[str]) -> Run:
        """Wait until requests are answered, whatever becomes of their entries."""
        async with asyncio.timeout(PATIENCE_S):
            while not all(name in self.received for name in ids):
                await self.listen()
        return Run([self.received[name][0] for name in ids], 0.0)

    async def listen(self, wait_s: float = 0.2) -> None:
        """Take the responses that are there."""
        for one in await self._responses.take(wait_s):
            self.received[one.record.request_id].append(one)

    async def metric(self, name: str, **labels: str) -> float:
        """The sum of a metric's samples with these labels, as the worker's endpoint shows it."""
        async with httpx.AsyncClient() as client:
            shown = (await client.get(f"http://{self.worker.address}/metrics")).text
        samples = (one for family in text_string_to_metric_families(shown) for one in family.samples)
        return sum(one.value for one in samples if one.name == name and labels.items() <= one.labels.items())

    def memory_bytes(self) -> int:
        """Resident memory of the worker's own process, without its engine's."""
        return int(_worker().memory_info().rss)

    def kill_engine(self) -> None:
        """SIGKILL of the engine core, which is a child of the worker."""
        (core,) = [one for one in _children(_worker()) if "EngineCore" in " ".join(one.cmdline())]
        core.kill()

    def bill(self, ids: Sequence[str]) -> list[tuple[Any, ...]]:
        """What the ledger says of requests: status, source, what each cost as published, tokens."""
        with closing(sqlite3.connect(self._ledger)) as database:
            columns = "request_id, status, source, list_cost, prompt_tokens, completion_tokens"
            rows = database.execute(f"SELECT {columns} FROM entries WHERE kind = 'RESPONSE'").fetchall()
        found = {row[0]: row[1:] for row in rows}
        return [found[name] for name in ids]

    def _folded(self) -> int:
        with closing(sqlite3.connect(self._ledger)) as database:
            (count,) = database.execute("SELECT COALESCE(SUM(requests), 0) FROM rollups").fetchone()
        return int(count)


@asynccontextmanager
async def engine_river(directory: Path, model: str) -> AsyncIterator[EngineRiver]:
    """Start a broker, a cache and a worker that serves one model, described as in a policy; warm."""
    policy = directory.with_suffix(".toml")
    await asyncio.to_thread(policy.write_text, POLICY.format(model=model))
    async with (
        local_river(directory, policy, keep=False, usual_ports=False, say=lambda _: None) as river,
        publisher(river.settings) as out,
        reader(river.settings, PredictionResponse, [topics.RESPONSES]) as responses,
    ):
        made = EngineRiver(river, out, responses)
        await made.run([Work(f"Warm-up {number}", 2) for number in range(8)])
        yield made


def _worker() -> psutil.Process:
    """The worker, by the process that keeps it on a leash: it gives itself another name than its command's."""
    (leash,) = [one for one in _children(psutil.Process()) if one.cmdline()[-1:] == ["worker"]]
    (worker,) = _children(leash)
    return worker


def _children(process: psutil.Process) -> list[psutil.Process]:
    """Those that live: an engine that was stopped stays behind as a zombie, which has no command any more."""
    return [one for one in process.children() if one.status() != psutil.STATUS_ZOMBIE]
