"""The webhook: an alert is posted until somebody takes it, or becomes a dead letter."""

from __future__ import annotations

import logging
from collections.abc import Callable

import httpx
import msgspec
import pytest

from agents.budgets.webhook import TRIES, WebhookStage
from schemas.enums import AlertKind
from schemas.errors import WorkFailedError
from schemas.ledger import Alert
from schemas.records import DeadLetter
from tests.fakes.records import AT, delivery

URL = "http://hooks.example/budgets"
ALERT = Alert(
    alert_id="b/1/THRESHOLD/80",
    kind=AlertKind.THRESHOLD,
    budget="b",
    period_start=1,
    percent=80,
    amount=10,
    spent=8,
    held=1,
    message="80% of budget 'b' are spent",
)


class Receiver:
    """Somebody who answers with one status after another, the last for ever; None is no answer."""

    def __init__(self, *statuses: int | None) -> None:
        self.statuses = list(statuses)
        self.taken: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.taken.append(request)
        status = self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]
        if status is None:
            raise httpx.ConnectError("refused", request=request)
        return httpx.Response(status)


def stage(receiver: Callable[[httpx.Request], httpx.Response]) -> WebhookStage:
    client = httpx.AsyncClient(transport=httpx.MockTransport(receiver))
    return WebhookStage(client, URL, now=lambda: AT, pause_s=0.001)


async def test_an_alert_is_posted_once_as_json_under_its_id() -> None:
    receiver = Receiver(204)
    assert await stage(receiver)(delivery(ALERT, 1)) == ()
    (request,) = receiver.taken
    assert str(request.url) == URL
    assert msgspec.json.decode(request.content, type=Alert) == ALERT
    assert request.headers["Idempotency-Key"] == ALERT.alert_id


async def test_its_url_is_in_no_log(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        await stage(Receiver(204))(delivery(ALERT, 1))
    assert URL not in caplog.text


async def test_it_is_posted_again_until_it_is_taken() -> None:
    receiver = Receiver(None, 503, 429, 200)
    assert await stage(receiver)(delivery(ALERT, 1)) == ()
    assert len(receiver.taken) == 4


@pytest.mark.parametrize(("status", "tries"), [(503, TRIES), (None, TRIES), (404, 1)])
async def test_one_that_nobody_takes_becomes_a_dead_letter(status: int | None, tries: int) -> None:
    receiver = Receiver(status)
    webhook = stage(receiver)
    with pytest.raises(WorkFailedError, match="was not taken by HEADRACE_ALERT_WEBHOOK") as raised:
        await webhook(delivery(ALERT, 1))
    assert len(receiver.taken) == tries
    (letter,) = webhook.failed(delivery(ALERT, 1), raised.value)
    assert isinstance(letter.record, DeadLetter)
    assert letter.record.value == b"raw"
