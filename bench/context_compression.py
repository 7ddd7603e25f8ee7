"""What compression keeps: of each question's context among others, cut to a share of its tokens, is the answer there?

Each question of TAT-QA (``--tatqa``; see ``bench.tatqa``) with the context that it was asked on and random others, in
random order, one passage a context. An answer is kept where *all* that it is read or worked out from is still in the
prompt: spans, and the table's cells. Tokens are those of the embedded language model.

- truncation: the beginning of all passages in a row; truncation_each: the beginning of each passage
- extractive: the default; its weights were fixed on documents of our own (``tests/texts``)
- llmlingua: on the embedded model of 135 million parameters, with all cores, of which two take minutes a question: it
  is given a random subset (``--lingua``), and on ``subset`` all are compared on the same

Money is by the price cards of the demo's policy, which are examples.
"""

from __future__ import annotations

import asyncio
import os
import random
import statistics
import time
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import msgspec
import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table
from tokenizers import Tokenizer

from agents import embedders, policy
from agents.context.compression import Compressed, Compressor, payoff
from agents.context.extractive import ExtractiveCompressor
from agents.context.llmlingua_compressor import LLMLinguaCompressor
from agents.embedding import Embedded, Embedder, Vector
from agents.wilson import interval
from bench.tatqa import Context, holds, load
from schemas.money import PriceCard
from streams.demo.workload import POLICY
from streams.embedded.cache import cache_dir
from streams.embedded.model import MODEL_NAME, embedder_dir, model_dir

RATIOS = (0.5, 0.33, 0.2)
DISTRACTORS = 4
"""Contexts beside the right one, so that there are five: as many as retrieval is asked for."""
EMBEDDER = "all-MiniLM-L6-v2"
SERVED = ("large-hosted", MODEL_NAME)
AT = 1_767_225_600_000
"""The instant whose price cards hold: 2026."""

say = Console(stderr=True)
Count = Callable[[str], int]


class Case(NamedTuple):
    """A question and what is sent with it."""

    question: str
    gold: tuple[str, ...]
    passages: list[str]
    tokens: int


class Outcome(NamedTuple):
    """One case at one ratio."""

    kept: bool
    target: int
    got: int
    spent: int
    removed: int
    seconds: float


class Truncation:
    """The beginning of all passages in a row, or of each."""

    model = EMBEDDER
    reads = 0.0

    def __init__(self, tokenizer: Tokenizer, *, each: bool) -> None:
        self._ends = lru_cache(maxsize=None)(
            lambda text: [end for _, end in tokenizer.encode(text, add_special_tokens=False).offsets]
        )
        self._each = each

    async def compress(
        self, passages: Sequence[str], question: str, vector: Vector | None, target: int, count: Count
    ) -> Compressed:
        """Cut behind the target's last token."""
        whole = sum(map(count, passages))
        kept, left = [], target
        for passage in passages:
            share = target * count(passage) // whole if self._each else left
            ends = self._ends(passage)
            kept.append(passage[: ends[min(share, len(ends)) - 1]] if share else "")
            left -= min(share, len(ends))
        return Compressed(texts=[text for text in kept if text], spent_tokens=0, model=self.model)

    async def close(self) -> None:
        """Nothing to let go of."""


class Remembering:
    """An embedder that embeds no text twice: contexts recur in the bench as they would not in a river."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._known: dict[str, Embedded] = {}
        self.name, self.dimensions, self.window = embedder.name, embedder.dimensions, embedder.window

    async def embed(self, text: str) -> Embedded:
        """Embed, or remember."""
        if text not in self._known:
            self._known[text] = await self._embedder.embed(text)
        return self._known[text]

    def count(self, text: str) -> int:
        """The embedder's own."""
        return self._embedder.count(text)

    async def close(self) -> None:
        """The embedder is the bench's."""


