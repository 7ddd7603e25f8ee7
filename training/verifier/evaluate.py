"""Measure the shipped verifier: `python -m training.verifier.evaluate [--pairs FILE] [--format table|json]`.

FILE holds one JSON object a line with `a`, `b` and `same_answer`. Without it only the fresh pairs are measured. A pair
is served where its cosine is at least 0.95 and no guard objects, or where the verifier accepts it.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from agents.cache.canonical import canonical
from agents.cache.guards import Text, compare
from agents.cache.verifier import Reading, Verifier
from agents.embedding import Embedded
from agents.wilson import interval
from training.verifier import fresh
from training.verifier.data import SERVED_FROM
from training.verifier.embed import embed

SEED = 7


def served(pairs: Sequence[tuple[str, str]], verifier: Verifier) -> list[bool]:
    """Which pairs are served; the embedder loads in seconds."""
    texts = {canonical(text) for pair in pairs for text in pair}
    states = embed(texts)
    read = {text: verifier.read(Text.read(text), states[text]) for text in texts}
    return [_serves(canonical(one), canonical(other), states, read, verifier) for one, other in pairs]


def _serves(one: str, other: str, states: dict[str, Embedded], read: dict[str, Reading], verifier: Verifier) -> bool:
    cosine = float(states[one].vector @ states[other].vector)
    if cosine >= SERVED_FROM and not compare(read[one].text, read[other].text):
        return True
    return verifier.judge(read[one], read[other], cosine).accepted


def measure(pairs: Sequence[tuple[str, str, bool]], verifier: Verifier) -> dict[str, Any]:
    """The figures; `pairs` may be empty. Shares are fractions of 1; the interval is Wilson's at 95%."""
    traps, wanted = fresh.traps(SEED), fresh.paraphrases(SEED)
    every = [(one, other) for one, other, _ in pairs]
    hits = served([*every, *traps, *wanted], verifier)
    mine, fresh_traps, fresh_wanted = (
        hits[: len(every)], hits[len(every) : len(every) + len(traps)], hits[len(every) + len(traps) :],
    )  # fmt: skip
    low, high = interval(sum(fresh_traps), len(fresh_traps))
    figures: dict[str, Any] = {
        "fresh_traps": len(traps),
        "fresh_traps_served": _share(fresh_traps),
        "interval": [round(low, 5), round(high, 5)],
        "fresh_should_hits": len(wanted),
        "fresh_should_hits_served": _share(fresh_wanted),
    }
    if pairs:
        figures["traps_served"] = _share([hit for hit, (_, _, same) in zip(mine, pairs, strict=True) if not same])
        figures["should_hits_served"] = _share([hit for hit, (_, _, same) in zip(mine, pairs, strict=True) if same])
    return figures


def _share(hits: Sequence[bool]) -> float:
    return round(sum(hits) / len(hits), 5) if hits else 0.0


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=Path, help="labelled pairs, JSON lines")
    parser.add_argument("--format", choices=("table", "json"), default="table")
    given = parser.parse_args()
    lines = given.pairs.read_bytes().splitlines() if given.pairs else []
    rows = [json.loads(line) for line in lines if line.strip()]
    figures = measure([(row["a"], row["b"], bool(row["same_answer"])) for row in rows], Verifier.load())
    if given.format == "json":
        sys.stdout.write(json.dumps(figures) + "\n")
    else:
        sys.stdout.writelines(f"{name:<28}{value}\n" for name, value in figures.items())


if __name__ == "__main__":
    main()
