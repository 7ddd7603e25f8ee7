"""How good the semantic cache's hits are, beside static cosine thresholds and, where it is installed, GPTCache.

- Pairs of questions (``--pairs``: a JSON object a line with ``a``, ``b``, ``same_answer``), strict: is ``a`` served
  what was answered to ``b``? By the real guards and verifier. A trap is a pair with different answers.
- Fresh pairs, written apart from what the verifier is trained on (``training.verifier.fresh``), for an interval.
- A stream (``--stream``: a CSV file of question and label), intent: each question once, in an order drawn by a seed; a
  hit is right if its label is the question's. By the real boundary, as it runs: it hears of the checks of 2% of hits,
  and at each miss whether the entry that it withheld would have been right, for the model was asked anyway. And again
  where it hears of checked hits only. Each bound with five seeds; of the labels of other hits nobody hears.
- Lookups, embedding included, over the first questions of that stream.

Public data of these shapes: the PyPI package ``fow-cache`` holds such pairs; ``banking_data/train.csv`` of the GitHub
repository PolyAI-LDN/task-specific-datasets is such a stream. Nothing here is trained or tuned on either.
"""

from __future__ import annotations

import asyncio
import statistics
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import msgspec
import numpy as np
import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table

from agents import embedders
from agents.cache.canonical import canonical
from agents.cache.decision import Candidate, by_guards, by_verifier, choose
from agents.cache.entries import Entry
from agents.cache.guards import Text
from agents.cache.semantic import FLOOR
from agents.cache.verifier import Verifier
from agents.embedding import Embedded, Embedder
from agents.wilson import interval
from bench.cache_stream import StreamResult, simulate, statics
from bench.opponent_gptcache import Asked, compare, read, shuffled
from schemas.ledger import Usage
from streams.embedded.cache import cache_dir
from streams.embedded.model import embedder_dir
from training.verifier import fresh

THRESHOLD = 0.95
THRESHOLDS = tuple(round(0.80 + step / 100, 2) for step in range(18))
SHOWN = (0.80, 0.90, 0.95)
BOUNDS = (0.005, 0.01, 0.02)
SEEDS = (1, 2, 3, 4, 5)
BOUND = 0.01
"""Of the stream that is compared with static thresholds."""

say = Console(stderr=True)


class Pair(msgspec.Struct, frozen=True):
    """Two questions, and whether the answer to one answers the other."""

    a: str
    b: str
    same_answer: bool


class Judged(NamedTuple):
    """What became of one pair."""

    same_answer: bool
    cosine: float
    by: str | None
    """The tier that served it."""


async def embedded(embedder: Embedder, texts: Sequence[str], what: str) -> list[Embedded]:
    """All texts through the embedder, in batches."""
    found: list[Embedded] = []
    for start in track(range(0, len(texts), 256), f"embedding {what}", console=say):
        found += await asyncio.gather(*(embedder.embed(text) for text in texts[start : start + 256]))
    return found


async def judged(embedder: Embedder, verifier: Verifier, pairs: Sequence[Pair], what: str) -> list[Judged]:
    """What a strict task with nothing but ``b`` in its cache does when ``a`` is asked."""
    texts = [canonical(text) for pair in pairs for text in (pair.a, pair.b)]
    found = await embedded(embedder, texts, what)
    sides = zip(pairs, texts[::2], texts[1::2], found[::2], found[1::2], strict=True)
    return [Judged(pair.same_answer, *_served(verifier, a, b, asked, stored)) for pair, a, b, asked, stored in sides]


def _served(verifier: Verifier, a: str, b: str, asked: Embedded, stored: Embedded) -> tuple[float, str | None]:
    cosine = float(asked.vector @ stored.vector)
    candidate = Candidate(_entry(b), cosine)
    text = Text.read(a)
    verdict = choose([by_guards(text, candidate, threshold=THRESHOLD)], lambda _: True)
    if verdict.hit is None and cosine >= FLOOR:
        mine, theirs = verifier.read(text, asked), verifier.read(Text.read(b), stored)
        verdict = choose([by_verifier(candidate, verifier.judge(mine, theirs, cosine))], lambda _: True)
    return cosine, verdict.hit.tier if verdict.hit else None


