"""How long the ledger keeps its raw entries."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from agents.ledger.store import Store
from schemas.errors import ServiceError

log = logging.getLogger(__name__)

DAY_MS = 86_400_000
EVERY_S = 3600


async def retain(store: Store, days: int, now: Callable[[], int], *, every_s: float = EVERY_S) -> None:
    """Remove raw entries once they are ``days`` old, time and again until cancelled; roll-ups stay.

    Several workers may do so at once: what one removes the others do not find.

    Args:
        store: the ledger.
        days: for how long they are kept.
        now: UTC epoch milliseconds.
        every_s: how often it looks.
    """
    while True:
        try:
            removed = await asyncio.to_thread(store.forget, now() - days * DAY_MS)
            if removed:
                log.info("%d raw entries were %d days old and are removed", removed, days)
        except ServiceError as error:
            log.warning("raw entries stay a little longer: %s", error)
        await asyncio.sleep(every_s)
