"""The context stage, and the stage that keeps summaries for it."""

from __future__ import annotations

from agents.context.compression import Compressor
from agents.context.drafting import Parts
from agents.context.extractive import ExtractiveCompressor
from agents.context.llmlingua_compressor import LLMLinguaCompressor
from agents.context.redis_summaries import RedisSummaries
from agents.context.reranking import CrossEncoderReranker
from agents.context.retrieval import Retriever
from agents.context.stage import ContextStage
from agents.context.summariser import Summariser
from agents.context.summary_stage import SummaryStage
from agents.embedding import Embedder
from agents.outage import Outage
from schemas import topics
from schemas.enums import Lane
from schemas.records import CacheMiss, Summary
from streams.river import now_ms
from streams.wiring.shared import Shared, ids, path_of


async def wire(shared: Shared) -> None:
    """Start what the policy's tasks make use of, and wire misses and summaries."""
    river, policy, tokens = shared.river, shared.policy, shared.tokens()
    tasks = policy.document.tasks.values()
    retriever = embedder = None
    if any(task.retrieval or task.compression or task.examples or task.router for task in tasks):
        embedder = await shared.embedder()
    if embedder and any(task.retrieval for task in tasks):
        retriever = await _retriever(shared, embedder)
    outage = Outage("history is sent whole", now=now_ms)
    summaries = RedisSummaries(shared.redis(), now=now_ms)
    parts = Parts(
        embedder=embedder,
        retriever=retriever,
        summariser=Summariser(policy, tokens, summaries, outage, now=now_ms),
        compressors=await _compressors(shared, embedder) if embedder else {},
        routers=policy.routers,
    )
    context = ContextStage(policy=policy, tokens=tokens, new_id=ids(), parts=parts)
    for lane in Lane:
        river.wire("context", topics.laned(topics.MISSES, lane), CacheMiss, context)
    river.wire("summary", topics.SUMMARIES, Summary, SummaryStage(summaries, outage, now_ms))


async def _retriever(shared: Shared, embedder: Embedder) -> Retriever:
    """For all tasks; each cross-encoder is there once."""
    rules = [task.retrieval for task in shared.policy.document.tasks.values() if task.retrieval]
    rerankers = {}
    for name in sorted({one.reranker for one in rules if one.reranker}):
        rerankers[name] = await CrossEncoderReranker.load(name, name=name)
        shared.river.parts.push_async_callback(rerankers[name].close)
    return Retriever(embedder, await shared.corpus(), rerankers)


async def _compressors(shared: Shared, embedder: Embedder) -> dict[str, Compressor]:
    """By task; each small language model is there once."""
    extractive, small = ExtractiveCompressor(embedder), dict[str, Compressor]()
    found: dict[str, Compressor] = {}
    for task, rules in shared.policy.document.tasks.items():
        if rules.compression is None:
            continue
        if rules.compression.method == "extractive":
            found[task] = extractive
            continue
        model = rules.compression.model
        if model not in small:
            path = path_of(shared.policy.models[model])
            small[model] = await LLMLinguaCompressor.load(path, name=model)
            shared.river.parts.push_async_callback(small[model].close)
        found[task] = small[model]
    return found
