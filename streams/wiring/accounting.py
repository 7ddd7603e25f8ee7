"""Settlement and the ledger: the two stages that claim what they read."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import TypeVar

import httpx

from agents.budgets.webhook import WebhookStage
from agents.claims import Claimant, Claims, History, Past
from agents.ledger.retention import retain
from agents.ledger.stage import LedgerStage
from agents.ledger.stage import claimant as entry_claimant
from agents.ledger.store import Store
from agents.settlement.outcome import claimant as answer_claimant
from agents.settlement.stage import SettlementStage
from schemas import topics
from schemas.errors import SetupError, UndecodableError
from schemas.ledger import Alert, LedgerEntry
from schemas.record import Record
from schemas.records import Answer
from streams.client import admin
from streams.replay import replay
from streams.river import River, now_ms
from streams.topics import HOUR_MS
from streams.wiring.shared import Shared, ended

R = TypeVar("R", bound=Record)


async def wire_settlement(river: River) -> None:
    """Wire answers."""
    claims = _claims(river, "settlement")
    stage = SettlementStage(claims, _history(river, Answer, answer_claimant))
    river.wire("settlement", topics.ANSWERS, Answer, stage, before=stage.before)


async def wire_ledger(shared: Shared) -> None:
    """Open the database, and wire entries, and alerts where somebody wants to be told.

    Raises:
        SetupError: the topics are not there, or do not fit each other.
    """
    river = shared.river
    claims = _claims(river, "ledger")
    store = await asyncio.to_thread(Store, river.settings.ledger_url)
    river.parts.callback(store.close)
    async with admin(river.settings) as client:
        cluster, found = await client.cluster_id(), await client.existing()
    if missing := {topics.LEDGER, topics.FINOPS} - found.keys():
        raise SetupError(f"topic {min(missing)} does not exist on {river.settings.kafka}: headrace topics create")
    await asyncio.to_thread(store.bind, found[topics.LEDGER].id or cluster, formerly=cluster)
    entries, rows = (found[name].partitions for name in (topics.LEDGER, topics.FINOPS))
    if entries != rows:
        raise SetupError(
            f"{topics.LEDGER} has {entries} partitions and {topics.FINOPS} has {rows}: a roll-up must lie on the "
            f"partition of its entries. Delete {topics.FINOPS} and make it anew with {entries}"
        )
    if (days := river.settings.raw_entry_days) is not None:
        river.parts.push_async_callback(ended, asyncio.create_task(retain(store, days, now_ms)))
    history = _history(river, LedgerEntry, entry_claimant)
    stage = LedgerStage(claims, history, rows=river.rows, store=store, budgets=shared.budgets())
    river.wire("ledger", topics.LEDGER, LedgerEntry, stage, before=stage.before)
    if (url := river.settings.alert_webhook) is not None:
        caller = httpx.AsyncClient(timeout=10)
        river.parts.push_async_callback(caller.aclose)
        river.wire("alerts", topics.ALERTS, Alert, WebhookStage(caller, url, now=now_ms))


def _claims(river: River, stage: str) -> Claims:
    settings = river.settings
    claims = Claims(
        settings.state_dir / "claims" / stage, horizon_ms=settings.claim_horizon_hours * HOUR_MS, now=now_ms
    )
    river.parts.callback(claims.close)
    return claims


def _history(river: River, kind: type[R], claimant: Callable[[R], Claimant]) -> History:
    """Reads claims back from the topic that they were made on."""

    decode = river.codec.decoder(kind, ours=True)

    async def history(topic: str, partition: int, start: int | None, since: int, end: int) -> AsyncIterator[list[Past]]:
        options = river.settings.kafka_options()
        async for batch in replay(options, topic, partition, start=start, since=since, end=end):
            yield [
                Past(record.offset, record.timestamp, claimant(decoded))
                for record in batch
                if (decoded := _decoded(decode, record.value)) is not None
            ]

    return history


def _decoded(decode: Callable[[bytes], R], raw: bytes | None) -> R | None:
    try:
        return decode(raw or b"")
    except UndecodableError:
        return None  # it went to the dead letters, and claimed nothing
