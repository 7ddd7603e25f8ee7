"""What a chunk is embedded as: the whole, and each sentence or row of it.

A question is as a rule about one of them, and in the vector of the whole it is drowned by the others.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from itertools import islice
from typing import NamedTuple

import numpy as np

from agents.corpus import Chunk, passage
from agents.embedding import Embedder, Vector, Vectors
from agents.knowledge.chunking import Piece, pieces
from agents.units import parts

CHUNK_TOKENS = 256
"""Of a chunk with its headings, at most, and never more than the embedder's window: it is sized in the embedder's
tokens, for a vector stands for what the embedder saw. Models that are served come and go, and count it again when they
budget a prompt."""
AT_ONCE = 8
"""Texts at the embedder. More gain little, and whoever looks for an answer there meanwhile waits for all of them."""


class Viewed(NamedTuple):
    """A piece of a document, and the texts whose vectors it is found by."""

    piece: Piece
    texts: list[str]


def viewed(title: str, markdown: str, embedder: Embedder) -> list[Viewed]:
    """A document's pieces, in its order; no pieces where it says nothing. Asks the embedder to count only.

    Raises:
        InvalidRequestError: the title alone takes more than half of a chunk.
    """
    size = min(CHUNK_TOKENS, embedder.window)
    return [Viewed(piece, views(title, piece)) for piece in pieces(title, markdown, size=size, count=embedder.count)]


def views(title: str, piece: Piece) -> list[str]:
    """The whole piece, then each sentence or row with what it carries; all of them under the title and the headings.

    Where the whole is one sentence or row, that is all. Pure.
    """
    found = [part.text for part in parts(piece.text)]
    said = [piece.text, *found] if len(found) > 1 else [piece.text]
    return [passage(title, piece.trail, text) for text in said]


async def embed(embedder: Embedder, those: Sequence[Viewed], vectors: list[Vector]) -> AsyncIterator[int]:
    """Append to ``vectors`` those of the texts that it lacks, a few at a time; the tokens of each few.

    Raises:
        ServiceError: of the embedder. What was appended before stays, so that a second try goes on from there.
    """
    texts = [text for one in those for text in one.texts]
    while some := texts[len(vectors) : len(vectors) + AT_ONCE]:
        found = await asyncio.gather(*map(embedder.embed, some))
        # What else the embedder tells of a text is large, and let go of here.
        vectors += [one.vector for one in found]
        yield sum(one.tokens for one in found)


def chunks(
    document_id: str, title: str, those: Sequence[Viewed], vectors: Sequence[Vector]
) -> list[tuple[Chunk, Vectors]]:
    """The chunks of a document with the vectors of their texts."""
    left = iter(vectors)
    return [
        (Chunk(document_id, number, title, *piece), np.stack(list(islice(left, len(its)))))
        for number, (piece, its) in enumerate(those)
    ]
