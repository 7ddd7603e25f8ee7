"""The knowledge stage."""

from __future__ import annotations

from agents.cache.redis_entries import RedisEntries
from agents.cache.rules import Rule
from agents.knowledge.stage import KnowledgeStage
from agents.policy import Policy
from schemas import topics
from schemas.errors import ServiceError, SetupError
from schemas.records import Document
from streams.river import now_ms
from streams.wiring.shared import Shared

CLOCKS_APART_MS = 2_000
"""How far the clocks of workers and of brokers may be apart: for so much longer, what is answered counts as void."""


def wanted(policy: Policy) -> bool:
    """Whether any task retrieves from a collection. Where none does, documents wait until one will."""
    return any(task.retrieval and task.retrieval.collection for task in policy.document.tasks.values())


async def wire(shared: Shared) -> None:
    """Wire documents."""
    entries = RedisEntries(shared.redis(), now=now_ms)

    async def invalidate(tenant: str, collection: str) -> None:
        rule = Rule(before=now_ms() + CLOCKS_APART_MS, tenant=tenant, knowledge=collection)
        try:
            await entries.void(rule)
        except SetupError as error:  # too many rules are in force, until somebody mends that
            raise ServiceError(str(error)) from error

    stage = KnowledgeStage(
        policy=shared.policy,
        embedder=await shared.embedder(),
        corpus=await shared.corpus(),
        invalidate=invalidate,
    )
    shared.river.wire("knowledge", topics.DOCUMENTS, Document, stage)
