"""How the boundary does on corpora whose source its prior has not seen.

``python -m training.boundary.report CLINC FEW_SHOT HINT3`` (checkouts, see `corpora`) makes, for every source, the
prior of all the others, and sends the source's corpora through boundaries that start from it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.console import Console
from rich.table import Table

from agents.cache.boundary import Boundary
from agents.cache.boundary.curve import Prior
from bench.cache_stream import play, statics
from training.boundary.corpora import Corpus, read
from training.boundary.fit import VAGUE, cases, fit

BOUNDS = (0.005, 0.01, 0.02)
THRESHOLDS = tuple(round(float(at), 2) for at in np.arange(0.80, 0.975, 0.01))


def main(
    clinc: Annotated[Path, typer.Argument(help="a checkout of clinc/oos-eval")],
    few_shot: Annotated[Path, typer.Argument(help="Datasets of a checkout of jianguoz/Few-Shot-Intent-Detection")],
    hint3: Annotated[Path, typer.Argument(help="a checkout of hellohaptik/HINT3")],
    cache: Annotated[Path, typer.Option(help="where to keep embeddings")] = Path(".cache/boundary"),
    seed: Annotated[int, typer.Option(help="of the streams' order")] = 1,
) -> None:
    """Print hits and wrong answers by corpus, bound and feedback."""
    corpora = read(clinc, few_shot, hint3, cache)
    heads = [f"{name} {bound:.1%}" for name in ("static", "checks", "all") for bound in BOUNDS]
    table = Table("corpus", *heads, title="hits / wrong, % of lookups; ! where the bound was not kept")
    first = cases(corpora, VAGUE)
    for source in dict.fromkeys(corpus.source for corpus in corpora):
        others = [corpus for corpus in corpora if corpus.source != source]
        prior = fit([one for one in first if one.source != source])
        prior = fit(cases(others, prior))
        for corpus in corpora:
            if corpus.source == source:
                table.add_row(corpus.name, *_row(corpus, prior, seed))
    Console(width=160).print(table)


def _row(corpus: Corpus, prior: Prior, seed: int) -> list[str]:
    fixed = statics(corpus.vectors, corpus.intents, THRESHOLDS, seed)
    cells = [
        f"{100 * max((one.hit_rate for one in fixed if one.wrong_rate <= bound), default=0):.1f}" for bound in BOUNDS
    ]
    for comparisons in (False, True):
        for bound in BOUNDS:
            boundary = Boundary(bound, comparisons=comparisons, prior=prior)
            looked = list(play(corpus.vectors, corpus.intents, [boundary], seed=seed))
            hits = [one for one in looked if one.judged.serves]
            wrong = sum(not one.same for one in hits) / len(looked)
            cells.append(f"{100 * len(hits) / len(looked):.1f}/{100 * wrong:.2f}{'!' if wrong > bound else ''}")
    return cells


if __name__ == "__main__":
    typer.run(main)
