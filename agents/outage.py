"""Saying that a service cannot be reached: loudly, and not once for every request."""

from __future__ import annotations

import logging
from collections.abc import Callable

from schemas.errors import ServiceError

log = logging.getLogger(__name__)

EVERY_MS = 30_000
"""Between lines of log about one outage."""


class Outage:
    """Counts what could not be done without a service, and logs it: at the beginning, every half minute, at the end.

    Args:
        consequence: what becomes of each, for the log: "requests go on as misses".
        now: the time, in UTC epoch milliseconds.
    """

    def __init__(self, consequence: str, *, now: Callable[[], int]) -> None:
        self._consequence = consequence
        self._now = now
        self._since: int | None = None
        self._logged_at = -EVERY_MS
        self._spoken = False
        self._before = 0
        self.total = 0
        """How often it happened, all outages together."""

    def happened(self, error: ServiceError) -> None:
        """Note that it could not be reached."""
        now = self._now()
        self.total += 1
        if self._since is None:
            self._since = now
            self._before = self.total - 1
            self._spoken = False
        if now - self._logged_at < EVERY_MS:
            return  # also of one that comes and goes
        self._logged_at = now
        self._spoken = True
        log.error("%s; %s (%d so far)", error, self._consequence, self.total - self._before)

    def over(self) -> None:
        """Note that it was reached."""
        if self._since is None:
            return
        if self._spoken:
            seconds = (self._now() - self._since) / 1000
            log.warning(
                "back to normal after %.1f s; %d times %s", seconds, self.total - self._before, self._consequence
            )
        self._since = None
