"""The inference stage and its engines."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Iterable
from uuid import uuid4

from agents.inference.gpu import Gpu
from agents.inference.stage import InferenceStage
from schemas import topics
from schemas.enums import Lane
from schemas.records import InferenceTask
from streams.gpu_time import keep_stating
from streams.river import now_ms, now_us
from streams.wiring.shared import Shared, ended, ids


async def wire(shared: Shared, served: Iterable[str]) -> None:
    """Start the engines of the models that are ``served``, and wire their tasks."""
    river, policy, tokens = shared.river, shared.policy, shared.tokens()
    engines, gpus, worker = {}, {}, uuid4().hex
    for name in served:
        engine = engines[name] = shared.models.engine(name, policy.models[name], tokens[name])
        river.health.busy_with = f"loading model {name}"
        await engine.start()
        river.parts.push_async_callback(engine.stop)
        river.health.watch(f"model {name}", functools.partial(getattr, engine, "alive"))
        if name in policy.gpus:
            gpus[name] = Gpu(name, policy.gpus, clock=now_us, worker=worker)
    river.health.busy_with = "joining its group"
    if gpus:
        stating = asyncio.create_task(keep_stating(gpus.values(), policy, river.outlet.send))
        river.parts.push_async_callback(ended, stating)
    inference = InferenceStage(
        list(engines.values()), policy, new_id=ids(), now=now_ms, gpus=gpus, budgets=shared.budgets()
    )
    river.metrics.watch_engines(inference.loads)
    for name in engines:
        for lane in Lane:
            river.wire("inference", topics.tasks(name, lane), InferenceTask, inference)
