"""Lookups beside GPTCache's: latency, and hits per CPU-second, over one stream of questions in one run.

Each question is looked up in every cache in turn, in an order that rotates; whoever misses it stores its answer.

- Headrace: the exact cache, then ``SemanticCache.seek`` of a strict task, from the question's text to the verdict:
  embedding, index, the candidates from an embedded Valkey over a socket, guards and verifier. CPU is the process's own
  and Valkey's.
- GPTCache as its users run it: ``init_similar_cache`` with its SBERT embedding of the same model, FAISS, SQLite,
  SearchDistanceEvaluation, threshold 0.8; in a process and an environment of its own, timed inside it.
- GPTCache with our embedder: the same, but it is handed the vector, and the time and CPU that our embedder took for
  that very question are added to its own. What is left of the difference is not the embedding.

GPTCache's threshold is of its own scale (0.8 is a cosine of 0.6), so that it serves far more, and far more that is
wrong, than a strict task may. Hits whose label is another than the question's are counted as wrong.
"""

from __future__ import annotations

import asyncio
import csv
import json
import random
import statistics
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Annotated, Any, NamedTuple, Protocol

import msgspec
import psutil
import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table
from threadpoolctl import threadpool_limits

from agents import embedders
from agents.cache.canonical import canonical
from agents.cache.entries import Entry
from agents.cache.fingerprint import fingerprint
from agents.cache.follow import follow
from agents.cache.lessons import Lessons
from agents.cache.redis_entries import RedisEntries
from agents.cache.scopes import Scopes
from agents.cache.semantic import SemanticCache
from agents.cache.standing import Standing
from agents.cache.verifier import Verifier
from agents.embedding import Embedder, unpack
from agents.outage import Outage
from agents.policy_document import Task
from agents.redis_client import connect
from schemas.ledger import Usage
from streams.embedded.cache import cache_dir
from streams.embedded.model import embedder_dir
from streams.embedded.valkey import ValkeyServer
from streams.river import now_ms

HEADRACE, GPTCACHE, GPTCACHE_FAST = "headrace", "gptcache", "gptcache_with_our_embedder"
WORKER = Path(__file__).parent / "gptcache_worker.py"
TENANT, TASK, SCOPE = "bench", "desk", "0" * 32
TTL_MS = 24 * 3_600_000
BOUND = 0.01

say = Console(stderr=True)


class Asked(NamedTuple):
    """One question of the stream."""

    question: str
    label: str
    """Questions of one label have one answer."""


class Looked(NamedTuple):
    """What came of one lookup."""

    ms: float
    cpu_s: float
    answer: str | None


class Cache(Protocol):
    """One of the caches that are compared."""

    async def look(self, question: str) -> Looked:
        """Look a question up."""
        ...

    async def store(self, question: str, answer: str) -> None:
        """Store the answer of the question that was looked up last."""
        ...

    def other_cpu_s(self) -> float:
        """CPU seconds so far that no lookup knows of."""
        ...


class Headrace:
    """Our semantic tier on real parts, as a worker wires them."""

    def __init__(self, semantic: SemanticCache, entries: RedisEntries, scopes: Scopes, valkey: psutil.Process) -> None:
        self._semantic = semantic
        self._entries = entries
        self._scopes = scopes
        self._valkey = valkey
        self._task = Task(models=["small"], baseline="small", cache="semantic")
        self._embedding: bytes | None = None

    @classmethod
    @asynccontextmanager
    async def open(cls, embedder: Embedder) -> AsyncIterator[Headrace]:
        """One on a Valkey of its own."""
        threadpool_limits(1, user_api="blas")
        async with ValkeyServer() as valkey:
            client = connect(valkey.url)
            entries, outage = RedisEntries(client, now=now_ms), Outage("lookups miss", now=now_ms)
            scopes = Scopes(entries, dimensions=embedder.dimensions, now=now_ms)
            lessons = Lessons(entries, fold=lambda *_: Standing(BOUND, None, say.print))
            semantic = SemanticCache(
                embedder=embedder,
                scopes=scopes,
                lessons=lessons,
                entries=entries,
                verifier=Verifier.load(),
                outage=outage,
            )
            following = asyncio.create_task(follow(entries, scopes, lessons))
            while await lessons.of(TENANT, TASK) is None:  # noqa: ASYNC110 - what the news say cannot be awaited
                await asyncio.sleep(0.01)
            try:
                port = valkey.address.rpartition(":")[2]
                yield cls(semantic, entries, scopes, _listening(int(port)))
            finally:
                following.cancel()
                await asyncio.gather(following, return_exceptions=True)
                await client.aclose()

    async def look(self, question: str) -> Looked:
        """Look a question up."""
        cpu, began = time.process_time(), time.perf_counter()
        asked = canonical(question)
        exact = (await self._entries.find(TENANT, "", fingerprint(SCOPE, asked))).exact
        if exact is None:
            sought = await self._semantic.seek(TENANT, TASK, self._task, SCOPE, asked, spend=lambda _tokens: None)
            self._embedding = sought.embedding
        ms, cpu = 1000 * (time.perf_counter() - began), time.process_time() - cpu
        if exact is not None:
            return Looked(ms, cpu, exact.text)
        hit = sought.verdict.hit
        return Looked(ms, cpu, hit.candidate.entry.text if hit else None)

    async def store(self, question: str, answer: str) -> None:
        """Store an answer, and wait until the index has heard of it, so that the next lookup can find it."""
        asked = canonical(question)
        entry = Entry(
            fingerprint=fingerprint(SCOPE, asked),
            scope=SCOPE,
            tenant=TENANT,
            task=TASK,
            request_id=fingerprint(SCOPE, asked),
            model="small",
            text=answer,
            finish_reason="stop",
            usage=Usage(),
            question=asked,
            embedding=self._embedding,
            answered_at=now_ms(),
        )
        await self._entries.put(entry, ttl_ms=TTL_MS)
        if self._embedding is None:
            return
        vector = unpack(self._embedding)
        for _ in range(5000):
            if entry.fingerprint in [nominee.fingerprint for nominee in await self._scopes.nearest(SCOPE, vector, 4)]:
                return
            await asyncio.sleep(0.001)
        raise RuntimeError(f"the index did not hear of {question!r} within seconds")

    def other_cpu_s(self) -> float:
        """Valkey's, of lookups and of storing."""
        times = self._valkey.cpu_times()
        return float(times.user + times.system)


