"""Reading a question and a text together to say how well the one answers the other: slower than vectors, and better."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple, Protocol, Self

from schemas.errors import ServiceError, SetupError

BATCH = 32
"""Pairs that are read at a time; more gains nothing on a CPU."""


class Reranking(NamedTuple):
    """How well each text answers, and what it took to say so."""

    scores: list[float]
    """Higher is better; nothing else is known of them."""
    tokens: int
    """Of the model, special ones included: what its price card counts."""


class Reranker(Protocol):
    """A model that scores texts for a question."""

    name: str
    """What its price card calls it."""

    async def rank(self, question: str, texts: Sequence[str]) -> Reranking:
        """A score for each text, in their order.

        Raises:
            ServiceError: the model failed.
        """
        ...

    async def close(self) -> None:
        """Let go of the model."""
        ...


class CrossEncoderReranker:
    """A cross-encoder of sentence-transformers, in one thread of its own. :meth:`load` makes one."""

    def __init__(self, model: Any, executor: ThreadPoolExecutor, *, name: str) -> None:
        self._model = model
        self._executor = executor
        self.name = name

    @classmethod
    async def load(cls, path: str, *, name: str) -> Self:
        """Start a model; takes seconds.

        Args:
            path: a folder, or a name on the Hugging Face Hub.
            name: what its price card calls it.

        Raises:
            SetupError: there is no such model there.
        """
        executor = ThreadPoolExecutor(1, thread_name_prefix="reranker")
        try:
            model = await asyncio.get_running_loop().run_in_executor(executor, _loaded, path)
        except BaseException:
            executor.shutdown(wait=False)
            raise
        return cls(model, executor, name=name)

    async def rank(self, question: str, texts: Sequence[str]) -> Reranking:
        """A score for each text, in their order.

        Raises:
            ServiceError: the model failed, or was closed.
        """
        try:
            return await asyncio.get_running_loop().run_in_executor(self._executor, self._rank, question, list(texts))
        except RuntimeError as error:  # of torch, or of an executor that was shut down
            raise ServiceError(f"the reranker {self.name} failed: {error}") from error

    async def close(self) -> None:
        """Finish what is at work and end the thread."""
        await asyncio.to_thread(self._executor.shutdown)

    def _rank(self, question: str, texts: list[str]) -> Reranking:
        if not texts:
            return Reranking([], 0)
        pairs = [(question, text) for text in texts]
        scores = self._model.predict(pairs, batch_size=BATCH, show_progress_bar=False)
        read = self._model.tokenizer(
            [question] * len(texts), texts, truncation=True, max_length=self._model.max_seq_length
        )["input_ids"]
        return Reranking([float(score) for score in scores], sum(map(len, read)))


def _loaded(path: str) -> Any:
    from sentence_transformers import CrossEncoder  # noqa: PLC0415 - torch takes seconds, which only this model needs

    try:
        model = CrossEncoder(path, device="cpu")
    except (OSError, ValueError) as error:
        raise SetupError(f"{path} is no cross-encoder for sentence-transformers: {error}") from error
    if model.num_labels != 1:
        raise SetupError(f"{path} has {model.num_labels} outputs; a reranker has one, the score")
    return model
