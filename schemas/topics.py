"""The names of the topics: part of the contract, as the records on them are."""

from __future__ import annotations

from schemas.enums import Lane

REQUESTS = "headrace.requests"
MISSES = "headrace.misses"
TASKS = "headrace.tasks"
ANSWERS = "headrace.answers"
RESPONSES = "headrace.responses"
FILLS = "headrace.fills"
LEDGER = "headrace.ledger"
FINOPS = "headrace.finops"
DOCUMENTS = "headrace.documents"
SUMMARIES = "headrace.summaries"
ALERTS = "headrace.alerts"
DEAD_LETTERS = "headrace.dead-letters"

_BATCH = ".batch"


def laned(topic: str, lane: Lane) -> str:
    """The topic of one lane: ``headrace.requests`` or ``headrace.requests.batch``."""
    return topic + _BATCH if lane is Lane.BATCH else topic


def lane_of(topic: str) -> Lane:
    """The lane that a topic carries."""
    return Lane.BATCH if topic.endswith(_BATCH) else Lane.REALTIME


def published(topic: str) -> bool:
    """Whether producers write on it. On all others only our own workers do."""
    return topic in {REQUESTS, laned(REQUESTS, Lane.BATCH), DOCUMENTS}


def tasks(model: str, lane: Lane) -> str:
    """The topic of prompts for the workers that serve ``model``."""
    return laned(f"{TASKS}.{model}", lane)
