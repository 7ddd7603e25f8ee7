"""Small documents for a corpus, with vectors in a plane."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

import numpy as np

from agents.corpus import Chunk, Corpus
from agents.embedding import Vector, Vectors
from schemas.records import Condition, Value

Another = Callable[[], Awaitable[Corpus]]
"""Makes one more worker's view of the same corpus."""
MODEL = "all-MiniLM-L6-v2"


def vector_of(angle: float) -> Vector:
    """A unit vector; the cosine of two is that of the difference of their angles."""
    return np.array([np.cos(angle), np.sin(angle), 0.0, 0.0], dtype=np.float32)


def vectors_of(*angles: float) -> Vectors:
    return np.stack([vector_of(angle) for angle in angles])


def chunks_of(document_id: str, *texts: str, angle: float = 0.0) -> list[tuple[Chunk, Vectors]]:
    """A chunk of each text, the first at the angle and each further one 0.1 farther, by one more vector."""
    return [
        (
            Chunk(document_id, number, "Guide", ("Guide", "Ways"), text),
            vectors_of(*(angle + (number + more) / 10 for more in range(number + 1))),
        )
        for number, text in enumerate(texts)
    ]


async def put(
    corpus: Corpus,
    document_id: str,
    *texts: str,
    version: int = 1,
    tenant: str = "bank",
    collection: str = "faq",
    angle: float = 0.0,
    **metadata: Value,
) -> bool:
    return await corpus.replace(
        tenant,
        collection,
        document_id,
        version=version,
        digest=f"{document_id}@{version}",
        metadata=metadata,
        chunks=chunks_of(document_id, *texts, angle=angle),
    )


async def found(corpus: Corpus, where: Sequence[Condition] = (), *, tenant: str = "bank") -> list[str]:
    """The texts of all chunks that fulfil the conditions."""
    return sorted(chunk.text for chunk in await corpus.nearest(tenant, "faq", vector_of(0), where, 1_000))
