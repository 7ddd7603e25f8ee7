"""What it gives to let prompts in that begin alike one after another, over the order in which they arrived."""

from __future__ import annotations

import asyncio
import random
import statistics
import time
import tomllib
from typing import Any

import msgspec

from agents.chat_template import ChatTemplate
from agents.inference.admission import Rules
from agents.inference.stage import InferenceStage
from agents.inference.vllm_engine import VllmEngine
from agents.policy import Policy
from agents.policy_document import Document
from agents.stage import Delivery, Position
from bench.engine_load import Scale, Texts, described, served
from bench.engine_river import POLICY
from bench.tasks import task
from schemas.ledger import Usage
from schemas.records import Answer, InferenceTask, Message, Sampling
from streams.river import now_ms
from streams.wiring.shared import ids

PREFIXES, ALIKE = 20, 10
"""Prefixes, and prompts that begin with each."""


async def prefix_gain(scale: Scale, texts: Texts, chance: random.Random) -> dict[str, Any]:
    """Line 2, without a river: what is compared is an order.

    Both orders take turns with one engine; ratios are of tokens/s, of prompts and answers.
    """
    template = ChatTemplate.load(scale.model)
    engine = VllmEngine("bench", served(scale, scale.small_cache_bytes), template)
    await engine.start()
    written = tomllib.loads(POLICY.format(model=described(scale)))
    policy = Policy(msgspec.convert(written, Document))
    speeds: dict[str, list[float]] = {"grouped": [], "arrival": []}
    cached: dict[str, list[float]] = {"grouped": [], "arrival": []}
    rules = {"grouped": Rules(), "arrival": Rules(prefix_run=1)}
    for number in range(scale.pairs):
        for name in sorted(rules, reverse=bool(number % 2)):
            stage = InferenceStage([engine], policy, new_id=ids(), now=now_ms, rules=rules[name])
            prefixes = [texts.question(scale.prefix_words) for _ in range(PREFIXES)]
            now = now_ms()  # all of an age, so that they arrive in the order in which they are handed over
            tasks = [_task(one, texts.question(8), template, now) for one in prefixes for _ in range(ALIKE)]
            chance.shuffle(tasks)
            began = time.monotonic()
            emits = await asyncio.gather(*(stage(_delivery(one, at)) for at, one in enumerate(tasks)))
            seconds = time.monotonic() - began
            usages = [emit.record.usage for (emit,) in emits if isinstance(emit.record, Answer)]
            prompt = sum(usage.prompt_tokens for usage in usages)
            speeds[name].append((prompt + sum(usage.completion_tokens for usage in usages)) / seconds)
            cached[name].append(sum(usage.cached_tokens for usage in usages) / prompt)
    holds = engine.token_capacity
    await engine.stop()
    ratios = [ours / theirs for ours, theirs in zip(speeds["grouped"], speeds["arrival"], strict=True)]
    return {
        "prefix_gain": statistics.median(ratios),
        "prefix_gain_pairs": ratios,
        "cached_share": statistics.median(cached["grouped"]),
        "cached_share_in_order_of_arrival": statistics.median(cached["arrival"]),
        "cache_holds_tokens": holds,
    }


def _task(prefix: str, question: str, template: ChatTemplate, now: int) -> InferenceTask:
    messages = [Message(role="system", content=prefix), Message(role="user", content=question)]
    tokens = template.count(messages)
    return task(
        question,
        question,
        messages,
        sampling=Sampling(max_tokens=8),
        usage=Usage(published_tokens=tokens, prompt_tokens=tokens),
        received_at=now,
        deadline=now + 3_600_000,
    )


def _delivery(one: InferenceTask, number: int) -> Delivery[InferenceTask]:
    return Delivery(one, b"", None, Position("bench", 0, number), 0, {})
