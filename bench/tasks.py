"""Inference tasks as benches without a river make them up."""

from __future__ import annotations

from collections.abc import Sequence

from schemas.enums import Lane
from schemas.ledger import Usage
from schemas.records import InferenceTask, Lookup, Message, Sampling, Ticket


def task(
    name: str,
    fingerprint: str,
    messages: Sequence[Message],
    *,
    sampling: Sampling | None = None,
    usage: Usage | None = None,
    received_at: int = 0,
    deadline: int = 0,
) -> InferenceTask:
    """A real-time task of tenant, task and model ``bench``, whose answer nobody keeps; times in epoch milliseconds."""
    ticket = Ticket(
        request_id=name,
        tenant="bench",
        task="bench",
        cost_center="bench",
        lane=Lane.REALTIME,
        origin="",
        reply_key=b"",
        received_at=received_at,
        deadline=deadline,
        policy_version="",
    )
    return InferenceTask(
        ticket=ticket,
        lookup=Lookup(fingerprint=fingerprint, scope="", cacheable=False, question=""),
        messages=list(messages),
        sampling=sampling or Sampling(),
        model="bench",
        usage=usage or Usage(),
        costs=[],
    )
