"""The port to the indexed chunks: written by the knowledge stage, read by the context stage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

from agents.embedding import Vector, Vectors
from schemas.records import Condition, Value


class Chunk(NamedTuple):
    """A part of a document that can stand alone in a prompt."""

    document_id: str
    number: int
    """Its place in the document, from 0."""
    title: str
    """The document's."""
    trail: tuple[str, ...]
    """The headings that it stands under, outermost first."""
    text: str
    """Markdown, without those headings."""


class Held(NamedTuple):
    """What the corpus knows of a document that it holds."""

    version: int
    digest: str


def passage(title: str, trail: Sequence[str], text: str) -> str:
    """A text with what it stands under: what is embedded, matched by its words, and shown to a model.

    Documents often repeat their title as their first heading; it is here once.
    """
    headings = [title, *trail[1:]] if trail[:1] == (title,) else [title, *trail]
    under = " > ".join(heading for heading in headings if heading)
    return "\n\n".join(part for part in (under, text) if part)


class Corpus(Protocol):
    """Chunks of documents, by tenant and collection. Nothing found in one is another's.

    A collection that nobody wrote to is empty.
    """

    async def replace(
        self,
        tenant: str,
        collection: str,
        document_id: str,
        *,
        version: int,
        digest: str,
        metadata: Mapping[str, Value],
        chunks: Sequence[tuple[Chunk, Vectors]],
    ) -> bool:
        """Put the chunks in the place of all that the document had, at once: nobody sees a mixture, or neither.

        Args:
            tenant: whose document it is.
            collection: of that tenant.
            document_id: names the document in the collection.
            version: the later, the higher.
            digest: of what it says.
            metadata: what conditions can ask for.
            chunks: each with what it can be found by: one vector or more, of the whole and of parts of it.

        Returns:
            Whether it was done. It is not where the corpus holds ``version`` or a later one already.

        Raises:
            ServiceError: the corpus cannot be written.
            InvalidRequestError: a field of the metadata holds another type in this collection.
        """
        ...

    async def remove(self, tenant: str, collection: str, document_id: str, *, version: int) -> bool:
        """Take the document out, at once, unless the corpus holds a later version. Errors as for :meth:`replace`."""
        ...

    async def nearest(
        self, tenant: str, collection: str, vector: Vector, where: Sequence[Condition], limit: int
    ) -> list[Chunk]:
        """The chunks that fulfil ``where`` whose nearest vector is nearest by cosine, nearest first.

        Raises:
            ServiceError: the corpus cannot be read.
            InvalidRequestError: a condition names no field of the collection, or compares it with another type.
        """
        ...

    async def matching(
        self, tenant: str, collection: str, text: str, where: Sequence[Condition], limit: int
    ) -> list[Chunk]:
        """The chunks that fulfil ``where`` and match the words of ``text`` best by BM25; errors likewise."""
        ...

    async def held(self, tenant: str, collection: str, document_id: str) -> Held | None:
        """What it knows of one document; None where it holds none of that id.

        Raises:
            ServiceError: the corpus cannot be read.
        """
        ...

    async def digests(self, tenant: str, collection: str) -> dict[str, str]:
        """What each document of the collection was when it was ingested, by its id."""
        ...

    async def close(self) -> None:
        """Let go of the corpus."""
        ...
