"""What the hot path is measured against, each a process of its own.

``python -m bench.opponents aiokafka|faust BOOTSTRAP REDIS LEDGER`` runs until it is ended; ``LEDGER`` is a SQLite file.

The rate that is compared counts a request when its response is delivered and its entry is folded. So the loop by hand
folds too, into the same tables that Headrace fills: one that left the ledger out would have done another job.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from typing import Any

import faust
import msgspec
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from agents import policy as policies
from agents.cache.canonical import canonical
from agents.cache.entries import Entry
from agents.cache.fingerprint import fingerprint, scope
from agents.cache.redis_form import ENTRY
from agents.ledger.fold import apply
from agents.ledger.store import Store
from agents.redis_client import connect
from agents.rollup_key import key_of
from agents.waterfall import Pricing, avoided
from bench.hot_path import POLICY
from schemas import topics
from schemas.codec import Codec
from schemas.enums import EntryKind, Lane, Source, Status
from schemas.ledger import LedgerEntry, RollUp, Timings
from schemas.records import PredictionRequest, PredictionResponse

_decode_entry = msgspec.msgpack.Decoder(Entry).decode


async def aiokafka_loop(bootstrap: str, redis: str, ledger: str) -> None:
    """The same job by hand, as one would write it for speed and without our promises.

    Batches are fetched, looked up in Redis by the same two keys, priced, answered, billed, and folded into SQL: entries
    and roll-ups in one transaction a batch, with the pragmas that Headrace sets. It has our codec, our Redis keys, our
    prices, our fold and our statements, so that what differs is the way a request takes: one hop here, three there.
    What it leaves out is what Headrace is for: no claims and no settlement, so that a redelivery answers and bills
    twice; no deadlines; no lanes; nothing in flight while a batch is; no second worker beside it on the ledger.
    """
    policy, codec, client, store = policies.load(POLICY), Codec(), connect(redis), Store(f"sqlite:///{ledger}")
    rows: dict[bytes, RollUp] = {}
    consumer = AIOKafkaConsumer(
        topics.REQUESTS,
        bootstrap_servers=bootstrap,
        group_id="by-hand",
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        fetch_max_wait_ms=50,
    )
    producer = AIOKafkaProducer(
        bootstrap_servers=bootstrap, enable_idempotence=True, linger_ms=5, max_batch_size=262_144
    )
    await consumer.start()
    await producer.start()
    number = 0
    while True:
        fetched = await consumer.getmany(timeout_ms=1000, max_records=500)
        records = [record for batch in fetched.values() for record in batch]
        if not records:
            continue
        requests = [codec.decode(record.value, PredictionRequest) for record in records]
        keys: list[str] = []
        for request in requests:
            task = policy.task(request, received_at=0)
            question = canonical(request.messages[-1].content, fold_case=task.fold_case)
            name = fingerprint(scope(request, policy_version=policy.version), question)
            keys += [f"headrace:request:{len(request.tenant)}:{request.tenant}:{request.request_id}", ENTRY + name]
        values: list[Any] = await client.mget(keys)
        sent, entries, folded = [], [], {}
        for record, request, value in zip(records, requests, values[1::2], strict=True):
            entry = _decode_entry(value)
            baseline = policy.document.tasks[request.task].baseline
            priced = Pricing(policy.prices, record.timestamp).execution(
                baseline, entry.model, entry.usage, Lane.REALTIME
            )
            waterfall = avoided(priced, "exact_cache")
            response = PredictionResponse(
                response_id=request.request_id,
                request_id=request.request_id,
                tenant=request.tenant,
                task=request.task,
                status=Status.COMPLETED,
                source=Source.EXACT_CACHE,
                text=entry.text,
                finish_reason=entry.finish_reason,
                model=entry.model,
                cached_from=entry.request_id,
                error_code=None,
                error_message=None,
                usage=entry.usage,
                timings=Timings(),
                waterfall=waterfall,
                received_at=record.timestamp,
                answered_at=time.time_ns() // 1_000_000,
            )
            billed = LedgerEntry(
                entry_id=request.request_id,
                kind=EntryKind.RESPONSE,
                request_id=request.request_id,
                tenant=request.tenant,
                cost_center=policy.cost_center(request),
                task=request.task,
                model=entry.model,
                lane=Lane.REALTIME,
                source=Source.EXACT_CACHE,
                status=Status.COMPLETED,
                occurred_at=record.timestamp,
                waterfall=waterfall,
                unbilled_cost=0,
                usage=entry.usage,
                policy_version=policy.version,
            )
            sent.append(await producer.send(topics.RESPONSES, codec.encode(response), record.key))
            sent.append(await producer.send(topics.LEDGER, codec.encode(billed), request.tenant.encode()))
            entries.append(billed)
            key = key_of(billed)
            number += 1
            folded[key] = rows[key] = apply(rows.get(key), billed, number)
        await asyncio.gather(asyncio.to_thread(store.write, entries, list(folded.values())), *sent)
        await consumer.commit()


def faust_noop(bootstrap: str) -> None:
    """Faust as it comes: an agent that takes every request and does nothing with it."""
    app = faust.App(
        "noop",
        broker=f"kafka://{bootstrap}",
        datadir=tempfile.mkdtemp(),
        topic_allow_declare=False,
        topic_disable_leader=True,
        web_enabled=False,
        consumer_auto_offset_reset="earliest",
        broker_commit_interval=0.5,
    )

    async def nothing(stream: faust.StreamT[bytes]) -> None:
        async for _ in stream:
            pass

    app.agent(app.topic(topics.REQUESTS, value_type=bytes, value_serializer="raw"))(nothing)
    faust.Worker(app, loglevel="WARNING").execute_from_commandline()


if __name__ == "__main__":
    which, bootstrap, redis, ledger = sys.argv[1:]
    if which == "faust":
        faust_noop(bootstrap)
    else:
        asyncio.run(aiokafka_loop(bootstrap, redis, ledger))
