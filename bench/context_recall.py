"""Is the right context among the first five that retrieval finds? By vector, by words (BM25), and as retrieval fuses.

TAT-QA's contexts are ingested as documents, as the knowledge stage does it, into the real store; each of its questions
is then asked of all of them. A context counts from its first chunk on. Many of the questions fit several reports ("What
was total revenue in 2019?"), so that nothing finds all. That chunks have a vector for each sentence and row, fusion's
constant and its third ranking were chosen after a look at half of the development set; the weights of that
ranking were fixed before, on texts of our own.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table

from agents import embedders
from agents.context.retrieval import Retriever
from agents.corpus import Chunk, Corpus
from agents.embedding import Embedder, Vector, Vectors
from agents.knowledge.views import chunks, embed, viewed
from agents.lance_corpus import LanceCorpus
from agents.policy_document import Retrieval
from agents.wilson import interval
from bench.tatqa import Context, load
from streams.embedded.cache import cache_dir
from streams.embedded.model import embedder_dir

FIRST = 5
CANDIDATES = 20
TENANT, COLLECTION = "bench", "tatqa"

say = Console(stderr=True)


async def ingest(corpus: Corpus, embedder: Embedder, contexts: Sequence[Context]) -> int:
    """Index every context as a document; returns the number of chunks."""
    cut: dict[str, list[tuple[Chunk, Vectors]]] = {}
    for context in track(contexts, "embedding contexts", console=say):
        seen, vectors = viewed("", context.text, embedder), list[Vector]()
        async for _ in embed(embedder, seen, vectors):
            pass
        cut[context.id] = chunks(context.id, "", seen, vectors)
    await asyncio.gather(
        *(
            corpus.replace(TENANT, COLLECTION, name, version=0, digest="", metadata={}, chunks=its)
            for name, its in cut.items()
        )
    )
    return sum(map(len, cut.values()))


async def measure(contexts: Sequence[Context], embedder: Embedder) -> dict[str, Any]:
    """Recall of the right context among the first five, as a fraction of the questions, with Wilson's 95% interval.

    ``fused_against`` says, beside each way alone, how many questions only fusion found and how many it lost.
    """
    with tempfile.TemporaryDirectory() as folder:
        corpus = await LanceCorpus.open(folder, model=embedder.name)
        indexed = await ingest(corpus, embedder, contexts)
        retriever = Retriever(embedder, corpus, {})
        rules = Retrieval(collection=COLLECTION, candidates=CANDIDATES)
        hits: dict[str, list[bool]] = {"vector": [], "bm25": [], "fused": []}
        asked = [(context.id, question.text) for context in contexts for question in context.questions]
        for right, question in track(asked, "asking", console=say):
            vector = (await embedder.embed(question)).vector
            near = await corpus.nearest(TENANT, COLLECTION, vector, [], CANDIDATES)
            matched = await corpus.matching(TENANT, COLLECTION, question, [], CANDIDATES)
            found = await retriever.find(TENANT, rules, question, vector, where=[], passages=[])
            hits["vector"].append(right in _first(chunk.document_id for chunk in near))
            hits["bm25"].append(right in _first(chunk.document_id for chunk in matched))
            hits["fused"].append(right in _first(candidate.place[1] for candidate in found.ranked))
        await corpus.close()
    return {
        **{name: sum(those) / len(asked) for name, those in hits.items()},
        "intervals": {name: interval(sum(those), len(asked)) for name, those in hits.items()},
        "fused_against": {
            name: {
                "gained": sum(fused and not alone for fused, alone in zip(hits["fused"], hits[name], strict=True)),
                "lost": sum(alone and not fused for fused, alone in zip(hits["fused"], hits[name], strict=True)),
            }
            for name in ("vector", "bm25")
        },
        "contexts": len(contexts),
        "chunks": indexed,
        "questions": len(asked),
    }


def _first(documents: Iterable[str]) -> list[str]:
    """The first five documents, each once."""
    return list(dict.fromkeys(documents))[:FIRST]


def show(report: dict[str, Any]) -> Table:
    """The report as a table."""
    table = Table("", f"recall in the first {FIRST}", "95%", "only fused found", "fused lost")
    for name in ("vector", "bm25", "fused"):
        low, high = report["intervals"][name]
        against = report["fused_against"].get(name)
        pair = (str(against["gained"]), str(against["lost"])) if against else ("", "")
        table.add_row(name, f"{report[name]:.1%}", f"{low:.1%} to {high:.1%}", *pair)
    return table


async def run(tatqa: Path) -> dict[str, Any]:
    """The measurement with the embedded embedder."""
    embedder = await embedders.load(str(embedder_dir()), name="all-MiniLM-L6-v2", cache=cache_dir())
    try:
        return await measure(load(tatqa), embedder)
    finally:
        await embedder.close()


def main(
    tatqa: Annotated[Path, typer.Option(help="TAT-QA: tatqa_dataset_dev.json or of its shape.", exists=True)],
    format: Annotated[str, typer.Option(help="table or json")] = "table",  # noqa: A002
) -> None:
    """Measure the recall of retrieval."""
    report = asyncio.run(run(tatqa))
    if format == "json":
        print(msgspec.json.encode(report).decode())
    else:
        Console().print(show(report))


if __name__ == "__main__":
    typer.run(main)