def _entry(question: str) -> Entry:
    return Entry(
        fingerprint=question,
        scope="bench",
        tenant="bench",
        task="desk",
        request_id="bench",
        model="bench",
        text="",
        finish_reason=None,
        usage=Usage(),
        question=question,
        embedding=None,
        answered_at=0,
    )


def shares(pairs: Iterable[Judged], threshold: float | None = None) -> dict[str, Any]:
    """Traps and should-hits served, as fractions of 1 with Wilson's 95% interval; by a cosine where one is given."""
    found: dict[str, Any] = {}
    for name, same in (("traps_served", False), ("should_hits_served", True)):
        those = [pair for pair in pairs if pair.same_answer is same]
        served = sum(pair.by is not None if threshold is None else pair.cosine >= threshold for pair in those)
        found[name] = served / len(those)
        if threshold is None:
            found[f"{name}_interval"] = interval(served, len(those))
            found[name.replace("served", "count")] = len(those)
    return found


def streams(vectors: Any, labels: Sequence[str]) -> dict[str, Any]:
    """The learned boundary beside static thresholds."""
    runs: list[dict[str, Any]] = []
    wanted = [(bound, seed, free) for free in (False, True) for bound in BOUNDS for seed in SEEDS]
    for bound, seed, free in track(wanted, "streams", console=say):
        result = simulate(vectors, labels, bound=bound, seed=seed, free_feedback=free)
        runs.append({"bound": bound, "seed": seed, "comparisons_at_misses": free, **_rates(result)})
    static: dict[float, list[StreamResult]] = {threshold: [] for threshold in THRESHOLDS}
    for seed in track(SEEDS, "static thresholds", console=say):
        for threshold, result in zip(THRESHOLDS, statics(vectors, labels, THRESHOLDS, seed), strict=True):
            static[threshold].append(result)
    official, fewer = (
        [run for run in runs if run["bound"] == BOUND and run["comparisons_at_misses"] is free]
        for free in (True, False)
    )
    rates = {
        t: {
            "stream_hit_rate": _mean(r.hit_rate for r in runs_),
            "stream_wrong_rate": _mean(r.wrong_rate for r in runs_),
        }
        for t, runs_ in static.items()
    }
    wrong = _mean(run["wrong_rate"] for run in official)
    no_worse = [rate for rate in rates.values() if rate["stream_wrong_rate"] <= wrong]
    within = [rate for rate in rates.values() if rate["stream_wrong_rate"] <= BOUND]
    return {
        "stream_hit_rate": _mean(run["hit_rate"] for run in official),
        "stream_wrong_rate": wrong,
        "by_checked_hits_alone": {name: _mean(run[name] for run in fewer) for name in ("hit_rate", "wrong_rate")},
        "best_static_hit_rate_at_that_error": max((rate["stream_hit_rate"] for rate in no_worse), default=0.0),
        "best_static_hit_rate_within_bound": max((rate["stream_hit_rate"] for rate in within), default=0.0),
        "bounds_kept": all(run["wrong_rate"] <= run["bound"] for run in runs),
        "streams": runs,
        "static": rates,
    }


def _rates(result: StreamResult) -> dict[str, float]:
    return {
        "hit_rate": result.hit_rate,
        "wrong_rate": result.wrong_rate,
        "checked_share": result.checks / result.lookups,
    }


def _mean(values: Iterable[float]) -> float:
    return statistics.fmean(values)


