"""The front door: the one place that builds every part and wires topic -> stage -> topic.

``build(settings)`` gives the worker's Faust app, ``run(settings)`` is a worker's whole life. For Faust's own command
line, ``faust -A streams.app worker`` finds the app that the environment describes.
"""

from __future__ import annotations

import asyncio
import functools
import itertools
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from typing import NamedTuple, NoReturn, TypeVar, cast
from uuid import uuid4

import httpx
import msgspec

from agents import embedders
from agents import policy as policies
from agents.budgets.budgets import Budgets
from agents.budgets.redis_accounts import RedisAccounts
from agents.budgets.webhook import WebhookStage
from agents.cache.boundary import Boundary
from agents.cache.check import Comparer
from agents.cache.fill import FillStage
from agents.cache.follow import follow
from agents.cache.lessons import Lessons
from agents.cache.outage import Outage
from agents.cache.redis_entries import RedisEntries, connect
from agents.cache.scopes import Scopes
from agents.cache.semantic import SemanticCache
from agents.cache.stage import CacheStage
from agents.cache.standing import Standing
from agents.cache.verifier import Verifier
from agents.chat_template import ChatTemplate
from agents.claims import Claimant, Claims, History, Past
from agents.context.stage import ContextStage
from agents.embedding import Embedder
from agents.inference.engine import Engine
from agents.inference.gpu import Gpu
from agents.inference.openai_engine import OpenAIEngine
from agents.inference.stage import InferenceStage
from agents.inference.vllm_engine import VllmEngine
from agents.ledger.retention import retain
from agents.ledger.stage import LedgerStage
from agents.ledger.stage import claimant as entry_claimant
from agents.ledger.store import Store
from agents.policy import Model, Policy
from agents.settlement.outcome import claimant as answer_claimant
from agents.settlement.stage import SettlementStage
from agents.tokens import Tokens
from schemas import topics
from schemas.enums import Lane
from schemas.errors import ServiceError, SetupError, UndecodableError
from schemas.records import Alert, Answer, CacheFill, CacheMiss, InferenceTask, LedgerEntry, PredictionRequest, Record
from streams.budget_log import BudgetLog
from streams.client import admin
from streams.embedded.cache import cache_dir
from streams.embedded.model import embedder_dir, model_dir
from streams.gpu_time import keep_stating
from streams.metrics import CacheQuality
from streams.replay import replay
from streams.river import River, now_ms, now_us
from streams.rollup_table import RollUpTable
from streams.settings import EMBEDDED, Settings, load
from streams.topics import HOUR_MS

R = TypeVar("R", bound=Record)

log = logging.getLogger(__name__)

_COUNTING = {"context", "inference"}
"""Stages that count tokens."""
_SPENDING = {"cache", "inference", "ledger"}
"""Stages that spend, or see what was spent."""


class Models(NamedTuple):
    """Where models come from. A test puts smaller ones in their place."""

    embedder: Callable[[Settings, Policy], Awaitable[Embedder]]
    tokens: Callable[[Model], Tokens]
    engine: Callable[[str, Model, Tokens], Engine]


def build(settings: Settings, models: Models | None = None) -> River:
    """The Faust app of a worker that runs ``settings.stages``.

    Raises:
        SetupError: the policy or a setting is wrong.
    """
    policy = policies.load(settings.policy_file())
    served = _served(settings, policy)
    compose = functools.partial(_compose, policy=policy, served=served, models=models or _models())
    river = River(settings, _topics(settings, served), compose)
    if "ledger" in settings.stages:
        river.rows = RollUpTable(river, river.codec, river.outlet, partitions=settings.partitions)
    return river


def run(settings: Settings, models: Models | None = None) -> NoReturn:
    """Work until told to stop. Exits with 0 after SIGTERM, with 1 after a fatal error, which it logs.

    Raises:
        SetupError: the policy or a setting is wrong.
    """
    # Not uvloop: it raises RuntimeError on a write to a connection that the broker has closed, where aiokafka knows
    # OSError only. A broker's death then ends the client's tasks without a word, and the worker hangs.
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    river = build(settings, models)
    river.Worker(loop=loop, loglevel=settings.log_level).execute_from_commandline()
    raise SystemExit(0)