def cases(contexts: Sequence[Context], count: Count, distractors: int, seed: int) -> list[Case]:
    """Each question that has an answer to look for, among ``distractors`` random other contexts."""
    rng = random.Random(seed)
    found = []
    for context in contexts:
        for question in context.questions:
            others = rng.sample([other for other in contexts if other is not context], distractors)
            passages = [one.text for one in (context, *others)]
            rng.shuffle(passages)
            if question.gold:
                found.append(Case(question.text, question.gold, passages, sum(map(count, passages))))
    return found


async def run(compressor: Compressor, case: Case, ratio: float, count: Count) -> Outcome:
    """Compress, and look for the answer."""
    target = round(ratio * case.tokens)
    began = time.perf_counter()
    found = await compressor.compress(case.passages, case.question, None, target, count)
    seconds = time.perf_counter() - began
    prompt, got = "\n\n".join(found.texts), sum(map(count, found.texts))
    kept = all(holds(prompt, one) for one in case.gold)
    return Outcome(kept, target, got, found.spent_tokens, case.tokens - got, seconds)


async def over(compressor: Compressor, some: Sequence[Case], count: Count, what: str) -> dict[float, list[Outcome]]:
    """All cases at all ratios."""
    found: dict[float, list[Outcome]] = {ratio: [] for ratio in RATIOS}
    for case in track(some, what, console=say):
        for ratio in RATIOS:
            found[ratio].append(await run(compressor, case, ratio, count))
    return found


def kept(outcomes: dict[float, list[Outcome]]) -> dict[str, float]:
    """The share of answers that are still in the prompt, by ratio."""
    return {str(ratio): statistics.fmean(one.kept for one in some) for ratio, some in outcomes.items()}


def got(outcomes: dict[float, list[Outcome]]) -> dict[str, float]:
    """The share of tokens that is left, of all prompts together, by ratio."""
    return {
        str(ratio): sum(one.got for one in some) / sum(one.got + one.removed for one in some)
        for ratio, some in outcomes.items()
    }


def furthest(outcomes: dict[float, list[Outcome]]) -> float:
    """How far from its target the worst prompt is, as a share of it."""
    return max(abs(one.got / one.target - 1) for some in outcomes.values() for one in some)


def costs(outcomes: dict[float, list[Outcome]], card: PriceCard) -> dict[str, float]:
    """What 1,000 removed tokens cost."""
    some = [one for each in outcomes.values() for one in each]
    removed = sum(one.removed for one in some) / 1000
    return {
        "ms_per_1000_removed": 1000 * sum(one.seconds for one in some) / removed,
        "nano_usd_per_1000_removed": sum(card.cost("input", one.spent) for one in some) / removed,
    }