class GptCache:
    """GPTCache in a process of its own; with an embedder, it is handed that one's vectors."""

    def __init__(self, python: Path, folder: Path, model: str, dimensions: int, embedder: Embedder | None) -> None:
        self._embedder = embedder
        self._vector: list[float] | None = None
        command = [str(python), str(WORKER), str(folder), *([] if embedder else [model])]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._write({"dimensions": dimensions})

    async def look(self, question: str) -> Looked:
        """Look a question up."""
        cpu, began = time.process_time(), time.perf_counter()
        if self._embedder is not None:
            self._vector = (await self._embedder.embed(question)).vector.tolist()
        ms, cpu = 1000 * (time.perf_counter() - began), time.process_time() - cpu
        reply = await asyncio.to_thread(self._ask, {"question": question, "vector": self._vector})
        if self._embedder is None:
            ms = cpu = 0.0
        return Looked(ms + reply["ms"], cpu + reply["cpu_s"], reply["answer"])

    async def store(self, question: str, answer: str) -> None:
        """Store an answer."""
        await asyncio.to_thread(self._ask, {"question": question, "answer": answer, "vector": self._vector})

    def other_cpu_s(self) -> float:
        """None: FAISS and SQLite run in its process."""
        return 0.0

    def close(self) -> None:
        """End the process."""
        if self._process.stdin:
            self._process.stdin.close()
        self._process.wait(30)

    def _write(self, request: Mapping[str, Any]) -> None:
        if self._process.stdin is None:
            raise RuntimeError("GPTCache's process has no input")
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()

    def _ask(self, request: Mapping[str, Any]) -> dict[str, Any]:
        self._write(request)
        reply = self._process.stdout.readline() if self._process.stdout else ""
        if not reply:
            raise RuntimeError(f"GPTCache's process ended with status {self._process.wait()}")
        found: dict[str, Any] = json.loads(reply)
        return found


def installed(python: Path | None) -> bool:
    """Whether that Python has GPTCache and what its usual set-up needs."""
    if python is None:
        return False
    check = [str(python), "-c", "import gptcache, faiss, sqlalchemy, sentence_transformers"]
    return subprocess.run(check, check=False, capture_output=True).returncode == 0


def _listening(port: int) -> psutil.Process:
    """The server on a port of this machine."""
    for connection in psutil.net_connections("tcp"):
        if connection.laddr and connection.laddr.port == port and connection.status == psutil.CONN_LISTEN:
            return psutil.Process(connection.pid)
    raise RuntimeError(f"nothing listens on port {port}")


async def run(stream: Sequence[Asked], caches: Mapping[str, Cache], warm: int) -> dict[str, dict[str, Any]]:
    """Every question through every cache, in turn; the first ``warm`` are not counted."""
    names = list(caches)
    looked: dict[str, list[tuple[Looked, str]]] = {name: [] for name in names}
    other = dict.fromkeys(names, 0.0)
    for at, (question, label) in enumerate(track(stream, "looking up", console=say)):
        if at == warm:
            other = {name: cache.other_cpu_s() for name, cache in caches.items()}
        for turn in range(len(names)):
            name = names[(at + turn) % len(names)]
            found = await caches[name].look(question)
            if found.answer is None:
                await caches[name].store(question, label)
            if at >= warm:
                looked[name].append((found, label))
    spent = {name: cache.other_cpu_s() - other[name] for name, cache in caches.items()}
    return {name: summary(looked[name], spent[name]) for name in names}


