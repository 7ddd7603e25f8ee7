"""GPU time that no prediction is charged for, published minute by minute."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Collection
from contextlib import suppress

from agents.inference.gpu import Gpu
from agents.policy import Policy
from agents.stage import Emit
from streams.flow import NotDeliveredError, Send

log = logging.getLogger(__name__)

EVERY_S = 60
"""Between statements, which begin and end with the minutes of the clock: a kill loses what is under way of one."""
PAUSE_S = 1.0
LAST_S = 5.0
"""How long the last statement of a worker that stops may take."""


async def keep_stating(gpus: Collection[Gpu], policy: Policy, send: Send) -> None:
    """State the GPU time of every minute, and when cancelled that of the last."""
    waiting: list[Emit] = []
    try:
        while True:
            await asyncio.sleep(EVERY_S - time.time() % EVERY_S)
            waiting += _stated(gpus, policy)
            await _publish(waiting, send)
    finally:
        waiting += _stated(gpus, policy)
        with suppress(TimeoutError):
            async with asyncio.timeout(LAST_S):
                await _publish(waiting, send)


def _stated(gpus: Collection[Gpu], policy: Policy) -> list[Emit]:
    return [gpu.state(platform=policy.document.platform, policy_version=policy.version) for gpu in gpus]


async def _publish(waiting: list[Emit], send: Send) -> None:
    """Publish what waits, and empty the list."""
    while waiting:
        try:
            await send(waiting, {})
            waiting.clear()
        except NotDeliveredError as error:
            log.warning("GPU time waits for the broker: %s", error)
            waiting[:] = error.emits
            await asyncio.sleep(PAUSE_S)
