"""``headrace ingest`` through a whole worker, on a real Kafka, a real Valkey and a corpus on disk.

Run as a program it is the worker, with its settings in the environment.
"""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from agents.cache.entries import Entry
from agents.cache.redis_entries import RedisEntries
from agents.embedding import Embedder
from agents.inference.engine import Engine
from agents.lance_corpus import LanceCorpus
from agents.policy import Policy
from agents.policy_document import Model
from agents.redis_client import connect
from agents.tokens import Tokens
from schemas import topics
from schemas.enums import EntryKind
from schemas.ledger import LedgerEntry
from streams import app, client
from streams.embedded import kafka
from streams.embedded.kafka import KafkaServer
from streams.settings import Settings, load
from streams.wiring.knowledge import CLOCKS_APART_MS
from tests.fakes.embedder import BagOfWords
from tests.fakes.engine import FakeEngine, WordTokens
from tests.fakes.entry import HOUR_MS, entry_of
from tests.services import river as running

pytestmark = pytest.mark.skipif(kafka.unavailable() is not None, reason=f"no Kafka: {kafka.unavailable()}")

POLICY = """
embedder = "all-MiniLM-L6-v2"
prices = [
  {model = "small", version = "p1", effective_from = 2025-01-01T00:00:00Z, input = "0.10", output = "0.40"},
  {model = "all-MiniLM-L6-v2", version = "p1", effective_from = 2025-01-01T00:00:00Z, input = "0.01", output = "0"},
]
models.small = {engine = "openai", window = 512}
tenants.bank = {cost_center = "desk", tasks = ["questions"]}
tasks.questions = {models = ["small"], baseline = "small", retrieval = {collection = "handbook"}}
"""
CARDS = "---\ndepartment: cards\n---\n# Cards\n\n## PIN\n\nIt has four digits.\n\n## Loss\n\nCall us.\n"


def embedding() -> BagOfWords:
    return BagOfWords(dimensions=64, window=32)


def work() -> None:
    async def embedder(_: Settings, __: Policy) -> Embedder:
        return embedding()

    def tokens(_: Model) -> Tokens:
        return WordTokens()

    def engine(name: str, model: Model, _: Tokens) -> Engine:
        return FakeEngine(name, capacity=model.max_num_seqs, window=model.window)

    app.run(load(), app.Models(embedder=embedder, tokens=tokens, engine=engine))


class Ended(NamedTuple):
    """An ingestion that was run."""

    status: int
    told: dict[str, Any]
    complaints: str


async def ingest(settings: Settings, *arguments: str) -> Ended:
    fixed = ["--tenant", "bank", "--collection", "handbook", "--format", "json"]
    ended = await running.headrace(settings, "ingest", *arguments, *fixed)
    return Ended(ended.status, json.loads(ended.printed or "{}"), ended.complaints)


def now_ms() -> int:
    return time.time_ns() // 1_000_000


@asynccontextmanager
async def river(directory: Path) -> AsyncIterator[Settings]:
    async with (
        running.services(directory, POLICY, stages="knowledge") as (settings, _),
        running.Worker(settings, directory, "tests.integration.test_river_knowledge"),
    ):
        yield settings


async def texts(settings: Settings) -> list[str]:
    corpus = await LanceCorpus.open(settings.corpus, model="all-MiniLM-L6-v2")
    try:
        found = await corpus.nearest("bank", "handbook", (await embedding().embed("")).vector, [], 100)
    finally:
        await corpus.close()
    return [chunk.text for chunk in sorted(found, key=lambda chunk: (chunk.document_id, chunk.number))]


@asynccontextmanager
async def cache_of(settings: Settings) -> AsyncIterator[RedisEntries]:
    redis = connect(settings.redis)
    try:
        yield RedisEntries(redis, now=now_ms, limit_ms=5_000)
    finally:
        await redis.aclose()


async def cached(settings: Settings, number: int) -> Entry:
    """An answer that rests on the collection as it is now: later than what is void already, whatever clock says so."""
    at = now_ms() + CLOCKS_APART_MS
    entry = entry_of(now_ms, number, knowledge="handbook", answered_at=at)  # type: ignore[arg-type]
    async with cache_of(settings) as entries:
        await entries.put(entry, ttl_ms=HOUR_MS)
        assert (await entries.get([entry.fingerprint]))[0] is not None
    return entry


