"""The front door: the one place that builds every part and wires topic -> stage -> topic.

``build(settings)`` gives the worker's Faust app, ``run(settings)`` is a worker's whole life. For Faust's own command
line, ``faust -A streams.app worker`` finds the app that the environment describes.
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Iterable
from typing import NoReturn

from agents import policy as policies
from agents.policy import Policy
from schemas import topics
from schemas.enums import Lane
from schemas.errors import SetupError
from streams.river import River, now_ms
from streams.rollup_table import RollUpTable
from streams.settings import Settings, load
from streams.wiring import accounting, cache, context, inference, knowledge
from streams.wiring.shared import Models, Shared, real_models


def build(settings: Settings, models: Models | None = None) -> River:
    """The Faust app of a worker that runs ``settings.stages``.

    Raises:
        SetupError: the policy or a setting is wrong.
    """
    policy = policies.load(settings.policy_file(), at=now_ms())
    served = _served(settings, policy)
    compose = functools.partial(_compose, policy=policy, served=served, models=models or real_models())
    river = River(settings, _topics(settings, policy, served), compose)
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


def _served(settings: Settings, policy: Policy) -> list[str]:
    """The models whose tasks this worker's inference takes."""
    if unknown := settings.models - policy.models.keys():
        raise SetupError(f"HEADRACE_MODELS names {min(unknown)!r}, which is not in the policy's [models]")
    return sorted(settings.models or policy.models)


def _topics(settings: Settings, policy: Policy, served: Iterable[str]) -> list[str]:
    """The topics that the worker's stages consume."""
    consumed = {
        "cache": [*(topics.laned(topics.REQUESTS, lane) for lane in Lane), topics.FILLS],
        "context": [*(topics.laned(topics.MISSES, lane) for lane in Lane), topics.SUMMARIES],
        "inference": [topics.tasks(model, lane) for model in served for lane in Lane],
        "settlement": [topics.ANSWERS],
        "ledger": [topics.LEDGER, *([topics.ALERTS] if settings.alert_webhook else [])],
        "knowledge": [topics.DOCUMENTS] if knowledge.wanted(policy) else [],
    }
    return [name for stage in sorted(settings.stages) for name in consumed[stage]]


async def _compose(river: River, *, policy: Policy, served: list[str], models: Models) -> None:
    """Start what the worker's stages need, and wire them."""
    stages = river.settings.stages
    shared = Shared(river, policy, models)
    if "cache" in stages:
        await cache.wire(shared)
    if "context" in stages:
        await context.wire(shared)
    if "inference" in stages:
        await inference.wire(shared, served)
    if "settlement" in stages:
        await accounting.wire_settlement(river)
    if "ledger" in stages:
        await accounting.wire_ledger(shared)
    if "knowledge" in stages and knowledge.wanted(policy):
        await knowledge.wire(shared)


def __getattr__(name: str) -> River:
    if name == "app":  # what ``faust -A streams.app`` looks for
        return build(load())
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
