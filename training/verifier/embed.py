"""Vectors and token states of many texts, by the embedder that a worker would choose on this machine."""

import os
from collections.abc import Iterable

from rich.console import Console
from rich.progress import track

from agents import embedders
from agents.embedding import Embedded
from agents.local_embedder import BATCH
from streams.embedded.cache import cache_dir
from streams.embedded.model import embedder_dir


def embed(texts: Iterable[str]) -> dict[str, Embedded]:
    """What all-MiniLM-L6-v2 makes of each text, by the text.

    Raises:
        SetupError: the model's wheel is not installed.
    """
    threads = len(os.sched_getaffinity(0))
    encoder = embedders.choose(str(embedder_dir()), cache=cache_dir(), threads=threads)
    order = sorted(set(texts), key=lambda text: (len(text), text))  # a batch is padded to its longest
    found: dict[str, Embedded] = {}
    for start in track(range(0, len(order), BATCH), "embedding", console=Console(stderr=True)):
        batch = order[start : start + BATCH]
        found.update(zip(batch, encoder.encode(batch), strict=True))
    return found
