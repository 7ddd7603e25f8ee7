"""The inference stage and its engines."""

from __future__ import annotations

from collections.abc import Iterable

from agents.inference.stage import InferenceStage
from schemas import topics
from schemas.enums import Lane
from schemas.records import InferenceTask
from streams.river import now_ms
from streams.wiring.shared import Shared, ids


async def wire(shared: Shared, served: Iterable[str]) -> None:
    """Start the engines of the models that are ``served``, and wire their tasks."""
    river, policy, tokens = shared.river, shared.policy, shared.tokens()
    engines = {}
    for name in served:
        engine = engines[name] = shared.models.engine(name, policy.models[name], tokens[name])
        await engine.start()
        river.parts.push_async_callback(engine.stop)
    inference = InferenceStage(list(engines.values()), policy, new_id=ids(), now=now_ms)
    for name in engines:
        for lane in Lane:
            river.wire("inference", topics.tasks(name, lane), InferenceTask, inference)
