"""Vectors and token states of many texts, by the embedder that a worker would choose on this machine."""

import os
from collections.abc import Sequence

from rich.console import Console
from rich.progress import track

from agents import embedders
from agents.embedding import Embedded
from agents.local_embedder import BATCH
from streams.embedded.cache import cache_dir
from streams.embedded.model import embedder_dir


def embed(texts: Sequence[str]) -> list[Embedded]:
    """What all-MiniLM-L6-v2 makes of each text.

    Raises:
        SetupError: the model's wheel is not installed.
    """
    threads = len(os.sched_getaffinity(0))
    encoder = embedders.choose(str(embedder_dir()), cache=cache_dir(), threads=threads)
    order = sorted(range(len(texts)), key=lambda at: len(texts[at]))  # a batch is padded to its longest
    found: dict[int, Embedded] = {}
    for start in track(range(0, len(order), BATCH), "embedding", console=Console(stderr=True)):
        chosen = order[start : start + BATCH]
        found.update(zip(chosen, encoder.encode([texts[at] for at in chosen]), strict=True))
    return [found[at] for at in range(len(texts))]