def ids() -> Callable[[], str]:
    """Makes ids that no other answer has: a random part, drawn once, and a count."""
    drawn, count = uuid4().hex, itertools.count()
    return lambda: f"{drawn}-{next(count)}"


def _served(settings: Settings, policy: Policy) -> list[str]:
    """The models whose tasks this worker's inference takes."""
    if unknown := settings.models - policy.models.keys():
        raise SetupError(f"HEADRACE_MODELS names {min(unknown)!r}, which is not in the policy's [models]")
    return sorted(settings.models or policy.models)


def _topics(settings: Settings, served: Iterable[str]) -> list[str]:
    """The topics that the worker's stages consume."""
    consumed = {
        "cache": [*(topics.laned(topics.REQUESTS, lane) for lane in Lane), topics.FILLS],
        "context": [topics.laned(topics.MISSES, lane) for lane in Lane],
        "inference": [topics.tasks(model, lane) for model in served for lane in Lane],
        "settlement": [topics.ANSWERS],
        "ledger": [topics.LEDGER, *([topics.ALERTS] if settings.alert_webhook else [])],
    }
    return [name for stage in sorted(settings.stages) for name in consumed[stage]]


async def _compose(river: River, *, policy: Policy, served: list[str], models: Models) -> None:
    """Start what the worker's stages need, and wire them."""
    stages = river.settings.stages
    budgets = _budgets(river, policy) if policy.document.budgets and stages & _SPENDING else None
    if "cache" in stages:
        await _cache(river, policy, models, budgets)
    tokens = {name: models.tokens(model) for name, model in policy.models.items()} if stages & _COUNTING else {}
    if "context" in stages:
        context = ContextStage(policy=policy, tokens=tokens, new_id=ids())
        for lane in Lane:
            river.wire("context", topics.laned(topics.MISSES, lane), CacheMiss, context)
    if "inference" in stages:
        await _inference(river, policy, served, models, tokens, budgets)
    if "settlement" in stages:
        await _settlement(river)
    if "ledger" in stages:
        await _ledger(river, budgets)
        _webhook(river)


def _budgets(river: River, policy: Policy) -> Budgets:
    client = connect(river.settings.redis)
    river.parts.push_async_callback(client.aclose)
    accounts = RedisAccounts(client, now=now_ms, new_token=ids())
    return Budgets(policy, accounts, BudgetLog(river.settings.kafka_options(), river.codec), now=now_ms)


def _webhook(river: River) -> None:
    if (url := river.settings.alert_webhook) is not None:
        client = httpx.AsyncClient(timeout=10)
        river.parts.push_async_callback(client.aclose)
        river.wire("alerts", topics.ALERTS, Alert, WebhookStage(client, url, now=now_ms))


async def _cache(river: River, policy: Policy, models: Models, budgets: Budgets | None) -> None:
    settings = river.settings
    client = connect(settings.redis)
    river.parts.push_async_callback(client.aclose)
    entries = RedisEntries(client, now=now_ms)
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
        embedder = await models.embedder(settings, policy)
        river.parts.push_async_callback(embedder.close)
        scopes = Scopes(entries, dimensions=embedder.dimensions, now=now_ms)
        lessons = Lessons(entries, fold=functools.partial(_standing, policy))
        river.parts.push_async_callback(_ended, asyncio.create_task(follow(entries, scopes, lessons)))
        comparer = Comparer(embedder, unchecked)
        semantic = SemanticCache(
            embedder=embedder,
            scopes=scopes,
            lessons=lessons,
            entries=entries,
            verifier=await _verifier(embedder),
            outage=unfound,
        )
    cache = CacheStage(policy=policy, entries=entries, semantic=semantic, outage=missed, new_id=ids(), budgets=budgets)
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
        budgets=budgets,
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


