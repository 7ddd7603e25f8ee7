"""A corpus in memory: keeps the same contract as the LanceDB one. What conditions mean is said here, plainly."""

from __future__ import annotations

import asyncio
import math
import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from agents.conditions import Kind, check, check_metadata, kind
from agents.corpus import Chunk, Held, passage
from agents.embedding import Vector, Vectors
from schemas.errors import ServiceError
from schemas.records import Condition, Value


@dataclass
class Document:
    """What is held of a document; without a digest it was removed."""

    version: int
    digest: str | None
    metadata: Mapping[str, Value]
    chunks: Sequence[tuple[Chunk, Vectors]]


@dataclass
class Collection:
    documents: dict[str, Document] = field(default_factory=dict)
    fields: dict[str, Kind] = field(default_factory=dict)
    """Every field that a document ever had."""


def fulfils(metadata: Mapping[str, Value], where: Sequence[Condition]) -> bool:
    """Whether a document with this metadata meets all conditions."""
    return all(_one(metadata.get(condition.field), condition) for condition in where)


def _one(value: Value | None, condition: Condition) -> bool:
    return (
        value is not None
        and (not condition.any_of or value in condition.any_of)
        and (condition.at_least is None or value >= condition.at_least)  # type: ignore[operator]
        and (condition.at_most is None or value <= condition.at_most)  # type: ignore[operator]
    )


class InMemoryCorpus:
    """One store, as many workers as share it. ``down`` makes every call fail, as a bucket that is away."""

    def __init__(self) -> None:
        self.down = False
        self._collections: defaultdict[tuple[str, str], Collection] = defaultdict(Collection)

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
        return await self._put(tenant, collection, document_id, Document(version, digest, dict(metadata), list(chunks)))

    async def remove(self, tenant: str, collection: str, document_id: str, *, version: int) -> bool:
        return await self._put(tenant, collection, document_id, Document(version, None, {}, []))

    async def nearest(
        self, tenant: str, collection: str, vector: Vector, where: Sequence[Condition], limit: int
    ) -> list[Chunk]:
        found = await self._those(tenant, collection, where)
        nearest = sorted(found, key=lambda one: float((one[1] @ vector).max()), reverse=True)
        return [chunk for chunk, _ in nearest[:limit]]

    async def matching(
        self, tenant: str, collection: str, text: str, where: Sequence[Condition], limit: int
    ) -> list[Chunk]:
        found = [chunk for chunk, _ in await self._those(tenant, collection, where)]
        scores = _bm25(text, [passage(one.title, one.trail, one.text) for one in found])
        best = sorted(zip(scores, found, strict=True), key=lambda one: one[0], reverse=True)
        return [chunk for score, chunk in best if score > 0][:limit]

    async def held(self, tenant: str, collection: str, document_id: str) -> Held | None:
        held = (await self._reached(tenant, collection)).documents.get(document_id)
        return Held(held.version, held.digest) if held and held.digest is not None else None

    async def digests(self, tenant: str, collection: str) -> dict[str, str]:
        documents = (await self._reached(tenant, collection)).documents
        return {name: one.digest for name, one in documents.items() if one.digest is not None}

    async def close(self) -> None:
        pass

    async def _reached(self, tenant: str, collection: str) -> Collection:
        await asyncio.sleep(0)
        if self.down:
            raise ServiceError("the corpus in memory is down")
        return self._collections[tenant, collection]

    async def _put(self, tenant: str, collection: str, document_id: str, document: Document) -> bool:
        there = await self._reached(tenant, collection)
        used = {name for one in there.documents.values() for name in one.metadata}
        check_metadata(document.metadata, {name: known for name, known in there.fields.items() if name in used})
        held = there.documents.get(document_id)
        there.fields |= {name: kind(value) for name, value in document.metadata.items()}
        if held and held.version >= document.version:
            return False
        there.documents[document_id] = document
        return True

    async def _those(self, tenant: str, collection: str, where: Sequence[Condition]) -> list[tuple[Chunk, Vectors]]:
        there = await self._reached(tenant, collection)
        if not there.documents:
            return []
        check(where, there.fields)
        return [chunk for one in there.documents.values() if fulfils(one.metadata, where) for chunk in one.chunks]


def _bm25(question: str, texts: Sequence[str], k1: float = 1.2, b: float = 0.75) -> list[float]:
    """S. Robertson and H. Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond" (2009)."""
    counted = [Counter(_words(text)) for text in texts]
    mean = sum(one.total() for one in counted) / (len(counted) or 1)
    holders = Counter(word for one in counted for word in one)
    asked = set(_words(question))

    def score(words: Counter[str]) -> float:
        length = k1 * (1 - b + b * words.total() / mean) if mean else k1
        return sum(
            math.log(1 + (len(counted) - holders[word] + 0.5) / (holders[word] + 0.5))
            * words[word]
            * (k1 + 1)
            / (words[word] + length)
            for word in asked & words.keys()
        )

    return [score(words) for words in counted]


def _words(text: str) -> list[str]:
    return re.findall(r"\w+(?:[.,]\d+)*", text.lower())