def summary(looked: Sequence[tuple[Looked, str]], other_cpu_s: float) -> dict[str, Any]:
    """What one cache did."""
    cuts = statistics.quantiles([one.ms for one, _ in looked], n=100)
    cpu = sum(one.cpu_s for one, _ in looked) + other_cpu_s
    hits = sum(one.answer is not None for one, _ in looked)
    wrong = sum(one.answer is not None and one.answer != label for one, label in looked)
    return {
        "lookup_ms": {"p50": cuts[49], "p99": cuts[98]},
        "lookups": len(looked),
        "hit_rate": hits / len(looked),
        "wrong_rate": wrong / len(looked),
        "lookups_per_cpu_s": len(looked) / cpu,
        "hits_per_cpu_s": hits / cpu,
        "right_hits_per_cpu_s": (hits - wrong) / cpu,
    }


async def compare(stream: Sequence[Asked], python: Path | None, *, warm: int = 200) -> dict[str, Any]:
    """Our lookups beside GPTCache's. Its figures are left out where ``python`` does not have it.

    Args:
        stream: what is asked, in this order.
        python: the interpreter of an environment with GPTCache.
        warm: how many questions at the start are looked up and stored, but not counted.

    Returns:
        ``lookup_ms`` (p50, p99), ``caches`` by name, and, with GPTCache, ``p50_speedup_vs_gptcache`` and
        ``p50_speedup_vs_gptcache_with_our_embedder``.
    """
    model = str(embedder_dir())
    async with AsyncExitStack() as parts:
        embedder = await embedders.load(model, name="all-MiniLM-L6-v2", cache=cache_dir())
        parts.push_async_callback(embedder.close)
        caches: dict[str, Cache] = {HEADRACE: await parts.enter_async_context(Headrace.open(embedder))}
        if python is not None and await asyncio.to_thread(installed, python):
            for name, ours in ((GPTCACHE, None), (GPTCACHE_FAST, embedder)):
                folder = Path(parts.enter_context(tempfile.TemporaryDirectory()))
                theirs = GptCache(python, folder, model, embedder.dimensions, ours)
                parts.callback(theirs.close)
                caches[name] = theirs
        else:
            say.print("GPTCache is not installed, and left out: name a Python that has it with --gptcache")
        found = await run(stream, caches, warm)
    report: dict[str, Any] = {"lookup_ms": found[HEADRACE]["lookup_ms"], "caches": found}
    for name in (GPTCACHE, GPTCACHE_FAST):
        if name in found:
            report[f"p50_speedup_vs_{name}"] = found[name]["lookup_ms"]["p50"] / report["lookup_ms"]["p50"]
    return report


def shuffled(rows: Iterable[Asked], count: int, seed: int, repeats: float = 0.0) -> list[Asked]:
    """``count`` of the rows, in an order that the seed fixes; a share of them says again what was asked before."""
    rng, fresh, stream = random.Random(seed), list(dict.fromkeys(rows)), list[Asked]()
    rng.shuffle(fresh)
    while len(stream) < count and fresh:
        stream.append(rng.choice(stream) if stream and rng.random() < repeats else fresh.pop())
    return stream


def read(file: Path) -> list[Asked]:
    """The questions and labels in the first two columns of a CSV file with a header."""
    with file.open(newline="", encoding="utf-8") as rows:
        return [Asked(row[0], row[1]) for row in list(csv.reader(rows))[1:] if len(row) > 1]


def main(
    stream: Annotated[Path, typer.Option(help="A CSV file: question, label of its answer.", exists=True)],
    gptcache: Annotated[Path | None, typer.Option(help="The Python of an environment with GPTCache.")] = None,
    count: Annotated[int, typer.Option(help="Questions that are looked up.")] = 1500,
    warm: Annotated[int, typer.Option(help="How many of them are not counted.")] = 200,
    repeats: Annotated[float, typer.Option(help="Share that was asked before, word for word.", min=0, max=0.99)] = 0.0,
    seed: int = 1,
    format: Annotated[str, typer.Option(help="table or json")] = "table",  # noqa: A002
) -> None:
    """Measure lookups of both and print the ratios."""
    found = asyncio.run(compare(shuffled(read(stream), count, seed, repeats), gptcache, warm=warm))
    if format == "json":
        print(msgspec.json.encode(found).decode())
        return
    caches, ours = found["caches"], found["lookup_ms"]
    shown = Table("", *(name.replace("_", " ") for name in caches))
    shown.add_row("p50 ms", *(f"{one['lookup_ms']['p50']:.1f}" for one in caches.values()))
    shown.add_row("p99 ms", *(f"{one['lookup_ms']['p99']:.1f}" for one in caches.values()))
    shown.add_row("p50 / Headrace's", *(f"{one['lookup_ms']['p50'] / ours['p50']:.1f}" for one in caches.values()))
    for label, key in (("hits", "hit_rate"), ("wrong of all", "wrong_rate")):
        shown.add_row(label, *(f"{one[key]:.1%}" for one in caches.values()))
    for what in ("lookups", "hits", "right_hits"):
        shown.add_row(
            f"{what.replace('_', ' ')}/CPU-s", *(f"{one[f'{what}_per_cpu_s']:.1f}" for one in caches.values())
        )
    Console().print(shown)


if __name__ == "__main__":
    typer.run(main)
