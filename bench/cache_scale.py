"""Whether a lookup costs more in a large cache: the index of one scope at 1,000 to 1,000,000 entries.

One :class:`ScopeIndex` grows from size to size. At each size the same number of questions is looked up through it, in
one thread, and compared with exact search in float32 over the same vectors. A question has to be embedded first: what
that costs in CPU, one at a time, is measured in the same run and added for the whole lookup.

The index holds 8-bit vectors and nominates several entries, whose exact cosines then choose. So there are two recalls
of the exact nearest: as the first nominee, and as what is chosen among the nominees, which is what a request gets.

Entries are mixes of embedded texts, because no file has a million questions: two texts' vectors, weighted at random,
with a little noise, at unit length. Half of the questions are near an entry, as a paraphrase is (cosine 0.85 to 0.95);
the other half are fresh mixes. CPU is the process's own; memory is what the process grew by while it was filled.
"""

from __future__ import annotations

import asyncio
import csv
import math
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt
import psutil
import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from agents import embedders
from agents.cache.entries import Member
from agents.cache.index import ScopeIndex
from agents.cache.semantic import NOMINEES
from agents.embedding import pack
from streams.embedded.cache import cache_dir
from streams.embedded.model import embedder_dir

SIZES = "1000,10000,100000,1000000"
CHUNK = 1000
"""Entries that are made, and added, at a time: the same for a chunk's number, whatever the sizes."""
NOISE = 0.2
"""Length of an entry's noise beside its mix."""
NEVER = 1 << 62
ALONE = 500
"""Texts that are embedded one at a time, to measure what that costs."""

Vectors = npt.NDArray[np.float32]
"""(vectors, dimensions), unit length."""

say = Console(stderr=True)


class Measured(NamedTuple):
    """The index at one size."""

    size: int
    lookups_per_cpu_s: float
    """Of the index alone."""
    with_embedding_per_cpu_s: float
    recall_at_1: float
    """Share of questions whose exact nearest is chosen."""
    index_recall_at_1: float
    """Share of questions whose exact nearest is the first nominee."""
    added_per_s: float
    """Since the size before."""
    memory_mb: float
    """Since the index was empty."""
    bytes_an_entry: float


