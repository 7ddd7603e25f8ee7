"""Embeddings by any sentence-transformers model, in this process, on the CPU."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Self

from agents.batcher import Batcher
from agents.embedding import Embedded
from schemas.errors import ServiceError, SetupError

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

BATCH = 32
"""Texts that are embedded at a time; more gains nothing on a CPU."""


class SentenceTransformersEmbedder:
    """Embeds in a thread of its own, one batch after another. :meth:`load` makes one; :meth:`close` ends it."""

    def __init__(self, model: SentenceTransformer, executor: ThreadPoolExecutor, *, name: str) -> None:
        self._model = model
        self._executor = executor
        self._batch: Batcher[str, Embedded] = Batcher(self._embed, limit=BATCH)
        self.name = name
        self.dimensions = int(model.get_embedding_dimension())
        self.window = int(model.max_seq_length)
        """Tokens; what a text has beyond them is cut off."""

    @classmethod
    async def load(cls, path: str, *, name: str, threads: int = 1) -> Self:
        """Load the model in the folder ``path``, or of that name on the Hugging Face Hub; takes seconds.

        Args:
            path: a sentence-transformers model whose vectors have unit length or can be brought to it.
            name: what its price card calls it.
            threads: how many cores one batch may use.

        Raises:
            SetupError: there is no such model there.
        """
        executor = ThreadPoolExecutor(1, thread_name_prefix="embedder")
        try:
            model = await asyncio.get_running_loop().run_in_executor(executor, _load, path, threads)
        except Exception as error:
            executor.shutdown(wait=False)
            raise SetupError(f"no sentence-transformers model can be loaded from {path!r}: {error}") from error
        return cls(model, executor, name=name)

    async def embed(self, text: str) -> Embedded:
        """Embed one text; concurrent calls share a batch.

        Raises:
            ServiceError: the model failed, or was closed.
        """
        return await self._batch(text)

    async def close(self) -> None:
        """Finish the batch at work and end the thread."""
        await asyncio.to_thread(self._executor.shutdown)

    async def _embed(self, texts: Sequence[str]) -> list[Embedded]:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._executor, self._encode, list(texts))
        except RuntimeError as error:  # of torch, or of an executor that was shut down
            raise ServiceError(f"the embedding model {self.name} failed: {error}") from error

    def _encode(self, texts: list[str]) -> list[Embedded]:
        vectors = self._model.encode(texts, batch_size=BATCH, normalize_embeddings=True, show_progress_bar=False)
        tokens = self._model.tokenizer(texts, truncation=True, max_length=self.window)["input_ids"]
        return [Embedded(vector, len(ids)) for vector, ids in zip(vectors, tokens, strict=True)]


def _load(path: str, threads: int) -> SentenceTransformer:
    # Half a minute of imports at worst, which a worker without this embedder need not wait for.
    import torch  # noqa: PLC0415
    from sentence_transformers import SentenceTransformer  # noqa: PLC0415

    # Here, in the thread that embeds, for the number is each thread's own.
    torch.set_num_threads(threads)
    return SentenceTransformer(path, device="cpu")
