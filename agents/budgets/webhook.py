"""The webhook: alerts leave Kafka for wherever people look."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from http import HTTPStatus

import httpx
import msgspec

from agents.stage import Delivery, Emit, dead_letter
from schemas import topics
from schemas.errors import HeadraceError, WorkFailedError
from schemas.ledger import Alert

# It would tell the log the URL of every call, and a webhook's is a secret.
logging.getLogger("httpx").setLevel(logging.WARNING)

TRIES = 5
FIRST_PAUSE_S = 1.0
"""Doubled after every try."""
PATIENCE_MS = 120_000
"""How long one alert may take in all."""


class WebhookStage:
    """Posts each alert as JSON. One that nobody takes becomes a dead letter.

    The header ``Idempotency-Key`` tells a second copy of an alert from another one.

    Args:
        client: whoever made it closes it; with a timeout.
        url: where to.
        now: the time, in UTC epoch milliseconds.
        pause_s: between the first two tries.
    """

    def __init__(
        self, client: httpx.AsyncClient, url: str, *, now: Callable[[], int], pause_s: float = FIRST_PAUSE_S
    ) -> None:
        self._client = client
        self._url = url
        self._now = now
        self._pause_s = pause_s

    def deadline(self, delivery: Delivery[Alert]) -> int:
        """A while from now: an alert may be of any age."""
        return self._now() + PATIENCE_MS

    async def __call__(self, delivery: Delivery[Alert]) -> Sequence[Emit]:
        """Post one alert.

        Raises:
            WorkFailedError: nobody took it, for as many tries as there are; or it was refused for good.
        """
        alert = delivery.record
        headers = {"Content-Type": "application/json", "Idempotency-Key": alert.alert_id}
        problem = ""
        for attempt in range(TRIES):
            if attempt:
                await asyncio.sleep(self._pause_s * 2 ** (attempt - 1))
            try:
                answer = await self._client.post(self._url, content=msgspec.json.encode(alert), headers=headers)
            except httpx.HTTPError as error:
                problem = f"{type(error).__name__}: {error}"
                continue
            if answer.is_success:
                return ()
            problem = f"it answered {answer.status_code}"
            if answer.is_client_error and answer.status_code != HTTPStatus.TOO_MANY_REQUESTS:
                break
        raise WorkFailedError(f"alert {alert.alert_id!r} was not taken by HEADRACE_ALERT_WEBHOOK: {problem}")

    def failed(self, delivery: Delivery[Alert], error: HeadraceError) -> Sequence[Emit]:
        """A dead letter, to be replayed when the webhook is back."""
        return [dead_letter(delivery, error, "alerts", topics.DEAD_LETTERS)]