class Corpus:
    """A million and more vectors that need not be in memory: each chunk is made from its number."""

    def __init__(self, texts: Vectors, seed: int) -> None:
        self._texts = texts
        self._seed = seed

    def chunk(self, number: int) -> Vectors:
        """The entries from ``number * CHUNK`` on."""
        return self._mixed(np.random.default_rng((self._seed, number)))

    def questions(self, size: int, count: int) -> Vectors:
        """Half of them near one of the first ``size`` entries, the other half of the same kind as entries are."""
        rng = np.random.default_rng((self._seed, size, 1 << 32))
        near = np.stack([self.chunk(at // CHUNK)[at % CHUNK] for at in rng.integers(0, size, count // 2).tolist()])
        cosine = rng.uniform(0.85, 0.95, (len(near), 1)).astype(np.float32)
        away = _unit(rng.standard_normal(near.shape, dtype=np.float32))
        away = _unit(away - near * np.sum(near * away, axis=1, keepdims=True))
        fresh = self._mixed(rng)[: count - len(near)]
        return np.concatenate([near * cosine + away * np.sqrt(1 - cosine**2), fresh])

    def _mixed(self, rng: np.random.Generator) -> Vectors:
        pairs = rng.integers(0, len(self._texts), (2, CHUNK))
        weight = rng.uniform(0.0, 1.0, (CHUNK, 1)).astype(np.float32)
        noise = _unit(rng.standard_normal((CHUNK, self._texts.shape[1]), dtype=np.float32))
        return _unit(weight * self._texts[pairs[0]] + (1 - weight) * self._texts[pairs[1]] + NOISE * noise)


def _unit(vectors: Vectors) -> Vectors:
    unit: Vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return unit


def members(corpus: Corpus, start: int, end: int) -> Iterator[list[Member]]:
    """The entries from ``start`` up to ``end``, as an index takes them."""
    for number in range(start // CHUNK, math.ceil(end / CHUNK)):
        first = number * CHUNK
        rows = corpus.chunk(number)[max(0, start - first) : end - first]
        yield [Member(f"{max(start, first) + at:032x}", pack(row), NEVER) for at, row in enumerate(rows)]


def exact(corpus: Corpus, size: int, questions: Vectors, progress: Progress) -> npt.NDArray[np.int64]:
    """The number of the nearest of the first ``size`` entries, for each question, by comparing all."""
    best = np.full(len(questions), -2.0, dtype=np.float32)
    nearest = np.zeros(len(questions), dtype=np.int64)
    task = progress.add_task(f"exact search of {size:,}", total=size)
    for number in range(math.ceil(size / CHUNK)):
        rows = corpus.chunk(number)[: size - number * CHUNK]
        cosines = questions @ rows.T
        at = cosines.argmax(axis=1)
        found = cosines[np.arange(len(questions)), at]
        nearest = np.where(found > best, number * CHUNK + at, nearest)
        best = np.maximum(best, found)
        progress.advance(task, len(rows))
    progress.remove_task(task)
    return nearest


def measure(corpus: Corpus, dimensions: int, sizes: list[int], questions: int, embedding_s: float) -> list[Measured]:
    """One index, growing."""
    process, found = psutil.Process(), []
    index = ScopeIndex(dimensions=dimensions, capacity=max(sizes))
    empty = process.memory_info().rss
    with Progress(console=say) as progress:
        filling = progress.add_task("adding", total=max(sizes))
        for before, size in zip([0, *sizes], sizes, strict=False):
            spent = 0.0
            for some in members(corpus, before, size):
                began = time.perf_counter()
                index.add(some, now=0)
                spent += time.perf_counter() - began
                progress.advance(filling, len(some))
            grown = process.memory_info().rss - empty
            asked = corpus.questions(size, questions)
            for vector in asked[:100]:
                index.nearest(vector, NOMINEES)
            cpu = time.process_time()
            nominees = [index.nearest(vector, NOMINEES) for vector in asked]
            cpu = time.process_time() - cpu
            truth = [f"{at:032x}" for at in exact(corpus, size, asked, progress).tolist()]
            names = [[nominee.fingerprint for nominee in some] for some in nominees]
            found.append(
                Measured(
                    size=size,
                    lookups_per_cpu_s=questions / cpu,
                    with_embedding_per_cpu_s=1 / (cpu / questions + embedding_s),
                    recall_at_1=sum(name in some for some, name in zip(names, truth, strict=True)) / questions,
                    index_recall_at_1=sum(some[0] == name for some, name in zip(names, truth, strict=True)) / questions,
                    added_per_s=(size - before) / spent,
                    memory_mb=grown / 1e6,
                    bytes_an_entry=grown / size,
                )
            )
            say.print(found[-1])  # the next size may take many minutes
    return found


def embedded(texts: list[str]) -> tuple[Vectors, float]:
    """The texts' vectors, and the CPU seconds that one text takes by itself.

    In a process of its own, whose memory is not the index's.
    """
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        return process.submit(_embedded, texts).result()


def _embedded(texts: list[str]) -> tuple[Vectors, float]:
    return asyncio.run(_embed(texts))


async def _embed(texts: list[str]) -> tuple[Vectors, float]:
    embedder = await embedders.load(str(embedder_dir()), name="all-MiniLM-L6-v2", cache=cache_dir())
    vectors: list[Any] = []
    with Progress(console=say) as progress:
        task = progress.add_task("embedding", total=len(texts))
        for start in range(0, len(texts), 320):
            vectors += await asyncio.gather(*(embedder.embed(text) for text in texts[start : start + 320]))
            progress.update(task, completed=len(vectors))
    alone = texts[:ALONE]
    cpu = time.process_time()
    for text in alone:
        await embedder.embed(text)
    cpu = time.process_time() - cpu
    await embedder.close()
    return np.stack([one.vector for one in vectors]), cpu / len(alone)


def read(file: Path, count: int) -> list[str]:
    """The first ``count`` distinct texts in the first column of a CSV file with a header."""
    with file.open(newline="", encoding="utf-8") as rows:
        found = dict.fromkeys(row[0] for row in list(csv.reader(rows))[1:] if row and row[0])
    return list(found)[:count]


def main(
    texts: Annotated[Path, typer.Option(help="A CSV file with questions in its first column.", exists=True)],
    sizes: Annotated[str, typer.Option(help="Entries, ascending, separated by commas.")] = SIZES,
    questions: Annotated[int, typer.Option(help="Lookups at each size.", min=2)] = 2000,
    distinct: Annotated[int, typer.Option(help="How many texts to embed and mix.")] = 5000,
    seed: int = 1,
    format: Annotated[str, typer.Option(help="table or json")] = "table",  # noqa: A002
) -> None:
    """Measure lookups in caches of several sizes, and print what the largest costs beside the smallest."""
    wanted = [int(size) for size in sizes.split(",")]
    if wanted != sorted(set(wanted)) or wanted[0] < 1:
        raise typer.BadParameter(f"--sizes must ascend, separated by commas, such as {SIZES}; got {sizes}")
    vectors, embedding_s = embedded(read(texts, distinct))
    found = measure(Corpus(vectors, seed), vectors.shape[1], wanted, questions, embedding_s)
    first, last = found[0], found[-1]
    report: dict[str, Any] = {
        "sizes": [one._asdict() for one in found],
        "embedding_cpu_ms": 1000 * embedding_s,
        "largest_to_smallest": last.lookups_per_cpu_s / first.lookups_per_cpu_s,
        "largest_to_smallest_with_embedding": last.with_embedding_per_cpu_s / first.with_embedding_per_cpu_s,
        "entries": f"mixes of two of {len(vectors):,} embedded texts with noise of length {NOISE}; seed {seed}",
    }
    if format == "json":
        print(msgspec.json.encode(report).decode())
        return
    columns = "entries", "lookups/CPU-s", "embedded too", "recall@1", "index's", "added/s", "MB", "B/entry"
    shown = Table(*columns, title=report["entries"])
    for one in found:
        shown.add_row(
            f"{one.size:,}",
            f"{one.lookups_per_cpu_s:,.0f}",
            f"{one.with_embedding_per_cpu_s:,.1f}",
            f"{one.recall_at_1:.4f}",
            f"{one.index_recall_at_1:.4f}",
            f"{one.added_per_s:,.0f}",
            f"{one.memory_mb:,.0f}",
            f"{one.bytes_an_entry:,.0f}",
        )
    Console().print(shown)
    print(
        f"lookups per CPU-second at {last.size:,} are {report['largest_to_smallest']:.2f} of those at {first.size:,};"
    )
    print(
        f"with embedding, which takes {1000 * embedding_s:.1f} ms, {report['largest_to_smallest_with_embedding']:.3f}"
    )


if __name__ == "__main__":
    typer.run(main)