async def void(settings: Settings, entry: Entry) -> bool:
    async with cache_of(settings) as entries:
        return (await entries.get([entry.fingerprint]))[0] is None


async def test_files_are_indexed_accounted_for_left_alone_replaced_refused_and_removed(tmp_path: Path) -> None:
    handbook = tmp_path / "handbook"
    (handbook / "loans").mkdir(parents=True)
    (handbook / "cards.md").write_text(CARDS)
    (handbook / "loans" / "rates.csv").write_text("loan,rate\ncar,4%\n")
    (handbook / "bad.md").write_text("---\na: b: c\n---\n")
    async with river(tmp_path) as settings:
        before = await cached(settings, 1)
        ended = await ingest(settings, str(handbook))
        assert ended.told["states"] == {"bad.md": "bad", "cards.md": "indexed", "loans/rates.csv": "indexed"}
        assert ended.status == 1
        assert "✗ bad.md: its front matter is no YAML" in ended.complaints
        assert await texts(settings) == [
            "It has four digits.",
            "Call us.",
            "| loan | rate |\n|---|---|\n| car | 4% |",
        ]
        assert await void(settings, before)

        # The second time nothing is published, and what is cached stays.
        (handbook / "bad.md").unlink()
        kept = await cached(settings, 2)
        ended = await ingest(settings, str(handbook))
        assert (ended.status, ended.told["states"]) == (0, {"cards.md": "unchanged", "loans/rates.csv": "unchanged"})
        assert not await void(settings, kept)

        # What only the stage can find out is told as well.
        (handbook / "cards.md").write_text("# Cards\n\nNew.\n")
        (handbook / "long.md").write_text(f"# {'x ' * 40}\n\ntext\n")
        ended = await ingest(settings, str(handbook))
        assert ended.status == 1
        assert ended.told["counts"] == {"indexed": 1, "removed": 0, "unchanged": 1, "bad": 1}
        assert "the title has 42 tokens: at most 16" in ended.told["bad"]["long.md"]
        assert (await texts(settings))[0] == "New."
        assert await void(settings, kept)

        # Removed by name, and what is no longer there with it.
        (handbook / "cards.md").unlink()
        (handbook / "long.md").unlink()
        ended = await ingest(settings, str(handbook), "--prune")
        assert (ended.status, ended.told["states"]) == (0, {"loans/rates.csv": "unchanged", "cards.md": "removed"})
        ended = await ingest(settings, "loans/rates.csv", "none.md", "--delete")
        assert (ended.status, ended.told["states"]) == (1, {"loans/rates.csv": "removed", "none.md": "bad"})
        assert await texts(settings) == []

        async with client.reader(settings, LedgerEntry, [topics.LEDGER]) as source:
            entries = [received.record for received in await source.to_the_end()]
        assert {entry.kind for entry in entries} == {EntryKind.INGESTION}
        read = sorted(entry.request_id for entry in entries)
        assert read == ["handbook/cards.md", "handbook/cards.md", "handbook/loans/rates.csv"]
        assert all(entry.waterfall.effective_cost > 0 for entry in entries)


async def test_a_document_that_nobody_indexes_is_not_waited_for_for_ever(tmp_path: Path, kafka: KafkaServer) -> None:
    (tmp_path / "cards.md").write_text(CARDS)
    policy = tmp_path / "policy.toml"
    policy.write_text(POLICY)
    settings = load(kafka=kafka.address, policy=policy, state_dir=tmp_path / "state", partitions=2)
    await running.topics(settings)
    ended = await ingest(settings, str(tmp_path / "cards.md"), "--wait", "1")
    assert ended.status == 1
    assert "1 documents are published and not indexed" in ended.complaints
    ended = await ingest(settings, str(tmp_path / "cards.md"), "--wait", "0")
    assert (ended.status, ended.told["counts"]["indexed"]) == (0, 1)


if __name__ == "__main__":
    work()