async def measure(
    rows: Sequence[Pair], asked: Sequence[Asked], gptcache: Path | None, lookups: int, seed: int
) -> dict[str, Any]:
    """Everything, in one run."""
    made = [Pair(*pair, False) for pair in fresh.traps(seed)] + [Pair(*pair, True) for pair in fresh.paraphrases(seed)]
    verifier = Verifier.load()
    embedder = await embedders.load(str(embedder_dir()), name="all-MiniLM-L6-v2", cache=cache_dir())
    try:
        ours = await judged(embedder, verifier, rows, "pairs")
        apart = await judged(embedder, verifier, made, "fresh pairs")
        questions = await embedded(embedder, [canonical(one.question) for one in asked], "the stream")
    finally:
        await embedder.close()
    report = {
        **shares(ours),
        "by_tier": {tier: sum(pair.by == tier for pair in ours) for tier in ("guards", "verifier")},
        "fresh": shares(apart),
        **streams(np.stack([one.vector for one in questions]), [one.label for one in asked]),
    }
    for threshold, rate in report["static"].items():
        rate.update(shares(ours, threshold))
    return report | await compare(shuffled(asked, lookups, seed), gptcache)


def show(report: dict[str, Any]) -> None:
    """One table."""
    table = Table("", "traps served", "should-hits served", "stream hits", "stream wrong")
    for threshold in SHOWN:
        rate = report["static"][threshold]
        table.add_row(
            f"cosine ≥ {threshold}",
            *(
                f"{rate[name]:.1%}"
                for name in ("traps_served", "should_hits_served", "stream_hit_rate", "stream_wrong_rate")
            ),
        )
    table.add_row("best cosine at our error", "", "", f"{report['best_static_hit_rate_at_that_error']:.1%}", "")
    gptcache = report["caches"].get("gptcache")
    if gptcache:
        table.add_row(
            "GPTCache, its first lookups", "", "", f"{gptcache['hit_rate']:.1%}", f"{gptcache['wrong_rate']:.1%}"
        )
    table.add_row(
        "Headrace",
        *(
            f"{report[name]:.1%}"
            for name in ("traps_served", "should_hits_served", "stream_hit_rate", "stream_wrong_rate")
        ),
        style="bold",
    )
    apart = report["fresh"]
    low, high = apart["traps_served_interval"]
    table.add_row(
        f"Headrace, {apart['traps_count']:,} fresh traps",
        f"{apart['traps_served']:.2%} ({low:.2%} to {high:.2%})",
        f"{apart['should_hits_served']:.1%}",
        "",
        "",
    )
    bounds = Table("bound", "comparisons at misses", "hits", "wrong, mean", "wrong, worst seed", "checked")
    for free in (True, False):
        for bound in BOUNDS:
            runs = [run for run in report["streams"] if (run["bound"], run["comparisons_at_misses"]) == (bound, free)]
            bounds.add_row(
                f"{bound:.1%}",
                "yes" if free else "no",
                f"{_mean(run['hit_rate'] for run in runs):.1%}",
                f"{_mean(run['wrong_rate'] for run in runs):.2%}",
                f"{max(run['wrong_rate'] for run in runs):.2%}",
                f"{_mean(run['checked_share'] for run in runs):.2%}",
            )
    console = Console()
    console.print(table)
    console.print(bounds)
    p50, p99 = report["lookup_ms"]["p50"], report["lookup_ms"]["p99"]
    told = [
        f"p50 {report[name]:.0f} times faster than {name.removeprefix('p50_speedup_vs_')}"
        for name in report
        if name.startswith("p50_speedup")
    ]
    console.print(f"lookups: p99 is {p99 / p50:.1f} times p50; " + "; ".join(told))


def main(
    pairs: Annotated[Path, typer.Option(help="JSON lines: a, b, same_answer.", exists=True)],
    stream: Annotated[Path, typer.Option(help="A CSV file: question, label of its answer.", exists=True)],
    gptcache: Annotated[Path | None, typer.Option(help="The Python of an environment with GPTCache.")] = None,
    lookups: Annotated[int, typer.Option(help="Questions whose lookup is timed.")] = 1000,
    seed: int = 1,
    format: Annotated[str, typer.Option(help="table or json")] = "table",  # noqa: A002
) -> None:
    """Measure the cache's hits and print them beside the alternatives'."""
    rows = msgspec.json.Decoder(Pair).decode_lines(pairs.read_bytes())
    report = asyncio.run(measure(rows, read(stream), gptcache, lookups, seed))
    if format == "json":
        print(msgspec.json.encode(report).decode())
    else:
        show(report)


if __name__ == "__main__":
    typer.run(main)