async def _inference(  # noqa: PLR0917 - every part that it is made of
    river: River,
    policy: Policy,
    served: list[str],
    models: Models,
    tokens: Mapping[str, Tokens],
    budgets: Budgets | None,
) -> None:
    engines, gpus, worker = {}, {}, uuid4().hex
    for name in served:
        engine = engines[name] = models.engine(name, policy.models[name], tokens[name])
        await engine.start()
        river.parts.push_async_callback(engine.stop)
        if name in policy.gpus:
            gpus[name] = Gpu(name, policy.gpus, clock=now_us, worker=worker)
    if gpus:
        stating = asyncio.create_task(keep_stating(gpus.values(), policy, river.outlet.send))
        river.parts.push_async_callback(_ended, stating)
    inference = InferenceStage(list(engines.values()), policy, new_id=ids(), now=now_ms, gpus=gpus, budgets=budgets)
    for name in served:
        for lane in Lane:
            river.wire("inference", topics.tasks(name, lane), InferenceTask, inference)


async def _settlement(river: River) -> None:
    claims = _claims(river, "settlement")
    stage = SettlementStage(claims, _history(river, Answer, answer_claimant))
    river.wire("settlement", topics.ANSWERS, Answer, stage, before=stage.before)


async def _ledger(river: River, budgets: Budgets | None) -> None:
    claims = _claims(river, "ledger")
    store = await asyncio.to_thread(Store, river.settings.ledger_url)
    river.parts.callback(store.close)
    async with admin(river.settings) as client:
        await asyncio.to_thread(store.bind, await client.cluster_id())
        found = await client.existing()
    if missing := {topics.LEDGER, topics.FINOPS} - found.keys():
        raise SetupError(f"topic {min(missing)} does not exist on {river.settings.kafka}: headrace topics create")
    entries, rows = (found[name].partitions for name in (topics.LEDGER, topics.FINOPS))
    if entries != rows:
        raise SetupError(
            f"{topics.LEDGER} has {entries} partitions and {topics.FINOPS} has {rows}: a roll-up must lie on the "
            f"partition of its entries. Delete {topics.FINOPS} and make it anew with {entries}"
        )
    if (days := river.settings.raw_entry_days) is not None:
        river.parts.push_async_callback(_ended, asyncio.create_task(retain(store, days, now_ms)))
    history = _history(river, LedgerEntry, entry_claimant)
    stage = LedgerStage(claims, history, rows=river.rows, store=store, budgets=budgets)
    river.wire("ledger", topics.LEDGER, LedgerEntry, stage, before=stage.before)


def _claims(river: River, stage: str) -> Claims:
    settings = river.settings
    claims = Claims(
        settings.state_dir / "claims" / stage, horizon_ms=settings.claim_horizon_hours * HOUR_MS, now=now_ms
    )
    river.parts.callback(claims.close)
    return claims


def _history(river: River, kind: type[R], claimant: Callable[[R], Claimant]) -> History:
    """Reads claims back from the topic that they were made on."""

    async def history(topic: str, partition: int, start: int | None, since: int, end: int) -> AsyncIterator[list[Past]]:
        options = river.settings.kafka_options()
        async for batch in replay(options, topic, partition, start=start, since=since, end=end):
            yield [
                Past(record.offset, record.timestamp, claimant(decoded))
                for record in batch
                if (decoded := _decoded(river, record.value, kind)) is not None
            ]

    return history


def _decoded(river: River, raw: bytes | None, kind: type[R]) -> R | None:
    try:
        return river.codec.decode(raw or b"", kind)
    except UndecodableError:
        return None  # it went to the dead letters, and claimed nothing


async def _ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


def _models() -> Models:
    """The models that the policy and the settings name."""
    return Models(embedder=_embedder, tokens=_tokens, engine=_engine)


async def _embedder(settings: Settings, policy: Policy) -> Embedder:
    path = str(embedder_dir()) if settings.embedder == EMBEDDED else settings.embedder
    return await embedders.load(path, name=policy.embedder, cache=cache_dir())


def _tokens(model: Model) -> ChatTemplate:
    return ChatTemplate.load(_path(model))


def _engine(name: str, model: Model, tokens: Tokens) -> Engine:
    if model.engine == "openai":
        return OpenAIEngine(name, model, tokens)
    return VllmEngine(name, msgspec.structs.replace(model, path=_path(model)), cast(ChatTemplate, tokens))


def _path(model: Model) -> str:
    return str(model_dir(log.info)) if model.path == EMBEDDED else model.path


def __getattr__(name: str) -> River:
    if name == "app":  # what ``faust -A streams.app`` looks for
        return build(load())
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
