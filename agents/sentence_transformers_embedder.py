"""Embeddings by any sentence-transformers model, in this process, on the CPU: the reference that others are held to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Self

import numpy as np

from agents.embedding import Embedded
from agents.local_embedder import BATCH, LocalEmbedder
from schemas.errors import SetupError

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer


class SentenceTransformersEncoder:
    """The model as its authors run it, by torch. :meth:`load` makes one."""

    def __init__(self, model: SentenceTransformer) -> None:
        self.model = model
        self.dimensions = int(model.get_embedding_dimension())
        self.window = int(model.max_seq_length)
        self.tokenizer: str = model.tokenizer.backend_tokenizer.to_str()

    @classmethod
    def load(cls, path: str, *, threads: int) -> Self:
        """Load the model in the folder ``path``, or of that name on the Hugging Face Hub; takes seconds.

        Args:
            path: a sentence-transformers model whose vectors have unit length or can be brought to it.
            threads: how many cores one batch may use, where the thread that loads is the one that encodes.

        Raises:
            SetupError: there is no such model there.
        """
        try:
            # Half a minute of imports at worst, which a worker without this embedder need not wait for.
            import torch  # noqa: PLC0415
            from sentence_transformers import SentenceTransformer  # noqa: PLC0415

            # Here, in the thread that embeds, for the number is each thread's own.
            torch.set_num_threads(threads)
            model = SentenceTransformer(path, device="cpu")
        except Exception as error:
            raise SetupError(f"no sentence-transformers model can be loaded from {path!r}: {error}") from error
        if not getattr(model.tokenizer, "is_fast", False):
            raise SetupError(f"the tokenizer of {path!r} cannot say where a token lies in a text: use a fast one")
        return cls(model)

    def encode(self, texts: Sequence[str]) -> list[Embedded]:
        """Embed texts. Raises RuntimeError of torch."""
        wanted = list(texts)
        found = self.model.encode(
            wanted, batch_size=BATCH, output_value=None, normalize_embeddings=False, show_progress_bar=False
        )
        read = self.model.tokenizer(
            wanted,
            truncation=True,
            max_length=self.window,
            return_offsets_mapping=True,
            return_special_tokens_mask=True,
        )
        embedded = []
        for at, features in enumerate(found):
            vector = features["sentence_embedding"].numpy()
            own = np.flatnonzero(np.array(read["special_tokens_mask"][at]) == 0)
            states = features["token_embeddings"][features["attention_mask"] == 1].numpy()
            spans = tuple(read["offset_mapping"][at][token] for token in own)
            tokens = len(read["input_ids"][at])
            embedded.append(Embedded(vector / np.linalg.norm(vector), tokens, states[own].astype(np.float16), spans))
        return embedded


class SentenceTransformersEmbedder(LocalEmbedder):
    """Embeds by torch, whatever else there is. :meth:`load` makes one; ``agents.embedders`` chooses the fastest."""

    @classmethod
    async def load(cls, path: str, *, name: str, threads: int = 1) -> Self:
        """Load a model, as :meth:`SentenceTransformersEncoder.load` does.

        Args:
            path: a folder, or a name on the Hugging Face Hub.
            name: what its price card calls it.
            threads: how many cores one batch may use.

        Raises:
            SetupError: there is no such model there.
        """
        return await cls.start(lambda: SentenceTransformersEncoder.load(path, threads=threads), name=name)
