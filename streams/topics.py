"""Every topic in one table: how many partitions it has and how long it keeps its records.

| topic | key | value |
|---|---|---|
| requests, requests.batch | the producer's choice | PredictionRequest |
| misses, misses.batch | fingerprint | CacheMiss |
| tasks.<model>, tasks.<model>.batch | how the prompt begins | InferenceTask |
| answers | tenant and request id | Answer |
| responses | the request's key, or none | PredictionResponse |
| fills | fingerprint | CacheFill |
| ledger | tenant | LedgerEntry |
| finops (compacted) | roll-up key | RollUp |
| documents | tenant and collection | Document |
| summaries | the turns' name | Summary |
| alerts | the budget's name | Alert |
| dead-letters | the source's key, or none | DeadLetter |

Without a key, a response lies where its request id would put it as a key, and a dead letter where its origin would: on
the same partition when it is published again.
"""

from __future__ import annotations

from typing import NamedTuple

from schemas import topics
from schemas.enums import Lane

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
MAX_RECORD_BYTES = 4 * 1024 * 1024
"""The largest record that Headrace publishes: four times Kafka's default limit on what comes in, so that a dead
letter holds the raw bytes of anything."""
TIMES = "message.timestamp.type"
"""Whose clock gives a topic's records their times. Kafka's own default is the producer's."""
THE_BROKERS = "LogAppendTime"


class TopicSpec(NamedTuple):
    """One topic as it is created."""

    name: str
    partitions: int
    config: dict[str, str]


def table(models: list[str], *, partitions: int, replication: int, claim_horizon_ms: int) -> list[TopicSpec]:
    """Every topic that a river over ``models`` needs.

    Answers and ledger entries stay for two horizons: claims on them are rebuilt from the topic itself, and a rebuild
    must find everything that is still within the horizon. Times are the broker's, on every topic: deadlines, prices and
    horizons are counted from them, budgets find their place in the log by them, and a producer's clock may be wrong.
    """
    times = {TIMES: THE_BROKERS}

    def kept(name: str, retention_ms: int) -> TopicSpec:
        safe = {"min.insync.replicas": "2"} if replication > 2 else {}
        room = {"max.message.bytes": str(MAX_RECORD_BYTES)}
        return TopicSpec(
            name, partitions, {"cleanup.policy": "delete", "retention.ms": str(retention_ms)} | times | room | safe
        )

    log_ms = max(2 * claim_horizon_ms, 2 * HOUR_MS)
    laned = [topics.REQUESTS, topics.MISSES, *(f"{topics.TASKS}.{model}" for model in models)]
    return [
        *(kept(topics.laned(name, lane), 7 * DAY_MS) for name in laned for lane in Lane),
        kept(topics.ANSWERS, log_ms),
        kept(topics.RESPONSES, 7 * DAY_MS),
        kept(topics.FILLS, DAY_MS),
        kept(topics.LEDGER, max(log_ms, 30 * DAY_MS)),
        TopicSpec(topics.FINOPS, partitions, {"cleanup.policy": "compact"} | times),
        kept(topics.DOCUMENTS, 7 * DAY_MS),
        kept(topics.SUMMARIES, DAY_MS),
        kept(topics.ALERTS, 30 * DAY_MS),
        kept(topics.DEAD_LETTERS, 30 * DAY_MS),
    ]
