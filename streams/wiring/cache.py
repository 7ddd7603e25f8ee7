"""The cache stage, and the fill stage that feeds it."""

from __future__ import annotations

import asyncio
import functools
import logging
from collections.abc import Iterator

from agents.cache.boundary import Boundary
from agents.cache.check import Comparer
from agents.cache.fill import FillStage
from agents.cache.follow import follow
from agents.cache.lessons import Lessons
from agents.cache.redis_entries import RedisEntries
from agents.cache.scopes import Scopes
from agents.cache.semantic import SemanticCache
from agents.cache.stage import CacheStage
from agents.cache.standing import Standing
from agents.cache.verifier import Verifier
from agents.embedding import Embedder
from agents.outage import Outage
from agents.policy import Policy
from schemas import topics
from schemas.enums import Lane
from schemas.errors import ServiceError
from schemas.records import CacheFill, PredictionRequest
from streams.metrics import CacheQuality
from streams.river import now_ms
from streams.topics import HOUR_MS
from streams.wiring.shared import Shared, ended, ids

log = logging.getLogger(__name__)


async def wire(shared: Shared) -> None:
    """Wire requests and fills."""
    river, policy, settings = shared.river, shared.policy, shared.river.settings
    entries = RedisEntries(shared.redis(), now=now_ms)
    semantic = comparer = lessons = None
    missed, unfound, unlearned, unchecked = (
        Outage(consequence, now=now_ms)
        for consequence in (
            "requests go on as misses",
            "no near question is found",
            "answers are not cached",
            "answers are not compared",
        )
    )
    if any(task.cache == "semantic" for task in policy.document.tasks.values()):
        embedder = await shared.embedder()
        scopes = Scopes(entries, dimensions=embedder.dimensions, now=now_ms)
        lessons = Lessons(entries, fold=functools.partial(_standing, policy))
        river.parts.push_async_callback(ended, asyncio.create_task(follow(entries, scopes, lessons)))
        comparer = Comparer(embedder, unchecked)
        semantic = SemanticCache(
            embedder=embedder,
            scopes=scopes,
            lessons=lessons,
            entries=entries,
            verifier=await _verifier(embedder),
            outage=unfound,
        )
    cache = CacheStage(
        policy=policy, entries=entries, semantic=semantic, outage=missed, new_id=ids(), budgets=shared.budgets()
    )
    river.metrics.watch_cache(
        lambda: _qualities(lessons) if lessons else (),
        cache.objections,
        lambda: missed.total + unfound.total + unlearned.total + unchecked.total,
    )
    for lane in Lane:
        river.wire("cache", topics.laned(topics.REQUESTS, lane), PredictionRequest, cache)
    fill = FillStage(
        policy=policy,
        entries=entries,
        comparer=comparer,
        outage=unlearned,
        remembered_ms=settings.claim_horizon_hours * HOUR_MS,
        now=now_ms,
        budgets=shared.budgets(),
    )
    river.wire("fill", topics.FILLS, CacheFill, fill)


async def _verifier(embedder: Embedder) -> Verifier | None:
    """The verifier, where the embedder is the one that it was trained on."""
    verifier = Verifier.load()
    try:
        if await verifier.knows(embedder):
            return verifier
        why = f"the verifier was not trained on the embedder {embedder.name}"
    except ServiceError as error:
        why = f"the embedder cannot be told from another: {error}"
    log.warning("strict tasks go by guards alone: %s", why)
    return None


def _standing(policy: Policy, tenant: str, task: str) -> Standing:
    """What there is to learn of a task of a tenant."""
    bound = policy.document.tenants[tenant].error_bound
    boundary = Boundary(bound) if policy.document.tasks[task].equivalence == "intent" else None
    return Standing(bound, boundary, lambda said: log.warning("cache of %s, task %s: %s", tenant, task, said))


def _qualities(lessons: Lessons[Standing]) -> Iterator[CacheQuality]:
    for (tenant, task), standing in lessons.held().items():
        yield CacheQuality(tenant, task, *standing.hits(), tightened=len(standing.closed))