async def measure(
    contexts: Sequence[Context], lingua: int, distractors: int = DISTRACTORS, seed: int = 0
) -> dict[str, Any]:
    """Everything, in one run; ``lingua`` is how many questions LLMLingua is given."""
    tokenizer = Tokenizer.from_file(str(model_dir() / "tokenizer.json"))
    lengths: dict[str, int] = {}

    def count(text: str) -> int:
        if text not in lengths:
            lengths[text] = len(tokenizer.encode(text, add_special_tokens=False).ids)
        return lengths[text]

    prices = policy.load(POLICY).prices
    every = cases(contexts, count, distractors, seed)
    few = random.Random(seed).sample(every, min(lingua, len(every)))
    embedder = await embedders.load(str(embedder_dir()), name=EMBEDDER, cache=cache_dir())
    methods: dict[str, Compressor] = {
        "truncation": Truncation(tokenizer, each=False),
        "truncation_each": Truncation(tokenizer, each=True),
        "extractive": ExtractiveCompressor(embedder),
    }
    try:
        subset = {name: await over(one, few, count, f"{name}, some") for name, one in methods.items()}
        methods["extractive"] = ExtractiveCompressor(Remembering(embedder))
        whole = {name: await over(one, every, count, f"{name}, all") for name, one in methods.items()}
    finally:
        await embedder.close()
    if few:
        methods["llmlingua"] = slow = await LLMLinguaCompressor.load(
            str(model_dir()), name=MODEL_NAME, threads=os.cpu_count() or 1
        )
        try:
            subset["llmlingua"] = await over(slow, few, count, "llmlingua, some")
        finally:
            await slow.close()
    best = whole | {name: outcomes for name, outcomes in subset.items() if name not in whole}
    extracted = whole["extractive"]
    return {
        "answers_kept": {name: kept(outcomes) for name, outcomes in best.items()},
        "extractive_interval": {
            str(ratio): interval(sum(one.kept for one in some), len(some)) for ratio, some in extracted.items()
        },
        "ratio_got": {name: got(outcomes) for name, outcomes in best.items()},
        "furthest_from_target": {name: furthest(outcomes) for name, outcomes in best.items()},
        "subset": {
            "questions": len(few),
            "answers_kept": {name: kept(outcomes) for name, outcomes in subset.items()} if few else {},
            "costs": {
                name: costs(outcomes, prices.card(methods[name].model, AT))
                for name, outcomes in subset.items()
                if few and methods[name].reads
            },
        },
        "does_not_pay": {
            name: {
                served: statistics.fmean(
                    not payoff(
                        case.tokens,
                        round(ratio * case.tokens),
                        prices.card(served, AT),
                        prices.card(compressor.model, AT),
                        compressor.reads,
                        batch=False,
                    ).pays
                    for case in every
                    for ratio in RATIOS
                )
                for served in SERVED
            }
            for name, compressor in methods.items()
            if compressor.reads
        },
        "questions": len(every),
        "distractors": distractors,
        "tokens_of_a_prompt": statistics.fmean(case.tokens for case in every),
        "seed": seed,
    }


def show(found: dict[str, Any]) -> None:
    """Print the tables."""
    ratios = [str(ratio) for ratio in RATIOS]
    few = found["subset"]
    table = Table(
        f"{found['questions']} questions", *(f"at {ratio}" for ratio in ratios), "tokens left", "worst off target"
    )
    for name, shares in found["answers_kept"].items():
        said = name if name != "llmlingua" else f"llmlingua, {few['questions']} questions"
        left = ", ".join(f"{found['ratio_got'][name][ratio]:.3f}" for ratio in ratios)
        table.add_row(
            said, *(f"{shares[ratio]:.1%}" for ratio in ratios), left, f"{found['furthest_from_target'][name]:.1%}"
        )
    Console().print(table)
    if not few["questions"]:
        return
    table = Table(
        f"the same {few['questions']} questions",
        *(f"at {ratio}" for ratio in ratios),
        "ms / 1,000 removed",
        "nano-USD / 1,000 removed",
    )
    for name, shares in few["answers_kept"].items():
        cost = few["costs"].get(name, {"ms_per_1000_removed": 0.0, "nano_usd_per_1000_removed": 0.0})
        table.add_row(name, *(f"{shares[ratio]:.1%}" for ratio in ratios), *(f"{one:,.0f}" for one in cost.values()))
    Console().print(table)
    for name, served in found["does_not_pay"].items():
        said = ", ".join(f"{share:.0%} at {model}" for model, share in served.items())
        Console().print(f"{name} does not pay for {said}")


def main(
    tatqa: Annotated[Path, typer.Option(help="A file of TAT-QA: contexts with questions.")],
    lingua: Annotated[int, typer.Option(help="Questions that LLMLingua is given; none if 0.")] = 10,
    distractors: Annotated[int, typer.Option(help="Other contexts beside the right one.")] = DISTRACTORS,
    seed: Annotated[int, typer.Option(help="Of the draw of contexts and of the subset.")] = 0,
    format: Annotated[str, typer.Option(help="table or json")] = "table",  # noqa: A002
) -> None:
    """Measure what each way of compressing keeps, and what it costs."""
    found = asyncio.run(measure(load(tatqa), lingua, distractors, seed))
    if format == "json":
        print(msgspec.json.encode(found).decode())
    else:
        show(found)


if __name__ == "__main__":
    typer.run(main)
